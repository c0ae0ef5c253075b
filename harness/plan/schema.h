/* Tables that describe what an experiment file may say. One row a key: how it is read, checked,
 * defaulted, written back for hashing, and documented. */
#ifndef BATCHLAB_SCHEMA_H
#define BATCHLAB_SCHEMA_H

#include <stddef.h>
#include <stdio.h>
#include <yaml.h>

enum field_kind {
    FIELD_TEXT,    /* char[size] */
    FIELD_PATH,    /* char[size]; a relative path is taken from the experiment file's folder */
    FIELD_COUNT,   /* int */
    FIELD_WIDTHS,  /* int[], with the number of them in the int at `count_offset` */
    FIELD_SIDES,   /* int[2]: one number for both, or height and width; counted as widths are */
    FIELD_REAL,    /* double, finite, or one of the names in `choices` if there are any */
    FIELD_REALS,   /* double[], with the number of them in the int at `count_offset` */
    FIELD_SEED,    /* uint64_t */
    FIELD_CHOICE,  /* int (an enum), one of the names in `choices` */
    FIELD_SET,     /* int: a list of names in `choices`, whose values are bits */
    FIELD_SPECIAL, /* int: one of the names in `choices`, or a number in range */
    FIELD_COLUMN,  /* struct weight_source: one text, or {file: ..., column: ...} */
};

struct choice {
    const char *name; /* NULL ends the list */
    int value;
};

extern const struct choice schema_no_or_yes[]; /* "false", "true" */

struct field {
    const char *key; /* NULL ends the table */
    enum field_kind kind;
    size_t offset;       /* of the member in the struct */
    size_t size;         /* bytes of a text member; elements of a list */
    size_t count_offset; /* of the number of widths, sides or reals */
    double low, high;    /* range of a number, both included */
    const struct choice *choices;
    const char *fallback; /* the default, as schema_format writes it; NULL: zero or empty */
    const char *help;     /* meaning and unit, for `batchlab list keys` */
    const char *unhashed; /* the value that schema_dump leaves out, where the default has changed
                             since: the first default. NULL: the default */
};

/* Where a message points: the file, and a document opened from it. */
struct schema_source {
    const char *file;
    yaml_document_t *document;
};

/* 1: what would tell a terminal something, were it printed; blanks and line ends are none. */
int schema_has_controls(const char *text);

/* Sets every member of the struct to its default. */
void schema_defaults(const struct field *fields, void *into);

/* Sets one member to what schema_dump leaves out: to be done where it decides nothing. */
void schema_reset(const struct field *fields, const char *key, void *into);

const struct field *schema_find(const struct field *fields, const char *key);

/* Parses one scalar's text. -1: error_set says what was wrong and expected, without file and line.
 */
int schema_parse(const struct field *, const char *text, const char *folder, void *into);

/* Reads one node (scalar, or sequence for widths). Errors are `file:line: key: ...`. */
int schema_read(const struct schema_source *, yaml_node_t *, const struct field *, void *into);

/* Reads a mapping whose keys are all in the table; members not mentioned stay as they are. */
int schema_read_mapping(const struct schema_source *, yaml_node_t *, const struct field *fields,
                        const char *section, void *into);

/* `file:line: ` + the message, as error. Always -1. */
int schema_error(const struct schema_source *, const yaml_node_t *, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses a document in which a mapping has a key twice: libyaml does not look. */
int schema_check_repeated(const struct schema_source *);

/* Writes the member's value as text that schema_parse would read back. */
void schema_format(const struct field *, const void *from, char *text, size_t size);

/* Writes "section.key=value\n" for every field but paths and columns that differs from its default:
 * the canonical text that is hashed. So a key that is added later renames no cell that does not use
 * it, and a default that was published once stays what it is: if it must change, the old one is
 * `unhashed`, so that a cell of the new one never has an id of the old. */
void schema_dump(FILE *, const struct field *fields, const char *section, const void *from);

/* Writes a documentation line for each key: name, default, range or choices, meaning. */
void schema_document(FILE *, const struct field *fields);

/* Iterates over the pairs of a mapping and the items of a sequence. */
int schema_pair(const struct schema_source *, yaml_node_t *mapping, size_t index, yaml_node_t **key,
                yaml_node_t **value); /* 1, or 0 at the end */
yaml_node_t *schema_item(const struct schema_source *, yaml_node_t *sequence, size_t index);
const char *schema_scalar(const yaml_node_t *); /* its text; NULL if the node is no scalar */

/* The shortest decimal text that reads back as the same double. */
void format_double(double value, char *text, size_t size);

#endif
