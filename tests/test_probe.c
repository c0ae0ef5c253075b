/* Probes on small networks, with the engines as they are and with a faulty one between. */
#include "probe/probe.h"

#include "probe/scene.h"
#include "probe/sharpness.h"
#include "registry.h"
#include "workbench_fixture.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loaded_engine reference, naive;

/* A cell and what its probes say of its initial theta. */
struct trial {
    struct bench bench;
    const struct engine *engine; /* that holds the session */
    struct scene scene;
    struct curve_point point;
    void *theta;
    struct prober *prober;
    const struct probe_row *rows;
    int count;
};

#define BLOBS                                                                                      \
    "dataset: {name: blobs, examples: 600, features: 6, classes: 3, validation: 100, %s}\n"        \
    "networks: {own: {hidden: [7], activation: tanh}}\n"                                           \
    "grid: {engine: reference, batch_size: 20, learning_rate: 0.1, %s %s}\n"                       \
    "budget: {epochs: 2}\nevaluation: {first: 100, per_decade: 2, train_examples: 100}\n"          \
    "probes: {%s small_batch: 4, large_batch: 64, %s}\n"

static void open_trial(struct trial *trial, const struct engine *engine, const char *data,
                       const char *grid, const char *probes)
{
    struct engine_options options = {.threads = 1, .variant = "", .max_batch = 100};
    struct message message;
    char text[1200];
    size_t p;

    memset(trial, 0, sizeof *trial);
    snprintf(text, sizeof text, BLOBS, data, strstr(grid, "network:") ? "" : "network: own,", grid,
             strstr(probes, "at:") ? "" : "at: [0],", probes);
    bench_open(&trial->bench, text, engine, NULL);
    trial->engine = engine;
    options.precision = trial->bench.workbench.cell->settings.precision;
    if (engine->open(&trial->bench.workbench.session, &trial->bench.model.network, &options,
                     &message) != 0)
        fail_msg("%s", message.text);
    p = trial->bench.model.parameters;
    trial->theta = calloc(p, sizeof(double));
    network_initialize(&trial->bench.model, trial->bench.workbench.cell->network, 3, trial->theta);
    if (options.precision == PRECISION_DOUBLE)
        for (size_t j = p; j-- > 0;)
            ((double *)trial->theta)[j] = (double)((float *)trial->theta)[j];
}

/* Records the experiment's probes of the initial theta. */
static void record(struct trial *trial)
{
    if (prober_open(&trial->prober, &trial->bench.workbench) != 0 ||
        prober_observe(trial->prober, &trial->point, trial->theta) != 0)
        fail_msg("%s", error_text());
    trial->rows = prober_rows(trial->prober, &trial->count);
}

static void open_scene(struct trial *trial)
{
    assert_int_equal(scene_open(&trial->scene, &trial->bench.workbench), 0);
    scene_set(&trial->scene, &trial->point, trial->theta);
}

static void close_trial(struct trial *trial)
{
    prober_close(trial->prober);
    scene_close(&trial->scene);
    trial->engine->close(trial->bench.workbench.session);
    free(trial->theta);
    bench_close(&trial->bench);
}

static int is_row(const struct probe_row *row, const char *quantity, const char *part, int k,
                  const char *sampling)
{
    return strcmp(row->quantity, quantity) == 0 && strcmp(row->part, part) == 0 &&
           row->batch_size == k && strcmp(row->sampling, sampling) == 0;
}

static const struct probe_row *drawn(const struct trial *trial, const char *quantity, int k,
                                     const char *sampling)
{
    for (int r = 0; r < trial->count; r++)
        if (is_row(&trial->rows[r], quantity, "", k, sampling))
            return &trial->rows[r];
    fail_msg("no row %s, K = %d, %s", quantity, k, sampling);
    return NULL;
}

static const struct probe_row *found(const struct trial *trial, const char *quantity,
                                     const char *part)
{
    for (int r = 0; r < trial->count; r++)
        if (is_row(&trial->rows[r], quantity, part, 0, ""))
            return &trial->rows[r];
    fail_msg("no row %s, %s", quantity, part);
    return NULL;
}

static void assert_near(double actual, double expected, double relative)
{
    if (!(fabs(actual - expected) <= relative * fabs(expected)))
        fail_msg("%.9g, expected %.9g within %g of it", actual, expected, relative);
}

/* ---- Each example -----------------------------------------------------------------------------
 */

