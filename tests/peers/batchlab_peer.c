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
#include "run/step_roof.h"
#include "steps.h"
#include "train/live.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 1000, LIVE_EXAMPLES = 256 };
static const double block_seconds = 0.02;

static const char *engine_name;
static int threads;
static struct roof roof;
static struct loaded_engine loaded;

/* A step that takes longer than `seconds` is made twice: once unseen. */
static double examples_per_second(struct cell_steps *cell, struct pool *pool, double seconds)
{
    double k = cell->bench.cell->batch_size, rates[BLOCKS_MAX], taken, end;
    long steps = 1;
    int count = 0;

    while ((taken = steps_time(cell, pool, steps)) < block_seconds / 2)
        steps *= 2;
    end = clock_now() + seconds;
    do {
        taken = steps_time(cell, pool, steps);
        rates[count++] = k * (double)steps / taken;
    } while (clock_now() < end && count < BLOCKS_MAX);
    return stats_median(rates, (size_t)count);
}

static double roof_of_live_rows(const struct cell_steps *cell, const struct pool *pool,
                                struct step_work work)
{
    const struct model *model = &cell->model;
    double *live = calloc((size_t)model->network.layer_count, sizeof *live), rate = NAN;

    if (live && work.examples == 1 &&
        live_units(&model->network, cell->stepper.theta, pool->features, LIVE_EXAMPLES, live) ==
            1 &&
        step_work_live(&model->network, model->flops_per_example, live, &work))
        rate = step_roof(&work, &roof).examples_per_second;
    free(live);
    return rate;
}

static void answer(const struct dataset *dataset, struct pool *pool, const char *network, int k,
                   double seconds)
{
    struct cell_steps cell;

    steps_open(&cell, dataset, &loaded, engine_name, threads, network, k);
    if (cell.is_open) {
        struct step_work work = step_work(&cell.model.network, cell.model.flops_per_example, k);

        printf("%.17g", examples_per_second(&cell, pool, seconds));
        printf(" %.17g %.17g\n", step_roof(&work, &roof).examples_per_second,
               roof_of_live_rows(&cell, pool, work));
    } else {
        puts("unsupported");
    }
    steps_close(&cell);
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
    experiment_of(&experiment, engine_name, threads, "S", 1);
    if (roof_measure_apart(&roof, &host, threads) != 0 ||
        dataset_open(&dataset, &experiment.dataset) != 0)
        give_up(error_text());
    experiment_close(&experiment);
    if (registry_load(&loaded, engine_name, &message) != 0)
        give_up(message.text);
    pool_open(&pool, &dataset);
    puts("ready");
    fflush(stdout);
    while (scanf("%31s %d %lf", network, &k, &seconds) == 3) {
        answer(&dataset, &pool, network, k, seconds);
        fflush(stdout);
    }
    pool_close(&pool);
    dataset_close(&dataset);
    return 0;
}
