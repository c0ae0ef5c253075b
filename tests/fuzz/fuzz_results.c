/* A results folder: cells.csv, manifest.json, curves.csv, checksums.csv, apart by lines of `====`.
 */
#include "fuzz_input.h"

#include "report/groups.h"
#include "report/results.h"
#include "run/verify.h"

#include <stdlib.h>

static void read_columns(struct table *table)
{
    for (size_t c = 0; c < table_columns(table); c++) {
        const char *name = table_column_name(table, c);

        if (!table_has(table, name) || !table_texts(table, name))
            abort();
        fuzz_check_status(table_numbers(table, name) ? 0 : -1);
    }
}

static void read_groups(struct results *results, const char *measure)
{
    struct groups groups;
    int status = groups_open(&groups, results, measure);
    char text[512];

    fuzz_check_status(status);
    for (size_t g = 0; status == 0 && g < groups.group_count; g++) {
        groups_describe(&groups, g, groups.varying, text, sizeof text);
        group_batch_text(&groups.groups[g], text, sizeof text);
    }
    if (status == 0 && groups.group_count > 0)
        groups_fastest(&groups);
    groups_close(&groups);
}

static void read_all(struct results *results)
{
    size_t *row_of = NULL;
    char text[256];

    read_columns(results->cells);
    for (size_t t = 0; t < results->target_count; t++) {
        results_cost(results, "updates", t);
        target_describe(&results->targets[t], text, sizeof text);
    }
    results_fma_peak_gflops(results, 1);
    results_threads(results);
    read_groups(results, "convergence");
    read_groups(results, "throughput");
    if (!results_has_curves(results))
        return;
    if (results_curves(results) != 0) {
        fuzz_check_status(-1);
        return;
    }
    read_columns(results->curves);
    fuzz_check_status(table_join(results->curves, results->cells, &row_of));
    free(row_of);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"cells.csv", "manifest.json", "curves.csv",
                                        "checksums.csv"};
    struct verification verification;
    struct results results;
    int status;

    fuzz_write_parts(data, size, files, sizeof files / sizeof *files);
    status = results_open(&results, fuzz_folder());
    fuzz_check_status(status);
    if (status == 0)
        read_all(&results);
    results_close(&results);
    fuzz_check_status(verify_results(&verification, fuzz_folder(), 0, fuzz_nowhere()));
    return 0;
}
