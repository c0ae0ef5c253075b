/* Files are there whole or not at all, folders as asked. */
#include "base/file.h"

#include "base/error.h"
#include "base/json.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

static void assert_holds(const char *path, const char *expected)
{
    char *text = tree_read(path);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_error_says(const char *path, const char *cause)
{
    if (!strstr(error_text(), path) || !strstr(error_text(), cause))
        fail_msg("`%s` lacks `%s` or `%s`", error_text(), path, cause);
}

static void assert_nothing_temporary_is_left(void)
{
    assert_int_equal(tree_count(scratch_folder, ".tmp-"), 0);
}

static void names_that_lead_out_of_a_folder_are_not_safe(void **state)
{
    static const char *const safe[] = {"a", "cells.csv", "..a", "...", "a b", "-rf", "\xc3\xa4"};
    static const char *const unsafe[] = {"", ".", "..", "/", "a/b", "../a", "a/", "a\nb", "\033"};
    char name[258];

    (void)state;
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        if (!file_name_is_safe(safe[i]))
            fail_msg("`%s` is refused", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        if (file_name_is_safe(unsafe[i]))
            fail_msg("`%s` is accepted", unsafe[i]);
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    assert_false(file_name_is_safe(name));
    name[255] = '\0';
    assert_true(file_name_is_safe(name));
}

/* A folder of results that somebody else made may hold one. */
static void of_a_link_to_a_folder_only_the_link_is_removed(void **state)
{
    char inside[200];

    (void)state;
    assert_int_equal(folder_make(scratch_path("elsewhere")), 0);
    snprintf(inside, sizeof inside, "%s/precious", scratch_path("elsewhere"));
    fclose(fopen(inside, "w"));
    assert_int_equal(symlink(scratch_path("elsewhere"), scratch_path("link")), 0);
    assert_int_equal(folder_remove(scratch_path("link")), 0);
    assert_false(tree_exists(scratch_path("link")));
    assert_true(tree_exists(inside));
    assert_int_equal(folder_remove(scratch_path("elsewhere")), 0);
    assert_int_equal(folder_remove(scratch_path("elsewhere")), 0); /* no error */
}

static void a_committed_file_holds_what_was_written(void **state)
{
    struct whole_file file;

    (void)state;
    assert_int_equal(file_begin(&file, scratch_path("a")), 0);
    fputs("one\ntwo\n", file.stream);
    assert_int_equal(file_commit(&file), 0);
    assert_null(file.stream);
    assert_holds(scratch_path("a"), "one\ntwo\n");
    assert_nothing_temporary_is_left();
}

static void the_old_file_stands_until_the_commit(void **state)
{
    const char *path = scratch_write("b", "old", 3);
    struct whole_file file;

    (void)state;
    assert_int_equal(file_begin(&file, path), 0);
    fputs("new", file.stream);
    fflush(file.stream);
    assert_holds(path, "old");
    assert_int_equal(file_commit(&file), 0);
    assert_holds(path, "new");
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    const char *path = scratch_path("c");
    struct whole_file file;

    (void)state;
    assert_int_equal(file_begin(&file, path), 0);
    fputs("half", file.stream);
    file_abandon(&file);
    assert_false(tree_exists(path));
    assert_nothing_temporary_is_left();
    file_abandon(&file); /* harmless */
}

static void abandoning_after_a_commit_changes_nothing(void **state)
{
    const char *path = scratch_path("d");
    struct whole_file file;

    (void)state;
    assert_int_equal(file_begin(&file, path), 0);
    fputs("kept", file.stream);
    assert_int_equal(file_commit(&file), 0);
    file_abandon(&file);
    assert_holds(path, "kept");
}

static void a_file_in_a_folder_that_is_not_there_is_an_error(void **state)
{
    const char *path = scratch_path("missing/file");
    struct whole_file file;

    (void)state;
    assert_int_equal(file_begin(&file, path), -1);
    assert_error_says(path, "No such file or directory");
    file_abandon(&file);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
    char path[PATH_MAX + 10];
    struct whole_file file;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(file_begin(&file, path), -1);
    assert_error_says("xxxx", "longer than");
    file_abandon(&file);
}

/* Writes `size` bytes where files may not grow beyond 100, as on a full disk; with `relief` there
 * is room again at the commit. */
static void assert_limit_is_noticed(size_t size, int relief, const char *cause)
{
    const char *path = scratch_write("full", "old", 3);
    const struct rlimit small = {100, RLIM_INFINITY};
    struct rlimit before;
    struct whole_file file;
    int status;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(file_begin(&file, path), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    for (size_t i = 0; i < size; i++)
        fputc('x', file.stream);
    if (relief)
        setrlimit(RLIMIT_FSIZE, &before);
    errno = ENOENT; /* of something else, long ago */
    status = file_commit(&file);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    assert_error_says(path, cause);
    assert_holds(path, "old");
    assert_nothing_temporary_is_left();
}

static void a_disk_full_at_the_flush_leaves_the_old_file(void **state)
{
    (void)state;
    assert_limit_is_noticed(101, 0, "File too large");
}

static void a_disk_full_in_the_middle_leaves_the_old_file(void **state)
{
    (void)state;
    assert_limit_is_noticed(1 << 20, 0, "File too large");
    assert_limit_is_noticed(1 << 20, 1, "a part of it failed"); /* a part is lost all the same */
}

static void a_disk_full_under_json_is_named(void **state)
{
    const char *path = scratch_write("full.json", "[]", 2);
    const struct rlimit small = {100, RLIM_INFINITY};
    struct rlimit before;
    json_t *list = json_array();
    int status;

    (void)state;
    for (int i = 0; i < 100000; i++)
        json_array_append_new(list, json_integer(i));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    status = json_write_file(list, path);
    setrlimit(RLIMIT_FSIZE, &before);
    json_decref(list);
    assert_int_equal(status, -1);
    assert_error_says(path, "cannot be written: File too large");
    assert_holds(path, "[]");
    assert_nothing_temporary_is_left();
}

static void a_folder_in_the_place_of_the_file_is_an_error(void **state)
{
    const char *path = scratch_path("place");
    struct whole_file file;

    (void)state;
    assert_int_equal(folder_make(path), 0);
    assert_int_equal(file_begin(&file, path), 0);
    assert_int_equal(file_commit(&file), -1);
    assert_error_says(path, "cannot be written: Is a directory");
    assert_nothing_temporary_is_left();
    assert_int_equal(folder_remove(path), 0);
}

static void a_file_in_the_current_folder_is_committed_too(void **state)
{
    struct whole_file file;
    char before[PATH_MAX];

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_folder), 0);
    assert_int_equal(file_begin(&file, "plain"), 0);
    assert_int_equal(file_commit(&file), 0);
    assert_int_equal(chdir(before), 0);
    assert_holds(scratch_path("plain"), "");
}

static void folders_are_made_with_those_above_them(void **state)
{
    (void)state;
    assert_int_equal(folder_make(scratch_path("x/y//z/")), 0);
    assert_true(tree_exists(scratch_path("x/y/z")));
    assert_int_equal(folder_make(scratch_path("x/y/z")), 0); /* there already */
    assert_int_equal(folder_make("/"), 0);
    tree_remove(scratch_path("x"));
}

static void a_folder_cannot_be_made_where_a_file_lies(void **state)
{
    const char *file = scratch_write("file", "", 0);

    (void)state;
    assert_int_equal(folder_make(file), -1);
    assert_error_says(file, "is not a folder");
    assert_int_equal(folder_make(scratch_path("file/below")), -1);
    assert_error_says("file/below", "Not a directory");
    assert_int_equal(folder_make(""), -1);
    assert_error_says("''", "not a usable path");
}

static void a_folder_is_removed_with_its_files(void **state)
{
    const char *path = scratch_path("folder");

    (void)state;
    assert_int_equal(folder_remove(path), 0); /* not there: no error */
    assert_int_equal(folder_make(path), 0);
    scratch_write("folder/one", "1", 1);
    scratch_write("folder/two", "2", 1);
    assert_int_equal(folder_remove(path), 0);
    assert_false(tree_exists(path));
}

static void a_folder_with_folders_is_not_removed(void **state)
{
    (void)state;
    assert_int_equal(folder_make(scratch_path("outer/inner")), 0);
    assert_int_equal(folder_remove(scratch_path("outer")), -1);
    assert_error_says("outer", "cannot be removed");
    tree_remove(scratch_path("outer"));
}

/* ---- Locks -----------------------------------------------------------------------------------
 */

/* A child that holds the folder for so long and has signed for another process. */
static pid_t hold(const char *folder, long signer, int milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    char file[200], host[64] = "";
    int ends[2];
    pid_t child;

    snprintf(file, sizeof file, "%s/.lock", folder);
    gethostname(host, sizeof host - 1);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        int lock = open(file, O_RDWR | O_CREAT | O_TRUNC, 0666);

        flock(lock, LOCK_EX);
        dprintf(lock, "process %ld on %s", signer, host);
        close(ends[0]);
        close(ends[1]);
        nanosleep(&pause, NULL);
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], host, 1), 0); /* until it holds the lock */
    close(ends[0]);
    return child;
}

