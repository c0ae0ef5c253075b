/* Calibrations of recorded rounds that are made up: how often the gate is right on them, floors,
 * and what a gate takes from the file. */
#include "gate/calibration.h"

#include "run/host.h"

#include "judge_fixture.h"
#include "tree.h"

#include "base/error.h"

#include <time.h>

enum { ROUNDS = 8 }; /* of one run */

static struct calibration calibration;

/* ---- Recordings -------------------------------------------------------------------------------
 */

/* An arm of two cells, with so many runs to be filled. */
static void open_arm(double share, size_t runs)
{
    static const char *const names[] = {"naive/S/k=8", "blas/S/k=8"};
    struct gate *gate = &calibration.arms[calibration.opened];

    memset(gate, 0, sizeof *gate);
    gate->options = (struct gate_options){.slice = 0.01, .turns = 2, .margin = 0.02};
    gate->rounds = ROUNDS;
    gate->confidence = 0.95;
    gate->resolution = 1e-9;
    snprintf(gate->started, sizeof gate->started, "2026-01-02T03:04:05Z");
    gate->count = LENGTH(names);
    gate->cells = calloc(LENGTH(names), sizeof *gate->cells);
    for (size_t c = 0; c < LENGTH(names); c++) {
        struct gate_series *series = &gate->cells[c].series[GATE_FIRST];

        snprintf(gate->cells[c].name, sizeof gate->cells->name, "%s", names[c]);
        gate->cells[c].verdict = GATE_INCONCLUSIVE;
        gate->cells[c].updates = 10;
        gate->cells[c].floor = NAN;
        series->count = runs * ROUNDS;
        for (int s = 0; s < GATE_SIDES; s++) {
            series->seconds[s] = calloc(series->count + 1, sizeof(double));
            series->cpu[s] = calloc(series->count + 1, sizeof(double));
        }
    }
    calibration.options.shares[calibration.opened] = share;
    calibration.options.arm_count = ++calibration.opened;
}

static void fill(struct gate_cell *cell, size_t round, double base, double head)
{
    struct gate_series *series = &cell->series[GATE_FIRST];

    series->seconds[GATE_BASE][round] = series->cpu[GATE_BASE][round] = base;
    series->seconds[GATE_HEAD][round] = series->cpu[GATE_HEAD][round] = head;
}

/* Every round of the cell: the same machine, the head so many times as slow; rounds differ by a
 * thousandth, so that there are no ties. */
static void fill_ratio(int arm, int cell, double ratio)
{
    struct gate_cell *filled = &calibration.arms[arm].cells[cell];

    for (size_t i = 0; i < filled->series[GATE_FIRST].count; i++)
        fill(filled, i, 1, ratio * (1 + 1e-3 * ((double)(i % 3) - 1)));
}

static int start(void **state)
{
    (void)state;
    memset(&calibration, 0, sizeof calibration);
    calibration.options.resamples = 50;
    calibration.options.gate.seed = 1;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    calibration_close(&calibration);
    return 0;
}

static const struct calibration_rate *rate_of(const char *group, double share,
                                              enum calibration_method method)
{
    for (size_t r = 0; r < calibration.rate_count; r++)
        if (strcmp(calibration.rates[r].group, group) == 0 && calibration.rates[r].share == share &&
            calibration.rates[r].method == method)
            return &calibration.rates[r];
    fail_msg("no rate of %s at %g", group, share);
    return NULL;
}

/* So many of so many runs found it; the rest was no answer in so many. */
static void assert_rate(const char *group, double share, enum calibration_method method,
                        size_t found, size_t runs, size_t inconclusive)
{
    const struct calibration_rate *rate = rate_of(group, share, method);

    if (rate->found != found || rate->runs != runs || rate->inconclusive != inconclusive)
        fail_msg("%s at %g, %s: %zu of %zu, %zu open; expected %zu of %zu, %zu open", group, share,
                 calibration_method_names[method], rate->found, rate->runs, rate->inconclusive,
                 found, runs, inconclusive);
}

/* ---- How often it is right --------------------------------------------------------------------
 */

