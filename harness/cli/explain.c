/* batchlab explain: what an experiment asks, what will be run for it, and how long that takes, in
 * words. Runs nothing. */
#include "base/error.h"
#include "cli/command.h"
#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct argp argp = {
    plan_request_options,
    plan_request_parse,
    "EXPERIMENT.yaml",
    "Says in words what the experiment asks, what will be run, how long it takes, and what its "
    "answer will be. Runs nothing.",
    0,
    0,
    0};

/* "90 s", "12 minutes", "3.5 hours" */
static const char *duration(double seconds, char text[32])
{
    if (seconds < 100)
        snprintf(text, 32, "%.0f s", ceil(seconds));
    else if (seconds < 100 * 60)
        snprintf(text, 32, "%.0f minutes", ceil(seconds / 60));
    else
        snprintf(text, 32, "%.1f hours", seconds / 3600);
    return text;
}

/* "batch_size 1, 8, 64 and full": lists of many are cut in the middle. */
static void print_axis(const struct grid_axis *axis)
{
    enum { SHOWN = 8 };

    printf("%s ", axis->field->key);
    for (int v = 0; v < axis->count; v++) {
        int is_cut = axis->count > SHOWN && v == SHOWN - 2;

        if (is_cut)
            v = axis->count - 1;
        printf("%s%s",
               v == 0                ? ""
               : is_cut              ? " ... "
               : v + 1 < axis->count ? ", "
                                     : " and ",
               axis->values[v]);
    }
    if (axis->count > SHOWN)
        printf(" (%d values)", axis->count);
}

/* Axes with several values, or those with one. Returns how many there are. */
static int print_axes(const struct grid *grid, int of_several, const char *between)
{
    int count = 0;

    for (int a = 0; a < grid->axis_count; a++)
        if ((grid->axes[a].count > 1) == of_several) {
            fputs(count++ ? between : "", stdout);
            print_axis(&grid->axes[a]);
        }
    return count;
}

static void print_cells(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;
    const struct plan *plan = &opened->plan;
    int is_throughput = experiment->measure == MEASURE_THROUGHPUT;

    printf("\nWhat will be run\n  %d %s%s, every combination of\n", plan->count,
           is_throughput ? "timing" : "training run", plan->count == 1 ? "" : "s");
    fputs("    ", stdout);
    if (print_axes(&experiment->grid, 1, ",\n    ") == 0)
        printf("%s", experiment->case_count ? "the cases below" : "one value of each axis");
    putchar('\n');
    for (int c = 0; c < experiment->case_count; c++) {
        printf("  %s", c == 0 ? "with one of\n    " : "  ");
        if (print_axes(&experiment->cases[c], 0, ", ") > 0)
            fputs("  ", stdout);
        print_axes(&experiment->cases[c], 1, "; ");
        putchar('\n');
    }
    fputs("  The same in all: ", stdout);
    if (print_axes(&experiment->grid, 0, ", ") == 0)
        fputs("nothing that the file names", stdout);
    putchar('\n');
}

static void print_limit(double value, const char *unit, int *count)
{
    if (value > 0)
        printf("%s%.12g %s", (*count)++ ? ", or " : "", value, unit);
}

static void print_budget(const struct budget *budget, const char *name)
{
    int count = 0;

    printf("  %s%s%sends after ", *name ? "Budget " : "Each run ", name, *name ? " " : "");
    print_limit(budget->epochs, budget->epochs == 1 ? "epoch" : "epochs", &count);
    print_limit(budget->updates, "updates", &count);
    print_limit(budget->examples, "examples", &count);
    print_limit(budget->seconds, "seconds of training", &count);
    print_limit(budget->patience, "evaluations without a better validation loss", &count);
    if (budget->train_loss > 0)
        printf("%sa training loss of %.12g", count++ ? ", or " : "", budget->train_loss);
    if (count > 1)
        fputs(", whichever comes first", stdout);
    if (budget->until != UNTIL_BUDGET)
        printf("; earlier where %s reached",
               budget->until == UNTIL_FIRST ? "the first target is" : "all targets are");
    fputs(".\n", stdout);
}

