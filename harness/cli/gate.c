/* batchlab gate: is the head slower than the base? */
#include "gate/gate.h"

#include "base/error.h"
#include "cli/command.h"
#include "gate/revision.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY_BASE = 256,
    KEY_HEAD,
    KEY_ROUNDS,
    KEY_SLICE,
    KEY_TURNS,
    KEY_MARGIN,
    KEY_BUDGET,
    KEY_SEED,
    KEY_PROCESSOR,
    KEY_ONLY,
    KEY_PLANT,
    KEY_PRESET,
    KEY_NO_CHECK,
    KEY_STRICT,
    KEY_REPORT,
    KEY_OUTPUT,
    KEY_NO_CHART
};

static const struct argp_option options[] = {
    {"base", KEY_BASE, "SIDE", 0, "What it was: an engine, a batchlab, or git:REVISION", 0},
    {"head", KEY_HEAD, "SIDE", 0, "What it is now (default: this program)", 0},
    {"only", KEY_ONLY, "TEXT", 0, "Only cells with this in their names", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Paired rounds, even (default 20; 30 for more than 10 cells)",
     0},
    {"slice", KEY_SLICE, "SECONDS", 0, "Of one turn (default 0.05)", 0},
    {"turns", KEY_TURNS, "N", 0, "Of each side in a round, even (default 2)", 0},
    {"margin", KEY_MARGIN, "SHARE", 0, "Smaller differences do not count (default 0.02)", 0},
    {"budget", KEY_BUDGET, "SECONDS", 0, "Begin no round after that (default 300)", 0},
    {"seed", KEY_SEED, "N", 0, "Of the order of turns (default 1)", 0},
    {"processor", KEY_PROCESSOR, "N", 0,
     "Both sides run on this one (default: the idlest); none: on any", 0},
    {"plant", KEY_PLANT, "SHARE", 0,
     "Slow the head down: make this share of its calls twice, to see whether the gate finds it", 0},
    {"preset", KEY_PRESET, "NAME", 0, "That revisions are built with (default release)", 0},
    {"no-check", KEY_NO_CHECK, 0, 0, "Do not hold the engines against the contract first", 0},
    {"strict", KEY_STRICT, 0, 0, "Exit status 5 where a cell is inconclusive", 0},
    {"report", KEY_REPORT, 0, 0, "Exit status 0 for regressions too", 0},
    {"output", KEY_OUTPUT, "FOLDER", 0, "Where the numbers go (default results/gate)", 0},
    {"no-chart", KEY_NO_CHART, 0, 0, "Draw nothing", 0},
    {0},
};

struct arguments {
    struct gate_options gate;
    const char *given[GATE_SIDES]; /* head: NULL is this program */
    const char *preset, *output;
    double planted;
    int strict, report, no_chart;
};

static double number(struct argp_state *state, const char *option, const char *text, double low,
                     double high)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= low && value <= high))
        argp_error(state, "--%s: '%s' is not valid, expected %g to %g", option, text, low, high);
    return value;
}

