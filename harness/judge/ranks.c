/* Sign test, signed ranks, Mann-Whitney U. */
#include "judge/ranks.h"

#include "judge/scratch.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

enum { EXACT_DIFFERENCES = 50, EXACT_PAIRS = 2500 };

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

/* chances[0 .. n(n+1)/2] of the sum of those of the ranks 1 .. n that a fair coin picks. */
static void signed_chances(double *chances, size_t n)
{
    size_t largest = 0;

    chances[0] = 1;
    for (size_t r = 1; r <= n; r++) {
        largest += r;
        for (size_t s = largest + 1; s-- > 0;)
            chances[s] = (chances[s] + (s >= r ? chances[s - r] : 0)) / 2;
    }
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
    test.exact = ties == 0 && used <= EXACT_DIFFERENCES;
    if (test.exact) {
        size_t largest = used * (used + 1) / 2;
        double *chances = scratch_take(largest + 1, sizeof *chances);

        signed_chances(chances, used);
        test.p = exact_p(chances, largest, (size_t)test.statistic, alternative);
        free(chances);
    } else {
        test.p = normal_p(test.statistic, n * (n + 1) / 4,
                          n * (n + 1) * (2 * n + 1) / 24 - ties / 48, alternative);
    }
done:
    free(signs);
    free(ranks);
    free(sizes);
    return test;
}

/* ---- Mann-Whitney -----------------------------------------------------------------------------
 */

/* chances[0 .. m n] of U, by whether the largest of all m + n values is one of the m, when it is
 * above all n (Mann and Whitney 1947): P(u; m, n) = m / (m + n) P(u - n; m - 1, n) + n / (m + n)
 * P(u; m, n - 1) */
static void mann_whitney_chances(double *chances, size_t m, size_t n)
{
    size_t width = m * n + 1;
    double *rows = scratch_take((n + 1) * width, sizeof *rows); /* rows[j][u] for i of the m */

    for (size_t j = 0; j <= n; j++)
        rows[j * width] = 1; /* i = 0: U is 0 */
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            double *now = rows + j * width, *fewer = now - width; /* now holds i - 1 so far */
            double share = (double)i / (double)(i + j);

            for (size_t u = i * j + 1; u-- > 0;)
                now[u] = (u >= j ? share * now[u - j] : 0) + (1 - share) * fewer[u];
        }
    }
    for (size_t u = 0; u < width; u++)
        chances[u] = rows[n * width + u];
    free(rows);
}

/* U of the first count_a of all[count]; *ties: as of rank(). */
static double pairs_above(const double *all, size_t count_a, size_t count, double *ties)
{
    double *ranks = scratch_take(count, sizeof *ranks);
    double sum = 0;

    *ties = rank(all, count, ranks);
    for (size_t i = 0; i < count_a; i++)
        sum += ranks[i];
    free(ranks);
    return sum - (double)count_a * ((double)count_a + 1) / 2;
}

struct rank_test ranks_mann_whitney(const double *a, size_t count_a, const double *b,
                                    size_t count_b, enum alternative alternative)
{
    size_t count = count_a + count_b, pairs = count_a * count_b;
    struct rank_test test = {NAN, NAN, true};
    double *all, ties, n = (double)count;

    if (pairs == 0 || scratch_any_nan(a, count_a) || scratch_any_nan(b, count_b))
        return test;
    all = scratch_take(count, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = i < count_a ? a[i] : b[i - count_a];
    test.statistic = pairs_above(all, count_a, count, &ties);
    test.exact = ties == 0 && pairs <= EXACT_PAIRS;
    free(all);
    if (test.exact) {
        double *chances = scratch_take(pairs + 1, sizeof *chances);

        mann_whitney_chances(chances, count_a, count_b);
        test.p = exact_p(chances, pairs, (size_t)test.statistic, alternative);
        free(chances);
    } else {
        test.p = normal_p(test.statistic, (double)pairs / 2,
                          (double)pairs / 12 * (n + 1 - ties / (n * (n - 1))), alternative);
    }
    return test;
}
