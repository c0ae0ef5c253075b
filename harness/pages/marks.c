/* Marks of a chart back to the rows that they were drawn from. */
#include "pages/marks.h"

#include "base/error.h"
#include "pages/line.h"
#include "pages/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the scripts plot --------------------------------------------------------------------
 */

enum each { EACH_END, ONCE, EACH_SERIES, EACH_ROOF };
enum when { ALWAYS, REACHED, CENSORED }; /* rows with this `censored` */

/* One `plot` or `plot for` of a script. */
struct clause {
    enum each each;
    const char *y; /* the column that its marks stand at; NULL: it has none that stand for rows */
    enum when when;
    const char *key, *value; /* rows with this text in that column; NULL: all */
    enum mark_shape shape;
    const char *x; /* NULL: that of the script */
};

enum { CLAUSES_MAX = 10, LAYOUTS_MAX = 6 };

struct drawn {
    const char *chart, *x;
    int by_panel; /* the first layout for every panel, of the rows with its number in `panel` */
    struct clause layouts[LAYOUTS_MAX][CLAUSES_MAX]; /* a panel each */
    const char *series_key, *series_value;           /* rows that name series; NULL: all */
    const char *series_column;                       /* NULL: series */
    const char *const *names; /* of the series, ended by NULL; NULL: the rows' `label` */
    int is_downward;          /* larger y lie lower */
    const char *const *more;  /* columns that a mark says besides, ended by NULL; NULL: the usual */
    int without_series;
};

static const char *const heatmap_says[] = {"batch_size",      "learning_rate", "validation_error",
                                           "validation_loss", "train_loss",    "n",
                                           "diverged",        "not_trained",   NULL};
static const char *const verdict_series[] = {"confirmed", "refuted", "inconclusive", NULL};

#define COST(unit)                                                                                 \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, "median_" unit, REACHED},                                     \
            {EACH_SERIES, "median_" unit, CENSORED},                                               \
    }
#define FIT(unit)                                                                                  \
    {                                                                                              \
        {ONCE}, {ONCE}, {EACH_SERIES}, {EACH_SERIES}, {EACH_SERIES}, {EACH_SERIES},                \
            {EACH_SERIES, "median_" unit, REACHED, "kind", "point"},                               \
            {EACH_SERIES, "median_" unit, CENSORED, "kind", "point"},                              \
    }
#define LINES(column)                                                                              \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, column},                                                      \
    }
