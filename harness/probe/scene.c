/* What a probe is shown, and the gradients that several probes ask for. */
#include "probe/scene.h"

#include "base/error.h"
#include "memory.h"
#include "plan/probes.h"
#include "train/call.h"
#include "train/step.h"

#include <stdlib.h>
#include <string.h>

static enum precision precision_of(const struct scene *scene)
{
    return scene->bench->cell->settings.precision;
}

static int is_double(const struct scene *scene)
{
    return precision_of(scene) == PRECISION_DOUBLE;
}

int scene_open(struct scene *scene, const struct workbench *bench)
{
    size_t p = bench->model->parameters, n;

    *scene = (struct scene){
        .bench = bench,
        .options = &bench->experiment->probes,
        .examples = bench->train,
        .parameters = p,
        .moment = -1,
    };
    n = probes_population(scene->options, bench->train.count);
    scene->examples.count = n;
    scene->exact_theta = memory_take(p * sizeof(double));
    scene->mean = memory_take(p * sizeof(double));
    scene->raw = memory_take(p * sizeof(double));
    scene->moved = memory_take(p * sizeof(double));
    scene->losses = memory_take(n * sizeof(double));
    scene->squared_norms = memory_take(n * sizeof(double));
    if (!scene->exact_theta || !scene->mean || !scene->raw || !scene->moved || !scene->losses ||
        !scene->squared_norms)
        return error_set("out of memory for the probes of %zu examples", n);
    if (!dense_applies(&bench->model->network))
        return 0;
    return dense_open(&scene->dense, &bench->model->network);
}

void scene_close(struct scene *scene)
{
    for (int i = 0; i < scene->predicted; i++) {
        free(scene->predictions[i].labels);
        free(scene->predictions[i].probabilities);
    }
    free(scene->predictions);
    dense_close(scene->dense);
    free(scene->exact_theta);
    free(scene->mean);
    free(scene->raw);
    free(scene->moved);
    free(scene->losses);
    free(scene->squared_norms);
    free(scene->rows);
    free(scene->kept);
    memset(scene, 0, sizeof *scene);
}

void scene_set(struct scene *scene, const struct curve_point *point, const void *theta)
{
    scene->point = point;
    scene->theta = theta;
    scene->moment++;
    scene->has_mean = scene->has_each = 0;
    for (size_t j = 0; j < scene->parameters; j++)
        scene->exact_theta[j] = parameter_value(precision_of(scene), theta, j);
}

const void *scene_moved(struct scene *scene, const double *theta)
{
    if (is_double(scene))
        return theta;
    for (size_t j = 0; j < scene->parameters; j++)
        ((float *)scene->moved)[j] = (float)theta[j];
    return scene->moved;
}

/* ---- Gradients --------------------------------------------------------------------------------
 */

static int failed(const struct message *message)
{
    return error_set("%s",
                     message->text[0] ? message->text : "the engine failed without a message");
}

/* The engine's gradient of so many rows in scene->raw. */
static int piece_gradient(struct scene *scene, const void *theta, const int32_t *rows,
                          const float *weights, size_t size, struct score *score)
{
    const struct workbench *bench = scene->bench;
    struct batch batch = batch_of(&scene->examples);
    struct message message = {""};

    batch.rows = rows;
    batch.weights = weights;
    batch.size = (int)size;
    if (call_gradient(bench->engine, precision_of(scene), bench->session, theta, &batch, scene->raw,
                      score, &message) != 0)
        return failed(&message);
    return 0;
}

/* mean[P] += share * raw[P] */
static void add_raw(const struct scene *scene, double share, double *mean)
{
    const enum precision precision = precision_of(scene);

    for (size_t j = 0; j < scene->parameters; j++)
        mean[j] += share * parameter_value(precision, scene->raw, j);
}

int scene_gradient(struct scene *scene, const void *theta, const int32_t *rows, size_t count,
                   double *mean)
{
    return scene_weighted_gradient(scene, theta, rows, NULL, count, mean);
}

int scene_weighted_gradient(struct scene *scene, const void *theta, const int32_t *rows,
                            const float *weights, size_t count, double *mean)
{
    size_t most = (size_t)scene->bench->max_batch;
    struct score score;

    memset(mean, 0, scene->parameters * sizeof *mean);
    for (size_t first = 0; first < count; first += most) {
        size_t size = count - first < most ? count - first : most;

        if (piece_gradient(scene, theta, rows + first, weights ? weights + first : NULL, size,
                           &score) != 0)
            return -1;
        add_raw(scene, (double)size / (double)count, mean);
    }
    return 0;
}

