/* batchlab doctor: is this machine fit for measuring, and is everything there? */
#include "doctor/doctor.h"

#include "cli/command.h"
#include "report/canvas.h"

#include <stdio.h>

static const struct argp_option options[] = {
    {"results", 'r', "FOLDER", 0, "Where results go (default results)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    const char **results = state->input;

    switch (key) {
    case 'r':
        *results = text;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    0,
    "Looks at the machine, the engines and their libraries, the programs and the data, and says of "
    "each whether it is ok, makes numbers noisier (warning), or must be mended (fix), and how.\v"
    "Exit status: 0 nothing must be mended; 1 something must; 64 usage.",
    0,
    0,
    0};

/* On a terminal that wants them. */
static const char *colour_of(enum doctor_state state)
{
    static const char *const colours[DOCTOR_STATES] = {"\033[32m", "\033[33m", "\033[31m"};

    return terminal_of(stdout).colour ? colours[state] : "";
}

static void print_finding(const struct doctor_finding *finding)
{
    const char *colour = colour_of(finding->state);

    printf("%s%-8s%s %-12s %s\n", colour, doctor_state_names[finding->state],
           colour[0] ? "\033[0m" : "", finding->subject, finding->text);
    if (finding->remedy[0])
        printf("%-8s %-12s -> %s\n", "", "", finding->remedy);
}

int command_doctor(int argc, char **argv)
{
    struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
    const char *results = "results";
    int counts[DOCTOR_STATES] = {0};
    struct doctor_facts facts;
    int count;

    if (argp_parse(&argp, argc, argv, 0, NULL, &results) != 0)
        return STATUS_USAGE;
    doctor_look(&facts, results);
    count = doctor_diagnose(&facts, findings);
    for (int i = 0; i < count; i++) {
        print_finding(&findings[i]);
        counts[findings[i].state]++;
    }
    printf("\n%d ok, %d warning%s, %d to fix\n", counts[DOCTOR_OK], counts[DOCTOR_WARNING],
           counts[DOCTOR_WARNING] == 1 ? "" : "s", counts[DOCTOR_FIX]);
    return counts[DOCTOR_FIX] ? STATUS_ERROR : STATUS_OK;
}
