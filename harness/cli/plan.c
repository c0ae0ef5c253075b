/* batchlab plan: what an experiment would run, and how long it might take. Runs nothing. */
#include "cli/command.h"
#include "run/record.h"
#include "run/tuning.h"

#include <math.h>
#include <stdio.h>

static const struct argp argp = {
    plan_request_options,
    plan_request_parse,
    "EXPERIMENT.yaml",
    "Prints every cell in running order: its training examples, how many of them were dropped, an "
    "estimate.",
    0,
    0,
    0};

/* N, and how many examples the axes of the data have taken away, of those of the subset where there
 * is one: imbalance its tail (with what would have been their copies), deduplicate copies. "":
 * none.
 */
static void describe_examples(const struct cell *cell, const struct dataset *dataset,
                              char dropped[32])
{
    const struct training_options made = plan_training_options(cell);
    size_t used = made.subset != SUBSET_ALL ? (size_t)made.subset : dataset->train.count;
    size_t all = redundancy_count(used, &made.redundancy);

    dropped[0] = '\0';
    if (made.imbalance > 1 || made.deduplicate != DEDUPLICATE_NONE)
        snprintf(dropped, 32, "%zu", all - cell->train_examples);
}

static void print_cells(const struct opened *opened, const struct plan *plan,
                        struct account *account)
{
    for (int i = 0; i < plan->count; i++) {
        const struct cell *cell = &plan->cells[plan->order[i]];
        struct cell_state state = opened_account(opened, cell, account);
        char dropped[32];

        describe_examples(cell, &opened->dataset, dropped);
        printf("%-64s %8zu %8s %6.1f s  %s\n", cell->id, cell->train_examples, dropped,
               state.seconds, state.is_recorded ? outcome_name(state.outcome) : "to do");
    }
}

/* The first round of tuning; the cells of the grid get their values from it and cannot be named. */
static int print_tuning(const struct opened *opened, struct account *account)
{
    const struct campaign campaign = {.experiment = &opened->experiment,
                                      .dataset = &opened->dataset,
                                      .plan = &opened->plan,
                                      .results = opened->results};
    const struct plan *grid = &opened->plan;
    struct tuning tuning;
    struct plan round;

    if (tuning_open(&tuning, &campaign) != 0 || tuning_next(&tuning, &round) < 0) {
        tuning_close(&tuning);
        return -1;
    }
    print_cells(opened, &round, account);
    for (int i = 0; i < grid->count; i++) {
        double seconds = plan_cell_seconds(&grid->cells[i], &opened->experiment, &opened->dataset);

        account->seconds += seconds;
        account->left += seconds;
    }
    printf("First round of tuning: %d cells, %d finished in %s, for %d groups of cells.\n"
           "Then as many rounds as it takes, and %d cells of the grid with what is chosen.\n",
           account->cells, account->finished, opened->results, tuning.count, grid->count);
    plan_close(&round);
    tuning_close(&tuning);
    return 0;
}

static int print_plan(const struct opened *opened)
{
    struct account account = {0};
    int jobs = opened_jobs(opened);

    printf("%-64s %8s %8s %8s  %s\n", "cell", "examples", "dropped", "about", "state");
    if (opened->experiment.tuning.key_count > 0) {
        if (print_tuning(opened, &account) != 0)
            return command_failed();
    } else {
        print_cells(opened, &opened->plan, &account);
        printf("%d cells, %d finished in %s.\n", account.cells, account.finished, opened->results);
    }
    printf("At most about %.0f s with %d at a time, %.0f s for what is left (cautious rates; "
           "measured runs are usually shorter).\n",
           ceil(account.seconds / jobs), jobs, ceil(account.left / jobs));
    return STATUS_OK;
}

int command_plan(int argc, char **argv)
{
    struct plan_request arguments = {0};
    struct opened opened;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (opened_open(&opened, arguments.file, arguments.quick, arguments.threads,
                    arguments.results) != 0)
        return command_failed();
    status = print_plan(&opened);
    opened_close(&opened);
    return status;
}
