/* How long cells will take. */
#include "run/forecast.h"

#include "base/error.h"
#include "run/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct forecast_kind {
    const struct cell *cell; /* the first of it */
    double spent, expected;  /* of those noted */
};

static int same_kind(const struct cell *a, const struct cell *b)
{
    return a->batch_size == b->batch_size && strcmp(a->settings.engine, b->settings.engine) == 0 &&
           strcmp(a->settings.network, b->settings.network) == 0;
}

static int kind_of(struct forecast *forecast, const struct cell *cell)
{
    int k = 0;

    while (k < forecast->count && !same_kind(forecast->list[k].cell, cell))
        k++;
    if (k == forecast->count)
        forecast->list[forecast->count++].cell = cell;
    return k;
}

static void note_recorded(struct forecast *forecast, const char *results)
{
    static const char *const columns[] = {"wall_seconds"};

    for (int i = 0; i < forecast->plan->count; i++) {
        struct recorded recorded;
        double seconds;

        if (record_read(results, forecast->plan->cells[i].id, &recorded, columns, &seconds, 1) &&
            outcome_is_final(recorded.outcome))
            forecast_note(forecast, &forecast->plan->cells[i], seconds);
    }
}

int forecast_open(struct forecast *forecast, const struct campaign *campaign,
                  const struct plan *plan)
{
    size_t count = (size_t)plan->count + 1;

    *forecast = (struct forecast){.plan = plan,
                                  .expected = calloc(count, sizeof *forecast->expected),
                                  .kinds = calloc(count, sizeof *forecast->kinds),
                                  .list = calloc(count, sizeof *forecast->list)};
    if (!forecast->expected || !forecast->kinds || !forecast->list) {
        forecast_close(forecast);
        return error_set("out of memory");
    }
    for (int i = 0; i < plan->count; i++) {
        forecast->expected[i] =
            plan_cell_seconds(&plan->cells[i], campaign->experiment, campaign->dataset);
        forecast->kinds[i] = kind_of(forecast, &plan->cells[i]);
    }
    note_recorded(forecast, campaign->results);
    return 0;
}

void forecast_close(struct forecast *forecast)
{
    free(forecast->expected);
    free(forecast->kinds);
    free(forecast->list);
    *forecast = (struct forecast){0};
}

void forecast_note(struct forecast *forecast, const struct cell *cell, double seconds)
{
    const struct cell *cells = forecast->plan ? forecast->plan->cells : NULL;
    struct forecast_kind *kind;

    if (!cells || cell < cells || cell >= cells + forecast->plan->count || !isfinite(seconds))
        return;
    kind = &forecast->list[forecast->kinds[cell - cells]];
    kind->spent += seconds;
    kind->expected += forecast->expected[cell - cells];
    forecast->spent += seconds;
    forecast->expected_of_spent += forecast->expected[cell - cells];
}

double forecast_seconds(const struct forecast *forecast, const struct cell *cell)
{
    long i = cell - forecast->plan->cells;
    const struct forecast_kind *kind = &forecast->list[forecast->kinds[i]];

    if (kind->expected > 0)
        return forecast->expected[i] * kind->spent / kind->expected;
    if (forecast->expected_of_spent > 0)
        return forecast->expected[i] * forecast->spent / forecast->expected_of_spent;
    return forecast->expected[i];
}
