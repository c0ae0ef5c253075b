/* batchlab gate: is the head slower than the base? */
#include "gate/gate.h"

#include "base/error.h"
#include "cli/command.h"
#include "cli/gate_options.h"
#include "gate/calibration.h"
#include "gate/revision.h"

#include <string.h>

enum {
    KEY_BASE = 256,
    KEY_HEAD,
    KEY_BUDGET,
    KEY_CALIBRATION,
    KEY_PLANT,
    KEY_PRESET,
    KEY_NO_CHECK,
    KEY_NO_COUNTS,
    KEY_CTEST,
    KEY_STRICT,
    KEY_REPORT,
    KEY_OUTPUT,
    KEY_NO_CHART
};

static const struct argp_option options[] = {
    {"base", KEY_BASE, "SIDE", 0, "What it was: an engine, a batchlab, or git:REVISION", 0},
    {"head", KEY_HEAD, "SIDE", 0, "What it is now (default: this program)", 0},
    {"budget", KEY_BUDGET, "SECONDS", 0, "Begin no round after that (default 300)", 0},
    {"calibration", KEY_CALIBRATION, "FILE", 0,
     "What `batchlab calibrate` has found (default results/calibration/calibration.csv)", 0},
    {"plant", KEY_PLANT, "SHARE", 0,
     "Slow the head down: make this share of its calls twice, to see whether the gate finds it", 0},
    {"preset", KEY_PRESET, "NAME", 0, "That revisions are built with (default release)", 0},
    {"no-check", KEY_NO_CHECK, 0, 0, "Do not hold the engines against the contract first", 0},
    {"no-counts", KEY_NO_COUNTS, 0, 0, "Measure by the clock alone", 0},
    {"ctest", KEY_CTEST, 0, 0, "Print measurements for CTest as well", 0},
    {"strict", KEY_STRICT, 0, 0, "Exit status 5 where a cell is inconclusive", 0},
    {"report", KEY_REPORT, 0, 0, "Exit status 0 for regressions too", 0},
    {"output", KEY_OUTPUT, "FOLDER", 0, "Where the numbers go (default results/gate)", 0},
    {"no-chart", KEY_NO_CHART, 0, 0, "Draw nothing", 0},
    {0},
};

struct arguments {
    struct gate_options gate;
    const char *given[GATE_SIDES]; /* head: NULL is this program */
    const char *preset, *output, *calibration;
    double planted;
    int strict, report, no_chart, ctest;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct gate_options *gate = &arguments->gate;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = gate;
        break;
    case KEY_BASE:
    case KEY_HEAD:
        arguments->given[key - KEY_BASE] = text;
        break;
    case KEY_BUDGET:
        gate->budget = gate_number(state, "budget", text, 1, 1e6);
        break;
    case KEY_CALIBRATION:
        arguments->calibration = text;
        break;
    case KEY_PLANT:
        arguments->planted = gate_number(state, "plant", text, 0, 1);
        break;
    case KEY_PRESET:
        arguments->preset = text;
        break;
    case KEY_NO_CHECK:
        gate->skips_check = 1;
        break;
    case KEY_NO_COUNTS:
        gate->skips_counts = 1;
        break;
    case KEY_CTEST:
        arguments->ctest = 1;
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
    case ARGP_KEY_END:
        if (!arguments->given[GATE_BASE])
            argp_error(state, "--base is missing: expected an engine, a batchlab, or git:REVISION");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&gate_argp, 0, NULL, 0}, {0}};

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
    children,
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
    if (!given || !is_revision(given))
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

static int report(const struct gate *gate, const struct arguments *arguments)
{
    gate_progress_end();
    gate_print(stdout, gate);
    if (gate_write(gate, arguments->output) != 0)
        return -1;
    if (!arguments->no_chart && gate->turn_count > 0 &&
        command_draw_own(arguments->output, "gate") != 0)
        return -1;
    if (gate_export(gate, arguments->output, arguments->strict, arguments->ctest ? stdout : NULL) !=
        0)
        return -1;
    printf("Numbers %s/gate.csv, samples.csv, counts.csv; for other tools junit.xml, comment.md, "
           "*.json\n",
           arguments->output);
    return 0;
}

static int status_of(const struct gate *gate, const struct arguments *arguments)
{
    int judged = gate_count(gate, GATE_SAME) + gate_count(gate, GATE_IMPROVED) +
                 gate_count(gate, GATE_REGRESSION) + gate_count(gate, GATE_INCONCLUSIVE);

    if (gate_count(gate, GATE_WRONG) + gate_counted(gate, COUNT_WRONG) > 0)
        return STATUS_WRONG;
    if (gate_count(gate, GATE_REGRESSION) + gate_counted(gate, COUNT_WORSE) > 0 &&
        !arguments->report)
        return STATUS_REGRESSION;
    if (gate_count(gate, GATE_MISSING) > 0 || judged == 0) {
        error_set("%d of %d cells could not be compared", gate->count - judged, gate->count);
        return command_failed();
    }
    if (gate_unfinished(gate) > 0) {
        error_set("the budget was over before %d of %d cells had an answer, expected a larger "
                  "--budget or fewer cells",
                  gate_unfinished(gate), gate->count);
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
        calibration_apply(arguments->calibration, &gate, gate.calibration,
                          sizeof gate.calibration) != 0 ||
        gate_run(&gate) != 0 || report(&gate, arguments) != 0)
        status = gate_interrupted() ? STATUS_INTERRUPTED : command_failed();
    else
        status = status_of(&gate, arguments);
    gate_close(&gate);
    return status;
}

int command_gate(int argc, char **argv)
{
    struct arguments arguments = {
        .preset = "release",
        .output = "results/gate",
        .calibration = "results/calibration/calibration.csv",
        .gate = gate_defaults,
    };
    struct contender sides[GATE_SIDES] = {{.label = gate_side_names[GATE_BASE]},
                                          {.label = gate_side_names[GATE_HEAD]}};
    struct revision revisions[GATE_SIDES] = {{.folder = ""}};
    char file[PATH_MAX];
    int status = STATUS_OK;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    gate_options_settle(&arguments.gate, file, sizeof file);
    gate_catch_signals();
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
