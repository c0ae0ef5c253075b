/* What is taken of several cells, rows beside their counterparts, main factors and search ranges,
 * of results whose truth is planted. */
#include "verdict_cells.h"

#include "judge/shares.h"

/* ---- What is taken of several cells ------------------------------------------------------------
 */

/* Rates 2^-8 .. 2^2; above the limit a run diverges. Loss: a bowl of log2 rate around the best. */
static void plant_rates(const char *optimizer, int k, double limit, double best, double width)
{
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int e = -8; e <= 2; e++) {
            double rate = exp2(e), distance = (e - best) / width;
            int diverged = rate > limit * (1 + 0.01 * seed);

            put((struct cell){.optimizer = optimizer,
                              .k = k,
                              .train_examples = 1,
                              .seed = seed,
                              .rate = rate,
                              .outcome = diverged ? "diverged" : "budget",
                              .loss = diverged
                                          ? (double)NAN
                                          : 0.5 * (1 + 0.1 * distance * distance) * noise(0.002)});
        }
}

static void the_largest_rate_that_does_not_diverge_is_taken(void **state)
{
    (void)state;
    begin_cells();
    for (int k = 1; k <= 64; k *= 4)
        plant_rates("sgd", k, sqrt(k) * 0.07, -6, 1);
    plant_rates("edge", 1, 100, -6, 1);
    end_cells(
        CLAIM("  - {claim: rises, says: s, test: trend, x: batch_size, where: {optimizer: sgd},\n"
              "     y: {largest: learning_rate, where: {outcome: [reached, budget]}}}\n"
              "  - {claim: falls, says: s, test: trend, x: batch_size, where: {optimizer: sgd},\n"
              "     direction: falling,\n"
              "     y: {largest: learning_rate, where: {outcome: [reached, budget]}}}\n"
              "  - {claim: edge, says: s, test: bound, above: 1, where: {optimizer: edge},\n"
              "     y: {largest: learning_rate, where: {outcome: [reached, budget]}}}\n"));
    judge();
    assert_ruled("rises", VERDICT_CONFIRMED, 1);
    assert_ruled("falls", VERDICT_REFUTED, 1);
    assert_ruled("edge", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("edge"), "edge"));
}

static void the_width_of_a_valley_is_taken_in_decades(void **state)
{
    (void)state;
    begin_cells();
    plant_rates("narrow", 1, 100, -3, 1); /* 10 % at one power of 2 on either side */
    plant_rates("wide", 1, 100, -3, 3);
    plant_rates("open", 1, 100, 2, 3);
    end_cells(CLAIM("  - {claim: width, says: s, test: bound, above: 0.58, below: 0.63,\n"
                    "     where: {optimizer: narrow},\n"
                    "     y: {decades: learning_rate, within: 0.1, of: final_validation_loss}}\n"
                    "  - {claim: wider, says: s, test: order, margin: 1,\n"
                    "     y: {decades: learning_rate, within: 0.1, of: final_validation_loss},\n"
                    "     arms: [{optimizer: narrow}, {optimizer: wide}]}\n"
                    "  - {claim: best, says: s, test: bound, above: 0.1, below: 0.15,\n"
                    "     where: {optimizer: narrow}, seeds: 5,\n"
                    "     y: {largest: learning_rate, within: 0, of: final_validation_loss}}\n"
                    "  - {claim: open, says: s, test: bound, above: 0.1,\n"
                    "     where: {optimizer: open},\n"
                    "     y: {decades: learning_rate, within: 0.1, of: final_validation_loss}}\n"));
    judge();
    assert_ruled("width", VERDICT_CONFIRMED, 1);
    assert_ruled("wider", VERDICT_CONFIRMED, 1);
    assert_true(deciding_of("best")->finding.effect.value == 0.125);
    assert_ruled("open", VERDICT_INCONCLUSIVE, 0);
}

/* ---- Agreement of rows -------------------------------------------------------------------------
 */

