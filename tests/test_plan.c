/* From an experiment to its cells: the product, their identity, their order, what they may take. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

/* ---- The product ----------------------------------------------------------------------------- */

static void the_last_axis_of_the_table_turns_fastest(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p,
                 DATA BUDGET "grid: {seed: [1, 2], batch_size: [4, 8], engine: [naive, blas]}\n");
    assert_int_equal(p.plan.count, 8);
    for (int i = 0; i < 8; i++) {
        const struct settings *s = &p.plan.cells[i].settings;

        assert_string_equal(s->engine, i < 4 ? "naive" : "blas");
        assert_int_equal(s->batch_size, i / 2 % 2 ? 8 : 4);
        assert_int_equal(s->seed, i % 2 + 1);
    }
    close_planned(&p);
}

static void no_grid_is_one_cell_of_defaults(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET);
    assert_int_equal(p.plan.count, 1);
    assert_int_equal(p.plan.cells[0].batch_size, 32);
    assert_int_equal(p.plan.cells[0].train_examples, 100);
    assert_string_equal(p.plan.cells[0].network->name, "M");
    assert_int_equal(p.plan.order[0], 0);
    close_planned(&p);
}

static void cases_are_crossed_with_the_common_axes(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid:\n"
                                 "  seed: [1, 2, 3]\n"
                                 "  cases:\n"
                                 "    - {engine: naive, batch_size: [1, 2]}\n"
                                 "    - {engine: reference}\n");
    assert_int_equal(p.plan.count, 3 * 2 + 3);
    assert_string_equal(p.plan.cells[5].settings.engine, "naive");
    assert_string_equal(p.plan.cells[6].settings.engine, "reference");
    assert_int_equal(p.plan.cells[6].settings.batch_size,
                     32); /* the other case's axis is not its */
    close_planned(&p);
}

