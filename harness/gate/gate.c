/* Is the head slower than the base? */
#include "gate/gate.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

const char *const gate_verdict_names[GATE_VERDICTS] = {
    [GATE_SAME] = "SAME",
    [GATE_IMPROVED] = "IMPROVED",
    [GATE_REGRESSION] = "REGRESSION",
    [GATE_INCONCLUSIVE] = "INCONCLUSIVE",
    [GATE_UNSUPPORTED] = "UNSUPPORTED",
    [GATE_MISSING] = "MISSING",
    [GATE_WRONG] = "WRONG",
};

const char *const gate_side_names[GATE_SIDES] = {"base", "head"};

/* ---- Which cells ------------------------------------------------------------------------------
 */

static struct gate_cell *find(struct gate *gate, const char *name)
{
    for (int c = 0; c < gate->count; c++)
        if (strcmp(gate->cells[c].name, name) == 0)
            return &gate->cells[c];
    return NULL;
}

static int add(struct gate *gate, const char *name)
{
    struct gate_cell *cells = realloc(gate->cells, ((size_t)gate->count + 1) * sizeof *cells);

    if (!cells)
        return error_set("out of memory");
    gate->cells = cells;
    cells[gate->count] = (struct gate_cell){.floor = NAN, .verdict = GATE_MISSING};
    snprintf(cells[gate->count].name, sizeof cells->name, "%s", name);
    gate->count++;
    return 0;
}

/* The cells of either side that were asked for; one that both have is no longer missing. */
static int list_cells(struct gate *gate, struct side_process *const sides[GATE_SIDES])
{
    const char *only = gate->options.only;

    for (int s = 0; s < GATE_SIDES; s++)
        for (int i = 0; i < side_cells(sides[s]); i++) {
            const char *name = side_cell(sides[s], i);
            struct gate_cell *cell;

            if (only && !strstr(name, only))
                continue;
            cell = find(gate, name);
            if (cell) {
                cell->verdict = GATE_INCONCLUSIVE;
                continue;
            }
            if (add(gate, name) != 0)
                return -1;
            snprintf(gate->cells[gate->count - 1].reason, sizeof gate->cells->reason,
                     "only the %s has it", gate_side_names[s]);
        }
    if (gate->count == 0)
        return error_set("%s: no cell with '%s' in its name", gate->options.file, only ? only : "");
    return 0;
}

enum { ASK_SECONDS = 120 };

static int find_updates(struct gate *gate, struct side_process *side, struct gate_cell *cell)
{

    char question[64], answer[256];

    snprintf(question, sizeof question, "find %.9g", gate->options.slice);
    if (side_ask(side, ASK_SECONDS, question, "found", answer, sizeof answer) != 0)
        return -1;
    cell->updates = strtol(answer, NULL, 10);
    if (cell->updates < 1)
        return error_set("base: `found %.60s` is no number of updates", answer);
    return side_ask(side, ASK_SECONDS, "describe", "described", cell->library,
                    sizeof cell->library);
}

static void miss(struct gate_cell *cell, const char *reason)
{
    cell->verdict = GATE_MISSING;
    snprintf(cell->reason, sizeof cell->reason, "%.255s", reason);
}

/* What both support is to be timed; how many updates make a turn is the base's affair. */
static void look_at(struct gate *gate, struct side_process *const sides[GATE_SIDES],
                    struct gate_cell *cell)
{
    char why[GATE_SIDES][256];
    int status[GATE_SIDES];

    for (int s = 0; s < GATE_SIDES; s++) {
        status[s] = side_open(sides[s], cell->name, why[s], sizeof why[s]);
        if (status[s] < 0) {
            miss(cell, error_text());
            return;
        }
    }
    if (status[GATE_BASE] == 1 && status[GATE_HEAD] == 1) {
        cell->verdict = GATE_UNSUPPORTED;
        snprintf(cell->reason, sizeof cell->reason, "%s", why[GATE_BASE]);
    } else if (status[GATE_BASE] == 1 || status[GATE_HEAD] == 1) {
        int s = status[GATE_BASE] == 1 ? GATE_BASE : GATE_HEAD;

        snprintf(cell->reason, sizeof cell->reason, "not supported by the %s: %.200s",
                 gate_side_names[s], why[s]);
        cell->verdict = GATE_MISSING;
    } else if (find_updates(gate, sides[GATE_BASE], cell) != 0 ||
               side_ask(sides[GATE_HEAD], ASK_SECONDS, "engine", "engine", cell->engine,
                        sizeof cell->engine) != 0) {
        miss(cell, error_text());
    }
}

