/* What ranks say to each other; to be started by mpirun with three processes: e2e/ranks.sh.
 *
 *   test_ranks direct   MPI in this process
 *   test_ranks post     through carriers
 *   test_ranks lost     the same, and the process of rank 2 is killed: rank 0 is told, and goes on
 *   test_ranks killed   the process of rank 0 is killed: all end
 *   test_ranks status   rank 0 ends with 5, and so does the job */
#include "base/error.h"
#include "ranks/post.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANKS = 3, LARGE = 3 << 20 };

static int rank;

#define check(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "test_ranks: rank %d: line %d: %s (%s)\n", rank, __LINE__, #condition, \
                    error_text());                                                                 \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* What the byte is of a message from one to another. */
static char byte_of(int from, int to, size_t i)
{
    return (char)(7 * from + 3 * to + (int)(i % 251));
}

static char *make_message(int from, int to, size_t size)
{
    char *bytes = malloc(size + 1);

    check(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_of(from, to, i);
    return bytes;
}

static void check_message(const char *bytes, int from, int to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check(bytes[i] == byte_of(from, to, i));
}

/* ---- MPI itself ----------------------------------------------------------------------------- */

static void collectives(void)
{
    char text[16] = "", all[RANKS * 4];
    float values[5];

    if (rank == 1)
        strcpy(text, "of rank 1");
    check(ranks_barrier() == 0);
    check(ranks_broadcast(text, sizeof text, 1) == 0);
    check(strcmp(text, "of rank 1") == 0);
    check(ranks_all_gather((const char[]){'a', 'b', 'c', (char)('0' + rank)}, 4, all) == 0);
    check(memcmp(all, "abc0abc1abc2", sizeof all) == 0);
    for (int i = 0; i < 5; i++)
        values[i] = (float)(i + 10 * rank);
    check(ranks_sum(values, 5) == 0);
    for (int i = 0; i < 5; i++)
        check(values[i] == (float)(3 * i + 30));
}

static void await_message(int *from, int *tag, size_t *size)
{
    int found;

    while ((found = ranks_poll(from, tag, size)) == 0)
        usleep(100);
    check(found == 1);
}

/* Each to rank 0, one of them large; and back. */
static void messages(void)
{
    int from, tag, seen = 0;
    size_t size;

    if (rank > 0) {
        size_t mine = rank == 1 ? LARGE : 10;
        char *bytes = make_message(rank, 0, mine);

        check(ranks_send(0, 40 + rank, bytes, mine) == 0);
        free(bytes);
        await_message(&from, &tag, &size);
        check(from == 0 && tag == 9 && size == 0);
        check(ranks_receive(0, 9, NULL, 0) == 0);
        return;
    }
    while (seen < RANKS - 1) {
        char *bytes;

        await_message(&from, &tag, &size);
        check(tag == 40 + from && size == (from == 1 ? LARGE : 10));
        bytes = malloc(size);
        check(bytes && ranks_receive(from, tag, bytes, size) == 0);
        check_message(bytes, from, 0, size);
        free(bytes);
        check(ranks_send(from, 9, NULL, 0) == 0);
        seen++;
    }
}

static int direct(void)
{
    struct ranks ranks;

    check(ranks_started());
    if (ranks_open(&ranks) != 0) {
        fprintf(stderr, "test_ranks: %s\n", error_text());
        return 1;
    }
    rank = ranks.rank;
    check(ranks.size == RANKS && rank >= 0 && rank < RANKS && ranks.library[0]);
    check(ranks.host_size == RANKS && ranks.host_rank == rank);
    collectives();
    messages();
    ranks_close();
    return 0;
}

/* ---- Through carriers ------------------------------------------------------------------------ */

static struct letter await_letter(const struct post *post)
{
    struct letter letter;
    int got;

    while ((got = post_take(post, 1000, &letter)) == 0)
        ;
    check(got == 1);
    return letter;
}

static void post_to_and_fro(const struct post *post)
{
    struct letter letter;

    if (rank > 0) {
        char *bytes = make_message(rank, 0, LARGE);

        check(post_send(post, 0, 5, bytes, LARGE) == 0 && post_send(post, 0, 6, "", 0) == 0);
        free(bytes);
        letter = await_letter(post);
        check(letter.from == 0 && letter.tag == 7 && strcmp(letter.bytes, "thanks") == 0);
        letter_free(&letter);
        return;
    }
    for (int seen = 0; seen < 2 * (RANKS - 1);) {
        letter = await_letter(post);
        if (letter.tag == POST_GONE) { /* one that has had its answer */
            letter_free(&letter);
            continue;
        }
        seen++;
        check(letter.size == (letter.tag == 5 ? LARGE : 0));
        check_message(letter.bytes, letter.from, 0, letter.size);
        if (letter.tag == 6) /* what one rank sends comes in order */
            check(post_send(post, letter.from, 7, "thanks", 6) == 0);
        letter_free(&letter);
    }
}

static int post(const char *mode)
{
    struct post post;
    struct letter letter;

    check(post_open(&post) == 0);
    rank = post.ranks.rank;
    check(post.ranks.size == RANKS);
    if (strcmp(mode, "post") == 0) {
        post_to_and_fro(&post);
        return 0;
    }
    if (strcmp(mode, "status") == 0)
        return rank == 0 ? 5 : 0;
    if (strcmp(mode, "killed") == 0 && rank == 0)
        raise(SIGKILL);
    if (strcmp(mode, "lost") == 0 && rank == 2)
        raise(SIGKILL);
    if (rank > 0) {
        sleep(60); /* rank 0's end is theirs */
        return 1;
    }
    letter = await_letter(&post);
    check(letter.from == 2 && letter.tag == POST_GONE);
    letter_free(&letter);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "direct";

    return strcmp(mode, "direct") == 0 ? direct() : post(mode);
}