static void what_two_cases_both_ask_for_is_one_cell(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {cases: [{seed: [1, 2]}, {seed: [2, 3]}]}\n");
    assert_int_equal(p.plan.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(p.plan.cells[i].settings.seed, i + 1);
    close_planned(&p);
}

static void parameters_an_optimizer_does_not_use_make_no_cells(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {optimizer: [sgd, momentum, adam], momentum: [0.5, 0.9],\n"
                                 "       beta1: [0.8, 0.9], epsilon: [1e-8, 1e-7, 1e-6]}\n");
    assert_int_equal(p.plan.count, 1 + 2 + 6);
    assert_true(p.plan.cells[0].settings.rule.momentum == 0);
    assert_true(p.plan.cells[1].settings.rule.momentum == 0.5);
    assert_true(p.plan.cells[1].settings.rule.beta1 == 0);
    close_planned(&p);
}

static void without_redundancy_its_mode_makes_no_cells(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {redundancy: [1, 2], redundancy_mode: [grow, fill],\n"
                                 "       copies: [exact, jitter]}\n");
    assert_int_equal(p.plan.count, 1 + 4);
    close_planned(&p);
}

static void full_is_the_number_after_redundancy(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {batch_size: full, redundancy: [1, 3],\n"
                                 "       redundancy_mode: [grow, fill]}\n");
    assert_int_equal(p.plan.count, 3);
    assert_int_equal(p.plan.cells[0].batch_size, 100);
    assert_int_equal(p.plan.cells[1].batch_size, 300);
    assert_int_equal(p.plan.cells[1].train_examples, 300);
    assert_int_equal(p.plan.cells[2].settings.redundancy_mode, REDUNDANCY_FILL);
    assert_int_equal(p.plan.cells[2].batch_size, 100);
    close_planned(&p);
}

static void a_batch_larger_than_the_data_is_refused_with_its_line(void **state)
{
    (void)state;
    refuses_to_plan(DATA BUDGET "grid:\n  batch_size:\n    - 100\n    - 101\n", 6,
                    "101 is larger than the 100 training examples");
    refuses_to_plan("grid: {cases: [{seed: 1},\n {batch_size: 101}]}\n" DATA BUDGET, 2, "101");
    refuses_to_plan("dataset: {name: blobs, examples: 20}\n" BUDGET, 1, "32 is larger than the 20");
    refuses_to_plan(DATA BUDGET "grid: {redundancy: [1, 2],\n batch_size: 150}\n", 4,
                    "larger than the 100");
}

/* DATA has 100 training examples, BUDGET an epoch. */
static void a_schedule_must_fit_the_budget(void **state)
{
#define SCHEDULE(text) "schedules: {own: {" text "}}\n"
#define GRID "grid:\n  schedule: own\n"
    (void)state;
    refuses_to_plan(DATA BUDGET "grid:\n  schedule: [constant,\n   cosin]\n", 5,
                    "'cosin' is unknown, expected constant");
    refuses_to_plan(DATA "budget: {epochs: 5}\n" SCHEDULE("kind: cosine, length: 3") GRID, 5,
                    "ends after 3 epochs, before the budget of 5");
    refuses_to_plan(
        DATA "budget: {epochs: 5}\n" SCHEDULE("kind: polynomial, warmup: 1, length: 3.9") GRID, 5,
        "ends after 4.9 epochs");
    refuses_to_plan(DATA "budget: {epochs: 5}\n" SCHEDULE(
                        "kind: cosine, unit: updates, length: 15, warmup: 0") GRID,
                    5, "before the budget of 15.625 updates");
    refuses_to_plan(DATA "budget: {seconds: 5}\n" SCHEDULE("kind: cosine") GRID, 5,
                    "needs a length in epochs");
    refuses_to_plan(DATA "budget: {epochs: 5}\n" SCHEDULE("warmup: 5") GRID, 5,
                    "the warm-up of 5 epochs is as long as the budget of 5");
    refuses_to_plan(DATA "budget: {epochs: 5}\n" SCHEDULE("batch_at: [1, 2], batch_factor: 2") GRID,
                    5, "the batch grows to 128, more than the 100");
#undef SCHEDULE
#undef GRID
}

static void a_schedule_without_a_length_has_the_budgets(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA "budget: {epochs: 5}\nschedules:\n"
                          "  a: {kind: cosine, warmup: 1}\n"
                          "  b: {kind: cosine, unit: updates}\n"
                          "  c: {kind: triangular, length: 2}\n"
                          "  d: {kind: sgdr, batch_at: [1.5], batch_factor: 2.5}\n"
                          "grid: {schedule: [constant, a, b, c, d], batch_size: 20}\n");
    assert_null(p.plan.cells[0].schedule);
    assert_true(p.plan.cells[1].schedule_length == 4);
    assert_true(p.plan.cells[2].schedule_length == 25);
    assert_true(p.plan.cells[3].schedule_length == 2);
    assert_int_equal(p.plan.cells[3].largest_batch, 20);
    assert_int_equal(p.plan.cells[4].largest_batch, 50);
    close_planned(&p);
}

static void the_rate_is_scaled_with_the_batch(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {rate_scaling: [none, linear, sqrt], base_batch_size: 16,\n"
                                 "  batch_size: 64, learning_rate: 0.5}\n");
    assert_int_equal(p.plan.count, 3);
    assert_true(p.plan.cells[0].rate == 0.5);
    assert_true(p.plan.cells[1].rate == 2);
    assert_true(p.plan.cells[2].rate == 1);
    assert_int_equal(p.plan.cells[0].settings.base_batch_size, 32); /* says nothing there */
    close_planned(&p);
}

