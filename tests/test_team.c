/* Ranks that train together, played by threads: what they compute is what workers of one process
 * compute. The calls of MPI are those of this file: memory that all share, and a barrier. */
#include "train/team.h"

#include "base/clock.h"
#include "ranks/ranks.h"
#include "reference_fixture.h"
#include "train/gradient.h"
#include "train/train.h"
#include "workbench_fixture.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RANKS_MAX = 8 };

/* ---- A job of threads ----------------------------------------------------------------------- */

static struct {
    int size;
    pthread_barrier_t barrier;
    const void *given[RANKS_MAX];
    void *open[RANKS_MAX]; /* sums under way, of each rank */
} job;

static _Thread_local int this_rank;
static _Thread_local struct {
    char *values;
    size_t count, element;
} sums[RANKS_PENDING];

static void meet(void)
{
    pthread_barrier_wait(&job.barrier);
}

int ranks_team(int size)
{
    assert_int_equal(size, job.size);
    return 0;
}

int ranks_team_barrier(void)
{
    meet();
    return 0;
}

int ranks_team_await(void *bytes, size_t size)
{
    job.given[this_rank] = bytes;
    meet();
    if (this_rank > 0)
        memcpy(bytes, job.given[0], size);
    meet();
    return 0;
}

int ranks_team_gather(const void *bytes, size_t size, void *all)
{
    job.given[this_rank] = bytes;
    meet();
    for (int r = 0; r < job.size; r++)
        memcpy((char *)all + (size_t)r * size, job.given[r], size);
    meet();
    return 0;
}

int ranks_team_sum_begin(void *values, size_t count, size_t element, int *ticket)
{
    for (*ticket = 0; sums[*ticket].values; ++*ticket)
        ;
    sums[*ticket].values = values;
    sums[*ticket].count = count;
    sums[*ticket].element = element;
    return 0;
}

/* Backwards, as a library may. */
int ranks_sum_finish(int ticket)
{
    size_t count = sums[ticket].count, element = sums[ticket].element;
    char *sum = calloc(count, element);

    job.given[this_rank] = sums[ticket].values;
    meet();
    for (int r = job.size - 1; r >= 0; r--)
        for (size_t j = 0; j < count; j++)
            if (element == sizeof(double))
                ((double *)(void *)sum)[j] += ((const double *)job.given[r])[j];
            else
                ((float *)(void *)sum)[j] += ((const float *)job.given[r])[j];
    meet();
    memcpy(sums[ticket].values, sum, count * element);
    sums[ticket].values = NULL;
    free(sum);
    meet();
    return 0;
}

int ranks_team_slices(const void *values, size_t count, size_t element, void *slices)
{
    size_t first = ranks_slice(count, job.size, this_rank);
    size_t length = ranks_slice(count, job.size, this_rank + 1) - first;

    job.given[this_rank] = values;
    meet();
    for (int r = 0; r < job.size && length > 0; r++)
        memcpy((char *)slices + (size_t)r * length * element,
               (const char *)job.given[r] + first * element, length * element);
    meet();
    return 0;
}

int ranks_team_join(void *values, size_t count, size_t element)
{
    job.given[this_rank] = values;
    meet();
    for (int r = 0; r < job.size; r++) {
        size_t first = ranks_slice(count, job.size, r);
        size_t length = ranks_slice(count, job.size, r + 1) - first;

        if (r != this_rank)
            memcpy((char *)values + first * element, (const char *)job.given[r] + first * element,
                   length * element);
    }
    meet();
    return 0;
}

