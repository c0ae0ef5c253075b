/* A calibration as a table for the terminal, as calibration.csv, as the numbers of its chart, and
 * read again by a gate. */
#include "gate/calibration.h"

#include "base/error.h"
#include "base/file.h"
#include "base/stats.h"
#include "base/table.h"
#include "report/chart_parts.h"
#include "report/summary.h"
#include "run/host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DAYS_FRESH = 30 };

static int is_group(const struct calibration_rate *rate)
{
    return rate->group[strlen(rate->group) - 1] == '*';
}

static double share_of_runs(size_t count, const struct calibration_rate *rate)
{
    return rate->runs ? (double)count / (double)rate->runs : (double)NAN;
}

/* ---- For the terminal -------------------------------------------------------------------------
 */

static void print_rates(FILE *out, const struct calibration *calibration, int method)
{
    for (size_t r = 0; r < calibration->rate_count; r++) {
        const struct calibration_rate *rate = &calibration->rates[r];
        struct interval interval;

        if ((int)rate->method != method || !is_group(rate) || rate->runs == 0)
            continue;
        interval = stats_share_interval(rate->found, rate->runs, 0.95);
        fprintf(out, "  %-16s %5.3g %%  %4zu of %-5zu %6.1f %% [%5.1f, %5.1f]  %5.1f %%\n",
                rate->group, 100 * rate->share, rate->found, rate->runs,
                100 * share_of_runs(rate->found, rate), 100 * interval.low, 100 * interval.high,
                100 * share_of_runs(rate->inconclusive, rate));
    }
}

void calibration_print(FILE *out, const struct calibration *calibration)
{
    static const char *const heads[CALIBRATION_METHODS] = {
        [CALIBRATION_RECORDED] = "Recorded runs of a gate",
        [CALIBRATION_RESAMPLED] = "Runs resampled from the recorded rounds",
        [CALIBRATION_SEQUENTIAL] = "For contrast: medians one after the other, 5 % apart",
    };
    const struct gate *same = &calibration->arms[0];

    fprintf(out, "  %-40s %s\n", "cell", "floor: 95 % of runs of the same differ by less");
    for (int c = 0; c < same->count; c++)
        if (isnan(calibration->floors[c]))
            fprintf(out, "  %-40s %s %s\n", same->cells[c].name, "-", same->cells[c].reason);
        else
            fprintf(out, "  %-40s %.2f %%\n", same->cells[c].name, 100 * calibration->floors[c]);
    for (int m = 0; m < CALIBRATION_METHODS; m++) {
        fprintf(out, "\n%s\n  %-16s %7s  %-12s %6s\n", heads[m], "cells", "slowed", "found",
                "share, interval, and inconclusive instead");
        print_rates(out, calibration, m);
    }
    fprintf(out, "\n%d rounds a run, %.0f s in all.\n", same->rounds, calibration->seconds);
}

/* ---- calibration.csv --------------------------------------------------------------------------
 */

static const struct gate_cell *cell_of(const struct calibration *calibration,
                                       const struct calibration_rate *rate)
{
    const struct gate *same = &calibration->arms[0];

    for (int c = 0; c < same->count; c++)
        if (strcmp(same->cells[c].name, rate->group) == 0)
            return &same->cells[c];
    return NULL;
}

static void write_rate(FILE *file, const struct calibration *calibration,
                       const struct calibration_rate *rate, const struct host *host)
{
    const struct gate *same = &calibration->arms[0];
    const struct gate_cell *cell = cell_of(calibration, rate);
    struct interval interval = stats_share_interval(rate->found, rate->runs, 0.95);

    csv_field(file, rate->group);
    fprintf(file, ",%.9g,%s,%zu,%zu", rate->share, calibration_method_names[rate->method],
            rate->runs, rate->found);
    csv_next_number(file, share_of_runs(rate->found, rate));
    csv_next_number(file, interval.low);
    csv_next_number(file, interval.high);
    fprintf(file, ",%zu", rate->inconclusive);
    csv_next_number(file, cell ? calibration->floors[cell - same->cells] : (double)NAN);
    fprintf(file, ",%d,%d,%.9g,%.9g,", same->rounds, same->options.turns, same->options.slice,
            same->options.margin);
    csv_field(file, host->cpu);
    fputc(',', file);
    csv_field(file, cell ? cell->library : "");
    fputc(',', file);
    csv_field(file, same->sides[GATE_BASE].version);
    fprintf(file, ",%s", same->started);
    csv_next_number(file, same->load_before);
    csv_next_number(file, calibration->seconds);
    fputc('\n', file);
}