static int whole(struct argp_state *state, const char *option, const char *text, int low, int high)
{
    double value = number(state, option, text, low, high);

    if (value != floor(value))
        argp_error(state, "--%s: '%s' is not valid, expected a whole number", option, text);
    return (int)value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct gate_options *gate = &arguments->gate;

    switch (key) {
    case KEY_BASE:
    case KEY_HEAD:
        arguments->given[key - KEY_BASE] = text;
        break;
    case KEY_ONLY:
        gate->only = text;
        break;
    case KEY_ROUNDS:
        gate->rounds = whole(state, "rounds", text, 2, 1000);
        break;
    case KEY_SLICE:
        gate->slice = number(state, "slice", text, 1e-6, 60);
        break;
    case KEY_TURNS:
        gate->turns = whole(state, "turns", text, 2, 1000);
        if (gate->turns % 2)
            argp_error(state, "--turns: %d is odd, expected an even number", gate->turns);
        break;
    case KEY_MARGIN:
        gate->margin = number(state, "margin", text, 1e-4, 10);
        break;
    case KEY_BUDGET:
        gate->budget = number(state, "budget", text, 1, 1e6);
        break;
    case KEY_SEED:
        gate->seed = (uint64_t)whole(state, "seed", text, 0, INT_MAX);
        break;
    case KEY_PROCESSOR:
        gate->processor = strcmp(text, "none") == 0
                              ? -1
                              : whole(state, "processor", text, 0, HOST_PROCESSORS_MAX - 1);
        break;
    case KEY_PLANT:
        arguments->planted = number(state, "plant", text, 0, 1);
        break;
    case KEY_PRESET:
        arguments->preset = text;
        break;
    case KEY_NO_CHECK:
        gate->skips_check = 1;
        break;
    case KEY_STRICT:
        arguments->strict = 1;
        break;
    case KEY_REPORT:
        arguments->report = 1;
        break;
    case KEY_OUTPUT:
        arguments->output = text;
        break;
    case KEY_NO_CHART:
        arguments->no_chart = 1;
        break;
    case ARGP_KEY_ARG:
        if (gate->file)
            argp_error(state, "one experiment at a time, got '%s' and '%s'", gate->file, text);
        gate->file = text;
        break;
    case ARGP_KEY_END:
        if (!arguments->given[GATE_BASE])
            argp_error(state, "--base is missing: expected an engine, a batchlab, or git:REVISION");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "--base SIDE [--head SIDE] [EXPERIMENT]",
    "Measures training steps of base and head in pairs, in one sitting, and says of each cell "
    "whether the head is slower: REGRESSION, IMPROVED, SAME or INCONCLUSIVE. A side is an engine "
    "(blas:blis, ./mine.so, blas:/new/libopenblas.so), the path of a batchlab, or git:REVISION, "
    "which is built outside the tree. The cells are those of the experiment (default: "
    "experiments/gate.yaml). In FOLDER: gate.csv, samples.csv, figures/gate.svg, .png, .pdf.\v"
    "Exit status: 0 nothing is slower; 1 error, or a cell that could not be compared; 3 an engine "
    "does not conform; 4 a regression; 5 with --strict, a cell is inconclusive; 64 usage; 130 "
    "interrupted.",
    0,
    0,
    0};

/* ---- The sides --------------------------------------------------------------------------------
 */

static const char revision_mark[] = "git:";

static int is_revision(const char *given)
{
    return strncmp(given, revision_mark, sizeof revision_mark - 1) == 0;
}

static int open_side(struct contender *side, struct revision *revision, const char *given,
                     const char *preset)
{
    char program[PATH_MAX];
    ssize_t length;

    if (!given) {
        length = readlink("/proc/self/exe", program, sizeof program - 1);
        program[length > 0 ? length : 0] = '\0';
        if (contender_resolve(side, program) != 0)
            return -1;
        side->given = "this program";
        return 0;
    }
    if (!is_revision(given))
        return contender_resolve(side, given);
    fprintf(stderr, "batchlab: building %s\n", given);
    if (revision_build(revision, given + sizeof revision_mark - 1, preset) != 0 ||
        contender_resolve(side, revision->program) != 0)
        return -1;
    side->given = given;
    return 0;
}

/* Engines against engines, or programs against programs: cells have other names. */
static int check_alike(const struct contender sides[GATE_SIDES])
{
    if (!sides[GATE_BASE].engine[0] == !sides[GATE_HEAD].engine[0])
        return 0;
    return error_set("--base %s is %s, --head %s is %s: expected two engines, or two programs",
                     sides[GATE_BASE].given, sides[GATE_BASE].engine[0] ? "an engine" : "a program",
                     sides[GATE_HEAD].given,
                     sides[GATE_HEAD].engine[0] ? "an engine" : "a program");
}

/* ---- From start to end ------------------------------------------------------------------------
 */

static void on_signal(int signal_number)
{
    (void)signal_number;
    gate_interrupt();
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a side that has died is found out by its answer */
}

static void show_progress(void *context, int stage, int round, int rounds)
{
    (void)context;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s: round %d of %d ", stage == GATE_FIRST ? "measuring" : "confirming",
                round + 1, rounds);
}

