/* What the commands gate and calibrate have in common: how rounds are made, and where. */
#ifndef BATCHLAB_CLI_GATE_OPTIONS_H
#define BATCHLAB_CLI_GATE_OPTIONS_H

#include "gate/gate.h"

#include <argp.h>

/* Options of the rounds, and the experiment as the one argument; its input is a struct gate_options
 * that has the defaults. */
extern const struct argp gate_argp;
extern const struct gate_options gate_defaults;

/* A number among the command line's, or a usage error. */
double gate_number(struct argp_state *, const char *option, const char *text, double low,
                   double high);
int gate_whole(struct argp_state *, const char *option, const char *text, int low, int high);

/* What was not given: experiments/gate.yaml, whose path is left in file[size], and the idlest
 * processor. */
void gate_options_settle(struct gate_options *, char *file, size_t size);

/* From then on Ctrl-C and the like end a gate in good order, and a side that died is found out by
 * its answer. */
void gate_catch_signals(void);

/* Takes the line of progress away. */
void gate_progress_end(void);

#endif
