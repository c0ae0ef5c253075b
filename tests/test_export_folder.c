/* A results folder as an export: which cells become which cases, with which numbers. */
#include "export/folder.h"

#include "base/error.h"
#include "results_fixture.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

static const char manifest[] =
    "{\"experiment\": \"e 1\", \"machine\": {\"cpu\": \"abacus\", \"governor\": \"none\", "
    "\"l1_bytes\": 32768.0, \"l2_bytes\": 0.0, \"processors\": [0, 1]}, "
    "\"engines\": {\"blas\": \"OpenBLAS\"}, \"build\": {\"version\": \"0.1.0\", \"commit\": "
    "\"abc\", \"flags\": \"Debug -O1\"}, \"runs\": [{\"started\": \"2025\", \"load_before\": 9}, "
    "{\"started\": \"2026\", \"load_before\": 0.5}]}";

static const char timings[] = "id,input,block,updates,examples,seconds\n"
                              "a,gather,1,4,32,1\n"
                              "a,pregathered,1,2,16,1\n"
                              "b,gather,1,1,1000,2\n"
                              "a,gather,2,8,64,1\n";

static struct exported_folder folder;

static void open_folder(void)
{
    if (exported_folder_open(&folder, scratch_folder) != 0)
        fail_msg("%s", error_text());
}

static void assert_refused(const char *words)
{
    assert_int_equal(exported_folder_open(&folder, scratch_folder), -1);
    exported_folder_close(&folder);
    if (!strstr(error_text(), words))
        fail_msg("`%s` does not say `%s`", error_text(), words);
}

static const struct exported_case *find_case(const char *name)
{
    for (size_t c = 0; c < folder.export.case_count; c++)
        if (strcmp(folder.export.cases[c].name, name) == 0)
            return &folder.export.cases[c];
    fail_msg("there is no case %s", name);
    return NULL;
}

static void write_throughput(void)
{
    fixture_throughput();
    fixture_text("manifest.json", manifest);
    fixture_text("timings.csv", timings);
}

static void a_timed_block_is_a_repetition(void **state)
{
    const struct exported_case *timed;

    (void)state;
    write_throughput();
    open_folder();
    assert_int_equal(folder.export.case_count, 4);
    timed = find_case("e_1/a/gather");
    assert_int_equal(timed->count, 2);
    assert_true(timed->seconds[0] == 0.25);
    assert_true(timed->seconds[1] == 0.125);
    assert_int_equal(timed->iterations_each[1], 8);
    assert_true(timed->examples_per_iteration == 8);
    assert_true(timed->flops_per_iteration == 8e8);
    assert_int_equal(timed->threads, 1);
    assert_null(timed->cpu_seconds);
    assert_null(timed->error);
    timed = find_case("e_1/a/pregathered");
    assert_int_equal(timed->count, 1);
    assert_true(timed->seconds[0] == 0.5);
    timed = find_case("e_1/b/gather"); /* which has no other input */
    assert_true(timed->seconds[0] == 2);
    timed = find_case("e_1/c/gather");
    assert_string_equal(timed->error, "seed 1 of 1: unsupported");
    assert_true(timed->skipped);
    exported_folder_close(&folder);
}

static void the_manifest_says_where_and_when(void **state)
{
    const struct export *export = &folder.export;

    (void)state;
    write_throughput();
    mkdir(scratch_path("figures"), 0777);
    fixture_text("figures/curve.png", "");
    fixture_text("figures/curve.svg", "");
    open_folder();
    assert_string_equal(export->suite, "e 1");
    assert_string_equal(export->date, "2026"); /* of the last run */
    assert_true(export->load_count == 1 && export->load[0] == 0.5);
    assert_string_equal(export->cpu, "abacus");
    assert_string_equal(export->commit, "abc");
    assert_string_equal(export->build_type, "debug");
    assert_int_equal(export->processors, 2);
    assert_int_equal(export->cache_count, 1); /* a size of 0 is none */
    assert_string_equal(export->custom[0].key, "governor");
    assert_string_equal(export->custom[1].key, "engine blas");
    assert_int_equal(export->custom_count, 2);
    assert_int_equal(export->figure_count, 1);
    assert_string_equal(export->figures[0].name, "curve");
    assert_true(export->figures[0].path[0] == '/');
    exported_folder_close(&folder);
}

static void without_timings_nothing_was_timed(void **state)
{
    (void)state;
    write_throughput();
    unlink(scratch_path("timings.csv"));
    open_folder();
    assert_string_equal(find_case("e_1/a/gather")->error, "no block was timed");
    exported_folder_close(&folder);
}

/* Three seeds of one setting, in the columns that it takes. */
static void write_seeds(const char *outcome)
{
    char text[2048];

    snprintf(text, sizeof text,
             "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,"
             "beta1,beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,"
             "chunk,seed,train_examples,flops_per_example,outcome,reason,updates,examples,"
             "train_seconds,final_train_loss,final_validation_loss,final_validation_error,"
             "test_loss,test_error,updates_to_validation_loss_0.5,examples_to_validation_loss_0.5,"
             "epochs_to_validation_loss_0.5,flops_to_validation_loss_0.5,"
             "seconds_to_validation_loss_0.5\n"
             "s1,MEASURE,blas,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,1,1000,1e8,"
             "budget,,10,160,5,0.1,0.1,0.1,0.1,0.1,4,64,1,1,2\n"
             "s2,MEASURE,blas,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,2,1000,1e8,"
             "%s,for a reason,20,320,5,0.1,0.1,0.1,0.1,0.1,6,64,1,1,3\n"
             "s3,MEASURE,blas,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,3,1000,1e8,"
             "budget,,40,640,5,0.1,0.1,0.1,0.1,0.1,,,,,\n",
             outcome);
    fixture_text("cells.csv", text);
    fixture_text("manifest.json", manifest);
}

