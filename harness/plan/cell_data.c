/* What the axes of the data make of a cell. */
#include "plan/cell_data.h"

#include "base/error.h"
#include "base/limits.h"
#include "data/generator.h"
#include "data/weighting.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct training_options options_of(const struct settings *s)
{
    return (struct training_options){
        .subset = s->subset,
        .imbalance = s->imbalance,
        .label_noise = s->label_noise,
        .redundancy = {s->redundancy, s->redundancy_mode, s->copies, s->seed},
        .deduplicate = s->deduplicate,
        .near_cosine = s->near_cosine,
        .seed = s->seed,
    };
}

struct training_options plan_training_options(const struct cell *cell)
{
    struct training_options options = options_of(&cell->settings);

    if (cell->kept) {
        options.kept = cell->kept->rows;
        options.kept_count = cell->kept->count;
    }
    return options;
}

/* ---- What needs classes, or images ------------------------------------------------------------
 */

static int check_classes(const struct settings *s, const struct dataset *dataset, const char **axis)
{
    const struct {
        const char *axis;
        int asks;
    } axes[] = {
        {"imbalance", s->imbalance > 1},
        {"label_noise", s->label_noise > 0},
        {"order", s->order == ORDER_CLASS},
        {"sampler", s->sampler == SAMPLING_BALANCED},
        {"class_weights", s->class_weights == CLASS_WEIGHTS_INVERSE},
    };

    for (size_t i = 0; i < sizeof axes / sizeof *axes && dataset->classes == 0; i++)
        if (axes[i].asks) {
            *axis = axes[i].axis;
            return error_set("%s: needs classes, and this is regression", *axis);
        }
    return 0;
}

static int check_images(const struct settings *s, const struct dataset *dataset, const char **axis)
{
    if (dataset->image_height > 0)
        return 0;
    *axis = "deduplicate";
    if (s->deduplicate == DEDUPLICATE_NEAR)
        return error_set("deduplicate: near compares images of bytes, and %s has none; expected "
                         "none or exact",
                         dataset->name);
    *axis = "augmentation";
    if (strcmp(s->augmentation, AUGMENTATION_NONE) != 0)
        return error_set("augmentation: is for images of bytes, and %s has none", dataset->name);
    return 0;
}

/* ---- What generated examples are not for ------------------------------------------------------
 */

/* They are not there to be looked through, kept or counted: only drawn. */
static int check_generated(const struct settings *s, const struct experiment *experiment,
                           const struct dataset *dataset, const char **axis, int *line)
{
    const struct {
        const char *axis;
        int asks;
    } axes[] = {
        {"imbalance", s->imbalance > 1},
        {"label_noise", s->label_noise > 0},
        {"redundancy", s->redundancy > 1},
        {"deduplicate", s->deduplicate != DEDUPLICATE_NONE},
        {"order", s->order != ORDER_STORED},
        {"sampler", s->sampler == SAMPLING_BALANCED || s->sampler == SAMPLING_WEIGHTED ||
                        s->sampler == SAMPLING_IMPORTANCE},
        {"class_weights", s->class_weights != CLASS_WEIGHTS_NONE},
        {"augmentation", strcmp(s->augmentation, AUGMENTATION_NONE) != 0},
    };

    if (!dataset->generator)
        return 0;
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
        if (axes[i].asks) {
            *axis = axes[i].axis;
            return error_set("%s: generated examples are made as they are drawn, and this asks for "
                             "all of them, or for images; expected its default, or another data "
                             "set",
                             *axis);
        }
    *line = experiment->probes_line;
    if (experiment->probes.which & ~PROBE_MEMORY)
        return error_set("probes: look at stored examples, and generated ones are not; expected "
                         "memory at most");
    *line = 0;
    return 0;
}

/* ---- Weighting --------------------------------------------------------------------------------
 */

/* Whether the weights sum to zero is a matter of the classes and of the examples' own: the other
 * factors are above zero. */
