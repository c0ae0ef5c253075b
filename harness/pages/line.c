/* Finds the axes of a line from its vertices. */
#include "pages/line.h"

#include <math.h>

/* Of a line without end; it would take long. */
static const size_t vertices_max = 4000;

struct axis {
    int is_log;
    double slope, offset;
};

static double on_axis(const struct axis *axis, double value)
{
    return axis->offset + axis->slope * (axis->is_log ? log(value) : value);
}

/* From two numbers and where they are drawn. 0: they do not tell. */
static int fit_axis(struct axis *axis, int is_log, const double value[2], const double place[2])
{
    double from = is_log ? log(value[0]) : value[0], to = is_log ? log(value[1]) : value[1];

    axis->is_log = is_log;
    axis->slope = (place[1] - place[0]) / (to - from);
    axis->offset = place[0] - axis->slope * from;
    return isfinite(axis->slope) && isfinite(axis->offset) && fabs(axis->slope) > 0;
}

static struct mark_place place_of(const struct drawn_line *line, const struct axis axes[2],
                                  size_t i)
{
    size_t row = line->rows[i];

    return (struct mark_place){on_axis(&axes[0], line->x[row]), on_axis(&axes[1], line->y[row])};
}

static int has_vertex(const struct drawn_line *line, struct mark_place place)
{
    const double rounding = 0.6; /* pixels */

    for (size_t v = 0; v < line->vertex_count; v++)
        if (fabs(line->vertices[v].x - place.x) <= rounding &&
            fabs(line->vertices[v].y - place.y) <= rounding)
            return 1;
    return 0;
}

/* The row whose y differs most from the first one's. */
static size_t far_row(const struct drawn_line *line)
{
    double first = line->y[line->rows[0]];
    size_t far = line->count - 1;

    for (size_t i = 1; i < line->count; i++)
        if (fabs(line->y[line->rows[i]] - first) > fabs(line->y[line->rows[far]] - first))
            far = i;
    return far;
}

/* way: bit 0: the axis of x is logarithmic, bit 1: that of y. The first row is vertex `from`, the
 * far one vertex `to`. 1: every row is on a vertex. */
static int try_axes(const struct drawn_line *line, unsigned way, size_t far, size_t from, size_t to,
                    struct axis axes[2])
{
    size_t first = line->rows[0], last = line->rows[far];
    const double x[2] = {line->x[first], line->x[last]}, y[2] = {line->y[first], line->y[last]};
    const double across[2] = {line->vertices[from].x, line->vertices[to].x};
    const double up[2] = {line->vertices[from].y, line->vertices[to].y};

    if (((way & 1) && !(x[0] > 0 && x[1] > 0)) || ((way & 2) && !(y[0] > 0 && y[1] > 0)) ||
        !fit_axis(&axes[0], way & 1, x, across) || !fit_axis(&axes[1], (way & 2) != 0, y, up) ||
        axes[0].slope < 0 || axes[1].slope > 0)
        return 0;
    for (size_t i = 0; i < line->count; i++)
        if (!has_vertex(line, place_of(line, axes, i)))
            return 0;
    return 1;
}

static int find_axes(const struct drawn_line *line, struct axis axes[2])
{
    const size_t before = 4; /* vertices that a first row without a place may have left */
    size_t far = far_row(line);

    for (unsigned way = 0; way < 4; way++)
        for (size_t from = 0; from < before && from < line->vertex_count; from++)
            for (size_t to = from + 1; to < line->vertex_count; to++)
                if (try_axes(line, way, far, from, to, axes))
                    return 1;
    return 0;
}

size_t line_marks(const struct drawn_line *line, struct mark_along along[MARKS_ALONG])
{
    size_t marked = line->count < MARKS_ALONG ? line->count : MARKS_ALONG;
    struct axis axes[2];

    /* Two rows are on any two axes: three say that they are the right ones. */
    if (line->count < 3 || line->vertex_count < 3 || line->vertex_count > vertices_max ||
        !find_axes(line, axes))
        return 0;
    for (size_t m = 0; m < marked; m++) {
        size_t i = m * (line->count - 1) / (marked - 1);

        along[m] = (struct mark_along){line->rows[i], place_of(line, axes, i)};
    }
    return marked;
}
