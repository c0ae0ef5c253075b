/* Verdicts of results whose truth is planted: each is reached, and nothing but what the data say.
 */
#include "verdict_fixture.h"

/* ---- Results -----------------------------------------------------------------------------------
 */

enum { SEEDS = 6 };

static FILE *cells;

static void begin_cells(void)
{
    cells = fopen(scratch_path("cells.csv"), "w");
    fputs(
        "id,network,batch_size,full_batch,learning_rate,seed,outcome,edge,wall_seconds,test_error,"
        "updates_to_train_loss_0.5\n",
        cells);
}

static int cell_count;

static void cell(const char *network, int k, int seed, double error, double updates)
{
    char cost[32] = "";

    if (isfinite(updates))
        snprintf(cost, sizeof cost, "%.17g", updates);
    fprintf(cells, "c%d,%s,%d,%d,0.1,%d,%s,0,3600,%.17g,%s\n", cell_count++, network, k, k == 1000,
            seed, isnan(updates) ? "diverged" : "budget", error, cost);
}

/* Scatter of about 0.001 that is the same in every test. */
static double scatter(int seed)
{
    static const double list[SEEDS] = {0.0011, -0.0007, 0.0002, -0.0012, 0.0009, -0.0003};

    return list[seed % SEEDS];
}

static void end_cells(const char *experiment)
{
    fclose(cells);
    plant_manifest(experiment);
}

static int done(void **state)
{
    (void)state;
    forget();
    cell_count = 0;
    return 0;
}

/* K = 1, 10, 100, 1000 on two networks: the error rises with K on `a`, is flat on `b`; updates fall
 * as 1/K. */
static void plant(void)
{
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 1000; k *= 10) {
            cell("a", k, seed, 0.10 + 0.01 * log10(k) + scatter(seed + k),
                 5000.0 / k * (1 + scatter(seed + k)));
            cell("b", k, seed, 0.10 + scatter(seed * 7 + k),
                 5000.0 / k * (1 + scatter(seed + 2 * k)));
        }
}

/* ---- Verdicts ----------------------------------------------------------------------------------
 */

static void each_verdict_is_reached(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: YES, says: error rises with K, test: order, y: test_error, where: {network: "
        "a},\n"
        "     arms: [{batch_size: 1}, {batch_size: 100}, {batch_size: full}]}\n"
        "  - {claim: NO, says: error falls with K, test: order, y: test_error, where: {network: "
        "a},\n"
        "     arms: [{batch_size: 100}, {batch_size: 1}]}\n"
        "  - {claim: SOME, says: error is the same for all K, test: equivalence, y: test_error,\n"
        "     margin: 0.003, each: [network], arms: [{batch_size: 1}, {batch_size: full}]}\n"
        "  - {claim: OPEN, says: the same to a hair, test: equivalence, y: test_error,\n"
        "     margin: 0.0001, where: {network: b}, arms: [{batch_size: 1}, {batch_size: 10}]}\n"));
    judge();
    assert_ruled("YES", VERDICT_CONFIRMED, 1);
    assert_ruled("NO", VERDICT_REFUTED, 1);
    assert_ruled("SOME", VERDICT_CONDITIONS, 1);
    assert_string_equal(rulings[2].deciding->condition, "network=a");
    assert_ruled("OPEN", VERDICT_INCONCLUSIVE, 0); /* too few seeds for such a margin */
    assert_non_null(strstr(reason_of("OPEN"), "the margin is 0.0001"));
    assert_true(rulings[3].deciding->hours_needed > 12); /* more than the six seeds took */
}

/* What is taken from y, and a slope over the logarithm of x alone: the error less the rate, -0.1 ..
 * of both signs, rises by as much with each factor of ten in K. */
