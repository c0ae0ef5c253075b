/* What a claim must say, and what its test has no use for. */
#include "plan/claims.h"

#include <math.h>

/* Keys that few tests have a use for. */
enum { INTERVAL = 1, RELATIVE = 2, OTHER = 4, ABSOLUTE = 8, FIT = 16, SHARES = 32, REGRET = 64 };

/* What a test cannot do without, and what it has no use for. */
static const struct {
    int x, arms_low, arms_high; /* x: 1 needs it, 0 has no use for it */
    int bounds, margin;         /* 2: needs it, 1: takes it, 0: has no use for it */
    int extras;                 /* of these it can use */
} needs[] = {
    [CLAIM_SLOPE] = {1, 0, 0, 2, 0},
    [CLAIM_RATIO] = {0, 2, 2, 2, 0},
    [CLAIM_EQUIVALENCE] = {0, 2, 2, 0, 2, RELATIVE},
    [CLAIM_ORDER] = {0, 2, CLAIM_ARMS_MAX, 0, 1, RELATIVE},
    [CLAIM_BOUND] = {0, 0, 0, 2, 0, INTERVAL},
    [CLAIM_AGREEMENT] = {0, 0, 0, 0, 2, INTERVAL | OTHER | ABSOLUTE},
    [CLAIM_TREND] = {1, 0, 0, 0, 0},
    [CLAIM_STRAIGHT] = {1, 0, 0, 0, 2},
    [CLAIM_CRITICAL_BATCH] = {1, 0, 0, 2, 0, OTHER | FIT},
    [CLAIM_SHARES] = {0, 0, 0, 0, 0, SHARES},
    [CLAIM_REGRET] = {1, 0, 0, 2, 0, REGRET},
};

static int check_parts(const struct schema_source *source, const yaml_node_t *node,
                       const struct claim *claim)
{
    const char *test = claim_tests[claim->test].name;
    int low = needs[claim->test].arms_low, high = needs[claim->test].arms_high;

    if (needs[claim->test].x && !claim->x[0])
        return schema_error(source, node, "claims: %s: %s needs x, a column", claim->id, test);
    if (!needs[claim->test].x && claim->x[0])
        return schema_error(source, node, "claims: %s: %s has no use for x", claim->id, test);
    if (claim->arm_count < low || claim->arm_count > high)
        return schema_error(source, node, "claims: %s: %s has %d arms, expected %s%d", claim->id,
                            test, claim->arm_count, high > low ? "at least " : "", low);
    return 0;
}

static int check_extras(const struct schema_source *source, const yaml_node_t *node,
                        const struct claim *claim)
{
    const struct {
        int extra, is_given;
        const char *name;
    } given[] = {
        {INTERVAL, claim->low[0] || claim->high[0], "low and high"},
        {RELATIVE, claim->is_relative, "relative"},
        {OTHER, claim->other.count > 0, "a mapping for over"},
        {ABSOLUTE, claim->is_absolute, "absolute"},
        {FIT, claim->quantity != QUANTITY_NONE, "quantity"},
        {FIT, claim->along[0], "along"},
        {SHARES, claim->factors.count > 0, "factors"},
        {SHARES, claim->rivals.count > 0, "rivals"},
        {SHARES, isfinite(claim->ceiling), "ceiling"},
        {REGRET, claim->costs.count > 0, "several y"},
        {REGRET, !isnan(claim->inside[0]), "inside"},
        {REGRET, claim->share < 1, "share"},
    };

    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].is_given && !(needs[claim->test].extras & given[i].extra))
            return schema_error(source, node, "claims: %s: %s has no use for %s", claim->id,
                                claim_tests[claim->test].name, given[i].name);
    return 0;
}

/* What the tests that have a use for extras cannot do without. */
static int check_fits(const struct schema_source *source, const yaml_node_t *node,
                      const struct claim *claim)
{
    const char *test = claim_tests[claim->test].name;

    if (claim->taken.take != TAKE_NONE && (needs[claim->test].extras & (FIT | SHARES | REGRET)))
        return schema_error(source, node, "claims: %s: %s needs a column for y", claim->id, test);
    if (claim->taken.take != TAKE_NONE && (claim->other.count > 0 || claim->over[0]))
        return schema_error(source, node, "claims: %s: over needs a column for y", claim->id);
    for (int a = 0; a < claim->arm_count; a++)
        if (claim->taken.take != TAKE_NONE && claim->arms[a].pick != PICK_NONE)
            return schema_error(source, node, "claims: %s: pick needs a column for y", claim->id);
    if (claim->minus[0] && (claim->low[0] || claim->high[0]))
        return schema_error(source, node,
                            "claims: %s: minus: expected y without an interval of its own",
                            claim->id);
    if (claim->minus[0] &&
        (claim->taken.take != TAKE_NONE || needs[claim->test].extras & (FIT | REGRET)))
        return schema_error(source, node, "claims: %s: minus needs a column for y", claim->id);
    if (claim->is_absolute && !claim->over[0] && claim->other.count == 0)
        return schema_error(source, node, "claims: %s: absolute needs over", claim->id);
    if (claim->test == CLAIM_CRITICAL_BATCH &&
        (claim->over[0] || (claim->along[0] && claim->other.count > 0)))
        return schema_error(source, node,
                            "claims: %s: critical_batch: over, expected conditions on probes.csv, "
                            "and no along",
                            claim->id);
    if (claim->test == CLAIM_SHARES && (claim->factors.count == 0 || claim->over[0]))
        return schema_error(source, node, "claims: %s: shares needs factors, and no over",
                            claim->id);
    if (claim->test == CLAIM_REGRET && (isnan(claim->inside[0]) || !isfinite(claim->below) ||
                                        isfinite(claim->above) || !(claim->below > 0)))
        return schema_error(source, node,
                            "claims: %s: regret needs inside, and below: more than 0, alone",
                            claim->id);
    return 0;
}

