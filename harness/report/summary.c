/* What a convergence run found: the numbers. */
#include "report/summary.h"

#include "base/error.h"
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const summary_outcomes[SUMMARY_OUTCOMES] = {
    "reached", "budget",  "diverged", "dead",          "unsupported",
    "failed",  "crashed", "timeout",  "out-of-memory", "other",
};

static void count_outcome(size_t outcomes[SUMMARY_OUTCOMES], const char *outcome)
{
    size_t o = 0;

    while (o < SUMMARY_OUTCOMES - 1 && strcmp(summary_outcomes[o], outcome) != 0)
        o++;
    outcomes[o]++;
}

const char *summary_end(const struct groups *groups)
{
    if (groups->by_train_loss)
        return "training loss";
    return groups->has_errors ? "validation error" : "validation loss";
}

const char *summary_test(const struct groups *groups)
{
    return groups->has_errors ? "test error" : "test loss";
}

static const char *end_column(const struct groups *groups)
{
    if (groups->by_train_loss)
        return "final_train_loss";
    return groups->has_errors ? "final_validation_error" : "final_validation_loss";
}

/* The median of `end`, and the range of what the row is compared by. */
static void fill_range(struct summary_row *row, const struct groups *groups, const struct arm *arm,
                       int target)
{
    double *values = calloc(arm->count, sizeof *values);

    if (!values)
        abort();
    arm_end_values(groups, arm, table_numbers(groups->results->cells, end_column(groups)), values);
    row->end = stats_median(values, arm->count);
    if (target != SUMMARY_NONE)
        arm_values(groups, arm, results_cost(groups->results, "seconds", (size_t)target), values);
    row->low = stats_quantile(values, arm->count, 0);
    row->high = stats_quantile(values, arm->count, 1);
    free(values);
}

static void fill_row(struct summary_row *row, const struct groups *groups, size_t g, int target)
{
    const struct group *group = &groups->groups[g];
    const struct arm arm = group->trained ? groups->arms[group->best] : group_cells(groups, group);
    struct table *cells = groups->results->cells;
    const char *const *outcomes = table_texts(cells, "outcome");

    *row = (struct summary_row){.group = g, .n = arm.count};
    row->seconds = row->epochs = row->updates = row->examples = INFINITY;
    row->end = row->test = row->low = row->high = INFINITY;
    if (group->trained) {
        row->seconds = group_cost(groups, group, "seconds", target);
        row->epochs = group_cost(groups, group, "epochs", target);
        row->updates = group_cost(groups, group, "updates", target);
        row->examples = group_cost(groups, group, "examples", target);
        row->test = arm_median(
            groups, &arm, table_numbers(cells, groups->has_errors ? "test_error" : "test_loss"));
        fill_range(row, groups, &arm, target);
    }
    for (size_t i = 0; i < arm.count; i++)
        count_outcome(row->outcomes, outcomes[groups->order[arm.first + i]]);
}

/* a comes before b: sooner at the target; without one, or at equal times, lower at the end. */
static bool better(const struct summary_section *section, const struct summary_row *a,
                   const struct summary_row *b)
{
    if (section->target != SUMMARY_NONE && a->seconds != b->seconds)
        return a->seconds < b->seconds;
    return a->end < b->end;
}

enum kind { KIND_ANY, KIND_SINGLE, KIND_MINI, KIND_FULL };

static bool is_kind(const struct group *group, enum kind kind)
{
    if (kind == KIND_ANY)
        return true;
    if (group->full_batch || group->batch_size >= group->train_examples)
        return kind == KIND_FULL;
    return kind == (group->batch_size == 1 ? KIND_SINGLE : KIND_MINI);
}

/* The best row of that kind but `without`. */
static int best_row(const struct summary *summary, const struct summary_section *section,
                    enum kind kind, int without)
{
    int best = SUMMARY_NONE;

    for (size_t r = section->first; r < section->first + section->count; r++) {
        const struct summary_row *row = &summary->rows[r];

        if (!is_kind(&summary->groups.groups[row->group], kind) || (int)r == without)
            continue;
        if (best == SUMMARY_NONE || better(section, row, &summary->rows[best]))
            best = (int)r;
    }
    return best;
}