/* ---- The shelf ------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    float *values;
    int64_t counters[RANKS_COUNTERS];
} shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};

int ranks_shelf_open(const float *values, size_t count)
{
    if (this_rank == 0) {
        shelf.values = calloc(count, sizeof *values);
        memcpy(shelf.values, values, count * sizeof *values);
        memset(shelf.counters, 0, sizeof shelf.counters);
    }
    meet();
    return 0;
}

int ranks_shelf_close(void)
{
    meet();
    if (this_rank == 0)
        free(shelf.values);
    return 0;
}

int ranks_shelf_read(float *values, size_t count)
{
    pthread_mutex_lock(&shelf.lock);
    memcpy(values, shelf.values, count * sizeof *values);
    pthread_mutex_unlock(&shelf.lock);
    return 0;
}

int ranks_shelf_add(const float *values, size_t count)
{
    pthread_mutex_lock(&shelf.lock);
    for (size_t j = 0; j < count; j++)
        shelf.values[j] += values[j];
    pthread_mutex_unlock(&shelf.lock);
    return 0;
}

int ranks_shelf_count(int counter, int64_t add, int64_t *before)
{
    pthread_mutex_lock(&shelf.lock);
    *before = shelf.counters[counter];
    shelf.counters[counter] += add;
    pthread_mutex_unlock(&shelf.lock);
    return 0;
}

void ranks_abort(int status)
{
    fail_msg("a rank has ended all, with %d", status);
    abort();
}

/* ---- An engine that announces ---------------------------------------------------------------- */

static _Thread_local void (*ready)(void *context, size_t first, size_t count);
static _Thread_local void *ready_context;
static size_t announced_parameters, unannounced; /* the first ones, by mistake */

static void hear_on_ready(void *session, void (*hear)(void *context, size_t first, size_t count),
                          void *context)
{
    (void)session;
    ready = hear;
    ready_context = context;
}

/* From the end, in pieces that are no layers, of another length in each rank. */
static int announcing_gradient(void *session, const float *theta, const struct batch *batch,
                               float *gradient, struct score *score, struct message *message)
{
    size_t piece = 1000 + 77 * (size_t)this_rank, end = announced_parameters;

    if (reference.engine.gradient(session, theta, batch, gradient, score, message) != 0)
        return -1;
    while (ready && end > unannounced) {
        size_t first = end > unannounced + piece ? end - piece : unannounced;

        ready(ready_context, first, end - first);
        end = first;
    }
    return 0;
}

/* ---- An engine that looks who reads what ------------------------------------------------------
 */

enum { STORED = 200 };

static _Thread_local const struct examples *training; /* of this rank */
static char has_read[RANKS_MAX][STORED];

/* Rows that are not those of a warm-up, which draws nothing. */
static int looking_gradient(void *session, const float *theta, const struct batch *batch,
                            float *gradient, struct score *score, struct message *message)
{
    int is_drawn = batch->rows < training->rows || batch->rows >= training->rows + training->count;

    for (int i = 0; i < batch->size; i++)
        has_read[this_rank][batch->rows[i]] |= (char)is_drawn;
    return reference.engine.gradient(session, theta, batch, gradient, score, message);
}

/* ---- What a rank does ----------------------------------------------------------------------- */

struct rank {
    int number;
    const char *yaml;
    const struct engine *engine;
    struct training_result result; /* of the leader */
    double traffic;
    int has_ended;
    pthread_t thread;
};

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 200, features: 6, classes: 3, validation: 20}\n"             \
    "networks: {own: {hidden: [5]}}\nevaluation: {first: 20, per_decade: 4}\n"

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static void *run_rank(void *argument)
{
    struct rank *rank = argument;
    const struct settings *settings;
    struct training_result result;
    struct team *team;
    struct message message;
    struct bench bench;
    void *session;

    this_rank = rank->number;
    pthread_mutex_lock(&opening); /* they write the same file */
    bench_open(&bench, rank->yaml, rank->engine, NULL);
    pthread_mutex_unlock(&opening);
    settings = &bench.workbench.cell->settings;
    training = &bench.workbench.train;
    assert_int_equal(
        reference.engine.open(
            &session, &bench.model.network,
            &(struct engine_options){
                .threads = 1, .variant = "", .max_batch = 200, .precision = settings->precision},
            &message),
        0);
    bench.workbench.session = session;
    assert_int_equal(team_open(&team, rank->number, job.size, settings->reduction), 0);
    bench.workbench.team = team;
    bench.workbench.checkpoint.started = strstr(rank->yaml, "cell_seconds") ? 0 : clock_now();
    assert_int_equal(train(&bench.workbench, &result), 0);
    rank->has_ended = team_has_ended(team);
    rank->traffic = team_traffic(team)->bytes;
    if (rank->number == 0)
        rank->result = result;
    else
        training_free(&result);
    team_close(team);
    reference.engine.close(session);
    bench_close(&bench);
    return NULL;
}

