/* Draws from a discrete distribution. */
#include "data/alias.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* scaled[count] = weights with mean 1. */
static int scale(const double *weights, size_t count, double *scaled)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0 && isfinite(weights[i])))
            return error_set("weights: %g is not a finite number of 0 or more", weights[i]);
        sum += weights[i];
    }
    if (!(sum > 0 && isfinite(sum)))
        return error_set("weights: %zu of them sum to %s, expected more than zero", count,
                         sum > 0 ? "infinity" : "zero");
    for (size_t i = 0; i < count; i++)
        scaled[i] = weights[i] / sum * (double)count;
    return 0;
}

/* Entries with less than 1 are filled up by one with more, whose rest then is one or the other.
 * stack[count]: those with less from the bottom, those with 1 or more from the top. */
static void fill(struct alias_entry *entries, double *rest, int32_t *stack, size_t count)
{
    size_t less = 0, more = count;

    for (size_t i = 0; i < count; i++) {
        if (rest[i] < 1)
            stack[less++] = (int32_t)i;
        else
            stack[--more] = (int32_t)i;
    }
    while (less > 0 && more < count) {
        int32_t small = stack[--less], large = stack[more++];

        entries[small] = (struct alias_entry){rest[small], large};
        rest[large] -= 1 - rest[small];
        if (rest[large] < 1)
            stack[less++] = large;
        else
            stack[--more] = large;
    }
    /* What is left has 1, but for rounding. */
    while (more < count) {
        int32_t i = stack[more++];

        entries[i] = (struct alias_entry){1, i};
    }
    while (less > 0) {
        int32_t i = stack[--less];

        entries[i] = (struct alias_entry){1, i};
    }
}

int alias_open(struct alias *alias, const double *weights, size_t count)
{
    int status = -1;
    double *rest = calloc(count, sizeof *rest);
    int32_t *stack = calloc(count, sizeof *stack);

    *alias = (struct alias){.entries = calloc(count, sizeof *alias->entries), .count = count};
    if (!rest || !stack || !alias->entries) {
        error_set("weights: out of memory for %zu of them", count);
        goto done;
    }
    if (scale(weights, count, rest) != 0)
        goto done;
    fill(alias->entries, rest, stack, count);
    status = 0;
done:
    free(rest);
    free(stack);
    if (status != 0)
        alias_close(alias);
    return status;
}

void alias_close(struct alias *alias)
{
    if (!alias)
        return;
    free(alias->entries);
    *alias = (struct alias){0};
}

size_t alias_draw(const struct alias *alias, struct rng *rng)
{
    size_t i = rng_below(rng, (uint32_t)alias->count);

    /* An own share of 0 is never below a number of the open interval, nor 1 above one. */
    return rng_uniform(rng) < alias->entries[i].own ? i : (size_t)alias->entries[i].other;
}
