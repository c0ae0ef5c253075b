/* Running a plan: finished cells stay finished, and whatever an engine does harms only its cell. */
#include "base/file.h"
#include "base/table.h"
#include "campaign_fixture.h"
#include "run/record.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <cmocka.h>

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 120, features: 3, classes: 3, validation: 20}\n"             \
    "evaluation: {first: 20}\n"
#define BUDGET "budget: {epochs: 2}\n"
#define ENGINE(name) TEST_ENGINES "/ending_" #name ".so"

/* Runs yaml into the folder and returns what runner_run did. */
static struct runner_result result;

static int run(const char *yaml, const char *results, const struct runner_options *options)
{
    const struct runner_options plain = {.jobs = 2, .no_roof = 1};
    struct prepared prepared;
    int status;

    prepare(&prepared, yaml, results);
    status = runner_run(&prepared.campaign, options ? options : &plain, &result);
    dismiss(&prepared);
    return status;
}

static void runs(const char *yaml, const char *results, const struct runner_options *options,
                 enum runner_end end)
{
    if (run(yaml, results, options) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(result.end, end);
}

static void refuses(const char *yaml, const char *results, const struct runner_options *options,
                    const char *reason)
{
    assert_int_equal(run(yaml, results, options), -1);
    if (!strstr(error_text(), reason))
        fail_msg("`%s` lacks `%s`", error_text(), reason);
}

static struct table *open_cells(const char *results)
{
    struct table *table;

    if (table_open(&table, result_path(results, "cells.csv")) != 0)
        fail_msg("%s", error_text());
    return table;
}

/* The number of cells with this outcome, and the reason of the last one. */
static int count_outcome(const char *results, const char *outcome, char reason[256])
{
    struct table *table = open_cells(results);
    int count = 0;

    for (size_t i = 0; i < table_rows(table); i++)
        if (strcmp(table_texts(table, "outcome")[i], outcome) == 0) {
            snprintf(reason, 256, "%s", table_texts(table, "reason")[i]);
            count++;
        }
    table_close(table);
    return count;
}

/* Columns of curves.csv that must not depend on when and how often the run was interrupted. */
static void assert_same_curves(const char *one, const char *other)
{
    static const char *const columns[] = {
        "id",         "epoch",       "update",          "examples",         "flops",
        "train_loss", "train_error", "validation_loss", "validation_error", "gradient_norm"};
    struct table *left, *right;

    assert_int_equal(table_open(&left, result_path(one, "curves.csv")), 0);
    assert_int_equal(table_open(&right, result_path(other, "curves.csv")), 0);
    assert_int_equal(table_rows(left), table_rows(right));
    assert_true(table_rows(left) > 0);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t i = 0; i < table_rows(left); i++)
            assert_string_equal(table_texts(left, columns[c])[i],
                                table_texts(right, columns[c])[i]);
    table_close(left);
    table_close(right);
}

static void assert_nothing_half_written(const char *results)
{
    assert_int_equal(tree_count(scratch_path(results), ".tmp-"), 0);
    assert_int_equal(tree_count(result_path(results, "cells"), ".tmp-"), 0);
}

/* ---- What is finished ---------------------------------------------------------------------------
 */

#define GRID "grid: {engine: naive, network: S, batch_size: [1, 8, full]}\n"
#define GROWN                                                                                      \
    "grid: {engine: naive, network: S, batch_size: [1, 4, 8, full], learning_rate: [0.1, 0.2]}\n"

static void a_second_run_finds_everything_finished(void **state)
{
    char reason[256];

    (void)state;
    runs(DATA BUDGET GRID, "twice", NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 3);
    assert_int_equal(result.skipped, 0);
    assert_int_equal(result.troubled + result.unsupported + result.unfinished, 0);
    assert_int_equal(result.jobs, 2);
    assert_int_equal(count_outcome("twice", "budget", reason), 3);
    assert_string_equal(reason, "budget: epochs");
    assert_nothing_half_written("twice");
    runs(DATA BUDGET GRID, "twice", NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 0);
    assert_int_equal(result.skipped, 3);
}