static void differences_have_slopes_over_logarithms(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 0; seed < SEEDS; seed++)
        for (int i = 0, k = 1; i < 4; i++, k *= 10)
            cell("a", k, seed, 0.07 + 0.02 * i + scatter(seed + i), 100);
    end_cells(CLAIM("  - {claim: rise+, says: s, test: slope, scale: semilog, x: batch_size,\n"
                    "     y: test_error, minus: learning_rate, above: 0.0083, below: 0.0091}\n"
                    "  - {claim: rise-, says: s, test: slope, scale: semilog, x: batch_size,\n"
                    "     y: test_error, minus: learning_rate, below: 0}\n"
                    "  - {claim: gap+, says: s, test: bound, y: test_error, minus: learning_rate,\n"
                    "     above: -0.032, below: -0.028, where: {batch_size: 1}}\n"));
    judge();
    for (size_t r = 0; r < ruling_count; r++) {
        char sign = rulings[r].id[strlen(rulings[r].id) - 1];

        assert_ruled(rulings[r].id, sign == '+' ? VERDICT_CONFIRMED : VERDICT_REFUTED, 1);
    }
    assert_true(fabs(rulings[0].deciding->finding.effect.value - 0.02 / log(10)) < 5e-4);
}

static void every_test_confirms_and_refutes(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: slope+, says: s, test: slope, x: batch_size, y: updates_to_train_loss_0.5,\n"
        "     above: -1.02, below: -0.98, each: [network]}\n"
        "  - {claim: slope-, says: s, test: slope, x: batch_size, y: updates_to_train_loss_0.5,\n"
        "     above: -0.6, below: -0.4, where: {network: a}}\n"
        "  - {claim: ratio+, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 9,\n"
        "     below: 11, where: {network: a}, arms: [{batch_size: 1}, {batch_size: 10}]}\n"
        "  - {claim: ratio-, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 20,\n"
        "     where: {network: a}, arms: [{batch_size: 1}, {batch_size: 10}]}\n"
        "  - {claim: bound+, says: s, test: bound, y: test_error, below: 0.11, where: {network: "
        "b,\n"
        "     batch_size: 1}}\n"
        "  - {claim: bound-, says: s, test: bound, y: test_error, above: 0.11, where: {network: "
        "b,\n"
        "     batch_size: 1}}\n"
        "  - {claim: agree+, says: s, test: agreement, y: test_error, over: learning_rate,\n"
        "     margin: 0.05, where: {network: b, batch_size: 1}}\n"
        "  - {claim: agree-, says: s, test: agreement, y: test_error, over: learning_rate,\n"
        "     margin: 0.05, where: {network: a, batch_size: 1000}}\n"
        "  - {claim: minus+, says: s, test: bound, y: test_error, minus: learning_rate, above: "
        "0.02,\n"
        "     below: 0.04, where: {network: a, batch_size: 1000}}\n"
        "  - {claim: minus-, says: s, test: agreement, y: test_error, minus: learning_rate,\n"
        "     over: learning_rate, margin: 0.5, where: {network: a, batch_size: 1000}}\n"
        "  - {claim: same+, says: s, test: equivalence, y: updates_to_train_loss_0.5, relative: "
        "true,\n"
        "     margin: 0.03, arms: [{network: a, batch_size: 1}, {network: b, batch_size: 1}]}\n"));
    judge();
    for (size_t r = 0; r < ruling_count; r++) {
        char sign = rulings[r].id[strlen(rulings[r].id) - 1];

        assert_ruled(rulings[r].id, sign == '+' ? VERDICT_CONFIRMED : VERDICT_REFUTED, 1);
    }
}

static void a_trend_of_the_same_order_in_all_seeds_is_as_certain_as_coins(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM("  - {claim: trend+, says: s, test: trend, x: batch_size, y: test_error,\n"
                    "     where: {network: a}}\n"
                    "  - {claim: trend-, says: s, test: trend, x: batch_size, y: test_error,\n"
                    "     direction: falling, where: {network: a}}\n"));
    judge();
    assert_ruled("trend+", VERDICT_CONFIRMED, 1);
    assert_ruled("trend-", VERDICT_REFUTED, 1);
}

