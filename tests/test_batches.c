/* What a training step is made with: weights that keep its gradient unbiased, images that are
 * varied and nothing else that is. */
#include "train/batches.h"

#include "data/augmentation.h"
#include "data/generator.h"
#include "data/weighting.h"
#include "registry.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loaded_engine reference;
static struct bench bench;

/* ---- The expectation of a gradient ------------------------------------------------------------
 */

enum { N = 30, PARAMETERS = 4 * 5 + 6 * 3 };

static void *session;

/* gradient[PARAMETERS] of so many of these rows with these weights, at a theta that is not special
 */
static void gradient_of_rows(const int32_t *rows, const float *weights, int size, double *gradient)
{
    struct batch batch = {.size = size,
                          .rows = rows,
                          .features = bench.workbench.train.features,
                          .element = ELEMENT_FLOAT32,
                          .scale = 1,
                          .labels = bench.workbench.train.labels,
                          .weights = weights};
    double theta[PARAMETERS];
    struct message message;
    struct score score;

    for (int j = 0; j < PARAMETERS; j++)
        theta[j] = sin(j + 1.0);
    if (reference.engine.gradient64(session, theta, &batch, gradient, &score, &message) != 0)
        fail_msg("%s", message.text);
}

/* weights[N] of the training examples as batches hand them out, by position */
static void collect_weights(float *weights)
{
    struct batches *batches;
    struct batch batch;
    int missing = N;

    for (int i = 0; i < N; i++)
        weights[i] = -1;
    assert_int_equal(batches_open(&batches, &bench.workbench, LAST_BATCH_DROP), 0);
    for (int b = 0; missing > 0 && b < 100000; b++) {
        batches_next(batches, &batch);
        for (int k = 0; k < batch.size; k++)
            for (int i = 0; i < N; i++)
                if (bench.workbench.train.rows[i] == batch.rows[k] && weights[i] < 0) {
                    weights[i] = batch.weights ? batch.weights[k] : 1;
                    missing--;
                }
    }
    assert_int_equal(missing, 0);
    batches_close(batches);
}

/* expected[] = sum over all batches of two of p_i p_j times the gradient of that batch */
static void enumerate_pairs(const double *p, const float *weights, double *expected)
{
    const int32_t *rows = bench.workbench.train.rows;
    double gradient[PARAMETERS];

    memset(expected, 0, PARAMETERS * sizeof *expected);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const int32_t pair[2] = {rows[i], rows[j]};
            const float both[2] = {weights[i], weights[j]};

            gradient_of_rows(pair, both, 2, gradient);
            for (int g = 0; g < PARAMETERS; g++)
                expected[g] += p[i] * p[j] * gradient[g];
        }
}

static void open_trial(const char *grid)
{
    struct engine_options options = {
        .threads = 1, .variant = "", .max_batch = 100, .precision = PRECISION_DOUBLE};
    struct message message;
    char text[800];

    snprintf(text, sizeof text,
             "dataset: {name: blobs, examples: 40, features: 3, classes: 3, validation: 10,\n"
             "  weights: own.txt}\n"
             "networks: {own: {hidden: [5], activation: tanh}}\nbudget: {updates: 10}\n"
             "weightings: {mixed: {classes: [1, 2, 0.1], power: -0.5, norm_power: 1.5},\n"
             "  drawn: {given_power: 0.5, power: -1}}\n"
             "grid: {engine: reference, network: own, batch_size: 2, %s}\n",
             grid);
    bench_open(&bench, text, &reference.engine, NULL);
    assert_int_equal(bench.model.parameters, PARAMETERS);
    assert_int_equal(bench.workbench.train.count, N);
    if (reference.engine.open(&session, &bench.model.network, &options, &message) != 0)
        fail_msg("%s", message.text);
}

static void close_trial(void)
{
    reference.engine.close(session);
    bench_close(&bench);
}

static void assert_close(const double *found, const double *expected, double tolerance)
{
    double largest = 0;

    for (int g = 0; g < PARAMETERS; g++)
        largest = fmax(largest, fabs(expected[g]));
    for (int g = 0; g < PARAMETERS; g++)
        if (!(fabs(found[g] - expected[g]) <= tolerance * largest))
            fail_msg("parameter %d: %.12g, expected %.12g", g, found[g], expected[g]);
}

