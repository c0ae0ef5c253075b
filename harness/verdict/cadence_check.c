/* Looks at how finely the costs behind a claim are resolved. */
#include "verdict/cadence_check.h"

#include "base/stats.h"
#include "report/cadence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The target of a column such as updates_to_validation_error_0.15; -1: it is none. */
static int target_of(const struct results *results, const char *column)
{
    const char *name = strstr(column, "_to_");

    for (size_t t = 0; name && t < results->target_count; t++)
        if (strcmp(results->targets[t].name, name + strlen("_to_")) == 0)
            return (int)t;
    return -1;
}

/* 1: both rows of one arm, or of one x. */
static int stand_together(const struct evidence *evidence, const struct claim *claim, size_t a,
                          size_t b)
{
    double one, other;

    for (int arm = 0; arm < claim->arm_count; arm++)
        if (evidence_meets(evidence, &claim->arms[arm], a) == 1 &&
            evidence_meets(evidence, &claim->arms[arm], b) == 1)
            return 1;
    if (claim->arm_count > 0 || !claim->x[0])
        return claim->arm_count == 0;
    return evidence_number(evidence, claim->x, a, &one) == 0 &&
           evidence_number(evidence, claim->x, b, &other) == 0 && one == other;
}

static double find_worst(const struct evidence *evidence, const struct claim *claim,
                         const struct rows *rows, const double *of_cells)
{
    double *values = calloc(rows->count + 1, sizeof *values), worst = 0;

    if (!values)
        abort();
    for (size_t i = 0; i < rows->count; i++) {
        size_t count = 0;

        for (size_t j = 0; j < rows->count; j++) {
            size_t cell = evidence->cell_of ? evidence->cell_of[rows->list[j]] : rows->list[j];

            if (!isnan(of_cells[cell]) &&
                stand_together(evidence, claim, rows->list[i], rows->list[j]))
                values[count++] = of_cells[cell];
        }
        if (count > 0)
            worst = fmax(worst, stats_median(values, count));
    }
    free(values);
    return worst;
}

/* Of one column that is judged. */
static int check_column(const struct evidence *evidence, const struct claim *claim,
                        const struct rows *rows, const char *column, double *resolution)
{
    int target = target_of(evidence->results, column);
    double *of_cells;

    if (target < 0)
        return 0;
    of_cells = cadence_resolutions(evidence->results, (size_t)target);
    if (!of_cells)
        return -1;
    *resolution = fmax(*resolution, find_worst(evidence, claim, rows, of_cells));
    free(of_cells);
    return 0;
}

int cadence_check(const struct evidence *evidence, const struct claim *claim,
                  const struct rows *rows, double *resolution)
{
    *resolution = 0;
    return check_column(evidence, claim, rows, claim->y, resolution) == 0 &&
                   check_column(evidence, claim, rows, claim->taken.column, resolution) == 0 &&
                   check_column(evidence, claim, rows, claim->taken.of, resolution) == 0
               ? 0
               : -1;
}