static void a_slow_down_is_found_and_the_same_is_not(void **state)
{
    (void)state;
    open_arm(0, 5);
    open_arm(0.1, 3);
    for (int c = 0; c < 2; c++) {
        fill_ratio(0, c, 1);
        fill_ratio(1, c, 1.1);
    }
    assert_int_equal(calibration_judge(&calibration), 0);
    for (int m = CALIBRATION_RECORDED; m <= CALIBRATION_RESAMPLED; m++) {
        enum calibration_method method = (enum calibration_method)m;
        size_t same = method == CALIBRATION_RECORDED ? 5 : 50;
        size_t slowed = method == CALIBRATION_RECORDED ? 3 : 50;

        assert_rate("*", 0, method, 0, same, 0);
        assert_rate("*", 0.1, method, slowed, slowed, 0);
        assert_rate("naive/*", 0.1, method, slowed, slowed, 0);
        assert_rate("blas/S/k=8", 0.1, method, slowed, slowed, 0);
    }
    assert_rate("*", 0, CALIBRATION_SEQUENTIAL, 0, 5, 0);
    assert_rate("*", 0.1, CALIBRATION_SEQUENTIAL, 3, 3, 0);
}

static void groups_are_all_cells_those_of_an_engine_and_each(void **state)
{
    (void)state;
    open_arm(0, 4);
    fill_ratio(0, 0, 1);
    fill_ratio(0, 1, 1.2); /* the same against itself, and yet: a false alarm */
    assert_int_equal(calibration_judge(&calibration), 0);
    calibration.floors[1] = 0;
    assert_int_equal(calibration.rate_count, 3 * 5);
    assert_rate("naive/*", 0, CALIBRATION_SEQUENTIAL, 0, 4, 0);
    assert_rate("blas/*", 0, CALIBRATION_SEQUENTIAL, 4, 4, 0);
    assert_rate("blas/S/k=8", 0, CALIBRATION_SEQUENTIAL, 4, 4, 0);
    assert_rate("*", 0, CALIBRATION_SEQUENTIAL, 4, 4, 0);
}

/* The machine gets slower all the time, by 5 % every round of eight; pairs do not see it. */
static void drift_that_both_share_is_no_slow_down(void **state)
{
    (void)state;
    open_arm(0, 6);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < 6 * ROUNDS; i++) {
            double drift = exp(0.01 * (double)i);

            fill(&calibration.arms[0].cells[c], i, drift,
                 drift * (1 + 1e-3 * ((double)(i % 3) - 1)));
        }
    assert_int_equal(calibration_judge(&calibration), 0);
    assert_rate("*", 0, CALIBRATION_RECORDED, 0, 6, 0);
    assert_rate("*", 0, CALIBRATION_RESAMPLED, 0, 50, 0);
    /* One after the other each stretch is 8 % slower than the one before, but for the last, which
     * the first comes after. */
    assert_rate("*", 0, CALIBRATION_SEQUENTIAL, 5, 6, 0);
}

/* Slower in the first rounds and not in those after: what is confirmed is not the first alarm. */
static void an_alarm_that_is_not_confirmed_is_none(void **state)
{
    struct gate_cell *cell;

    (void)state;
    open_arm(0, 2);
    open_arm(0.1, 4);
    for (int c = 0; c < 2; c++) {
        fill_ratio(0, c, 1);
        fill_ratio(1, c, 1);
    }
    cell = &calibration.arms[1].cells[0];
    for (size_t i = 0; i < ROUNDS; i++)
        fill(cell, i, 1, 1.3);
    assert_int_equal(calibration_judge(&calibration), 0);
    /* Of four stretches the first alone is slow: the run that begins with it is not confirmed by
     * the third and fourth. */
    assert_rate("*", 0.1, CALIBRATION_RECORDED, 0, 4, 1);
}

/* ---- Floors -----------------------------------------------------------------------------------
 */

/* The medians of 21 runs are 0, 0.01, ... 0.2 apart, one way and the other: 0.19 is the 95th
 * percentile. */