static void a_grown_grid_runs_only_what_is_new(void **state)
{
    struct table *table;

    (void)state;
    runs(DATA BUDGET GRID, "grown", NULL, RUNNER_COMPLETE);
    runs(DATA BUDGET GROWN, "grown", NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 5);
    assert_int_equal(result.skipped, 3);
    table = open_cells("grown");
    assert_int_equal(table_rows(table), 8);
    table_close(table);
    runs(DATA BUDGET GRID, "grown", NULL, RUNNER_COMPLETE); /* shrunk again */
    assert_int_equal(result.skipped, 3);
    table = open_cells("grown");
    assert_int_equal(table_rows(table), 3);
    table_close(table);
    assert_int_equal(tree_count(result_path("grown", "cells"), ""), 8);
}

static void only_the_chosen_cells_run(void **state)
{
    const struct runner_options full = {.only = "kfull|-k1-", .jobs = 1, .no_roof = 1},
                                none = {.only = "k7"}, bad = {.only = "k("};

    (void)state;
    runs(DATA BUDGET GRID, "only", &full, RUNNER_COMPLETE);
    assert_int_equal(result.run, 2);
    runs(DATA BUDGET GRID, "only", NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 1);
    assert_int_equal(result.skipped, 2);
    refuses(DATA BUDGET GRID, "none", &none, "'k7' matches none of the 3 cells");
    refuses(DATA BUDGET GRID, "none", &bad, "'k(' is not a regular expression");
    assert_false(tree_exists(scratch_path("none"))); /* no folder before the question is right */
}

/* ---- Whose folder it is
 * -------------------------------------------------------------------------- */

static void the_folder_of_another_experiment_is_refused_unless_forced(void **state)
{
    const struct runner_options force = {.force = 1, .jobs = 2, .no_roof = 1};
    struct table *table;

    (void)state;
    runs(DATA BUDGET GRID, "other", NULL, RUNNER_COMPLETE);
    refuses(DATA "budget: {epochs: 3}\n" GRID, "other", NULL, "holds another experiment");
    assert_non_null(strstr(error_text(), "--force"));
    assert_int_equal(tree_count(result_path("other", "cells"), ""), 3);
    runs(DATA "budget: {epochs: 3}\n" GRID, "other", &force, RUNNER_COMPLETE);
    assert_int_equal(result.run, 3);
    table = open_cells("other");
    assert_int_equal(table_rows(table), 3);
    table_close(table);
    assert_int_equal(tree_count(result_path("other", "cells"), ""), 6);
    runs(DATA "budget: {epochs: 3}\n" GRID, "other", NULL, RUNNER_COMPLETE); /* it is ours now */
    assert_int_equal(result.skipped, 3);
}

static void other_data_under_the_same_name_are_refused(void **state)
{
    static const char yaml[] = "dataset: {name: csv, path: data.csv, label: kind, scaling: none}\n"
                               "grid: {engine: naive, network: S, batch_size: 1}\n" BUDGET;
    static const char one[] = "x,kind\n1,a\n2,b\n3,a\n", other[] = "x,kind\n1,a\n2,b\n4,a\n";

    (void)state;
    scratch_write("data.csv", one, sizeof one - 1);
    runs(yaml, "data", NULL, RUNNER_COMPLETE);
    scratch_write("data.csv", other, sizeof other - 1);
    refuses(yaml, "data", NULL, "on other data");
}

static void a_damaged_manifest_is_named(void **state)
{
    (void)state;
    folder_make(scratch_path("damaged"));
    scratch_write("damaged/manifest.json", "{", 1);
    refuses(DATA BUDGET GRID, "damaged", NULL, "damaged/manifest.json:1: ");
    scratch_write("damaged/manifest.json", "[1]", 3);
    refuses(DATA BUDGET GRID, "damaged", NULL, "another schema version");
}

