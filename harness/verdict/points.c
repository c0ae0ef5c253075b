/* y along x, seed by seed. */
#include "verdict/points.h"

#include "base/error.h"
#include "verdict/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void points_close(struct points *points)
{
    free(points->x);
    free(points->seeds);
    free(points->y);
    free(points->rows);
    *points = (struct points){.x = NULL};
}

/* ---- Axes -------------------------------------------------------------------------------------
 */

/* Puts x into the rising list where it is new. */
static void insert_x(struct points *points, double x)
{
    size_t place = points->count;

    for (size_t p = 0; p < points->count; p++)
        if (points->x[p] == x)
            return;
    for (; place > 0 && points->x[place - 1] > x; place--)
        points->x[place] = points->x[place - 1];
    points->x[place] = x;
    points->count++;
}

static void insert_seed(struct points *points, uint64_t seed)
{
    size_t place = points->seed_count;

    for (size_t s = 0; s < points->seed_count; s++)
        if (points->seeds[s] == seed)
            return;
    for (; place > 0 && points->seeds[place - 1] > seed; place--)
        points->seeds[place] = points->seeds[place - 1];
    points->seeds[place] = seed;
    points->seed_count++;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static int place_sample(struct points *points, const struct evidence *evidence,
                        const struct claim *claim, const struct sample *sample)
{
    const char *file = table_path(evidence->table);
    size_t line = table_line(evidence->table, sample->row), s = 0, p = 0, at;

    while (points->seeds[s] != sample->seed)
        s++;
    while (p < points->count && points->x[p] != sample->x)
        p++;
    if (p == points->count)
        return error_set("%s:%zu: column `%s` is empty", file, line, claim->x);
    at = s * points->count + p;
    if (points->rows[at] != SIZE_MAX)
        return error_set("%s:%zu: several rows for %s = %g and seed %llu, expected one: `where` or "
                         "`each` must tell them apart",
                         file, line, claim->x, sample->x, (unsigned long long)sample->seed);
    points->y[at] = sample->value;
    points->rows[at] = sample->row;
    points->censored += sample->censored;
    points->infeasible += sample->infeasible;
    points->on_edge += sample->on_edge;
    points->hours += sample->hours;
    return 0;
}

static int fill(struct points *points, const struct evidence *evidence, const struct claim *claim,
                const struct sample *samples, size_t count)
{
    size_t size;

    points->x = calloc(count + 1, sizeof *points->x);
    points->seeds = calloc(count + 1, sizeof *points->seeds);
    if (!points->x || !points->seeds)
        return error_set("out of memory for the points of a claim");
    for (size_t i = 0; i < count; i++) {
        if (!isnan(samples[i].x))
            insert_x(points, samples[i].x);
        insert_seed(points, samples[i].seed);
    }
    size = points->seed_count * points->count;
    points->y = calloc(size + 1, sizeof *points->y);
    points->rows = calloc(size + 1, sizeof *points->rows);
    if (!points->y || !points->rows)
        return error_set("out of memory for the points of a claim");
    for (size_t i = 0; i < size; i++) {
        points->y[i] = NAN;
        points->rows[i] = SIZE_MAX;
    }
    for (size_t i = 0; i < count; i++)
        if (place_sample(points, evidence, claim, &samples[i]) != 0)
            return -1;
    return 0;
}

int points_open(struct points *points, const struct evidence *evidence, const struct claim *claim,
                const struct rows *rows)
{
    struct sample *samples;
    size_t count;
    int status;

    *points = (struct points){.x = NULL};
    if (samples_find(evidence, claim, rows, claim->x, &samples, &count) != 0)
        return -1;
    status = fill(points, evidence, claim, samples, count);
    free(samples);
    return status;
}

/* ---- Leaving out ------------------------------------------------------------------------------
 */

static void drop_x(struct points *points, size_t p)
{
    size_t kept = 0;

    for (size_t i = 0; i < points->seed_count * points->count; i++)
        if (i % points->count != p) {
            points->y[kept] = points->y[i];
            points->rows[kept++] = points->rows[i];
        }
    points->count--;
    memmove(points->x + p, points->x + p + 1, (points->count - p) * sizeof *points->x);
}

size_t points_leave_unreached(struct points *points)
{
    size_t left = 0;

    for (size_t p = points->count; p-- > 0;)
        for (size_t s = 0; s < points->seed_count; s++)
            if (isinf(points->y[s * points->count + p])) {
                drop_x(points, p);
                left++;
                break;
            }
    return left;
}

static int is_complete(const struct points *points, size_t s, int finite)
{
    for (size_t p = 0; p < points->count; p++) {
        double y = points->y[s * points->count + p];

        if (isnan(y) || (finite && !isfinite(y)))
            return 0;
    }
    return 1;
}

size_t points_leave_incomplete(struct points *points, int finite)
{
    size_t kept = 0, left, count = points->count;

    for (size_t s = 0; s < points->seed_count; s++) {
        if (!is_complete(points, s, finite))
            continue;
        points->seeds[kept] = points->seeds[s];
        memmove(points->y + kept * count, points->y + s * count, count * sizeof *points->y);
        memmove(points->rows + kept * count, points->rows + s * count,
                count * sizeof *points->rows);
        kept++;
    }
    left = points->seed_count - kept;
    points->seed_count = kept;
    return left;
}
