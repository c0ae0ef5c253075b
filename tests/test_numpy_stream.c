/* The streams are NumPy's, bit by bit. */
#include "base/numpy_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Other tests use the rest of it. */
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "fixtures/numpy_streams.h"

static void draws_are_those_of_random_state(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof numpy_streams / sizeof *numpy_streams; s++) {
        struct numpy_stream stream;

        assert_int_equal(numpy_open(&stream, numpy_streams[s].seed), 0);
        for (int part = 0; part < 2; part++) {
            for (int i = 0; i < STREAM_UNIFORM; i++)
                assert_true(numpy_uniform(&stream) == numpy_streams[s].uniform[part][i]);
            for (int i = 0; i < STREAM_NORMAL; i++)
                assert_true(numpy_normal(&stream) == numpy_streams[s].normal[part][i]);
        }
        numpy_close(&stream);
    }
}

static void two_streams_are_independent_of_each_other(void **state)
{
    struct numpy_stream one, other;

    (void)state;
    numpy_open(&one, 42);
    numpy_open(&other, 42);
    for (int i = 0; i < 5; i++)
        numpy_normal(&other);
    for (int i = 0; i < STREAM_UNIFORM; i++)
        assert_true(numpy_uniform(&one) == numpy_streams[1].uniform[0][i]);
    numpy_close(&one);
    numpy_close(&other);
    numpy_close(&other); /* twice is fine */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_those_of_random_state),
        cmocka_unit_test(two_streams_are_independent_of_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
