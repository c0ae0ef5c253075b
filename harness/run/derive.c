/* Reads recorded cells and derives the CSV files. */
#include "run/record.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/table.h"
#include "run/choice.h"
#include "run/decompose.h"
#include "run/tuning.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading back --------------------------------------------------------------------------- */

static int parse_outcome(const char *name, enum outcome *outcome)
{
    for (int o = OUTCOME_REACHED; o <= OUTCOME_OUT_OF_MEMORY; o++)
        if (strcmp(name, outcome_name((enum outcome)o)) == 0) {
            *outcome = (enum outcome)o;
            return 1;
        }
    return 0;
}

static int read_columns(struct table *table, const char *const *columns, double *values, int count)
{
    for (int c = 0; c < count; c++) {
        const double *column = table_numbers(table, columns[c]);

        if (!column)
            return -1;
        values[c] = column[0];
    }
    return 0;
}

int record_find(const char *results, const char *id, struct recorded *recorded)
{
    return record_read(results, id, recorded, NULL, NULL, 0);
}

int record_read(const char *results, const char *id, struct recorded *recorded,
                const char *const *columns, double *values, int count)
{
    const double *train, *evaluation;
    const char *const *outcomes;
    char path[PATH_MAX + 160];
    struct table *table;
    int found = 0;

    snprintf(path, sizeof path, "%s/cells/%s/cell.csv", results, id);
    if (access(path, F_OK) != 0 || table_open(&table, path) != 0)
        return 0;
    outcomes = table_texts(table, "outcome");
    train = table_numbers(table, "train_seconds");
    evaluation = table_numbers(table, "evaluation_seconds");
    if (outcomes && train && evaluation && table_rows(table) == 1 &&
        read_columns(table, columns, values, count) == 0) {
        recorded->train_seconds = train[0];
        recorded->evaluation_seconds = evaluation[0];
        found = parse_outcome(outcomes[0], &recorded->outcome);
    }
    table_close(table);
    return found;
}

void record_take_earlier(const char *results, const char *id, struct recorded *recorded)
{
    const double *train, *evaluation;
    char path[PATH_MAX + 160];
    struct table *table;
    size_t rows;

    snprintf(path, sizeof path, "%s/cells/%s/resumed.csv", results, id);
    if (access(path, F_OK) != 0 || table_open(&table, path) != 0)
        return;
    train = table_numbers(table, "train_seconds");
    evaluation = table_numbers(table, "evaluation_seconds");
    rows = table_rows(table);
    if (train && evaluation && rows > 0) {
        recorded->train_seconds -= train[rows - 1];
        recorded->evaluation_seconds -= evaluation[rows - 1];
    }
    table_close(table);
}

/* A file derived from a part of each cell. */
struct derived {
    FILE *into;
    char *header;  /* of the first part, owned; NULL: there was none yet */
    int has_tuned; /* 1: with what the plan knows of the cell's tuning at the end of each row */
    int in_quotes; /* the row goes on in the next line */
    int parts;
};

/* One line of a part. */
static void copy_line(struct derived *derived, const char *line, const struct cell *cell)
{
    size_t length = strcspn(line, "\r\n");

    for (const char *c = line; *c; c++)
        derived->in_quotes ^= *c == '"';
    if (!derived->has_tuned || derived->in_quotes) {
        fputs(line, derived->into);
        return;
    }
    fprintf(derived->into, "%.*s,%s,", (int)length, line, cell ? cell->tuned_keys : "tuned");
    if (!cell)
        fputs("edge", derived->into);
    else if (cell->edge >= 0)
        fprintf(derived->into, "%d", cell->edge);
    fputc('\n', derived->into);
}

/* Appends a part of one cell to the derived file; its header only once. A cell that has no such
 * part is skipped. */
static int append_part(struct derived *derived, const char *results, const struct cell *cell,
                       const char *part)
{
    char path[PATH_MAX], *line = NULL;
    size_t size = 0;
    int status = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/cells/%s/%s", results, cell->id, part);
    file = fopen(path, "r");
    if (!file)
        return errno == ENOENT ? 0 : error_set("%s: %s", path, strerror(errno));
    if (getline(&line, &size, file) <= 0) {
        status = error_set("%s:1: empty, expected a header line", path);
        goto done;
    }
    if (!derived->header) {
        derived->header = strdup(line);
        copy_line(derived, line, NULL);
    } else if (strcmp(derived->header, line) != 0) {
        status = error_set("%s:1: columns differ from those of the other cells", path);
        goto done;
    }
    while (getline(&line, &size, file) > 0)
        copy_line(derived, line, cell);
    if (ferror(file))
        status = error_set("%s: %s", path, strerror(errno));
    derived->parts++;
done:
    free(line);
    fclose(file);
    return status;
}

