/* Sign test, signed ranks, Mann-Whitney U. */
#include "judge/ranks.h"

#include "judge/scratch.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

enum { EXACT_DIFFERENCES = 50, EXACT_VALUES = 100 };

/* ---- From a distribution to p -----------------------------------------------------------------
 */

/* Of a statistic whose chance to be at most, and at least, what it is are these. */
static double p_of(double at_most, double at_least, enum alternative alternative)
{
    if (alternative == GREATER)
        return at_least;
    if (alternative == LESS)
        return at_most;
    return fmin(1, 2 * fmin(at_most, at_least));
}

/* The same by the normal distribution, with continuity correction. A statistic that cannot vary is
 * evidence of nothing. */
static double normal_p(double statistic, double mean, double variance, enum alternative alternative)
{
    double deviation = sqrt(variance);

    if (!(variance > 0))
        return 1;
    return p_of(gsl_cdf_ugaussian_P((statistic - mean + 0.5) / deviation),
                gsl_cdf_ugaussian_Q((statistic - mean - 0.5) / deviation), alternative);
}

/* Of an integer statistic with chances[0 .. largest]. */
static double exact_p(const double *chances, size_t largest, size_t statistic,
                      enum alternative alternative)
{
    double below = 0, above = 0;

    for (size_t s = 0; s <= largest; s++) {
        if (s < statistic)
            below += chances[s];
        if (s > statistic)
            above += chances[s];
    }
    return p_of(below + chances[statistic], above + chances[statistic], alternative);
}

/* ---- Ranks ------------------------------------------------------------------------------------
 */

/* ranks[count] from 1, ties sharing their mean; returns the sum of t^3 - t over ties of t values.
 */
static double rank(const double *values, size_t count, double *ranks)
{
    size_t *order = scratch_take(count, sizeof *order);
    double ties = 0;

    gsl_sort_index(order, values, 1, count);
    for (size_t i = 0, end; i < count; i = end) {
        double t;

        for (end = i + 1; end < count && values[order[end]] == values[order[i]];)
            end++;
        t = (double)(end - i);
        ties += t * t * t - t;
        for (size_t j = i; j < end; j++)
            ranks[order[j]] = (double)(i + end + 1) / 2;
    }
    free(order);
    return ties;
}

/* Twice the ranks, which are integers in spite of ties. */
static size_t *doubled(const double *ranks, size_t count)
{
    size_t *twice = scratch_take(count, sizeof *twice);

    for (size_t i = 0; i < count; i++)
        twice[i] = (size_t)(2 * ranks[i]);
    return twice;
}

/* ---- Sign test --------------------------------------------------------------------------------
 */

struct rank_test ranks_sign(const double *differences, size_t count, enum alternative alternative)
{
    unsigned above = 0, used = 0;

    if (count == 0 || scratch_any_nan(differences, count))
        return (struct rank_test){NAN, NAN, true};
    for (size_t i = 0; i < count; i++) {
        above += differences[i] > 0;
        used += differences[i] != 0;
    }
    /* P(X >= above) = P(X <= used - above), by symmetry. */
    return (struct rank_test){above,
                              p_of(gsl_cdf_binomial_P(above, 0.5, used),
                                   gsl_cdf_binomial_P(used - above, 0.5, used), alternative),
                              true};
}

/* ---- Signed ranks -----------------------------------------------------------------------------
 */

/* p of the sum of those of the ranks[n] that a fair coin picks. */
static double signed_p(double statistic, const double *ranks, size_t n,
                       enum alternative alternative)
{
    size_t largest = 0, *twice = doubled(ranks, n);
    double *chances = scratch_take(n * (n + 1) + 1, sizeof *chances), p;

    chances[0] = 1;
    for (size_t i = 0; i < n; i++) {
        largest += twice[i];
        for (size_t s = largest + 1; s-- > 0;)
            chances[s] = (chances[s] + (s >= twice[i] ? chances[s - twice[i]] : 0)) / 2;
    }
    p = exact_p(chances, largest, (size_t)(2 * statistic), alternative);
    free(chances);
    free(twice);
    return p;
}

