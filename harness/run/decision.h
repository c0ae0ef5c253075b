/* Which value of what is tuned to choose, and what must be run to know: from recorded marks alone,
 * so that the same marks always lead the same way. */
#ifndef BATCHLAB_DECISION_H
#define BATCHLAB_DECISION_H

#include "plan/tuning.h"

/* From better to worse. */
enum mark_kind {
    MARK_REACHED,    /* value: the criterion */
    MARK_CENSORED,   /* the target was not reached; value: where its metric stood at the end */
    MARK_INFEASIBLE, /* diverged, dead, failed, or not a number; value: 0 */
};

struct mark {
    enum mark_kind kind;
    double value;    /* less is better */
    double examples; /* what the run took */
};

/* One value, or combination of values, and how it did. */
struct trial {
    int place[TUNING_KEYS_MAX]; /* see tuning_value; 0 for a key that is not tuned here */
    int round;                  /* from 1: when it was added */
    int wanted;                 /* seeds; fewer than all where halving has dropped it */
    int seeds;                  /* of those, recorded */
    struct mark median;         /* over them; examples: their sum */
    int infeasible, censored;   /* of them */
    int on_edge;                /* of the values tried of a key */
};

/* A run to be made. */
struct due {
    int place[TUNING_KEYS_MAX];
    int seed; /* index in the spec's seeds */
};

struct decision {
    struct trial *trials; /* [count], owned: in the order of rounds, then of values */
    int count;
    int best;        /* among the trials, the best so far; -1: nothing is known */
    int is_settled;  /* 1: `best` is chosen */
    int edge;        /* 1: it lies on the edge of the values tried */
    struct due *due; /* [due_count], owned: what is not recorded yet */
    int due_count;
};

/* Negative: a is better. Equals differ neither in kind nor in value. */
int mark_compare(const struct mark *a, const struct mark *b);

/* Median by mark_compare: of an even number the mean of the middle two, the worse one where their
 * kinds differ. Sorts the marks. count >= 1 */
struct mark mark_median(struct mark *marks, int count);

/* keys: bits of those of the spec's keys that are tuned here, at least one. find: 1 and the score
 * of a seed at a place, or 0 if it is not recorded.
 *
 * The first round tries all values; with halving, each further seed only the better share of them.
 * The best median wins, of equals the smaller value (of the first key, then the next). While it is
 * the smallest or the largest value tried of a key, the next one is tried too, up to spec.extend
 * beyond the first round and as far as the key's range goes. So where all values of one side are
 * infeasible, the other side is extended; where all are, the smaller values. */
int decide(struct decision *, const struct tuning_spec *, unsigned keys,
           int (*find)(void *context, const int *place, int seed, struct mark *), void *context);
void decision_free(struct decision *); /* accepts a zeroed struct */

#endif