static void a_probe_larger_than_the_data_is_refused(void **state)
{
#define PROBES(text) DATA BUDGET "grid: {batch_size: 8}\nprobes: {at: [0], " text "}\n"
    struct planned p;

    (void)state;
    refuses_to_plan(PROBES("which: [energy], examples: 101"), 4,
                    "examples: 101 is larger than the 100 training examples");
    refuses_to_plan(PROBES("which: [sampling], batch_sizes: [100, 101]"), 4,
                    "batch_sizes: 101 is larger than the 100 training examples");
    refuses_to_plan(PROBES("which: [sampling], batch_sizes: [51], examples: 50"), 4,
                    "batch_sizes: 51 is larger than the 50 examples of the probes");
    refuses_to_plan(PROBES("which: [sampling], examples: 7"), 4,
                    "batch_size of the grid: 8 is larger than the 7 examples of the probes");
    refuses_to_plan(PROBES("which: [noise_scale]"), 4,
                    "large_batch: 1024 is larger than the 100 training examples");
    open_planned(&p, DATA BUDGET "grid: {batch_size: 8, redundancy: 2}\n"
                                 "probes: {at: [0], which: [energy], examples: 200}\n");
    close_planned(&p);
#undef PROBES
}

static void a_probe_knows_its_data_and_network(void **state)
{
    (void)state;
    refuses_to_plan("dataset: {name: linear, examples: 100, validation: 10}\n" BUDGET
                    "probes: {at: [0], which: [predictions]}\n",
                    3, "predictions: are of classes");
    refuses_to_plan("dataset: {name: linear, examples: 100, validation: 10}\n" BUDGET
                    "probes: {at: [0], which: [linear_probe]}\n",
                    3, "linear_probe, predictions: are of classes");
}

static void what_a_rule_cannot_do_is_refused(void **state)
{
#define RULE(text) DATA BUDGET "grid:\n  optimizer: " text "\n"
    (void)state;
    refuses_to_plan(RULE("implicit"), 4, "one dense layer without activation");
    refuses_to_plan(RULE("implicit\n  network: S\n  workers: 2"), 4, "neither workers");
    refuses_to_plan(RULE("implicit\n  network: S\n  delay: 2"), 4, "no delayed form");
    refuses_to_plan(RULE("svrg\n  delay: 2"), 4, "no delayed form");
    refuses_to_plan(RULE("saga\n  redundancy: 2"), 4, "redundant copies");
    refuses_to_plan(RULE("svrg\n  class_weights: inverse"), 4, "the plain mean loss");
    refuses_to_plan(RULE("svrg\n  sampler: balanced"), 4, "the plain mean loss");
    refuses_to_plan(RULE("saga\n  sampler: importance\n  weighting: norm"), 4, "draws uniformly");
    refuses_to_plan(DATA "measure: throughput\ngrid:\n  optimizer: svrg\n", 4, "cannot be timed");
    refuses_to_plan(DATA BUDGET "grid:\n  workers: 5\n  batch_size: 4\n", 4,
                    "5 share a batch of 4");
    refuses_to_plan(DATA BUDGET "grid:\n  precision: double\n  engine: auto\n", 4, "reference");
    refuses_to_plan(DATA "measure: throughput\ngrid:\n  precision: double\n", 4,
                    "single precision");
#undef RULE
}

static void what_ranks_cannot_do_is_refused(void **state)
{
#define RANKS(text) DATA BUDGET "grid:\n  transport: " text "\n"
    static const char *const not_async[] = {"optimizer: momentum",
                                            "delay: 1",
                                            "micro_batch: 2",
                                            "gradient_noise: 0.1",
                                            "last_batch: keep",
                                            "precision: double\n  engine: reference",
                                            "l2: 0.1"};
    char text[400];

    (void)state;
    refuses_to_plan(RANKS("threads\n  reduction: library"), 5, "expected transport: mpi");
    refuses_to_plan(RANKS("mpi\n  overlap: yes"), 5, "reduction: library");
    refuses_to_plan(RANKS("mpi\n  reduction: library\n  overlap: yes\n  precision: double\n"
                          "  engine: reference"),
                    6, "single precision");
    refuses_to_plan(RANKS("mpi\n  workers: 5\n  batch_size: 4"), 5, "5 share a batch of 4");
    for (size_t i = 0; i < sizeof not_async / sizeof *not_async; i++) {
        snprintf(text, sizeof text, RANKS("mpi_async\n  %s"), not_async[i]);
        refuses_to_plan(text, 4, "mpi_async");
    }
    refuses_to_plan(DATA "measure: throughput\ngrid:\n  transport: mpi_async\n", 4,
                    "cannot be timed");
#undef RANKS
}