static long number_of_a_dead_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return child;
}

static void a_folder_is_waited_for_where_its_holder_is_gone(void **state)
{
    const char *folder = scratch_path("dying");
    pid_t child;
    int lock;

    (void)state;
    assert_int_equal(folder_make(folder), 0);
    child = hold(folder, number_of_a_dead_process(), 200);
    lock = folder_lock(folder);
    assert_true(lock >= 0);
    close(lock);
    waitpid(child, NULL, 0);
}

static void a_folder_whose_holder_lives_is_refused(void **state)
{
    const char *folder = scratch_path("held");
    pid_t child;

    (void)state;
    assert_int_equal(folder_make(folder), 0);
    child = hold(folder, (long)getpid(), 60000);
    assert_int_equal(folder_lock(folder), -1);
    assert_error_says("held", "another batchlab is running");
    assert_null(strstr(error_text(), "gone"));
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0); /* nobody waited for it */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void a_folder_that_stays_held_is_refused_although_its_holder_is_gone(void **state)
{
    const char *folder = scratch_path("orphaned");
    pid_t child;

    (void)state;
    assert_int_equal(folder_make(folder), 0);
    child = hold(folder, number_of_a_dead_process(), 60000);
    assert_int_equal(folder_lock(folder), -1);
    assert_error_says("orphaned", "which is gone; something that it started is not");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void csv_fields_are_quoted_where_they_must_be(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"\"", "\"\"\"\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64] = "";
        FILE *file = fmemopen(text, sizeof text, "w");

        csv_field(file, cases[i].text);
        fclose(file);
        assert_string_equal(text, cases[i].written);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_lead_out_of_a_folder_are_not_safe),
        cmocka_unit_test(of_a_link_to_a_folder_only_the_link_is_removed),
        cmocka_unit_test(a_committed_file_holds_what_was_written),
        cmocka_unit_test(the_old_file_stands_until_the_commit),
        cmocka_unit_test(an_abandoned_file_leaves_nothing),
        cmocka_unit_test(abandoning_after_a_commit_changes_nothing),
        cmocka_unit_test(a_file_in_a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(a_path_that_is_too_long_is_an_error),
        cmocka_unit_test(a_disk_full_at_the_flush_leaves_the_old_file),
        cmocka_unit_test(a_disk_full_in_the_middle_leaves_the_old_file),
        cmocka_unit_test(a_disk_full_under_json_is_named),
        cmocka_unit_test(a_folder_in_the_place_of_the_file_is_an_error),
        cmocka_unit_test(a_file_in_the_current_folder_is_committed_too),
        cmocka_unit_test(folders_are_made_with_those_above_them),
        cmocka_unit_test(a_folder_cannot_be_made_where_a_file_lies),
        cmocka_unit_test(a_folder_is_removed_with_its_files),
        cmocka_unit_test(a_folder_with_folders_is_not_removed),
        cmocka_unit_test(a_folder_is_waited_for_where_its_holder_is_gone),
        cmocka_unit_test(a_folder_whose_holder_lives_is_refused),
        cmocka_unit_test(a_folder_that_stays_held_is_refused_although_its_holder_is_gone),
        cmocka_unit_test(csv_fields_are_quoted_where_they_must_be),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
