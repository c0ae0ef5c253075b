/* One number of each seed, or of each seed at each x. */
#include "verdict/samples.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* ---- A cell -----------------------------------------------------------------------------------
 */

static int begin_sample(const struct evidence *evidence, const char *x, size_t row,
                        struct sample *sample)
{
    *sample = (struct sample){.row = row, .x = NAN};
    if (evidence_seed(evidence, row, &sample->seed) != 0)
        return -1;
    return x ? evidence_number(evidence, x, row, &sample->x) : 0;
}

static int count_cell(const struct evidence *evidence, size_t row, struct sample *sample)
{
    double seconds = 0;

    sample->infeasible += (size_t)evidence_is_infeasible(evidence, row);
    sample->on_edge += (size_t)evidence_on_edge(evidence, row);
    if (!table_has(evidence->results->cells, "wall_seconds"))
        return 0;
    if (evidence_number(evidence, "wall_seconds", row, &seconds) != 0)
        return -1;
    sample->hours += seconds > 0 ? seconds / 3600 : 0;
    return 0;
}

static int find_cells(const struct evidence *evidence, const struct claim *claim,
                      const struct rows *rows, const char *x, struct sample *list, size_t *count)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct sample *sample = &list[(*count)++];

        if (begin_sample(evidence, x, rows->list[i], sample) != 0 ||
            count_cell(evidence, rows->list[i], sample) != 0 ||
            evidence_value(evidence, claim, rows->list[i], &sample->value) != 0)
            return -1;
        sample->censored = sample->value == (double)INFINITY && !sample->infeasible;
    }
    return 0;
}

/* ---- What is taken of several cells -----------------------------------------------------------
 */

struct candidate {
    double place, of; /* of the column that is taken, and of the one that decides */
    int counts;       /* meets the conditions */
};

static int compare_places(const void *a, const void *b)
{
    double first = ((const struct candidate *)a)->place;
    double second = ((const struct candidate *)b)->place;

    return (first > second) - (first < second);
}

static size_t find_least(const struct candidate *list, size_t count)
{
    size_t least = count;

    for (size_t i = 0; i < count; i++)
        if (list[i].counts && (least == count || list[i].of < list[least].of))
            least = i;
    return least;
}

/* From the inner cell towards the outer one `of` crosses the limit: at this power of ten. */
static double crossing(const struct candidate *inner, const struct candidate *outer, double limit)
{
    double share = log(limit / inner->of) / log(outer->of / inner->of);

    if (!outer->counts || !isfinite(outer->of) || !(share >= 0 && share <= 1))
        share = 0;
    return log10(inner->place) + share * log10(outer->place / inner->place);
}

/* The decades from the first to the last cell; where `of` decides, as far as the limit itself. */
static double measure_decades(const struct taken *taken, const struct candidate *list, size_t count,
                              size_t first, size_t last, double limit)
{
    double from = log10(list[first].place), to = log10(list[last].place);

    if (taken->of[0] && first > 0)
        from = crossing(&list[first], &list[first - 1], limit);
    if (taken->of[0] && last + 1 < count)
        to = crossing(&list[last], &list[last + 1], limit);
    return to - from;
}

/* list[count] in the order of places. */
static void take(const struct taken *taken, const struct candidate *list, size_t count,
                 struct sample *sample)
{
    size_t first = find_least(list, count), last = first;
    double limit = NAN;

    sample->value = NAN;
    if (first == count || (taken->of[0] && !isfinite(list[first].of))) {
        sample->on_edge++; /* none counts: what would lies beyond all that was tried */
        return;
    }
    if (taken->of[0]) {
        limit = (1 + taken->within) * list[first].of;
        while (first > 0 && list[first - 1].counts && list[first - 1].of <= limit)
            first--;
        while (last + 1 < count && list[last + 1].counts && list[last + 1].of <= limit)
            last++;
    } else {
        for (size_t i = 0; i < count; i++) {
            first = list[i].counts && i < first ? i : first;
            last = list[i].counts && i > last ? i : last;
        }
    }
    sample->on_edge += (taken->take != TAKE_LARGEST && first == 0) ||
                       (taken->take != TAKE_SMALLEST && last == count - 1);
    if (taken->within == 0) /* the best itself: nothing better may lie beyond either end */
        sample->on_edge += first == 0 || last == count - 1;
    sample->value = taken->take == TAKE_LARGEST ? list[last].place
                    : taken->take == TAKE_SMALLEST
                        ? list[first].place
                        : measure_decades(taken, list, count, first, last, limit);
}

