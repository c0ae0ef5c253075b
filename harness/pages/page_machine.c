/* Where the results of a page come from, and how to have them again: what manifest.json says. */
#include "pages/pages.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { IMPORTED_ROWS = 100 }; /* files of an import that a page names */

static const json_t *member(const struct pages_folder *folder, const char *object, const char *key)
{
    const json_t *manifest = folder->verdicts.results.manifest;

    return json_object_get(object ? json_object_get(manifest, object) : manifest, key);
}

static double number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* ---- The table --------------------------------------------------------------------------------
 */

static void put_row(const struct page *, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nothing where the text is empty. */
static void put_row(const struct page *page, const char *what, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!text[0])
        return;
    page_row_open(page);
    page_cell(page, what);
    page_cell(page, text);
    page_row_close(page);
}

static void put_bytes(const struct page *page, const char *what, double bytes)
{
    if (bytes >= 1024.0 * 1024 * 1024)
        put_row(page, what, "%.3g GiB", bytes / (1024.0 * 1024 * 1024));
    else if (bytes >= 1024.0 * 1024)
        put_row(page, what, "%.4g MiB", bytes / (1024.0 * 1024));
    else if (bytes > 0)
        put_row(page, what, "%.4g KiB", bytes / 1024);
}

/* A row for each of an object's texts: "engine blas", "OpenBLAS 0.3.21". */
static void put_texts(const struct page *page, const struct pages_folder *folder,
                      const char *object, const char *what)
{
    json_t *texts = (json_t *)member(folder, NULL, object), *value;
    const char *key;

    json_object_foreach(texts, key, value)
    {
        char name[128];

        snprintf(name, sizeof name, "%s %s", what, key);
        if (json_is_string(value))
            put_row(page, name, "%s", json_string_value(value));
    }
}

static void put_hardware(const struct page *page, const struct pages_folder *folder)
{
    const json_t *machine = member(folder, NULL, "machine");
    size_t cores = json_array_size(json_object_get(machine, "processors"));
    double peak = results_fma_peak_gflops(&folder->verdicts.results, 1);

    put_row(page, "Processor", "%s", text_in(machine, "cpu"));
    put_row(page, "Instructions", "%s", text_in(machine, "instructions"));
    if (cores > 0)
        put_row(page, "Cores it was allowed", "%zu", cores);
    put_bytes(page, "Memory", number_in(machine, "memory_bytes"));
    put_bytes(page, "L1 cache, each core", number_in(machine, "l1_bytes"));
    put_bytes(page, "L2 cache, each core", number_in(machine, "l2_bytes"));
    put_bytes(page, "L3 cache", number_in(machine, "l3_bytes"));
    if (isfinite(peak))
        put_row(page, "Multiply-add peak, one thread", "%.4g GFLOP/s", peak);
    put_row(page, "Kernel", "%s", text_in(machine, "kernel"));
    put_row(page, "Governor", "%s", text_in(machine, "governor"));
}

static void put_software(const struct page *page, const struct pages_folder *folder)
{
    const json_t *build = member(folder, NULL, "build");

    put_row(page, "Batchlab", "%s", text_in(build, "version"));
    put_row(page, "Commit", "%s", text_in(build, "commit"));
    put_row(page, "Compiler", "%s", text_in(build, "compiler"));
    put_row(page, "Flags", "%s", text_in(build, "flags"));
    put_texts(page, folder, "engines", "Engine");
    put_texts(page, folder, "libraries", "Library");
    put_row(page, "Data", "%s", folder->verdicts.results.dataset);
}

/* ---- Runs -------------------------------------------------------------------------------------
 */

static void put_run(const struct page *page, const json_t *run)
{
    double steal = number_in(run, "steal_share");
    char text[32];

    page_row_open(page);
    page_cell(page, text_in(run, "started"));
    page_cell(page, text_in(run, "commit"));
    page_cell_value(page, number_in(run, "cells_run"));
    page_cell_value(page, number_in(run, "jobs"));
    page_cell_value(page, number_in(run, "wall_seconds"));
    page_cell_value(page, number_in(run, "load_before"));
    page_cell_value(page, number_in(run, "load_after"));
    snprintf(text, sizeof text, "%.2g %%", 100 * steal);
    page_cell(page, isfinite(steal) ? text : "\u2013");
    page_cell_open(page);
    page_verdict(page, text_in(run, "ended")[0] ? text_in(run, "ended") : "not finished");
    page_cell_close(page);
    page_row_close(page);
}

