/* Reads CSV files with libcsv. */
#include "data/csv_source.h"

#include "base/error.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libcsv hands back. */
struct reading {
    struct csv_source *source;
    void (*field)(void *context, const char *text);
    void (*row)(void *context);
    void *context;
};

static void on_field(void *text, size_t length, void *context)
{
    struct reading *reading = context;
    struct csv_source *source = reading->source;

    if (source->failed)
        return;
    if (memchr(text, '\0', length))
        CSV_FAIL(source, "column %zu holds a zero byte", source->fields + 1);
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
}

/* Line by line, because libcsv does not count lines. */
static void feed(struct reading *reading, FILE *file, struct csv_parser *parser)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF"; /* some spreadsheets begin with it */
    struct csv_source *source = reading->source;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    while (!source->failed && (length = getline(&line, &capacity, file)) > 0) {
        size_t skip = ++source->line == 1 && strncmp(line, byte_order_mark, 3) == 0 ? 3 : 0;
        size_t size = (size_t)length - skip;

        if (csv_parse(parser, line + skip, size, on_field, on_row, reading) != size)
            CSV_FAIL(source, "%s", csv_strerror(csv_error(parser)));
    }
    free(line);
    if (source->failed)
        return;
    if (!feof(file)) {
        error_set("%s: %s", source->path, strerror(errno));
        source->failed = true;
    } else if (csv_fini(parser, on_field, on_row, reading) != 0) {
        CSV_FAIL(source, "%s", "a quoted field does not end");
    }
}

int csv_source_read(struct csv_source *source, void (*field)(void *context, const char *text),
                    void (*row)(void *context), void *context)
{
    struct reading reading = {source, field, row, context};
    struct csv_parser parser;
    FILE *file = fopen(source->path, "r");

    if (!file)
        return error_set("%s: %s", source->path, strerror(errno));
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    feed(&reading, file, &parser);
    csv_free(&parser);
    fclose(file);
    return source->failed ? -1 : 0;
}
