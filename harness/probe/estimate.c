/* Statistics of gradients, from sums and nothing else. */
#include "probe/estimate.h"

#include "base/error.h"
#include "base/rng.h"
#include "memory.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Vectors ----------------------------------------------------------------------------------
 */

double vector_product(const double *a, const double *b, size_t count)
{
    double lanes[8] = {0}, sum = 0;
    size_t j = 0;

    for (; j + 8 <= count; j += 8)
        for (size_t i = 0; i < 8; i++)
            lanes[i] += a[j + i] * b[j + i];
    for (; j < count; j++)
        sum += a[j] * b[j];
    for (int i = 0; i < 8; i++)
        sum += lanes[i];
    return sum;
}

double vector_squared_norm(const double *vector, size_t count)
{
    return vector_product(vector, vector, count);
}

/* ---- The mean of a number ---------------------------------------------------------------------
 */

void running_take(struct running *running, double value)
{
    double deviation = value - running->mean;

    running->n++;
    running->mean += deviation / running->n;
    running->squares += deviation * (value - running->mean);
}

double running_variance(const struct running *running)
{
    return running->n < 2 ? (double)NAN : running->squares / (running->n - 1);
}

/* Half the width of the interval of a mean of n values with this variance. */
static double half_width(double variance, double n)
{
    if (n < 2 || isnan(variance))
        return NAN;
    return gsl_cdf_tdist_Pinv(0.975, n - 1) * sqrt(fmax(0, variance) / n);
}

static struct estimate around(double value, double half)
{
    return (struct estimate){value, value - half, value + half};
}

struct estimate running_mean(const struct running *running)
{
    if (running->n < 1)
        return (struct estimate){NAN, NAN, NAN};
    return around(running->mean, half_width(running_variance(running), running->n));
}

/* ---- The noise scale --------------------------------------------------------------------------
 */

/* fmax would turn not-a-number into 0. */
static double at_least_zero(double value)
{
    return value < 0 ? 0 : value;
}

struct noise noise_exact(double mean_squared_norm, double squared_norm)
{
    struct noise noise = {
        .trace = at_least_zero(mean_squared_norm - squared_norm),
        .squared_norm = squared_norm,
    };

    noise.scale = squared_norm > 0 ? noise.trace / squared_norm : (double)NAN;
    return noise;
}

void two_batch_take(struct two_batch *t, double small_squared_norm, double large_squared_norm)
{
    double s = t->small, l = t->large;
    double norm = (l * large_squared_norm - s * small_squared_norm) / (l - s);
    double trace = (small_squared_norm - large_squared_norm) / (1 / s - 1 / l);
    double norm_before = norm - t->squared_norm, trace_before = trace - t->trace;

    t->n++;
    t->squared_norm += norm_before / t->n;
    t->trace += trace_before / t->n;
    t->norm_squares += norm_before * (norm - t->squared_norm);
    t->trace_squares += trace_before * (trace - t->trace);
    t->products += trace_before * (norm - t->squared_norm);
}

static struct estimate average_of(const struct two_batch *t, double mean, double squares)
{
    const struct running running = {t->n, mean, squares};

    return running_mean(&running);
}

struct estimate two_batch_trace(const struct two_batch *t)
{
    return average_of(t, t->trace, t->trace_squares);
}

struct estimate two_batch_squared_norm(const struct two_batch *t)
{
    return average_of(t, t->squared_norm, t->norm_squares);
}

struct estimate two_batch_scale(const struct two_batch *t)
{
    double scale = t->trace / t->squared_norm;
    /* Of trace - scale * norm, whose mean is 0. */
    double squares = t->trace_squares - 2 * scale * t->products + scale * scale * t->norm_squares;

    if (t->n < 1 || !(t->squared_norm > 0))
        return (struct estimate){NAN, NAN, NAN};
    return around(scale, half_width(squares / (t->n - 1), t->n) / t->squared_norm);
}

/* ---- The distribution of the mini-batch gradient ----------------------------------------------
 */

int sampling_open(struct sampling_sums *sums, size_t parameters, uint64_t seed)
{
    struct rng rng;

    *sums = (struct sampling_sums){
        .parameters = parameters,
        .sum = memory_take(parameters * sizeof(double)),
        .previous = memory_take(parameters * sizeof(double)),
        .signs = memory_take(parameters * sizeof(double)),
    };
    if (!sums->sum || !sums->previous || !sums->signs) {
        sampling_close(sums);
        return error_set("out of memory");
    }
    rng_init(&rng, seed, RNG_PROBE, 0);
    for (size_t j = 0; j < parameters; j++)
        sums->signs[j] = rng_word(&rng) & 1 ? 1 : -1;
    return 0;
}