static struct training_result train_by(const struct engine *engine, const char *yaml, int size,
                                       double *traffic)
{
    struct rank ranks[RANKS_MAX] = {{0}};

    job.size = size;
    pthread_barrier_init(&job.barrier, NULL, (unsigned)size);
    for (int r = 0; r < size; r++) {
        ranks[r] = (struct rank){.number = r, .yaml = yaml, .engine = engine};
        assert_int_equal(pthread_create(&ranks[r].thread, NULL, run_rank, &ranks[r]), 0);
    }
    for (int r = 0; r < size; r++) {
        pthread_join(ranks[r].thread, NULL);
        assert_true(ranks[r].has_ended);
    }
    pthread_barrier_destroy(&job.barrier);
    if (traffic)
        *traffic = ranks[0].traffic;
    return ranks[0].result;
}

/* Trains the first cell of the experiment; the leader's result is to be freed. */
static struct training_result train_as_ranks(const char *yaml, int size, double *traffic)
{
    return train_by(&reference.engine, yaml, size, traffic);
}

/* The same by threads of one process. */
static struct training_result train_as_threads(const char *yaml)
{
    void *sessions[RANKS_MAX] = {0};
    struct training_result result;
    const struct settings *settings;
    struct message message;
    struct bench bench;

    bench_open(&bench, yaml, &reference.engine, NULL);
    settings = &bench.workbench.cell->settings;
    for (int w = 0; w < settings->workers; w++)
        assert_int_equal(reference.engine.open(&sessions[w], &bench.model.network,
                                               &(struct engine_options){
                                                   .threads = 1,
                                                   .variant = "",
                                                   .max_batch = 200,
                                                   .precision = settings->precision,
                                               },
                                               &message),
                         0);
    bench.workbench.session = sessions[0];
    bench.workbench.more_sessions = sessions + 1;
    assert_int_equal(train(&bench.workbench, &result), 0);
    for (int w = 0; w < settings->workers; w++)
        reference.engine.close(sessions[w]);
    bench_close(&bench);
    return result;
}

static void write_yaml(char *yaml, size_t size, const char *grid, int workers, const char *rest)
{
    snprintf(yaml, size, DATA "grid: {engine: reference, network: own, %s, workers: %d%s}\n%s",
             grid, workers, rest, strstr(grid, "budget") ? "" : "budget: {epochs: 3}\n");
}

static void assert_same_curve(const struct training_result *a, const struct training_result *b,
                              double tolerance)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->updates, b->updates);
    assert_int_equal(a->curve_count, b->curve_count);
    assert_true(a->curve_count > 3);
    for (int i = 0; i < a->curve_count; i++) {
        double losses[][2] = {{a->curve[i].train.loss, b->curve[i].train.loss},
                              {a->curve[i].validation.loss, b->curve[i].validation.loss},
                              {a->curve[i].batch_loss, b->curve[i].batch_loss},
                              {a->curve[i].gradient_norm, b->curve[i].gradient_norm}};

        for (int l = 0; l < 4; l++)
            if (!(losses[l][0] == losses[l][1]) &&
                !(fabs(losses[l][0] - losses[l][1]) <= tolerance * fabs(losses[l][1])))
                fail_msg("evaluation %d, value %d: %.17g, expected %.17g", i, l, losses[l][0],
                         losses[l][1]);
    }
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static const char *const grids[] = {
    "batch_size: 32",
    "batch_size: 37, last_batch: keep", /* uneven shares, and one of 32 examples */
    "batch_size: 9, micro_batch: 4",    /* three pieces: fewer than ranks */
    "batch_size: 32, precision: double, optimizer: adam",
    "batch_size: 32, delay: 3, optimizer: momentum",
    "batch_size: 10, sampler: importance, weighting: norm",
    "batch_size: 20, optimizer: svrg",
    "batch_size: 16, gradient_noise: 0.1",
};

