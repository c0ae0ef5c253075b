/* batchlab verdict: judges the claims of experiments by their results. */
#include "verdict/verdict.h"

#include "base/error.h"
#include "cli/command.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CLAIMS = 256, KEY_ANYWAY };

struct arguments {
    char **folders;
    size_t count;
    const char *claims;
    int anyway;
};

static const struct argp_option options[] = {
    {"claims", KEY_CLAIMS, "EXPERIMENT.yaml", 0,
     "Judge by the claims of this file, not by those the results were made with", 0},
    {"anyway", KEY_ANYWAY, NULL, 0, "Judge results of several machines or versions together", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_CLAIMS:
        arguments->claims = text;
        break;
    case KEY_ANYWAY:
        arguments->anyway = 1;
        break;
    case ARGP_KEY_ARGS:
        arguments->folders = state->argv + state->next;
        arguments->count = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_END:
        if (arguments->count == 0)
            argp_error(state, "expected a results folder");
        if (arguments->claims && arguments->count > 1)
            argp_error(state, "--claims is for one results folder");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS...",
    "Judges the claims of the experiments: a table here, every part and condition in "
    "RESULTS/verdicts.csv.",
    0,
    0,
    0};

static const char *text_at(const struct verdicts *verdicts, const char *object, const char *key)
{
    const json_t *value = json_object_get(json_object_get(verdicts->results.manifest, object), key);

    return json_is_string(value) ? json_string_value(value) : "";
}

/* Verdicts that stand in one table are of one machine and one program. */
static int check_alike(const struct verdicts *first, const struct verdicts *other)
{
    static const char *const keys[][2] = {{"machine", "cpu"}, {"build", "version"}};

    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *a = text_at(first, keys[k][0], keys[k][1]);
        const char *b = text_at(other, keys[k][0], keys[k][1]);

        if (strcmp(a, b) != 0)
            return error_set("%s and %s: %s %s '%s' and '%s', expected the same (--anyway)",
                             first->results.folder, other->results.folder, keys[k][0], keys[k][1],
                             a, b);
    }
    return 0;
}

static int judge_all(const struct arguments *arguments, struct verdicts *all)
{
    struct ruling *rulings = NULL;
    size_t count;

    for (size_t i = 0; i < arguments->count; i++)
        if (verdicts_open(&all[i], arguments->folders[i], arguments->claims) != 0 ||
            (i > 0 && !arguments->anyway && check_alike(&all[0], &all[i]) != 0))
            return -1;
    for (size_t i = 0; i < arguments->count; i++)
        if (verdicts_write(&all[i]) != 0)
            return -1;
    if (rulings_make(all, arguments->count, &rulings, &count) != 0)
        return -1;
    rulings_print(stdout, rulings, count);
    free(rulings);
    return 0;
}

int command_verdict(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct verdicts *all;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    all = calloc(arguments.count, sizeof *all);
    if (!all)
        return error_set("out of memory"), command_failed();
    status = judge_all(&arguments, all);
    for (size_t i = 0; i < arguments.count; i++)
        verdicts_close(&all[i]);
    free(all);
    return status == 0 ? STATUS_OK : command_failed();
}
