/* The machine's roof: plausible whatever the machine, and its loops move what they say. */
#include "run/roof.h"

#include "base/child.h"
#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- Loops ----------------------------------------------------------------------------------- */

static const char *const instruction_sets[] = {"avx512f", "avx2", "sse2"};

/* From the widest set of the host on, the processor has them all. */
static int has(size_t set, const char *widest)
{
    for (size_t i = 0; i <= set; i++)
        if (strcmp(instruction_sets[i], widest) == 0)
            return 1;
    return set == 2; /* the baseline of any machine */
}

enum { FLOATS = 4 * KERNEL_FLOATS };

static void loops_touch_every_element_and_nothing_else(void **state)
{
    static _Alignas(64) float a[FLOATS + 16], b[FLOATS + 16], c[FLOATS + 16];
    struct host host;

    (void)state;
    host_read(&host);
    for (size_t set = 0; set < 3; set++) {
        struct kernels kernels;

        if (!has(set, host.instructions))
            continue;
        kernels = kernels_for(instruction_sets[set]);
        for (int i = 0; i < FLOATS + 16; i++) {
            a[i] = -7;
            b[i] = (float)i;
            c[i] = 2 * (float)i;
        }
        kernels.traffic[TRAFFIC_READ](a, b, c, FLOATS, 3);
        for (int i = 0; i < FLOATS + 16; i++)
            assert_true(a[i] == -7 && b[i] == (float)i);
        kernels.traffic[TRAFFIC_WRITE](a, b, c, FLOATS, 3); /* the number of the pass */
        for (int i = 0; i < FLOATS + 16; i++)
            assert_true(a[i] == (i < FLOATS ? 3 : -7) && b[i] == (float)i);
        kernels.traffic[TRAFFIC_TRIAD](a, b, c, FLOATS, 2); /* s = half the number of the pass */
        for (int i = 0; i < FLOATS + 16; i++)
            assert_true(a[i] == (i < FLOATS ? 3 * (float)i : -7) && c[i] == 2 * (float)i);
        assert_true(kernels.fma(1e-3f) >= 2.0 * 4 * 12); /* two for each lane of each chain */
    }
}

