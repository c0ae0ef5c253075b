/* Another program run to its end: what it said, how it ended, and that nothing of it is left. */
#include "base/program.h"

#include "base/clock.h"
#include "base/error.h"
#include "tree.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <cmocka.h>

/* More time than any of these needs. */
enum { ENOUGH = 60 };

static char said[64];

static int run_in(const char *folder, double limit, const char *script)
{
    const char *const arguments[] = {"sh", "-c", script, NULL};

    memset(said, '?', sizeof said);
    error_clear();
    return program_run(arguments, folder, limit, said, sizeof said);
}

static int run(const char *script)
{
    return run_in(NULL, ENOUGH, script);
}

static void what_it_says_is_kept(void **state)
{
    (void)state;
    assert_int_equal(run("echo one; echo two >&2; echo three"), 0);
    assert_string_equal(said, "one\ntwo\nthree\n");
    assert_int_equal(run(":"), 0);
    assert_string_equal(said, "");
}

static void of_much_the_end_is_kept(void **state)
{
    (void)state;
    assert_int_equal(run("i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo line $i; done"), 0);
    assert_int_equal(strlen(said), sizeof said - 1);
    assert_non_null(strstr(said, "line 2999\nline 3000\n"));
    assert_string_equal(said + strlen(said) - 10, "line 3000\n");
    /* To the byte, whatever the pieces it came in. */
    assert_int_equal(run("printf %062d 0; printf 1"), 0);
    assert_int_equal(strlen(said), 63);
    assert_int_equal(said[62], '1');
    assert_int_equal(run("printf %063d 0; sleep 0.05; printf 12"), 0);
    assert_int_equal(strlen(said), 63);
    assert_string_equal(said + 60, "012");
}

static void its_status_is_told(void **state)
{
    (void)state;
    assert_int_equal(run("exit 7"), 7);
    assert_int_equal(run("kill -KILL $$"), 128 + SIGKILL);
    assert_int_equal(run("echo why; kill -SEGV $$"), 128 + SIGSEGV);
    assert_string_equal(said, "why\n");
}

static void a_missing_program_is_an_error(void **state)
{
    const char *const missing[] = {"no-such-program-anywhere", NULL};
    const char *const folder[] = {"/", NULL};

    (void)state;
    assert_int_equal(program_run(missing, NULL, ENOUGH, said, sizeof said), -1);
    assert_string_equal(error_text(), "no-such-program-anywhere: No such file or directory");
    assert_string_equal(said, "");
    assert_int_equal(program_run(folder, NULL, ENOUGH, said, sizeof said), -1);
    assert_int_equal(run_in(scratch_path("no-such-folder"), ENOUGH, ":"), -1);
}

static void it_runs_in_the_folder(void **state)
{
    char here[PATH_MAX], where[PATH_MAX];

    (void)state;
    assert_non_null(realpath(scratch_folder, where));
    assert_int_equal(run_in(scratch_folder, ENOUGH, "pwd"), 0);
    program_one_line(said);
    assert_string_equal(said, where);
    assert_non_null(getcwd(here, sizeof here));
    assert_string_not_equal(here, where); /* and we stay where we are */
}

static void it_has_nothing_to_read(void **state)
{
    (void)state;
    assert_int_equal(run("read line || echo end"), 0);
    assert_string_equal(said, "end\n");
}

/* As a build is that a gate starts: we ignore SIGPIPE, and `yes | head` must end. */
static void a_pipe_in_it_ends(void **state)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);

    (void)state;
    assert_int_equal(run("(yes; echo $? >&2) 2>&1 | head -n 1"), 0);
    assert_string_equal(said, "y\n");
    signal(SIGPIPE, before);
}

/* The process whose id stands in the file. */
static int lives(const char *file)
{
    char text[32] = "", path[64], status[64] = "";
    FILE *stat;

    if (!tree_exists(file))
        return 0;
    scratch_read(file, text, sizeof text - 1);
    snprintf(path, sizeof path, "/proc/%d/stat", atoi(text));
    stat = fopen(path, "r");
    if (!stat)
        return 0;
    if (!fgets(status, sizeof status, stat))
        status[0] = '\0';
    fclose(stat);
    return strstr(status, ") Z") == NULL;
}

