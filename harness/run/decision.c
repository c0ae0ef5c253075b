/* Which value of what is tuned to choose, and what must be run to know. */
#include "run/decision.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Scores -----------------------------------------------------------------------------------
 */

int mark_compare(const struct mark *a, const struct mark *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value);
}

static int compare_marks(const void *a, const void *b)
{
    return mark_compare(a, b);
}

struct mark mark_median(struct mark *marks, int count)
{
    const struct mark *low, *high;
    struct mark median;
    double examples = 0;

    qsort(marks, (size_t)count, sizeof *marks, compare_marks);
    for (int i = 0; i < count; i++)
        examples += marks[i].examples;
    low = &marks[(count - 1) / 2];
    high = &marks[count / 2];
    median = *high;
    if (low->kind == high->kind)
        median.value = low->value + (high->value - low->value) / 2;
    median.examples = examples;
    return median;
}

/* ---- The search --------------------------------------------------------------------------------
 */

struct search {
    struct decision *decision;
    const struct tuning_spec *spec;
    unsigned keys;
    int (*find)(void *context, const int *place, int seed, struct mark *);
    void *context;
    int low[TUNING_KEYS_MAX], high[TUNING_KEYS_MAX]; /* places tried so far, both included */
};

static int is_tuned(const struct search *search, int key)
{
    return (int)(search->keys >> key & 1);
}

static int add_trial(struct search *search, const int *place, int round)
{
    struct decision *decision = search->decision;
    size_t room = (size_t)decision->count + 1;
    struct trial *trials = realloc(decision->trials, room * sizeof *trials);

    if (!trials)
        return error_set("out of memory");
    decision->trials = trials;
    trials[decision->count] = (struct trial){.round = round};
    memcpy(trials[decision->count].place, place, sizeof trials->place);
    decision->count++;
    return 0;
}

/* Every combination of the places tried, of one key (>= 0) only the place `at`. */
static int add_trials(struct search *search, int key, int at, int round)
{
    int place[TUNING_KEYS_MAX], k;

    memcpy(place, search->low, sizeof place);
    if (key >= 0)
        place[key] = at;
    do {
        if (add_trial(search, place, round) != 0)
            return -1;
        for (k = search->spec->key_count - 1; k >= 0; k--) {
            if (k == key)
                continue;
            if (++place[k] <= search->high[k])
                break;
            place[k] = search->low[k];
        }
    } while (k >= 0);
    return 0;
}

static int add_due(struct decision *decision, const struct trial *trial, int seed)
{
    size_t room = (size_t)decision->due_count + 1;
    struct due *due = realloc(decision->due, room * sizeof *due);

    if (!due)
        return error_set("out of memory");
    decision->due = due;
    memcpy(due[decision->due_count].place, trial->place, sizeof due->place);
    due[decision->due_count++].seed = seed;
    return 0;
}

/* Looks up the first so many seeds of a trial. */
static int look(struct search *search, struct trial *trial, int wanted)
{
    struct mark marks[TUNING_SEEDS_MAX];

    trial->wanted = wanted;
    trial->seeds = trial->infeasible = trial->censored = 0;
    for (int s = 0; s < wanted; s++) {
        struct mark *mark = &marks[trial->seeds];

        if (!search->find(search->context, trial->place, s, mark)) {
            if (add_due(search->decision, trial, s) != 0)
                return -1;
            continue;
        }
        if (isnan(mark->value))
            *mark = (struct mark){MARK_INFEASIBLE, 0, mark->examples};
        trial->infeasible += mark->kind == MARK_INFEASIBLE;
        trial->censored += mark->kind == MARK_CENSORED;
        trial->seeds++;
    }
    if (trial->seeds > 0)
        trial->median = mark_median(marks, trial->seeds);
    return 0;
}

/* The smaller value of two equals, by the first key that tells them apart. */
static int compare_trials(const void *left, const void *right)
{
    const struct trial *a = left, *b = right;
    int order = mark_compare(&a->median, &b->median);

    for (int k = 0; k < TUNING_KEYS_MAX && order == 0; k++)
        order = a->place[k] - b->place[k];
    return order;
}

static int compare_places(const void *left, const void *right)
{
    const struct trial *a = left, *b = right;
    int order = a->round - b->round;

    for (int k = 0; k < TUNING_KEYS_MAX && order == 0; k++)
        order = a->place[k] - b->place[k];
    return order;
}

