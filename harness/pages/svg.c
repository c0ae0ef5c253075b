/* Reads the XML that gnuplot writes, and passes on what draws. */
#include "pages/svg.h"

#include "base/error.h"
#include "pages/page.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, ATTRIBUTES_MAX = 48, NAME_SIZE = 48 };

struct attribute {
    const char *name, *value; /* in the text, not ended */
    size_t name_length, value_length;
};

struct tag {
    char name[NAME_SIZE];
    struct attribute attributes[ATTRIBUTES_MAX];
    size_t count;
    int is_end, is_empty; /* </g>, <g/> */
};

struct reader {
    const char *text, *at, *path;
    FILE *out;
    const char *prefix, *label;
    const struct marks *marks;
    struct svg_tally *tally;
    char open[DEPTH_MAX][NAME_SIZE]; /* elements that have not ended */
    size_t depth, skipped;           /* skipped: depth of the one that is left out; 0: none */
    size_t panel, plot, plot_depth;  /* plot_depth: depth within the plot; 0: in none */
    size_t *rows, row_count, next;   /* of the plot's marks; NULL: not known */
    enum mark_shape shape;           /* of the plot */
    struct mark_along along[MARKS_ALONG];
    size_t along_count; /* marks that are put on the plot's line */
    int has_focus;      /* the first mark is the one that Tab reaches */
};

/* ---- Errors -----------------------------------------------------------------------------------
 */

