/* Probe sharpness: the largest eigenvalue of the Hessian of the mean loss, by power iteration. */
#include "probe/sharpness.h"

#include "base/error.h"
#include "probe/scene.h"

#include <math.h>
#include <stdlib.h>

/* ---- Power iteration --------------------------------------------------------------------------
 */

struct iteration {
    const struct gradient_field *field;
    const double *theta;
    double step;
    double *v, *product, *point, *backward; /* [P] */
};

/* product[P] = H v */
static int multiply(const struct iteration *it)
{
    size_t p = it->field->parameters;

    for (size_t j = 0; j < p; j++)
        it->point[j] = it->theta[j] - it->step * it->v[j];
    if (it->field->gradient(it->field->context, it->point, it->backward) != 0)
        return -1;
    for (size_t j = 0; j < p; j++)
        it->point[j] = it->theta[j] + it->step * it->v[j];
    if (it->field->gradient(it->field->context, it->point, it->product) != 0)
        return -1;
    for (size_t j = 0; j < p; j++)
        it->product[j] = (it->product[j] - it->backward[j]) / (2 * it->step);
    return 0;
}

/* v = (product - shift v) / its norm. 0: there is nothing left to normalise. */
static int advance(const struct iteration *it, double shift)
{
    size_t p = it->field->parameters;
    double norm;

    for (size_t j = 0; j < p; j++)
        it->v[j] = it->product[j] - shift * it->v[j];
    norm = sqrt(vector_squared_norm(it->v, p));
    if (!(norm > 0))
        return 0;
    for (size_t j = 0; j < p; j++)
        it->v[j] /= norm;
    return 1;
}

/* To the eigenvalue of H that is furthest from the shift. */
static int iterate(const struct iteration *it, double shift, double tolerance, int most,
                   struct sharpness *found)
{
    size_t p = it->field->parameters;
    double before = NAN;
    int calm = 0;

    for (int left = most; left > 0; left--) {
        double squared;

        if (multiply(it) != 0)
            return -1;
        found->products++;
        found->eigenvalue = vector_product(it->v, it->product, p);
        squared = vector_squared_norm(it->product, p) - found->eigenvalue * found->eigenvalue;
        found->residual = sqrt(squared < 0 ? 0 : squared);
        calm =
            fabs(found->eigenvalue - before) <= tolerance * fabs(found->eigenvalue) ? calm + 1 : 0;
        if (calm == 2 || !isfinite(found->eigenvalue))
            return 0;
        before = found->eigenvalue;
        if (!advance(it, shift))
            return 0;
    }
    return 0;
}

static void start(const struct iteration *it, struct rng *rng)
{
    double norm;

    for (size_t j = 0; j < it->field->parameters; j++)
        it->v[j] = rng_normal(rng);
    norm = sqrt(vector_squared_norm(it->v, it->field->parameters));
    for (size_t j = 0; j < it->field->parameters; j++)
        it->v[j] /= norm;
}

int sharpness_find(const struct gradient_field *field, const double *theta, double step,
                   double tolerance, int most, struct rng *rng, struct sharpness *found)
{
    size_t p = field->parameters;
    double *memory = calloc(4 * p, sizeof *memory);
    struct iteration it = {field, theta, step, memory, memory + p, memory + 2 * p, memory + 3 * p};
    int status;

    *found = (struct sharpness){0};
    if (!memory)
        return error_set("out of memory");
    start(&it, rng);
    status = iterate(&it, 0, tolerance, most, found);
    if (status == 0 && found->eigenvalue < 0) {
        double lowest = found->eigenvalue;

        start(&it, rng);
        status = iterate(&it, lowest, tolerance, most, found);
    }
    free(memory);
    return status;
}

/* ---- The probe --------------------------------------------------------------------------------
 */

static int population_gradient(void *context, const double *theta, double *gradient)
{
    struct scene *scene = context;

    return scene_gradient(scene, scene_moved(scene, theta), scene->examples.rows,
                          scene->examples.count, gradient);
}

int probe_sharpness(struct scene *scene)
{
    /* Balances the rounding of gradients, which the step divides, with what curvature changes
     * along it. */
    int is_double = scene->bench->cell->settings.precision == PRECISION_DOUBLE;
    double relative = is_double ? 1e-5 : 1e-3;
    double norm = sqrt(vector_squared_norm(scene->exact_theta, scene->parameters));
    const struct gradient_field field = {scene, population_gradient, scene->parameters};
    struct sharpness found;
    struct rng rng;

    scene_stream(scene, 100, &rng);
    if (sharpness_find(&field, scene->exact_theta, relative * (norm > 0 ? norm : 1), 1e-3, 200,
                       &rng, &found) != 0)
        return -1;
    scene_add_estimate(scene, "largest_eigenvalue",
                       (struct estimate){found.eigenvalue, found.eigenvalue - found.residual,
                                         found.eigenvalue + found.residual},
                       found.products);
    return 0;
}
