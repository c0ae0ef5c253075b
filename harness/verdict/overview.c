/* Puts together what is known of every claim. */
#include "verdict/overview.h"

#include "base/error.h"
#include "plan/experiment.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- What experiments undertake -------------------------------------------------------------- */

int pledges_add(struct pledges *pledges, const struct experiment *experiment)
{
    size_t more = (size_t)experiment->claims.count;
    struct pledge *list = realloc(pledges->list, (pledges->count + more + 1) * sizeof *list);

    if (!list)
        return error_set("out of memory for the claims of %s", experiment->name);
    pledges->list = list;
    for (size_t c = 0; c < more; c++) {
        const struct claim *claim = &experiment->claims.list[c];
        struct pledge *pledge;

        if (claim->is_aside)
            continue;
        pledge = &list[pledges->count++];
        *pledge =
            (struct pledge){.expected_seconds = experiment->expected_seconds, .line = claim->line};
        snprintf(pledge->id, sizeof pledge->id, "%s", claim->id);
        snprintf(pledge->part, sizeof pledge->part, "%s", claim->part);
        snprintf(pledge->experiment, sizeof pledge->experiment, "%s", experiment->name);
        snprintf(pledge->file, sizeof pledge->file, "%s", experiment->file);
    }
    return 0;
}

void pledges_free(struct pledges *pledges)
{
    free(pledges->list);
    *pledges = (struct pledges){.list = NULL};
}

/* ---- What does not fit together -------------------------------------------------------------- */

static int check_claim(const struct catalogue *catalogue, const char *id, const char *file,
                       int line)
{
    int place = catalogue_find(catalogue, id);

    if (place < 0)
        return error_set("%s:%d: claim %s is not in the catalogue %s", file, line, id,
                         catalogue->file);
    if (catalogue->list[place].out_of_scope[0])
        return error_set("%s:%d: claim %s is out of scope in %s:%d", file, line, id,
                         catalogue->file, catalogue->list[place].line);
    return 0;
}

static int check_results(const struct catalogue *catalogue, const struct verdicts *all,
                         size_t count)
{
    for (size_t v = 0; v < count; v++) {
        const struct claims *claims = &all[v].experiment.claims;

        for (int c = 0; c < claims->count; c++)
            if (check_claim(catalogue, claims->list[c].id, all[v].experiment.file,
                            claims->list[c].line) != 0)
                return -1;
        for (size_t w = 0; w < v; w++)
            if (strcmp(all[w].name, all[v].name) == 0)
                return error_set("%s and %s: both of experiment %s, expected one of them",
                                 all[w].results.folder, all[v].results.folder, all[v].name);
    }
    return 0;
}

static int check_all(const struct catalogue *catalogue, const struct pledges *pledges,
                     const struct verdicts *all, size_t count)
{
    for (size_t p = 0; p < pledges->count; p++)
        if (check_claim(catalogue, pledges->list[p].id, pledges->list[p].file,
                        pledges->list[p].line) != 0)
            return -1;
    return check_results(catalogue, all, count);
}

/* ---- A row ------------------------------------------------------------------------------------
 */

static void say(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends. */
static void say(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* Adds a name to "memory, unbiased" unless it is there. 1: added. */
static int name_once(char *names, size_t size, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || at[-1] == ' ') && (at[length] == ',' || !at[length]))
            return 0;
    say(names, size, "%s%s", names[0] ? ", " : "", name);
    return 1;
}

static const struct verdicts *results_of(const struct overview *overview, const char *experiment)
{
    for (size_t v = 0; v < overview->verdicts_count; v++)
        if (strcmp(overview->all[v].name, experiment) == 0)
            return &overview->all[v];
    return NULL;
}

static int has_part(const struct verdicts *verdicts, const struct pledge *pledge)
{
    const struct claims *claims = &verdicts->experiment.claims;

    for (int c = 0; c < claims->count; c++)
        if (strcmp(claims->list[c].id, pledge->id) == 0 &&
            strcmp(claims->list[c].part, pledge->part) == 0)
            return 1;
    return 0;
}