static void one_run_a_folder(void **state)
{
    int lock;

    (void)state;
    folder_make(scratch_path("locked"));
    lock = open(scratch_path("locked/.lock"), O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    refuses(DATA BUDGET GRID, "locked", NULL, "another batchlab is running");
    close(lock);
    runs(DATA BUDGET GRID, "locked", NULL, RUNNER_COMPLETE);
}

static void an_engine_that_cannot_be_loaded_is_an_error_with_its_line(void **state)
{
    (void)state;
    refuses(DATA BUDGET "grid:\n  engine:\n    - naive\n    - ./missing.so\n", "missing", NULL,
            "good.yaml:7: engine: ./missing.so");
    assert_false(tree_exists(scratch_path("missing")));
}

/* ---- Engines that end badly
 * ---------------------------------------------------------------------- */

#define BESIDE(engine)                                                                             \
    DATA "budget: {updates: 20}\nlimits: {cell_seconds: 0.5}\n"                                    \
         "grid: {engine: [naive, " engine "], network: S, batch_size: [1, 8]}\n"

/* Both cells of the ill engine end so, those of the other are finished, and the next run tries
 * again what is not final. */
static void harms_only_its_cells(const char *yaml, const char *results, const char *outcome,
                                 const char *expected)
{
    int is_trouble = strcmp(outcome, "unsupported") != 0;
    char reason[256] = "";

    runs(yaml, results, NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 4);
    assert_int_equal(result.troubled, is_trouble ? 2 : 0);
    assert_int_equal(result.unsupported, is_trouble ? 0 : 2);
    assert_int_equal(count_outcome(results, "budget", reason), 2);
    assert_int_equal(count_outcome(results, outcome, reason), 2);
    if (!strstr(reason, expected))
        fail_msg("`%s` lacks `%s`", reason, expected);
    assert_nothing_half_written(results);

    runs(yaml, results, NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 2);
    assert_int_equal(result.skipped, 2);

    setenv("BATCHLAB_TEST_HEALED", "1", 1);
    runs(yaml, results, NULL, RUNNER_COMPLETE);
    unsetenv("BATCHLAB_TEST_HEALED");
    assert_int_equal(result.run, 2);
    assert_int_equal(result.troubled + result.unsupported, 0);
    assert_int_equal(count_outcome(results, "budget", reason), 4);
}

static void a_crash_is_recorded(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(crash)), "crash", "crashed", "signal 6 (Aborted)");
}

static void an_exit_is_recorded_as_a_crash(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(exit)), "exit", "crashed",
                         "exited with status 0 in the middle");
}

static void a_hang_is_ended(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(hang)), "hang", "timeout", "ended after 0.5 s");
}

/* Makes the one checkpoint of the folder say that it took so long: what stands behind its key, and
 * the checksum in its head. */
