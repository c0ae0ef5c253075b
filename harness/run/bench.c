/* What a cell runs with: its network, its engine's sessions. */
#include "run/bench.h"

#include "base/error.h"
#include "run/resident.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

double bench_peak_memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

struct engine_options bench_options(const struct bench *parts)
{
    const struct settings *settings = &parts->bench.cell->settings;

    return (struct engine_options){
        .max_batch = parts->bench.max_batch,
        .threads = parts->assignment->threads,
        .precision = settings->precision,
        .chunk = settings->chunk,
        .variant = parts->loaded.variant,
    };
}

int bench_largest_part(const struct cell *cell)
{
    int workers = cell->settings.workers, piece = cell->settings.micro_batch;
    int share = (cell->largest_batch + workers - 1) / workers;

    return piece > 0 && piece < share ? piece : share;
}

void bench_describe(struct bench *parts, const struct campaign *campaign, const struct cell *cell,
                    const struct assignment *assignment)
{
    const struct dataset *dataset = campaign->dataset;

    memset(parts, 0, sizeof *parts);
    network_build(&parts->model, cell->network, dataset->shape, dataset->outputs,
                  dataset->classes); /* it fits: the plan has tried */
    parts->assignment = assignment;
    parts->bench = (struct workbench){
        .engine = &parts->loaded.engine,
        .max_batch = bench_largest_part(cell) > EVALUATION_BATCH ? bench_largest_part(cell)
                                                                 : EVALUATION_BATCH,
        .experiment = campaign->experiment,
        .cell = cell,
        .model = &parts->model,
        .team = assignment->team,
        .validation = dataset->validation,
        .test = dataset->test,
        .shifted = campaign->shifted,
        .classes = dataset->classes,
    };
}

void bench_close(struct bench *parts)
{
    int more = parts->more_sessions ? parts->bench.cell->settings.workers - 1 : 0;

    if (parts->bench.session)
        parts->loaded.engine.close(parts->bench.session);
    for (int w = 0; w < more; w++)
        parts->loaded.engine.close(parts->more_sessions[w]);
    free(parts->more_sessions);
    training_set_close(&parts->training);
    network_free(&parts->model);
}

static int open_more_sessions(struct bench *parts, const struct engine_options *options,
                              struct message *message)
{
    int more = parts->bench.team ? 0 : parts->bench.cell->settings.workers - 1;

    if (more == 0)
        return 1;
    parts->more_sessions = calloc((size_t)more, sizeof *parts->more_sessions);
    if (!parts->more_sessions) {
        snprintf(message->text, sizeof message->text, "out of memory");
        return -1;
    }
    for (int w = 0; w < more; w++)
        if (parts->loaded.engine.open(&parts->more_sessions[w], &parts->model.network, options,
                                      message) != 0)
            return -1;
    parts->bench.more_sessions = parts->more_sessions;
    return 1;
}

int bench_load(struct bench *parts, struct message *message)
{
    const struct engine *engine = &parts->loaded.engine;
    struct engine_options options;
    char path[PATH_MAX];

    message->text[0] = '\0';
    /* An OpenMP thread that waits must give way to whoever shares its core: spinning without end
     * costs a team of two a hundredfold as soon as anything else runs. */
    setenv("GOMP_SPINCOUNT", "1000", 0);
    if (experiment_engine(parts->bench.experiment, parts->assignment->engine, path, sizeof path) !=
        0) {
        snprintf(message->text, sizeof message->text, "%.500s", error_text());
        return -1;
    }
    if (registry_load(&parts->loaded, path, message) != 0)
        return -1;
    options = bench_options(parts);
    if (!engine->supports(&parts->model.network, &options, message))
        return 0;
    if (options.precision == PRECISION_DOUBLE && (!engine->loss64 || !engine->gradient64)) {
        snprintf(message->text, sizeof message->text, "has no double precision");
        return 0;
    }
    return 1;
}

int bench_open(struct bench *parts, struct message *message)
{
    struct engine_options options;
    int ready = bench_load(parts, message);

    if (ready != 1)
        return ready;
    options = bench_options(parts);
    parts->peak_before = bench_peak_memory();
    parts->resident = resident_restart();
    if (parts->loaded.engine.open(&parts->bench.session, &parts->model.network, &options,
                                  message) != 0)
        return -1;
    return open_more_sessions(parts, &options, message);
}

int bench_is_loaded(const struct bench *parts)
{
    return parts->loaded.library != NULL;
}
