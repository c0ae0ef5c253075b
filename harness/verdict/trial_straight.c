/* The test of a straight line: y = intercept + slope x, seed by seed, by least squares of relative
 * residuals, of which the mean is judged. Intercept and slope and, where both are above 0, the x at
 * which they come to the same, stand in the details. */
#include "verdict/trial.h"

#include "base/error.h"
#include "judge/line.h"
#include "judge/means.h"
#include "verdict/points.h"

#include <math.h>
#include <stdlib.h>

static const double confidence = 0.95;

/* What the lines of all seeds come to, [seeds] each. */
struct lines {
    double *deviations, *intercepts, *slopes, *halves;
};

/* Relative residuals: weights 1 / y^2. */
static struct line fit(const double *x, const double *y, double *weights, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weights[i] = 1 / (y[i] * y[i]);
    return line_fit(x, y, weights, count, LINE_SCALE_UNKNOWN, confidence);
}

static void fit_seeds(struct lines *lines, const struct points *points, double *weights)
{
    for (size_t s = 0; s < points->seed_count; s++) {
        struct line line = fit(points->x, points->y + s * points->count, weights, points->count);

        lines->deviations[s] = line.mape;
        lines->intercepts[s] = line.intercept.value;
        lines->slopes[s] = line.slope.value;
        lines->halves[s] = line.intercept.value / line.slope.value;
    }
}

/* Student's interval of the mean; of one seed the value alone. */
static struct effect mean_of(const double *values, size_t count)
{
    const struct mean_difference mean = means_of(values, count);

    return count == 1 ? detail_value(values[0]) : means_interval(&mean, confidence);
}

static int add_details(struct trial *trial, const struct lines *lines, size_t seeds)
{
    const struct effect intercept = mean_of(lines->intercepts, seeds);
    const struct effect slope = mean_of(lines->slopes, seeds);
    const struct effect half = mean_of(lines->halves, seeds);

    snprintf(trial->note, sizeof trial->note, "y = %.3g + %.3g x, half of it at x = %.3g",
             intercept.value, slope.value, half.value);
    if (details_add(&trial->details, "intercept", "", intercept, seeds) != 0 ||
        details_add(&trial->details, "slope", "", slope, seeds) != 0)
        return -1;
    return details_add(&trial->details, "intercept_over_slope", "", half, seeds);
}

static int judge_lines(struct trial *trial, const struct claim *claim, const struct points *points)
{
    const struct range range = {-INFINITY, claim->margin};
    size_t seeds = points->seed_count;
    double *memory = calloc(4 * seeds + points->count + 1, sizeof *memory);
    struct lines lines = {memory, memory + seeds, memory + 2 * seeds, memory + 3 * seeds};
    int status;

    if (!memory)
        return error_set("out of memory for the lines of a claim");
    fit_seeds(&lines, points, memory + 4 * seeds);
    trial->finding = seeds == 1 && claim->seeds == 1
                         ? finding_of_constant(lines.deviations[0], range)
                         : finding_of_seeds(lines.deviations, seeds, range, 0);
    status = add_details(trial, &lines, seeds);
    free(memory);
    return status;
}

int hold_straight(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
                  const struct rows *rows)
{
    struct points points;
    int status;

    if (points_open(&points, evidence, claim, rows) != 0) {
        points_close(&points);
        return -1;
    }
    trial->dropped = points_leave_incomplete(&points, 1);
    trial->seeds = points.seed_count;
    trial->on_edge = points.on_edge;
    trial->hours = points.hours;
    if (points.seed_count == 0 || points.count < 3) {
        trial->finding =
            finding_of_nothing(points.seed_count == 0 ? "no seed has every value of x"
                                                      : "fewer than three values of x");
        status = 0;
    } else {
        status = judge_lines(trial, claim, &points);
    }
    points_close(&points);
    return status;
}
