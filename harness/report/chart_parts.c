/* What the charts share: writing a sheet of numbers. */
#include "report/chart_parts.h"
#include "report/words.h"

#include "base/file.h"
#include "base/stats.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t count_seeds(const struct groups *groups)
{
    const double *seed = table_numbers(groups->results->cells, "seed");
    double *seeds = calloc(groups->cell_count + 1, sizeof *seeds);
    size_t distinct = 0;

    if (!seeds)
        abort();
    for (size_t i = 0; i < groups->cell_count; i++)
        seeds[i] = seed[groups->order[i]];
    qsort(seeds, groups->cell_count, sizeof *seeds, compare_doubles);
    for (size_t i = 0; i < groups->cell_count; i++)
        distinct += i == 0 || seeds[i] > seeds[i - 1];
    free(seeds);
    return distinct;
}

int sheet_count_seeds(struct results *results, size_t *distinct)
{
    const double *seed = table_numbers(results->cells, "seed");
    size_t count = table_rows(results->cells);

    *distinct = 0;
    for (size_t i = 0; seed && i < count; i++) {
        size_t earlier = 0;

        while (earlier < i && seed[earlier] != seed[i])
            earlier++;
        *distinct += earlier == i;
    }
    return seed ? 0 : -1;
}

/* Appends to a line, " · " between its parts. */
static void append(char *line, size_t size, const char *part)
{
    size_t used = strlen(line);

    if (*part != '\0')
        snprintf(line + used, size - used, "%s%s", used ? " · " : "", part);
}

void sheet_explain(struct sheet *sheet, const char *part)
{
    append(sheet->caption, sizeof sheet->caption, part);
}

void sheet_explain_rates(struct sheet *sheet, const struct groups *groups)
{
    if (groups->by_train_loss)
        sheet_explain(sheet, word("best rates by training loss: there is no validation split"));
}

void sheet_open(struct sheet *sheet, FILE *file, const struct groups *groups, const char *caption)
{
    sheet_open_of(sheet, file, groups->results, count_seeds(groups), caption);
    sheet->results = groups->results;
}

void sheet_open_of(struct sheet *sheet, FILE *file, const struct results *results, size_t seeds,
                   const char *caption)
{
    char part[64], dataset[384];

    *sheet = (struct sheet){.file = file};
    sheet_explain(sheet, caption);
    snprintf(part, sizeof part, seeds == 1 ? word("%zu seed") : word("%zu seeds"), seeds);
    word_composed(results->dataset, dataset, sizeof dataset);
    append(sheet->source, sizeof sheet->source, dataset);
    append(sheet->source, sizeof sheet->source, part);
    append(sheet->source, sizeof sheet->source,
           *results->cpu ? results->cpu : word("unknown machine"));
}

void sheet_header(struct sheet *sheet, const char *columns)
{
    fprintf(sheet->file, "%s%s,caption,source\n", columns, sheet->results ? ",cell" : "");
}

void sheet_text(struct sheet *sheet, const char *text)
{
    char clean[1024];
    size_t length = 0;

    for (; *text && length + 1 < sizeof clean; text++)
        if (*text != '"')
            clean[length++] = *text == ',' ? ';' : *text;
    clean[length] = '\0';
    if (sheet->row_open)
        fputc(',', sheet->file);
    csv_field(sheet->file, clean);
    sheet->row_open = true;
}