static void assert_norms_agree(const struct engine *engine, const char *data, const char *grid)
{
    struct trial trial;
    double *losses, *norms;
    size_t n;

    open_trial(&trial, engine, data, grid, "which: [energy]");
    open_scene(&trial);
    n = trial.scene.examples.count;
    losses = calloc(n, sizeof *losses);
    norms = calloc(n, sizeof *norms);
    assert_non_null(trial.scene.dense);
    assert_int_equal(scene_each(&trial.scene), 0);
    memcpy(losses, trial.scene.losses, n * sizeof *losses);
    memcpy(norms, trial.scene.squared_norms, n * sizeof *norms);
    dense_close(trial.scene.dense);
    trial.scene.dense = NULL; /* by the engine */
    trial.scene.has_each = 0;
    assert_int_equal(scene_each(&trial.scene), 0);
    for (size_t i = 0; i < n; i++) {
        assert_near(losses[i], trial.scene.losses[i], 1e-5);
        assert_near(norms[i], trial.scene.squared_norms[i], 1e-4);
    }
    free(losses);
    free(norms);
    close_trial(&trial);
}

static void norms_of_dense_layers_are_those_of_the_engine(void **state)
{
    static const char *const networks[] = {
        "network: own",
        "network: S",
        "network: own, precision: double",
    };
    struct engine without = reference.engine;

    (void)state;
    without.gradient_norms = NULL; /* example by example */
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        assert_norms_agree(&reference.engine, "", networks[i]);
        assert_norms_agree(&without, "", networks[i]);
    }
}

static void norms_know_every_activation_and_squared_errors(void **state)
{
    static const char *const activations[] = {"relu", "tanh", "sigmoid", "identity"};
    struct trial trial;
    char text[600];

    (void)state;
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        struct engine_options options = {
            .threads = 1, .variant = "", .max_batch = 100, .precision = PRECISION_SINGLE};
        struct message message;
        double by_hand;

        memset(&trial, 0, sizeof trial);
        snprintf(text, sizeof text,
                 "dataset: {name: linear, examples: 40, features: 5}\n"
                 "networks: {own: {hidden: [4, 3], activation: %s, bias: 0.1}}\n"
                 "grid: {engine: reference, network: own, batch_size: 20}\nbudget: {epochs: 1}\n"
                 "probes: {at: [0], which: [energy]}\n",
                 activations[i]);
        bench_open(&trial.bench, text, &reference.engine, NULL);
        trial.engine = &reference.engine;
        assert_int_equal(reference.engine.open(&trial.bench.workbench.session,
                                               &trial.bench.model.network, &options, &message),
                         0);
        trial.theta = calloc(trial.bench.model.parameters, sizeof(double));
        network_initialize(&trial.bench.model, trial.bench.workbench.cell->network, 3, trial.theta);
        open_scene(&trial);
        assert_int_equal(scene_each(&trial.scene), 0);
        by_hand = trial.scene.squared_norms[17];
        assert_int_equal(scene_gradient(&trial.scene, trial.theta, trial.scene.examples.rows + 17,
                                        1, trial.scene.mean),
                         0);
        assert_near(by_hand, vector_squared_norm(trial.scene.mean, trial.scene.parameters), 1e-5);
        close_trial(&trial);
    }
}

/* ---- Noise scale ------------------------------------------------------------------------------
 */

static void exact_and_two_batch_noise_agree(void **state)
{
    static const char *const precisions[] = {"", "precision: double"};
    struct trial trial;

    (void)state;
    for (int i = 0; i < 2; i++) {
        open_trial(&trial, &reference.engine, "", precisions[i],
                   "which: [noise_scale], precision: 0.03");
        record(&trial);
        assert_int_equal(trial.count, 7);
        assert_near(found(&trial, "noise_scale", "exact")->value,
                    found(&trial, "trace", "exact")->value /
                        found(&trial, "squared_norm", "exact")->value,
                    1e-12);
        assert_true(found(&trial, "noise_scale", "exact")->n == 500);
        assert_true(found(&trial, "noise_scale", "exact")->low == NOT_APPLICABLE);
        assert_near(found(&trial, "noise_scale", "two_batch")->value,
                    found(&trial, "noise_scale", "exact")->value, 0.1);
        assert_near(found(&trial, "trace", "two_batch")->value,
                    found(&trial, "trace", "exact")->value, 0.1);
        assert_true(found(&trial, "noise_scale", "two_batch")->n >= 100);
        assert_string_equal(trial.rows[0].probe, "noise_scale");
        close_trial(&trial);
    }
}

