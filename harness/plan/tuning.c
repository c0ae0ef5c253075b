/* Reads and checks `tuning:`. */
#include "plan/tuning.h"

#include "base/error.h"
#include "plan/experiment.h"
#include "plan/experiment_keys.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- Keys of the file -------------------------------------------------------------------------
 */

static const struct field tuning_fields[] = {
    {"seeds", FIELD_WIDTHS, offsetof(struct tuning_spec, seeds), .size = TUNING_SEEDS_MAX,
     .count_offset = offsetof(struct tuning_spec, seed_count), .high = INT_MAX,
     .help = "to choose on, none of them a seed of the grid"},
    {"by", FIELD_TEXT, offsetof(struct tuning_spec, by),
     .size = sizeof(((struct tuning_spec *)0)->by), .fallback = "validation_loss",
     .help = "whose median over the seeds is smallest: validation_loss, validation_error or "
             "train_loss at the end, best_validation_error, or the cost of a target, such as "
             "updates_to_validation_error_0.15 (seconds_to_, examples_to_, epochs_to_, flops_to_)"},
    {"extend", FIELD_COUNT, offsetof(struct tuning_spec, extend), .high = TUNING_VALUES_MAX,
     .fallback = "3",
     .help = "values beyond each edge, tried one by one while the best value lies on it"},
    {0},
};

static const struct field tuned_key_fields[] = {
    {"from", FIELD_REAL, offsetof(struct tuned_key, from), .low = 1e-30, .high = 1e12,
     .help = "the smallest value of the first round"},
    {"to", FIELD_REAL, offsetof(struct tuned_key, to), .low = 1e-30, .high = 1e12,
     .help = "the largest; the last value is the largest from * factor^i up to it"},
    {"factor", FIELD_REAL, offsetof(struct tuned_key, factor), .low = 1.001, .high = 1e6,
     .fallback = "2", .help = "from one value to the next"},
    {0},
};

static const struct field halving_fields[] = {
    {"keep", FIELD_REAL, offsetof(struct halving, keep), .low = 0.01, .high = 1, .fallback = "1",
     .help = "share of the first round's values that go on after each seed, the better ones"},
    {0},
};

void tuning_document(FILE *file)
{
    fprintf(file,
            "\ntuning: values chosen on seeds of their own; the grid's seeds then run with the "
            "best ones alone\n");
    fprintf(file,
            "  %-18s a mapping of hyper-parameters (axes of the optimizer) to from, to and "
            "factor;\n%21sof several, every combination is tried. A case that gives a key a "
            "value is not tuned\n",
            "keys", "");
    schema_document(file, tuning_fields);
    fprintf(file, "\ntuning, keys: of each\n");
    schema_document(file, tuned_key_fields);
    fprintf(file, "\ntuning, halving: successive halving over the seeds (of whole runs)\n");
    schema_document(file, halving_fields);
}

void tuning_defaults(struct tuning_spec *spec)
{
    schema_defaults(tuning_fields, spec);
    schema_defaults(halving_fields, &spec->halving);
}

/* ---- Values -----------------------------------------------------------------------------------
 */

double tuning_value(const struct tuned_key *key, int place)
{
    double value = key->from * pow(key->factor, place);
    char text[32];

    snprintf(text, sizeof text, "%.12g", value);
    value = strtod(text, NULL);
    return value >= key->field->low && value <= key->field->high ? value : 0;
}

static int count_values(const struct tuned_key *key)
{
    return 1 + (int)floor(log(key->to / key->from) / log(key->factor) + 1e-9);
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* A number of the update rule: what data are like is a question, not something to choose. */
static const struct field *tunable(const char *name)
{
    static const char *const of_data[] = {"imbalance", "label_noise", "near_cosine"};
    const struct field *field = name ? schema_find(settings_fields, name) : NULL;

    for (size_t i = 0; i < sizeof of_data / sizeof *of_data; i++)
        if (field && strcmp(field->key, of_data[i]) == 0)
            return NULL;
    return field && field->kind == FIELD_REAL ? field : NULL;
}

static int read_tuned_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                          struct tuned_key *tuned)
{
    const char *name = schema_scalar(key);
    char section[64];

    tuned->field = tunable(name);
    tuned->line = (int)key->start_mark.line + 1;
    if (!tuned->field)
        return schema_error(source, key,
                            "tuning: keys: '%s' cannot be tuned, expected a number of the update "
                            "rule such as learning_rate, momentum or l2",
                            name ? name : "(not a name)");
    schema_defaults(tuned_key_fields, tuned);
    snprintf(section, sizeof section, "tuning: %s", name);
    if (schema_read_mapping(source, value, tuned_key_fields, section, tuned) != 0)
        return -1;
    if (tuned->from <= 0 || !(tuned->to >= tuned->from))
        return schema_error(source, key, "%s: expected from and to, from at most to", section);
    if (!(count_values(tuned) <= TUNING_VALUES_MAX))
        return schema_error(source, key, "%s: %d values, expected at most %d", section,
                            count_values(tuned), TUNING_VALUES_MAX);
    tuned->count = count_values(tuned);
    if (tuning_value(tuned, 0) == 0 || tuning_value(tuned, tuned->count - 1) == 0)
        return schema_error(source, key, "%s: expected values from %g to %g", section,
                            tuned->field->low, tuned->field->high);
    return 0;
}