static int read_candidate(const struct evidence *evidence, const struct taken *taken, size_t row,
                          struct candidate *candidate)
{
    int met = evidence_meets(evidence, &taken->where, row);

    candidate->of = 0;
    if (met < 0 || evidence_number(evidence, taken->column, row, &candidate->place) != 0 ||
        (taken->of[0] && evidence_outcome(evidence, taken->of, row, &candidate->of) != 0))
        return -1;
    if (isnan(candidate->place))
        return error_set("%s:%zu: column `%s` is empty", table_path(evidence->table),
                         table_line(evidence->table, row), taken->column);
    candidate->counts = met;
    return 0;
}

static int is_alike(const struct sample *a, const struct sample *b)
{
    return a->seed == b->seed && (a->x == b->x || (isnan(a->x) && isnan(b->x)));
}

static int check_apart(const struct evidence *evidence, const struct taken *taken,
                       const struct candidate *list, size_t count, const struct sample *sample)
{
    for (size_t i = 1; i < count; i++)
        if (list[i].place == list[i - 1].place)
            return error_set("%s:%zu: several rows for %s = %g and seed %llu, expected one: "
                             "`where`, `arms` or `each` must tell them apart",
                             table_path(evidence->table), table_line(evidence->table, sample->row),
                             taken->column, list[i].place, (unsigned long long)sample->seed);
    return 0;
}

/* rows->list[i] for which of[i] is the sample with this number. */
static int take_from(const struct evidence *evidence, const struct taken *taken,
                     const struct rows *rows, const size_t *of, size_t number,
                     struct candidate *list, struct sample *sample)
{
    size_t count = 0;
    int has_failed = 0;

    for (size_t i = 0; i < rows->count; i++) {
        if (of[i] != number)
            continue;
        if (read_candidate(evidence, taken, rows->list[i], &list[count]) != 0)
            return -1;
        has_failed |= evidence_has_failed(evidence, rows->list[i]) || isnan(list[count].of);
        count++;
    }
    qsort(list, count, sizeof *list, compare_places);
    if (check_apart(evidence, taken, list, count, sample) != 0)
        return -1;
    if (has_failed) /* it might have been the one */
        sample->value = NAN;
    else
        take(taken, list, count, sample);
    return 0;
}

static int find_taken(const struct evidence *evidence, const struct claim *claim,
                      const struct rows *rows, const char *x, struct sample *list, size_t *count)
{
    size_t *of = calloc(rows->count + 1, sizeof *of);
    struct candidate *candidates = calloc(rows->count + 1, sizeof *candidates);
    int status = of && candidates ? 0 : error_set("out of memory for the seeds of a claim");

    for (size_t i = 0; i < rows->count && status == 0; i++) {
        status = begin_sample(evidence, x, rows->list[i], &list[*count]);
        for (of[i] = 0; of[i] < *count && !is_alike(&list[of[i]], &list[*count]);)
            of[i]++;
        *count += of[i] == *count;
        if (status == 0)
            status = count_cell(evidence, rows->list[i], &list[of[i]]);
    }
    for (size_t s = 0; s < *count && status == 0; s++)
        status = take_from(evidence, &claim->taken, rows, of, s, candidates, &list[s]);
    free(candidates);
    free(of);
    return status;
}

int samples_find(const struct evidence *evidence, const struct claim *claim,
                 const struct rows *rows, const char *x, struct sample **list, size_t *count)
{
    int status;

    *count = 0;
    *list = calloc(rows->count + 1, sizeof **list);
    if (!*list)
        return error_set("out of memory for the seeds of a claim");
    status = claim->taken.take == TAKE_NONE ? find_cells(evidence, claim, rows, x, *list, count)
                                            : find_taken(evidence, claim, rows, x, *list, count);
    if (status != 0) {
        free(*list);
        *list = NULL;
    }
    return status;
}
