/* The linear probe of networks with convolutions: that its forward pass is the engine's, that it is
 * the dense one where they are the same, and that it finds what a known layer makes linear. */
#include "probe/forward.h"
#include "probe/probe.h"
#include "registry.h"
#include "train/call.h"
#include "train/step.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loaded_engine reference;

#define PROBED                                                                                     \
    "grid: {engine: reference, network: own, batch_size: 20}\nbudget: {epochs: 1}\n"               \
    "evaluation: {train_examples: 100}\nprobes: {at: [0], which: [linear_probe]}\n"

/* accuracies[layers + 1] at theta; NULL: the initial one */
static void probe(const char *data, const float *theta, int layers, double *accuracies)
{
    char text[800];
    struct bench bench;
    struct prober *prober;
    struct curve_point point = {0};
    const struct probe_row *rows;
    float *initial;
    int count;

    snprintf(text, sizeof text, "%s" PROBED, data);
    bench_open(&bench, text, &reference.engine, NULL);
    initial = calloc(bench.model.parameters, sizeof *initial);
    network_initialize(&bench.model, bench.workbench.cell->network, 3, initial);
    if (prober_open(&prober, &bench.workbench) != 0 ||
        prober_observe(prober, &point, theta ? theta : initial) != 0)
        fail_msg("%s", error_text());
    rows = prober_rows(prober, &count);
    assert_int_equal(count, layers + 1);
    for (int l = 0; l <= layers; l++) {
        char part[32];

        snprintf(part, sizeof part, "layer %d", l);
        assert_string_equal(rows[l].part, part);
        accuracies[l] = rows[l].value;
    }
    free(initial);
    prober_close(prober);
    bench_close(&bench);
}

/* ---- The forward pass -------------------------------------------------------------------------
 */

/* Mean cross-entropy of the pass's last layer. */
static double loss_of(const struct bench *bench, const double *theta, size_t count)
{
    const struct network *network = &bench->model.network;
    const struct examples *train = &bench->workbench.train;
    int classes = bench->workbench.classes;
    struct forward_pass *pass;
    double loss = 0;

    assert_int_equal(forward_open(&pass, network), 0);
    for (size_t first = 0; first < count; first += FORWARD_LANES) {
        size_t size = count - first < FORWARD_LANES ? count - first : FORWARD_LANES;
        const double *a;

        forward_run(pass, theta, train, train->rows + first, size);
        a = forward_layer(pass, network->layer_count);
        for (size_t e = 0; e < size; e++) {
            double sum = 0;

            for (int c = 0; c < classes; c++)
                sum += exp(a[c * FORWARD_LANES + (int)e]);
            loss += log(sum) - a[(size_t)train->labels[train->rows[first + e]] * FORWARD_LANES + e];
        }
    }
    forward_close(pass);
    return loss / (double)count;
}

static void the_pass_computes_what_the_engine_does(void **state)
{
    static const char *const layers[] = {
        "conv2d: {channels: 3, kernel: 3, padding: same, activation: tanh}, maxpool2d: {kernel: "
        "2}, "
        "conv2d: {channels: 4, kernel: [2, 1]}, dense: 5",
        "conv2d: {channels: 2, kernel: [1, 3], padding: 0, activation: sigmoid}, maxpool2d: "
        "{kernel: "
        "[2, 3], stride: [2, 1]}",
        "maxpool2d: {kernel: 3}, dense: 4",
    };

    (void)state;
    for (size_t n = 0; n < sizeof layers / sizeof *layers; n++) {
        struct engine_options options = {
            .threads = 1, .variant = "", .max_batch = 100, .precision = PRECISION_DOUBLE};
        struct message message = {""};
        char text[800];
        struct bench bench;
        struct score score;
        struct batch batch;
        double *theta;
        void *session;

        snprintf(text, sizeof text,
                 "dataset: {name: blobs, examples: 90, features: 72, classes: 3, validation: 20, "
                 "shape: [2, 6, 6]}\nnetworks: {own: {layers: [%s]}}\n" PROBED,
                 layers[n]);
        bench_open(&bench, text, &reference.engine, NULL);
        theta = calloc(bench.model.parameters, sizeof *theta);
        for (size_t j = 0; j < bench.model.parameters; j++)
            theta[j] = sin((double)j * 1.7) / 4;
        if (reference.engine.open(&session, &bench.model.network, &options, &message) != 0)
            fail_msg("%s", message.text);
        batch = batch_of(&bench.workbench.train);
        batch.rows = bench.workbench.train.rows;
        batch.size = 70;
        if (reference.engine.loss64(session, theta, &batch, &score, &message) != 0)
            fail_msg("%s", message.text);
        if (!(fabs(loss_of(&bench, theta, 70) - score.loss) <= 1e-12 * score.loss))
            fail_msg("network %zu: %.17g, the engine has %.17g", n, loss_of(&bench, theta, 70),
                     score.loss);
        reference.engine.close(session);
        free(theta);
        bench_close(&bench);
    }
}

