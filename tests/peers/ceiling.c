/* What keeps a training step from its roof: the step, its parts alone, and the machine's ceilings,
 * timed in turn in one run.
 *
 *   ceiling THREADS SECONDS NETWORK:K...
 *
 * Networks of dense layers (S, M, L). Each cell is timed for so many seconds and prints two lines;
 * README.md says what is in them. */
#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"
#include "ceiling_parts.h"
#include "run/step_roof.h"
#include "steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 2000, PARTS_MAX = 64, CHUNK = 512, ENGINES = 2 };
static const double slice_seconds = 0.002; /* of one timing */
static const char *const engine_names[ENGINES] = {"native", "onednn"};

/* Something to time: its seconds in each round, for a step of K examples. */
struct series {
    double seconds[ROUNDS_MAX];
    long times; /* in one timing */
};

static int threads;
static struct roof roof;
static struct loaded_engine engines[ENGINES];
static struct part parts[PARTS_MAX];
static int part_count;
static struct series steps_taken[ENGINES], parts_taken[PARTS_MAX][BY_COUNT], rates[CEILING_COUNT],
    traffic[2];

/* The parts of one thread's share, in chunks. */
static void list_parts(const struct network *network, int k)
{
    int share = (k + threads - 1) / threads, rows = share < CHUNK ? share : CHUNK;

    part_count = 0;
    for (int l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        struct part part = {
            .kind = PART_FORWARD,
            .rows = rows,
            .inputs = (int)shape_size(layer->input),
            .outputs = (int)shape_size(layer->output),
            .activation = layer->activation,
            .is_last = l + 1 == network->layer_count,
            .repeats = (double)share / rows,
        };

        if (layer->kind != LAYER_DENSE)
            give_up("expected a network of dense layers");
        for (int kind = PART_FORWARD; kind <= PART_ELEMENTWISE; kind++) {
            part.kind = (enum part_kind)kind;
            part.needs_inputs = l > 0;
            if (kind != PART_INPUTS || (l > 0 && rows > 1))
                parts[part_count++] = part;
        }
    }
}

/* How often, to take a slice. */
static long times_of(double seconds_of_one)
{
    return seconds_of_one < slice_seconds ? (long)(slice_seconds / seconds_of_one) + 1 : 1;
}

static void time_round(struct cell_steps *cells, struct pool *pool, size_t theta_bytes, int round)
{
    for (int e = 0; e < ENGINES; e++)
        if (cells[e].is_open)
            steps_taken[e].seconds[round] =
                steps_time(&cells[e], pool, steps_taken[e].times) / (double)steps_taken[e].times;
    for (int p = 0; p < part_count; p++)
        for (int by = 0; by < BY_COUNT; by++)
            if (part_is_by(&parts[p], (enum by)by))
                parts_taken[p][by].seconds[round] =
                    part_time(&parts[p], (enum by)by, parts_taken[p][by].times) * parts[p].repeats /
                    (double)parts_taken[p][by].times;
    for (int c = 0; c < CEILING_COUNT; c++)
        rates[c].seconds[round] = ceiling_rate((enum ceiling)c);
    for (int writes = 0; writes < 2; writes++)
        traffic[writes].seconds[round] = traffic_rate(theta_bytes, writes);
}

static void choose_times(struct cell_steps *cells, struct pool *pool)
{
    for (int e = 0; e < ENGINES; e++)
        if (cells[e].is_open) {
            steps_time(&cells[e], pool, 1);
            steps_taken[e].times = times_of(steps_time(&cells[e], pool, 1));
        }
    for (int p = 0; p < part_count; p++)
        for (int by = 0; by < BY_COUNT; by++)
            if (part_is_by(&parts[p], (enum by)by)) {
                part_time(&parts[p], (enum by)by, 1);
                parts_taken[p][by].times = times_of(part_time(&parts[p], (enum by)by, 1));
            }
}

static double median_of(const struct series *series, int rounds)
{
    return stats_median(series->seconds, (size_t)rounds);
}

/* The fastest of a part, by medians. */
static enum by best_of(const struct part *part, int rounds)
{
    const struct series *taken = parts_taken[part - parts];
    enum by best = BY_NATIVE;

    for (int by = 0; by < BY_COUNT; by++)
        if (part_is_by(part, (enum by)by) &&
            median_of(&taken[by], rounds) < median_of(&taken[best], rounds))
            best = (enum by)by;
    return best;
}

