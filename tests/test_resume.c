/* Runs that are broken off and gone on with: whatever the rule, the sampler and the moment, the
 * result is that of an unbroken one, bit by bit. */
#include "base/error.h"
#include "probe/probe.h"
#include "reference_fixture.h"
#include "train/rule.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEY "a cell of a test\n"

/* In place of the C library's: thousands of checkpoints need not outlive a power cut. */
int fsync(int descriptor)
{
    (void)descriptor;
    return 0;
}

enum { PROCESSES_MAX = 40 };

static struct bench bench;

/* The engine of the test: the reference, until it has been called so often. A process that is
 * killed leaves no more behind. */
static struct mortal {
    void *session;
    long calls, last; /* so far; the one that fails, 0: none does */
} mortal;

static int dies(struct message *message)
{
    if (++mortal.calls != mortal.last)
        return 0;
    snprintf(message->text, sizeof message->text, "killed");
    return 1;
}

static int mortal_loss(void *session, const float *theta, const struct batch *batch,
                       struct score *score, struct message *message)
{
    (void)session;
    return dies(message) ? -1 : reference.engine.loss(mortal.session, theta, batch, score, message);
}

static int mortal_gradient(void *session, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    (void)session;
    return dies(message)
               ? -1
               : reference.engine.gradient(mortal.session, theta, batch, gradient, score, message);
}

/* A step in one piece, as engines have it that leave no gradient. */
static int mortal_step(void *session, float *theta, const struct batch *batch, float rate,
                       struct score *score, struct message *message)
{
    float gradient[200];

    if (mortal_gradient(session, theta, batch, gradient, score, message) != 0)
        return -1;
    for (size_t j = 0; j < bench.model.parameters; j++)
        theta[j] -= rate * gradient[j];
    return 0;
}

static int mortal_loss64(void *session, const double *theta, const struct batch *batch,
                         struct score *score, struct message *message)
{
    (void)session;
    return dies(message) ? -1
                         : reference.engine.loss64(mortal.session, theta, batch, score, message);
}

static int mortal_gradient64(void *session, const double *theta, const struct batch *batch,
                             double *gradient, struct score *score, struct message *message)
{
    (void)session;
    return dies(message) ? -1
                         : reference.engine.gradient64(mortal.session, theta, batch, gradient,
                                                       score, message);
}

static const struct engine plain = {.loss = mortal_loss,
                                    .gradient = mortal_gradient,
                                    .loss64 = mortal_loss64,
                                    .gradient64 = mortal_gradient64};
static const struct engine fused = {.loss = mortal_loss,
                                    .gradient = mortal_gradient,
                                    .sgd_step = mortal_step,
                                    .loss64 = mortal_loss64,
                                    .gradient64 = mortal_gradient64};

/* ---- One process and the next -----------------------------------------------------------------
 */

static struct training_result whole, broken;

static const char *path(void)
{
    return scratch_path("checkpoint");
}

static void open_bench(const char *yaml, const struct engine *engine)
{
    struct engine_options options = {.max_batch = 1000, .threads = 1, .variant = ""};
    struct message message;

    bench_open(&bench, yaml, engine, NULL);
    options.precision = bench.workbench.cell->settings.precision;
    if (reference.engine.open(&mortal.session, &bench.model.network, &options, &message) != 0)
        fail_msg("%s", message.text);
    unlink(path());
}

static void close_bench(void)
{
    training_free(&whole);
    training_free(&broken);
    reference.engine.close(mortal.session);
    bench_close(&bench);
}

/* One process: from the checkpoint, if there is one, to the end or to this call of the engine. */
static void train_until(long last_call, long updates, struct training_result *result)
{
    bench.workbench.checkpoint = (struct checkpointing){
        .path = updates > 0 ? path() : NULL, .key = KEY, .seconds = 1e9, .updates = updates};
    mortal.calls = 0;
    mortal.last = last_call;
    if (train(&bench.workbench, result) != 0)
        fail_msg("%s", error_text());
}

