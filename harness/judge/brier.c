/* Bias and variance of predicted probabilities. */
#include "judge/brier.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* Sums over examples and classes, of one run's errors e = p - y. */
struct sums {
    double square; /* e . e */
    double cross;  /* e . (the sum of all other runs' errors) */
};

static void add_component(const double *first, size_t stride, size_t runs, double target,
                          struct sums *sums)
{
    double total = 0;

    for (size_t r = 0; r < runs; r++)
        total += first[r * stride] - target;
    for (size_t r = 0; r < runs; r++) {
        double error = first[r * stride] - target;

        sums[r].square += error * error;
        sums[r].cross += error * (total - error);
    }
}

/* An average over pairs of runs of e_a . e_b. Without run r it lacks r's pairs, whence its
 * pseudo-value 2 (mean over r's pairs) (runs - 1) / (runs - 2) - (mean over all) runs / (runs - 2).
 * That of a mean over single runs is the run's own number, and the variance is the difference. */
static void conclude(const struct sums *sums, size_t runs, double count, struct brier *all,
                     struct brier *each)
{
    double n = (double)runs;

    *all = (struct brier){0, 0, 0};
    for (size_t r = 0; r < runs; r++) {
        all->bias_squared += sums[r].cross / (n * (n - 1)) / count;
        all->score += sums[r].square / n / count;
    }
    all->variance = all->score - all->bias_squared;
    for (size_t r = 0; r < runs; r++) {
        each[r].bias_squared = (2 * sums[r].cross / count - n * all->bias_squared) / (n - 2);
        each[r].score = sums[r].square / count;
        each[r].variance = each[r].score - each[r].bias_squared;
    }
}

int brier_decompose(const double *probabilities, const int *labels, size_t runs, size_t examples,
                    size_t classes, struct brier *all, struct brier *each)
{
    struct sums *sums;

    *all = (struct brier){NAN, NAN, NAN};
    for (size_t r = 0; r < runs; r++)
        each[r] = *all;
    if (runs < 3 || examples < 1)
        return 0;
    sums = calloc(runs, sizeof *sums);
    if (!sums)
        return error_set("out of memory for %zu runs", runs);
    for (size_t e = 0; e < examples; e++)
        for (size_t c = 0; c < classes; c++)
            add_component(probabilities + e * classes + c, examples * classes, runs,
                          c == (size_t)labels[e], sums);
    conclude(sums, runs, (double)examples, all, each);
    free(sums);
    return 0;
}
