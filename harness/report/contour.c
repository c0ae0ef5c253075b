/* Contour lines by marching squares. */
#include "report/contour.h"

#include "base/error.h"
#include "base/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static double coordinate(const struct relief *relief, int axis, size_t step)
{
    size_t steps = (axis == 0 ? relief->columns : relief->rows) - 1;
    double share = (double)step / (double)steps;

    return (1 - share) * relief->box.low[axis] + share * relief->box.high[axis];
}

int relief_open(struct relief *relief, const struct box *box, size_t columns, size_t rows,
                double (*f)(void *context, double x, double y), void *context)
{
    *relief = (struct relief){*box, columns, rows, calloc(columns * rows, sizeof(double))};
    if (!relief->values)
        return error_set("out of memory for %zu x %zu values", columns, rows);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            relief->values[r * columns + c] =
                f(context, coordinate(relief, 0, c), coordinate(relief, 1, r));
    return 0;
}

void relief_close(struct relief *relief)
{
    free(relief->values);
    *relief = (struct relief){.values = NULL};
}

void relief_levels(const struct relief *relief, double *levels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        levels[i] = stats_quantile(relief->values, relief->columns * relief->rows,
                                   ((double)i + 0.5) / (double)count);
}

/* The corners of a cell, counter-clockwise from its lower left. */
struct corners {
    double place[4][2], value[4];
};

static void take_corners(struct corners *corners, const struct relief *relief, size_t column,
                         size_t row)
{
    static const size_t right[] = {0, 1, 1, 0}, up[] = {0, 0, 1, 1};

    for (int i = 0; i < 4; i++) {
        size_t c = column + right[i], r = row + up[i];

        corners->place[i][0] = coordinate(relief, 0, c);
        corners->place[i][1] = coordinate(relief, 1, r);
        corners->value[i] = relief->values[r * relief->columns + c];
    }
}

/* Where the line crosses the edge from corner i to the next, if it does. */
static bool cross(const struct corners *corners, int i, double level, double place[2])
{
    int next = (i + 1) % 4;
    double here = corners->value[i] - level, there = corners->value[next] - level, share;

    if ((here < 0) == (there < 0))
        return false;
    share = here / (here - there);
    for (int axis = 0; axis < 2; axis++)
        place[axis] = (1 - share) * corners->place[i][axis] + share * corners->place[next][axis];
    return true;
}

static bool is_finite_cell(const struct corners *corners)
{
    return isfinite(corners->value[0]) && isfinite(corners->value[1]) &&
           isfinite(corners->value[2]) && isfinite(corners->value[3]);
}

/* Two crossings make a segment; four, at a saddle, two: each cuts off a corner, those of the side
 * on which the middle is not. */
static void march(const struct corners *corners, double level,
                  void (*draw)(void *context, const double from[2], const double to[2]),
                  void *context)
{
    double places[4][2], middle = 0;
    int count = 0, first;

    for (int i = 0; i < 4; i++) {
        count += cross(corners, i, level, places[count]);
        middle += corners->value[i] / 4;
    }
    if (count == 2)
        draw(context, places[0], places[1]);
    if (count < 4)
        return;
    first = (corners->value[0] < level) == (middle < level) ? 0 : 3;
    draw(context, places[first], places[(first + 1) % 4]);
    draw(context, places[(first + 2) % 4], places[(first + 3) % 4]);
}

void relief_contour(const struct relief *relief, double level,
                    void (*draw)(void *context, const double from[2], const double to[2]),
                    void *context)
{
    struct corners corners;

    for (size_t r = 0; r + 1 < relief->rows; r++)
        for (size_t c = 0; c + 1 < relief->columns; c++) {
            take_corners(&corners, relief, c, r);
            if (is_finite_cell(&corners))
                march(&corners, level, draw, context);
        }
}
