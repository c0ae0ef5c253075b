/* Cells of a planted truth, for the tests that look at many of them. */
#ifndef BATCHLAB_TESTS_VERDICT_CELLS_H
#define BATCHLAB_TESTS_VERDICT_CELLS_H

#include "verdict_fixture.h"

#include "base/rng.h"

enum { SEEDS = 6 };

struct cell {
    const char *network, *optimizer, *outcome;
    int k, train_examples, seed;
    double rate, updates, loss, reached; /* reached: updates to the target; NAN: it was not */
};

static FILE *cells;
static int cell_count;
static struct rng stream;

static inline void begin_cells(void)
{
    rng_init(&stream, 11, RNG_TEST, 0);
    cell_count = 0;
    cells = fopen(scratch_path("cells.csv"), "w");
    assert_non_null(cells);
    fputs("id,network,optimizer,batch_size,full_batch,train_examples,learning_rate,seed,outcome,"
          "edge,wall_seconds,updates,final_validation_loss,updates_to_train_loss_0.5\n",
          cells);
}

static inline void put(struct cell cell)
{
    char loss[32] = "", reached[32] = "";

    if (!isnan(cell.loss))
        snprintf(loss, sizeof loss, "%.17g", cell.loss);
    if (!isnan(cell.reached))
        snprintf(reached, sizeof reached, "%.17g", cell.reached);
    fprintf(cells, "c%d,%s,%s,%d,0,%d,%g,%d,%s,0,3600,%g,%s,%s\n", cell_count++,
            cell.network ? cell.network : "a", cell.optimizer ? cell.optimizer : "sgd", cell.k,
            cell.train_examples, cell.rate, cell.seed, cell.outcome ? cell.outcome : "budget",
            cell.updates, loss, reached);
}

static inline void end_cells(const char *experiment)
{
    fclose(cells);
    plant_manifest(experiment);
}

static inline double noise(double deviation)
{
    return exp(deviation * rng_normal(&stream));
}

static inline int done(void **state)
{
    (void)state;
    forget();
    remove(scratch_path("probes.csv"));
    return 0;
}

/* What the ruling on the claim rests on. */
static inline struct effect detail_of(const char *id, const char *quantity, const char *of)
{
    const struct details *details = &deciding_of(id)->details;

    for (size_t i = 0; i < details->count; i++)
        if (strcmp(details->list[i].quantity, quantity) == 0 &&
            strcmp(details->list[i].of, of) == 0)
            return details->list[i].effect;
    fail_msg("%s: no %s of `%s`", id, quantity, of);
    return (struct effect){0, 0, 0};
}

#endif
