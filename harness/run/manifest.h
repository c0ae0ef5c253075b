/* manifest.json: what was run, on what machine, with what libraries; and the guard against mixing
 * two experiments in one folder. */
#ifndef BATCHLAB_MANIFEST_H
#define BATCHLAB_MANIFEST_H

#include "base/schema_version.h"
#include "run/cell.h"
#include "run/survey.h"

/* One `batchlab run` into the folder. */
struct run_log {
    char started[32], finished[32];
    int jobs, ranks, cells_run, cells_skipped;
    int cells_repeated; /* of the grid: the same as another, with the values chosen */
    double wall_seconds, train_seconds, evaluation_seconds;
    double load_before, load_after, steal_share; /* NAN where unknown */
    const char *ended;                           /* "complete", "interrupted", "deadline" */
};

/* 0 if the folder is new or holds the same experiment and data; else -1 with the reason. force != 0
 * takes the folder over. */
int manifest_check(const struct campaign *, int force);

/* 0 if what is recorded there was measured on this processor and with these libraries, else -1 with
 * the difference: seconds would not compare. */
int manifest_check_machine(const struct campaign *, const struct survey *);

/* Writes the manifest; the logs of earlier runs into the folder are kept. log is NULL before the
 * first cell: the manifest says whose folder it is, even if the run is killed. */
int manifest_write(const struct campaign *, const struct survey *, const struct run_log *);

#endif
