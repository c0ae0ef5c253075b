/* A comparison as a table for the terminal, as comparison.csv, and as the numbers of its chart. */
#include "compare/comparison.h"

#include "base/error.h"
#include "base/file.h"
#include "report/chart_parts.h"
#include "report/summary.h"
#include "verdict/origin.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- For the terminal -------------------------------------------------------------------------
 */

static void format_ratio(double value, char text[16])
{
    snprintf(text, 16, value >= 0.01 && value < 100 ? "%.3f" : "%.3g", value);
}

static void print_row(FILE *out, const struct compared_row *row)
{
    char value[16], low[16], high[16], interval[48];

    if (isnan(row->ratio.effect.value)) {
        fprintf(out, "  %-34s %7s %-18s %4zu %s\n", row->what, "-",
                row->ratio.identical ? "reached by neither" : "not known", row->ratio.n,
                compared_names[row->verdict]);
        return;
    }
    format_ratio(row->ratio.effect.value, value);
    format_ratio(row->ratio.effect.low, low);
    format_ratio(row->ratio.effect.high, high);
    snprintf(interval, sizeof interval, "[%s, %s]", low, high);
    fprintf(out, "  %-34s %7s %-18s %4zu %s\n", row->what, value, interval, row->ratio.n,
            compared_names[row->verdict]);
    if (row->censored[0] + row->censored[1] > 0 && !row->ratio.identical)
        fprintf(out, "  %-34s not reached by %zu seeds of A, %zu of B\n", "", row->censored[0],
                row->censored[1]);
}

static int is_shown(const struct compared_row *row, int all)
{
    return all || row->verdict != COMPARED_SAME;
}

static void print_rows(FILE *out, const struct comparison *comparison, int all)
{
    const char *setting = NULL, *measure = "";

    for (size_t r = 0; r < comparison->count; r++) {
        const struct compared_row *row = &comparison->rows[r];

        if (!is_shown(row, all))
            continue;
        if (strcmp(measure, row->measure) != 0) {
            fprintf(out, "\n  %-34s %7s %-18s %4s\n", row->measure, "B / A", "95 % interval", "n");
            measure = row->measure;
            setting = NULL;
        }
        if (!setting || strcmp(setting, row->setting) != 0)
            summary_print_wrapped(out, row->setting);
        setting = row->setting;
        print_row(out, row);
    }
}

static void print_absent(FILE *out, const struct absent *absent)
{
    static const char *const sides[] = {"A", "B"};
    char line[1600];

    if (absent->has_failed)
        snprintf(line, sizeof line, "%s failed %zu of %zu that %s ran: %s (%s)",
                 sides[!absent->side], absent->count, absent->of, sides[absent->side],
                 absent->setting, absent->reason);
    else
        snprintf(line, sizeof line, "only in %s, %zu of %zu: %s", sides[absent->side],
                 absent->count, absent->of, absent->setting);
    summary_print_indented(out, 2, line);
}

static void print_all_absent(FILE *out, const struct comparison *comparison)
{
    if (comparison->absent_count > 0)
        fputs("\nNot compared, cells of a setting:\n", out);
    for (size_t i = 0; i < comparison->absent_count; i++)
        print_absent(out, &comparison->absent[i]);
    if (comparison->failed_on_both > 0)
        fprintf(out, "\n%zu cells failed in both.\n", comparison->failed_on_both);
}

static int has_clock(const struct comparison *comparison)
{
    for (size_t r = 0; r < comparison->count; r++)
        if (comparison->rows[r].by_clock)
            return 1;
    return 0;
}

void comparison_print(FILE *out, const struct comparison *comparison, int all)
{
    const size_t *kinds = comparison->kinds;
    char line[512];

    fprintf(out, "A %s\nB %s\n", comparison->sides[0].folder, comparison->sides[1].folder);
    origin_print_differences(out, &comparison->sides[0], &comparison->sides[1]);
    print_rows(out, comparison, all);
    print_all_absent(out, comparison);
    fprintf(out, "\n%zu better, %zu worse, %zu same, %zu unclear of %zu\n", kinds[COMPARED_BETTER],
            kinds[COMPARED_WORSE], kinds[COMPARED_SAME], kinds[COMPARED_UNCLEAR],
            comparison->count);
    snprintf(
        line, sizeof line,
        "Better and worse: beyond 1 +- %g %%, at 5 %% over all rows (Holm); same: the interval "
        "lies within.",
        100 * comparison->margin);
    summary_print_wrapped(out, line);
    if (has_clock(comparison))
        summary_print_wrapped(out, "Seconds and rates were measured at different times: what the "
                                   "machine did in between is in no interval.");
}

/* ---- comparison.csv ---------------------------------------------------------------------------
 */

static const char header[] =
    "measure,setting,quantity,higher_is_better,by_clock,a,b,ratio,low,high,n,"
    "censored_a,censored_b,p,verdict,reason,folder_a,folder_b\n";

static void write_number(FILE *file, double value)
{
    if (isnan(value))
        fputc(',', file);
    else
        fprintf(file, ",%.9g", value);
}

static void write_folders(FILE *file, const struct comparison *comparison)
{
    for (int side = 0; side < 2; side++) {
        fputc(',', file);
        csv_field(file, comparison->sides[side].folder);
    }
    fputc('\n', file);
}

