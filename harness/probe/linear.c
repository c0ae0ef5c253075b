/* Probe linear_probe: how well a linear classifier does on what each layer makes of the input
 * (Alain, Bengio 2017). Least squares on one-hot classes, which is solved and not trained: no rate
 * and no number of epochs decides it. */
#include "probe/scene.h"

#include "base/error.h"
#include "memory.h"
#include "probe/forward.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

/* Examples that are fitted, at most: the normal equations take N d^2 / 2 multiplications. */
enum { FITTED_MAX = 10000 };

/* Of the mean square of a feature: added to the diagonal, so that features that never vary, or are
 * copies of each other, do no harm. */
static const double ridge = 1e-3;

/* Features of a layer of images, at most (but one for each channel at the least): memory grows with
 * their square. Larger maps are averaged down. */
enum { MAP_FEATURES_MAX = 1024 };

/* One layer's features with a 1 in front, so that there is an intercept. */
struct fit {
    struct shape map;  /* the layer's output, or all of it as channels */
    int rows, columns; /* of the map as it is averaged down */
    size_t width, classes;
    double *normal;   /* [width][width], lower triangle */
    double *sides;    /* [classes][width] */
    double *examples; /* [FORWARD_LANES][width] */
    double hits;
};

/* ---- Features ---------------------------------------------------------------------------------
 */

/* The largest side that keeps the map small enough, for both sides alike. */
static void choose_cells(struct fit *fit)
{
    const struct shape map = fit->map;
    int side = map.height > map.width ? map.height : map.width;

    do {
        fit->rows = map.height < side ? map.height : side;
        fit->columns = map.width < side ? map.width : side;
    } while ((double)map.channels * fit->rows * fit->columns > MAP_FEATURES_MAX && --side > 0);
}

/* Of a side of `size` pixels shared out over so many cells, the first pixel of one. */
static int first_of(int cell, int size, int cells)
{
    return cell * size / cells;
}

/* Mean of the pixels of one cell of one channel [height][width][LANES]. */
static double mean_of_cell(const struct fit *fit, const double *channel, int row, int column)
{
    const struct shape map = fit->map;
    int top = first_of(row, map.height, fit->rows), end = first_of(row + 1, map.height, fit->rows);
    int left = first_of(column, map.width, fit->columns);
    int right = first_of(column + 1, map.width, fit->columns);
    double sum = 0;

    for (int y = top; y < end; y++)
        for (int x = left; x < right; x++)
            sum += channel[(size_t)(y * map.width + x) * FORWARD_LANES];
    return sum / ((end - top) * (right - left));
}

/* x[width] = 1 and the features of one lane of activations[map][LANES] */
static void take_features(const struct fit *fit, const double *activations, double *x)
{
    const struct shape map = fit->map;
    size_t pixels = (size_t)map.height * (size_t)map.width;

    *x++ = 1;
    for (int c = 0; c < map.channels; c++)
        for (int row = 0; row < fit->rows; row++)
            for (int column = 0; column < fit->columns; column++)
                *x++ = mean_of_cell(fit, activations + (size_t)c * pixels * FORWARD_LANES, row,
                                    column);
}

/* ---- Least squares ----------------------------------------------------------------------------
 */