static void plant_seconds(const char *results, double seconds)
{
    enum { HEAD = 24, CRC = 12 };
    static unsigned char bytes[1 << 16];
    char path[600] = "";
    DIR *folder = opendir(result_path(results, "cells"));
    uint64_t length;
    uint32_t crc;
    size_t size;
    FILE *file;

    for (struct dirent *entry; (entry = readdir(folder));)
        if (strstr(entry->d_name, RECORD_CHECKPOINT))
            snprintf(path, sizeof path, "%s/%.200s", result_path(results, "cells"), entry->d_name);
    closedir(folder);
    size = scratch_read(path, bytes, sizeof bytes);
    assert_true(size > HEAD && size < sizeof bytes);
    memcpy(&length, bytes + HEAD, sizeof length);
    assert_true(HEAD + sizeof length + length + sizeof seconds < size);
    memcpy(bytes + HEAD + sizeof length + length, &seconds, sizeof seconds);
    crc = (uint32_t)crc32(0, bytes + HEAD, (uInt)(size - HEAD));
    memcpy(bytes + CRC, &crc, sizeof crc);
    file = fopen(path, "w");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Two runs of a cell that hangs after its first checkpoint; without its earlier seconds the second
 * would hang for an hour. */
static void the_limit_counts_what_a_cell_took_before(void **state)
{
#define HANGS(seconds)                                                                             \
    DATA "budget: {updates: 20}\n"                                                                 \
         "limits: {checkpoint_seconds: 1e-6, cell_seconds: " seconds "}\n"                         \
         "grid: {engine: " ENGINE(hang) ", network: S, batch_size: 8}\n"
    char reason[256] = "";
    struct table *table;

    (void)state;
    runs(HANGS("0.5"), "spent", NULL, RUNNER_COMPLETE);
    assert_int_equal(count_outcome("spent", "timeout", reason), 1);
    assert_int_equal(tree_count(result_path("spent", "cells"), RECORD_CHECKPOINT), 1);
    plant_seconds("spent", 5000);
    runs(HANGS("3600"), "spent", NULL, RUNNER_COMPLETE);
    assert_int_equal(count_outcome("spent", "timeout", reason), 1);
    assert_non_null(strstr(reason, "ended after 3600 s"));
    table = open_cells("spent");
    assert_true(table_numbers(table, "wall_seconds")[0] >= 5000);
    table_close(table);
    assert_int_equal(result.cell_wall_seconds < 3600, 1); /* this run's alone */
}

static void a_failure_is_recorded_with_what_the_engine_says(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(fail)), "fail", "failed", "out of order");
}

static void a_refusal_is_recorded_with_what_the_engine_says(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(refuse)), "refuse", "unsupported",
                         "the library, \"libill\", is missing");
}

static void a_crash_when_the_engine_is_asked_harms_only_its_cells_too(void **state)
{
    (void)state;
    harms_only_its_cells(BESIDE(ENGINE(crash_in_open)), "open", "crashed", "signal 6 (Aborted)");
}

/* ---- Interruptions
 * ------------------------------------------------------------------------------- */

#define EIGHT                                                                                      \
    "grid: {engine: naive, network: S, batch_size: [1, 8], learning_rate: [.1, .2, .3, .4]}\n"

static void interrupt_after_two(void *context, const struct runner_progress *progress,
                                const struct cell *cell, enum outcome outcome, double wall_seconds)
{
    (void)outcome, (void)wall_seconds;
    assert_int_equal(progress->total, 8);
    if (cell && progress->done == 2)
        kill(getpid(), *(int *)context);
}

static void an_interrupted_run_resumes_to_the_same_numbers(void **state)
{
    static int ends[] = {SIGTERM, SIGINT, SIGHUP};

    (void)state;
    runs(DATA BUDGET EIGHT, "calm", NULL, RUNNER_COMPLETE);
    for (int i = 0; i < 3; i++) {
        const struct runner_options options = {
            .jobs = 1, .report = interrupt_after_two, .context = &ends[i]};

        tree_remove(scratch_path("stopped"));
        runs(DATA BUDGET EIGHT, "stopped", &options, RUNNER_INTERRUPTED);
        assert_in_range(result.run, 2, 3);
        assert_int_equal(result.unfinished, 8 - result.run);
        assert_nothing_half_written("stopped");
        runs(DATA BUDGET EIGHT, "stopped", NULL, RUNNER_COMPLETE);
        assert_true(result.skipped >= 2 && result.skipped < 8);
        assert_int_equal(result.run + result.skipped, 8);
        assert_same_curves("calm", "stopped");
    }
}

