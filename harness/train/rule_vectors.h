/* What update rules do with vectors, in single and double precision. */
#ifndef BATCHLAB_RULE_VECTORS_H
#define BATCHLAB_RULE_VECTORS_H

#include "train/rule.h"

typedef void rule_pass_function(const struct rule_pass *);

struct rule_vectors {
    size_t size; /* of an element */
    rule_pass_function *descend, *average, *roll, *roll_ahead, *roll_rearranged;
    rule_pass_function *adapt_all, *adapt_recent, *adapt_without_rate;
    rule_pass_function *adapt_moments, *adapt_largest, *adapt_ahead;
    double (*norm)(const void *vector, size_t count);
    void (*scale)(void *vector, size_t count, double factor);
    void (*add)(void *to, const void *from, size_t count, double factor);
    void (*cut)(void *vector, size_t count, double limit);
    void (*exchange)(void *direction, void *mean, void *kept, const void *fresh, size_t count,
                     double share, double part);
};

extern const struct rule_vectors rule_vectors_single, rule_vectors_double;

static inline const struct rule_vectors *rule_vectors_of(enum precision precision)
{
    return precision == PRECISION_DOUBLE ? &rule_vectors_double : &rule_vectors_single;
}

#endif
