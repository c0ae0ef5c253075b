/* The critical batch size, of results whose truth is planted; what the other tests that look at
 * many cells say of a claim that does not fit. */
#include "verdict_cells.h"

#include "judge/critical_batch.h"

/* ---- Critical batch ----------------------------------------------------------------------------
 */

/* S = 100 (1 + critical / K) at K = 1, 4, ..., 4^7. */
static void plant_sweep(int train_examples, double critical, double deviation)
{
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 16384; k *= 4)
            put((struct cell){.k = k,
                              .train_examples = train_examples,
                              .seed = seed,
                              .updates = 1e6,
                              .reached = 100 * (1 + critical / k) * noise(deviation)});
}

#define FIT "test: critical_batch, x: batch_size, y: updates_to_train_loss_0.5, "

static void every_quantity_of_the_fit_is_judged(void **state)
{
    struct effect effect;

    (void)state;
    begin_cells();
    plant_sweep(1000, 512, 0.02);
    end_cells(CLAIM(
        "  - {claim: batch+, says: s, " FIT "above: 400, below: 640}\n"
        "  - {claim: batch-, says: s, " FIT "above: 5, below: 50}\n"
        "  - {claim: updates+, says: s, " FIT "quantity: min_updates, above: 80, below: 120}\n"
        "  - {claim: updates-, says: s, " FIT "quantity: min_updates, above: 200}\n"
        "  - {claim: examples+, says: s, " FIT "quantity: min_examples, above: 5e+4, below: "
        "5.3e+4}\n"
        "  - {claim: examples-, says: s, " FIT "quantity: min_examples, below: 1e+4}\n"
        "  - {claim: squared+, says: s, " FIT "quantity: r_squared, above: 0.97}\n"
        "  - {claim: slope+, says: s, " FIT "quantity: slope_small_k, above: -1.1, below: -0.9}\n"
        "  - {claim: slope-, says: s, " FIT
        "quantity: slope_small_k, above: -0.6, below: -0.4}\n"));
    judge();
    for (size_t r = 0; r < ruling_count; r++) {
        char sign = rulings[r].id[strlen(rulings[r].id) - 1];

        assert_ruled(rulings[r].id, sign == '+' ? VERDICT_CONFIRMED : VERDICT_REFUTED, 1);
    }
    assert_non_null(strstr(deciding_of("batch+")->note, "B_crit 5"));
    effect = detail_of("batch+", "critical_batch", "");
    assert_true(effect.low < 530 && effect.high > 490 && effect.low > 450 && effect.high < 580);
    effect = detail_of("batch+", "updates", "K = 64");
    assert_true(effect.low < effect.value && effect.value < effect.high); /* BCa */
}

static void a_fit_as_wide_as_its_margin_is_inconclusive(void **state)
{
    (void)state;
    begin_cells();
    plant_sweep(1000, 512, 0.2);
    end_cells(CLAIM("  - {claim: hair, says: s, " FIT "above: 505, below: 519}\n"));
    judge();
    assert_ruled("hair", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("hair"), "the margin is"));
    assert_true(deciding_of("hair")->hours_needed > 48); /* more than the cells there are took */
}

static void what_was_not_reached_is_left_out_of_the_fit_and_counted(void **state)
{
    (void)state;
    begin_cells();
    plant_sweep(1000, 512, 0.02);
    for (int seed = 1; seed <= SEEDS; seed++) /* one seed of K = 2 is too late, K = 3 diverges */
        put((struct cell){.k = 2,
                          .train_examples = 1000,
                          .seed = seed,
                          .updates = 1e6,
                          .reached = seed == 3 ? (double)NAN : 9e5});
    for (int seed = 1; seed <= SEEDS; seed++)
        put((struct cell){
            .k = 3, .train_examples = 1000, .seed = seed, .outcome = "diverged", .reached = NAN});
    end_cells(CLAIM("  - {claim: fit, says: s, " FIT "above: 400, below: 640}\n"
                    "  - {claim: few, says: s, " FIT
                    "above: 400, where: {batch_size: [1, 2, 3, 4]}}\n"));
    judge();
    assert_ruled("fit", VERDICT_CONFIRMED, 1);
    assert_int_equal(deciding_of("fit")->censored, 1);
    assert_int_equal(deciding_of("fit")->infeasible, SEEDS);
    assert_non_null(strstr(deciding_of("fit")->note, "K = 2, 3 left out"));
    assert_ruled("few", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("few"), "fewer than three batch sizes"));
}

