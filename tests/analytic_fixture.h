/* Training on an objective, by the engine `analytic`, from an experiment's text. */
#ifndef BATCHLAB_TESTS_ANALYTIC_FIXTURE_H
#define BATCHLAB_TESTS_ANALYTIC_FIXTURE_H

#include "registry.h"
#include "workbench_fixture.h"

static struct loaded_engine analytic;
static struct bench bench;
static struct training_result result;

static inline int load_analytic(void **state)
{
    struct message message;

    if (registry_load(&analytic, "analytic", &message) != 0) {
        fprintf(stderr, "%s\n", message.text);
        return -1;
    }
    return scratch_open(state);
}

/* Trains the first cell; to be followed by end_descent. */
static inline void descend(const char *yaml)
{
    struct engine_options options = {.threads = 1, .variant = ""};
    struct message message;

    bench_open(&bench, yaml, &analytic.engine, NULL);
    options.max_batch = bench.workbench.max_batch;
    options.precision = bench.workbench.cell->settings.precision;
    if (analytic.engine.open(&bench.workbench.session, &bench.model.network, &options, &message) !=
            0 ||
        train(&bench.workbench, &result) != 0) {
        fprintf(stderr, "%s%s\n", message.text, error_text());
        abort();
    }
}

/* The same with another seed of weights and order. */
static inline void descend_again(uint64_t seed)
{
    training_free(&result);
    bench.plan.cells[0].settings.seed = seed;
    if (train(&bench.workbench, &result) != 0)
        abort();
}

static inline void end_descent(void)
{
    analytic.engine.close(bench.workbench.session);
    training_free(&result);
    network_free(&bench.model);
    bench_close(&bench);
}

static inline const struct curve_point *last_point(void)
{
    return &result.curve[result.curve_count - 1];
}

#endif
