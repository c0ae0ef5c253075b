/* What a verdict rests on, number by number: rows of fits.csv. */
#ifndef BATCHLAB_VERDICT_DETAILS_H
#define BATCHLAB_VERDICT_DETAILS_H

#include "judge/effect.h"

#include <stddef.h>

struct detail {
    char quantity[32]; /* "critical_batch", "share" */
    char of[256];      /* "K = 32", "batch_size x learning_rate"; may be empty */
    struct effect effect;
    size_t n; /* seeds */
};

struct details {
    struct detail *list; /* [count], owned */
    size_t count;
};

/* -1: out of memory. */
int details_add(struct details *, const char *quantity, const char *of, struct effect, size_t n);
void details_free(struct details *); /* accepts a zeroed struct */

/* A value whose interval is not known: it has bounds that are not a number. */
struct effect detail_value(double value);

#endif