static void without_a_batch_too_large_nothing_is_said(void **state)
{
    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int k = 1; k <= 64; k *= 4)
            put((struct cell){.k = k,
                              .train_examples = 1,
                              .seed = seed,
                              .reached = 1e5 / pow(k, 1.1) * noise(0.02)});
    end_cells(CLAIM("  - {claim: open, says: s, " FIT "above: 1, below: 1e+9}\n"));
    judge();
    assert_ruled("open", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("open"), "not bounded"));
}

static void the_critical_batch_is_compared_with_a_probe(void **state)
{
    FILE *probes;

    (void)state;
    begin_cells();
    plant_sweep(1000, 512, 0.02);
    probes = fopen(scratch_path("probes.csv"), "w");
    fputs("id,epoch,probe,quantity,part,value\n", probes);
    for (int c = 0; c < cell_count; c++) {
        fprintf(probes, "c%d,1,noise_scale,noise_scale,exact,%g\n", c, c % 2 ? 100.0 : 400.0);
        fprintf(probes, "c%d,9,noise_scale,noise_scale,exact,90000\n", c);
    }
    fclose(probes);
    end_cells(CLAIM("  - {claim: near, says: s, " FIT "above: 0.1, below: 10,\n"
                    "     over: {quantity: noise_scale, part: exact, epoch: 1}}\n"
                    "  - {claim: far, says: s, " FIT "above: 0.1, below: 10,\n"
                    "     over: {quantity: noise_scale, part: exact, epoch: 9}}\n"
                    "  - {claim: none, says: s, " FIT "above: 0.1, below: 10,\n"
                    "     over: {quantity: noise_scale, part: exact, epoch: 3}}\n"));
    judge();
    assert_ruled("near", VERDICT_CONFIRMED, 1);
    assert_true(fabs(deciding_of("near")->finding.effect.value - 2.56) < 0.2);
    assert_ruled("far", VERDICT_REFUTED, 1);
    assert_ruled("none", VERDICT_INCONCLUSIVE, 0);
    assert_non_null(strstr(reason_of("none"), "is not there"));
}

static void the_critical_batch_rises_along_another_column_or_does_not(void **state)
{
    (void)state;
    begin_cells();
    for (int n = 1000; n <= 8000; n *= 2) {
        plant_sweep(n, 100 * sqrt(n / 1000.0), 0.02);
        for (int seed = 1; seed <= SEEDS; seed++)
            for (int k = 1; k <= 1024; k *= 4)
                put((struct cell){.network = "flat",
                                  .k = k,
                                  .train_examples = n,
                                  .seed = seed,
                                  .reached = 100 * (1 + 50.0 / k) * noise(0.02)});
    }
    end_cells(CLAIM("  - {claim: rises, says: s, " FIT "along: train_examples, above: 0.2,\n"
                    "     where: {network: a}}\n"
                    "  - {claim: flat, says: s, " FIT "along: train_examples, above: 0.2,\n"
                    "     where: {network: flat}}\n"
                    "  - {claim: none, says: s, " FIT "along: train_examples, above: 0.2,\n"
                    "     refuted: [-0.2, 0.2], where: {network: flat}}\n"
                    "  - {claim: else, says: s, " FIT "along: train_examples, above: 0.8,\n"
                    "     refuted: [-0.2, 0.2], where: {network: a}}\n"));
    judge();
    assert_ruled("none", VERDICT_REFUTED, 1);
    assert_true(fabs(deciding_of("none")->finding.margin - 0.2) < 1e-12);
    assert_ruled("else", VERDICT_INCONCLUSIVE, 0); /* 0.5: neither */
    assert_ruled("rises", VERDICT_CONFIRMED, 1);
    assert_true(fabs(deciding_of("rises")->finding.effect.value - 0.5) < 0.03);
    assert_ruled("flat", VERDICT_REFUTED, 1);
}

/* ---- Medians with censoring --------------------------------------------------------------------
 */