static void ranks_compute_what_threads_do_to_the_last_bit(void **state)
{
    char alone[1000], together[1000];
    double traffic;

    (void)state;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (int workers = 2; workers <= 5; workers++) {
            struct training_result a, b;

            write_yaml(alone, sizeof alone, grids[g], workers, "");
            write_yaml(together, sizeof together, grids[g], workers, ", transport: mpi");
            a = train_as_ranks(together, workers, &traffic);
            b = train_as_threads(alone);
            assert_same_curve(&a, &b, 0);
            assert_true(traffic >= (double)a.updates * 4 * (7 * 5 + 6 * 3));
            training_free(&a);
            training_free(&b);
        }
}

/* Of 180, 173 or 122 examples; the last batch of these has 53 or 2, for up to five ranks. */
static const char *const own_grids[] = {
    "subset: 173, batch_size: 60, block: 8, sampler: block_shuffle, last_batch: keep",
    "subset: 122, batch_size: 60, block: 8, sampler: block_shuffle, last_batch: keep",
    "subset: 173, batch_size: 60, block: 8, sampler: block_shuffle",
    "batch_size: 60, precision: double, optimizer: adam",
    "batch_size: 60, sampler: block_shuffle, order: class_sorted, class_weights: inverse",
    "subset: 173, batch_size: full, sampler: block_shuffle",
    "subset: 173, batch_size: 120, last_batch: keep, gradient_noise: 0.1, delay: 2",
};

static void ranks_with_data_of_their_own_compute_what_threads_do(void **state)
{
    char alone[1000], together[1000], shared[1000];

    (void)state;
    for (size_t g = 0; g < sizeof own_grids / sizeof *own_grids; g++)
        for (int workers = 2; workers <= 5; workers++) {
            struct training_result a, b;

            write_yaml(alone, sizeof alone, own_grids[g], workers, ", worker_data: own");
            write_yaml(together, sizeof together, own_grids[g], workers,
                       ", worker_data: own, transport: mpi");
            write_yaml(shared, sizeof shared, own_grids[g], workers, "");
            a = train_as_ranks(together, workers, NULL);
            b = train_as_threads(alone);
            assert_same_curve(&a, &b, 0);
            training_free(&b);
            b = train_as_threads(shared); /* as many updates, as many examples */
            assert_int_equal(a.updates, b.updates);
            assert_true(a.examples == b.examples);
            training_free(&a);
            training_free(&b);
        }
}

static int ascending(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* has_read[] is that of ranks which read all of their range, and nothing else. */
static void assert_ranges_read(const char *yaml, int workers)
{
    struct bench bench;
    int32_t rows[STORED];
    size_t count;

    bench_open(&bench, yaml, &reference.engine, NULL);
    count = bench.workbench.train.count;
    memcpy(rows, bench.workbench.train.rows, count * sizeof *rows);
    qsort(rows, count, sizeof *rows, ascending);
    for (int w = 0; w < workers; w++) {
        size_t read = 0, first = part_first(count, workers, w);
        size_t end = part_first(count, workers, w + 1);

        for (size_t i = first; i < end; i++)
            assert_int_equal(has_read[w][rows[i]], 1);
        for (size_t row = 0; row < STORED; row++)
            read += has_read[w][row] != 0;
        assert_int_equal(read, end - first);
    }
    bench_close(&bench);
}

static void ranks_read_no_examples_of_others(void **state)
{
    struct engine looking = reference.engine;
    char yaml[1000];

    (void)state;
    looking.gradient = looking_gradient;
    for (size_t g = 0; g < 2; g++)
        for (int workers = 2; workers <= 5; workers++) {
            struct training_result result;

            memset(has_read, 0, sizeof has_read);
            write_yaml(yaml, sizeof yaml, own_grids[g], workers,
                       ", worker_data: own, transport: mpi");
            result = train_by(&looking, yaml, workers, NULL);
            assert_int_equal(result.outcome, OUTCOME_BUDGET);
            assert_ranges_read(yaml, workers);
            training_free(&result);
        }
}

static void a_library_may_add_in_any_order_within_rounding(void **state)
{
    char alone[1000], together[1000];

    (void)state;
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        struct training_result a, b;

        write_yaml(alone, sizeof alone, grids[g], 1, "");
        write_yaml(together, sizeof together, grids[g], 3, ", transport: mpi, reduction: library");
        a = train_as_ranks(together, 3, NULL);
        b = train_as_threads(alone);
        assert_same_curve(&a, &b, 1e-3); /* 60 updates of single precision, gradients near 0 */
        training_free(&a);
        training_free(&b);
    }
}

