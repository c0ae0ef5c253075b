/* Verdicts as they were written: verdicts.csv back into judgements. */
#include "verdict/verdict.h"

#include "base/error.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int verdict_of(const char *word, enum verdict *verdict)
{
    for (enum verdict v = VERDICT_CONFIRMED; v <= VERDICT_INCONCLUSIVE; v++)
        if (strcmp(verdict_names[v], word) == 0) {
            *verdict = v;
            return 0;
        }
    return -1;
}

/* A column of texts that older files lack: NULL, and no error. */
static const char *const *texts_if_there(const struct table *table, const char *column)
{
    return table_has(table, column) ? table_texts(table, column) : NULL;
}

static const double *numbers_if_there(struct table *table, const char *column)
{
    return table_has(table, column) ? table_numbers(table, column) : NULL;
}

struct columns_read {
    const char *const *claim, *const *part, *const *axis, *const *condition, *const *verdict;
    const char *const *reason, *const *note, *const *says; /* NULL: not there */
    const double *effect, *low, *high, *n, *p, *delivered;
    const double *detectable, *margin, *hours, *decides; /* likewise */
};

static int find_columns(struct columns_read *columns, struct table *table)
{
    *columns = (struct columns_read){
        .claim = table_texts(table, "claim"),
        .part = table_texts(table, "part"),
        .axis = table_texts(table, "axis"),
        .condition = table_texts(table, "condition"),
        .verdict = table_texts(table, "verdict"),
        .effect = table_numbers(table, "effect"),
        .low = table_numbers(table, "low"),
        .high = table_numbers(table, "high"),
        .n = table_numbers(table, "n"),
        .p = table_numbers(table, "p"),
        .delivered = table_numbers(table, "delivered"),
    };
    if (!columns->claim || !columns->part || !columns->axis || !columns->condition ||
        !columns->verdict || !columns->effect || !columns->low || !columns->high || !columns->n ||
        !columns->p || !columns->delivered)
        return -1;
    columns->reason = texts_if_there(table, "reason");
    columns->note = texts_if_there(table, "note");
    columns->says = texts_if_there(table, "says");
    columns->detectable = numbers_if_there(table, "detectable");
    columns->margin = numbers_if_there(table, "margin");
    columns->hours = numbers_if_there(table, "hours_needed");
    columns->decides = numbers_if_there(table, "decides");
    return 0;
}

static void copy(char *to, size_t size, const char *const *column, size_t row)
{
    snprintf(to, size, "%s", column ? column[row] : "");
}

/* The claim that the row is about: that of the row before, or another. */
static struct claim *claim_of(struct claims *claims, const struct columns_read *columns, size_t row)
{
    struct claim *last = claims->count > 0 ? &claims->list[claims->count - 1] : NULL;

    if (last && strcmp(last->id, columns->claim[row]) == 0 &&
        strcmp(last->part, columns->part[row]) == 0)
        return last;
    last = &claims->list[claims->count++];
    copy(last->id, sizeof last->id, columns->claim, row);
    copy(last->part, sizeof last->part, columns->part, row);
    copy(last->says, sizeof last->says, columns->says, row);
    copy(last->axis, sizeof last->axis, columns->axis, row);
    last->is_aside = columns->decides && columns->decides[row] == 0;
    return last;
}

/* A count that a file of anybody may have wrong. */
static size_t count_of(double value)
{
    return value > 0 && value < 1e15 ? (size_t)value : 0;
}

static int read_row(struct verdicts *verdicts, const struct columns_read *columns, size_t row)
{
    const struct table *table = verdicts->results.verdicts;
    struct judgement *judgement = &verdicts->list[row];

    *judgement = (struct judgement){
        .claim = claim_of(&verdicts->experiment.claims, columns, row),
        .finding = finding_of_nothing(NULL),
        .p = columns->p[row],
        .is_delivered = columns->delivered[row] == 1,
        .hours_needed = columns->hours ? columns->hours[row] : (double)NAN,
    };
    judgement->finding.effect =
        (struct effect){columns->effect[row], columns->low[row], columns->high[row]};
    judgement->finding.n = count_of(columns->n[row]);
    judgement->finding.detectable = columns->detectable ? columns->detectable[row] : (double)NAN;
    judgement->finding.margin = columns->margin ? columns->margin[row] : (double)NAN;
    copy(judgement->condition, sizeof judgement->condition, columns->condition, row);
    copy(judgement->reason, sizeof judgement->reason, columns->reason, row);
    copy(judgement->note, sizeof judgement->note, columns->note, row);
    if (verdict_of(columns->verdict[row], &judgement->verdict) != 0)
        return error_set("%s:%zu: verdict: '%s', expected confirmed, refuted or inconclusive",
                         table_path(table), table_line(table, row), columns->verdict[row]);
    return 0;
}

static void name_it(struct verdicts *verdicts, const char *folder)
{
    const char *name = json_string_value(json_object_get(verdicts->results.manifest, "experiment"));
    char real[PATH_MAX];

    if (!name)
        name = realpath(folder, real) && strrchr(real, '/') ? strrchr(real, '/') + 1 : folder;
    snprintf(verdicts->name, sizeof verdicts->name, "%s", name);
    snprintf(verdicts->experiment.name, sizeof verdicts->experiment.name, "%s", verdicts->name);
    snprintf(verdicts->experiment.file, sizeof verdicts->experiment.file, "%.900s/verdicts.csv",
             folder);
}

int verdicts_read(struct verdicts *verdicts, const char *folder)
{
    struct columns_read columns;
    size_t rows;

    memset(verdicts, 0, sizeof *verdicts);
    if (results_open(&verdicts->results, folder) != 0)
        return -1;
    name_it(verdicts, folder);
    if (!results_has_verdicts(&verdicts->results))
        return 1;
    if (results_verdicts(&verdicts->results) != 0 ||
        find_columns(&columns, verdicts->results.verdicts) != 0)
        return -1;
    rows = table_rows(verdicts->results.verdicts);
    verdicts->list = calloc(rows + 1, sizeof *verdicts->list);
    verdicts->experiment.claims.list = calloc(rows + 1, sizeof *verdicts->experiment.claims.list);
    if (!verdicts->list || !verdicts->experiment.claims.list)
        return error_set("out of memory for the verdicts of %s", verdicts->name);
    for (size_t row = 0; row < rows; row++) {
        if (read_row(verdicts, &columns, row) != 0)
            return -1;
        verdicts->count++;
    }
    return 0;
}
