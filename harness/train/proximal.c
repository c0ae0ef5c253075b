/* Implicit updates by Newton's method in the space of logits. */
#include "train/proximal.h"

#include "base/error.h"
#include "data/dataset.h"
#include "train/call.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct proximal {
    const struct network *network;
    size_t inputs, outputs, most;   /* examples */
    double *x;                      /* [K][inputs + 1], the last a 1 */
    double *z0, *z, *tried;         /* [K][C] */
    double *derivatives, *residual; /* [K][C] */
    double *products;               /* [K][K] */
    double *curvature;              /* [K][C][C] */
    double *jacobian;               /* [KC][KC] */
    gsl_permutation *permutation;   /* [KC] */
};

const char *proximal_refuses(const struct network *network, int batch_size)
{
    const struct layer *layer = &network->layers[0];

    if (network->layer_count != 1 || layer->kind != LAYER_DENSE ||
        layer->activation != ACTIVATION_IDENTITY)
        return "implicit updates are for one dense layer without activation: network S";
    if ((double)batch_size * (double)network_outputs(network) > PROXIMAL_UNKNOWNS_MAX)
        return "implicit updates take batches of at most 2048 / outputs examples";
    return NULL;
}

int proximal_open(struct proximal **proximal, const struct network *network, int max_batch)
{
    struct proximal *p = calloc(1, sizeof *p);
    size_t k = (size_t)max_batch, c = network_outputs(network), n = k * c;

    *proximal = p;
    if (!p)
        return error_set("out of memory");
    gsl_set_error_handler_off();
    *p = (struct proximal){
        .network = network,
        .inputs = network_inputs(network),
        .outputs = c,
        .most = k,
        .x = calloc(k * (network_inputs(network) + 1), sizeof(double)),
        .z0 = calloc(n, sizeof(double)),
        .z = calloc(n, sizeof(double)),
        .tried = calloc(n, sizeof(double)),
        .derivatives = calloc(n, sizeof(double)),
        .residual = calloc(n, sizeof(double)),
        .products = calloc(k * k, sizeof(double)),
        .curvature = calloc(n * c, sizeof(double)),
        .jacobian = calloc(n * n, sizeof(double)),
        .permutation = gsl_permutation_alloc(n),
    };
    if (p->x && p->z0 && p->z && p->tried && p->derivatives && p->residual && p->products &&
        p->curvature && p->jacobian && p->permutation)
        return 0;
    proximal_close(p);
    *proximal = NULL;
    return error_set("out of memory");
}

void proximal_close(struct proximal *p)
{
    if (!p)
        return;
    free(p->x);
    free(p->z0);
    free(p->z);
    free(p->tried);
    free(p->derivatives);
    free(p->residual);
    free(p->products);
    free(p->curvature);
    free(p->jacobian);
    if (p->permutation)
        gsl_permutation_free(p->permutation);
    free(p);
}

/* ---- The batch --------------------------------------------------------------------------------
 */

static void gather(struct proximal *p, const struct batch *batch)
{
    for (int i = 0; i < batch->size; i++) {
        size_t from = batch_row(batch, i) * p->inputs;
        double *x = p->x + (size_t)i * (p->inputs + 1);

        for (size_t j = 0; j < p->inputs; j++)
            x[j] = feature_value(batch->element, batch->scale, batch->offset, batch->features,
                                 from + j);
        x[p->inputs] = 1;
    }
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t j = 0; j < count; j++)
        sum += a[j] * b[j];
    return sum;
}

/* Logits before the step, and the products of all pairs of inputs. */
static void start(struct proximal *p, const void *theta, enum precision precision, size_t k)
{
    size_t row = p->inputs + 1, biases = p->inputs * p->outputs;

    for (size_t i = 0; i < k; i++) {
        for (size_t o = 0; o < p->outputs; o++) {
            double sum = parameter_value(precision, theta, biases + o);

            for (size_t j = 0; j < p->inputs; j++)
                sum += parameter_value(precision, theta, o * p->inputs + j) * p->x[i * row + j];
            p->z0[i * p->outputs + o] = sum;
        }
        for (size_t j = 0; j < k; j++)
            p->products[i * k + j] = dot(p->x + i * row, p->x + j * row, row);
    }
}

/* ---- Losses -----------------------------------------------------------------------------------
 */

static double weight_of(const struct batch *batch, size_t i)
{
    return batch->weights ? (double)batch->weights[i] : 1;
}

/* Derivative d[C] and curvature h[C][C] (NULL: not wanted) of example i's weighted loss. Returns
 * the loss. */
static double differentiate(const struct proximal *p, const struct batch *batch, size_t i,
                            const double *z, double *d, double *h)
{
    size_t c = p->outputs, row = batch_row(batch, (int)i);
    double weight = weight_of(batch, i), largest = z[0], sum = 0, loss = 0;

    if (p->network->head == HEAD_MEAN_SQUARED_ERROR) {
        for (size_t o = 0; o < c; o++) {
            double off = z[o] - (double)batch->targets[row * c + o];

            loss += off * off / (double)c;
            d[o] = weight * 2 * off / (double)c;
            for (size_t q = 0; h && q < c; q++)
                h[o * c + q] = o == q ? weight * 2 / (double)c : 0;
        }
        return weight * loss;
    }
    for (size_t o = 1; o < c; o++)
        largest = fmax(largest, z[o]);
    for (size_t o = 0; o < c; o++)
        sum += d[o] = exp(z[o] - largest);
    for (size_t o = 0; o < c; o++)
        d[o] /= sum;
    for (size_t o = 0; h && o < c; o++)
        for (size_t q = 0; q < c; q++)
            h[o * c + q] = weight * d[o] * ((o == q) - d[q]);
    loss = log(sum) + largest - z[batch->labels[row]];
    d[batch->labels[row]] -= 1;
    for (size_t o = 0; o < c; o++)
        d[o] *= weight;
    return weight * loss;
}

