/* From an experiment to its cells. */
#include "plan/plan.h"

#include "base/error.h"
#include "base/limits.h"
#include "data/generator.h"
#include "plan/budgets.h"
#include "plan/cell_data.h"
#include "plan/cell_list.h"
#include "plan/probes.h"
#include "plan/refusals.h"
#include "plan/schedules.h"
#include "train/rule.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* ---- Identity ------------------------------------------------------------------------------- */

static void hash_text(const char *text, size_t length, char *hash, size_t size)
{
    unsigned long crc = crc32(0, Z_NULL, 0);

    crc = crc32(crc, (const Bytef *)text, (uInt)length);
    snprintf(hash, size, "%08lx", crc);
}

/* What is not used decides nothing: it must not tell cells apart. */
static void neutralise_unused(struct settings *settings, enum measure measure)
{
    const struct rule *rule = rule_find(settings->optimizer);

    rule_complete(rule, &settings->rule);
    if (!(rule->uses & USES_SNAPSHOT))
        schema_reset(settings_fields, "snapshot_epochs", settings);
    if (!(rule->uses & USES_AVERAGE))
        schema_reset(settings_fields, "average_from", settings);
    if (measure == MEASURE_THROUGHPUT) {
        settings->learning_rate = THROUGHPUT_RATE;
        schema_reset(settings_fields, "schedule", settings);
        schema_reset(settings_fields, "budget", settings);
        schema_reset(settings_fields, "rate_scaling", settings);
    }
    if (settings->rate_scaling == RATE_SCALING_NONE)
        schema_reset(settings_fields, "base_batch_size", settings);
    if (measure == MEASURE_THROUGHPUT || sampling_is_independent(settings->sampler))
        settings->last_batch = LAST_BATCH_DROP;
    if (settings->sampler != SAMPLING_BLOCKS)
        schema_reset(settings_fields, "block", settings);
    if (settings->sampler != SAMPLING_NONE && settings->sampler != SAMPLING_BLOCKS)
        settings->order = ORDER_STORED;
    if (settings->sampler != SAMPLING_WEIGHTED && settings->sampler != SAMPLING_IMPORTANCE)
        schema_reset(settings_fields, "weighting", settings);
    if (settings->deduplicate != DEDUPLICATE_NEAR)
        schema_reset(settings_fields, "near_cosine", settings);
    if (settings->redundancy == 1) {
        settings->redundancy_mode = REDUNDANCY_GROW;
        settings->copies = COPIES_EXACT;
    }
}

/* "./engines/My engine.so" -> "My-engine", "blas:blis" -> "blas.blis" */
static void slug_of_engine(const char *engine, char *slug, size_t size)
{
    const char *base = strchr(engine, '/') ? strrchr(engine, '/') + 1 : engine;
    size_t length;

    snprintf(slug, size, "%.*s", (int)size - 1, base);
    length = strlen(slug);
    if (length > 3 && strcmp(slug + length - 3, ".so") == 0)
        slug[length - 3] = '\0';
    for (char *c = slug; *c; c++)
        if (*c == ':')
            *c = '.';
        else if (!isalnum((unsigned char)*c) && !strchr("._", *c))
            *c = '-';
    if (slug[0] == '.')
        slug[0] = '-';
}

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* A name of the file, after a '-'. */
static void append_name(char *slug, size_t size, const char *name)
{
    append(slug, size, "-");
    for (const char *c = name; *c; c++)
        append(slug, size, "%c", isalnum((unsigned char)*c) ? *c : '_');
}

static void append_number(char *slug, size_t size, const char *name, double value)
{
    char text[32];

    format_double(value, text, sizeof text);
    append(slug, size, "-%s%s", name, text);
}