/* What of the claim the results do not hold; "" where they hold all. */
static void find_missing(const struct overview *overview, const struct pledges *pledges,
                         const char *id, char *text, size_t size)
{
    char names[256] = "";

    text[0] = '\0';
    for (size_t p = 0; p < pledges->count; p++) {
        const struct pledge *pledge = &pledges->list[p];
        const struct verdicts *verdicts = results_of(overview, pledge->experiment);

        if (strcmp(pledge->id, id) != 0 || (verdicts && has_part(verdicts, pledge)))
            continue;
        if (verdicts)
            say(text, size, "%snot judged by the part '%s' of %s (--claims)", text[0] ? "; " : "",
                pledge->part, pledge->file);
        else if (name_once(names, sizeof names, pledge->experiment))
            say(text, size, "%sexperiment %s has not been run", text[0] ? "; " : "",
                pledge->experiment);
    }
}

/* 1: it decides on the row's claim. */
static int is_of(const struct judgement *judgement, const struct overview_row *row)
{
    return strcmp(judgement->claim->id, row->claim->id) == 0 && !judgement->claim->is_aside;
}

/* Where the i-th judgement holds, or does not; "" where another one of its part has told so. A part
 * of one verdict throughout is told once, without its conditions; what limits it, if it is not what
 * limits the one told before. */
static void tell_place(const struct verdicts *verdicts, size_t i, const char *limits, char *text,
                       size_t size)
{
    struct judgement judgement = verdicts->list[i];
    struct claim claim = *judgement.claim;
    size_t first = i, others = 0;

    for (size_t j = verdicts->count; j-- > 0;)
        if (verdicts->list[j].claim == judgement.claim) {
            others += verdicts->list[j].verdict != judgement.verdict;
            first = j;
        }
    text[0] = '\0';
    if (others == 0 && first < i)
        return;
    if (others == 0 && i + 1 < verdicts->count && verdicts->list[i + 1].claim == judgement.claim)
        judgement.condition[0] = '\0';
    if (strcmp(claim.condition, limits) == 0)
        claim.condition[0] = '\0';
    judgement.claim = &claim;
    judgement_describe_place(&judgement, text, size);
    if (!text[0])
        snprintf(text, size, "%s", claim.says);
}

/* "holds: a; b and 3 more" of one verdict; the text keeps room for the others. */
static void tell_side(struct overview_row *row, const struct overview *overview,
                      enum verdict verdict, const char *words)
{
    char text[sizeof row->reason / 2 - 20] = "", place[1500];
    const char *limits = "";
    size_t left_out = 0;

    for (size_t v = 0; v < overview->verdicts_count; v++)
        for (size_t i = 0; i < overview->all[v].count; i++) {
            const struct judgement *judgement = &overview->all[v].list[i];

            if (!is_of(judgement, row) || judgement->verdict != verdict)
                continue;
            tell_place(&overview->all[v], i, limits, place, sizeof place);
            if (!place[0])
                continue;
            if (text[0] && (left_out || strlen(text) + strlen(place) + 2 >= sizeof text))
                left_out++;
            else
                say(text, sizeof text, "%s%s", text[0] ? "; " : "", place);
            limits = judgement->claim->condition;
        }
    if (!text[0])
        return;
    say(row->reason, sizeof row->reason, "%s%s%s", row->reason[0] ? ". " : "", words, text);
    if (left_out)
        say(row->reason, sizeof row->reason, " and %zu more", left_out);
}

/* "holds: network=a. does not: network=b" */
static void tell_conditions(struct overview_row *row, const struct overview *overview)
{
    tell_side(row, overview, VERDICT_CONFIRMED, "holds: ");
    tell_side(row, overview, VERDICT_REFUTED, "does not: ");
}

