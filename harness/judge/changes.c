/* Change points of a series. */
#include "judge/changes.h"

#include "judge/scratch.h"

#include <assert.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>

const struct changes_rule changes_usual = {.p = 1e-4, .least = 0, .window = 50};

/* ---- One split --------------------------------------------------------------------------------
 */

/* Sum of |x[i] - x[j]| over j in [first, end). */
static double distances(const double *values, size_t i, size_t first, size_t end)
{
    double sum = 0;

    for (size_t j = first; j < end; j++)
        sum += fabs(values[i] - values[j]);
    return sum;
}

static double mean_of_pairs(double sum, double n)
{
    return n > 1 ? sum / (n * (n - 1) / 2) : 0;
}

size_t changes_best_split(const double *values, size_t count)
{
    double left = 0, right = 0, between = 0, largest = -1;
    size_t best = 0;

    for (size_t i = 0; i < count; i++)
        right += distances(values, i, 0, i);
    for (size_t at = 1; at < count; at++) {
        double to_left = distances(values, at - 1, 0, at - 1);
        double to_right = distances(values, at - 1, at, count);
        double n = (double)at, m = (double)(count - at), energy;

        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        if (at < CHANGES_SEGMENT || count - at < CHANGES_SEGMENT)
            continue;
        energy = n * m / (n + m) *
                 (2 * between / (n * m) - mean_of_pairs(left, n) - mean_of_pairs(right, m));
        if (energy > largest) {
            largest = energy;
            best = at;
        }
    }
    return best;
}

/* ---- One test ---------------------------------------------------------------------------------
 */

static double squares_about_mean(const double *values, size_t count)
{
    double mean = gsl_stats_mean(values, 1, count);

    return gsl_stats_tss_m(values, 1, count, mean);
}

/* Sum of squares that the line of least squares leaves. */
static double squares_about_line(const double *values, size_t count)
{
    double *x = scratch_take(count, sizeof *x);
    double intercept, slope, cov00, cov01, cov11, squares;

    for (size_t i = 0; i < count; i++)
        x[i] = (double)i;
    gsl_fit_linear(x, 1, values, 1, count, &intercept, &slope, &cov00, &cov01, &cov11, &squares);
    free(x);
    return squares;
}

static double p_of(double difference, double squares, double n, double m)
{
    double error = sqrt(squares / (n + m - 2) * (1 / n + 1 / m));

    if (!(error > 0)) /* values that do not vary: any difference is certain */
        return difference == 0;
    return 2 * gsl_cdf_tdist_Q(fabs(difference) / error, n + m - 2);
}

/* few[count_few], at least two, without the one that is farthest from the mean of many[count_many]
 * in the direction of their own mean. */
static double p_without_farthest(const double *few, size_t count_few, const double *many,
                                 size_t count_many)
{
    double *rest = scratch_take(count_few, sizeof *rest),
           mean = gsl_stats_mean(many, 1, count_many);
    double sign = gsl_stats_mean(few, 1, count_few) > mean ? 1 : -1, difference, squares;
    size_t farthest = 0, count = 0;

    for (size_t i = 1; i < count_few; i++)
        farthest = sign * few[i] > sign * few[farthest] ? i : farthest;
    for (size_t i = 0; i < count_few; i++)
        if (i != farthest)
            rest[count++] = few[i];
    difference = gsl_stats_mean(rest, 1, count) - mean;
    squares = squares_about_mean(rest, count) + squares_about_mean(many, count_many);
    free(rest);
    return p_of(difference, squares, (double)count, (double)count_many);
}

struct change changes_test(const double *values, size_t first, size_t at, size_t end)
{
    const double *a = values + first, *b = values + at;
    size_t count_a = at - first, count_b = end - at;
    double n = (double)count_a, m = (double)count_b, freedom = n + m - 2, squares, half;
    struct change change = {.at = at, .before = count_a, .after = count_b};

    assert(first < at && at < end && count_a + count_b > 2);
    squares = squares_about_mean(a, count_a) + squares_about_mean(b, count_b);
    change.effect.value = gsl_stats_mean(b, 1, count_b) - gsl_stats_mean(a, 1, count_a);
    change.drift = squares_about_line(a, count_a + count_b) < squares;
    change.p = p_of(change.effect.value, squares, n, m);
    change.p_without = count_a < 2 || count_b < 2 ? 1
                       : count_b <= count_a       ? p_without_farthest(b, count_b, a, count_a)
                                                  : p_without_farthest(a, count_a, b, count_b);
    half = gsl_cdf_tdist_Pinv(0.975, freedom) * sqrt(squares / freedom * (1 / n + 1 / m));
    change.effect.low = change.effect.value - half;
    change.effect.high = change.effect.value + half;
    return change;
}