static void write_slug_of_data(const struct settings *s, char *slug, size_t size)
{
    static const char *const copies[] = {"", "jitter", "noise"};
    static const char *const samplings[] = {"",          "-once",     "-replace",    "-unshuffled",
                                            "-balanced", "-weighted", "-importance", "-blocks"};

    if (s->subset != SUBSET_ALL)
        append(slug, size, "-n%d", s->subset);
    if (s->imbalance > 1)
        append_number(slug, size, "tail", s->imbalance);
    if (s->label_noise > 0)
        append_number(slug, size, "wrong", s->label_noise);
    append(slug, size, "-r%d%s%s", s->redundancy,
           s->redundancy_mode == REDUNDANCY_FILL ? "fill" : "", copies[s->copies]);
    if (s->deduplicate == DEDUPLICATE_NEAR)
        append_number(slug, size, "near", s->near_cosine);
    else if (s->deduplicate == DEDUPLICATE_EXACT)
        append(slug, size, "-distinct");
    append(slug, size, "%s%s%s", samplings[s->sampler], s->order == ORDER_CLASS ? "-sorted" : "",
           s->last_batch == LAST_BATCH_KEEP ? "-keep" : "");
    if (s->sampler == SAMPLING_BLOCKS)
        append(slug, size, "-of-%d", s->block);
    if (strcmp(s->weighting, WEIGHTING_NONE) != 0)
        append_name(slug, size, s->weighting);
    if (s->class_weights == CLASS_WEIGHTS_INVERSE)
        append(slug, size, "-inverse");
    else if (s->class_weights == CLASS_WEIGHTS_GIVEN)
        append(slug, size, "-given");
    if (strcmp(s->augmentation, AUGMENTATION_NONE) != 0)
        append_name(slug, size, s->augmentation);
}

/* Engine, network, K, rate, r and seed always; the rest where it is not the default. A function of
 * the cell alone, so that a grid may grow without renaming what is there. */
static void write_slug(const struct settings *s, char *slug, size_t size)
{
    char engine[40], rate[32];

    slug_of_engine(s->engine, engine, sizeof engine);
    format_double(s->learning_rate, rate, sizeof rate);
    snprintf(slug, size, "%s", engine);
    append_name(slug, size, s->network);
    if (s->batch_size == BATCH_SIZE_FULL)
        append(slug, size, "-kfull");
    else
        append(slug, size, "-k%d", s->batch_size);
    append(slug, size, "-a%s", rate);
    if (strcmp(s->optimizer, "sgd") != 0)
        append(slug, size, "-%s", s->optimizer);
    if (strcmp(s->schedule, SCHEDULE_NONE) != 0)
        append_name(slug, size, s->schedule);
    if (strcmp(s->budget, BUDGET_COMMON) != 0)
        append_name(slug, size, s->budget);
    write_slug_of_data(s, slug, size);
    if (s->threads == THREADS_AUTO)
        append(slug, size, "-tauto");
    else if (s->threads != 1)
        append(slug, size, "-t%d", s->threads);
    if (s->workers != 1)
        append(slug, size, "-w%d%s", s->workers, s->worker_data == WORKER_DATA_OWN ? "-own" : "");
    if (s->transport == TRANSPORT_MPI_ASYNC)
        append(slug, size, "-async");
    else if (s->transport == TRANSPORT_MPI)
        append(slug, size, "-mpi%s%s", s->reduction == REDUCTION_LIBRARY ? "-library" : "",
               s->overlap ? "-overlap" : "");
    if (s->delay != 0)
        append(slug, size, "-d%d", s->delay);
    if (s->precision == PRECISION_DOUBLE)
        append(slug, size, "-double");
    append(slug, size, "-s%llu", (unsigned long long)s->seed);
}

/* What all cells have in common, and the file of the engine asked for last. */
struct identity {
    char *base;                  /* canonical text of what is outside the grid, owned */
    struct kept_examples **kept; /* of the plan */
    char engine[sizeof((struct settings *)0)->engine];
    unsigned long checksum; /* of the engine's file; 0 for a built-in engine */
    uint32_t weights;       /* of the examples' own weights */
};

/* CRC-32 of an engine given by its path: built anew, it may compute something else, and its cells
 * are other cells. A file that is not there is found when it is loaded. */
