/* Schedules: learning rate and batch size as pure functions of how far training has come. */
#ifndef BATCHLAB_SCHEDULE_H
#define BATCHLAB_SCHEDULE_H

enum {
    SCHEDULE_POINTS_MAX = 16,
};

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_PIECEWISE,           /* factors[i] from at[i] on, 1 before */
    SCHEDULE_INVERSE_TIME,        /* 1 / (1 + decay s) */
    SCHEDULE_EXPONENTIAL,         /* decay^s */
    SCHEDULE_NATURAL_EXPONENTIAL, /* exp(-decay s) */
    SCHEDULE_COSINE,              /* end + (1 - end) (1 + cos(pi s / length)) / 2 */
    SCHEDULE_POLYNOMIAL,          /* end + (1 - end) (1 - s / length)^power */
    SCHEDULE_TRIANGULAR,          /* from end up to 1 and back, a cycle of `length` (Smith 2017) */
    SCHEDULE_SGDR, /* cosine, then again from 1; the next piece is `growth` times as long
                      (Loshchilov, Hutter 2017) */
};

enum schedule_unit { SCHEDULE_EPOCHS, SCHEDULE_UPDATES };

/* The rate of an update is alpha times the factor. s is counted in units, from the end of the
 * warm-up; 0 at the first update after it. */
struct schedule_spec {
    char name[32];
    enum schedule_kind kind;
    enum schedule_unit unit;
    double warmup; /* length; update number n of it (1, 2, ...) has n / its number of updates of the
                      rate (Goyal et al. 2017, gradual); 0: none */
    double decay;  /* > 0 */
    double length; /* of a decay or a first cycle; 0: what the budget leaves after the warm-up */
    double end;    /* share of the rate where it is smallest, [0, 1] */
    double power;  /* > 0 */
    double growth; /* >= 1 */
    double at[SCHEDULE_POINTS_MAX], factors[SCHEDULE_POINTS_MAX]; /* at: increasing, > 0 */
    int at_count, factors_count;
    double batch_at[SCHEDULE_POINTS_MAX]; /* increasing, > 0, counted from the start */
    int batch_at_count;
    double batch_factor; /* K grows by this at each of them, > 1 */
};

/* done: units of training before this update; step: units that this update takes. length > 0 where
 * the kind has one. */
double schedule_factor(const struct schedule_spec *, double done, double step);

/* K after `done` units, from K at the start: rounded to a whole number at each step. */
int schedule_batch_size(const struct schedule_spec *, int batch_size, double done);

/* 1: the kind has a length. */
int schedule_has_length(enum schedule_kind);

/* 1: comes to its end once, and has no value beyond. */
int schedule_ends(enum schedule_kind);

#endif
