/* What --profile prints: shares of known seconds. */
#include "report/summary.h"

#include "base/error.h"
#include "results_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEADER                                                                                     \
    "id,first_step_seconds,wall_seconds,setup_seconds,train_seconds,sampling_seconds,"             \
    "bookkeeping_seconds,gather_seconds,gradient_seconds,update_seconds,evaluation_seconds,"       \
    "logging_seconds\n"

static const struct fixture_cell cells[] = {
    {"blas", 1, 0.1, 1, 1, "budget", 0.3, 0.2, 3, NAN},
    {"blas", 1, 0.2, 1, 1, "budget", 0.3, 0.2, 3, NAN},
    {"blas", 0, 0.1, 1, 1, "budget", 0.3, 0.2, 3, NAN},
    {"auto", 0, 0.1, 1, 1, "budget", 0.3, 0.2, 3, NAN, .engine_used = "native"},
};

static char *printed;

static int print(void)
{
    size_t size;
    FILE *stream = open_memstream(&printed, &size);
    int status = summary_print_profile(stream, scratch_folder);

    fclose(stream);
    return status;
}

static void assert_says(const char *line)
{
    if (!strstr(printed, line))
        fail_msg("does not say `%s`:\n%s", line, printed);
}

static int clear(void **state)
{
    free(printed);
    printed = NULL;
    unlink(scratch_path("profile.csv"));
    return fixture_clear(state);
}

static void shares_are_of_the_sums_over_cells(void **state)
{
    (void)state;
    fixture_cells(cells, 4);
    fixture_text("profile.csv", HEADER "c0,0.5,10,1,4,0.04,0.08,-0.4,4.28,0,4,0.5\n"
                                       "c1,0.25,30,1,16,0.16,0.32,0,14.52,1,12,0.5\n"
                                       "c3,0.75,2,0,1,0,0,0,1,0,1,0\n");
    assert_int_equal(print(), 0);
    /* 20 s of 40 on the clock. */
    assert_says("blas           1   1.0   2.0   -2.0     94.0    5.0  50.0  40.0   5.0  2.5  2.5");
    assert_says("auto        full   0.0   0.0    0.0    100.0    0.0  50.0  50.0   0.0  0.0  0.0");
    assert_says("The first step began 0.25 s");
    assert_null(strstr(printed, "blas        full")); /* not profiled */
    for (const char *line = printed; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") < 80);
}

static void no_time_at_all_is_no_share(void **state)
{
    (void)state;
    fixture_cells(cells, 1);
    fixture_text("profile.csv", HEADER "c0,0,0,0,0,0,0,0,0,0,0,0\n");
    assert_int_equal(print(), 0);
    assert_null(strstr(printed, "nan"));
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    fixture_cells(cells, 1);
    assert_int_equal(print(), -1);
    assert_non_null(strstr(error_text(), "profile.csv: No such file"));
    clear(state);
    fixture_cells(cells, 1);
    fixture_text("profile.csv", HEADER "c9,0,0,0,0,0,0,0,0,0,0,0\n");
    assert_int_equal(print(), -1);
    assert_non_null(strstr(error_text(), "profile.csv:2: id `c9` is not in "));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(shares_are_of_the_sums_over_cells, clear),
        cmocka_unit_test_teardown(no_time_at_all_is_no_share, clear),
        cmocka_unit_test_teardown(what_cannot_be_read_is_named, clear),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