static void what_workers_with_own_data_cannot_do_is_refused(void **state)
{
#define OWN(text) DATA BUDGET "grid:\n  batch_size: 12\n  worker_data: own\n  workers: " text "\n"
    struct planned p;

    (void)state;
    refuses_to_plan(OWN("1"), 5, "expected workers: 2 or more");
    refuses_to_plan(OWN("2\n  sampler: once"), 5, "expected sampler: block_shuffle or reshuffle");
    refuses_to_plan(OWN("2\n  sampler: with_replacement"), 5, "expected sampler");
    refuses_to_plan(OWN("2\n  micro_batch: 3"), 5, "micro_batch");
    refuses_to_plan(OWN("2\n  transport: mpi_async"), 5, "mpi_async");
    refuses_to_plan(OWN("2\n  optimizer: svrg"), 5, "gradients of all examples");
    refuses_to_plan(OWN("2\n  optimizer: saga"), 5, "gradients of all examples");
    refuses_to_plan(OWN("5"), 5, "a batch_size that is a multiple of workers, or full");
    refuses_to_plan("schedules: {more: {kind: sgdr, batch_at: [0.5], batch_factor: 2}}\n" OWN(
                        "2\n  schedule: more"),
                    6, "a schedule of batch sizes");
    open_planned(&p, OWN("3\n  sampler: [reshuffle, block_shuffle]\n  transport: [threads, mpi]"));
    assert_int_equal(p.plan.count, 4);
    assert_non_null(strstr(p.plan.cells[0].id, "-w3-own-"));
    close_planned(&p);
#undef OWN
}

static void parameters_are_completed_by_the_rule(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {optimizer: [sgd, adam, adadelta], beta2: default,\n"
                                 "  epsilon: [default, 1e-8]}\n");
    assert_int_equal(p.plan.count, 4); /* sgd has none, adam's default is given */
    assert_true(p.plan.cells[1].settings.rule.beta2 == 0.999);
    assert_true(p.plan.cells[2].settings.rule.beta2 == 0.95);
    assert_true(p.plan.cells[2].settings.rule.epsilon == 1e-6);
    assert_true(p.plan.cells[3].settings.rule.epsilon == 1e-8);
    close_planned(&p);
}

static void a_grid_beyond_all_reason_is_refused(void **state)
{
    char text[30000] = DATA BUDGET "grid:\n";
    static const char *const axes[] = {"seed", "redundancy", "threads"};

    (void)state;
    for (int a = 0; a < 3; a++) {
        sprintf(text + strlen(text), "  %s: [1", axes[a]);
        for (int i = 2; i <= 101; i++)
            sprintf(text + strlen(text), ",%d", i);
        strcat(text, "]\n");
    }
    refuses_to_plan(text, 5, "1030301 cells, expected at most 100000");
    refuses_to_plan("dataset: {name: blobs, examples: 3000}\n" BUDGET
                    "grid:\n  redundancy: [1,\n    1000000]\n",
                    5, "makes more than 2147483647 training examples");
}

/* ---- Identity -------------------------------------------------------------------------------- */

static void ids_stay_when_the_grid_gains_a_value(void **state)
{
    struct planned before, after;

    (void)state;
    open_planned(&before, DATA BUDGET "grid: {batch_size: [1, full], learning_rate: 0.1}\n");
    open_planned(&after,
                 DATA BUDGET "grid: {learning_rate: [0.3, 0.10], batch_size: [1, 7, full],\n"
                             "       redundancy: [1, 2], momentum: 0.5}\n"
                             "question: New wording?\nshuffle: 9\n");
    assert_int_equal(after.plan.count, 12);
    assert_int_equal(shared_ids(&before, &after), before.plan.count);
    assert_string_equal(before.plan.base, after.plan.base);
    close_planned(&before);
    close_planned(&after);
}

