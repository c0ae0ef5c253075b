/* A gate in the formats that other tools read. */
#include "gate/gate.h"

#include "base/error.h"
#include "build_info.h"
#include "export/export.h"
#include "run/host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the export borrows, by cell. */
struct cell_texts {
    char name[GATE_NAME_SIZE + 8];
    char reason[GATE_SIDES][320];
    double *seconds[GATE_SIDES], *cpu[GATE_SIDES];
};

struct gate_texts {
    struct cell_texts *cells;                /* [count] */
    struct exported_case *cases[GATE_SIDES]; /* [count] */
    struct exported_ratio *ratios;           /* [ratio_count] */
    struct exported_count *counts;           /* [count_count] */
    size_t ratio_count, count_count;
    struct host host;
    char host_name[256], figure[PATH_MAX];
    double load;
    struct exported_pair custom[4];
    struct exported_figure figures[1];
};

static double *per_update(const struct gate_cell *cell, const double *seconds)
{
    size_t count = cell->series[GATE_FIRST].count;
    double *each = calloc(count + 1, sizeof *each);

    for (size_t i = 0; each && i < count; i++)
        each[i] = seconds[i] / (double)cell->updates;
    return each;
}

static double examples_of(const struct gate_cell *cell)
{
    const char *size = strstr(cell->name, "/k=");

    return size ? strtod(size + 3, NULL) : 0;
}

static int put_case(const struct gate *gate, struct gate_texts *texts, int c, int side)
{
    const struct gate_cell *cell = &gate->cells[c];
    const struct gate_series *series = &cell->series[GATE_FIRST];
    struct cell_texts *own = &texts->cells[c];
    int has_failed = cell->verdict == GATE_MISSING || cell->verdict == GATE_UNSUPPORTED ||
                     cell->verdict == GATE_WRONG;

    own->seconds[side] = per_update(cell, series->seconds[side]);
    own->cpu[side] = per_update(cell, series->cpu[side]);
    if (!own->seconds[side] || !own->cpu[side])
        return error_set("out of memory for the export");
    texts->cases[side][c] = (struct exported_case){
        .name = own->name,
        .label = cell->library,
        .threads = 1,
        .count = series->count,
        .seconds = own->seconds[side],
        .cpu_seconds = own->cpu[side],
        .iterations = cell->updates,
        .examples_per_iteration = examples_of(cell),
        .error = has_failed ? cell->reason : NULL,
        .skipped = cell->verdict == GATE_UNSUPPORTED,
    };
    return 0;
}

static void put_ratio(const struct gate *gate, struct gate_texts *texts, int c)
{
    const struct gate_cell *cell = &gate->cells[c];
    const struct paired_finding *first = &cell->findings[GATE_FIRST];
    int is_judged = cell->verdict == GATE_SAME || cell->verdict == GATE_IMPROVED ||
                    cell->verdict == GATE_REGRESSION || cell->verdict == GATE_INCONCLUSIVE;

    if (!is_judged && cell->verdict != GATE_WRONG)
        return;
    texts->ratios[texts->ratio_count++] = (struct exported_ratio){
        .name = texts->cells[c].name,
        .ratio = is_judged ? first->ratio : (double)NAN,
        .low = is_judged ? first->low : (double)NAN,
        .high = is_judged ? first->high : (double)NAN,
        .confidence = gate->confidence,
        .floor = cell->margin,
        .verdict = gate_verdict_names[cell->verdict],
        .reason = cell->reason,
        .base = &texts->cases[GATE_BASE][c],
        .head = &texts->cases[GATE_HEAD][c],
    };
}

static void put_counts(struct gate_texts *texts, const struct gate_cell *cell, const char *name)
{
    static const char *const verdicts[COUNT_VERDICTS] = {[COUNT_SAME] = "SAME",
                                                         [COUNT_CHANGED] = "CHANGED",
                                                         [COUNT_WORSE] = "WRONG",
                                                         [COUNT_WRONG] = "WRONG"};

    for (int q = 0; q < COUNT_QUANTITIES && cell->is_counted; q++) {
        const struct count_judgement *judged = &cell->counts.of[q];

        if (!verdicts[judged->verdict])
            continue;
        texts->counts[texts->count_count++] = (struct exported_count){
            .name = name,
            .quantity = count_names[q].key,
            .base = judged->base.known ? judged->base.value : (double)NAN,
            .head = judged->head.known ? judged->head.value : (double)NAN,
            .verdict = verdicts[judged->verdict],
            .reason = judged->reason,
        };
    }
}