static int survey(struct gate *gate)
{
    struct side_process *sides[GATE_SIDES] = {NULL};
    int status = gate_start_sides(gate, GATE_BASE, sides);

    if (status == 0)
        status = list_cells(gate, sides);
    for (int c = 0; c < gate->count && status == 0; c++) {
        struct gate_cell *cell = &gate->cells[c];

        if (cell->verdict == GATE_MISSING)
            continue;
        look_at(gate, sides, cell);
        if (gate_interrupted())
            status = error_set("interrupted");
        else if (cell->verdict == GATE_MISSING)
            status = gate_start_sides(gate, GATE_BASE, sides); /* one has died at it */
    }
    gate_stop_sides(sides);
    return status;
}

/* ---- What may be judged -----------------------------------------------------------------------
 */

int gate_count(const struct gate *gate, enum gate_verdict verdict)
{
    int count = 0;

    for (int c = 0; c < gate->count; c++)
        count += gate->cells[c].verdict == verdict;
    return count;
}

int gate_unfinished(const struct gate *gate)
{
    int count = 0;

    for (int c = 0; c < gate->count && gate->is_cut; c++) {
        const struct gate_cell *cell = &gate->cells[c];
        const struct paired_finding *first = &cell->findings[GATE_FIRST];
        const struct paired_finding *again = &cell->findings[GATE_CONFIRMATION];
        int is_open = isinf(first->high) || (first->verdict == PAIRED_REGRESSION &&
                                             (!cell->is_confirmed || isinf(again->high)));

        count += cell->verdict == GATE_INCONCLUSIVE && is_open;
    }
    return count;
}

static int settle_rounds(struct gate *gate)
{
    enum { FEW_CELLS = 10, ROUNDS_OF_FEW = 20, ROUNDS_OF_MANY = 30, ROUNDS_LEAST = 6 };
    int cells = gate_count(gate, GATE_INCONCLUSIVE), rounds = gate->options.rounds, needed;

    if (cells == 0)
        return 0; /* what there is to say is in the cells */
    if (rounds == 0)
        rounds = cells <= FEW_CELLS ? ROUNDS_OF_FEW : ROUNDS_OF_MANY;
    needed = (int)paired_rounds_needed((size_t)cells);
    needed += needed % 2;
    needed = needed > ROUNDS_LEAST ? needed : ROUNDS_LEAST;
    if (rounds < needed || rounds % 2)
        return error_set("--rounds: %d, expected an even number from %d on: fewer cannot give %d "
                         "cell%s an interval each",
                         rounds, needed, cells, cells == 1 ? "" : "s");
    gate->rounds = rounds;
    gate->confidence = paired_confidence((size_t)cells);
    return 0;
}

/* What reading the clock twice a turn may be off by, of a turn. */
static double blur_of(const struct gate *gate)
{
    return 2 * gate->resolution / gate->options.slice;
}

/* A difference of the margin must be some readings of the clock long. */
static int check_clock(struct gate *gate)
{
    double blur;

    gate->resolution = clock_resolution();
    blur = blur_of(gate);
    if (!(blur <= gate->options.margin))
        return error_set(
            "--slice: %g s is too short for a clock of %.3g s: a difference of %.2g %% "
            "could not be seen; expected %g s or more",
            gate->options.slice, gate->resolution, 100 * gate->options.margin,
            2 * gate->resolution / gate->options.margin);
    return 0;
}

static int check_processor(const struct gate *gate)
{
    int processor = gate->options.processor;
    cpu_set_t before, one;

    if (processor < 0)
        return 0;
    CPU_ZERO(&one);
    if (processor < CPU_SETSIZE)
        CPU_SET((size_t)processor, &one);
    if (sched_getaffinity(0, sizeof before, &before) != 0 ||
        sched_setaffinity(0, sizeof one, &one) != 0)
        return error_set("cannot pin to processor %d: %s; --processor none measures without",
                         processor, strerror(errno));
    sched_setaffinity(0, sizeof before, &before);
    return 0;
}

