/* Chart `trajectory`: paths of theta on objectives of two variables, over contour lines; a panel
 * per network, a path per setting and rate, of its first seed. */
#include "base/error.h"
#include "plan/experiment.h"
#include "report/chart_parts.h"
#include "report/contour.h"
#include "report/evaluations.h"
#include "report/words.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 14, GRID = 101, POINTS_MAX = 500 };

static const double margin_share = 0.12; /* around the paths */

/* One path: where it lies in curves.csv. */
struct path {
    size_t group, arm, cell;
    size_t first, count; /* rows of the cell in evaluations.rows */
    bool diverged;
};

struct trajectory {
    struct groups groups;
    struct evaluations evaluations;
    const double *theta[2], *updates;
    struct experiment *experiment; /* of the manifest; NULL: it has none */
    struct path *paths;
    size_t path_count;
    struct sheet sheet;
};

static void trajectory_close(struct trajectory *t)
{
    evaluations_close(&t->evaluations);
    groups_close(&t->groups);
    experiment_close(t->experiment);
    free(t->experiment);
    free(t->paths);
}

/* The first seed of each arm, if its curve has two coordinates. */
static void find_paths(struct trajectory *t)
{
    const struct groups *groups = &t->groups;

    for (size_t g = 0; g < groups->group_count; g++)
        for (size_t a = groups->groups[g].first;
             a < groups->groups[g].first + groups->groups[g].count; a++) {
            size_t cell = groups->order[groups->arms[a].first];
            size_t first = t->evaluations.first[cell], end = t->evaluations.first[cell + 1];

            if (first == end || isnan(t->theta[1][t->evaluations.rows[first]]))
                continue;
            t->paths[t->path_count++] = (struct path){
                .group = g,
                .arm = a,
                .cell = cell,
                .first = first,
                .count = end - first,
                .diverged =
                    strcmp(table_texts(groups->results->cells, "outcome")[cell], "diverged") == 0,
            };
        }
}

static int read_experiment(struct trajectory *t)
{
    const struct results *results = t->groups.results;
    const char *text = json_string_value(json_object_get(results->manifest, "experiment_text"));

    if (!text)
        return 0;
    t->experiment = calloc(1, sizeof *t->experiment);
    if (!t->experiment)
        return error_set("%s: out of memory", results->folder);
    return experiment_open_text(
        t->experiment, "the manifest's experiment", text,
        json_is_true(json_object_get(results->manifest, "quick")) ||
            json_integer_value(json_object_get(results->manifest, "quick")) != 0);
}

/* 1: there are paths; 0: none. */
static int trajectory_open(struct trajectory *t, struct results *results)
{
    static const char *const columns[] = {"theta_0", "theta_1"};

    *t = (struct trajectory){.paths = NULL};
    if (groups_open(&t->groups, results, "convergence") != 0)
        return -1;
    if (t->groups.group_count == 0 || !results_has_curves(results))
        return 0;
    if (results_curves(results) != 0)
        return -1;
    if (!table_has(results->curves, columns[0]) || !table_has(results->curves, columns[1]))
        return 0;
    for (int axis = 0; axis < 2; axis++)
        if (!(t->theta[axis] = table_numbers(results->curves, columns[axis])))
            return -1;
    if (!(t->updates = table_numbers(results->curves, "update")))
        return -1;
    t->paths = calloc(t->groups.arm_count + 1, sizeof *t->paths);
    if (!t->paths)
        return error_set("%s: out of memory", results->folder);
    if (evaluations_open(&t->evaluations, results) != 0)
        return -1;
    find_paths(t);
    return t->path_count > 0;
}

int chart_trajectory_applies(struct results *results)
{
    struct trajectory t;
    int status = trajectory_open(&t, results);

    trajectory_close(&t);
    return status;
}

/* ---- Panels -------------------------------------------------------------------------------------
 */

static const char *network_of(const struct trajectory *t, const struct path *path)
{
    return table_texts(t->groups.results->cells, "network")[path->cell];
}

