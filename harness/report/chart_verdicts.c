/* Chart `verdicts`: the effects that the verdicts rest on, a panel for each quantity that is judged
 * and a row for each part of a claim and condition, beside what the claim expects (a forest plot).
 */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/labels.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 30, /* more cannot be read: of each part two are left then */
    LABEL_MAX = 50 /* characters that stand beside a panel */
};

enum verdict_mark { MARK_CONFIRMED = 1, MARK_REFUTED, MARK_INCONCLUSIVE };

/* A part of a claim under one condition, as verdicts.csv has it. */
struct row {
    const char *claim, *part, *condition, *judged, *form;
    enum verdict_mark mark;
    bool is_delivered, decides, is_shown;
    double effect, low, high;
    double above, below; /* infinite: no such bound */
    size_t panel;        /* from 1 */
};

/* What the axis of a panel shows. */
struct view {
    double low, high;
    double neutral; /* where nothing is: 1 of ratios, 0 of differences; NAN: nowhere */
    bool is_log;
};

struct forest {
    struct row *rows;   /* [count], owned */
    struct view *views; /* [panel_count], owned */
    size_t count, panel_count, shown, without_effect;
};

/* ---- Reading ----------------------------------------------------------------------------------
 */

int chart_verdicts_applies(struct results *results)
{
    const double *effect;

    if (!results_has_verdicts(results))
        return 0;
    if (results_verdicts(results) != 0)
        return -1;
    if (!table_has(results->verdicts, "judged")) /* of an earlier version */
        return 0;
    effect = table_numbers(results->verdicts, "effect");
    for (size_t r = 0; effect && r < table_rows(results->verdicts); r++)
        if (!isnan(effect[r]))
            return 1;
    return effect ? 0 : -1;
}

static enum verdict_mark mark_of(const char *verdict)
{
    if (strcmp(verdict, "confirmed") == 0)
        return MARK_CONFIRMED;
    return strcmp(verdict, "refuted") == 0 ? MARK_REFUTED : MARK_INCONCLUSIVE;
}

/* By the number of the first row that judges the same. */
static size_t panel_of(struct forest *forest, const struct row *row)
{
    for (size_t i = 0; i < forest->count; i++)
        if (strcmp(forest->rows[i].judged, row->judged) == 0 &&
            strcmp(forest->rows[i].form, row->form) == 0)
            return forest->rows[i].panel;
    return ++forest->panel_count;
}

static int read_rows(struct forest *forest, struct table *table)
{
    static const char *const text_names[] = {"claim", "part",    "condition", "judged",
                                             "form",  "verdict", NULL};
    static const char *const number_names[] = {"effect", "low",       "high",    "above",
                                               "below",  "delivered", "decides", NULL};
    const char *const *texts[6];
    const double *numbers[7];

    for (size_t i = 0; text_names[i]; i++)
        if (!(texts[i] = table_texts(table, text_names[i])))
            return -1;
    for (size_t i = 0; number_names[i]; i++)
        if (!(numbers[i] = table_numbers(table, number_names[i])))
            return -1;
    for (size_t r = 0; r < table_rows(table); r++) {
        struct row row = {.claim = texts[0][r],
                          .part = texts[1][r],
                          .condition = texts[2][r],
                          .judged = texts[3][r],
                          .form = texts[4][r],
                          .mark = mark_of(texts[5][r]),
                          .effect = numbers[0][r],
                          .low = numbers[1][r],
                          .high = numbers[2][r],
                          .above = isnan(numbers[3][r]) ? (double)-INFINITY : numbers[3][r],
                          .below = isnan(numbers[4][r]) ? (double)INFINITY : numbers[4][r],
                          .is_delivered = numbers[5][r] > 0,
                          .decides = numbers[6][r] > 0,
                          .is_shown = true};

        if (isnan(row.effect)) {
            forest->without_effect++;
            continue;
        }
        row.panel = panel_of(forest, &row);
        forest->rows[forest->count++] = row;
    }
    forest->shown = forest->count;
    return 0;
}

/* ---- Which rows are shown ---------------------------------------------------------------------
 */

static bool same_part(const struct row *a, const struct row *b)
{
    return a->panel == b->panel && strcmp(a->claim, b->claim) == 0 && strcmp(a->part, b->part) == 0;
}

