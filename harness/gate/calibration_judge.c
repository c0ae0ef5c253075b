/* What a gate can tell on this machine: runs of a gate made out of recorded rounds. */
#include "gate/calibration.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* First rounds, their doubling, confirmation and its doubling: what one run may take. */
enum { STRETCHES = 4, BLOCK = 5 };

static const double sequential_threshold = 1.05;

/* Rounds that every cell of the arm has, lost ones aside. */
static size_t recorded_rounds(const struct gate *gate)
{
    size_t most = 0;

    for (int c = 0; c < gate->count; c++)
        if (gate->cells[c].series[GATE_FIRST].count > most)
            most = gate->cells[c].series[GATE_FIRST].count;
    return most;
}

/* Timed to the end of the recording. */
static int is_whole(const struct gate *gate, const struct gate_cell *cell)
{
    return cell->verdict != GATE_MISSING && cell->verdict != GATE_UNSUPPORTED &&
           cell->series[GATE_FIRST].count == recorded_rounds(gate);
}

/* ---- One run of one cell ----------------------------------------------------------------------
 */

/* Appends the picked rounds of what was recorded. */
static void take(struct gate_series *into, const struct gate_series *from, const size_t *picked,
                 size_t count)
{
    for (size_t i = 0; i < count; i++, into->count++)
        for (int s = 0; s < GATE_SIDES; s++) {
            into->seconds[s][into->count] = from->seconds[s][picked[i]];
            into->cpu[s][into->count] = from->cpu[s][picked[i]];
        }
}

/* The stage as a gate goes about it: rounds, and as many more where they leave it open. */
static void run_stage(const struct gate *gate, struct gate_cell *cell, int stage,
                      const struct gate_series *recorded, const size_t *picked)
{
    size_t rounds = (size_t)gate->rounds;

    take(&cell->series[stage], recorded, picked, rounds);
    gate_judge(gate, cell, stage);
    if (cell->findings[stage].verdict != PAIRED_INCONCLUSIVE)
        return;
    take(&cell->series[stage], recorded, picked + rounds, rounds);
    gate_judge(gate, cell, stage);
}

/* picked[STRETCHES * rounds]; room: series of as many rounds, to be used. */
static enum gate_verdict run_cell(const struct gate *gate, const struct gate_cell *recorded,
                                  double floor, const size_t *picked,
                                  const struct gate_series room[GATE_STAGES])
{
    struct gate_cell cell = {.floor = floor, .verdict = GATE_INCONCLUSIVE};

    for (int stage = 0; stage < GATE_STAGES; stage++)
        cell.series[stage] = room[stage];
    run_stage(gate, &cell, GATE_FIRST, &recorded->series[GATE_FIRST], picked);
    if (cell.findings[GATE_FIRST].verdict == PAIRED_REGRESSION) {
        run_stage(gate, &cell, GATE_CONFIRMATION, &recorded->series[GATE_FIRST],
                  picked + 2 * gate->rounds);
        cell.is_confirmed = 1;
    }
    gate_conclude(&cell);
    return cell.verdict;
}

static enum gate_verdict run_sequential(const struct gate *gate, const struct gate_cell *recorded,
                                        const size_t *picked,
                                        const struct gate_series room[GATE_STAGES])
{
    struct gate_series base = room[GATE_FIRST], head = room[GATE_CONFIRMATION];
    size_t rounds = (size_t)gate->rounds;

    take(&base, &recorded->series[GATE_FIRST], picked, rounds);
    take(&head, &recorded->series[GATE_FIRST], picked + rounds, rounds);
    return stats_median(head.seconds[GATE_HEAD], rounds) >
                   sequential_threshold * stats_median(base.seconds[GATE_BASE], rounds)
               ? GATE_REGRESSION
               : GATE_SAME;
}

/* ---- Many runs of all cells -------------------------------------------------------------------
 */

struct workshop {
    struct calibration *calibration;
    size_t *picked;                       /* [STRETCHES * rounds] */
    struct gate_series room[GATE_STAGES]; /* of 2 * rounds each */
    enum gate_verdict *verdicts;          /* [cells] of one run */
    int arm;
    enum calibration_method method;
    size_t first_rate; /* of this arm and method, one a group */
    size_t groups;
};

