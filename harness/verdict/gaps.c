/* Looks for what is missing behind a claim. */
#include "verdict/gaps.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows chosen by how they ended ------------------------------------------------------------
 */

/* Columns of cells.csv that training fills in. */
static int is_outcome(const char *column)
{
    static const char *const names[] = {"outcome", "reason", "edge", "targets_reached"};
    static const char *const parts[] = {"_loss", "_error", "_to_"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column, names[i]) == 0)
            return 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(column, parts[i]))
            return 1;
    return 0;
}

/* Seeds that failed would be left out, and the lucky ones judged. */
static int check_settings(const struct evidence *evidence, const struct selection *selection,
                          const char *what)
{
    for (int c = 0; c < selection->count; c++) {
        const char *column = selection->conditions[c].column;

        if (is_outcome(column) && (!evidence->cell_of || !table_has(evidence->table, column)))
            return error_set("%s: %s is how a cell ended, expected what it was set to", what,
                             column);
    }
    return 0;
}

/* Two arms of which one holds what the other does differ by nothing. */
static int check_arms(const struct evidence *evidence, const struct claim *claim,
                      const struct circumstance *list, size_t count)
{
    for (int a = 0; a + 1 < claim->arm_count; a++) {
        const struct selection *one = &claim->arms[a], *other = &claim->arms[a + 1];

        if (one->pick != PICK_NONE || other->pick != PICK_NONE)
            continue; /* the best of all may well be the one */
        for (size_t c = 0; c < count; c++)
            for (size_t i = 0; i < list[c].rows.count; i++)
                if (evidence_meets(evidence, one, list[c].rows.list[i]) == 1 &&
                    evidence_meets(evidence, other, list[c].rows.list[i]) == 1)
                    return error_set("%s:%zu: belongs to two arms, expected different cells",
                                     table_path(evidence->table),
                                     table_line(evidence->table, list[c].rows.list[i]));
    }
    return 0;
}

/* ---- Values that no row has -------------------------------------------------------------------
 */

static int has_value(const struct evidence *evidence, const struct condition *condition, int v,
                     const struct circumstance *list, size_t count)
{
    struct selection one = {.count = 1};

    one.conditions[0] = *condition;
    one.conditions[0].values = &condition->values[v];
    one.conditions[0].count = 1;
    for (size_t c = 0; c < count; c++)
        for (size_t i = 0; i < list[c].rows.count; i++)
            if (evidence_meets(evidence, &one, list[c].rows.list[i]) != 0)
                return 1; /* a column that is not there is told elsewhere */
    return 0;
}

static void find_values(const struct evidence *evidence, const struct selection *selection,
                        const struct circumstance *list, size_t count, char *text, size_t size)
{
    for (int c = 0; c < selection->count && !text[0]; c++) {
        const struct condition *condition = &selection->conditions[c];

        for (int v = 0; v < condition->count && !text[0]; v++)
            if (!has_value(evidence, condition, v, list, count))
                snprintf(text, size, "no row has %s = %s, which the claim names", condition->column,
                         condition->values[v]);
    }
}

/* ---- Cells without rows -----------------------------------------------------------------------
 */

/* Files in which each cell has rows of its own. */
static int is_by_cell(const char *from)
{
    static const char *const names[] = {"curves", "probes", "classes", "predictions", "timings"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(from, names[i]) == 0)
            return 1;
    return 0;
}

/* 1: the cell is one of those that the circumstance of this row speaks of, as far as cells.csv
 * tells. */
static int is_meant(const struct evidence *evidence, const struct claim *claim, size_t cell,
                    size_t row)
{
    const struct evidence cells = {.results = evidence->results, .table = evidence->results->cells};

    for (int c = 0; c < claim->where.count; c++) {
        struct selection one = {.count = 1};

        one.conditions[0] = claim->where.conditions[c];
        if (evidence_is_of_cell(evidence, one.conditions[0].column, row) &&
            evidence_meets(&cells, &one, cell) != 1)
            return 0;
    }
    for (int e = 0; e < claim->each.count; e++) {
        const char *const *texts;

        if (!evidence_is_of_cell(evidence, claim->each.names[e], row))
            continue;
        texts = table_texts(evidence->results->cells, claim->each.names[e]);
        if (!texts || strcmp(texts[cell], texts[evidence->cell_of[row]]) != 0)
            return 0;
    }
    return 1;
}

static size_t count_without_rows(const struct evidence *evidence, const struct claim *claim,
                                 const struct rows *rows)
{
    size_t cells = table_rows(evidence->results->cells), without = 0;
    char *has_rows = calloc(cells + 1, 1);

    if (!has_rows)
        abort();
    for (size_t i = 0; i < rows->count; i++)
        has_rows[evidence->cell_of[rows->list[i]]] = 1;
    for (size_t cell = 0; cell < cells; cell++)
        without += !has_rows[cell] && is_meant(evidence, claim, cell, rows->list[0]);
    free(has_rows);
    return without;
}

/* ---- Cells that are not where they are compared -------------------------------------------------
 */

/* 1: another limit of its budget ended the row's cell before it got to the training loss. */
static int fell_short(const struct evidence *evidence, size_t row)
{
    const char *reason = evidence_text(evidence, "reason", row);

    return reason && strncmp(reason, "budget: ", strlen("budget: ")) == 0 &&
           strcmp(reason, "budget: train_loss") != 0;
}

/* What is said at equal training loss is said of cells that have it. */
static void find_short(const struct evidence *evidence, const struct claim *claim,
                       const struct circumstance *list, size_t count, char *text, size_t size)
{
    size_t rows = 0, fewer = 0;

    if (strcmp(claim->axis, "training loss") != 0 || !table_has(evidence->results->cells, "reason"))
        return;
    for (size_t c = 0; c < count; c++)
        for (size_t i = 0; i < list[c].rows.count; i++) {
            rows++;
            fewer += (size_t)fell_short(evidence, list[c].rows.list[i]);
        }
    if (fewer > 0)
        snprintf(text, size, "not at equal training loss: %zu of %zu ended before they had it",
                 fewer, rows);
}

/* -----------------------------------------------------------------------------------------------
 */

int gaps_find(const struct evidence *evidence, const struct claim *claim,
              const struct circumstance *list, size_t count, char *text, size_t size)
{
    text[0] = '\0';
    if (check_settings(evidence, &claim->where, "where") != 0)
        return -1;
    for (int a = 0; a < claim->arm_count; a++)
        if (check_settings(evidence, &claim->arms[a], "arms") != 0)
            return -1;
    if (check_arms(evidence, claim, list, count) != 0)
        return -1;
    find_values(evidence, &claim->where, list, count, text, size);
    for (int a = 0; a < claim->arm_count && !text[0]; a++)
        find_values(evidence, &claim->arms[a], list, count, text, size);
    if (!text[0])
        find_short(evidence, claim, list, count, text, size);
    for (size_t c = 0; c < count && evidence->cell_of && is_by_cell(claim->from) && !text[0]; c++) {
        size_t without = count_without_rows(evidence, claim, &list[c].rows);

        if (without > 0)
            snprintf(text, size, "%zu cells have no such rows in %s.csv", without, claim->from);
    }
    return 0;
}