static int check_zeros(const struct cell *cell, const struct dataset *dataset)
{
    const struct weighting_spec *spec = cell->weighting;
    const struct examples *train = &dataset->train;
    int by_class = spec->class_count > 0, by_own = spec->given_power > 0, positive = 0;
    int forbidden = cell->settings.sampler == SAMPLING_IMPORTANCE;

    for (int c = 0; c < spec->class_count && forbidden; c++)
        if (spec->classes[c] == 0)
            return error_set(
                "weightings: %s: class %d has weight 0: importance would leave it out, "
                "expected weights above 0",
                spec->name, c);
    for (size_t i = 0; i < train->count; i++) {
        int32_t row = train->rows[i];
        int is_out = by_own && train->weights[row] == 0;

        if (is_out && forbidden)
            return error_set(
                "weightings: %s: example %d of the data has weight 0: importance would "
                "leave it out, expected weights above 0",
                spec->name, (int)row + 1);
        positive |= !is_out && !(by_class && spec->classes[train->labels[row]] == 0);
    }
    return positive ? 0
                    : error_set("weightings: %s: the weights of the training examples sum to zero, "
                                "expected one above 0 at least",
                                spec->name);
}

/* The weights of losses are the user's. */
static int check_given(const struct settings *s, const struct dataset *dataset, const char **axis)
{
    const struct examples *train = &dataset->train;
    double sum = 0;

    if (s->class_weights != CLASS_WEIGHTS_GIVEN)
        return 0;
    *axis = "class_weights";
    if (!train->weights)
        return error_set("class_weights: given, and the data have no weights, expected `dataset: "
                         "{weights: ...}`");
    for (size_t i = 0; i < train->count; i++)
        sum += train->weights[train->rows[i]];
    return sum > 0 ? 0
                   : error_set("class_weights: given: the weights of the training examples sum to "
                               "zero, expected one above 0 at least");
}

static int complete_weighting(struct cell *cell, const struct experiment *experiment,
                              const struct dataset *dataset, const char **axis, int *line)
{
    const struct settings *s = &cell->settings;
    const struct weighting_spec *spec;

    if (s->sampler != SAMPLING_WEIGHTED && s->sampler != SAMPLING_IMPORTANCE)
        return 0;
    *axis = "sampler";
    if (strcmp(s->weighting, WEIGHTING_NONE) == 0)
        return error_set("sampler: %s needs a weighting, expected a name under weightings, "
                         "given, inverse_frequency or norm",
                         s->sampler == SAMPLING_WEIGHTED ? "weighted" : "importance");
    *axis = "weighting";
    cell->weighting = spec = experiment_weighting(experiment, s->weighting);
    if (!spec)
        return error_set("weighting: '%s' is unknown, expected a name under weightings, "
                         "given, inverse_frequency or norm",
                         s->weighting);
    if (dataset->classes == 0 && (spec->class_count > 0 || spec->power != 0))
        return error_set("weighting: %s weighs classes, and this is regression; expected "
                         "norm_power or given_power alone",
                         spec->name);
    *line = spec->line;
    if (spec->class_count > 0 && spec->class_count != dataset->classes)
        return error_set("weightings: %s: %d weights, expected one for each of %d classes",
                         spec->name, spec->class_count, dataset->classes);
    if (spec->given_power > 0 && !dataset->train.weights)
        return error_set("weightings: %s: given_power, and the data have no weights, expected "
                         "`dataset: {weights: ...}`",
                         spec->name);
    if (check_zeros(cell, dataset) != 0)
        return -1;
    *line = 0;
    return 0;
}

/* ---- Augmentation -----------------------------------------------------------------------------
 */

static int complete_augmentation(struct cell *cell, const struct experiment *experiment,
                                 const struct dataset *dataset, const char **axis)
{
    const char *name = cell->settings.augmentation;
    int shorter =
        dataset->image_height < dataset->image_width ? dataset->image_height : dataset->image_width;
    const struct augmentation_spec *spec;

    *axis = "augmentation";
    cell->augmentation = spec = experiment_augmentation(experiment, name);
    if (!spec && strcmp(name, AUGMENTATION_NONE) != 0)
        return error_set("augmentation: '%s' is unknown, expected none or a name under "
                         "augmentations",
                         name);
    if (spec && (spec->shift >= shorter || spec->crop >= shorter))
        return error_set("augmentation: %s: shift %d and crop %d, expected less than the %d pixels "
                         "of a side",
                         name, spec->shift, spec->crop, shorter);
    return 0;
}

