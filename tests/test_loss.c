/* How a cell ended that could not say so itself, and engines that keep losing cells. */
#include "run/loss.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Of a child that ended so: with an exit status, or by a signal if below 0. */
static int wait_status(int end)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (end >= 0)
            _exit(end);
        signal(-end, SIG_DFL);
        kill(getpid(), -end);
        _exit(99);
    }
    waitpid(child, &status, 0);
    return status;
}

static void assert_loss(int end, int late, double memory_bytes, enum outcome outcome,
                        const char *reason)
{
    const struct limits limits = {.cell_seconds = 2.5, .memory_bytes = memory_bytes};
    struct loss loss = loss_of(wait_status(end), late, &limits);

    assert_int_equal(loss.outcome, outcome);
    assert_string_equal(loss.reason, reason);
}

static void a_signal_is_a_crash(void **state)
{
    (void)state;
    assert_loss(-SIGSEGV, 0, 0, OUTCOME_CRASHED, "signal 11 (Segmentation fault)");
    assert_loss(-SIGABRT, 0, 0, OUTCOME_CRASHED, "signal 6 (Aborted)");
    assert_loss(-SIGTERM, 0, 0, OUTCOME_CRASHED, "signal 15 (Terminated)");
}

static void an_exit_in_the_middle_is_a_crash(void **state)
{
    (void)state;
    assert_loss(0, 0, 0, OUTCOME_CRASHED, "exited with status 0 in the middle");
    assert_loss(3, 0, 0, OUTCOME_CRASHED, "exited with status 3 in the middle");
}

static void what_the_kernel_kills_is_out_of_memory(void **state)
{
    (void)state;
    assert_loss(-SIGKILL, 0, 0, OUTCOME_OUT_OF_MEMORY,
                "killed (signal 9), as the kernel does for want of memory");
}

static void what_we_kill_is_late_however_it_ended(void **state)
{
    (void)state;
    assert_loss(-SIGKILL, 1, 0, OUTCOME_TIMEOUT, "ended after 2.5 s (limits: cell_seconds)");
    assert_loss(-SIGSEGV, 1, 0, OUTCOME_TIMEOUT, "ended after 2.5 s (limits: cell_seconds)");
    assert_loss(0, 1, 1e6, OUTCOME_TIMEOUT, "ended after 2.5 s (limits: cell_seconds)");
}

static void a_crash_under_a_limit_of_memory_says_so(void **state)
{
    (void)state;
    assert_loss(-SIGSEGV, 0, 1e6, OUTCOME_CRASHED,
                "signal 11 (Segmentation fault) under a limit of 1e+06 bytes");
    assert_loss(1, 0, 3e7, OUTCOME_CRASHED,
                "exited with status 1 in the middle under a limit of 3e+07 bytes");
}

static void lost_cells_are_counted_running_and_by_engine(void **state)
{
    struct losses losses = {.count = 0};

    (void)state;
    assert_int_equal(losses_note(&losses, "a", OUTCOME_CRASHED), 1);
    assert_int_equal(losses_note(&losses, "b", OUTCOME_BUDGET), 0);
    assert_int_equal(losses_note(&losses, "a", OUTCOME_TIMEOUT), 2);
    assert_int_equal(losses_note(&losses, "b", OUTCOME_OUT_OF_MEMORY), 1);
    assert_int_equal(losses_note(&losses, "a", OUTCOME_OUT_OF_MEMORY), 3);
    assert_int_equal(losses_note(&losses, "a", OUTCOME_FAILED), 0); /* it said so itself */
    assert_int_equal(losses_note(&losses, "a", OUTCOME_CRASHED), 1);
    assert_int_equal(losses_note(&losses, "a", OUTCOME_UNSUPPORTED), 0);
    assert_int_equal(losses_note(&losses, "b", OUTCOME_CRASHED), 2);
}

static void of_too_many_engines_nothing_is_kept(void **state)
{
    struct losses losses = {.count = 0};
    char name[16];

    (void)state;
    for (int e = 0; e < LOSS_ENGINES_MAX; e++) {
        snprintf(name, sizeof name, "engine%d", e);
        assert_int_equal(losses_note(&losses, name, OUTCOME_CRASHED), 1);
    }
    assert_int_equal(losses_note(&losses, "one more", OUTCOME_CRASHED), 0);
    assert_int_equal(losses_note(&losses, "engine63", OUTCOME_CRASHED), 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_a_crash),
        cmocka_unit_test(an_exit_in_the_middle_is_a_crash),
        cmocka_unit_test(what_the_kernel_kills_is_out_of_memory),
        cmocka_unit_test(what_we_kill_is_late_however_it_ended),
        cmocka_unit_test(a_crash_under_a_limit_of_memory_says_so),
        cmocka_unit_test(lost_cells_are_counted_running_and_by_engine),
        cmocka_unit_test(of_too_many_engines_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
