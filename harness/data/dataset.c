/* Loads or generates a data set, splits it, scales it. */
#include "data/dataset.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/csv_data.h"
#include "data/idx.h"
#include "data/own_weights.h"
#include "data/quadratic_deep.h"
#include "data/scaling.h"
#include "data/synthetic.h"
#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define DEBIAN_FOLDER "/usr/share/datasets/fashion-mnist"

/* The stored rows of a source, before the split. */
struct pool {
    size_t count;  /* rows to split */
    size_t tests;  /* rows of a test file, stored after them */
    size_t family; /* so many consecutive rows stay together; 1: each goes its own way */
    bool as_is;    /* scaling is not for them */
    bool watched;  /* the test file is also what validates, unless examples are split off for it */
};

struct image_files {
    char images[1152], labels[1152];
    char test_images[1152], test_labels[1152]; /* "" if there are none */
};

static int read_pair(struct idx *images, struct idx *labels, const char *image_path,
                     const char *label_path)
{
    size_t before = images->count;

    if (idx_append_images(images, image_path) != 0 || idx_append_labels(labels, label_path) != 0)
        return -1;
    if (images->count != labels->count)
        return error_set("%s: %zu labels, expected %zu as there are images in %s", label_path,
                         labels->count - before, images->count - before, image_path);
    return 0;
}

/* classes is 0 where the largest label decides. */
static int store_labels(struct dataset *dataset, const struct pool *pool, const struct idx *labels,
                        const struct image_files *files, int classes)
{
    int largest = 0;

    dataset->stored_labels = calloc(labels->count, sizeof *dataset->stored_labels);
    if (!dataset->stored_labels)
        return error_set("%s: out of memory for %zu labels", files->labels, labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        int label = labels->values[i];
        bool is_test = i >= pool->count;

        if (classes > 0 && label >= classes)
            return error_set("%s: label %d of example %zu is not in 0 .. %d",
                             is_test ? files->test_labels : files->labels, label,
                             (is_test ? i - pool->count : i) + 1, classes - 1);
        largest = label > largest ? label : largest;
        dataset->stored_labels[i] = label;
    }
    if (largest == 0)
        return error_set("%s: all labels are 0, expected at least two classes", files->labels);
    dataset->classes = classes > 0 ? classes : largest + 1;
    return 0;
}

static int load_images(struct dataset *dataset, struct pool *pool, const struct image_files *files,
                       int classes)
{
    int status = -1;
    struct idx pixels = {0}, labels = {0};

    if (read_pair(&pixels, &labels, files->images, files->labels) != 0)
        goto done;
    pool->count = pixels.count;
    if (files->test_images[0] != '\0' &&
        read_pair(&pixels, &labels, files->test_images, files->test_labels) != 0)
        goto done;
    pool->tests = pixels.count - pool->count;
    if (store_labels(dataset, pool, &labels, files, classes) != 0)
        goto done;
    dataset->image_height = pixels.height;
    dataset->image_width = pixels.width;
    dataset->inputs = (size_t)pixels.height * (size_t)pixels.width;
    dataset->stored_features = pixels.values;
    dataset->train.element = ELEMENT_UINT8;
    pixels.values = NULL; /* the data set's from here */
    status = 0;
done:
    idx_free(&pixels);
    idx_free(&labels);
    return status;
}

static int find_fashion_mnist(char path[1152], const char *folder, const char *name)
{
    snprintf(path, 1152, "%s/%s.gz", folder, name);
    if (access(path, F_OK) == 0)
        return 0;
    snprintf(path, 1152, "%s/%s", folder, name);
    if (access(path, F_OK) == 0)
        return 0;
    return error_set("%s: no %s.gz and no %s: `apt install dataset-fashion-mnist`, or name the "
                     "folder of its files as dataset path or in $BATCHLAB_DATA",
                     folder, name, name);
}

