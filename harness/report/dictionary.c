/* The tables of results/README.md, read. */
#include "report/dictionary.h"

#include "base/error.h"
#include "base/schema_version.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 4 }; /* of a row */

/* A copy without the blanks around it and with `\|` as `|`. NULL: out of memory. */
static char *copy_cell(const char *from, const char *to)
{
    char *cell, *end;

    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    cell = calloc((size_t)(to - from) + 1, 1);
    if (!cell)
        return NULL;
    end = cell;
    for (; from < to; from++)
        if (*from != '\\' || from + 1 == to || from[1] != '|')
            *end++ = *from;
    return cell;
}

static void free_parts(char **parts)
{
    for (int p = 0; p < PARTS_MAX; p++)
        free(parts[p]);
}

/* The cells of `| a | b | c |`; how many there are, -1: out of memory. */
static int split_row(const char *line, const char *end, char **parts)
{
    const char *from = line + 1;
    int count = 0;

    memset(parts, 0, PARTS_MAX * sizeof *parts);
    for (const char *c = from; c < end && count < PARTS_MAX; c++)
        if (*c == '|' && c[-1] != '\\') {
            parts[count] = copy_cell(from, c);
            if (!parts[count++])
                return -1;
            from = c + 1;
        }
    return count;
}

static int add(struct dictionary *dictionary, const char *file, const char *name, const char *unit,
               const char *meaning)
{
    struct dictionary_entry *entries =
        realloc(dictionary->entries, (dictionary->count + 1) * sizeof *entries);
    struct dictionary_entry *entry;

    if (!entries)
        return error_set("out of memory for the columns");
    dictionary->entries = entries;
    entry = &entries[dictionary->count++];
    *entry = (struct dictionary_entry){strdup(file), strdup(name), strdup(unit), strdup(meaning)};
    return entry->file && entry->name && entry->unit && entry->meaning
               ? 0
               : error_set("out of memory for the columns");
}

/* Those of cells.csv between the last entry and that name, which comes next itself. */
static int add_range(struct dictionary *dictionary, const char *file, const char *to,
                     const char *meaning)
{
    const char *from = dictionary->entries[dictionary->count - 1].name;
    size_t count = dictionary->count;
    int inside = 0;

    for (size_t i = 0; i < count; i++) {
        const struct dictionary_entry *entry = &dictionary->entries[i];

        if (strcmp(entry->file, "cells.csv") != 0)
            continue;
        if (strcmp(entry->name, to) == 0)
            return 0;
        if (inside && add(dictionary, file, entry->name, entry->unit, meaning) != 0)
            return -1;
        inside |= strcmp(dictionary->entries[i].name, from) == 0;
    }
    return error_set("columns: `%s, ..., %s` of %s are no columns of cells.csv", from, to, file);
}

/* "low, high": an entry each. */
static int add_names(struct dictionary *dictionary, const char *file, char *names, const char *unit,
                     const char *meaning)
{
    int is_range = 0;
    char *name;

    while ((name = strsep(&names, ",")) != NULL) {
        name += strspn(name, " ");
        if (strcmp(name, "...") == 0) {
            is_range = 1;
            continue;
        }
        if ((is_range && add_range(dictionary, file, name, meaning) != 0) ||
            add(dictionary, file, name, unit, meaning) != 0)
            return -1;
        is_range = 0;
    }
    return 0;
}

static int add_row(struct dictionary *dictionary, const char *file, const char *line,
                   const char *end)
{
    char *parts[PARTS_MAX];
    int count = split_row(line, end, parts), status;

    if (count < 0)
        status = error_set("out of memory for the columns");
    else if (count < 2 || count > 3 || !parts[0][0])
        status = error_set("columns: %s: `%.*s`, expected name, unit and meaning", file,
                           (int)(end - line > 60 ? 60 : end - line), line);
    else
        status =
            add_names(dictionary, file, parts[0], count == 3 ? parts[1] : "", parts[count - 1]);
    free_parts(parts);
    return status;
}

int dictionary_open(struct dictionary *dictionary, const char *markdown)
{
    static const char heading[] = "## ", header[] = "| column |", rule[] = "|--";
    char file[64] = "";
    int in_table = 0, status = 0;

    *dictionary = (struct dictionary){0};
    for (const char *line = markdown, *end; *line && status == 0; line = end + (*end == '\n')) {
        end = line + strcspn(line, "\n");
        if (strncmp(line, heading, strlen(heading)) == 0)
            snprintf(file, sizeof file, "%.*s", (int)(end - line) - 3, line + 3);
        if (strncmp(line, header, strlen(header)) == 0 && strstr(file, ".csv"))
            in_table = 1;
        else if (*line != '|')
            in_table = 0;
        else if (in_table && strncmp(line, rule, strlen(rule)) != 0)
            status = add_row(dictionary, file, line, end);
    }
    if (status == 0 && dictionary->count == 0)
        status = error_set("columns: no table of them");
    return status;
}

void dictionary_close(struct dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary->count; i++) {
        free(dictionary->entries[i].file);
        free(dictionary->entries[i].name);
        free(dictionary->entries[i].unit);
        free(dictionary->entries[i].meaning);
    }
    free(dictionary->entries);
    *dictionary = (struct dictionary){0};
}

/* 1: the entry's name, or what stands before its T or C, is that of the column. */
static int stands_for(const char *name, const char *column)
{
    size_t length = strlen(name);

    if (strcmp(name, column) == 0)
        return 1;
    if (strchr(name, '/'))
        return strchr(column, '/') != NULL;
    return length > 2 && name[length - 2] == '_' && strchr("TC", name[length - 1]) &&
           strncmp(name, column, length - 1) == 0 && column[length - 1];
}

const struct dictionary_entry *dictionary_find(const struct dictionary *dictionary,
                                               const char *file, const char *column)
{
    if (strcmp(file, "tuning_cells.csv") == 0)
        file = "cells.csv";
    for (size_t i = 0; i < dictionary->count; i++)
        if (strcmp(dictionary->entries[i].file, file) == 0 &&
            stands_for(dictionary->entries[i].name, column))
            return &dictionary->entries[i];
    return NULL;
}

int dictionary_print_json(FILE *out, const struct dictionary *dictionary)
{
    json_t *files = json_array(), *columns = NULL, *all;
    int status;

    for (size_t i = 0; i < dictionary->count; i++) {
        const struct dictionary_entry *entry = &dictionary->entries[i];

        if (i == 0 || strcmp(entry->file, entry[-1].file) != 0) {
            columns = json_array();
            json_array_append_new(files,
                                  json_pack("{s:s, s:o}", "file", entry->file, "columns", columns));
        }
        json_array_append_new(columns, json_pack("{s:s, s:s?, s:s}", "name", entry->name, "unit",
                                                 entry->unit[0] ? entry->unit : NULL, "meaning",
                                                 entry->meaning));
    }
    all = json_pack("{s:i, s:o}", "schema_version", MANIFEST_SCHEMA_VERSION, "files", files);
    status = all && json_dumpf(all, out, JSON_INDENT(1)) == 0 ? 0 : error_set("out of memory");
    fputc('\n', out);
    json_decref(all);
    return status;
}