/* The run-th stretch and those after it, round to the start. */
static void pick_recorded(const struct workshop *shop, size_t run)
{
    const struct gate *gate = &shop->calibration->arms[shop->arm];
    size_t rounds = (size_t)gate->rounds, all = recorded_rounds(gate);

    for (size_t i = 0; i < STRETCHES * rounds; i++)
        shop->picked[i] = (run * rounds + i) % all;
}

static void pick_resampled(const struct workshop *shop, struct rng *rng)
{
    const struct gate *gate = &shop->calibration->arms[shop->arm];
    size_t all = recorded_rounds(gate), at = 0;

    for (size_t i = 0; i < STRETCHES * (size_t)gate->rounds; i++) {
        if (i % BLOCK == 0)
            at = rng_below(rng, (uint32_t)all);
        shop->picked[i] = (at + i % BLOCK) % all;
    }
}

static int is_of(const char *group, const char *name)
{
    size_t length = strlen(group);

    if (group[length - 1] != '*')
        return strcmp(group, name) == 0;
    return strncmp(group, name, length - 1) == 0;
}

static void count_run(const struct workshop *shop)
{
    const struct gate *gate = &shop->calibration->arms[shop->arm];

    for (size_t g = 0; g < shop->groups; g++) {
        struct calibration_rate *rate = &shop->calibration->rates[shop->first_rate + g];
        int found = 0, open = 0, judged = 0;

        for (int c = 0; c < gate->count; c++)
            if (is_of(rate->group, gate->cells[c].name)) {
                judged |= shop->verdicts[c] != GATE_MISSING;
                found |= shop->verdicts[c] == GATE_REGRESSION;
                open |= shop->verdicts[c] == GATE_INCONCLUSIVE;
            }
        rate->runs += (size_t)judged; /* of cells that were lost there is nothing to say */
        rate->found += (size_t)found;
        rate->inconclusive += (size_t)(open && !found);
    }
}

static void make_run(const struct workshop *shop)
{
    const struct calibration *calibration = shop->calibration;
    const struct gate *gate = &calibration->arms[shop->arm];

    for (int c = 0; c < gate->count; c++) {
        const struct gate_cell *cell = &gate->cells[c];

        if (!is_whole(gate, cell))
            shop->verdicts[c] = GATE_MISSING;
        else if (shop->method == CALIBRATION_SEQUENTIAL)
            shop->verdicts[c] = run_sequential(gate, cell, shop->picked, shop->room);
        else
            shop->verdicts[c] =
                run_cell(gate, cell, calibration->floors[c], shop->picked, shop->room);
    }
    count_run(shop);
}

static void make_runs(const struct workshop *shop)
{
    const struct calibration *calibration = shop->calibration;
    const struct gate *gate = &calibration->arms[shop->arm];
    size_t runs = recorded_rounds(gate) / (size_t)gate->rounds;
    struct rng rng;

    rng_init(&rng, calibration->options.gate.seed, RNG_JUDGE, (uint32_t)shop->arm);
    if (shop->method == CALIBRATION_RESAMPLED)
        runs = runs > 0 ? (size_t)calibration->options.resamples : 0;
    for (size_t run = 0; run < runs; run++) {
        if (shop->method == CALIBRATION_RESAMPLED)
            pick_resampled(shop, &rng);
        else
            pick_recorded(shop, run);
        make_run(shop);
    }
}

/* ---- Groups of cells --------------------------------------------------------------------------
 */

static int add_rate(struct calibration *calibration, const char *group, double share,
                    enum calibration_method method)
{
    struct calibration_rate *rates =
        realloc(calibration->rates, (calibration->rate_count + 1) * sizeof *rates);

    if (!rates)
        return error_set("out of memory");
    calibration->rates = rates;
    rates[calibration->rate_count] = (struct calibration_rate){.share = share, .method = method};
    snprintf(rates[calibration->rate_count++].group, sizeof rates->group, "%s", group);
    return 0;
}

static int has_rate(const struct calibration *calibration, size_t first, const char *group)
{
    for (size_t r = first; r < calibration->rate_count; r++)
        if (strcmp(calibration->rates[r].group, group) == 0)
            return 1;
    return 0;
}

