/* A workbench for the loops: the first cell of an experiment, with data in memory and any engine.
 */
#ifndef BATCHLAB_TESTS_WORKBENCH_FIXTURE_H
#define BATCHLAB_TESTS_WORKBENCH_FIXTURE_H

#include "experiment_fixture.h"
#include "train/train.h"

struct bench {
    struct experiment experiment;
    struct dataset dataset;
    struct plan plan;
    struct training_set training;
    struct model model;
    struct workbench workbench;
};

static inline void bench_open(struct bench *bench, const char *yaml, const struct engine *engine,
                              void *session)
{
    const struct cell *cell;
    struct training_options options;

    fixture_open(&bench->experiment, yaml, 0);
    if (dataset_open(&bench->dataset, &bench->experiment.dataset) != 0 ||
        plan_open(&bench->plan, &bench->experiment, &bench->dataset) != 0) {
        fprintf(stderr, "%s\n", error_text());
        abort();
    }
    cell = &bench->plan.cells[0];
    options = plan_training_options(cell);
    if (training_set_open(&bench->training, &bench->dataset, &options) != 0)
        abort();
    network_build(&bench->model, cell->network, bench->dataset.shape, bench->dataset.outputs,
                  bench->dataset.classes);
    bench->workbench = (struct workbench){
        .engine = engine,
        .session = session,
        .max_batch = cell->batch_size > 100 ? cell->batch_size : 100,
        .experiment = &bench->experiment,
        .cell = cell,
        .model = &bench->model,
        .train = bench->training.examples,
        .validation = bench->dataset.validation,
        .test = bench->dataset.test,
        .classes = bench->dataset.classes,
    };
}

/* 1 for the untimed gradients before the loop: they are of the first rows, not of a drawn batch. */
static inline int is_warm_up(const struct bench *bench, const struct batch *batch)
{
    return batch->rows == bench->workbench.train.rows;
}

static inline void bench_close(struct bench *bench)
{
    training_set_close(&bench->training);
    plan_close(&bench->plan);
    dataset_close(&bench->dataset);
    experiment_close(&bench->experiment);
}

#endif