/* ---- The probe --------------------------------------------------------------------------------
 */

#define BLOBS(shape, layers)                                                                       \
    "dataset: {name: blobs, examples: 500, features: 6, classes: 3, clusters: 2, validation: "     \
    "200" shape "}\nnetworks: {own: {" layers "}}\n"

static void a_convolution_of_one_pixel_is_a_dense_layer(void **state)
{
    double dense[3], convolution[3];

    (void)state;
    probe(BLOBS("", "activation: tanh, hidden: [7]"), NULL, 2, dense);
    probe(
        BLOBS(", shape: [6, 1, 1]", "activation: tanh, layers: [conv2d: {channels: 7, kernel: 1}]"),
        NULL, 2, convolution);
    for (int l = 0; l <= 2; l++)
        assert_true(dense[l] == convolution[l]);
    assert_true(dense[1] > 0.4 && dense[1] < 1);
}

/* x = (a, b, 0, -a, -b) with a and b near 1 or -1; the class is whether they have the same sign.
 * The sums of neighbours are linear in x, and do not tell it. Their largest is 2 if the signs are
 * the same, 0 or 1 if not. */
static void a_class_is_found_from_the_layer_that_makes_it_linear(void **state)
{
    /* neighbours' weights and bias; two outputs of the one feature */
    static const float theta[] = {1, 1, 0, 1, -1, 0, 0.5f};
    static char text[100000];
    double accuracies[4];
    char data[600];

    (void)state;
    strcpy(text, "a,b,c,d,e,same\n");
    for (int i = 0; i < 800; i++) {
        double a = (i & 1 ? 1 : -1) + 0.1 * sin(i), b = (i & 2 ? 1 : -1) + 0.1 * cos(2 * i);

        sprintf(text + strlen(text), "%.4f,%.4f,0,%.4f,%.4f,%s\n", a, b, -a, -b,
                (a > 0) == (b > 0) ? "yes" : "no");
    }
    scratch_write("xor.csv", text, strlen(text));
    snprintf(data, sizeof data,
             "dataset: {name: csv, path: xor.csv, label: same, validation: 300, shape: [1, 1, 5], "
             "scaling: none}\n"
             "networks: {own: {layers: [conv2d: {channels: 1, kernel: [1, 2], activation: "
             "identity}, maxpool2d: {kernel: [1, 4]}]}}\n");
    probe(data, theta, 3, accuracies);
    assert_true(accuracies[0] < 0.65);
    assert_true(accuracies[1] < 0.65);
    assert_true(accuracies[2] == 1);
    assert_true(accuracies[3] == 1);
}

/* 1 600 pixels, and 36 channels of 20 x 20: both are averaged down, to 32 x 32 and 5 x 5. */
static void large_maps_are_averaged_down(void **state)
{
    double accuracies[4];

    (void)state;
    probe("dataset: {name: blobs, examples: 300, features: 1600, classes: 2, validation: 100, "
          "shape: [1, 40, 40]}\n"
          "networks: {own: {layers: [conv2d: {channels: 36, kernel: 3, padding: same}, maxpool2d: "
          "{kernel: 2}]}}\n",
          NULL, 3, accuracies);
    assert_true(accuracies[0] > 0.9);
    assert_true(accuracies[1] > 0.7);
    assert_true(accuracies[2] > 0.7);
}

static int open_engine(void **state)
{
    return scratch_open(state) != 0 ||
                   registry_load(&reference, "reference", &(struct message){""}) != 0
               ? -1
               : 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pass_computes_what_the_engine_does),
        cmocka_unit_test(a_convolution_of_one_pixel_is_a_dense_layer),
        cmocka_unit_test(a_class_is_found_from_the_layer_that_makes_it_linear),
        cmocka_unit_test(large_maps_are_averaged_down),
    };

    return cmocka_run_group_tests(tests, open_engine, scratch_close);
}