/* ---- All of a series --------------------------------------------------------------------------
 */

/* Places of changes, ascending. */
struct places {
    size_t *list, count;
};

/* Not beside another one: windows overlap, and may disagree by a value. */
static void add_place(struct places *places, size_t at)
{
    size_t i = places->count;

    while (i > 0 && places->list[i - 1] > at)
        i--;
    if ((i > 0 && at - places->list[i - 1] < CHANGES_SEGMENT) ||
        (i < places->count && places->list[i] - at < CHANGES_SEGMENT))
        return;
    memmove(places->list + i + 1, places->list + i, (places->count - i) * sizeof at);
    places->list[i] = at;
    places->count++;
}

static void split(const double *values, size_t first, size_t end, double p, struct places *places)
{
    size_t at = changes_best_split(values + first, end - first);

    if (at == 0 || !(changes_test(values, first, first + at, end).p < p))
        return;
    add_place(places, first + at);
    split(values, first, first + at, p, places);
    split(values, first + at, end, p, places);
}

static size_t window_after(size_t first, size_t step, const struct places *places)
{
    size_t last = places->count > 0 ? places->list[places->count - 1] : 0;

    return last > first + step ? last : first + step;
}

static void find_weak(const double *values, size_t count, const struct changes_rule *rule,
                      struct places *places)
{
    for (size_t first = 0; first < count; first = window_after(first, rule->window / 2, places)) {
        size_t end = first + rule->window < count ? first + rule->window : count;

        split(values, first, end, 10 * rule->p, places);
        if (end == count)
            break;
    }
}

/* The change at that place, between its neighbours. */
static struct change test_place(const double *values, size_t count, const struct places *places,
                                size_t i)
{
    return changes_test(values, i > 0 ? places->list[i - 1] : 0, places->list[i],
                        i + 1 < places->count ? places->list[i + 1] : count);
}

/* Takes one place out; only its neighbours see another stretch of values then. */
static void drop_place(const double *values, size_t count, struct places *places, size_t gone,
                       struct change *changes)
{
    places->count--;
    memmove(places->list + gone, places->list + gone + 1,
            (places->count - gone) * sizeof *places->list);
    memmove(changes + gone, changes + gone + 1, (places->count - gone) * sizeof *changes);
    if (gone > 0)
        changes[gone - 1] = test_place(values, count, places, gone - 1);
    if (gone < places->count)
        changes[gone] = test_place(values, count, places, gone);
}

static double doubt_of(const struct change *change)
{
    return fmax(change->p, change->p_without / 10);
}

/* The next to go: the least certain, or where all are certain enough the smallest; places->count:
 * all may stay. */
static size_t find_weakest(const struct change *changes, size_t count,
                           const struct changes_rule *rule)
{
    size_t doubtful = 0, smallest = 0;

    for (size_t i = 1; i < count; i++) {
        doubtful = doubt_of(&changes[i]) > doubt_of(&changes[doubtful]) ? i : doubtful;
        smallest =
            fabs(changes[i].effect.value) < fabs(changes[smallest].effect.value) ? i : smallest;
    }
    if (count > 0 && !(doubt_of(&changes[doubtful]) < rule->p))
        return doubtful;
    if (count > 0 && !(fabs(changes[smallest].effect.value) > rule->least))
        return smallest;
    return count;
}

size_t changes_find(const double *values, size_t count, const struct changes_rule *rule,
                    struct change *changes)
{
    struct places places = {scratch_take(count + 1, sizeof(size_t)), 0};
    size_t weakest;

    assert(rule->p > 0 && rule->p < 0.1 && rule->least >= 0 && rule->window >= 4);
    find_weak(values, count, rule, &places);
    for (size_t i = 0; i < places.count; i++)
        changes[i] = test_place(values, count, &places, i);
    while ((weakest = find_weakest(changes, places.count, rule)) < places.count)
        drop_place(values, count, &places, weakest, changes);
    free(places.list);
    return places.count;
}
