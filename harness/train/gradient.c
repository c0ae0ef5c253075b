/* The gradient of a batch, whole or in pieces, by one worker or several. */
#include "train/gradient.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "memory.h"
#include "train/call.h"
#include "train/rule_vectors.h"
#include "train/team.h"
#include "train/tree.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 }; /* of the tree over a batch: as many as K has bits */

struct worker {
    struct gradient *gradient;
    void *session;
    void *sum;              /* [P] of its share */
    void *right[DEPTH_MAX]; /* [P] each, of the right branches being added up */
    int first, end;         /* pieces that are its share */
    struct score score;
    struct message message;
    int status;
    pthread_t thread;
};

struct gradient {
    const struct workbench *bench;
    const struct rule_vectors *vectors;
    enum precision precision;
    size_t parameters;
    int piece;       /* examples in a piece; 0: a worker's whole share */
    int is_by_parts; /* shares are the parts that the batch was drawn in */
    int worker_count;
    struct team *team;      /* whose ranks are the workers; NULL: they are all here */
    int local_count;        /* workers of this process: all, or its rank's one */
    int is_announced;       /* by the engine, to the team, which weights it */
    struct worker *workers; /* [local_count], the first is the calling thread */
    pthread_barrier_t start, done;
    int threads; /* started */
    int is_over;

    /* Of the current call, for all workers. */
    const void *theta;
    const struct batch *batch;
    int pieces, used; /* workers that have any */

    int delay;
    long calls;
    void **past; /* [delay + 1] */
};

/* ---- One piece --------------------------------------------------------------------------------
 */

/* A view of examples first .. first + size - 1. */
static struct batch part_of(const struct network *network, const struct batch *batch, int first,
                            int size)
{
    struct batch part = *batch;
    size_t element = batch->element == ELEMENT_FLOAT32 ? sizeof(float) : 1, skipped = (size_t)first;

    part.size = size;
    if (batch->weights)
        part.weights = batch->weights + first;
    if (batch->rows) {
        part.rows = batch->rows + first;
        return part;
    }
    part.features = (const char *)batch->features + skipped * network_inputs(network) * element;
    if (batch->labels)
        part.labels = batch->labels + first;
    if (batch->targets)
        part.targets = batch->targets + skipped * network_outputs(network);
    return part;
}

/* Its part of the batch's gradient and score. */
static int compute_part(struct worker *worker, int first, int size, void *gradient)
{
    const struct gradient *g = worker->gradient;
    struct batch part = part_of(&g->bench->model->network, g->batch, first, size);
    double share = (double)size / g->batch->size;
    struct score score;

    if (call_gradient(g->bench->engine, g->precision, worker->session, g->theta, &part, gradient,
                      &score, &worker->message) != 0)
        return -1;
    worker->score.loss += share * score.loss;
    worker->score.errors += score.errors;
    if (size != g->batch->size && !g->is_announced)
        g->vectors->scale(gradient, g->parameters, share);
    return 0;
}

/* ---- The tree ---------------------------------------------------------------------------------
 */

/* The first example of a piece; of the one after the last: K. */
static int start_of(const struct gradient *g, int piece)
{
    long k = g->batch->size, start = (long)piece * g->piece;

    if (g->piece)
        return (int)(start < k ? start : k);
    return g->is_by_parts ? (int)part_first((size_t)k, g->pieces, piece)
                          : (int)(k * piece / g->pieces);
}

static int add_pieces(struct worker *worker, int first, int end, int depth, void *sum)
{
    struct gradient *g = worker->gradient;
    int middle;

    if (end - first == 1)
        return compute_part(worker, start_of(g, first), start_of(g, end) - start_of(g, first), sum);
    if (!worker->right[depth])
        worker->right[depth] = memory_take(g->parameters * g->vectors->size);
    if (!worker->right[depth]) {
        snprintf(worker->message.text, sizeof worker->message.text, "out of memory");
        return -1;
    }
    middle = first + tree_left_part(end - first);
    if (add_pieces(worker, first, middle, depth + 1, sum) != 0 ||
        add_pieces(worker, middle, end, depth + 1, worker->right[depth]) != 0)
        return -1;
    g->vectors->add(sum, worker->right[depth], g->parameters, 1);
    return 0;
}

