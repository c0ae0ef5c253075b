/* A campaign ready to run: an experiment, its data, its plan, a results folder in the scratch
 * folder. */
#ifndef BATCHLAB_TESTS_CAMPAIGN_FIXTURE_H
#define BATCHLAB_TESTS_CAMPAIGN_FIXTURE_H

#include "experiment_fixture.h"
#include "run/runner.h"

struct prepared {
    struct experiment experiment;
    struct dataset dataset;
    struct plan plan;
    char results[100];
    struct campaign campaign;
};

static inline void prepare(struct prepared *prepared, const char *yaml, const char *results)
{
    fixture_open(&prepared->experiment, yaml, 0);
    if (dataset_open(&prepared->dataset, &prepared->experiment.dataset) != 0 ||
        plan_open(&prepared->plan, &prepared->experiment, &prepared->dataset) != 0) {
        fprintf(stderr, "%s\n", error_text());
        abort();
    }
    snprintf(prepared->results, sizeof prepared->results, "%s", scratch_path(results));
    prepared->campaign = (struct campaign){.experiment = &prepared->experiment,
                                           .dataset = &prepared->dataset,
                                           .plan = &prepared->plan,
                                           .results = prepared->results};
}

static inline void dismiss(struct prepared *prepared)
{
    plan_close(&prepared->plan);
    dataset_close(&prepared->dataset);
    experiment_close(&prepared->experiment);
}

/* A file of a results folder; good for the next four calls. */
static inline const char *result_path(const char *results, const char *name)
{
    static char paths[4][400];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", scratch_path(results), name);
    return path;
}

#endif