static void print_training(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;
    const struct evaluation *evaluation = &experiment->evaluation;

    if (experiment->budget_count == 0)
        print_budget(&experiment->budget, "");
    for (int b = 0; b < experiment->budget_count; b++)
        print_budget(&experiment->budgets[b], experiment->budgets[b].name);
    if (evaluation->every > 0)
        printf("  Losses are evaluated every %d examples", evaluation->every);
    else
        printf("  Losses are evaluated after %d examples and then %d times for each tenfold",
               evaluation->first, evaluation->per_decade);
    printf(", off the clock; the test split %s.\n",
           evaluation->test == TEST_EACH ? "at each evaluation as well" : "once, at the end");
    for (int t = 0; t < experiment->target_count; t++)
        printf("%s%s of %.12g%s", t == 0 ? "  Targets: " : ", ",
               metric_names[experiment->targets[t].metric], experiment->targets[t].value,
               t + 1 == experiment->target_count ? ".\n" : "");
}

static void print_tuning(const struct tuning_spec *tuning)
{
    if (tuning->key_count == 0)
        return;
    fputs("  Before that, ", stdout);
    for (int k = 0; k < tuning->key_count; k++)
        printf("%s%s (%.12g to %.12g by factors of %.3g)", k ? " and " : "",
               tuning->keys[k].field->key, tuning->keys[k].from, tuning->keys[k].to,
               tuning->keys[k].factor);
    printf(" %s chosen for every other combination, by %s, on %d seed%s that the runs do not "
           "have.\n",
           tuning->key_count == 1 ? "is" : "are", tuning->by, tuning->seed_count,
           tuning->seed_count == 1 ? "" : "s");
}

static void print_timing(const struct throughput_options *throughput)
{
    printf("  Each times blocks of %.3g s, at least %d of them, until the median is known to "
           "%.3g %%,\n  for at most %.3g s with batches gathered in advance, and as long with "
           "gathering.\n",
           throughput->block_seconds, throughput->blocks, 100 * throughput->precision,
           throughput->seconds);
}

/* How long, and how much of it is done. */
static void print_time(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;
    struct account account = {0};
    char text[32], more[32];
    int jobs = opened_jobs(opened);

    for (int i = 0; i < opened->plan.count; i++)
        opened_account(opened, &opened->plan.cells[i], &account);
    printf("\nHow long\n  At most about %s with %d at a time%s",
           duration(account.seconds / jobs, text), jobs,
           experiment->tuning.key_count ? ", and the tuning comes on top" : "");
    if (experiment->expected_seconds > 0)
        printf("; it took %s on 2 cores once", duration(experiment->expected_seconds, more));
    printf(".\n  Finished already, in %s: %d of %d", opened->results, account.finished,
           account.cells);
    if (account.finished > 0 && account.finished < account.cells)
        printf("; at most about %s are left", duration(account.left / jobs, text));
    puts(". Ctrl-C loses none.");
}

static void print_answer(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;

    puts("\nWhat the answer is");
    for (int c = 0; c < experiment->chart_count; c++)
        printf("  chart %s: %s\n", experiment->charts[c], chart_find(experiment->charts[c])->title);
    for (int c = 0; c < experiment->claims.count; c++) {
        const struct claim *claim = &experiment->claims.list[c];

        printf("  claim %s%s%s: %s\n", claim->id, claim->part[0] ? ", " : "", claim->part,
               claim->says);
    }
    printf("  tables: %s/cells.csv and others (results/README.md)\n", opened->results);
    if (experiment->claims.count > 0)
        printf("  batchlab verdict %s says of each claim whether the results bear it out.\n",
               opened->results);
}

static void explain(const struct opened *opened)
{
    const struct experiment *experiment = &opened->experiment;

    printf("%s%s\n", experiment->title, experiment->quick ? " (quick)" : "");
    printf("\nWhat is asked\n  %s\n",
           experiment->question[0] ? experiment->question : "The file has no `question:`.");
    printf("\nOf which data\n  %s\n", opened->dataset.description);
    print_cells(opened);
    if (experiment->measure == MEASURE_THROUGHPUT)
        print_timing(&experiment->throughput);
    else
        print_training(opened);
    print_tuning(&experiment->tuning);
    print_time(opened);
    print_answer(opened);
}

int command_explain(int argc, char **argv)
{
    struct plan_request arguments = {0};
    struct opened opened;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (opened_open(&opened, arguments.file, arguments.quick, arguments.threads,
                    arguments.results) != 0)
        return command_failed();
    explain(&opened);
    opened_close(&opened);
    return STATUS_OK;
}
