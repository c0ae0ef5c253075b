/* Sorts the rows of curves.csv by their cell. */
#include "report/evaluations.h"

#include "base/error.h"

#include <stdlib.h>

void evaluations_close(struct evaluations *evaluations)
{
    free(evaluations->first);
    free(evaluations->rows);
}

/* By counting. */
int evaluations_open(struct evaluations *evaluations, const struct results *results)
{
    size_t cells = table_rows(results->cells), rows = table_rows(results->curves);
    size_t *cell_of = NULL;

    *evaluations = (struct evaluations){0};
    if (table_join(results->curves, results->cells, &cell_of) != 0)
        return -1;
    evaluations->first = calloc(cells + 2, sizeof *evaluations->first);
    evaluations->rows = calloc(rows + 1, sizeof *evaluations->rows);
    if (!evaluations->first || !evaluations->rows) {
        free(cell_of);
        return error_set("%s: out of memory", results->folder);
    }
    /* While filling, first[cell + 1] is the next free place of the cell. */
    for (size_t r = 0; r < rows; r++)
        evaluations->first[cell_of[r] + 2]++;
    for (size_t c = 2; c < cells + 2; c++)
        evaluations->first[c] += evaluations->first[c - 1];
    for (size_t r = 0; r < rows; r++)
        evaluations->rows[evaluations->first[cell_of[r] + 1]++] = r;
    free(cell_of);
    return 0;
}