/* Why it is not delivered: of what the results hold, and of what they lack. */
static void tell_shortfall(struct overview_row *row, const char *missing)
{
    const struct judgement *judgement = row->ruling.undelivered;
    char place[1500] = "";
    size_t size = sizeof row->reason;

    if (judgement) {
        judgement_describe_place(judgement, place, sizeof place);
        say(row->reason, size, "%.300s%s%s", place, place[0] ? ": " : "", judgement->reason);
    }
    if (missing[0])
        say(row->reason, size, "%s%s", row->reason[0] ? "; " : "", missing);
}

static void fill_judged(struct overview_row *row, const struct overview *overview,
                        const struct pledges *pledges)
{
    char missing[512];

    row->standing = STANDING_JUDGED;
    for (size_t v = 0; v < overview->verdicts_count; v++)
        for (size_t i = 0; i < overview->all[v].count; i++) {
            const struct judgement *judgement = &overview->all[v].list[i];

            if (!is_of(judgement, row))
                continue;
            row->parts++;
            name_once(row->experiments, sizeof row->experiments, overview->all[v].name);
            if (judgement == row->ruling.deciding)
                row->verdicts = &overview->all[v];
        }
    find_missing(overview, pledges, row->claim->id, missing, sizeof missing);
    row->is_delivered = row->ruling.is_delivered && !missing[0];
    if (!row->is_delivered)
        tell_shortfall(row, missing);
    else if (row->ruling.verdict == VERDICT_CONDITIONS)
        tell_conditions(row, overview);
}

static void fill_open(struct overview_row *row, const struct pledges *pledges)
{
    int is_known = 1;

    row->standing = STANDING_NO_EXPERIMENT;
    for (size_t p = 0; p < pledges->count; p++) {
        const struct pledge *pledge = &pledges->list[p];

        if (strcmp(pledge->id, row->claim->id) != 0)
            continue;
        row->standing = STANDING_NOT_RUN;
        if (name_once(row->experiments, sizeof row->experiments, pledge->experiment)) {
            row->expected_seconds += pledge->expected_seconds;
            is_known &= pledge->expected_seconds > 0;
        }
    }
    if (!is_known)
        row->expected_seconds = 0;
    if (row->standing == STANDING_NO_EXPERIMENT)
        return;
    say(row->reason, sizeof row->reason, "to be decided by %s", row->experiments);
    if (row->expected_seconds > 0)
        say(row->reason, sizeof row->reason, ", expected to take %.0f s", row->expected_seconds);
    else
        say(row->reason, sizeof row->reason, ", whose time is not measured");
}

static void fill_row(struct overview_row *row, const struct overview *overview,
                     const struct pledges *pledges, const struct ruling *rulings, size_t count)
{
    for (size_t r = 0; r < count; r++)
        if (strcmp(rulings[r].id, row->claim->id) == 0) {
            row->ruling = rulings[r];
            fill_judged(row, overview, pledges);
            return;
        }
    if (row->claim->out_of_scope[0]) {
        row->standing = STANDING_OUT_OF_SCOPE;
        say(row->reason, sizeof row->reason, "%s", row->claim->out_of_scope);
        return;
    }
    fill_open(row, pledges);
}

/* -----------------------------------------------------------------------------------------------
 */

int overview_make(struct overview *overview, const struct catalogue *catalogue,
                  const struct pledges *pledges, const struct verdicts *all, size_t count)
{
    struct ruling *rulings = NULL;
    size_t ruling_count;

    *overview = (struct overview){.catalogue = catalogue, .all = all, .verdicts_count = count};
    if (check_all(catalogue, pledges, all, count) != 0 ||
        rulings_make(all, count, &rulings, &ruling_count) != 0)
        return -1;
    overview->count = (size_t)catalogue->count;
    overview->rows = calloc(overview->count + 1, sizeof *overview->rows);
    if (!overview->rows) {
        free(rulings);
        return error_set("out of memory for the table of verdicts");
    }
    for (size_t c = 0; c < overview->count; c++) {
        overview->rows[c].claim = &catalogue->list[c];
        fill_row(&overview->rows[c], overview, pledges, rulings, ruling_count);
    }
    free(rulings);
    return 0;
}

void overview_free(struct overview *overview)
{
    free(overview->rows);
    *overview = (struct overview){.rows = NULL};
}