static void add_workers(struct gradient *g, int first, int end)
{
    int middle;

    if (end - first == 1)
        return;
    middle = first + tree_left_part(end - first);
    add_workers(g, first, middle);
    add_workers(g, middle, end);
    g->vectors->add(g->workers[first].sum, g->workers[middle].sum, g->parameters, 1);
}

/* ---- Workers ----------------------------------------------------------------------------------
 */

static void work(struct worker *worker)
{
    worker->score = (struct score){0};
    worker->message.text[0] = '\0';
    worker->status = worker->first == worker->end
                         ? 0
                         : add_pieces(worker, worker->first, worker->end, 0, worker->sum);
}

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    struct gradient *g = worker->gradient;

    for (;;) {
        pthread_barrier_wait(&g->start);
        if (g->is_over)
            return NULL;
        work(worker);
        pthread_barrier_wait(&g->done);
    }
}

static void share_out(struct gradient *g)
{
    int used;

    g->pieces = g->piece ? (g->batch->size + g->piece - 1) / g->piece : g->worker_count;
    if (g->pieces > g->batch->size)
        g->pieces = g->batch->size;
    g->used = used = g->worker_count < g->pieces ? g->worker_count : g->pieces;
    for (int i = 0; i < g->local_count; i++) {
        int w = g->team ? team_rank(g->team) : i;

        g->workers[i].first = w < used ? (int)((long)g->pieces * w / used) : 0;
        g->workers[i].end = w < used ? (int)((long)g->pieces * (w + 1) / used) : 0;
    }
}

/* Of a team: the sums begin while the engine computes, where each rank has one piece. */
static void work_announced(struct gradient *g)
{
    const struct engine *engine = g->bench->engine;
    struct worker *worker = &g->workers[0];
    int size = start_of(g, worker->end) - start_of(g, worker->first);

    team_begin(g->team, g->vectors, worker->sum, (double)size / g->batch->size);
    engine->on_ready(worker->session, team_ready, g->team);
    work(worker);
    engine->on_ready(worker->session, NULL, NULL);
}

static int compute_as_team(struct gradient *g, struct score *score, struct message *message)
{
    struct worker *worker = &g->workers[0];

    g->is_announced = team_overlaps(g->team) && g->bench->engine->on_ready && g->pieces == g->used;
    if (g->is_announced)
        work_announced(g);
    else
        work(worker);
    *score = worker->score;
    *message = worker->message;
    return team_add(g->team, g->vectors, worker->sum, g->parameters, g->used, score,
                    worker->status != 0, message);
}

static int compute(struct gradient *g, void *gradient, struct score *score, struct message *message)
{
    share_out(g);
    g->workers[0].sum = gradient;
    if (g->team)
        return compute_as_team(g, score, message);
    if (g->threads > 0)
        pthread_barrier_wait(&g->start);
    work(&g->workers[0]);
    if (g->threads > 0)
        pthread_barrier_wait(&g->done);
    *score = (struct score){0};
    for (int w = 0; w < g->used; w++) {
        if (g->workers[w].status != 0) {
            *message = g->workers[w].message;
            return -1;
        }
        score->loss += g->workers[w].score.loss;
        score->errors += g->workers[w].score.errors;
    }
    add_workers(g, 0, g->used);
    return 0;
}

/* ---- The past ---------------------------------------------------------------------------------
 */

/* Keeps this theta, gives the one of `delay` calls ago. */
static const void *remember(struct gradient *g, const void *theta)
{
    long slots = g->delay + 1, now = g->calls++;

    memcpy(g->past[now % slots], theta, g->parameters * g->vectors->size);
    return g->past[now < g->delay ? 0 : (now - g->delay) % slots];
}

int gradient_at(struct gradient *g, const void *theta, const struct batch *batch, void *gradient,
                struct score *score, struct message *message)
{
    g->theta = theta;
    g->batch = batch;
    return compute(g, gradient, score, message);
}

int gradient_of(struct gradient *g, const void *theta, const struct batch *batch, void *gradient,
                struct score *score, struct message *message)
{
    return gradient_at(g, g->delay > 0 ? remember(g, theta) : theta, batch, gradient, score,
                       message);
}

