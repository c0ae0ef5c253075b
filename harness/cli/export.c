/* batchlab export: a results folder in the formats that other tools read. */
#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "export/batch_science.h"
#include "export/folder.h"

#include <limits.h>
#include <string.h>

enum { KEY_OUTPUT = 256, KEY_PRINT, KEY_FORMAT };

struct arguments {
    const char *folder, *output;
    enum export_format print; /* EXPORT_FORMATS: files */
    int is_batch_science;
};

static const struct argp_option options[] = {
    {"output", KEY_OUTPUT, "FOLDER", 0, "In place of RESULTS/export", 0},
    {"print", KEY_PRINT, "FORMAT", 0,
     "One format to stdout, no files: google-benchmark, github-action-smaller, "
     "github-action-bigger, bencher, junit, ctest, comment",
     0},
    {"format", KEY_FORMAT, "FORMAT", 0,
     "batch-science: the curves in the folders and columns of Shallue et al. 2019, into "
     "RESULTS/export/batch-science",
     0},
    {0},
};

/* A format goes by the name of its file without what follows the dot. */
static enum export_format format_of(const char *name)
{
    enum export_format format = 0;

    for (; format < EXPORT_FORMATS; format++) {
        const char *file = export_file_name(format);

        if (strcspn(file, ".") == strlen(name) && strncmp(file, name, strlen(name)) == 0)
            break;
    }
    return format;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_OUTPUT:
        arguments->output = text;
        break;
    case KEY_PRINT:
        arguments->print = format_of(text);
        if (arguments->print == EXPORT_FORMATS)
            argp_error(state, "--print: '%s' is no format", text);
        break;
    case KEY_FORMAT:
        if (strcmp(text, "batch-science") != 0)
            argp_error(state, "--format: '%s' is none, expected batch-science", text);
        arguments->is_batch_science = 1;
        break;
    case ARGP_KEY_END:
        if (arguments->is_batch_science && arguments->print < EXPORT_FORMATS)
            argp_error(state, "--format writes files, expected no --print");
        return command_folder(key, text, state, &arguments->folder);
    default:
        return command_folder(key, text, state, &arguments->folder);
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS",
    "Writes what was timed in a results folder for other tools: google-benchmark.json (Google "
    "Benchmark's compare.py), github-action-smaller.json and github-action-bigger.json "
    "(github-action-benchmark), bencher.json (Bencher), junit.xml.\v"
    "A cell that failed is an error in the first and the last and left out of the others, which is "
    "said. A file that would be empty is not there. Fields and units: results/README.md, \"Formats "
    "others read\".",
    0,
    0,
    0};

static int write_file(const struct export *export, enum export_format format, const char *folder)
{
    char path[PATH_MAX];
    struct export_tally tally;

    if (snprintf(path, sizeof path, "%s/%s", folder, export_file_name(format)) >= (int)sizeof path)
        return error_set("%s: the path is too long", folder);
    if (export_write(export, format, path, &tally) != 0)
        return -1;
    printf("%-28s", export_file_name(format));
    if (tally.written == 0)
        printf(" not written: nothing to say");
    else
        printf(" %6zu row%s", tally.written, tally.written == 1 ? " " : "s");
    if (tally.left_out > 0)
        printf(", %zu left out: not reached, failed or no number", tally.left_out);
    putchar('\n');
    return 0;
}

static int write_files(const struct export *export, const struct arguments *arguments)
{
    static const enum export_format formats[] = {EXPORT_GOOGLE_BENCHMARK, EXPORT_ACTION_SMALLER,
                                                 EXPORT_ACTION_BIGGER, EXPORT_BENCHER,
                                                 EXPORT_JUNIT};
    char folder[PATH_MAX];

    if (arguments->output)
        snprintf(folder, sizeof folder, "%s", arguments->output);
    else
        snprintf(folder, sizeof folder, "%s/export", arguments->folder);
    if (folder_make(folder) != 0)
        return -1;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (write_file(export, formats[f], folder) != 0)
            return -1;
    printf("Files in %s\n", folder);
    return 0;
}

static int write_batch_science(const struct arguments *arguments)
{
    struct science_tally tally;
    char folder[PATH_MAX];

    if (snprintf(folder, sizeof folder, "%s%s",
                 arguments->output ? arguments->output : arguments->folder,
                 arguments->output ? "" : "/export/batch-science") >= (int)sizeof folder)
        return error_set("%s: the path is too long", arguments->folder);
    if (batch_science_write(arguments->folder, folder, &tally) != 0)
        return -1;
    printf("%zu trials of %zu studies", tally.trials, tally.studies);
    if (tally.left_out > 0)
        printf(", %zu cells left out: without a curve", tally.left_out);
    printf(", in %s\nAnd back: batchlab import %s --columns %s/map.yaml\n", folder, folder, folder);
    return 0;
}

int command_export(int argc, char **argv)
{
    struct arguments arguments = {.print = EXPORT_FORMATS};
    struct exported_folder folder;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (arguments.is_batch_science)
        return write_batch_science(&arguments) == 0 ? STATUS_OK : command_failed();
    status = exported_folder_open(&folder, arguments.folder);
    if (status == 0 && arguments.print < EXPORT_FORMATS)
        status = export_print(&folder.export, arguments.print, stdout, NULL);
    else if (status == 0)
        status = write_files(&folder.export, &arguments);
    exported_folder_close(&folder);
    return status == 0 ? STATUS_OK : command_failed();
}