static void ids_stay_when_axes_and_keys_change_places(void **state)
{
    struct planned before, after;

    (void)state;
    open_planned(&before, DATA BUDGET "grid: {batch_size: [1, 2], seed: [1, 2], engine: naive}\n");
    open_planned(&after, "grid:\n  cases: [{batch_size: 2}, {batch_size: 1}]\n"
                         "  engine: naive\n  seed: [2, 1]\n" BUDGET DATA);
    assert_int_equal(before.plan.count, 4);
    assert_int_equal(shared_ids(&before, &after), 4);
    close_planned(&before);
    close_planned(&after);
}

static void ids_change_with_all_that_decides_a_result(void **state)
{
    static const char grid[] = "grid: {network: own, engine: naive}\n";
    static const char network[] = "networks: {own: {hidden: [4]}}\n";
    static const char *const others[][4] = {
        {"budget: {epochs: 2}\n", DATA, network, grid},
        {"budget: {epochs: 1, seconds: 9}\n", DATA, network, grid},
        {BUDGET, "dataset: {name: blobs, examples: 121, features: 3, classes: 4, validation: 20}\n",
         network, grid},
        {BUDGET, DATA, "networks: {own: {hidden: [5]}}\n", grid},
        {BUDGET, DATA, "networks: {own: {hidden: [4], activation: tanh}}\n", grid},
        {BUDGET, DATA, "networks: {own: {hidden: [4], bias: 0.1}}\n", grid},
        {BUDGET, DATA "evaluation: {per_decade: 5}\n", network, grid},
        {BUDGET, DATA "evaluation: {every: 5}\n", network, grid},
        {BUDGET, DATA "measure: throughput\n", network, grid},
        {BUDGET, DATA "targets: {train_loss: 1}\n", network, grid},
        {BUDGET, DATA "probes: {at: [0], which: [energy]}\n", network, grid},
        {BUDGET, DATA, network, "grid: {network: own, engine: reference}\n"},
        {BUDGET, DATA, network, "grid: {network: own, engine: naive, chunk: none}\n"},
        {BUDGET, DATA, network, "grid: {network: own, engine: naive, threads: 2}\n"},
        {BUDGET, DATA, network, "grid: {network: own, engine: naive, last_batch: keep}\n"},
    };
    struct planned plain, other;
    char text[1000];

    (void)state;
    snprintf(text, sizeof text, "%s%s%s%s", BUDGET, DATA, network, grid);
    open_planned(&plain, text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(text, sizeof text, "%s%s%s%s", others[i][0], others[i][1], others[i][2],
                 others[i][3]);
        open_planned(&other, text);
        if (shared_ids(&plain, &other) != 0)
            fail_msg("the same id: %s", text);
        close_planned(&other);
    }
    close_planned(&plain);
}

static void an_engine_built_anew_has_other_cells(void **state)
{
    static const char text[] = DATA BUDGET "grid: {engine: [./mine.so, naive]}\n";
    struct planned before, same, after;

    (void)state;
    scratch_write("mine.so", "one", 3);
    open_planned(&before, text);
    open_planned(&same, text);
    scratch_write("mine.so", "two", 3);
    open_planned(&after, text);
    assert_int_equal(shared_ids(&before, &same), 2);
    assert_int_equal(shared_ids(&before, &after), 1); /* naive */
    close_planned(&before);
    close_planned(&same);
    close_planned(&after);
}