/* A band, and a line that has a vertex for each row. */
#define CURVE(x, y)                                                                                \
    {                                                                                              \
        {EACH_SERIES}, {EACH_SERIES, y, ALWAYS, NULL, NULL, MARK_LINE, x},                         \
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct drawn scripts[] = {
    {"target", "batch_size", 0, {COST("seconds"), COST("updates"), COST("examples")}},
    {"redundancy", "redundancy", 0, {COST("updates"), COST("examples"), COST("seconds")}},
    {"grid", "batch_size", 1, {COST("seconds")}},
    {"critical_batch", "batch_size", 0, {FIT("updates"), FIT("examples")}, "kind", "point"},
    {"sensitivity", "learning_rate", 0, {LINES("median")}},
    {"volume", "train_examples", 0, {LINES("median_error"), LINES("median_gap")}},
    {"nested", "examples", 1, {LINES("value")}},
    {"predictions", "batch_size", 0, {LINES("variance"), {{EACH_SERIES, "disagreement"}}}},
    {"variance", "batch_size", 1, {{{EACH_SERIES, "variance_ratio"}}}},
    {"effective_size", "examples", 1, {{{EACH_SERIES}, {EACH_SERIES, "effective_examples"}}}},
    {"noise_scale",
     "epochs",
     0,
     {{{EACH_SERIES, "noise_scale", ALWAYS, "estimate", "exact"},
       {EACH_SERIES, "noise_scale", ALWAYS, "estimate", "two_batch"}},
      {{EACH_SERIES, "ratio", ALWAYS, "estimate", "two_batch"}, {EACH_SERIES}}}},
    {"throughput",
     "batch_size",
     1,
     {{{EACH_ROOF},
       {EACH_SERIES},
       {EACH_SERIES, "examples_per_second", ALWAYS, "input", "gather"},
       {EACH_SERIES, "examples_per_second", ALWAYS, "input", "pregathered"}}}},
    {"verdicts",
     "at",
     1,
     {{{ONCE},
       {ONCE},
       {ONCE},
       {ONCE},
       {ONCE},
       {EACH_SERIES, "line", ALWAYS, "delivered", "1"},
       {EACH_SERIES},
       {EACH_SERIES, "line", ALWAYS, "delivered", "0"},
       {EACH_SERIES}}},
     NULL,
     NULL,
     "mark",
     verdict_series,
     1},
    {"scale",
     "workers",
     1,
     {{{ONCE},
       {ONCE},
       {EACH_SERIES, "examples_per_second", ALWAYS, "kind", "predicted", MARK_LINE},
       {EACH_SERIES, "examples_per_second", ALWAYS, "kind", "measured"},
       {EACH_SERIES, "seconds", ALWAYS, "kind", "target", MARK_LINE, "batch_size"}}}},
    {"loss",
     "epochs",
     0,
     {CURVE("epochs", "train_loss"), CURVE("epochs", "validation_loss"),
      CURVE("updates", "train_loss"), CURVE("updates", "validation_loss"),
      CURVE("train_seconds", "train_loss"), CURVE("train_seconds", "validation_loss")}},
    {"budgets", "place", 1, {CURVE(NULL, "train_loss")}},
    {"survival", "updates", 0, {{{EACH_SERIES, "share", ALWAYS, NULL, NULL, MARK_LINE}}}},
    {.chart = "heatmap",
     .x = "column",
     .by_panel = 1,
     .layouts = {{{ONCE, "row", ALWAYS, "masked", "1", MARK_BOX},
                  {ONCE},
                  {ONCE, "row", ALWAYS, "masked", "0", MARK_BOX}}},
     .more = heatmap_says,
     .without_series = 1},
};
#pragma GCC diagnostic pop

/* ---- The rows ---------------------------------------------------------------------------------
 */

static const char *text_at(const struct marks *marks, const char *column, size_t row)
{
    return table_has(marks->rows, column) ? table_texts(marks->rows, column)[row] : "";
}

static int is_series_row(const struct marks *marks, size_t row)
{
    const struct drawn *drawn = marks->drawn;

    if (table_has(marks->rows, "input") && strcmp(text_at(marks, "input", row), "roof") == 0)
        return 0;
    return !drawn->series_key ||
           strcmp(text_at(marks, drawn->series_key, row), drawn->series_value) == 0;
}

/* A number of series or panels; 0 where it is none. */
static size_t number_of(double value)
{
    return value >= 1 && value < 4096 ? (size_t)value : 0;
}

static void count_rows(struct marks *marks)
{
    for (size_t row = 0; row < table_rows(marks->rows); row++) {
        size_t series = marks->series ? number_of(marks->series[row]) : 0;
        size_t panel = marks->panels ? number_of(marks->panels[row]) : 0;

        if (panel > marks->panel_count)
            marks->panel_count = panel;
        if (is_series_row(marks, row)) {
            if (series > marks->series_count)
                marks->series_count = series;
        } else if (!marks->drawn->series_key && series > marks->roof_count) {
            marks->roof_count = series;
        }
    }
}

static const struct drawn *find_script(const char *chart)
{
    for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++)
        if (strcmp(scripts[s].chart, chart) == 0)
            return &scripts[s];
    return NULL;
}

/* 1: the columns are there, and numbers. */
static int find_columns(struct marks *marks)
{
    const struct drawn *drawn = marks->drawn;
    const char *series = drawn->series_column ? drawn->series_column : "series";

    if ((!drawn->without_series &&
         (!table_has(marks->rows, series) || !table_has(marks->rows, "label"))) ||
        (drawn->by_panel && !table_has(marks->rows, "panel")))
        return 0;
    marks->series = drawn->without_series ? NULL : table_numbers(marks->rows, series);
    marks->panels = drawn->by_panel ? table_numbers(marks->rows, "panel") : NULL;
    return (drawn->without_series || marks->series) && (!drawn->by_panel || marks->panels);
}