/* Nothing but seconds may differ. */
static void is_the_same(const struct training_result *a, const struct training_result *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_string_equal(a->reason, b->reason);
    assert_int_equal(a->updates, b->updates);
    assert_memory_equal(&a->examples, &b->examples, sizeof a->examples);
    assert_int_equal(a->curve_count, b->curve_count);
    for (int i = 0; i < a->curve_count; i++) {
        struct curve_point p = a->curve[i], q = b->curve[i];

        p.train_seconds = q.train_seconds = 0;
        if (memcmp(&p, &q, sizeof p) != 0)
            fail_msg("evaluation %d of %d, update %ld: differs from update %ld, loss %.17g from "
                     "%.17g",
                     i, a->curve_count, p.update, q.update, p.train.loss, q.train.loss);
    }
    for (int t = 0; t < EXPERIMENT_TARGETS_MAX; t++) {
        struct target_cost p = a->costs[t], q = b->costs[t];

        assert_int_equal(p.seconds == NOT_APPLICABLE, q.seconds == NOT_APPLICABLE);
        p.seconds = q.seconds = 0;
        assert_memory_equal(&p, &q, sizeof p);
    }
    assert_memory_equal(&a->test, &b->test, sizeof a->test);
    assert_memory_equal(&a->best_validation_error, &b->best_validation_error,
                        sizeof a->best_validation_error);
}

/* Seconds do not run backwards where one process follows another. */
static void time_goes_on(const struct training_result *result)
{
    for (int i = 1; i < result->curve_count; i++)
        assert_true(result->curve[i].train_seconds >= result->curve[i - 1].train_seconds);
    for (int i = 1; i < result->resumption_count; i++) {
        assert_true(result->resumptions[i].updates >= result->resumptions[i - 1].updates);
        assert_true(result->resumptions[i].seconds > result->resumptions[i - 1].seconds);
    }
    assert_true(result->train_seconds >=
                result->resumptions[result->resumption_count - 1].train_seconds);
}

/* Breaks the run off again and again, after a third of an unbroken one's calls and each time one
 * more; a checkpoint is left every so many updates. */
static void breaks_off(long updates, long calls)
{
    int processes = 0;

    do {
        training_free(&broken);
        assert_true(processes < PROCESSES_MAX);
        train_until(calls / 3 + processes, updates, &broken);
        assert_int_equal(broken.resumption_count > 0, processes > 0);
        processes++;
    } while (broken.outcome == OUTCOME_FAILED);
    assert_true(processes > 2);
    time_goes_on(&broken);
}

static void survives(const char *yaml, const struct engine *engine)
{
    long calls;

    open_bench(yaml, engine);
    train_until(0, 0, &whole);
    calls = mortal.calls;
    if (whole.outcome == OUTCOME_FAILED)
        fail_msg("%s", whole.reason);
    assert_int_equal(whole.resumption_count, 0);
    assert_false(tree_exists(path()));
    breaks_off(3, calls);
    is_the_same(&whole, &broken);
    close_bench();
}

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 120, features: 4, classes: 3, validation: 20, test: 20}\n"   \
    "evaluation: {every: 60}\n"                                                                    \
    "schedules: {s: {kind: cosine, unit: updates, length: 40, batch_at: [10, 20], batch_factor: "  \
    "3},\n"                                                                                        \
    "  e: {kind: exponential, batch_at: [0.4], batch_factor: 2}}\n"

/* ---- What is gone on with ---------------------------------------------------------------------
 */

