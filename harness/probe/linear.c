/* Probe linear_probe: how well a linear classifier does on what each layer makes of the input
 * (Alain, Bengio 2017). Least squares on one-hot classes, which is solved and not trained: no rate
 * and no number of epochs decides it. */
#include "probe/scene.h"

#include "base/error.h"
#include "memory.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

/* Examples that are fitted, at most: the normal equations take N d^2 / 2 multiplications. */
enum { FITTED_MAX = 10000 };

/* Of the mean square of a feature: added to the diagonal, so that features that never vary, or are
 * copies of each other, do no harm. */
static const double ridge = 1e-3;

/* One layer's features with a 1 in front, so that there is an intercept. */
struct fit {
    size_t width, classes;
    double *normal; /* [width][width], lower triangle */
    double *sides;  /* [classes][width] */
    double *row;    /* [width] */
};

static void add_example(struct fit *fit, const double *features, int label)
{
    double *x = fit->row;

    x[0] = 1;
    for (size_t j = 1; j < fit->width; j++)
        x[j] = features[j - 1];
    for (size_t i = 0; i < fit->width; i++) {
        double *normal = fit->normal + i * fit->width;

        if (x[i] == 0) /* pixels and rectified units often are */
            continue;
        for (size_t j = 0; j <= i; j++)
            normal[j] += x[i] * x[j];
        fit->sides[(size_t)label * fit->width + i] += x[i];
    }
}

/* sides becomes the weights of each class; not-a-number where rounding leaves no factor. */
static void solve(struct fit *fit)
{
    gsl_matrix_view normal = gsl_matrix_view_array(fit->normal, fit->width, fit->width);
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    double trace = 0;
    int status;

    for (size_t i = 1; i < fit->width; i++)
        trace += fit->normal[i * fit->width + i];
    for (size_t i = 0; i < fit->width; i++)
        fit->normal[i * fit->width + i] +=
            fmax(ridge * trace / (double)fit->width, 1e-12 * fit->normal[0]);
    status = gsl_linalg_cholesky_decomp1(&normal.matrix);
    gsl_set_error_handler(handler);
    for (size_t c = 0; c < fit->classes; c++) {
        gsl_vector_view side = gsl_vector_view_array(fit->sides + c * fit->width, fit->width);

        if (status == 0)
            gsl_linalg_cholesky_svx(&normal.matrix, &side.vector);
        else
            gsl_vector_set_all(&side.vector, NAN);
    }
}

/* The class with the largest output; -1 of not-a-number. */
static int predict(const struct fit *fit, const double *features)
{
    double largest = -INFINITY;
    int best = -1;

    for (size_t c = 0; c < fit->classes; c++) {
        const double *weights = fit->sides + c * fit->width;
        double output = weights[0] + vector_product(weights + 1, features, fit->width - 1);

        if (output > largest) {
            largest = output;
            best = (int)c;
        }
    }
    return best;
}

/* Wilson's interval of a share (Wilson 1927). */
static struct estimate share(double hits, double n)
{
    const double z = 1.96;
    double p = hits / n, centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

    return (struct estimate){p, centre - half, centre + half};
}

/* features[count][width of the layer] */
static double *activations(struct scene *scene, const struct examples *examples, size_t count,
                           int layer, size_t width)
{
    double *features = memory_take(count * width * sizeof *features);

    if (features)
        dense_activations(scene->dense, scene->exact_theta, examples, examples->rows, count, layer,
                          features);
    return features;
}

static int label_of(const struct examples *examples, size_t i)
{
    return examples->labels[examples->rows[i]];
}

static int probe_layer(struct scene *scene, int layer, struct fit *fit)
{
    const struct examples *train = &scene->examples, *validation = &scene->bench->validation;
    size_t fitted = train->count < FITTED_MAX ? train->count : FITTED_MAX, width = fit->width - 1;
    double *seen = activations(scene, train, fitted, layer, width);
    double *unseen = activations(scene, validation, validation->count, layer, width);
    double hits = 0;
    int status = -1;

    if (!seen || !unseen) {
        error_set("out of memory");
        goto done;
    }
    for (size_t i = 0; i < fitted; i++)
        add_example(fit, seen + i * width, label_of(train, i));
    solve(fit);
    for (size_t i = 0; i < validation->count; i++)
        hits += predict(fit, unseen + i * width) == label_of(validation, i);
    snprintf(scene_add_estimate(scene, "accuracy", share(hits, (double)validation->count),
                                (double)validation->count)
                 ->part,
             sizeof scene->spare.part, "layer %d", layer);
    status = 0;
done:
    free(seen);
    free(unseen);
    return status;
}

int probe_linear_probe(struct scene *scene)
{
    const struct network *network = &scene->bench->model->network;

    for (int l = 0; l <= network->layer_count; l++) {
        size_t features =
            l == 0 ? network_inputs(network) : shape_size(network->layers[l - 1].output);
        struct fit fit = {.width = features + 1, .classes = (size_t)scene->bench->classes};
        int status = -1;

        fit.normal = memory_take(fit.width * fit.width * sizeof *fit.normal);
        fit.sides = memory_take(fit.classes * fit.width * sizeof *fit.sides);
        fit.row = memory_take(fit.width * sizeof *fit.row);
        if (!fit.normal || !fit.sides || !fit.row)
            error_set("out of memory");
        else
            status = probe_layer(scene, l, &fit);
        free(fit.normal);
        free(fit.sides);
        free(fit.row);
        if (status != 0)
            return -1;
    }
    return 0;
}
