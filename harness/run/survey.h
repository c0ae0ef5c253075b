/* What the parent finds out before the cells run: the machine, and what each engine says of itself.
 */
#ifndef BATCHLAB_SURVEY_H
#define BATCHLAB_SURVEY_H

#include "run/cell.h"
#include "run/host.h"
#include "run/roof.h"

enum { SURVEY_ENGINES_MAX = 32, SURVEY_ROOFS_MAX = 8 };

struct survey {
    struct host host;
    int engine_count;
    char engines[SURVEY_ENGINES_MAX][sizeof(((struct settings *)0)->engine)]; /* specifications */
    char libraries[SURVEY_ENGINES_MAX][512]; /* what each said of its library and kernels */
    int roof_count;
    struct roof roofs[SURVEY_ROOFS_MAX]; /* one for each number of threads */
};

/* Describes the machine and asks each engine that these cells name, and each contender of `auto`,
 * in a child process. An engine that cannot be loaded is an error with the line of the experiment
 * that names it. */
int survey_make(struct survey *, const struct campaign *, const struct cell *const *cells,
                int count);

/* The same for the cells of the campaign's plan that are asked for, as queue_choose; for all, where
 * something is tuned: no value that is tuned changes an engine. */
int survey_chosen(struct survey *, const struct campaign *, const char *only);

/* Measures the roof, each in a child process, for each of these numbers of threads that there are
 * processors for, one to two seconds each, as long as `seconds` are left. One that cannot be
 * measured is left out: results without a roof are better than none. */
void survey_measure(struct survey *, const int *threads, int count, double seconds);

/* The roof with so many threads, NULL if there is none. */
const struct roof *survey_roof(const struct survey *, int threads);

/* What the engine of this specification said; "" if it was not asked. */
const char *survey_library(const struct survey *, const char *engine);

/* 1 if the text is what an engine said of its library, 0 if it says why there is nothing. */
int survey_has_library(const char *text);

/* Holds each engine of the survey against the contract: a throughput experiment shows no speed of
 * an engine that has not passed. -1 with the first failed case; *wrong tells such an engine (1)
 * from a suite that could not run (0). */
int survey_conformance(const struct survey *, const struct campaign *, int *wrong);

#endif
