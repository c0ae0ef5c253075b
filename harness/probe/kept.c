/* What a scene has recorded, for a checkpoint. */
#include "probe/scene.h"

#include "base/checkpoint.h"

#include <stdlib.h>
#include <string.h>

/* A row with the texts that it points to, which are another process's. */
struct kept_row {
    struct probe_row row;
    char probe[32], quantity[64], sampling[32];
};

static void keep_text(struct checkpoint *checkpoint, const char *text, char *kept, size_t size)
{
    if (strlen(text) >= size)
        checkpoint_refuse(checkpoint, "a probe's row has too long a name");
    else
        strcpy(kept, text);
}

static void fill_kept(const struct scene *scene, struct checkpoint *checkpoint,
                      struct kept_row *kept)
{
    for (int i = 0; i < scene->row_count; i++, kept++) {
        const struct probe_row *row = &scene->rows[i];

        kept->row = *row;
        keep_text(checkpoint, row->probe, kept->probe, sizeof kept->probe);
        keep_text(checkpoint, row->quantity, kept->quantity, sizeof kept->quantity);
        keep_text(checkpoint, row->sampling, kept->sampling, sizeof kept->sampling);
    }
}

static void take_kept(struct scene *scene, struct checkpoint *checkpoint, size_t count)
{
    struct probe_row *rows = calloc(count, sizeof *rows);

    if (!rows) {
        checkpoint_refuse(checkpoint, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct kept_row *kept = &scene->kept[i];

        rows[i] = kept->row;
        rows[i].probe = kept->probe;
        rows[i].quantity = kept->quantity;
        rows[i].sampling = kept->sampling;
    }
    scene->rows = rows;
    scene->row_count = scene->capacity = (int)count;
}

static void checkpoint_rows(struct scene *scene, struct checkpoint *checkpoint)
{
    size_t count = checkpoint_count(checkpoint, "probe.rows", (size_t)scene->row_count);
    struct kept_row *kept = count > 0 ? calloc(count, sizeof *kept) : NULL;

    if (count > 0 && !kept)
        checkpoint_refuse(checkpoint, "out of memory");
    if (!kept)
        return;
    if (!checkpoint_is_read(checkpoint))
        fill_kept(scene, checkpoint, kept);
    checkpoint_item(checkpoint, "probe.row", kept, count * sizeof *kept);
    if (!checkpoint_is_read(checkpoint)) {
        free(kept);
        return;
    }
    scene->kept = kept;
    if (!checkpoint_has_failed(checkpoint))
        take_kept(scene, checkpoint, count);
}

static void take_memory(struct predictions *predictions, struct checkpoint *checkpoint)
{
    size_t count = (size_t)predictions->count;

    predictions->labels = calloc(count, sizeof *predictions->labels);
    predictions->probabilities =
        calloc(count * (size_t)predictions->classes, sizeof *predictions->probabilities);
    if (!predictions->labels || !predictions->probabilities)
        checkpoint_refuse(checkpoint, "out of memory");
}

static void checkpoint_predictions(struct scene *scene, struct checkpoint *checkpoint)
{
    size_t count = checkpoint_count(checkpoint, "predictions", (size_t)scene->predicted);

    if (checkpoint_is_read(checkpoint) && count > 0 &&
        !(scene->predictions = calloc(count, sizeof *scene->predictions))) {
        checkpoint_refuse(checkpoint, "out of memory");
        return;
    }
    for (size_t i = 0; i < count && !checkpoint_has_failed(checkpoint); i++) {
        struct predictions *at = &scene->predictions[i];
        struct predictions size = *at;

        CHECKPOINT(checkpoint, "predictions.size", size);
        if (checkpoint_has_failed(checkpoint))
            return;
        if (checkpoint_is_read(checkpoint)) {
            *at = size;
            scene->predicted++;
            take_memory(at, checkpoint);
        }
        checkpoint_item(checkpoint, "predictions.labels", at->labels,
                        (size_t)at->count * sizeof *at->labels);
        checkpoint_item(checkpoint, "predictions.shares", at->probabilities,
                        (size_t)at->count * (size_t)at->classes * sizeof *at->probabilities);
    }
}

void scene_checkpoint(struct scene *scene, struct checkpoint *checkpoint)
{
    CHECKPOINT(checkpoint, "probe.moment", scene->moment);
    checkpoint_rows(scene, checkpoint);
    checkpoint_predictions(scene, checkpoint);
}