/* Of runs made elsewhere the files that they come from: 1. */
static int put_imported(const struct page *page, const struct pages_folder *folder)
{
    static const char *const columns[] = {"file", "bytes", "CRC-32"};
    const json_t *imported = member(folder, NULL, "imported");
    const json_t *files = json_object_get(imported, "files");
    size_t count = json_array_size(files);

    if (!json_is_object(imported))
        return 0;
    page_table_open(page, "Imported from", columns, 3);
    for (size_t f = 0; f < count && f < IMPORTED_ROWS; f++) {
        const json_t *file = json_array_get(files, f);

        page_row_open(page);
        page_cell(page, text_in(file, "file"));
        page_cell_value(page, number_in(file, "bytes"));
        page_cell(page, text_in(file, "crc32"));
        page_row_close(page);
    }
    page_table_close(page);
    if (count > IMPORTED_ROWS)
        page_paragraph(page, "muted", "And %zu more: manifest.json has them all.",
                       count - IMPORTED_ROWS);
    return 1;
}

static void put_runs(const struct page *page, const struct pages_folder *folder)
{
    static const char *const columns[] = {"started",     "commit",     "cells", "jobs", "seconds",
                                          "load before", "load after", "steal", "ended"};
    const json_t *runs = member(folder, NULL, "runs");

    if (put_imported(page, folder))
        return;
    if (json_array_size(runs) == 0) {
        page_paragraph(page, "warning", "The manifest has no record of a run.");
        return;
    }
    page_table_open(page, "Runs into the results folder", columns,
                    sizeof columns / sizeof *columns);
    for (size_t r = 0; r < json_array_size(runs); r++)
        put_run(page, json_array_get(runs, r));
    page_table_close(page);
    page_paragraph(page, "muted",
                   "Load: the system's one-minute average. Steal: share of the time that the host "
                   "gave to others.");
}

void pages_put_machine(const struct page *page, const struct pages_folder *folder)
{
    static const char *const columns[] = {"what", "which"};

    page_heading(page, 2, "machine", "The machine");
    if (!folder->verdicts.results.manifest) {
        page_paragraph(page, "warning",
                       "manifest.json is missing: machine, libraries and commit are not known.");
        return;
    }
    page_table_open(page, "Machine, kernels and libraries", columns, 2);
    put_hardware(page, folder);
    put_software(page, folder);
    page_table_close(page);
    page_heading(page, 3, NULL, "Runs");
    put_runs(page, folder);
}

/* ---- Again ------------------------------------------------------------------------------------
 */

/* "OMP_NUM_THREADS=1 " of what the last run had set; "" for nothing. Values are those of a shell.
 */
static void describe_environment(const struct pages_folder *folder, char *text, size_t size)
{
    const json_t *runs = member(folder, NULL, "runs");
    json_t *set = json_object_get(json_array_get(runs, json_array_size(runs) - 1), "environment");
    json_t *value;
    const char *key;

    text[0] = '\0';
    json_object_foreach(set, key, value)
    {
        const char *is = json_string_value(value);
        size_t length = strlen(text);

        if (is && !strchr(is, '\''))
            snprintf(text + length, size - length, "%s='%s' ", key, is);
    }
}

static void put_import_again(const struct page *page, const char *name, const char *mapping)
{
    char command[256];

    snprintf(command, sizeof command, "batchlab import FILE... --columns %.120s.yaml --into NEW\n",
             name);
    page_paragraph(page, "",
                   "With the files above, and the text below in %s.yaml, which says which of their "
                   "columns is which of ours.",
                   name);
    page_listing(page, "sh", command);
    page_fold_open(page, "The mapping");
    page_listing(page, "yaml", mapping);
    page_fold_close(page);
}

void pages_put_repeat(const struct page *page, const struct pages_folder *folder)
{
    const char *experiment = pages_folder_text(folder, NULL, "experiment_text");
    const char *quick = json_is_true(member(folder, NULL, "quick")) ? " --quick" : "";
    const char *name = folder->page;
    char environment[512], command[1024];

    page_heading(page, 2, "again", "How to repeat it");
    if (!experiment[0]) {
        page_paragraph(page, "warning",
                       "The experiment's text is not known: manifest.json does not have it.");
        return;
    }
    if (json_is_object(member(folder, NULL, "imported"))) {
        put_import_again(page, name, experiment);
        return;
    }
    describe_environment(folder, environment, sizeof environment);
    snprintf(command, sizeof command,
             "%sbatchlab run %s.yaml%s --results NEW\nbatchlab compare RESULTS NEW\n", environment,
             name, quick);
    page_paragraph(
        page, "",
        "With the text below in %s.yaml. RESULTS is the folder that this page is made of, "
        "NEW one that is not there yet.",
        name);
    page_listing(page, "sh", command);
    page_fold_open(page, "The experiment");
    page_listing(page, "yaml", experiment);
    page_fold_close(page);
}
