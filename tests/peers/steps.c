/* Training steps on batches that lie gathered in memory. */
#include "steps.h"
#include "base/clock.h"
#include "base/error.h"
#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

void give_up(const char *reason)
{
    fprintf(stderr, "tests/peers: %s\n", reason);
    exit(1);
}

void experiment_of(struct experiment *experiment, const char *engine, int threads,
                   const char *network, int k)
{
    char path[] = "/tmp/batchlab-peer-XXXXXX.yaml";
    FILE *file = fdopen(mkstemps(path, 5), "w");

    if (!file)
        give_up("/tmp: cannot be written");
    fprintf(file,
            "measure: throughput\ndataset: {name: fashion-mnist, train: 60000, validation: 0}\n"
            "grid: {engine: %s, threads: %d, network: %s, batch_size: %d}\n",
            engine, threads, network, k);
    fclose(file);
    if (experiment_open(experiment, path, 0) != 0)
        give_up(error_text());
    unlink(path);
}

void pool_open(struct pool *pool, const struct dataset *dataset)
{
    const struct examples *train = &dataset->train;
    size_t values = train->count * dataset->inputs;
    float *features = memory_take_floats(values);

    if (!features)
        give_up("out of memory");
    for (size_t i = 0; i < values; i++)
        features[i] = train->scale * (float)((const uint8_t *)train->features)[i] + train->offset;
    *pool = (struct pool){features, train->labels, train->count, dataset->inputs, 0};
}

void pool_close(struct pool *pool)
{
    free((float *)pool->features);
}

void steps_open(struct cell_steps *steps, const struct dataset *dataset,
                const struct loaded_engine *loaded, const char *engine, int threads,
                const char *network, int k)
{
    struct engine_options options = {
        .max_batch = k,
        .threads = threads,
        .precision = PRECISION_SINGLE,
        .variant = loaded->variant,
    };
    struct message message;

    *steps = (struct cell_steps){.is_open = 0};
    experiment_of(&steps->experiment, engine, threads, network, k);
    if (plan_open(&steps->plan, &steps->experiment, dataset) != 0)
        give_up(error_text());
    network_build(&steps->model, steps->plan.cells[0].network, dataset->shape, dataset->outputs,
                  dataset->classes);
    steps->bench = (struct workbench){
        .engine = &loaded->engine,
        .max_batch = k,
        .experiment = &steps->experiment,
        .cell = &steps->plan.cells[0],
        .model = &steps->model,
        .train = dataset->train,
        .classes = dataset->classes,
    };
    if (!loaded->engine.supports(&steps->model.network, &options, &message))
        return;
    if (loaded->engine.open(&steps->bench.session, &steps->model.network, &options, &message) != 0)
        give_up(message.text);
    if (stepper_open(&steps->stepper, &steps->bench) != 0)
        give_up(error_text());
    steps->is_open = 1;
}

void steps_close(struct cell_steps *steps)
{
    if (steps->is_open) {
        stepper_close(&steps->stepper);
        steps->bench.engine->close(steps->bench.session);
    }
    plan_close(&steps->plan);
    experiment_close(&steps->experiment);
}

double steps_time(struct cell_steps *steps, struct pool *pool, long count)
{
    struct stepper *stepper = &steps->stepper;
    size_t k = (size_t)steps->bench.cell->batch_size;
    double start = clock_now();

    for (long i = 0; i < count; i++, pool->next += k) {
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