static int load_fashion_mnist(struct dataset *dataset, struct pool *pool,
                              const struct dataset_spec *spec)
{
    struct image_files files;
    const char *folder = spec->path, *from_environment = getenv("BATCHLAB_DATA");

    if (folder[0] == '\0')
        folder = from_environment && from_environment[0] ? from_environment : DEBIAN_FOLDER;
    if (strlen(folder) >= sizeof spec->path)
        return error_set("$BATCHLAB_DATA: longer than %zu bytes", sizeof spec->path - 1);
    if (find_fashion_mnist(files.images, folder, "train-images-idx3-ubyte") != 0 ||
        find_fashion_mnist(files.labels, folder, "train-labels-idx1-ubyte") != 0 ||
        find_fashion_mnist(files.test_images, folder, "t10k-images-idx3-ubyte") != 0 ||
        find_fashion_mnist(files.test_labels, folder, "t10k-labels-idx1-ubyte") != 0)
        return -1;
    return load_images(dataset, pool, &files, 10);
}

static int load_idx(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    struct image_files files;

    if (spec->images[0] == '\0' || spec->labels[0] == '\0')
        return error_set("dataset: idx needs both images and labels");
    if ((spec->test_images[0] == '\0') != (spec->test_labels[0] == '\0'))
        return error_set("dataset: idx needs both test_images and test_labels, or neither");
    snprintf(files.images, sizeof files.images, "%s", spec->images);
    snprintf(files.labels, sizeof files.labels, "%s", spec->labels);
    snprintf(files.test_images, sizeof files.test_images, "%s", spec->test_images);
    snprintf(files.test_labels, sizeof files.test_labels, "%s", spec->test_labels);
    return load_images(dataset, pool, &files, 0);
}

/* Of csv data: 1 if the weights are a column beside the features. */
static bool has_own_column(const struct weight_source *source)
{
    return source->name[0] != '\0' || (source->file[0] == '\0' && source->column[0] != '\0');
}

static int load_csv(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    struct csv_data table;
    const char *column;

    if (spec->path[0] == '\0')
        return error_set("dataset: csv needs the path of a file");
    column = !has_own_column(&spec->weights) ? ""
             : spec->weights.name[0] != '\0' ? spec->weights.name
                                             : spec->weights.column;
    if (csv_data_read(&table, spec->path, spec->label, spec->target, column) != 0)
        return -1;
    dataset->stored_features = table.features;
    dataset->stored_labels = table.labels;
    dataset->stored_targets = table.targets;
    dataset->stored_weights = table.weights;
    dataset->classes = table.classes;
    dataset->inputs = table.columns;
    pool->count = table.rows;
    return 0;
}

static int load_blobs(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    float *features;

    if (synthetic_blobs(spec, &features, &dataset->stored_labels) != 0)
        return -1;
    dataset->stored_features = features;
    dataset->classes = spec->classes;
    dataset->inputs = (size_t)spec->features;
    pool->count = (size_t)spec->examples;
    pool->family = (size_t)spec->family;
    return 0;
}

static int load_linear(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    float *features;

    if (synthetic_linear(spec, &features, &dataset->stored_targets) != 0)
        return -1;
    dataset->stored_features = features;
    dataset->inputs = (size_t)spec->features;
    pool->count = (size_t)spec->examples;
    return 0;
}

static int load_points(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    float *features;

    if (synthetic_points(spec, &features) != 0)
        return -1;
    dataset->stored_features = features;
    dataset->inputs = (size_t)spec->features;
    pool->count = (size_t)spec->examples;
    pool->as_is = true;
    return 0;
}

static int load_quadratic_deep(struct dataset *dataset, struct pool *pool,
                               const struct dataset_spec *spec)
{
    float *features;

    (void)spec;
    if (quadratic_deep_draw(&features) != 0)
        return -1;
    dataset->stored_features = features;
    dataset->inputs = QUADRATIC_DEEP_FEATURES;
    pool->count = QUADRATIC_DEEP_TRAIN;
    pool->tests = QUADRATIC_DEEP_TEST;
    pool->as_is = pool->watched = true;
    return 0;
}