/* ---- N ----------------------------------------------------------------------------------------
 */

void kept_examples_free(struct kept_examples *list)
{
    while (list) {
        struct kept_examples *next = list->next;

        free(list->rows);
        free(list);
        list = next;
    }
}

/* What decides which examples are copies, and nothing else. */
static struct training_options canonical(const struct settings *s)
{
    struct training_options options = options_of(s);

    if (s->label_noise == 0 && s->subset == SUBSET_ALL)
        options.seed = 0;
    if (s->copies == COPIES_EXACT)
        options.redundancy.seed = 0;
    return options;
}

static int same_options(const struct training_options *a, const struct training_options *b)
{
    return a->subset == b->subset && a->imbalance == b->imbalance &&
           a->label_noise == b->label_noise && a->redundancy.factor == b->redundancy.factor &&
           a->redundancy.mode == b->redundancy.mode &&
           a->redundancy.copies == b->redundancy.copies &&
           a->redundancy.seed == b->redundancy.seed && a->deduplicate == b->deduplicate &&
           a->near_cosine == b->near_cosine && a->seed == b->seed;
}

/* Looks for copies unless they have been looked for: it may take seconds, and many cells share the
 * answer. NULL: the error is set. */
static const struct kept_examples *
keep(struct kept_examples **list, const struct settings *settings, const struct dataset *dataset)
{
    const struct training_options options = canonical(settings);
    struct kept_examples *fresh;
    struct training_set set;

    for (struct kept_examples *known = *list; known; known = known->next)
        if (same_options(&known->options, &options))
            return known;
    if (training_set_open(&set, dataset, &options) != 0)
        return NULL;
    fresh = malloc(sizeof *fresh);
    if (!fresh) {
        error_set("out of memory");
        training_set_close(&set);
        return NULL;
    }
    *fresh = (struct kept_examples){options, set.rows, set.examples.count, set.dropped, *list};
    *list = fresh;
    set.rows = NULL; /* the list's from here */
    training_set_close(&set);
    return fresh;
}

static int complete_count(struct cell *cell, const struct dataset *dataset,
                          struct kept_examples **list, const char **axis)
{
    const struct training_options options = options_of(&cell->settings);

    *axis = "subset";
    if ((size_t)cell->settings.subset > dataset->train.count)
        return error_set("subset: %d is larger than the %zu training examples of the split, "
                         "expected at most that, or all",
                         cell->settings.subset, dataset->train.count);
    *axis = "redundancy";
    cell->train_examples = training_set_count(dataset, &options);
    if (cell->train_examples == 0)
        return -1;
    if (cell->train_examples > INT32_MAX)
        return error_set("redundancy: %d makes more than %d training examples",
                         cell->settings.redundancy, INT32_MAX);
    if (cell->settings.copies != COPIES_EXACT && cell->settings.redundancy > 1 &&
        limit_check_data("redundancy: moved or noisy copies are examples of their own",
                         cell->train_examples,
                         dataset_row_bytes(&dataset->train, dataset->inputs)) != 0)
        return -1;
    if (cell->settings.deduplicate == DEDUPLICATE_NONE)
        return 0;
    *axis = "deduplicate";
    cell->kept = keep(list, &cell->settings, dataset);
    if (!cell->kept)
        return -1;
    cell->train_examples = cell->kept->count;
    cell->dropped_examples = cell->kept->dropped;
    return 0;
}

int cell_data_complete(struct cell *cell, const struct experiment *experiment,
                       const struct dataset *dataset, struct kept_examples **list,
                       const char **axis, int *line)
{
    *line = 0;
    if (check_generated(&cell->settings, experiment, dataset, axis, line) != 0 ||
        check_classes(&cell->settings, dataset, axis) != 0 ||
        check_images(&cell->settings, dataset, axis) != 0 ||
        check_given(&cell->settings, dataset, axis) != 0 ||
        complete_weighting(cell, experiment, dataset, axis, line) != 0 ||
        complete_augmentation(cell, experiment, dataset, axis) != 0 ||
        complete_count(cell, dataset, list, axis) != 0)
        return -1;
    return 0;
}