static int fill(const struct gate *gate, struct gate_texts *texts)
{
    size_t count = (size_t)gate->count;

    texts->cells = calloc(count, sizeof *texts->cells);
    texts->ratios = calloc(count, sizeof *texts->ratios);
    texts->counts = calloc(count * COUNT_QUANTITIES, sizeof *texts->counts);
    for (int s = 0; s < GATE_SIDES; s++)
        texts->cases[s] = calloc(count, sizeof *texts->cases[s]);
    if (!texts->cells || !texts->ratios || !texts->counts || !texts->cases[GATE_BASE] ||
        !texts->cases[GATE_HEAD])
        return error_set("out of memory for the export");
    for (int c = 0; c < gate->count; c++) {
        snprintf(texts->cells[c].name, sizeof texts->cells->name, "gate/%s", gate->cells[c].name);
        for (int s = 0; s < GATE_SIDES; s++)
            if (put_case(gate, texts, c, s) != 0)
                return -1;
        put_ratio(gate, texts, c);
        put_counts(texts, &gate->cells[c], texts->cells[c].name);
    }
    return 0;
}

static void release(const struct gate *gate, struct gate_texts *texts)
{
    for (int c = 0; texts->cells && c < gate->count; c++)
        for (int s = 0; s < GATE_SIDES; s++) {
            free(texts->cells[c].seconds[s]);
            free(texts->cells[c].cpu[s]);
        }
    free(texts->cells);
    free(texts->ratios);
    free(texts->counts);
    for (int s = 0; s < GATE_SIDES; s++)
        free(texts->cases[s]);
}

static void describe_machine(const struct gate *gate, struct gate_texts *texts,
                             struct export *export)
{
    host_read(&texts->host);
    if (gethostname(texts->host_name, sizeof texts->host_name - 1) != 0)
        texts->host_name[0] = '\0';
    texts->load = gate->load_before;
    texts->custom[0] = (struct exported_pair){"base", gate->sides[GATE_BASE].given};
    texts->custom[1] = (struct exported_pair){"base_version", gate->sides[GATE_BASE].version};
    texts->custom[2] = (struct exported_pair){"head", gate->sides[GATE_HEAD].given};
    texts->custom[3] = (struct exported_pair){"head_version", gate->sides[GATE_HEAD].version};
    export->date = gate->started;
    export->host = texts->host_name;
    export->cpu = texts->host.cpu;
    export->processors = texts->host.processor_count;
    export->load = &texts->load;
    export->load_count = isfinite(texts->load) ? 1 : 0;
    export->library_version = BATCHLAB_VERSION;
    export->custom = texts->custom;
    export->custom_count = sizeof texts->custom / sizeof *texts->custom;
}

/* The head's file, under its usual name. */
static int write_file(const struct export *export, enum export_format format, const char *folder,
                      const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%.4000s/%s", folder, name ? name : export_file_name(format));
    return export_write(export, format, path, NULL);
}

static int write_files(const struct export *head, struct gate_texts *texts, const char *folder)
{
    static const enum export_format formats[] = {EXPORT_ACTION_SMALLER, EXPORT_ACTION_BIGGER,
                                                 EXPORT_BENCHER, EXPORT_JUNIT, EXPORT_MARKDOWN};
    struct export base = *head;

    base.cases = texts->cases[GATE_BASE];
    base.ratio_count = base.count_count = 0;
    if (write_file(&base, EXPORT_GOOGLE_BENCHMARK, folder, "google-benchmark-base.json") != 0 ||
        write_file(head, EXPORT_GOOGLE_BENCHMARK, folder, "google-benchmark-head.json") != 0)
        return -1;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (write_file(head, formats[f], folder, NULL) != 0)
            return -1;
    return 0;
}

int gate_export(const struct gate *gate, const char *folder, int strict, FILE *measurements)
{
    struct gate_texts texts = {.ratio_count = 0};
    struct export export = {.suite = "batchlab-gate", .strict = strict != 0};
    char figure[PATH_MAX];
    int status = fill(gate, &texts);

    export.cases = texts.cases[GATE_HEAD];
    export.case_count = (size_t)gate->count;
    export.ratios = texts.ratios;
    export.ratio_count = texts.ratio_count;
    export.counts = texts.counts;
    export.count_count = texts.count_count;
    describe_machine(gate, &texts, &export);
    snprintf(figure, sizeof figure, "%.4000s/figures/gate.png", folder);
    if (realpath(figure, texts.figure)) {
        texts.figures[0] = (struct exported_figure){"gate", texts.figure};
        export.figures = texts.figures;
        export.figure_count = 1;
    }
    if (status == 0)
        status = write_files(&export, &texts, folder);
    if (status == 0 && measurements)
        status = export_print(&export, EXPORT_CTEST, measurements, NULL);
    release(gate, &texts);
    return status;
}
