/* Choosing a value: known answers, ties, values that are none, edges, halving. */
#include "run/decision.h"

#include "plan/experiment_keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- A world in which every value's marks are known ---------------------------------------------
 */

struct world {
    double (*at)(const int *place, int seed); /* NAN: infeasible; -INFINITY: not reached */
    int asked[200][TUNING_KEYS_MAX + 1];      /* places and seeds that have been run */
    int asked_count;
};

static int is_run(const struct world *world, const int *place, int seed)
{
    for (int i = 0; i < world->asked_count; i++)
        if (memcmp(world->asked[i], place, TUNING_KEYS_MAX * sizeof *place) == 0 &&
            world->asked[i][TUNING_KEYS_MAX] == seed)
            return 1;
    return 0;
}

static int find(void *context, const int *place, int seed, struct mark *mark)
{
    struct world *world = context;
    double value = world->at(place, seed);

    if (!is_run(world, place, seed))
        return 0;
    *mark = (struct mark){MARK_REACHED, value, 100};
    if (value == -(double)INFINITY)
        *mark = (struct mark){MARK_CENSORED, (double)place[0], 100};
    return 1;
}

static struct tuning_spec spec_with(int values, int seeds, int extend)
{
    struct tuning_spec spec = {.key_count = 1, .seed_count = seeds, .extend = extend};

    spec.halving.keep = 1;
    spec.keys[0] = (struct tuned_key){.field = schema_find(settings_fields, "learning_rate"),
                                      .from = 0.1,
                                      .factor = 2,
                                      .count = values};
    return spec;
}

/* Runs what is due until nothing is. Returns the number of rounds of runs. */
static int run_out(struct world *world, const struct tuning_spec *spec, unsigned keys,
                   struct decision *decision)
{
    for (int rounds = 0;; rounds++) {
        assert_int_equal(decide(decision, spec, keys, find, world), 0);
        if (decision->is_settled)
            return rounds;
        assert_true(decision->due_count > 0);
        for (int d = 0; d < decision->due_count; d++) {
            int *asked = world->asked[world->asked_count++];

            assert_true(world->asked_count < 200);
            memcpy(asked, decision->due[d].place, sizeof decision->due[d].place);
            asked[TUNING_KEYS_MAX] = decision->due[d].seed;
        }
        decision_free(decision);
    }
}

static void chooses(double (*at)(const int *, int), const struct tuning_spec *spec, int place,
                    int edge, int runs)
{
    struct world world = {.at = at};
    struct decision decision;

    run_out(&world, spec, 1, &decision);
    assert_int_equal(decision.trials[decision.best].place[0], place);
    assert_int_equal(decision.edge, edge);
    assert_int_equal(world.asked_count, runs);
    decision_free(&decision);
}

/* ---- Marks --------------------------------------------------------------------------------------
 */

static void reached_is_before_censored_before_infeasible(void **state)
{
    const struct mark high = {MARK_REACHED, 1e9, 0}, low = {MARK_REACHED, 1, 0},
                      censored = {MARK_CENSORED, 0, 0}, infeasible = {MARK_INFEASIBLE, 0, 0};

    (void)state;
    assert_true(mark_compare(&low, &high) < 0);
    assert_true(mark_compare(&high, &censored) < 0);
    assert_true(mark_compare(&censored, &infeasible) < 0);
    assert_int_equal(mark_compare(&low, &low), 0);
}

static void a_median_of_kinds_is_that_of_the_middle_and_the_worse_of_two(void **state)
{
    struct mark odd[] = {{MARK_INFEASIBLE, 0, 1}, {MARK_REACHED, 3, 2}, {MARK_CENSORED, 5, 4}},
                even[] = {{MARK_REACHED, 4, 0}, {MARK_REACHED, 1, 0}},
                mixed[] = {{MARK_CENSORED, 7, 0}, {MARK_REACHED, 1, 0}};
    struct mark median = mark_median(odd, 3);

    (void)state;
    assert_int_equal(median.kind, MARK_CENSORED);
    assert_true(median.value == 5 && median.examples == 7);
    assert_true(mark_median(even, 2).value == 2.5);
    median = mark_median(mixed, 2);
    assert_int_equal(median.kind, MARK_CENSORED);
    assert_true(median.value == 7);
}

