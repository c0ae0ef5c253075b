/* Reads the claims of an experiment file. */
#include "plan/claims.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Keys ----------------------------------------------------------------------------------- */

const struct choice claim_tests[] = {
    {"slope", CLAIM_SLOPE},
    {"ratio", CLAIM_RATIO},
    {"equivalence", CLAIM_EQUIVALENCE},
    {"order", CLAIM_ORDER},
    {"bound", CLAIM_BOUND},
    {"agreement", CLAIM_AGREEMENT},
    {"trend", CLAIM_TREND},
    {0},
};

static const struct choice scales[] = {
    {"linear", SCALE_LINEAR}, {"log", SCALE_LOG}, {"semilog", SCALE_SEMILOG}, {0}};
static const struct choice directions[] = {{"rising", 0}, {"falling", 1}, {0}};
static const struct choice picks[] = {
    {"none", PICK_NONE}, {"min", PICK_MIN}, {"max", PICK_MAX}, {0}};

#define TEXT(member)                                                                               \
    .offset = offsetof(struct claim, member), .size = sizeof(((struct claim *)0)->member)
#define MEMBER(member) .offset = offsetof(struct claim, member)

static const struct field fields[] = {
    {"claim", FIELD_TEXT, TEXT(id), .help = "its short name, such as C24"},
    {"part", FIELD_TEXT, TEXT(part), .help = "of a claim that several tests decide"},
    {"says", FIELD_TEXT, TEXT(says), .help = "the sentence, in plain words"},
    {"test", FIELD_CHOICE, MEMBER(test), .choices = claim_tests, .help = "how it is decided"},
    {"from", FIELD_TEXT, TEXT(from), .fallback = "cells",
     .help = "cells, curves, probes, decomposition, classes or tuning: the CSV file; columns of "
             "cells.csv go with each"},
    {"x", FIELD_TEXT, TEXT(x), .help = "slope, trend: column that y depends on"},
    {"y", FIELD_TEXT, TEXT(y), .help = "column that is judged"},
    {"minus", FIELD_TEXT, TEXT(minus), .help = "column that is taken from y"},
    {"over", FIELD_TEXT, TEXT(over), .help = "column that y is divided by then"},
    {"low", FIELD_TEXT, TEXT(low), .help = "column with the lower end of y's own 95 % interval"},
    {"high", FIELD_TEXT, TEXT(high), .help = "and with the upper end"},
    {"above", FIELD_REAL, MEMBER(above), .low = -1e12, .high = 1e12,
     .help = "slope, ratio, bound: the least that is expected"},
    {"below", FIELD_REAL, MEMBER(below), .low = -1e12, .high = 1e12, .help = "and the most"},
    {"margin", FIELD_REAL, MEMBER(margin), .low = 0, .high = 1e12,
     .help = "equivalence, agreement: deviation that does not matter; order: least difference"},
    {"relative", FIELD_CHOICE, MEMBER(is_relative), .choices = schema_no_or_yes,
     .fallback = "false",
     .help = "equivalence, order: of logarithms, so that a margin of 0.03 is 3 %"},
    {"scale", FIELD_CHOICE, MEMBER(scale), .choices = scales, .fallback = "log",
     .help = "slope: of y over x, of their logarithms, or of y over log x"},
    {"direction", FIELD_CHOICE, MEMBER(is_falling), .choices = directions, .fallback = "rising",
     .help = "trend: of y with x"},
    {"seeds", FIELD_COUNT, MEMBER(seeds), .low = 1, .high = 1000, .fallback = "5",
     .help = "that it takes at least; 1: nothing is random"},
    {"axis", FIELD_TEXT, TEXT(axis), .help = "what is held equal: epochs, updates, seconds, ..."},
    {"condition", FIELD_TEXT, TEXT(condition),
     .help = "what else limits the answer, to be printed"},
    {0},
};

/* What a test cannot do without, and what it has no use for. */
static const struct {
    int x, arms_low, arms_high; /* x: 1 needs it, 0 has no use for it */
    int bounds, margin;         /* 2: needs it, 1: takes it, 0: has no use for it */
} needs[] = {
    [CLAIM_SLOPE] = {1, 0, 0, 2, 0},       [CLAIM_RATIO] = {0, 2, 2, 2, 0},
    [CLAIM_EQUIVALENCE] = {0, 2, 2, 0, 2}, [CLAIM_ORDER] = {0, 2, CLAIM_ARMS_MAX, 0, 1},
    [CLAIM_BOUND] = {0, 0, 0, 2, 0},       [CLAIM_AGREEMENT] = {0, 0, 0, 0, 2},
    [CLAIM_TREND] = {1, 0, 0, 0, 0},
};

