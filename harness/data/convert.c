/* Files of other formats to a set of shards. */
#include "data/convert.h"

#include "base/error.h"
#include "data/csv_rows.h"
#include "data/idx.h"
#include "data/libsvm_rows.h"
#include "data/scaling.h"
#include "data/shard_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

static int commit(struct shard_writer *writer, const struct shard_layout *layout,
                  struct converted *result)
{
    *result = (struct converted){
        .examples = layout->examples,
        .inputs = shape_size(layout->shape),
        .element = layout->element,
        .classes = layout->classes,
    };
    return shard_writer_commit(writer, &result->shards, result->set);
}

/* ---- IDX --------------------------------------------------------------------------------------
 */

/* Reads all labels: the shards' headers want their largest before any is written. */
static int count_classes_of(const char *path, size_t *count, int *classes)
{
    struct idx_stream stream;
    uint8_t piece[1 << 14];
    int status = idx_stream_labels(&stream, path), largest = 0;

    *count = stream.count;
    while (status == 0 && stream.left > 0) {
        size_t size = stream.left < sizeof piece ? stream.left : sizeof piece;

        status = idx_stream_next(&stream, piece, size);
        for (size_t i = 0; i < size && status == 0; i++)
            largest = piece[i] > largest ? piece[i] : largest;
    }
    idx_stream_close(&stream);
    if (status == 0 && largest == 0)
        return error_set("%s: all labels are 0, expected at least two classes", path);
    *classes = largest + 1;
    return status;
}

static int copy_images(struct shard_writer *writer, struct idx_stream *images,
                       struct idx_stream *labels)
{
    size_t pixels = (size_t)images->height * (size_t)images->width;
    size_t piece = pixels < PIECE_BYTES ? PIECE_BYTES / pixels : 1;
    uint8_t *values = malloc(piece * pixels), *bytes = malloc(piece);
    int32_t *classes = malloc(piece * sizeof *classes);
    int status = 0;

    if (!values || !bytes || !classes)
        status = error_set("%s: out of memory for %zu images", images->path, piece);
    while (status == 0 && images->left > 0) {
        size_t size = images->left < piece ? images->left : piece;

        if (idx_stream_next(images, values, size) != 0 ||
            idx_stream_next(labels, bytes, size) != 0) {
            status = -1;
            break;
        }
        for (size_t i = 0; i < size; i++)
            classes[i] = bytes[i];
        status = shard_writer_add(writer, values, classes, size);
    }
    free(values);
    free(bytes);
    free(classes);
    return status;
}

static int convert_idx(const struct conversion *conversion, struct converted *result)
{
    struct idx_stream images = {0}, labels = {0};
    struct shard_layout layout = {.element = ELEMENT_UINT8,
                                  .targets = SHARD_CLASSES,
                                  .scale = 1,
                                  .file_bytes = conversion->file_bytes};
    struct shard_writer *writer = NULL;
    size_t count;
    int status = -1;

    if (idx_stream_images(&images, conversion->images) != 0 ||
        count_classes_of(conversion->labels, &count, &layout.classes) != 0 ||
        idx_stream_labels(&labels, conversion->labels) != 0)
        goto done;
    if (count != images.count || count != labels.count) {
        error_set("%s: %zu labels, expected %zu as there are images in %s", conversion->labels,
                  count, images.count, conversion->images);
        goto done;
    }
    layout.examples = images.count;
    layout.shape = (struct shape){1, images.height, images.width};
    if (shard_writer_open(&writer, conversion->folder, &layout) != 0)
        goto done;
    if (copy_images(writer, &images, &labels) != 0) {
        shard_writer_abandon(writer);
        goto done;
    }
    status = commit(writer, &layout, result);
done:
    idx_stream_close(&images);
    idx_stream_close(&labels);
    return status;
}

/* ---- Text: its rows, whatever the format ------------------------------------------------------
 */

/* What passes over the rows of a file are for. */
struct text {
    const struct conversion *conversion;
    struct csv_rows csv;
    struct libsvm_rows libsvm;
    int (*take)(struct text *, const float *features, int32_t label, float target);
    size_t inputs;
    int has_classes;

    double *centre, *width; /* [inputs] each, of the scaling; statistics until they are finished */
    size_t seen;            /* rows of the statistics */

    struct shard_writer *writer;
    float *scaled;  /* [inputs] */
    uint8_t *bytes; /* [inputs] */
};

static int visit_csv(void *context, struct csv_rows *rows, const struct csv_row *row)
{
    struct text *text = context;

    if (!text->take || text->take(text, row->features, row->label, row->target) == 0)
        return 0;
    rows->source.failed = true;
    return -1;
}

static int visit_libsvm(void *context, struct libsvm_rows *rows, const float *features,
                        int32_t label, float target)
{
    struct text *text = context;

    (void)rows;
    return text->take ? text->take(text, features, label, target) : 0;
}

/* Where a row that is not as it must be stands. */
static int refuse(const struct text *text, size_t feature, double value)
{
    int is_csv = text->conversion->csv != NULL;

    return error_set("%s:%zu: feature %zu: %g, expected a whole number of 0 .. 255 for a byte",
                     is_csv ? text->csv.source.path : text->libsvm.path,
                     is_csv ? text->csv.source.line : text->libsvm.line, feature + 1, value);
}

static int pass(struct text *text,
                int (*take)(struct text *, const float *features, int32_t label, float target))
{
    text->take = take;
    return text->conversion->csv ? csv_rows_read(&text->csv, text->conversion->csv)
                                 : libsvm_rows_read(&text->libsvm, text->conversion->libsvm);
}