/* Killed with what it has started, for which init may need a moment. */
static void assert_gone(const char *file)
{
    for (int tries = 0; tries < 1000 && lives(file); tries++)
        usleep(10000);
    assert_false(lives(file));
}

static void one_that_takes_too_long_is_ended_whole(void **state)
{
    char script[512];

    (void)state;
    snprintf(script, sizeof script, "echo begun; sleep 1000 & echo $! >%s; wait",
             scratch_path("sleeper"));
    assert_int_equal(run_in(NULL, 1, script), -1);
    assert_string_equal(error_text(), "sh took longer than 1 s");
    assert_string_equal(said, "begun\n");
    assert_gone(scratch_path("sleeper"));
}

static void one_that_does_not_care_is_killed(void **state)
{
    char script[512];

    (void)state;
    snprintf(script, sizeof script, "trap '' TERM; echo $$ >%s; while :; do sleep 0.05; done",
             scratch_path("stubborn"));
    assert_int_equal(run_in(NULL, 1, script), -1);
    assert_gone(scratch_path("stubborn"));
}

/* The limit holds for it too. */
static void one_that_says_no_more_and_goes_on_is_ended(void **state)
{
    (void)state;
    assert_int_equal(run_in(NULL, 0.2, "exec >/dev/null 2>&1; exec sleep 1000"), -1);
    assert_non_null(strstr(error_text(), "took longer"));
}

static void note_signal(int number)
{
    (void)number;
}

/* A signal to us alone. */
static void an_interruption_ends_it(void **state)
{
    const struct sigaction action = {.sa_handler = note_signal};
    struct sigaction before;
    char script[512];

    (void)state;
    sigaction(SIGTERM, &action, &before);
    snprintf(script, sizeof script, "sleep 1000 & echo $! >%s; kill -TERM %d; wait",
             scratch_path("child"), (int)getpid());
    assert_int_equal(run(script), -1);
    assert_string_equal(error_text(), "sh: interrupted");
    assert_gone(scratch_path("child"));
    assert_int_equal(run("echo again"), 0); /* and the next one is not */
    assert_string_equal(said, "again\n");
    sigaction(SIGTERM, &before, NULL);
}

static int open_files(void)
{
    return tree_count("/proc/self/fd", "");
}

static void nothing_stays_open(void **state)
{
    int before = open_files();

    (void)state;
    for (int i = 0; i < 20; i++) {
        run("echo a; exit 1");
        run_in("/no/such/folder", ENOUGH, ":");
    }
    run_in(NULL, 0.05, "sleep 1000");
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
}

static void what_was_said_becomes_a_line(void **state)
{
    static const char *const lines[][2] = {
        {"", ""}, {"\n\n \t", ""}, {"one\n", "one"}, {"\n  one\ntwo\n\n", "one;two"}, {";;a", "a"}};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[64];

        snprintf(text, sizeof text, "%s", lines[i][0]);
        program_one_line(text);
        assert_string_equal(text, lines[i][1]);
    }
}

static void programs_are_looked_for_along_the_path(void **state)
{
    (void)state;
    assert_true(program_available("sh"));
    assert_false(program_available("no-such-program-anywhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_is_kept),
        cmocka_unit_test(of_much_the_end_is_kept),
        cmocka_unit_test(its_status_is_told),
        cmocka_unit_test(a_missing_program_is_an_error),
        cmocka_unit_test(it_runs_in_the_folder),
        cmocka_unit_test(it_has_nothing_to_read),
        cmocka_unit_test(a_pipe_in_it_ends),
        cmocka_unit_test(one_that_takes_too_long_is_ended_whole),
        cmocka_unit_test(one_that_does_not_care_is_killed),
        cmocka_unit_test(one_that_says_no_more_and_goes_on_is_ended),
        cmocka_unit_test(an_interruption_ends_it),
        cmocka_unit_test(nothing_stays_open),
        cmocka_unit_test(what_was_said_becomes_a_line),
        cmocka_unit_test(programs_are_looked_for_along_the_path),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
