/* Asks the machine and the engines what they are. */
#include "run/survey.h"

#include "base/child.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_SECONDS = 20 };

static int ask_engine(struct survey *survey, const struct campaign *campaign,
                      const struct cell *cell)
{
    const struct experiment *experiment = campaign->experiment;
    struct cell_probe probe = {campaign, cell};
    char *text = survey->libraries[survey->engine_count];
    size_t size = sizeof survey->libraries[0];
    int answer;

    for (int i = 0; i < survey->engine_count; i++)
        if (strcmp(survey->engines[i], cell->settings.engine) == 0)
            return 0;
    if (survey->engine_count == SURVEY_ENGINES_MAX)
        return error_set("grid: more than %d engines", SURVEY_ENGINES_MAX);
    answer = child_capture(cell_probe_engine, &probe, ANSWER_SECONDS, text, size);
    if (answer == -2) /* it crashes or hangs: so may its cells, but nobody else's */
        snprintf(text, size, "no word on its library: %.400s", error_text());
    if (answer == -1)
        return error_set("%s:%d: engine: %s: %s", experiment->file,
                         experiment_line(experiment, "engine", cell->settings.engine),
                         cell->settings.engine, error_text());
    survey->engines[survey->engine_count++] = cell->settings.engine;
    return 0;
}

struct peak_question {
    const struct host *host;
    int threads;
};

static int answer_peak(FILE *out, void *context)
{
    const struct peak_question *question = context;

    fprintf(out, "%.17g", host_fma_peak(question->host->processors, question->threads));
    return 0;
}

static void measure_peak(struct survey *survey, int threads)
{
    struct peak_question question = {&survey->host, threads};
    char text[64];

    for (int i = 0; i < survey->peak_count; i++)
        if (survey->peak_threads[i] == threads)
            return;
    if (survey->peak_count == SURVEY_PEAKS_MAX || threads > survey->host.processor_count)
        return;
    if (child_capture(answer_peak, &question, 10, text, sizeof text) != 0)
        return; /* a caption without the peak is better than no run */
    survey->peak_threads[survey->peak_count] = threads;
    survey->peak_gflops[survey->peak_count++] = atof(text);
}

int survey_make(struct survey *survey, const struct campaign *campaign,
                const struct cell *const *cells, int count)
{
    memset(survey, 0, sizeof *survey);
    host_read(&survey->host);
    for (int i = 0; i < count; i++) {
        if (ask_engine(survey, campaign, cells[i]) != 0)
            return -1;
        measure_peak(survey, cells[i]->settings.threads);
    }
    return 0;
}
