/* The charts: what each one shows, and the numbers it draws. A chart's numbers are computed here
 * and written to figures/<chart>.csv; its gnuplot script draws that file and computes nothing. */
#ifndef BATCHLAB_CHART_H
#define BATCHLAB_CHART_H

#include "report/results.h"

#include <stddef.h>
#include <stdio.h>

struct chart {
    const char *name;   /* "loss": figures/loss.csv */
    const char *title;  /* one line for a list */
    const char *needs;  /* what the results must hold, for a person */
    const char *script; /* file in the plots folder */
    /* 1: the results hold what it needs; 0: they do not; -1: error. */
    int (*applies)(struct results *);
    int (*write)(struct results *, FILE *);
};

extern const struct chart charts[];
extern const size_t chart_count;

/* NULL with the message set (it lists the names there are). */
const struct chart *chart_find(const char *name);

/* 1: the results hold what the chart needs; 0: they do not; -1: error. */
int chart_applies(const char *results_folder, const char *name);

/* Computes the chart's numbers and writes figures/<name>.csv, whole or not at all. Results without
 * what the chart needs are an error: ask chart_applies first. */
int chart_write(const char *results_folder, const char *name);
/* The same to another file. */
int chart_write_to(const char *results_folder, const char *name, const char *csv_path);

#endif