static unsigned long engine_checksum(const struct experiment *experiment, const char *engine)
{
    unsigned long crc = crc32(0, Z_NULL, 0);
    unsigned char piece[65536];
    char path[PATH_MAX];
    struct stat status;
    size_t length;
    FILE *file;

    if (!experiment_engine_is_path(engine) ||
        experiment_engine(experiment, engine, path, sizeof path) != 0)
        return 0;
    path[strcspn(path, ":")] = '\0'; /* without the variant */
    file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
    if (!file) /* or what never ends, such as /dev/zero */
        return 0;
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        crc = crc32(crc, piece, (uInt)length);
    fclose(file);
    return crc;
}

/* Not part of what all cells share: other weights rename no cell that does not look at them. */
static int uses_own_weights(const struct cell *cell)
{
    return cell->settings.class_weights == CLASS_WEIGHTS_GIVEN ||
           (cell->weighting && cell->weighting->given_power > 0);
}

/* Hashes everything that decides the result: what is outside the grid, the network, the engine's
 * file and the settings. */
static int identify(struct cell *cell, const struct experiment *experiment,
                    struct identity *identity)
{
    char slug[112], hash[16], *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (!file)
        return error_set("out of memory");
    if (strcmp(identity->engine, cell->settings.engine) != 0) {
        memcpy(identity->engine, cell->settings.engine, sizeof identity->engine);
        identity->checksum = engine_checksum(experiment, identity->engine);
    }
    fputs(identity->base, file);
    experiment_dump_network(file, cell->network);
    if (cell->schedule)
        experiment_dump_schedule(file, cell->schedule);
    if (cell->budget)
        budgets_dump(file, cell->budget);
    if (cell->weighting)
        experiment_dump_weighting(file, cell->weighting);
    if (cell->augmentation)
        experiment_dump_augmentation(file, cell->augmentation);
    if (uses_own_weights(cell))
        fprintf(file, "weights=%08x\n", identity->weights);
    fprintf(file, "engine=%08lx\n", identity->checksum);
    schema_dump(file, settings_fields, "settings", &cell->settings);
    fclose(file);
    hash_text(text, length, hash, sizeof hash);
    free(text);
    write_slug(&cell->settings, slug, sizeof slug);
    snprintf(cell->id, sizeof cell->id, "%s-%s", slug, hash);
    return 0;
}

/* ---- The product ---------------------------------------------------------------------------- */

static int apply(const struct grid_axis *axis, int value, struct settings *settings)
{
    return schema_parse(axis->field, axis->values[value], "", settings);
}

/* The axes of the common grid and of one case, in the order of settings_fields, so that cells.csv
 * does not depend on the order in the file. */
static int collect_axes(const struct grid *common, const struct grid *extra,
                        const struct grid_axis **axes)
{
    int count = 0;

    for (const struct field *field = settings_fields; field->key; field++) {
        for (int a = 0; a < common->axis_count; a++)
            if (common->axes[a].field == field)
                axes[count++] = &common->axes[a];
        for (int a = 0; extra && a < extra->axis_count; a++)
            if (extra->axes[a].field == field)
                axes[count++] = &extra->axes[a];
    }
    return count;
}

static int line_of(const struct grid_axis *const *axes, int axis_count, const int *digits,
                   const char *key)
{
    for (int a = 0; a < axis_count; a++)
        if (strcmp(axes[a]->field->key, key) == 0)
            return axes[a]->lines[digits[a]];
    return 1;
}

/* Whether a list of layers, or an objective, fits the data is known only here. */
static int check_network(const struct cell *cell, const struct experiment *experiment,
                         const struct dataset *dataset, int line)
{
    struct model model;
    int misfit =
        network_build(&model, cell->network, dataset->shape, dataset->outputs, dataset->classes);

    network_free(&model);
    if (!misfit)
        return 0;
    if (misfit < 0)
        return error_set("%s:%d: network: %s: %s", experiment->file, line, cell->network->name,
                         error_text());
    if (cell->network->layers[misfit - 1].line > 0)
        line = cell->network->layers[misfit - 1].line;
    return error_set("%s:%d: network: %s, layer %d: %s", experiment->file, line,
                     cell->network->name, misfit, error_text());
}

