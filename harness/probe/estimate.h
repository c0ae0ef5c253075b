/* Statistics of gradients, from sums and nothing else: no engine, no data.
 *
 * G is the mean gradient of N examples at one theta, Sigma the covariance of single examples'
 * gradients about it, divided by N. Not-a-number in makes not-a-number out. Intervals are of 95 %
 * confidence and, where not said otherwise, Student's for a mean of independent draws. */
#ifndef BATCHLAB_PROBE_ESTIMATE_H
#define BATCHLAB_PROBE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct estimate {
    double value, low, high; /* low and high: not-a-number where there are too few draws */
};

/* ---- The mean of a number ------------------------------------------------------------------- */

/* Zeroed: nothing taken yet. */
struct running {
    double n, mean, squares; /* squares: sum of squared deviations (Welford 1962) */
};

void running_take(struct running *, double value);
double running_variance(const struct running *);      /* of one value, n - 1; NaN below two */
struct estimate running_mean(const struct running *); /* NaN of nothing */

/* ---- The noise scale ------------------------------------------------------------------------ */

struct noise {
    double trace;        /* tr Sigma */
    double squared_norm; /* |G|^2 */
    double scale;        /* tr Sigma / |G|^2, examples (McCandlish et al. 2018); NaN where G is 0 */
};

/* From (1/N) sum |g_i|^2 and |G|^2: tr Sigma is their difference, 0 where rounding makes it less.
 */
struct noise noise_exact(double mean_squared_norm, double squared_norm);

/* Running averages of the unbiased estimates from the squared norms of a small and a large batch's
 * gradient, drawn with replacement, independent of each other (McCandlish et al. 2018, appendix
 * A.1):
 *   |G|^2    = (L |G_L|^2 - S |G_S|^2) / (L - S)
 *   tr Sigma = (|G_S|^2 - |G_L|^2) / (1/S - 1/L) */
struct two_batch {
    double small, large; /* S < L; the rest zeroed: nothing taken yet */
    double n, trace, squared_norm;
    double trace_squares, norm_squares, products; /* sums of deviations */
};

void two_batch_take(struct two_batch *, double small_squared_norm, double large_squared_norm);
struct estimate two_batch_trace(const struct two_batch *);
struct estimate two_batch_squared_norm(const struct two_batch *);
/* The ratio of the averages, never the average of ratios; its interval by the delta method. NaN
 * where the average of |G|^2 is not above 0. */
struct estimate two_batch_scale(const struct two_batch *);

/* ---- The distribution of the mini-batch gradient -------------------------------------------- */

enum { SAMPLING_DIRECTIONS = 64 };

/* Sums over draws d_m = g_m - G of mini-batch gradients g_m. */
struct sampling_sums {
    size_t parameters;       /* P */
    double *sum;             /* [P] of d_m */
    double *previous;        /* [P], the last d_m */
    double *signs;           /* [P], +-1: direction j has the components with index j modulo 64 */
    struct running squares;  /* of |d_m|^2: its mean estimates tr Sigma_K */
    struct running products; /* of (d_m . d_(m-1))^2: its mean estimates tr Sigma_K^2 */
    struct running cosines;  /* cos^2 of g_m and G */
    struct running projections[SAMPLING_DIRECTIONS];
};

/* The signs are of this seed. -1: out of memory (error set). Free with sampling_close. */
int sampling_open(struct sampling_sums *, size_t parameters, uint64_t seed);
void sampling_close(struct sampling_sums *); /* accepts a zeroed struct */
void sampling_clear(struct sampling_sums *); /* nothing drawn yet */
void sampling_take(struct sampling_sums *, const double *difference, double squared_cosine);

/* What is known of the population and of the way of drawing from it. */
struct sampling_scheme {
    struct noise noise; /* exact */
    double batch_size;  /* K */
    double population;  /* N */
    int with_replacement;
};