/* A loader fills the stored arrays, inputs, classes, the image size and the pool; the element is
 * float32 unless it says otherwise. */
static const struct source {
    const char *name;
    int (*load)(struct dataset *, struct pool *, const struct dataset_spec *);
} sources[] = {
    {.name = "fashion-mnist", .load = load_fashion_mnist},
    {.name = "idx", .load = load_idx},
    {.name = "csv", .load = load_csv},
    {.name = "blobs", .load = load_blobs},
    {.name = "linear", .load = load_linear},
    {.name = "points", .load = load_points},
    {.name = "quadratic_deep", .load = load_quadratic_deep},
};

static int load(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, spec->name) == 0)
            return sources[i].load(dataset, pool, spec);
    return error_set("dataset: name: '%s' is not one of fashion-mnist, idx, csv, blobs, linear, "
                     "points, quadratic_deep",
                     spec->name);
}

/* One weight for each example that is split, in the order in which they are stored: of the file, or
 * of being generated. Examples of a test file have none. */
static int load_weights(struct dataset *dataset, const struct pool *pool,
                        const struct weight_source *source)
{
    size_t stored = pool->count + pool->tests;
    double *grown;

    if (!dataset->stored_weights) {
        if (source->file[0] == '\0' && source->column[0] == '\0')
            return 0;
        if (source->file[0] == '\0')
            return error_set("dataset: weights: column: %s has no columns, expected a file as well",
                             dataset->name);
        if (own_weights_read(&dataset->stored_weights, pool->count, source->file, source->column) !=
            0)
            return -1;
    }
    dataset->weights_fingerprint = (uint32_t)crc32_z(0, (const Bytef *)dataset->stored_weights,
                                                     pool->count * sizeof *dataset->stored_weights);
    grown = realloc(dataset->stored_weights, stored * sizeof *grown);
    if (!grown)
        return error_set("dataset: out of memory for %zu weights", stored);
    dataset->stored_weights = grown;
    for (size_t i = pool->count; i < stored; i++)
        grown[i] = 0;
    return 0;
}

/* Rows that leave the pool for a part of this many examples: whole families. */
static size_t rows_taken(int examples, size_t family)
{
    return ((size_t)examples + family - 1) / family * family;
}

static int check_split(const struct dataset_spec *spec, const struct pool *pool)
{
    size_t train = spec->train > 0 ? (size_t)spec->train : 1, taken;

    if (spec->train < 0 || spec->validation < 0 || spec->test < 0)
        return error_set("dataset: train %d, validation %d, test %d: expected 0 or more each",
                         spec->train, spec->validation, spec->test);
    if (spec->test > 0 && pool->tests > 0)
        return error_set("dataset: test: %d cannot be split off, %s has a test file with %zu "
                         "examples of its own",
                         spec->test, spec->name, pool->tests);
    taken = rows_taken(spec->test, pool->family) + rows_taken(spec->validation, pool->family);
    if (taken + train <= pool->count)
        return 0;
    if (pool->family > 1)
        return error_set(
            "dataset: train %zu + validation %d + test %d in whole families of %zu are "
            "%zu examples, but %s has %zu",
            train, spec->validation, spec->test, pool->family, taken + train, spec->name,
            pool->count);
    return error_set(
        "dataset: train %zu + validation %d + test %d are %zu examples, but %s has %zu "
        "to split",
        train, spec->validation, spec->test, taken + train, spec->name, pool->count);
}

