/* What a side may be, and sides that do not speak as they should. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gate_fixture.h"

/* More time than any of these needs. */
static const double enough = 60;

static struct contender contender;
static struct side_process *side;
static char answer[256];

static int open_files(void)
{
    return tree_count("/proc/self/fd", "");
}

static int files_before;

static int start(void **state)
{
    (void)state;
    files_before = open_files();
    side = NULL;
    memset(&contender, 0, sizeof contender);
    contender.label = "base";
    contender.processor = -1;
    error_clear();
    return 0;
}

/* Whatever happened, nothing is left. */
static int stop(void **state)
{
    (void)state;
    side_stop(side);
    assert_no_children();
    assert_int_equal(open_files(), files_before);
    return 0;
}

/* ---- What a side may be -----------------------------------------------------------------------
 */

static void resolves_to_engine(const char *given, const char *engine)
{
    char self[PATH_MAX];

    if (contender_resolve(&contender, given) != 0)
        fail_msg("%s: %s", given, error_text());
    assert_string_equal(contender.engine, engine);
    assert_non_null(realpath("/proc/self/exe", self));
    assert_string_equal(contender.program, self); /* in this program's harness */
    assert_string_equal(contender.note, "");
}

static void refuses(const char *given, const char *wrong)
{
    assert_int_equal(contender_resolve(&contender, given), -1);
    assert_error("--base: ");
    assert_error(wrong);
}

static void an_engine_is_one_by_its_name(void **state)
{
    (void)state;
    resolves_to_engine("naive", "naive");
    resolves_to_engine("blas:blis", "blas:blis");
    refuses("nosuch", "nosuch");
    refuses("", "");
}

/* Seen from here, wherever the experiment lies. */
static void an_engine_is_one_by_its_path(void **state)
{
    char before[PATH_MAX], folder[PATH_MAX], expected[PATH_MAX + 64];

    (void)state;
    scratch_write("mine.so", "x", 1);
    scratch_write("libown.so.0", "x", 1);
    assert_non_null(realpath(scratch_folder, folder));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_folder), 0);
    snprintf(expected, sizeof expected, "%s/mine.so", folder);
    resolves_to_engine("./mine.so", expected);
    snprintf(expected, sizeof expected, "%s/mine.so:fast", folder);
    resolves_to_engine("./mine.so:fast", expected);
    snprintf(expected, sizeof expected, "blas:%s/libown.so.0", folder);
    resolves_to_engine("blas:./libown.so.0", expected);
    refuses("./missing.so", "No such file");
    refuses("blas:./missing.so", "No such file");
    assert_int_equal(chdir(before), 0);
}

static void a_program_is_one_that_can_answer(void **state)
{
    const char *path;

    (void)state;
    refuses("./no/such/program", "expected an engine, a shared object or a batchlab");
    refuses(scratch_folder, "expected an engine, a shared object or a batchlab");
    path = scratch_write("text", "x", 1);
    refuses(path, "expected an engine, a shared object or a batchlab");
    refuses(fake_script("other", "echo what is that; exit 3\n"),
            "is no batchlab (status 3: what is that)");
    path = fake_script("new", "[ \"$1 $2\" = 'gate-side --help' ]\n");
    assert_int_equal(contender_resolve(&contender, path), 0);
    assert_string_equal(contender.program, path);
    assert_string_equal(contender.engine, "");
    assert_string_equal(contender.note, "");
}

/* One that lists more commands than anyone knows after what it does not know. */
#define OLD                                                                                        \
    "echo \"batchlab: '$1' is no command, expected one of run, plan, list, check, verdict, "       \
    "compare, history, export, plot, roof, tune, choose, decide, estimate, profile, resume, "      \
    "watch, serve, submit, fetch (batchlab --help)\" >&2\nexit 64\n"

static void an_old_program_is_compared_by_its_engines(void **state)
{
    char folder[PATH_MAX], expected[PATH_MAX + 64], self[PATH_MAX];
    const char *path;

    (void)state;
    assert_int_equal(mkdir(scratch_path("bin"), 0755), 0);
    path = fake_script("bin/batchlab", OLD);
    refuses(path, "has no command gate-side, and no engines in");
    assert_int_equal(mkdir(scratch_path("lib"), 0755), 0);
    assert_int_equal(mkdir(scratch_path("lib/batchlab"), 0755), 0);
    assert_int_equal(mkdir(scratch_path("lib/batchlab/engines"), 0755), 0);
    if (contender_resolve(&contender, path) != 0)
        fail_msg("%s", error_text());
    assert_non_null(realpath(scratch_folder, folder));
    snprintf(expected, sizeof expected, "%s/lib/batchlab/engines", folder);
    assert_string_equal(contender.engines, expected);
    assert_string_equal(contender.engine, "");
    assert_non_null(realpath("/proc/self/exe", self));
    assert_string_equal(contender.program, self);
    assert_non_null(strstr(contender.note, "its engines alone are compared, in this harness"));
}