static void failures_and_gaps_confirm_nothing(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        /* most seeds: reached by neither */
        cell("a", 1, seed, 0.1, seed <= 2 ? 100 + seed : (double)INFINITY);
        cell("a", 10, seed, 0.1, seed <= 2 ? 200 + seed * seed : (double)INFINITY);
        fprintf(cells, "f%d,a,100,0,0.1,%d,failed,0,1,,\n", seed, seed);
    }
    end_cells(
        CLAIM("  - {claim: few, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 1,\n"
              "     arms: [{batch_size: 10}, {batch_size: 1}]}\n"
              "  - {claim: failed, says: s, test: bound, y: test_error, above: 0.9,\n"
              "     where: {batch_size: 100}}\n"));
    judge();
    assert_ruled("few", rulings[0].verdict, 0);
    assert_non_null(strstr(reason_of("few"), "4 told nothing"));
    assert_ruled("failed", VERDICT_INCONCLUSIVE, 0);
}

static void the_best_of_several_cells_is_picked_by_its_median(void **state)
{
    (void)state;
    plant();
    end_cells(
        CLAIM("  - {claim: best, says: s, test: ratio, y: test_error, below: 1.01, above: 0.99,\n"
              "     where: {network: a}, arms: [{batch_size: [1, 10, 100, full], pick: min},\n"
              "     {batch_size: 1}]}\n"
              "  - {claim: worst, says: s, test: ratio, y: test_error, below: 1.01, above: 0.99,\n"
              "     where: {network: a}, arms: [{batch_size: [1, 10, 100, full], pick: max},\n"
              "     {batch_size: full}]}\n"));
    judge();
    assert_ruled("best", VERDICT_CONFIRMED, 1);
    assert_ruled("worst", VERDICT_CONFIRMED, 1);
}

static void what_is_not_reached_counts_as_later_than_what_is(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        cell("a", 1, seed, 0.1, 100 + seed);
        cell("a", 10, seed, 0.1, INFINITY); /* censored */
        cell("a", 100, seed, 0.1, NAN);     /* diverged */
    }
    end_cells(CLAIM(
        "  - {claim: slower, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 1,\n"
        "     arms: [{batch_size: 10}, {batch_size: 1}]}\n"
        "  - {claim: infeasible, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 1,\n"
        "     arms: [{batch_size: 100}, {batch_size: 1}]}\n"
        "  - {claim: neither, says: s, test: ratio, y: updates_to_train_loss_0.5, above: 1,\n"
        "     arms: [{batch_size: 10}, {batch_size: 100}]}\n"));
    judge();
    assert_ruled("slower", VERDICT_CONFIRMED, 1); /* 3 / 64: by the sign test, twice Holm's share */
    assert_int_equal(verdicts.list[0].censored, SEEDS);
    assert_int_equal(verdicts.list[0].infeasible, 0);
    assert_int_equal(verdicts.list[1].infeasible, SEEDS);
    assert_ruled("neither", VERDICT_INCONCLUSIVE, 0);
}

/* Evaluations at 20 and at 40 updates, and a loss of 1 and of 0.25: by logarithms it passes 0.5 at
 * 30, plainly at 33.3. */
static void costs_that_the_cadence_blurs_are_not_delivered(void **state)
{
    FILE *curves;

    (void)state;
    plant();
    end_cells(CLAIM("  - {claim: blurred, says: s, test: ratio, y: updates_to_train_loss_0.5,\n"
                    "     above: 9, below: 11, where: {network: a},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 10}]}\n"
                    "  - {claim: sharp, says: s, test: ratio, y: updates_to_train_loss_0.5,\n"
                    "     above: 9, below: 11, where: {network: b},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 10}]}\n"
                    "  - {claim: other, says: s, test: bound, y: test_error, below: 0.5,\n"
                    "     where: {network: a, batch_size: 1}}\n"));
    curves = fopen(scratch_path("curves.csv"), "w");
    fputs("id,update,train_loss\n", curves);
    for (int c = 0; c < cell_count; c++) { /* networks in turn; only K = 10 of `a` is coarse */
        int is_coarse = c % 8 == 2;

        fprintf(curves, "c%d,20,1\nc%d,%d,0.25\n", c, c, is_coarse ? 40 : 21);
    }
    fclose(curves);
    judge();
    unlink(scratch_path("curves.csv"));
    assert_ruled("blurred", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("blurred"),
                        "evaluated too rarely: the cost of the target is known to 11 %, expected "
                        "5");
    assert_ruled("sharp", VERDICT_CONFIRMED, 1);
    assert_ruled("other", VERDICT_CONFIRMED, 1);
}