/* rows[pool.count] = all rows, family by family in random order */
static void permute_families(int32_t *rows, const struct pool *pool, struct rng *rng)
{
    size_t family = pool->family, families = pool->count / family;

    for (size_t f = 0; f < families; f++)
        rows[f] = (int32_t)f;
    rng_shuffle(rng, rows, families);
    for (size_t f = families; f-- > 0;) { /* from the back: rows[f] is read before it is written */
        int32_t first = rows[f] * (int32_t)family;

        for (size_t i = 0; i < family; i++)
            rows[f * family + i] = first + (int32_t)i;
    }
}

static struct examples view(const struct dataset *dataset, int32_t *rows, size_t count)
{
    return (struct examples){
        .element = dataset->train.element,
        .scale = 1,
        .features = dataset->stored_features,
        .labels = dataset->stored_labels,
        .targets = dataset->stored_targets,
        .weights = dataset->stored_weights,
        .rows = rows,
        .count = count,
    };
}

/* Test examples first (unless they have a file), then validation, then training. */
static int split(struct dataset *dataset, const struct dataset_spec *spec, const struct pool *pool)
{
    struct rng rng;
    int32_t *validation, *train;
    size_t stored = pool->count + pool->tests, left;

    if (stored > INT32_MAX)
        return error_set("dataset: %s has %zu examples, expected at most %d", spec->name, stored,
                         INT32_MAX);
    if (check_split(spec, pool) != 0)
        return -1;
    dataset->stored_rows = calloc(stored, sizeof *dataset->stored_rows);
    if (!dataset->stored_rows)
        return error_set("dataset: out of memory for the split of %zu examples", stored);
    rng_init(&rng, spec->seed, RNG_SPLIT, 0);
    permute_families(dataset->stored_rows, pool, &rng);
    for (size_t i = pool->count; i < stored; i++)
        dataset->stored_rows[i] = (int32_t)i;
    validation = dataset->stored_rows + rows_taken(spec->test, pool->family);
    train = validation + rows_taken(spec->validation, pool->family);
    left = pool->count - (size_t)(train - dataset->stored_rows);
    if (pool->family > 1)
        rng_shuffle(&rng, train, left); /* relatives apart again */

    if (pool->tests > 0)
        dataset->test = view(dataset, dataset->stored_rows + pool->count, pool->tests);
    else
        dataset->test = view(dataset, dataset->stored_rows, (size_t)spec->test);
    dataset->validation = pool->watched && spec->validation == 0
                              ? dataset->test
                              : view(dataset, validation, (size_t)spec->validation);
    dataset->train = view(dataset, train, spec->train > 0 ? (size_t)spec->train : left);
    return 0;
}

/* Rows are read in random order, each from another page: huge ones spare most of the look-ups. */
static int move_to_huge_pages(struct dataset *dataset, size_t stored)
{
    size_t bytes = stored * dataset_row_bytes(&dataset->train, dataset->inputs);
    void *features = memory_take(bytes);

    if (!features)
        return error_set("dataset: out of memory for %zu examples", stored);
    memcpy(features, dataset->stored_features, bytes);
    free(dataset->stored_features);
    dataset->stored_features = features;
    return 0;
}

static uint32_t add_part(uint32_t crc, const struct examples *part)
{
    uint64_t count = part->count;

    crc = (uint32_t)crc32_z(crc, (const Bytef *)&count, sizeof count);
    crc = (uint32_t)crc32_z(crc, (const Bytef *)&part->scale, sizeof part->scale);
    crc = (uint32_t)crc32_z(crc, (const Bytef *)&part->offset, sizeof part->offset);
    return (uint32_t)crc32_z(crc, (const Bytef *)part->rows, part->count * sizeof *part->rows);
}