static void a_row_agrees_with_its_counterpart(void **state)
{
    FILE *probes;

    (void)state;
    begin_cells();
    put((struct cell){.k = 1, .train_examples = 1, .seed = 1});
    end_cells(
        CLAIM("  - {claim: near, says: s, test: agreement, from: probes, y: value, low: low,\n"
              "     high: high, over: {quantity: predicted}, absolute: true, margin: 0.03,\n"
              "     seeds: 1, where: {quantity: measured, batch_size: [1, 2]}}\n"
              "  - {claim: far, says: s, test: agreement, from: probes, y: value, low: low,\n"
              "     high: high, over: {quantity: predicted}, absolute: true, margin: 0.03,\n"
              "     seeds: 1, where: {quantity: measured, batch_size: 4}}\n"
              "  - {claim: ratio, says: s, test: agreement, from: probes, y: value, low: low,\n"
              "     high: high, over: {quantity: predicted}, margin: 0.1,\n"
              "     seeds: 1, where: {quantity: measured, batch_size: 2}}\n"
              "  - {claim: alone, says: s, test: agreement, from: probes, y: value,\n"
              "     over: {quantity: predicted}, absolute: true, margin: 0.03,\n"
              "     seeds: 1, where: {quantity: measured, batch_size: 8}}\n"));
    probes = fopen(scratch_path("probes.csv"), "w");
    fputs("id,epoch,quantity,batch_size,value,low,high,n\n"
          "c0,0,measured,1,0.12,0.118,0.122,9\nc0,0,predicted,1,0.11,,,9\n"
          "c0,0,measured,2,0.52,0.518,0.522,9\nc0,0,predicted,2,0.5,,,9\n"
          "c0,0,measured,4,0.52,0.518,0.522,9\nc0,0,predicted,4,0.6,,,9\n"
          "c0,0,measured,8,0.52,0.518,0.522,9\nc0,1,predicted,8,0.52,,,9\n",
          probes);
    fclose(probes);
    judge();
    assert_ruled("near", VERDICT_CONFIRMED, 1);
    assert_true(fabs(deciding_of("near")->finding.effect.value - 0.02) < 1e-9);
    assert_ruled("far", VERDICT_REFUTED, 1);
    assert_ruled("ratio", VERDICT_CONFIRMED, 1);
    assert_ruled("alone", VERDICT_INCONCLUSIVE, 0); /* another epoch is no counterpart */
}

/* ---- Shares ------------------------------------------------------------------------------------
 */

/* log loss = main e + inter e k + rival of the network + noise. */
static void plant_grid(double main, double together, double rival, double deviation)
{
    static const char *const networks[] = {"a", "b"};

    for (int seed = 1; seed <= SEEDS; seed++)
        for (int n = 0; n < 2; n++)
            for (int e = 0; e < 3; e++)
                for (int k = 0; k < 3; k++)
                    put((struct cell){.network = networks[n],
                                      .k = k + 1,
                                      .train_examples = 1,
                                      .seed = seed,
                                      .rate = e + 1,
                                      .outcome = e == 2 && k == 2 ? "diverged" : "budget",
                                      .loss = e == 2 && k == 2
                                                  ? (double)NAN
                                                  : exp(main * e + together * e * k + rival * n) *
                                                        noise(deviation)});
}

#define SHARES                                                                                     \
    "test: shares, y: final_validation_loss, factors: [learning_rate, batch_size], rivals: "       \
    "[network]"

static void main_factors_are_told_from_their_rivals(void **state)
{
    struct effect effect;

    (void)state;
    begin_cells();
    plant_grid(0.3, 0.2, 0.1, 0.02);
    end_cells(CLAIM("  - {claim: main, says: s, " SHARES ", ceiling: 10}\n"
                    "  - {claim: bare, says: s, " SHARES "}\n"
                    "  - {claim: hole, says: s, " SHARES ", ceiling: 10, where: {id: [c0, c1]}}\n"
                    "  - {claim: small, says: s, test: shares, y: final_validation_loss, ceiling: "
                    "10,\n"
                    "     factors: [network], rivals: [learning_rate, batch_size]}\n"));
    judge();
    assert_ruled("main", VERDICT_CONFIRMED, 1);
    assert_true(deciding_of("main")->finding.effect.value > 0.8);
    effect = detail_of("main", "share", "learning_rate x batch_size");
    assert_true(effect.low > 0.01);
    effect = detail_of("main", "total_share", "network");
    assert_ruled("bare", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("bare"), "no ceiling"));
    assert_ruled("hole", VERDICT_INCONCLUSIVE, 0);
    assert_ruled("small", VERDICT_REFUTED, 1);
}