static double scaled_rate(const struct settings *s, int batch_size)
{
    double ratio = (double)batch_size / s->base_batch_size;

    switch (s->rate_scaling) {
    case RATE_SCALING_NONE:
        break;
    case RATE_SCALING_LINEAR:
        return s->learning_rate * ratio;
    case RATE_SCALING_SQRT:
        return s->learning_rate * sqrt(ratio);
    }
    return s->learning_rate;
}

/* Rate, schedule and rule. -1: they do not fit each other or the budget. */
static int complete_training(struct cell *cell, const struct experiment *experiment,
                             const struct dataset *dataset, const struct grid_axis *const *axes,
                             int axis_count, const int *digits)
{
    const struct settings *settings = &cell->settings;
    const char *refusal;

    cell->rate = scaled_rate(settings, cell->batch_size);
    if (budgets_fit(cell, experiment) != 0) {
        char reason[512];

        snprintf(reason, sizeof reason, "%s", error_text());
        return error_set("%s:%d: budget: %s", experiment->file,
                         line_of(axes, axis_count, digits, "budget"), reason);
    }
    cell->schedule = experiment_schedule(experiment, settings->schedule);
    if (!cell->schedule && strcmp(settings->schedule, SCHEDULE_NONE) != 0)
        return error_set("%s:%d: schedule: '%s' is unknown, expected constant or a name under "
                         "schedules",
                         experiment->file, line_of(axes, axis_count, digits, "schedule"),
                         settings->schedule);
    if (schedules_fit(cell, experiment) != 0) {
        char reason[512];

        snprintf(reason, sizeof reason, "%s", error_text());
        return error_set("%s:%d: schedule: %s", experiment->file,
                         line_of(axes, axis_count, digits, "schedule"), reason);
    }
    if (settings->precision == PRECISION_DOUBLE && strcmp(settings->engine, ENGINE_AUTO) == 0)
        return error_set(
            "%s:%d: precision: double and engine auto, expected an engine that has it: "
            "reference, or analytic for objectives",
            experiment->file, line_of(axes, axis_count, digits, "precision"));
    if (settings->precision == PRECISION_DOUBLE && experiment->measure == MEASURE_THROUGHPUT)
        return error_set("%s:%d: precision: throughput is of single precision", experiment->file,
                         line_of(axes, axis_count, digits, "precision"));
    if (settings->workers > cell->batch_size)
        return error_set("%s:%d: workers: %d share a batch of %d, expected at most one each",
                         experiment->file, line_of(axes, axis_count, digits, "workers"),
                         settings->workers, cell->batch_size);
    if (dataset->generator && cell->largest_batch > GENERATOR_SHOWN)
        return error_set("%s:%d: batch_size: %d generated examples, expected at most %d at a time",
                         experiment->file, line_of(axes, axis_count, digits, "batch_size"),
                         cell->largest_batch, GENERATOR_SHOWN);
    refusal = refusal_async(cell, experiment);
    if (refusal)
        return error_set("%s:%d: transport: mpi_async %s", experiment->file,
                         line_of(axes, axis_count, digits, "transport"), refusal);
    if (settings->reduction != REDUCTION_FIXED_ORDER && settings->transport != TRANSPORT_MPI)
        return error_set("%s:%d: reduction: of threads' gradients it is fixed_order, expected "
                         "transport: mpi for another one",
                         experiment->file, line_of(axes, axis_count, digits, "reduction"));
    if (settings->overlap &&
        (settings->reduction != REDUCTION_LIBRARY || settings->precision == PRECISION_DOUBLE))
        return error_set("%s:%d: overlap: expected reduction: library and single precision with it",
                         experiment->file, line_of(axes, axis_count, digits, "overlap"));
    refusal = refusal_own_data(cell);
    if (refusal)
        return error_set("%s:%d: worker_data: own: %s", experiment->file,
                         line_of(axes, axis_count, digits, "worker_data"), refusal);
    refusal = refusal_rule(cell, experiment, dataset);
    if (refusal)
        return error_set("%s:%d: optimizer: %s: %s", experiment->file,
                         line_of(axes, axis_count, digits, "optimizer"), settings->optimizer,
                         refusal);
    return 0;
}

