/* What the commands gate and calibrate have in common. */
#include "cli/gate_options.h"

#include "cli/command.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_ROUNDS = 768, KEY_SLICE, KEY_TURNS, KEY_MARGIN, KEY_SEED, KEY_PROCESSOR, KEY_ONLY };
enum { PROCESSOR_IDLEST = -2, PROCESSOR_ANY = -1 };

static const struct argp_option options[] = {
    {"only", KEY_ONLY, "TEXT", 0, "Only cells with this in their names", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Paired rounds, even (default 20; 30 for more than 10 cells)",
     0},
    {"turns", KEY_TURNS, "N", 0, "Of each side in a round, even (default 8)", 0},
    {"slice", KEY_SLICE, "SECONDS", 0, "Of one turn (default 0.0125)", 0},
    {"margin", KEY_MARGIN, "SHARE", 0, "Smaller differences do not count (default 0.02)", 0},
    {"seed", KEY_SEED, "N", 0, "Of the order of turns (default 1)", 0},
    {"processor", KEY_PROCESSOR, "N", 0,
     "Both sides run on this one (default: the idlest); none: on any", 0},
    {0},
};

double gate_number(struct argp_state *state, const char *option, const char *text, double low,
                   double high)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= low && value <= high))
        argp_error(state, "--%s: '%s' is not valid, expected %g to %g", option, text, low, high);
    return value;
}

int gate_whole(struct argp_state *state, const char *option, const char *text, int low, int high)
{
    double value = gate_number(state, option, text, low, high);

    if (value != floor(value))
        argp_error(state, "--%s: '%s' is not valid, expected a whole number", option, text);
    return (int)value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct gate_options *gate = state->input;

    switch (key) {
    case KEY_ONLY:
        gate->only = text;
        break;
    case KEY_ROUNDS:
        gate->rounds = gate_whole(state, "rounds", text, 0, 1000);
        if (gate->rounds == 0 || gate->rounds % 2)
            argp_error(state, "--rounds: %d, expected an even number above 0", gate->rounds);
        break;
    case KEY_SLICE:
        gate->slice = gate_number(state, "slice", text, 1e-6, 60);
        break;
    case KEY_TURNS:
        gate->turns = gate_whole(state, "turns", text, 2, 1000);
        if (gate->turns % 2)
            argp_error(state, "--turns: %d is odd, expected an even number", gate->turns);
        break;
    case KEY_MARGIN:
        gate->margin = gate_number(state, "margin", text, 1e-4, 10);
        break;
    case KEY_SEED:
        gate->seed = (uint64_t)gate_whole(state, "seed", text, 0, INT_MAX);
        break;
    case KEY_PROCESSOR:
        gate->processor = strcmp(text, "none") == 0
                              ? PROCESSOR_ANY
                              : gate_whole(state, "processor", text, 0, HOST_PROCESSORS_MAX - 1);
        break;
    case ARGP_KEY_ARG:
        if (gate->file)
            argp_error(state, "one experiment at a time, got '%s' and '%s'", gate->file, text);
        gate->file = text;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp gate_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

void gate_options_settle(struct gate_options *gate, char *file, size_t size)
{
    struct host host;

    if (!gate->file) {
        command_share("experiments", file, size - sizeof "/gate.yaml");
        strcat(file, "/gate.yaml");
        gate->file = file;
    }
    if (gate->processor == PROCESSOR_IDLEST) {
        host_read(&host);
        gate->processor = host_idlest(&host, 0.3);
    }
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    gate_interrupt();
}

void gate_catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;

    for (size_t i = 0; i < sizeof ends / sizeof *ends;
         i++) /* as nohup asks, ignored ones stay so */
        if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(ends[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a side that has died is found out by its answer */
}

static void show_progress(void *context, int stage, int round, int rounds)
{
    (void)context;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s: round %d of %d ", stage == GATE_FIRST ? "measuring" : "confirming",
                round + 1, rounds);
}

void gate_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

const struct gate_options gate_defaults = {
    .slice = 0.0125,
    .turns = 8,
    .margin = 0.02,
    .budget = 300,
    .seed = 1,
    .processor = PROCESSOR_IDLEST,
    .progress = show_progress,
};
