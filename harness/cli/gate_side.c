/* batchlab gate-side: one side of a gate, started by `batchlab gate`. */
#include "gate/side.h"

#include "base/error.h"
#include "build_info.h"
#include "cli/command.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_ENGINE = 256, KEY_PLANT };

static const struct argp_option options[] = {
    {"engine", KEY_ENGINE, "ENGINE", 0, "In place of the engines of the file", 0},
    {"plant", KEY_PLANT, "SHARE", 0, "Make this share of all calls twice", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct side_request *request = state->input;
    char *end;

    switch (key) {
    case KEY_ENGINE:
        request->engine = text;
        return 0;
    case KEY_PLANT:
        request->planted = strtod(text, &end);
        if (end == text || *end || !(request->planted >= 0 && request->planted <= 1))
            argp_error(state, "--plant: '%s' is not valid, expected 0 to 1", text);
        return 0;
    default:
        return command_experiment(key, text, state, &request->file);
    }
}

static const struct argp argp = {options,
                                 parse,
                                 "EXPERIMENT",
                                 "Opens cells and times steps of them, as asked on standard input. "
                                 "Started by `batchlab gate`; not meant to be called by hand.",
                                 0,
                                 0,
                                 0};

/* What engines print must not mix with the answers. */
static FILE *take_stdout(void)
{
    int answers = dup(STDOUT_FILENO);

    dup2(STDERR_FILENO, STDOUT_FILENO);
    return answers < 0 ? NULL : fdopen(answers, "w");
}

int command_gate_side(int argc, char **argv)
{
    struct side_request request = {.version = "batchlab " BATCHLAB_VERSION " (" BATCHLAB_COMMIT
                                              ", " BATCHLAB_COMPILER ")"};
    FILE *answers;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &request) != 0)
        return STATUS_USAGE;
    signal(SIGINT, SIG_IGN); /* Ctrl-C reaches the whole group; who asks decides */
    answers = take_stdout();
    if (!answers)
        return STATUS_ERROR;
    status = side_serve(&request, stdin, answers);
    if (status != 0)
        fprintf(answers, "failed %s\n", error_text());
    fclose(answers);
    return status == 0 ? STATUS_OK : STATUS_ERROR;
}