/* Two buckets; the last batch is of 8 examples. */
#define ANNOUNCED                                                                                  \
    "dataset: {name: blobs, examples: 60, features: 6, classes: 3, validation: 20}\n"              \
    "networks: {wide: {hidden: [2000, 50]}}\nevaluation: {first: 10, per_decade: 6}\n"             \
    "budget: {updates: 5}\n"                                                                       \
    "grid: {engine: reference, network: wide, batch_size: 16, last_batch: keep, transport: mpi, "  \
    "reduction: library, workers: 3"

static void sums_that_begin_early_come_to_the_same(void **state)
{
    struct engine announcing = reference.engine;
    struct training_result a, b = train_as_ranks(ANNOUNCED "}\n", 3, NULL);

    (void)state;
    announcing.gradient = announcing_gradient;
    announcing.on_ready = hear_on_ready;
    announced_parameters = 7 * 2000 + 2001 * 50 + 51 * 3;
    a = train_by(&announcing, ANNOUNCED ", overlap: yes}\n", 3, NULL);
    assert_same_curve(&a, &b, 0);
    training_free(&a);
    unannounced = 1;
    a = train_by(&announcing, ANNOUNCED ", overlap: yes}\n", 3, NULL);
    assert_int_equal(a.outcome, OUTCOME_FAILED);
    assert_string_equal(a.reason, "rank 0: the engine did not announce its whole gradient");
    unannounced = 0;
    training_free(&a);
    training_free(&b);
}

static void ranks_that_wait_for_nobody_make_as_many_updates(void **state)
{
    char yaml[1000];

    (void)state;
    for (int workers = 2; workers <= 5; workers++) {
        struct training_result a;
        long counted = 0;

        write_yaml(yaml, sizeof yaml, "batch_size: 9", workers, ", transport: mpi_async");
        a = train_as_ranks(yaml, workers, NULL);
        assert_int_equal(a.outcome, OUTCOME_BUDGET);
        assert_int_equal(a.updates, 60); /* 3 epochs of 20 whole batches */
        for (int s = 0; s <= STALENESS_MAX; s++) {
            assert_true(a.staleness[s] >= 0);
            counted += a.staleness[s];
        }
        assert_int_equal(counted, 60);
        assert_true(a.curve[a.curve_count - 1].train.loss < 0.9 * a.curve[0].train.loss);
        training_free(&a);
    }
}

/* The clock of the leader alone ends the run, after the same update in every rank: otherwise one
 * would wait for ever. */
static void seconds_end_all_ranks_at_once(void **state)
{
    struct training_result a = train_as_ranks(
        DATA "grid: {engine: reference, network: own, batch_size: 4, workers: 3, transport: mpi}\n"
             "budget: {seconds: 0.05}\n",
        3, NULL);

    (void)state;
    assert_int_equal(a.outcome, OUTCOME_BUDGET);
    assert_string_equal(a.reason, "budget: seconds");
    assert_true(a.train_seconds >= 0.05);
    training_free(&a);
}

