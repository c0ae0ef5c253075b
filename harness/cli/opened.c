/* What run and plan both start with: the experiment, its data, its plan; and the experiments that
 * the program brings along. */
#include "base/error.h"
#include "cli/command.h"
#include "report/chart.h"
#include "run/record.h"
#include "run/teamwork.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Charts are a layer above experiments, so their names are checked here. */
static int check_charts(const struct experiment *experiment)
{
    for (int c = 0; c < experiment->chart_count; c++)
        if (!chart_find(experiment->charts[c])) {
            char cause[512];

            snprintf(cause, sizeof cause, "%s", error_text());
            return error_set("%s:%d: charts: %s", experiment->file, experiment->chart_lines[c],
                             cause);
        }
    return 0;
}

/* Regression has no errors to count, so such a target could never be reached. */
static int check_targets(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;

    for (int t = 0; t < experiment->target_count; t++) {
        enum metric metric = experiment->targets[t].metric;

        if (opened->dataset.classes == 0 &&
            (metric == METRIC_TRAIN_ERROR || metric == METRIC_VALIDATION_ERROR))
            return error_set("%s:%d: targets: %s needs classes, and this is regression; expected "
                             "train_loss or validation_loss",
                             experiment->file, experiment->targets[t].line,
                             experiment->targets[t].name);
    }
    return 0;
}

static int check_tuning(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;

    if (experiment->tuning.key_count > 0 && teamwork_is_wanted(experiment))
        return error_set("%s:%d: tuning: goes with transport: threads alone; tune with workers: 1, "
                         "whose updates are the same",
                         experiment->file, experiment->tuning.line);
    if (experiment->tuning.key_count == 0 || opened->dataset.classes > 0 ||
        (strcmp(experiment->tuning.by, "validation_error") != 0 &&
         strcmp(experiment->tuning.by, "best_validation_error") != 0))
        return 0;
    return error_set("%s:%d: tuning: by: %s needs classes, and this is regression; expected "
                     "validation_loss or train_loss",
                     experiment->file, experiment->tuning.line, experiment->tuning.by);
}

/* At the end of training; an axis of a cell has no say in it. */
static int check_evaluation(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;
    const struct dataset *dataset = &opened->dataset;

    if (experiment->evaluation.shifted_tests &&
        (dataset->image_height == 0 || dataset->test.count == 0))
        return error_set("%s:%d: evaluation: shifted_tests are copies of test examples that are "
                         "images of bytes, and %s has none",
                         experiment->file, experiment->evaluation_line, dataset->name);
    if (experiment->evaluation.per_class && (dataset->classes == 0 || dataset->test.count == 0))
        return error_set("%s:%d: evaluation: per_class needs test examples with classes, and %s "
                         "has none",
                         experiment->file, experiment->evaluation_line, dataset->name);
    if (experiment->evaluation.test == TEST_EACH && dataset->test.count == 0)
        return error_set("%s:%d: evaluation: test: each needs test examples, and %s has none",
                         experiment->file, experiment->evaluation_line, dataset->name);
    return 0;
}

/* A data file's error names that file; the experiment's line that asks for it comes first. */
static int open_dataset(struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;
    char cause[900];

    if (dataset_open(&opened->dataset, &experiment->dataset) == 0)
        return 0;
    snprintf(cause, sizeof cause, "%s", error_text());
    return error_set("%s:%d: %s", experiment->file, experiment->dataset_line, cause);
}

error_t command_experiment(int key, const char *text, struct argp_state *state, const char **file)
{
    if (key == ARGP_KEY_ARG) {
        if (*file)
            argp_error(state, "one experiment at a time, got '%s' and '%s'", *file, text);
        *file = text;
        return 0;
    }
    if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    if (!*file)
        argp_error(state, "expected an experiment file");
    return 0;
}

error_t command_folder(int key, const char *text, struct argp_state *state, const char **folder)
{
    if (key == ARGP_KEY_ARG) {
        if (*folder)
            argp_error(state, "unexpected argument '%s'", text);
        *folder = text;
        return 0;
    }
    if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    if (!*folder)
        argp_error(state, "expected a results folder");
    return 0;
}

error_t command_several(int key, const struct argp_state *state, char ***list, size_t *count,
                        const char *expected)
{
    if (key == ARGP_KEY_ARGS) {
        *list = state->argv + state->next;
        *count = (size_t)(state->argc - state->next);
        return 0;
    }
    if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    if (*count == 0)
        argp_error(state, "expected %s", expected);
    return 0;
}

enum { KEY_RESULTS = 256, KEY_THREADS, KEY_QUICK };