static void ids_are_readable(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {engine: 'blas:blis', batch_size: [64, full],\n"
                                 "       learning_rate: 0.1, redundancy: 2, optimizer: adam,\n"
                                 "       last_batch: keep, threads: 2}\n");
    assert_int_equal(strncmp(p.plan.cells[0].id, "blas.blis-M-k64-a0.1-adam-r2-keep-t2-s1-", 40),
                     0);
    assert_int_equal(strncmp(p.plan.cells[1].id, "blas.blis-M-kfull-a0.1-adam-r2-keep-t2-s1-", 42),
                     0);
    assert_int_equal(strlen(p.plan.cells[0].id), 40 + 8); /* the hash */
    close_planned(&p);
}

static void ids_are_safe_file_names(void **state)
{
    static const char *const engines[] = {
        "./engines/My engine.so", "/tmp/../x/..",     "./.hidden.so", "./",   "./a\\tb\\n.so",
        "./\\xe4\\u00e9.so",      "./.tmp-engine.so", "./%s%n.so",    "./so", "./.so",
        "./mine.so:v/1",
    };
    char text[3000];
    struct planned p;

    (void)state;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        snprintf(text, sizeof text,
                 DATA BUDGET "networks: {'../a b/c': {hidden: []}}\n"
                             "grid: {engine: \"%s\", network: '../a b/c'}\n",
                 engines[i]);
        open_planned(&p, text);
        for (const char *c = p.plan.cells[0].id; *c; c++)
            if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
                fail_msg("%s: '%c' in `%s`", engines[i], *c, p.plan.cells[0].id);
        assert_true(p.plan.cells[0].id[0] != '.');
        close_planned(&p);
    }
}

static void a_long_id_keeps_its_hash(void **state)
{
    char text[3000];
    struct planned p;

    (void)state;
    snprintf(text, sizeof text,
             DATA BUDGET
             "networks: {%031d: {hidden: []}}\n"
             "grid: {engine: ./%0200d.so, network: '%031d', learning_rate: 0.12345678901234567,\n"
             "       optimizer: nesterov, redundancy: 1000000, redundancy_mode: fill,\n"
             "       copies: jitter, sampler: with_replacement, last_batch: keep, threads: 1024,\n"
             "       batch_size: full, seed: [18446744073709551614, 18446744073709551615]}\n",
             0, 0, 0);
    open_planned(&p, text);
    assert_int_equal(p.plan.count, 2);
    assert_true(strlen(p.plan.cells[0].id) < sizeof p.plan.cells[0].id);
    assert_string_not_equal(p.plan.cells[0].id, p.plan.cells[1].id);
    close_planned(&p);
}

/* ---- Order and estimate ---------------------------------------------------------------------- */