static int refuse(const struct reader *reader, const char *what)
{
    size_t line = 1;

    for (const char *c = reader->text; c < reader->at; c++)
        line += *c == '\n';
    return error_set("%s:%zu: %s, expected the SVG that gnuplot writes (batchlab plot)",
                     reader->path, line, what);
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static int is_name(char c)
{
    return isalnum((unsigned char)c) || c == ':' || c == '-' || c == '_' || c == '.';
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static int read_attribute(struct reader *reader, struct tag *tag)
{
    struct attribute *attribute = &tag->attributes[tag->count];
    char quote;

    if (tag->count == ATTRIBUTES_MAX)
        return refuse(reader, "too many attributes");
    attribute->name = reader->at;
    while (is_name(*reader->at))
        reader->at++;
    attribute->name_length = (size_t)(reader->at - attribute->name);
    skip_blanks(reader);
    if (attribute->name_length == 0 || *reader->at != '=')
        return refuse(reader, "not an attribute");
    reader->at++;
    skip_blanks(reader);
    quote = *reader->at;
    if (quote != '"' && quote != '\'')
        return refuse(reader, "an attribute without quotes");
    attribute->value = ++reader->at;
    attribute->value_length = strcspn(reader->at, quote == '"' ? "\"<" : "'<");
    reader->at += attribute->value_length;
    if (*reader->at != quote)
        return refuse(reader, "an attribute that does not end");
    reader->at++;
    for (size_t a = 0; a < tag->count; a++)
        if (tag->attributes[a].name_length == attribute->name_length &&
            memcmp(tag->attributes[a].name, attribute->name, attribute->name_length) == 0)
            return refuse(reader, "an attribute twice");
    tag->count++;
    return 0;
}

/* From the letter behind < or </ to behind >. */
static int read_tag(struct reader *reader, struct tag *tag)
{
    size_t length = 0;

    tag->count = 0;
    tag->is_empty = 0;
    tag->is_end = reader->at[1] == '/';
    reader->at += tag->is_end ? 2 : 1;
    while (is_name(*reader->at) && length + 1 < sizeof tag->name)
        tag->name[length++] = *reader->at++;
    tag->name[length] = '\0';
    if (length == 0 || is_name(*reader->at))
        return refuse(reader, "not a tag");
    for (skip_blanks(reader); is_name(*reader->at); skip_blanks(reader))
        if (read_attribute(reader, tag) != 0)
            return -1;
    if (*reader->at == '/' && !tag->is_end) {
        tag->is_empty = 1;
        reader->at++;
    }
    if (*reader->at != '>' || (tag->is_end && tag->count > 0))
        return refuse(reader, "a tag that does not end");
    reader->at++;
    return 0;
}

/* ---- What draws -------------------------------------------------------------------------------
 */

/* Whether the list, blanks around each word, has this one. */
static int is_listed(const char *list, const char *name, size_t length)
{
    char word[NAME_SIZE + 2];

    if (length >= NAME_SIZE)
        return 0;
    snprintf(word, sizeof word, " %.*s ", (int)length, name);
    return strstr(list, word) != NULL;
}

static const char elements[] =
    " svg g defs path rect circle ellipse line polyline polygon use text tspan filter"
    " feFlood clipPath linearGradient radialGradient stop mask pattern image textPath"
    " feComposite symbol feMerge feOffset ";

static const char attributes[] =
    " id d x y x1 y1 x2 y2 cx cy r rx ry dx dy width height viewBox points transform fill"
    " fill-opacity fill-rule stroke stroke-width stroke-linecap stroke-linejoin"
    " stroke-dasharray stroke-opacity stroke-miterlimit color opacity font-family"
    " font-size font-weight font-style text-anchor baseline-shift shape-rendering"
    " clip-path filter mask flood-color flood-opacity result in in2 operator filterUnits"
    " patternUnits gradientUnits offset stop-color stop-opacity preserveAspectRatio"
    " xml:space xlink:href href ";

static int starts(const char *text, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static int is_called(const struct attribute *attribute, const char *name)
{
    return strlen(name) == attribute->name_length &&
           memcmp(name, attribute->name, attribute->name_length) == 0;
}

/* A letter begins it, and nothing in it ends an attribute. */
static int is_id(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_name(text[i]))
            return 0;
    return length > 0;
}

/* The length of an entity that XML has by itself, "&amp;" or "&#176;"; 0: none. */
static size_t entity_length(const char *text, size_t length)
{
    static const char names[] = " amp lt gt quot apos ";
    const char *end = length > 2 ? memchr(text, ';', length < 12 ? length : 12) : NULL;
    size_t inner = end ? (size_t)(end - text) - 1 : 0;

    if (inner == 0)
        return 0;
    if (text[1] != '#')
        return is_listed(names, text + 1, inner) ? inner + 2 : 0;
    for (size_t i = 2; i <= inner; i++)
        if (!isdigit((unsigned char)text[i]))
            return 0;
    return inner > 1 && text[2] != '0' ? inner + 2 : 0;
}

/* Raw text, already escaped; what is not is escaped now. */
static void write_raw(const struct reader *reader, const char *text, size_t length)
{
    size_t begin = 0;

    for (size_t i = 0; i < length; i++) {
        size_t entity = text[i] == '&' ? entity_length(text + i, length - i) : 0;
        int is_bad = (text[i] == '&' && entity == 0) || text[i] == '<' || text[i] == '>' ||
                     text[i] == '"' ||
                     ((unsigned char)text[i] < 0x20 && !isspace((unsigned char)text[i]));

        if (is_bad) {
            fwrite(text + begin, 1, i - begin, reader->out);
            fprintf(reader->out, "&#%u;",
                    (unsigned char)text[i] < 0x20 ? 0xFFFDU : (unsigned)(unsigned char)text[i]);
            begin = i + 1;
        }
    }
    fwrite(text + begin, 1, length - begin, reader->out);
}

/* 1: written, as id or as what an id is called by; 0: neither, or not of this file: left out. */
static int write_reference(const struct reader *reader, const struct attribute *attribute)
{
    const char *value = attribute->value;
    size_t length = attribute->value_length;
    int is_link = is_called(attribute, "xlink:href") || is_called(attribute, "href");

    if (is_called(attribute, "id") && is_id(value, length)) {
        fprintf(reader->out, " id=\"%s-%.*s\"", reader->prefix, (int)length, value);
        return 1;
    }
    if (is_link && length > 1 && value[0] == '#' && is_id(value + 1, length - 1)) {
        fprintf(reader->out, " %.*s=\"#%s-%.*s\"", (int)attribute->name_length, attribute->name,
                reader->prefix, (int)length - 1, value + 1);
        return 1;
    }
    if (is_link && starts(value, length, "data:image/png;base64,") && !memchr(value, '&', length)) {
        fprintf(reader->out, " %.*s=\"", (int)attribute->name_length, attribute->name);
        write_raw(reader, value, length);
        fputc('"', reader->out);
        return 1;
    }
    if (starts(value, length, "url(#") && length > 6 && value[length - 1] == ')' &&
        is_id(value + 5, length - 6)) {
        fprintf(reader->out, " %.*s=\"url(#%s-%.*s)\"", (int)attribute->name_length,
                attribute->name, reader->prefix, (int)length - 6, value + 5);
        return 1;
    }
    return 0;
}

static void write_attribute(const struct reader *reader, const struct attribute *attribute)
{
    if (!is_listed(attributes, attribute->name, attribute->name_length)) {
        reader->tally->dropped += !is_called(attribute, "class"); /* the page's style has others */
        return;
    }
    if (is_called(attribute, "id") || is_called(attribute, "href") ||
        is_called(attribute, "xlink:href") ||
        memmem(attribute->value, attribute->value_length, "url", 3)) {
        reader->tally->dropped += !write_reference(reader, attribute);
        return;
    }
    fprintf(reader->out, " %.*s=\"", (int)attribute->name_length, attribute->name);
    write_raw(reader, attribute->value, attribute->value_length);
    fputc('"', reader->out);
}

/* ---- Plots and their marks --------------------------------------------------------------------
 */

static const struct attribute *find_attribute(const struct tag *tag, const char *name)
{
    for (size_t a = 0; a < tag->count; a++)
        if (is_called(&tag->attributes[a], name))
            return &tag->attributes[a];
    return NULL;
}

/* A mark that stands for a row: not the white ground that gnuplot draws behind each. */
static int is_mark(const struct tag *tag, enum mark_shape shape)
{
    const struct attribute *link = find_attribute(tag, "xlink:href");
    const struct attribute *color = find_attribute(tag, "color");

    if (shape != MARK_SYMBOL)
        return shape == MARK_BOX && strcmp(tag->name, "polygon") == 0;
    return strcmp(tag->name, "use") == 0 && link &&
           starts(link->value, link->value_length, "#gp") &&
           !(color && starts(color->value, color->value_length, "#FFFFFF"));
}

static int read_place(const struct tag *tag, struct mark_place *place)
{
    const struct attribute *corners = find_attribute(tag, "points");
    const struct attribute *transform = find_attribute(tag, "transform");
    const struct attribute *says = corners ? corners : transform;
    char text[64]; /* sscanf would measure the whole rest of the file */

    if (!says)
        return -1;
    snprintf(text, sizeof text, "%.*s", (int)says->value_length, says->value);
    return sscanf(text, corners ? "%lf,%lf" : "translate(%lf,%lf)", &place->x, &place->y) == 2 ? 0
                                                                                               : -1;
}

/* Places that are read ahead. */
struct places {
    struct mark_place *list; /* [count], to be freed */
    size_t count;
};

/* -1: out of memory. */
static int add_place(struct places *places, struct mark_place place)
{
    struct mark_place *more = realloc(places->list, (places->count + 1) * sizeof *more);

    if (!more)
        return -1;
    places->list = more;
    places->list[places->count++] = place;
    return 0;
}

/* The vertices of a path of straight lines: "M92.00,87.05 L92.17,181.67". -1: it is none. */
static int add_vertices(struct places *places, const struct tag *tag)
{
    const struct attribute *path = find_attribute(tag, "d");
    const char *at = path ? path->value : NULL, *end = path ? at + path->value_length : NULL;

    while (at && at < end) {
        struct mark_place place;
        char *next;

        if (isspace((unsigned char)*at) || *at == 'L' || *at == 'M') {
            at++;
            continue;
        }
        place.x = strtod(at, &next);
        if (next == at || *next != ',')
            return -1;
        at = next + 1;
        place.y = strtod(at, &next);
        if (next == at || add_place(places, place) != 0)
            return -1;
        at = next;
    }
    return 0;
}

/* The marks from here to the end of the plot's group, which has been opened, or the vertices of its
 * line. -1: out of memory, or not to be read. */
static int look_ahead(const struct reader *reader, struct places *places)
{
    struct reader ahead = *reader;
    size_t depth = 1;

    while (depth > 0 && (ahead.at = strchr(ahead.at, '<'))) {
        struct mark_place place;
        struct tag tag;

        if (read_tag(&ahead, &tag) != 0)
            return -1; /* will be met again */
        depth = depth + !(tag.is_end || tag.is_empty) - (tag.is_end ? 1 : 0);
        if (tag.is_end)
            continue;
        if (reader->shape == MARK_LINE) {
            if (strcmp(tag.name, "path") == 0 && add_vertices(places, &tag) != 0)
                return -1;
        } else if (is_mark(&tag, reader->shape) &&
                   (read_place(&tag, &place) != 0 || add_place(places, place) != 0)) {
            return -1;
        }
    }
    return depth > 0 ? -1 : 0;
}

/* Finds the row of each mark that comes. */
static void expect_marks(struct reader *reader, const struct places *places)
{
    int found;

    reader->next = 0;
    reader->row_count = places->count;
    if (!(reader->rows = calloc(places->count + 1, sizeof *reader->rows)))
        return;
    found = marks_rows(reader->marks, reader->panel, reader->plot, places->list, places->count,
                       reader->rows);
    if (found < 0)
        reader->tally->unknown += places->count;
    if (found != 0) {
        free(reader->rows);
        reader->rows = NULL;
    }
}

/* A group "gnuplot_plot_3b" begins: the third plot of a panel; a first one opens another panel. */
static void begin_plot(struct reader *reader, const struct tag *tag)
{
    const struct attribute *id = find_attribute(tag, "id");
    struct places places = {.list = NULL};
    unsigned long plot;
    size_t series;

    if (!reader->marks || !id || !starts(id->value, id->value_length, "gnuplot_plot_") ||
        reader->plot_depth > 0)
        return;
    plot = strtoul(id->value + strlen("gnuplot_plot_"), NULL, 10);
    reader->panel += plot == 1;
    reader->plot = plot;
    reader->plot_depth = reader->depth + 1;
    reader->shape = marks_shape(reader->marks, reader->panel, plot);
    series = marks_series(reader->marks, reader->panel, plot);
    if (series > 0) {
        fprintf(reader->out, " data-series=\"%zu\" data-label=\"", series);
        page_escape(reader->out, reader->marks->labels[series]);
        fputc('"', reader->out);
    } else if (reader->shape != MARK_BOX) {
        return;
    }
    if (look_ahead(reader, &places) == 0) {
        if (reader->shape == MARK_LINE)
            reader->along_count = marks_along(reader->marks, reader->panel, plot, places.list,
                                              places.count, reader->along);
        else
            expect_marks(reader, &places);
    }
    free(places.list);
}

static void end_plot(struct reader *reader)
{
    reader->plot_depth = 0;
    reader->shape = MARK_SYMBOL;
    reader->along_count = 0;
    free(reader->rows);
    reader->rows = NULL;
}

static void write_description(struct reader *reader, size_t row, const char *class)
{
    char text[1024];

    marks_describe(reader->marks, reader->panel, reader->plot, row, text, sizeof text);
    fprintf(reader->out, " class=\"%s\" role=\"img\" tabindex=\"%d\" aria-label=\"", class,
            reader->has_focus ? -1 : 0);
    reader->has_focus = 1;
    page_escape(reader->out, text);
    fputc('"', reader->out);
    reader->tally->described++;
}

static void describe_mark(struct reader *reader)
{
    if (reader->rows && reader->next < reader->row_count)
        write_description(reader, reader->rows[reader->next++], "mark");
}

/* Marks that the drawing has not: they are seen when pointed at. */
static void mark_line(struct reader *reader)
{
    for (size_t m = 0; m < reader->along_count; m++) {
        const struct mark_along *mark = &reader->along[m];

        fputs("<circle", reader->out);
        write_description(reader, mark->row, "mark along");
        fprintf(reader->out, " cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"transparent\"/>",
                mark->place.x, mark->place.y);
    }
}

/* ---- The element ------------------------------------------------------------------------------
 */

static void write_root(const struct reader *reader)
{
    fputs(" xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
          "role=\"group\" aria-label=\"",
          reader->out);
    page_escape(reader->out, reader->label);
    fputc('"', reader->out);
}

static void write_begin(struct reader *reader, const struct tag *tag)
{
    fprintf(reader->out, "<%s", tag->name);
    if (reader->depth == 0)
        write_root(reader);
    for (size_t a = 0; a < tag->count; a++)
        if (!starts(tag->attributes[a].name, tag->attributes[a].name_length, "xmlns"))
            write_attribute(reader, &tag->attributes[a]);
    if (!tag->is_empty && strcmp(tag->name, "g") == 0)
        begin_plot(reader, tag);
    if (tag->is_empty && is_mark(tag, reader->shape))
        describe_mark(reader);
    fputs(tag->is_empty ? "/>" : ">", reader->out);
}

/* What says something of the drawing, and the font that it may carry: a page does without. */
static int is_needless(const struct reader *reader, const struct tag *tag)
{
    return strcmp(tag->name, "title") == 0 || strcmp(tag->name, "desc") == 0 ||
           (strcmp(tag->name, "style") == 0 &&
            strncmp(reader->at, "@font-face{", strlen("@font-face{")) == 0);
}

static int take_begin(struct reader *reader, const struct tag *tag)
{
    int is_drawing = is_listed(elements, tag->name, strlen(tag->name));

    if (reader->depth == DEPTH_MAX)
        return refuse(reader, "elements within elements too deep");
    if (!reader->skipped && !is_drawing) {
        reader->tally->dropped += !is_needless(reader, tag);
        if (!tag->is_empty)
            reader->skipped = reader->depth + 1;
    } else if (!reader->skipped) {
        write_begin(reader, tag);
    }
    if (!tag->is_empty)
        snprintf(reader->open[reader->depth++], NAME_SIZE, "%s", tag->name);
    return 0;
}

static int take_end(struct reader *reader, const struct tag *tag)
{
    if (reader->depth == 0 || strcmp(reader->open[reader->depth - 1], tag->name) != 0)
        return refuse(reader, "an end without a beginning");
    if (reader->plot_depth == reader->depth)
        mark_line(reader);
    if (!reader->skipped)
        fprintf(reader->out, "</%s>", tag->name);
    if (reader->skipped == reader->depth)
        reader->skipped = 0;
    if (reader->plot_depth == reader->depth)
        end_plot(reader);
    reader->depth--;
    return 0;
}

/* What stands between two tags. */
static void take_text(struct reader *reader)
{
    size_t length = strcspn(reader->at, "<");

    if (!reader->skipped && reader->depth > 0)
        write_raw(reader, reader->at, length);
    reader->at += length;
}

/* Past a comment or an instruction. */
static int skip_other(struct reader *reader)
{
    const char *mark = starts(reader->at, strnlen(reader->at, 4), "<!--") ? "-->" : "?>";
    const char *end = reader->at[1] == '?' || mark[0] == '-' ? strstr(reader->at + 2, mark) : NULL;

    if (!end)
        return refuse(reader, "a declaration, or a comment that does not end");
    reader->at = end + strlen(mark);
    return 0;
}

static int take_next(struct reader *reader)
{
    struct tag tag;

    if (*reader->at != '<') {
        take_text(reader);
        return 0;
    }
    if (reader->at[1] == '!' || reader->at[1] == '?')
        return skip_other(reader);
    if (read_tag(reader, &tag) != 0)
        return -1;
    return tag.is_end ? take_end(reader, &tag) : take_begin(reader, &tag);
}

int svg_write(FILE *out, const char *text, const char *path, const char *prefix, const char *label,
              const struct marks *marks, struct svg_tally *tally)
{
    struct reader reader = {.text = text,
                            .at = text,
                            .path = path,
                            .out = out,
                            .prefix = prefix,
                            .label = label,
                            .marks = marks && marks->is_known ? marks : NULL,
                            .tally = tally};
    int status = 0;

    *tally = (struct svg_tally){0};
    while ((reader.at = strchr(reader.at, '<')) && (reader.at[1] == '!' || reader.at[1] == '?') &&
           status == 0)
        status = skip_other(&reader);
    if (!reader.at) {
        reader.at = text;
        return refuse(&reader, "no <svg>");
    }
    if (status == 0 && (strncmp(reader.at, "<svg", 4) != 0 || is_name(reader.at[4])))
        status = refuse(&reader, "another element");
    while (status == 0) {
        if (*reader.at == '\0')
            status = refuse(&reader, "the end of the file");
        else
            status = take_next(&reader);
        if (status == 0 && reader.depth == 0)
            break;
    }
    end_plot(&reader);
    return status;
}
