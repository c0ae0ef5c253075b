/* Adjusted p values: by closed testing in the fixture, and what has no p. */
#include "judge/multiple.h"

#include "judge_fixture.h"

static void holm_is_closed_testing_with_bonferroni(void **state)
{
    double adjusted[LENGTH(family_p)];

    (void)state;
    multiple_holm(family_p, adjusted, LENGTH(family_p));
    for (size_t i = 0; i < LENGTH(family_p); i++)
        assert_near(adjusted[i], family_holm[i], 1e-15);
}

static void bonferroni_multiplies_up_to_1(void **state)
{
    const double p[] = {0.01, 0.4, 0};
    double adjusted[3];

    (void)state;
    multiple_bonferroni(p, adjusted, 3);
    assert_near(adjusted[0], 0.03, 1e-15);
    assert_true(adjusted[1] == 1 && adjusted[2] == 0);
}

static void adjusted_values_keep_the_order_and_never_fall(void **state)
{
    const double p[] = {0.04, 0.01, 0.03, 0.02};
    double adjusted[4];

    (void)state;
    multiple_holm(p, adjusted, 4);
    assert_near(adjusted[1], 0.04, 1e-15);
    assert_near(adjusted[3], 0.06, 1e-15);
    assert_near(adjusted[2], 0.06, 1e-15);
    assert_near(adjusted[0], 0.06, 1e-15); /* 1 x 0.04 would be below the one before */
}

static void a_test_that_did_not_come_out_still_counts(void **state)
{
    const double p[] = {NAN, 0.01, 0.02, NAN};
    double adjusted[4];

    (void)state;
    multiple_holm(p, adjusted, 4);
    assert_true(isnan(adjusted[0]) && isnan(adjusted[3]));
    assert_near(adjusted[1], 0.04, 1e-15);
    assert_near(adjusted[2], 0.06, 1e-15);
    multiple_bonferroni(p, adjusted, 4);
    assert_true(isnan(adjusted[0]) && isnan(adjusted[3]));
    assert_near(adjusted[1], 0.04, 1e-15);
}

static void any_number_of_them_anywhere(void **state)
{
    const double p[] = {0.03, NAN, 0.01, NAN, NAN, 0.02, 0.04, NAN, 0.001, NAN, 0.05};
    const double expected[] = {0.24, NAN, 0.1, NAN, NAN, 0.18, 0.28, NAN, 0.011, NAN, 0.3};
    double adjusted[LENGTH(p)];

    (void)state;
    multiple_holm(p, adjusted, LENGTH(p));
    for (size_t i = 0; i < LENGTH(p); i++)
        assert_true(isnan(p[i]) ? isnan(adjusted[i]) : is_near(adjusted[i], expected[i], 1e-15));
}

static void one_alone_is_as_it_was_and_none_is_none(void **state)
{
    double p = 0.03;

    (void)state;
    multiple_holm(&p, &p, 0);
    assert_true(p == 0.03);
    multiple_holm(&p, &p, 1);
    assert_true(p == 0.03);
}

static void it_may_be_done_in_place(void **state)
{
    double p[] = {0.04, 0.01, 1};

    (void)state;
    multiple_holm(p, p, 3);
    assert_near(p[0], 0.08, 1e-15);
    assert_near(p[1], 0.03, 1e-15);
    assert_true(p[2] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holm_is_closed_testing_with_bonferroni),
        cmocka_unit_test(bonferroni_multiplies_up_to_1),
        cmocka_unit_test(adjusted_values_keep_the_order_and_never_fall),
        cmocka_unit_test(a_test_that_did_not_come_out_still_counts),
        cmocka_unit_test(any_number_of_them_anywhere),
        cmocka_unit_test(one_alone_is_as_it_was_and_none_is_none),
        cmocka_unit_test(it_may_be_done_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