/* ---- What cannot be judged ---------------------------------------------------------------------
 */

static void missing_data_are_inconclusive_with_the_reason(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: cell, says: s, test: bound, y: test_error, above: 0, where: {network: c}}\n"
        "  - {claim: arm, says: s, test: ratio, y: test_error, above: 0.5, where: {network: a},\n"
        "     arms: [{batch_size: 7}, {batch_size: 1}]}\n"
        "  - {claim: file, says: s, test: bound, y: value, above: 0, from: probes}\n"
        "  - {claim: seeds, says: s, test: ratio, y: test_error, above: 0.5, seeds: 10,\n"
        "     where: {network: a}, arms: [{batch_size: 10}, {batch_size: 1}]}\n"
        "  - {claim: points, says: s, test: slope, x: batch_size, y: test_error, above: 0,\n"
        "     where: {network: a, batch_size: [1, 10]}}\n"));
    judge();
    assert_ruled("cell", VERDICT_INCONCLUSIVE, 0);
    assert_string_equal(reason_of("cell"), "no such cells among the results");
    assert_ruled("arm", VERDICT_INCONCLUSIVE, 0);
    assert_string_equal(reason_of("arm"), "no values");
    assert_ruled("file", VERDICT_INCONCLUSIVE, 0);
    assert_string_equal(reason_of("file"), "the results have no probes.csv");
    assert_ruled("seeds", VERDICT_CONFIRMED, 0); /* as it looks, but not delivered */
    assert_string_equal(reason_of("seeds"), "6 seeds, expected at least 10");
    assert_ruled("points", VERDICT_INCONCLUSIVE, 0);
    assert_string_equal(reason_of("points"), "fewer than three values of x");
}

static void on_the_edge_of_a_grid_nothing_is_decided(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        fprintf(cells, "c%d,a,1,0,0.1,%d,budget,1,1,0.1,10\n", seed, seed);
    end_cells(CLAIM("  - {claim: edge, says: s, test: bound, y: test_error, below: 1}\n"));
    judge();
    assert_ruled("edge", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("edge"), "edge"));
}

/* Planted faults that would confirm: each claim here is true of the rows that are left. */
static void what_is_left_out_does_not_confirm(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: level, says: s, test: bound, y: test_error, below: 1, each: [batch_size],\n"
        "     where: {network: a, batch_size: [1, 64, 1000]}}\n"
        "  - {claim: arm, says: s, test: order, y: test_error, where: {network: a},\n"
        "     arms: [{batch_size: [1, 2], pick: min}, {batch_size: 1000}]}\n"
        "  - {claim: seed, says: s, test: bound, y: test_error, below: 1,\n"
        "     where: {network: a, batch_size: 1, seed: [1, 2, 3, 4, 5, 7]}}\n"
        "  - {claim: whole, says: s, test: bound, y: test_error, below: 1,\n"
        "     where: {network: [a, b], batch_size: [1, full]}, each: [network, batch_size]}\n"));
    judge();
    assert_ruled("level", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("level"), "no row has batch_size = 64, which the claim names");
    assert_ruled("arm", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("arm"), "no row has batch_size = 2, which the claim names");
    assert_ruled("seed", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("seed"), "no row has seed = 7, which the claim names");
    assert_ruled("whole", VERDICT_CONFIRMED, 1);
}

/* Cell 0 has no row at update 10, as one that diverged before. */
static void a_cell_without_rows_in_the_file_is_missed(void **state)
{
    FILE *curves;

    (void)state;
    plant();
    end_cells(
        CLAIM("  - {claim: gap, says: s, test: bound, from: curves, y: train_loss, below: 1,\n"
              "     where: {update: 10, network: a, batch_size: 1}}\n"
              "  - {claim: whole, says: s, test: bound, from: curves, y: train_loss,\n"
              "     below: 1, where: {update: 10, network: b}, each: [batch_size]}\n"));
    curves = fopen(scratch_path("curves.csv"), "w");
    fputs("id,update,train_loss\n", curves);
    for (int c = 0; c < cell_count; c++)
        fprintf(curves, "c%d,%d,0.%d\n", c, c == 0 ? 5 : 10, 10 + c);
    fclose(curves);
    judge();
    unlink(scratch_path("curves.csv"));
    assert_ruled("gap", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("gap"), "1 cells have no such rows in curves.csv");
    assert_ruled("whole", VERDICT_CONFIRMED, 1);
}

