/* What a probe is shown: theta standing still, the examples that stand for all, and the gradients
 * that several probes ask for. */
#ifndef BATCHLAB_PROBE_SCENE_H
#define BATCHLAB_PROBE_SCENE_H

#include "base/rng.h"
#include "probe/dense.h"
#include "probe/estimate.h"
#include "probe/probe.h"

struct scene {
    const struct workbench *bench;
    const struct probe_options *options;
    const struct curve_point *point;
    int moment;               /* which of the cell's probed evaluations: 0, 1, ... */
    const char *probe;        /* whose rows are being added */
    struct examples examples; /* of the training set, the first so many */
    size_t parameters;        /* P */
    const void *theta;        /* [P], floats or doubles as the cell's precision says */
    double *exact_theta;      /* [P], the same in double precision */
    struct dense_pass *dense; /* NULL where it does not apply */

    /* Valid after scene_mean and scene_each. */
    double *mean;                   /* [P], G */
    double *losses, *squared_norms; /* [examples.count] */
    int has_mean, has_each;

    void *raw, *moved;      /* [P], as theta: an engine's gradient; another point */
    struct probe_row *rows; /* [row_count] */
    int row_count, capacity;
    struct kept_row *kept;  /* rows of an earlier process, whose texts are here; owned */
    struct probe_row spare; /* what is written to where there is no memory for a row */
    int is_full;
    struct predictions *predictions; /* [predicted] */
    int predicted;
};

int scene_open(struct scene *, const struct workbench *);
void scene_close(struct scene *); /* accepts a zeroed struct */
/* What was recorded, between two evaluations; to be read into a scene just opened. */
void scene_checkpoint(struct scene *, struct checkpoint *);
/* theta at another evaluation; nothing is known of it yet. */
void scene_set(struct scene *, const struct curve_point *, const void *theta);

/* mean[P] = mean gradient of these stored rows [count] at theta, by the engine, in pieces that its
 * session takes, added up in double precision. theta: the scene's own, or scene_moved's. */
int scene_gradient(struct scene *, const void *theta, const int32_t *rows, size_t count,
                   double *mean);

/* The same of losses that count weights[count]. */
int scene_weighted_gradient(struct scene *, const void *theta, const int32_t *rows,
                            const float *weights, size_t count, double *mean);

/* A theta for scene_gradient from one in double precision; valid until the next call. */
const void *scene_moved(struct scene *, const double *theta);

/* Computes G, or the examples' losses and squared norms, where that is not done. By a pass of our
 * own for dense layers; else by the engine's gradient_norms, or its gradient example by example. */
int scene_mean(struct scene *);
int scene_each(struct scene *);

/* tr Sigma and |G|^2 over the examples, exact. */
int scene_noise(struct scene *, struct noise *);

/* A row of the current probe, with one number and without interval; to be completed. Never NULL. */
struct probe_row *scene_add(struct scene *, const char *quantity, double value, double n);
struct probe_row *scene_add_estimate(struct scene *, const char *quantity, struct estimate,
                                     double n);

/* A stream of the cell's seed that no other evaluation has. number: 0 .. 1023, of the probe's
 * choice. */
void scene_stream(const struct scene *, uint32_t number, struct rng *);

/* The probes. 0, or -1 with the error set. */
int probe_memory(struct scene *);
int probe_noise_scale(struct scene *);
int probe_sampling(struct scene *);
int probe_sharpness(struct scene *);
int probe_nested(struct scene *);
int probe_energy(struct scene *);
int probe_effective_size(struct scene *);
int probe_redraws(struct scene *);
int probe_linear_probe(struct scene *);
int probe_duplicates(struct scene *);
int probe_predictions(struct scene *);
int probe_gradient(struct scene *);
int probe_update(struct scene *);
int probe_units(struct scene *);
int probe_second_moment(struct scene *);

#endif
