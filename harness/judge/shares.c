/* Functional ANOVA of a full factorial grid. */
#include "judge/shares.h"

#include "judge/bootstrap.h"
#include "judge/scratch.h"

#include <assert.h>

size_t shares_pair(size_t a, size_t b, size_t factors)
{
    size_t first = a < b ? a : b, second = a < b ? b : a;

    assert(first != second && second < factors);
    return first * (2 * factors - first - 1) / 2 + (second - first - 1);
}

/* ---- Means along factors ----------------------------------------------------------------------
 */

/* Means of the deviations from the grand mean: by level of one factor, and of two. */
struct margins {
    const size_t *levels;
    size_t factors, cells;
    double *main[SHARES_FACTORS]; /* [levels[a]] */
    double *pair[SHARES_PAIRS];   /* [levels[a]][levels[b]] */
};

static struct margins margins_open(const size_t *levels, size_t factors)
{
    struct margins margins = {.levels = levels, .factors = factors, .cells = 1};

    for (size_t a = 0; a < factors; a++) {
        margins.cells *= levels[a];
        margins.main[a] = scratch_take(levels[a], sizeof(double));
        for (size_t b = a + 1; b < factors; b++)
            margins.pair[shares_pair(a, b, factors)] =
                scratch_take(levels[a] * levels[b], sizeof(double));
    }
    return margins;
}

static void margins_close(struct margins *margins)
{
    for (size_t a = 0; a < SHARES_FACTORS; a++)
        free(margins->main[a]);
    for (size_t p = 0; p < SHARES_PAIRS; p++)
        free(margins->pair[p]);
}

/* The cell at these levels adds its deviation to the means that it is part of. */
static void take_cell(struct margins *margins, const size_t *at, double deviation)
{
    const size_t *levels = margins->levels;
    double share = deviation / (double)margins->cells;
    size_t pair = 0;

    for (size_t a = 0; a < margins->factors; a++) {
        margins->main[a][at[a]] += share * (double)levels[a];
        for (size_t b = a + 1; b < margins->factors; b++)
            margins->pair[pair++][at[a] * levels[b] + at[b]] +=
                share * (double)(levels[a] * levels[b]);
    }
}

/* Returns the variance of the values. */
static double take_all(struct margins *margins, const double *values)
{
    size_t at[SHARES_FACTORS] = {0};
    double mean = 0, variance = 0, cells = (double)margins->cells;

    for (size_t i = 0; i < margins->cells; i++)
        mean += values[i] / cells;
    for (size_t i = 0; i < margins->cells; i++) {
        double deviation = values[i] - mean;

        variance += deviation * deviation / cells;
        take_cell(margins, at, deviation);
        for (size_t a = margins->factors; a-- > 0 && ++at[a] == margins->levels[a];)
            at[a] = 0;
    }
    return variance;
}

/* ---- Variances of effects ---------------------------------------------------------------------
 */

static double main_variance(const struct margins *margins, size_t a)
{
    double sum = 0;

    for (size_t i = 0; i < margins->levels[a]; i++)
        sum += margins->main[a][i] * margins->main[a][i];
    return sum / (double)margins->levels[a];
}

/* Of what two factors do together beyond what each does alone. */
static double pair_variance(const struct margins *margins, size_t a, size_t b)
{
    const double *means = margins->pair[shares_pair(a, b, margins->factors)];
    size_t rows = margins->levels[a], columns = margins->levels[b];
    double sum = 0;

    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            double effect = means[i * columns + j] - margins->main[a][i] - margins->main[b][j];

            sum += effect * effect;
        }
    }
    return sum / (double)(rows * columns);
}

/* False for values of which no variance can be shared out; rounding of the mean would lend equal
 * ones some. */
static bool can_share(const double *values, size_t count)
{
    size_t equal = 0;

    for (size_t i = 0; i < count; i++)
        equal += values[i] == values[0];
    return equal < count && scratch_all_finite(values, count);
}

static size_t cells_of(const size_t *levels, size_t factors)
{
    size_t cells = 1;

    for (size_t a = 0; a < factors; a++)
        cells *= levels[a];
    return cells;
}

static struct shares no_shares(void)
{
    struct shares shares = {.variance = NAN, .residual = NAN};

    for (size_t a = 0; a < SHARES_FACTORS; a++)
        shares.main[a] = NAN;
    for (size_t p = 0; p < SHARES_PAIRS; p++)
        shares.pair[p] = NAN;
    return shares;
}

struct shares shares_of(const double *values, const size_t *levels, size_t factors)
{
    struct shares shares = {.residual = 1};
    struct margins margins;