static void examples_limits_the_population(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &reference.engine, "", "",
               "which: [noise_scale], examples: 80, draw_examples: 1000");
    record(&trial);
    assert_true(found(&trial, "trace", "exact")->n == 80);
    assert_true(found(&trial, "trace", "two_batch")->n == 14); /* pairs of 68 examples */
    close_trial(&trial);
}

/* ---- Sampling ---------------------------------------------------------------------------------
 */

static const char *const schemes[] = {"with_replacement", "without_replacement"};

static void mini_batches_vary_as_predicted(void **state)
{
    static const int sizes[] = {1, 8, 150}; /* the last in two pieces of the session */
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "",
               "which: [sampling], batch_sizes: [1, 8, 150], precision: 0.02");
    record(&trial);
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const struct probe_row *ratio = drawn(&trial, "variance_ratio", sizes[i], schemes[s]);

            assert_near(ratio->value, 1, 0.05);
            assert_true(ratio->high - ratio->low <= 0.041);
            assert_true(ratio->n >= 100);
            assert_true(drawn(&trial, "bias_p", sizes[i], schemes[s])->value > 0.001);
        }
        assert_near(drawn(&trial, "squared_cosine", 150, schemes[s])->value,
                    drawn(&trial, "squared_cosine_predicted", 150, schemes[s])->value, 0.05);
        assert_near(drawn(&trial, "variance_slope", 0, schemes[s])->value, -1, 0.02);
    }
    close_trial(&trial);
}

/* Whatever is drawn more often, what it counts for keeps the expectation; what it adds to the
 * variance is known. */
static void importance_is_unbiased_and_varies_as_predicted(void **state)
{
    struct trial trial;
    const struct probe_row *ratio, *bias;

    (void)state;
    open_trial(&trial, &naive.engine, "", "sampler: importance, weighting: norm,",
               "which: [sampling], batch_sizes: [1, 16], precision: 0.03");
    record(&trial);
    for (int k = 1; k <= 16; k += 15) {
        ratio = drawn(&trial, "variance_ratio", k, "importance");
        assert_near(ratio->value, 1, 0.08);
        bias = drawn(&trial, "bias_statistic", k, "importance");
        assert_true(bias->low < 2 && bias->high > 0.5);
        assert_true(drawn(&trial, "bias_p", k, "importance")->value > 0.001);
        /* another distribution than that of uniform draws */
        assert_true(fabs(drawn(&trial, "variance_predicted", k, "importance")->value /
                             drawn(&trial, "variance_predicted", k, "with_replacement")->value -
                         1) > 0.01);
    }
    close_trial(&trial);
}

static void all_examples_without_replacement_are_not_drawn(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "",
               "which: [sampling], batch_sizes: [100], examples: 100, draws: 10");
    record(&trial);
    assert_int_equal(trial.count, 9);
    assert_string_equal(trial.rows[0].sampling, "with_replacement");
    close_trial(&trial);
}

static void the_cells_own_batch_size_is_what_is_drawn_else(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "which: [sampling], draws: 10");
    record(&trial);
    assert_int_equal(trial.count, 18);
    drawn(&trial, "variance_ratio", 20, "with_replacement");
    close_trial(&trial);
}

/* An engine between, whose mini-batches are not what they should be. */
static struct engine faulty;

static int longer_gradient(void *session, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    int status = naive.engine.gradient(session, theta, batch, gradient, score, message);

    if (batch->size == 8)
        for (int j = 0; j < 7 * 7 + 8 * 3; j++)
            gradient[j] *= 1.2f;
    return status;
}

static int first_half(void *session, const float *theta, const struct batch *batch, float *gradient,
                      struct score *score, struct message *message)
{
    struct batch half = *batch;

    if (batch->size == 8)
        half.size = 4;
    return naive.engine.gradient(session, theta, &half, gradient, score, message);
}

static int no_gradient(void *session, const float *theta, const struct batch *batch,
                       float *gradient, struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)gradient, (void)score;
    snprintf(message->text, sizeof message->text, "out of order");
    return -1;
}

static void a_biased_gradient_is_seen(void **state)
{
    struct trial trial;

    (void)state;
    faulty = naive.engine;
    faulty.gradient = longer_gradient;
    open_trial(&trial, &faulty, "", "", "which: [sampling], batch_sizes: [8], draws: 3000");
    record(&trial);
    assert_true(drawn(&trial, "bias_statistic", 8, schemes[0])->low > 1);
    assert_true(drawn(&trial, "bias_p", 8, schemes[0])->value < 0.001);
    assert_near(drawn(&trial, "relative_bias", 8, schemes[0])->value, 0.2, 0.2);
    close_trial(&trial);
}