struct rank_test ranks_signed(const double *differences, size_t count, enum alternative alternative)
{
    double *sizes = scratch_take(count, sizeof *sizes);
    double *ranks = scratch_take(count, sizeof *ranks), *signs = scratch_take(count, sizeof *signs);
    struct rank_test test = {count > 0 ? 0 : (double)NAN, count > 0 ? 1 : (double)NAN, true};
    double ties, n;
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        sizes[used] = fabs(differences[i]);
        signs[used] = differences[i];
        used += differences[i] != 0;
    }
    if (scratch_any_nan(differences, count)) {
        test = (struct rank_test){NAN, NAN, true};
        goto done;
    }
    if (used == 0)
        goto done;
    ties = rank(sizes, used, ranks);
    n = (double)used;
    for (size_t i = 0; i < used; i++)
        test.statistic += signs[i] > 0 ? ranks[i] : 0;
    test.exact = used <= EXACT_DIFFERENCES;
    test.p = test.exact ? signed_p(test.statistic, ranks, used, alternative)
                        : normal_p(test.statistic, n * (n + 1) / 4,
                                   n * (n + 1) * (2 * n + 1) / 24 - ties / 48, alternative);
done:
    free(signs);
    free(ranks);
    free(sizes);
    return test;
}

/* ---- Mann-Whitney -----------------------------------------------------------------------------
 */

/* p of the sum of `taken` of the ranks[count], drawn at random: of all ways to draw them, counted
 * rank by rank (the shift algorithm of Streitberg and Roehmel 1986). */
static double rank_sum_p(double sum, const double *ranks, size_t count, size_t taken,
                         enum alternative alternative)
{
    size_t width = count * (count + 1) + 1, so_far = 0, *twice = doubled(ranks, count);
    double *ways = scratch_take((taken + 1) * width, sizeof *ways); /* [drawn][sum] */
    double *last = ways + taken * width, all = 0, p;

    ways[0] = 1;
    for (size_t i = 0; i < count; i++) {
        so_far += twice[i];
        for (size_t k = taken; k-- > 0;) /* from many drawn to few: no rank is drawn twice */
            for (size_t s = twice[i]; s <= so_far; s++)
                ways[(k + 1) * width + s] += ways[k * width + s - twice[i]];
    }
    for (size_t s = 0; s < width; s++)
        all += last[s];
    for (size_t s = 0; s < width; s++)
        last[s] /= all;
    p = exact_p(last, width - 1, (size_t)(2 * sum), alternative);
    free(ways);
    free(twice);
    return p;
}

struct rank_test ranks_mann_whitney(const double *a, size_t count_a, const double *b,
                                    size_t count_b, enum alternative alternative)
{
    size_t count = count_a + count_b;
    double *all, *ranks, ties, sum = 0, n = (double)count,
                               pairs = (double)count_a * (double)count_b;
    double least = (double)count_a * ((double)count_a + 1) / 2; /* sum of the ranks 1 .. count_a */
    struct rank_test test = {NAN, NAN, true};

    if (count_a == 0 || count_b == 0 || scratch_any_nan(a, count_a) || scratch_any_nan(b, count_b))
        return test;
    all = scratch_take(count, sizeof *all);
    ranks = scratch_take(count, sizeof *ranks);
    for (size_t i = 0; i < count; i++)
        all[i] = i < count_a ? a[i] : b[i - count_a];
    ties = rank(all, count, ranks);
    for (size_t i = 0; i < count_a; i++)
        sum += ranks[i];
    test.statistic = sum - least;
    test.exact = count <= EXACT_VALUES;
    test.p = test.exact ? rank_sum_p(sum, ranks, count, count_a, alternative)
                        : normal_p(test.statistic, pairs / 2,
                                   pairs / 12 * (n + 1 - ties / (n * (n - 1))), alternative);
    free(ranks);
    free(all);
    return test;
}