int gate_open(struct gate *gate, const struct gate_options *options, const struct contender *base,
              const struct contender *head)
{
    memset(gate, 0, sizeof *gate);
    gate->options = *options;
    gate->sides[GATE_BASE] = *base;
    gate->sides[GATE_HEAD] = *head;
    for (int s = 0; s < GATE_SIDES; s++)
        gate->sides[s].processor = options->processor;
    clock_timestamp(gate->started);
    if (getloadavg(&gate->load_before, 1) != 1)
        gate->load_before = NAN;
    if (check_clock(gate) != 0 || check_processor(gate) != 0 || survey(gate) != 0)
        return -1;
    return settle_rounds(gate);
}

int gate_open_slowed(struct gate *gate, const struct gate *open, double share)
{
    size_t size = (size_t)open->count * sizeof *open->cells;

    *gate = *open;
    gate->sides[GATE_HEAD].planted = share;
    gate->cells = malloc(size);
    if (!gate->cells) {
        memset(gate, 0, sizeof *gate);
        return error_set("out of memory");
    }
    memcpy(gate->cells, open->cells, size);
    return 0;
}

void gate_close(struct gate *gate)
{
    for (int c = 0; c < gate->count; c++)
        for (int stage = 0; stage < GATE_STAGES; stage++)
            for (int s = 0; s < GATE_SIDES; s++) {
                free(gate->cells[c].series[stage].seconds[s]);
                free(gate->cells[c].series[stage].cpu[s]);
            }
    free(gate->cells);
    free(gate->turns);
    memset(gate, 0, sizeof *gate);
}

/* ---- Correctness first ------------------------------------------------------------------------
 */

/* The side's own where it has one. */
static const char *engine_of(const struct gate *gate, int side, const struct gate_cell *cell)
{
    return gate->sides[side].engine[0] ? gate->sides[side].engine : cell->engine;
}

/* One engine of one side, in all cells that have it. */
static int check_engine(struct gate *gate, int side, const char *engine, char *checked)
{
    char why[256];
    int status = contender_check(&gate->sides[side], engine, why, sizeof why);

    if (status < 0)
        return -1;
    for (int c = 0; c < gate->count; c++) {
        if (strcmp(engine_of(gate, side, &gate->cells[c]), engine) != 0)
            continue;
        checked[c] = 1;
        if (status == 1) {
            gate->cells[c].verdict = GATE_WRONG;
            snprintf(gate->cells[c].reason, sizeof gate->cells[c].reason, "%s: %.240s",
                     gate_side_names[side], why);
        }
    }
    return 0;
}

static int same_program(const struct contender *a, const struct contender *b)
{
    return strcmp(a->program, b->program) == 0 && strcmp(a->engines, b->engines) == 0 &&
           strcmp(a->engine, b->engine) == 0;
}

static int check_engines(struct gate *gate)
{
    int sides = same_program(&gate->sides[GATE_BASE], &gate->sides[GATE_HEAD]) ? 1 : GATE_SIDES;
    int status = 0;

    for (int s = 0; s < sides && status == 0; s++) {
        char *checked = calloc((size_t)gate->count, 1);

        if (!checked)
            return error_set("out of memory");
        for (int c = 0; c < gate->count && status == 0; c++) {
            if (checked[c] || gate->cells[c].verdict != GATE_INCONCLUSIVE)
                continue;
            status = gate_interrupted()
                         ? error_set("interrupted")
                         : check_engine(gate, s, engine_of(gate, s, &gate->cells[c]), checked);
        }
        free(checked);
    }
    return status;
}

/* ---- Judging ----------------------------------------------------------------------------------
 */

static double margin_of(const struct gate *gate, const struct gate_cell *cell)
{
    double margin = fmax(gate->options.margin, blur_of(gate));

    return cell->floor > margin ? cell->floor : margin; /* a floor that is not known is none */
}

void gate_judge(const struct gate *gate, struct gate_cell *cell, int stage)
{
    const struct gate_series *series = &cell->series[stage];
    const struct paired paired = {
        .base = series->seconds[GATE_BASE],
        .head = series->seconds[GATE_HEAD],
        .base_cpu = series->cpu[GATE_BASE],
        .head_cpu = series->cpu[GATE_HEAD],
        .count = series->count,
    };

    cell->margin = margin_of(gate, cell);
    cell->findings[stage] = paired_judge(&paired, cell->margin, gate->confidence);
}

