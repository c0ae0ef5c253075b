/* Which row of figures/<chart>.csv each mark of a chart stands for, and which series each of its
 * lines.
 *
 * gnuplot writes the marks of a plot in the order of the rows that it was given, and a script in
 * plots/ plots the series in their order: a table in marks.c says which plots a script makes of a
 * panel. It is taken at its word only where the drawing agrees: as many marks as rows, and higher
 * where the number is larger. */
#ifndef BATCHLAB_PAGES_MARKS_H
#define BATCHLAB_PAGES_MARKS_H

#include "base/table.h"

#include <stddef.h>

/* A panel with series of its own, which are numbered after those of the panels before it. */
struct mark_panel {
    const char *title;    /* borrowed */
    size_t before, count; /* series */
    size_t frame;         /* the row that says what it shows */
};

struct marks {
    struct table *rows; /* borrowed */
    const struct drawn *drawn;
    int is_known; /* the chart is one of the table, and has its columns */
    size_t series_count, roof_count, panel_count;
    const char **labels; /* [series_count + 1], from 1; borrowed; NULL: no row is of that series */
    struct mark_panel *own; /* [panel_count + 1], from 1, owned; NULL: series are of the chart */
    const double *series, *panels; /* columns, NULL: not there */
};

/* A chart that the table does not know, or whose rows lack a column, has no marks: is_known 0.
 * -1: out of memory (error set). */
int marks_open(struct marks *, struct table *rows, const char *chart);
void marks_close(struct marks *); /* accepts a zeroed struct */

/* The series, from 1, of the plot-th plot in the panel-th panel, both from 1; 0: of none, or not
 * known. Behind the last panel comes the legend. */
size_t marks_series(const struct marks *, size_t panel, size_t plot);

/* The panel that a series is of, by its title; "": of all, or there is one panel only. */
const char *marks_panel_title(const struct marks *, size_t series);

/* A mark as it is drawn, in pixels from the left and the top. */
struct mark_place {
    double x, y;
};

/* What stands for rows in a plot: symbols, the boxes of a heat map, or the vertices of a line. */
enum mark_shape { MARK_SYMBOL, MARK_BOX, MARK_LINE };
enum mark_shape marks_shape(const struct marks *, size_t panel, size_t plot);

/* rows[count] = the row of each mark of the plot. 0: they are known; 1: its marks stand for no
 * rows; -1: they do, but the drawing does not agree (no error is set). */
int marks_rows(const struct marks *, size_t panel, size_t plot, const struct mark_place *places,
               size_t count, size_t *rows);

/* Places along a line that is drawn with a vertex for each of its rows, straight from one to the
 * next or in steps: so many of them at most, evenly, with first and last. The axes follow from
 * where two rows are drawn, and must put every other row on a vertex. How many; 0: they do not, or
 * the plot is no line that stands for rows. */
enum { MARKS_ALONG = 12 };
struct mark_along {
    size_t row;
    struct mark_place place;
};
size_t marks_along(const struct marks *, size_t panel, size_t plot,
                   const struct mark_place *vertices, size_t count,
                   struct mark_along along[MARKS_ALONG]);

/* "K = 8 · median seconds 0.048 (0.016 to 0.056) · n 5 · cell naive-k8-s1-3f9c and 4 more". size:
 * of text. */
void marks_describe(const struct marks *, size_t panel, size_t plot, size_t row, char *text,
                    size_t size);

#endif