/* ---- One key ------------------------------------------------------------------------------------
 */

static double bowl_at_2(const int *place, int seed)
{
    return fabs(place[0] - 2.0) + 0.001 * seed;
}
static double bowl_at_6(const int *place, int seed)
{
    return fabs(place[0] - 6.0) + seed;
}
static double bowl_below(const int *place, int seed)
{
    return fabs(place[0] + 2.0) + seed;
}
static double falls(const int *place, int seed)
{
    return -place[0] + 0.001 * seed;
}
static double flat(const int *place, int seed)
{
    (void)place;
    return seed;
}
static double diverges_above_0(const int *place, int seed)
{
    return place[0] > 0 ? (double)NAN : 10 + fabs(place[0] + 1.0) + seed;
}
static double diverges(const int *place, int seed)
{
    (void)place;
    (void)seed;
    return NAN;
}
static double never_reached(const int *place, int seed)
{
    (void)place;
    (void)seed;
    return -INFINITY;
}
/* Best in the mean at 1, in the median at 2; place 3 fails on most seeds. */
static double by_median(const int *place, int seed)
{
    static const double values[5][3] = {
        {9, 9, 9}, {0, 5, 5}, {4, 4, 30}, {0, (double)NAN, (double)NAN}, {9, 9, 9}};

    return values[place[0]][seed];
}

static void the_best_median_inside_is_chosen_at_once(void **state)
{
    const struct tuning_spec spec = spec_with(5, 3, 3), one_seed = spec_with(5, 1, 3);

    (void)state;
    chooses(bowl_at_2, &spec, 2, 0, 15);
    chooses(bowl_at_2, &one_seed, 2, 0, 5);
    chooses(by_median, &spec, 2, 0, 15);
}

static void the_range_grows_while_the_best_lies_on_its_edge(void **state)
{
    const struct tuning_spec spec = spec_with(5, 2, 3), single = spec_with(1, 1, 3);

    (void)state;
    chooses(bowl_at_6, &spec, 6, 0, 16);   /* 5 values, then 5, 6, 7 */
    chooses(bowl_below, &spec, -2, 0, 16); /* -1, -2, -3 */
    chooses(bowl_at_2, &single, 2, 0, 5);  /* both sides of one value, then one: -1 .. 3 */
}

static void the_range_grows_no_further_than_it_may(void **state)
{
    const struct tuning_spec spec = spec_with(5, 1, 3), none = spec_with(5, 1, 0);
    struct tuning_spec momentum = spec_with(3, 1, 3);

    (void)state;
    chooses(falls, &spec, 7, 1, 8);
    chooses(falls, &none, 4, 1, 5);
    momentum.keys[0].field =
        schema_find(settings_fields, "momentum"); /* 0.1, 0.2, 0.4, 0.8 | 1.6 */
    chooses(falls, &momentum, 3, 1, 4);
}

static void of_equals_the_smaller_value_is_chosen(void **state)
{
    const struct tuning_spec spec = spec_with(4, 2, 0);

    (void)state;
    chooses(flat, &spec, 0, 1, 8);
    chooses(never_reached, &spec, 0, 1, 8); /* nearest to the target at the smallest */
}

static void infeasible_values_push_the_range_to_the_other_side(void **state)
{
    const struct tuning_spec spec = spec_with(4, 2, 3);
    struct world world = {.at = diverges};
    struct decision decision;

    (void)state;
    chooses(diverges_above_0, &spec, -1, 0, 12); /* 4 values, then -1 and -2 */
    assert_true(run_out(&world, &spec, 1, &decision) == 4);
    assert_int_equal(decision.trials[decision.best].place[0], -3);
    assert_int_equal(decision.trials[decision.best].infeasible, 2);
    assert_int_equal(decision.trials[decision.best].median.kind, MARK_INFEASIBLE);
    assert_int_equal(decision.edge, 1);
    decision_free(&decision);
}

