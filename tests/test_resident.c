/* The high-water mark goes back, and goes up by what is touched since. */
#include "run/resident.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { MEGABYTES = 64, BYTES = MEGABYTES << 20 };

static char *take(void)
{
    char *bytes = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(bytes, MAP_FAILED);
    memset(bytes, 1, BYTES);
    return bytes;
}

static void the_mark_rises_by_what_is_touched(void **state)
{
    double before, after;

    (void)state;
    munmap(take(), BYTES); /* a mark from before, to be forgotten */
    before = resident_restart();
    if (isnan(before))
        skip(); /* no such file here */
    assert_true(resident_peak() - before < BYTES / 2);
    munmap(take(), BYTES);
    after = resident_peak();
    assert_true(fabs(after - before - BYTES) < BYTES / 20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(the_mark_rises_by_what_is_touched)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
