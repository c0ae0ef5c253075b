/* Paired rounds: who is asked for what, and when. */
#include "gate/gate.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/stats.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

void gate_interrupt(void)
{
    interrupted = 1;
}

int gate_interrupted(void)
{
    return interrupted;
}

/* A turn that takes so many times as long as it should is a side that hangs. */
static const double patience = 50;
enum { CLOSE_SECONDS = 120, LEAST_SECONDS = 30 };

static int keep_turn(struct gate *gate, const struct gate_turn *turn)
{
    if (gate->turn_count == gate->turn_capacity) {
        size_t capacity = gate->turn_capacity ? 2 * gate->turn_capacity : 256;
        struct gate_turn *turns = realloc(gate->turns, capacity * sizeof *turns);

        if (!turns)
            return error_set("out of memory for timed turns");
        gate->turns = turns;
        gate->turn_capacity = capacity;
    }
    gate->turns[gate->turn_count++] = *turn;
    gate->cells[turn->cell].tagged[turn->side] += (size_t)gate_sample_tagged(&turn->sample);
    return 0;
}

static int keep_round(struct gate_series *series, const double seconds[GATE_SIDES],
                      const double cpu[GATE_SIDES])
{
    for (int s = 0; s < GATE_SIDES; s++) {
        double *more = realloc(series->seconds[s], (series->count + 1) * sizeof *more);

        if (!more)
            return error_set("out of memory for rounds");
        series->seconds[s] = more;
        more[series->count] = seconds[s];
        more = realloc(series->cpu[s], (series->count + 1) * sizeof *more);
        if (!more)
            return error_set("out of memory for rounds");
        series->cpu[s] = more;
        more[series->count] = cpu[s];
    }
    series->count++;
    return 0;
}

/* What one side could not do takes the cell out, and is no reason to end. */
static int lose(struct gate_cell *cell)
{
    cell->verdict = GATE_MISSING;
    snprintf(cell->reason, sizeof cell->reason, "%.255s", error_text());
    return 1;
}

static int take_turn(struct gate *gate, struct side_process *side, struct gate_turn *turn)
{
    struct gate_cell *cell = &gate->cells[turn->cell];
    struct gate_sample *sample = &turn->sample;
    char question[64], answer[256];

    snprintf(question, sizeof question, "time %ld", cell->updates);
    if (side_ask(side, LEAST_SECONDS + patience * gate->options.slice, question, "timed", answer,
                 sizeof answer) != 0)
        return lose(cell);
    if (sscanf(answer, "%lf %lf %lf %lf %lf", &sample->wall, &sample->cpu, &sample->switches,
               &sample->steal, &sample->load) != 5 ||
        !(sample->wall > 0 && isfinite(sample->wall))) {
        error_set("%s: `timed %.60s` is no time", gate->sides[turn->side].label, answer);
        return lose(cell);
    }
    return keep_turn(gate, turn);
}

static int open_cell(struct side_process *side, struct gate_cell *cell)
{
    char answer[512];
    int status = side_open(side, cell->name, answer, sizeof answer);

    if (status > 0)
        error_set("unsupported all at once: %.200s", answer);
    return status == 0 ? 0 : lose(cell);
}

/* What the turns of one round took: [turns] each. */
struct turn_times {
    double *wall[GATE_SIDES], *cpu[GATE_SIDES];
    size_t count[GATE_SIDES];
};

static int times_open(struct turn_times *times, int turns)
{
    double *memory = calloc((size_t)turns * 2 * GATE_SIDES, sizeof *memory);

    if (!memory)
        return error_set("out of memory for turns");
    for (int s = 0; s < GATE_SIDES; s++) {
        times->wall[s] = memory + (size_t)(2 * s) * (size_t)turns;
        times->cpu[s] = memory + (size_t)(2 * s + 1) * (size_t)turns;
        times->count[s] = 0;
    }
    return 0;
}

static void times_close(const struct turn_times *times)
{
    free(times->wall[0]);
}

/* The sides in turn. 0; 1: the cell is out; -1 (error set). */
static int take_turns(struct gate *gate, struct side_process *const sides[GATE_SIDES],
                      const struct gate_turn *first, const int *order, int pattern,
                      struct turn_times *times)
{
    int status = 0;

    for (int t = 0; t < GATE_SIDES * gate->options.turns && status == 0; t++) {
        struct gate_turn turn = *first;
        int side = order[t % pattern];

        turn.side = side;
        turn.position = t;
        status = take_turn(gate, sides[side], &turn);
        times->wall[side][times->count[side]] = turn.sample.wall;
        times->cpu[side][times->count[side]++] = turn.sample.cpu;
    }
    return status;
}