static void the_order_is_a_permutation_that_the_seed_decides(void **state)
{
    static const char grid[] =
        DATA BUDGET "grid: {batch_size: [1, 2, 3, 4, 5], seed: [1, 2, 3, 4]}\n";
    int counts[20] = {0}, in_place = 0;
    struct planned one, same, other;
    char text[1000];

    (void)state;
    open_planned(&one, grid);
    open_planned(&same, grid);
    snprintf(text, sizeof text, "%sshuffle: 2\n", grid);
    open_planned(&other, text);
    for (int i = 0; i < 20; i++) {
        assert_in_range(one.plan.order[i], 0, 19);
        counts[one.plan.order[i]]++;
        in_place += one.plan.order[i] == i;
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(counts[i], 1);
    assert_in_range(in_place, 0, 10); /* shuffled */
    assert_memory_equal(one.plan.order, same.plan.order, 20 * sizeof(int));
    assert_memory_not_equal(one.plan.order, other.plan.order, 20 * sizeof(int));
    close_planned(&one);
    close_planned(&same);
    close_planned(&other);
}

static double estimate(const char *text)
{
    struct planned p;
    double seconds;

    open_planned(&p, text);
    seconds = plan_cell_seconds(&p.plan.cells[0], &p.experiment, &p.dataset);
    close_planned(&p);
    return seconds;
}

static void the_estimate_follows_the_budget(void **state)
{
    double one, ten, capped;

    (void)state;
    one = estimate(DATA "budget: {epochs: 1000}\n");
    ten = estimate(DATA "budget: {epochs: 10000}\n");
    assert_true(isfinite(one) && one > 0);
    assert_true(ten > 5 * one && ten < 20 * one);
    assert_true(estimate(DATA "budget: {epochs: 10000, updates: 3000}\n") <= 1.01 * one);
    assert_true(estimate(DATA "budget: {epochs: 10000, examples: 100000}\n") <= 1.01 * one);
    capped = estimate(DATA "budget: {epochs: 1e9, seconds: 2}\n");
    assert_true(capped >= 2 && capped < 3);
    assert_true(fabs(estimate(DATA "budget: {seconds: 2}\n") - capped) < 1e-9);
    assert_true(estimate(DATA "measure: throughput\nthroughput: {seconds: 3}\n") == 6);
    assert_true(isfinite(estimate(DATA "budget: {examples: 1}\n")));
}

static void the_estimate_counts_probes(void **state)
{
    double plain = estimate(DATA "budget: {epochs: 1}\n");
    double once = estimate(DATA "budget: {epochs: 1}\nprobes: {at: [0], which: [sampling], "
                                "batch_sizes: [50], draws: 100000}\n");
    double twice = estimate(DATA "budget: {epochs: 1}\nprobes: {at: [0, 1], which: [sampling], "
                                 "batch_sizes: [50], draws: 100000}\n");

    (void)state;
    assert_true(once > 10 * plain);
    assert_true(fabs((twice - plain) / (once - plain) - 2) < 1e-6);
}

static void closing_nothing_is_harmless(void **state)
{
    struct plan plan = {0};

    (void)state;
    plan_close(NULL);
    plan_close(&plan);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_axis_of_the_table_turns_fastest),
        cmocka_unit_test(no_grid_is_one_cell_of_defaults),
        cmocka_unit_test(cases_are_crossed_with_the_common_axes),
        cmocka_unit_test(what_two_cases_both_ask_for_is_one_cell),
        cmocka_unit_test(parameters_an_optimizer_does_not_use_make_no_cells),
        cmocka_unit_test(without_redundancy_its_mode_makes_no_cells),
        cmocka_unit_test(full_is_the_number_after_redundancy),
        cmocka_unit_test(a_batch_larger_than_the_data_is_refused_with_its_line),
        cmocka_unit_test(a_grid_beyond_all_reason_is_refused),
        cmocka_unit_test(a_schedule_must_fit_the_budget),
        cmocka_unit_test(a_schedule_without_a_length_has_the_budgets),
        cmocka_unit_test(the_rate_is_scaled_with_the_batch),
        cmocka_unit_test(a_probe_larger_than_the_data_is_refused),
        cmocka_unit_test(a_probe_knows_its_data_and_network),
        cmocka_unit_test(what_a_rule_cannot_do_is_refused),
        cmocka_unit_test(what_ranks_cannot_do_is_refused),
        cmocka_unit_test(what_workers_with_own_data_cannot_do_is_refused),
        cmocka_unit_test(parameters_are_completed_by_the_rule),
        cmocka_unit_test(ids_stay_when_the_grid_gains_a_value),
        cmocka_unit_test(ids_stay_when_axes_and_keys_change_places),
        cmocka_unit_test(ids_change_with_all_that_decides_a_result),
        cmocka_unit_test(an_engine_built_anew_has_other_cells),
        cmocka_unit_test(ids_are_readable),
        cmocka_unit_test(ids_are_safe_file_names),
        cmocka_unit_test(a_long_id_keeps_its_hash),
        cmocka_unit_test(the_order_is_a_permutation_that_the_seed_decides),
        cmocka_unit_test(the_estimate_follows_the_budget),
        cmocka_unit_test(the_estimate_counts_probes),
        cmocka_unit_test(closing_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