/* The error less the rate falls with K, and below 0 for one seed, which a logarithm has no use for.
 */
static void a_seed_without_a_logarithm_is_missed(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 100; k *= 10)
            cell("a", k, seed, seed == 1 && k == 100 ? 0.09 : 0.1 + 0.1 / k + scatter(seed + k) / k,
                 100);
    end_cells(CLAIM("  - {claim: logs, says: s, test: slope, x: batch_size, y: test_error,\n"
                    "     minus: learning_rate, below: -0.5}\n"
                    "  - {claim: rest, says: s, test: slope, x: batch_size, y: test_error,\n"
                    "     minus: learning_rate, below: -0.5, where: {seed: [2, 3, 4, 5, 6]}}\n"));
    judge();
    assert_ruled("logs", VERDICT_CONFIRMED, 0);
    assert_non_null(strstr(reason_of("logs"), "1 told nothing"));
    assert_ruled("rest", VERDICT_CONFIRMED, 1);
}

/* Two cells of K = 10 made all their updates before they had the training loss. */
static void equal_training_loss_is_that_of_all_cells(void **state)
{
    (void)state;
    cells = fopen(scratch_path("cells.csv"), "w");
    fputs("id,batch_size,seed,outcome,reason,edge,wall_seconds,test_error\n", cells);
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 100; k *= 10)
            fprintf(cells, "k%d-%d,%d,%d,budget,budget: %s,0,1,%.17g\n", k, seed, k, seed,
                    k == 10 && seed < 3 ? "updates" : "train_loss", k / 100.0 + scatter(seed + k));
    end_cells(
        CLAIM("  - {claim: short, says: s, test: order, y: test_error, axis: training loss,\n"
              "     where: {batch_size: [1, 10]}, arms: [{batch_size: 1}, {batch_size: 10}]}\n"
              "  - {claim: equal, says: s, test: order, y: test_error, axis: training loss,\n"
              "     where: {batch_size: [1, 100]}, arms: [{batch_size: 1}, {batch_size: 100}]}\n"
              "  - {claim: else, says: s, test: order, y: test_error, axis: updates,\n"
              "     where: {batch_size: [1, 10]}, arms: [{batch_size: 1}, {batch_size: 10}]}\n"));
    judge();
    assert_ruled("short", VERDICT_CONFIRMED, 0);
    assert_string_equal(reason_of("short"),
                        "not at equal training loss: 2 of 12 ended before they had it");
    assert_ruled("equal", VERDICT_CONFIRMED, 1);
    assert_ruled("else", VERDICT_CONFIRMED, 1);
}

/* What is judged and what is expected of it stand beside the effect, for whoever draws it. */
static void the_file_says_what_is_expected(void **state)
{
    static const char *const ends[] = {",1,difference of test_error,difference,0.004,\n",
                                       ",1,ratio of test_error,ratio,1.22140275816,\n",
                                       ",1,difference of test_error,difference,-0.5,0.5\n",
                                       ",1,slope of log updates_to_train_loss_0.5 over log "
                                       "batch_size,slope,-1.1,-0.9\n",
                                       ",1,tendency of test_error with batch_size,tendency,0,\n",
                                       ",1,test_error,value,,0.7\n"};
    char *text;

    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: a, says: s, test: order, y: test_error, margin: 0.004, each: [network],\n"
        "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"
        "  - {claim: b, says: s, test: order, y: test_error, margin: 0.2, relative: true,\n"
        "     each: [network], arms: [{batch_size: 1}, {batch_size: 100}]}\n"
        "  - {claim: c, says: s, test: equivalence, y: test_error, margin: 0.5, each: [network],\n"
        "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"
        "  - {claim: d, says: s, test: slope, x: batch_size, y: updates_to_train_loss_0.5,\n"
        "     each: [network], above: -1.1, below: -0.9}\n"
        "  - {claim: e, says: s, test: trend, x: batch_size, y: test_error, each: [network]}\n"
        "  - {claim: f, says: s, test: bound, y: test_error, below: 0.7, each: [network, "
        "batch_size]}\n"));
    judge();
    assert_int_equal(verdicts_write(&verdicts), 0);
    text = tree_read(scratch_path("verdicts.csv"));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!strstr(text, ends[i]))
            fail_msg("no row ends in %s: %s", ends[i], text);
    free(text);
}

