/* The file of a checkpoint: what is put in comes out, and nothing else is taken for one. */
#include "base/checkpoint.h"

#include "base/error.h"
#include "tree.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#define KEY "cell a\nprogram b, 12 bytes\n"

/* Something of each kind. */
struct state {
    int small;
    double values[3];
    size_t count;
    double *list; /* [count] */
};

static const double listed[] = {0.0, -0.0, NAN, INFINITY, 5e-324, 1.0 / 3};

static const struct state example = {
    .small = -7, .values = {1.5, -INFINITY, 0.1}, .count = 6, .list = (double *)(uintptr_t)listed};

/* The one list of what is in it, for both ways. */
static void list_state(struct checkpoint *checkpoint, struct state *state)
{
    CHECKPOINT(checkpoint, "small", state->small);
    CHECKPOINT(checkpoint, "values", state->values);
    state->count = checkpoint_count(checkpoint, "count", state->count);
    if (checkpoint_is_read(checkpoint))
        state->list = calloc(state->count + 1, sizeof *state->list);
    checkpoint_item(checkpoint, "list", state->list, state->count * sizeof *state->list);
}

static const char *path(void)
{
    return scratch_path("checkpoint");
}

static void write_state(const struct state *state)
{
    struct state copy = *state;
    struct checkpoint *checkpoint;

    if (checkpoint_begin(&checkpoint, path(), KEY, 12.25) != 0)
        fail_msg("%s", error_text());
    assert_false(checkpoint_is_read(checkpoint));
    list_state(checkpoint, &copy);
    if (checkpoint_commit(checkpoint) != 0)
        fail_msg("%s", error_text());
}

static void reads_example(void)
{
    struct state state = {0};
    struct checkpoint *checkpoint;

    if (checkpoint_open(&checkpoint, path(), KEY) != 1)
        fail_msg("%s", error_text());
    assert_true(checkpoint_is_read(checkpoint));
    assert_true(checkpoint_seconds(checkpoint) == 12.25);
    list_state(checkpoint, &state);
    assert_int_equal(checkpoint_finish(checkpoint), 0);
    checkpoint_close(checkpoint);
    assert_int_equal(state.small, example.small);
    assert_memory_equal(state.values, example.values, sizeof state.values);
    assert_int_equal(state.count, example.count);
    assert_memory_equal(state.list, example.list, sizeof listed);
    free(state.list);
}

/* Whatever lies there is refused, and the reason has these words. */
static void refuses(const char *key, const char *words)
{
    struct checkpoint *checkpoint = (void *)&checkpoint;

    error_set("nothing was said");
    assert_int_equal(checkpoint_open(&checkpoint, path(), key), -1);
    assert_null(checkpoint);
    if (!strstr(error_text(), words) || !strstr(error_text(), path()))
        fail_msg("'%s' lacks '%s' or the path", error_text(), words);
}

static int start(void **state)
{
    (void)state;
    tree_remove(path());
    write_state(&example);
    return 0;
}

/* Its bytes, and how many. */
static size_t read_bytes(unsigned char bytes[4096])
{
    size_t size = scratch_read(path(), bytes, 4096);

    assert_true(size > 0 && size < 4096);
    return size;
}

static void what_is_put_in_comes_out(void **state)
{
    (void)state;
    reads_example();
    reads_example(); /* and stays */
    assert_int_equal(tree_count(scratch_folder, ".tmp-"), 0);
}

static void no_list_is_a_list_of_none(void **state)
{
    struct state nothing = {.small = 1};
    struct checkpoint *checkpoint;

    (void)state;
    write_state(&nothing);
    assert_int_equal(checkpoint_open(&checkpoint, path(), KEY), 1);
    list_state(checkpoint, &nothing);
    assert_int_equal(nothing.count, 0);
    assert_int_equal(checkpoint_finish(checkpoint), 0);
    checkpoint_close(checkpoint);
    free(nothing.list);
}

static void where_there_is_none_there_is_nothing_to_say(void **state)
{
    struct checkpoint *checkpoint = (void *)&checkpoint;

    (void)state;
    tree_remove(path());
    assert_int_equal(checkpoint_open(&checkpoint, path(), KEY), 0);
    assert_null(checkpoint);
    checkpoint_close(NULL);
}

