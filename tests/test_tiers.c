/* What the experiments say they take: each tier keeps within its time, by the numbers committed. */
#include "plan/experiment.h"

#include "base/error.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int is_experiment(const struct dirent *entry)
{
    const char *suffix = strrchr(entry->d_name, '.');

    return suffix && strcmp(suffix, ".yaml") == 0;
}

/* Each has a tier, and its time where the tier is run often: how many do not. */
static int add_up(double *seconds)
{
    struct dirent **entries;
    int faults = 0, count = scandir(EXPERIMENTS, &entries, is_experiment, alphasort);

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct experiment experiment;
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", EXPERIMENTS, entries[i]->d_name);
        free(entries[i]);
        if (experiment_open(&experiment, path, 0) != 0)
            fail_msg("%s", error_text());
        if (experiment.tier == TIER_NONE ||
            (experiment.tier != TIER_REPORT && !(experiment.expected_seconds > 0))) {
            print_error("%s: tier %s, expected_seconds %g\n", path, tiers[experiment.tier].name,
                        experiment.expected_seconds);
            faults++;
        }
        seconds[experiment.tier] += experiment.expected_seconds;
        experiment_close(&experiment);
    }
    free(entries);
    return faults;
}

static void each_tier_keeps_within_its_time(void **state)
{
    double seconds[TIER_REPORT + 1] = {0};
    int faults;

    (void)state;
    faults = add_up(seconds);
    if (faults > 0)
        fail_msg("%d experiments have no tier, or are of ci or nightly without a time", faults);
    for (int tier = TIER_CI; tier <= TIER_REPORT; tier++)
        if (!(seconds[tier] <= tier_seconds[tier]))
            fail_msg("tier %s: %g s together, expected at most %g", tiers[tier].name, seconds[tier],
                     tier_seconds[tier]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_tier_keeps_within_its_time)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
