/* Reads the one document of a YAML file. */
#include "plan/document.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *document_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t length;

    if (!file) {
        error_set("%s: %s", path, strerror(errno));
        return NULL;
    }
    text = calloc(1, LIMIT_DOCUMENT_BYTES + 2);
    if (!text) {
        error_set("out of memory");
        goto done;
    }
    length = fread(text, 1, LIMIT_DOCUMENT_BYTES + 1, file);
    if (ferror(file))
        error_set("%s: %s", path, strerror(errno));
    else if (length > LIMIT_DOCUMENT_BYTES)
        error_set("%s: larger than %d bytes, expected an experiment file", path,
                  LIMIT_DOCUMENT_BYTES);
    else if (strlen(text) != length)
        error_set("%s: holds a zero byte, expected an experiment file", path);
    else
        goto done;
    free(text);
    text = NULL;
done:
    fclose(file);
    return text;
}

/* The parser gives a line for what is no YAML, but only an offset for what is no UTF-8. */
static int yaml_error(const yaml_parser_t *parser, const char *file, const char *text)
{
    size_t line = parser->problem_mark.line + 1;

    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && text[i]; i++)
            line += text[i] == '\n';
    }
    return error_set("%s:%zu: not valid YAML: %s", file, line,
                     parser->problem ? parser->problem : "unreadable");
}

/* ---- Nesting ----------------------------------------------------------------------------------
 */

/* How the event changes the depth. */
static int step_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return 1;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return -1;
    default:
        return 0;
    }
}

/* Before the parser is let loose on the whole: in 60 000 brackets it spends a quarter of a minute.
 * What is no YAML is left to it. */
static int check_depth(const char *file, const char *text)
{
    yaml_parser_t parser;
    int depth = 0, status = 0, goes_on = 1;

    if (!yaml_parser_initialize(&parser))
        return error_set("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    while (goes_on && status == 0) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event))
            break;
        depth += step_of(&event);
        goes_on = event.type != YAML_STREAM_END_EVENT;
        if (depth > LIMIT_DOCUMENT_DEPTH)
            status = error_set("%s:%zu: more than %d lists and mappings in each other, expected an "
                               "experiment file",
                               file, event.start_mark.line + 1, LIMIT_DOCUMENT_DEPTH);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status;
}

/* ---- What aliases make of it ------------------------------------------------------------------
 *
 * A few lines of lists of aliases of lists of aliases are a billion values to whoever follows them,
 * and an alias may stand in what it is an alias of.
 */

struct census {
    const struct schema_source *source;
    int *counts; /* [nodes] values in each, with aliases followed; 0: not counted, -1: being so */
};

static int count_values(struct census *census, int index);

/* The value of one item, key or value of the node. */
static int add_values(struct census *census, yaml_node_t *node, int index, int *count)
{
    int more = count_values(census, index);

    if (more < 0)
        return -1;
    *count += more;
    if (*count > LIMIT_DOCUMENT_NODES)
        return schema_error(census->source, node,
                            "more than %d values when its aliases are followed, expected an "
                            "experiment file",
                            LIMIT_DOCUMENT_NODES);
    return 0;
}

/* -1: too many, or without end. An alias is of what has been counted, or of what it stands in: it
 * adds nothing to the depth of the calls. */
static int count_values(struct census *census, int index)
{
    yaml_node_t *node = yaml_document_get_node(census->source->document, index);
    int *count = &census->counts[index - 1], sum = 1;

    if (*count > 0)
        return *count;
    if (*count < 0)
        return schema_error(census->source, node,
                            "holds an alias of itself, expected values that end");
    *count = -1;
    if (node->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++)
            if (add_values(census, node, *item, &sum) != 0)
                return -1;
    if (node->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++)
            if (add_values(census, node, pair->key, &sum) != 0 ||
                add_values(census, node, pair->value, &sum) != 0)
                return -1;
    *count = sum;
    return sum;
}

static int check_size(const struct schema_source *source)
{
    const yaml_document_t *document = source->document;
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    struct census census = {source, calloc(nodes + 1, sizeof *census.counts)};
    int status;

    if (!census.counts)
        return error_set("out of memory");
    status = nodes > 0 && count_values(&census, 1) < 0 ? -1 : 0;
    free(census.counts);
    return status;
}

/* ---- The file ------------------------------------------------------------------------------- */

/* After the first document there is nothing: what stands there would silently not count. */
static int check_end(yaml_parser_t *parser, const char *file, const char *text)
{
    yaml_document_t document;
    const yaml_node_t *root;
    int status = 0;

    if (!yaml_parser_load(parser, &document))
        return yaml_error(parser, file, text);
    root = yaml_document_get_root_node(&document);
    if (root)
        status = error_set("%s:%zu: a second document, expected one", file,
                           document.start_mark.line + 1);
    yaml_document_delete(&document);
    return status;
}

int document_parse(const char *file, const char *text,
                   int (*read)(const struct schema_source *, void *), void *into)
{
    yaml_parser_t parser;
    yaml_document_t document;
    int status = -1;

    if (check_depth(file, text) != 0)
        return -1;
    if (!yaml_parser_initialize(&parser))
        return error_set("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (yaml_parser_load(&parser, &document)) {
        const struct schema_source source = {file, &document};

        status = check_size(&source);
        if (status == 0)
            status = read(&source, into);
        if (status == 0)
            status = check_end(&parser, file, text);
        yaml_document_delete(&document);
    } else {
        yaml_error(&parser, file, text);
    }
    yaml_parser_delete(&parser);
    return status;
}