/* 0; 1: a side failed at it, and the cell is out. */
static int close_cell(struct side_process *const sides[GATE_SIDES], struct gate_cell *cell)
{
    char answer[64];

    for (int s = 0; s < GATE_SIDES; s++)
        if (side_ask(sides[s], CLOSE_SECONDS, "close", "closed", answer, sizeof answer) != 0)
            return lose(cell);
    return 0;
}

/* Base and head of one cell in one round. 0; 1: the cell is out; -1 (error set). */
static int measure_cell(struct gate *gate, struct side_process *const sides[GATE_SIDES], int index,
                        int stage, int round, struct rng *rng)
{
    enum { PATTERN = 4 };
    static const int orders[2][PATTERN] = {{GATE_BASE, GATE_HEAD, GATE_HEAD, GATE_BASE},
                                           {GATE_HEAD, GATE_BASE, GATE_BASE, GATE_HEAD}};
    const struct gate_turn turn = {.cell = index, .stage = stage, .round = round};
    const int *order = orders[rng_below(rng, 2)];
    struct gate_cell *cell = &gate->cells[index];
    double wall[GATE_SIDES], cpu[GATE_SIDES];
    struct turn_times times = {.count = {0}};
    int status;

    for (int s = 0; s < GATE_SIDES; s++)
        if ((status = open_cell(sides[order[s]], cell)) != 0)
            return status;
    if (times_open(&times, gate->options.turns) != 0)
        return -1;
    status = take_turns(gate, sides, &turn, order, PATTERN, &times);
    for (int s = 0; s < GATE_SIDES; s++) {
        wall[s] = stats_median(times.wall[s], times.count[s]);
        cpu[s] = stats_median(times.cpu[s], times.count[s]);
    }
    times_close(&times);
    if (status == 0)
        status = close_cell(sides, cell);
    return status == 0 ? keep_round(&cell->series[stage], wall, cpu) : status;
}

void gate_stop_sides(struct side_process *sides[GATE_SIDES])
{
    for (int s = 0; s < GATE_SIDES; s++) {
        side_stop(sides[s]);
        sides[s] = NULL;
    }
}

int gate_start_sides(struct gate *gate, int first, struct side_process *sides[GATE_SIDES])
{
    gate_stop_sides(sides);
    for (int i = 0; i < GATE_SIDES; i++) {
        int s = (first + i) % GATE_SIDES;

        if (side_start(&sides[s], &gate->sides[s], gate->options.file) != 0)
            return -1;
    }
    return 0;
}

static int run_round(struct gate *gate, const char *chosen, int stage, int round, struct rng *rng)
{
    struct side_process *sides[GATE_SIDES] = {NULL};
    int32_t *order = calloc((size_t)gate->count, sizeof *order);
    int status = order ? 0 : error_set("out of memory"), lost = 0;

    for (int c = 0; order && c < gate->count; c++)
        order[c] = c;
    if (status == 0)
        rng_shuffle(rng, order, (size_t)gate->count);
    for (int i = 0; i < gate->count && status == 0; i++) {
        int c = order[i];

        if (!chosen[c] || gate->cells[c].verdict == GATE_MISSING)
            continue;
        if (interrupted)
            status = error_set("interrupted");
        if (status == 0 && (!sides[GATE_BASE] || lost)) /* at first, and after a crash */
            status = gate_start_sides(gate, (int)rng_below(rng, GATE_SIDES), sides);
        if (status == 0)
            status = measure_cell(gate, sides, c, stage, round, rng);
        lost = status == 1;
        if (status == 1)
            status = interrupted ? error_set("interrupted") : 0;
    }
    gate_stop_sides(sides);
    free(order);
    return status;
}

int gate_measure(struct gate *gate, const char *chosen, int stage, int rounds, uint64_t seed)
{
    const struct gate_options *options = &gate->options;
    double end = gate->seconds;
    int status = 0;
    struct rng rng;

    rng_init(&rng, seed, RNG_GATE, (uint32_t)stage);
    for (int round = 0; round < rounds && status == 0; round++) {
        double start = clock_now();

        if (end > options->budget) {
            gate->is_cut = 1;
            break;
        }
        if (options->progress)
            options->progress(options->context, stage, round, rounds);
        status = run_round(gate, chosen, stage, gate->rounds_made[stage]++, &rng);
        end += clock_now() - start;
    }
    gate->seconds = end;
    return status;
}
