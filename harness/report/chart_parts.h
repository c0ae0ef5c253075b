/* What the charts share: writing a sheet of numbers, and the table's functions. */
#ifndef BATCHLAB_CHART_PARTS_H
#define BATCHLAB_CHART_PARTS_H

#include "report/groups.h"

#include <stdbool.h>
#include <stdio.h>

/* figures/<chart>.csv while it is written. The first row alone carries the two lines that stand
 * under the figure. */
struct sheet {
    FILE *file;
    char caption[768]; /* how to read it: what a line, a bar, a mark is */
    char source[512];  /* data, seeds, machine */
    bool row_open, first_row_done;
    const struct results
        *results;     /* whose cells its rows are of; NULL: they have no column `cell` */
    const char *cell; /* of the row that is written; NULL: of none */
};

/* For qsort. */
int compare_doubles(const void *, const void *);

/* Sets the source line, and begins the caption. */
void sheet_open(struct sheet *, FILE *, const struct groups *, const char *caption);
/* The same of results without groups: what is drawn is of so many seeds. */
void sheet_open_of(struct sheet *, FILE *, const struct results *, size_t seeds,
                   const char *caption);
/* How many seeds the cells have. -1: no such column, or not of numbers (error set). */
int sheet_count_seeds(struct results *, size_t *distinct);
/* Appends a part to the caption, after a " · ". */
void sheet_explain(struct sheet *, const char *part);
/* Says so where the best rates are those of the training loss. */
void sheet_explain_rates(struct sheet *, const struct groups *);
/* folder/figures/<name>.csv, its folder made. 0, or -1 (error set). */
int sheet_path(const char *folder, const char *name, char *path, size_t size);
/* Writes a file whole: what `write` gives. */
int sheet_write_to(const char *path, int (*write)(const void *context, FILE *),
                   const void *context);
/* The same to folder/figures/<name>.csv. */
int sheet_write_file(const char *folder, const char *name,
                     int (*write)(const void *context, FILE *), const void *context);
/* Names of the columns, comma-separated; cell, caption and source are added. */
void sheet_header(struct sheet *, const char *columns);
/* The next field. Commas become semicolons and quotation marks vanish: gnuplot cannot read them. */
void sheet_text(struct sheet *, const char *text);
/* Not finite: an empty field, nothing is drawn. Else as many digits as read back the same value. */
void sheet_number(struct sheet *, double value);
/* The row that is written is of this cell, or of several of which it is the first: column `cell` is
 * its id. */
void sheet_cell(struct sheet *, size_t cell);
/* The same of an arm's cells. */
void sheet_cells(struct sheet *, const struct groups *, const struct arm *);
/* The smallest of the cells of `count` points that lie `stride` bytes apart. */
size_t first_cell(const size_t *cell, size_t stride, size_t count);
void sheet_end_row(struct sheet *);

/* Fields `batch_size,full_batch,learning_rate,edge,rates_tried`; no rate where none trained. */
void sheet_group(struct sheet *, const struct groups *, const struct group *);
#define SHEET_GROUP "batch_size,full_batch,learning_rate,edge,rates_tried"

/* "K = 32 · α = 0.1", with " (edge)" where the best rate is the smallest or largest of several. */
/* group->trained */
void group_label(const struct groups *, const struct group *, char *text, size_t size);

/* Appends "shown: engine blas (the fastest of 6 settings)" to the caption where these axes take
 * several combinations of values. */
void sheet_name_setting(struct sheet *, const struct groups *, size_t group, uint64_t axes);

/* Median, smallest and largest cost over the best arm's seeds. */
struct cost {
    double median, low, high;
    size_t n, reached;
};
struct cost group_cost_range(const struct groups *, const struct group *, const char *unit,
                             int target);

/* Fields `median_U,low_U,high_U`: not finite ones are empty. */
void sheet_cost(struct sheet *, struct cost);

/* Three fields: the median, and the ends of what lies between the quantiles `tail` and 1 - tail; 0:
 * the smallest and the largest. */
void sheet_range(struct sheet *, const double *values, size_t count, double tail);
/* The tail of a band over so many seeds: of up to three all, else 10 %. */
double band_tail(size_t seeds);

/* Rows of probes.csv of one quantity of one probe, by cell: rows[first[cell]] ..
 * rows[first[cell + 1] - 1] in the file's order, cell a row of cells.csv. */
struct probed {
    size_t count;
    size_t *first, *rows;
};

/* part: NULL for any. No probes.csv: a count of 0. Reads it if there is one. */
int probed_open(struct probed *, struct results *, const char *probe, const char *quantity,
                const char *part);
void probed_close(struct probed *); /* also after a failed open */

/* 1: convergence cells have such rows; 0: none; -1 with the message set. */
int probed_applies(struct results *, const char *probe, const char *quantity, const char *part);

int chart_loss_applies(struct results *);
int chart_loss_write(struct results *, FILE *);
int chart_target_applies(struct results *);
int chart_target_write(struct results *, FILE *);
int chart_heatmap_applies(struct results *);
int chart_heatmap_write(struct results *, FILE *);
int chart_redundancy_applies(struct results *);
int chart_redundancy_write(struct results *, FILE *);
int chart_grid_applies(struct results *);
int chart_grid_write(struct results *, FILE *);
int chart_trajectory_applies(struct results *);
int chart_trajectory_write(struct results *, FILE *);
int chart_throughput_applies(struct results *);
int chart_throughput_write(struct results *, FILE *);
int chart_noise_scale_applies(struct results *);
int chart_noise_scale_write(struct results *, FILE *);
int chart_variance_applies(struct results *);
int chart_variance_write(struct results *, FILE *);
int chart_critical_batch_applies(struct results *);
int chart_critical_batch_write(struct results *, FILE *);
int chart_effective_size_applies(struct results *);
int chart_effective_size_write(struct results *, FILE *);
int chart_predictions_applies(struct results *);
int chart_predictions_write(struct results *, FILE *);
int chart_volume_applies(struct results *);
int chart_volume_write(struct results *, FILE *);
int chart_nested_applies(struct results *);
int chart_nested_write(struct results *, FILE *);
int chart_budgets_applies(struct results *);
int chart_budgets_write(struct results *, FILE *);
int chart_sensitivity_applies(struct results *);
int chart_sensitivity_write(struct results *, FILE *);
int chart_survival_applies(struct results *);
int chart_survival_write(struct results *, FILE *);
int chart_scale_applies(struct results *);
int chart_scale_write(struct results *, FILE *);
int chart_verdicts_applies(struct results *);
int chart_verdicts_write(struct results *, FILE *);

#endif
