/* The checkpoint of a cell. */
#include "run/cell_checkpoint.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "run/manifest.h"
#include "run/record.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file by what changes when it is made anew. */
static void describe_file(FILE *into, const char *what, const char *name, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        memset(&status, 0, sizeof status);
    fprintf(into, "%s %s, %.0f bytes of %lld.%09ld\n", what, name, (double)status.st_size,
            (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void describe_engine(FILE *into, const struct campaign *campaign, const char *engine)
{
    char specification[PATH_MAX], path[PATH_MAX];
    struct message message;

    if (experiment_engine(campaign->experiment, engine, specification, sizeof specification) != 0 ||
        registry_path(path, sizeof path, specification, &message) != 0)
        path[0] = '\0'; /* the cell will say what is wrong with it */
    describe_file(into, "engine", engine, path);
}

int cell_checkpoint_describe(struct cell_checkpoint *checkpoint, const struct campaign *campaign,
                             const struct survey *survey, const struct cell *cell,
                             const struct assignment *assignment)
{
    const struct experiment *experiment = campaign->experiment;
    FILE *key;

    if (experiment->measure == MEASURE_THROUGHPUT || experiment->limits.checkpoint_seconds <= 0)
        return 0;
    record_checkpoint_path(campaign->results, cell->id, checkpoint->path, sizeof checkpoint->path);
    key = fmemopen(checkpoint->key, sizeof checkpoint->key, "w");
    if (!key)
        return 0;
    fprintf(key, "cell %s\nexperiment %s\ndata %08x\nresults of schema %d\n", cell->id,
            campaign->plan->base, campaign->dataset->fingerprint, MANIFEST_SCHEMA_VERSION);
    describe_file(key, "program", "batchlab", "/proc/self/exe");
    describe_engine(key, campaign, assignment->engine);
    fprintf(key, "library %s\n%d threads, %d workers\nprocessor %s\n",
            survey_library(survey, assignment->engine), assignment->threads, assignment->workers,
            survey->host.cpu);
    return fclose(key) == 0;
}

struct checkpointing cell_checkpointing(const struct cell_checkpoint *checkpoint,
                                        const struct limits *limits)
{
    return (struct checkpointing){
        .path = checkpoint->path, .key = checkpoint->key, .seconds = limits->checkpoint_seconds};
}

double cell_checkpoint_seconds(const struct cell_checkpoint *described)
{
    struct checkpoint *checkpoint;
    double seconds = 0;
    int status = checkpoint_open(&checkpoint, described->path, described->key);

    if (status < 0) {
        fprintf(stderr, "batchlab: %s; the cell begins anew\n", error_text());
        unlink(described->path);
    }
    if (status == 1)
        seconds = checkpoint_seconds(checkpoint);
    checkpoint_close(checkpoint);
    return seconds;
}