/* What is judged is above 0, by its logarithm. */
static int is_of_logarithms(const struct claim *claim)
{
    return claim->test == CLAIM_RATIO ||
           (claim->test == CLAIM_CRITICAL_BATCH && !claim->along[0] &&
            claim->quantity != QUANTITY_R_SQUARED && claim->quantity != QUANTITY_SLOPE_SMALL_K);
}

/* What refutes must not overlap with what is expected. */
static int check_refuted(const struct schema_source *source, const yaml_node_t *node,
                         const struct claim *claim)
{
    int is_order = claim->test == CLAIM_ORDER;
    double above = is_order ? fmax(0, claim->margin) : claim->above; /* fmax passes over NAN */

    if (isnan(claim->refuted[0]))
        return 0;
    if ((needs[claim->test].bounds != 2 && !is_order) || claim->test == CLAIM_REGRET)
        return schema_error(source, node, "claims: %s: %s has no use for refuted", claim->id,
                            claim_tests[claim->test].name);
    if (is_order && claim->arm_count != 2)
        return schema_error(source, node, "claims: %s: refuted: expected an order of two arms",
                            claim->id);
    if (claim->refuted[1] > above && claim->refuted[0] < claim->below)
        return schema_error(source, node,
                            "claims: %s: refuted: %g to %g, expected a range beyond above and "
                            "below, or margin",
                            claim->id, claim->refuted[0], claim->refuted[1]);
    return 0;
}

static int check_expectation(const struct schema_source *source, const yaml_node_t *node,
                             const struct claim *claim)
{
    const char *test = claim_tests[claim->test].name;
    int has_bounds = isfinite(claim->above) || isfinite(claim->below);
    int has_margin = !isnan(claim->margin);

    if (needs[claim->test].bounds == 2 && !has_bounds)
        return schema_error(source, node, "claims: %s: %s needs above, below or both", claim->id,
                            test);
    if (needs[claim->test].bounds == 0 && has_bounds)
        return schema_error(source, node, "claims: %s: %s has no use for above and below",
                            claim->id, test);
    if (!(claim->above < claim->below))
        return schema_error(source, node, "claims: %s: above is %g, expected less than below, %g",
                            claim->id, claim->above, claim->below);
    if (check_refuted(source, node, claim) != 0)
        return -1;
    if (is_of_logarithms(claim) &&
        (!(claim->below > 0) || (claim->above <= 0 && isfinite(claim->above))))
        return schema_error(source, node, "claims: %s: bounds of %s, expected more than 0",
                            claim->id, claim->test == CLAIM_RATIO ? "a ratio" : "a quantity");
    if (claim->is_relative && claim->margin > 100)
        return schema_error(source, node,
                            "claims: %s: a relative margin of %g, expected at most "
                            "100",
                            claim->id, claim->margin);
    if (needs[claim->test].margin == 2 && !(claim->margin > 0))
        return schema_error(source, node, "claims: %s: %s needs a margin above 0", claim->id, test);
    if (needs[claim->test].margin == 0 && has_margin)
        return schema_error(source, node, "claims: %s: %s has no use for a margin", claim->id,
                            test);
    return 0;
}

int claim_check(const struct schema_source *source, const yaml_node_t *node,
                const struct claim *claim, int has_test)
{
    if (!claim->id[0])
        return schema_error(source, node, "claims: claim: missing, expected a name such as C24");
    if (!claim->says[0])
        return schema_error(source, node, "claims: %s: says: missing, expected a sentence",
                            claim->id);
    if (!has_test)
        return schema_error(
            source, node,
            "claims: %s: test: missing, expected one of slope, ratio, "
            "equivalence, order, bound, agreement, trend, straight, critical_batch, shares, "
            "regret",
            claim->id);
    if (!claim->y[0] && claim->taken.take == TAKE_NONE)
        return schema_error(source, node, "claims: %s: y: missing, expected a column", claim->id);
    if (check_parts(source, node, claim) != 0 || check_extras(source, node, claim) != 0 ||
        check_fits(source, node, claim) != 0)
        return -1;
    return check_expectation(source, node, claim);
}
