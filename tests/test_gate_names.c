/* Names of cells: what is in them, what is not, and those that would not tell cells apart. */
#include "gate/names.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

/* Names of the cells of this grid; NULL ends the list. */
static void assert_names(const char *grid, int with_engine, const char *const *expected)
{
    struct planned planned;
    char text[4096];
    char(*names)[GATE_NAME_SIZE];
    int count = 0;

    snprintf(text, sizeof text, DATA BUDGET "%s", grid);
    open_planned(&planned, text);
    names = gate_names(&planned.plan, with_engine);
    if (!names)
        fail_msg("%s: %s", grid, error_text());
    while (expected[count])
        count++;
    assert_int_equal(planned.plan.count, count);
    for (int c = 0; c < count; c++)
        assert_string_equal(names[c], expected[c]);
    free(names);
    close_planned(&planned);
}

static void refuses(const char *grid, const char *wrong)
{
    struct planned planned;
    char text[4096];

    snprintf(text, sizeof text, DATA BUDGET "%s", grid);
    open_planned(&planned, text);
    assert_null(gate_names(&planned.plan, 1));
    if (!strstr(error_text(), wrong))
        fail_msg("`%s` lacks `%s`", error_text(), wrong);
    close_planned(&planned);
}

static void a_name_is_engine_network_and_batch(void **state)
{
    (void)state;
    assert_names("grid: {engine: [naive, 'blas:blis'], network: S, batch_size: [8, full]}\n", 1,
                 (const char *const[]){"naive/S/k=8", "naive/S/k=100", "blas:blis/S/k=8",
                                       "blas:blis/S/k=100", NULL});
    assert_names("", 1, (const char *const[]){"blas/M/k=32", NULL});
}

static void where_engines_are_compared_they_are_not_in_it(void **state)
{
    (void)state;
    assert_names("grid: {engine: naive, network: [S, M], batch_size: 8}\n", 0,
                 (const char *const[]){"S/k=8", "M/k=8", NULL});
}

static void what_differs_is_in_it_and_nothing_else(void **state)
{
    (void)state;
    assert_names("grid: {learning_rate: [0.1, 0.25], seed: 7}\n", 1,
                 (const char *const[]){"blas/M/k=32/learning_rate=0.1",
                                       "blas/M/k=32/learning_rate=0.25", NULL});
    assert_names("grid: {precision: [single, double], seed: [1, 2], engine: reference}\n", 1,
                 (const char *const[]){"reference/M/k=32/precision=single/seed=1",
                                       "reference/M/k=32/precision=single/seed=2",
                                       "reference/M/k=32/precision=double/seed=1",
                                       "reference/M/k=32/precision=double/seed=2", NULL});
}

static void blanks_become_one_word(void **state)
{
    (void)state;
    assert_names("grid: {engine: './my own/engine.so', network: S, batch_size: 8}\n", 1,
                 (const char *const[]){"./my_own/engine.so/S/k=8", NULL});
}

static void two_of_one_name_are_refused(void **state)
{
    (void)state;
    refuses("grid: {engine: ['./a b.so', './a_b.so'], batch_size: 8}\n",
            "two cells are ./a_b.so/M/k=8");
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
    char grid[512];

    (void)state;
    for (int length = 236; length <= 250; length++) {
        /* ./aaa...a.so/M/k=8 */
        size_t whole = (size_t)length + strlen("./.so/M/k=8");

        snprintf(grid, sizeof grid, "grid: {engine: './%0*d.so', batch_size: 8}\n", length, 0);
        if (whole >= GATE_NAME_SIZE - 1) {
            refuses(grid, "255 characters or more");
        } else {
            struct planned planned;
            char text[1024];
            char(*names)[GATE_NAME_SIZE];

            snprintf(text, sizeof text, DATA BUDGET "%s", grid);
            open_planned(&planned, text);
            names = gate_names(&planned.plan, 1);
            assert_non_null(names);
            assert_int_equal(strlen(names[0]), whole);
            free(names);
            close_planned(&planned);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_engine_network_and_batch),
        cmocka_unit_test(where_engines_are_compared_they_are_not_in_it),
        cmocka_unit_test(what_differs_is_in_it_and_nothing_else),
        cmocka_unit_test(blanks_become_one_word),
        cmocka_unit_test(two_of_one_name_are_refused),
        cmocka_unit_test(a_name_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