/* Two epochs and a half of 80 examples in batches of 7. */
static void every_rule_with_every_sampler(void **state)
{
    static const char *const samplers[] = {"reshuffle",
                                           "once",
                                           "none",
                                           "block_shuffle, block: 9",
                                           "with_replacement",
                                           "importance, weighting: norm",
                                           "weighted, weighting: norm",
                                           "balanced"};
    const size_t all = sizeof samplers / sizeof *samplers;

    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        /* Not every rule knows of losses that are weighed, or of draws that are not uniform. */
        size_t known = rule->needs & NEEDS_EACH ? all - 3 : rule->needs & NEEDS_ALL ? all - 2 : all;

        for (size_t s = 0; s < known; s++) {
            char yaml[1000];

            print_message("%s, %s\n", rule->name, samplers[s]);
            snprintf(yaml, sizeof yaml,
                     DATA "budget: {updates: 30}\n"
                          "grid: {precision: double, engine: reference, network: S, "
                          "batch_size: 7, learning_rate: 0.05, seed: 3, "
                          "optimizer: %s, sampler: %s}\n",
                     rule->name, samplers[s]);
            survives(yaml, &plain);
        }
    }
}

/* Examples that are made as they are drawn, in orders that are computed. */
static void generated_examples(void **state)
{
    static const char *const samplers[] = {"reshuffle", "once", "none, last_batch: keep",
                                           "block_shuffle, block: 9", "with_replacement"};

    (void)state;
    for (size_t s = 0; s < sizeof samplers / sizeof *samplers; s++) {
        char yaml[1000];

        snprintf(yaml, sizeof yaml,
                 "dataset: {name: generated, examples: 100, features: 5, classes: 3, "
                 "validation: 20}\n"
                 "budget: {updates: 30}\n"
                 "grid: {precision: double, engine: reference, network: S, batch_size: 7, "
                 "learning_rate: 0.05, seed: 3, sampler: %s}\n",
                 samplers[s]);
        survives(yaml, &plain);
    }
}

static void whatever_else_a_run_remembers(void **state)
{
    static const char *const grids[] = {
        "batch_size: 7, precision: single",
        "batch_size: 7, last_batch: keep",
        "batch_size: 7, last_batch: keep, optimizer: saga",
        "batch_size: 7, gradient_noise: 0.1",
        "batch_size: 7, delay: 4",
        "batch_size: 7, delay: 4, micro_batch: 2, optimizer: momentum",
        "batch_size: 2, schedule: s",
        "batch_size: 3, schedule: e, last_batch: keep, optimizer: adam",
        "batch_size: 7, class_weights: inverse, l2: 0.1, clip_norm: 0.5",
        "batch_size: 7, optimizer: asgd, average_from: 0.5",
        "batch_size: 7, optimizer: svrg, snapshot_epochs: 0.7",
        "batch_size: full, optimizer: nadam",
        "batch_size: 7, subset: 40, redundancy: 2, label_noise: 0.1",
    };

    (void)state;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        char yaml[1000];

        print_message("%s\n", grids[g]);
        snprintf(yaml, sizeof yaml,
                 DATA "budget: {updates: 40}\n"
                      "grid: {%s engine: reference, network: S, learning_rate: 0.05, %s}\n",
                 strstr(grids[g], "precision") ? "" : "precision: double,", grids[g]);
        survives(yaml, &plain);
    }
}

/* Of the batches since the last evaluation, and of gradients that such a step does not leave. */
static void a_step_in_one_piece(void **state)
{
    (void)state;
    survives(DATA "budget: {updates: 40}\n"
                  "grid: {engine: reference, network: S, batch_size: 7, learning_rate: 0.05}\n",
             &fused);
}