static void a_closed_share_is_that_of_mains_and_pairs(void **state)
{
    static const size_t levels[] = {2, 3, 2};
    double values[12];
    struct shares shares;

    (void)state;
    for (int i = 0; i < 12; i++)
        values[i] = sin(3.0 * i) + i / 6 * (i % 2);
    shares = shares_of(values, levels, 3);
    assert_true(fabs(shares_closed(values, levels, 3, 1) - shares.main[0]) < 1e-12);
    assert_true(fabs(shares_closed(values, levels, 3, 6) - shares.main[1] - shares.main[2] -
                     shares.pair[shares_pair(1, 2, 3)]) < 1e-12);
    assert_true(fabs(shares_closed(values, levels, 3, 7) - 1) < 1e-12);
    assert_true(fabs(shares_closed(values, levels, 3, 0)) < 1e-12);
}

/* ---- Regret ------------------------------------------------------------------------------------
 */

/* y has its least at `best`, and rises by `steepness` of it with each power of 4 from there. */
static void plant_costs(const char *network, double best, double steepness, double deviation)
{
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 4096; k *= 4) {
            double y = 100 * pow(1 + steepness, fabs(log2(k / best) / 2)) * noise(deviation);

            put((struct cell){.network = network,
                              .k = k,
                              .train_examples = 1,
                              .seed = seed,
                              .updates = 500,
                              .reached = y > 500 ? (double)NAN : y,
                              .loss = y});
        }
}

#define REGRET "test: regret, x: batch_size, inside: [16, 256], below: 0.1, each: [network]"

static void a_range_is_as_good_as_its_best(void **state)
{
    struct effect effect;

    (void)state;
    begin_cells();
    plant_costs("a", 64, 0.3, 0.02);
    plant_costs("b", 64, 2, 0.02); /* K = 1, 4096: not reached */
    plant_costs("c", 16, 0.3, 0.02);
    plant_costs("d", 1, 0.3, 0.02);
    end_cells(
        CLAIM("  - {claim: all, says: s, " REGRET ", y: [updates_to_train_loss_0.5, "
              "final_validation_loss],\n"
              "     where: {network: [a, b, c]}}\n"
              "  - {claim: most, says: s, " REGRET ", share: 0.75, y: updates_to_train_loss_0.5}\n"
              "  - {claim: every, says: s, " REGRET ", y: updates_to_train_loss_0.5}\n"
              "  - {claim: half, says: s, " REGRET ", y: updates_to_train_loss_0.5, share: 0.5,\n"
              "     where: {network: [c, d]}}\n"));
    judge();
    assert_ruled("all", VERDICT_CONFIRMED, 1);
    assert_int_equal(deciding_of("all")->finding.n, 6);
    assert_ruled("most", VERDICT_CONFIRMED, 1);
    assert_ruled("every", VERDICT_REFUTED, 1);
    assert_ruled("half", VERDICT_CONFIRMED, 1);
    effect = detail_of("most", "best_of_all", "network=d, updates_to_train_loss_0.5");
    assert_true(effect.value == 1);
    effect = detail_of("most", "regret", "network=d, updates_to_train_loss_0.5");
    assert_true(fabs(effect.value - 0.69) < 0.1);
}

static void a_regret_near_the_bound_is_not_decided(void **state)
{
    (void)state;
    begin_cells();
    plant_costs("a", 4, 0.1, 0.1);
    end_cells(CLAIM("  - {claim: near, says: s, " REGRET ", y: final_validation_loss}\n"
                    "  - {claim: none, says: s, " REGRET ", y: final_validation_loss,\n"
                    "     where: {batch_size: [16, 64]}}\n"));
    judge();
    assert_ruled("near", VERDICT_INCONCLUSIVE, 0);
    assert_ruled("none", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("none"), "none outside"));
}

static void what_was_given_up_early_leaves_a_regret_open(void **state)
{
    struct effect effect;

    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 16; k <= 1024; k *= 4) /* the largest had 50 updates, and did not get there */
            put((struct cell){.k = k,
                              .train_examples = 1,
                              .seed = seed,
                              .updates = 50,
                              .reached = k == 1024 ? (double)NAN : 3000.0 / k * noise(0.02)});
    end_cells(CLAIM("  - {claim: open, says: s, " REGRET ", y: updates_to_train_loss_0.5}\n"));
    judge();
    assert_ruled("open", VERDICT_CONFIRMED, 1); /* 12 updates are no more than 50 */
    forget();
    plant_manifest(CLAIM("  - {claim: open, says: s, test: regret, x: batch_size, below: 0.1,\n"
                         "     inside: [16, 16], y: updates_to_train_loss_0.5,\n"
                         "     where: {batch_size: [16, 1024]}}\n"));
    judge();
    effect = detail_of("open", "regret", "updates_to_train_loss_0.5");
    assert_true(effect.value == 0 && effect.low == 0 && effect.high > 2);
    assert_ruled("open", VERDICT_INCONCLUSIVE, 0);
}

