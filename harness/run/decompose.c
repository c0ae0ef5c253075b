/* Derives decomposition.csv. */
#include "run/decompose.h"

#include "base/error.h"
#include "base/file.h"
#include "base/table.h"
#include "judge/brier.h"
#include "plan/cell_list.h"
#include "run/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS_MIN = 3 };

/* ---- Cells that differ in their seed alone ----------------------------------------------------
 */

struct member {
    const struct cell *cell;
    char *alike; /* owned */
};

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = strcmp(a->alike, b->alike);

    return order ? order : (a->cell > b->cell) - (a->cell < b->cell); /* as the plan has them */
}

/* [plan->count], alike cells side by side; NULL: out of memory (error set). */
static struct member *sort_members(const struct plan *plan)
{
    struct member *members = calloc((size_t)plan->count + 1, sizeof *members);
    int known = members != NULL;

    for (int i = 0; i < plan->count && known; i++) {
        members[i] = (struct member){&plan->cells[i], cell_signature(&plan->cells[i])};
        known = members[i].alike != NULL;
    }
    if (known) {
        qsort(members, (size_t)plan->count, sizeof *members, compare_members);
        return members;
    }
    for (int i = 0; i < plan->count && members; i++)
        free(members[i].alike);
    free(members);
    error_set("out of memory for the seeds of %d cells", plan->count);
    return NULL;
}

/* ---- Predictions of a cell --------------------------------------------------------------------
 */

/* One probed evaluation. */
struct moment {
    double epoch, update, examples;
    size_t first, count; /* its rows in the table */
};

struct predicted {
    const struct cell *cell;
    struct table *table; /* NULL: the cell has none */
    struct moment *moments;
    size_t moment_count, classes;
    const double *labels;
    const double **columns; /* [classes] */
};

static void predicted_close(struct predicted *predicted)
{
    table_close(predicted->table);
    free(predicted->moments);
    free(predicted->columns);
    *predicted = (struct predicted){.table = NULL};
}

static int find_columns(struct predicted *predicted)
{
    char name[40];

    predicted->labels = table_numbers(predicted->table, "label");
    predicted->columns = calloc(table_columns(predicted->table), sizeof *predicted->columns);
    if (!predicted->labels || !predicted->columns)
        return predicted->labels ? error_set("out of memory") : -1;
    for (;; predicted->classes++) {
        snprintf(name, sizeof name, "probability_%zu", predicted->classes);
        if (!table_has(predicted->table, name))
            return 0;
        if (!(predicted->columns[predicted->classes] = table_numbers(predicted->table, name)))
            return -1;
    }
}

static int find_moments(struct predicted *predicted)
{
    const double *epochs = table_numbers(predicted->table, "epoch");
    const double *updates = table_numbers(predicted->table, "update");
    const double *examples = table_numbers(predicted->table, "examples");
    size_t rows = table_rows(predicted->table);

    predicted->moments = calloc(rows + 1, sizeof *predicted->moments);
    if (!epochs || !updates || !examples || !predicted->moments)
        return predicted->moments ? -1 : error_set("out of memory");
    for (size_t r = 0; r < rows; r++) {
        struct moment *last = predicted->moments + predicted->moment_count - 1;

        if (r == 0 || updates[r] != last->update)
            predicted->moments[predicted->moment_count++] =
                (struct moment){epochs[r], updates[r], examples[r], r, 1};
        else
            last->count++;
    }
    return 0;
}

/* A cell that failed has no predictions; that is no error. */
static int predicted_open(struct predicted *predicted, const char *results, const struct cell *cell)
{
    char path[PATH_MAX + 160];

    *predicted = (struct predicted){.cell = cell};
    snprintf(path, sizeof path, "%s/cells/%s/predictions.csv", results, cell->id);
    if (access(path, F_OK) != 0)
        return 0;
    if (table_open(&predicted->table, path) == 0 && find_columns(predicted) == 0 &&
        find_moments(predicted) == 0)
        return 0;
    predicted_close(predicted);
    return -1;
}

static const struct moment *find_moment(const struct predicted *predicted,
                                        const struct moment *like)
{
    for (size_t m = 0; m < predicted->moment_count; m++) {
        const struct moment *moment = &predicted->moments[m];

        if (moment->update == like->update && moment->examples == like->examples &&
            moment->count == like->count)
            return moment;
    }
    return NULL;
}

/* ---- Decomposition ----------------------------------------------------------------------------
 */