static void the_mean_importance_gradient_is_the_full_one(void **state)
{
    static const char *const weightings[] = {"mixed", "norm", "inverse_frequency", "given",
                                             "drawn"};

    (void)state;
    for (int w = 0; w < 5; w++) {
        char grid[100];
        double p[N], sum = 0, found[PARAMETERS], full[PARAMETERS];
        float weights[N];

        snprintf(grid, sizeof grid, "sampler: importance, weighting: %s", weightings[w]);
        open_trial(grid);
        assert_int_equal(
            weighting_apply(bench.workbench.cell->weighting, &bench.workbench.train, 3, 3, p), 0);
        for (int i = 0; i < N; i++)
            sum += p[i];
        for (int i = 0; i < N; i++)
            p[i] /= sum;
        collect_weights(weights);
        enumerate_pairs(p, weights, found);
        gradient_of_rows(bench.workbench.train.rows, NULL, N, full);
        assert_close(found, full, 1e-6); /* weights are floats */
        /* without them it is another gradient: the test can fail */
        for (int i = 0; i < N; i++)
            weights[i] = 1;
        enumerate_pairs(p, weights, found);
        if (w == 0)
            assert_true(fabs(found[0] - full[0]) > 1e-3 * fabs(full[0]));
        close_trial();
    }
}

/* Drawing classes equally often and weighting the loss of each example by its class are the same in
 * the mean: each class's mean gradient counts a third. */
static void balanced_draws_and_class_weights_have_the_same_mean(void **state)
{
    double p[N], found[PARAMETERS], weighted[PARAMETERS];
    float weights[N], ones[N];
    size_t counts[3] = {0};

    (void)state;
    open_trial("sampler: with_replacement, class_weights: inverse");
    count_classes(&bench.workbench.train, counts);
    assert_true(counts[0] != counts[1] || counts[0] != counts[2]);
    collect_weights(weights);
    for (int i = 0; i < N; i++)
        p[i] = 1.0 / N;
    enumerate_pairs(p, weights, weighted);
    close_trial();
    open_trial("sampler: balanced");
    collect_weights(ones);
    for (int i = 0; i < N; i++) {
        int class = bench.workbench.train.labels[bench.workbench.train.rows[i]];

        assert_true(ones[i] == 1);
        p[i] = 1 / (3.0 * (double)counts[class]);
    }
    enumerate_pairs(p, ones, found);
    assert_close(found, weighted, 1e-6);
    close_trial();
}

/* ---- Augmentation -----------------------------------------------------------------------------
 */

enum { IMAGES = 40, SIDE = 6, PIXELS = SIDE * SIDE };

/* For the 40 examples of open_trial. */
static void write_own_weights(void)
{
    char text[400] = "";

    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%g\n", 0.5 + i % 9);
    scratch_write("own.txt", text, strlen(text));
}

static int write_images(void **state)
{
    static uint8_t bytes[16 + IMAGES * PIXELS];
    size_t header;

    if (scratch_open(state) != 0)
        return -1;
    write_own_weights();
    header = scratch_idx_header(bytes, IMAGES, SIDE, SIDE);
    for (size_t i = 0; i < (size_t)IMAGES * PIXELS; i++)
        bytes[header + i] = (uint8_t)(i * i % 251);
    scratch_write("images", bytes, header + (size_t)IMAGES * PIXELS);
    header = scratch_idx_header(bytes, IMAGES, 0, 0);
    for (size_t i = 0; i < IMAGES; i++)
        bytes[header + i] = (uint8_t)(i % 3);
    scratch_write("labels", bytes, header + IMAGES);
    return registry_load(&reference, "reference", &(struct message){""});
}

#define AUGMENTED                                                                                  \
    "dataset: {name: idx, images: images, labels: labels, validation: 8, test: 8}\n"               \
    "networks: {own: {hidden: []}}\nbudget: {updates: 30}\nevaluation: {first: 10}\n"              \
    "augmentations: {all: {shift: 1, flip: 0.5, noise: 0.1, crop: 2}}\n"                           \
    "grid: {engine: reference, network: own, augmentation: all, seed: 9, "

static void the_nth_example_drawn_has_variation_n(void **state)
{
    static const char *const sizes[] = {"batch_size: 1}\n", "batch_size: 7}\n",
                                        "batch_size: full}\n"};

    (void)state;
    for (int s = 0; s < 3; s++) {
        char text[800];
        struct augmenter *augmenter;
        struct batches *batches;
        struct batch batch;
        struct sampler *sampler;
        struct sampler_options options;
        uint64_t drawn = 0;

        snprintf(text, sizeof text, "%s%s", AUGMENTED, sizes[s]);
        bench_open(&bench, text, &reference.engine, NULL);
        options = (struct sampler_options){.rows = bench.workbench.train.rows,
                                           .count = bench.workbench.train.count,
                                           .batch_size = bench.workbench.cell->batch_size,
                                           .seed = 9};
        assert_int_equal(
            augmenter_open(&augmenter, bench.workbench.cell->augmentation, SIDE, SIDE, 9), 0);
        assert_int_equal(sampler_open(&sampler, &options), 0);
        assert_int_equal(batches_open(&batches, &bench.workbench, LAST_BATCH_DROP), 0);
        for (int b = 0; b < 10; b++) {
            int32_t rows[IMAGES];

            batches_next(batches, &batch);
            assert_int_equal(batch.size, sampler_next(sampler, rows));
            assert_null(batch.rows);
            assert_true(batch.scale == bench.workbench.train.scale);
            for (int i = 0; i < batch.size; i++) {
                const uint8_t *stored = bench.workbench.train.features;
                uint8_t expected[PIXELS];

                augmenter_apply(augmenter, stored + rows[i] * PIXELS, expected, drawn++);
                assert_memory_equal((const uint8_t *)batch.features + i * PIXELS, expected, PIXELS);
                assert_int_equal(batch.labels[i], bench.workbench.train.labels[rows[i]]);
            }
        }
        batches_close(batches);
        sampler_close(sampler);
        augmenter_close(augmenter);
        bench_close(&bench);
    }
}

