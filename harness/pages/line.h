/* Where the rows of a line are drawn, found by its vertices alone. */
#ifndef BATCHLAB_PAGES_LINE_H
#define BATCHLAB_PAGES_LINE_H

#include "pages/marks.h"

/* A line that has a vertex for each of its rows, straight from one to the next or in steps. */
struct drawn_line {
    const double *x, *y; /* columns */
    const size_t *rows;  /* [count], in the line's order */
    size_t count;
    const struct mark_place *vertices; /* [vertex_count] */
    size_t vertex_count;
};

/* The axes, each straight or logarithmic, follow from where two rows are drawn, and must put every
 * other row on a vertex. Marks for at most MARKS_ALONG rows, evenly, with first and last; how many.
 * 0: there are no such axes. */
size_t line_marks(const struct drawn_line *, struct mark_along along[MARKS_ALONG]);

#endif