static void a_batch_half_used_is_seen(void **state)
{
    struct trial trial;

    (void)state;
    faulty = naive.engine;
    faulty.gradient = first_half;
    open_trial(&trial, &faulty, "", "", "which: [sampling], batch_sizes: [8]");
    record(&trial);
    assert_near(drawn(&trial, "variance_ratio", 8, schemes[0])->value, 2, 0.15);
    assert_true(drawn(&trial, "variance_ratio", 8, schemes[0])->low > 1.5);
    close_trial(&trial);
}

static void a_failing_engine_is_named(void **state)
{
    static const char *const names[] = {"noise_scale", "sampling", "sharpness", "energy",
                                        "effective_size"};
    struct trial trial;
    char probes[100];

    (void)state;
    faulty = naive.engine;
    faulty.gradient = no_gradient;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(probes, sizeof probes, "which: [%s]", names[i]);
        open_trial(&trial, &faulty, "", "", probes);
        assert_int_equal(prober_open(&trial.prober, &trial.bench.workbench), 0);
        assert_int_equal(prober_observe(trial.prober, &trial.point, trial.theta), -1);
        assert_string_equal(error_text(), "out of order");
        close_trial(&trial);
    }
}

/* ---- Energy, effective size -------------------------------------------------------------------
 */

static void shares_add_up_and_the_worst_tenth_has_the_most(void **state)
{
    static const char *const quantities[] = {"examples_share", "energy_share", "sum_share"};
    struct trial trial;
    char part[32];

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "which: [energy]");
    record(&trial);
    assert_int_equal(trial.count, 3 * (3 + 10));
    for (int q = 0; q < 3; q++) {
        double classes = 0, deciles = 0;

        for (int c = 0; c < 3; c++) {
            snprintf(part, sizeof part, "class %d", c);
            classes += found(&trial, quantities[q], part)->value;
        }
        for (int d = 1; d <= 10; d++) {
            snprintf(part, sizeof part, "decile %d", d);
            deciles += found(&trial, quantities[q], part)->value;
        }
        assert_near(classes, 1, 1e-9);
        assert_near(deciles, 1, 1e-9);
    }
    assert_true(found(&trial, "examples_share", "decile 10")->value == 0.1);
    assert_true(found(&trial, "energy_share", "decile 10")->value >
                2 * found(&trial, "energy_share", "decile 1")->value);
    close_trial(&trial);
}

static void half_of_the_data_has_nearly_its_gradient(void **state)
{
    struct trial trial;
    double distances = 0, predicted = 0;

    (void)state;
    open_trial(&trial, &reference.engine, "", "", "which: [nested]");
    record(&trial);
    /* 500 / 256 = 1, ..., 250; then 500. The first gains nothing. */
    assert_int_equal(trial.count, 3 * 8 + 9 + 8);
    assert_true(drawn(&trial, "cosine", 250, "")->value > 0.95);
    assert_true(drawn(&trial, "cosine", 250, "")->value > drawn(&trial, "cosine", 1, "")->value);
    for (int r = 0; r < trial.count; r++) {
        double weighed = trial.rows[r].value * trial.rows[r].n;

        distances += strcmp(trial.rows[r].quantity, "squared_distance") == 0 ? weighed : 0;
        predicted +=
            strcmp(trial.rows[r].quantity, "squared_distance_predicted") == 0 ? weighed : 0;
    }
    assert_true(distances > predicted / 4 && distances < 4 * predicted); /* of one order */
    /* 1/n (N - n), N = 500 */
    assert_near(drawn(&trial, "squared_distance_predicted", 250, "")->value * 3,
                drawn(&trial, "squared_distance_predicted", 125, "")->value, 1e-12);
    close_trial(&trial);
}

