/* The derived files of a results folder, made anew of its cells. */
#include "run/rebuild.h"

#include "base/error.h"
#include "base/file.h"
#include "run/manifest.h"
#include "run/record.h"
#include "run/stages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int is_recorded(const struct plan *plan, const char *results)
{
    struct recorded recorded;

    for (int i = 0; i < plan->count; i++)
        if (!record_find(results, plan->cells[i].id, &recorded))
            return 0;
    return 1;
}

/* As far as the rounds of a tuning are recorded. */
static int rebuild_stages(const struct campaign *campaign, int *reported, int *repeated)
{
    struct stages stages = {.campaign = campaign};
    int more, status;

    do
        more = stages_next(&stages);
    while (more > 0 && is_recorded(stages.plan, campaign->results));
    status = more < 0 ? -1 : stages_derive(&stages, reported);
    *repeated = stages.tuning.repeated;
    stages_close(&stages);
    return status;
}

int rebuild_locked(const struct campaign *campaign, int *reported, int *repeated)
{
    if (record_clean(campaign->results) != 0)
        return -1;
    return rebuild_stages(campaign, reported, repeated);
}

int rebuild(const struct campaign *campaign, int *reported)
{
    const char *results = campaign->results;
    char path[PATH_MAX + 16];
    int lock, status, repeated;

    snprintf(path, sizeof path, "%s/cells", results);
    if (access(path, F_OK) != 0)
        return error_set("%s: %s, expected results with their cells", path, strerror(errno));
    lock = folder_lock(results);
    if (lock < 0)
        return -1;
    status = manifest_check(campaign, 0);
    if (status == 0)
        status = rebuild_locked(campaign, reported, &repeated);
    if (status == 0)
        status = record_seal(results);
    close(lock);
    return status;
}