/* ---- Held against the contract ----------------------------------------------------------------
 */

static int check_with(const char *lines, char *why, size_t size)
{
    contender = fake_contender("head", fake_script("checks", lines));
    return contender_check(&contender, "blas:blis", why, size);
}

static void an_engine_conforms_or_not(void **state)
{
    char why[64] = "";

    (void)state;
    assert_int_equal(check_with("[ \"$*\" = 'check --engine blas:blis' ]\n", why, sizeof why), 0);
    assert_int_equal(check_with("echo case one; echo '2 cases failed'; exit 3\n", why, sizeof why),
                     1);
    assert_string_equal(why, "2 cases failed");
    assert_int_equal(check_with("echo no such engine; exit 1\n", why, sizeof why), -1);
    assert_error("head: check --engine blas:blis: exit status 1: no such engine");
    assert_int_equal(check_with("kill -SEGV $$\n", why, sizeof why), -1);
    contender = fake_contender("head", "/no/such/program");
    assert_int_equal(contender_check(&contender, "naive", why, sizeof why), -1);
}

/* ---- How it begins ----------------------------------------------------------------------------
 */

static int begin(const char *program)
{
    contender = fake_contender("base", program);
    return side_start(&side, &contender, "some.yaml");
}

static void fails_to_begin(const char *lines, const char *wrong)
{
    assert_int_equal(begin(fake_script("begins", lines)), -1);
    assert_null(side);
    assert_error("base: ");
    assert_error(wrong);
    assert_no_children();
}

static void it_says_what_it_is_and_has(void **state)
{
    (void)state;
    assert_int_equal(begin(fake_side("good", "a/S/k=1 b/S/k=2", "1", "")), 0);
    assert_string_equal(contender.version, "fake 1.0");
    assert_int_equal(side_cells(side), 2);
    assert_string_equal(side_cell(side, 0), "a/S/k=1");
    assert_string_equal(side_cell(side, 1), "b/S/k=2");
}

static void what_it_is_told_is_the_experiment_and_one_thread(void **state)
{
    (void)state;
    setenv("BATCHLAB_ENGINES", "/the/callers", 1);
    setenv("OMP_NUM_THREADS", "7", 1);
    assert_int_equal(
        begin(fake_script("echoes",
                          "echo \"batchlab-side 1 $* $OMP_NUM_THREADS [$BATCHLAB_ENGINES]\"\n"
                          "echo ready\n")),
        0);
    /* Both sides would have the caller's engines. */
    assert_string_equal(contender.version, "gate-side some.yaml 1 []");
    side_stop(side);
    snprintf(contender.engine, sizeof contender.engine, "naive");
    snprintf(contender.engines, sizeof contender.engines, "/of/the/base");
    contender.planted = 0.25;
    assert_int_equal(side_start(&side, &contender, "some.yaml"), 0);
    assert_string_equal(contender.version,
                        "gate-side --engine naive --plant 0.25 some.yaml 1 [/of/the/base]");
    unsetenv("BATCHLAB_ENGINES");
    unsetenv("OMP_NUM_THREADS");
}

static void a_side_that_begins_otherwise_is_refused(void **state)
{
    (void)state;
    fails_to_begin("exit 5\n", "exited with status 5 at `gate-side`");
    fails_to_begin("kill -ABRT $$\n", "ended by signal 6");
    fails_to_begin("echo 'batchlab-side 2 later'; echo ready\n", "speaks protocol 2, expected 1");
    fails_to_begin("echo hello; echo ready\n", "`hello`: expected `batchlab-side`");
    fails_to_begin("echo ready\n", "`ready`: expected `batchlab-side`");
    fails_to_begin("echo cell a; echo ready\n", "expected `batchlab-side`");
    fails_to_begin("yes\n", "expected `batchlab-side`"); /* and not for ever */
    fails_to_begin("echo 'batchlab-side 1 x'; yes\n", "`y`: expected");
    fails_to_begin("echo 'failed some.yaml:3: batch_size: 0 is wrong'; exit 1\n",
                   "base: some.yaml:3: batch_size: 0 is wrong");
    fails_to_begin("tr '\\0' a </dev/zero\n", "an answer without an end");
    assert_int_equal(begin("/no/such/program"), -1);
    assert_error("exited with status 127");
}