/* Row by row of the normal equations, which need not come from memory for each example then. */
static void add_examples(struct fit *fit, const int *labels, size_t count)
{
    for (size_t i = 0; i < fit->width; i++) {
        double *normal = fit->normal + i * fit->width;

        for (size_t e = 0; e < count; e++) {
            const double *x = fit->examples + e * fit->width;

            if (x[i] == 0) /* pixels and rectified units often are */
                continue;
            for (size_t j = 0; j <= i; j++)
                normal[j] += x[i] * x[j];
            fit->sides[(size_t)labels[e] * fit->width + i] += x[i];
        }
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
static int predict(const struct fit *fit, const double *x)
{
    double largest = -INFINITY;
    int best = -1;

    for (size_t c = 0; c < fit->classes; c++) {
        const double *weights = fit->sides + c * fit->width;
        double output = weights[0] + vector_product(weights + 1, x + 1, fit->width - 1);

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

/* ---- The probe --------------------------------------------------------------------------------
 */

static void close_fits(struct fit *fits, int count)
{
    for (int l = 0; fits && l < count; l++) {
        free(fits[l].normal);
        free(fits[l].sides);
        free(fits[l].examples);
    }
    free(fits);
}

/* One for the input and each layer; NULL: out of memory. */
static struct fit *open_fits(const struct network *network, int classes)
{
    int count = network->layer_count + 1;
    struct fit *fits = calloc((size_t)count, sizeof *fits);

    for (int l = 0; fits && l < count; l++) {
        const struct layer *layer = &network->layers[l > 0 ? l - 1 : 0];
        struct fit *fit = &fits[l];

        fit->map = l > 0 ? layer->output : layer->input;
        if (layer->kind == LAYER_DENSE) /* no image, or read as none: all features count */
            fit->map = (struct shape){(int)shape_size(fit->map), 1, 1};
        choose_cells(fit);
        fit->width = (size_t)fit->map.channels * (size_t)fit->rows * (size_t)fit->columns + 1;
        fit->classes = (size_t)classes;
        fit->normal = memory_take(fit->width * fit->width * sizeof *fit->normal);
        fit->sides = memory_take(fit->classes * fit->width * sizeof *fit->sides);
        fit->examples = memory_take(FORWARD_LANES * fit->width * sizeof *fit->examples);
        if (!fit->normal || !fit->sides || !fit->examples) {
            close_fits(fits, count);
            return NULL;
        }
    }
    return fits;
}

static void judge_examples(struct fit *fit, const int *labels, size_t count)
{
    for (size_t e = 0; e < count; e++)
        fit->hits += predict(fit, fit->examples + e * fit->width) == labels[e];
}

/* Does something with the features that every layer makes of the first so many examples, a few
 * at a time. */
static void each_few(struct forward_pass *pass, const double *theta,
                     const struct examples *examples, size_t count, struct fit *fits, int fit_count,
                     void (*use)(struct fit *, const int *, size_t))
{
    for (size_t first = 0; first < count; first += FORWARD_LANES) {
        size_t size = count - first < FORWARD_LANES ? count - first : FORWARD_LANES;
        int labels[FORWARD_LANES];

        forward_run(pass, theta, examples, examples->rows + first, size);
        for (size_t e = 0; e < size; e++)
            labels[e] = examples->labels[examples->rows[first + e]];
        for (int l = 0; l < fit_count; l++) {
            for (size_t e = 0; e < size; e++)
                take_features(&fits[l], forward_layer(pass, l) + e,
                              fits[l].examples + e * fits[l].width);
            use(&fits[l], labels, size);
        }
    }
}

int probe_linear_probe(struct scene *scene)
{
    const struct network *network = &scene->bench->model->network;
    const struct examples *train = &scene->examples, *validation = &scene->bench->validation;
    size_t fitted = train->count < FITTED_MAX ? train->count : FITTED_MAX;
    int count = network->layer_count + 1;
    struct fit *fits = open_fits(network, scene->bench->classes);
    struct forward_pass *pass = NULL;
    int status = -1;

    if (!fits) {
        error_set("out of memory for the linear probes of %d layers", count);
        goto done;
    }
    if (forward_open(&pass, network) != 0)
        goto done;
    each_few(pass, scene->exact_theta, train, fitted, fits, count, add_examples);
    for (int l = 0; l < count; l++)
        solve(&fits[l]);
    each_few(pass, scene->exact_theta, validation, validation->count, fits, count, judge_examples);
    for (int l = 0; l < count; l++) {
        double n = (double)validation->count;
        struct probe_row *row = scene_add_estimate(scene, "accuracy", share(fits[l].hits, n), n);

        snprintf(row->part, sizeof row->part, "layer %d", l);
    }
    status = 0;
done:
    forward_close(pass);
    close_fits(fits, count);
    return status;
}
