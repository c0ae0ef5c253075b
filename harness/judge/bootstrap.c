/* Bootstrap intervals for any statistic: BCa, or else percentiles. */
#include "judge/bootstrap.h"

#include "base/rng.h"
#include "base/stats.h"
#include "judge/scratch.h"

#include <assert.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

/* ---- Members by index -------------------------------------------------------------------------
 */

struct members {
    size_t **indices; /* [groups][counts[g]] */
    size_t *counts;   /* [groups] */
    size_t groups;
};

static void members_close(struct members *members)
{
    for (size_t g = 0; g < members->groups; g++)
        free(members->indices[g]);
    free(members->indices);
    free(members->counts);
}

/* All of every group, in order. */
static struct members members_open(const struct bootstrap *bootstrap)
{
    struct members members = {
        .indices = scratch_take(bootstrap->groups, sizeof *members.indices),
        .counts = scratch_take(bootstrap->groups, sizeof *members.counts),
        .groups = bootstrap->groups,
    };

    for (size_t g = 0; g < members.groups; g++) {
        members.counts[g] = bootstrap->counts[g];
        members.indices[g] = scratch_take(members.counts[g], sizeof **members.indices);
        for (size_t i = 0; i < members.counts[g]; i++)
            members.indices[g][i] = i;
    }
    return members;
}

static void evaluate(const struct bootstrap *bootstrap, const struct members *members,
                     double *values)
{
    bootstrap->statistic(bootstrap->context, (const size_t *const *)members->indices,
                         members->counts, values);
}

/* ---- Acceleration -----------------------------------------------------------------------------
 */

/* values[counts[g]][outputs]: the statistic without each member of the group. */
static void jackknife(const struct bootstrap *bootstrap, struct members *members, size_t g,
                      double *values)
{
    size_t n = bootstrap->counts[g];
    size_t *indices = members->indices[g];

    members->counts[g] = n - 1;
    for (size_t left_out = 0; left_out < n; left_out++) {
        for (size_t i = 0; i + 1 < n; i++)
            indices[i] = i < left_out ? i : i + 1;
        evaluate(bootstrap, members, values + left_out * bootstrap->outputs);
    }
    members->counts[g] = n;
    for (size_t i = 0; i < n; i++)
        indices[i] = i;
}

/* What one group adds to the sums over U^3/n^3 and U^2/n^2 of one output; not-a-number if a value
 * is not finite. Equal values have U = 0 exactly, whatever the rounding of their mean. */
static void add_influences(const double *values, size_t n, size_t stride, double *cubes,
                           double *squares)
{
    double mean = 0;
    size_t equal = 0;

    for (size_t i = 0; i < n; i++) {
        mean += values[i * stride] / (double)n;
        equal += values[i * stride] == values[0];
    }
    if (!isfinite(mean))
        *cubes = *squares = NAN;
    if (equal == n)
        return;
    for (size_t i = 0; i < n; i++) {
        double u = ((double)n - 1) * (mean - values[i * stride]) / (double)n;

        *squares += u * u;
        *cubes += u * u * u;
    }
}

void bootstrap_accelerations(const struct bootstrap *bootstrap, double *accelerations)
{
    struct members members = members_open(bootstrap);
    size_t outputs = bootstrap->outputs;
    double *cubes = scratch_take(outputs, sizeof *cubes);
    double *squares = scratch_take(outputs, sizeof *squares);

    for (size_t g = 0; g < bootstrap->groups; g++) {
        double *values = scratch_take(bootstrap->counts[g] * outputs, sizeof *values);

        jackknife(bootstrap, &members, g, values);
        for (size_t o = 0; o < outputs; o++)
            add_influences(values + o, bootstrap->counts[g], outputs, &cubes[o], &squares[o]);
        free(values);
    }
    for (size_t o = 0; o < outputs; o++)
        accelerations[o] = cubes[o] / (6 * pow(squares[o], 1.5));
    free(squares);
    free(cubes);
    members_close(&members);
}

/* ---- Interval ---------------------------------------------------------------------------------
 */

/* The quantile of replicates in which what is not a number stands for `unknown`; that, too, where
 * the quantile falls between -inf and +inf. */
static double bound(double *sorted, const double *replicates, size_t count, double level,
                    double unknown)
{
    double quantile;

    for (size_t i = 0; i < count; i++)
        sorted[i] = isnan(replicates[i]) ? unknown : replicates[i];
    quantile = stats_quantile(sorted, count, level);
    return isnan(quantile) ? unknown : quantile;
}