    assert(factors >= 1 && factors <= SHARES_FACTORS);
    if (!can_share(values, cells_of(levels, factors)))
        return no_shares();
    margins = margins_open(levels, factors);
    shares.variance = take_all(&margins, values);
    for (size_t a = 0; a < factors; a++) {
        shares.main[a] = main_variance(&margins, a) / shares.variance;
        shares.residual -= shares.main[a];
        for (size_t b = a + 1; b < factors; b++) {
            size_t pair = shares_pair(a, b, factors);

            shares.pair[pair] = pair_variance(&margins, a, b) / shares.variance;
            shares.residual -= shares.pair[pair];
        }
    }
    shares.residual = fmax(0, shares.residual); /* 0 may come out rounded */
    margins_close(&margins);
    return shares;
}

/* Where the cell's combination of the masked factors stands. */
static size_t place_of(const size_t *levels, size_t factors, unsigned mask, size_t cell)
{
    size_t place = 0, stride = 1;

    for (size_t a = factors; a-- > 0;) {
        size_t at = cell % levels[a];

        cell /= levels[a];
        if (mask >> a & 1) {
            place += at * stride;
            stride *= levels[a];
        }
    }
    return place;
}

double shares_closed(const double *values, const size_t *levels, size_t factors, unsigned mask)
{
    size_t cells = cells_of(levels, factors), places = 1;
    double *means, mean = 0, variance = 0, between = 0;

    assert(factors >= 1 && factors <= SHARES_FACTORS);
    if (!can_share(values, cells))
        return NAN;
    for (size_t a = 0; a < factors; a++)
        places *= mask >> a & 1 ? levels[a] : 1;
    means = scratch_take(places, sizeof *means);
    for (size_t i = 0; i < cells; i++)
        mean += values[i] / (double)cells;
    for (size_t i = 0; i < cells; i++) {
        double deviation = values[i] - mean;

        variance += deviation * deviation / (double)cells;
        means[place_of(levels, factors, mask, i)] += deviation * (double)places / (double)cells;
    }
    for (size_t p = 0; p < places; p++)
        between += means[p] * means[p] / (double)places;
    free(means);
    return between / variance;
}

/* ---- Over seeds -------------------------------------------------------------------------------
 */

struct grid {
    const double *values;
    const size_t *levels;
    size_t factors;
};

/* values: main shares, then those of pairs, then the residual. */
static void share_resampled(const void *context, const size_t *const *indices, const size_t *counts,
                            double *values)
{
    const struct grid *grid = context;
    size_t factors = grid->factors, seeds = grid->levels[factors - 1], pairs;
    size_t cells = cells_of(grid->levels, factors - 1), levels[SHARES_FACTORS] = {0};
    double *named = scratch_take(cells * counts[0], sizeof *named);
    struct shares shares;

    for (size_t a = 0; a < factors; a++)
        levels[a] = a + 1 < factors ? grid->levels[a] : counts[0];
    for (size_t i = 0; i < cells; i++)
        for (size_t s = 0; s < counts[0]; s++)
            named[i * counts[0] + s] = grid->values[i * seeds + indices[0][s]];
    shares = shares_of(named, levels, factors);
    free(named);
    pairs = factors * (factors - 1) / 2;
    for (size_t a = 0; a < factors; a++)
        *values++ = shares.main[a];
    for (size_t p = 0; p < pairs; p++)
        *values++ = shares.pair[p];
    *values = shares.residual;
}

static struct effect within_0_and_1(struct effect effect)
{
    effect.low = fmax(0, effect.low);
    effect.high = fmin(1, effect.high);
    return effect;
}

struct share_intervals shares_bootstrap(const double *values, const size_t *levels, size_t factors,
                                        double confidence, size_t resamples, uint64_t seed)
{
    struct grid grid = {values, levels, factors};
    size_t pairs = factors * (factors - 1) / 2, next = 0;
    struct bootstrap_result results[SHARES_FACTORS + SHARES_PAIRS + 1];
    struct share_intervals intervals = {.residual = {0, 0, 0}};
    struct bootstrap bootstrap = {
        .statistic = share_resampled,
        .context = &grid,
        .counts = &levels[factors - 1],
        .groups = 1,
        .outputs = factors + pairs + 1,
        .confidence = confidence,
        .resamples = resamples,
        .seed = seed,
    };

    bootstrap_run(&bootstrap, results);
    for (size_t a = 0; a < factors; a++)
        intervals.main[a] = within_0_and_1(results[next++].effect);
    for (size_t p = 0; p < pairs; p++)
        intervals.pair[p] = within_0_and_1(results[next++].effect);
    intervals.residual = within_0_and_1(results[next].effect);
    return intervals;
}