static void write_row(FILE *file, const struct comparison *comparison,
                      const struct compared_row *row)
{
    const double numbers[] = {row->a, row->b, row->ratio.effect.value, row->ratio.effect.low,
                              row->ratio.effect.high};

    fprintf(file, "%s,", row->measure);
    csv_field(file, row->setting);
    fprintf(file, ",%s,%d,%d", row->quantity, row->higher_is_better, row->by_clock);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        write_number(file, numbers[i]);
    fprintf(file, ",%zu,%zu,%zu", row->ratio.n, row->censored[0], row->censored[1]);
    write_number(file, row->ratio.p);
    fprintf(file, ",%s,", compared_names[row->verdict]);
    write_folders(file, comparison);
}

static void write_absent(FILE *file, const struct comparison *comparison,
                         const struct absent *absent)
{
    const char *colon = strstr(absent->setting, ": ");

    fprintf(file, "%.*s,", (int)(colon - absent->setting), absent->setting);
    csv_field(file, colon + 2);
    fprintf(file, ",,,,,,,,,%zu,,,,%s,", absent->count,
            absent->has_failed ? (absent->side == 0 ? "failed_b" : "failed_a")
                               : (absent->side == 0 ? "only_a" : "only_b"));
    csv_field(file, absent->reason);
    write_folders(file, comparison);
}

int comparison_write(const struct comparison *comparison, const char *folder)
{
    char path[PATH_MAX];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/comparison.csv", folder);
    if (folder_make(folder) != 0 || file_begin(&file, path) != 0)
        return -1;
    fputs(header, file.stream);
    for (size_t r = 0; r < comparison->count; r++)
        write_row(file.stream, comparison, &comparison->rows[r]);
    for (size_t i = 0; i < comparison->absent_count; i++)
        write_absent(file.stream, comparison, &comparison->absent[i]);
    return file_commit(&file);
}

/* ---- The chart --------------------------------------------------------------------------------
 */

enum { ROWS_DRAWN = 40 };

/* Those that say most first: by verdict, then by how far they are from 1. */
static int compare_interest(const void *left, const void *right)
{
    static const int ranks[COMPARED_KINDS] = {
        [COMPARED_WORSE] = 0, [COMPARED_BETTER] = 0, [COMPARED_UNCLEAR] = 1, [COMPARED_SAME] = 2};
    const struct compared_row *a = *(const struct compared_row *const *)left;
    const struct compared_row *b = *(const struct compared_row *const *)right;
    double far_a = fabs(log(a->ratio.effect.value)), far_b = fabs(log(b->ratio.effect.value));

    if (ranks[a->verdict] != ranks[b->verdict])
        return ranks[a->verdict] - ranks[b->verdict];
    return (far_a < far_b) - (far_a > far_b);
}

static int compare_places(const void *left, const void *right)
{
    const struct compared_row *a = *(const struct compared_row *const *)left;
    const struct compared_row *b = *(const struct compared_row *const *)right;

    return (a > b) - (a < b);
}

static void draw_row(struct sheet *sheet, const struct compared_row *row, size_t line,
                     double margin)
{
    char label[1200];

    snprintf(label, sizeof label, "%s · %s", row->setting, row->what);
    sheet_number(sheet, (double)line);
    sheet_text(sheet, label);
    sheet_text(sheet, compared_names[row->verdict]);
    sheet_number(sheet, row->ratio.effect.value);
    sheet_number(sheet, row->ratio.effect.low > 0 ? row->ratio.effect.low : (double)NAN);
    sheet_number(sheet, row->ratio.effect.high);
    sheet_number(sheet, 1 / (1 + margin));
    sheet_number(sheet, 1 + margin);
    sheet_end_row(sheet);
}

static int write_sheet(const void *context, FILE *file)
{
    const struct comparison *comparison = context;
    const struct compared_row **drawn = calloc(comparison->count + 1, sizeof *drawn);
    struct sheet sheet = {.file = file};
    size_t count = 0;
    char part[96];

    if (!drawn)
        return error_set("out of memory for the chart");
    for (size_t r = 0; r < comparison->count; r++)
        if (isfinite(comparison->rows[r].ratio.effect.value))
            drawn[count++] = &comparison->rows[r];
    qsort(drawn, count, sizeof *drawn, compare_interest);
    sheet_explain(&sheet, "points: B over A");
    sheet_explain(&sheet, "bars: 95 % interval; cut at the axis");
    sheet_explain(&sheet, "grey: the margin that counts as no difference");
    if (count > ROWS_DRAWN) {
        snprintf(part, sizeof part, "the %d of %zu ratios that say most", ROWS_DRAWN, count);
        sheet_explain(&sheet, part);
        count = ROWS_DRAWN;
    }
    qsort(drawn, count, sizeof *drawn, compare_places);
    snprintf(sheet.source, sizeof sheet.source, "A: %s · B: %s · %s", comparison->sides[0].folder,
             comparison->sides[1].folder,
             comparison->sides[1].cpu[0] ? comparison->sides[1].cpu : "unknown machine");
    sheet_header(&sheet, "line,label,verdict,ratio,low,high,margin_low,margin_high");
    for (size_t r = 0; r < count; r++)
        draw_row(&sheet, drawn[r], r + 1, comparison->margin);
    free(drawn);
    return 0;
}

int comparison_write_chart(const struct comparison *comparison, const char *folder)
{
    return sheet_write_file(folder, "comparison", write_sheet, comparison);
}
