/* The batches that training steps are made with. */
#include "train/batches.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "data/augmentation.h"
#include "data/generator.h"
#include "data/sampler.h"
#include "data/shards.h"
#include "data/weighting.h"
#include "memory.h"
#include "train/step.h"
#include "train/team.h"

#include <stdlib.h>

struct batches {
    struct examples train;
    struct sampler *sampler;
    int32_t *rows;     /* [K] */
    struct batch view; /* of the current batch */

    float *made; /* [K][inputs], of a generator; NULL: examples are stored */
    size_t inputs;
    int part_count;        /* ranges that are drawn from, one after the other in a batch */
    int first_part, parts; /* of them those of this process: all, or its rank's one */
    size_t *asked_for;     /* [part_count], first place of the block that was last asked for, plus
                              one */

    struct augmenter *augmenter; /* NULL: images stay as they are */
    uint8_t *images;             /* [K][image_bytes], varied */
    size_t image_bytes;
    int32_t *labels; /* [K], of what is varied or made */
    uint64_t drawn;  /* examples so far */
};

/* ---- Opening ----------------------------------------------------------------------------------
 */

static int open_sampler(struct batches *batches, const struct workbench *bench,
                        enum last_batch last_batch)
{
    const struct settings *settings = &bench->cell->settings;
    struct sampler_options options = {
        .sampling = settings->sampler,
        .last_batch = last_batch,
        .order = settings->order,
        .block = (size_t)settings->block,
        .parts = batches->part_count,
        .class_weights = settings->class_weights,
        .rows = bench->train.rows,
        .count = bench->train.count,
        .labels = bench->train.labels,
        .own_weights = bench->train.weights,
        .classes = bench->classes,
        .batch_size = bench->cell->batch_size,
        .seed = settings->seed,
    };
    double *weights = NULL;
    int status = 0;

    if (bench->cell->weighting) {
        weights = malloc(bench->train.count * sizeof *weights);
        if (!weights)
            return error_set("out of memory for %zu weights", bench->train.count);
        status = weighting_apply(bench->cell->weighting, &bench->train,
                                 network_inputs(&bench->model->network), bench->classes, weights);
        options.weights = weights;
    }
    if (status == 0)
        status = sampler_open(&batches->sampler, &options);
    free(weights);
    return status;
}

/* With worker_data: own as many ranges as workers. */
static int open_parts(struct batches *batches, const struct workbench *bench)
{
    const struct settings *settings = &bench->cell->settings;
    int is_own = settings->worker_data == WORKER_DATA_OWN, is_rank = is_own && bench->team;

    batches->part_count = is_own ? settings->workers : 1;
    batches->first_part = is_rank ? team_rank(bench->team) : 0;
    batches->parts = is_rank ? 1 : batches->part_count;
    batches->asked_for = calloc((size_t)batches->part_count, sizeof *batches->asked_for);
    return batches->asked_for ? 0 : error_set("out of memory");
}

static int open_augmenter(struct batches *batches, const struct workbench *bench)
{
    const struct cell *cell = bench->cell;
    const struct shape image = bench->model->network.layers[0].input;
    size_t most = (size_t)cell->largest_batch;

    if (!cell->augmentation)
        return 0;
    batches->image_bytes = shape_size(image);
    batches->images = memory_take(most * batches->image_bytes);
    batches->labels = calloc(most, sizeof *batches->labels);
    if (!batches->images || !batches->labels)
        return error_set("out of memory for a batch of %zu augmented images", most);
    batches->view.rows = NULL;
    batches->view.features = batches->images;
    batches->view.labels = batches->labels;
    return augmenter_open(&batches->augmenter, cell->augmentation, image.height, image.width,
                          cell->settings.seed);
}

static int open_generator(struct batches *batches, const struct workbench *bench)
{
    size_t most = (size_t)bench->cell->largest_batch;

    if (!batches->train.generator)
        return 0;
    batches->made = memory_take_floats(most * batches->inputs);
    batches->labels = calloc(most, sizeof *batches->labels);
    if (!batches->made || !batches->labels)
        return error_set("out of memory for a batch of %zu generated examples", most);
    batches->view.rows = NULL;
    batches->view.features = batches->made;
    batches->view.labels = batches->labels;
    return 0;
}