/* Points of paths that have not diverged; of all, if all have. */
static void bound(const struct trajectory *t, const struct path *paths, size_t count,
                  struct box *box)
{
    bool all_diverged = true;
    double widest = 0;

    *box = (struct box){{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};
    for (size_t p = 0; p < count; p++)
        all_diverged &= paths[p].diverged;
    for (size_t p = 0; p < count; p++) {
        /* Of a diverged path the start is as far as anyone wants to see. */
        size_t points = all_diverged || paths[p].diverged ? 1 : paths[p].count;

        for (size_t i = 0; i < points; i++)
            for (int axis = 0; axis < 2; axis++) {
                double value = t->theta[axis][t->evaluations.rows[paths[p].first + i]];

                box->low[axis] = fmin(box->low[axis], value);
                box->high[axis] = fmax(box->high[axis], value);
            }
    }
    for (int axis = 0; axis < 2; axis++)
        widest = fmax(widest, box->high[axis] - box->low[axis]);
    if (!(widest > 0))
        widest = fmax(1, fabs(box->low[0]) + fabs(box->low[1]));
    /* A path along an axis has no width of its own. */
    for (int axis = 0; axis < 2; axis++) {
        double width = fmax(box->high[axis] - box->low[axis], 0.4 * widest);
        double middle = (box->low[axis] + box->high[axis]) / 2;

        box->low[axis] = middle - (0.5 + margin_share) * width;
        box->high[axis] = middle + (0.5 + margin_share) * width;
    }
}

static void start_row(struct sheet *sheet, size_t panel, const char *title, const char *kind)
{
    sheet_number(sheet, (double)panel);
    sheet_text(sheet, title);
    sheet_text(sheet, kind);
}

static void end_row(struct sheet *sheet, const double from[2], const double to[2])
{
    sheet_number(sheet, from[0]);
    sheet_number(sheet, from[1]);
    sheet_number(sheet, to ? to[0] : (double)NAN);
    sheet_number(sheet, to ? to[1] : (double)NAN);
    sheet_end_row(sheet);
}

/* ---- Contour lines ------------------------------------------------------------------------------
 */

static double value_at(void *objective, double x, double y)
{
    const double z[] = {x, y};

    return objective_value(objective, 2, z, NULL);
}

struct pen {
    struct sheet *sheet;
    size_t panel;
    const char *title;
    double level;
};

static void draw_segment(void *context, const double from[2], const double to[2])
{
    const struct pen *pen = context;

    start_row(pen->sheet, pen->panel, pen->title, "contour");
    sheet_number(pen->sheet, 0);
    sheet_text(pen->sheet, "");
    sheet_number(pen->sheet, pen->level);
    sheet_number(pen->sheet, NAN);
    end_row(pen->sheet, from, to);
}

static int write_contours(struct trajectory *t, const char *network, size_t panel,
                          const struct box *box)
{
    const struct network_spec *spec =
        t->experiment ? experiment_network(t->experiment, network) : NULL;
    struct pen pen = {&t->sheet, panel, network, 0};
    struct objective objective;
    struct relief relief = {.values = NULL};
    double *coefficients = NULL, levels[LEVELS];
    int status = -1;

    if (!spec || spec->objective.function == FUNCTION_NONE ||
        objective_build(&objective, &coefficients, &spec->objective, 2) != 0)
        return 0; /* more than two variables: paths alone */
    if (relief_open(&relief, box, GRID, GRID, value_at, &objective) != 0)
        goto done;
    relief_levels(&relief, levels, LEVELS);
    for (int i = 0; i < LEVELS; i++) {
        pen.level = levels[i];
        relief_contour(&relief, levels[i], draw_segment, &pen);
    }
    status = 0;
done:
    relief_close(&relief);
    free(coefficients);
    return status;
}

/* ---- Paths --------------------------------------------------------------------------------------
 */

/* The optimizer and its rate, and what else tells the paths of a panel apart. */
static void label_path(const struct trajectory *t, const struct path *path, bool in_full,
                       char *text, size_t size)
{
    const struct groups *groups = &t->groups;
    char setting[256], batch[32];

    if (in_full)
        groups_describe(groups, path->group, AXES_ALL & ~AXIS_BIT(AXIS_NETWORK), setting,
                        sizeof setting);
    else
        snprintf(setting, sizeof setting, "%s",
                 table_texts(groups->results->cells, "optimizer")[path->cell]);
    group_batch_text(&groups->groups[path->group], batch, sizeof batch);
    snprintf(text, size, "%s%s%s%sα = %g%s", setting, *setting ? " · " : "", in_full ? batch : "",
             in_full ? " · " : "", groups->arms[path->arm].learning_rate,
             path->diverged ? word(" (diverged)") : "");
}

static bool labels_differ(const struct trajectory *t, const struct path *paths, size_t count)
{
    char one[400], other[400];

    for (size_t p = 0; p < count; p++)
        for (size_t q = 0; q < p; q++) {
            label_path(t, &paths[p], false, one, sizeof one);
            label_path(t, &paths[q], false, other, sizeof other);
            if (strcmp(one, other) == 0)
                return false;
        }
    return true;
}

/* Long paths are thinned; the last point stays. */
static void write_path(struct trajectory *t, const struct path *path, const char *title,
                       size_t panel, size_t series, bool in_full)
{
    size_t stride = 1 + (path->count - 1) / POINTS_MAX;
    char label[400];

    label_path(t, path, in_full, label, sizeof label);
    for (size_t i = 0; i < path->count; i++) {
        size_t row = t->evaluations.rows[path->first + i];
        const double place[] = {t->theta[0][row], t->theta[1][row]};

        if ((i % stride != 0 && i + 1 < path->count) || !isfinite(place[0]) || !isfinite(place[1]))
            continue;
        start_row(&t->sheet, panel, title,
                  i == 0                 ? "start"
                  : i + 1 == path->count ? "end"
                                         : "path");
        sheet_number(&t->sheet, (double)series);
        sheet_text(&t->sheet, label);
        sheet_number(&t->sheet, NAN);
        sheet_number(&t->sheet, t->updates[row]);
        sheet_cell(&t->sheet, path->cell);
        end_row(&t->sheet, place, NULL);
    }
}

/* The paths of one network, which follow each other. */
static int write_panel(struct trajectory *t, const struct path *paths, size_t count, size_t panel)
{
    const char *network = network_of(t, paths);
    bool in_full = !labels_differ(t, paths, count);
    struct box box;

    bound(t, paths, count, &box);
    start_row(&t->sheet, panel, network, "view");
    sheet_number(&t->sheet, 0);
    sheet_text(&t->sheet, "");
    sheet_number(&t->sheet, NAN);
    sheet_number(&t->sheet, NAN);
    end_row(&t->sheet, box.low, box.high);
    if (write_contours(t, network, panel, &box) != 0)
        return -1;
    for (size_t p = 0; p < count; p++)
        write_path(t, &paths[p], network, panel, p + 1, in_full);
    return 0;
}

int chart_trajectory_write(struct results *results, FILE *file)
{
    struct trajectory t;
    size_t panel = 0, end;
    int status = -1;

    if (trajectory_open(&t, results) != 1 || read_experiment(&t) != 0)
        goto done;
    sheet_open(
        &t.sheet, file, &t.groups,
        word("circle: start; large mark: end; points: evaluations, of the first seed · grey: "
             "contour lines of the objective without noise, equal areas between them"));
    sheet_header(&t.sheet, "panel,panel_title,kind,series,label,level,updates,x,y,to_x,to_y");
    for (size_t p = 0; p < t.path_count; p = end) {
        for (end = p + 1; end < t.path_count; end++)
            if (strcmp(network_of(&t, &t.paths[end]), network_of(&t, &t.paths[p])) != 0)
                break;
        if (write_panel(&t, t.paths + p, end - p, ++panel) != 0)
            goto done;
    }
    status = 0;
done:
    trajectory_close(&t);
    return status;
}