const struct argp_option plan_request_options[] = {
    {"results", KEY_RESULTS, "DIR", 0, "Results folder (default results/<experiment>)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads of the engines, instead of the file's", 0},
    {"quick", KEY_QUICK, 0, 0, "With the overrides under `quick:` in the file", 0},
    {0},
};

error_t plan_request_parse(int key, char *text, struct argp_state *state)
{
    struct plan_request *request = state->input;

    switch (key) {
    case KEY_RESULTS:
        request->results = text;
        return 0;
    case KEY_THREADS:
        request->threads = text;
        return 0;
    case KEY_QUICK:
        request->quick = 1;
        return 0;
    default:
        return command_experiment(key, text, state, &request->file);
    }
}

struct cell_state opened_account(const struct opened *opened, const struct cell *cell,
                                 struct account *account)
{
    struct recorded recorded;
    struct cell_state state = {
        .seconds = plan_cell_seconds(cell, &opened->experiment, &opened->dataset),
        .is_recorded = record_find(opened->results, cell->id, &recorded),
    };

    if (state.is_recorded)
        state.outcome = recorded.outcome;
    account->cells++;
    account->seconds += state.seconds;
    if (state.is_recorded && outcome_is_final(state.outcome))
        account->finished++;
    else
        account->left += state.seconds;
    return state;
}

int opened_jobs(const struct opened *opened)
{
    struct host host;

    if (opened->experiment.measure == MEASURE_THROUGHPUT)
        return 1;
    host_read(&host);
    return host.processor_count;
}

/* A file that is not there: is it one of those that the program brings along, by its name? */
static int not_opened(const char *file)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    size_t length = strlen(name);
    char folder[PATH_MAX], path[PATH_MAX + 260], whole[PATH_MAX];

    if (length > 5 && strcmp(name + length - 5, ".yaml") == 0)
        length -= 5;
    command_share("experiments", folder, sizeof folder);
    snprintf(path, sizeof path, "%s/%.*s.yaml", folder, (int)length, name);
    if (length == 0 || length > 250 || access(file, F_OK) == 0 || !realpath(path, whole))
        return -1;
    return error_set("%s: No such file or directory; the one that comes along is %s", file, whole);
}

int opened_open(struct opened *opened, const char *file, int quick, const char *threads,
                const char *results)
{
    memset(opened, 0, sizeof *opened);
    if (results && !results[0]) /* an unset variable must not mean the root folder */
        return error_set("--results: empty, expected a folder");
    if (experiment_open(&opened->experiment, file, quick) != 0)
        return not_opened(file);
    if (results)
        snprintf(opened->results, sizeof opened->results, "%s", results);
    else
        snprintf(opened->results, sizeof opened->results, "results/%s%s", opened->experiment.name,
                 quick ? "-quick" : "");
    if ((threads && experiment_set_axis(&opened->experiment, "threads", threads) != 0) ||
        check_charts(&opened->experiment) != 0 || open_dataset(opened) != 0 ||
        check_targets(opened) != 0 || check_tuning(opened) != 0 || check_evaluation(opened) != 0 ||
        plan_open(&opened->plan, &opened->experiment, &opened->dataset) != 0) {
        opened_close(opened);
        return -1;
    }
    return 0;
}

void opened_close(struct opened *opened)
{
    plan_close(&opened->plan);
    dataset_close(&opened->dataset);
    experiment_close(&opened->experiment);
}

int opened_take_shard(struct opened *opened, const struct shard *shard)
{
    size_t length = strlen(opened->results);

    while (length > 1 && opened->results[length - 1] == '/')
        length--;
    if (length + 32 > sizeof opened->results)
        return error_set("--results: longer than %zu characters", sizeof opened->results - 32);
    snprintf(opened->results + length, sizeof opened->results - length, "-shard-%d-of-%d",
             shard->index, shard->count);
    return plan_take_shard(&opened->plan, &opened->experiment, &opened->dataset, shard);
}

/* ---- What the program brings along ----------------------------------------------------------- */

static int is_experiment(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

int command_each_experiment(int (*visit)(const struct experiment *, void *), void *context)
{
    char folder[PATH_MAX];

    command_share("experiments", folder, sizeof folder);
    return command_each_of(folder, visit, context);
}

int command_each_of(const char *folder, int (*visit)(const struct experiment *, void *),
                    void *context)
{
    char file[PATH_MAX + 260];
    struct dirent **entries;
    int count, status = 0;

    count = scandir(folder, &entries, is_experiment, alphasort);
    if (count < 0)
        return error_set("%s: cannot be read", folder);
    for (int i = 0; i < count; i++) {
        struct experiment experiment;

        snprintf(file, sizeof file, "%s/%s", folder, entries[i]->d_name);
        if (status == 0 && (status = experiment_open(&experiment, file, 0)) == 0) {
            status = visit(&experiment, context);
            experiment_close(&experiment);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}
