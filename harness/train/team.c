/* The ranks that train one cell together. */
#include "train/team.h"

#include "base/clock.h"
#include "base/error.h"
#include "memory.h"
#include "message.h"
#include "ranks/ranks.h"
#include "train/tree.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MAX = RANKS_PENDING - 1 }; /* and one for the words */

/* Smaller sums are all latency. */
static const size_t bucket_least = 16384;

/* What a rank says beside its gradient. */
struct word {
    double loss, errors, failed, stop;
};

struct team {
    int rank, size;
    enum reduction reduction;
    int wants_stop, stops, has_ended;
    struct word *words; /* [size] */
    void *slices;       /* [size][length] of this rank's slice */
    size_t slices_bytes;

    /* Sums that begin early: bucket b is gradient[bounds[b + 1]] .. gradient[bounds[b] - 1]. */
    size_t bounds[BUCKETS_MAX + 1], final[BUCKETS_MAX]; /* final: elements announced */
    int tickets[BUCKETS_MAX];
    int bucket_count, begun;
    int has_begun; /* the engine was asked for a part that it announces */
    const struct rule_vectors *vectors;
    char *gradient;
    double share;
    struct team_traffic traffic;
};

int team_open(struct team **opened, int rank, int size, enum reduction reduction)
{
    struct team *team = calloc(1, sizeof *team);

    *opened = team;
    if (!team || !(team->words = calloc((size_t)size, sizeof *team->words)))
        return error_set("out of memory");
    team->rank = rank;
    team->size = size;
    team->reduction = reduction;
    return ranks_team(size);
}

void team_close(struct team *team)
{
    if (!team)
        return;
    free(team->words);
    free(team->slices);
    free(team);
}

int team_leads(const struct team *team)
{
    return !team || team->rank == 0;
}

int team_rank(const struct team *team)
{
    return team ? team->rank : 0;
}

void team_ask_stop(struct team *team)
{
    team->wants_stop = 1;
}

int team_stops(const struct team *team)
{
    return team && team->stops;
}

void team_go_on(struct team *team)
{
    if (team)
        team->stops = team->wants_stop = 0;
}

void team_end(struct team *team)
{
    if (team)
        team->has_ended = 1;
}

int team_has_ended(const struct team *team)
{
    return !team || team->has_ended;
}

struct team_traffic *team_traffic(struct team *team)
{
    return team ? &team->traffic : NULL;
}

/* ---- Adding up ------------------------------------------------------------------------------ */

/* slice[first] += those up to `end`, in the order of the tree. */
static void add_slices(const struct rule_vectors *vectors, char *slices, size_t length, int first,
                       int end)
{
    int middle;

    if (end - first == 1)
        return;
    middle = first + tree_left_part(end - first);
    add_slices(vectors, slices, length, first, middle);
    add_slices(vectors, slices, length, middle, end);
    vectors->add(slices + (size_t)first * length * vectors->size,
                 slices + (size_t)middle * length * vectors->size, length, 1);
}

static int make_room(struct team *team, size_t bytes)
{
    if (bytes <= team->slices_bytes)
        return 0;
    free(team->slices);
    team->slices = memory_take(bytes);
    team->slices_bytes = team->slices ? bytes : 0;
    return team->slices ? 0 : error_set("out of memory for the gradients of %d ranks", team->size);
}

/* Each rank adds up its slice of all gradients, and gives it to all. */
static int add_in_order(struct team *team, const struct rule_vectors *vectors, void *gradient,
                        size_t count, int parts)
{
    size_t first = ranks_slice(count, team->size, team->rank);
    size_t length = ranks_slice(count, team->size, team->rank + 1) - first;

    if (make_room(team, (size_t)team->size * length * vectors->size) != 0 ||
        ranks_team_slices(gradient, count, vectors->size, team->slices) != 0)
        return -1;
    if (length > 0) { /* more ranks than parameters */
        add_slices(vectors, team->slices, length, 0, parts);
        memcpy((char *)gradient + first * vectors->size, team->slices, length * vectors->size);
    }
    return ranks_team_join(gradient, count, vectors->size);
}

/* The words come first: after a failure there is nothing to add. */
static int add_fixed(struct team *team, const struct rule_vectors *vectors, void *gradient,
                     size_t count, int parts, struct word *word)
{
    struct word sum = {0};

    if (ranks_team_gather(word, sizeof *word, team->words) != 0)
        return -1;
    for (int r = 0; r < team->size; r++) {
        sum.loss += team->words[r].loss;
        sum.errors += team->words[r].errors;
        sum.failed += team->words[r].failed;
        sum.stop += team->words[r].stop;
    }
    *word = sum;
    return sum.failed > 0 ? 0 : add_in_order(team, vectors, gradient, count, parts);
}

static int add_by_library(struct team *team, const struct rule_vectors *vectors, void *gradient,
                          size_t count, int parts, struct word *word)
{
    int tickets[2];

    if (team->rank >= parts)
        memset(gradient, 0, count * vectors->size);
    return ranks_team_sum_begin(word, sizeof *word / sizeof(double), sizeof(double), &tickets[0]) ==
                       0 &&
                   ranks_team_sum_begin(gradient, count, vectors->size, &tickets[1]) == 0 &&
                   ranks_sum_finish(tickets[0]) == 0 && ranks_sum_finish(tickets[1]) == 0
               ? 0
               : -1;
}

/* ---- Sums that begin early ------------------------------------------------------------------ */