static void however_it_ends(void **state)
{
    static const struct {
        const char *budget, *rest;
        enum outcome outcome;
        const char *reason;
    } ends[] = {
        {"epochs: 3.3", "", OUTCOME_BUDGET, "budget: epochs"},
        {"examples: 300", "", OUTCOME_BUDGET, "budget: examples"},
        {"updates: 400, patience: 3", "learning_rate: 0.9", OUTCOME_BUDGET, "budget: patience"},
        {"updates: 400, until: all", "targets: {train_loss: [1.3, 1.2]}", OUTCOME_REACHED,
         "all targets reached"},
        {"updates: 400", "", OUTCOME_DEAD, "no better than chance after an epoch, twice running"},
        {"updates: 400", "learning_rate: 1e4", OUTCOME_DIVERGED,
         "training loss above 4 times the initial, twice running"},
    };

    (void)state;
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        int has_rate = strstr(ends[e].rest, "rate") != NULL;
        char yaml[1000];

        print_message("%s %s\n", ends[e].budget, ends[e].rest);
        snprintf(yaml, sizeof yaml,
                 DATA
                 "budget: {%s}\n%s\n"
                 "grid: {precision: double, engine: reference, network: S, batch_size: 4, %s}\n",
                 ends[e].budget, has_rate ? "" : ends[e].rest,
                 has_rate ? ends[e].rest : "learning_rate: 0.05");
        open_bench(yaml, &plain);
        train_until(0, 0, &whole);
        assert_int_equal(whole.outcome, ends[e].outcome);
        assert_string_equal(whole.reason, ends[e].reason);
        breaks_off(1, mortal.calls);
        is_the_same(&whole, &broken);
        close_bench();
    }
}

/* Long between two evaluations, all over the place. */
static void at_any_update(void **state)
{
    long calls;

    (void)state;
    open_bench(DATA "budget: {updates: 30}\n"
                    "grid: {precision: double, engine: reference, network: S, batch_size: 7, "
                    "learning_rate: 0.05, optimizer: nesterov}\n",
               &plain);
    train_until(0, 0, &whole);
    calls = mortal.calls;
    for (long last = 2; last <= calls; last++) {
        unlink(path());
        train_until(last, 1, &broken);
        assert_int_equal(broken.outcome, OUTCOME_FAILED);
        training_free(&broken);
        train_until(0, 1, &broken);
        is_the_same(&whole, &broken);
        training_free(&broken);
    }
    close_bench();
}

static void varied_images(void **state)
{
    enum { IMAGES = 60, PIXELS = 36 };
    static uint8_t bytes[16 + IMAGES * PIXELS];
    size_t header = scratch_idx_header(bytes, IMAGES, 6, 6);

    (void)state;
    for (size_t i = 0; i < IMAGES * PIXELS; i++)
        bytes[header + i] = (uint8_t)(i * i % 251);
    scratch_write("images", bytes, header + IMAGES * PIXELS);
    header = scratch_idx_header(bytes, IMAGES, 0, 0);
    for (size_t i = 0; i < IMAGES; i++)
        bytes[header + i] = (uint8_t)(i % 3);
    scratch_write("labels", bytes, header + IMAGES);
    survives("dataset: {name: idx, images: images, labels: labels, validation: 10, test: 10}\n"
             "augmentations: {all: {shift: 1, flip: 0.5, noise: 0.1, crop: 2}}\n"
             "budget: {updates: 30}\nevaluation: {every: 30}\n"
             "grid: {engine: reference, network: S, batch_size: 4, learning_rate: 0.05, "
             "augmentation: all, precision: double}\n",
             &plain);
}

/* ---- Probes -----------------------------------------------------------------------------------
 */

#define PROBED                                                                                     \
    DATA "budget: {updates: 20}\n"                                                                 \
         "probes: {every: 1, end: true, draws: 8, small_batch: 4, large_batch: 40, "               \
         "which: [noise_scale, sampling, energy, predictions, second_moment, duplicates]}\n"       \
         "grid: {precision: double, engine: reference, network: S, batch_size: 7, "                \
         "learning_rate: 0.05}\n"

static struct prober *train_with_probes(long last_call, long updates,
                                        struct training_result *result)
{
    struct prober *prober;

    if (prober_open(&prober, &bench.workbench) != 0)
        fail_msg("%s", error_text());
    bench.workbench.observe = prober_observe;
    bench.workbench.observer = prober;
    bench.workbench.keep = prober_checkpoint;
    train_until(last_call, updates, result);
    return prober;
}