static void the_last_one_counts(void **state)
{
    struct state other = example, found = {0};
    struct checkpoint *checkpoint;

    (void)state;
    other.small = 8;
    write_state(&other);
    assert_int_equal(checkpoint_open(&checkpoint, path(), KEY), 1);
    list_state(checkpoint, &found);
    assert_int_equal(found.small, 8);
    checkpoint_close(checkpoint);
    free(found.list);
}

static void what_is_given_up_leaves_the_earlier_one(void **state)
{
    struct checkpoint *checkpoint;
    int small = 3;

    (void)state;
    assert_int_equal(checkpoint_begin(&checkpoint, path(), KEY, 1), 0);
    CHECKPOINT(checkpoint, "small", small);
    checkpoint_close(checkpoint);
    assert_int_equal(tree_count(scratch_folder, ".tmp-"), 0);
    reads_example();
}

/* ---- What is none -----------------------------------------------------------------------------
 */

static void any_flipped_bit_is_found(void **state)
{
    unsigned char bytes[4096];
    size_t size = read_bytes(bytes);

    (void)state;
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            scratch_write("checkpoint", bytes, size);
            refuses(KEY, "");
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    scratch_write("checkpoint", bytes, size);
    reads_example();
}

static void any_missing_end_is_found(void **state)
{
    unsigned char bytes[4096];
    size_t size = read_bytes(bytes);

    (void)state;
    for (size_t left = 0; left < size; left++) {
        scratch_write("checkpoint", bytes, left);
        refuses(KEY, "bytes, expected");
    }
    bytes[size] = 0;
    scratch_write("checkpoint", bytes, size + 1); /* and what is too long */
    refuses(KEY, "bytes, expected");
}

static void the_reason_is_told(void **state)
{
    unsigned char bytes[4096];
    size_t size = read_bytes(bytes);

    (void)state;
    bytes[size - 1] ^= 1;
    scratch_write("checkpoint", bytes, size);
    refuses(KEY, "differs from what was written: CRC-32");
    bytes[size - 1] ^= 1;
    bytes[8] ^= 4; /* the version, which the checksum does not cover */
    scratch_write("checkpoint", bytes, size);
    refuses(KEY, "of version 5, expected 1");
    bytes[8] ^= 4;
    bytes[0] = 'B';
    scratch_write("checkpoint", bytes, size);
    refuses(KEY, "does not begin as a checkpoint does");
    scratch_write("checkpoint", "", 0);
    refuses(KEY, "has 0 bytes, expected a head");
}

static void another_key_is_refused_by_the_line_that_differs(void **state)
{
    (void)state;
    refuses("cell c\nprogram b, 12 bytes\n", "has 'cell a', expected 'cell c'");
    refuses("cell a\nprogram b, 13 bytes\n",
            "has 'program b, 12 bytes', expected 'program b, 13 bytes'");
    refuses("cell a\n", "has 'program b, 12 bytes', expected ''");
    refuses(KEY "processor x\n", "has '', expected 'processor x'");
    refuses("", "has 'cell a', expected ''");
    reads_example();
}

static void a_folder_is_none(void **state)
{
    (void)state;
    tree_remove(path());
    assert_int_equal(mkdir(path(), 0777), 0);
    refuses(KEY, "cannot be read: Is a directory");
    tree_remove(path());
}

static void a_file_that_may_not_be_read_is_none(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may read all */
    assert_int_equal(chmod(path(), 0), 0);
    refuses(KEY, "cannot be read: Permission denied");
}

/* ---- Items ------------------------------------------------------------------------------------
 */

static struct checkpoint *open_example(void)
{
    struct checkpoint *checkpoint;

    assert_int_equal(checkpoint_open(&checkpoint, path(), KEY), 1);
    return checkpoint;
}

static void fails_with(struct checkpoint *checkpoint, const char *words)
{
    assert_true(checkpoint_has_failed(checkpoint));
    assert_int_equal(checkpoint_finish(checkpoint), -1);
    if (!strstr(error_text(), words))
        fail_msg("'%s' lacks '%s'", error_text(), words);
    checkpoint_close(checkpoint);
}