/* How far the effect lies within what is expected; below 0: outside. */
static double distance_within(const struct row *row)
{
    double from_above = isfinite(row->above) ? row->effect - row->above : (double)INFINITY;
    double from_below = isfinite(row->below) ? row->below - row->effect : (double)INFINITY;

    return fmin(from_above, from_below);
}

static bool is_weaker(const struct row *a, const struct row *b)
{
    static const int ranks[] = {[MARK_REFUTED] = 0, [MARK_INCONCLUSIVE] = 1, [MARK_CONFIRMED] = 2};

    if (a->mark != b->mark)
        return ranks[a->mark] < ranks[b->mark];
    return distance_within(a) < distance_within(b);
}

/* Of the conditions rows[0 .. count - 1] of a part the weakest and the strongest are left. */
static size_t leave_extremes(struct row *rows, size_t count)
{
    size_t weakest = 0, strongest = 0, shown = 0;

    for (size_t i = 1; i < count; i++) {
        if (is_weaker(&rows[i], &rows[weakest]))
            weakest = i;
        if (!is_weaker(&rows[i], &rows[strongest]))
            strongest = i;
    }
    for (size_t i = 0; i < count; i++) {
        rows[i].is_shown = i == weakest || i == strongest;
        shown += rows[i].is_shown;
    }
    return shown;
}

static void choose_rows(struct forest *forest)
{
    size_t end;

    if (forest->count <= ROWS_MAX)
        return;
    forest->shown = 0;
    for (size_t begin = 0; begin < forest->count; begin = end) {
        end = begin + 1;
        while (end < forest->count && same_part(&forest->rows[begin], &forest->rows[end]))
            end++;
        forest->shown += leave_extremes(&forest->rows[begin], end - begin);
    }
}

/* ---- What the axes show -----------------------------------------------------------------------
 */

static double neutral_of(const char *form)
{
    if (strcmp(form, "ratio") == 0)
        return 1;
    return strcmp(form, "value") == 0 ? (double)NAN : 0;
}

/* Smallest and largest of the finite numbers it is shown; on a logarithmic axis above 0. */
static void take(struct view *view, double value)
{
    if (!isfinite(value) || (view->is_log && value <= 0))
        return;
    view->low = fmin(view->low, value);
    view->high = fmax(view->high, value);
}

/* Ratios, and values of several orders of magnitude; where something is below 0 there is no
 * logarithm, and a bound of 0 would not be seen. What is 0 itself stands at the edge. */
static bool is_logarithmic(const struct forest *forest, size_t panel)
{
    const double orders = 20;
    struct view positive = {INFINITY, -INFINITY, NAN, true};
    const char *form = "";

    for (size_t i = 0; i < forest->count; i++) {
        const struct row *row = &forest->rows[i];

        if (row->panel != panel || !row->is_shown)
            continue;
        if (row->effect < 0 || (isfinite(row->above) && row->above <= 0) || row->below <= 0)
            return false;
        form = row->form;
        take(&positive, row->effect);
        take(&positive, row->above);
        take(&positive, row->below);
    }
    if (positive.low > positive.high)
        return false;
    return strcmp(form, "ratio") == 0 ||
           (strcmp(form, "value") == 0 && positive.high > orders * positive.low);
}

/* Room at both ends. */
static void widen(struct view *view)
{
    const double share = 0.06;

    if (view->low > view->high) { /* nothing but infinite effects */
        view->low = view->is_log ? 0.1 : -1;
        view->high = view->is_log ? 10 : 1;
    } else if (view->is_log) {
        double factor = view->high > view->low ? pow(view->high / view->low, share) : 2;

        view->low /= factor;
        view->high *= factor;
    } else {
        double room = view->high > view->low ? share * (view->high - view->low)
                      : view->high != 0      ? fabs(view->high) / 2
                                             : 1;

        view->low -= room;
        view->high += room;
    }
}

static struct view view_of(const struct forest *forest, size_t panel)
{
    struct view view = {INFINITY, -INFINITY, NAN, is_logarithmic(forest, panel)};