static int report(const struct gate *gate, const struct arguments *arguments)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    gate_print(stdout, gate);
    if (gate_write(gate, arguments->output) != 0)
        return -1;
    printf("Numbers %s/gate.csv, samples.csv\n", arguments->output);
    if (arguments->no_chart || gate->turn_count == 0)
        return 0;
    return command_draw_own(arguments->output, "gate");
}

static int status_of(const struct gate *gate, const struct arguments *arguments)
{
    int judged = gate_count(gate, GATE_SAME) + gate_count(gate, GATE_IMPROVED) +
                 gate_count(gate, GATE_REGRESSION) + gate_count(gate, GATE_INCONCLUSIVE);

    if (gate_count(gate, GATE_WRONG) > 0)
        return STATUS_WRONG;
    if (gate_count(gate, GATE_REGRESSION) > 0 && !arguments->report)
        return STATUS_REGRESSION;
    if (gate_count(gate, GATE_MISSING) > 0 || judged == 0) {
        error_set("%d of %d cells could not be compared", gate->count - judged, gate->count);
        return command_failed();
    }
    if (gate_count(gate, GATE_INCONCLUSIVE) > 0 && arguments->strict && !arguments->report)
        return STATUS_INCONCLUSIVE;
    return STATUS_OK;
}

static int run_gate(const struct arguments *arguments, const struct contender sides[GATE_SIDES])
{
    struct gate gate;
    int status = STATUS_OK;

    if (gate_open(&gate, &arguments->gate, &sides[GATE_BASE], &sides[GATE_HEAD]) != 0 ||
        gate_run(&gate) != 0 || report(&gate, arguments) != 0)
        status = gate_interrupted() ? STATUS_INTERRUPTED : command_failed();
    else
        status = status_of(&gate, arguments);
    gate_close(&gate);
    return status;
}

int command_gate(int argc, char **argv)
{
    static const char *const labels[GATE_SIDES] = {"base", "head"};
    struct arguments arguments = {
        .preset = "release",
        .output = "results/gate",
        .gate = {.slice = 0.05,
                 .turns = 2,
                 .margin = 0.02,
                 .budget = 300,
                 .seed = 1,
                 .progress = show_progress,
                 .processor = -2},
    };
    struct contender sides[GATE_SIDES] = {{.label = labels[0]}, {.label = labels[1]}};
    struct revision revisions[GATE_SIDES] = {{.folder = ""}};
    char file[PATH_MAX];
    int status = STATUS_OK;
    struct host host;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (!arguments.gate.file) {
        command_share("experiments", file, sizeof file - sizeof "/gate.yaml");
        strcat(file, "/gate.yaml");
        arguments.gate.file = file;
    }
    if (arguments.gate.processor == -2) {
        host_read(&host);
        arguments.gate.processor = host_idlest(&host, 0.3);
    }
    catch_signals();
    for (int s = 0; s < GATE_SIDES && status == STATUS_OK; s++)
        if (open_side(&sides[s], &revisions[s], arguments.given[s], arguments.preset) != 0)
            status = gate_interrupted() ? STATUS_INTERRUPTED : command_failed();
    sides[GATE_HEAD].planted = arguments.planted;
    if (status == STATUS_OK && check_alike(sides) != 0)
        status = command_failed();
    if (status == STATUS_OK)
        status = run_gate(&arguments, sides);
    for (int s = 0; s < GATE_SIDES; s++)
        revision_remove(&revisions[s]);
    return status;
}