static void the_floor_is_the_95th_percentile_of_runs(void **state)
{
    (void)state;
    open_arm(0, 21);
    for (size_t i = 0; i < 21 * ROUNDS; i++) {
        size_t run = i / ROUNDS * 8 % 21; /* in an order of its own */

        fill(&calibration.arms[0].cells[0], i, 1, exp((run % 2 ? 0.01 : -0.01) * (double)run));
        fill(&calibration.arms[0].cells[1], i, 1, 1);
    }
    assert_int_equal(calibration_judge(&calibration), 0);
    assert_near(calibration.floors[0], expm1(0.19), 1e-12);
    assert_true(calibration.floors[1] == 0);
    /* Of the runs that of 0.2 alone is beyond it, and that one is faster. */
    assert_int_equal(rate_of("naive/*", 0, CALIBRATION_RECORDED)->found, 0);
}

static void one_run_has_no_floor(void **state)
{
    (void)state;
    open_arm(0, 1);
    fill_ratio(0, 0, 1);
    fill_ratio(0, 1, 1);
    assert_int_equal(calibration_judge(&calibration), 0);
    assert_true(isnan(calibration.floors[0]) && isnan(calibration.floors[1]));
    assert_rate("*", 0, CALIBRATION_RECORDED, 0, 1, 0);
}

static void no_run_has_no_rate(void **state)
{
    (void)state;
    open_arm(0, 2);
    open_arm(0.1, 0); /* as with --slowed-runs 0 */
    fill_ratio(0, 0, 1);
    fill_ratio(0, 1, 1);
    assert_int_equal(calibration_judge(&calibration), 0);
    for (int m = 0; m < CALIBRATION_METHODS; m++)
        assert_rate("*", 0.1, (enum calibration_method)m, 0, 0, 0);
}

/* One cell crashed in the middle. */
static void a_lost_cell_is_left_out(void **state)
{
    struct gate_cell *lost;

    (void)state;
    open_arm(0, 4);
    fill_ratio(0, 0, 1);
    fill_ratio(0, 1, 3);
    lost = &calibration.arms[0].cells[1];
    lost->verdict = GATE_MISSING;
    lost->series[GATE_FIRST].count = 2 * ROUNDS + 3;
    assert_int_equal(calibration_judge(&calibration), 0);
    assert_true(calibration.floors[0] >= 0);
    assert_true(isnan(calibration.floors[1]));
    for (int m = 0; m < CALIBRATION_METHODS; m++) {
        enum calibration_method method = (enum calibration_method)m;
        size_t runs = method == CALIBRATION_RESAMPLED ? 50 : 4;

        assert_rate("*", 0, method, 0, runs, 0);
        assert_rate("blas/*", 0, method, 0, 0, 0); /* and not 0 of 4 */
        assert_rate("blas/S/k=8", 0, method, 0, 0, 0);
    }
}

/* ---- As a gate uses it ------------------------------------------------------------------------
 */

static struct gate gate; /* of a cell that the calibration knows, and one that it does not */
static struct gate_cell gate_cells[2];
static char note[512];

static void open_gate(void)
{
    memset(&gate, 0, sizeof gate);
    memset(gate_cells, 0, sizeof gate_cells);
    gate.options = (struct gate_options){.slice = 0.01, .turns = 2, .margin = 0.02};
    gate.rounds = ROUNDS;
    gate.confidence = 0.95;
    gate.resolution = 1e-9;
    gate.cells = gate_cells;
    gate.count = 2;
    snprintf(gate_cells[0].name, sizeof gate_cells[0].name, "naive/S/k=8");
    snprintf(gate_cells[1].name, sizeof gate_cells[1].name, "naive/S/k=9");
    gate_cells[0].floor = gate_cells[1].floor = NAN;
    note[0] = '\0';
}

static void date_of(time_t when, char text[32])
{
    struct tm utc;

    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
}

static const char columns[] =
    "cells,share,method,floor,rounds,turns,slice_seconds,machine,measured\n";

/* A file of four rows, of which one is a cell's floor. */
static const char *write_file(const char *machine, int rounds, const char *measured)
{
    char text[2048];
    int length = snprintf(text, sizeof text, "%s", columns);
    static const char *const rows[] = {"*,0,recorded,", "naive/S/k=8,0,resampled,0.9",
                                       "naive/S/k=8,0.1,recorded,0.8",
                                       "naive/S/k=8,0,recorded,0.07"};

    for (size_t i = 0; i < LENGTH(rows); i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s,%d,2,0.01,\"%s\",%s\n",
                           rows[i], rounds, machine, measured);
    return scratch_write("calibration.csv", text, (size_t)length);
}

