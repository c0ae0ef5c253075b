/* Asks the machine and the engines what they are. */
#include "run/survey.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "check/conformance.h"
#include "run/choice.h"
#include "run/queue.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_SECONDS = 20 };

/* `blas:/path/of/a/library`: a path the user wrote must be there. */
static int check_library(const struct experiment *experiment, const char *engine)
{
    const char *variant = strchr(engine, ':');

    if (!variant || !strchr(variant, '/') || access(variant + 1, R_OK) == 0)
        return 0;
    return error_set("%s:%d: engine: %s: %s", experiment->file,
                     experiment_line(experiment, "engine", engine), variant + 1, strerror(errno));
}

/* What is asked of the engines of one cell. */
struct inquiry {
    struct survey *survey;
    const struct campaign *campaign;
    const struct cell *cell;
};

static int ask_engine(void *context, const char *engine)
{
    const struct inquiry *inquiry = context;
    struct survey *survey = inquiry->survey;
    const struct experiment *experiment = inquiry->campaign->experiment;
    struct cell_probe probe = {inquiry->campaign, inquiry->cell, engine};
    const char *asked = inquiry->cell->settings.engine; /* which may be `auto` */
    size_t size = sizeof survey->libraries[0];
    char *text;
    int answer;

    for (int i = 0; i < survey->engine_count; i++)
        if (strcmp(survey->engines[i], engine) == 0)
            return 0;
    if (survey->engine_count == SURVEY_ENGINES_MAX)
        return error_set("grid: more than %d engines", SURVEY_ENGINES_MAX);
    if (check_library(experiment, engine) != 0)
        return -1;
    text = survey->libraries[survey->engine_count];
    answer = child_capture(cell_probe_engine, &probe, ANSWER_SECONDS, text, size);
    if (answer == -2) /* it crashes or hangs: so may its cells, but nobody else's */
        snprintf(text, size, CELL_UNAVAILABLE "%.400s", error_text());
    if (answer == -1 && strcmp(asked, engine) != 0) /* `auto` does without */
        snprintf(text, size, CELL_UNAVAILABLE "%.400s", error_text());
    else if (answer == -1)
        return error_set("%s:%d: engine: %s: %s", experiment->file,
                         experiment_line(experiment, "engine", engine), engine, error_text());
    snprintf(survey->engines[survey->engine_count++], sizeof survey->engines[0], "%s", engine);
    return 0;
}

int survey_make(struct survey *survey, const struct campaign *campaign,
                const struct cell *const *cells, int count)
{
    memset(survey, 0, sizeof *survey);
    host_read(&survey->host);
    for (int i = 0; i < count; i++) {
        struct inquiry inquiry = {survey, campaign, cells[i]};

        if (choice_each_engine(cells[i], ask_engine, &inquiry) != 0)
            return -1;
    }
    return 0;
}

int survey_chosen(struct survey *survey, const struct campaign *campaign, const char *only)
{
    int is_tuned = campaign->experiment->tuning.key_count > 0;
    struct queue queue = {0};
    int status = queue_choose(&queue, campaign->plan, is_tuned ? NULL : only);

    if (status == 0)
        status = survey_make(survey, campaign, queue.cells, queue.count);
    queue_free(&queue);
    return status;
}

const struct roof *survey_roof(const struct survey *survey, int threads)
{
    for (int i = 0; i < survey->roof_count; i++)
        if (survey->roofs[i].threads == threads)
            return &survey->roofs[i];
    return NULL;
}

void survey_measure(struct survey *survey, const int *threads, int count, double seconds)
{
    const double each = 2.5; /* at the most, on a machine in use */
    double start = clock_now();

    for (int i = 0; i < count && survey->roof_count < SURVEY_ROOFS_MAX; i++)
        if (!survey_roof(survey, threads[i]) && threads[i] <= survey->host.processor_count &&
            clock_now() - start + each < seconds &&
            roof_measure_apart(&survey->roofs[survey->roof_count], &survey->host, threads[i]) == 0)
            survey->roof_count++;
}

enum { FIRST_BYTES = 400 };

/* Keeps the first case that failed. */
static void note_failure(void *context, const struct conformance_case_result *result)
{
    char *first = context;

    if (!result->passed && !first[0])
        snprintf(first, FIRST_BYTES, "%.95s: %.255s", result->name, result->note);
}

const char *survey_library(const struct survey *survey, const char *engine)
{
    for (int i = 0; i < survey->engine_count; i++)
        if (strcmp(survey->engines[i], engine) == 0)
            return survey->libraries[i];
    return "";
}

int survey_has_library(const char *text)
{
    return strncmp(text, CELL_UNAVAILABLE, strlen(CELL_UNAVAILABLE)) != 0;
}

int survey_conformance(const struct survey *survey, const struct campaign *campaign, int *wrong)
{
    const struct conformance_options options = {.threads = 1, .timeout_seconds = 60};
    const struct experiment *experiment = campaign->experiment;

    *wrong = 0;
    for (int i = 0; i < survey->engine_count; i++) {
        char engine[PATH_MAX], first[FIRST_BYTES] = "";
        int failures;

        if (!survey_has_library(survey->libraries[i]))
            continue;
        if (experiment_engine(experiment, survey->engines[i], engine, sizeof engine) != 0 ||
            conformance_run_isolated(engine, &options, note_failure, first, &failures) != 0)
            return -1;
        if (failures > 0) {
            *wrong = 1;
            return error_set("%s:%d: engine: %s computes wrong results, so its speed means nothing "
                             "(%s); batchlab check --engine %s",
                             experiment->file,
                             experiment_line(experiment, "engine", survey->engines[i]),
                             survey->engines[i], first, engine);
        }
    }
    return 0;
}