/* What does not decide is judged all the same, and stands in the file. */
static void an_aside_does_not_count(void **state)
{
    char *text;

    (void)state;
    plant();
    end_cells(CLAIM(
        "  - {claim: both, part: counts, says: error rises with K, test: order, y: test_error,\n"
        "     where: {network: a}, arms: [{batch_size: 1}, {batch_size: 100}]}\n"
        "  - {claim: both, part: aside, says: and falls, test: order, y: test_error,\n"
        "     decides: false, where: {network: a}, arms: [{batch_size: 100}, {batch_size: 1}]}\n"
        "  - {claim: alone, says: and falls, test: order, y: test_error,\n"
        "     decides: false, where: {network: a}, arms: [{batch_size: 100}, {batch_size: 1}]}\n"));
    judge();
    assert_int_equal(ruling_count, 1);
    assert_ruled("both", VERDICT_CONFIRMED, 1);
    assert_int_equal(verdicts.list[1].verdict, VERDICT_REFUTED);
    assert_int_equal(verdicts_write(&verdicts), 0);
    text = tree_read(scratch_path("verdicts.csv"));
    assert_non_null(strstr(text, ",says,decides,judged,form,above,below\n"));
    assert_non_null(strstr(text, ",error rises with K,1,"));
    assert_non_null(strstr(text, ",and falls,0,"));
    free(text);
}

/* No arm better by 0.003: refuted where they are the same within that, not where the second is
 * worse by far, or the seeds do not tell. */
static void an_order_is_refuted_by_a_range_of_its_own(void **state)
{
    (void)state;
    plant();
    end_cells(CLAIM("  - {claim: same, says: s, test: order, y: test_error, margin: 0.003,\n"
                    "     refuted: [-0.003, 0.003], where: {network: b},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"
                    "  - {claim: falls, says: s, test: order, y: test_error, margin: 0.003,\n"
                    "     refuted: [-0.003, 0.003], where: {network: a},\n"
                    "     arms: [{batch_size: 100}, {batch_size: 1}]}\n"
                    "  - {claim: rises, says: s, test: order, y: test_error, margin: 0.003,\n"
                    "     refuted: [-0.003, 0.003], where: {network: a},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"
                    "  - {claim: hair, says: s, test: order, y: test_error, margin: 0.0005,\n"
                    "     refuted: [-0.0005, 0.0005], where: {network: b},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"
                    "  - {claim: share, says: s, test: order, y: test_error, margin: 0.03,\n"
                    "     relative: true, refuted: [-0.03, 0.03], where: {network: b},\n"
                    "     arms: [{batch_size: 1}, {batch_size: 100}]}\n"));
    judge();
    assert_ruled("same", VERDICT_REFUTED, 1);
    assert_true(fabs(deciding_of("same")->finding.margin - 0.003) < 1e-12);
    assert_ruled("falls", VERDICT_INCONCLUSIVE, 0);
    assert_ruled("rises", VERDICT_CONFIRMED, 1);
    assert_ruled("hair", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("hair"), "the margin is 0.0005"));
    assert_ruled("share", VERDICT_REFUTED, 1);
}

