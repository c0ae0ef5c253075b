/* batchlab check: the conformance suite, a line a case. */
#include "base/error.h"
#include "check/conformance.h"
#include "cli/command.h"
#include "registry.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_ENGINE = 256, KEY_THREADS, KEY_TIMEOUT };

static const struct argp_option options[] = {
    {"engine", KEY_ENGINE, "ENGINE", 0,
     "A name such as blas:blis, or the path of a shared object (default: all built in)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads of the engine (default 1)", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "Longest time for one case (default 60)", 0},
    {0},
};

struct arguments {
    const char *engine;
    struct conformance_options suite;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    long threads;
    char *end;

    switch (key) {
    case KEY_ENGINE:
        arguments->engine = text;
        break;
    case KEY_THREADS:
        threads = strtol(text, &end, 10);
        if (*end || threads < 1 || threads > 1024)
            argp_error(state, "--threads: '%s' is not valid, expected 1 to 1024", text);
        arguments->suite.threads = (int)threads;
        break;
    case KEY_TIMEOUT:
        arguments->suite.timeout_seconds = strtod(text, &end);
        if (*end || !(arguments->suite.timeout_seconds > 0))
            argp_error(state, "--timeout: '%s' is not valid, expected seconds above 0", text);
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
    "Holds an engine against the contract and against the reference in double precision. Exit "
    "status 3 if a case fails.",
    0,
    0,
    0};

static void print_case(void *context, const struct conformance_case_result *result)
{
    (void)context;
    printf("  %-52s error %-9.2g tolerance %-9.2g %s%s%s\n", result->name, result->error,
           result->tolerance,
           result->skipped  ? "SKIP"
           : result->passed ? "PASS"
                            : "FAIL",
           result->note[0] && (result->skipped || !result->passed) ? ": " : "",
           result->skipped || !result->passed ? result->note : "");
    fflush(stdout);
}

/* Adds the engine's failed cases to *failed. */
static int check_engine(const char *engine, const struct arguments *arguments, int *failed)
{
    struct message message;
    char file[PATH_MAX];
    int failures = 0;

    if (registry_path(file, sizeof file, engine, &message) != 0)
        return error_set("%s: %s", engine, message.text);
    printf("%s, %d thread%s, %s\n", engine, arguments->suite.threads,
           arguments->suite.threads == 1 ? "" : "s", file);
    if (conformance_run_isolated(engine, &arguments->suite, print_case, NULL, &failures) != 0)
        return -1;
    printf("%s: %s", engine, failures == 0 ? "conforms\n" : "");
    if (failures > 0)
        printf("%d case%s failed\n", failures, failures == 1 ? "" : "s");
    *failed += failures;
    return 0;
}

int command_check(int argc, char **argv)
{
    struct arguments arguments = {.suite = {.threads = 1, .timeout_seconds = 60}};
    struct message message;
    int failed = 0;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (arguments.engine) {
        if (registry_knows(arguments.engine, &message) != 0) {
            error_set("--engine: %s", message.text);
            return command_failed();
        }
        if (check_engine(arguments.engine, &arguments, &failed) != 0)
            return command_failed();
    } else {
        for (const struct builtin_engine *engine = registry_builtins(); engine->name; engine++)
            if (check_engine(engine->name, &arguments, &failed) != 0)
                return command_failed();
    }
    return failed > 0 ? STATUS_WRONG : STATUS_OK;
}