void team_set_buckets(struct team *team, const struct network *network)
{
    size_t offset = network_parameters(network);
    int count = 0;

    team->bounds[0] = offset;
    for (int l = network->layer_count - 1; l >= 0; l--) {
        offset -= layer_parameters(&network->layers[l]);
        if (team->bounds[count] - offset >= bucket_least && count + 1 < BUCKETS_MAX)
            team->bounds[++count] = offset;
    }
    if (team->bounds[count] > 0)
        team->bounds[++count] = 0;
    team->bucket_count = count;
}

int team_overlaps(const struct team *team)
{
    return team && team->bucket_count > 0;
}

void team_begin(struct team *team, const struct rule_vectors *vectors, void *gradient, double share)
{
    memset(team->final, 0, sizeof team->final);
    team->begun = 0;
    team->has_begun = 1;
    team->vectors = vectors;
    team->gradient = gradient;
    team->share = share;
}

static size_t bucket_length(const struct team *team, int b)
{
    return team->bounds[b] - team->bounds[b + 1];
}

static int begin_next(struct team *team)
{
    int b = team->begun++;

    return ranks_team_sum_begin(team->gradient + team->bounds[b + 1] * team->vectors->size,
                                bucket_length(team, b), team->vectors->size, &team->tickets[b]);
}

/* In the same order in all ranks, whatever order and pieces their engines announce in. */
void team_ready(void *opaque, size_t first, size_t count)
{
    struct team *team = opaque;
    double start = clock_now();

    if (team->share != 1)
        team->vectors->scale(team->gradient + first * team->vectors->size, count, team->share);
    for (int b = 0; b < team->bucket_count; b++) {
        size_t low = team->bounds[b + 1] > first ? team->bounds[b + 1] : first;
        size_t high = team->bounds[b] < first + count ? team->bounds[b] : first + count;

        team->final[b] += high > low ? high - low : 0;
    }
    while (team->begun < team->bucket_count &&
           team->final[team->begun] >= bucket_length(team, team->begun))
        if (begin_next(team) != 0)
            ranks_abort(1); /* within an engine there is no way out */
    team->traffic.seconds += clock_now() - start;
}

/* What is left to begin is of a rank without a part, or of one that failed. */
static int finish_buckets(struct team *team, const struct rule_vectors *vectors, void *gradient,
                          size_t count, int parts, struct word *word)
{
    int ticket, status = 0;

    if (team->rank >= parts) {
        memset(gradient, 0, count * vectors->size);
        team_begin(team, vectors, gradient, 1);
    }
    while (status == 0 && team->begun < team->bucket_count)
        status = begin_next(team);
    if (status == 0)
        status = ranks_team_sum_begin(word, sizeof *word / sizeof(double), sizeof(double), &ticket);
    if (status == 0)
        status = ranks_sum_finish(ticket);
    for (int b = 0; b < team->bucket_count && status == 0; b++)
        status = ranks_sum_finish(team->tickets[b]);
    return status;
}

/* The first rank that failed, and why. */
static int tell_failure(struct team *team, int has_failed, struct message *message)
{
    size_t each = sizeof(int) + sizeof *message;
    char *mine = calloc((size_t)team->size + 1, each), *all = mine + each;
    int status = -1;

    if (!mine)
        return message_set(message, "out of memory");
    memcpy(mine, &has_failed, sizeof has_failed);
    memcpy(mine + sizeof has_failed, message, sizeof *message);
    if (ranks_team_gather(mine, each, all) != 0) {
        message_set(message, "%.500s", error_text());
        goto done;
    }
    team->has_ended = 1;
    for (int r = 0; r < team->size; r++) {
        struct message said;

        memcpy(&has_failed, all + (size_t)r * each, sizeof has_failed);
        memcpy(&said, all + (size_t)r * each + sizeof has_failed, sizeof said);
        if (!has_failed)
            continue;
        message_set(message, "rank %d: %.480s", r,
                    said.text[0] ? said.text : "failed without a message");
        break;
    }
done:
    free(mine);
    return status;
}

int team_add(struct team *team, const struct rule_vectors *vectors, void *gradient, size_t count,
             int parts, struct score *score, int has_failed, struct message *message)
{
    struct word word = {score->loss, (double)score->errors, 0, team->wants_stop};
    double start = clock_now();
    int status;

    if (!has_failed && team->has_begun && team->rank < parts && team->begun < team->bucket_count)
        has_failed = message_set(message, "the engine did not announce its whole gradient") != 0;
    word.failed = has_failed;
    status = (team->has_begun ? finish_buckets
              : team->reduction == REDUCTION_LIBRARY
                  ? add_by_library
                  : add_fixed)(team, vectors, gradient, count, parts, &word);

    team->has_begun = 0;
    team->traffic.seconds += clock_now() - start;
    team->traffic.bytes += (double)(count * vectors->size + sizeof word);
    if (status != 0)
        return message_set(message, "%.500s", error_text());
    if (word.failed > 0)
        return tell_failure(team, has_failed, message);
    team->stops |= word.stop > 0;
    score->loss = word.loss;
    score->errors = (int64_t)word.errors;
    return 0;
}

/* ---- Deciding ------------------------------------------------------------------------------- */

int team_order(struct team *team, long *words, int count)
{
    (void)team; /* the ranks have one at a time */
    return ranks_team_await(words, (size_t)count * sizeof *words) == 0 ? ranks_team_barrier() : -1;
}

int team_agree(struct team *team, int status, struct message *message)
{
    int *all;
    int worst = 0;

    if (!team)
        return status;
    all = calloc((size_t)team->size, sizeof *all);
    if (!all || ranks_team_gather(&status, sizeof status, all) != 0) {
        free(all);
        return message_set(message, "the ranks cannot agree");
    }
    for (int r = 0; r < team->size; r++)
        worst |= all[r] != 0;
    free(all);
    return worst ? tell_failure(team, status != 0, message) : 0;
}
