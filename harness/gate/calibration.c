/* What a gate can tell on this machine: recording. */
#include "gate/calibration.h"

#include "base/clock.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const calibration_method_names[CALIBRATION_METHODS] = {
    [CALIBRATION_RECORDED] = "recorded",
    [CALIBRATION_RESAMPLED] = "resampled",
    [CALIBRATION_SEQUENTIAL] = "sequential",
};

/* The first arm finds out what there is to time; the others take it over, turns included. */
static int open_arms(struct calibration *calibration, const struct contender *side)
{
    const struct calibration_options *options = &calibration->options;
    struct gate *same = &calibration->arms[0];
    struct contender base = *side, head = *side;

    base.label = gate_side_names[GATE_BASE];
    head.label = gate_side_names[GATE_HEAD];
    calibration->opened = 1;
    if (gate_open(same, &options->gate, &base, &head) != 0)
        return -1;
    for (int a = 1; a < options->arm_count; a++) {
        if (gate_open_slowed(&calibration->arms[a], same, options->shares[a]) != 0)
            return -1;
        calibration->opened = a + 1;
    }
    return 0;
}

/* Rounds that an arm has in all. */
static int rounds_of(const struct calibration *calibration, int arm)
{
    return calibration->arms[0].rounds * calibration->options.runs[arm];
}

/* A round of each arm in turn, so that all see the same machine; the longest goes on alone. */
static int record(struct calibration *calibration)
{
    const struct gate_options *options = &calibration->options.gate;
    int count = calibration->arms[0].count, most = 0;
    char *chosen = calloc((size_t)count, 1);
    int status = chosen ? 0 : error_set("out of memory");

    for (int c = 0; chosen && c < count; c++)
        chosen[c] = calibration->arms[0].cells[c].verdict == GATE_INCONCLUSIVE;
    for (int a = 0; a < calibration->opened; a++)
        most = rounds_of(calibration, a) > most ? rounds_of(calibration, a) : most;
    for (int round = 0; round < most && status == 0; round++) {
        if (options->progress)
            options->progress(options->context, GATE_FIRST, round, most);
        for (int a = 0; a < calibration->opened && status == 0; a++) {
            struct gate *gate = &calibration->arms[a];

            if (round >= rounds_of(calibration, a))
                continue;
            gate->options.progress = NULL;
            status = gate_measure(gate, chosen, GATE_FIRST, 1,
                                  options->seed + (uint64_t)(round * CALIBRATION_ARMS_MAX + a));
        }
    }
    free(chosen);
    return status;
}

int calibration_run(struct calibration *calibration, const struct calibration_options *options,
                    const struct contender *side)
{
    double start = clock_now();
    int status;

    memset(calibration, 0, sizeof *calibration);
    calibration->options = *options;
    calibration->options.gate.budget = INFINITY; /* it is asked for runs, not for time */
    status = open_arms(calibration, side);
    if (status == 0 && gate_count(&calibration->arms[0], GATE_INCONCLUSIVE) == 0)
        status = error_set("%s: no cell can be timed (%s)", options->gate.file,
                           calibration->arms[0].cells[0].reason);
    if (status == 0)
        status = record(calibration);
    if (status == 0)
        status = calibration_judge(calibration);
    calibration->seconds = clock_now() - start;
    return status;
}

void calibration_close(struct calibration *calibration)
{
    for (int a = 0; a < calibration->opened; a++)
        gate_close(&calibration->arms[a]);
    free(calibration->floors);
    free(calibration->rates);
    memset(calibration, 0, sizeof *calibration);
}