static void an_item_of_another_name_or_size_is_not_taken(void **state)
{
    struct checkpoint *checkpoint = open_example();
    int small = 100;
    short smaller = 101;

    (void)state;
    CHECKPOINT(checkpoint, "large", small);
    assert_int_equal(small, 100);
    CHECKPOINT(checkpoint, "small", small); /* nothing after a failure */
    assert_int_equal(small, 100);
    assert_int_equal(checkpoint_count(checkpoint, "count", 9), 0);
    fails_with(checkpoint, "has 'small' of 4 bytes, expected 'large' of 4");
    checkpoint = open_example();
    CHECKPOINT(checkpoint, "small", smaller);
    assert_int_equal(smaller, 101);
    fails_with(checkpoint, "has 'small' of 4 bytes, expected 'small' of 2");
}

static void what_is_left_over_is_a_failure(void **state)
{
    struct checkpoint *checkpoint = open_example();
    int small;

    (void)state;
    CHECKPOINT(checkpoint, "small", small);
    assert_false(checkpoint_has_failed(checkpoint));
    assert_int_equal(checkpoint_finish(checkpoint), -1);
    fails_with(checkpoint, "has more in it than was expected");
}

static void asking_beyond_the_end_is_a_failure(void **state)
{
    struct checkpoint *checkpoint = open_example();
    struct state found = {0};
    int more = 5;

    (void)state;
    list_state(checkpoint, &found);
    CHECKPOINT(checkpoint, "more", more);
    assert_int_equal(more, 5);
    fails_with(checkpoint, "ends before its time");
    free(found.list);
}

static void what_is_refused_is_not_written(void **state)
{
    struct checkpoint *checkpoint;

    (void)state;
    assert_int_equal(checkpoint_begin(&checkpoint, path(), KEY, 1), 0);
    checkpoint_refuse(checkpoint, "too much");
    checkpoint_refuse(checkpoint, "something else"); /* the first reason counts */
    assert_int_equal(checkpoint_commit(checkpoint), -1);
    assert_non_null(strstr(error_text(), "cannot be written: too much"));
    assert_int_equal(tree_count(scratch_folder, ".tmp-"), 0);
    reads_example();
}

/* ---- Where it cannot be written ---------------------------------------------------------------
 */

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct checkpoint *checkpoint = (void *)&checkpoint;

    (void)state;
    assert_int_equal(checkpoint_begin(&checkpoint, scratch_path("none/checkpoint"), KEY, 1), -1);
    assert_null(checkpoint);
    assert_non_null(strstr(error_text(), "none/checkpoint: cannot be written: No such file"));
}

/* Files may not grow beyond 64 KiB: as on a full disk, writing fails in the middle. */
static void a_full_disk_leaves_the_earlier_one(void **state)
{
    static char much[1 << 18];
    const struct rlimit small = {1 << 16, RLIM_INFINITY};
    struct checkpoint *checkpoint;
    struct rlimit before;
    int status;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(checkpoint_begin(&checkpoint, path(), KEY, 1), 0);
    CHECKPOINT(checkpoint, "much", much);
    status = checkpoint_commit(checkpoint);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    assert_non_null(strstr(error_text(), "checkpoint: cannot be written: File too large"));
    assert_int_equal(tree_count(scratch_folder, ".tmp-"), 0);
    reads_example();
}

#define CHECKPOINTS(test) cmocka_unit_test_setup(test, start)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CHECKPOINTS(what_is_put_in_comes_out),
        CHECKPOINTS(no_list_is_a_list_of_none),
        CHECKPOINTS(where_there_is_none_there_is_nothing_to_say),
        CHECKPOINTS(the_last_one_counts),
        CHECKPOINTS(what_is_given_up_leaves_the_earlier_one),
        CHECKPOINTS(any_flipped_bit_is_found),
        CHECKPOINTS(any_missing_end_is_found),
        CHECKPOINTS(the_reason_is_told),
        CHECKPOINTS(another_key_is_refused_by_the_line_that_differs),
        CHECKPOINTS(a_folder_is_none),
        CHECKPOINTS(a_file_that_may_not_be_read_is_none),
        CHECKPOINTS(an_item_of_another_name_or_size_is_not_taken),
        CHECKPOINTS(what_is_left_over_is_a_failure),
        CHECKPOINTS(asking_beyond_the_end_is_a_failure),
        CHECKPOINTS(what_is_refused_is_not_written),
        CHECKPOINTS(a_folder_that_is_not_there_is_an_error),
        CHECKPOINTS(a_full_disk_leaves_the_earlier_one),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
