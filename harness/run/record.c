/* Writes cells and derives the CSV files. */
#include "run/record.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/table.h"
#include "train/rule.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Columns -------------------------------------------------------------------------------- */

struct column {
    const char *name;
    size_t offset; /* of a double in struct cell_record or struct curve_point */
};

#define CELL(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct cell_record, member)                                                 \
    }
#define POINT(name, member)                                                                        \
    {                                                                                              \
        name, offsetof(struct curve_point, member)                                                 \
    }

static const struct column cell_columns[] = {
    CELL("updates", updates),
    CELL("epochs", epochs),
    CELL("examples", examples),
    CELL("train_seconds", train_seconds),
    CELL("evaluation_seconds", evaluation_seconds),
    CELL("setup_seconds", setup_seconds),
    CELL("wall_seconds", wall_seconds),
    CELL("seconds_per_update", seconds_per_update),
    CELL("examples_per_second", rates[INPUT_GATHER].median),
    CELL("examples_per_second_q1", rates[INPUT_GATHER].q1),
    CELL("examples_per_second_q3", rates[INPUT_GATHER].q3),
    CELL("gflops", gflops[INPUT_GATHER]),
    CELL("blocks", blocks[INPUT_GATHER]),
    CELL("pregathered_examples_per_second", rates[INPUT_PREGATHERED].median),
    CELL("pregathered_examples_per_second_q1", rates[INPUT_PREGATHERED].q1),
    CELL("pregathered_examples_per_second_q3", rates[INPUT_PREGATHERED].q3),
    CELL("pregathered_gflops", gflops[INPUT_PREGATHERED]),
    CELL("pregathered_blocks", blocks[INPUT_PREGATHERED]),
    CELL("roof_examples_per_second", roof),
    CELL("roof_fraction", roof_fraction),
    CELL("live_fraction", live_fraction),
    CELL("roof_live_examples_per_second", roof_live),
    CELL("peak_memory_bytes", peak_memory_bytes),
    CELL("session_memory_bytes", session_memory_bytes),
    CELL("stored_bytes", stored_bytes),
    CELL("epoch_bytes", epoch_bytes),
    CELL("distinct_epoch_bytes", distinct_epoch_bytes),
    CELL("storage_read_bytes", storage_read_bytes),
    CELL("storage_epoch_bytes", storage_epoch_bytes),
    CELL("major_faults", major_faults),
    CELL("communication_bytes", communication_bytes),
    CELL("communication_seconds", communication_seconds),
    CELL("evaluations", evaluations),
    CELL("final_train_loss", final_train_loss),
    CELL("final_validation_loss", final_validation_loss),
    CELL("final_validation_error", final_validation_error),
    CELL("best_validation_error", best_validation_error),
    CELL("test_loss", test.loss),
    CELL("test_error", test.error),
    CELL("test_balanced_error", balanced_error),
    CELL("test_skewed_error", skewed_error),
    CELL("test_error_translated", shifted_errors[SHIFT_TRANSLATED]),
    CELL("test_error_brightness", shifted_errors[SHIFT_BRIGHTNESS]),
    CELL("test_error_rotated", shifted_errors[SHIFT_ROTATED]),
    CELL("test_error_textured", shifted_errors[SHIFT_TEXTURED]),
    {0},
};

/* Per target, each prefixed to its name. */
static const struct {
    const char *prefix;
    size_t offset;
} cost_columns[] = {
    {"updates_to", offsetof(struct target_cost, updates)},
    {"examples_to", offsetof(struct target_cost, examples)},
    {"epochs_to", offsetof(struct target_cost, epochs)},
    {"flops_to", offsetof(struct target_cost, flops)},
    {"seconds_to", offsetof(struct target_cost, seconds)},
    {"resolution_of", offsetof(struct target_cost, resolution)},
};

static const struct column curve_columns[] = {
    POINT("flops", flops),
    POINT("train_seconds", train_seconds),
    POINT("learning_rate", rate),
    POINT("train_loss", train.loss),
    POINT("train_error", train.error),
    POINT("validation_loss", validation.loss),
    POINT("validation_error", validation.error),
    POINT("test_loss", test.loss),
    POINT("test_error", test.error),
    POINT("gradient_norm", gradient_norm),
    POINT("batch_loss", batch_loss),
    POINT("batch_loss_deviation", batch_loss_deviation),
    POINT("penalty", penalty),
    POINT("theta_0", theta[0]),
    POINT("theta_1", theta[1]),
    {0},
};