static int merge_part(const char *results, const struct plan *plan, const char *part,
                      const char *name, int *parts)
{
    struct derived derived = {.has_tuned = strcmp(part, "cell.csv") == 0};
    struct whole_file file;
    char path[PATH_MAX];
    int status = 0;

    *parts = 0;
    snprintf(path, sizeof path, "%s/%s", results, name);
    if (file_begin(&file, path) != 0)
        return -1;
    derived.into = file.stream;
    for (int i = 0; i < plan->count && status == 0; i++)
        status = append_part(&derived, results, &plan->cells[i], part);
    free(derived.header);
    *parts = derived.parts;
    if (status != 0 || *parts == 0) {
        file_abandon(&file);
        if (status == 0 && unlink(path) != 0 && errno != ENOENT)
            status = error_set("%s: %s", path, strerror(errno));
        return status;
    }
    return file_commit(&file);
}

int record_unseal(const char *results)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/" CHECKSUM_FILE, results);
    return unlink(path) == 0 || errno == ENOENT ? 0 : error_set("%s: %s", path, strerror(errno));
}

int record_seal(const char *results)
{
    static const char *const names[] = {
        "manifest.json",     "cells.csv",       CHOICES_FILE, "classes.csv",      "curves.csv",
        "decomposition.csv", "predictions.csv", "probes.csv", "profile.csv",      "timings.csv",
        "resumed.csv",       "staleness.csv",   TUNING_FILE,  "tuning_cells.csv", NULL};

    return checksum_write(results, names);
}

int record_merge(const char *results, const struct plan *plan, int *finished)
{
    const struct plan none = {0};
    int parts, predicted;

    if (record_unseal(results) != 0 ||
        merge_part(results, plan, "cell.csv", "cells.csv", finished) != 0 ||
        merge_part(results, plan, "curve.csv", "curves.csv", &parts) != 0 ||
        merge_part(results, plan, "blocks.csv", "timings.csv", &parts) != 0 ||
        merge_part(results, plan, "classes.csv", "classes.csv", &parts) != 0 ||
        merge_part(results, plan, "probes.csv", "probes.csv", &parts) != 0 ||
        merge_part(results, plan, "predictions.csv", "predictions.csv", &predicted) != 0 ||
        merge_part(results, plan, "resumed.csv", "resumed.csv", &parts) != 0 ||
        merge_part(results, plan, "staleness.csv", "staleness.csv", &parts) != 0 ||
        merge_part(results, plan, "profile.csv", "profile.csv", &parts) != 0)
        return -1;
    return decomposition_write(results, predicted > 0 ? plan : &none);
}

int record_merge_tuning(const char *results, const struct plan *plan)
{
    int parts;

    return merge_part(results, plan, "cell.csv", "tuning_cells.csv", &parts);
}

/* Temporary names of whole_file: what was being written when the program was killed. */
static int clean_files(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (!folder)
        return errno == ENOTDIR ? 0 : error_set("%s: %s", path, strerror(errno));
    while ((entry = readdir(folder)) != NULL)
        if (strstr(entry->d_name, ".tmp-"))
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return 0;
}

/* A cell that was not recorded whole goes; of one that was, what was being added. */
static int clean_cell(const char *cells, const char *name)
{
    char path[PATH_MAX + 300];

    snprintf(path, sizeof path, "%s/%s", cells, name);
    if (strncmp(name, RECORD_TEMPORARY, strlen(RECORD_TEMPORARY)) == 0)
        return folder_remove(path);
    return name[0] == '.' ? 0 : clean_files(path);
}

/* One half-written, or of a cell that is finished. */
static void clean_checkpoint(DIR *folder, const char *results, const char *name)
{
    struct recorded recorded;

    if (strstr(name, ".tmp-") ||
        (record_find(results, name + strlen(RECORD_CHECKPOINT), &recorded) &&
         outcome_is_final(recorded.outcome)))
        unlinkat(dirfd(folder), name, 0);
}

int record_clean(const char *results)
{
    char cells[PATH_MAX];
    struct dirent *entry;
    int status = 0;
    DIR *folder;

    snprintf(cells, sizeof cells, "%s/cells", results);
    folder = opendir(cells);
    if (!folder)
        return error_set("%s: %s", cells, strerror(errno));
    while (status == 0 && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, RECORD_CHECKPOINT, strlen(RECORD_CHECKPOINT)) == 0)
            clean_checkpoint(folder, results, entry->d_name);
        else
            status = clean_cell(cells, entry->d_name);
    closedir(folder);
    if (status == 0)
        status = clean_files(results);
    return status;
}
