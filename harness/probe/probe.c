/* The table of probes, and a cell's record of them. */
#include "probe/probe.h"

#include "base/clock.h"
#include "base/error.h"
#include "probe/scene.h"

#include <stdlib.h>

/* In the order of recording: memory first, before the others take any. */
static const struct {
    enum probe bit;
    const char *name;
    int (*record)(struct scene *);
} probes[] = {
    {PROBE_MEMORY, "memory", probe_memory},
    {PROBE_DUPLICATES, "duplicates", probe_duplicates},
    {PROBE_NOISE_SCALE, "noise_scale", probe_noise_scale},
    {PROBE_SAMPLING, "sampling", probe_sampling},
    {PROBE_NESTED, "nested", probe_nested},
    {PROBE_ENERGY, "energy", probe_energy},
    {PROBE_EFFECTIVE_SIZE, "effective_size", probe_effective_size},
    {PROBE_REDRAWS, "redraws", probe_redraws},
    {PROBE_SHARPNESS, "sharpness", probe_sharpness},
    {PROBE_LINEAR_PROBE, "linear_probe", probe_linear_probe},
    {PROBE_GRADIENT, "gradient", probe_gradient},
    {PROBE_UPDATE, "update", probe_update},
    {PROBE_UNITS, "units", probe_units},
    {PROBE_PREDICTIONS, "predictions", probe_predictions},
    {PROBE_SECOND_MOMENT, "second_moment", probe_second_moment},
};

struct prober {
    struct scene scene;
};

int prober_open(struct prober **prober, const struct workbench *bench)
{
    *prober = NULL;
    if (bench->experiment->probes.which == 0)
        return 0;
    *prober = calloc(1, sizeof **prober);
    if (!*prober)
        return error_set("out of memory");
    if (scene_open(&(*prober)->scene, bench) == 0)
        return 0;
    prober_close(*prober);
    *prober = NULL;
    return -1;
}

void prober_close(struct prober *prober)
{
    if (!prober)
        return;
    scene_close(&prober->scene);
    free(prober);
}

int prober_observe(void *opaque, const struct curve_point *point, const void *theta)
{
    struct scene *scene = &((struct prober *)opaque)->scene;

    scene_set(scene, point, theta);
    for (size_t p = 0; p < sizeof probes / sizeof *probes; p++) {
        int first = scene->row_count;
        double start = clock_now(), seconds;

        if (!(scene->options->which & (int)probes[p].bit))
            continue;
        scene->probe = probes[p].name;
        if (probes[p].record(scene) != 0)
            return -1;
        seconds = clock_now() - start;
        for (int r = first; r < scene->row_count; r++)
            scene->rows[r].seconds = seconds;
    }
    return scene->is_full ? error_set("out of memory for the rows of probes.csv") : 0;
}

void prober_checkpoint(void *opaque, struct checkpoint *checkpoint)
{
    scene_checkpoint(&((struct prober *)opaque)->scene, checkpoint);
}

const struct probe_row *prober_rows(const struct prober *prober, int *count)
{
    *count = prober ? prober->scene.row_count : 0;
    return prober ? prober->scene.rows : NULL;
}

const struct predictions *prober_predictions(const struct prober *prober, int *count)
{
    *count = prober ? prober->scene.predicted : 0;
    return prober ? prober->scene.predictions : NULL;
}
