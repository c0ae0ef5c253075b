/* What a child process says comes back, however it ends; and the clocks that time it. */
#include "base/child.h"

#include "base/clock.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char text[64];

/* More time than any of these children needs, so that no test depends on the machine's speed. */
static int capture(int (*function)(FILE *, void *), void *context)
{
    memset(text, '?', sizeof text - 1);
    error_clear();
    return child_capture(function, context, 60, text, sizeof text);
}

static int say(FILE *out, void *context)
{
    fputs(context, out);
    return 0;
}

static int say_and_fail(FILE *out, void *context)
{
    fputs(context, out);
    return -1;
}

static int say_and_abort(FILE *out, void *context)
{
    say(out, context);
    fflush(out);
    abort();
}

static int say_and_exit(FILE *out, void *context)
{
    fputs("half an answer", out);
    exit(*(const int *)context); /* as an engine might */
}

static int say_and_hang(FILE *out, void *context)
{
    say(out, context);
    fflush(out);
    while (pause() != 0)
        ;
    return 0;
}

static int say_a_megabyte(FILE *out, void *context)
{
    (void)context;
    for (int i = 0; i < 1 << 20; i++)
        fputc("abcdefgh"[i % 8], out);
    return 0;
}

static void the_text_comes_back(void **state)
{
    (void)state;
    assert_int_equal(capture(say, "first line\nsecond"), 0);
    assert_string_equal(text, "first line\nsecond");
    assert_int_equal(capture(say, ""), 0);
    assert_string_equal(text, "");
}

static void the_text_of_a_failure_is_the_error(void **state)
{
    (void)state;
    assert_int_equal(capture(say_and_fail, "the library is missing"), -1);
    assert_string_equal(error_text(), "the library is missing");
}

static void a_silent_failure_has_an_error_too(void **state)
{
    (void)state;
    assert_int_equal(capture(say_and_fail, ""), -2);
    assert_string_equal(error_text(), "gave up without a word");
}

static void a_signal_is_named(void **state)
{
    (void)state;
    assert_int_equal(capture(say_and_abort, "so far so good"), -2);
    assert_non_null(strstr(error_text(), "signal 6 (Aborted)"));
}

/* exit(0) is no answer: the function did not return. */
static void an_exit_in_the_middle_is_an_error(void **state)
{
    (void)state;
    for (int code = 0; code <= 3; code++) {
        assert_int_equal(capture(say_and_exit, &code), -2);
        assert_non_null(strstr(error_text(), "exited with status"));
    }
}

static void a_child_that_hangs_is_ended(void **state)
{
    (void)state;
    assert_int_equal(child_capture(say_and_hang, "hello", 0.1, text, sizeof text), -2);
    assert_string_equal(error_text(), "no answer within 0.1 s");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and waited for */
    assert_int_equal(errno, ECHILD);
}

static void a_long_text_is_cut_and_blocks_nobody(void **state)
{
    char small[9], one[1];

    (void)state;
    assert_int_equal(child_capture(say_a_megabyte, NULL, 60, small, sizeof small), 0);
    assert_string_equal(small, "abcdefgh");
    assert_int_equal(child_capture(say_a_megabyte, NULL, 60, one, sizeof one), 0);
    assert_string_equal(one, "");
}

static void a_text_as_long_as_the_room_is_not_cut(void **state)
{
    char room[6];

    (void)state;
    assert_int_equal(child_capture(say, "12345", 60, room, sizeof room), 0);
    assert_string_equal(room, "12345");
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void no_descriptor_is_left_open(void **state)
{
    int before = open_descriptors(), code = 1;

    (void)state;
    capture(say, "x");
    capture(say_and_abort, "x");
    capture(say_and_exit, &code);
    child_capture(say_and_hang, "x", 0.01, text, sizeof text);
    assert_int_equal(open_descriptors(), before);
}

static int describe_self(FILE *out, void *context)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct stat standard_output, standard_error;
    struct sigaction action;
    sigset_t blocked;
    int death = 0;

    (void)context;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        sigaction(ends[i], NULL, &action);
        fputs(action.sa_handler == SIG_IGN ? "ignored " : "not ignored ", out);
    }
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    fputs(sigismember(&blocked, SIGCHLD) ? "blocked " : "open ", out);
    prctl(PR_GET_PDEATHSIG, &death);
    fprintf(out, "%d ", death);
    fstat(STDOUT_FILENO, &standard_output);
    fstat(STDERR_FILENO, &standard_error);
    fputs(standard_output.st_ino == standard_error.st_ino ? "same" : "different", out);
    return 0;
}

static void a_child_leaves_signals_and_stdout_to_its_parent_and_dies_with_it(void **state)
{
    sigset_t blocked, before;

    (void)state;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    assert_int_equal(capture(describe_self, NULL), 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(text, "ignored ignored ignored open 9 same");
}

static int pin_to(FILE *out, void *context)
{
    cpu_set_t set;

    child_pin(context, 1);
    sched_getaffinity(0, sizeof set, &set);
    fprintf(out, "%d %d", CPU_COUNT(&set), CPU_ISSET(*(size_t *)context, &set) != 0);
    return 0;
}

static void a_child_is_pinned_where_it_is_allowed(void **state)
{
    size_t processor = 0, nowhere = CPU_SETSIZE - 1;
    cpu_set_t allowed;

    (void)state;
    sched_getaffinity(0, sizeof allowed, &allowed);
    while (!CPU_ISSET(processor, &allowed))
        processor++;
    assert_int_equal(capture(pin_to, &processor), 0);
    assert_string_equal(text, "1 1");
    assert_int_equal(capture(pin_to, &nowhere), 0); /* no such processor: no error */
}

static void time_does_not_go_back(void **state)
{
    double before = clock_now(), before_cpu = clock_cpu_seconds();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double now = clock_now();

        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_cpu_seconds() > before_cpu);
}

static void a_timestamp_is_iso_8601(void **state)
{
    int year, month, day, hour, minute, second, length = 0;
    char stamp[32];

    (void)state;
    clock_timestamp(stamp);
    assert_int_equal(sscanf(stamp, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour,
                            &minute, &second, &length),
                     6);
    assert_int_equal(length, 20);
    assert_int_equal(strlen(stamp), 20);
    assert_in_range(year, 2020, 9999);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_comes_back),
        cmocka_unit_test(the_text_of_a_failure_is_the_error),
        cmocka_unit_test(a_silent_failure_has_an_error_too),
        cmocka_unit_test(a_signal_is_named),
        cmocka_unit_test(an_exit_in_the_middle_is_an_error),
        cmocka_unit_test(a_child_that_hangs_is_ended),
        cmocka_unit_test(a_long_text_is_cut_and_blocks_nobody),
        cmocka_unit_test(a_text_as_long_as_the_room_is_not_cut),
        cmocka_unit_test(no_descriptor_is_left_open),
        cmocka_unit_test(a_child_leaves_signals_and_stdout_to_its_parent_and_dies_with_it),
        cmocka_unit_test(a_child_is_pinned_where_it_is_allowed),
        cmocka_unit_test(time_does_not_go_back),
        cmocka_unit_test(a_timestamp_is_iso_8601),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