static int write_rates(const struct calibration *calibration, const char *folder)
{
    struct whole_file file;
    char path[PATH_MAX];
    struct host host;

    host_read(&host);
    snprintf(path, sizeof path, "%s/calibration.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("cells,share,method,runs,found,rate,low,high,inconclusive,floor,rounds,turns,"
          "slice_seconds,margin,machine,library,version,measured,load,seconds\n",
          file.stream);
    for (size_t r = 0; r < calibration->rate_count; r++)
        write_rate(file.stream, calibration, &calibration->rates[r], &host);
    return file_commit(&file);
}

/* ---- The chart --------------------------------------------------------------------------------
 */

static void draw_rate(struct sheet *sheet, const struct calibration_rate *rate, size_t series,
                      const char *label)
{
    struct interval interval = stats_share_interval(rate->found, rate->runs, 0.95);

    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_number(sheet, 100 * rate->share);
    sheet_number(sheet, (double)rate->runs);
    sheet_number(sheet, 100 * share_of_runs(rate->found, rate));
    sheet_number(sheet, 100 * interval.low);
    sheet_number(sheet, 100 * interval.high);
    sheet_number(sheet, 100 * share_of_runs(rate->inconclusive, rate));
    sheet_end_row(sheet);
}

/* A line of each group, by the resampled runs; the sequential one of all cells. */
static int write_sheet(const void *context, FILE *file)
{
    const struct calibration *calibration = context;
    const struct gate *same = &calibration->arms[0];
    struct sheet sheet = {.file = file};
    struct host host;
    size_t series = 0;

    host_read(&host);
    sheet_explain(&sheet, "share of gate runs that call any of the cells a regression");
    sheet_explain(&sheet, "bars: 95 %, of the drawing alone");
    sheet_explain(&sheet, "at 0 %: false alarms");
    snprintf(sheet.source, sizeof sheet.source, "%s · %d rounds a run · %s", same->started,
             same->rounds, host.cpu);
    sheet_header(&sheet, "series,label,slow_down,runs,rate,low,high,inconclusive");
    for (size_t r = 0; r < calibration->rate_count; r++) {
        const struct calibration_rate *first = &calibration->rates[r];
        char label[GATE_NAME_SIZE + 64];

        if (first->share > 0 || !is_group(first) || first->runs == 0 ||
            first->method == CALIBRATION_RECORDED ||
            (first->method == CALIBRATION_SEQUENTIAL && strcmp(first->group, "*") != 0))
            continue;
        snprintf(label, sizeof label, "%s%s",
                 strcmp(first->group, "*") == 0 ? "all cells" : first->group,
                 first->method == CALIBRATION_SEQUENTIAL ? ", one after the other" : "");
        series++;
        for (size_t o = 0; o < calibration->rate_count; o++)
            if (calibration->rates[o].method == first->method && calibration->rates[o].runs > 0 &&
                strcmp(calibration->rates[o].group, first->group) == 0)
                draw_rate(&sheet, &calibration->rates[o], series, label);
    }
    return 0;
}

int calibration_write(const struct calibration *calibration, const char *folder)
{
    if (folder_make(folder) != 0 || write_rates(calibration, folder) != 0)
        return -1;
    return sheet_write_file(folder, "calibration", write_sheet, calibration);
}

/* ---- As a gate uses it ------------------------------------------------------------------------
 */

