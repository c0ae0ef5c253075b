/* Chart `volume`: the test error, and by how much the test loss exceeds the training loss, against
 * the number of training examples: a line per setting and batch size, each point at its best rate.
 */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

/* What must agree along a line. */
static const uint64_t along = AXES_ALL & ~AXIS_BIT(AXIS_SUBSET);

/* The first group of the line that the group is on. */
static size_t line_of(const struct groups *groups, size_t g)
{
    size_t first = 0;

    while (!groups_same(groups, first, g, along) || !groups_same_batch(groups, first, g))
        first++;
    return first;
}

/* Another group of the same line has another number of examples. */
static bool is_on_a_line(const struct groups *groups, size_t g)
{
    size_t line = line_of(groups, g);

    for (size_t other = 0; other < groups->group_count; other++)
        if (fabs(groups->groups[other].train_examples - groups->groups[g].train_examples) > 0 &&
            line_of(groups, other) == line)
            return true;
    return false;
}

int chart_volume_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence"), found = 0;

    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        found |= groups.has_errors && groups.groups[g].trained && is_on_a_line(&groups, g);
    groups_close(&groups);
    return status == 0 ? found : -1;
}

static void describe_line(const struct groups *groups, size_t g, char *text, size_t size)
{
    char setting[256], batch[64];

    groups_describe(groups, g, along, setting, sizeof setting);
    group_batch_text(&groups->groups[g], batch, sizeof batch);
    snprintf(text, size, "%s%s%s", batch, *setting ? " · " : "", setting);
}

static int write_point(struct sheet *sheet, const struct groups *groups, size_t g, size_t series)
{
    struct table *cells = groups->results->cells;
    const double *columns[] = {table_numbers(cells, "test_error"),
                               table_numbers(cells, "test_loss"),
                               table_numbers(cells, "final_train_loss")};
    const struct group *group = &groups->groups[g];
    const struct arm *arm = &groups->arms[group->best];
    double *values = calloc(3 * arm->count + 1, sizeof *values), *gaps = values + arm->count;
    char label[384];

    if (!values)
        return error_set("%s: out of memory", groups->results->folder);
    for (int c = 0; c < 3; c++)
        arm_end_values(groups, arm, columns[c], values + (size_t)c * arm->count);
    for (size_t i = 0; i < arm->count; i++) /* of one that diverged nothing is known */
        gaps[i] = isfinite(gaps[i]) ? gaps[i] - gaps[arm->count + i] : (double)INFINITY;
    describe_line(groups, g, label, sizeof label);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_number(sheet, group->train_examples);
    sheet_group(sheet, groups, group);
    sheet_number(sheet, (double)arm->count);
    sheet_range(sheet, values, arm->count, 0);
    sheet_range(sheet, gaps, arm->count, 0);
    sheet_end_row(sheet);
    free(values);
    return 0;
}

/* rank[group_count] = from 1, the number of the line that a group with a rate is on; 0: on none.
 * Returns how many there are. */
static size_t number_lines(const struct groups *groups, size_t *rank)
{
    size_t lines = 0;

    for (size_t g = 0; g < groups->group_count; g++) {
        rank[g] = 0;
        if (!groups->groups[g].trained || !is_on_a_line(groups, g))
            continue;
        for (size_t other = 0; other < g && rank[g] == 0; other++)
            if (rank[other] > 0 && line_of(groups, other) == line_of(groups, g))
                rank[g] = rank[other];
        if (rank[g] == 0)
            rank[g] = ++lines;
    }
    return lines;
}

int chart_volume_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    size_t *rank = NULL, lines;
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    rank = calloc(groups.group_count + 1, sizeof *rank);
    if (!rank) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    lines = number_lines(&groups, rank);
    sheet_open(&sheet, file, &groups,
               word("test error, and test loss less training loss, at the end; bars: all seeds"));
    sheet_explain_rates(&sheet, &groups);
    sheet_header(&sheet, "series,label,train_examples," SHEET_GROUP
                         ",n,median_error,low_error,high_error,median_gap,low_gap,high_gap");
    for (size_t line = 1; line <= lines; line++)
        for (size_t g = 0; g < groups.group_count && status == 0; g++)
            if (rank[g] == line)
                status = write_point(&sheet, &groups, g, line);
done:
    free(rank);
    groups_close(&groups);
    return status;
}
