/* The model of scale: known answers, and results made from it, which it must find again. */
#include "scale/scale.h"

#include "base/error.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance * fabs(expected)))
        fail_msg("%.17g, expected %.17g", value, expected);
}

/* ---- The interconnect ----------------------------------------------------------------------- */

static void interconnects_have_names_numbers_or_files(void **state)
{
    struct interconnect found;
    FILE *file;

    (void)state;
    for (const struct interconnect *known = interconnects; known->name[0]; known++) {
        assert_int_equal(interconnect_find(&found, known->name), 0);
        assert_false(found.is_measured);
        assert_true(found.latency_seconds > 1e-7 && found.latency_seconds < 1e-3);
        assert_true(found.bytes_per_second > 1e7 && found.bytes_per_second < 1e12);
        assert_true(strlen(found.origin) > 10);
    }
    assert_int_equal(interconnect_find(&found, "1.5,12"), 0);
    assert_near(found.latency_seconds, 1.5e-6, 1e-12);
    assert_near(found.bytes_per_second, 12e9, 1e-12);
    file = fopen(scratch_path("net.json"), "w");
    fputs("{\"latency_seconds\": 2e-6, \"bytes_per_second\": 1e9, \"library\": \"some MPI\"}",
          file);
    fclose(file);
    assert_int_equal(interconnect_find(&found, scratch_path("net.json")), 0);
    assert_true(found.is_measured);
    assert_near(found.latency_seconds, 2e-6, 1e-12);
    assert_non_null(strstr(found.origin, "some MPI"));
}

static void what_is_no_interconnect_is_told(void **state)
{
    static const char *const bad[] = {
        "carrier-pigeon", "", "1.5", "0,1", "-1,1", "1,0", "nan,1", "1,2,3", "nowhere/net.json"};
    struct interconnect found;
    FILE *file = fopen(scratch_path("half.json"), "w");

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(interconnect_find(&found, bad[i]), -1);
    assert_int_equal(interconnect_find(&found, "carrier-pigeon"), -1);
    assert_non_null(strstr(error_text(), "infiniband-hdr"));
    fputs("{\"latency_seconds\": 2e-6}", file);
    fclose(file);
    assert_int_equal(interconnect_find(&found, scratch_path("half.json")), -1);
    assert_non_null(strstr(error_text(), "bytes_per_second"));
}

static const struct interconnect known = {
    .name = "known", .latency_seconds = 3e-6, .bytes_per_second = 2e9};

static void a_sum_costs_what_the_formula_says(void **state)
{
    (void)state;
    assert_true(interconnect_sum_seconds(&known, 1e6, 1) == 0);
    assert_near(interconnect_sum_seconds(&known, 1e6, 2), 2 * 3e-6 + 1e6 / 2e9, 1e-12);
    assert_near(interconnect_sum_seconds(&known, 1e6, 8), 6 * 3e-6 + 1.75 * 1e6 / 2e9, 1e-12);
}

static void latency_and_bandwidth_are_found_again(void **state)
{
    double bytes[12], ranks[12], seconds[12];
    struct interconnect fitted = {.name = ""};
    size_t n = 0;

    (void)state;
    for (int p = 2; p <= 4; p++)
        for (int e = 0; e < 4; e++) {
            bytes[n] = 8 * pow(50, e);
            ranks[n] = p;
            seconds[n] = interconnect_sum_seconds(&known, bytes[n], p);
            n++;
        }
    assert_int_equal(interconnect_fit(&fitted, bytes, ranks, seconds, n), 0);
    assert_near(fitted.latency_seconds, 3e-6, 1e-9);
    assert_near(fitted.bytes_per_second, 2e9, 1e-9);
    assert_int_equal(interconnect_fit(&fitted, bytes, ranks, seconds, 1), -1);
    assert_int_equal(interconnect_fit(&fitted, bytes, ranks, seconds, 0), -1);
    for (size_t i = 0; i < n; i++) /* larger ones faster: no bandwidth would do that */
        seconds[i] = 2 * log2(ranks[i]) * 1e-3 - 2 * (ranks[i] - 1) / ranks[i] * bytes[i] / 1e10;
    assert_int_equal(interconnect_fit(&fitted, bytes, ranks, seconds, n), -1);
    seconds[0] = NAN;
    assert_int_equal(interconnect_fit(&fitted, bytes, ranks, seconds, n), -1);
}

/* ---- The model ------------------------------------------------------------------------------ */

