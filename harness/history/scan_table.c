/* What a scan found as a table for the terminal, as changes.csv, and as the numbers of its chart.
 */
#include "history/history.h"

#include "base/error.h"
#include "base/file.h"
#include "report/chart_parts.h"
#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A change and its series. */
struct found {
    const struct series *series;
    const struct change *change;
};

static const char *text_at(const struct scan *scan, const struct series *series, size_t i,
                           const char *column)
{
    return table_texts(scan->table, column)[series->rows[i]];
}

static const char *direction_of(const struct found *found)
{
    int is_higher = found->change->effect.value > 0;

    return is_higher == (found->series->higher_is_better != 0) ? "better" : "worse";
}

static size_t row_of(const struct found *found)
{
    return found->series->rows[found->change->at];
}

/* The latest first, then the largest. */
static int compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    double large_a = fabs(a->change->effect.value), large_b = fabs(b->change->effect.value);

    if (row_of(a) != row_of(b))
        return row_of(a) < row_of(b) ? 1 : -1;
    return (large_a < large_b) - (large_a > large_b);
}

/* [scan->change_count], to be freed; NULL: out of memory, the error is set. */
static struct found *list_found(const struct scan *scan)
{
    struct found *list = calloc(scan->change_count + 1, sizeof *list);
    size_t count = 0;

    if (!list)
        return error_set("out of memory for the changes"), NULL;
    for (size_t s = 0; s < scan->count; s++)
        for (size_t c = 0; c < scan->series[s].change_count; c++)
            list[count++] = (struct found){&scan->series[s], &scan->series[s].changes[c]};
    qsort(list, count, sizeof *list, compare_found);
    return list;
}

/* ---- For the terminal -------------------------------------------------------------------------
 */

static void print_found(FILE *out, const struct scan *scan, const struct found *found)
{
    const struct change *change = found->change;
    char interval[48];

    snprintf(interval, sizeof interval, "[%.3f, %.3f]", exp(change->effect.low),
             exp(change->effect.high));
    fprintf(out, "%-20s %-12.12s %-6s %7.3f %-16s %3zu+%-3zu %s\n",
            text_at(scan, found->series, change->at, "time"),
            text_at(scan, found->series, change->at, "commit"), direction_of(found),
            exp(change->effect.value), interval, change->before, change->after,
            change->drift ? "drift" : "step");
    summary_print_indented(out, 2, found->series->name);
}

void scan_print(FILE *out, const struct scan *scan)
{
    struct found *list = list_found(scan);
    char line[400];

    if (list && scan->change_count > 0)
        fprintf(out, "%-20s %-12s %-6s %7s %-16s %-7s %s\n", "first run after", "commit", "",
                "ratio", "95 % interval", "runs", "");
    for (size_t c = 0; list && c < scan->change_count; c++)
        print_found(out, scan, &list[c]);
    free(list);
    snprintf(line, sizeof line,
             "%s%zu runs, %zu series of four runs or more (%zu shorter, %zu with values that are "
             "not above 0): %zu change%s",
             scan->change_count > 0 ? "\n" : "", table_rows(scan->table), scan->count,
             scan->short_count, scan->signed_count, scan->change_count,
             scan->change_count == 1 ? "" : "s");
    summary_print_wrapped(out, line);
}

/* ---- changes.csv ------------------------------------------------------------------------------
 */

static void write_text(FILE *file, const char *text)
{
    fputc(',', file);
    csv_field(file, text);
}

static void write_found(FILE *file, const struct scan *scan, const struct found *found)
{
    const struct series *series = found->series;
    const struct change *change = found->change;

    csv_field(file, series->name);
    write_text(file, series->machine);
    write_text(file, text_at(scan, series, change->at, "time"));
    write_text(file, text_at(scan, series, change->at, "commit"));
    write_text(file, text_at(scan, series, change->at - 1, "time"));
    write_text(file, text_at(scan, series, change->at - 1, "commit"));
    fprintf(file, ",%s,%s,%.6g,%.6g,%.6g,%.3g,%zu,%zu\n", change->drift ? "drift" : "step",
            direction_of(found), exp(change->effect.value), exp(change->effect.low),
            exp(change->effect.high), change->p, change->before, change->after);
}

int scan_write(const struct scan *scan, const char *folder)
{
    struct found *list = list_found(scan);
    struct whole_file file = {0};
    char path[PATH_MAX];
    int status = -1;

    snprintf(path, sizeof path, "%s/changes.csv", folder);
    if (!list || folder_make(folder) != 0 || file_begin(&file, path) != 0)
        goto done;
    fputs("series,machine,time,commit,time_before,commit_before,kind,direction,ratio,low,high,p,"
          "runs_before,runs_after\n",
          file.stream);
    for (size_t c = 0; c < scan->change_count; c++)
        write_found(file.stream, scan, &list[c]);
    status = file_commit(&file);
done:
    file_abandon(&file);
    free(list);
    return status;
}

