/* The clock of a training run, and what is done when it is looked at. */
#include "base/clock.h"
#include "train/team.h"
#include "train/training_run.h"

#include <math.h>

/* A look costs some 25 ns, where a small update takes 500: so there is one about every so many
 * seconds. */
static const double look_seconds = 4e-5, look_seconds_to_keep = 1e-2;

void training_clock_open(struct training_run *run)
{
    const struct workbench *bench = run->bench;
    const struct checkpointing *to = &bench->checkpoint;

    run->stride = 1;
    run->look_seconds = -1;
    run->is_kept = to->path && (!bench->observe || bench->keep) && team_leads(bench->team) &&
                   !run->async; /* whose numbers nobody could bring back */
    if (run->is_kept)
        run->look_seconds = to->updates > 0 ? 0 : fmin(look_seconds_to_keep, to->seconds / 10);
    if (run->budget->seconds > 0 && !(run->is_kept && run->look_seconds < look_seconds))
        run->look_seconds = look_seconds;
    if (bench->team && run->look_seconds < 0) /* nobody else sees whether it is late */
        run->look_seconds = look_seconds_to_keep;
    if (!team_leads(bench->team))
        run->look_seconds = -1;
    run->kept = clock_now();
    run->pause = to->seconds;
}

void training_clock_start(struct training_run *run)
{
    run->before = run->result->train_seconds;
    run->unseen = 0;
    run->start = clock_now();
}

void training_clock_read(struct training_run *run)
{
    run->result->train_seconds = run->before + (clock_now() - run->start);
}

int training_run_is_to_be_kept(const struct training_run *run)
{
    const struct checkpointing *to = &run->bench->checkpoint;

    if (!run->is_kept)
        return 0;
    return to->updates > 0 ? run->result->updates > 0 && run->result->updates % to->updates == 0
                           : clock_now() - run->kept >= run->pause;
}

/* Nobody can kill a cell of a team and keep its job: it ends itself. */
int training_run_is_late(struct training_run *run)
{
    const struct workbench *bench = run->bench;
    double limit = bench->experiment->limits.cell_seconds;

    run->is_late = bench->team &&
                   run->result->earlier_seconds + clock_now() - bench->checkpoint.started > limit;
    return run->is_late;
}

/* To be done before all have heard of it: the ranks of a team stop after the same update. */
static int stop_soon(const struct training_run *run)
{
    if (!run->bench->team)
        return 1;
    team_ask_stop(run->bench->team);
    return 0;
}

/* After each update, if another one is to follow. 1: a look was due, and the seconds of the budget
 * are spent. */
int training_clock_look(struct training_run *run)
{
    double limit = run->budget->seconds, looked = run->result->train_seconds, passed;

    if (run->look_seconds < 0 || ++run->unseen < run->stride)
        return 0;
    training_clock_read(run);
    run->unseen = 0;
    passed = run->result->train_seconds - looked;
    if (passed < run->look_seconds / 2)
        run->stride *= 2;
    else if (passed > run->look_seconds && run->stride > 1)
        run->stride /= 2;
    if ((limit > 0 && run->result->train_seconds >= limit) || training_run_is_late(run))
        return stop_soon(run);
    if (training_run_is_to_be_kept(run)) {
        training_run_keep(run);
        training_clock_start(run);
    }
    return 0;
}
