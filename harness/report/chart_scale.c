/* Chart `scale`: examples per second against ranks, measured and predicted, and predicted seconds
 * to the target against batch size with the critical one marked, as `batchlab scale` has written
 * them to scale.csv. Of one setting. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIES_MAX = 32
}; /* batch sizes, and limits of the ranks: together the style's line types */
enum { RATES = 1, TIMES }; /* panels */

struct scaling {
    struct table *table;
    const char *const *kind, *const *network, *const *engine, *const *interconnect;
    const char *const *origin, *const *target, *const *cell;
    const double *threads, *batch_size, *workers, *seconds, *predicted, *to_target, *low, *high;
    size_t rows, shown;                           /* a row of the setting that is drawn */
    size_t with_target;                           /* a row that has one; rows: none */
    double sizes[SERIES_MAX], limits[SERIES_MAX]; /* a series each, the sizes before the limits */
    size_t size_count, limit_count;
};

static void path_of(const struct results *results, char *path)
{
    snprintf(path, PATH_MAX, "%s/scale.csv", results->folder);
}

int chart_scale_applies(struct results *results)
{
    char path[PATH_MAX];

    path_of(results, path);
    return access(path, R_OK) == 0;
}

static int is_shown(const struct scaling *s, size_t r)
{
    return strcmp(s->network[r], s->network[s->shown]) == 0 &&
           strcmp(s->engine[r], s->engine[s->shown]) == 0 && s->threads[r] == s->threads[s->shown];
}

static int is_kind(const struct scaling *s, size_t r, const char *kind)
{
    return strcmp(s->kind[r], kind) == 0;
}

/* The first setting with a target, or else with measurements of several ranks, or else the first.
 */
static size_t setting_to_show(const struct scaling *s)
{
    for (size_t r = 0; r < s->rows; r++)
        if (is_kind(s, r, "target"))
            return r;
    for (size_t r = 0; r < s->rows; r++)
        if (s->workers[r] > 1)
            return r;
    return 0;
}

static int scaling_open(struct scaling *s, const struct results *results)
{
    char path[PATH_MAX];

    *s = (struct scaling){.table = NULL};
    path_of(results, path);
    if (table_open(&s->table, path) != 0)
        return -1;
    s->rows = table_rows(s->table);
    if (s->rows == 0)
        return error_set("%s: no rows, expected those that batchlab scale writes", path);
    if (!(s->kind = table_texts(s->table, "kind")) ||
        !(s->network = table_texts(s->table, "network")) ||
        !(s->engine = table_texts(s->table, "engine")) ||
        !(s->interconnect = table_texts(s->table, "interconnect")) ||
        !(s->origin = table_texts(s->table, "origin")) ||
        !(s->target = table_texts(s->table, "target")) ||
        !(s->threads = table_numbers(s->table, "threads")) ||
        !(s->batch_size = table_numbers(s->table, "batch_size")) ||
        !(s->workers = table_numbers(s->table, "workers")) ||
        !(s->seconds = table_numbers(s->table, "seconds_per_update")) ||
        !(s->predicted = table_numbers(s->table, "predicted_seconds_per_update")) ||
        !(s->to_target = table_numbers(s->table, "seconds_to_target")) ||
        !(s->low = table_numbers(s->table, "low")) || !(s->high = table_numbers(s->table, "high")))
        return -1;
    s->cell = table_has(s->table, "cell") ? table_texts(s->table, "cell") : NULL;
    s->shown = setting_to_show(s);
    return 0;
}

/* The place of a value among those seen before, from 1; 0: there are too many. */
static size_t place_of(double *seen, size_t *count, double value)
{
    size_t i = 0;

    while (i < *count && seen[i] != value)
        i++;
    if (i == SERIES_MAX)
        return 0;
    if (i == *count)
        seen[(*count)++] = value;
    return i + 1;
}

/* What the series are has to be known before the first of the limits is numbered. */
static void number_series(struct scaling *s)
{
    s->with_target = s->rows;
    for (size_t r = 0; r < s->rows; r++) {
        if (!is_shown(s, r) || is_kind(s, r, "critical"))
            continue;
        if (is_kind(s, r, "target")) {
            place_of(s->limits, &s->limit_count, s->workers[r]);
            s->with_target = r;
        } else {
            place_of(s->sizes, &s->size_count, s->batch_size[r]);
        }
    }
}

struct point {
    int panel;
    size_t series; /* 0: of none */
    double batch_size, workers, rate, seconds, low, high;
};