static int name_series(struct marks *marks)
{
    const char *const *names = marks->drawn->names;

    size_t named = 0;

    while (names && names[named])
        named++;
    marks->series_count = named;
    count_rows(marks);
    marks->labels = calloc(marks->series_count + 1, sizeof *marks->labels);
    if (!marks->labels)
        return error_set("%s: out of memory", table_path(marks->rows));
    for (size_t row = marks->series ? table_rows(marks->rows) : 0; row-- > 0;)
        if (is_series_row(marks, row) && number_of(marks->series[row]) <= marks->series_count)
            marks->labels[number_of(marks->series[row])] = text_at(marks, "label", row);
    for (size_t s = 1; s <= named; s++)
        if (marks->labels[s])
            marks->labels[s] = names[s - 1];
    return 0;
}

int marks_open(struct marks *marks, struct table *rows, const char *chart)
{
    *marks = (struct marks){.rows = rows, .drawn = find_script(chart)};
    if (!marks->drawn || !find_columns(marks))
        return 0;
    marks->is_known = 1;
    if (!marks->drawn->by_panel) /* as many as have a layout */
        while (marks->panel_count < LAYOUTS_MAX &&
               marks->drawn->layouts[marks->panel_count][0].each != EACH_END)
            marks->panel_count++;
    return name_series(marks);
}

void marks_close(struct marks *marks)
{
    free(marks->labels);
    *marks = (struct marks){.rows = NULL};
}

/* ---- From plots to series ---------------------------------------------------------------------
 */

/* What the plot is one of, and of which series; NULL: not known. */
static const struct clause *find_clause(const struct marks *marks, size_t panel, size_t plot,
                                        size_t *series)
{
    const struct clause *clause;
    size_t last = 0;

    *series = 0;
    if (!marks->is_known || panel == 0 || panel > marks->panel_count)
        return NULL;
    clause = marks->drawn->layouts[marks->drawn->by_panel ? 0 : panel - 1];
    for (; clause->each != EACH_END; clause++) {
        size_t plots = clause->each == ONCE          ? 1
                       : clause->each == EACH_SERIES ? marks->series_count
                                                     : marks->roof_count;

        if (plot <= last + plots) {
            *series = clause->each == EACH_SERIES ? plot - last : 0;
            return clause;
        }
        last += plots;
    }
    return NULL;
}

size_t marks_series(const struct marks *marks, size_t panel, size_t plot)
{
    size_t series;

    if (marks->is_known && panel == marks->panel_count + 1 && plot <= marks->series_count)
        return plot; /* the legend has a plot for each series */
    find_clause(marks, panel, plot, &series);
    return series;
}

static const char *x_of(const struct marks *marks, const struct clause *clause)
{
    return clause && clause->x ? clause->x : marks->drawn->x;
}

/* Whether gnuplot drew a mark for the row. */
static int is_drawn(const struct marks *marks, const struct clause *clause, size_t panel,
                    size_t series, size_t row)
{
    struct table *rows = marks->rows;
    double censored = table_has(rows, "censored") ? table_numbers(rows, "censored")[row] : 0;

    if (marks->series && (number_of(marks->series[row]) != series || !is_series_row(marks, row)))
        return 0;
    if (marks->panels && number_of(marks->panels[row]) != panel)
        return 0;
    if (clause->key && strcmp(text_at(marks, clause->key, row), clause->value) != 0)
        return 0;
    if (clause->when == CENSORED)
        return censored == 1;
    if (clause->when == REACHED && censored != 0)
        return 0;
    return isfinite(table_numbers(rows, clause->y)[row]) &&
           isfinite(table_numbers(rows, x_of(marks, clause))[row]);
}

/* Half a pixel is what rounding may move a mark by. */
static int is_before(double a, double b, double value_a, double value_b)
{
    return !(value_a < value_b) || a <= b + 0.5;
}

