/* What each test takes for its effect, and expects of it. */
#include "verdict/expected.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct range around(double centre, double margin)
{
    return (struct range){centre - margin, centre + margin};
}

static struct range exponentials(struct range range)
{
    return (struct range){exp(range.above), exp(range.below)};
}

/* Of an arm less, or over, the one before it: the margin at least, or where it is held against what
 * refutes the claim within bounds. */
static struct range range_of_order(const struct claim *claim)
{
    double least = isnan(claim->margin) ? 0 : claim->margin;

    return (struct range){isfinite(claim->above) ? claim->above : least, claim->below};
}

struct range expected_range(const struct claim *claim)
{
    struct range range = {claim->above, claim->below};

    switch (claim->test) {
    case CLAIM_EQUIVALENCE:
        range = around(0, claim->margin);
        return claim->is_relative ? exponentials(range) : range;
    case CLAIM_ORDER:
        range = range_of_order(claim);
        return claim->is_relative ? exponentials(range) : range;
    case CLAIM_AGREEMENT:
        return around(claim->is_absolute ? 0 : 1, claim->margin);
    case CLAIM_TREND:
        return claim->is_falling ? (struct range){-INFINITY, 0} : (struct range){0, INFINITY};
    case CLAIM_STRAIGHT:
        return (struct range){-INFINITY, claim->margin};
    case CLAIM_SHARES:
        return (struct range){0, INFINITY};
    case CLAIM_REGRET:
        return (struct range){-INFINITY, 1 + claim->below};
    case CLAIM_SLOPE:
    case CLAIM_RATIO:
    case CLAIM_BOUND:
    case CLAIM_CRITICAL_BATCH:
        break;
    }
    return range;
}

static int has_counterpart(const struct claim *claim)
{
    return claim->over[0] || claim->other.count > 0;
}

const char *expected_form(const struct claim *claim)
{
    switch (claim->test) {
    case CLAIM_RATIO:
    case CLAIM_REGRET:
        return "ratio";
    case CLAIM_EQUIVALENCE:
    case CLAIM_ORDER:
        return claim->is_relative ? "ratio" : "difference";
    case CLAIM_SHARES:
        return "difference";
    case CLAIM_AGREEMENT:
        if (claim->is_absolute)
            return "difference";
        return has_counterpart(claim) ? "ratio" : "value";
    case CLAIM_SLOPE:
        return "slope";
    case CLAIM_TREND:
        return "tendency";
    case CLAIM_CRITICAL_BATCH:
        return claim->along[0] ? "slope" : "value";
    case CLAIM_BOUND:
    case CLAIM_STRAIGHT:
        break;
    }
    return "value";
}

/* ---- In words ---------------------------------------------------------------------------------
 */

/* The only value that the claim's rows have in the column; NULL: it does not say, or several. */
static const char *only_value(const struct claim *claim, const char *column)
{
    for (int c = 0; c < claim->where.count; c++)
        if (strcmp(claim->where.conditions[c].column, column) == 0 &&
            claim->where.conditions[c].count == 1)
            return claim->where.conditions[c].values[0];
    return NULL;
}

/* y of probes.csv is always `value`: the quantity tells more, or the probe. */
static void describe_value(const struct claim *claim, char *text, size_t size)
{
    const char *quantity = only_value(claim, "quantity"), *probe = only_value(claim, "probe");

    if (quantity)
        snprintf(text, size, "%s", quantity);
    else if (probe)
        snprintf(text, size, "value of probe %s", probe);
    else
        snprintf(text, size, "value");
}

static void describe_y(const struct claim *claim, char *text, size_t size)
{
    static const char *const taken[] = {
        [TAKE_LARGEST] = "largest", [TAKE_SMALLEST] = "smallest", [TAKE_DECADES] = "decades of"};

    if (claim->taken.take != TAKE_NONE)
        snprintf(text, size, "%s %s", taken[claim->taken.take], claim->taken.column);
    else if (claim->minus[0])
        snprintf(text, size, "%s - %s", claim->y, claim->minus);
    else if (strcmp(claim->y, "value") == 0)
        describe_value(claim, text, size);
    else
        snprintf(text, size, "%s", claim->costs.count > 0 ? "cost" : claim->y);
}

static void describe_fit(const struct claim *claim, const char *y, char *text, size_t size)
{
    static const char *const quantities[] = {[QUANTITY_NONE] = "critical batch size",
                                             [QUANTITY_CRITICAL_BATCH] = "critical batch size",
                                             [QUANTITY_MIN_UPDATES] = "S_min",
                                             [QUANTITY_MIN_EXAMPLES] = "E_min",
                                             [QUANTITY_R_SQUARED] = "R^2",
                                             [QUANTITY_SLOPE_SMALL_K] = "slope at small K"};
    const char *quantity = quantities[claim->quantity];

    if (claim->along[0])
        snprintf(text, size, "slope of log %s over log %s", quantity, claim->along);
    else
        snprintf(text, size, "%s of %s%s", quantity, y, has_counterpart(claim) ? ", relative" : "");
}

void expected_describe(const struct claim *claim, char *text, size_t size)
{
    char y[3 * CLAIM_COLUMN_SIZE], whole[5 * CLAIM_COLUMN_SIZE];

    describe_y(claim, y, sizeof y);
    snprintf(whole, sizeof whole, "%s%s%s", y,
             claim->over[0]           ? claim->is_absolute ? " - " : " / "
             : claim->other.count > 0 ? ", over its counterpart"
                                      : "",
             claim->over);
    switch (claim->test) {
    case CLAIM_SLOPE:
        snprintf(text, size, "slope of %s%s over %s%s", claim->scale == SCALE_LOG ? "log " : "",
                 whole, claim->scale == SCALE_LINEAR ? "" : "log ", claim->x);
        return;
    case CLAIM_TREND:
        snprintf(text, size, "tendency of %s with %s", whole, claim->x);
        return;
    case CLAIM_STRAIGHT:
        snprintf(text, size, "deviation of %s from a line over %s", whole, claim->x);
        return;
    case CLAIM_CRITICAL_BATCH:
        describe_fit(claim, y, text, size);
        return;
    case CLAIM_SHARES:
        snprintf(text, size, "difference of shares of the variance of log %s", whole);
        return;
    case CLAIM_RATIO:
    case CLAIM_EQUIVALENCE:
    case CLAIM_ORDER:
    case CLAIM_REGRET:
        snprintf(text, size, "%s of %s", expected_form(claim), whole);
        return;
    case CLAIM_BOUND:
    case CLAIM_AGREEMENT:
        break;
    }
    snprintf(text, size, "%s", whole);
}
