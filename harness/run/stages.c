/* The plans that a run goes through. */
#include "run/stages.h"

#include "run/record.h"

static int is_tuned(const struct stages *stages)
{
    return stages->campaign->experiment->tuning.key_count > 0;
}

static int next_of_tuning(struct stages *stages)
{
    int more;

    if (!stages->plan && tuning_open(&stages->tuning, stages->campaign) != 0)
        return -1;
    plan_close(&stages->tuned);
    stages->plan = &stages->tuned;
    more = tuning_next(&stages->tuning, &stages->tuned);
    stages->round = stages->tuning.round;
    if (more != 0)
        return more;
    stages->is_last = 1;
    stages->round = 0;
    return tuning_settle(&stages->tuning, &stages->tuned) == 0 ? 1 : -1;
}

int stages_next(struct stages *stages)
{
    if (stages->is_last)
        return 0;
    if (is_tuned(stages))
        return next_of_tuning(stages);
    stages->plan = stages->campaign->plan;
    stages->is_last = 1;
    return 1;
}

int stages_derive(struct stages *stages, int *reported)
{
    const char *results = stages->campaign->results;
    struct plan settled;
    int status;

    if (!is_tuned(stages))
        return record_merge(results, stages->campaign->plan, reported);
    if (tuning_settle(&stages->tuning, &settled) != 0)
        return -1;
    status = record_merge(results, &settled, reported);
    if (status == 0)
        status = tuning_record(&stages->tuning);
    plan_close(&settled);
    return status;
}

void stages_close(struct stages *stages)
{
    tuning_close(&stages->tuning);
    plan_close(&stages->tuned);
}