/* All cells; those of each engine, where names begin with it; each cell. */
static int add_groups(struct workshop *shop)
{
    struct calibration *calibration = shop->calibration;
    const struct gate *gate = &calibration->arms[0];
    double share = calibration->options.shares[shop->arm];
    char group[GATE_NAME_SIZE + 2];

    shop->first_rate = calibration->rate_count;
    if (add_rate(calibration, "*", share, shop->method) != 0)
        return -1;
    for (int c = 0; c < gate->count; c++) {
        const char *network = strstr(gate->cells[c].name, "/k=");

        while (network && network > gate->cells[c].name && network[-1] != '/')
            network--;
        if (!network || network == gate->cells[c].name)
            continue;
        snprintf(group, sizeof group, "%.*s*", (int)(network - gate->cells[c].name),
                 gate->cells[c].name);
        if (!has_rate(calibration, shop->first_rate, group) &&
            add_rate(calibration, group, share, shop->method) != 0)
            return -1;
    }
    for (int c = 0; c < gate->count; c++)
        if (add_rate(calibration, gate->cells[c].name, share, shop->method) != 0)
            return -1;
    shop->groups = calibration->rate_count - shop->first_rate;
    return 0;
}

/* ---- The floor --------------------------------------------------------------------------------
 */

/* 95th percentile over the recorded runs. NaN where there are fewer than two, or it was lost. */
static double floor_of(const struct gate *gate, const struct gate_cell *cell)
{
    const struct gate_series *series = &cell->series[GATE_FIRST];
    size_t rounds = (size_t)gate->rounds, runs = series->count / rounds;
    double *differences = calloc(rounds, sizeof *differences);
    double *runs_apart = calloc(runs + 1, sizeof *runs_apart), floor = NAN;

    if (!differences || !runs_apart)
        abort();
    for (size_t run = 0; run < runs; run++) {
        for (size_t i = 0; i < rounds; i++)
            differences[i] = log(series->seconds[GATE_HEAD][run * rounds + i]) -
                             log(series->seconds[GATE_BASE][run * rounds + i]);
        runs_apart[run] = fabs(stats_median(differences, rounds));
    }
    if (runs >= 2 && is_whole(gate, cell))
        floor = expm1(stats_quantile(runs_apart, runs, 0.95));
    free(differences);
    free(runs_apart);
    return floor;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static int open_shop(struct workshop *shop, struct calibration *calibration)
{
    const struct gate *gate = &calibration->arms[0];
    size_t rounds = (size_t)gate->rounds;
    int status = 0;

    memset(shop, 0, sizeof *shop);
    shop->calibration = calibration;
    shop->picked = calloc(STRETCHES * rounds, sizeof *shop->picked);
    shop->verdicts = calloc((size_t)gate->count, sizeof *shop->verdicts);
    calibration->floors = calloc((size_t)gate->count, sizeof *calibration->floors);
    for (int stage = 0; stage < GATE_STAGES; stage++)
        for (int s = 0; s < GATE_SIDES; s++) {
            double **into = shop->room[stage].seconds, **cpu = shop->room[stage].cpu;

            into[s] = calloc(2 * rounds, sizeof **into);
            cpu[s] = calloc(2 * rounds, sizeof **cpu);
            if (!into[s] || !cpu[s])
                status = error_set("out of memory");
        }
    if (!shop->picked || !shop->verdicts || !calibration->floors)
        status = error_set("out of memory");
    return status;
}

static void close_shop(struct workshop *shop)
{
    free(shop->picked);
    free(shop->verdicts);
    for (int stage = 0; stage < GATE_STAGES; stage++)
        for (int s = 0; s < GATE_SIDES; s++) {
            free(shop->room[stage].seconds[s]);
            free(shop->room[stage].cpu[s]);
        }
}

int calibration_judge(struct calibration *calibration)
{
    const struct gate *same = &calibration->arms[0];
    struct workshop shop;
    int status = open_shop(&shop, calibration);

    for (int c = 0; c < same->count && status == 0; c++)
        calibration->floors[c] = floor_of(same, &same->cells[c]);
    for (shop.arm = 0; shop.arm < calibration->opened && status == 0; shop.arm++)
        for (int m = 0; m < CALIBRATION_METHODS && status == 0; m++) {
            shop.method = (enum calibration_method)m;
            status = add_groups(&shop);
            if (status == 0)
                make_runs(&shop);
        }
    close_shop(&shop);
    return status;
}
