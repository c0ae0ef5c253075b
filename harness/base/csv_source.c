/* Reads CSV files with libcsv. */
#include "base/csv_source.h"

#include "base/error.h"
#include "base/limits.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 16 };

/* What libcsv hands back, and where the reading is. */
struct reading {
    struct csv_source *source;
    void (*field)(void *context, const char *text);
    void (*row)(void *context);
    void *context;
    size_t row_bytes; /* of this row so far */
    bool in_line;     /* the last piece ended within a line */
    bool in_quotes;   /* or within a quoted field */
    char piece[PIECE_BYTES];
};

static void on_field(void *text, size_t length, void *context)
{
    struct reading *reading = context;
    struct csv_source *source = reading->source;

    if (source->failed)
        return;
    if (memchr(text, '\0', length))
        CSV_FAIL(source, "column %zu holds a zero byte, expected text", source->fields + 1);
    else
        reading->field(reading->context, text);
    source->fields++;
}

static void on_row(int terminator, void *context)
{
    struct reading *reading = context;

    (void)terminator;
    if (!reading->source->failed)
        reading->row(reading->context);
    reading->source->fields = 0;
    reading->row_bytes = 0;
}

/* Some spreadsheets begin with it. */
static size_t mark_bytes(const char *piece, size_t size)
{
    return size >= 3 && memcmp(piece, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* A line, or what a piece has of it: libcsv does not count lines. */
static void feed_line(struct reading *reading, struct csv_parser *parser, const char *text,
                      size_t size)
{
    struct csv_source *source = reading->source;

    if (!reading->in_line) {
        source->line++;
        if (source->fields == 0 && !reading->in_quotes) {
            source->first_line = source->line;
            reading->row_bytes = 0;
        }
    }
    reading->row_bytes += size;
    if (reading->row_bytes > LIMIT_CSV_ROW_BYTES)
        CSV_FAIL(source,
                 "a row of more than %d bytes, expected lines of fields, and quotes that end",
                 LIMIT_CSV_ROW_BYTES);
    else if (csv_parse(parser, text, size, on_field, on_row, reading) != size)
        CSV_FAIL(source, "%s: expected fields separated by commas, quoted as in RFC 4180",
                 csv_strerror(csv_error(parser)));
    for (size_t i = 0; i < size; i++)
        reading->in_quotes ^= text[i] == '"';
    reading->in_line = text[size - 1] != '\n';
}

static void feed(struct reading *reading, FILE *file, struct csv_parser *parser)
{
    struct csv_source *source = reading->source;
    bool is_first = true;
    size_t size;

    while (!source->failed && (size = fread(reading->piece, 1, PIECE_BYTES, file)) > 0) {
        size_t at = is_first ? mark_bytes(reading->piece, size) : 0;

        is_first = false;
        while (at < size && !source->failed) {
            const char *text = reading->piece + at, *end = memchr(text, '\n', size - at);
            size_t length = end ? (size_t)(end - text) + 1 : size - at;

            feed_line(reading, parser, text, length);
            at += length;
        }
    }
    if (source->failed)
        return;
    if (ferror(file)) {
        error_set("%s: %s", source->path, strerror(errno));
        source->failed = true;
    } else if (csv_fini(parser, on_field, on_row, reading) != 0) {
        CSV_FAIL(source, "%s", "a quoted field does not end");
    }
}

int csv_source_read(struct csv_source *source, void (*field)(void *context, const char *text),
                    void (*row)(void *context), void *context)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct csv_parser parser;
    FILE *file = fopen(source->path, "r");

    if (!file) {
        error_set("%s: %s", source->path, strerror(errno));
        free(reading);
        return -1;
    }
    if (!reading || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0) {
        fclose(file);
        free(reading);
        return error_set("%s: out of memory", source->path);
    }
    csv_set_blk_size(&parser, PIECE_BYTES); /* its own 128 bytes make long fields slow */
    *reading = (struct reading){.source = source, .field = field, .row = row, .context = context};
    feed(reading, file, &parser);
    csv_free(&parser);
    fclose(file);
    free(reading);
    return source->failed ? -1 : 0;
}
