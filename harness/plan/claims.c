/* Reads the claims of an experiment file. */
#include "plan/claims.h"

#include "base/error.h"
#include "base/limits.h"

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
    {"straight", CLAIM_STRAIGHT},
    {"critical_batch", CLAIM_CRITICAL_BATCH},
    {"shares", CLAIM_SHARES},
    {"regret", CLAIM_REGRET},
    {0},
};

const struct choice claim_quantities[] = {
    {"critical_batch", QUANTITY_CRITICAL_BATCH}, {"min_updates", QUANTITY_MIN_UPDATES},
    {"min_examples", QUANTITY_MIN_EXAMPLES},     {"r_squared", QUANTITY_R_SQUARED},
    {"slope_small_k", QUANTITY_SLOPE_SMALL_K},   {0},
};

static const struct choice scales[] = {
    {"linear", SCALE_LINEAR}, {"log", SCALE_LOG}, {"semilog", SCALE_SEMILOG}, {0}};
static const struct choice directions[] = {{"rising", 0}, {"falling", 1}, {0}};
static const struct choice averages[] = {{"mean", 0}, {"median", 1}, {0}};
static const struct choice decides[] = {{"true", 0}, {"false", 1}, {0}};
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
    {"x", FIELD_TEXT, TEXT(x),
     .help = "slope, trend, straight, critical_batch, regret: column that y depends on"},
    {"y", FIELD_TEXT, TEXT(y), .help = "column that is judged; or a mapping, see below"},
    {"minus", FIELD_TEXT, TEXT(minus), .help = "column that is taken from y"},
    {"over", FIELD_TEXT, TEXT(over),
     .help = "column that y is divided by; or a mapping, see below"},
    {"low", FIELD_TEXT, TEXT(low), .help = "column with the lower end of y's own 95 % interval"},
    {"high", FIELD_TEXT, TEXT(high), .help = "and with the upper end"},
    {"above", FIELD_REAL, MEMBER(above), .low = -1e12, .high = 1e12,
     .help = "slope, ratio, bound, critical_batch: the least that is expected"},
    {"below", FIELD_REAL, MEMBER(below), .low = -1e12, .high = 1e12,
     .help = "and the most; regret: the share by which y may be worse than the best"},
    {"margin", FIELD_REAL, MEMBER(margin), .low = 0, .high = 1e12,
     .help =
         "equivalence, agreement: deviation that does not matter; straight: mean one of y, as a "
         "share; order: least difference"},
    {"relative", FIELD_CHOICE, MEMBER(is_relative), .choices = schema_no_or_yes,
     .fallback = "false",
     .help = "equivalence, order: of logarithms, so that a margin of 0.03 is 3 %"},
    {"absolute", FIELD_CHOICE, MEMBER(is_absolute), .choices = schema_no_or_yes,
     .fallback = "false", .help = "agreement: of y - over, not of y / over"},
    {"scale", FIELD_CHOICE, MEMBER(scale), .choices = scales, .fallback = "log",
     .help = "slope: of y over x, of their logarithms, or of y over log x"},
    {"direction", FIELD_CHOICE, MEMBER(is_falling), .choices = directions, .fallback = "rising",
     .help = "trend: of y with x"},
    {"quantity", FIELD_CHOICE, MEMBER(quantity), .choices = claim_quantities,
     .help = "critical_batch (default), min_updates, min_examples: of the fit; r_squared: of log "
             "updates; slope_small_k: of log updates up to a tenth of the critical batch"},
    {"along", FIELD_TEXT, TEXT(along),
     .help = "critical_batch: judges the slope of log quantity over log of this column"},
    {"ceiling", FIELD_REAL, MEMBER(ceiling), .low = 1e-300, .high = 1e12,
     .help = "shares: the most that y counts as, and what it counts as where it diverged"},
    {"share", FIELD_REAL, MEMBER(share), .low = 1e-6, .high = 1, .fallback = "1",
     .help = "regret: of all circumstances and costs, how many must hold"},
    {"average", FIELD_CHOICE, MEMBER(is_median), .choices = averages, .fallback = "mean",
     .help = "of the seeds' values: what is judged"},
    {"seeds", FIELD_COUNT, MEMBER(seeds), .low = 1, .high = 1000, .fallback = "5",
     .help = "that it takes at least; 1: nothing is random"},
    {"decides", FIELD_CHOICE, MEMBER(is_aside), .choices = decides, .fallback = "true",
     .help = "false: judged and listed, and the verdict on the claim does not depend on it"},
    {"axis", FIELD_TEXT, TEXT(axis), .help = "what is held equal: epochs, updates, seconds, ..."},
    {"condition", FIELD_TEXT, TEXT(condition),
     .help = "what else limits the answer, to be printed"},
    {0},
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

