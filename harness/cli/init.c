/* batchlab init: a starter experiment with a comment for each line, for data of one's own or for
 * Fashion-MNIST. */
#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "data/dataset.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_DATA = 256, KEY_LABEL, KEY_TARGET };

static const struct argp_option options[] = {
    {"data", KEY_DATA, "FILE.csv", 0,
     "Your data: a header line, then one example a line, all columns numbers but the label "
     "(default: Fashion-MNIST)",
     0},
    {"label", KEY_LABEL, "COLUMN", 0, "Its column of class names: classification", 0},
    {"target", KEY_TARGET, "COLUMN", 0, "Its column of numbers to be predicted: regression", 0},
    {0},
};

struct arguments {
    const char *name, *data, *label, *target;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_DATA:
        arguments->data = text;
        break;
    case KEY_LABEL:
        arguments->label = text;
        break;
    case KEY_TARGET:
        arguments->target = text;
        break;
    case ARGP_KEY_ARG:
        if (arguments->name)
            argp_error(state, "one name at a time, got '%s' and '%s'", arguments->name, text);
        arguments->name = text;
        break;
    case ARGP_KEY_END:
        if (!arguments->name)
            argp_error(state, "expected a name: NAME.yaml will be written");
        if (arguments->data && !arguments->label == !arguments->target)
            argp_error(state, "--data: expected either --label or --target with it");
        if (!arguments->data && (arguments->label || arguments->target))
            argp_error(state, "--label and --target are columns of --data, which is not given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "NAME",
    "Writes NAME.yaml, an experiment that compares batch sizes, with what each line means, to be "
    "changed at will; then `batchlab explain NAME.yaml` says what it will do, and `batchlab run "
    "NAME.yaml` does it.\v"
    "Exit status: 0 written; 1 the file is there already, or the data cannot be read; 64 usage.",
    0,
    0,
    0};

/* What the file is filled with. */
struct starter {
    const struct arguments *arguments;
    char file[PATH_MAX];
    char path[PATH_MAX]; /* of the data, as seen from the file's folder */
    size_t examples;     /* of the data; 0: Fashion-MNIST */
    int is_regression;
};

static int read_data(struct starter *starter)
{
    const struct arguments *arguments = starter->arguments;
    struct dataset_spec spec = {.name = "csv", .scaling = SCALING_NONE};
    struct dataset dataset;

    if (strlen(arguments->data) >= sizeof spec.path ||
        strlen(starter->is_regression ? arguments->target : arguments->label) >= sizeof spec.label)
        return error_set("--data, --label, --target: too long");
    snprintf(spec.path, sizeof spec.path, "%s", arguments->data);
    snprintf(starter->is_regression ? spec.target : spec.label, sizeof spec.label, "%s",
             starter->is_regression ? arguments->target : arguments->label);
    if (dataset_open(&dataset, &spec) != 0)
        return -1;
    /* A relative path starts at the experiment file's folder. */
    if (!strchr(starter->file, '/'))
        snprintf(starter->path, sizeof starter->path, "%s", arguments->data);
    else if (!realpath(arguments->data, starter->path))
        snprintf(starter->path, sizeof starter->path, "%s", spec.path); /* it was there just now */
    starter->examples = dataset.train.count;
    dataset_close(&dataset);
    return starter->examples >= 10
               ? 0
               : error_set(
                     "%s: %zu examples, expected 10 at least: 8 to train on, 1 to validate, 1 "
                     "to test",
                     arguments->data, starter->examples);
}

/* A plain YAML text may hold almost anything, a quoted one all of it: '' is the quote. */
static void write_quoted(FILE *file, const char *text)
{
    putc('\'', file);
    for (; *text; text++) {
        if (*text == '\'')
            putc('\'', file);
        putc(*text, file);
    }
    putc('\'', file);
}

static void write_dataset(FILE *file, const struct starter *starter)
{
    const struct arguments *arguments = starter->arguments;
    size_t tenth = starter->examples / 10;

    if (!arguments->data) {
        fputs("dataset: {name: fashion-mnist, train: 55000, validation: 5000}\n", file);
        return;
    }
    fputs("dataset:\n  name: csv\n  path: ", file);
    write_quoted(file, starter->path);
    fprintf(file, "\n  %s: ", starter->is_regression ? "target" : "label");
    write_quoted(file, starter->is_regression ? arguments->target : arguments->label);
    fprintf(file,
            "\n  train: %zu            # of %zu examples; who is where is drawn by `seed`\n"
            "  validation: %zu        # decides when a target is reached\n"
            "  test: %zu              # looked at once, at the end\n"
            "  scaling: standard     # mean 0 and variance 1, by the training examples alone\n",
            starter->examples - 2 * tenth, starter->examples, tenth, tenth);
}

static void write_experiment(FILE *file, const struct starter *starter)
{
    size_t n = starter->examples ? starter->examples - 2 * (starter->examples / 10) : 55000;

    fprintf(file,
            "# Run: batchlab run %s      All keys: batchlab list keys\n"
            "question: Which batch size gets where, and how fast, on this data?\n",
            starter->file);
    write_dataset(file, starter);
    fputs("networks:\n"
          "  mine: {hidden: [64], activation: relu}    # or layers: [conv2d: ..., ...] for images\n"
          "grid:                   # every combination is a run\n"
          "  engine: native        # or auto, blas, onednn, ./your_engine.so\n"
          "  network: mine\n"
          "  optimizer: sgd        # or [sgd, momentum, adam]: batchlab list optimizers\n",
          file);
    fprintf(file, "  batch_size: [1, 8, %sfull]\n", n > 512 ? "64, 512, " : n > 64 ? "64, " : "");
    fputs("  learning_rate: [0.01, 0.03, 0.1, 0.3]    # one of them at the edge is best? add more\n"
          "  seed: [1, 2, 3]       # of the weights and the order: what is luck, what is not\n"
          "budget: {epochs: 20, seconds: 10}          # each run ends at the first of these\n",
          file);
    fputs(starter->is_regression
              ? "targets: {validation_loss: [0.5, 0.2]}     # the cost of reaching these\n"
              : "targets: {validation_error: [0.3, 0.2]}    # the cost of reaching these\n",
          file);
    fputs("charts: [loss, target, heatmap]            # batchlab list charts\n"
          "quick:                  # batchlab run --quick: to see whether it works\n"
          "  seed: 1\n"
          "  budget: {epochs: 2, seconds: 1}\n",
          file);
}

/* With or without the suffix. */
static int name_file(struct starter *starter)
{
    const char *name = starter->arguments->name;
    size_t length = strlen(name);
    int has_suffix = length > 5 && strcmp(name + length - 5, ".yaml") == 0;

    if (length >= sizeof starter->file - 8)
        return error_set("%.40s...: too long a name", name);
    snprintf(starter->file, sizeof starter->file, "%s%s", name, has_suffix ? "" : ".yaml");
    return 0;
}

static int write_starter(const struct starter *starter)
{
    struct whole_file file;

    if (access(starter->file, F_OK) == 0)
        return error_set("%s: is there already, and stays as it is", starter->file);
    if (file_begin(&file, starter->file) != 0)
        return -1;
    write_experiment(file.stream, starter);
    if (file_commit(&file) != 0)
        return -1;
    printf("%s\nNext: batchlab explain %s; batchlab run --quick %s\n", starter->file, starter->file,
           starter->file);
    return 0;
}

int command_init(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct starter starter = {.arguments = &arguments};

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    starter.is_regression = arguments.target != NULL;
    if (name_file(&starter) != 0 || (arguments.data && read_data(&starter) != 0) ||
        write_starter(&starter) != 0)
        return command_failed();
    return STATUS_OK;
}
