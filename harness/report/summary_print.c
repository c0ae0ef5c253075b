/* What a run found, printed for a terminal of 80 columns. */
#include "report/summary.h"

#include "base/error.h"
#include "base/stats.h"
#include "report/cadence.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Words ------------------------------------------------------------------------------------
 */

/* A sentence that grows. */
struct sentence {
    char text[2048];
    size_t length;
};

static void say(struct sentence *sentence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct sentence *sentence, const char *format, ...)
{
    size_t room = sizeof sentence->text - sentence->length;
    va_list arguments;
    int wanted;

    va_start(arguments, format);
    wanted = vsnprintf(sentence->text + sentence->length, room, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        sentence->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

/* Three digits, and no exponent where there is room; "-" for what was not reached. */
static const char *short_number(double value, char text[16])
{
    if (!isfinite(value))
        return "-";
    if (value >= 1e7)
        snprintf(text, 16, "%.1e", value);
    else if (value < 0.01)
        snprintf(text, 16, "%.2g", value);
    else if (value >= 100)
        snprintf(text, 16, "%.0f", value);
    else
        snprintf(text, 16, "%.3g", value);
    return text;
}

static const char *short_percent(double fraction, char text[16])
{
    if (!isfinite(fraction))
        return "-";
    snprintf(text, 16, "%.1f%%", 100 * fraction);
    return text;
}

/* Five characters. */
static const char *short_loss(double value, char text[16])
{
    if (!isfinite(value))
        return "-";
    if (value >= 1e5 || (value != 0 && value < 1e-3))
        snprintf(text, 16, "%.0e", value);
    else
        snprintf(text, 16, "%.*f", value < 1 ? 3 : value < 10 ? 2 : value < 1000 ? 1 : 0, value);
    return text;
}

/* "1 update", "104 updates" */
static void say_count(struct sentence *sentence, double count, const char *thing)
{
    char number[16];

    say(sentence, "%s %s%s", short_number(count, number), thing, count == 1 ? "" : "s");
}

static bool end_is_error(const struct groups *groups)
{
    return groups->has_errors && !groups->by_train_loss;
}

static const char *short_end(const struct groups *groups, double value, char text[16])
{
    return end_is_error(groups) ? short_percent(value, text) : short_loss(value, text);
}

static const char *engine_of(const struct groups *groups, size_t g)
{
    const struct group *group = &groups->groups[g];
    size_t cell = groups->order[groups->arms[group->first].first];

    return table_texts(groups->results->cells, "engine")[cell];
}

static double rate_of(const struct groups *groups, size_t g)
{
    return groups->arms[groups->groups[g].best].learning_rate;
}

/* "K = 32, rate 0.1, engine blas", and whatever else varies. */
static void say_choice(struct sentence *sentence, const struct groups *groups, size_t g)
{
    char text[256];

    group_batch_text(&groups->groups[g], text, sizeof text);
    say(sentence, "%s, ", text);
    if (groups->groups[g].trained)
        say(sentence, "rate %g, ", rate_of(groups, g));
    say(sentence, "engine %s", engine_of(groups, g));
    group_used(groups, g, text, sizeof text);
    if (*text)
        say(sentence, " (%s)", text);
    groups_describe(groups, g, AXES_ALL & ~SUMMARY_PROBLEM_AXES & ~AXIS_BIT(AXIS_ENGINE), text,
                    sizeof text);
    if (*text)
        say(sentence, ", %s", text);
}

static void say_target(struct sentence *sentence, const struct results *results, int target)
{
    char text[128];

    target_describe(&results->targets[target], text, sizeof text);
    say(sentence, "%s", text);
}

static void say_times(struct sentence *sentence, double ratio, const char *more)
{
    if (ratio < 1.005)
        say(sentence, "the same");
    else
        say(sentence, "%.*f times %s", ratio < 1.05 ? 2 : ratio < 9.95 ? 1 : 0, ratio, more);
}

/* ---- The table of a convergence run ------------------------------------------------------------
 */

static void print_outcomes(FILE *file, const size_t outcomes[SUMMARY_OUTCOMES])
{
    bool any = false;

    for (size_t o = 0; o < SUMMARY_OUTCOMES; o++) {
        if (outcomes[o] == 0)
            continue;
        fprintf(file, any ? "%64s%zu %s\n" : "%s%zu %s\n", "", outcomes[o], summary_outcomes[o]);
        any = true;
    }
}

enum { ENGINE_WIDTH = 9 };

static void print_row(FILE *file, const struct summary *summary, const struct summary_row *row)
{
    const struct groups *groups = &summary->groups;
    const struct group *group = &groups->groups[row->group];
    char engine[64], batch[16] = "full", rate[24] = "-", seconds[16], epochs[16], updates[16];
    char end[16], test[16];

    if (!group->full_batch)
        snprintf(batch, sizeof batch, "%.0f", group->batch_size);
    if (group->trained)
        snprintf(rate, sizeof rate, "%.4g%s", rate_of(groups, row->group),
                 group_on_edge(group) ? "*" : "");
    summary_engine(groups, row->group, ENGINE_WIDTH, engine);
    fprintf(file, "%-*s %6s %7s %2zu %7s %7s %7s %5s %5s ", ENGINE_WIDTH, engine, batch, rate,
            row->n, short_number(row->seconds, seconds), short_number(row->epochs, epochs),
            short_number(row->updates, updates), short_end(groups, row->end, end),
            groups->has_errors ? short_percent(row->test, test) : short_loss(row->test, test));
    print_outcomes(file, row->outcomes);
}

/* "auto: native, 1 thread (K = 1, K = 8); blas, 2 threads (K = full)": in the order of rows. */
static void print_used(FILE *file, const struct groups *groups,
                       const struct summary_section *section, const struct summary_row *rows)
{
    char used[128], before[128] = "", batch[32];
    struct sentence line = {0};

    for (size_t r = section->first; r < section->first + section->count; r++) {
        group_used(groups, rows[r].group, used, sizeof used);
        group_batch_text(&groups->groups[rows[r].group], batch, sizeof batch);
        if (*used && strcmp(used, before) == 0)
            say(&line, ", %s", batch);
        else if (*used)
            say(&line, "%s%s (%s", line.text[0] ? "); " : "auto: ", used, batch);
        if (*used)
            snprintf(before, sizeof before, "%s", used);
    }
    if (line.text[0]) {
        say(&line, ")");
        summary_print_wrapped(file, line.text);
    }
}

/* What stands under the table: the marks that occur in it, and what to keep in mind. */
static void print_legend(FILE *file, const struct summary *summary,
                         const struct summary_section *section)
{
    const struct groups *groups = &summary->groups;
    bool edge = false, none = false, untrained = false, chosen = false, tuned = false;

    for (size_t r = section->first; r < section->first + section->count; r++) {
        const struct summary_row *row = &summary->rows[r];
        const struct group *group = &groups->groups[row->group];

        edge |= group_on_edge(group);
        chosen |= group->trained && group->count > 1;
        tuned |= group->tuned;
        untrained |= !group->trained;
        none |= !isfinite(row->seconds) || !isfinite(row->end) || !isfinite(row->test);
    }
    summary_print_engines(file, groups, summary->rows[section->first].group, SUMMARY_PROBLEM_AXES,
                          ENGINE_WIDTH);
    print_used(file, groups, section, summary->rows);
    if (edge)
        fprintf(file, "* on the edge of the rates tried: a better one may lie beyond\n");
    if (none)
        fprintf(file, "- no number: not reached by most seeds, diverged, or not evaluated\n");
    if (untrained)
        summary_print_wrapped(file, "rate -: every rate diverged or failed, so none is best; n and "
                                    "outcome count all of them");
    if (tuned)
        fprintf(file, "What is tuned was chosen on other seeds: tuning.csv.\n");
    if (chosen)
        fprintf(file,
                "Rates are chosen on these same seeds: the best looks a bit better than it is.\n");
}

/* How to read the table. */
static void print_heading(FILE *file, const struct groups *groups, int target)
{
    struct sentence to = {0};

    say(&to, "Each batch size at its best rate; medians over n seeds");
    if (target != SUMMARY_NONE) {
        say(&to, ": seconds, epochs and updates to ");
        say_target(&to, groups->results, target);
    }
    if (end_is_error(groups))
        say(&to, "; errors at the end.");
    else if (groups->has_errors)
        say(&to, "; training loss and test error at the end.");
    else
        say(&to, "; losses at the end.");
    if (groups->by_train_loss)
        say(&to, target == SUMMARY_NONE ? " Best" : " What no target decides is best");
    if (groups->by_train_loss)
        say(&to, " by training loss: there is no validation split.");
    summary_print_wrapped(file, to.text);
}

static void print_table(FILE *file, const struct summary *summary,
                        const struct summary_section *section)
{
    const struct groups *groups = &summary->groups;
    const uint64_t rest = AXES_ALL & ~SUMMARY_PROBLEM_AXES & ~AXIS_BIT(AXIS_ENGINE);
    char title[256];

    groups_describe(groups, summary->rows[section->first].group, SUMMARY_PROBLEM_AXES, title,
                    sizeof title);
    if (*title)
        summary_print_wrapped(file, title);
    print_heading(file, groups, section->target);
    fprintf(file, "%-*s %6s %7s %2s %7s %7s %7s %5s %5s %s\n", ENGINE_WIDTH, "engine", "K", "rate",
            "n", "seconds", "epochs", "updates", groups->by_train_loss ? "train" : "val", "test",
            "outcome");
    for (size_t r = section->first; r < section->first + section->count; r++) {
        size_t g = summary->rows[r].group;

        groups_describe(groups, g, rest, title, sizeof title);
        if (*title &&
            (r == section->first || !groups_same(groups, g, summary->rows[r - 1].group, rest)))
            fprintf(file, "  %s\n", title);
        print_row(file, summary, &summary->rows[r]);
    }
    print_legend(file, summary, section);
}

/* ---- The line to act on, and the verdict --------------------------------------------------------
 */

static void say_edge(struct sentence *sentence, const struct groups *groups, size_t g)
{
    const struct group *group = &groups->groups[g];

    if (group_on_edge(group) && group->tuned)
        say(sentence, " It lies on the edge of what the tuning tried: widen that before relying on "
                      "it.");
    else if (group_on_edge(group))
        say(sentence, " That rate is the %s tried: widen the grid before relying on it.",
            group->best == group->first ? "smallest" : "largest");
}

/* The ranges over the seeds do not meet, and are ranges. */
static bool told_apart(const struct summary_row *best, const struct summary_row *second)
{
    return best->n > 1 && second->n > 1 && best->high < second->low;
}

static void say_not_told_apart(struct sentence *sentence, const struct summary_row *best,
                               const struct summary_row *second)
{
    size_t n = best->n < second->n ? best->n : second->n;

    say(sentence, "not told apart by %zu seed%s", n, n == 1 ? "" : "s");
}

/* "runner-up: K = 1, rate 0.03, engine blas, 1.04 s, 2.1 times slower" */
static void say_runner_up(struct sentence *line, const struct summary *summary,
                          const struct summary_section *section)
{
    const struct summary_row *best = &summary->rows[section->best];
    const struct summary_row *second = &summary->rows[section->runner_up];
    double ratio = second->seconds / best->seconds;
    char number[16];

    say_choice(line, &summary->groups, second->group);
    if (section->target == SUMMARY_NONE) {
        say(line, ": %s", short_end(&summary->groups, second->end, number));
        if (!told_apart(best, second) && isfinite(second->end)) {
            say(line, ", ");
            say_not_told_apart(line, best, second);
        }
    } else if (!isfinite(second->seconds)) {
        say(line, ", did not reach it");
        if (best->high >= second->low) {
            say(line, " in most seeds, ");
            say_not_told_apart(line, best, second);
        }
    } else {
        say(line, ", %s s, ", short_number(second->seconds, number));
        if (told_apart(best, second) || ratio >= 1.05)
            say_times(line, ratio, "slower");
        if (!told_apart(best, second)) {
            say(line, ratio >= 1.05 ? " but " : "");
            say_not_told_apart(line, best, second);
        }
    }
}

static void print_best(FILE *file, const struct summary *summary,
                       const struct summary_section *section)
{
    const struct groups *groups = &summary->groups;
    const struct summary_row *best = &summary->rows[section->best];
    bool second = section->runner_up != SUMMARY_NONE;
    struct sentence line = {0};
    char number[16];

    if (section->target != SUMMARY_NONE) {
        say(&line, "Best here: ");
        say_choice(&line, groups, best->group);
        say(&line, ": %s s to ", short_number(best->seconds, number));
        say_target(&line, groups->results, section->target);
        if (second) {
            say(&line, " (runner-up: ");
            say_runner_up(&line, summary, section);
            say(&line, ")");
        }
        say(&line, ".");
        say_edge(&line, groups, best->group);
    } else if (isfinite(best->end)) {
        say(&line, "%sowest %s: ",
            groups->results->target_count == 0
                ? "L"
                : "No target was reached by most seeds of any batch size. L",
            summary_end(groups));
        say_choice(&line, groups, best->group);
        say(&line, ": %s (median of %zu seed%s).", short_end(groups, best->end, number), best->n,
            best->n == 1 ? "" : "s");
        if (second && groups->groups[summary->rows[section->runner_up].group].trained) {
            say(&line, " Runner-up: ");
            say_runner_up(&line, summary, section);
            say(&line, ".");
        }
        say_edge(&line, groups, best->group);
    } else {
        say(&line, "Nothing trained: no batch size ended with a finite loss in most seeds.");
    }
    summary_print_wrapped(file, line.text);
}

static const char *const kind_names[3] = {"single examples (K = 1)", "mini-batches", "full batch"};

/* One axis: who needed least, and the others as multiples of it. */
static void print_axis(FILE *file, const struct summary *summary, const int contenders[3],
                       const char *axis, const char *unit, size_t offset)
{
    struct sentence line = {0};
    double costs[3], least = INFINITY;
    int first = -1;
    char number[16], batch[32];

    for (int c = 0; c < 3; c++) {
        const char *row;

        costs[c] = NAN;
        if (contenders[c] == SUMMARY_NONE)
            continue;
        row = (const char *)&summary->rows[contenders[c]];
        memcpy(&costs[c], row + offset, sizeof costs[c]);
        if (costs[c] < least) {
            least = costs[c];
            first = c;
        }
    }
    if (first < 0)
        return;
    say(&line, "In %s:", axis);
    for (int turn = 0; turn < 4; turn++) {
        int c = turn == 0 ? first : turn - 1; /* the first, then the others in their order */

        if (isnan(costs[c]) || (turn > 0 && c == first))
            continue;
        say(&line, "%s %s", turn ? ";" : "", kind_names[c]);
        if (c == 1) {
            size_t g = summary->rows[contenders[c]].group;

            group_batch_text(&summary->groups.groups[g], batch, sizeof batch);
            say(&line, " (%s)", batch);
        }
        if (!isfinite(costs[c])) {
            say(&line, " did not reach it");
            continue;
        }
        say(&line, " %s%s", short_number(costs[c], number), unit);
        if (turn > 0) {
            say(&line, ", ");
            say_times(&line, costs[c] / least, "as much");
        }
    }
    say(&line, ".");
    summary_print_wrapped(file, line.text);
}

/* The one of them that reached the target, or none if several did. */
static int only_one(const struct summary *summary, const int contenders[3])
{
    int only = SUMMARY_NONE;

    for (int c = 0; c < 3; c++) {
        if (contenders[c] == SUMMARY_NONE || !isfinite(summary->rows[contenders[c]].seconds))
            continue;
        if (only != SUMMARY_NONE)
            return SUMMARY_NONE;
        only = c;
    }
    return only;
}

static void print_only(FILE *file, const struct summary *summary, const int contenders[3], int only)
{
    const struct summary_row *row = &summary->rows[contenders[only]];
    struct sentence line = {0};
    char seconds[16], batch[32];
    bool any = false;

    say(&line, "Only %s", kind_names[only]);
    if (only == 1) {
        group_batch_text(&summary->groups.groups[row->group], batch, sizeof batch);
        say(&line, " (%s)", batch);
    }
    say(&line, " reached it within the budget: %s s, ", short_number(row->seconds, seconds));
    say_count(&line, row->updates, "update");
    say(&line, ", ");
    say_count(&line, row->examples, "example");
    say(&line, ";");
    for (int c = 0; c < 3; c++) {
        if (c == only || contenders[c] == SUMMARY_NONE)
            continue;
        say(&line, "%s %s", any ? " and" : "", kind_names[c]);
        any = true;
    }
    say(&line, " did not.");
    summary_print_wrapped(file, line.text);
}

static void print_verdict(FILE *file, const struct summary *summary,
                          const struct summary_section *section)
{
    const int contenders[3] = {section->single, section->mini, section->full};
    struct sentence line = {0};
    int present = 0, only;

    for (int c = 0; c < 3; c++)
        present += contenders[c] != SUMMARY_NONE;
    if (present < 2 || section->target == SUMMARY_NONE)
        return;
    say(&line, "To ");
    say_target(&line, summary->groups.results, section->target);
    say(&line, ", each kind with its fastest row above:");
    summary_print_wrapped(file, line.text);
    only = only_one(summary, contenders);
    if (only != SUMMARY_NONE) {
        print_only(file, summary, contenders, only);
        return;
    }
    print_axis(file, summary, contenders, "seconds", " s", offsetof(struct summary_row, seconds));
    print_axis(file, summary, contenders, "updates", "", offsetof(struct summary_row, updates));
    print_axis(file, summary, contenders, "examples", "", offsetof(struct summary_row, examples));
}

static void print_totals(FILE *file, const struct summary *summary)
{
    struct sentence line = {0};
    bool any = false;

    say(&line, "%zu cell%s, whatever the rate:", summary->groups.cell_count,
        summary->groups.cell_count == 1 ? "" : "s");
    for (size_t o = 0; o < SUMMARY_OUTCOMES; o++) {
        if (summary->outcomes[o] == 0)
            continue;
        say(&line, "%s %zu %s", any ? "," : "", summary->outcomes[o], summary_outcomes[o]);
        any = true;
    }
    say(&line, ".");
    summary_print_wrapped(file, line.text);
}

/* A line for each target whose cost the evaluations are too far apart to tell. */
static int print_cadence(FILE *file, struct results *results)
{
    for (size_t t = 0; t < results->target_count; t++) {
        double *resolutions = cadence_resolutions(results, t), median;
        struct sentence line = {0};
        size_t reached = 0;

        if (!resolutions)
            return -1;
        for (size_t i = 0; i < table_rows(results->cells); i++)
            if (!isnan(resolutions[i]))
                resolutions[reached++] = resolutions[i];
        median = reached > 0 ? stats_median(resolutions, reached) : 0;
        free(resolutions);
        if (!(median > cadence_limit))
            continue;
        say(&line, "Evaluations are far apart for ");
        say_target(&line, results, (int)t);
        say(&line,
            ": what it takes is known to %.0f %% in the median, expected %.0f (evaluation: "
            "per_decade, first).",
            100 * median, 100 * cadence_limit);
        summary_print_wrapped(file, line.text);
    }
    return 0;
}

int summary_print(FILE *file, const char *results_folder)
{
    int status = -1;
    struct results results = {0};
    struct summary summary = {0};

    if (results_open(&results, results_folder) != 0 || summary_compute(&summary, &results) != 0)
        goto done;
    for (size_t s = 0; s < summary.section_count; s++) {
        const struct summary_section *section = &summary.sections[s];

        print_table(file, &summary, section);
        fputc('\n', file);
        print_best(file, &summary, section);
        print_verdict(file, &summary, section);
        fputc('\n', file);
    }
    if (summary.row_count > 0)
        print_totals(file, &summary);
    if (print_cadence(file, &results) != 0)
        goto done;
    status = summary_print_throughput(file, &results);
done:
    summary_close(&summary);
    results_close(&results);
    return status;
}
