/* Marks of a chart back to the rows that they were drawn from. */
#include "pages/marks.h"

#include "base/error.h"
#include "pages/drawn.h"
#include "pages/line.h"
#include "pages/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* How many series the panel has. */
static size_t panel_series(const struct marks *marks, size_t panel)
{
    return marks->own ? marks->own[panel].count : marks->series_count;
}

/* A panel's series by its number among those of the chart. */
static size_t chart_series(const struct marks *marks, size_t panel, size_t series)
{
    return series > 0 && marks->own ? marks->own[panel].before + series : series;
}

/* After count_rows: the series and the frame of each panel. */
static int find_panels(struct marks *marks)
{
    struct mark_panel *own = calloc(marks->panel_count + 1, sizeof *own);

    if (!own)
        return error_set("%s: out of memory", table_path(marks->rows));
    marks->own = own;
    for (size_t row = table_rows(marks->rows); row-- > 0;) {
        size_t panel = number_of(marks->panels[row]), series = number_of(marks->series[row]);

        if (panel == 0)
            continue;
        if (series > own[panel].count)
            own[panel].count = series;
        if (strcmp(text_at(marks, "kind", row), marks->drawn->frame) == 0)
            own[panel].frame = row;
        own[panel].title = text_at(marks, "panel_title", row);
    }
    marks->series_count = 0;
    for (size_t panel = 1; panel <= marks->panel_count; panel++) {
        own[panel].before = marks->series_count;
        marks->series_count += own[panel].count;
    }
    return 0;
}

/* 1: what says which part of the plane is shown is there. */
static int has_frame(const struct marks *marks)
{
    static const char *const columns[] = {"x", "y", "to_x", "to_y"};

    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        if (!table_has(marks->rows, columns[c]) || !table_numbers(marks->rows, columns[c]))
            return 0;
    return table_has(marks->rows, "kind");
}

/* 1: the columns are there, and numbers. */
static int find_columns(struct marks *marks)
{
    const struct drawn *drawn = marks->drawn;
    const char *series = drawn->series_column ? drawn->series_column : "series";

    if ((!drawn->without_series &&
         (!table_has(marks->rows, series) || !table_has(marks->rows, "label"))) ||
        (drawn->by_panel && !table_has(marks->rows, "panel")) ||
        (drawn->frame && !has_frame(marks)))
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
    if (marks->drawn->frame && find_panels(marks) != 0)
        return -1;
    marks->labels = calloc(marks->series_count + 1, sizeof *marks->labels);
    if (!marks->labels)
        return error_set("%s: out of memory", table_path(marks->rows));
    for (size_t row = marks->series ? table_rows(marks->rows) : 0; row-- > 0;) {
        size_t panel = marks->panels ? number_of(marks->panels[row]) : 0;
        size_t series = chart_series(marks, panel, number_of(marks->series[row]));

        if (is_series_row(marks, row) && series <= marks->series_count &&
            !(marks->own && panel == 0))
            marks->labels[series] = text_at(marks, "label", row);
    }
    for (size_t s = 1; s <= named; s++)
        if (marks->labels[s])
            marks->labels[s] = names[s - 1];
    return 0;
}

int marks_open(struct marks *marks, struct table *rows, const char *chart)
{
    *marks = (struct marks){.rows = rows, .drawn = drawn_of(chart)};
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
    free(marks->own);
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
                       : clause->each == EACH_SERIES ? panel_series(marks, panel)
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

    if (marks->is_known && !marks->own && panel == marks->panel_count + 1 &&
        plot <= marks->series_count)
        return plot; /* the legend has a plot for each series */
    find_clause(marks, panel, plot, &series);
    return chart_series(marks, panel, series);
}

const char *marks_panel_title(const struct marks *marks, size_t series)
{
    size_t panel = 1;

    if (!marks->own || marks->panel_count < 2)
        return "";
    while (panel < marks->panel_count && series > marks->own[panel + 1].before)
        panel++;
    return marks->own[panel].title;
}

static const char *x_of(const struct marks *marks, const struct clause *clause)
{
    return clause && clause->x ? clause->x : marks->drawn->x;
}

/* Whether the panel shows the place. */
static int is_in_frame(const struct marks *marks, size_t panel, double x, double y)
{
    struct table *rows = marks->rows;
    size_t frame;

    if (!marks->own)
        return 1;
    frame = marks->own[panel].frame;
    return x >= table_numbers(rows, "x")[frame] && x <= table_numbers(rows, "to_x")[frame] &&
           y >= table_numbers(rows, "y")[frame] && y <= table_numbers(rows, "to_y")[frame];
}

/* Whether gnuplot drew a mark for the row. */
static int is_drawn(const struct marks *marks, const struct clause *clause, size_t panel,
                    size_t series, size_t row)
{
    struct table *rows = marks->rows;
    double x, y;
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
    x = table_numbers(rows, x_of(marks, clause))[row];
    y = table_numbers(rows, clause->y)[row];
    return isfinite(x) && isfinite(y) && is_in_frame(marks, panel, x, y);
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
    static const char *const more[] = {"updates", "learning_rate", "estimate", "input",
                                       "n",       "seeds"};
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
