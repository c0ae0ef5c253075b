/* batchlab: finds the command, hands over, returns its status. */
#include "base/error.h"
#include "base/program.h"
#include "build_info.h"
#include "cli/command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    {"run", "run an experiment: train or time every cell, record, draw", command_run},
    {"plan", "print every cell of an experiment and an estimate of the time", command_plan},
    {"explain", "say in words what an experiment asks, runs and answers", command_explain},
    {"init", "write a starter experiment, for your own data", command_init},
    {"convert", "write a data set as shards: larger than memory, read as it is needed",
     command_convert},
    {"import", "bring in runs made elsewhere, from CSV files", command_import},
    {"list", "list engines, charts, optimizers, networks, experiments, or keys", command_list},
    {"check", "conformance: does an engine keep the contract?", command_check},
    {"verdict", "judge the claims of experiments by their results", command_verdict},
    {"compare", "two results folders side by side: ratios, what is missing", command_compare},
    {"gate", "is the head slower than the base? paired, in one sitting", command_gate},
    {"calibrate", "what a gate can tell on this machine: false alarms, what it finds",
     command_calibrate},
    {"history", "keep medians of runs, and find the run that changed them", command_history},
    {"export", "write a results folder in the formats that other tools read", command_export},
    {"report", "make pages of results folders, to be read and passed on", command_report},
    {"verify", "are results what was written? what is damaged, what to run again", command_verify},
    {"merge", "make one results folder of several, and its derived files anew", command_merge},
    {"plot", "draw the charts of a results folder again", command_plot},
    {"doctor", "is this machine fit for measuring, and is everything there?", command_doctor},
    {"roof", "measure what this machine can do: multiply-add peak, bandwidth", command_roof},
    {"scale", "predict throughput and time to a target with more ranks", command_scale},
    {"netmeasure", "measure what messages and sums of ranks take, under mpirun",
     command_netmeasure},
    {"gate-side", NULL, command_gate_side}, /* for `gate` to start, not for people */
    {0},
};

static void print_help(FILE *file)
{
    fprintf(file, "Usage: batchlab COMMAND [OPTION...]\n"
                  "How does gradient descent behave here when the batch goes from one example to\n"
                  "the whole set?\n\n");
    for (const struct command *command = commands; command->name; command++)
        if (command->summary)
            fprintf(file, "  %-10s %s\n", command->name, command->summary);
    fprintf(file, "\n  batchlab COMMAND --help   options of a command\n"
                  "  batchlab --version\n\n"
                  "Exit status: 0 ok; 1 error, bad input or a failed cell; 3 wrong result of an\n"
                  "engine; 4 worse than what it was compared with; 5 with --strict, inconclusive;\n"
                  "64 usage; 130 interrupted.\n");
}

int command_failed(void)
{
    fprintf(stderr, "batchlab: %s\n", error_text());
    return STATUS_ERROR;
}

void command_share(const char *name, char *path, size_t size)
{
    char relative[256];

    snprintf(relative, sizeof relative, "../share/batchlab/%s", name);
    if (program_beside(relative, path, size) != 0)
        path[0] = '\0'; /* whoever opens it says that it is not there */
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "batchlab: '%s' is no command, expected one of", name);
    for (const struct command *command = commands; command->name; command++)
        if (command->summary)
            fprintf(stderr, "%s %s", command == commands ? "" : ",", command->name);
    fprintf(stderr, " (batchlab --help)\n");
    return STATUS_USAGE;
}

/* A full disk behind stdout must not look like success, nor on the way out that argp takes. */
static void check_stdout(int status, void *unused)
{
    int failed = fflush(stdout) != 0;

    (void)unused;
    if (failed)
        perror("batchlab: stdout");
    else if (ferror(stdout)) /* an earlier flush failed, and the cause is gone */
        fprintf(stderr, "batchlab: stdout: not everything could be written\n");
    else
        return;
    _exit(status == STATUS_OK ? STATUS_ERROR : status);
}

int main(int argc, char **argv)
{
    static char buffer[1 << 16];
    char name[64];

    argp_err_exit_status = STATUS_USAGE;
    signal(SIGCHLD, SIG_DFL);   /* where it is ignored, nobody is told how a child ended */
    if (!isatty(STDOUT_FILENO)) /* large enough that the last flush fails, whose cause is known */
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    on_exit(check_stdout, NULL);
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return STATUS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("batchlab %s (%s, %s)\n", BATCHLAB_VERSION, BATCHLAB_COMMIT, BATCHLAB_COMPILER);
        return STATUS_OK;
    }
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(argv[1], command->name) == 0) {
            snprintf(name, sizeof name, "batchlab %s", command->name);
            argv[1] = name;
            return command->run(argc - 1, argv + 1);
        }
    return unknown_command(argv[1]);
}
