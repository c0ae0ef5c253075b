/* Shares of variance: projections in the fixture, grids with known shares, intervals. */
#include "base/rng.h"
#include "judge/shares.h"

#include "judge_fixture.h"

static double sum_of(const struct shares *shares, size_t factors)
{
    double sum = shares->residual;

    for (size_t a = 0; a < factors; a++)
        sum += shares->main[a];
    for (size_t p = 0; p < factors * (factors - 1) / 2; p++)
        sum += shares->pair[p];
    return sum;
}

static void shares_are_those_of_projections(void **state)
{
    struct shares shares = shares_of(share_values, share_levels, LENGTH(share_levels));

    (void)state;
    for (size_t a = 0; a < LENGTH(share_main); a++)
        assert_near(shares.main[a], share_main[a], 1e-12);
    for (size_t p = 0; p < LENGTH(share_pair); p++)
        assert_near(shares.pair[p], share_pair[p], 1e-12);
    assert_near(shares.variance, share_variance[0], 1e-12);
    assert_near(sum_of(&shares, LENGTH(share_levels)), 1, 1e-14);
}

static void pairs_are_numbered_in_order(void **state)
{
    size_t next = 0;

    (void)state;
    for (size_t a = 0; a < 5; a++) {
        for (size_t b = a + 1; b < 5; b++, next++) {
            assert_int_equal(shares_pair(a, b, 5), next);
            assert_int_equal(shares_pair(b, a, 5), next);
        }
    }
}

/* value = 3 i + j: variances 9 x 2/3 and 2/3, nothing shared. */
static void effects_that_add_share_by_their_variances(void **state)
{
    const size_t levels[] = {3, 3};
    double values[9];
    struct shares shares;

    (void)state;
    for (int i = 0; i < 9; i++)
        values[i] = 3 * (i / 3) + i % 3;
    shares = shares_of(values, levels, 2);
    assert_near(shares.variance, 20 / 3.0, 1e-14);
    assert_near(shares.main[0], 0.9, 1e-14);
    assert_near(shares.main[1], 0.1, 1e-14);
    assert_near(shares.pair[0], 0, 1e-15);
    assert_near(shares.residual, 0, 1e-14);
}

static void an_exclusive_or_is_all_interaction(void **state)
{
    const size_t two[] = {2, 2}, three[] = {2, 2, 2};
    const double values[] = {0, 1, 1, 0}, parity[] = {0, 1, 1, 0, 1, 0, 0, 1};
    struct shares shares = shares_of(values, two, 2);

    (void)state;
    assert_true(shares.main[0] == 0 && shares.main[1] == 0 && shares.pair[0] == 1);
    assert_true(shares.residual == 0);
    shares = shares_of(parity, three, 3);
    assert_true(shares.residual == 1); /* of all three at once */
    assert_near(sum_of(&shares, 3), 1, 1e-15);
}

static void a_factor_of_one_level_explains_nothing(void **state)
{
    const size_t levels[] = {1, 3, 1};
    const double values[] = {1, 2, 6};
    struct shares shares = shares_of(values, levels, 3);

    (void)state;
    assert_true(shares.main[0] == 0 && shares.main[2] == 0);
    assert_near(shares.main[1], 1, 1e-15);
}

static void assert_no_shares(struct shares shares)
{
    for (size_t a = 0; a < SHARES_FACTORS; a++)
        assert_true(isnan(shares.main[a]));
    for (size_t p = 0; p < SHARES_PAIRS; p++)
        assert_true(isnan(shares.pair[p]));
    assert_true(isnan(shares.residual) && isnan(shares.variance));
}

static void without_variance_or_with_a_diverged_cell_there_are_no_shares(void **state)
{
    const size_t levels[] = {2, 2}, none[] = {2, 0}, one[] = {1};
    const double same[] = {0.1, 0.1, 0.1, 0.1}, nan[] = {1, 2, NAN, 4};
    const double infinite[] = {1, 2, 3, INFINITY};

    (void)state;
    assert_no_shares(shares_of(same, levels, 2));
    assert_no_shares(shares_of(nan, levels, 2));
    assert_no_shares(shares_of(infinite, levels, 2));
    assert_no_shares(shares_of(same, none, 2));
    assert_no_shares(shares_of(same, one, 1));
}

/* ---- Over seeds -------------------------------------------------------------------------------
 */

