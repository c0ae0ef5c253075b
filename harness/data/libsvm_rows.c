/* The rows of a file in the LIBSVM format. */
#include "data/libsvm_rows.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SHOWN = 40, FIRST_BYTES = 1 << 12 };

#define FAIL(rows, format, ...)                                                                    \
    error_set("%s:%zu: " format, (rows)->path, (rows)->line, __VA_ARGS__)

/* ---- Lines ------------------------------------------------------------------------------------
 */

struct line {
    char *text; /* owned */
    size_t capacity;
};

static int make_room(const struct libsvm_rows *rows, struct line *line)
{
    size_t capacity = line->capacity > 0 ? 2 * line->capacity : FIRST_BYTES;
    char *text;

    if (line->capacity >= LIMIT_CSV_ROW_BYTES)
        return FAIL(rows, "a line of more than %d bytes, expected `label index:value ...`",
                    LIMIT_CSV_ROW_BYTES);
    text = realloc(line->text, capacity);
    if (!text)
        return FAIL(rows, "out of memory for a line of %zu bytes", capacity);
    line->text = text;
    line->capacity = capacity;
    return 0;
}

/* 1: there is a line, without its end; 0: the file is over; -1: error set. */
static int next_line(struct libsvm_rows *rows, gzFile file, struct line *line)
{
    size_t length = 0;
    int c, code;

    rows->line++;
    while ((c = gzgetc(file)) != -1 && c != '\n') {
        if (length + 1 >= line->capacity && make_room(rows, line) != 0)
            return -1;
        if (c == '\0')
            return FAIL(rows, "%s", "a zero byte, expected text");
        line->text[length++] = (char)c;
    }
    gzerror(file, &code);
    if (c == -1 && code != Z_OK && code != Z_STREAM_END)
        return error_set("%s: %s", rows->path,
                         code == Z_ERRNO       ? strerror(errno)
                         : code == Z_BUF_ERROR ? "truncated: the end of the gzip stream is missing"
                                               : "the gzip stream is damaged");
    if (c == -1 && length == 0)
        return 0;
    if (length + 1 >= line->capacity && make_room(rows, line) != 0)
        return -1;
    line->text[length] = '\0';
    line->text[strcspn(line->text, "#\r")] = '\0';
    return 1;
}

/* ---- Labels -----------------------------------------------------------------------------------
 */

