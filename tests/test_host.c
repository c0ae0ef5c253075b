/* What the machine says of itself is plausible, whatever the machine. */
#include "run/host.h"

#include "base/child.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct host host;

static int read_host(void **state)
{
    (void)state;
    host_read(&host);
    return 0;
}

static void nothing_is_left_empty(void **state)
{
    (void)state;
    assert_true(host.cpu[0] && host.kernel[0] && host.governor[0] && host.instructions[0]);
    assert_null(strchr(host.cpu, '\n'));
    assert_null(strchr(host.governor, '\n'));
    assert_true(host.memory_bytes > 1e6);
    assert_true(host.load >= 0);
    assert_true(host.quota >= 0);
}

static void processors_are_allowed_and_different(void **state)
{
    cpu_set_t allowed;

    (void)state;
    sched_getaffinity(0, sizeof allowed, &allowed);
    assert_in_range(host.processor_count, 1, CPU_COUNT(&allowed));
    for (int i = 0; i < host.processor_count; i++) {
        assert_true(CPU_ISSET((size_t)host.processors[i], &allowed));
        assert_true(i == 0 || host.processors[i] > host.processors[i - 1]);
    }
    if (host.quota > 0)
        assert_true(host.processor_count <= fmax(1, host.quota));
}

static int pinned_count(FILE *out, void *context)
{
    struct host pinned;

    child_pin(context, 1);
    host_read(&pinned);
    fprintf(out, "%d %d", pinned.processor_count, pinned.processors[0]);
    return 0;
}

static void only_what_is_allowed_is_used(void **state)
{
    char text[32], expected[32];

    (void)state;
    for (int i = 0; i < host.processor_count; i++) {
        assert_int_equal(child_capture(pinned_count, &host.processors[i], 60, text, sizeof text),
                         0);
        snprintf(expected, sizeof expected, "1 %d", host.processors[i]);
        assert_string_equal(text, expected);
    }
}

static void stolen_time_is_part_of_all_time(void **state)
{
    double total, steal, later, later_steal;

    (void)state;
    if (host_steal(&total, &steal) != 0)
        skip();
    assert_true(steal >= 0 && steal <= total);
    assert_int_equal(host_steal(&later, &later_steal), 0);
    assert_true(later >= total && later_steal >= steal);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_empty),
        cmocka_unit_test(processors_are_allowed_and_different),
        cmocka_unit_test(only_what_is_allowed_is_used),
        cmocka_unit_test(stolen_time_is_part_of_all_time),
    };

    return cmocka_run_group_tests(tests, read_host, NULL);
}
