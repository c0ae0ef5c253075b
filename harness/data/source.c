/* Where the examples of a data set come from. */
#include "data/source.h"

#include "base/error.h"
#include "base/limits.h"
#include "data/csv_data.h"
#include "data/generator.h"
#include "data/idx.h"
#include "data/quadratic_deep.h"
#include "data/shards.h"
#include "data/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBIAN_FOLDER "/usr/share/datasets/fashion-mnist"

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

/* ---- Shards -----------------------------------------------------------------------------------
 */

static int map_folder(struct shard_set **set, const char *folder)
{
    struct shard_set *fresh = malloc(sizeof *fresh);

    if (!fresh)
        return error_set("%s: out of memory", folder);
    if (shard_set_open(fresh, folder) != 0) {
        free(fresh);
        return -1;
    }
    *set = fresh;
    return 0;
}

/* Test examples must be of the kind of the others. */
static int check_tests(const struct dataset_spec *spec, const struct shard_set *set,
                       const struct shard_set *tests)
{
    const struct shard_header *of = &set->common, *test = &tests->common;

    if (test->element != of->element || test->scale != of->scale || test->offset != of->offset)
        return error_set("%s: other elements or another scale than in %s, expected the same",
                         spec->test_path, spec->path);
    if (test->shape.channels != of->shape.channels || test->shape.height != of->shape.height ||
        test->shape.width != of->shape.width)
        return error_set("%s: examples of %d x %d x %d, expected %d x %d x %d as in %s",
                         spec->test_path, test->shape.channels, test->shape.height,
                         test->shape.width, of->shape.channels, of->shape.height, of->shape.width,
                         spec->path);
    if (test->targets != of->targets || test->classes > of->classes)
        return error_set("%s: %d classes, expected at most the %d of %s (0: numbers)",
                         spec->test_path, test->classes, of->classes, spec->path);
    return 0;
}

static int load_shards(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    const struct shard_header *header;

    if (spec->path[0] == '\0')
        return error_set("dataset: shards needs the path of a folder");
    if (map_folder(&dataset->shards, spec->path) != 0)
        return -1;
    header = &dataset->shards->common;
    if (spec->test_path[0] != '\0') {
        if (map_folder(&dataset->test_shards, spec->test_path) != 0 ||
            check_tests(spec, dataset->shards, dataset->test_shards) != 0)
            return -1;
        pool->tests = dataset->test_shards->count;
    }
    /* Mapped to be read, and never written: floats are as they are. */
    dataset->stored_features = dataset->shards->mapped_features;
    if (header->targets == SHARD_CLASSES)
        dataset->stored_labels = dataset->shards->mapped_targets;
    else
        dataset->stored_targets = dataset->shards->mapped_targets;
    dataset->classes = header->classes;
    dataset->inputs = shard_inputs(header);
    dataset->shape = header->shape;
    dataset->train.element = header->element;
    if (header->element == ELEMENT_UINT8 && header->shape.channels == 1) {
        dataset->image_height = header->shape.height;
        dataset->image_width = header->shape.width;
    }
    pool->count = dataset->shards->count;
    pool->scale = header->scale;
    pool->offset = header->offset;
    pool->as_is = header->element == ELEMENT_FLOAT32;
    return 0;
}

/* Test, validation and shown examples, in this order, are made beforehand. */
static int load_generated(struct dataset *dataset, struct pool *pool,
                          const struct dataset_spec *spec)
{
    size_t inputs = (size_t)spec->features, count = (size_t)spec->examples;
    float *features;

    dataset->generator = calloc(1, sizeof *dataset->generator);
    if (!dataset->generator)
        return error_set("dataset: out of memory");
    if (generator_open(dataset->generator, spec) != 0)
        return -1;
    if (spec->weights.name[0] != '\0' || spec->weights.file[0] != '\0')
        return error_set("dataset: weights: generated examples have none");
    pool->made = (size_t)spec->test + (size_t)spec->validation + GENERATOR_SHOWN;
    pool->made = pool->made < count ? pool->made : count;
    if (limit_check_data("dataset: test, validation and shown examples", pool->made,
                         inputs * sizeof *features) != 0)
        return -1;
    dataset->stored_features = features = malloc(pool->made * inputs * sizeof *features);
    dataset->stored_labels = malloc(pool->made * sizeof *dataset->stored_labels);
    if (!features || !dataset->stored_labels)
        return error_set("dataset: out of memory for %zu examples of %zu features", pool->made,
                         inputs);
    for (size_t i = 0; i < pool->made; i++)
        generator_make(dataset->generator, (uint32_t)i, features + i * inputs,
                       &dataset->stored_labels[i]);
    dataset->classes = spec->classes;
    dataset->inputs = inputs;
    pool->count = count;
    pool->as_is = true;
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
    {.name = "shards", .load = load_shards},
    {.name = "generated", .load = load_generated},
    {.name = "blobs", .load = load_blobs},
    {.name = "linear", .load = load_linear},
    {.name = "points", .load = load_points},
    {.name = "quadratic_deep", .load = load_quadratic_deep},
};

int source_load(struct dataset *dataset, struct pool *pool, const struct dataset_spec *spec)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, spec->name) == 0)
            return sources[i].load(dataset, pool, spec);
    return error_set(
        "dataset: name: '%s' is not one of fashion-mnist, idx, csv, shards, generated, blobs, "
        "linear, points, quadratic_deep",
        spec->name);
}