void record_write_number(FILE *file, double value)
{
    char text[64];

    if (value == NOT_APPLICABLE)
        return;
    if (isnan(value))
        snprintf(text, sizeof text, "nan"); /* never "-nan" */
    else
        format_double(value, text, sizeof text);
    fputs(text, file);
}

static void write_columns(FILE *file, const struct column *columns, const void *from)
{
    for (; columns->name; columns++) {
        fputc(',', file);
        record_write_number(file,
                            *(const double *)(const void *)((const char *)from + columns->offset));
    }
}

static void write_names(FILE *file, const struct column *columns)
{
    for (; columns->name; columns++)
        fprintf(file, ",%s", columns->name);
}

/* ---- cell.csv ------------------------------------------------------------------------------- */

/* A parameter of what the cell does not use is empty, not zero. */
static int applies(const struct field *field, const struct settings *settings)
{
    static const struct {
        const char *key;
        unsigned use;
    } uses[] = {
        {"momentum", USES_MOMENTUM},     {"beta1", USES_BETA1},
        {"beta2", USES_BETA2},           {"epsilon", USES_EPSILON},
        {"epsilon_place", USES_EPSILON}, {"snapshot_epochs", USES_SNAPSHOT},
        {"average_from", USES_AVERAGE},
    };
    const struct rule *rule = rule_find(settings->optimizer);

    if (strcmp(field->key, "base_batch_size") == 0)
        return settings->rate_scaling != RATE_SCALING_NONE;
    if (strcmp(field->key, "near_cosine") == 0)
        return settings->deduplicate == DEDUPLICATE_NEAR;
    if (strcmp(field->key, "order") == 0)
        return settings->sampler == SAMPLING_NONE || settings->sampler == SAMPLING_BLOCKS;
    if (strcmp(field->key, "block") == 0)
        return settings->sampler == SAMPLING_BLOCKS;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strcmp(field->key, uses[i].key) == 0)
            return (rule->uses & uses[i].use) != 0;
    return 1;
}

void record_write_settings_names(FILE *file, const char *but)
{
    for (const struct field *field = settings_fields; field->key; field++)
        if (!but || strcmp(field->key, but) != 0)
            fprintf(file, ",%s%s", field->key,
                    strcmp(field->key, "batch_size") == 0 ? ",full_batch" : "");
}

/* A run made elsewhere has its batch as a number. */
static int is_whole_set(const struct cell *cell)
{
    return cell->train_examples > 0 && (size_t)cell->batch_size >= cell->train_examples;
}

void record_write_settings(FILE *file, const struct cell *cell, const char *but)
{
    char text[1200];

    for (const struct field *field = settings_fields; field->key; field++) {
        if (but && strcmp(field->key, but) == 0)
            continue;
        fputc(',', file);
        if (cell->given) {
            csv_field(file, cell->given[field - settings_fields]);
            if (strcmp(field->key, "batch_size") == 0)
                fprintf(file, ",%d", is_whole_set(cell));
            continue;
        }
        if (strcmp(field->key, "batch_size") == 0) {
            fprintf(file, "%d,%d", cell->batch_size, cell->settings.batch_size == BATCH_SIZE_FULL);
            continue;
        }
        if (!applies(field, &cell->settings))
            continue;
        schema_format(field, &cell->settings, text, sizeof text);
        csv_field(file, text);
    }
}

/* What the writers of a cell's files are given. */
struct part {
    const struct experiment *experiment;
    const struct cell *cell;
    const struct cell_record *record;
};

/* Engine, threads and examples: of a run made elsewhere, what is known of them. */
static void write_used(FILE *file, const struct cell *cell, const struct cell_record *record)
{
    if (!cell->given) {
        csv_field(file, record->engine_used ? record->engine_used : "");
        fprintf(file, ",%d,%zu,%zu", record->threads_used, cell->train_examples,
                cell->dropped_examples);
        return;
    }
    for (const struct field *field = settings_fields; field->key; field++)
        if (strcmp(field->key, "engine") == 0 || strcmp(field->key, "threads") == 0) {
            csv_field(file, cell->given[field - settings_fields]);
            fputc(',', file);
        }
    if (cell->train_examples > 0)
        fprintf(file, "%zu", cell->train_examples);
    fputc(',', file);
}