static void a_censored_median_is_told_with_its_interval(void **state)
{
    struct effect effect;

    (void)state;
    begin_cells();
    for (int seed = 1; seed <= SEEDS; seed++) {
        put((struct cell){.k = 1, .train_examples = 1, .seed = seed, .reached = 100 + seed});
        put((struct cell){.k = 2,
                          .train_examples = 1,
                          .seed = seed,
                          .reached = seed > 4 ? (double)NAN : 200 + seed});
    }
    end_cells(CLAIM("  - {claim: slower, says: s, test: ratio, y: updates_to_train_loss_0.5,\n"
                    "     above: 1, arms: [{batch_size: 2}, {batch_size: 1}]}\n"));
    judge();
    assert_non_null(strstr(deciding_of("slower")->note, "2 of 6 not reached"));
    effect = detail_of("slower", "median", "numerator");
    assert_true(effect.value == 203.5 && isinf(effect.high));
}

/* ---- Files -------------------------------------------------------------------------------------
 */

static void what_verdicts_rest_on_is_written(void **state)
{
    char *text;

    (void)state;
    begin_cells();
    plant_sweep(1000, 512, 0.02);
    end_cells(CLAIM("  - {claim: fit, says: s, " FIT "above: 400, below: 640}\n"));
    judge();
    assert_int_equal(verdicts_write(&verdicts), 0);
    text = tree_read(scratch_path("fits.csv"));
    assert_non_null(strstr(text, "claim,part,test,condition,quantity,of,value,low,high,n\n"));
    assert_non_null(strstr(text, "\nfit,,critical_batch,,critical_batch,,5"));
    assert_non_null(strstr(text, "\nfit,,critical_batch,,updates,K = 16384,10"));
    free(text);
    forget();
    plant_manifest(CLAIM("  - {claim: b, says: s, test: bound, y: learning_rate, above: -1,\n"
                         "     seeds: 1}\n"));
    judge();
    assert_int_equal(verdicts_write(&verdicts), 0);
    assert_false(tree_exists(scratch_path("fits.csv"))); /* of claims that are no more */
}