/* tr Sigma f / K, the variance of a mini-batch's gradient: f = 1 with replacement, else
 * (N - K) / (N - 1). */
double sampling_predicted_variance(const struct sampling_scheme *);
/* E cos^2(g_K, G) = 1 / (1 + B f / K), B the noise scale: to leading order. */
double sampling_predicted_cosine(const struct sampling_scheme *);

struct sampling_result {
    double draws;
    /* V = sum |g_m - mean|^2 / (M - 1) */
    struct estimate variance;
    /* V over what is predicted. Its interval is that of the mean of |d_m|^2. */
    struct estimate variance_ratio;
    /* (tr Sigma_K)^2 / tr Sigma_K^2, estimated: in how many directions there is noise. */
    double effective_dimension;
    /* R = M |mean - G|^2 / predicted variance: 1 on average where the gradient is unbiased. Its
     * interval takes R for chi squared over nu with nu the effective dimension (Satterthwaite
     * 1946). It holds 1 in 95 % of unbiased trials. */
    struct estimate bias;
    /* |bias| / |G|: the value is of |mean - G|^2 - V/M, 0 where that is less; high: one-sided. */
    struct estimate relative_bias;
    /* Of the largest |t| of 64 directions, two-sided, Bonferroni: small where there is a bias. */
    double bias_p;
    struct estimate squared_cosine;
};

/* Standard error of |mean - G|^2 where the gradient is unbiased: (V / M) sqrt(2 / nu), with nu the
 * effective dimension. */
double sampling_bias_error(const struct sampling_sums *);

struct sampling_result sampling_finish(const struct sampling_sums *,
                                       const struct sampling_scheme *);

/* Slope of log variance over log K, weighted by the intervals of the variances; its interval is
 * normal. Fewer than two usable points: NaN. */
struct estimate sampling_slope(const double *batch_sizes, const struct estimate *variances,
                               int count);

/* ---- Examples that resemble each other ------------------------------------------------------ */

/* N examples in clusters, from tr Sigma of single examples and that of the clusters' mean
 * gradients: the design effect of survey sampling (Kish 1965), here
 * DEFF = (N / clusters) tr Sigma_means / tr Sigma, and N / DEFF examples would be as good if they
 * were independent. */
struct design {
    double effect, effective_examples;
    double
        correlation; /* within a cluster: (DEFF - 1) / (N / clusters - 1); NaN of clusters of 1 */
};

/* N / (1 + (members - 1) correlation): the same from a correlation that is known. */
double design_predicted(double examples, double members, double correlation);

/* tr Sigma over the mean of |G_N - G|^2 of training sets drawn independently, G and Sigma being
 * those of what they are drawn from: how many independent examples are as far from G as they are.
 */
struct estimate effective_by_redraws(double trace, const struct running *squared_distances);

struct design design_effect(double trace, double trace_of_means, double examples, double clusters);

/* ---- Averages of squared gradients ----------------------------------------------------------- */

/* v_j = square * G_j^2 + variance * Sigma_jj / K by least squares with weights 1 / (G_j^2 +
 * Sigma_jj / K): both 1 on average where v_j is the mean of squares of independent gradients. With
 * these weights the fitted v_j add up to the v_j. */
struct moment_fit {
    double square, variance; /* NaN where G, or Sigma, is 0, or both are in proportion */
    double sum;              /* of v_j */
};

/* average, squares, variances: v_j, G_j^2 and Sigma_jj / K, [count]. */
struct moment_fit moment_fit(const double *average, const double *squares, const double *variances,
                             size_t count);

/* The root of an estimate of a square, over the root of `over`; what is below 0 counts as 0. */
struct estimate root_of_estimate(struct estimate, double over);

/* ---- Vectors, added up in a fixed order ------------------------------------------------------ */

double vector_product(const double *, const double *, size_t count);
double vector_squared_norm(const double *, size_t count);

#endif