/* Gains add up to the last cosine, 1, and the variance about G_n is what all examples' is. */
static void parts_of_the_data_gain_and_vary(void **state)
{
    struct trial trial;
    struct noise noise;
    double sum;

    (void)state;
    open_trial(&trial, &reference.engine, "", "", "which: [nested]");
    record(&trial);
    sum = drawn(&trial, "cosine", 1, "")->value;
    for (int n = 500; n > 1; n /= 2)
        sum += drawn(&trial, "cosine_gain", n, "")->value;
    assert_near(sum, 1, 1e-12);
    assert_true(drawn(&trial, "trace", 1, "")->value < 1e-5); /* one example has none */
    assert_near(drawn(&trial, "trace", 250, "")->value / drawn(&trial, "trace", 500, "")->value, 1,
                0.2);
    open_scene(&trial);
    assert_int_equal(scene_noise(&trial.scene, &noise), 0);
    assert_near(drawn(&trial, "trace", 500, "")->value, noise.trace, 1e-6);
    close_trial(&trial);
}

static void assert_effective(const char *data, const char *grid, double low, double high)
{
    struct trial trial;
    double effective;

    open_trial(&trial, &naive.engine, data, grid, "which: [effective_size]");
    record(&trial);
    effective = found(&trial, "effective_examples", "")->value;
    if (!(effective >= low && effective <= high))
        fail_msg("%s %s: %g effective examples, expected %g .. %g", data, grid, effective, low,
                 high);
    close_trial(&trial);
}

static void copies_count_once(void **state)
{
    (void)state;
    assert_effective("", "", 499.9, 500.1);
    assert_effective("", "redundancy: 4", 499.9, 500.1); /* of 2000 */
    assert_effective("", "redundancy: 5, redundancy_mode: fill", 99.9, 100.1);
    assert_effective("", "redundancy: 4, copies: jitter", 500.01, 700);
    assert_effective("family: 10, correlation: 1, separation: 0", "", 49.9, 50.1);
    /* Strangers but for their label, which is most of a gradient where nothing tells classes apart.
     */
    assert_effective("family: 10, correlation: 0, separation: 0", "", 55, 400);
}

/* ---- Redraws ---------------------------------------------------------------------------------
 */

/* N_eff of training sets of clusters, and its ratio to what is predicted. */
static void assert_worth(const struct trial *trial, int n, const char *part, double worth)
{
    for (int r = 0; r < trial->count; r++) {
        const struct probe_row *row = &trial->rows[r];

        if (row->batch_size != n || strcmp(row->part, part) != 0)
            continue;
        if (strcmp(row->quantity, "effective_examples_predicted") == 0)
            assert_true(fabs(row->value - worth) < 1e-12);
        if (strcmp(row->quantity, "effective_ratio") == 0) {
            assert_true(row->n >= 400 && row->high - row->low < 0.4);
            assert_true(fabs(row->value - 1) < row->high - row->low); /* 4 standard errors */
            return;
        }
    }
    fail_msg("no ratio of %d examples, %s", n, part);
}

static void a_training_set_of_clusters_is_worth_what_survey_sampling_says(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "",
               "which: [redraws], clusters: 5, members: [1, 6], correlations: [0, 0.5, 1], "
               "draws: 400, precision: 1");
    record(&trial);
    assert_worth(&trial, 5, "correlation 0", 5);
    assert_worth(&trial, 5, "correlation 1", 5);
    assert_worth(&trial, 30, "correlation 0", 30);
    assert_worth(&trial, 30, "correlation 0.5", 30 / 3.5);
    assert_worth(&trial, 30, "correlation 1", 5);
    close_trial(&trial);
}

/* ---- Sharpness --------------------------------------------------------------------------------
 */

/* A quadratic with these curvatures. */
struct bowl {
    double curvatures[3];
    int calls, fail_at;
};

static int bowl_gradient(void *context, const double *theta, double *gradient)
{
    struct bowl *bowl = context;

    for (int j = 0; j < 3; j++)
        gradient[j] = bowl->curvatures[j] * theta[j];
    return ++bowl->calls == bowl->fail_at ? error_set("steep") : 0;
}

static struct sharpness sharpness_of(struct bowl bowl)
{
    const double theta[3] = {1, 2, 3};
    const struct gradient_field field = {&bowl, bowl_gradient, 3};
    struct sharpness found_here;
    struct rng rng;

    rng_init(&rng, 1, RNG_TEST, 0);
    assert_int_equal(sharpness_find(&field, theta, 0.01, 1e-6, 500, &rng, &found_here), 0);
    return found_here;
}

static void the_largest_eigenvalue_of_a_bowl_is_found(void **state)
{
    (void)state;
    assert_near(sharpness_of((struct bowl){.curvatures = {1, 5, 2}}).eigenvalue, 5, 1e-4);
    assert_near(sharpness_of((struct bowl){.curvatures = {3, 3, 3}}).eigenvalue, 3, 1e-9);
    assert_true(sharpness_of((struct bowl){.curvatures = {3, 3, 3}}).residual < 1e-6);
}

