/* batchlab convert: files of other formats to a set of shards. */
#include "data/convert.h"

#include "base/limits.h"
#include "cli/command.h"
#include "data/shard_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_IMAGES = 256,
    KEY_LABELS,
    KEY_CSV,
    KEY_LIBSVM,
    KEY_LABEL,
    KEY_TARGET,
    KEY_REGRESSION,
    KEY_FEATURES,
    KEY_ELEMENT,
    KEY_SCALING,
    KEY_SHARD_BYTES,
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "Read", 1},
    {"images", KEY_IMAGES, "FILE", 0, "IDX images, plain or .gz; with --labels", 1},
    {"labels", KEY_LABELS, "FILE", 0, "Their labels", 1},
    {"csv", KEY_CSV, "FILE", 0, "A table with a header line; with --label or --target", 1},
    {"libsvm", KEY_LIBSVM, "FILE", 0, "Lines of `label index:value ...`, plain or .gz", 1},
    {0, 0, 0, 0, "What it is", 2},
    {"label", KEY_LABEL, "COLUMN", 0, "csv: of class names, numbered in byte order", 2},
    {"target", KEY_TARGET, "COLUMN", 0, "csv: of numbers to be predicted", 2},
    {"regression", KEY_REGRESSION, 0, 0,
     "libsvm: labels are numbers to be predicted; else classes, numbered by value", 2},
    {"features", KEY_FEATURES, "N", 0, "libsvm: of every row (default: the largest index)", 2},
    {0, 0, 0, 0, "Write", 3},
    {"element", KEY_ELEMENT, "KIND", 0,
     "csv, libsvm: float32 (default), or uint8 where all are whole numbers of 0 .. 255", 3},
    {"scaling", KEY_SCALING, "KIND", 0,
     "csv, libsvm as float32: none, unit (default: each feature to [0, 1]) or standard, by all "
     "examples of the file. Bytes are scaled when they are read, by the experiment's `scaling`",
     3},
    {"shard-bytes", KEY_SHARD_BYTES, "N", 0,
     "About so many in a shard (default: 64 MiB, more where that would be over 1000 shards)", 3},
    {0},
};

/* A whole number of 1 to `most`. */
static size_t count_of(struct argp_state *state, const char *option, const char *text, double most)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (end == text || *end || errno || text[0] == '-' || value < 1 || (double)value > most)
        argp_error(state, "--%s: '%s' is not valid, expected a whole number from 1 to %.0f", option,
                   text, most);
    return (size_t)value;
}

static enum scaling scaling_of(struct argp_state *state, const char *text)
{
    static const char *const names[] = {
        [SCALING_NONE] = "none", [SCALING_UNIT] = "unit", [SCALING_STANDARD] = "standard"};

    for (int s = 0; s < 3; s++)
        if (strcmp(text, names[s]) == 0)
            return (enum scaling)s;
    argp_error(state, "--scaling: '%s' is not valid, expected none, unit or standard", text);
    return SCALING_NONE;
}

static enum element element_of(struct argp_state *state, const char *text)
{
    if (strcmp(text, "float32") != 0 && strcmp(text, "uint8") != 0)
        argp_error(state, "--element: '%s' is not valid, expected float32 or uint8", text);
    return strcmp(text, "uint8") == 0 ? ELEMENT_UINT8 : ELEMENT_FLOAT32;
}

/* Says what does not go together. */
static void check(struct argp_state *state, const struct conversion *c)
{
    int sources = (c->images != NULL) + (c->csv != NULL) + (c->libsvm != NULL);

    if (!c->folder)
        argp_error(state, "expected the name of the folder to be written");
    else if (sources != 1 || (c->images != NULL) != (c->labels != NULL))
        argp_error(state, "expected one of --images with --labels, --csv, --libsvm");
    else if (c->csv && (c->label[0] != '\0') == (c->target[0] != '\0'))
        argp_error(state, "--csv: expected either --label or --target");
    else if (!c->csv && (c->label[0] != '\0' || c->target[0] != '\0'))
        argp_error(state, "--label, --target: name columns of a --csv file");
    else if (!c->libsvm && (c->is_regression || c->features > 0))
        argp_error(state, "--regression, --features: are of a --libsvm file");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct conversion *c = state->input;

    switch (key) {
    case KEY_IMAGES:
        c->images = text;
        break;
    case KEY_LABELS:
        c->labels = text;
        break;
    case KEY_CSV:
        c->csv = text;
        break;
    case KEY_LIBSVM:
        c->libsvm = text;
        break;
    case KEY_LABEL:
        c->label = text;
        break;
    case KEY_TARGET:
        c->target = text;
        break;
    case KEY_REGRESSION:
        c->is_regression = 1;
        break;
    case KEY_FEATURES:
        c->features = (int)count_of(state, "features", text, LIMIT_LIBSVM_FEATURES);
        break;
    case KEY_ELEMENT:
        c->element = element_of(state, text);
        break;
    case KEY_SCALING:
        c->scaling = scaling_of(state, text);
        break;
    case KEY_SHARD_BYTES:
        c->file_bytes = count_of(state, "shard-bytes", text, 1e15);
        break;
    case ARGP_KEY_ARG:
        if (c->folder)
            argp_error(state, "expected one folder to be written");
        c->folder = text;
        break;
    case ARGP_KEY_END:
        check(state, c);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "FOLDER",
    "Writes the examples of a file as a set of shards: files that `dataset: {name: shards, path: "
    "FOLDER}` maps, so that data larger than memory can be trained on. Memory stays flat whatever "
    "their number.\vExamples:\n"
    "  batchlab convert --images train-images.gz --labels train-labels.gz images\n"
    "  batchlab convert --csv sensors.csv --label kind sensors\n"
    "  batchlab convert --libsvm covtype.gz --element uint8 covtype\n"
    "  batchlab verify images\n\n"
    "The folder must be new; it is there whole or not at all. The format stands in "
    "results/README.md. Exit status: 0 ok; 1 error; 64 usage.",
    0,
    0,
    0};

int command_convert(int argc, char **argv)
{
    struct conversion conversion = {
        .label = "", .target = "", .element = ELEMENT_FLOAT32, .scaling = SCALING_UNIT};
    struct converted done;
    char set[33], kind[32] = "numbers";

    if (argp_parse(&argp, argc, argv, 0, NULL, &conversion) != 0)
        return STATUS_USAGE;
    if (convert(&conversion, &done) != 0)
        return command_failed();
    shard_set_text(done.set, set);
    if (done.classes > 0)
        snprintf(kind, sizeof kind, "%d classes", done.classes);
    printf("%s: %zu examples of %zu %s, %s, in %u shard%s; set %s\n", conversion.folder,
           done.examples, done.inputs, done.element == ELEMENT_UINT8 ? "bytes" : "floats", kind,
           done.shards, done.shards == 1 ? "" : "s", set);
    return STATUS_OK;
}