static void same_rows(const struct prober *a, const struct prober *b)
{
    const struct probe_row *p, *q;
    int count, other;

    p = prober_rows(a, &count);
    q = prober_rows(b, &other);
    assert_int_equal(count, other);
    assert_true(count > 100);
    for (int i = 0; i < count; i++) {
        assert_string_equal(p[i].probe, q[i].probe);
        assert_string_equal(p[i].quantity, q[i].quantity);
        assert_string_equal(p[i].part, q[i].part);
        assert_string_equal(p[i].sampling, q[i].sampling);
        assert_int_equal(p[i].update, q[i].update);
        assert_int_equal(p[i].batch_size, q[i].batch_size);
        assert_memory_equal(&p[i].value, &q[i].value, sizeof p[i].value);
        assert_memory_equal(&p[i].low, &q[i].low, sizeof p[i].low);
        assert_memory_equal(&p[i].high, &q[i].high, sizeof p[i].high);
        assert_memory_equal(&p[i].n, &q[i].n, sizeof p[i].n);
        assert_memory_equal(&p[i].epoch, &q[i].epoch, sizeof p[i].epoch);
    }
}

static void same_predictions(const struct prober *a, const struct prober *b)
{
    const struct predictions *p, *q;
    int count, other;

    p = prober_predictions(a, &count);
    q = prober_predictions(b, &other);
    assert_int_equal(count, other);
    assert_true(count > 2);
    for (int i = 0; i < count; i++) {
        assert_int_equal(p[i].update, q[i].update);
        assert_int_equal(p[i].count, q[i].count);
        assert_int_equal(p[i].classes, q[i].classes);
        assert_memory_equal(p[i].labels, q[i].labels, (size_t)p[i].count * sizeof *p[i].labels);
        assert_memory_equal(p[i].probabilities, q[i].probabilities,
                            (size_t)(p[i].count * p[i].classes) * sizeof *p[i].probabilities);
    }
}

static void what_probes_have_found(void **state)
{
    struct prober *unbroken, *prober = NULL;
    int processes = 0;
    long calls;

    (void)state;
    open_bench(PROBED, &plain);
    unbroken = train_with_probes(0, 0, &whole);
    calls = mortal.calls;
    do {
        prober_close(prober);
        training_free(&broken);
        assert_true(processes < PROCESSES_MAX);
        prober = train_with_probes(calls / 2 + processes, 1, &broken);
        processes++;
    } while (broken.outcome == OUTCOME_FAILED);
    assert_true(processes > 1);
    is_the_same(&whole, &broken);
    same_rows(unbroken, prober);
    same_predictions(unbroken, prober);
    prober_close(unbroken);
    prober_close(prober);
    close_bench();
}

static int look_away(void *observer, const struct curve_point *point, const void *theta)
{
    (void)observer, (void)point, (void)theta;
    return 0;
}

static void who_cannot_be_kept_begins_anew(void **state)
{
    (void)state;
    open_bench(PROBED, &plain);
    bench.workbench.observe = look_away;
    train_until(0, 1, &whole);
    assert_int_equal(whole.outcome, OUTCOME_BUDGET);
    assert_false(tree_exists(path()));
    close_bench();
}

/* ---- What is not gone on with -----------------------------------------------------------------
 */

#define SHORT                                                                                      \
    DATA "budget: {updates: 20}\n"                                                                 \
         "grid: {precision: double, engine: reference, network: S, batch_size: 7, "                \
         "learning_rate: 0.05}\n"

/* As a run that was broken off left it; and the result of an unbroken one. */
static void leave_checkpoint(void)
{
    open_bench(SHORT, &plain);
    train_until(0, 0, &whole);
    train_until(mortal.calls / 2, 1, &broken);
    assert_int_equal(broken.outcome, OUTCOME_FAILED);
    assert_true(tree_exists(path()));
    training_free(&broken);
}

static void begins_anew(void)
{
    train_until(0, 1000, &broken);
    assert_int_equal(broken.resumption_count, 0);
    assert_true(broken.earlier_seconds == 0);
    is_the_same(&whole, &broken);
    assert_false(tree_exists(path()));
    close_bench();
}