static void write_cell(FILE *file, const struct part *part)
{
    const struct experiment *experiment = part->experiment;
    const struct cell *cell = part->cell;
    const struct cell_record *record = part->record;
    int reached = 0;

    fputs("id,measure", file);
    record_write_settings_names(file, NULL);
    fputs(",engine_used,threads_used,train_examples,dropped_examples,parameters,flops_per_example,"
          "outcome,reason",
          file);
    write_names(file, cell_columns);
    fputs(",roof_bound,targets,targets_reached", file);
    for (int t = 0; t < experiment->target_count; t++)
        for (size_t c = 0; c < sizeof cost_columns / sizeof *cost_columns; c++)
            fprintf(file, ",%s_%s", cost_columns[c].prefix, experiment->targets[t].name);

    fprintf(file, "\n%s,%s", cell->id,
            experiment->measure == MEASURE_THROUGHPUT ? "throughput" : "convergence");
    record_write_settings(file, cell, NULL);
    fputc(',', file);
    write_used(file, cell, record);
    fputc(',', file);
    record_write_number(file, record->parameters);
    fputc(',', file);
    record_write_number(file, record->flops_per_example);
    fprintf(file, ",%s,", outcome_name(record->outcome));
    csv_field(file, record->reason);
    write_columns(file, cell_columns, record);
    for (int t = 0; t < experiment->target_count; t++)
        reached += record->costs[t].updates != NOT_APPLICABLE;
    fprintf(file, ",%s,%d,%d", record->roof_bound ? record->roof_bound : "",
            experiment->target_count, reached);
    for (int t = 0; t < experiment->target_count; t++)
        for (size_t c = 0; c < sizeof cost_columns / sizeof *cost_columns; c++) {
            const char *cost = (const char *)&record->costs[t];

            fputc(',', file);
            record_write_number(file,
                                *(const double *)(const void *)(cost + cost_columns[c].offset));
        }
    fputc('\n', file);
}

static void write_curve(FILE *file, const struct part *part)
{
    const struct cell *cell = part->cell;
    const struct cell_record *record = part->record;
    fputs("id,epoch,update,examples", file);
    write_names(file, curve_columns);
    fputc('\n', file);
    for (int i = 0; i < record->curve_count; i++) {
        const struct curve_point *point = &record->curve[i];

        fprintf(file, "%s,", cell->id);
        record_write_number(file, point->epoch);
        fprintf(file, ",%ld,", point->update);
        record_write_number(file, point->examples);
        write_columns(file, curve_columns, point);
        fputc('\n', file);
    }
}

static void write_blocks(FILE *file, const struct part *part)
{
    const struct cell *cell = part->cell;
    const struct cell_record *record = part->record;
    int number[INPUT_COUNT] = {0};

    fputs("id,input,block,updates,examples,seconds\n", file);
    for (int i = 0; i < record->block_count; i++) {
        const struct timed_block *block = &record->block_list[i];

        fprintf(file, "%s,%s,%d,%ld,%ld,", cell->id, throughput_input_names[block->input],
                ++number[block->input], block->updates, block->updates * cell->batch_size);
        record_write_number(file, block->seconds);
        fputc('\n', file);
    }
}

static void write_classes(FILE *file, const struct part *part)
{
    const struct cell_record *record = part->record;

    fputs("id,class,train_examples,test_examples,test_error\n", file);
    for (int c = 0; c < record->class_count; c++) {
        const struct class_error *class = &record->class_errors[c];

        fprintf(file, "%s,%d,%zu,%zu,", part->cell->id, c, class->train_examples,
                class->test_examples);
        record_write_number(file, class->error);
        fputc('\n', file);
    }
}

static const struct column probe_columns[] = {
    {"value", offsetof(struct probe_row, value)},     {"low", offsetof(struct probe_row, low)},
    {"high", offsetof(struct probe_row, high)},       {"n", offsetof(struct probe_row, n)},
    {"seconds", offsetof(struct probe_row, seconds)}, {0},
};

static void write_probes(FILE *file, const struct part *part)
{
    const struct cell_record *record = part->record;

    fputs("id,epoch,update,examples,probe,quantity,part,batch_size,sampling", file);
    write_names(file, probe_columns);
    fputc('\n', file);
    for (int i = 0; i < record->probe_count; i++) {
        const struct probe_row *row = &record->probes[i];

        fprintf(file, "%s,", part->cell->id);
        record_write_number(file, row->epoch);
        fprintf(file, ",%ld,", row->update);
        record_write_number(file, row->examples);
        fprintf(file, ",%s,%s,%s,", row->probe, row->quantity, row->part);
        if (row->batch_size > 0)
            fprintf(file, "%d", row->batch_size);
        fprintf(file, ",%s", row->sampling);
        write_columns(file, probe_columns, row);
        fputc('\n', file);
    }
}