static void the_largest_is_not_the_furthest_below(void **state)
{
    (void)state;
    assert_near(sharpness_of((struct bowl){.curvatures = {-9, 4, 1}}).eigenvalue, 4, 1e-4);
    assert_near(sharpness_of((struct bowl){.curvatures = {-9, -4, -2}}).eigenvalue, -2, 1e-4);
}

static void a_plane_has_no_curvature(void **state)
{
    const struct sharpness flat = sharpness_of((struct bowl){.curvatures = {0, 0, 0}});

    (void)state;
    assert_true(flat.eigenvalue == 0 && flat.residual == 0);
}

static void products_are_limited_and_failures_passed_on(void **state)
{
    struct bowl bowl = {.curvatures = {1, 0.999, 0.998}, .fail_at = 5};
    const double theta[3] = {1, 2, 3};
    struct gradient_field field = {&bowl, bowl_gradient, 3};
    struct sharpness here;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, RNG_TEST, 0);
    assert_int_equal(sharpness_find(&field, theta, 0.01, 0, 100, &rng, &here), -1);
    assert_string_equal(error_text(), "steep");
    bowl.fail_at = 0;
    assert_int_equal(sharpness_find(&field, theta, 0.01, 0, 7, &rng, &here), 0);
    assert_int_equal(here.products, 7);
}

/* Of mean squared error on a linear network, whose Hessian is (2/N) sum of (x, 1)(x, 1)'. */
static double curvature_of_regression(const struct scene *scene, size_t inputs)
{
    gsl_matrix *hessian = gsl_matrix_calloc(inputs + 1, inputs + 1);
    gsl_vector *values = gsl_vector_alloc(inputs + 1);
    gsl_eigen_symm_workspace *space = gsl_eigen_symm_alloc(inputs + 1);
    double n = (double)scene->examples.count, largest;

    for (size_t e = 0; e < scene->examples.count; e++)
        for (size_t i = 0; i <= inputs; i++)
            for (size_t j = 0; j <= inputs; j++) {
                size_t row = (size_t)scene->examples.rows[e];
                double x = i < inputs ? examples_feature(&scene->examples, row * inputs + i) : 1;
                double y = j < inputs ? examples_feature(&scene->examples, row * inputs + j) : 1;

                *gsl_matrix_ptr(hessian, i, j) += 2 / n * x * y;
            }
    gsl_eigen_symm(hessian, values, space);
    largest = gsl_vector_max(values);
    gsl_eigen_symm_free(space);
    gsl_vector_free(values);
    gsl_matrix_free(hessian);
    return largest;
}

static void the_curvature_of_least_squares_is_found(void **state)
{
    struct engine_options options = {
        .threads = 1, .variant = "", .max_batch = 100, .precision = PRECISION_SINGLE};
    struct message message;
    struct trial trial = {.engine = &naive.engine};

    (void)state;
    bench_open(&trial.bench,
               "dataset: {name: linear, examples: 300, features: 5, condition: 4}\n"
               "grid: {engine: naive, network: S, batch_size: 20}\nbudget: {epochs: 1}\n"
               "probes: {at: [0], which: [sharpness]}\n",
               &naive.engine, NULL);
    assert_int_equal(naive.engine.open(&trial.bench.workbench.session, &trial.bench.model.network,
                                       &options, &message),
                     0);
    trial.theta = calloc(trial.bench.model.parameters, sizeof(double));
    network_initialize(&trial.bench.model, trial.bench.workbench.cell->network, 3, trial.theta);
    record(&trial);
    open_scene(&trial);
    assert_near(found(&trial, "largest_eigenvalue", "")->value,
                curvature_of_regression(&trial.scene, 5), 0.01);
    close_trial(&trial);
}

/* ---- The others -------------------------------------------------------------------------------
 */

static void activations_are_counted(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "which: [memory]");
    record(&trial);
    assert_int_equal(trial.count, 4);
    assert_true(drawn(&trial, "activation_bytes", 20, "")->value == 4 * 20 * (6 + 7 + 3));
    assert_true(drawn(&trial, "delta_bytes", 20, "")->value == 4 * 20 * (7 + 3));
    assert_true(found(&trial, "gradient_bytes", "")->value == 4 * (7 * 7 + 8 * 3));
    assert_true(found(&trial, "peak_memory_bytes", "")->value > 1e6);
    close_trial(&trial);
}

