/* `tuning:` of an experiment file: values of hyper-parameters to be chosen on seeds of their own,
 * before the grid's seeds are run with the chosen ones. */
#ifndef BATCHLAB_TUNING_H
#define BATCHLAB_TUNING_H

#include "plan/schema.h"

struct experiment;

enum { TUNING_KEYS_MAX = 3, TUNING_SEEDS_MAX = 32, TUNING_VALUES_MAX = 64 };

/* One hyper-parameter, tried at from, from * factor, from * factor^2, ..., up to `to`. */
struct tuned_key {
    const struct field *field; /* among settings_fields, a number */
    double from, to, factor;
    int count; /* values of the first round */
    int line;
};

struct halving {
    double keep; /* share of the values that goes on after each seed; 1: all, no halving */
};

struct tuning_spec {
    struct tuned_key keys[TUNING_KEYS_MAX]; /* [key_count]; 0 of them: nothing is tuned */
    int key_count;
    int seeds[TUNING_SEEDS_MAX]; /* [seed_count] */
    int seed_count;
    char by[96]; /* the criterion, as the file has it */
    int extend;  /* values beyond each edge, at the most */
    struct halving halving;
    int line;
};

/* Value number `place` of a key, 0 at `from`: below 0 and from `count` on it lies beyond the edges.
 * Rounded to 12 digits, so that it is the number that someone would write. 0: a value that the key
 * may not have. */
double tuning_value(const struct tuned_key *, int place);

/* The column of cells.csv that the criterion is, smaller is better; and, for the cost of a target
 * that was not reached, the column that tells how far it is (NULL for other criteria). */
const char *tuning_column(const struct experiment *, const char **shortfall);

/* Reads `tuning:`. Errors are `file:line: ...`. */
int tuning_read(const struct schema_source *, yaml_node_t *key, yaml_node_t *value,
                struct experiment *);
void tuning_defaults(struct tuning_spec *);

/* What can be checked once all of the file is read: seeds, grid, criterion. */
int tuning_check(const struct experiment *);

void tuning_document(FILE *);

#endif