static void write_predictions(FILE *file, const struct part *part)
{
    const struct cell_record *record = part->record;

    fputs("id,epoch,update,examples,example,label", file);
    for (int c = 0; c < record->predictions[0].classes; c++)
        fprintf(file, ",probability_%d", c);
    fputc('\n', file);
    for (int p = 0; p < record->prediction_count; p++) {
        const struct predictions *all = &record->predictions[p];

        for (int i = 0; i < all->count; i++) {
            fprintf(file, "%s,", part->cell->id);
            record_write_number(file, all->epoch);
            fprintf(file, ",%ld,", all->update);
            record_write_number(file, all->examples);
            fprintf(file, ",%d,%d", i, all->labels[i]);
            for (int c = 0; c < all->classes; c++) /* what single precision knows of them */
                fprintf(file, ",%.7g", all->probabilities[i * all->classes + c]);
            fputc('\n', file);
        }
    }
}

static const struct column resumption_columns[] = {
    {"train_seconds", offsetof(struct resumption, train_seconds)},
    {"evaluation_seconds", offsetof(struct resumption, evaluation_seconds)},
    {"wall_seconds", offsetof(struct resumption, seconds)},
    {0},
};

static void write_resumptions(FILE *file, const struct part *part)
{
    const struct cell_record *record = part->record;

    fputs("id,update,examples", file);
    write_names(file, resumption_columns);
    fputc('\n', file);
    for (int i = 0; i < record->resumption_count; i++) {
        const struct resumption *resumption = &record->resumptions[i];

        fprintf(file, "%s,%ld,", part->cell->id, resumption->updates);
        record_write_number(file, resumption->examples);
        write_columns(file, resumption_columns, resumption);
        fputc('\n', file);
    }
}

static void write_staleness(FILE *file, const struct part *part)
{
    fputs("id,staleness,updates\n", file);
    for (int s = 0; s <= STALENESS_MAX; s++)
        if (part->record->staleness[s] > 0)
            fprintf(file, "%s,%d,%ld\n", part->cell->id, s, part->record->staleness[s]);
}

void record_clear(struct cell_record *record)
{
    memset(record, 0, sizeof *record);
    for (const struct column *column = cell_columns; column->name; column++)
        *(double *)(void *)((char *)record + column->offset) = NOT_APPLICABLE;
    record->parameters = record->flops_per_example = NOT_APPLICABLE;
    for (int t = 0; t < EXPERIMENT_TARGETS_MAX; t++)
        record->costs[t] = train_target_cost(NULL, 0, NULL);
}

static int write_part(const char *folder, const char *name,
                      void (*write)(FILE *, const struct part *), const struct part *part)
{
    char path[PATH_MAX + 256];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_begin(&file, path) != 0)
        return -1;
    write(file.stream, part);
    return file_commit(&file);
}

static int write_parts(const char *folder, const struct part *part)
{
    if (write_part(folder, "cell.csv", write_cell, part) != 0 ||
        (part->record->curve_count > 0 &&
         write_part(folder, "curve.csv", write_curve, part) != 0) ||
        (part->record->block_count > 0 &&
         write_part(folder, "blocks.csv", write_blocks, part) != 0) ||
        (part->record->class_count > 0 &&
         write_part(folder, "classes.csv", write_classes, part) != 0) ||
        (part->record->probe_count > 0 &&
         write_part(folder, "probes.csv", write_probes, part) != 0) ||
        (part->record->prediction_count > 0 &&
         write_part(folder, "predictions.csv", write_predictions, part) != 0) ||
        (part->record->resumption_count > 0 &&
         write_part(folder, "resumed.csv", write_resumptions, part) != 0) ||
        (part->record->staleness &&
         write_part(folder, "staleness.csv", write_staleness, part) != 0))
        return -1;
    return 0;
}

/* The old way, on a file system that cannot exchange: killed between the two, it leaves the old one
 * under another name, and record_clean takes it for garbage. */
static int put_in_turn(const char *temporary, const char *final, const char *old)
{
    if (folder_remove(old) != 0)
        return -1;
    if ((rename(final, old) != 0 && errno != ENOENT) || rename(temporary, final) != 0)
        return error_set("%s: cannot be written: %s", final, strerror(errno));
    return folder_remove(old);
}

