/* The tests that fit, share out or search, on results whose truth is planted. */
#include "verdict_fixture.h"

#include "base/rng.h"
#include "judge/critical_batch.h"
#include "judge/shares.h"

enum { SEEDS = 6 };

/* ---- Results -----------------------------------------------------------------------------------
 */

struct cell {
    const char *network, *optimizer, *outcome;
    int k, train_examples, seed;
    double rate, updates, loss, reached; /* reached: updates to the target; NAN: it was not */
};

static FILE *cells;
static int cell_count;
static struct rng stream;

static void begin_cells(void)
{
    rng_init(&stream, 11, RNG_TEST, 0);
    cell_count = 0;
    cells = fopen(scratch_path("cells.csv"), "w");
    assert_non_null(cells);
    fputs("id,network,optimizer,batch_size,full_batch,train_examples,learning_rate,seed,outcome,"
          "edge,wall_seconds,updates,final_validation_loss,updates_to_train_loss_0.5\n",
          cells);
}

static void put(struct cell cell)
{
    char loss[32] = "", reached[32] = "";

    if (!isnan(cell.loss))
        snprintf(loss, sizeof loss, "%.17g", cell.loss);
    if (!isnan(cell.reached))
        snprintf(reached, sizeof reached, "%.17g", cell.reached);
    fprintf(cells, "c%d,%s,%s,%d,0,%d,%g,%d,%s,0,3600,%g,%s,%s\n", cell_count++,
            cell.network ? cell.network : "a", cell.optimizer ? cell.optimizer : "sgd", cell.k,
            cell.train_examples, cell.rate, cell.seed, cell.outcome ? cell.outcome : "budget",
            cell.updates, loss, reached);
}

static void end_cells(const char *experiment)
{
    fclose(cells);
    plant_manifest(experiment);
}

static double noise(double deviation)
{
    return exp(deviation * rng_normal(&stream));
}

static int done(void **state)
{
    (void)state;
    forget();
    remove(scratch_path("probes.csv"));
    return 0;
}

/* What the ruling on the claim rests on. */
static struct effect detail_of(const char *id, const char *quantity, const char *of)
{
    const struct details *details = &deciding_of(id)->details;

    for (size_t i = 0; i < details->count; i++)
        if (strcmp(details->list[i].quantity, quantity) == 0 &&
            strcmp(details->list[i].of, of) == 0)
            return details->list[i].effect;
    fail_msg("%s: no %s of `%s`", id, quantity, of);
    return (struct effect){0, 0, 0};
}

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
                    "     where: {network: flat}}\n"));
    judge();
    assert_ruled("rises", VERDICT_CONFIRMED, 1);
    assert_true(fabs(deciding_of("rises")->finding.effect.value - 0.5) < 0.03);
    assert_ruled("flat", VERDICT_REFUTED, 1);
}

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
        cmocka_unit_test_teardown(every_quantity_of_the_fit_is_judged, done),
        cmocka_unit_test_teardown(a_fit_as_wide_as_its_margin_is_inconclusive, done),
        cmocka_unit_test_teardown(what_was_not_reached_is_left_out_of_the_fit_and_counted, done),
        cmocka_unit_test_teardown(without_a_batch_too_large_nothing_is_said, done),
        cmocka_unit_test_teardown(the_critical_batch_is_compared_with_a_probe, done),
        cmocka_unit_test_teardown(the_critical_batch_rises_along_another_column_or_does_not, done),
        cmocka_unit_test_teardown(the_largest_rate_that_does_not_diverge_is_taken, done),
        cmocka_unit_test_teardown(the_width_of_a_valley_is_taken_in_decades, done),
        cmocka_unit_test_teardown(a_row_agrees_with_its_counterpart, done),
        cmocka_unit_test_teardown(main_factors_are_told_from_their_rivals, done),
        cmocka_unit_test(a_closed_share_is_that_of_mains_and_pairs),
        cmocka_unit_test_teardown(a_range_is_as_good_as_its_best, done),
        cmocka_unit_test_teardown(a_regret_near_the_bound_is_not_decided, done),
        cmocka_unit_test_teardown(a_censored_median_is_told_with_its_interval, done),
        cmocka_unit_test_teardown(what_verdicts_rest_on_is_written, done),
        cmocka_unit_test_teardown(what_does_not_fit_is_an_error_with_its_line, done),
        cmocka_unit_test(a_critical_batch_on_the_bound_is_rarely_confirmed),
        cmocka_unit_test_teardown(factors_no_better_than_a_rival_are_rarely_confirmed, done),
        cmocka_unit_test_teardown(a_regret_on_the_bound_is_rarely_confirmed, done),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
