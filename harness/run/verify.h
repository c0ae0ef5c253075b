/* Are results what was written? */
#ifndef BATCHLAB_VERIFY_H
#define BATCHLAB_VERIFY_H

#include <stddef.h>
#include <stdio.h>

struct verification {
    size_t cells, damaged, missing, unchecked; /* unchecked: without checksums, of older versions */
    size_t planned;                            /* as the manifest has it; 0: it does not say */
    int derived_bad;      /* files beside the cells that are not what was written */
    int has_cells;        /* 0: the folder keeps what was derived alone */
    int is_imported;      /* runs made elsewhere: `experiment` is their mapping */
    char experiment[256]; /* file that was run, as it was given; "" where that is not known */
    char discarded[4096]; /* folder that damaged cells were moved to; "": none were */
};

/* Holds every cell and every file against its checksums, and the cells against cells.csv. A line
 * for each finding to `out`. discards: damaged cells are moved to RESULTS/damaged/, so that the
 * next run makes them again. -1 (error set): no results. */
int verify_results(struct verification *, const char *results, int discards, FILE *out);

/* 1: nothing is damaged or missing. */
int verify_is_sound(const struct verification *);

#endif