static void compute_is_a_straight_line_from_no_less_than_nothing(void **state)
{
    const double k[] = {1, 10, 100, 1000}, line[] = {3, 12, 102, 1002}, below[] = {0.5, 9, 99, 999};
    struct scale_model model = {0};

    (void)state;
    assert_int_equal(scale_model_fit(&model, k, line, 4), 0);
    assert_near(model.t0, 2, 1e-9);
    assert_near(model.t1, 1, 1e-9);
    assert_true(model.deviation < 1e-9);
    assert_int_equal(scale_model_fit(&model, k, below, 4), 0);
    assert_true(model.t0 == 0 && model.t1 > 0.4 && model.t1 < 1.1 && model.deviation > 0.01);
    assert_int_equal(scale_model_fit(&model, k, line, 1), -1);
    assert_int_equal(scale_model_fit(&model, k, line, 0), -1);
}

static void the_largest_share_decides_and_processors_are_taken_in_turn(void **state)
{
    struct scale_model model = {.t0 = 1, .t1 = 0.1, .bytes = 0, .interconnect = known};

    (void)state;
    assert_near(scale_update_seconds(&model, 10, 1), 2, 1e-12);
    assert_near(scale_update_seconds(&model, 10, 3), 1 + 0.4, 1e-4); /* 4, 3 and 3 */
    model.processors = 2;
    model.threads = 1;
    assert_near(scale_update_seconds(&model, 10, 2), 1.5, 1e-4);
    assert_near(scale_update_seconds(&model, 12, 4), 2 * 1.3, 1e-4);
    model.threads = 2;
    assert_near(scale_update_seconds(&model, 10, 1), 2, 1e-12);
    assert_near(scale_update_seconds(&model, 10, 2), 2 * 1.5, 1e-4);
}

/* Free ranks without latency: each example a rank of its own, and then S_min is all there is. */
static void the_fastest_way_uses_ranks_up_to_where_they_help(void **state)
{
    struct scale_model model = {.t0 = 1e-3, .t1 = 1e-4, .bytes = 1e6, .interconnect = known};
    const struct scale_steps steps = {100, 10000};
    struct scale_best one = scale_fastest(&model, &steps, 1, 100000), many, more;

    (void)state;
    assert_true(one.ranks == 1);
    /* d/dk (100 + 10000 / k) (1e-3 + 1e-4 k) = 0 at k = sqrt(10000 * 1e-3 / (100 * 1e-4)) */
    assert_near(one.batch_size, sqrt(1000), 0.1);
    many = scale_fastest(&model, &steps, 100, 100000);
    more = scale_fastest(&model, &steps, 10000, 100000);
    assert_true(many.seconds < one.seconds && more.seconds <= many.seconds);
    assert_true(more.seconds > 100 * 1e-3); /* S_min updates of t0 */
    assert_true(many.batch_size > one.batch_size && many.batch_size <= 1e5);
}

/* ---- Results -------------------------------------------------------------------------------- */

static const struct scale_model truth = {
    .t0 = 2e-4, .t1 = 1e-6, .bytes = 4e5, .processors = 2, .threads = 1};

static void write_cell(FILE *file, int *number, double k, int workers, int seed, double seconds,
                       const char *transport, const char *overlap)
{
    double updates = 500 + 1e5 / k + seed;

    fprintf(file, "c%d,net,fast,1,%g,%d,%s,%s,%s,0.1,single,%.17g,1e5,60000,%d,", (*number)++, k,
            workers, transport,
            workers > 1 && strcmp(transport, "mpi") == 0 ? "library" : "fixed_order", overlap,
            seconds, seed);
    fprintf(file, "%g,%g,%g,%g,%g\n", updates, updates * k, updates * k / 6e4, 1e6,
            updates * seconds);
}

/* Updates as the true model has them, on this interconnect and two processors. */
static void write_results(const struct interconnect *interconnect, int least_workers)
{
    static const double sizes[] = {16, 64, 256, 1024, 4096};
    struct scale_model model = truth;
    FILE *file = fopen(scratch_path("cells.csv"), "w");
    int number = 0;

    model.interconnect = *interconnect;
    fputs("id,network,engine_used,threads_used,batch_size,workers,transport,reduction,overlap,"
          "learning_rate,"
          "precision,seconds_per_update,parameters,train_examples,seed,"
          "updates_to_validation_loss_0.5,examples_to_validation_loss_0.5,"
          "epochs_to_validation_loss_0.5,flops_to_validation_loss_0.5,"
          "seconds_to_validation_loss_0.5\n",
          file);
    for (int w = least_workers; w <= 4; w *= 2)
        for (size_t k = 0; k < 5; k++)
            for (int seed = 0; seed < 3; seed++) /* medians: one seed is off, up or down */
                write_cell(file, &number, sizes[k], w, seed,
                           scale_update_seconds(&model, sizes[k], w) * (1 + 0.3 * (seed - 1)),
                           "mpi", "no");
    /* An own point, though it takes as long. */
    write_cell(file, &number, 64, 2, 0, scale_update_seconds(&model, 64, 2), "mpi", "yes");
    write_cell(file, &number, 64, 2, 0, 17, "threads", "no"); /* which is none of the model's */
    fclose(file);
    file = fopen(scratch_path("manifest.json"), "w");
    fputs("{\"schema_version\": 7, \"machine\": {\"cpu\": \"abacus\", \"processors\": [0, 1]}}",
          file);
    fclose(file);
}

