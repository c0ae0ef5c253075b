/* batchlab in a comparison with its peers: times training steps on request, as they do.
 *
 *   batchlab_peer ENGINE THREADS
 *
 * Measures the roof of the machine and says `ready`. Then each line `NETWORK K SECONDS` on stdin is
 * answered by `RATE ROOF ROOF_LIVE`: the examples per second of steps on batches that lie gathered
 * in memory, median over blocks; the roof of such a step, and the roof of its live rows (`nan`
 * where there is none); or by `unsupported`. */
#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"
#include "memory.h"
#include "plan/plan.h"
#include "run/step_roof.h"
#include "train/live.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS_MAX = 1000, LIVE_EXAMPLES = 256 };
static const double block_seconds = 0.02;

static const char *engine_name;
static int threads;
static struct roof roof;
static struct loaded_engine loaded;

static void give_up(const char *reason)
{
    fprintf(stderr, "batchlab_peer: %s\n", reason);
    exit(1);
}

/* One cell of the harness, as a file would describe it. */
struct question {
    struct experiment experiment;
    struct plan plan;
    struct model model;
    struct workbench bench;
};

static void open_experiment(struct experiment *experiment, const char *network, int k)
{
    char path[] = "/tmp/batchlab-peer-XXXXXX.yaml";
    FILE *file = fdopen(mkstemps(path, 5), "w");

    if (!file)
        give_up("/tmp: cannot be written");
    fprintf(file,
            "measure: throughput\ndataset: {name: fashion-mnist, train: 60000, validation: 0}\n"
            "grid: {engine: %s, threads: %d, network: %s, batch_size: %d}\n",
            engine_name, threads, network, k);
    fclose(file);
    if (experiment_open(experiment, path, 0) != 0)
        give_up(error_text());
    unlink(path);
}

static void open_question(struct question *question, const struct dataset *dataset,
                          const char *network, int k)
{
    open_experiment(&question->experiment, network, k);
    if (plan_open(&question->plan, &question->experiment, dataset) != 0)
        give_up(error_text());
    network_build(&question->model, question->plan.cells[0].network, dataset->shape,
                  dataset->outputs, dataset->classes);
    question->bench = (struct workbench){
        .engine = &loaded.engine,
        .max_batch = k,
        .experiment = &question->experiment,
        .cell = &question->plan.cells[0],
        .model = &question->model,
        .train = dataset->train,
        .classes = dataset->classes,
    };
}

static void close_question(struct question *question)
{
    plan_close(&question->plan);
    experiment_close(&question->experiment);
}

/* All examples as floats, in the order of the data set. */
static float *gather_all(const struct dataset *dataset)
{
    const struct examples *train = &dataset->train;
    size_t inputs = dataset->inputs;
    float *pool = memory_take_floats(train->count * inputs);

    if (!pool)
        give_up("out of memory");
    for (size_t i = 0; i < train->count * inputs; i++)
        pool[i] = train->scale * (float)((const uint8_t *)train->features)[i] + train->offset;
    return pool;
}

struct pool {
    const float *features; /* [count][inputs] */
    const int32_t *labels;
    size_t count, inputs, next;
};

static double time_steps(struct stepper *stepper, struct pool *pool, long steps)
{
    size_t k = (size_t)stepper->bench->cell->batch_size;
    double start = clock_now();

    for (long i = 0; i < steps; i++, pool->next += k) {
        if (pool->next + k > pool->count)
            pool->next = 0;
        stepper->batch = (struct batch){
            .size = (int)k,
            .features = pool->features + pool->next * pool->inputs,
            .element = ELEMENT_FLOAT32,
            .scale = 1,
            .labels = pool->labels + pool->next,
        };
        if (stepper_update(stepper) != 0)
            give_up(error_text());
    }
    return clock_now() - start;
}

/* A step that takes longer than `seconds` is made twice: once unseen. */
static double examples_per_second(struct stepper *stepper, struct pool *pool, double seconds)
{
    double k = stepper->bench->cell->batch_size, rates[BLOCKS_MAX], taken, end;
    long steps = 1;
    int count = 0;

    while ((taken = time_steps(stepper, pool, steps)) < block_seconds / 2)
        steps *= 2;
    end = clock_now() + seconds;
    do {
        taken = time_steps(stepper, pool, steps);
        rates[count++] = k * (double)steps / taken;
    } while (clock_now() < end && count < BLOCKS_MAX);
    return stats_median(rates, (size_t)count);
}

static double roof_of_live_rows(const struct stepper *stepper, const struct pool *pool,
                                struct step_work work)
{
    const struct model *model = stepper->bench->model;
    double *live = calloc((size_t)model->network.layer_count, sizeof *live), rate = NAN;

    if (live && work.examples == 1 &&
        live_units(&model->network, stepper->theta, pool->features, LIVE_EXAMPLES, live) == 1 &&
        step_work_live(&model->network, model->flops_per_example, live, &work))
        rate = step_roof(&work, &roof).examples_per_second;
    free(live);
    return rate;
}

static void answer(const struct dataset *dataset, struct pool *pool, const char *network, int k,
                   double seconds)
{
    struct engine_options options = {
        .max_batch = k,
        .threads = threads,
        .precision = PRECISION_SINGLE,
        .variant = loaded.variant,
    };
    struct question question;
    struct message message;
    struct stepper stepper;
    struct step_work work;

    open_question(&question, dataset, network, k);
    if (!loaded.engine.supports(&question.model.network, &options, &message)) {
        puts("unsupported");
        close_question(&question);
        return;
    }
    if (loaded.engine.open(&question.bench.session, &question.model.network, &options, &message) !=
        0)
        give_up(message.text);
    if (stepper_open(&stepper, &question.bench) != 0)
        give_up(error_text());
    work = step_work(&question.model.network, question.model.flops_per_example, k);
    printf("%.17g", examples_per_second(&stepper, pool, seconds));
    printf(" %.17g %.17g\n", step_roof(&work, &roof).examples_per_second,
           roof_of_live_rows(&stepper, pool, work));
    stepper_close(&stepper);
    loaded.engine.close(question.bench.session);
    close_question(&question);
}

int main(int argc, char **argv)
{
    struct experiment experiment;
    struct dataset dataset;
    struct message message;
    struct pool pool;
    struct host host;
    char network[32];
    double seconds;
    int k;

    if (argc != 3 || (threads = atoi(argv[2])) < 1)
        give_up("expected ENGINE THREADS");
    engine_name = argv[1];
    setenv("GOMP_SPINCOUNT", "1000", 0); /* as in a cell */
    host_read(&host);
    open_experiment(&experiment, "S", 1);
    if (roof_measure_apart(&roof, &host, threads) != 0 ||
        dataset_open(&dataset, &experiment.dataset) != 0)
        give_up(error_text());
    experiment_close(&experiment);
    if (registry_load(&loaded, engine_name, &message) != 0)
        give_up(message.text);
    pool = (struct pool){gather_all(&dataset), dataset.train.labels, dataset.train.count,
                         dataset.inputs, 0};
    puts("ready");
    fflush(stdout);
    while (scanf("%31s %d %lf", network, &k, &seconds) == 3) {
        answer(&dataset, &pool, network, k, seconds);
        fflush(stdout);
    }
    free((float *)pool.features);
    dataset_close(&dataset);
    return 0;
}