enum { ROWS = 4, COLUMNS = 3, SEEDS = 12 };

static const size_t seeded_levels[] = {ROWS, COLUMNS, SEEDS};

/* Rows of variance 1.25, a seed of 0.04, noise of 0.25. */
static void draw_grid(double *values, struct rng *rng)
{
    double seeds[SEEDS];

    for (int s = 0; s < SEEDS; s++)
        seeds[s] = 0.2 * rng_normal(rng);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        for (int s = 0; s < SEEDS; s++)
            values[i * SEEDS + s] = i / COLUMNS + seeds[s] + 0.5 * rng_normal(rng);
}

static void intervals_are_around_the_shares(void **state)
{
    double values[ROWS * COLUMNS * SEEDS];
    struct share_intervals intervals;
    struct shares shares;
    struct rng rng;

    (void)state;
    rng_init(&rng, 12, RNG_TEST, 11);
    draw_grid(values, &rng);
    shares = shares_of(values, seeded_levels, 3);
    intervals = shares_bootstrap(values, seeded_levels, 3, 0.95, 1000, 3);
    for (int a = 0; a < 3; a++) {
        assert_near(intervals.main[a].value, shares.main[a], 1e-15);
        assert_true(intervals.main[a].low >= 0 && intervals.main[a].high <= 1);
        assert_true(intervals.main[a].low <= intervals.main[a].high);
    }
    assert_near(intervals.residual.value, shares.residual, 1e-14);
    assert_true(intervals.pair[0].value == shares.pair[0]);
    /* What counts and what does not are told apart. */
    assert_true(intervals.main[0].low > 0.7 && intervals.main[0].high < 0.9);
    assert_true(intervals.main[0].low > intervals.main[1].high);
    assert_true(intervals.main[0].low > intervals.main[2].high);
}

static void one_seed_bounds_no_share(void **state)
{
    const size_t levels[] = {2, 2, 1};
    const double values[] = {1, 2, 3, 5};
    struct share_intervals intervals = shares_bootstrap(values, levels, 3, 0.95, 100, 1);

    (void)state;
    assert_true(intervals.main[0].value > 0.5);
    assert_true(intervals.main[0].low == 0 && intervals.main[0].high == 1);
    assert_true(intervals.residual.low == 0 && intervals.residual.high == 1);
}

static void a_diverged_cell_leaves_all_bounds_open(void **state)
{
    const size_t levels[] = {2, 3};
    const double values[] = {1, 2, 3, 5, INFINITY, 4};
    struct share_intervals intervals = shares_bootstrap(values, levels, 2, 0.95, 100, 1);

    (void)state;
    assert_true(isnan(intervals.main[0].value));
    assert_true(intervals.main[0].low == 0 && intervals.main[0].high == 1);
}

/* The share of the rows in the long run: 1.25 of 1.25 + 0.04 + 0.25, and a little for the noise of
 * their means. */
static void intervals_hold_the_share_of_a_main_factor(void **state)
{
    enum { TRIALS = 300 };
    double values[ROWS * COLUMNS * SEEDS];
    struct rng rng;
    int covered = 0;

    (void)state;
    rng_init(&rng, 13, RNG_TEST, 11);
    for (int trial = 0; trial < TRIALS; trial++) {
        double share = 1.25 / (1.25 + 0.04 + 0.25);
        struct effect rows;

        draw_grid(values, &rng);
        rows = shares_bootstrap(values, seeded_levels, 3, 0.95, 300, 1).main[0];
        covered += rows.low <= share && share <= rows.high;
    }
    assert_true(covered >= 0.88 * TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_those_of_projections),
        cmocka_unit_test(pairs_are_numbered_in_order),
        cmocka_unit_test(effects_that_add_share_by_their_variances),
        cmocka_unit_test(an_exclusive_or_is_all_interaction),
        cmocka_unit_test(a_factor_of_one_level_explains_nothing),
        cmocka_unit_test(without_variance_or_with_a_diverged_cell_there_are_no_shares),
        cmocka_unit_test(intervals_are_around_the_shares),
        cmocka_unit_test(one_seed_bounds_no_share),
        cmocka_unit_test(a_diverged_cell_leaves_all_bounds_open),
        cmocka_unit_test(intervals_hold_the_share_of_a_main_factor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