static void the_signals_are_as_before_after_the_run(void **state)
{
    sigset_t before, after;

    (void)state;
    sigprocmask(SIG_BLOCK, NULL, &before);
    runs(DATA BUDGET GRID, "mask", NULL, RUNNER_COMPLETE);
    sigprocmask(SIG_BLOCK, NULL, &after);
    for (int s = 1; s < NSIG; s++)
        assert_int_equal(sigismember(&after, s), sigismember(&before, s));
}

static void a_deadline_ends_the_run(void **state)
{
    const struct runner_options options = {.deadline = 1.5, .jobs = 2};

    (void)state;
    runs(DATA "budget: {seconds: 600}\n" GRID, "late", &options, RUNNER_DEADLINE);
    assert_int_equal(result.run, 0);
    assert_int_equal(result.unfinished, 3);
    assert_nothing_half_written("late");
    assert_false(tree_exists(result_path("late", "cells.csv")));
}

static int announced;

static void announce(void *context, const char *engine, const char *library)
{
    assert_null(context);
    assert_string_equal(engine, "naive");
    assert_true(library[0] != '\0');
    announced++;
}

static void each_engine_is_announced_once(void **state)
{
    const struct runner_options options = {.announce = announce, .jobs = 2, .no_roof = 1};

    (void)state;
    announced = 0;
    runs(DATA BUDGET GRID, "announced", &options, RUNNER_COMPLETE);
    assert_int_equal(announced, 1);
    runs(DATA BUDGET GRID, "announced", &options, RUNNER_COMPLETE);
    assert_int_equal(announced, 1); /* nothing to run, nothing to say */
}

/* From now on files may not grow beyond 300 bytes: the disk fills up when the cells start. */
static void fill_disk(void *context, const char *engine, const char *library)
{
    const struct rlimit small = {300, RLIM_INFINITY};

    (void)context, (void)engine, (void)library;
    setrlimit(RLIMIT_FSIZE, &small);
}

static void a_disk_that_fills_up_ends_the_run_with_the_reason(void **state)
{
    const struct runner_options options = {.announce = fill_disk, .jobs = 1};
    struct rlimit before;
    int status;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    status = run(DATA BUDGET GRID, "full", &options);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    if (!strstr(error_text(), "cell.csv: cannot be written: File too large"))
        fail_msg("%s", error_text());
    assert_nothing_half_written("full");
    assert_int_equal(tree_count(result_path("full", "cells"), ""), 0);
    runs(DATA BUDGET GRID, "full", NULL, RUNNER_COMPLETE);
    assert_int_equal(result.run, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run_finds_everything_finished),
        cmocka_unit_test(a_grown_grid_runs_only_what_is_new),
        cmocka_unit_test(only_the_chosen_cells_run),
        cmocka_unit_test(the_folder_of_another_experiment_is_refused_unless_forced),
        cmocka_unit_test(other_data_under_the_same_name_are_refused),
        cmocka_unit_test(a_damaged_manifest_is_named),
        cmocka_unit_test(one_run_a_folder),
        cmocka_unit_test(an_engine_that_cannot_be_loaded_is_an_error_with_its_line),
        cmocka_unit_test(a_crash_is_recorded),
        cmocka_unit_test(an_exit_is_recorded_as_a_crash),
        cmocka_unit_test(a_hang_is_ended),
        cmocka_unit_test(the_limit_counts_what_a_cell_took_before),
        cmocka_unit_test(a_failure_is_recorded_with_what_the_engine_says),
        cmocka_unit_test(a_refusal_is_recorded_with_what_the_engine_says),
        cmocka_unit_test(a_crash_when_the_engine_is_asked_harms_only_its_cells_too),
        cmocka_unit_test(an_interrupted_run_resumes_to_the_same_numbers),
        cmocka_unit_test(the_signals_are_as_before_after_the_run),
        cmocka_unit_test(a_deadline_ends_the_run),
        cmocka_unit_test(each_engine_is_announced_once),
        cmocka_unit_test(a_disk_that_fills_up_ends_the_run_with_the_reason),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