/* How large it is, and which classes there are. */
static int look(struct text *text, struct shard_layout *layout)
{
    int is_csv = text->conversion->csv != NULL;
    int is_regression =
        is_csv ? text->conversion->target[0] != '\0' : text->conversion->is_regression;

    if (pass(text, NULL) != 0)
        return -1;
    if (is_csv && !is_regression)
        csv_rows_sort(&text->csv, NULL);
    text->inputs = is_csv ? text->csv.features : (size_t)text->libsvm.features;
    text->has_classes = !is_regression;
    layout->examples = is_csv ? text->csv.count : text->libsvm.count;
    layout->targets = is_regression ? SHARD_NUMBERS : SHARD_CLASSES;
    layout->classes = is_regression ? 0 : is_csv ? text->csv.classes : text->libsvm.class_count;
    layout->shape = (struct shape){(int)text->inputs, 1, 1};
    return 0;
}

/* ---- Text: its scale --------------------------------------------------------------------------
 */

/* centre = the smallest, width = the largest */
static int take_range(struct text *text, const float *features, int32_t label, float target)
{
    (void)label;
    (void)target;
    for (size_t j = 0; j < text->inputs; j++) {
        double value = (double)features[j];

        text->centre[j] = text->seen > 0 ? fmin(text->centre[j], value) : value;
        text->width[j] = text->seen > 0 ? fmax(text->width[j], value) : value;
    }
    text->seen++;
    return 0;
}

/* centre = the mean, width = sum of the squares about it (Welford 1962): exactly 0 of a constant. */
static int take_moments(struct text *text, const float *features, int32_t label, float target)
{
    double count = (double)++text->seen;

    (void)label;
    (void)target;
    for (size_t j = 0; j < text->inputs; j++) {
        double value = (double)features[j], away = value - text->centre[j];

        text->centre[j] += away / count;
        text->width[j] += away * (value - text->centre[j]);
    }
    return 0;
}

static int find_scale(struct text *text)
{
    int is_unit = text->conversion->scaling == SCALING_UNIT;

    text->centre = calloc(2 * text->inputs, sizeof *text->centre);
    if (!text->centre)
        return error_set("out of memory for the scale of %zu features", text->inputs);
    text->width = text->centre + text->inputs;
    if (pass(text, is_unit ? take_range : take_moments) != 0)
        return -1;
    for (size_t j = 0; j < text->inputs; j++)
        text->width[j] = is_unit ? text->width[j] - text->centre[j]
                                 : sqrt(text->width[j] / (double)text->seen);
    return 0;
}

/* ---- Text: writing ----------------------------------------------------------------------------
 */

static int add(struct text *text, const void *features, int32_t label, float target)
{
    return shard_writer_add(text->writer, features,
                            text->has_classes ? (const void *)&label : (const void *)&target, 1);
}

static int take_bytes(struct text *text, const float *features, int32_t label, float target)
{
    for (size_t j = 0; j < text->inputs; j++) {
        if (!(features[j] >= 0 && features[j] <= UINT8_MAX && features[j] == truncf(features[j])))
            return refuse(text, j, (double)features[j]);
        text->bytes[j] = (uint8_t)features[j];
    }
    return add(text, text->bytes, label, target);
}

static int take_floats(struct text *text, const float *features, int32_t label, float target)
{
    if (text->centre) {
        memcpy(text->scaled, features, text->inputs * sizeof *features);
        if (scaling_numbers(text->scaled, 1, text->inputs, text->centre, text->width) != 0)
            return -1;
        features = text->scaled;
    }
    return add(text, features, label, target);
}

static int write_text(struct text *text, const struct shard_layout *layout,
                      struct converted *result)
{
    int is_bytes = layout->element == ELEMENT_UINT8;

    text->scaled = malloc(text->inputs * sizeof *text->scaled);
    text->bytes = malloc(text->inputs);
    if (!text->scaled || !text->bytes)
        return error_set("out of memory for %zu features", text->inputs);
    if (shard_writer_open(&text->writer, text->conversion->folder, layout) != 0)
        return -1;
    if (pass(text, is_bytes ? take_bytes : take_floats) != 0) {
        shard_writer_abandon(text->writer);
        return -1;
    }
    return commit(text->writer, layout, result);
}

static int convert_text(const struct conversion *conversion, struct converted *result)
{
    struct shard_layout layout = {
        .element = conversion->element, .scale = 1, .file_bytes = conversion->file_bytes};
    struct text text = {
        .conversion = conversion,
        .csv = {.label = conversion->label, .target = conversion->target, .weights = ""},
        .libsvm = {.is_regression = conversion->is_regression, .features = conversion->features},
    };
    int status = -1;

    text.csv.visit = visit_csv;
    text.libsvm.visit = visit_libsvm;
    text.csv.context = text.libsvm.context = &text;
    if (look(&text, &layout) != 0)
        goto done;
    if (layout.element == ELEMENT_FLOAT32 && conversion->scaling != SCALING_NONE &&
        find_scale(&text) != 0)
        goto done;
    status = write_text(&text, &layout, result);
done:
    csv_rows_close(&text.csv);
    libsvm_rows_close(&text.libsvm);
    free(text.centre);
    free(text.scaled);
    free(text.bytes);
    return status;
}

int convert(const struct conversion *conversion, struct converted *result)
{
    return conversion->images ? convert_idx(conversion, result) : convert_text(conversion, result);
}