/* Larger numbers lie higher and farther right. */
static int agrees(const struct marks *marks, const struct clause *clause,
                  const struct mark_place *places, const size_t *rows, size_t count)
{
    const double *y = table_numbers(marks->rows, clause->y);
    const double *x = table_numbers(marks->rows, x_of(marks, clause));
    double upward = marks->drawn->is_downward ? 1 : -1;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            if (!is_before(places[i].x, places[j].x, x[rows[i]], x[rows[j]]))
                return 0;
            if (clause->when != CENSORED &&
                !is_before(upward * places[i].y, upward * places[j].y, y[rows[i]], y[rows[j]]))
                return 0;
        }
    return 1;
}

/* 1: the columns that it is drawn from are there, and numbers. */
static int has_columns(const struct marks *marks, const struct clause *clause)
{
    const char *x = x_of(marks, clause);

    return table_has(marks->rows, clause->y) && table_has(marks->rows, x) &&
           table_numbers(marks->rows, clause->y) && table_numbers(marks->rows, x) &&
           (!table_has(marks->rows, "censored") || table_numbers(marks->rows, "censored"));
}

enum mark_shape marks_shape(const struct marks *marks, size_t panel, size_t plot)
{
    size_t series;
    const struct clause *clause = find_clause(marks, panel, plot, &series);

    return clause && clause->y ? clause->shape : MARK_SYMBOL;
}

int marks_rows(const struct marks *marks, size_t panel, size_t plot,
               const struct mark_place *places, size_t count, size_t *rows)
{
    size_t series, found = 0;
    const struct clause *clause = find_clause(marks, panel, plot, &series);

    if (!clause || !clause->y || clause->shape == MARK_LINE ||
        (series == 0 && !marks->drawn->without_series))
        return 1;
    if (!has_columns(marks, clause))
        return -1;
    for (size_t row = 0; row < table_rows(marks->rows); row++)
        if (is_drawn(marks, clause, panel, series, row)) {
            if (found < count)
                rows[found] = row;
            found++;
        }
    return found == count && agrees(marks, clause, places, rows, count) ? 0 : -1;
}

/* ---- Lines ------------------------------------------------------------------------------------
 */

/* The rows of a line in their order; with_zero: also where x is 0, which has no logarithm. */
static size_t line_rows(const struct marks *marks, const struct clause *clause, size_t panel,
                        size_t series, int with_zero, size_t *rows)
{
    const double *x = table_numbers(marks->rows, x_of(marks, clause));
    size_t count = 0;

    for (size_t row = 0; row < table_rows(marks->rows); row++)
        if (is_drawn(marks, clause, panel, series, row) && (with_zero || x[row] > 0))
            rows[count++] = row;
    return count;
}

size_t marks_along(const struct marks *marks, size_t panel, size_t plot,
                   const struct mark_place *vertices, size_t vertex_count,
                   struct mark_along along[MARKS_ALONG])
{
    size_t series, marked = 0;
    const struct clause *clause = find_clause(marks, panel, plot, &series);
    size_t *rows;

    if (!clause || !clause->y || clause->shape != MARK_LINE || series == 0 ||
        !has_columns(marks, clause) || !(rows = calloc(table_rows(marks->rows) + 1, sizeof *rows)))
        return 0;
    for (int with_zero = 1; with_zero >= 0 && marked == 0; with_zero--) {
        struct drawn_line line = {.x = table_numbers(marks->rows, x_of(marks, clause)),
                                  .y = table_numbers(marks->rows, clause->y),
                                  .rows = rows,
                                  .vertices = vertices,
                                  .vertex_count = vertex_count};

        line.count = line_rows(marks, clause, panel, series, with_zero, rows);
        marked = line_marks(&line, along);
    }
    free(rows);
    return marked;
}

/* ---- Words ------------------------------------------------------------------------------------
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

/* "median_seconds" -> "median seconds" */
static void say_column(char *text, size_t size, const char *column)
{
    say(text, size, " \u00b7 ");
    for (; *column; column++)
        say(text, size, "%c", *column == '_' ? ' ' : *column);
}