static void score_start(const struct proximal *p, const struct batch *batch, struct score *score)
{
    size_t c = p->outputs;

    *score = (struct score){0};
    for (int i = 0; i < batch->size; i++) {
        const double *z = p->z0 + (size_t)i * c;
        size_t best = 0;

        score->loss += differentiate(p, batch, (size_t)i, z, p->derivatives, NULL) / batch->size;
        for (size_t o = 1; o < c; o++)
            if (z[o] > z[best])
                best = o;
        score->errors += p->network->head == HEAD_SOFTMAX_CROSS_ENTROPY &&
                         (int32_t)best != batch->labels[batch_row(batch, i)];
    }
}

/* ---- Newton's method --------------------------------------------------------------------------
 */

/* residual = z - z0 + step G D(z); returns its norm. */
static double find_residual(struct proximal *p, const struct batch *batch, const double *z,
                            double step, int with_curvature)
{
    size_t k = (size_t)batch->size, c = p->outputs;
    double sum = 0;

    for (size_t i = 0; i < k; i++)
        differentiate(p, batch, i, z + i * c, p->derivatives + i * c,
                      with_curvature ? p->curvature + i * c * c : NULL);
    for (size_t i = 0; i < k; i++)
        for (size_t o = 0; o < c; o++) {
            double value = z[i * c + o] - p->z0[i * c + o];

            for (size_t j = 0; j < k; j++)
                value += step * p->products[i * k + j] * p->derivatives[j * c + o];
            p->residual[i * c + o] = value;
            sum += value * value;
        }
    return sqrt(sum);
}

/* Direction in `residual`: the solution of J direction = residual, J = 1 + step G H. */
static int solve(struct proximal *p, size_t k, double step)
{
    size_t c = p->outputs, n = k * c;
    gsl_matrix_view jacobian = gsl_matrix_view_array(p->jacobian, n, n);
    gsl_vector_view residual = gsl_vector_view_array(p->residual, n);
    gsl_permutation permutation = {n, p->permutation->data};
    int sign;

    for (size_t i = 0; i < k; i++)
        for (size_t o = 0; o < c; o++)
            for (size_t j = 0; j < k; j++)
                for (size_t q = 0; q < c; q++)
                    p->jacobian[(i * c + o) * n + j * c + q] =
                        (double)(i == j && o == q) +
                        step * p->products[i * k + j] * p->curvature[(j * c + o) * c + q];
    return gsl_linalg_LU_decomp(&jacobian.matrix, &permutation, &sign) ||
           gsl_linalg_LU_svx(&jacobian.matrix, &permutation, &residual.vector);
}

enum { NEWTON_STEPS_MAX = 200, HALVINGS_MAX = 40 };

/* Goes so far along the direction that the residual shrinks. Returns its new norm, or the old one
 * where no step along it makes it smaller: rounding is all that is left then. */
static double go(struct proximal *p, const struct batch *batch, double step, double norm)
{
    size_t n = (size_t)batch->size * p->outputs;
    double *direction = p->jacobian, length = 1; /* its place is free until the next system */

    memcpy(direction, p->residual, n * sizeof *direction);
    for (int h = 0; h < HALVINGS_MAX; h++, length /= 2) {
        double reached;

        for (size_t j = 0; j < n; j++)
            p->tried[j] = p->z[j] - length * direction[j];
        reached = find_residual(p, batch, p->tried, step, 0);
        if (reached < norm) {
            memcpy(p->z, p->tried, n * sizeof *p->z);
            return reached;
        }
    }
    return norm;
}

static int find_logits(struct proximal *p, const struct batch *batch, double step)
{
    size_t n = (size_t)batch->size * p->outputs;

    memcpy(p->z, p->z0, n * sizeof *p->z);
    for (int s = 0; s < NEWTON_STEPS_MAX; s++) {
        double norm = find_residual(p, batch, p->z, step, 1), reached;

        if (!(norm > 0))
            return isnan(norm) ? error_set("implicit update: the loss is not finite") : 0;
        if (solve(p, (size_t)batch->size, step) != 0)
            return error_set("implicit update: the system cannot be solved");
        reached = go(p, batch, step, norm);
        if (!(reached < norm))
            return 0;
    }
    return 0;
}

static void move(struct proximal *p, void *theta, enum precision precision, double step, size_t k)
{
    size_t row = p->inputs + 1, c = p->outputs;

    for (size_t o = 0; o < c; o++)
        for (size_t j = 0; j < row; j++) {
            size_t at = j < p->inputs ? o * p->inputs + j : p->inputs * c + o;
            double sum = 0;

            for (size_t i = 0; i < k; i++)
                sum += p->derivatives[i * c + o] * p->x[i * row + j];
            if (precision == PRECISION_DOUBLE)
                ((double *)theta)[at] -= step * sum;
            else
                ((float *)theta)[at] = (float)((double)((float *)theta)[at] - step * sum);
        }
}

int proximal_step(struct proximal *p, void *theta, enum precision precision, double rate,
                  const struct batch *batch, struct score *score)
{
    size_t k = (size_t)batch->size;
    double step = rate / batch->size;

    gather(p, batch);
    start(p, theta, precision, k);
    score_start(p, batch, score);
    if (find_logits(p, batch, step) != 0)
        return -1;
    find_residual(p, batch, p->z, step, 0); /* derivatives at the solution */
    move(p, theta, precision, step, k);
    return 0;
}