/* The normal quantile of the share of replicates below the value. */
static double bias_correction(double value, const double *replicates, size_t count)
{
    size_t below = 0, equal = 0;

    for (size_t i = 0; i < count; i++) {
        below += replicates[i] < value;
        equal += replicates[i] == value;
    }
    return gsl_cdf_ugaussian_Pinv(((double)below + (double)equal / 2) / (double)count);
}

/* The level at which to read the replicates instead of Phi(z). NaN: there is none. */
static double corrected_level(double z, double bias, double acceleration)
{
    double shifted = bias + z, divisor = 1 - acceleration * shifted;

    return isfinite(shifted) && divisor > 0 ? gsl_cdf_ugaussian_P(bias + shifted / divisor)
                                            : (double)NAN;
}

struct bootstrap_result bootstrap_interval(double value, const double *replicates, size_t count,
                                           double acceleration, double confidence)
{
    struct bootstrap_result result = {{value, -INFINITY, INFINITY}, BOOTSTRAP_NONE};
    double tail = (1 - confidence) / 2, low = tail, high = 1 - tail;
    double *sorted;

    assert(confidence > 0 && confidence < 1);
    if (isnan(value) || count == 0)
        return result;
    result.method = BOOTSTRAP_PERCENTILE;
    if (!isnan(acceleration) && !scratch_any_nan(replicates, count)) {
        double bias = bias_correction(value, replicates, count);
        double z = gsl_cdf_ugaussian_Pinv(tail);
        double bca_low = corrected_level(z, bias, acceleration);
        double bca_high = corrected_level(-z, bias, acceleration);

        if (bca_low <= bca_high) {
            low = bca_low;
            high = bca_high;
            result.method = BOOTSTRAP_BCA;
        }
    }
    sorted = scratch_take(count, sizeof *sorted);
    result.effect.low = bound(sorted, replicates, count, low, -INFINITY);
    result.effect.high = bound(sorted, replicates, count, high, INFINITY);
    free(sorted);
    return result;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

/* replicates[outputs][resamples] */
static void resample(const struct bootstrap *bootstrap, double *replicates)
{
    struct members members = members_open(bootstrap);
    double *values = scratch_take(bootstrap->outputs, sizeof *values);
    struct rng rng;

    rng_init(&rng, bootstrap->seed, RNG_JUDGE, 0);
    for (size_t r = 0; r < bootstrap->resamples; r++) {
        for (size_t g = 0; g < bootstrap->groups; g++)
            for (size_t i = 0; i < bootstrap->counts[g]; i++)
                members.indices[g][i] = rng_below(&rng, (uint32_t)bootstrap->counts[g]);
        evaluate(bootstrap, &members, values);
        for (size_t o = 0; o < bootstrap->outputs; o++)
            replicates[o * bootstrap->resamples + r] = values[o];
    }
    free(values);
    members_close(&members);
}

static size_t smallest_group(const struct bootstrap *bootstrap)
{
    size_t smallest = SIZE_MAX;

    for (size_t g = 0; g < bootstrap->groups; g++)
        if (bootstrap->counts[g] < smallest)
            smallest = bootstrap->counts[g];
    return smallest;
}

void bootstrap_run(const struct bootstrap *bootstrap, struct bootstrap_result *results)
{
    size_t outputs = bootstrap->outputs, resamples = bootstrap->resamples;
    struct members members = members_open(bootstrap);
    double *values = scratch_take(outputs, sizeof *values);

    evaluate(bootstrap, &members, values);
    members_close(&members);
    if (smallest_group(bootstrap) < 2) {
        for (size_t o = 0; o < outputs; o++)
            results[o] =
                (struct bootstrap_result){{values[o], -INFINITY, INFINITY}, BOOTSTRAP_NONE};
    } else {
        double *accelerations = scratch_take(outputs, sizeof *accelerations);
        double *replicates = scratch_take(outputs * resamples, sizeof *replicates);

        bootstrap_accelerations(bootstrap, accelerations);
        resample(bootstrap, replicates);
        for (size_t o = 0; o < outputs; o++)
            results[o] = bootstrap_interval(values[o], replicates + o * resamples, resamples,
                                            accelerations[o], bootstrap->confidence);
        free(replicates);
        free(accelerations);
    }
    free(values);
}
