/* What results tell of scaling. */
#include "scale/scale.h"

#include "base/error.h"
#include "base/file.h"
#include "base/stats.h"
#include "plan/schema.h"

#include <assert.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000, TARGET_POINTS = 3 };

/* The columns that are looked at, of each cell. */
struct columns {
    const char *const *network, *const *engine, *const *transport, *const *reduction,
                                                                       *const *overlap;
    const double *threads, *batch_size, *workers, *seconds, *parameters, *train_examples, *rate;
    const char *const *precision, *const *id;
    size_t rows;
};

static int take_columns(struct columns *columns, const struct results *results)
{
    static const char *const later[] = {"seconds_per_update", "precision", "transport", "workers"};
    struct table *cells = results->cells;

    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (!table_has(cells, later[i]))
            return error_set("%s: results of an older version, without column `%s`; run their "
                             "experiment again, into a new folder",
                             results->folder, later[i]);
    *columns = (struct columns){
        .network = table_texts(cells, "network"),
        .engine = table_texts(cells, "engine_used"),
        .transport = table_texts(cells, "transport"),
        .reduction = table_has(cells, "reduction") ? table_texts(cells, "reduction") : NULL,
        .overlap = table_has(cells, "overlap") ? table_texts(cells, "overlap") : NULL,
        .precision = table_texts(cells, "precision"),
        .id = table_texts(cells, "id"),
        .threads = table_numbers(cells, "threads_used"),
        .batch_size = table_numbers(cells, "batch_size"),
        .workers = table_numbers(cells, "workers"),
        .seconds = table_numbers(cells, "seconds_per_update"),
        .parameters = table_numbers(cells, "parameters"),
        .train_examples = table_numbers(cells, "train_examples"),
        .rate = table_numbers(cells, "learning_rate"),
        .rows = table_rows(cells),
    };
    return columns->network && columns->engine && columns->transport && columns->precision &&
                   columns->id && columns->threads && columns->batch_size && columns->workers &&
                   columns->seconds && columns->parameters && columns->train_examples &&
                   columns->rate
               ? 0
               : -1;
}

/* Workers that are threads are not the model's. */
static int is_timed(const struct columns *c, size_t i)
{
    return c->seconds[i] > 0 && isfinite(c->seconds[i]) &&
           (c->workers[i] == 1 || strcmp(c->transport[i], "mpi") == 0);
}

static const char *reduction_of(const struct columns *c, size_t i)
{
    return c->workers[i] > 1 && c->reduction ? c->reduction[i] : "";
}

static const char *overlap_of(const struct columns *c, size_t i)
{
    return c->workers[i] > 1 && c->overlap ? c->overlap[i] : "";
}

/* ---- Points --------------------------------------------------------------------------------- */

static int is_of(const struct scale_setting *setting, const struct columns *c, size_t i)
{
    return strcmp(setting->network, c->network[i]) == 0 &&
           strcmp(setting->engine, c->engine[i]) == 0 && setting->threads == c->threads[i];
}

static int is_at(const struct scale_point *point, const struct columns *c, size_t i)
{
    return point->batch_size == c->batch_size[i] && point->workers == c->workers[i] &&
           strcmp(point->reduction, reduction_of(c, i)) == 0 &&
           strcmp(point->overlap, overlap_of(c, i)) == 0;
}

static int compare_points(const void *left, const void *right)
{
    const struct scale_point *a = left, *b = right;

    if (a->workers != b->workers)
        return (a->workers > b->workers) - (a->workers < b->workers);
    if (a->batch_size != b->batch_size)
        return (a->batch_size > b->batch_size) - (a->batch_size < b->batch_size);
    if (strcmp(a->reduction, b->reduction) != 0)
        return strcmp(a->reduction, b->reduction);
    return strcmp(a->overlap, b->overlap);
}

/* Medians of this setting's cells. list[rows]: room. */
static int take_points(struct scale_setting *setting, const struct columns *c, double *list)
{
    setting->points = calloc(c->rows, sizeof *setting->points);
    if (!setting->points)
        return error_set("out of memory");
    for (size_t i = 0; i < c->rows; i++) {
        struct scale_point point = {
            c->batch_size[i], c->workers[i], reduction_of(c, i), overlap_of(c, i), c->id[i], 0, 0};
        size_t p = 0, n = 0;

        if (!is_timed(c, i) || !is_of(setting, c, i))
            continue;
        while (p < setting->count && !is_at(&setting->points[p], c, i))
            p++;
        if (p < setting->count)
            continue;
        for (size_t j = i; j < c->rows; j++)
            if (is_timed(c, j) && is_of(setting, c, j) && is_at(&point, c, j))
                list[n++] = c->seconds[j];
        point.seconds = stats_median(list, n);
        setting->points[setting->count++] = point;
        setting->train_examples = fmax(setting->train_examples, c->train_examples[i]);
    }
    qsort(setting->points, setting->count, sizeof *setting->points, compare_points);
    return 0;
}