static void floors_are_taken_from_the_file(void **state)
{
    struct host host;
    char today[32];

    (void)state;
    host_read(&host);
    date_of(time(NULL), today);
    open_gate();
    assert_int_equal(
        calibration_apply(write_file(host.cpu, ROUNDS, today), &gate, note, sizeof note), 0);
    assert_true(gate_cells[0].floor == 0.07);
    assert_true(isnan(gate_cells[1].floor));
    assert_non_null(strstr(note, "floors of 1 of 2 cells"));
    assert_non_null(strstr(note, today));
    assert_null(strstr(note, "older"));
}

/* A difference of 5 % beneath a floor of 7 % is none; with the default margin it is one. */
static void a_floor_is_the_least_margin(void **state)
{
    double base[ROUNDS], head[ROUNDS];
    struct gate_series *series = &gate_cells[0].series[GATE_FIRST];

    (void)state;
    open_gate();
    for (int i = 0; i < ROUNDS; i++) {
        base[i] = 1;
        head[i] = 1.05;
    }
    *series = (struct gate_series){{base, head}, {base, head}, ROUNDS};
    gate_judge(&gate, &gate_cells[0], GATE_FIRST);
    assert_true(gate_cells[0].margin == 0.02);
    assert_int_equal(gate_cells[0].findings[GATE_FIRST].verdict, PAIRED_REGRESSION);
    gate_cells[0].floor = 0.07;
    gate_judge(&gate, &gate_cells[0], GATE_FIRST);
    assert_true(gate_cells[0].margin == 0.07);
    assert_int_equal(gate_cells[0].findings[GATE_FIRST].verdict, PAIRED_SAME);
    gate_cells[0].floor = 0.001; /* never below what was asked for */
    gate_judge(&gate, &gate_cells[0], GATE_FIRST);
    assert_true(gate_cells[0].margin == 0.02);
    gate.resolution = 2.5e-4; /* nor below two readings of the clock: 5 % of a slice */
    gate_judge(&gate, &gate_cells[0], GATE_FIRST);
    assert_near(gate_cells[0].margin, 0.05, 1e-15);
}

static void a_calibration_of_something_else_is_not_used(void **state)
{
    struct host host;
    char today[32];

    (void)state;
    host_read(&host);
    date_of(time(NULL), today);
    open_gate();
    assert_int_equal(
        calibration_apply(write_file("abacus", ROUNDS, today), &gate, note, sizeof note), 0);
    assert_non_null(strstr(note, "of another machine: not used"));
    assert_true(isnan(gate_cells[0].floor));
    assert_int_equal(
        calibration_apply(write_file(host.cpu, ROUNDS + 2, today), &gate, note, sizeof note), 0);
    assert_non_null(strstr(note, "of other rounds, turns or slices: not used"));
    assert_true(isnan(gate_cells[0].floor));
    gate.options.turns = 4;
    calibration_apply(write_file(host.cpu, ROUNDS, today), &gate, note, sizeof note);
    assert_non_null(strstr(note, "not used"));
    gate.options.turns = 2;
    gate.options.slice = 0.02;
    calibration_apply(write_file(host.cpu, ROUNDS, today), &gate, note, sizeof note);
    assert_non_null(strstr(note, "not used"));
    assert_true(isnan(gate_cells[0].floor));
}

static void an_old_one_is_used_and_called_old(void **state)
{
    const char *wrong[] = {"", "yesterday", "2020-01-01T00:00:00Z"};
    struct host host;

    (void)state;
    host_read(&host);
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        open_gate();
        assert_int_equal(
            calibration_apply(write_file(host.cpu, ROUNDS, wrong[i]), &gate, note, sizeof note), 0);
        assert_non_null(strstr(note, "older than 30 days, or of no date"));
        assert_true(gate_cells[0].floor == 0.07);
    }
}

