/* Reads the one document of a YAML file. */
#include "plan/document.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Far more than a question needs; the parser's time grows with the square of some nestings. */
enum { DOCUMENT_BYTES_MAX = 1 << 16 };

char *document_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t length;

    if (!file) {
        error_set("%s: %s", path, strerror(errno));
        return NULL;
    }
    text = calloc(1, DOCUMENT_BYTES_MAX + 1);
    if (!text) {
        error_set("out of memory");
        goto done;
    }
    length = fread(text, 1, DOCUMENT_BYTES_MAX + 1, file);
    if (ferror(file))
        error_set("%s: %s", path, strerror(errno));
    else if (length > DOCUMENT_BYTES_MAX)
        error_set("%s: larger than %d bytes, expected an experiment file", path,
                  DOCUMENT_BYTES_MAX);
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

    if (!yaml_parser_initialize(&parser))
        return error_set("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (yaml_parser_load(&parser, &document)) {
        const struct schema_source source = {file, &document};

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