static void say_field(const struct marks *marks, const char *column, size_t row, char *text,
                      size_t size)
{
    char number[64];

    if (!table_has(marks->rows, column) || !text_at(marks, column, row)[0])
        return;
    say_column(text, size, column);
    say(text, size, " %s", page_field(text_at(marks, column, row), number, sizeof number));
}

/* The columns of what is around y: low_seconds of median_seconds, low of value, else y_low, y_q1.
 */
static void say_range(const struct marks *marks, const char *y, size_t row, char *text, size_t size)
{
    static const char *const ends[][2] = {
        {"low_%s", "high_%s"}, {"%s_low", "%s_high"}, {"%s_q1", "%s_q3"}, {"low", "high"}};
    const char *unit = strncmp(y, "median_", 7) == 0 ? y + 7 : y;

    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        char names[2][64], numbers[2][64];

        for (size_t side = 0; side < 2; side++) {
            const char *rest = strstr(ends[e][side], "%s");

            if (rest) /* the name around the unit */
                snprintf(names[side], sizeof names[side], "%.*s%s%s", (int)(rest - ends[e][side]),
                         ends[e][side], unit, rest + 2);
            else
                snprintf(names[side], sizeof names[side], "%s", ends[e][side]);
        }
        if (!table_has(marks->rows, names[0]) || !table_has(marks->rows, names[1]))
            continue;
        say(text, size, " (%s to %s)",
            page_field(text_at(marks, names[0], row), numbers[0], sizeof numbers[0]),
            page_field(text_at(marks, names[1], row), numbers[1], sizeof numbers[1]));
        return;
    }
}

/* "cell blas-k8-s1-3f9c and 2 more": the first, of as many as the row has. */
static void say_cell(const struct marks *marks, size_t row, char *text, size_t size)
{
    static const char *const counts[] = {"n", "seeds", "cells"};
    const char *cell = text_at(marks, "cell", row);
    double n = 0;

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        if (text_at(marks, counts[c], row)[0])
            n = strtod(text_at(marks, counts[c], row), NULL);

    if (!cell[0])
        return;
    say(text, size, " \u00b7 cell %s", cell);
    if (n > 1 && n < 1e6)
        say(text, size, " and %.0f more", n - 1);
}

/* What a mark of a chart without series says: its panel, and the columns that the chart has. */
static void describe_columns(const struct marks *marks, size_t row, char *text, size_t size)
{
    snprintf(text, size, "%s", text_at(marks, "panel_title", row));
    for (const char *const *more = marks->drawn->more; *more; more++)
        if (strcmp(text_at(marks, *more, row), "0") != 0)
            say_field(marks, *more, row, text, size);
    say_cell(marks, row, text, size);
    if (strncmp(text, " \u00b7 ", 4) == 0)
        memmove(text, text + 4, strlen(text + 4) + 1);
}

void marks_describe(const struct marks *marks, size_t panel, size_t plot, size_t row, char *text,
                    size_t size)
{
    static const char *const more[] = {"learning_rate", "estimate", "input", "n", "seeds"};
    size_t series;
    const struct clause *clause = find_clause(marks, panel, plot, &series);

    if (marks->drawn->more) {
        describe_columns(marks, row, text, size);
        return;
    }
    snprintf(text, size, "%s", text_at(marks, "label", row));
    if (marks->drawn->names) { /* a line of the chart, and what stands beside it */
        say(text, size, " \u00b7 %s \u00b7 %s", text_at(marks, "number", row),
            series <= marks->series_count && marks->labels[series] ? marks->labels[series] : "");
        return;
    }
    say_field(marks, x_of(marks, clause), row, text, size);
    if (clause && clause->when == CENSORED) {
        say_column(text, size, clause->y);
        say(text, size, " not reached");
    } else if (clause && clause->y) {
        say_field(marks, clause->y, row, text, size);
        say_range(marks, clause->y, row, text, size);
    }
    for (size_t m = 0; m < sizeof more / sizeof *more; m++)
        if (strcmp(more[m], x_of(marks, clause)) != 0)
            say_field(marks, more[m], row, text, size);
    say_cell(marks, row, text, size);
}