static int read_columns(const struct schema_source *source, yaml_node_t *node, const char *key,
                        int most, struct columns *columns)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "claims: %s: expected a list of columns", key);
    columns->count = 0;
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (columns->count == most)
            return schema_error(source, item, "claims: %s: more than %d", key, most);
        if (read_column(source, item, key, columns->names[columns->count]) != 0)
            return -1;
        columns->count++;
    }
    return 0;
}

/* ---- y, over, inside ------------------------------------------------------------------------ */

static const struct choice takes[] = {
    {"largest", TAKE_LARGEST}, {"smallest", TAKE_SMALLEST}, {"decades", TAKE_DECADES}, {0}};

static const struct field taken_within = {
    "within", FIELD_REAL, .offset = offsetof(struct taken, within), .low = 0, .high = 1e6};

static int read_taken_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                          struct taken *taken)
{
    const char *name = schema_scalar(key);

    for (const struct choice *take = takes; name && take->name; take++) {
        if (strcmp(name, take->name) != 0)
            continue;
        if (taken->take != TAKE_NONE)
            return schema_error(source, key, "claims: y: one of largest, smallest, decades");
        taken->take = (enum claim_take)take->value;
        return read_column(source, value, "y", taken->column);
    }
    if (name && strcmp(name, "of") == 0)
        return read_column(source, value, "y: of", taken->of);
    if (name && strcmp(name, "within") == 0)
        return schema_read(source, value, &taken_within, taken);
    if (name && strcmp(name, "where") == 0)
        return read_selection(source, value, "y: where", &taken->where);
    return schema_error(source, key,
                        "claims: y: unknown key '%s', expected largest, smallest or decades, of, "
                        "within, where",
                        name ? name : "(not a name)");
}

/* y: {decades: learning_rate, within: 0.1, of: final_validation_loss} */
static int read_taken(const struct schema_source *source, yaml_node_t *node, struct taken *taken)
{
    yaml_node_t *key, *value;

    taken->within = NAN;
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++)
        if (read_taken_key(source, key, value, taken) != 0)
            return -1;
    if (taken->take == TAKE_NONE)
        return schema_error(source, node,
                            "claims: y: expected a column, or one of largest, smallest, decades");
    if (isnan(taken->within) != !taken->of[0])
        return schema_error(source, node, "claims: y: within and of need each other");
    if (taken->where.pick != PICK_NONE)
        return schema_error(source, node, "claims: y: pick belongs to an arm");
    return 0;
}

static int read_y(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    if (node->type == YAML_MAPPING_NODE)
        return read_taken(source, node, &claim->taken);
    if (node->type != YAML_SEQUENCE_NODE)
        return schema_read(source, node, schema_find(fields, "y"), claim);
    if (read_columns(source, node, "y", CLAIM_COSTS_MAX, &claim->costs) != 0)
        return -1;
    if (claim->costs.count == 0)
        return schema_error(source, node, "claims: y: the list is empty");
    strcpy(claim->y, claim->costs.names[0]);
    return 0;
}

static int read_over(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    if (node->type != YAML_MAPPING_NODE)
        return schema_read(source, node, schema_find(fields, "over"), claim);
    if (read_selection(source, node, "over", &claim->other) != 0)
        return -1;
    if (claim->other.pick != PICK_NONE || claim->other.count == 0)
        return schema_error(source, node, "claims: over: expected columns and values");
    return 0;
}

