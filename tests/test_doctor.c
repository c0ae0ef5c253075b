/* What the doctor makes of a machine, on machines that are made up. */
#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static struct doctor_facts facts;
static struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
static int count;

/* Nothing is wrong with this one. */
static int open_healthy(void **state)
{
    (void)state;
    facts = (struct doctor_facts){
        .host = {.cpu = "A processor",
                 .governor = "performance",
                 .instructions = "avx2",
                 .memory_bytes = 1 << 30,
                 .load = 0.1,
                 .processor_count = 2},
        .turbo = "off",
        .clock_source = "tsc",
        .clock_resolution = 2e-8,
        .steal_share = 0,
        .engines = {{.name = "blas", .says = "OpenBLAS", .has_openmp = 1}},
        .engine_count = 1,
        .gnuplot = "gnuplot 5.4",
        .mpirun = "mpirun (Open MPI) 4.1.4",
        .dataset = "fashion-mnist",
        .folder = "results",
        .free_bytes = 1e12,
        .is_writable = 1,
    };
    return 0;
}

static const struct doctor_finding *find(const char *subject, enum doctor_state state)
{
    count = doctor_diagnose(&facts, findings);
    for (int i = 0; i < count; i++)
        if (strcmp(findings[i].subject, subject) == 0 && findings[i].state == state)
            return &findings[i];
    return NULL;
}

/* This subject alone is so, and the others are ok. */
static void assert_only(const char *subject, enum doctor_state state)
{
    assert_non_null(find(subject, state));
    for (int i = 0; i < count; i++)
        if (findings[i].state != DOCTOR_OK && strcmp(findings[i].subject, subject) != 0)
            fail_msg("%s: %s", findings[i].subject, findings[i].text);
}

static void nothing_is_wrong_with_a_healthy_machine(void **state)
{
    (void)state;
    count = doctor_diagnose(&facts, findings);
    for (int i = 0; i < count; i++)
        if (findings[i].state != DOCTOR_OK)
            fail_msg("%s: %s", findings[i].subject, findings[i].text);
    assert_true(count > 8);
}

static void what_the_system_does_not_say_is_no_fault(void **state)
{
    (void)state;
    strcpy(facts.host.governor, "unknown");
    strcpy(facts.turbo, "unknown");
    facts.steal_share = NAN;
    nothing_is_wrong_with_a_healthy_machine(NULL);
}

static void a_noisy_machine_is_warned_of(void **state)
{
    (void)state;
    strcpy(facts.host.governor, "powersave");
    assert_only("governor", DOCTOR_WARNING);
    open_healthy(NULL);
    strcpy(facts.turbo, "on");
    assert_only("turbo", DOCTOR_WARNING);
    open_healthy(NULL);
    facts.host.quota = 0.5;
    assert_only("quota", DOCTOR_WARNING);
    open_healthy(NULL);
    facts.host.load = 1.5;
    assert_only("load", DOCTOR_WARNING);
    open_healthy(NULL);
    facts.steal_share = 0.02;
    assert_only("steal", DOCTOR_WARNING);
    open_healthy(NULL);
    strcpy(facts.variables, "OPENBLAS_CORETYPE");
    assert_only("environment", DOCTOR_WARNING);
}

static void a_coarse_clock_or_none_is_warned_of(void **state)
{
    (void)state;
    facts.clock_resolution = 1e-3;
    assert_only("clock", DOCTOR_WARNING);
    facts.clock_resolution = NAN;
    assert_only("clock", DOCTOR_WARNING);
}

static void an_engine_that_does_not_open_is_to_be_mended(void **state)
{
    (void)state;
    strcpy(facts.engines[0].fault, "libopenblas.so.0: no such file");
    assert_only("blas", DOCTOR_FIX);
}

static void threads_of_openblas_beside_openmp_are_a_fault(void **state)
{
    (void)state;
    strcpy(facts.engines[0].pthread_openblas, "/usr/lib/libopenblasp-r0.3.21.so");
    assert_only("blas", DOCTOR_FIX);
    assert_non_null(strstr(find("blas", DOCTOR_FIX)->text, "libopenblasp"));
    facts.engines[0].has_openmp = 0;
    assert_only("blas", DOCTOR_WARNING);
}

static void what_is_not_installed_is_named_with_its_package(void **state)
{
    (void)state;
    facts.gnuplot[0] = '\0';
    assert_only("gnuplot", DOCTOR_WARNING);
    assert_non_null(strstr(find("gnuplot", DOCTOR_WARNING)->remedy, "gnuplot-nox"));
    open_healthy(NULL);
    strcpy(facts.dataset_fault, "no train-images");
    assert_only("data", DOCTOR_FIX);
}

static void ranks_need_mpi_and_something_to_start_them(void **state)
{
    (void)state;
    assert_non_null(strstr(find("mpi", DOCTOR_OK)->text, "mpirun -n"));
    facts.mpirun[0] = '\0';
    assert_only("mpi", DOCTOR_WARNING);
    strcpy(facts.ranks_fault, "built without MPI");
    assert_only("mpi", DOCTOR_OK);
    assert_non_null(strstr(find("mpi", DOCTOR_OK)->text, "built without MPI"));
}

static void a_disk_that_is_full_or_cannot_be_written_is_seen(void **state)
{
    (void)state;
    facts.free_bytes = 1e6;
    assert_only("disk", DOCTOR_WARNING);
    facts.free_bytes = NAN;
    assert_only("disk", DOCTOR_WARNING);
    facts.is_writable = 0;
    assert_only("disk", DOCTOR_FIX);
}

/* The list has room for the worst machine that there can be. */
static void every_fault_at_once_fits(void **state)
{
    (void)state;
    strcpy(facts.host.governor, "powersave");
    strcpy(facts.turbo, "on");
    strcpy(facts.variables, "LD_PRELOAD");
    facts.host.quota = 0.5;
    facts.host.load = facts.clock_resolution = facts.steal_share = 1;
    facts.gnuplot[0] = '\0';
    facts.is_writable = 0;
    for (int e = 0; e < DOCTOR_ENGINES_MAX; e++)
        facts.engines[e] = (struct doctor_engine){
            .name = "blas", .fault = "none", .pthread_openblas = "/libopenblasp.so"};
    facts.engine_count = DOCTOR_ENGINES_MAX;
    assert_in_range(doctor_diagnose(&facts, findings), 2 * DOCTOR_ENGINES_MAX, DOCTOR_FINDINGS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_wrong_with_a_healthy_machine, open_healthy),
        cmocka_unit_test_setup(what_the_system_does_not_say_is_no_fault, open_healthy),
        cmocka_unit_test_setup(a_noisy_machine_is_warned_of, open_healthy),
        cmocka_unit_test_setup(a_coarse_clock_or_none_is_warned_of, open_healthy),
        cmocka_unit_test_setup(an_engine_that_does_not_open_is_to_be_mended, open_healthy),
        cmocka_unit_test_setup(threads_of_openblas_beside_openmp_are_a_fault, open_healthy),
        cmocka_unit_test_setup(what_is_not_installed_is_named_with_its_package, open_healthy),
        cmocka_unit_test_setup(ranks_need_mpi_and_something_to_start_them, open_healthy),
        cmocka_unit_test_setup(a_disk_that_is_full_or_cannot_be_written_is_seen, open_healthy),
        cmocka_unit_test_setup(every_fault_at_once_fits, open_healthy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