/* ---- Chance alone ------------------------------------------------------------------------------
 */

/* Many networks, each a grid or a search of its own, whose truth lies on the bound. */
enum { NETWORKS = 300 };

static int count_confirmed(void)
{
    int confirmed = 0;

    for (size_t i = 0; i < verdicts.count; i++)
        confirmed += verdicts.list[i].finding.p_confirm <= 0.05;
    return confirmed;
}

static void factors_no_better_than_a_rival_are_rarely_confirmed(void **state)
{
    const double most = NETWORKS * (0.05 + 3 * sqrt(0.05 * 0.95 / NETWORKS));
    int confirmed;

    (void)state;
    begin_cells();
    for (int n = 0; n < NETWORKS; n++) {
        char name[16];

        snprintf(name, sizeof name, "n%d", n);
        for (int seed = 1; seed <= 5; seed++)
            for (int i = 0; i < 9; i++) /* both do the same */
                put((struct cell){.network = name,
                                  .k = 1 + i / 3,
                                  .train_examples = 1,
                                  .seed = seed,
                                  .rate = 1 + i % 3,
                                  .loss = exp(0.2 * (i / 3) + 0.2 * (i % 3)) * noise(0.1)});
    }
    end_cells(CLAIM("  - {claim: N, says: s, test: shares, y: final_validation_loss,\n"
                    "     factors: [learning_rate], rivals: [batch_size], each: [network]}\n"));
    judge();
    confirmed = count_confirmed();
    print_message("false confirmations of shares: %d of %d\n", confirmed, NETWORKS);
    assert_true(confirmed <= most);
}

static void a_regret_on_the_bound_is_rarely_confirmed(void **state)
{
    const double most = NETWORKS * (0.05 + 3 * sqrt(0.05 * 0.95 / NETWORKS));
    int confirmed = 0;

    (void)state;
    begin_cells();
    for (int n = 0; n < NETWORKS; n++)
        for (int seed = 1; seed <= 5; seed++)
            for (int k = 1; k <= 64; k *= 4) { /* flat but for 1: 10 % better */
                char name[16];

                snprintf(name, sizeof name, "n%d", n);
                put((struct cell){.network = name,
                                  .k = k,
                                  .train_examples = 1,
                                  .seed = seed,
                                  .loss = (k == 1 ? 1 : 1.1) * noise(0.05)});
            }
    end_cells(CLAIM("  - {claim: N, says: s, test: regret, x: batch_size, inside: [4, 64],\n"
                    "     below: 0.1, y: final_validation_loss, each: [network]}\n"));
    judge();
    for (size_t d = 0; d < verdicts.list[0].details.count; d++)
        confirmed += strcmp(verdicts.list[0].details.list[d].quantity, "regret") == 0 &&
                     verdicts.list[0].details.list[d].effect.high < 0.1;
    print_message("regrets on the bound whose interval lies below: %d of %d\n", confirmed,
                  NETWORKS);
    assert_true(confirmed <= most);
    assert_int_not_equal(verdicts.list[0].verdict, VERDICT_CONFIRMED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_largest_rate_that_does_not_diverge_is_taken, done),
        cmocka_unit_test_teardown(the_width_of_a_valley_is_taken_in_decades, done),
        cmocka_unit_test_teardown(a_row_agrees_with_its_counterpart, done),
        cmocka_unit_test_teardown(main_factors_are_told_from_their_rivals, done),
        cmocka_unit_test(a_closed_share_is_that_of_mains_and_pairs),
        cmocka_unit_test_teardown(a_range_is_as_good_as_its_best, done),
        cmocka_unit_test_teardown(a_regret_near_the_bound_is_not_decided, done),
        cmocka_unit_test_teardown(what_was_given_up_early_leaves_a_regret_open, done),
        cmocka_unit_test_teardown(factors_no_better_than_a_rival_are_rarely_confirmed, done),
        cmocka_unit_test_teardown(a_regret_on_the_bound_is_rarely_confirmed, done),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