/* ---- The chart --------------------------------------------------------------------------------
 */

enum { PANELS = 9 };

static double largest_change(const struct series *series)
{
    double largest = 0;

    for (size_t c = 0; c < series->change_count; c++)
        largest = fmax(largest, fabs(series->changes[c].effect.value));
    return largest;
}

/* Those with the largest changes, then the longest. */
static int compare_series(const void *left, const void *right)
{
    const struct series *a = *(const struct series *const *)left;
    const struct series *b = *(const struct series *const *)right;
    double large_a = largest_change(a), large_b = largest_change(b);

    if (large_a < large_b || large_a > large_b)
        return large_a < large_b ? 1 : -1;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* Geometric mean between two changes. */
static double level_of(const struct series *series, size_t first, size_t end)
{
    double sum = 0;

    for (size_t i = first; i < end; i++)
        sum += log(series->values[i]);
    return exp(sum / (double)(end - first));
}

static int has_several_machines(const struct scan *scan)
{
    for (size_t s = 1; s < scan->count; s++)
        if (strcmp(scan->series[s].machine, scan->series[0].machine) != 0)
            return 1;
    return 0;
}

/* "experiment / cell / quantity", which may be broken at its blanks. */
static void name_panel(const struct scan *scan, const struct series *series, char *text,
                       size_t size)
{
    size_t length = 0;

    for (const char *c = series->name; *c && length + 4 < size; c++)
        length += (size_t)snprintf(text + length, size - length, *c == '/' ? " %c " : "%c", *c);
    if (has_several_machines(scan))
        snprintf(text + length, size - length, " on %s", series->machine);
}

static void draw_segment(struct sheet *sheet, const struct scan *scan, const struct series *series,
                         size_t panel, size_t first, size_t end, const struct change *change)
{
    char title[512];

    name_panel(scan, series, title, sizeof title);
    for (size_t i = first; i < end; i++) {
        sheet_number(sheet, (double)panel);
        sheet_text(sheet, title);
        sheet_number(sheet, (double)(series->rows[i] + 1));
        sheet_text(sheet, text_at(scan, series, i, "time"));
        sheet_text(sheet, text_at(scan, series, i, "commit"));
        sheet_number(sheet, series->values[i]);
        sheet_number(sheet, level_of(series, first, end));
        sheet_text(sheet, i > first || !change ? "" : change->drift ? "drift" : "step");
        sheet_end_row(sheet);
    }
}

static void draw_series(struct sheet *sheet, const struct scan *scan, const struct series *series,
                        size_t panel)
{
    size_t first = 0;

    for (size_t c = 0; c <= series->change_count; c++) {
        size_t end = c < series->change_count ? series->changes[c].at : series->count;

        draw_segment(sheet, scan, series, panel, first, end,
                     c > 0 ? &series->changes[c - 1] : NULL);
        first = end;
    }
}

static void explain(struct sheet *sheet, const struct scan *scan)
{
    char part[96];

    sheet_explain(sheet, "points: medians of a run");
    sheet_explain(sheet, "lines: geometric mean between two changes");
    sheet_explain(sheet, "upright: the first run after a change; dashed where it is a drift");
    if (scan->count > PANELS) {
        snprintf(part, sizeof part, "the %d of %zu series with the largest changes", PANELS,
                 scan->count);
        sheet_explain(sheet, part);
    }
    snprintf(sheet->source, sizeof sheet->source, "%s · %zu runs · %s", table_path(scan->table),
             table_rows(scan->table),
             has_several_machines(scan) ? "several machines" : scan->series[0].machine);
}

static int write_sheet(const void *context, FILE *file)
{
    const struct scan *scan = context;
    const struct series **drawn = calloc(scan->count + 1, sizeof *drawn);
    struct sheet sheet = {.file = file};

    if (!drawn)
        return error_set("out of memory for the chart");
    for (size_t s = 0; s < scan->count; s++)
        drawn[s] = &scan->series[s];
    qsort(drawn, scan->count, sizeof *drawn, compare_series);
    explain(&sheet, scan);
    sheet_header(&sheet, "panel,panel_title,run,time,commit,value,level,change");
    for (size_t s = 0; s < scan->count && s < PANELS; s++)
        draw_series(&sheet, scan, drawn[s], s + 1);
    free(drawn);
    return 0;
}

int scan_write_chart(const struct scan *scan, const char *folder)
{
    return sheet_write_file(folder, "history", write_sheet, scan);
}