/* An engine that looks where its examples lie. */
static struct {
    int trained, evaluated;
} seen;

static int spying_loss(void *context, const float *theta, const struct batch *batch,
                       struct score *score, struct message *message)
{
    (void)context, (void)theta, (void)message;
    assert_ptr_equal(batch->features, bench.dataset.stored_features);
    assert_non_null(batch->rows);
    *score = (struct score){.loss = 1};
    seen.evaluated += batch->size;
    return 0;
}

static int spying_gradient(void *context, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    (void)context, (void)theta, (void)message;
    if (!is_warm_up(&bench, batch)) {
        assert_ptr_not_equal(batch->features, bench.dataset.stored_features);
        seen.trained += batch->size;
    }
    gradient[0] = 0;
    *score = (struct score){.loss = 1};
    return 0;
}

static void nothing_is_varied_but_what_is_trained_on(void **state)
{
    static const struct engine spy = {
        .name = "spy", .loss = spying_loss, .gradient = spying_gradient};
    struct training_result result;
    uint8_t *before;

    (void)state;
    bench_open(&bench, AUGMENTED "batch_size: 5}\n", &spy, NULL);
    before = malloc((size_t)IMAGES * PIXELS);
    memcpy(before, bench.dataset.stored_features, (size_t)IMAGES * PIXELS);
    assert_int_equal(train(&bench.workbench, &result), 0);
    assert_int_equal(seen.trained, 150);
    assert_true(seen.evaluated > 24 + 8 + 8); /* training examples, validation, test */
    assert_memory_equal(bench.dataset.stored_features, before, (size_t)IMAGES * PIXELS);
    free(before);
    training_free(&result);
    bench_close(&bench);
}

/* ---- Generated examples -----------------------------------------------------------------------
 */

/* The number, counted from the first training example, of the one that this is; -1: of none. */
static int number_of(const float *features, int32_t label)
{
    const struct examples *train = &bench.workbench.train;

    for (uint32_t i = 0; i < train->count; i++) {
        float made[5];
        int32_t teacher;

        generator_make(train->generator, train->first + i, made, &teacher);
        if (memcmp(made, features, sizeof made) == 0)
            return teacher == label ? (int)i : -1;
    }
    return -1;
}

static void an_epoch_has_every_generated_example_once(void **state)
{
    struct batches *batches;
    struct batch batch;

    (void)state;
    bench_open(&bench,
               "dataset: {name: generated, examples: 75, features: 5, classes: 3, validation: 20, "
               "test: 5}\n"
               "budget: {updates: 1}\n"
               "grid: {engine: reference, network: S, batch_size: 10, sampler: block_shuffle, "
               "block: 8}\n",
               &reference.engine, NULL);
    assert_int_equal(bench.workbench.train.first, 25);
    assert_int_equal(batches_open(&batches, &bench.workbench, LAST_BATCH_DROP), 0);
    for (int epoch = 0; epoch < 3; epoch++) {
        int drawn[50] = {0};

        for (int b = 0; b < 5; b++) {
            batches_next(batches, &batch);
            assert_int_equal(batch.size, 10);
            assert_null(batch.rows);
            for (int i = 0; i < 10; i++) {
                int number = number_of((const float *)batch.features + 5 * i, batch.labels[i]);

                assert_in_range(number, 0, 49);
                assert_int_equal(drawn[number]++, 0);
            }
        }
    }
    batches_close(batches);
    bench_close(&bench);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_importance_gradient_is_the_full_one),
        cmocka_unit_test(balanced_draws_and_class_weights_have_the_same_mean),
        cmocka_unit_test(the_nth_example_drawn_has_variation_n),
        cmocka_unit_test(nothing_is_varied_but_what_is_trained_on),
        cmocka_unit_test(an_epoch_has_every_generated_example_once),
    };

    return cmocka_run_group_tests(tests, write_images, tree_close);
}
