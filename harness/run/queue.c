/* The cells of a plan that are to run. */
#include "run/queue.h"

#include "base/error.h"
#include "run/record.h"

#include <regex.h>
#include <stdlib.h>

int queue_choose(struct queue *queue, const struct plan *plan, const char *only)
{
    regex_t pattern;

    if (only && regcomp(&pattern, only, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set("--only: '%s' is not a regular expression", only);
    free(queue->cells);
    queue->cells = calloc((size_t)plan->count + 1, sizeof *queue->cells);
    queue->count = queue->next = 0;
    for (int i = 0; queue->cells && i < plan->count; i++) {
        const struct cell *cell = &plan->cells[plan->order[i]];

        if (!only || regexec(&pattern, cell->id, 0, NULL, 0) == 0)
            queue->cells[queue->count++] = cell;
    }
    if (only)
        regfree(&pattern);
    if (!queue->cells)
        return error_set("out of memory");
    queue->matched += queue->count;
    return 0;
}

int queue_check_matched(const struct queue *queue, const struct plan *plan, const char *only)
{
    if (queue->matched > 0)
        return 0;
    return error_set("--only: '%s' matches none of the %d cells (batchlab plan lists them)", only,
                     plan->count);
}

int queue_skip_finished(struct queue *queue, const char *results)
{
    int chosen = queue->count;

    queue->count = 0;
    for (int i = 0; i < chosen; i++) {
        struct recorded recorded;

        if (!record_find(results, queue->cells[i]->id, &recorded) ||
            !outcome_is_final(recorded.outcome))
            queue->cells[queue->count++] = queue->cells[i];
    }
    return chosen - queue->count;
}

int queue_drop(struct queue *queue, int (*is_of)(const void *context, const struct cell *),
               const void *context)
{
    int before = queue->count, kept = queue->next;

    for (int i = queue->next; i < before; i++)
        if (!is_of(context, queue->cells[i]))
            queue->cells[kept++] = queue->cells[i];
    queue->count = kept;
    return before - kept;
}

void queue_free(struct queue *queue)
{
    free(queue->cells);
    *queue = (struct queue){0};
}