static double days_since(const char *timestamp)
{
    struct tm utc = {0};
    const char *end = strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ", &utc);

    return end && !*end ? difftime(time(NULL), timegm(&utc)) / 86400 : (double)NAN;
}

struct floor_columns {
    const char *const *cells, *const *method, *const *machine, *const *measured;
    const double *share, *floor, *rounds, *turns, *slice;
};

/* Those that a later version adds might change what the others mean. */
static const char *const known_columns[] = {
    "cells",   "share",        "method",  "runs",     "found", "rate",          "low",
    "high",    "inconclusive", "floor",   "rounds",   "turns", "slice_seconds", "margin",
    "machine", "library",      "version", "measured", "load",  "seconds",       NULL};

static int read_columns(struct table *table, struct floor_columns *columns)
{
    if (table_knows_only(table, known_columns) != 0)
        return -1;
    columns->cells = table_texts(table, "cells");
    columns->method = table_texts(table, "method");
    columns->machine = table_texts(table, "machine");
    columns->measured = table_texts(table, "measured");
    columns->share = table_numbers(table, "share");
    columns->floor = table_numbers(table, "floor");
    columns->rounds = table_numbers(table, "rounds");
    columns->turns = table_numbers(table, "turns");
    columns->slice = table_numbers(table, "slice_seconds");
    if (!columns->cells || !columns->method || !columns->machine || !columns->measured ||
        !columns->share || !columns->floor || !columns->rounds || !columns->turns ||
        !columns->slice)
        return -1;
    if (table_rows(table) == 0)
        return error_set("%s:1: no rows, expected a calibration", table_path(table));
    for (size_t r = 0; r < table_rows(table); r++)
        if (columns->floor[r] < 0 ||
            isinf(columns->floor[r])) /* beneath which nothing is ever found */
            return error_set("%s:%zu: floor: %g, expected a number, 0 or more", table_path(table),
                             table_line(table, r), columns->floor[r]);
    return 0;
}

/* Why this calibration says nothing about that gate; NULL: it does. */
static const char *unfit(const struct floor_columns *columns, const struct gate *gate)
{
    struct host host;

    host_read(&host);
    if (strcmp(columns->machine[0], host.cpu) != 0)
        return "is of another machine";
    if (columns->rounds[0] != gate->rounds || columns->turns[0] != gate->options.turns ||
        !(fabs(columns->slice[0] - gate->options.slice) <= 0.01 * gate->options.slice))
        return "is of other rounds, turns or slices";
    return NULL;
}

static int set_floors(const struct floor_columns *columns, size_t rows, struct gate *gate)
{
    int set = 0;

    for (size_t r = 0; r < rows; r++)
        for (int c = 0; c < gate->count; c++)
            if (columns->share[r] == 0 && strcmp(columns->method[r], "recorded") == 0 &&
                strcmp(columns->cells[r], gate->cells[c].name) == 0 && columns->floor[r] >= 0) {
                gate->cells[c].floor = columns->floor[r];
                set++;
            }
    return set;
}

int calibration_apply(const char *file, struct gate *gate, char *note, size_t size)
{
    struct floor_columns columns;
    struct table *table;
    const char *reason;
    double days;

    if (access(file, F_OK) != 0) {
        snprintf(note, size, "No calibration (%s): floors are not known; batchlab calibrate", file);
        return 0;
    }
    if (table_open(&table, file) != 0)
        return -1;
    if (read_columns(table, &columns) != 0) {
        table_close(table);
        return -1;
    }
    reason = unfit(&columns, gate);
    days = days_since(columns.measured[0]);
    if (reason)
        snprintf(note, size, "Calibration %s %s: not used; batchlab calibrate", file, reason);
    else
        snprintf(note, size, "Calibration %s of %s: floors of %d of %d cells%s", file,
                 columns.measured[0], set_floors(&columns, table_rows(table), gate), gate->count,
                 days >= -1 && days <= DAYS_FRESH
                     ? ""
                     : "; older than 30 days, or of no date: batchlab calibrate");
    table_close(table);
    return 0;
}
