/* A limit of memory refuses what goes beyond, knows when it is reached, and can be lifted. In a
 * child each, for a limit is the process's. */
#include "run/memory_limit.h"

#include "base/child.h"
#include "base/error.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (1 << 20)

static void *volatile kept;

/* Takes pieces of so many bytes until they are refused, or `most` of them. Returns their number. */
static int take(size_t bytes, int most)
{
    int taken = 0;

    while (taken < most && (kept = malloc(bytes)) != NULL)
        taken++;
    return taken;
}

/* What a child says of itself. */
static void assert_says(int (*function)(FILE *, void *), const char *expected)
{
    char text[64];

#if defined(__SANITIZE_ADDRESS__)
    skip(); /* nothing is limited */
#endif
    if (child_capture(function, NULL, 60, text, sizeof text) != 0)
        fail_msg("%s", error_text());
    assert_string_equal(text, expected);
}

static int take_all(FILE *out, void *context)
{
    int taken;

    (void)context;
    memory_limit_set(32.0 * MIB);
    taken = take(MIB, 1000);
    fprintf(out, "%s %s", taken >= 28 && taken <= 32 ? "all" : "wrong",
            memory_limit_is_reached() ? "reached" : "not reached");
    return 0;
}

static void what_goes_beyond_is_refused(void **state)
{
    (void)state;
    assert_says(take_all, "all reached");
}

static int take_some(FILE *out, void *context)
{
    (void)context;
    memory_limit_set(32.0 * MIB);
    fprintf(out, "%d of 8, %d too large, %s", take(MIB, 8), take(64 * MIB, 1),
            memory_limit_is_reached() ? "reached" : "not reached");
    return 0;
}

static void a_piece_that_is_too_large_does_not_use_it_up(void **state)
{
    (void)state;
    assert_says(take_some, "8 of 8, 0 too large, not reached");
}

static int lift(FILE *out, void *context)
{
    int before, after;

    (void)context;
    memory_limit_set(8.0 * MIB);
    before = take(16 * MIB, 1);
    memory_limit_lift();
    after = take(16 * MIB, 4);
    fprintf(out, "%d, then %d, %s, ", before, after,
            memory_limit_is_reached() ? "reached" : "not reached");
    memory_limit_set(8.0 * MIB);
    fprintf(out, "then %d", take(16 * MIB, 1));
    return 0;
}

static void a_limit_is_lifted_and_set_again(void **state)
{
    (void)state;
    assert_says(lift, "0, then 4, not reached, then 0");
}

static int take_unlimited(FILE *out, void *context)
{
    (void)context;
    memory_limit_set(0);
    memory_limit_lift();
    fprintf(out, "%d, %s", take(16 * MIB, 4),
            memory_limit_is_reached() ? "reached" : "not reached");
    return 0;
}

static void no_limit_is_none(void **state)
{
    (void)state;
    assert_says(take_unlimited, "4, not reached");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_beyond_is_refused),
        cmocka_unit_test(a_piece_that_is_too_large_does_not_use_it_up),
        cmocka_unit_test(a_limit_is_lifted_and_set_again),
        cmocka_unit_test(no_limit_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