/* What an earlier run recorded of the cell steps aside whole, so that at no time half of it is
 * there, and at no time nothing. */
static int put_in_place(const char *temporary, const char *final, const char *old)
{
    struct stat status;

    if (stat(final, &status) == 0 && !S_ISDIR(status.st_mode))
        return error_set("%s: is not a folder", final);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, final, RENAME_EXCHANGE) == 0)
        return folder_remove(temporary); /* which is the old one now */
    return put_in_turn(temporary, final, old);
}

void record_checkpoint_path(const char *results, const char *id, char *path, size_t size)
{
    snprintf(path, size, "%s/cells/%s%s", results, RECORD_CHECKPOINT, id);
}

static void remove_checkpoint(const char *results, const char *id)
{
    char path[PATH_MAX + 160];

    record_checkpoint_path(results, id, path, sizeof path);
    unlink(path);
}

/* Makes results/cells/<id>/ by write(folder, context), replacing what is there. */
static int put_cell(const char *results, const char *id,
                    int (*write)(const char *folder, const void *context), const void *context)
{
    char cells[PATH_MAX], temporary[PATH_MAX + 160], final[PATH_MAX + 160], old[PATH_MAX + 160];

    snprintf(cells, sizeof cells, "%s/cells", results);
    snprintf(temporary, sizeof temporary, "%s/%s%s", cells, RECORD_TEMPORARY, id);
    snprintf(old, sizeof old, "%s/%sold-%s", cells, RECORD_TEMPORARY, id);
    snprintf(final, sizeof final, "%s/%s", cells, id);
    if (folder_remove(temporary) != 0 || folder_make(temporary) != 0)
        return -1;
    if (write(temporary, context) != 0 || put_in_place(temporary, final, old) != 0) {
        char cause[1024];

        snprintf(cause, sizeof cause, "%s", error_text());
        folder_remove(temporary);
        return error_set("%s", cause);
    }
    return 0;
}

static int write_all(const char *folder, const void *part)
{
    return write_parts(folder, part) == 0 ? checksum_write(folder, NULL) : -1;
}

/* Others than finished cells are tried again, from where they were. */
static int close_cell(const char *results, const char *id, enum outcome outcome)
{
    char cells[PATH_MAX];

    snprintf(cells, sizeof cells, "%s/cells", results);
    if (outcome_is_final(outcome))
        remove_checkpoint(results, id);
    return folder_sync(cells);
}

int record_cell(const char *results, const struct experiment *experiment, const struct cell *cell,
                const struct cell_record *record)
{
    const struct part part = {experiment, cell, record};

    if (put_cell(results, cell->id, write_all, &part) != 0)
        return -1;
    return close_cell(results, cell->id, record->outcome);
}

static int write_parcel(const char *folder, const void *parcel)
{
    return parcel_unpack(parcel, folder);
}

int record_take(const char *results, const char *id, const struct parcel *parcel)
{
    struct recorded recorded;

    if (put_cell(results, id, write_parcel, parcel) != 0)
        return -1;
    if (!record_find(results, id, &recorded))
        return error_set("%s/cells/%s: what came for it is no record of a cell", results, id);
    return close_cell(results, id, recorded.outcome);
}

int record_profile(const char *results, const struct cell *cell, const struct cell_profile *profile)
{
    const struct profile *parts = &profile->parts;
    const struct {
        const char *name;
        double seconds;
    } columns[] = {
        {"first_step", profile->first_step}, {"wall", profile->wall},
        {"setup", profile->setup},           {"train", profile->train},
        {"sampling", parts->sampling},       {"bookkeeping", parts->bookkeeping},
        {"gather", parts->gather},           {"gradient", parts->gradient},
        {"update", parts->update},           {"evaluation", profile->evaluation},
        {"logging", profile->logging},
    };
    char folder[PATH_MAX + 160], path[PATH_MAX + 256];
    struct whole_file file;

    snprintf(folder, sizeof folder, "%s/cells/%s", results, cell->id);
    snprintf(path, sizeof path, "%s/profile.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("id", file.stream);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        fprintf(file.stream, ",%s_seconds", columns[c].name);
    fprintf(file.stream, "\n%s", cell->id);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        fputc(',', file.stream);
        record_write_number(file.stream, columns[c].seconds);
    }
    fputc('\n', file.stream);
    return file_commit(&file) == 0 ? checksum_write(folder, NULL) : -1;
}
