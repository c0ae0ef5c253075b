/* What the ranks of a farm other than 0 do. */
#include "base/error.h"
#include "base/file.h"
#include "run/farm.h"
#include "run/farm_words.h"
#include "run/record.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A cell that is not of the campaign's plan: its tuned values were chosen meanwhile. */
struct listed {
    struct plan plan;
    struct listed *next;
};

struct hand {
    const struct post *post;
    struct campaign campaign; /* with the folder that this rank writes into */
    struct survey survey;
    struct crew crew;
    struct awaited awaited;
    struct listed *listed;
    int is_shared;
    int is_done;            /* told to stop */
    char scratch[PATH_MAX]; /* its own results folder; "": it has none */
};

/* ---- Getting ready --------------------------------------------------------------------------- */

static int say_hello(const struct hand *hand, const char *why)
{
    struct farm_hello *hello = malloc(sizeof *hello);
    int status = hello ? 0 : error_set("out of memory");

    if (hello) {
        farm_introduce(hello, &hand->campaign, &hand->survey, why);
        status = post_send(hand->post, 0, FARM_HELLO, hello, sizeof *hello);
    }
    free(hello);
    return status;
}

/* Is rank 0's results folder this one? A network file system may show it a little later. */
static int sees(const char *results, const char *nonce)
{
    enum { TRIES = 20 };
    char path[PATH_MAX + 80];

    snprintf(path, sizeof path, "%s/%s", results, nonce);
    for (int i = 0; i < TRIES; i++) {
        DIR *folder = opendir(results);

        if (folder)
            closedir(folder);
        if (access(path, F_OK) == 0)
            return 1;
        usleep(50 * 1000);
    }
    return 0;
}

static int make_scratch(struct hand *hand)
{
    const char *base = getenv("TMPDIR");
    char cells[PATH_MAX + 16];

    snprintf(hand->scratch, sizeof hand->scratch, "%.3000s/batchlab-rank-XXXXXX",
             base && base[0] ? base : "/tmp");
    if (!mkdtemp(hand->scratch)) {
        int cause = errno;
        char path[PATH_MAX];

        memcpy(path, hand->scratch, sizeof path);
        hand->scratch[0] = '\0';
        return error_set("%s: %s; this rank does not share the results folder", path,
                         strerror(cause));
    }
    hand->campaign.results = hand->scratch;
    snprintf(cells, sizeof cells, "%s/cells", hand->scratch);
    return folder_make(cells);
}

