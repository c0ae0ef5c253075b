/* Whether points lie on a straight line: planted lines, and planted bends. */
#include "verdict_cells.h"

#define LINE "test: straight, x: batch_size, y: updates_to_train_loss_0.5, margin: 0.1, "

static void assert_near(double actual, double expected, double relative)
{
    if (!(fabs(actual - expected) <= relative * fabs(expected)))
        fail_msg("%.9g, expected %.9g within %g of it", actual, expected, relative);
}

/* y = 50 + 2 K on network `a`; 50 + K^1.5 on `b`. */
static void plant(double deviation)
{
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 16384; k *= 4) {
            put((struct cell){
                .network = "a", .k = k, .seed = seed, .reached = (50 + 2 * k) * noise(deviation)});
            put((struct cell){.network = "b",
                              .k = k,
                              .seed = seed,
                              .reached = (50 + pow(k, 1.5)) * noise(deviation)});
        }
}

static void lines_are_told_from_bends(void **state)
{
    (void)state;
    plant(0.02);
    end_cells(CLAIM("  - {claim: line+, says: s, " LINE "where: {network: a}}\n"
                    "  - {claim: line-, says: s, " LINE "where: {network: b}}\n"
                    "  - {claim: both, says: s, " LINE "each: [network]}\n"));
    judge();
    assert_ruled("line+", VERDICT_CONFIRMED, 1);
    assert_ruled("line-", VERDICT_REFUTED, 1);
    assert_ruled("both", VERDICT_CONDITIONS, 1);
    assert_true(deciding_of("line+")->finding.effect.value < 0.02);
    assert_non_null(strstr(deciding_of("line+")->note, "half of it at x = 2"));
}

static void what_the_line_is_stands_in_the_details(void **state)
{
    (void)state;
    plant(0);
    end_cells(CLAIM("  - {claim: exact, says: s, " LINE "where: {network: a}}\n"));
    judge();
    assert_ruled("exact", VERDICT_CONFIRMED, 1);
    assert_true(deciding_of("exact")->finding.effect.value < 1e-12);
    assert_near(detail_of("exact", "intercept", "").value, 50, 1e-9);
    assert_near(detail_of("exact", "slope", "").value, 2, 1e-9);
    assert_near(detail_of("exact", "intercept_over_slope", "").value, 25, 1e-9);
}

/* Deviations count as shares of y: a bend where y is small is seen as well. */
static void a_bend_at_the_small_end_is_seen(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 16384; k *= 4)
            put((struct cell){
                .k = k, .seed = seed, .reached = (k < 16 ? 400 : 50 + 2 * k) * noise(0.02)});
    end_cells(CLAIM("  - {claim: bent, says: s, " LINE "where: {network: a}}\n"));
    judge();
    assert_ruled("bent", VERDICT_REFUTED, 1);
}

static void what_is_missing_decides_nothing(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        for (int k = 1; k <= 4; k *= 4) {
            put((struct cell){.network = "two", .k = k, .seed = seed, .reached = 50 + 2 * k});
            put((struct cell){.network = "hole", .k = k, .seed = seed, .reached = 50 + 2 * k});
        }
        put((struct cell){
            .network = "hole", .k = 16, .seed = seed, .reached = seed < 3 ? 82 : (double)NAN});
    }
    end_cells(CLAIM("  - {claim: two, says: s, " LINE "where: {network: two}}\n"
                    "  - {claim: hole, says: s, " LINE "where: {network: hole}}\n"));
    judge();
    assert_ruled("two", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("two"), "fewer than three"));
    assert_int_equal(deciding_of("hole")->is_delivered, 0);
}

static void a_line_needs_a_margin_and_an_x(void **state)
{
    static const char *const faults[][2] = {
        {"  - {claim: c, says: s, test: straight, x: batch_size, y: updates}\n",
         "straight needs a margin"},
        {"  - {claim: c, says: s, test: straight, y: updates, margin: 0.1}\n", "straight needs x"},
        {"  - {claim: c, says: s, " LINE "above: 1}\n", "straight has no use for above and below"},
    };

    (void)state;
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
        char text[600];

        plant(0);
        snprintf(text, sizeof text, "%s%s", CLAIM(""), faults[f][0]);
        end_cells(text);
        assert_int_equal(verdicts_open(&verdicts, scratch_folder, NULL), -1);
        if (!strstr(error_text(), faults[f][1]) || !strstr(error_text(), ":5:"))
            fail_msg("%s, expected line 5 and `%s`", error_text(), faults[f][1]);
        verdicts_close(&verdicts);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lines_are_told_from_bends, done),
        cmocka_unit_test_teardown(what_the_line_is_stands_in_the_details, done),
        cmocka_unit_test_teardown(a_bend_at_the_small_end_is_seen, done),
        cmocka_unit_test_teardown(what_is_missing_decides_nothing, done),
        cmocka_unit_test(a_line_needs_a_margin_and_an_x),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
