/* Rows of probes.csv by cell. */
#include "base/error.h"
#include "report/chart_parts.h"

#include <stdlib.h>
#include <string.h>

static int is_wanted(const char *const columns[3], const char *const *const texts[3], size_t row)
{
    for (int c = 0; c < 3; c++)
        if (columns[c] && strcmp(texts[c][row], columns[c]) != 0)
            return 0;
    return 1;
}

int probed_open(struct probed *probed, struct results *results, const char *probe,
                const char *quantity, const char *part)
{
    static const char *const names[3] = {"probe", "quantity", "part"};
    const char *const wanted[3] = {probe, quantity, part};
    const char *const *texts[3];
    size_t cells = table_rows(results->cells), rows, *cell_of = NULL;

    *probed = (struct probed){0};
    if (!results_has_probes(results))
        return 0;
    if (results_probes(results) != 0 || table_join(results->probes, results->cells, &cell_of) != 0)
        return -1;
    for (int c = 0; c < 3; c++)
        if (!(texts[c] = table_texts(results->probes, names[c]))) {
            free(cell_of);
            return -1;
        }
    rows = table_rows(results->probes);
    probed->first = calloc(cells + 2, sizeof *probed->first);
    probed->rows = calloc(rows + 1, sizeof *probed->rows);
    if (!probed->first || !probed->rows) {
        free(cell_of);
        return error_set("%s: out of memory", results->folder);
    }
    /* While filling, first[cell + 1] is the next free place of the cell. */
    for (size_t r = 0; r < rows; r++)
        if (is_wanted(wanted, texts, r))
            probed->first[cell_of[r] + 2]++;
    for (size_t c = 2; c < cells + 2; c++)
        probed->first[c] += probed->first[c - 1];
    for (size_t r = 0; r < rows; r++)
        if (is_wanted(wanted, texts, r)) {
            probed->rows[probed->first[cell_of[r] + 1]++] = r;
            probed->count++;
        }
    free(cell_of);
    return 0;
}

void probed_close(struct probed *probed)
{
    free(probed->first);
    free(probed->rows);
    *probed = (struct probed){0};
}

int probed_applies(struct results *results, const char *probe, const char *quantity,
                   const char *part)
{
    struct groups groups;
    struct probed probed = {0};
    int status = groups_open(&groups, results, "convergence");

    if (status == 0 && groups.group_count > 0)
        status = probed_open(&probed, results, probe, quantity, part) == 0 ? probed.count > 0 : -1;
    probed_close(&probed);
    groups_close(&groups);
    return status;
}