/* Puts the measure in the place kept for it. */
static void measure_seeds(const char *measure)
{
    char *text = tree_read(scratch_path("cells.csv"));
    FILE *file = fopen(scratch_path("cells.csv"), "w");

    for (char *at = text; *at; at++)
        if (strncmp(at, "MEASURE", 7) == 0) {
            fputs(measure, file);
            at += 6;
        } else {
            fputc(*at, file);
        }
    fclose(file);
    free(text);
}

static void of_several_seeds_each_is_a_repetition(void **state)
{
    const struct exported_case *timed;

    (void)state;
    write_seeds("budget");
    measure_seeds("throughput");
    fixture_text("timings.csv", "id,input,block,updates,examples,seconds\n"
                                "s1,gather,1,1,8,1\ns1,gather,2,1,8,4\ns1,gather,3,2,8,4\n"
                                "s3,gather,1,1,8,16\ns2,gather,1,1,8,8\n");
    open_folder();
    assert_int_equal(folder.export.case_count, 1);
    timed = find_case("e_1/s1/gather"); /* the first seed's name */
    assert_int_equal(timed->count, 3);
    assert_true(timed->seconds[0] == 2); /* of 1, 4 and 2 */
    assert_int_equal(timed->iterations_each[0], 4);
    assert_true(timed->seconds[1] == 8);
    assert_true(timed->seconds[2] == 16);
    exported_folder_close(&folder);
}

static void training_is_timed_as_a_whole(void **state)
{
    const struct exported_case *timed;
    const struct exported_value *values;

    (void)state;
    unlink(scratch_path("timings.csv"));
    write_seeds("budget");
    measure_seeds("convergence");
    open_folder();
    timed = find_case("e_1/s1/train");
    assert_int_equal(timed->count, 3);
    assert_true(timed->seconds[0] == 0.5);
    assert_true(timed->seconds[2] == 0.125);
    assert_int_equal(timed->iterations_each[2], 40);
    assert_true(timed->examples_per_iteration == 16); /* as trained: a schedule may change K */
    assert_true(timed->flops_per_iteration == 16e8);
    values = folder.export.values;
    assert_int_equal(folder.export.value_count, 2);
    assert_string_equal(values[0].name, "e_1/s1/train");
    assert_string_equal(values[0].measure, "updates_to_validation_loss_0.5");
    assert_string_equal(values[0].unit, "updates");
    assert_true(values[0].value == 6); /* of 4, 6 and not reached */
    assert_string_equal(values[1].measure, "seconds_to_validation_loss_0.5");
    assert_string_equal(values[1].unit, "s");
    assert_true(values[1].value == 3);
    assert_false(values[1].higher_is_better);
    exported_folder_close(&folder);
}

static void a_failed_seed_makes_the_arm_an_error(void **state)
{
    (void)state;
    unlink(scratch_path("timings.csv"));
    write_seeds("crashed");
    measure_seeds("convergence");
    open_folder();
    assert_string_equal(find_case("e_1/s1/train")->error, "seed 2 of 3: crashed: for a reason");
    assert_false(find_case("e_1/s1/train")->skipped);
    exported_folder_close(&folder);
    write_seeds("diverged"); /* which is a result */
    measure_seeds("convergence");
    open_folder();
    assert_null(find_case("e_1/s1/train")->error);
    exported_folder_close(&folder);
}

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    write_throughput();
    fixture_text("timings.csv", "id,input,block,updates,examples,seconds\nz,gather,1,4,32,1\n");
    assert_refused("timings.csv:2");
    fixture_text("timings.csv", "id,input,block,updates,examples,seconds\na,gather,1,x,32,1\n");
    assert_refused("timings.csv:2");
    fixture_text("timings.csv", "id,block,updates,examples,seconds\na,1,4,32,1\n");
    assert_refused("input");
    fixture_text("manifest.json", "{}");
    assert_refused("manifest.json: experiment: missing");
    unlink(scratch_path("manifest.json"));
    assert_refused("has no manifest.json");
    unlink(scratch_path("cells.csv"));
    assert_refused("cells.csv");
    fixture_cells(NULL, 0);
    fixture_text("manifest.json", manifest);
    unlink(scratch_path("timings.csv"));
    assert_refused("has nothing that was timed");
}

/* Updates of 0 and seconds that are no numbers. */
static void blocks_without_updates_are_no_numbers(void **state)
{
    struct export_tally tally;

    (void)state;
    write_throughput();
    fixture_text("timings.csv", "id,input,block,updates,examples,seconds\n"
                                "a,gather,1,0,0,1\na,gather,2,4,32,nan\na,gather,3,,,\n"
                                "b,gather,1,1,8,inf\n");
    open_folder();
    assert_int_equal(
        export_write(&folder.export, EXPORT_BENCHER, scratch_path("bencher.json"), &tally), 0);
    assert_int_equal(tally.written, 0);
    assert_int_equal(tally.left_out, 3);
    exported_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_timed_block_is_a_repetition, fixture_clear),
        cmocka_unit_test_setup(the_manifest_says_where_and_when, fixture_clear),
        cmocka_unit_test_setup(without_timings_nothing_was_timed, fixture_clear),
        cmocka_unit_test_setup(of_several_seeds_each_is_a_repetition, fixture_clear),
        cmocka_unit_test_setup(training_is_timed_as_a_whole, fixture_clear),
        cmocka_unit_test_setup(a_failed_seed_makes_the_arm_an_error, fixture_clear),
        cmocka_unit_test_setup(what_cannot_be_read_is_refused, fixture_clear),
        cmocka_unit_test_setup(blocks_without_updates_are_no_numbers, fixture_clear),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