static void write_point(struct sheet *sheet, const char *kind, const char *label,
                        const struct point *point)
{
    sheet_number(sheet, point->panel);
    sheet_text(sheet, kind);
    sheet_number(sheet, (double)point->series);
    sheet_text(sheet, label);
    sheet_number(sheet, point->batch_size);
    sheet_number(sheet, point->workers);
    sheet_number(sheet, point->rate);
    sheet_number(sheet, point->seconds);
    sheet_number(sheet, point->low);
    sheet_number(sheet, point->high);
    sheet_end_row(sheet);
}

static void write_critical(struct sheet *sheet, const struct scaling *s, size_t r)
{
    char label[64];

    snprintf(label, sizeof label, word("critical K = %.3g"), s->batch_size[r]);
    write_point(sheet, "critical", label,
                &(const struct point){.panel = TIMES,
                                      .batch_size = s->batch_size[r],
                                      .workers = NAN,
                                      .rate = NAN,
                                      .seconds = NAN,
                                      .low = s->low[r],
                                      .high = s->high[r]});
}

static void write_target(struct sheet *sheet, struct scaling *s, size_t r)
{
    size_t place = place_of(s->limits, &s->limit_count, s->workers[r]);
    char label[64];

    if (place == 0)
        return;
    snprintf(label, sizeof label,
             s->workers[r] > 1 ? word("%.0f ranks at most") : word("%.0f rank"), s->workers[r]);
    write_point(sheet, "target", label,
                &(const struct point){TIMES, s->size_count + place, s->batch_size[r], s->workers[r],
                                      NAN, s->to_target[r], NAN, NAN});
}

/* Measured or predicted. */
static void write_rate(struct sheet *sheet, struct scaling *s, size_t r)
{
    size_t place = place_of(s->sizes, &s->size_count, s->batch_size[r]);
    int is_measured = is_kind(s, r, "measured");
    double rate = s->batch_size[r] / (is_measured ? s->seconds : s->predicted)[r];
    char label[64];

    if (place == 0)
        return;
    snprintf(label, sizeof label, "K = %.0f", s->batch_size[r]);
    if (is_measured && s->cell)
        sheet->cell = s->cell[r];
    write_point(
        sheet, s->kind[r], label,
        &(const struct point){RATES, place, s->batch_size[r], s->workers[r], rate, NAN, NAN, NAN});
}

static void write_rows(struct sheet *sheet, struct scaling *s)
{
    for (size_t r = 0; r < s->rows; r++) {
        if (!is_shown(s, r))
            continue;
        if (is_kind(s, r, "critical"))
            write_critical(sheet, s, r);
        else if (is_kind(s, r, "target"))
            write_target(sheet, s, r);
        else
            write_rate(sheet, s, r);
    }
}

static void explain(struct sheet *sheet, const struct scaling *s)
{
    const char *slash = strrchr(s->engine[s->shown], '/');
    const char *interconnect = s->interconnect[s->shown];
    char part[512], target[128];

    if (s->with_target < s->rows) {
        word_composed(s->target[s->with_target], target, sizeof target);
        snprintf(part, sizeof part,
                 word("time to %.100s: with as many of the ranks as are fastest; upright: the "
                      "critical batch size with its 95 %% interval"),
                 target);
        sheet_explain(sheet, part);
    }
    snprintf(part, sizeof part,
             s->threads[s->shown] > 1
                 ? word("shown: network %.80s · engine %.80s · %.0f threads a rank")
                 : word("shown: network %.80s · engine %.80s · %.0f thread a rank"),
             s->network[s->shown], slash ? slash + 1 : s->engine[s->shown], s->threads[s->shown]);
    sheet_explain(sheet, part);
    sheet_explain(sheet, word("compute fitted to one worker's updates"));
    snprintf(part, sizeof part,
             strcmp(s->origin[s->shown], "measured") == 0 ? word("interconnect %.80s is measured")
                                                          : word("interconnect %.80s is assumed"),
             interconnect);
    sheet_explain(sheet, part);
}

int chart_scale_write(struct results *results, FILE *file)
{
    struct scaling s;
    struct sheet sheet;
    size_t seeds;
    int status = scaling_open(&s, results);

    if (status == 0)
        status = sheet_count_seeds(results, &seeds);
    if (status == 0) {
        number_series(&s);
        sheet_open_of(&sheet, file, results, seeds,
                      word("points: measured; lines: predicted (each rank with processors "
                           "of its own)"));
        sheet.results = results; /* rows name cells */
        explain(&sheet, &s);
        sheet_header(&sheet,
                     "panel,kind,series,label,batch_size,workers,examples_per_second,seconds,"
                     "batch_low,batch_high");
        write_rows(&sheet, &s);
    }
    table_close(s.table);
    return status;
}
