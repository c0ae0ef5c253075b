/* What rank 0 of a farm does. */
#include "run/farm.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "run/farm_words.h"
#include "run/record.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct farm_rank {
    struct farm_hello hello;
    int is_here;    /* 0: it has not said a word */
    int is_gone;    /* its process has ended */
    int is_stopped; /* as it was told to */
    int is_ready;
    int jobs, slots;   /* jobs: asked for; 0: as processors allow */
    int running, busy; /* cells, and the processors that they take */
    struct farm_welcome welcome;
};

struct farm_out {
    const struct cell *cell;
    struct assignment assignment;
    int rank;
};

/* ---- At the start --------------------------------------------------------------------------- */

static int differs(int rank, const struct farm_hello *hello, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int differs(int rank, const struct farm_hello *hello, const char *format, ...)
{
    char text[900];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set("rank %d on %s: %s", rank, hello->host, text);
}

static int check_libraries(int rank, const struct farm_hello *hello, const struct farm_hello *own)
{
    for (int i = 0; i < own->survey.engine_count; i++)
        if (strcmp(own->survey.libraries[i],
                   survey_library(&hello->survey, own->survey.engines[i])) != 0)
            return differs(rank, hello,
                           "another library of engine %s than rank 0: %.200s, expected %.200s; "
                           "--force goes on with both",
                           own->survey.engines[i],
                           survey_library(&hello->survey, own->survey.engines[i]),
                           own->survey.libraries[i]);
    return 0;
}

/* Against what rank 0 says of itself. */
static int check_rank(int rank, const struct farm_hello *hello, const struct farm_hello *own,
                      int force)
{
    if (hello->program != own->program)
        return differs(rank, hello,
                       "another program than rank 0: CRC-32 %08lx, expected %08lx; install the "
                       "same build on every host",
                       hello->program, own->program);
    if (!hello->is_ready)
        return differs(rank, hello, "%s", hello->why);
    if (hello->data != own->data)
        return differs(rank, hello, "other data than rank 0: fingerprint %08x, expected %08x",
                       hello->data, own->data);
    if (hello->plan != own->plan)
        return differs(rank, hello,
                       "another experiment than rank 0: its cells have CRC-32 %08lx, expected "
                       "%08lx; all ranks must be given the same file and options",
                       hello->plan, own->plan);
    if (hello->engines != own->engines)
        return differs(rank, hello,
                       "other files of engines than rank 0: CRC-32 %08lx, expected %08lx",
                       hello->engines, own->engines);
    if (force)
        return 0;
    if (strcmp(hello->survey.host.cpu, own->survey.host.cpu) != 0)
        return differs(rank, hello,
                       "another processor than rank 0 (%s, there %s), whose seconds do not "
                       "compare; --force goes on with both",
                       hello->survey.host.cpu, own->survey.host.cpu);
    return check_libraries(rank, hello, own);
}

/* The first word of a rank, or what follows one that was no greeting. */
static int take_hello(struct farm *farm, const struct letter *letter)
{
    struct farm_rank *rank = &farm->ranks[letter->from];

    if (letter->tag == POST_GONE)
        rank->is_gone = 1;
    if (rank->is_here)
        return 0;
    rank->is_here = 1;
    if (letter->tag == POST_GONE)
        return error_set("rank %d: its process has ended at the start", letter->from);
    if (letter->tag != FARM_HELLO || letter->size != sizeof rank->hello)
        return error_set("rank %d: another program than rank 0; install the same build on every "
                         "host",
                         letter->from);
    memcpy(&rank->hello, letter->bytes, sizeof rank->hello);
    return 0;
}

static int await_hellos(struct farm *farm)
{
    for (int missing = farm->post->ranks.size - 1; missing > 0;) {
        struct letter letter;
        int got = post_take(farm->post, -1, &letter), status;

        if (got < 0)
            return -1;
        if (got == 0)
            continue;
        missing -= !farm->ranks[letter.from].is_here;
        status = take_hello(farm, &letter);
        letter_free(&letter);
        if (status != 0)
            return -1;
    }
    return 0;
}

/* 1: nothing but their number tells these ranks what processors to use. */
static int same_processors(const struct farm_hello *a, const struct farm_hello *b)
{
    const struct host *one = &a->survey.host, *other = &b->survey.host;

    return strcmp(a->boot, b->boot) == 0 && strcmp(a->host, b->host) == 0 &&
           one->processor_count == other->processor_count &&
           memcmp(one->processors, other->processors,
                  (size_t)one->processor_count * sizeof *one->processors) == 0;
}

/* Ranks that mpirun has bound to processors of their own keep them; those that have the same ones
 * share them. */
static void share_processors(struct farm *farm, int rank, int *processors, int *count)
{
    const struct farm_hello *own = &farm->ranks[rank].hello;
    int place = 0, sharers = 0, first;

    for (int r = 0; r < farm->post->ranks.size; r++)
        if (same_processors(own, &farm->ranks[r].hello)) {
            place += r < rank;
            sharers++;
        }
    processors_share(own->survey.host.processor_count, place, sharers, &first, count);
    memcpy(processors, own->survey.host.processors + first, (size_t)*count * sizeof *processors);
}

/* 1: an earlier rank runs on the same host; timed cells run alone there. */
static int has_earlier_neighbour(const struct farm *farm, int rank)
{
    for (int r = 0; r < rank; r++)
        if (strcmp(farm->ranks[r].hello.boot, farm->ranks[rank].hello.boot) == 0 &&
            strcmp(farm->ranks[r].hello.host, farm->ranks[rank].hello.host) == 0)
            return 1;
    return 0;
}

int farm_open(struct farm *farm, const struct post *post, const struct campaign *campaign,
              struct survey *survey, int force)
{
    struct farm_hello *own;
    struct host *host = &survey->host;
    int shared[HOST_PROCESSORS_MAX];

    *farm = (struct farm){.post = post, .campaign = campaign};
    farm->ranks = calloc((size_t)post->ranks.size, sizeof *farm->ranks);
    if (!farm->ranks)
        return error_set("out of memory");
    own = &farm->ranks[0].hello;
    farm_introduce(own, campaign, survey, NULL);
    if (await_hellos(farm) != 0)
        return -1;
    for (int r = 1; r < post->ranks.size; r++)
        if (check_rank(r, &farm->ranks[r].hello, own, force) != 0)
            return -1;
    share_processors(farm, 0, shared, &host->processor_count);
    memcpy(host->processors, shared, sizeof *shared * (size_t)host->processor_count);
    return 0;
}

void farm_close(struct farm *farm)
{
    free(farm->ranks);
    free(farm->out);
    *farm = (struct farm){0};
}

/* ---- With the folder ------------------------------------------------------------------------- */

/* By which others can tell whether their folder is this one. record_clean would remove it, too. */
static int make_nonce(const struct farm *farm, char *path, size_t size, char *nonce, size_t room)
{
    FILE *file;

    snprintf(nonce, room, ".tmp-ranks-%ld-%.9f", (long)getpid(), clock_now());
    snprintf(path, size, "%s/%s", farm->campaign->results, nonce);
    file = fopen(path, "w");
    return file && fclose(file) == 0 ? 0 : error_set("%s: cannot be written", path);
}

static void welcome_rank(struct farm *farm, int r, const char *nonce, int jobs)
{
    struct farm_rank *rank = &farm->ranks[r];
    struct farm_welcome *welcome = &rank->welcome;
    int is_timed = farm->campaign->experiment->measure == MEASURE_THROUGHPUT;

    snprintf(welcome->nonce, sizeof welcome->nonce, "%s", nonce);
    share_processors(farm, r, welcome->processors, &welcome->processor_count);
    welcome->jobs = rank->jobs = jobs;
    rank->slots = jobs > 0 ? jobs : welcome->processor_count;
    if (is_timed)
        rank->slots = !has_earlier_neighbour(farm, r);
    farm->slots += rank->slots;
}

static void note_gone(struct farm *farm, int r)
{
    struct farm_rank *rank = &farm->ranks[r];

    rank->is_gone = 1;
    if (rank->is_stopped || !rank->is_ready)
        return;
    farm->slots -= rank->slots;
    fprintf(stderr, "batchlab: rank %d on %s has ended; its %d cell%s to others\n", r,
            rank->hello.host, rank->running, rank->running == 1 ? " goes" : "s go");
}

static int await_ready(struct farm *farm)
{
    int missing = 0;

    for (int r = 1; r < farm->post->ranks.size; r++)
        missing += !farm->ranks[r].is_gone;
    while (missing > 0) {
        struct letter letter;
        int got = post_take(farm->post, -1, &letter);

        if (got < 0)
            return -1;
        if (got == 0)
            continue;
        if (letter.tag == FARM_READY || letter.tag == POST_GONE) {
            missing -= !farm->ranks[letter.from].is_ready;
            farm->ranks[letter.from].is_ready = 1;
        }
        if (letter.tag == POST_GONE)
            note_gone(farm, letter.from);
        if (letter.tag == FARM_INTERRUPTED)
            farm->is_interrupted = 1;
        if (letter.tag == FARM_BROKEN)
            got = differs(letter.from, &farm->ranks[letter.from].hello, "%.800s", letter.bytes);
        letter_free(&letter);
        if (got < 0)
            return -1;
    }
    return 0;
}

int farm_welcome(struct farm *farm, int jobs)
{
    char path[PATH_MAX + 80], nonce[64];
    int status = 0;

    if (make_nonce(farm, path, sizeof path, nonce, sizeof nonce) != 0)
        return -1;
    for (int r = 1; r < farm->post->ranks.size && status == 0; r++) {
        if (farm->ranks[r].is_gone)
            continue;
        welcome_rank(farm, r, nonce, jobs);
        status = post_send(farm->post, r, FARM_WELCOME, &farm->ranks[r].welcome,
                           sizeof farm->ranks[r].welcome);
    }
    if (status == 0)
        status = await_ready(farm);
    unlink(path);
    return status;
}

int farm_tell_roofs(const struct farm *farm, const struct survey *survey)
{
    int status = 0;

    for (int r = 1; r < farm->post->ranks.size && status == 0; r++)
        status = post_send(farm->post, r, FARM_ROOFS, survey->roofs,
                           (size_t)survey->roof_count * sizeof *survey->roofs);
    return status;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

int farm_most_processors(const struct farm *farm)
{
    int most = 0;

    for (int r = 1; farm->ranks && r < farm->post->ranks.size; r++)
        if (!farm->ranks[r].is_gone && farm->ranks[r].slots > 0 &&
            farm->ranks[r].welcome.processor_count > most)
            most = farm->ranks[r].welcome.processor_count;
    return most;
}

/* Processors that the cell takes there: as crew_processors_of. */
static int processors_of(const struct farm_rank *rank, const struct assignment *assignment)
{
    int wanted = assignment->threads * assignment->workers;

    return wanted < rank->welcome.processor_count ? wanted : rank->welcome.processor_count;
}

static int has_room(const struct farm_rank *rank, const struct assignment *assignment)
{
    int count = rank->welcome.processor_count;

    return !rank->is_gone && rank->running < rank->slots && assignment->threads <= count &&
           (rank->jobs > 0 || rank->busy + processors_of(rank, assignment) <= count);
}

int farm_find_room(const struct farm *farm, const struct assignment *assignment, int *room)
{
    int found = 0;

    *room = 0;
    for (int r = 1; farm->ranks && r < farm->post->ranks.size; r++) {
        const struct farm_rank *rank = &farm->ranks[r];

        if (has_room(rank, assignment) && rank->slots - rank->running > *room) {
            *room = rank->slots - rank->running;
            found = r;
        }
    }
    return found;
}

int farm_start(struct farm *farm, int r, const struct cell *cell,
               const struct assignment *assignment)
{
    struct farm_rank *rank = &farm->ranks[r];
    struct farm_start start = {.settings = cell->settings, .assignment = *assignment};

    if (farm->out_count == farm->out_most) {
        int most = 2 * farm->out_most + 16;
        struct farm_out *out = realloc(farm->out, (size_t)most * sizeof *out);

        if (!out)
            return error_set("out of memory");
        farm->out = out;
        farm->out_most = most;
    }
    memcpy(start.id, cell->id, sizeof start.id);
    if (post_send(farm->post, r, FARM_START, &start, sizeof start) != 0)
        return -1;
    farm->out[farm->out_count++] = (struct farm_out){cell, *assignment, r};
    rank->running++;
    rank->busy += processors_of(rank, assignment);
    return 0;
}

static void forget(struct farm *farm, int i)
{
    struct farm_rank *rank = &farm->ranks[farm->out[i].rank];

    rank->running--;
    rank->busy -= processors_of(rank, &farm->out[i].assignment);
    farm->out[i] = farm->out[--farm->out_count];
}

/* A shared folder may show late what another host has written; opening the folder has it ask again.
 */
static int is_visible(const struct farm *farm, const char *id)
{
    enum { TRIES = 300 };
    char cells[PATH_MAX + 16];
    struct recorded recorded;

    snprintf(cells, sizeof cells, "%s/cells", farm->campaign->results);
    for (int i = 0; i < TRIES; i++) {
        DIR *folder;

        if (record_find(farm->campaign->results, id, &recorded))
            return 1;
        usleep(100 * 1000);
        folder = opendir(cells);
        if (folder)
            closedir(folder);
    }
    return 0;
}

static int take_ended(struct farm *farm, const struct letter *letter,
                      const struct farm_events *events)
{
    const char *results = farm->campaign->results;
    struct farm_ended ended;
    struct cell_end end;
    struct parcel parcel;
    int i = 0;

    if (letter->size < sizeof ended)
        return error_set("rank %d: a message that is none", letter->from);
    memcpy(&ended, letter->bytes, sizeof ended);
    while (i < farm->out_count &&
           (farm->out[i].rank != letter->from || strcmp(farm->out[i].cell->id, ended.id) != 0))
        i++;
    if (i == farm->out_count || letter->size != sizeof ended + ended.parcel_bytes)
        return error_set("rank %d: speaks of a cell that it was not given", letter->from);
    end = (struct cell_end){farm->out[i].cell, farm->out[i].assignment, ended.outcome,
                            ended.wall_seconds};
    parcel = (struct parcel){letter->bytes + sizeof ended, ended.parcel_bytes};
    if (parcel.size > 0 && record_take(results, ended.id, &parcel) != 0)
        return -1;
    if (parcel.size == 0 && !is_visible(farm, ended.id))
        return differs(letter->from, &farm->ranks[letter->from].hello,
                       "%s/cells/%.127s was recorded there, and cannot be seen here", results,
                       ended.id);
    forget(farm, i);
    return events->ended(events->context, &end);
}

static void return_cells(struct farm *farm, int rank, const struct farm_events *events)
{
    for (int i = farm->out_count - 1; i >= 0; i--)
        if (farm->out[i].rank == rank) {
            const struct cell *cell = farm->out[i].cell;

            forget(farm, i);
            events->returned(events->context, cell);
        }
}

static int take_letter(struct farm *farm, const struct letter *letter,
                       const struct farm_events *events)
{
    struct farm_rank *rank = &farm->ranks[letter->from];

    switch (letter->tag) {
    case FARM_ENDED:
        return take_ended(farm, letter, events);
    case FARM_BROKEN:
        return differs(letter->from, &rank->hello, "%.800s", letter->bytes);
    case FARM_INTERRUPTED:
        farm->is_interrupted = 1;
        return 0;
    case FARM_STOPPED:
        rank->is_stopped = 1;
        return 0;
    case POST_GONE:
        if (rank->is_gone)
            return 0;
        if (!farm->is_interrupted)
            note_gone(farm, letter->from);
        rank->is_gone = 1;
        return_cells(farm, letter->from, events);
        return 0;
    default:
        return 0;
    }
}

int farm_take(struct farm *farm, const struct farm_events *events)
{
    struct letter letter;
    int got, status = 0;

    while (status == 0 && (got = post_take(farm->post, 0, &letter)) != 0) {
        if (got < 0)
            return -1;
        status = take_letter(farm, &letter, events);
        letter_free(&letter);
    }
    return status;
}

static int still_running(const struct farm *farm)
{
    int count = 0;

    for (int r = 1; r < farm->post->ranks.size; r++)
        count += !farm->ranks[r].is_stopped && !farm->ranks[r].is_gone;
    return count;
}

void farm_stop(struct farm *farm, const struct farm_events *events)
{
    static const double patience_seconds = 5;
    double asked = clock_now();

    if (!farm->ranks)
        return;
    for (int r = 1; r < farm->post->ranks.size; r++)
        if (!farm->ranks[r].is_gone)
            post_send(farm->post, r, FARM_STOP, NULL, 0);
    while (still_running(farm) > 0 && clock_now() - asked < patience_seconds) {
        struct letter letter;
        int got = post_take(farm->post, 100, &letter);

        if (got < 0)
            return;
        if (got == 1)
            take_letter(farm, &letter, events);
        letter_free(&letter);
    }
}