/* All that follows from the settings. */
static int complete_cell(struct cell *cell, const struct experiment *experiment,
                         const struct dataset *dataset, struct identity *identity,
                         const struct grid_axis *const *axes, int axis_count, const int *digits)
{
    const struct settings *settings = &cell->settings;
    const char *axis;
    int line;

    cell->edge = -1;
    cell->network = experiment_network(experiment, settings->network);
    if (check_network(cell, experiment, dataset, line_of(axes, axis_count, digits, "network")) != 0)
        return -1;
    if (cell_data_complete(cell, experiment, dataset, identity->kept, &axis, &line) != 0) {
        char reason[512];

        snprintf(reason, sizeof reason, "%s", error_text());
        return error_set("%s:%d: %s", experiment->file,
                         line > 0 ? line : line_of(axes, axis_count, digits, axis), reason);
    }
    cell->batch_size =
        settings->batch_size == BATCH_SIZE_FULL ? (int)cell->train_examples : settings->batch_size;
    if ((size_t)cell->batch_size > cell->train_examples)
        return error_set("%s:%d: batch_size: %d is larger than the %zu training examples, expected "
                         "at most that, or full",
                         experiment->file, line_of(axes, axis_count, digits, "batch_size"),
                         cell->batch_size, cell->train_examples);
    if (probes_fit(cell, experiment, dataset) != 0 ||
        complete_training(cell, experiment, dataset, axes, axis_count, digits) != 0)
        return -1;
    return identify(cell, experiment, identity);
}

static double *number_of(struct settings *settings, const struct field *field)
{
    return (double *)(void *)((char *)settings + field->offset);
}

/* A key that the optimizer does not use loses whatever value it is given. */
static int decides(const struct field *field, const struct settings *settings)
{
    const double unlikely = 0.7182818284;
    struct settings tried = *settings;

    *number_of(&tried, field) = unlikely;
    neutralise_unused(&tried, MEASURE_CONVERGENCE);
    return *number_of(&tried, field) == unlikely;
}

/* Tuned keys that neither the grid nor the case gives a value. */
static void open_tuned(struct cell *cell, const struct tuning_spec *tuning,
                       const struct grid_axis *const *axes, int axis_count)
{
    for (int k = 0; k < tuning->key_count; k++) {
        const struct field *field = tuning->keys[k].field;
        int is_given = 0;

        for (int a = 0; a < axis_count; a++)
            is_given |= axes[a]->field == field;
        if (is_given || !decides(field, &cell->settings))
            continue;
        *number_of(&cell->settings, field) = tuning_value(&tuning->keys[k], 0);
        cell->tuned |= 1u << k;
        append(cell->tuned_keys, sizeof cell->tuned_keys, "%s%s", cell->tuned_keys[0] ? " " : "",
               field->key);
    }
}

static int add_cell(struct plan *plan, const struct experiment *experiment,
                    const struct dataset *dataset, struct identity *identity,
                    const struct grid_axis *const *axes, int axis_count, const int *digits)
{
    struct cell *cell = &plan->cells[plan->count];

    memset(cell, 0, sizeof *cell);
    schema_defaults(settings_fields, &cell->settings);
    for (int a = 0; a < axis_count; a++)
        if (apply(axes[a], digits[a], &cell->settings) != 0)
            return error_set("%s:%d: %s", experiment->file, axes[a]->lines[digits[a]],
                             error_text());
    open_tuned(cell, &experiment->tuning, axes, axis_count);
    neutralise_unused(&cell->settings, experiment->measure);
    if (complete_cell(cell, experiment, dataset, identity, axes, axis_count, digits) != 0)
        return -1;
    plan->count++;
    return 0;
}