static void a_file_that_is_not_there_is_no_error(void **state)
{
    (void)state;
    open_gate();
    assert_int_equal(calibration_apply(scratch_path("none.csv"), &gate, note, sizeof note), 0);
    assert_non_null(strstr(note, "No calibration"));
    assert_non_null(strstr(note, "none.csv"));
    assert_true(isnan(gate_cells[0].floor));
}

static void refuses(const char *text, const char *where, const char *wrong)
{
    const char *path = scratch_write("broken.csv", text, strlen(text));
    char expected[256];

    open_gate();
    snprintf(expected, sizeof expected, "%s%s", path, where);
    assert_int_equal(calibration_apply(path, &gate, note, sizeof note), -1);
    if (!strstr(error_text(), expected) || !strstr(error_text(), wrong))
        fail_msg("`%s` lacks `%s` or `%s`", error_text(), expected, wrong);
    assert_true(isnan(gate_cells[0].floor));
}

static void a_broken_file_is_an_error_with_its_line(void **state)
{
    char text[1024];

    (void)state;
    refuses("", "", "");
    refuses(columns, ":1", "no rows");
    refuses("cells,share\n*,0\n", "", "no column");
    snprintf(text, sizeof text, "%s*,0,recorded,0.1,8,2,0.01,cpu\n", columns);
    refuses(text, ":2", "");
    snprintf(text, sizeof text,
             "%s*,0,recorded,,8,2,0.01,cpu,now\n*,0,recorded,much,8,2,0.01,cpu,now\n", columns);
    refuses(text, ":3", "much");
    snprintf(text, sizeof text,
             "%s*,0,recorded,,8,2,0.01,cpu,now\n*,0,recorded,inf,8,2,0.01,cpu,now\n", columns);
    refuses(text, ":3", "floor: inf, expected a number, 0 or more");
    snprintf(text, sizeof text, "%s*,0,recorded,-0.1,8,2,0.01,cpu,now\n", columns);
    refuses(text, ":2", "floor: -0.1");
}

/* A column more might change what the others mean. */
static void a_file_of_a_newer_version_is_refused(void **state)
{
    char text[1024];

    (void)state;
    snprintf(text, sizeof text, "unit,%s%%,*,0,recorded,0.1,8,2,0.01,cpu,now\n", columns);
    refuses(text, ":1", "column `unit` is of a newer version");
}

/* What calibrate writes is what a gate reads. */
static void what_is_written_is_read(void **state)
{
    (void)state;
    open_arm(0, 3);
    fill_ratio(0, 0, 1.04);
    fill_ratio(0, 1, 1);
    assert_int_equal(calibration_judge(&calibration), 0);
    assert_int_equal(calibration_write(&calibration, scratch_path("folder")), 0);
    open_gate();
    assert_int_equal(
        calibration_apply(scratch_path("folder/calibration.csv"), &gate, note, sizeof note), 0);
    assert_near(gate_cells[0].floor, calibration.floors[0], 1e-8);
    assert_near(gate_cells[0].floor, 0.04, 2e-3);
    assert_non_null(strstr(note, "2026-01-02T03:04:05Z"));
}

#define judged(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        judged(a_slow_down_is_found_and_the_same_is_not),
        judged(groups_are_all_cells_those_of_an_engine_and_each),
        judged(drift_that_both_share_is_no_slow_down),
        judged(an_alarm_that_is_not_confirmed_is_none),
        judged(the_floor_is_the_95th_percentile_of_runs),
        judged(one_run_has_no_floor),
        judged(no_run_has_no_rate),
        judged(a_lost_cell_is_left_out),
        cmocka_unit_test(floors_are_taken_from_the_file),
        cmocka_unit_test(a_floor_is_the_least_margin),
        cmocka_unit_test(a_calibration_of_something_else_is_not_used),
        cmocka_unit_test(an_old_one_is_used_and_called_old),
        cmocka_unit_test(a_file_that_is_not_there_is_no_error),
        cmocka_unit_test(a_file_of_a_newer_version_is_refused),
        cmocka_unit_test(a_broken_file_is_an_error_with_its_line),
        judged(what_is_written_is_read),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
