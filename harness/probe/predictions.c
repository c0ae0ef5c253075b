/* Probe predictions: what the network says of validation examples, from which the variance across
 * seeds follows once all seeds are there. */
#include "probe/scene.h"

#include "base/error.h"
#include "train/call.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>

/* Of the validation split, which is in random order. */
enum { PREDICTED_MAX = 1000 };

/* The contract knows losses and no outputs: -log p of a class is the loss if that is the label. */
static int probability(struct scene *scene, size_t row, int32_t label, double *p)
{
    const struct workbench *bench = scene->bench;
    struct batch batch = batch_of(&bench->validation);
    struct message message = {""};
    struct score score;

    batch.size = 1;
    batch.features =
        (const char *)batch.features +
        row * dataset_row_bytes(&bench->validation, network_inputs(&bench->model->network));
    batch.labels = &label;
    if (call_loss(bench->engine, bench->cell->settings.precision, bench->session, scene->theta,
                  &batch, &score, &message) != 0)
        return error_set("%.500s", message.text);
    *p = exp(-score.loss);
    return 0;
}

static int fill(struct scene *scene, struct predictions *predictions)
{
    const struct examples *validation = &scene->bench->validation;

    for (int i = 0; i < predictions->count; i++) {
        size_t row = (size_t)validation->rows[i];

        predictions->labels[i] = validation->labels[row];
        for (int c = 0; c < predictions->classes; c++)
            if (probability(scene, row, c,
                            &predictions->probabilities[i * predictions->classes + c]) != 0)
                return -1;
    }
    return 0;
}

int probe_predictions(struct scene *scene)
{
    size_t held = (size_t)scene->predicted + 1, count = scene->bench->validation.count;
    struct predictions *all = realloc(scene->predictions, held * sizeof *all), *fresh;

    if (!all)
        return error_set("out of memory");
    scene->predictions = all;
    fresh = &all[scene->predicted];
    count = count < PREDICTED_MAX ? count : PREDICTED_MAX;
    *fresh = (struct predictions){
        .epoch = scene->point->epoch,
        .examples = scene->point->examples,
        .update = scene->point->update,
        .count = (int)count,
        .classes = scene->bench->classes,
        .labels = calloc(count, sizeof *fresh->labels),
        .probabilities =
            calloc(count * (size_t)scene->bench->classes, sizeof *fresh->probabilities),
    };
    scene->predicted++;
    if (!fresh->labels || !fresh->probabilities)
        return error_set("out of memory");
    return fill(scene, fresh);
}