void sampling_close(struct sampling_sums *sums)
{
    free(sums->sum);
    free(sums->previous);
    free(sums->signs);
    memset(sums, 0, sizeof *sums);
}

void sampling_clear(struct sampling_sums *sums)
{
    struct sampling_sums fresh = {
        .parameters = sums->parameters,
        .sum = sums->sum,
        .previous = sums->previous,
        .signs = sums->signs,
    };

    memset(fresh.sum, 0, fresh.parameters * sizeof *fresh.sum);
    memset(fresh.previous, 0, fresh.parameters * sizeof *fresh.previous);
    *sums = fresh;
}

/* One sum for each index modulo 64: they are the directions, and lanes that vectors may hold. */
struct lanes {
    double squares[SAMPLING_DIRECTIONS], products[SAMPLING_DIRECTIONS],
        projections[SAMPLING_DIRECTIONS];
};

static void take_lanes(struct sampling_sums *sums, const double *d, size_t first, size_t count,
                       struct lanes *lanes)
{
    double *sum = sums->sum + first, *previous = sums->previous + first;
    const double *signs = sums->signs + first;

    d += first;
    for (size_t j = 0; j < count; j++) {
        lanes->squares[j] += d[j] * d[j];
        lanes->products[j] += d[j] * previous[j];
        lanes->projections[j] += d[j] * signs[j];
        sum[j] += d[j];
        previous[j] = d[j];
    }
}

void sampling_take(struct sampling_sums *sums, const double *difference, double squared_cosine)
{
    struct lanes lanes = {.squares = {0}};
    double squares = 0, product = 0;
    size_t j = 0;

    for (; j + SAMPLING_DIRECTIONS <= sums->parameters; j += SAMPLING_DIRECTIONS)
        take_lanes(sums, difference, j, SAMPLING_DIRECTIONS, &lanes);
    take_lanes(sums, difference, j, sums->parameters - j, &lanes);
    for (int i = 0; i < SAMPLING_DIRECTIONS; i++) {
        squares += lanes.squares[i];
        product += lanes.products[i];
        running_take(&sums->projections[i], lanes.projections[i]);
    }
    if (sums->squares.n > 0)
        running_take(&sums->products, product * product);
    running_take(&sums->squares, squares);
    running_take(&sums->cosines, squared_cosine);
}

static double population_factor(const struct sampling_scheme *scheme)
{
    if (scheme->with_replacement)
        return 1;
    return scheme->population > 1
               ? (scheme->population - scheme->batch_size) / (scheme->population - 1)
               : 0;
}

double sampling_predicted_variance(const struct sampling_scheme *scheme)
{
    return scheme->noise.trace * population_factor(scheme) / scheme->batch_size;
}

double sampling_predicted_cosine(const struct sampling_scheme *scheme)
{
    return 1 / (1 + scheme->noise.scale * population_factor(scheme) / scheme->batch_size);
}

/* The smallest two-sided p of the directions that vary at all, times their number. */
static double smallest_p(const struct sampling_sums *sums)
{
    double smallest = 1, directions = 0;

    for (int i = 0; i < SAMPLING_DIRECTIONS; i++) {
        const struct running *projection = &sums->projections[i];
        double variance = running_variance(projection);

        if (isnan(variance))
            return NAN;
        if (variance <= 0)
            continue;
        directions++;
        smallest = fmin(smallest,
                        2 * gsl_cdf_tdist_Q(fabs(projection->mean) / sqrt(variance / projection->n),
                                            projection->n - 1));
    }
    return directions > 0 ? fmin(1, smallest * directions) : (double)NAN;
}

static struct estimate bias_of(double statistic, double dimension)
{
    if (!(dimension > 0) || !isfinite(dimension))
        return (struct estimate){statistic, NAN, NAN};
    return (struct estimate){statistic,
                             statistic * dimension / gsl_cdf_chisq_Pinv(0.975, dimension),
                             statistic * dimension / gsl_cdf_chisq_Pinv(0.025, dimension)};
}

static struct estimate relative_bias_of(double squared, double noise, double dimension, double norm)
{
    double least = dimension > 0 && isfinite(dimension)
                       ? gsl_cdf_chisq_Pinv(0.05, dimension) / dimension
                       : (double)NAN;

    return (struct estimate){sqrt(at_least_zero(squared - noise) / norm), 0,
                             sqrt(at_least_zero(squared - noise * least) / norm)};
}

double sampling_bias_error(const struct sampling_sums *sums)
{
    double dimension = sums->squares.mean * sums->squares.mean / sums->products.mean;

    return sums->squares.mean / sums->squares.n * sqrt(2 / dimension);
}