static uint32_t fingerprint(const struct dataset *dataset, size_t stored)
{
    size_t feature_bytes = stored * dataset_row_bytes(&dataset->train, dataset->inputs);
    uint32_t crc = (uint32_t)crc32_z(0, dataset->stored_features, feature_bytes);

    if (dataset->stored_labels)
        crc = (uint32_t)crc32_z(crc, (const Bytef *)dataset->stored_labels,
                                stored * sizeof *dataset->stored_labels);
    if (dataset->stored_targets)
        crc = (uint32_t)crc32_z(crc, (const Bytef *)dataset->stored_targets,
                                stored * dataset->outputs * sizeof *dataset->stored_targets);
    crc = add_part(crc, &dataset->train);
    crc = add_part(crc, &dataset->validation);
    return add_part(crc, &dataset->test);
}

/* What layers of images see. */
static int set_shape(struct dataset *dataset, const struct dataset_spec *spec)
{
    const int *asked = spec->shape;

    dataset->shape = (struct shape){(int)dataset->inputs, 1, 1};
    if (dataset->image_height > 0)
        dataset->shape = (struct shape){1, dataset->image_height, dataset->image_width};
    if (spec->shape_count == 0)
        return 0;
    if (spec->shape_count != 3)
        return error_set("dataset: shape: %d numbers, expected channels, height and width",
                         spec->shape_count);
    if (dataset->image_height > 0)
        return error_set("dataset: shape: the images of %s have theirs, %d x %d", spec->name,
                         dataset->image_height, dataset->image_width);
    if ((double)asked[0] * asked[1] * asked[2] != (double)dataset->inputs)
        return error_set("dataset: shape: %d x %d x %d is not %zu features", asked[0], asked[1],
                         asked[2], dataset->inputs);
    dataset->shape = (struct shape){asked[0], asked[1], asked[2]};
    return 0;
}

static void describe(struct dataset *dataset)
{
    char shape[64], kind[64] = "one target";

    if (dataset->outputs == 0)
        snprintf(kind, sizeof kind, "nothing to predict");
    if (dataset->image_height > 0)
        snprintf(shape, sizeof shape, "%dx%d pixels", dataset->image_height, dataset->image_width);
    else
        snprintf(shape, sizeof shape, "%zu features", dataset->inputs);
    if (dataset->classes > 0)
        snprintf(kind, sizeof kind, "%d classes", dataset->classes);
    snprintf(dataset->description, sizeof dataset->description,
             "%s: %zu training, %zu validation and %zu test examples of %s, %s", dataset->name,
             dataset->train.count, dataset->validation.count, dataset->test.count, shape, kind);
}

int dataset_open(struct dataset *dataset, const struct dataset_spec *spec)
{
    int status = -1;
    struct pool pool = {.family = 1};
    size_t stored;

    *dataset = (struct dataset){.train.element = ELEMENT_FLOAT32};
    snprintf(dataset->name, sizeof dataset->name, "%s", spec->name);
    if (load(dataset, &pool, spec) != 0 || load_weights(dataset, &pool, &spec->weights) != 0)
        goto done;
    dataset->outputs =
        dataset->classes > 0 ? (size_t)dataset->classes : dataset->stored_targets != NULL;
    stored = pool.count + pool.tests;
    if (move_to_huge_pages(dataset, stored) != 0 || set_shape(dataset, spec) != 0 ||
        split(dataset, spec, &pool) != 0 ||
        scaling_apply(dataset, pool.as_is ? SCALING_NONE : spec->scaling, stored) != 0)
        goto done;
    dataset->fingerprint = fingerprint(dataset, stored);
    describe(dataset);
    status = 0;
done:
    if (status != 0)
        dataset_close(dataset);
    return status;
}

void dataset_close(struct dataset *dataset)
{
    if (!dataset)
        return;
    free(dataset->stored_features);
    free(dataset->stored_labels);
    free(dataset->stored_targets);
    free(dataset->stored_weights);
    free(dataset->stored_rows);
    *dataset = (struct dataset){0};
}

size_t dataset_row_bytes(const struct examples *examples, size_t inputs)
{
    return inputs * (examples->element == ELEMENT_UINT8 ? sizeof(uint8_t) : sizeof(float));
}