static int read_ends(const struct schema_source *source, yaml_node_t *node, const char *key,
                     double ends[2])
{
    const struct field end = {key, FIELD_REAL, .low = -1e12, .high = 1e12};

    if (node->type != YAML_SEQUENCE_NODE || !schema_item(source, node, 1) ||
        schema_item(source, node, 2))
        return schema_error(source, node, "claims: %s: expected a list of two numbers", key);
    for (size_t i = 0; i < 2; i++)
        if (schema_read(source, schema_item(source, node, i), &end, &ends[i]) != 0)
            return -1;
    if (!(ends[0] <= ends[1]))
        return schema_error(source, node, "claims: %s: %g is more than %g", key, ends[0], ends[1]);
    return 0;
}

static int read_inside(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    return read_ends(source, node, "inside", claim->inside);
}

static int read_refuted(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    return read_ends(source, node, "refuted", claim->refuted);
}

/* ---- A claim -------------------------------------------------------------------------------- */

static int read_where(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    if (read_selection(source, node, "where", &claim->where) != 0)
        return -1;
    if (claim->where.pick != PICK_NONE)
        return schema_error(source, node, "claims: where: pick belongs to an arm");
    return 0;
}

static int read_each(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    return read_columns(source, node, "each", CLAIM_EACH_MAX, &claim->each);
}

static int read_factors(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    return read_columns(source, node, "factors", CLAIM_FACTORS_MAX, &claim->factors);
}

static int read_rivals(const struct schema_source *source, yaml_node_t *node, struct claim *claim)
{
    return read_columns(source, node, "rivals", CLAIM_RIVALS_MAX, &claim->rivals);
}

static int read_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                    struct claim *claim)
{
    static const struct {
        const char *name;
        int (*read)(const struct schema_source *, yaml_node_t *, struct claim *);
    } special[] = {{"y", read_y},           {"over", read_over},
                   {"inside", read_inside}, {"refuted", read_refuted},
                   {"where", read_where},   {"arms", read_arms},
                   {"each", read_each},     {"factors", read_factors},
                   {"rivals", read_rivals}};
    const char *name = schema_scalar(key);
    const struct field *field = name ? schema_find(fields, name) : NULL;

    for (size_t i = 0; name && i < sizeof special / sizeof *special; i++)
        if (strcmp(name, special[i].name) == 0)
            return special[i].read(source, value, claim);
    if (field)
        return schema_read(source, value, field, claim);
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
    claim->ceiling = INFINITY;
    claim->inside[0] = claim->inside[1] = NAN;
    claim->refuted[0] = claim->refuted[1] = NAN;
    claim->line = (int)node->start_mark.line + 1;
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        if (read_key(source, key, value, claim) != 0)
            return -1;
        has_test |= strcmp(schema_scalar(key), "test") == 0;
    }
    return claim_check(source, node, claim, has_test);
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
    if (count > LIMIT_CLAIMS)
        return schema_error(source, node, "claims: %zu of them, expected at most %d", count,
                            LIMIT_CLAIMS);
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
        free_selection(&claims->list[i].other);
        free_selection(&claims->list[i].taken.where);
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
        "  each     columns: judged for each of their values apart; regret counts them instead\n"
        "  y        regret: or a list of columns. Else, of the cells of a seed (and x), one "
        "number:\n"
        "           {largest: COLUMN, smallest: ... or decades: ..., where: {...}}, of those "
        "within\n"
        "           `within: 0.1` of the least of column `of:` and next to it, where these are "
        "given\n"
        "  over     {COLUMN: VALUE, ...}: agreement: y of the row that has these values and is in "
        "all\n"
        "           else the same; critical_batch: such rows of probes.csv, over their mean\n"
        "  refuted  slope, ratio, bound, critical_batch, order of two arms: [FROM, TO]: what lies\n"
        "           within refutes the claim; without it, all beyond above and below, or margin\n"
        "  inside   regret: [FROM, TO] of x, both included\n"
        "  factors  shares: columns that together are to account for more of y than any rival\n"
        "  rivals   shares: and those it might be instead; the seed is always one\n",
        file);
}
