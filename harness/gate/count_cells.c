/* The part of a gate that needs no clock. */
#include "gate/gate.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

int gate_counted(const struct gate *gate, enum count_verdict verdict)
{
    int count = 0;

    for (int c = 0; c < gate->count; c++)
        for (int q = 0; q < COUNT_QUANTITIES && gate->cells[c].is_counted; q++)
            count += gate->cells[c].counts.of[q].verdict == verdict;
    return count;
}

/* In a process of its own, so that what a library takes once is not another cell's. */
static int count_side(const struct gate *gate, int side, const char *name, const char *preload,
                      struct counts *counts)
{
    enum { COUNT_SECONDS = 120 };
    struct contender contender = gate->sides[side];
    char question[GATE_NAME_SIZE + 8], answer[4096];
    struct side_process *process;
    int status;

    snprintf(contender.preload, sizeof contender.preload, "%s", preload);
    contender.planted = 0; /* counts are those of calls, not of what is inside them */
    snprintf(question, sizeof question, "count %s", name);
    if (side_start(&process, &contender, gate->options.file) != 0)
        return -1;
    status = side_ask(process, COUNT_SECONDS, question, "counted", answer, sizeof answer);
    side_stop(process);
    if (status > 0)
        return error_set("%s: %.200s", contender.label, answer);
    return status == 0 ? counts_parse(counts, answer) : -1;
}

int gate_count_cells(struct gate *gate)
{
    char preload[PATH_MAX];

    if (counts_preload_path(preload, sizeof preload) != 0)
        preload[0] = '\0'; /* allocations are unknown then, and said to be */
    for (int c = 0; c < gate->count; c++) {
        struct gate_cell *cell = &gate->cells[c];
        struct counts counts[GATE_SIDES];
        int status = 0;

        if (cell->verdict != GATE_INCONCLUSIVE)
            continue;
        for (int s = 0; s < GATE_SIDES && status == 0; s++)
            status = count_side(gate, s, cell->name, preload, &counts[s]);
        if (gate_interrupted())
            return error_set("interrupted");
        if (status == 0) {
            counts_judge(&counts[GATE_BASE], &counts[GATE_HEAD], NULL, &cell->counts);
            cell->is_counted = 1;
        } else {
            snprintf(cell->count_reason, sizeof cell->count_reason, "%.255s", error_text());
        }
    }
    return 0;
}
