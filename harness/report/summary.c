/* What a convergence run found: the numbers. */
#include "report/summary.h"

#include "base/error.h"

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

static void fill_row(struct summary_row *row, const struct groups *groups, size_t g, int target)
{
    const struct group *group = &groups->groups[g];
    const struct arm *arm = &groups->arms[group->best];
    struct table *cells = groups->results->cells;
    const char *const *outcomes = table_texts(cells, "outcome");

    *row = (struct summary_row){
        .group = g,
        .seconds = group_cost(groups, group, "seconds", target),
        .epochs = group_cost(groups, group, "epochs", target),
        .updates = group_cost(groups, group, "updates", target),
        .examples = group_cost(groups, group, "examples", target),
        .validation_error = arm_median(groups, arm, table_numbers(cells, "final_validation_error")),
        .validation_loss = group_validation_loss(groups, group),
        .test_error = arm_median(groups, arm, table_numbers(cells, "test_error")),
    };
    for (size_t i = 0; i < arm->count; i++)
        count_outcome(row->outcomes, outcomes[groups->order[arm->first + i]]);
}

/* a comes before b: sooner at the target; without one, or at equal times, lower at the end. */
static bool better(const struct summary_section *section, const struct summary_row *a,
                   const struct summary_row *b)
{
    double end_a = section->has_errors ? a->validation_error : a->validation_loss;
    double end_b = section->has_errors ? b->validation_error : b->validation_loss;

    if (section->target != SUMMARY_NONE && a->seconds != b->seconds)
        return a->seconds < b->seconds;
    return end_a < end_b;
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
        if (row->validation_error > 0 && isfinite(row->validation_error))
            section->has_errors = true;
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
    if (groups_open(&summary->groups, results, "convergence") != 0 ||
        !table_numbers(results->cells, "test_error"))
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