static void far_apart_classes_are_told_apart_in_every_layer(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "separation: 9", "", "which: [linear_probe]");
    record(&trial);
    assert_int_equal(trial.count, 3);
    assert_true(found(&trial, "accuracy", "layer 0")->value > 0.95);
    assert_true(found(&trial, "accuracy", "layer 1")->value > 0.95);
    assert_true(found(&trial, "accuracy", "layer 2")->low < 1);
    assert_true(found(&trial, "accuracy", "layer 2")->n == 100);
    close_trial(&trial);
}

static void classes_in_one_place_are_not_told_apart(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "separation: 0", "", "which: [linear_probe]");
    record(&trial);
    assert_true(found(&trial, "accuracy", "layer 0")->value < 0.5);
    close_trial(&trial);
}

static void duplicates_are_counted_once(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "which: [duplicates]");
    record(&trial);
    assert_true(found(&trial, "exact_share", "")->value == 0);
    assert_true(found(&trial, "near_share", "cosine 0.999")->value < 0.1);
    assert_int_equal(prober_observe(trial.prober, &trial.point, trial.theta), 0);
    trial.rows = prober_rows(trial.prober, &trial.count);
    assert_int_equal(trial.count, 3); /* the data has not changed since */
    close_trial(&trial);
    open_trial(&trial, &naive.engine, "", "redundancy: 4", "which: [duplicates]");
    record(&trial);
    assert_true(found(&trial, "exact_share", "")->value == 0.75);
    assert_true(found(&trial, "near_share", "cosine 0.99")->value >= 0.75);
    close_trial(&trial);
}

static void predictions_are_the_softmax(void **state)
{
    struct trial trial;
    const struct predictions *all;
    int count;

    (void)state;
    open_trial(&trial, &reference.engine, "", "", "which: [predictions]");
    record(&trial);
    all = prober_predictions(trial.prober, &count);
    assert_int_equal(count, 1);
    assert_int_equal(all->count, 100);
    assert_int_equal(all->classes, 3);
    for (int i = 0; i < all->count; i++) {
        const double *p = all->probabilities + 3 * i;

        assert_near(p[0] + p[1] + p[2], 1, 1e-6);
        assert_in_range(all->labels[i], 0, 2);
    }
    close_trial(&trial);
}

/* ---- In training ------------------------------------------------------------------------------
 */

static void train_probed(struct trial *trial, struct training_result *result)
{
    assert_int_equal(prober_open(&trial->prober, &trial->bench.workbench), 0);
    trial->bench.workbench.observe = trial->prober ? prober_observe : NULL;
    trial->bench.workbench.observer = trial->prober;
    assert_int_equal(train(&trial->bench.workbench, result), 0);
    trial->rows = prober_rows(trial->prober, &trial->count);
}

static void probes_are_recorded_where_they_are_due(void **state)
{
    struct training_result result;
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "at: [0, 0.5, 2], which: [memory]");
    train_probed(&trial, &result);
    assert_int_equal(result.outcome, OUTCOME_BUDGET);
    assert_int_equal(trial.count, 3 * 4);
    assert_true(trial.rows[0].epoch == 0 && trial.rows[0].update == 0);
    assert_true(trial.rows[4].examples == 260); /* the first update past 250 */
    assert_true(trial.rows[8].epoch == 2);
    /* Evaluations: 0, 100, 317, 1000 by the schedule, and one for the probe. */
    assert_int_equal(result.curve_count, 5);
    assert_true(result.curve[2].examples == 260);
    training_free(&result);
    close_trial(&trial);
}

static void every_other_evaluation_is_probed(void **state)
{
    struct training_result result;
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "at: [], every: 2, which: [memory]");
    train_probed(&trial, &result);
    assert_int_equal(result.curve_count, 4);
    assert_int_equal(trial.count, 2 * 4);
    assert_true(trial.rows[4].examples == 320);
    training_free(&result);
    close_trial(&trial);
}

static void the_last_evaluation_is_probed_once(void **state)
{
    struct training_result result;
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "at: [], end: true, which: [memory]");
    train_probed(&trial, &result);
    assert_int_equal(trial.count, 4);
    assert_true(trial.rows[0].epoch == 2);
    training_free(&result);
    close_trial(&trial);

    open_trial(&trial, &naive.engine, "", "", "at: [2], end: true, which: [memory]");
    train_probed(&trial, &result);
    assert_int_equal(trial.count, 4);
    training_free(&result);
    close_trial(&trial);
}

