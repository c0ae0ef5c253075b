/* Where the time of the profiled cells went. */
#include "report/summary.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENGINE_WIDTH = 9 };

/* Of the training clock, then of the wall time. */
enum part {
    SAMPLING,
    BOOKKEEPING,
    GATHER,
    GRADIENT,
    UPDATE,
    TRAIN,
    EVALUATION,
    SETUP,
    LOGGING,
    WALL,
    PART_COUNT
};

static const char *const columns[PART_COUNT] = {
    [SAMPLING] = "sampling_seconds",     [BOOKKEEPING] = "bookkeeping_seconds",
    [GATHER] = "gather_seconds",         [GRADIENT] = "gradient_seconds",
    [UPDATE] = "update_seconds",         [TRAIN] = "train_seconds",
    [EVALUATION] = "evaluation_seconds", [SETUP] = "setup_seconds",
    [LOGGING] = "logging_seconds",       [WALL] = "wall_seconds",
};

struct profiles {
    struct table *table;
    const double *seconds[PART_COUNT], *first_step;
    size_t *row_of; /* [rows of cells.csv] in the table, or its number of rows */
};

static int open_profiles(struct profiles *profiles, const struct results *results)
{
    size_t cells = table_rows(results->cells), rows, *cell_of = NULL;
    char path[4096];

    snprintf(path, sizeof path, "%s/profile.csv", results->folder);
    if (table_open(&profiles->table, path) != 0)
        return -1;
    rows = table_rows(profiles->table);
    profiles->first_step = table_numbers(profiles->table, "first_step_seconds");
    for (int p = 0; p < PART_COUNT; p++)
        if (!(profiles->seconds[p] = table_numbers(profiles->table, columns[p])))
            return -1;
    if (!profiles->first_step || table_join(profiles->table, results->cells, &cell_of) != 0)
        return -1;
    profiles->row_of = calloc(cells + 1, sizeof *profiles->row_of);
    for (size_t c = 0; profiles->row_of && c < cells; c++)
        profiles->row_of[c] = rows;
    for (size_t r = 0; profiles->row_of && r < rows; r++)
        profiles->row_of[cell_of[r]] = r;
    free(cell_of);
    return profiles->row_of ? 0 : error_set("%s: out of memory", path);
}

/* Seconds of each part, summed over the group's profiled cells. Returns how many those are. */
static size_t sum_group(const struct groups *groups, size_t g, const struct profiles *profiles,
                        double sums[PART_COUNT])
{
    const struct arm all = group_cells(groups, &groups->groups[g]);
    size_t found = 0;

    memset(sums, 0, PART_COUNT * sizeof *sums);
    for (size_t i = 0; i < all.count; i++) {
        size_t row = profiles->row_of[groups->order[all.first + i]];

        if (row == table_rows(profiles->table))
            continue;
        for (int p = 0; p < PART_COUNT; p++)
            sums[p] += profiles->seconds[p][row];
        found++;
    }
    return found;
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void print_row(FILE *file, const struct groups *groups, size_t g,
                      const double sums[PART_COUNT])
{
    const struct group *group = &groups->groups[g];
    double rest = sums[WALL] - sums[TRAIN] - sums[EVALUATION] - sums[SETUP] - sums[LOGGING];
    char engine[64], batch[16] = "full";

    if (!group->full_batch)
        snprintf(batch, sizeof batch, "%.0f", group->batch_size);
    summary_engine(groups, g, ENGINE_WIDTH, engine);
    fprintf(file, "%-*s %6s %5.1f %5.1f %6.1f %8.1f %6.1f %5.1f %5.1f %5.1f %4.1f %4.1f\n",
            ENGINE_WIDTH, engine, batch, percent(sums[SAMPLING], sums[TRAIN]),
            percent(sums[BOOKKEEPING], sums[TRAIN]), percent(sums[GATHER], sums[TRAIN]),
            percent(sums[GRADIENT], sums[TRAIN]), percent(sums[UPDATE], sums[TRAIN]),
            percent(sums[TRAIN], sums[WALL]), percent(sums[EVALUATION], sums[WALL]),
            percent(sums[SETUP], sums[WALL]), percent(sums[LOGGING], sums[WALL]),
            percent(rest, sums[WALL]));
}

static void print_rows(FILE *file, const struct groups *groups, const struct profiles *profiles)
{
    const uint64_t setting_axes = AXES_ALL & ~AXIS_BIT(AXIS_ENGINE);
    size_t before = groups->group_count;
    double sums[PART_COUNT];

    fprintf(file, "%-*s %6s %33s %s\n", ENGINE_WIDTH, "", "", "% of the training clock",
            "    % of the wall time");
    fprintf(file, "%-*s %6s %5s %5s %6s %8s %6s %5s %5s %5s %4s %4s\n", ENGINE_WIDTH, "engine", "K",
            "draw", "loop", "gather", "gradient", "update", "train", "eval", "setup", "log",
            "rest");
    for (size_t g = 0; g < groups->group_count; g++) {
        char setting[256];

        if (sum_group(groups, g, profiles, sums) == 0)
            continue;
        groups_describe(groups, g, setting_axes, setting, sizeof setting);
        if (*setting &&
            (before == groups->group_count || !groups_same(groups, g, before, setting_axes)))
            fprintf(file, "  %s\n", setting);
        print_row(file, groups, g, sums);
        before = g;
    }
    summary_print_engines(file, groups, 0, 0, ENGINE_WIDTH);
}

int summary_print_profile(FILE *file, const char *results_folder)
{
    struct results results = {0};
    struct groups groups = {0};
    struct profiles profiles = {0};
    double first = INFINITY;
    char legend[512];
    int status = -1;

    if (results_open(&results, results_folder) != 0 ||
        groups_open(&groups, &results, "convergence") != 0 ||
        open_profiles(&profiles, &results) != 0)
        goto done;
    for (size_t r = 0; r < table_rows(profiles.table); r++)
        first = fmin(first, profiles.first_step[r]);
    print_rows(file, &groups, &profiles);
    snprintf(legend, sizeof legend,
             "loop: all else on the clock, timed with an engine that does nothing; gather: what a "
             "step takes beyond one whose batch lies in contiguous floats; gradient: the rest; "
             "update 0: in one pass with the gradient. The first step began %.2f s after the "
             "program.",
             first);
    summary_print_wrapped(file, legend);
    fputc('\n', file);
    status = 0;
done:
    free(profiles.row_of);
    table_close(profiles.table);
    groups_close(&groups);
    results_close(&results);
    return status;
}