static void a_damaged_checkpoint_is_no_harm(void **state)
{
    static unsigned char bytes[1 << 16];
    size_t size;

    (void)state;
    leave_checkpoint();
    size = scratch_read(path(), bytes, sizeof bytes);
    bytes[size / 2] ^= 16;
    scratch_write("checkpoint", bytes, size);
    begins_anew();
    leave_checkpoint();
    size = scratch_read(path(), bytes, sizeof bytes);
    scratch_write("checkpoint", bytes, size - 5);
    begins_anew();
    leave_checkpoint();
    scratch_write("checkpoint", "", 0);
    begins_anew();
}

static void another_cells_checkpoint_is_not_used(void **state)
{
    struct checkpointing other;

    (void)state;
    leave_checkpoint();
    other = bench.workbench.checkpoint;
    other.key = "another cell\n";
    bench.workbench.checkpoint = other;
    mortal.last = 0;
    assert_int_equal(train(&bench.workbench, &broken), 0);
    assert_int_equal(broken.resumption_count, 0);
    is_the_same(&whole, &broken);
    close_bench();
}

/* Of the same key: only a mistake in this program makes such a file. */
static void a_checkpoint_of_something_else_fails_the_cell_once(void **state)
{
    char shorter[] = DATA "budget: {updates: 20}\n"
                          "grid: {precision: single, engine: reference, network: S, "
                          "batch_size: 7, learning_rate: 0.05}\n";

    (void)state;
    open_bench(shorter, &plain);
    train_until(0, 2, &whole);
    training_free(&whole);
    reference.engine.close(mortal.session);
    bench_close(&bench);
    assert_int_equal(rename(path(), scratch_path("other")), 0);

    open_bench(SHORT, &plain);
    assert_int_equal(rename(scratch_path("other"), path()), 0);
    train_until(0, 2, &broken);
    assert_int_equal(broken.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(broken.reason, "expected 'theta' of 120"));
    assert_false(tree_exists(path()));
    training_free(&broken);
    train_until(0, 0, &whole);
    train_until(0, 1000, &broken);
    is_the_same(&whole, &broken);
    close_bench();
}

static void where_none_can_be_written_the_run_goes_on(void **state)
{
    struct checkpointing nowhere = {
        .path = "/proc/none/checkpoint", .key = KEY, .seconds = 1e9, .updates = 1};

    (void)state;
    open_bench(SHORT, &plain);
    train_until(0, 0, &whole);
    bench.workbench.checkpoint = nowhere;
    assert_int_equal(train(&bench.workbench, &broken), 0);
    is_the_same(&whole, &broken);
    close_bench();
}

/* By the clock: however often that turns out to be, it changes nothing. */
static void the_clock_decides_nothing_else(void **state)
{
    (void)state;
    open_bench(SHORT, &plain);
    train_until(0, 0, &whole);
    bench.workbench.checkpoint =
        (struct checkpointing){.path = path(), .key = KEY, .seconds = 1e-9};
    assert_int_equal(train(&bench.workbench, &broken), 0);
    is_the_same(&whole, &broken);
    close_bench();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_with_every_sampler),
        cmocka_unit_test(generated_examples),
        cmocka_unit_test(whatever_else_a_run_remembers),
        cmocka_unit_test(a_step_in_one_piece),
        cmocka_unit_test(however_it_ends),
        cmocka_unit_test(at_any_update),
        cmocka_unit_test(varied_images),
        cmocka_unit_test(what_probes_have_found),
        cmocka_unit_test(who_cannot_be_kept_begins_anew),
        cmocka_unit_test(a_damaged_checkpoint_is_no_harm),
        cmocka_unit_test(another_cells_checkpoint_is_not_used),
        cmocka_unit_test(a_checkpoint_of_something_else_fails_the_cell_once),
        cmocka_unit_test(where_none_can_be_written_the_run_goes_on),
        cmocka_unit_test(the_clock_decides_nothing_else),
    };

    return cmocka_run_group_tests(tests, load_reference, tree_close);
}
