/* Experiment files, to their cells; the same bytes as a catalogue of claims. */
#include "fuzz_input.h"

#include "base/file.h"
#include "plan/catalogue.h"
#include "plan/plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Data that every experiment is planned on, whatever it asks for: nothing is read or generated for
 * an input. */
static const struct dataset *dataset_of_all(void)
{
    static struct dataset dataset;
    static const struct dataset_spec spec = {.name = "blobs",
                                             .examples = 80,
                                             .features = 4,
                                             .classes = 2,
                                             .clusters = 1,
                                             .family = 1,
                                             .separation = 1,
                                             .validation = 20,
                                             .seed = 1};

    if (dataset.inputs == 0 && dataset_open(&dataset, &spec) != 0)
        abort();
    return &dataset;
}

/* Whatever a file says, the name of a cell's folder is a plain one. */
static void check_id(const char *id)
{
    int good = file_name_is_safe(id) && id[0] != '.';

    for (const char *c = id; *c && good; c++)
        good = isalnum((unsigned char)*c) || strchr("._-", *c);
    if (!good)
        abort();
}

static double cells_of(const struct experiment *experiment)
{
    double sum = 0;

    for (int c = 0; c < experiment->case_count || c == 0; c++) {
        double product = 1;

        for (int a = 0; a < experiment->grid.axis_count; a++)
            product *= experiment->grid.axes[a].count;
        for (int a = 0; c < experiment->case_count && a < experiment->cases[c].axis_count; a++)
            product *= experiment->cases[c].axes[a].count;
        sum += product;
    }
    return sum;
}

static void plan_all(const struct experiment *experiment)
{
    enum { QUICK_CELLS = 500 }; /* as many as a fuzzer has time for; too many are refused anyway */
    double cells = cells_of(experiment);
    struct plan plan;
    int status;

    if (cells > QUICK_CELLS && cells <= 1e6)
        return;
    status = plan_open(&plan, experiment, dataset_of_all());
    fuzz_check_status(status);
    for (int i = 0; i < plan.count && status == 0; i++) {
        check_id(plan.cells[i].id);
        plan_cell_seconds(&plan.cells[i], experiment, dataset_of_all());
    }
    plan_close(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("experiment.yaml", data, size);
    struct catalogue catalogue;
    struct experiment *experiment = malloc(sizeof *experiment);

    if (!experiment)
        abort();
    for (int quick = 0; quick < 2; quick++) {
        int status = experiment_open(experiment, path, quick);

        fuzz_check_status(status);
        if (status == 0) {
            experiment_dump(fuzz_nowhere(), experiment);
            plan_all(experiment);
        }
        experiment_close(experiment);
    }
    free(experiment);
    fuzz_check_status(catalogue_open(&catalogue, path));
    catalogue_close(&catalogue);
    return 0;
}
