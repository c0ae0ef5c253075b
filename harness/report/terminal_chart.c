/* Draws the numbers of a chart with characters. */
#include "report/terminal_chart.h"

#include "base/error.h"
#include "report/labels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { VIEWS_MAX = 6, SERIES_MAX = 64, LABEL_WIDTH = 9, PANEL_ROWS = 12 };

/* ---- What is drawn ----------------------------------------------------------------------------
 */

/* A panel: y against x. */
struct view {
    const char *y, *y_title;
    bool log_y;
    const char *x; /* NULL: that of the chart */
    bool linear_x;
};

struct plotted {
    const char *chart, *x, *x_title;
    bool linear_x, by_panel;
    struct view views[VIEWS_MAX];
    const char *key, *value; /* rows with this text in that column; NULL: all */
};

#define COSTS                                                                                      \
    {                                                                                              \
        {"median_seconds", "training time to target [s]", true, NULL, false},                      \
            {"median_updates", "updates to target", true, NULL, false},                            \
            {"median_examples", "examples to target", true, NULL, false},                          \
    }

/* One of several parts has an entry for each. */
static const struct plotted charts[] = {
    {.chart = "loss",
     .x = "updates",
     .views = {{"train_loss", "training loss, by epochs", true, "epochs", true},
               {"train_loss", "training loss, by updates", true, "updates", false},
               {"train_loss", "training loss, by seconds of training", true, "train_seconds",
                false},
               {"validation_loss", "validation loss, by epochs", true, "epochs", true},
               {"validation_loss", "validation loss, by updates", true, "updates", false},
               {"validation_loss", "validation loss, by seconds of training", true, "train_seconds",
                false}}},
    {.chart = "target", .x = "batch_size", .x_title = "K", .views = COSTS},
    {.chart = "redundancy", .x = "redundancy", .x_title = "r", .views = COSTS},
    {.chart = "grid",
     .x = "batch_size",
     .x_title = "K",
     .by_panel = true,
     .views = {{"median_seconds", "training time to target [s]", true, NULL, false}}},
    {.chart = "critical_batch",
     .x = "batch_size",
     .x_title = "K",
     .views = {{"median_updates", "updates to target", true, NULL, false},
               {"median_examples", "examples to target", true, NULL, false}},
     .key = "kind",
     .value = "point"},
    {.chart = "throughput",
     .x = "batch_size",
     .x_title = "K",
     .by_panel = true,
     .views = {{"examples_per_second", "examples per second, gathered", true, NULL, false}},
     .key = "input",
     .value = "gather"},
    {.chart = "noise_scale",
     .x = "epochs",
     .x_title = "epochs",
     .linear_x = true,
     .views = {{"noise_scale", "noise scale, exact [examples]", true, NULL, true}},
     .key = "estimate",
     .value = "exact"},
    {.chart = "variance",
     .x = "batch_size",
     .x_title = "K",
     .by_panel = true,
     .views = {{"variance_ratio", "measured / predicted variance", false, NULL, false}}},
    {.chart = "effective_size",
     .x = "examples",
     .x_title = "N",
     .by_panel = true,
     .views = {{"effective_examples", "independent examples as good", true, NULL, false}}},
    {.chart = "predictions",
     .x = "batch_size",
     .x_title = "K",
     .views = {{"variance", "variance of the probabilities across seeds", true, NULL, false},
               {"disagreement", "share of pairs of seeds that disagree", false, NULL, false}}},
    {.chart = "volume",
     .x = "train_examples",
     .x_title = "N",
     .views = {{"median_error", "test error", false, NULL, false},
               {"median_gap", "test loss - training loss", false, NULL, false}}},
    {.chart = "nested",
     .x = "examples",
     .x_title = "n",
     .by_panel = true,
     .views = {{"value", "of the gradients of the first n examples", false, NULL, false}}},
    {.chart = "budgets",
     .x = "place",
     .by_panel = true,
     .views = {{"train_loss", "training loss", true, NULL, false}}},
    {.chart = "sensitivity",
     .x = "learning_rate",
     .x_title = "learning rate",
     .views = {{"median", "loss at the end", true, NULL, false}}},
    {.chart = "survival",
     .x = "updates",
     .x_title = "updates",
     .views = {{"share", "share that has not reached the target", false, NULL, false}}},
    {.chart = "trajectory",
     .x = "x",
     .linear_x = true,
     .by_panel = true,
     .views = {{"y", "path of theta", false, NULL, true}}},
    {.chart = "scale",
     .x = "workers",
     .x_title = "ranks",
     .views = {{"examples_per_second", "examples per second, measured", true, NULL, false}},
     .key = "kind",
     .value = "measured"},
    {.chart = "scale",
     .x = "workers",
     .x_title = "ranks",
     .views = {{"examples_per_second", "examples per second, predicted", true, NULL, false}},
     .key = "kind",
     .value = "predicted"},
    {.chart = "scale",
     .x = "batch_size",
     .x_title = "K",
     .views = {{"seconds", "training time to target [s], predicted", true, NULL, false}},
     .key = "kind",
     .value = "target"},
};