static void a_cell_that_is_late_ends_itself(void **state)
{
    struct training_result a = train_as_ranks(
        DATA "grid: {engine: reference, network: own, batch_size: 4, workers: 2, transport: mpi}\n"
             "budget: {seconds: 100}\nlimits: {cell_seconds: 1}\n",
        2, NULL);

    (void)state; /* which began when clocks did */
    assert_int_equal(a.outcome, OUTCOME_TIMEOUT);
    training_free(&a);
}

/* ---- One rank in trouble -------------------------------------------------------------------- */

struct trouble {
    int number, failing;
    enum reduction reduction;
    float gradient[7];
    struct score score;
    struct message message;
    int status, has_ended;
    pthread_t thread;
};

static void *add_once(void *argument)
{
    struct trouble *t = argument;
    struct team *team;

    this_rank = t->number;
    assert_int_equal(team_open(&team, t->number, job.size, t->reduction), 0);
    for (int j = 0; j < 7; j++)
        t->gradient[j] = (float)(t->number + j);
    t->score = (struct score){0.25 * (t->number + 1), t->number};
    if (t->failing == t->number)
        snprintf(t->message.text, sizeof t->message.text, "no more %s", "numbers");
    t->status = team_add(team, &rule_vectors_single, t->gradient, 7, job.size, &t->score,
                         t->failing == t->number, &t->message);
    t->has_ended = team_has_ended(team);
    team_close(team);
    return NULL;
}

static void add_with(struct trouble *trouble, int size, int failing, enum reduction reduction)
{
    job.size = size;
    pthread_barrier_init(&job.barrier, NULL, (unsigned)size);
    for (int r = 0; r < size; r++) {
        trouble[r] = (struct trouble){.number = r, .failing = failing, .reduction = reduction};
        pthread_create(&trouble[r].thread, NULL, add_once, &trouble[r]);
    }
    for (int r = 0; r < size; r++)
        pthread_join(trouble[r].thread, NULL);
    pthread_barrier_destroy(&job.barrier);
}

/* More ranks than parameters in a slice, too. */
static void sums_are_known(void **state)
{
    struct trouble trouble[RANKS_MAX];

    (void)state;
    for (int size = 2; size <= RANKS_MAX; size++)
        for (int reduction = 0; reduction < 2; reduction++) {
            add_with(trouble, size, -1, (enum reduction)reduction);
            for (int r = 0; r < size; r++) {
                assert_int_equal(trouble[r].status, 0);
                assert_int_equal(trouble[r].score.errors, size * (size - 1) / 2);
                assert_true(trouble[r].score.loss == 0.125 * size * (size + 1));
                for (int j = 0; j < 7; j++)
                    assert_true(trouble[r].gradient[j] ==
                                (float)(size * (size - 1) / 2 + size * j));
            }
        }
}

static void all_hear_which_rank_failed_and_why(void **state)
{
    struct trouble trouble[RANKS_MAX];

    (void)state;
    for (int reduction = 0; reduction < 2; reduction++) {
        add_with(trouble, 4, 2, (enum reduction)reduction);
        for (int r = 0; r < 4; r++) {
            assert_int_equal(trouble[r].status, -1);
            assert_string_equal(trouble[r].message.text, "rank 2: no more numbers");
            assert_true(trouble[r].has_ended);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_known),
        cmocka_unit_test(all_hear_which_rank_failed_and_why),
        cmocka_unit_test(ranks_compute_what_threads_do_to_the_last_bit),
        cmocka_unit_test(ranks_with_data_of_their_own_compute_what_threads_do),
        cmocka_unit_test(ranks_read_no_examples_of_others),
        cmocka_unit_test(a_library_may_add_in_any_order_within_rounding),
        cmocka_unit_test(sums_that_begin_early_come_to_the_same),
        cmocka_unit_test(ranks_that_wait_for_nobody_make_as_many_updates),
        cmocka_unit_test(seconds_end_all_ranks_at_once),
        cmocka_unit_test(a_cell_that_is_late_ends_itself),
    };

    return cmocka_run_group_tests(tests, load_reference, tree_close);
}