int gradient_of_many(struct gradient *g, const void *theta, const struct batch *batch,
                     void *gradient, struct message *message)
{
    int piece = g->piece, status;
    struct score score;

    if (!piece)
        g->piece = g->bench->max_batch;
    status = gradient_at(g, theta, batch, gradient, &score, message);
    g->piece = piece;
    return status;
}

void gradient_checkpoint(struct gradient *g, struct checkpoint *checkpoint)
{
    CHECKPOINT(checkpoint, "gradient.calls", g->calls);
    for (int i = 0; i <= g->delay && g->past; i++)
        checkpoint_item(checkpoint, "gradient.past", g->past[i], g->parameters * g->vectors->size);
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

static int open_workers(struct gradient *g)
{
    g->workers = calloc((size_t)g->local_count, sizeof *g->workers);
    if (!g->workers)
        return error_set("out of memory");
    for (int w = 0; w < g->local_count; w++) {
        struct worker *worker = &g->workers[w];

        worker->gradient = g;
        worker->session = w == 0 ? g->bench->session : g->bench->more_sessions[w - 1];
        if (w > 0 && !(worker->sum = memory_take(g->parameters * g->vectors->size)))
            return error_set("out of memory");
    }
    if (g->local_count == 1)
        return 0;
    pthread_barrier_init(&g->start, NULL, (unsigned)g->local_count);
    pthread_barrier_init(&g->done, NULL, (unsigned)g->local_count);
    for (int w = 1; w < g->local_count; w++, g->threads++)
        if (pthread_create(&g->workers[w].thread, NULL, run_worker, &g->workers[w]) != 0)
            return error_set("worker %d of %d: no thread to be had", w + 1, g->local_count);
    return 0;
}

static int open_past(struct gradient *g)
{
    g->past = g->delay > 0 ? calloc((size_t)g->delay + 1, sizeof *g->past) : NULL;
    if (g->delay > 0 && !g->past)
        return error_set("out of memory");
    for (int i = 0; i <= g->delay && g->past; i++)
        if (!(g->past[i] = memory_take(g->parameters * g->vectors->size)))
            return error_set("out of memory for the parameters of %d updates", g->delay + 1);
    return 0;
}

int gradient_open(struct gradient **gradient, const struct workbench *bench)
{
    const struct settings *settings = &bench->cell->settings;
    int is_async = settings->transport == TRANSPORT_MPI_ASYNC; /* whole batches of its own */
    struct gradient *g = calloc(1, sizeof *g);

    *gradient = NULL;
    if (!g)
        return error_set("out of memory");
    *g = (struct gradient){
        .bench = bench,
        .vectors = rule_vectors_of(settings->precision),
        .precision = settings->precision,
        .parameters = bench->model->parameters,
        .piece = settings->micro_batch,
        .is_by_parts = settings->worker_data == WORKER_DATA_OWN,
        .worker_count = is_async ? 1 : settings->workers,
        .team = is_async ? NULL : bench->team,
        .local_count = is_async || bench->team ? 1 : settings->workers,
        .delay = settings->delay,
    };
    if (settings->overlap && bench->team)
        team_set_buckets(bench->team, &bench->model->network);
    if (open_workers(g) != 0 || open_past(g) != 0) {
        gradient_close(g);
        return -1;
    }
    *gradient = g;
    return 0;
}

static void close_workers(struct gradient *g)
{
    if (g->threads > 0) {
        g->is_over = 1;
        pthread_barrier_wait(&g->start);
        for (int w = 1; w < g->local_count; w++)
            pthread_join(g->workers[w].thread, NULL);
        pthread_barrier_destroy(&g->start);
        pthread_barrier_destroy(&g->done);
    }
    for (int w = 0; w < g->local_count && g->workers; w++) {
        for (int d = 0; d < DEPTH_MAX; d++)
            free(g->workers[w].right[d]);
        if (w > 0) /* the first adds into what it is given */
            free(g->workers[w].sum);
    }
    free(g->workers);
}

void gradient_close(struct gradient *g)
{
    if (!g)
        return;
    if (g->threads > 0 && g->threads < g->local_count - 1)
        return; /* those that started wait for the others: the process ends before they do */
    close_workers(g);
    for (int i = 0; i <= g->delay && g->past; i++)
        free(g->past[i]);
    free(g->past);
    free(g);
}
