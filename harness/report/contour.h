/* Contour lines of a function of two variables, as line segments. */
#ifndef BATCHLAB_CONTOUR_H
#define BATCHLAB_CONTOUR_H

#include <stddef.h>

struct box {
    double low[2], high[2];
};

/* A grid of values over a box; both counts >= 2. values[row * columns + column], row 0 at low[1].
 */
struct relief {
    struct box box;
    size_t columns, rows;
    double *values; /* owned */
};

/* Evaluates f on the grid. -1: out of memory. */
int relief_open(struct relief *, const struct box *, size_t columns, size_t rows,
                double (*f)(void *context, double x, double y), void *context);
void relief_close(struct relief *); /* accepts a zeroed struct */

/* levels[count] that part the grid into regions of equal area: quantiles of its values, (i + 1/2) /
 * count. Where they are many the function is flat. */
void relief_levels(const struct relief *, double *levels, size_t count);

/* Calls draw for every segment of the line f = level: values along the edges of the grid are
 * interpolated linearly (marching squares, Lorensen and Cline 1987, in the plane). Cells with a
 * value that is not finite are left out. */
void relief_contour(const struct relief *, double level,
                    void (*draw)(void *context, const double from[2], const double to[2]),
                    void *context);

#endif
