/* The cells of a plan that are to run. */
#include "run/queue.h"

#include "base/error.h"
#include "run/record.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

int queue_choose(struct queue *queue, const struct plan *plan, const char *only)
{
    regex_t pattern;

    if (only && regcomp(&pattern, only, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set("--only: '%s' is not a regular expression", only);
    free(queue->cells);
    queue->cells = calloc((size_t)plan->count + 1, sizeof *queue->cells);
    queue->count = queue->next = 0;
    for (int of_ranks = 0; of_ranks < 2; of_ranks++)
        for (int i = 0; queue->cells && i < plan->count; i++) {
            const struct cell *cell = &plan->cells[plan->order[i]];

            if ((cell->settings.transport != TRANSPORT_THREADS) == of_ranks &&
                (!only || regexec(&pattern, cell->id, 0, NULL, 0) == 0))
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

void queue_longest_first(struct queue *queue,
                         double (*seconds)(const void *context, const struct cell *),
                         const void *context)
{
    double longest = -INFINITY;
    const struct cell *cell;
    int at = queue->next;

    for (int i = queue->next; i < queue->count; i++) {
        double expected = seconds(context, queue->cells[i]);

        if (expected > longest) {
            longest = expected;
            at = i;
        }
    }
    if (at == queue->next)
        return;
    cell = queue->cells[at]; /* the others keep their order */
    memmove(queue->cells + queue->next + 1, queue->cells + queue->next,
            (size_t)(at - queue->next) * sizeof *queue->cells);
    queue->cells[queue->next] = cell;
}

void queue_return(struct queue *queue, const struct cell *cell)
{
    for (int i = 0; i < queue->next; i++)
        if (queue->cells[i] == cell) {
            queue->cells[i] = queue->cells[--queue->next];
            queue->cells[queue->next] = cell;
            return;
        }
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