/* The first round, seed by seed: after each the better share goes on. */
static int halve(struct search *search)
{
    struct decision *decision = search->decision;
    int seeds = search->spec->seed_count, alive = decision->count;

    for (int s = 1; s <= seeds && decision->due_count == 0; s++) {
        for (int t = 0; t < alive; t++)
            if (look(search, &decision->trials[t], s) != 0)
                return -1;
        if (decision->due_count > 0 || s == seeds)
            break;
        qsort(decision->trials, (size_t)alive, sizeof *decision->trials, compare_trials);
        alive = (int)ceil(search->spec->halving.keep * alive - 1e-9);
        if (alive < 1)
            alive = 1;
    }
    qsort(decision->trials, (size_t)decision->count, sizeof *decision->trials, compare_places);
    return 0;
}

static int look_at_all(struct search *search, int first)
{
    struct decision *decision = search->decision;

    for (int t = first; t < decision->count; t++)
        if (look(search, &decision->trials[t], search->spec->seed_count) != 0)
            return -1;
    return 0;
}

/* The best trial that no halving has dropped. */
static void find_best(struct search *search)
{
    struct decision *decision = search->decision;

    decision->best = -1;
    for (int t = 0; t < decision->count; t++) {
        const struct trial *trial = &decision->trials[t];

        if (trial->seeds == search->spec->seed_count &&
            (decision->best < 0 || compare_trials(trial, &decision->trials[decision->best]) < 0))
            decision->best = t;
    }
}

static int lies_on_edge(const struct search *search, const struct trial *trial)
{
    int on_edge = 0;

    for (int k = 0; k < search->spec->key_count; k++)
        on_edge |= is_tuned(search, k) &&
                   (trial->place[k] == search->low[k] || trial->place[k] == search->high[k]);
    return on_edge;
}

/* Tries what lies beyond the edges that the best trial is on. 1: there is more to try; 0: not. */
static int extend(struct search *search, int round)
{
    const struct tuning_spec *spec = search->spec;
    struct decision *decision = search->decision;
    int best[TUNING_KEYS_MAX], first = decision->count;

    memcpy(best, decision->trials[decision->best].place, sizeof best);
    for (int k = 0; k < spec->key_count; k++) {
        const struct tuned_key *key = &spec->keys[k];
        int below = search->low[k] - 1, above = search->high[k] + 1;
        int at_low = best[k] == search->low[k], at_high = best[k] == search->high[k];

        if (!is_tuned(search, k))
            continue;
        if (at_low && below >= -spec->extend && tuning_value(key, below) > 0) {
            if (add_trials(search, k, below, round) != 0)
                return -1;
            search->low[k] = below;
        }
        if (at_high && above < key->count + spec->extend && tuning_value(key, above) > 0) {
            if (add_trials(search, k, above, round) != 0)
                return -1;
            search->high[k] = above;
        }
    }
    if (decision->count == first)
        return 0;
    return look_at_all(search, first) == 0 ? 1 : -1;
}

/* Round after round as far as the recorded marks go. */
static int follow(struct search *search)
{
    struct decision *decision = search->decision;
    int more = 1;

    if (add_trials(search, -1, 0, 1) != 0)
        return -1;
    if ((search->spec->halving.keep < 1 ? halve(search) : look_at_all(search, 0)) != 0)
        return -1;
    for (int round = 2; more == 1 && decision->due_count == 0; round++) {
        find_best(search);
        more = extend(search, round);
    }
    if (more < 0)
        return -1;
    find_best(search);
    decision->is_settled = decision->due_count == 0;
    for (int t = 0; t < decision->count; t++)
        decision->trials[t].on_edge = lies_on_edge(search, &decision->trials[t]);
    decision->edge = decision->is_settled && decision->trials[decision->best].on_edge;
    return 0;
}

int decide(struct decision *decision, const struct tuning_spec *spec, unsigned keys,
           int (*find)(void *context, const int *place, int seed, struct mark *), void *context)
{
    struct search search = {decision, spec, keys, find, context, {0}, {0}};

    memset(decision, 0, sizeof *decision);
    decision->best = -1;
    for (int k = 0; k < spec->key_count; k++)
        search.high[k] = is_tuned(&search, k) ? spec->keys[k].count - 1 : 0;
    if (follow(&search) == 0)
        return 0;
    decision_free(decision);
    return -1;
}

void decision_free(struct decision *decision)
{
    free(decision->trials);
    free(decision->due);
    memset(decision, 0, sizeof *decision);
}