/* A row of a probe that draws no batches has none in its column: the cell's is meant. */
static void a_setting_that_a_row_leaves_empty_is_that_of_the_cell(void **state)
{
    FILE *probes;

    (void)state;
    plant();
    end_cells(
        CLAIM("  - {claim: trend, says: s, test: trend, from: probes, x: batch_size, y: value,\n"
              "     where: {network: a, quantity: eigenvalue}}\n"
              "  - {claim: arms, says: s, test: order, from: probes, y: value,\n"
              "     where: {network: a, quantity: eigenvalue},\n"
              "     arms: [{batch_size: 1}, {batch_size: full}]}\n"
              "  - {claim: two, says: s, test: order, from: probes, y: value,\n"
              "     where: {network: a, quantity: eigenvalue, batch_size: [10, 100]},\n"
              "     arms: [{batch_size: 10}, {batch_size: 100}]}\n"
              "  - {claim: own, says: s, test: bound, from: probes, y: value, above: 6.5,\n"
              "     where: {network: a, quantity: drawn, batch_size: 7}, each: [learning_rate],\n"
              "     seeds: 1}\n"));
    probes = fopen(scratch_path("probes.csv"), "w");
    fputs("id,quantity,batch_size,value\n", probes);
    for (int c = 0; c < cell_count; c++) { /* on each network 1, 10, 100, 1000 in turn */
        fprintf(probes, "c%d,eigenvalue,,%g\n", c, c % 8 / 2 + 1 + scatter(c));
        fprintf(probes, "c%d,drawn,7,7\n", c);
    }
    fclose(probes);
    judge();
    unlink(scratch_path("probes.csv"));
    assert_ruled("trend", VERDICT_CONFIRMED, 1);
    assert_ruled("arms", VERDICT_CONFIRMED, 1);
    assert_ruled("two", VERDICT_CONFIRMED, 1); /* no row of K = 1 is missed */
    assert_ruled("own", VERDICT_CONFIRMED, 1);
}

/* The numbers that a run left behind before it diverged or was killed are none of its result. */
static void a_run_that_ended_badly_has_no_good_error(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        cell("a", 1, seed, 0.1 + scatter(seed), NAN); /* diverged, with a good error */
        fprintf(cells, "t%d,a,10,0,0.1,%d,timeout,0,1,%.17g,\n", seed, seed, 0.1 + scatter(seed));
    }
    end_cells(CLAIM("  - {claim: diverged, says: s, test: bound, y: test_error, below: 0.2,\n"
                    "     where: {batch_size: 1}}\n"
                    "  - {claim: killed, says: s, test: bound, y: test_error, below: 0.2,\n"
                    "     where: {batch_size: 10}}\n"));
    judge();
    assert_ruled("diverged", VERDICT_REFUTED, 1);
    assert_ruled("killed", VERDICT_INCONCLUSIVE, 0);
}

/* K = 10 is best by the values tried, K = 1 lies on an edge and might be better beyond it. */
static void an_edge_counts_in_what_was_not_picked(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        fprintf(cells, "e%d,a,1,0,0.1,%d,budget,1,1,%.17g,\n", seed, seed, 0.2 + scatter(seed));
        cell("a", 10, seed, 0.1 + scatter(seed + 1), 10);
        cell("a", 1000, seed, 0.3 + scatter(seed + 2), 10);
    }
    end_cells(CLAIM("  - {claim: edge, says: s, test: order, y: test_error,\n"
                    "     arms: [{batch_size: [1, 10], pick: min}, {batch_size: full}]}\n"
                    "  - {claim: inside, says: s, test: order, y: test_error,\n"
                    "     arms: [{batch_size: 10}, {batch_size: full}]}\n"));
    judge();
    assert_ruled("edge", VERDICT_INCONCLUSIVE, 0);
    assert_ruled("inside", VERDICT_CONFIRMED, 1);
}