/* Compute from one worker's points; the others are held against what follows from it. */
static int fit_setting(struct scale_setting *setting, double *list)
{
    size_t alone = 0, n = 0;
    double *k = list, *seconds;

    while (alone < setting->count && setting->points[alone].workers == 1)
        alone++;
    seconds = k + alone;
    for (size_t p = 0; p < alone; p++) {
        k[p] = setting->points[p].batch_size;
        seconds[p] = setting->points[p].seconds;
    }
    if (scale_model_fit(&setting->model, k, seconds, alone) != 0)
        return -1;
    setting->held_out = setting->count - alone;
    setting->median_error = setting->largest_error = NAN;
    for (size_t p = 0; p < setting->count; p++) {
        struct scale_point *point = &setting->points[p];

        point->predicted = scale_update_seconds(&setting->model, point->batch_size, point->workers);
        if (point->workers > 1)
            list[n++] = fabs(point->predicted / point->seconds - 1);
    }
    if (n > 0) {
        setting->median_error = stats_median(list, n);
        setting->largest_error = stats_quantile(list, n, 1);
    }
    return 0;
}

/* ---- Updates to a target -------------------------------------------------------------------- */

/* Of one network, to one target: each batch size at its rate with the smallest median. */
struct sweep {
    double *batch_sizes, **steps; /* steps[count][seeds[]] */
    size_t *seeds, count;
};

static void close_sweep(struct sweep *sweep)
{
    for (size_t k = 0; k < sweep->count; k++)
        free(sweep->steps[k]);
    free(sweep->batch_sizes);
    free(sweep->steps);
    free(sweep->seeds);
}

/* The cells of this network, batch size and rate that reached it: list[n]. */
static size_t steps_of(const struct columns *c, const double *updates, const char *network,
                       double batch_size, double rate, double *list)
{
    size_t n = 0;

    for (size_t i = 0; i < c->rows; i++)
        if (strcmp(c->network[i], network) == 0 && c->batch_size[i] == batch_size &&
            c->rate[i] == rate) {
            if (!isfinite(updates[i]))
                return 0;
            list[n++] = updates[i];
        }
    return n;
}

static int add_batch_size(struct sweep *sweep, const struct columns *c, const double *updates,
                          const char *network, double batch_size, double *list)
{
    double *best = calloc(c->rows, sizeof *best), least = HUGE_VAL;
    size_t count = 0;

    if (!best)
        return error_set("out of memory");
    for (size_t i = 0; i < c->rows; i++) {
        size_t n = c->batch_size[i] == batch_size && strcmp(c->network[i], network) == 0
                       ? steps_of(c, updates, network, batch_size, c->rate[i], list)
                       : 0;

        if (n == 0 || !(stats_median(list, n) < least))
            continue;
        least = stats_median(list, n);
        memcpy(best, list, n * sizeof *best);
        count = n;
    }
    if (count == 0) {
        free(best);
        return 0;
    }
    sweep->batch_sizes[sweep->count] = batch_size;
    sweep->seeds[sweep->count] = count;
    sweep->steps[sweep->count++] = best;
    return 0;
}

static int open_sweep(struct sweep *sweep, const struct columns *c, const double *updates,
                      const char *network, double *list)
{
    *sweep = (struct sweep){.batch_sizes = calloc(c->rows + 1, sizeof *sweep->batch_sizes),
                            .steps = calloc(c->rows + 1, sizeof *sweep->steps),
                            .seeds = calloc(c->rows + 1, sizeof *sweep->seeds)};
    if (!sweep->batch_sizes || !sweep->steps || !sweep->seeds)
        return error_set("out of memory");
    for (size_t i = 0; i < c->rows; i++) {
        int is_new = strcmp(c->network[i], network) == 0;

        for (size_t j = 0; j < i && is_new; j++)
            is_new = c->batch_size[j] != c->batch_size[i] || strcmp(c->network[j], network) != 0;
        if (is_new && add_batch_size(sweep, c, updates, network, c->batch_size[i], list) != 0)
            return -1;
    }
    return 0;
}