static void probes_do_not_change_what_is_trained(void **state)
{
    static const char *const probes[] = {
        "at: [0, 1], which: [memory]",
        "at: [0, 1], which: [noise_scale, sampling, sharpness, energy, effective_size, "
        "linear_probe, duplicates, predictions, nested, second_moment], draws: 5",
    };
    double losses[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct training_result result;
        struct trial trial;

        open_trial(&trial, &naive.engine, "", "", probes[i]);
        train_probed(&trial, &result);
        losses[i] = result.curve[result.curve_count - 1].train.loss;
        training_free(&result);
        close_trial(&trial);
    }
    assert_true(losses[0] == losses[1]);
}

static int cannot_look(void *observer, const struct curve_point *point, const void *theta)
{
    (void)observer, (void)point, (void)theta;
    return error_set("too dark");
}

static void a_probe_that_fails_fails_the_cell(void **state)
{
    struct training_result result;
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, "", "", "which: [memory]");
    trial.bench.workbench.observe = cannot_look;
    assert_int_equal(train(&trial.bench.workbench, &result), 0);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_string_equal(result.reason, "too dark");
    training_free(&result);
    close_trial(&trial);
}

static void without_probes_there_is_no_prober(void **state)
{
    struct prober *prober;
    struct bench bench;
    int count = 7;

    (void)state;
    bench_open(&bench, "dataset: {name: blobs, examples: 100}\nbudget: {epochs: 1}\n",
               &naive.engine, NULL);
    assert_int_equal(prober_open(&prober, &bench.workbench), 0);
    assert_null(prober);
    assert_null(prober_rows(prober, &count));
    assert_int_equal(count, 0);
    prober_close(prober);
    bench_close(&bench);
}

static int open_engines(void **state)
{
    struct message message;

    if (scratch_open(state) != 0 || registry_load(&reference, "reference", &message) != 0)
        return -1;
    return registry_load(&naive, "naive", &message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_of_dense_layers_are_those_of_the_engine),
        cmocka_unit_test(norms_know_every_activation_and_squared_errors),
        cmocka_unit_test(exact_and_two_batch_noise_agree),
        cmocka_unit_test(examples_limits_the_population),
        cmocka_unit_test(mini_batches_vary_as_predicted),
        cmocka_unit_test(importance_is_unbiased_and_varies_as_predicted),
        cmocka_unit_test(all_examples_without_replacement_are_not_drawn),
        cmocka_unit_test(the_cells_own_batch_size_is_what_is_drawn_else),
        cmocka_unit_test(a_biased_gradient_is_seen),
        cmocka_unit_test(a_batch_half_used_is_seen),
        cmocka_unit_test(a_failing_engine_is_named),
        cmocka_unit_test(shares_add_up_and_the_worst_tenth_has_the_most),
        cmocka_unit_test(parts_of_the_data_gain_and_vary),
        cmocka_unit_test(half_of_the_data_has_nearly_its_gradient),
        cmocka_unit_test(copies_count_once),
        cmocka_unit_test(a_training_set_of_clusters_is_worth_what_survey_sampling_says),
        cmocka_unit_test(the_largest_eigenvalue_of_a_bowl_is_found),
        cmocka_unit_test(the_largest_is_not_the_furthest_below),
        cmocka_unit_test(a_plane_has_no_curvature),
        cmocka_unit_test(products_are_limited_and_failures_passed_on),
        cmocka_unit_test(the_curvature_of_least_squares_is_found),
        cmocka_unit_test(activations_are_counted),
        cmocka_unit_test(far_apart_classes_are_told_apart_in_every_layer),
        cmocka_unit_test(classes_in_one_place_are_not_told_apart),
        cmocka_unit_test(duplicates_are_counted_once),
        cmocka_unit_test(predictions_are_the_softmax),
        cmocka_unit_test(probes_are_recorded_where_they_are_due),
        cmocka_unit_test(every_other_evaluation_is_probed),
        cmocka_unit_test(the_last_evaluation_is_probed_once),
        cmocka_unit_test(probes_do_not_change_what_is_trained),
        cmocka_unit_test(a_probe_that_fails_fails_the_cell),
        cmocka_unit_test(without_probes_there_is_no_prober),
    };

    return cmocka_run_group_tests(tests, open_engines, scratch_close);
}