    for (size_t i = 0; i < forest->count; i++) {
        const struct row *row = &forest->rows[i];

        if (row->panel != panel || !row->is_shown)
            continue;
        view.neutral = neutral_of(row->form);
        take(&view, row->effect);
        take(&view, row->low);
        take(&view, row->high);
        take(&view, row->above);
        take(&view, row->below);
    }
    take(&view, view.neutral);
    widen(&view);
    return view;
}

/* ---- Labels -----------------------------------------------------------------------------------
 */

/* "C18 recall" */
static void describe_part(const struct row *row, char *text, size_t size)
{
    snprintf(text, size, "%.32s%s%.64s", row->claim, *row->part ? " " : "", row->part);
    label_cut(text, size, LABEL_MAX);
}

static void describe_effect(const struct row *row, char *text, size_t size)
{
    bool has_low = isfinite(row->low), has_high = isfinite(row->high);

    if ((!has_low && !has_high) || row->low == row->high)
        snprintf(text, size, "%.3g", row->effect);
    else if (!has_low)
        snprintf(text, size, word("%.3g [up to %.3g]"), row->effect, row->high);
    else if (!has_high)
        snprintf(text, size, word("%.3g [from %.3g]"), row->effect, row->low);
    else
        snprintf(text, size, "%.3g [%.3g … %.3g]", row->effect, row->low, row->high);
}

/* ---- The sheet --------------------------------------------------------------------------------
 */

static double within(const struct view *view, double value)
{
    return fmin(fmax(value, view->low), view->high);
}

static bool is_beyond(const struct view *view, double value)
{
    return isinf(value) || value < view->low || value > view->high;
}

/* Ends of the bar; an end that is not known, where the other one is, is that of the panel. */
static void write_bar(struct sheet *sheet, const struct row *row, const struct view *view)
{
    double low = row->low, high = row->high;

    if (isnan(low) && isnan(high))
        low = high = row->effect;
    else if (isnan(low))
        low = -INFINITY;
    else if (isnan(high))
        high = INFINITY;
    sheet_number(sheet, within(view, row->effect));
    sheet_number(sheet, within(view, low));
    sheet_number(sheet, within(view, high));
    sheet_number(sheet, low < view->low);
    sheet_number(sheet, high > view->high);
}

static void write_bound(struct sheet *sheet, const struct view *view, double bound)
{
    sheet_number(sheet, is_beyond(view, bound) ? (double)NAN : bound);
}

/* What stands to the left of the effect. */
static void begin_row(struct sheet *sheet, const struct row *row, const struct view *view,
                      size_t line, const char *label)
{
    char judged[256];

    sheet_number(sheet, (double)row->panel);
    word_composed(row->judged, judged, sizeof judged);
    sheet_text(sheet, judged);
    sheet_number(sheet, view->low);
    sheet_number(sheet, view->high);
    sheet_number(sheet, view->is_log);
    sheet_number(sheet, view->neutral);
    sheet_number(sheet, (double)line);
    sheet_text(sheet, label);
    sheet_text(sheet, row->claim);
    sheet_text(sheet, row->part);
}

static void end_row(struct sheet *sheet, const struct row *row, const struct view *view,
                    const char *number)
{
    sheet_number(sheet, within(view, row->above));
    sheet_number(sheet, within(view, row->below));
    write_bound(sheet, view, row->above);
    write_bound(sheet, view, row->below);
    sheet_text(sheet, number);
    sheet_end_row(sheet);
}

/* A line for the name of the part alone. */
static void write_heading(struct sheet *sheet, const struct row *row, const struct view *view,
                          size_t line, const char *label)
{
    enum { FIELDS_OF_EFFECT = 8 };

    begin_row(sheet, row, view, line, label);
    sheet_text(sheet, "");
    sheet_number(sheet, 0);
    sheet_number(sheet, row->is_delivered);
    for (int i = 0; i < FIELDS_OF_EFFECT; i++)
        sheet_text(sheet, "");
    end_row(sheet, row, view, "");
}

static void write_effect(struct sheet *sheet, const struct row *row, const struct view *view,
                         size_t line, const char *label)
{
    char text[320];

    snprintf(text, sizeof text, row->decides ? "%.300s" : "(%.300s)", label);
    begin_row(sheet, row, view, line, text);
    sheet_text(sheet, row->condition);
    sheet_number(sheet, row->mark);
    sheet_number(sheet, row->is_delivered);
    sheet_number(sheet, row->effect);
    sheet_number(sheet, row->low);
    sheet_number(sheet, row->high);
    write_bar(sheet, row, view);
    describe_effect(row, text, sizeof text);
    end_row(sheet, row, view, text);
}