/* The line of the longest axis: it is the first to be shortened. */
static int line_of_longest(const struct grid_axis *const *axes, int axis_count)
{
    int longest = 0;

    for (int a = 1; a < axis_count; a++)
        if (axes[a]->count > axes[longest]->count)
            longest = a;
    return axis_count > 0 && axes[longest]->lines[0] > 0 ? axes[longest]->lines[0] : 1;
}

/* Counts through all digits of a mixed-radix number, one digit an axis. */
static int add_product(struct plan *plan, const struct experiment *experiment,
                       const struct dataset *dataset, struct identity *identity,
                       const struct grid *extra)
{
    const struct grid_axis *axes[2 * GRID_AXES_MAX];
    int digits[2 * GRID_AXES_MAX] = {0};
    int axis_count = collect_axes(&experiment->grid, extra, axes), a;
    double product = 1;
    struct cell *cells;

    for (a = 0; a < axis_count; a++)
        product *= axes[a]->count;
    if (product + plan->count > LIMIT_PLAN_CELLS)
        return error_set("%s:%d: grid: %.0f cells, expected at most %d", experiment->file,
                         line_of_longest(axes, axis_count), product + plan->count,
                         LIMIT_PLAN_CELLS);
    cells = realloc(plan->cells, ((size_t)plan->count + (size_t)product) * sizeof *cells);
    if (!cells)
        return error_set("out of memory");
    plan->cells = cells;
    do {
        if (add_cell(plan, experiment, dataset, identity, axes, axis_count, digits) != 0)
            return -1;
        for (a = axis_count - 1; a >= 0 && ++digits[a] == axes[a]->count; a--)
            digits[a] = 0;
    } while (a >= 0);
    return 0;
}

static int open_identity(struct identity *identity, struct plan *plan,
                         const struct experiment *experiment, const struct dataset *dataset)
{
    char *base = NULL;
    size_t length;
    FILE *file = open_memstream(&base, &length);

    if (!file)
        return error_set("out of memory");
    experiment_dump(file, experiment);
    fprintf(file, "data=%08x\n", dataset->fingerprint);
    fclose(file);
    hash_text(base, length, plan->base, sizeof plan->base);
    identity->base = base;
    identity->kept = &plan->kept;
    identity->weights = dataset->weights_fingerprint;
    return 0;
}

int plan_open(struct plan *plan, const struct experiment *experiment, const struct dataset *dataset)
{
    struct identity identity = {0};
    int status;

    memset(plan, 0, sizeof *plan);
    status = open_identity(&identity, plan, experiment, dataset);
    if (status == 0 && experiment->case_count == 0)
        status = add_product(plan, experiment, dataset, &identity, NULL);
    for (int c = 0; c < experiment->case_count && status == 0; c++)
        status = add_product(plan, experiment, dataset, &identity, &experiment->cases[c]);
    if (status == 0)
        status = cell_list_drop_repeated(plan);
    if (status == 0)
        status = cell_list_shuffle(plan, experiment->shuffle);
    if (status != 0)
        plan_close(plan);
    free(identity.base);
    return status;
}

int plan_list(struct plan *plan, const struct experiment *experiment, const struct dataset *dataset,
              const struct settings *settings, int count)
{
    struct identity identity = {0};
    int status;

    memset(plan, 0, sizeof *plan);
    status = open_identity(&identity, plan, experiment, dataset);
    plan->cells = calloc((size_t)count + 1, sizeof *plan->cells);
    if (status == 0 && !plan->cells)
        status = error_set("out of memory");
    for (; status == 0 && plan->count < count; plan->count++) {
        struct cell *cell = &plan->cells[plan->count];

        cell->settings = settings[plan->count];
        neutralise_unused(&cell->settings, experiment->measure);
        status = complete_cell(cell, experiment, dataset, &identity, NULL, 0, NULL);
    }
    if (status == 0)
        status = cell_list_shuffle(plan, experiment->shuffle);
    if (status != 0)
        plan_close(plan);
    free(identity.base);
    return status;
}
