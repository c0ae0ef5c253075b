/* Experiments that are planned, and some that cannot be. To be included after cmocka.h. */
#ifndef BATCHLAB_TESTS_PLAN_FIXTURE_H
#define BATCHLAB_TESTS_PLAN_FIXTURE_H

#include "experiment_fixture.h"
#include "plan/plan.h"

/* 100 training examples of 4 classes. */
#define DATA "dataset: {name: blobs, examples: 120, features: 3, classes: 4, validation: 20}\n"
#define BUDGET "budget: {epochs: 1}\n"

struct planned {
    struct experiment experiment;
    struct dataset dataset;
    struct plan plan;
};

static inline void open_planned(struct planned *planned, const char *text)
{
    fixture_open(&planned->experiment, text, 0);
    assert_int_equal(dataset_open(&planned->dataset, &planned->experiment.dataset), 0);
    if (plan_open(&planned->plan, &planned->experiment, &planned->dataset) != 0)
        fail_msg("%s", error_text());
}

static inline void close_planned(struct planned *planned)
{
    plan_close(&planned->plan);
    dataset_close(&planned->dataset);
    experiment_close(&planned->experiment);
}

static inline const struct cell *find(const struct planned *planned, const char *id)
{
    for (int i = 0; i < planned->plan.count; i++)
        if (strcmp(planned->plan.cells[i].id, id) == 0)
            return &planned->plan.cells[i];
    return NULL;
}

static inline int shared_ids(const struct planned *one, const struct planned *other)
{
    int count = 0;

    for (int i = 0; i < one->plan.count; i++)
        count += find(other, one->plan.cells[i].id) != NULL;
    return count;
}

/* The error begins with that line of the file and says what is wrong. */
static inline void assert_refusal(const char *file, int line, const char *wrong)
{
    char where[200];

    snprintf(where, sizeof where, "%s:%d: ", scratch_path(file), line);
    if (strncmp(error_text(), where, strlen(where)) != 0 || !strstr(error_text(), wrong))
        fail_msg("`%s` lacks `%s` or `%s`", error_text(), where, wrong);
}

static inline void refuses_to_open(const char *text, int line, const char *wrong)
{
    struct experiment e;

    if (experiment_open(&e, fixture_yaml("bad.yaml", text), 0) == 0)
        fail_msg("accepted, expected a complaint on `%s`", wrong);
    assert_refusal("bad.yaml", line, wrong);
}

/* And nothing is held. */
static inline void refuses_to_plan(const char *text, int line, const char *wrong)
{
    struct planned planned;

    fixture_open(&planned.experiment, text, 0);
    assert_int_equal(dataset_open(&planned.dataset, &planned.experiment.dataset), 0);
    assert_int_equal(plan_open(&planned.plan, &planned.experiment, &planned.dataset), -1);
    assert_refusal("good.yaml", line, wrong);
    assert_null(planned.plan.cells);
    close_planned(&planned);
}

#endif