static int read_keys(const struct schema_source *source, yaml_node_t *node,
                     struct tuning_spec *spec)
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node,
                            "tuning: keys: expected a mapping such as {learning_rate: {from: 0.01, "
                            "to: 1.28, factor: 2}}");
    spec->key_count = 0;
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        if (spec->key_count == TUNING_KEYS_MAX)
            return schema_error(source, key, "tuning: keys: more than %d", TUNING_KEYS_MAX);
        memset(&spec->keys[spec->key_count], 0, sizeof *spec->keys);
        if (read_tuned_key(source, key, value, &spec->keys[spec->key_count]) != 0)
            return -1;
        spec->key_count++;
    }
    return 0;
}

int tuning_read(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                struct experiment *experiment)
{
    struct tuning_spec *spec = &experiment->tuning;
    yaml_node_t *name_node, *node;

    spec->line = (int)key->start_mark.line + 1;
    if (value->type != YAML_MAPPING_NODE)
        return schema_error(source, value,
                            "tuning: expected a mapping with keys, seeds, by, extend, halving");
    for (size_t i = 0; schema_pair(source, value, i, &name_node, &node); i++) {
        const char *name = schema_scalar(name_node);
        const struct field *field = name ? schema_find(tuning_fields, name) : NULL;
        int status;

        if (name && strcmp(name, "keys") == 0)
            status = read_keys(source, node, spec);
        else if (name && strcmp(name, "halving") == 0)
            status = schema_read_mapping(source, node, halving_fields, "tuning: halving",
                                         &spec->halving);
        else if (field)
            status = schema_read(source, node, field, spec);
        else
            status = schema_error(source, name_node,
                                  "tuning: unknown key '%s', expected one of keys, seeds, by, "
                                  "extend, halving",
                                  name ? name : "(not a name)");
        if (status != 0)
            return -1;
    }
    return 0;
}

/* ---- The criterion ----------------------------------------------------------------------------
 */

static const struct {
    const char *name, *column;
    int of_validation;
} criteria[] = {
    {"validation_loss", "final_validation_loss", 1},
    {"validation_error", "final_validation_error", 1},
    {"best_validation_error", "best_validation_error", 1},
    {"train_loss", "final_train_loss", 0},
};

static const char *const costs[] = {"updates_to_", "examples_to_", "epochs_to_", "flops_to_",
                                    "seconds_to_"};

/* The target of `updates_to_T`, or NULL. */
static const struct target_spec *target_of(const struct experiment *experiment, const char *by)
{
    for (size_t c = 0; c < sizeof costs / sizeof *costs; c++)
        for (int t = 0; t < experiment->target_count; t++)
            if (strncmp(by, costs[c], strlen(costs[c])) == 0 &&
                strcmp(by + strlen(costs[c]), experiment->targets[t].name) == 0)
                return &experiment->targets[t];
    return NULL;
}

const char *tuning_column(const struct experiment *experiment, const char **shortfall)
{
    static const char *const finals[METRIC_COUNT] = {
        [METRIC_TRAIN_LOSS] = "final_train_loss",
        [METRIC_TRAIN_ERROR] = "final_train_loss",
        [METRIC_VALIDATION_LOSS] = "final_validation_loss",
        [METRIC_VALIDATION_ERROR] = "final_validation_error",
    };
    const char *by = experiment->tuning.by;

    *shortfall = NULL;
    for (size_t c = 0; c < sizeof criteria / sizeof *criteria; c++)
        if (strcmp(by, criteria[c].name) == 0)
            return criteria[c].column;
    *shortfall = finals[target_of(experiment, by)->metric];
    return by;
}

/* ---- Checking ---------------------------------------------------------------------------------
 */

static int fails(const struct experiment *experiment, const char *reason)
{
    return error_set("%s:%d: tuning: %s", experiment->file, experiment->tuning.line, reason);
}

