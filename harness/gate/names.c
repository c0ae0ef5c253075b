/* Names of cells that two builds of the program agree on. */
#include "gate/names.h"

#include "base/error.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What does not fit is cut, and refused at the end. */
static void append(char *name, const char *separator, const char *key, const char *value)
{
    size_t length = strlen(name);

    snprintf(name + length, GATE_NAME_SIZE - length, "%s%s%s", length ? separator : "", key, value);
    for (char *c = name + length; *c; c++)
        if (isspace((unsigned char)*c))
            *c = '_';
}

/* Not those that a name begins with. */
static int differs(const struct plan *plan, const struct field *field)
{
    static const char *const named[] = {"engine", "network", "batch_size"};
    char first[256], text[256];

    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(field->key, named[i]) == 0)
            return 0;
    schema_format(field, &plan->cells[0].settings, first, sizeof first);
    for (int c = 1; c < plan->count; c++) {
        schema_format(field, &plan->cells[c].settings, text, sizeof text);
        if (strcmp(first, text) != 0)
            return 1;
    }
    return 0;
}

static void begin_name(const struct cell *cell, int with_engine, char *name)
{
    char size[32];

    name[0] = '\0';
    if (with_engine)
        append(name, "/", "", cell->settings.engine);
    append(name, "/", "", cell->settings.network);
    snprintf(size, sizeof size, "%d", cell->batch_size);
    append(name, "/", "k=", size);
}

static int check_apart(char (*names)[GATE_NAME_SIZE], int count)
{
    for (int c = 0; c < count; c++)
        if (strlen(names[c]) == GATE_NAME_SIZE - 1)
            return error_set("cell %.60s...: its name has %d characters or more, expected fewer",
                             names[c], GATE_NAME_SIZE - 1);
    for (int a = 0; a < count; a++)
        for (int b = a + 1; b < count; b++)
            if (strcmp(names[a], names[b]) == 0)
                return error_set("two cells are %s, expected cells that differ", names[a]);
    return 0;
}

char (*gate_names(const struct plan *plan, int with_engine))[GATE_NAME_SIZE]
{
    char(*names)[GATE_NAME_SIZE] = calloc((size_t)plan->count, sizeof *names);

    if (!names) {
        error_set("out of memory");
        return NULL;
    }
    for (int c = 0; c < plan->count; c++)
        begin_name(&plan->cells[c], with_engine, names[c]);
    for (const struct field *field = settings_fields; field->key && plan->count > 1; field++) {
        char key[64], value[256];

        if (!differs(plan, field))
            continue;
        snprintf(key, sizeof key, "%s=", field->key);
        for (int c = 0; c < plan->count; c++) {
            schema_format(field, &plan->cells[c].settings, value, sizeof value);
            append(names[c], "/", key, value);
        }
    }
    if (check_apart(names, plan->count) != 0) {
        free(names);
        return NULL;
    }
    return names;
}
