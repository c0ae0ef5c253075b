/* Experiments written by tests, and what is said of the bad ones. */
#ifndef BATCHLAB_TESTS_EXPERIMENT_FIXTURE_H
#define BATCHLAB_TESTS_EXPERIMENT_FIXTURE_H

#include "base/error.h"
#include "plan/experiment.h"
#include "tree.h"

static inline const char *fixture_yaml(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* Opens an experiment that must be good. */
static inline void fixture_open(struct experiment *experiment, const char *text, int quick)
{
    if (experiment_open(experiment, fixture_yaml("good.yaml", text), quick) != 0) {
        fprintf(stderr, "%s\n%s\n", error_text(), text);
        abort();
    }
}

#endif