int batches_open(struct batches **batches, const struct workbench *bench,
                 enum last_batch last_batch)
{
    struct batches *b = calloc(1, sizeof *b);

    *batches = NULL;
    if (!b)
        return error_set("out of memory");
    b->train = bench->train;
    b->inputs = network_inputs(&bench->model->network);
    b->view = batch_of(&b->train);
    b->rows = calloc((size_t)bench->cell->largest_batch, sizeof *b->rows);
    if (!b->rows) {
        error_set("out of memory for a batch of %d examples", bench->cell->largest_batch);
        goto failed;
    }
    b->view.rows = b->rows;
    if (open_parts(b, bench) != 0 || open_sampler(b, bench, last_batch) != 0 ||
        open_augmenter(b, bench) != 0 || open_generator(b, bench) != 0)
        goto failed;
    *batches = b;
    return 0;
failed:
    batches_close(b);
    return -1;
}

void batches_close(struct batches *batches)
{
    if (!batches)
        return;
    sampler_close(batches->sampler);
    augmenter_close(batches->augmenter);
    free(batches->asked_for);
    free(batches->rows);
    free(batches->images);
    free(batches->made);
    free(batches->labels);
    free(batches);
}

void batches_set_size(struct batches *batches, int batch_size)
{
    sampler_set_batch_size(batches->sampler, batch_size);
}

void batches_checkpoint(struct batches *batches, struct checkpoint *checkpoint)
{
    sampler_checkpoint(batches->sampler, checkpoint);
    CHECKPOINT(checkpoint, "batches.drawn", batches->drawn);
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

/* Of the current batch, what this process draws is first .. end - 1. */
static void find_own(const struct batches *batches, size_t *first, size_t *end)
{
    size_t size = (size_t)batches->view.size;

    *first = part_first(size, batches->part_count, batches->first_part);
    *end = part_first(size, batches->part_count, batches->first_part + batches->parts);
}

static void augment(struct batches *batches)
{
    const uint8_t *stored = batches->train.features;
    size_t bytes = batches->image_bytes, first, end;

    find_own(batches, &first, &end);
    for (size_t i = first; i < end; i++) {
        size_t row = (size_t)batches->rows[i];

        augmenter_apply(batches->augmenter, stored + row * bytes, batches->images + i * bytes,
                        batches->drawn + i);
        batches->labels[i] = batches->train.labels[row];
    }
    batches->drawn += (uint64_t)batches->view.size;
}

static void make(struct batches *batches)
{
    size_t first, end;

    find_own(batches, &first, &end);
    generator_make_all(batches->train.generator, batches->train.first, batches->rows + first,
                       end - first, batches->made + first * batches->inputs,
                       batches->labels + first);
}

/* While a block of mapped examples is drawn, the system reads the next one. */
static void ask_for_next_block(struct batches *batches, int part)
{
    const struct examples *train = &batches->train;
    const char *features = train->features;
    size_t first, last, begin, end, bytes = dataset_row_bytes(train, batches->inputs);

    if (!sampler_next_block(batches->sampler, part, &first, &last) ||
        batches->asked_for[part] == first + 1)
        return;
    batches->asked_for[part] = first + 1;
    begin = (size_t)sampler_row_at(batches->sampler, first);
    end = (size_t)sampler_row_at(batches->sampler, last) + 1;
    if (begin < end && end - begin <= 2 * (last - first + 1)) /* not one class after the other */
        shards_will_need(features + begin * bytes, features + end * bytes);
}

void batches_next(struct batches *batches, struct batch *batch)
{
    batches->view.size = sampler_next(batches->sampler, batches->rows);
    for (int p = 0; p < batches->parts && batches->train.is_mapped; p++)
        ask_for_next_block(batches, batches->first_part + p);
    if (batches->made)
        make(batches);
    batches->view.weights = sampler_weights(batches->sampler);
    if (batches->augmenter)
        augment(batches);
    *batch = batches->view;
}
