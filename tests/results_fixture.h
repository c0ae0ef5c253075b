/* A results folder made by hand: the rows of a test stand beside what it expects of them. */
#ifndef BATCHLAB_TESTS_RESULTS_FIXTURE_H
#define BATCHLAB_TESTS_RESULTS_FIXTURE_H

#include "base/file.h"
#include "scratch.h"

#include <math.h>

/* A row names the last fields only where they matter to it. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* As in the columns: `seconds_to_20` is of the first, `seconds_to_10` of the second. */
static const char *fixture_targets[2] = {"validation_error_0.2", "validation_error_0.1"};

/* Two targets, of 20 % and 10 % validation error. NAN: not reached. Updates are 100 a second. */
struct fixture_cell {
    const char *engine;
    int batch_size; /* 0: full, of 1000 examples */
    double learning_rate;
    int redundancy, seed;
    const char *outcome;
    double validation_loss, validation_error;
    double seconds_to_20, seconds_to_10;
    const char *mode, *copies;     /* NULL: grow, exact */
    double train_loss, test_error; /* 0: those of validation */
    const char *threads;           /* as asked; NULL: 1 */
    const char *engine_used;       /* NULL: the engine */
    int threads_used;              /* 0: 1 */
    const char *budget, *tuned;    /* NULL: default, nothing */
    int edge;                      /* of what is tuned */
};

static inline void fixture_number(FILE *file, double value)
{
    if (isnan(value))
        fputc(',', file);
    else
        fprintf(file, ",%.17g", value);
}

/* One group of columns, in the order of results/README.md. */
static inline void fixture_costs(FILE *file, double seconds, double batch_size)
{
    fixture_number(file, 100 * seconds);
    fixture_number(file, 100 * seconds * batch_size);
    fixture_number(file, 100 * seconds * batch_size / 1000);
    fixture_number(file, 1e6 * seconds * batch_size);
    fixture_number(file, seconds);
}

static inline void fixture_cells(const struct fixture_cell *cells, size_t count)
{
    static const char *const units[] = {"updates", "examples", "epochs", "flops", "seconds"};
    FILE *file = fopen(scratch_path("cells.csv"), "w");

    fputs("id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
          "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
          "engine_used,threads_used,train_examples,outcome,final_train_loss,final_validation_loss,"
          "final_validation_error,"
          "test_loss,test_error",
          file);
    for (size_t t = 0; t < 2; t++)
        for (size_t u = 0; u < 5; u++)
            fprintf(file, ",%s_to_%s", units[u], fixture_targets[t]);
    fputs(",budget,tuned,edge", file);
    for (size_t i = 0; i < count; i++) {
        const struct fixture_cell *cell = &cells[i];
        int batch_size = cell->batch_size ? cell->batch_size : 1000;

        fprintf(file,
                "\nc%zu,convergence,%s,mlp,%d,%d,%g,sgd,,,,,%d,%s,%s,reshuffle,keep,%s,auto,%d,"
                "%s,%d,1000,%s",
                i, cell->engine, batch_size, cell->batch_size == 0, cell->learning_rate,
                cell->redundancy, cell->mode ? cell->mode : "grow",
                cell->copies ? cell->copies : "exact", cell->threads ? cell->threads : "1",
                cell->seed, cell->engine_used ? cell->engine_used : cell->engine,
                cell->threads_used ? cell->threads_used : 1, cell->outcome);
        fixture_number(file, cell->train_loss > 0 ? cell->train_loss : cell->validation_loss);
        fixture_number(file, cell->validation_loss);
        fixture_number(file, cell->validation_error);
        fixture_number(file, cell->validation_loss);
        fixture_number(file, cell->test_error > 0 ? cell->test_error : cell->validation_error);
        fixture_costs(file, cell->seconds_to_20, batch_size);
        fixture_costs(file, cell->seconds_to_10, batch_size);
        fprintf(file, ",%s,%s,%s", cell->budget ? cell->budget : "default",
                cell->tuned ? cell->tuned : "",
                cell->edge    ? "1"
                : cell->tuned ? "0"
                              : "");
    }
    fputc('\n', file);
    fclose(file);
}

static inline void fixture_text(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

#define FIXTURE_ROOF                                                                               \
    "roof_examples_per_second,roof_fraction,live_fraction,roof_live_examples_per_second,roof_"     \
    "bound"

/* Three throughput cells of one network, one of which the engine does not support, and a machine
 * with a peak of 100 GFLOP/s on one thread: 1000 examples/s. roofs: with the columns FIXTURE_ROOF,
 * which results of an earlier version lack. */
static inline void fixture_throughput_cells(int roofs)
{
    static const char settings[] = "sgd,,,,,1,grow,exact,reshuffle,keep";

    char text[4096];

    snprintf(
        text, sizeof text,
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "train_examples,flops_per_example,outcome,examples_per_second,examples_per_second_q1,"
        "examples_per_second_q3,gflops,blocks,pregathered_examples_per_second,"
        "pregathered_examples_per_second_q1,pregathered_examples_per_second_q3,"
        "pregathered_gflops,pregathered_blocks,final_train_loss,final_validation_loss,"
        "final_validation_error,test_loss,test_error%s\n"
        "a,throughput,blas,mlp,8,0,0.1,%s,1,auto,1,1000,1e8,budget,200,190,220,20,30,250,240,260,"
        "25,31,,,,,%s\n"
        "b,throughput,blas,mlp,1000,1,0.1,%s,1,auto,1,1000,1e8,budget,500,490,505,50,30,,,,,,,,,,%"
        "s\n"
        "c,throughput,naive,mlp,8,0,0.1,%s,2,auto,1,1000,1e8,unsupported,,,,,,,,,,,,,,,%s\n",
        roofs ? "," FIXTURE_ROOF : "", settings, roofs ? ",400,0.625,,,weights" : "", settings,
        roofs ? ",800,,,,flops" : "", settings, roofs ? ",,,,," : "");
    fixture_text("cells.csv", text);
    fixture_text("manifest.json", "{\"machine\": {\"cpu\": \"abacus, large\", \"fma_peak_gflops\": "
                                  "{\"1\": 100}}}");
}

static inline void fixture_throughput(void)
{
    fixture_throughput_cells(1);
}

/* Removes all files, and figures/ with what is in it: for the start of a test. */
static inline int fixture_clear(void **state)
{
    char path[128];
    static const char *const files[] = {"cells.csv",       "curves.csv",   "probes.csv",
                                        "predictions.csv", "verdicts.csv", "scale.csv",
                                        "manifest.json"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(scratch_path(files[i]));
    snprintf(path, sizeof path, "%s/figures", scratch_folder);
    return folder_remove(path);
}

#endif