int scene_mean(struct scene *scene)
{
    if (!scene->has_mean && scene_gradient(scene, scene->theta, scene->examples.rows,
                                           scene->examples.count, scene->mean) != 0)
        return -1;
    scene->has_mean = 1;
    return 0;
}

/* ---- Each example -----------------------------------------------------------------------------
 */

static int has_norms(const struct scene *scene)
{
    return scene->bench->engine->gradient_norms && !is_double(scene);
}

/* In pieces, and the loss of each example on its own. */
static int norms_by_engine(struct scene *scene)
{
    const struct workbench *bench = scene->bench;
    size_t most = (size_t)bench->max_batch, n = scene->examples.count;
    struct batch batch = batch_of(&scene->examples);
    struct message message = {""};
    struct score score;

    for (size_t first = 0; first < n; first += most) {
        batch.rows = scene->examples.rows + first;
        batch.size = (int)(n - first < most ? n - first : most);
        if (bench->engine->gradient_norms(bench->session, scene->theta, &batch,
                                          scene->squared_norms + first, &message) != 0)
            return failed(&message);
    }
    batch.size = 1;
    for (size_t i = 0; i < n; i++) {
        batch.rows = scene->examples.rows + i;
        if (bench->engine->loss(bench->session, scene->theta, &batch, &score, &message) != 0)
            return failed(&message);
        scene->losses[i] = score.loss;
    }
    return 0;
}

static int one_at_a_time(struct scene *scene)
{
    double *gradient = memory_take(scene->parameters * sizeof *gradient);
    int status = gradient ? 0 : error_set("out of memory");

    for (size_t i = 0; i < scene->examples.count && status == 0; i++) {
        struct score score = {0, 0};

        status = piece_gradient(scene, scene->theta, scene->examples.rows + i, NULL, 1, &score);
        if (status != 0)
            break;
        memset(gradient, 0, scene->parameters * sizeof *gradient);
        add_raw(scene, 1, gradient);
        scene->squared_norms[i] = vector_squared_norm(gradient, scene->parameters);
        scene->losses[i] = score.loss;
    }
    free(gradient);
    return status;
}

int scene_each(struct scene *scene)
{
    if (scene->has_each)
        return 0;
    if (scene->dense)
        dense_examples(scene->dense, scene->exact_theta, &scene->examples, scene->examples.rows,
                       scene->examples.count, scene->losses, scene->squared_norms);
    else if ((has_norms(scene) ? norms_by_engine(scene) : one_at_a_time(scene)) != 0)
        return -1;
    scene->has_each = 1;
    return 0;
}

/* ---- Rows and streams -------------------------------------------------------------------------
 */

struct probe_row *scene_add(struct scene *scene, const char *quantity, double value, double n)
{
    struct probe_row *row = &scene->spare;

    if (scene->row_count == scene->capacity) {
        int capacity = scene->capacity ? 2 * scene->capacity : 64;
        struct probe_row *rows = realloc(scene->rows, (size_t)capacity * sizeof *rows);

        scene->is_full |= !rows;
        scene->rows = rows ? rows : scene->rows;
        scene->capacity = rows ? capacity : scene->capacity;
    }
    if (scene->row_count < scene->capacity)
        row = &scene->rows[scene->row_count++];
    *row = (struct probe_row){
        .epoch = scene->point->epoch,
        .examples = scene->point->examples,
        .update = scene->point->update,
        .probe = scene->probe,
        .quantity = quantity,
        .sampling = "",
        .value = value,
        .low = NOT_APPLICABLE,
        .high = NOT_APPLICABLE,
        .n = n,
    };
    return row;
}

struct probe_row *scene_add_estimate(struct scene *scene, const char *quantity,
                                     struct estimate estimate, double n)
{
    struct probe_row *row = scene_add(scene, quantity, estimate.value, n);

    row->low = estimate.low;
    row->high = estimate.high;
    return row;
}

void scene_stream(const struct scene *scene, uint32_t number, struct rng *rng)
{
    rng_init(rng, scene->bench->cell->settings.seed, RNG_PROBE,
             1 + 1024 * (uint32_t)scene->moment + number);
}