/* Where the label stands among the classes, or would. */
static int place_of(const struct libsvm_rows *rows, double label)
{
    int low = 0, high = rows->class_count;

    while (low < high) {
        int middle = (low + high) / 2;

        if (rows->classes[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_class(struct libsvm_rows *rows, int place, double label)
{
    int count = rows->class_count;

    if (count == LIMIT_CLASSES)
        return FAIL(rows, "more than %d different labels, expected classes; or say that they are "
                          "numbers to be predicted",
                    LIMIT_CLASSES);
    if ((count & (count - 1)) == 0) { /* the room doubles at each power of two */
        double *grown = realloc(rows->classes, (2 * (size_t)count + 1) * sizeof *grown);

        if (!grown)
            return FAIL(rows, "out of memory for %d classes", count + 1);
        rows->classes = grown;
    }
    memmove(rows->classes + place + 1, rows->classes + place,
            (size_t)(count - place) * sizeof *rows->classes);
    rows->classes[place] = label;
    rows->class_count++;
    return 0;
}

static int take_label(struct libsvm_rows *rows, char **at, int32_t *label, float *target)
{
    char *end;
    double value = strtod(*at, &end);
    int place;

    if (end == *at || (*end != '\0' && *end != ' ' && *end != '\t') ||
        !(fabs(value) <= (double)FLT_MAX))
        return FAIL(rows, "'%.*s' is no label, expected one finite number",
                    (int)strcspn(*at, " \t") < SHOWN ? (int)strcspn(*at, " \t") : SHOWN, *at);
    *at = end;
    *target = (float)value;
    if (rows->is_regression)
        return 0;
    place = place_of(rows, value);
    if (place < rows->class_count && rows->classes[place] == value)
        *label = place;
    else if (rows->is_closed)
        return FAIL(rows, "class %g was not there when the file was first read", value);
    else
        return add_class(rows, place, value);
    return 0;
}

/* ---- Features ---------------------------------------------------------------------------------
 */

/* One `index:value`, the index above the last one. */
static int take_feature(struct libsvm_rows *rows, char **at, long *last)
{
    char *text = *at, *end;
    int shown = (int)strcspn(text, " \t") < SHOWN ? (int)strcspn(text, " \t") : SHOWN;
    long index;
    double value;

    errno = 0;
    index = strtol(text, &end, 10);
    if (end == text || *end != ':')
        return FAIL(rows, "'%.*s' is not index:value", shown, text);
    if (errno != 0 || index < 1 || index > LIMIT_LIBSVM_FEATURES)
        return FAIL(rows, "index of '%.*s', expected 1 .. %d", shown, text, LIMIT_LIBSVM_FEATURES);
    if (index <= *last)
        return FAIL(rows, "index %ld after %ld, expected them ascending", index, *last);
    *last = index;
    text = end + 1;
    value = strtod(text, &end);
    if (end == text || (*end != '\0' && *end != ' ' && *end != '\t') ||
        !(fabs(value) <= (double)FLT_MAX))
        return FAIL(rows, "index %ld: '%.*s' is not a finite number of single precision", index,
                    (int)strcspn(text, " \t") < SHOWN ? (int)strcspn(text, " \t") : SHOWN, text);
    *at = end;
    if (rows->features > 0 && index > rows->features)
        return FAIL(rows, "index %ld, expected at most %d", index, rows->features);
    if (rows->values)
        rows->values[index - 1] = (float)value;
    if (index > rows->widest)
        rows->widest = (int)index;
    return 0;
}

static int take_row(struct libsvm_rows *rows, char *at)
{
    int32_t label = 0;
    float target = 0;
    long last = 0;

    if (rows->count == INT32_MAX)
        return FAIL(rows, "more than %d rows", INT32_MAX);
    if (rows->values)
        memset(rows->values, 0, (size_t)rows->features * sizeof *rows->values);
    if (take_label(rows, &at, &label, &target) != 0)
        return -1;
    for (at += strspn(at, " \t"); *at != '\0'; at += strspn(at, " \t"))
        if (take_feature(rows, &at, &last) != 0)
            return -1;
    if (rows->visit(rows->context, rows, rows->values, label, target) != 0)
        return -1;
    rows->count++;
    return 0;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static int finish(struct libsvm_rows *rows)
{
    if (rows->count == 0)
        return error_set("%s: no rows, expected lines such as `1 3:0.5 7:1`", rows->path);
    if (!rows->is_regression && rows->class_count < 2)
        return error_set("%s: one label only, %g, expected at least two classes", rows->path,
                         rows->classes[0]);
    if (rows->features == 0)
        rows->features = rows->widest;
    if (rows->features == 0)
        return error_set("%s: no row has a feature, expected index:value", rows->path);
    rows->is_closed = true;
    return 0;
}

int libsvm_rows_read(struct libsvm_rows *rows, const char *path)
{
    struct line line = {0};
    int status = 0, found;
    gzFile file = gzopen(path, "rb");

    if (!file)
        return error_set("%s: %s", path, strerror(errno));
    gzbuffer(file, 1 << 17);
    rows->path = path;
    rows->line = rows->count = 0;
    if (rows->features > 0 && !rows->values) {
        rows->values = calloc((size_t)rows->features, sizeof *rows->values);
        if (!rows->values)
            status = error_set("%s: out of memory for %d features", path, rows->features);
    }
    while (status == 0 && (found = next_line(rows, file, &line)) != 0) {
        char *at = found > 0 ? line.text + strspn(line.text, " \t") : NULL;

        status = found < 0 ? -1 : *at == '\0' ? 0 : take_row(rows, at);
    }
    free(line.text);
    gzclose(file);
    return status == 0 ? finish(rows) : -1;
}

void libsvm_rows_close(struct libsvm_rows *rows)
{
    free(rows->classes);
    free(rows->values);
    rows->classes = NULL;
    rows->values = NULL;
}