static void a_claim_that_does_not_fit_is_an_error_with_its_line(void **state)
{
    static const struct {
        const char *claim, *wrong;
    } mistakes[] = {
        {"  - {claim: X, says: s, test: bound, y: tset_error, above: 0}\n",
         "no column `tset_error`"},
        {"  - {claim: X, says: s, test: bound, y: test_error, above: 0, where: {netwrk: a}}\n",
         "no column `netwrk`"},
        {"  - {claim: X, says: s, test: bound, y: test_error, above: 0, each: [sed]}\n",
         "no column `sed`"},
        {"  - {claim: X, says: s, test: bound, y: network, above: 0}\n", "not a number"},
        {"  - {claim: X, says: s, test: bound, y: test_error, above: 0}\n",
         "several rows for seed 1, expected one"},
        {"  - {claim: X, says: s, test: trend, x: batch_size, y: test_error}\n",
         "several rows for batch_size = 1 and seed 1"},
        {"  - {claim: X, says: s, test: bound, y: test_error, above: 0, where: {outcome: "
         "budget}}\n",
         "where: outcome is how a cell ended, expected what it was set to"},
        {"  - {claim: X, says: s, test: equivalence, y: test_error, margin: 1, where: {network: "
         "a},\n"
         "     arms: [{batch_size: full}, {batch_size: 1000}]}\n",
         "belongs to two arms, expected different cells"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char text[600];

        plant();
        snprintf(text, sizeof text, CLAIM("%s"), mistakes[i].claim);
        end_cells(text);
        assert_int_equal(verdicts_open(&verdicts, scratch_folder, NULL), -1);
        if (strncmp(error_text(), "planted.yaml:5: claim X: ", 25) != 0 ||
            !strstr(error_text(), mistakes[i].wrong))
            fail_msg("`%s` lacks `%s`", error_text(), mistakes[i].wrong);
        verdicts_close(&verdicts);
    }
}

static void all_is_written_row_by_row(void **state)
{
    char *text;

    (void)state;
    plant();
    end_cells(CLAIM("  - {claim: SOME, part: \"a, b\", says: error is the same, test: equivalence, "
                    "y: test_error,\n"
                    "     margin: 0.003, each: [network], axis: epochs,\n"
                    "     arms: [{batch_size: 1}, {batch_size: full}]}\n"));
    judge();
    assert_int_equal(verdicts_write(&verdicts), 0);
    text = tree_read(scratch_path("verdicts.csv"));
    assert_non_null(strstr(text, "\nSOME,\"a, b\",planted,equivalence,epochs,network=a,"));
    assert_non_null(strstr(text, ",refuted,1,"));
    assert_non_null(strstr(text, "\nSOME,\"a, b\",planted,equivalence,epochs,network=b,"));
    assert_non_null(strstr(text, ",confirmed,1,"));
    free(text);
}

/* ---- Chance alone ------------------------------------------------------------------------------
 */

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_verdict_is_reached, done),
        cmocka_unit_test_teardown(every_test_confirms_and_refutes, done),
        cmocka_unit_test_teardown(differences_have_slopes_over_logarithms, done),
        cmocka_unit_test_teardown(a_trend_of_the_same_order_in_all_seeds_is_as_certain_as_coins,
                                  done),
        cmocka_unit_test_teardown(failures_and_gaps_confirm_nothing, done),
        cmocka_unit_test_teardown(the_best_of_several_cells_is_picked_by_its_median, done),
        cmocka_unit_test_teardown(what_is_not_reached_counts_as_later_than_what_is, done),
        cmocka_unit_test_teardown(costs_that_the_cadence_blurs_are_not_delivered, done),
        cmocka_unit_test_teardown(missing_data_are_inconclusive_with_the_reason, done),
        cmocka_unit_test_teardown(on_the_edge_of_a_grid_nothing_is_decided, done),
        cmocka_unit_test_teardown(what_is_left_out_does_not_confirm, done),
        cmocka_unit_test_teardown(a_cell_without_rows_in_the_file_is_missed, done),
        cmocka_unit_test_teardown(a_seed_without_a_logarithm_is_missed, done),
        cmocka_unit_test_teardown(equal_training_loss_is_that_of_all_cells, done),
        cmocka_unit_test_teardown(the_file_says_what_is_expected, done),
        cmocka_unit_test_teardown(an_aside_does_not_count, done),
        cmocka_unit_test_teardown(an_order_is_refuted_by_a_range_of_its_own, done),
        cmocka_unit_test_teardown(a_setting_that_a_row_leaves_empty_is_that_of_the_cell, done),
        cmocka_unit_test_teardown(a_run_that_ended_badly_has_no_good_error, done),
        cmocka_unit_test_teardown(an_edge_counts_in_what_was_not_picked, done),
        cmocka_unit_test_teardown(a_claim_that_does_not_fit_is_an_error_with_its_line, done),
        cmocka_unit_test_teardown(all_is_written_row_by_row, done),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