/* ---- Selections ----------------------------------------------------------------------------- */

static void free_selection(struct selection *selection)
{
    for (int c = 0; c < selection->count; c++) {
        for (int v = 0; v < selection->conditions[c].count; v++)
            free(selection->conditions[c].values[v]);
        free(selection->conditions[c].values);
    }
    *selection = (struct selection){.count = 0};
}

static int add_value(const struct schema_source *source, const yaml_node_t *node,
                     struct condition *condition)
{
    const char *text = schema_scalar(node);

    if (!text)
        return schema_error(source, node, "claims: %s: expected a value or a list of values",
                            condition->column);
    condition->values[condition->count] = strdup(text);
    if (!condition->values[condition->count])
        return error_set("out of memory");
    condition->count++;
    return 0;
}

static int read_values(const struct schema_source *source, yaml_node_t *node,
                       struct condition *condition)
{
    yaml_node_t *item;
    size_t count = 1;

    if (node->type == YAML_SEQUENCE_NODE)
        count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    condition->values = calloc(count + 1, sizeof *condition->values);
    if (!condition->values)
        return error_set("out of memory");
    if (node->type != YAML_SEQUENCE_NODE)
        return add_value(source, node, condition);
    if (count == 0)
        return schema_error(source, node, "claims: %s: the list is empty", condition->column);
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++)
        if (add_value(source, item, condition) != 0)
            return -1;
    return 0;
}

static int read_column(const struct schema_source *source, const yaml_node_t *node, const char *key,
                       char column[CLAIM_COLUMN_SIZE])
{
    const char *name = schema_scalar(node);

    if (!name || !name[0] || strlen(name) >= CLAIM_COLUMN_SIZE)
        return schema_error(source, node, "claims: %s: expected names of columns", key);
    strcpy(column, name);
    return 0;
}

static int read_selection(const struct schema_source *source, yaml_node_t *node, const char *what,
                          struct selection *selection)
{
    static const struct field pick = {"pick", FIELD_CHOICE,
                                      .offset = offsetof(struct selection, pick), .choices = picks};
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "claims: %s: expected a mapping of columns to values",
                            what);
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        struct condition *condition = &selection->conditions[selection->count];
        const char *name = schema_scalar(key);

        if (name && strcmp(name, "pick") == 0) {
            if (schema_read(source, value, &pick, selection) != 0)
                return -1;
            continue;
        }
        if (selection->count == CLAIM_CONDITIONS_MAX)
            return schema_error(source, key, "claims: %s: more than %d columns", what,
                                CLAIM_CONDITIONS_MAX);
        if (read_column(source, key, what, condition->column) != 0)
            return -1;
        selection->count++;
        if (read_values(source, value, condition) != 0)
            return -1;
    }
    return 0;
}

static int read_arms(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "claims: arms: expected a list of mappings");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (claim->arm_count == CLAIM_ARMS_MAX)
            return schema_error(source, item, "claims: arms: more than %d", CLAIM_ARMS_MAX);
        if (read_selection(source, item, "arms", &claim->arms[claim->arm_count++]) != 0)
            return -1;
    }
    return 0;
}

static int read_each(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "claims: each: expected a list of columns");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (claim->each_count == CLAIM_EACH_MAX)
            return schema_error(source, item, "claims: each: more than %d", CLAIM_EACH_MAX);
        if (read_column(source, item, "each", claim->each[claim->each_count]) != 0)
            return -1;
        claim->each_count++;
    }
    return 0;
}

/* ---- A claim -------------------------------------------------------------------------------- */