/* It lives on, and is not waited for. */
static void a_side_that_closes_its_answers_is_ended(void **state)
{
    (void)state;
    fails_to_begin("echo 'batchlab-side 1 x'; exec >&- 2>&-; exec sleep 1000\n",
                   "says nothing more");
}

/* ---- Questions and answers --------------------------------------------------------------------
 */

static int ask(double limit, const char *question, const char *expected)
{
    memset(answer, '?', sizeof answer - 1);
    return side_ask(side, limit, question, expected, answer, sizeof answer);
}

static void answers_are_handed_on(void **state)
{
    (void)state;
    begin(fake_side("answers", "a", "0.5",
                    "open) [ $cell = a ] && echo opened || echo unsupported no $cell ;;"));
    assert_int_equal(ask(enough, "open a", "opened"), 0);
    assert_string_equal(answer, "");
    assert_int_equal(ask(enough, "describe", "described"), 0);
    assert_string_equal(answer, "a library");
    assert_int_equal(ask(enough, "open b", "opened"), 1);
    assert_string_equal(answer, "no b");
    assert_int_equal(ask(enough, "time 3", "timed"), 0);
    assert_string_equal(answer, "0.5 0.5 0 0 0");
    assert_int_equal(ask(enough, "sing", "sung"), -1);
    assert_error("base: sing: unknown");
    assert_int_equal(ask(enough, "close", "closed"), 0); /* that was no end */
}

static void an_answer_to_another_question_is_none(void **state)
{
    (void)state;
    begin(fake_side("other", "a", "1",
                    "describe) echo timed 1 ;; time) echo unsupported today ;; "
                    "find) echo foundation 3 ;;"));
    assert_int_equal(ask(enough, "describe", "described"), -1);
    assert_error("base: describe: timed 1");
    assert_int_equal(ask(enough, "time 1", "timed"), -1); /* nothing that can be refused */
    assert_error("base: time 1: unsupported today");
    assert_int_equal(ask(enough, "find 1", "found"), -1);
    assert_error("foundation");
}

static void a_side_that_dies_is_told_and_not_asked_again(void **state)
{
    (void)state;
    begin(fake_side("dies", "a", "1", "open) exit 9 ;; find) kill -SEGV $$ ;;"));
    assert_int_equal(ask(enough, "open a", "opened"), -1);
    assert_error("base: exited with status 9 at `open a`");
    assert_int_equal(ask(enough, "describe", "described"), -1);
    assert_error("base: has ended");
    side_stop(side);
    begin(fake_script("dies", "echo 'batchlab-side 1 x'; echo ready; read line; kill -SEGV $$\n"));
    assert_int_equal(ask(enough, "find 1", "found"), -1);
    assert_error("base: ended by signal 11");
    assert_error("at `find 1`");
}

/* Dead before it is asked. */
static void a_side_that_has_died_is_found_out(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the command does */
    begin(fake_side("early", "a", "1", "close) echo closed; exit 0 ;;"));
    assert_int_equal(ask(enough, "close", "closed"), 0);
    assert_int_equal(ask(enough, "open a", "opened"), -1);
    assert_error("base: exited with status 0 at `open a`");
}

static void a_side_that_hangs_is_too_late(void **state)
{
    (void)state;
    begin(fake_side("hangs", "a", "1", "open) exec sleep 1000 ;;"));
    assert_int_equal(ask(0.2, "open a", "opened"), -1);
    assert_error("base: no answer within 0 s");
}

static void an_answer_without_an_end_is_cut_off(void **state)
{
    (void)state;
    begin(fake_side("endless", "a", "1", "open) exec tr '\\0' a </dev/zero ;;"));
    assert_int_equal(ask(enough, "open a", "opened"), -1);
    assert_error("base: an answer without an end");
}

#define fresh(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh(an_engine_is_one_by_its_name),
        fresh(an_engine_is_one_by_its_path),
        fresh(a_program_is_one_that_can_answer),
        fresh(an_old_program_is_compared_by_its_engines),
        fresh(an_engine_conforms_or_not),
        fresh(it_says_what_it_is_and_has),
        fresh(what_it_is_told_is_the_experiment_and_one_thread),
        fresh(a_side_that_begins_otherwise_is_refused),
        fresh(a_side_that_closes_its_answers_is_ended),
        fresh(answers_are_handed_on),
        fresh(an_answer_to_another_question_is_none),
        fresh(a_side_that_dies_is_told_and_not_asked_again),
        fresh(a_side_that_has_died_is_found_out),
        fresh(a_side_that_hangs_is_too_late),
        fresh(an_answer_without_an_end_is_cut_off),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