static void results_of_the_model_are_predicted(void **state)
{
    const struct scale_setting *setting;
    struct results results;
    struct scale scale;
    FILE *file;
    char line[400];
    int kinds[4] = {0};

    (void)state;
    write_results(&known, 1);
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(scale_open(&scale, &results, &results, &known), 0);
    assert_int_equal(scale.count, 1);
    setting = &scale.list[0];
    assert_near(setting->model.t0, truth.t0, 1e-6);
    assert_near(setting->model.t1, truth.t1, 1e-6);
    assert_int_equal(setting->count, 16);
    assert_int_equal(setting->held_out, 11);
    assert_true(setting->median_error < 1e-6 && setting->largest_error < 1e-6);
    assert_true(setting->has_target);
    assert_near(setting->critical.batch.value, 200, 0.02);
    assert_int_equal(scale_write(&scale, scratch_folder), 0);
    file = fopen(scratch_path(SCALE_FILE), "r");
    while (fgets(line, sizeof line, file)) {
        int commas = 0;

        for (const char *c = line; *c; c++)
            commas += *c == ',';
        assert_int_equal(commas, 15);
        kinds[0] += strncmp(line, "measured,", 9) == 0;
        kinds[1] += strncmp(line, "predicted,", 10) == 0;
        kinds[2] += strncmp(line, "target,", 7) == 0;
        kinds[3] += strncmp(line, "critical,", 9) == 0;
    }
    fclose(file);
    assert_int_equal(kinds[0], 16);
    assert_true(kinds[1] > 50 && kinds[2] > 100);
    assert_int_equal(kinds[3], 1);
    scale_close(&scale);
    results_close(&results);
}

/* The planted fault: they ran on a slower interconnect than is assumed. */
static void a_wrong_interconnect_shows_in_what_was_held_out(void **state)
{
    struct interconnect slow = known;
    struct results results;
    struct scale scale;

    (void)state;
    slow.bytes_per_second /= 10;
    write_results(&slow, 1);
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(scale_open(&scale, &results, NULL, &known), 0);
    assert_near(scale.list[0].model.t0, truth.t0, 1e-6); /* one worker's updates do not care */
    assert_true(scale.list[0].median_error > 0.3);
    assert_false(scale.list[0].has_target);
    scale_close(&scale);
    results_close(&results);
}

static void without_one_worker_there_is_nothing_to_fit(void **state)
{
    struct results results;
    struct scale scale;

    (void)state;
    write_results(&known, 2);
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(scale_open(&scale, &results, NULL, &known), -1);
    assert_non_null(strstr(error_text(), "workers: 1"));
    scale_close(&scale);
    results_close(&results);
}

static void results_of_an_older_version_are_refused_by_name(void **state)
{
    const char *header = "id,batch_size,workers,transport,precision\n";
    struct results results;
    struct scale scale = {0};

    (void)state;
    scratch_write("cells.csv", header, strlen(header));
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(scale_open(&scale, &results, NULL, &known), -1);
    assert_non_null(strstr(error_text(), "older version, without column `seconds_per_update`"));
    scale_close(&scale);
    results_close(&results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interconnects_have_names_numbers_or_files),
        cmocka_unit_test(what_is_no_interconnect_is_told),
        cmocka_unit_test(a_sum_costs_what_the_formula_says),
        cmocka_unit_test(latency_and_bandwidth_are_found_again),
        cmocka_unit_test(compute_is_a_straight_line_from_no_less_than_nothing),
        cmocka_unit_test(the_largest_share_decides_and_processors_are_taken_in_turn),
        cmocka_unit_test(the_fastest_way_uses_ranks_up_to_where_they_help),
        cmocka_unit_test(results_of_the_model_are_predicted),
        cmocka_unit_test(a_wrong_interconnect_shows_in_what_was_held_out),
        cmocka_unit_test(without_one_worker_there_is_nothing_to_fit),
        cmocka_unit_test(results_of_an_older_version_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