/* The hardest target that three batch sizes reach. */
static int fit_target(struct scale_setting *setting, struct results *stepped,
                      const struct columns *c, double *list)
{
    for (size_t t = stepped->leading_count; t-- > 0 && !setting->has_target;) {
        const double *updates = results_cost(stepped, "updates", t);
        struct sweep sweep;
        int status;

        assert(setting->network);
        if (!updates)
            return -1;
        status = open_sweep(&sweep, c, updates, setting->network, list);
        if (status == 0 && sweep.count >= TARGET_POINTS) {
            setting->critical =
                critical_batch_bootstrap(sweep.batch_sizes, (const double *const *)sweep.steps,
                                         sweep.seeds, sweep.count, 0.95, RESAMPLES, 1);
            setting->steps = (struct scale_steps){fmax(0, setting->critical.least_steps.value),
                                                  fmax(0, setting->critical.least_examples.value)};
            setting->has_target = setting->steps.least_examples > 0;
            target_describe(&stepped->targets[t], setting->target, sizeof setting->target);
        }
        close_sweep(&sweep);
        if (status != 0)
            return -1;
    }
    return 0;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static double processors_of(const struct results *results)
{
    const json_t *machine = json_object_get(results->manifest, "machine");

    return (double)json_array_size(json_object_get(machine, "processors"));
}

static int add_setting(struct scale *scale, const struct columns *c, size_t i,
                       const struct interconnect *interconnect, double *list)
{
    struct scale_setting *setting = &scale->list[scale->count];

    *setting = (struct scale_setting){.network = c->network[i],
                                      .engine = c->engine[i],
                                      .threads = c->threads[i],
                                      .parameters = c->parameters[i]};
    setting->model = (struct scale_model){
        .bytes = c->parameters[i] * (strcmp(c->precision[i], "double") == 0 ? 8 : 4),
        .interconnect = *interconnect,
        .processors = scale->processors,
        .threads = c->threads[i],
    };
    if (take_points(setting, c, list) != 0 || fit_setting(setting, list) != 0) {
        free(setting->points);
        return 0; /* nothing can be fitted to it */
    }
    scale->count++;
    return 0;
}

static int is_first_of_setting(const struct columns *c, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (is_timed(c, j) && c->threads[j] == c->threads[i] &&
            strcmp(c->network[j], c->network[i]) == 0 && strcmp(c->engine[j], c->engine[i]) == 0)
            return 0;
    return is_timed(c, i);
}

static int open_settings(struct scale *scale, struct results *timed, struct results *stepped,
                         const struct interconnect *interconnect)
{
    struct columns times, steps;
    double *list = NULL;
    size_t most;
    int status = -1;

    if (take_columns(&times, timed) != 0 || (stepped && take_columns(&steps, stepped) != 0))
        return -1;
    most = times.rows + (stepped ? steps.rows : 0) + 1;
    scale->list = calloc(times.rows + 1, sizeof *scale->list);
    list = calloc(2 * most, sizeof *list);
    if (!scale->list || !list) {
        error_set("out of memory");
        goto done;
    }
    for (size_t i = 0; i < times.rows; i++)
        if (is_first_of_setting(&times, i) &&
            add_setting(scale, &times, i, interconnect, list) != 0)
            goto done;
    status = 0;
    for (size_t s = 0; s < scale->count && stepped && status == 0; s++)
        status = fit_target(&scale->list[s], stepped, &steps, list);
    if (status == 0 && scale->count == 0)
        status = error_set("%s: no setting has updates of one worker (workers: 1) with two batch "
                           "sizes or more",
                           timed->folder);
done:
    free(list);
    return status;
}

int scale_open(struct scale *scale, struct results *timed, struct results *stepped,
               const struct interconnect *interconnect)
{
    *scale = (struct scale){.processors = processors_of(timed)};
    return open_settings(scale, timed, stepped, interconnect);
}

void scale_close(struct scale *scale)
{
    for (size_t s = 0; s < scale->count; s++)
        free(scale->list[s].points);
    free(scale->list);
    *scale = (struct scale){.list = NULL};
}

/* ---- The file ------------------------------------------------------------------------------- */

static void write_number(FILE *file, double value)
{
    char text[64];

    fputc(',', file);
    if (!isfinite(value))
        return;
    format_double(value, text, sizeof text);
    fputs(text, file);
}

/* cell: "" but for what was measured. */
static void begin_row(FILE *file, const char *kind, const struct scale_setting *setting,
                      const char *cell)
{
    char engine[300];

    snprintf(engine, sizeof engine, "%s", setting->engine);
    fprintf(file, "%s,", kind);
    csv_field(file, setting->network);
    fputc(',', file);
    csv_field(file, engine);
    write_number(file, setting->threads);
    fputc(',', file);
    csv_field(file, setting->model.interconnect.name);
    fprintf(file, ",%s,", setting->model.interconnect.is_measured ? "measured" : "assumed");
    csv_field(file, cell);
}

static void end_row(FILE *file, const struct scale_setting *setting, double batch_size,
                    double workers, double seconds, double predicted, double to_target)
{
    write_number(file, batch_size);
    write_number(file, workers);
    write_number(file, seconds);
    write_number(file, predicted);
    write_number(file, predicted / seconds - 1);
    fputc(',', file);
    csv_field(file, setting->has_target && isfinite(to_target) ? setting->target : "");
    write_number(file, to_target);
    write_number(file, NAN);
    write_number(file, NAN);
    fputc('\n', file);
}

/* Ranks of their own: what the machine at hand has not, a cluster has. */
static struct scale_model on_a_cluster(const struct scale_setting *setting)
{
    struct scale_model model = setting->model;

    model.processors = 0;
    return model;
}

static void write_predictions(FILE *file, const struct scale_setting *setting)
{
    struct scale_model model = on_a_cluster(setting);

    for (size_t p = 0; p < setting->count && setting->points[p].workers == 1; p++) {
        double k = setting->points[p].batch_size;
        long most = k < SCALE_RANKS_MAX ? (long)k : SCALE_RANKS_MAX;

        for (long ranks = 1; ranks > 0; ranks = scale_next(ranks, 1.25, most)) {
            begin_row(file, "predicted", setting, "");
            end_row(file, setting, k, (double)ranks, NAN,
                    scale_update_seconds(&model, k, (double)ranks), NAN);
        }
    }
}

/* A batch of k, with as many of the ranks as are fastest. */
static struct scale_best fastest_of(const struct scale_setting *setting,
                                    const struct scale_model *model, long k, long most)
{
    struct scale_best best = {(double)k, 1, HUGE_VAL};

    for (long ranks = 1; ranks > 0; ranks = scale_next(ranks, 2, k < most ? k : most)) {
        double seconds = scale_target_seconds(model, &setting->steps, (double)k, (double)ranks);

        if (seconds < best.seconds)
            best = (struct scale_best){(double)k, (double)ranks, seconds};
    }
    return best;
}

/* With at most 1, 10, ... ranks. */
static void write_target(FILE *file, const struct scale_setting *setting)
{
    struct scale_model model = on_a_cluster(setting);
    long examples = (long)setting->train_examples;

    for (long most = 1; most > 0; most = scale_next(most, 10, SCALE_RANKS_MAX))
        for (long k = 1; k > 0; k = scale_next(k, 1.2, examples)) {
            struct scale_best best = fastest_of(setting, &model, k, most);

            begin_row(file, "target", setting, "");
            end_row(file, setting, best.batch_size, (double)most, NAN,
                    scale_update_seconds(&model, best.batch_size, best.ranks), best.seconds);
        }
}

static void write_critical(FILE *file, const struct scale_setting *setting)
{
    begin_row(file, "critical", setting, "");
    write_number(file, setting->critical.batch.value);
    fputs(",,,,,", file);
    csv_field(file, setting->target);
    fputc(',', file);
    write_number(file, setting->critical.batch.low);
    write_number(file, setting->critical.batch.high);
    fputc('\n', file);
}

static void write_setting(FILE *file, const struct scale_setting *setting)
{
    for (size_t p = 0; p < setting->count; p++) {
        const struct scale_point *point = &setting->points[p];

        begin_row(file, "measured", setting, point->cell);
        end_row(file, setting, point->batch_size, point->workers, point->seconds, point->predicted,
                NAN);
    }
    write_predictions(file, setting);
    if (!setting->has_target)
        return;
    write_target(file, setting);
    write_critical(file, setting);
}

int scale_write(const struct scale *scale, const char *folder)
{
    char path[PATH_MAX];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/" SCALE_FILE, folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("kind,network,engine,threads,interconnect,origin,cell,batch_size,workers,"
          "seconds_per_update,predicted_seconds_per_update,relative_error,target,seconds_to_target,"
          "low,high\n",
          file.stream);
    for (size_t s = 0; s < scale->count; s++)
        write_setting(file.stream, &scale->list[s]);
    return file_commit(&file);
}
