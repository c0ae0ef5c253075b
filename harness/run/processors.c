/* Which processors a cell runs on. */
#include "run/processors.h"

static int least_busy(const struct processors *processors, const int *taken, int taken_count)
{
    int least = -1;

    for (int p = 0; p < processors->count; p++) {
        int is_taken = 0;

        for (int i = 0; i < taken_count; i++)
            is_taken |= taken[i] == p;
        if (!is_taken && (least < 0 || processors->busy[p] < processors->busy[least]))
            least = p;
    }
    return least;
}

void processors_take(struct processors *processors, int wanted, int *taken)
{
    for (int i = 0; i < wanted; i++) {
        taken[i] = least_busy(processors, taken, i);
        processors->busy[taken[i]]++;
    }
}

void processors_release(struct processors *processors, const int *taken, int count)
{
    for (int i = 0; i < count; i++)
        processors->busy[taken[i]]--;
}

void processors_share(int count, int place, int sharers, int *first, int *part)
{
    int end = (place + 1) * count / sharers;

    *first = place * count / sharers;
    *part = end - *first;
    if (sharers > count) {
        *first = place % count;
        *part = 1;
    }
}

int processors_idle(const struct processors *processors)
{
    int idle = 0;

    for (int p = 0; p < processors->count; p++)
        idle += processors->busy[p] == 0;
    return idle;
}