void gate_conclude(struct gate_cell *cell)
{
    static const enum gate_verdict verdicts[PAIRED_VERDICTS] = {
        [PAIRED_SAME] = GATE_SAME,
        [PAIRED_IMPROVED] = GATE_IMPROVED,
        [PAIRED_REGRESSION] = GATE_REGRESSION,
        [PAIRED_INCONCLUSIVE] = GATE_INCONCLUSIVE,
    };
    const struct paired_finding *first = &cell->findings[GATE_FIRST];
    const struct paired_finding *again = &cell->findings[GATE_CONFIRMATION];

    cell->verdict = verdicts[first->verdict];
    snprintf(cell->reason, sizeof cell->reason, "%s", first->reason);
    if (first->verdict != PAIRED_REGRESSION)
        return;
    if (cell->is_confirmed && again->verdict == PAIRED_REGRESSION) {
        snprintf(cell->reason, sizeof cell->reason, "%s; measured anew %.3f [%.3f, %.3f]",
                 first->reason, again->ratio, again->low, again->high);
        return;
    }
    cell->verdict = GATE_INCONCLUSIVE;
    if (cell->is_confirmed)
        snprintf(cell->reason, sizeof cell->reason,
                 "%s, but measured anew %.3f [%.3f, %.3f]: not confirmed", first->reason,
                 again->ratio, again->low, again->high);
    else
        snprintf(cell->reason, sizeof cell->reason, "%s, but there was no time to measure anew",
                 first->reason);
}

/* chosen[count]: cells that are timed and look slower. Their number. */
static int choose_slower(const struct gate *gate, char *chosen)
{
    int count = 0;

    for (int c = 0; c < gate->count; c++) {
        const struct gate_cell *cell = &gate->cells[c];

        chosen[c] = cell->verdict == GATE_INCONCLUSIVE && cell->series[GATE_FIRST].count > 0 &&
                    cell->findings[GATE_FIRST].verdict == PAIRED_REGRESSION;
        count += chosen[c];
    }
    return count;
}

static void judge_all(struct gate *gate, const char *chosen, int stage)
{
    for (int c = 0; c < gate->count; c++)
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): one for each cell */
        if (chosen[c] && gate->cells[c].verdict == GATE_INCONCLUSIVE)
            gate_judge(gate, &gate->cells[c], stage);
}

/* Rounds, and as many again for what they leave open. */
static int measure_and_double(struct gate *gate, char *chosen, int stage)
{
    uint64_t seed = gate->options.seed;

    /* Each stage, and its second half, has orders of its own. */
    if (gate_measure(gate, chosen, stage, gate->rounds, seed) != 0)
        return -1;
    judge_all(gate, chosen, stage);
    for (int c = 0; c < gate->count; c++)
        chosen[c] = chosen[c] && gate->cells[c].findings[stage].verdict == PAIRED_INCONCLUSIVE;
    if (!memchr(chosen, 1, (size_t)gate->count))
        return 0;
    if (gate_measure(gate, chosen, stage, gate->rounds, ~seed) != 0)
        return -1;
    judge_all(gate, chosen, stage);
    return 0;
}

static int measure_all(struct gate *gate, char *chosen)
{
    for (int c = 0; c < gate->count; c++)
        chosen[c] = gate->cells[c].verdict == GATE_INCONCLUSIVE;
    if (measure_and_double(gate, chosen, GATE_FIRST) != 0)
        return -1;
    if (choose_slower(gate, chosen) > 0 && measure_and_double(gate, chosen, GATE_CONFIRMATION) != 0)
        return -1;
    for (int c = 0; c < gate->count; c++) {
        gate->cells[c].is_confirmed = gate->cells[c].series[GATE_CONFIRMATION].count > 0;
        if (gate->cells[c].verdict == GATE_INCONCLUSIVE)
            gate_conclude(&gate->cells[c]);
    }
    return 0;
}

int gate_run(struct gate *gate)
{
    char *chosen = malloc((size_t)gate->count);
    double start = clock_now();
    int status = chosen ? 0 : error_set("out of memory");

    if (status == 0 && !gate->options.skips_check)
        status = check_engines(gate);
    if (status == 0 && !gate->options.skips_counts)
        status = gate_count_cells(gate);
    if (status == 0)
        status = measure_all(gate, chosen);
    gate->seconds = clock_now() - start;
    free(chosen);
    return status;
}
