/* Isotonic regression and the Jonckheere-Terpstra test. */
#include "judge/monotone.h"

#include "base/rng.h"
#include "judge/scratch.h"

/* ---- Isotonic regression ----------------------------------------------------------------------
 */

struct pool {
    double value, weight;
    size_t count;
};

static struct pool pooled(const struct pool *a, const struct pool *b)
{
    double weight = a->weight + b->weight;

    return (struct pool){
        .value = (a->value * a->weight + b->value * b->weight) / weight,
        .weight = weight,
        .count = a->count + b->count,
    };
}

void monotone_fit(const double *values, const double *weights, size_t count, double *fitted)
{
    struct pool *pools = scratch_take(count, sizeof *pools);
    size_t used = 0, place = 0;

    for (size_t i = 0; i < count; i++) {
        pools[used++] = (struct pool){values[i], weights ? weights[i] : 1, 1};
        while (used > 1 && !(pools[used - 2].value <= pools[used - 1].value)) {
            pools[used - 2] = pooled(&pools[used - 2], &pools[used - 1]);
            used--;
        }
    }
    for (size_t i = 0; i < used; i++)
        for (size_t j = 0; j < pools[i].count; j++)
            fitted[place++] = pools[i].value;
    free(pools);
}

/* ---- Trend ------------------------------------------------------------------------------------
 */

/* Twice J, an integer; *pairs: of different groups. */
static long long twice_j(const double *values, const int *groups, size_t count, long long *pairs)
{
    long long sum = 0;

    *pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            int order = (groups[i] < groups[j]) - (groups[i] > groups[j]);
            int rise = (values[i] < values[j]) - (values[i] > values[j]);

            sum += order == 0 ? 0 : 1 + order * rise;
            *pairs += order != 0;
        }
    }
    return sum;
}

static void shuffle(struct rng *rng, double *values, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = rng_below(rng, (uint32_t)i);
        double value = values[i - 1];

        values[i - 1] = values[j];
        values[j] = value;
    }
}

/* How far J is in the direction of the alternative; 2 J has the mean `pairs`. */
static long long extremity(long long twice, long long pairs, enum alternative alternative)
{
    if (alternative == TWO_SIDED)
        return twice > pairs ? twice - pairs : pairs - twice;
    return alternative == GREATER ? twice - pairs : pairs - twice;
}

struct trend monotone_trend(const double *values, const int *groups, size_t count,
                            enum alternative alternative, size_t permutations, uint64_t seed)
{
    long long pairs, twice = twice_j(values, groups, count, &pairs);
    long long observed = extremity(twice, pairs, alternative);
    size_t as_extreme = 0;
    double *permuted;
    struct rng rng;

    if (pairs == 0 || scratch_any_nan(values, count))
        return (struct trend){NAN, NAN, NAN};
    permuted = scratch_take(count, sizeof *permuted);
    for (size_t i = 0; i < count; i++)
        permuted[i] = values[i];
    rng_init(&rng, seed, RNG_JUDGE, 1);
    for (size_t i = 0; i < permutations; i++) {
        shuffle(&rng, permuted, count);
        as_extreme +=
            extremity(twice_j(permuted, groups, count, &pairs), pairs, alternative) >= observed;
    }
    free(permuted);
    return (struct trend){
        .statistic = (double)twice / 2,
        .tendency = (double)(twice - pairs) / (double)pairs,
        .p = (1 + (double)as_extreme) / (1 + (double)permutations),
    };
}