void sheet_number(struct sheet *sheet, double value)
{
    char text[32] = "";

    for (int digits = 6; isfinite(value) && digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (sheet->row_open)
        fputc(',', sheet->file);
    fputs(text, sheet->file);
    sheet->row_open = true;
}

void sheet_cell(struct sheet *sheet, size_t cell)
{
    if (sheet->results && table_has(sheet->results->cells, "id"))
        sheet->cell = table_texts(sheet->results->cells, "id")[cell];
}

void sheet_cells(struct sheet *sheet, const struct groups *groups, const struct arm *arm)
{
    if (arm->count > 0)
        sheet_cell(sheet, groups->order[arm->first]);
}

size_t first_cell(const size_t *cell, size_t stride, size_t count)
{
    size_t first = *cell;

    for (size_t i = 1; i < count; i++) {
        size_t other = *(const size_t *)(const void *)((const char *)cell + i * stride);

        first = other < first ? other : first;
    }
    return first;
}

void sheet_end_row(struct sheet *sheet)
{
    if (sheet->results)
        sheet_text(sheet, sheet->cell ? sheet->cell : "");
    sheet->cell = NULL;
    sheet_text(sheet, sheet->first_row_done ? "" : sheet->caption);
    sheet_text(sheet, sheet->first_row_done ? "" : sheet->source);
    fputc('\n', sheet->file);
    sheet->first_row_done = true;
    sheet->row_open = false;
}

void sheet_group(struct sheet *sheet, const struct groups *groups, const struct group *group)
{
    sheet_number(sheet, group->batch_size);
    sheet_number(sheet, group->full_batch);
    sheet_number(sheet, group->trained ? groups->arms[group->best].learning_rate : (double)NAN);
    sheet_number(sheet, group->edge);
    sheet_number(sheet, (double)group->count);
    sheet_cells(sheet, groups, &groups->arms[group->best]);
}

void group_label(const struct groups *groups, const struct group *group, char *text, size_t size)
{
    char batch[32];

    group_batch_text(group, batch, sizeof batch);
    snprintf(text, size, "%s · α = %g%s", batch, groups->arms[group->best].learning_rate,
             group_on_edge(group) ? word(" (edge)") : "");
}

void sheet_name_setting(struct sheet *sheet, const struct groups *groups, size_t group,
                        uint64_t axes)
{
    char setting[256], part[320];
    size_t *lines = calloc(groups->group_count, sizeof *lines);
    size_t settings;

    if (!lines)
        abort();
    settings = groups_lines(groups, axes, lines);
    free(lines);
    if (settings < 2)
        return;
    groups_describe(groups, group, axes, setting, sizeof setting);
    snprintf(part, sizeof part, word("shown: %s (the fastest of %zu settings)"), setting, settings);
    sheet_explain(sheet, part);
}

struct cost group_cost_range(const struct groups *groups, const struct group *group,
                             const char *unit, int target)
{
    const struct arm *arm = &groups->arms[group->best];
    struct cost cost = {INFINITY, INFINITY, 0, arm->count, 0};
    double *values = calloc(arm->count, sizeof *values);

    if (!values)
        abort();
    if (target >= 0) {
        cost.median = group_cost(groups, group, unit, target);
        arm_values(groups, arm, results_cost(groups->results, unit, (size_t)target), values);
        for (size_t i = 0; i < arm->count; i++) {
            cost.low = fmin(cost.low, values[i]);
            cost.high = fmax(cost.high, values[i]);
            if (isfinite(values[i]))
                cost.reached++;
        }
    }
    free(values);
    return cost;
}

int sheet_path(const char *folder, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/figures", folder);
    if (folder_make(path) != 0)
        return -1;
    snprintf(path, size, "%s/figures/%s.csv", folder, name);
    return 0;
}

int sheet_write_to(const char *path, int (*write)(const void *, FILE *), const void *context)
{
    struct whole_file file = {0};
    int status = -1;

    if (file_begin(&file, path) == 0 && write(context, file.stream) == 0)
        status = file_commit(&file);
    file_abandon(&file);
    return status;
}

int sheet_write_file(const char *folder, const char *name, int (*write)(const void *, FILE *),
                     const void *context)
{
    char path[PATH_MAX];

    if (sheet_path(folder, name, path, sizeof path) != 0)
        return -1;
    return sheet_write_to(path, write, context);
}

void sheet_range(struct sheet *sheet, const double *values, size_t count, double tail)
{
    sheet_number(sheet, stats_median(values, count));
    sheet_number(sheet, stats_quantile(values, count, tail));
    sheet_number(sheet, stats_quantile(values, count, 1 - tail));
}

double band_tail(size_t seeds)
{
    return seeds <= 3 ? 0 : 0.1;
}

void sheet_cost(struct sheet *sheet, struct cost cost)
{
    sheet_number(sheet, cost.median);
    sheet_number(sheet, cost.low);
    sheet_number(sheet, cost.high);
}