static void what_does_not_fit_is_an_error_with_its_line(void **state)
{
    static const struct {
        const char *claim, *wrong;
    } mistakes[] = {
        {FIT "above: 0", "bounds of a quantity, expected more than 0"},
        {FIT "above: 1, refuted: [0.5, 2]", "expected a range beyond"},
        {FIT "above: 1, refuted: 2", "refuted: expected a list of two numbers"},
        {"test: trend, x: batch_size, y: updates, refuted: [1, 2]", "no use for refuted"},
        {"test: order, y: updates, margin: 1, refuted: [0, 2], arms: [{seed: 1}, {seed: 2}]",
         "expected a range beyond"},
        {"test: order, y: updates, refuted: [-1, 0], arms: [{seed: 1}, {seed: 2}, {seed: 3}]",
         "expected an order of two arms"},
        {FIT, "needs above, below or both"},
        {FIT "above: 1, along: network", "not a number"},
        {FIT "above: 1, over: learning_rate", "expected conditions on probes.csv"},
        {FIT "above: 1, over: {epoch: 1}", "no probes.csv"},
        {FIT "above: 1, factors: [network]", "no use for factors"},
        {FIT "above: 1, quantity: size", "expected critical_batch, min_updates"},
        {"test: bound, y: learning_rate, above: 1, quantity: r_squared", "no use for quantity"},
        {"test: bound, y: learning_rate, above: 1, absolute: true", "no use for absolute"},
        {"test: agreement, y: learning_rate, margin: 1, absolute: true", "absolute needs over"},
        {"test: agreement, y: learning_rate, margin: 1, over: {pick: min}", "columns and values"},
        {"test: bound, y: {largest: nothing}, above: 1", "no column `nothing`"},
        {"test: bound, y: {within: 1}, above: 1", "one of largest, smallest, decades"},
        {"test: bound, y: {largest: learning_rate, within: 1}, above: 1", "need each other"},
        {"test: bound, y: {largest: learning_rate, sum: 1}, above: 1", "unknown key 'sum'"},
        {"test: bound, y: [batch_size, learning_rate], above: 1", "no use for several y"},
        {"test: shares, y: final_validation_loss", "needs factors"},
        {"test: shares, y: updates, factors: [network, wings]", "no column `wings`"},
        {"test: shares, y: updates, factors: [network]", "several rows for one combination"},
        {"test: regret, x: batch_size, y: updates, below: 0.1", "needs inside"},
        {"test: regret, x: batch_size, y: updates, inside: [1, 2]", "more than 0, alone"},
        {"test: regret, x: batch_size, y: updates, inside: [3, 2], below: 1", "3 is more than 2"},
        {"test: regret, x: batch_size, y: updates, inside: 3, below: 1", "a list of two numbers"},
        {"test: regret, y: updates, inside: [1, 2], below: 1", "needs x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char text[600];

        begin_cells();
        plant_sweep(1000, 512, 0.02);
        snprintf(text, sizeof text, CLAIM("  - {claim: X, says: s, %s}\n"), mistakes[i].claim);
        end_cells(text);
        assert_int_equal(verdicts_open(&verdicts, scratch_folder, NULL), -1);
        if (strncmp(error_text(), "planted.yaml:5: ", 16) != 0 ||
            !strstr(error_text(), mistakes[i].wrong))
            fail_msg("`%s` lacks `%s`", error_text(), mistakes[i].wrong);
        verdicts_close(&verdicts);
    }
}

/* ---- Chance alone ------------------------------------------------------------------------------
 */

enum { NULLS = 1500, BATCHES = 8, NULL_SEEDS = 5 };

static double batch_size_at(int k)
{
    return exp2(2 * k);
}

struct campaign {
    double y[NULL_SEEDS][BATCHES];
};

static double fitted(const void *context, size_t left_out)
{
    const struct campaign *campaign = context;
    double x[BATCHES], steps[BATCHES], variances[BATCHES];

    for (int k = 0; k < BATCHES; k++) {
        double sum = 0;

        for (size_t s = 0; s < NULL_SEEDS; s++)
            sum += s == left_out ? 0 : log(campaign->y[s][k]);
        x[k] = batch_size_at(k);
        steps[k] = exp(sum / (NULL_SEEDS - (left_out < NULL_SEEDS)));
        variances[k] = steps[k] * steps[k];
    }
    return critical_batch_fit(x, steps, variances, BATCHES, 0.95).batch.value;
}

static void a_critical_batch_on_the_bound_is_rarely_confirmed(void **state)
{
    const double most = NULLS * (0.05 + 3 * sqrt(0.05 * 0.95 / NULLS));
    int above = 0, below = 0;

    (void)state;
    rng_init(&stream, 5, RNG_TEST, 0);
    for (int i = 0; i < NULLS; i++) {
        struct campaign campaign;

        for (int s = 0; s < NULL_SEEDS; s++) {
            double of_seed = noise(0.05);

            for (int k = 0; k < BATCHES; k++)
                campaign.y[s][k] = 100 * (1 + 512 / batch_size_at(k)) * of_seed * noise(0.1);
        }
        above +=
            finding_of_jackknife(fitted, &campaign, NULL_SEEDS, (struct range){512, INFINITY}, 1)
                .p_confirm <= 0.05;
        below += finding_of_jackknife(fitted, &campaign, NULL_SEEDS, (struct range){0, 512}, 1)
                     .p_confirm <= 0.05;
    }
    print_message("false confirmations: above %.4f, below %.4f\n", above / (double)NULLS,
                  below / (double)NULLS);
    assert_true(above <= most && below <= most);
    assert_true(above >= NULLS / 50 && below >= NULLS / 50); /* and it can confirm */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_quantity_of_the_fit_is_judged, done),
        cmocka_unit_test_teardown(a_fit_as_wide_as_its_margin_is_inconclusive, done),
        cmocka_unit_test_teardown(what_was_not_reached_is_left_out_of_the_fit_and_counted, done),
        cmocka_unit_test_teardown(without_a_batch_too_large_nothing_is_said, done),
        cmocka_unit_test_teardown(the_critical_batch_is_compared_with_a_probe, done),
        cmocka_unit_test_teardown(the_critical_batch_rises_along_another_column_or_does_not, done),
        cmocka_unit_test_teardown(a_censored_median_is_told_with_its_interval, done),
        cmocka_unit_test_teardown(what_verdicts_rest_on_is_written, done),
        cmocka_unit_test_teardown(what_does_not_fit_is_an_error_with_its_line, done),
        cmocka_unit_test(a_critical_batch_on_the_bound_is_rarely_confirmed),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