static void nothing_is_settled_before_every_seed_is_known(void **state)
{
    const struct tuning_spec spec = spec_with(2, 2, 0);
    struct world world = {.at = bowl_at_2, .asked = {{0, 0, 0, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}}};
    struct decision decision;

    (void)state;
    world.asked_count = 3;
    assert_int_equal(decide(&decision, &spec, 1, find, &world), 0);
    assert_int_equal(decision.is_settled, 0);
    assert_int_equal(decision.edge, 0);
    assert_int_equal(decision.due_count, 1);
    assert_int_equal(decision.due[0].place[0], 1);
    assert_int_equal(decision.due[0].seed, 1);
    decision_free(&decision);
}

/* ---- Two keys, halving --------------------------------------------------------------------------
 */

static double bowl_of_two(const int *place, int seed)
{
    return fabs(place[0] - 1.0) + fabs(place[1] - 3.0) + 0.001 * seed;
}

static void two_keys_are_tried_in_every_combination(void **state)
{
    struct tuning_spec spec = spec_with(3, 1, 3);
    struct world world = {.at = bowl_of_two}, only_first = {.at = bowl_of_two};
    struct decision decision;

    (void)state;
    spec.key_count = 2;
    spec.keys[1] = spec.keys[0];
    run_out(&world, &spec, 3, &decision);
    assert_int_equal(decision.trials[decision.best].place[0], 1);
    assert_int_equal(decision.trials[decision.best].place[1], 3);
    assert_int_equal(decision.edge, 0);
    assert_int_equal(world.asked_count, 15); /* 3 by 3, then two more columns of 3 */
    decision_free(&decision);
    run_out(&only_first, &spec, 1, &decision); /* the other is given */
    assert_int_equal(only_first.asked_count, 3);
    assert_int_equal(decision.trials[decision.best].place[0], 1);
    assert_int_equal(decision.trials[decision.best].place[1], 0);
    decision_free(&decision);
}

static void halving_runs_further_seeds_of_the_better_values_only(void **state)
{
    struct tuning_spec spec = spec_with(8, 3, 0);
    struct world world = {.at = bowl_at_2};
    struct decision decision;
    int wanted = 0;

    (void)state;
    spec.halving.keep = 0.5;
    assert_int_equal(run_out(&world, &spec, 1, &decision), 3);
    assert_int_equal(world.asked_count, 8 + 4 + 2);
    assert_int_equal(decision.trials[decision.best].place[0], 2);
    assert_int_equal(decision.trials[decision.best].seeds, 3);
    assert_int_equal(decision.count, 8);
    for (int t = 0; t < decision.count; t++) {
        assert_int_equal(decision.trials[t].place[0], t); /* in order again */
        wanted += decision.trials[t].wanted;
    }
    assert_int_equal(wanted, 14);
    decision_free(&decision);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reached_is_before_censored_before_infeasible),
        cmocka_unit_test(a_median_of_kinds_is_that_of_the_middle_and_the_worse_of_two),
        cmocka_unit_test(the_best_median_inside_is_chosen_at_once),
        cmocka_unit_test(the_range_grows_while_the_best_lies_on_its_edge),
        cmocka_unit_test(the_range_grows_no_further_than_it_may),
        cmocka_unit_test(of_equals_the_smaller_value_is_chosen),
        cmocka_unit_test(infeasible_values_push_the_range_to_the_other_side),
        cmocka_unit_test(nothing_is_settled_before_every_seed_is_known),
        cmocka_unit_test(two_keys_are_tried_in_every_combination),
        cmocka_unit_test(halving_runs_further_seeds_of_the_better_values_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