/* "C18 recall · class 7", and below it, of the same part, "class 8". Where both are too long for a
 * line the part has one of its own. The number of lines. */
static size_t write_row(struct sheet *sheet, const struct row *row, const struct row *before,
                        const struct view *view, size_t line)
{
    char part[128], condition[256], label[400];

    describe_part(row, part, sizeof part);
    label_condition(row->condition, condition, sizeof condition);
    snprintf(label, sizeof label, "%s · %s", part, condition);
    if (!*condition) {
        write_effect(sheet, row, view, line, part);
        return 1;
    }
    if (!before || !same_part(before, row)) {
        if (label_characters(label) <= LABEL_MAX) {
            write_effect(sheet, row, view, line, label);
            return 1;
        }
        write_heading(sheet, row, view, line++, part);
        label_cut(condition, sizeof condition, LABEL_MAX);
        write_effect(sheet, row, view, line, condition);
        return 2;
    }
    label_cut(condition, sizeof condition, LABEL_MAX);
    write_effect(sheet, row, view, line, condition);
    return 1;
}

/* Panel after panel; lines of a panel from 1. */
static void write_rows(struct sheet *sheet, const struct forest *forest)
{
    for (size_t p = 1; p <= forest->panel_count; p++) {
        const struct row *before = NULL;
        size_t line = 1;

        for (size_t i = 0; i < forest->count; i++) {
            const struct row *row = &forest->rows[i];

            if (row->panel != p || !row->is_shown)
                continue;
            line += write_row(sheet, row, before, &forest->views[p - 1], line);
            before = row;
        }
    }
}

static void explain(struct sheet *sheet, const struct forest *forest)
{
    char part[160];
    size_t open_rows = 0, asides = 0;

    for (size_t i = 0; i < forest->count; i++) {
        open_rows += forest->rows[i].is_shown && !forest->rows[i].is_delivered;
        asides += forest->rows[i].is_shown && !forest->rows[i].decides;
    }
    if (open_rows > 0)
        sheet_explain(sheet, word("hollow: not delivered"));
    if (asides > 0)
        sheet_explain(sheet, word("in parentheses: decides nothing"));
    if (forest->shown < forest->count) {
        snprintf(
            part, sizeof part,
            word("%zu of %zu rows: of each part the condition that speaks most against the claim "
                 "and the one that speaks most for it"),
            forest->shown, forest->count);
        sheet_explain(sheet, part);
    }
    if (forest->without_effect > 0) {
        snprintf(part, sizeof part, word("%zu without an effect are left out"),
                 forest->without_effect);
        sheet_explain(sheet, part);
    }
}

int chart_verdicts_write(struct results *results, FILE *file)
{
    struct forest forest = {0};
    struct sheet sheet;
    size_t seeds;
    int status = -1;

    if (results_verdicts(results) != 0 || sheet_count_seeds(results, &seeds) != 0)
        return -1;
    forest.rows = calloc(table_rows(results->verdicts) + 1, sizeof *forest.rows);
    forest.views = calloc(table_rows(results->verdicts) + 1, sizeof *forest.views);
    if (!forest.rows || !forest.views) {
        error_set("%s: out of memory", results->folder);
        goto done;
    }
    if (read_rows(&forest, results->verdicts) != 0)
        goto done;
    choose_rows(&forest);
    for (size_t p = 1; p <= forest.panel_count; p++)
        forest.views[p - 1] = view_of(&forest, p);
    sheet_open_of(
        &sheet, file, results, seeds,
        word("marks: effect · bars: 95 % interval; an arrow where it goes on · shaded up to "
             "the dashed line: what the claim expects"));
    explain(&sheet, &forest);
    sheet_header(&sheet, "panel,panel_title,view_low,view_high,log,neutral,line,label,claim,part,"
                         "condition,mark,delivered,effect,low,high,at,bar_low,bar_high,open_low,"
                         "open_high,expected_low,expected_high,above,below,number");
    write_rows(&sheet, &forest);
    status = 0;
done:
    free(forest.rows);
    free(forest.views);
    return status;
}