static void a_triad_counts_twelve_bytes_an_element(void **state)
{
    (void)state;
    assert_true(traffic_bytes(TRAFFIC_READ, 100) == 400);
    assert_true(traffic_bytes(TRAFFIC_WRITE, 100) == 400);
    assert_true(traffic_bytes(TRAFFIC_TRIAD, 100) == 1200);
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

#define KIB 1024.0
#define MIB (1024 * 1024.0)

static void buffers_stay_in_their_level(void **state)
{
    struct host host = {
        .l1_bytes = 32 * KIB, .l2_bytes = MIB, .l3_bytes = 32 * MIB, .memory_bytes = 16384 * MIB};

    (void)state;
    assert_true(roof_buffer_bytes(&host, LEVEL_L1, 2) == 16 * KIB);
    assert_true(roof_buffer_bytes(&host, LEVEL_L2, 2) == 512 * KIB);
    assert_true(roof_buffer_bytes(&host, LEVEL_L3, 2) == 4 * MIB);
    assert_true(roof_buffer_bytes(&host, LEVEL_L3, 8) == 2 * MIB);      /* 16 MiB for eight */
    assert_true(roof_buffer_bytes(&host, LEVEL_L3, 16) == 0);           /* no more than L2 */
    assert_true(roof_buffer_bytes(&host, LEVEL_MEMORY, 2) == 64 * MIB); /* 128 MiB for two */
    host.l3_bytes = 1024 * MIB; /* as some virtual machines say */
    assert_true(roof_buffer_bytes(&host, LEVEL_L3, 2) == 4 * MIB);
    assert_true(roof_buffer_bytes(&host, LEVEL_MEMORY, 1) == 512 * MIB);
    host.memory_bytes = 1024 * MIB;
    assert_true(roof_buffer_bytes(&host, LEVEL_MEMORY, 1) == 128 * MIB);
    host.l1_bytes = host.l2_bytes = host.l3_bytes = 0; /* the system does not say */
    assert_true(roof_buffer_bytes(&host, LEVEL_L1, 1) == 0);
    assert_true(roof_buffer_bytes(&host, LEVEL_L2, 1) == 0);
    assert_true(roof_buffer_bytes(&host, LEVEL_L3, 1) == 0);
    assert_true(roof_buffer_bytes(&host, LEVEL_MEMORY, 1) == 64 * MIB);
}

/* ---- Measuring ------------------------------------------------------------------------------- */

static int is_positive(double number)
{
    return number > 0 && isfinite(number);
}

static void every_number_is_positive(void **state)
{
    struct host host;
    struct roof roof;

    (void)state;
    host_read(&host);
    for (int threads = 1; threads <= 2 && threads <= host.processor_count; threads++) {
        if (roof_measure_apart(&roof, &host, threads) != 0)
            fail_msg("%s", error_text());
        assert_int_equal(roof.threads, threads);
        assert_true(is_positive(roof.fma_gflops));
        assert_true(is_positive(roof.seconds));
        for (int level = 0; level < LEVEL_COUNT; level++) {
            double bytes = roof_buffer_bytes(&host, (enum level)level, threads);

            assert_true(roof.measured_bytes[level] == bytes);
            for (int t = 0; t < TRAFFIC_COUNT; t++)
                assert_true(bytes > 0 ? is_positive(roof.bandwidth[level][t])
                                      : isnan(roof.bandwidth[level][t]));
        }
    }
}

static void caches_of_unknown_size_are_left_out(void **state)
{
    struct host host;
    struct roof roof;

    (void)state;
    host_read(&host);
    host.l1_bytes = host.l2_bytes = host.l3_bytes = 0;
    assert_int_equal(roof_measure_apart(&roof, &host, 1), 0);
    assert_true(isnan(roof.bandwidth[LEVEL_L1][TRAFFIC_READ]));
    assert_true(isnan(roof.bandwidth[LEVEL_L3][TRAFFIC_TRIAD]));
    assert_true(is_positive(roof.bandwidth[LEVEL_MEMORY][TRAFFIC_READ]));
}

static int measure_on_one(FILE *out, void *context)
{
    struct host host, *all = context;
    struct roof roof;

    child_pin(all->processors, 1);
    host_read(&host);
    if (roof_measure(&roof, &host, 1) != 0)
        return fputs(error_text(), out), -1;
    fprintf(out, "%d %d", host.processor_count, is_positive(roof.bandwidth[LEVEL_MEMORY][0]));
    return 0;
}

static void one_processor_is_enough(void **state)
{
    struct host host;
    char text[256];

    (void)state;
    host_read(&host);
    assert_int_equal(child_capture(measure_on_one, &host, 60, text, sizeof text), 0);
    assert_string_equal(text, "1 1");
}

static void more_threads_than_processors_are_refused(void **state)
{
    struct host host;
    struct roof roof;
    char expected[128];

    (void)state;
    host_read(&host);
    assert_int_equal(roof_measure_apart(&roof, &host, host.processor_count + 1), -1);
    snprintf(expected, sizeof expected, "%d threads on %d processors", host.processor_count + 1,
             host.processor_count);
    assert_string_equal(error_text(), expected);
    assert_true(isnan(roof.fma_gflops));
    assert_int_equal(roof_measure_apart(&roof, &host, 0), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_touch_every_element_and_nothing_else),
        cmocka_unit_test(a_triad_counts_twelve_bytes_an_element),
        cmocka_unit_test(buffers_stay_in_their_level),
        cmocka_unit_test(every_number_is_positive),
        cmocka_unit_test(caches_of_unknown_size_are_left_out),
        cmocka_unit_test(one_processor_is_enough),
        cmocka_unit_test(more_threads_than_processors_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
