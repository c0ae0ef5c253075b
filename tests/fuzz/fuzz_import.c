/* map.yaml, a table of curves, and a JSON file beside it: what `batchlab import` reads. */
#include "fuzz_input.h"

#include "import/runs.h"
#include "plan/document.h"
#include "plan/experiment.h"
#include "plan/grid.h"

#include <math.h>
#include <stdlib.h>

/* Updates of a run rise, and its settings are texts. */
static void check_runs(const struct runs *runs)
{
    for (size_t r = 0; r < runs->count; r++) {
        const struct import_run *run = &runs->list[r];

        if (run->count < 1)
            abort();
        for (int i = 1; i < run->count; i++)
            if (run->curve[i].update <= run->curve[i - 1].update)
                abort();
        for (size_t s = 0; settings_fields[s].key; s++)
            if (!run->settings[s])
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"map.yaml", "curves.csv", "metadata.json"};
    char *paths[1], *text;
    struct mapping mapping = {0};
    struct experiment *experiment = calloc(1, sizeof *experiment);
    struct runs runs = {0};
    int status;

    if (!experiment)
        abort();
    fuzz_write_parts(data, size, names, 3);
    paths[0] = (char *)fuzz_path("curves.csv");
    text = document_read(fuzz_path("map.yaml"));
    status = text ? mapping_read(&mapping, "map.yaml", text) : -1;
    fuzz_check_status(status);
    if (text)
        fuzz_check_status(experiment_open_claims(experiment, "map.yaml", text));
    if (status == 0) {
        status = runs_read(&runs, &mapping, paths, 1);
        fuzz_check_status(status);
        if (status == 0)
            check_runs(&runs);
    }
    runs_free(&runs);
    mapping_free(&mapping);
    experiment_close(experiment);
    free(experiment);
    free(text);
    return 0;
}