/* ---- Its numbers ------------------------------------------------------------------------------
 */

struct axis {
    double low, high;
    bool is_log;
};

struct panel {
    struct table *numbers;
    const struct plotted *plotted;
    const struct view *view;
    size_t number; /* 0: all rows */
    const double *x, *y, *series, *panels;
    struct axis across, up;
    int series_count;
    const char *labels[SERIES_MAX + 1];
};

static const char *text_of(struct table *numbers, const char *column, size_t row)
{
    return table_has(numbers, column) ? table_texts(numbers, column)[row] : "";
}

static bool is_shown(const struct panel *panel, size_t row)
{
    double series = panel->series[row];

    if (!(series >= 1 && series <= SERIES_MAX) ||
        (panel->number > 0 && !(fabs(panel->panels[row] - (double)panel->number) < 0.5)))
        return false;
    if (panel->plotted->key &&
        strcmp(text_of(panel->numbers, panel->plotted->key, row), panel->plotted->value) != 0)
        return false;
    return isfinite(panel->x[row]) && isfinite(panel->y[row]) &&
           (!panel->across.is_log || panel->x[row] > 0) && (!panel->up.is_log || panel->y[row] > 0);
}

static void include(struct axis *axis, double value)
{
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

static double share_of(const struct axis *axis, double value)
{
    double low = axis->is_log ? log(axis->low) : axis->low;
    double high = axis->is_log ? log(axis->high) : axis->high;

    return high > low ? ((axis->is_log ? log(value) : value) - low) / (high - low) : 0.5;
}

/* 1: there is something to draw; 0: nothing; -1 (error set). */
static int panel_open(struct panel *panel)
{
    const struct view *view = panel->view;
    const char *x = view->x ? view->x : panel->plotted->x;

    panel->x = table_numbers(panel->numbers, x);
    panel->y = panel->x ? table_numbers(panel->numbers, view->y) : NULL;
    panel->series = panel->y ? table_numbers(panel->numbers, "series") : NULL;
    panel->panels = panel->number > 0 ? table_numbers(panel->numbers, "panel") : NULL;
    if (!panel->series || (panel->number > 0 && !panel->panels))
        return -1;
    panel->across =
        (struct axis){INFINITY, -INFINITY, !panel->plotted->linear_x && !view->linear_x};
    panel->up = (struct axis){INFINITY, -INFINITY, view->log_y};
    panel->series_count = 0;
    memset(panel->labels, 0, sizeof panel->labels);
    for (size_t row = 0; row < table_rows(panel->numbers); row++) {
        if (!is_shown(panel, row))
            continue;
        include(&panel->across, panel->x[row]);
        include(&panel->up, panel->y[row]);
        panel->labels[(int)panel->series[row]] = text_of(panel->numbers, "label", row);
        if (panel->series[row] > panel->series_count)
            panel->series_count = (int)panel->series[row];
    }
    return panel->series_count > 0;
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

static void draw_series(const struct panel *panel, struct canvas *canvas, int series)
{
    bool any = false;
    double x = NAN, y = NAN;

    for (size_t row = 0; row < table_rows(panel->numbers); row++) {
        double next_x, next_y;

        if (!is_shown(panel, row) || (int)panel->series[row] != series)
            continue;
        next_x = share_of(&panel->across, panel->x[row]);
        next_y = share_of(&panel->up, panel->y[row]);
        canvas_point(canvas, next_x, next_y, series);
        if (any)
            canvas_line(canvas, x, y, next_x, next_y, series);
        x = next_x;
        y = next_y;
        any = true;
    }
    if (any)
        canvas_letter(canvas, x, y, series);
}

/* Characters of a text, cut where it is too wide; the rest is filled up. */
static void put_text(FILE *out, const char *text, int width, bool to_the_right)
{
    char cut[400];
    int used;

    snprintf(cut, sizeof cut, "%s", text);
    label_cut(cut, sizeof cut, (size_t)width);
    used = (int)label_characters(cut);
    fprintf(out, "%*s%s%*s", to_the_right ? width - used : 0, "", cut,
            to_the_right ? 0 : width - used, "");
}

/* A line of its own, without blanks at its end. */
static void put_line(FILE *out, const char *text, const struct terminal *terminal)
{
    char cut[400];

    snprintf(cut, sizeof cut, "%s", text);
    label_cut(cut, sizeof cut, (size_t)terminal->width);
    fprintf(out, "%s\n", cut);
}

static void put_number(FILE *out, double value, int width)
{
    char text[32];

    snprintf(text, sizeof text, "%.3g", value);
    put_text(out, text, width, true);
}

/* "a K = 1   b K = 8", in as many columns as fit. */
static void put_legend(const struct panel *panel, FILE *out, const struct terminal *terminal)
{
    int widest = 0, columns, put = 0;

    for (int s = 1; s <= panel->series_count; s++)
        if (panel->labels[s] && (int)label_characters(panel->labels[s]) > widest)
            widest = (int)label_characters(panel->labels[s]);
    if (widest > terminal->width - 4)
        widest = terminal->width - 4;
    columns = terminal->width / (widest + 4) > 0 ? terminal->width / (widest + 4) : 1;
    for (int s = 1; s <= panel->series_count; s++) {
        if (!panel->labels[s])
            continue;
        terminal_colour(out, terminal, s);
        fprintf(out, "%c", canvas_letter_of(s));
        terminal_plain(out, terminal);
        fputc(' ', out);
        put_text(out, panel->labels[s], widest, false);
        fputs(++put % columns == 0 ? "\n" : "  ", out);
    }
    if (put % columns != 0)
        fputc('\n', out);
}

static void put_axis(const struct panel *panel, FILE *out, int columns)
{
    const char *title = panel->plotted->x_title ? panel->plotted->x_title : "";
    char low[32], high[32];
    int room;

    snprintf(low, sizeof low, "%.4g", panel->across.low);
    snprintf(high, sizeof high, "%.4g", panel->across.high);
    room = columns - (int)strlen(low) - (int)strlen(high) - (int)strlen(title);
    if (room < 2) { /* the ends say more */
        room += (int)strlen(title);
        title = "";
    }
    fprintf(out, "%*s%s%*s%s%*s%s\n", LABEL_WIDTH + 1, "", low, room / 2 > 0 ? room / 2 : 1, "",
            title, room - room / 2 > 0 ? room - room / 2 : 1, "", high);
}

static int print_panel(const struct panel *panel, FILE *out, const char *title,
                       const struct terminal *terminal)
{
    int columns = terminal->width - LABEL_WIDTH - 1;
    struct canvas canvas;

    if (canvas_open(&canvas, columns, PANEL_ROWS) != 0)
        return -1;
    for (int s = 1; s <= panel->series_count; s++)
        draw_series(panel, &canvas, s);
    put_line(out, title, terminal);
    for (int row = 0; row < PANEL_ROWS; row++) {
        if (row == 0)
            put_number(out, panel->up.high, LABEL_WIDTH);
        else if (row == PANEL_ROWS - 1)
            put_number(out, panel->up.low, LABEL_WIDTH);
        else
            fprintf(out, "%*s", LABEL_WIDTH, "");
        fputc('|', out);
        canvas_print_row(&canvas, out, row, terminal);
        fputc('\n', out);
    }
    put_axis(panel, out, columns);
    put_legend(panel, out, terminal);
    canvas_close(&canvas);
    return 0;
}

/* "network S: examples per second" */
static int print_view(struct table *numbers, const struct plotted *plotted, const struct view *view,
                      size_t number, FILE *out, const struct terminal *terminal)
{
    struct panel panel = {.numbers = numbers, .plotted = plotted, .view = view, .number = number};
    char title[400];
    const char *name = "";
    int found = panel_open(&panel);

    if (found != 1)
        return found;
    for (size_t row = 0; row < table_rows(numbers); row++)
        if (is_shown(&panel, row))
            name = number > 0 ? text_of(numbers, "panel_title", row) : "";
    snprintf(title, sizeof title, "%s%s%s", name, *name ? ": " : "", view->y_title);
    return print_panel(&panel, out, title, terminal);
}

static int print_lines(struct table *numbers, const struct plotted *plotted, FILE *out,
                       const struct terminal *terminal)
{
    const double *panels = plotted->by_panel ? table_numbers(numbers, "panel") : NULL;
    size_t count = 0;

    if (plotted->by_panel && !panels)
        return -1;
    for (size_t row = 0; panels && row < table_rows(numbers); row++)
        if (panels[row] > (double)count && panels[row] < 4096)
            count = (size_t)panels[row];
    for (size_t p = plotted->by_panel ? 1 : 0; p <= count; p++)
        for (size_t v = 0; v < VIEWS_MAX && plotted->views[v].y; v++)
            if (print_view(numbers, plotted, &plotted->views[v], p, out, terminal) != 0)
                return -1;
    return 0;
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

/* The columns of a heat map's numbers; the last ones are those of which one is shown. */
enum { PANEL, COLUMN, ROW, BATCH, RATE, DIVERGED, BEST, VALUE, HEAT_COLUMNS = 10 };
static const char *const heat_columns[HEAT_COLUMNS] = {
    "panel",           "column",    "row",  "batch_size",
    "learning_rate",   "diverged",  "best", "validation_error",
    "validation_loss", "train_loss"};

struct heat {
    struct table *numbers;
    const double *columns[HEAT_COLUMNS];
    int panels, rows, across; /* how many */
    int what;                 /* VALUE: an error, else a loss */
};

/* Of a number that counts from 1 to 256 at the most. */
static int larger(int most, double value)
{
    return value > most && value <= 256 ? (int)value : most;
}

/* -1 (error set). */
static int heat_open(struct heat *heat, struct table *numbers)
{
    *heat = (struct heat){.numbers = numbers, .what = HEAT_COLUMNS - 1};
    for (int c = 0; c < HEAT_COLUMNS; c++)
        if (!(heat->columns[c] = table_numbers(numbers, heat_columns[c])))
            return -1;
    for (size_t i = 0; i < table_rows(numbers); i++) {
        heat->panels = larger(heat->panels, heat->columns[PANEL][i]);
        heat->rows = larger(heat->rows, heat->columns[ROW][i]);
        heat->across = larger(heat->across, heat->columns[COLUMN][i]);
        for (int c = VALUE; c < heat->what; c++)
            if (heat->columns[c][i] > 0)
                heat->what = c;
    }
    return 0;
}

static bool is_at(const struct heat *heat, int column, size_t row, int value)
{
    return fabs(heat->columns[column][row] - value) < 0.5;
}

/* "12.3*", "x" */
static void describe_heat(const struct heat *heat, size_t row, char *text, size_t size)
{
    double value = heat->columns[heat->what][row] * (heat->what == VALUE ? 100 : 1);

    if (isfinite(value))
        snprintf(text, size, "%.3g%s", value, heat->columns[BEST][row] > 0 ? "*" : "");
    else
        snprintf(text, size, heat->columns[DIVERGED][row] > 0 ? "x" : "-");
}

/* A line a rate, and at line 0 the batch sizes. */
static void print_heat_line(const struct heat *heat, int panel, int line, FILE *out,
                            const struct terminal *terminal)
{
    int room = terminal->width - LABEL_WIDTH - 1;
    int fair = room / (heat->across > 0 ? heat->across : 1);
    int width = fair < 5 ? 5 : fair > 9 ? 9 : fair, used = 0;
    char label[32] = "K", cells[1024] = "";

    for (int c = 1; c <= heat->across && used + width <= room; c++) {
        char text[32] = "";

        for (size_t i = 0; i < table_rows(heat->numbers); i++) {
            if (!is_at(heat, PANEL, i, panel))
                continue;
            if (line > 0 && is_at(heat, ROW, i, line))
                snprintf(label, sizeof label, "%g", heat->columns[RATE][i]);
            if (!is_at(heat, COLUMN, i, c))
                continue;
            if (line > 0 && is_at(heat, ROW, i, line))
                describe_heat(heat, i, text, sizeof text);
            else if (line == 0)
                snprintf(text, sizeof text, "%s",
                         strcmp(text_of(heat->numbers, "full_batch", i), "1") == 0
                             ? "full"
                             : text_of(heat->numbers, "batch_size", i));
        }
        used += snprintf(cells + used, sizeof cells - (size_t)used, "%*s", width, text);
    }
    put_text(out, label, LABEL_WIDTH, true);
    fprintf(out, " %s\n", cells);
}

/* Of a heat map a line a rate, the largest first: the error (or loss), x: diverged, the best with a
 * star. */
static int print_heatmap(struct table *numbers, FILE *out, const struct terminal *terminal)
{
    struct heat heat;

    if (heat_open(&heat, numbers) != 0)
        return -1;
    for (int p = 1; p <= heat.panels; p++) {
        const char *name = "";
        char title[300];

        for (size_t i = 0; i < table_rows(numbers); i++)
            if (is_at(&heat, PANEL, i, p))
                name = text_of(numbers, "panel_title", i);
        snprintf(title, sizeof title, "%s%s%s, by rate and K", name, *name ? ": " : "",
                 heat.what == VALUE       ? "validation error [%]"
                 : heat.what == VALUE + 1 ? "validation loss"
                                          : "training loss");
        put_line(out, title, terminal);
        for (int line = heat.rows; line >= 0; line--)
            print_heat_line(&heat, p, line, out, terminal);
    }
    put_line(out, "* best rate, x diverged, - failed or not run", terminal);
    return 0;
}

/* A line a verdict: its mark, its text, the effect with its interval. */
static int print_verdicts(struct table *numbers, FILE *out, const struct terminal *terminal)
{
    static const char marks[] = "?+x?"; /* none, confirmed, refuted, inconclusive */
    const double *mark = table_numbers(numbers, "mark"), *panel = table_numbers(numbers, "panel");
    const double *delivered = table_numbers(numbers, "delivered");
    double last = 0;

    if (!mark || !panel || !delivered)
        return -1;
    for (size_t i = 0; i < table_rows(numbers); i++) {
        const char *number = text_of(numbers, "number", i);
        int room = terminal->width - (int)label_characters(number) - 6, m = (int)mark[i];

        if (panel[i] > last || panel[i] < last) {
            put_line(out, text_of(numbers, "panel_title", i), terminal);
        }
        last = panel[i];
        fputs("  ", out);
        if (m >= 1 && m <= 3) {
            terminal_colour(out, terminal, m == 3 ? 5 : m);
            fputc(delivered[i] > 0 ? marks[m] : '?', out);
            terminal_plain(out, terminal);
        } else {
            fputc(' ', out);
        }
        fputc(' ', out);
        put_text(out, text_of(numbers, "label", i), room > 8 ? room : 8, false);
        fprintf(out, " %s\n", number);
    }
    put_line(out, "+ confirmed, x refuted, ? the data do not tell, or not delivered", terminal);
    return 0;
}

/* ---- The chart --------------------------------------------------------------------------------
 */

int terminal_chart_print(FILE *out, struct table *numbers, const char *chart,
                         const struct terminal *terminal)
{
    bool is_known = false;

    if (strcmp(chart, "heatmap") == 0)
        return print_heatmap(numbers, out, terminal);
    if (strcmp(chart, "verdicts") == 0)
        return print_verdicts(numbers, out, terminal);
    for (size_t c = 0; c < sizeof charts / sizeof *charts; c++)
        if (strcmp(charts[c].chart, chart) == 0) {
            is_known = true;
            if (print_lines(numbers, &charts[c], out, terminal) != 0)
                return -1;
        }
    return is_known ? 0 : error_set("chart %s is not drawn in a terminal", chart);
}