static void copy_probabilities(const struct predicted *predicted, const struct moment *moment,
                               double *into)
{
    for (size_t e = 0; e < moment->count; e++)
        for (size_t c = 0; c < predicted->classes; c++)
            *into++ = predicted->columns[c][moment->first + e];
}

static void write_rows(FILE *file, const struct predicted *const *runs, size_t count,
                       const struct moment *moment, const struct brier *each)
{
    for (size_t r = 0; r < count; r++) {
        const double values[] = {each[r].bias_squared, each[r].variance, each[r].score};

        fprintf(file, "%s,", runs[r]->cell->id);
        record_write_number(file, moment->epoch);
        fprintf(file, ",%.0f,", moment->update);
        record_write_number(file, moment->examples);
        fprintf(file, ",%zu", count);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            fputc(',', file);
            record_write_number(file, values[v]);
        }
        fputc('\n', file);
    }
}

/* One evaluation of those of the cells that have it. *rows counts what was written. */
static int decompose_moment(FILE *file, const struct predicted *all, size_t cells,
                            const struct moment *moment, size_t *rows)
{
    size_t classes = 0, examples = moment->count, count = 0;
    const struct predicted **runs = calloc(cells, sizeof *runs);
    struct brier *each = calloc(cells, sizeof *each), whole;
    int *labels = calloc(examples, sizeof *labels), status = -1;
    double *probabilities = NULL;

    for (size_t i = 0; i < cells && runs; i++)
        if (find_moment(&all[i], moment)) {
            classes = all[i].classes;
            runs[count++] = &all[i];
        }
    probabilities = calloc(cells * examples * classes, sizeof *probabilities);
    if (!runs || !each || !labels || !probabilities) {
        error_set("out of memory for the predictions of %zu seeds", cells);
        goto done;
    }
    for (size_t r = 0; r < count; r++)
        copy_probabilities(runs[r], find_moment(runs[r], moment),
                           probabilities + r * examples * classes);
    for (size_t e = 0; e < examples; e++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a moment has at least one run */
        labels[e] = (int)runs[0]->labels[find_moment(runs[0], moment)->first + e];
    status = 0;
    if (count >= SEEDS_MIN)
        status = brier_decompose(probabilities, labels, count, examples, classes, &whole, each);
    if (count >= SEEDS_MIN && status == 0) {
        write_rows(file, runs, count, moment, each);
        *rows += count;
    }
done:
    free(probabilities);
    free(labels);
    free(each);
    free(runs);
    return status;
}

/* All evaluations that the first cell with predictions has. */
static int decompose_cells(FILE *file, const char *results, const struct member *members,
                           size_t cells, size_t *rows)
{
    struct predicted *all = calloc(cells, sizeof *all);
    size_t open = 0, with = 0;
    int status = all ? 0 : error_set("out of memory for %zu seeds", cells);

    for (; open < cells && status == 0; open += status == 0)
        status = predicted_open(&all[open], results, members[open].cell);
    while (with < open && !all[with].table)
        with++;
    for (size_t m = 0; with < open && m < all[with].moment_count && status == 0; m++)
        status = decompose_moment(file, all, cells, &all[with].moments[m], rows);
    for (size_t i = 0; i < open; i++)
        predicted_close(&all[i]);
    free(all);
    return status;
}

static int write_file(FILE *file, const char *results, const struct member *members, size_t count,
                      size_t *rows)
{
    size_t cells;
    int status = 0;

    fputs("id,epoch,update,examples,seeds,bias_squared,variance,brier\n", file);
    for (size_t first = 0; first < count && status == 0; first += cells) {
        cells = 1;
        while (first + cells < count &&
               strcmp(members[first].alike, members[first + cells].alike) == 0)
            cells++;
        if (cells >= SEEDS_MIN)
            status = decompose_cells(file, results, members + first, cells, rows);
    }
    return status;
}

int decomposition_write(const char *results, const struct plan *plan)
{
    struct member *members = sort_members(plan);
    struct whole_file file;
    char path[PATH_MAX];
    size_t rows = 0;
    int status;

    if (!members)
        return -1;
    snprintf(path, sizeof path, "%s/decomposition.csv", results);
    status = file_begin(&file, path);
    if (status == 0) {
        status = write_file(file.stream, results, members, (size_t)plan->count, &rows);
        if (status == 0 && rows > 0)
            status = file_commit(&file);
        else
            file_abandon(&file);
        if (status == 0 && rows == 0 && unlink(path) != 0 && errno != ENOENT)
            status = error_set("%s: %s", path, strerror(errno));
    }
    for (int i = 0; i < plan->count; i++)
        free(members[i].alike);
    free(members);
    return status;
}