static int check_parts(const struct schema_source *source, const yaml_node_t *node,
                       const struct claim *claim)
{
    const char *test = claim_tests[claim->test].name;
    int low = needs[claim->test].arms_low, high = needs[claim->test].arms_high;

    if (needs[claim->test].x && !claim->x[0])
        return schema_error(source, node, "claims: %s: %s needs x, a column", claim->id, test);
    if (!needs[claim->test].x && claim->x[0])
        return schema_error(source, node, "claims: %s: %s has no use for x", claim->id, test);
    if ((claim->low[0] || claim->high[0]) && claim->test != CLAIM_BOUND &&
        claim->test != CLAIM_AGREEMENT)
        return schema_error(source, node, "claims: %s: %s has no use for low and high", claim->id,
                            test);
    if (claim->is_relative && claim->test != CLAIM_EQUIVALENCE && claim->test != CLAIM_ORDER)
        return schema_error(source, node, "claims: %s: %s has no use for relative", claim->id,
                            test);
    if (claim->arm_count < low || claim->arm_count > high)
        return schema_error(source, node, "claims: %s: %s has %d arms, expected %s%d", claim->id,
                            test, claim->arm_count, high > low ? "at least " : "", low);
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
    if (claim->test == CLAIM_RATIO &&
        (!(claim->below > 0) || (claim->above <= 0 && isfinite(claim->above))))
        return schema_error(source, node, "claims: %s: bounds of a ratio, expected more than 0",
                            claim->id);
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

static int check(const struct schema_source *source, const yaml_node_t *node,
                 const struct claim *claim, int has_test)
{
    if (!claim->id[0])
        return schema_error(source, node, "claims: claim: missing, expected a name such as C24");
    if (!claim->says[0])
        return schema_error(source, node, "claims: %s: says: missing, expected a sentence",
                            claim->id);
    if (!has_test)
        return schema_error(source, node,
                            "claims: %s: test: missing, expected one of slope, "
                            "ratio, equivalence, order, bound, agreement, trend",
                            claim->id);
    if (!claim->y[0])
        return schema_error(source, node, "claims: %s: y: missing, expected a column", claim->id);
    if (claim->minus[0] && (claim->low[0] || claim->high[0]))
        return schema_error(source, node,
                            "claims: %s: minus: expected y without an interval of its own",
                            claim->id);
    if (check_parts(source, node, claim) != 0)
        return -1;
    return check_expectation(source, node, claim);
}

static int read_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                    struct claim *claim)
{
    const char *name = schema_scalar(key);
    const struct field *field = name ? schema_find(fields, name) : NULL;

    if (field)
        return schema_read(source, value, field, claim);
    if (name && strcmp(name, "where") == 0) {
        if (read_selection(source, value, "where", &claim->where) != 0)
            return -1;
        if (claim->where.pick != PICK_NONE)
            return schema_error(source, value, "claims: where: pick belongs to an arm");
        return 0;
    }
    if (name && strcmp(name, "arms") == 0)
        return read_arms(source, value, claim);
    if (name && strcmp(name, "each") == 0)
        return read_each(source, value, claim);
    return schema_error(source, key, "claims: unknown key '%s' (batchlab list keys)",
                        name ? name : "(not a name)");
}

static int read_claim(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    yaml_node_t *key, *value;
    int has_test = 0;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "claims: expected a mapping with claim, says, test, ...");
    schema_defaults(fields, claim);
    claim->above = -INFINITY;
    claim->below = INFINITY;
    claim->margin = NAN;
    claim->line = (int)node->start_mark.line + 1;
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        if (read_key(source, key, value, claim) != 0)
            return -1;
        has_test |= strcmp(schema_scalar(key), "test") == 0;
    }
    return check(source, node, claim, has_test);
}

/* Two rows of a table under the same name could not be told apart. */
static int check_names(const struct schema_source *source, const yaml_node_t *node,
                       const struct claims *claims)
{
    const struct claim *last = &claims->list[claims->count - 1];

    for (const struct claim *claim = claims->list; claim < last; claim++)
        if (strcmp(claim->id, last->id) == 0 && strcmp(claim->part, last->part) == 0)
            return schema_error(source, node,
                                "claims: %s%s%s is given twice, expected parts of "
                                "different names",
                                last->id, last->part[0] ? " " : "", last->part);
    return 0;
}

int claims_read(const struct schema_source *source, yaml_node_t *node, struct claims *claims)
{
    size_t count;

    claims_free(claims); /* of an earlier reading of the same key */
    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "claims: expected a list");
    count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    claims->list = calloc(count + 1, sizeof *claims->list);
    if (!claims->list)
        return error_set("out of memory");
    for (size_t i = 0; i < count; i++) {
        yaml_node_t *item = schema_item(source, node, i);

        if (read_claim(source, item, &claims->list[claims->count++]) != 0 ||
            check_names(source, item, claims) != 0)
            return -1;
    }
    return 0;
}

void claims_free(struct claims *claims)
{
    for (int i = 0; i < claims->count; i++) {
        free_selection(&claims->list[i].where);
        for (int a = 0; a < claims->list[i].arm_count; a++)
            free_selection(&claims->list[i].arms[a]);
    }
    free(claims->list);
    *claims = (struct claims){NULL, 0};
}

void claims_document(FILE *file)
{
    schema_document(file, fields);
    fputs(
        "  where    columns and values: only rows that have them count\n"
        "  arms     list of such mappings: what is compared; `pick: min` or `max` takes the best\n"
        "           of several cells\n"
        "  each     columns: judged for each of their values apart\n",
        file);
}