static int get_ready(struct hand *hand, const struct letter *letter)
{
    const struct farm_welcome *welcome = (const void *)letter->bytes;
    struct host *host = &hand->survey.host;
    struct farm_ready ready;

    if (letter->size != sizeof *welcome)
        return error_set("a message that is none");
    host->processor_count = welcome->processor_count;
    memcpy(host->processors, welcome->processors, sizeof host->processors);
    hand->is_shared = sees(hand->campaign.results, welcome->nonce);
    if (!hand->is_shared && make_scratch(hand) != 0)
        return -1;
    if (crew_open(&hand->crew, &hand->campaign, &hand->survey, welcome->jobs) != 0)
        return -1;
    ready.is_shared = hand->is_shared;
    return post_send(hand->post, 0, FARM_READY, &ready, sizeof ready);
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static const struct cell *find_cell(struct hand *hand, const struct farm_start *start)
{
    const struct plan *plan = hand->campaign.plan;
    struct listed *listed;

    for (int i = 0; i < plan->count; i++)
        if (strcmp(plan->cells[i].id, start->id) == 0)
            return &plan->cells[i];
    for (listed = hand->listed; listed; listed = listed->next)
        if (strcmp(listed->plan.cells[0].id, start->id) == 0)
            return &listed->plan.cells[0];
    listed = calloc(1, sizeof *listed);
    if (!listed || plan_list(&listed->plan, hand->campaign.experiment, hand->campaign.dataset,
                             &start->settings, 1) != 0) {
        free(listed);
        error_set("%s: cannot be planned", start->id);
        return NULL;
    }
    listed->next = hand->listed;
    hand->listed = listed;
    if (strcmp(listed->plan.cells[0].id, start->id) == 0)
        return &listed->plan.cells[0];
    error_set("%s: is another cell here, %s", start->id, listed->plan.cells[0].id);
    return NULL;
}

static int start_cell(struct hand *hand, const struct letter *letter)
{
    struct farm_start start;
    const struct cell *cell;

    if (letter->size != sizeof start)
        return error_set("a message that is none");
    memcpy(&start, letter->bytes, sizeof start);
    cell = find_cell(hand, &start);
    return cell ? crew_start(&hand->crew, cell, &start.assignment) : -1;
}

static void take_roofs(struct hand *hand, const struct letter *letter)
{
    size_t count = letter->size / sizeof *hand->survey.roofs;

    if (count > SURVEY_ROOFS_MAX)
        return;
    memcpy(hand->survey.roofs, letter->bytes, letter->size);
    hand->survey.roof_count = (int)count;
}

/* What lies here goes to rank 0, and is not kept. */
static int send_parcel(struct hand *hand, struct farm_ended *ended)
{
    struct parcel parcel;
    char folder[PATH_MAX + 200], *bytes;
    int status = -1;

    snprintf(folder, sizeof folder, "%s/cells/%s", hand->campaign.results, ended->id);
    if (parcel_pack(&parcel, folder) != 0)
        return -1;
    ended->parcel_bytes = parcel.size;
    bytes = malloc(sizeof *ended + parcel.size);
    if (bytes) {
        memcpy(bytes, ended, sizeof *ended);
        memcpy(bytes + sizeof *ended, parcel.bytes, parcel.size);
        status = post_send(hand->post, 0, FARM_ENDED, bytes, sizeof *ended + parcel.size);
    } else {
        error_set("out of memory");
    }
    free(bytes);
    parcel_free(&parcel);
    return status == 0 ? folder_remove(folder) : -1;
}

static int tell_end(void *context, const struct cell_end *end)
{
    struct hand *hand = context;
    struct farm_ended ended = {.outcome = end->outcome, .wall_seconds = end->wall_seconds};

    memcpy(ended.id, end->cell->id, sizeof ended.id);
    if (hand->is_shared)
        return post_send(hand->post, 0, FARM_ENDED, &ended, sizeof ended);
    return send_parcel(hand, &ended);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int obey(struct hand *hand, const struct letter *letter)
{
    switch (letter->tag) {
    case FARM_WELCOME:
        return get_ready(hand, letter);
    case FARM_ROOFS:
        take_roofs(hand, letter);
        return 0;
    case FARM_START:
        return start_cell(hand, letter);
    case FARM_STOP:
        hand->is_done = 1;
        return 0;
    default:
        return 0;
    }
}

static int work(struct hand *hand)
{
    while (!hand->is_done) {
        int received = awaited_next(&hand->awaited, hand->post->socket), got, status = 0;
        struct letter letter;

        if (received > 0 && received != SIGCHLD) {
            post_send(hand->post, 0, FARM_INTERRUPTED, NULL, 0);
            return 0;
        }
        while (status == 0 && (got = post_take(hand->post, 0, &letter)) != 0) {
            if (got < 0)
                return -1;
            status = obey(hand, &letter);
            letter_free(&letter);
        }
        if (status != 0 || crew_reap(&hand->crew, &hand->awaited, tell_end, hand) != 0)
            return -1;
    }
    return 0;
}

/* The folder is this rank's own, and has nothing in it but cells and their checkpoints. */
static void remove_scratch(const struct hand *hand)
{
    char path[PATH_MAX + 16];
    struct dirent *entry;
    DIR *folder;

    if (!hand->scratch[0])
        return;
    record_clean(hand->scratch);
    snprintf(path, sizeof path, "%s/cells", hand->scratch);
    folder = opendir(path);
    while (folder && (entry = readdir(folder)) != NULL) {
        char cell[PATH_MAX + 300];

        snprintf(cell, sizeof cell, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            folder_remove(cell);
    }
    if (folder)
        closedir(folder);
    folder_remove(path);
    folder_remove(hand->scratch);
}

static void leave(struct hand *hand)
{
    while (hand->listed) {
        struct listed *next = hand->listed->next;

        plan_close(&hand->listed->plan);
        free(hand->listed);
        hand->listed = next;
    }
    crew_close(&hand->crew);
    remove_scratch(hand);
}

int farm_serve(const struct post *post, const struct campaign *campaign, const char *only,
               const char *why)
{
    struct hand hand = {.post = post, .campaign = *campaign};
    int status;

    if (!why && survey_chosen(&hand.survey, campaign, only) != 0)
        why = error_text();
    awaited_block(&hand.awaited);
    status = say_hello(&hand, why);
    if (status == 0 && !why)
        status = work(&hand);
    crew_stop(&hand.crew);
    if (status != 0)
        post_send(post, 0, FARM_BROKEN, error_text(), strlen(error_text()));
    else if (hand.is_done)
        post_send(post, 0, FARM_STOPPED, NULL, 0);
    leave(&hand);
    awaited_release(&hand.awaited);
    return status == 0 && !why ? 0 : 1;
}