static void print_cell(const char *name, const struct cell_steps *cells, int k, int rounds)
{
    static const char *const kinds[] = {"forward", "weights", "inputs", "elementwise"};
    const struct model *model = &cells[0].model;
    struct step_work work = step_work(&model->network, model->flops_per_example, k);
    double roof_seconds = k / step_roof(&work, &roof).examples_per_second;
    double products = 0, elementwise = 0, largest = 0, step, memory;
    const struct part *most = parts;
    int e =
        cells[1].is_open && median_of(&steps_taken[1], rounds) < median_of(&steps_taken[0], rounds);

    step = median_of(&steps_taken[e], rounds);
    for (int p = 0; p < part_count; p++) {
        double seconds = median_of(&parts_taken[p][best_of(&parts[p], rounds)], rounds);

        *(parts[p].kind == PART_ELEMENTWISE ? &elementwise : &products) += seconds;
        if (parts[p].kind != PART_ELEMENTWISE && seconds > largest) {
            largest = seconds;
            most = &parts[p];
        }
    }
    memory = work.input_bytes * 1e-9 / median_of(&rates[CEILING_READ], rounds);
    printf("%-8s %-7s step %.3f of the roof; parts/step: products %.2f elementwise %.2f memory "
           "%.2f; parts alone %.3f of the roof, with memory %.3f (n = %d)\n",
           name, engine_names[e], roof_seconds / step, products / step, elementwise / step,
           memory / step, roof_seconds / (products + elementwise),
           roof_seconds / (products + elementwise + memory), rounds);
    printf("%-8s largest: %s %dx%dx%d by %s %.2f of the peak;", "", kinds[most->kind], most->rows,
           most->inputs, most->outputs, by_names[best_of(most, rounds)],
           part_flops(most) * most->repeats * threads / largest * 1e-9 / roof.fma_gflops);
    for (int c = 0; c < CEILING_READ; c++)
        printf(" %s %.2f", ceiling_names[c], median_of(&rates[c], rounds) / roof.fma_gflops);
    printf("; GB/s: memory %.1f, theta read %.1f, updated %.1f\n",
           median_of(&rates[CEILING_READ], rounds), median_of(&traffic[0], rounds),
           median_of(&traffic[1], rounds));
    fflush(stdout);
}

static void time_cell(const struct dataset *dataset, struct pool *pool, const char *name,
                      double seconds)
{
    struct cell_steps cells[ENGINES];
    struct message message;
    char network[32];
    double end;
    int k, rounds = 0, widest = 0;

    if (sscanf(name, "%31[^:]:%d", network, &k) != 2 || k < 1)
        give_up("expected NETWORK:K");
    for (int e = 0; e < ENGINES; e++)
        steps_open(&cells[e], dataset, &engines[e], engine_names[e], threads, network, k);
    list_parts(&cells[0].model.network, k);
    for (int p = 0; p < part_count; p++) {
        widest = parts[p].inputs > widest ? parts[p].inputs : widest;
        widest = parts[p].outputs > widest ? parts[p].outputs : widest;
    }
    if (parts_open(threads, parts[0].rows, widest, widest, &message) != 0)
        give_up(message.text);
    choose_times(cells, pool);
    end = clock_now() + seconds;
    do {
        time_round(cells, pool, 4 * network_parameters(&cells[0].model.network), rounds);
        rounds++;
    } while (clock_now() < end && rounds < ROUNDS_MAX);
    print_cell(name, cells, k, rounds);
    parts_close();
    for (int e = 0; e < ENGINES; e++)
        steps_close(&cells[e]);
}

int main(int argc, char **argv)
{
    struct experiment experiment;
    struct dataset dataset;
    struct message message;
    struct pool pool;
    struct host host;

    if (argc < 4 || (threads = atoi(argv[1])) < 1 || !(atof(argv[2]) > 0))
        give_up("expected THREADS SECONDS NETWORK:K...");
    setenv("GOMP_SPINCOUNT", "1000", 0); /* as in a cell */
    host_read(&host);
    experiment_of(&experiment, "native", threads, "S", 1);
    if (roof_measure_apart(&roof, &host, threads) != 0 ||
        dataset_open(&dataset, &experiment.dataset) != 0)
        give_up(error_text());
    experiment_close(&experiment);
    for (int e = 0; e < ENGINES; e++)
        if (registry_load(&engines[e], engine_names[e], &message) != 0)
            give_up(message.text);
    pool_open(&pool, &dataset);
    printf("%d thread(s), %s: peak %.1f GFLOP/s, memory %.1f GB/s\n", threads, host.instructions,
           roof.fma_gflops, roof.bandwidth[LEVEL_MEMORY][TRAFFIC_READ]);
    for (int i = 3; i < argc; i++)
        time_cell(&dataset, &pool, argv[i], atof(argv[2]));
    pool_close(&pool);
    dataset_close(&dataset);
    return 0;
}