static int check_criterion(const struct experiment *experiment)
{
    const char *by = experiment->tuning.by;

    for (size_t c = 0; c < sizeof criteria / sizeof *criteria; c++) {
        if (strcmp(by, criteria[c].name) != 0)
            continue;
        if (criteria[c].of_validation && experiment->dataset.validation == 0)
            return error_set("%s:%d: tuning: by: %s needs validation examples, expected "
                             "`dataset: {validation: ...}` or `by: train_loss`",
                             experiment->file, experiment->tuning.line, by);
        return 0;
    }
    if (target_of(experiment, by))
        return 0;
    return error_set("%s:%d: tuning: by: '%s' is unknown, expected validation_loss, "
                     "validation_error, best_validation_error, train_loss, or updates_to_, "
                     "examples_to_, epochs_to_, flops_to_ or seconds_to_ and one of the targets",
                     experiment->file, experiment->tuning.line, by);
}

/* The same seed would choose a value and then judge it. */
static int check_seeds(const struct experiment *experiment, const struct grid *grid)
{
    const struct tuning_spec *spec = &experiment->tuning;
    const struct grid_axis *axis = grid_find_axis(grid, "seed");

    for (int s = 0; s < spec->seed_count; s++) {
        char text[16];

        snprintf(text, sizeof text, "%d", spec->seeds[s]);
        for (int i = 0; axis && i < axis->count; i++)
            if (strcmp(axis->values[i], text) == 0)
                return error_set("%s:%d: tuning: seeds: %s is a seed of the grid as well, expected "
                                 "others: those that chose a value cannot judge it",
                                 experiment->file, spec->line, text);
    }
    return 0;
}

static int check_repeated_seeds(const struct experiment *experiment)
{
    const struct tuning_spec *spec = &experiment->tuning;

    if (spec->seed_count == 0)
        return fails(experiment, "seeds: missing, expected a list such as [101, 102, 103]");
    for (int s = 0; s < spec->seed_count; s++)
        for (int earlier = 0; earlier < s; earlier++)
            if (spec->seeds[s] == spec->seeds[earlier])
                return error_set("%s:%d: tuning: seeds: %d is given twice", experiment->file,
                                 spec->line, spec->seeds[s]);
    return 0;
}

/* Where the grid has no axis `seed`, it has the default. */
static int check_default_seed(const struct experiment *experiment)
{
    const struct field *field = schema_find(settings_fields, "seed");
    int has_axis = grid_find_axis(&experiment->grid, "seed") != NULL, in_every_case = 1;

    for (int c = 0; c < experiment->case_count; c++)
        in_every_case &= grid_find_axis(&experiment->cases[c], "seed") != NULL;
    if (has_axis || (experiment->case_count > 0 && in_every_case))
        return 0;
    for (int s = 0; s < experiment->tuning.seed_count; s++)
        if (experiment->tuning.seeds[s] == atoi(field->fallback))
            return error_set("%s:%d: tuning: seeds: %s is the seed of the grid (its default), "
                             "expected others",
                             experiment->file, experiment->tuning.line, field->fallback);
    return 0;
}

static int check_keys(const struct experiment *experiment)
{
    const struct tuning_spec *spec = &experiment->tuning;

    for (int k = 0; k < spec->key_count; k++) {
        const char *name = spec->keys[k].field->key;
        const struct grid_axis *axis = grid_find_axis(&experiment->grid, name);

        if (axis)
            return error_set("%s:%d: %s: stands in the grid and is tuned, expected one of the two "
                             "(a case may give it a value, and is not tuned then)",
                             experiment->file, axis->lines[0] > 0 ? axis->lines[0] : spec->line,
                             name);
    }
    return 0;
}

int tuning_check(const struct experiment *experiment)
{
    const struct tuning_spec *spec = &experiment->tuning;

    if (spec->line == 0)
        return 0;
    if (experiment->measure != MEASURE_CONVERGENCE)
        return fails(experiment, "is for training; the experiment times steps "
                                 "(`measure: throughput`)");
    if (spec->key_count == 0)
        return fails(experiment, "keys: missing, expected a mapping such as {learning_rate: "
                                 "{from: 0.01, to: 1.28, factor: 2}}");
    if (check_repeated_seeds(experiment) != 0 || check_seeds(experiment, &experiment->grid) != 0 ||
        check_default_seed(experiment) != 0 || check_keys(experiment) != 0)
        return -1;
    for (int c = 0; c < experiment->case_count; c++)
        if (check_seeds(experiment, &experiment->cases[c]) != 0)
            return -1;
    return check_criterion(experiment);
}