static void fill_section(struct summary *summary, struct summary_section *section,
                         const size_t *problem, size_t number)
{
    const struct groups *groups = &summary->groups;

    *section = (struct summary_section){.first = summary->row_count, .target = SUMMARY_NONE};
    for (size_t g = 0; g < groups->group_count; g++)
        if (problem[g] == number && groups->groups[g].hardest > section->target)
            section->target = groups->groups[g].hardest;
    for (size_t g = 0; g < groups->group_count; g++) {
        struct summary_row *row = &summary->rows[summary->row_count];

        if (problem[g] != number)
            continue;
        fill_row(row, groups, g, section->target);
        summary->row_count++;
        section->count++;
    }
    section->best = best_row(summary, section, KIND_ANY, SUMMARY_NONE);
    section->runner_up = best_row(summary, section, KIND_ANY, section->best);
    section->single = best_row(summary, section, KIND_SINGLE, SUMMARY_NONE);
    section->mini = best_row(summary, section, KIND_MINI, SUMMARY_NONE);
    section->full = best_row(summary, section, KIND_FULL, SUMMARY_NONE);
}

int summary_compute(struct summary *summary, struct results *results)
{
    int status = -1;
    size_t *problem = NULL;
    const char *const *outcomes;

    *summary = (struct summary){0};
    if (groups_open(&summary->groups, results, "convergence") != 0)
        goto done;
    outcomes = table_texts(results->cells, "outcome");
    problem = calloc(summary->groups.group_count + 1, sizeof *problem);
    summary->rows = calloc(summary->groups.group_count + 1, sizeof *summary->rows);
    summary->sections = calloc(summary->groups.group_count + 1, sizeof *summary->sections);
    if (!problem || !summary->rows || !summary->sections) {
        error_set("%s: out of memory", results->folder);
        goto done;
    }
    for (size_t i = 0; i < summary->groups.cell_count; i++)
        count_outcome(summary->outcomes, outcomes[summary->groups.order[i]]);
    summary->section_count = groups_rank(&summary->groups, SUMMARY_PROBLEM_AXES, problem);
    for (size_t s = 0; s < summary->section_count; s++)
        fill_section(summary, &summary->sections[s], problem, s + 1);
    status = 0;
done:
    free(problem);
    return status;
}

void summary_close(struct summary *summary)
{
    groups_close(&summary->groups);
    free(summary->rows);
    free(summary->sections);
    *summary = (struct summary){0};
}

/* ---- What both tables print ---------------------------------------------------------------------
 */

static const char *engine_of(const struct groups *groups, size_t g)
{
    const struct group *group = &groups->groups[g];
    size_t cell = groups->order[groups->arms[group->first].first];

    return table_texts(groups->results->cells, "engine")[cell];
}

/* The first group with this group's engine. */
static size_t engine_opens(const struct groups *groups, size_t g)
{
    size_t first = 0;

    while (strcmp(engine_of(groups, first), engine_of(groups, g)) != 0)
        first++;
    return first;
}

void summary_engine(const struct groups *groups, size_t g, size_t width, char text[64])
{
    size_t opens = engine_opens(groups, g), number = 1;

    if (strlen(engine_of(groups, g)) <= width) {
        snprintf(text, 64, "%s", engine_of(groups, g));
        return;
    }
    for (size_t before = 0; before < opens; before++)
        number +=
            strlen(engine_of(groups, before)) > width && engine_opens(groups, before) == before;
    snprintf(text, 64, "e%zu", number);
}

void summary_print_engines(FILE *file, const struct groups *groups, size_t like, uint64_t mask,
                           size_t width)
{
    for (size_t g = 0; g < groups->group_count; g++) {
        const char *engine = engine_of(groups, g);
        bool named = strlen(engine) <= width || !groups_same(groups, g, like, mask);
        char label[64];

        for (size_t before = 0; before < g && !named; before++)
            named = groups_same(groups, before, like, mask) &&
                    strcmp(engine_of(groups, before), engine) == 0;
        if (named)
            continue;
        summary_engine(groups, g, width, label);
        fprintf(file, "%s = %s\n", label, engine);
    }
}

/* Characters, not bytes. */
static size_t width_of(const char *text, size_t bytes)
{
    size_t width = 0;

    for (size_t i = 0; i < bytes; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

void summary_print_indented(FILE *file, size_t indent, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t bytes = strcspn(text, " "), width = width_of(text, bytes);

        if (column > indent && column + 1 + width > 79) {
            fputc('\n', file);
            column = 0;
        }
        if (column == 0)
            column = (size_t)fprintf(file, "%*s", (int)indent, "");
        column += width + (column > indent);
        fprintf(file, "%s%.*s", column > indent + width ? " " : "", (int)bytes, text);
        text += bytes + strspn(text + bytes, " ");
    }
    fputc('\n', file);
}

void summary_print_wrapped(FILE *file, const char *text)
{
    summary_print_indented(file, 0, text);
}