struct sampling_result sampling_finish(const struct sampling_sums *sums,
                                       const struct sampling_scheme *scheme)
{
    double m = sums->squares.n, predicted = sampling_predicted_variance(scheme);
    double mean = vector_squared_norm(sums->sum, sums->parameters) / (m * m); /* |mean of d_m|^2 */
    double variance = (sums->squares.mean - mean) * m / (m - 1);
    double half = half_width(running_variance(&sums->squares), m);
    double dimension = sums->squares.mean * sums->squares.mean / sums->products.mean;
    struct sampling_result result = {.draws = m, .effective_dimension = dimension};

    if (m < 2)
        variance = NAN;
    result.variance = around(variance, half);
    result.variance_ratio = (struct estimate){variance / predicted, (variance - half) / predicted,
                                              (variance + half) / predicted};
    result.bias = bias_of(m * mean / predicted, dimension);
    result.relative_bias =
        relative_bias_of(mean, variance / m, dimension, scheme->noise.squared_norm);
    result.bias_p = smallest_p(sums);
    result.squared_cosine = running_mean(&sums->cosines);
    return result;
}

struct estimate sampling_slope(const double *batch_sizes, const struct estimate *variances,
                               int count)
{
    double *x = calloc(3 * (size_t)count + 1, sizeof *x), *y = x + count, *weights = y + count;
    double intercept, slope, v00, v01, v11, chi_squared, half;
    size_t used = 0;

    if (!x)
        abort();
    for (int i = 0; i < count; i++) {
        double deviation = (variances[i].high - variances[i].value) / variances[i].value / 1.96;

        if (!(variances[i].value > 0) || !(deviation > 0))
            continue;
        x[used] = log(batch_sizes[i]);
        y[used] = log(variances[i].value);
        weights[used++] = 1 / (deviation * deviation);
    }
    if (used < 2) {
        free(x);
        return (struct estimate){NAN, NAN, NAN};
    }
    gsl_fit_wlinear(x, 1, weights, 1, y, 1, used, &intercept, &slope, &v00, &v01, &v11,
                    &chi_squared);
    free(x);
    half = 1.96 * sqrt(v11);
    return around(slope, half);
}

/* ---- Examples that resemble each other --------------------------------------------------------
 */

struct design design_effect(double trace, double trace_of_means, double examples, double clusters)
{
    double size = examples / clusters;
    struct design design = {.effect = size * trace_of_means / trace};

    design.effective_examples = examples / design.effect;
    design.correlation = size > 1 ? (design.effect - 1) / (size - 1) : (double)NAN;
    return design;
}

double design_predicted(double examples, double members, double correlation)
{
    return examples / (1 + (members - 1) * correlation);
}

struct estimate effective_by_redraws(double trace, const struct running *squared_distances)
{
    const struct estimate mean = running_mean(squared_distances);

    return (struct estimate){trace / mean.value, trace / mean.high,
                             mean.low > 0 ? trace / mean.low : (double)INFINITY};
}

/* ---- Averages of squared gradients ------------------------------------------------------------
 */

struct moment_fit moment_fit(const double *average, const double *squares, const double *variances,
                             size_t count)
{
    const double nothing = 1e-20; /* squares of squares: what rounding leaves of a gradient */
    double gg = 0, gs = 0, ss = 0, gv = 0, sv = 0, determinant;
    struct moment_fit fit = {.sum = 0};

    for (size_t j = 0; j < count; j++) {
        double expected = squares[j] + variances[j];

        fit.sum += average[j];
        if (expected == 0)
            continue;
        gg += squares[j] / expected * squares[j];
        gs += squares[j] / expected * variances[j];
        ss += variances[j] / expected * variances[j];
        gv += squares[j] / expected * average[j];
        sv += variances[j] / expected * average[j];
    }
    determinant = gg * ss - gs * gs;
    if (gg <= nothing * ss || ss <= nothing * gg) { /* one of them is there, at most */
        fit.square = gg <= nothing * ss ? (double)NAN : gv / gg;
        fit.variance = ss <= nothing * gg ? (double)NAN : sv / ss;
    } else if (!(determinant > 1e-12 * gg * ss)) {
        fit.square = fit.variance = NAN;
    } else {
        fit.square = (gv * ss - sv * gs) / determinant;
        fit.variance = (sv * gg - gv * gs) / determinant;
    }
    return fit;
}

struct estimate root_of_estimate(struct estimate square, double over)
{
    return (struct estimate){sqrt(at_least_zero(square.value) / over),
                             sqrt(at_least_zero(square.low) / over),
                             sqrt(at_least_zero(square.high) / over)};
}
