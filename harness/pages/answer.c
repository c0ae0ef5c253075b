/* Sentences of verdicts.csv and cells.csv. */
#include "pages/answer.h"

#include "base/error.h"
#include "pages/page.h"
#include "report/summary.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void say(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends. */
static void say(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* Room for one more, or NULL: there is none, and it is counted. */
static struct sentence_pair *next_pair(struct answer *answer)
{
    if (answer->count == ANSWERS_MAX) {
        answer->left_out++;
        return NULL;
    }
    return &answer->list[answer->count++];
}

/* Three digits are what a sentence is for; the tables have the rest. */
static const char *short_number(double value, char text[32])
{
    if (!isfinite(value))
        return page_number(value, text);
    snprintf(text, 32, fabs(value) >= 1000 && fabs(value) < 1e7 ? "%.0f" : "%.3g", value);
    return text;
}

/* ---- Claims -----------------------------------------------------------------------------------
 */

const char *answer_word(const struct ruling *ruling)
{
    return ruling->is_delivered || ruling->verdict == VERDICT_INCONCLUSIVE
               ? verdict_names[ruling->verdict]
               : "undelivered";
}

static const char *bound(double value, const char *unknown, char text[32])
{
    if (!isfinite(value))
        return unknown;
    snprintf(text, 32, "%.3g", value);
    return text;
}

void answer_effect(const struct effect *effect, char *text, size_t size)
{
    char low[32], high[32], value[32];

    if (isnan(effect->value))
        snprintf(text, size, "not known");
    else if (effect->low == effect->high)
        snprintf(text, size, "%s, without an interval", short_number(effect->value, value));
    else if (!isfinite(effect->low) && !isfinite(effect->high))
        snprintf(text, size, "%s, its interval not known", short_number(effect->value, value));
    else
        snprintf(text, size, "%s, 95 %% interval %s to %s", short_number(effect->value, value),
                 bound(effect->low, "no lower bound", low),
                 bound(effect->high, "no upper bound", high));
}

/* A number of a column that may not be there. */
static double number_at(struct table *table, const char *column, size_t row)
{
    const double *numbers = table_has(table, column) ? table_numbers(table, column) : NULL;

    return numbers ? numbers[row] : (double)NAN;
}

void answer_expected(const struct results *results, size_t row, char *text, size_t size)
{
    double above = number_at(results->verdicts, "above", row);
    double below = number_at(results->verdicts, "below", row);

    text[0] = '\0';
    if (isfinite(above))
        say(text, size, "above %.6g", above);
    if (isfinite(below))
        say(text, size, "%sbelow %.6g", text[0] ? " and " : "", below);
}

/* What the effect is of: column `judged`, else nothing. */
static const char *judged_at(const struct results *results, size_t row)
{
    return table_has(results->verdicts, "judged") ? table_texts(results->verdicts, "judged")[row]
                                                  : "";
}

/* "What is judged, slope of log seconds (full batch), is 0.98, 95 % interval 0.94 to 1.01, n = 14;
 * expected above 0.9 and below 1.1." */
static void tell_effect(char *text, size_t size, const struct verdicts *verdicts,
                        const struct ruling *ruling)
{
    const struct judgement *judgement = ruling->deciding;
    size_t row = (size_t)(judgement - verdicts->list);
    const char *judged = judged_at(&verdicts->results, row);
    char effect[160], place[900], expected[96];

    answer_effect(&judgement->finding.effect, effect, sizeof effect);
    answer_expected(&verdicts->results, row, expected, sizeof expected);
    judgement_describe_place(judgement, place, sizeof place);
    say(text, size,
        ruling->verdict == VERDICT_CONDITIONS ? "What stands against it%s%s" : "What is judged%s%s",
        judged[0] ? ", " : "", judged);
    if (place[0])
        say(text, size, " (%s)", place);
    say(text, size, "%s is %s", judged[0] ? "," : "", effect);
    if (judgement->finding.n > 0)
        say(text, size, ", n = %zu", judgement->finding.n);
    if (expected[0])
        say(text, size, "; expected %s", expected);
    say(text, size, ".");
}

static void tell_ruling(struct sentence_pair *pair, const struct verdicts *verdicts,
                        const struct ruling *ruling)
{
    const struct judgement *amiss = ruling->undelivered;

    snprintf(pair->verdict, sizeof pair->verdict, "%s", answer_word(ruling));
    snprintf(pair->name, sizeof pair->name, "%s", ruling->id);
    snprintf(pair->text, sizeof pair->text, "%s.", ruling->says);
    if (strcmp(pair->verdict, "undelivered") == 0 && amiss && amiss->reason[0])
        say(pair->text, sizeof pair->text,
            " The numbers lean to \u201c%s\u201d, and do not count: %s.",
            verdict_names[ruling->verdict], amiss->reason);
    if (ruling->deciding)
        tell_effect(pair->rest, sizeof pair->rest, verdicts, ruling);
}

static int answer_claims(struct answer *answer, const struct verdicts *verdicts)
{
    struct ruling *rulings = NULL;
    size_t count;

    if (rulings_make(verdicts, 1, &rulings, &count) != 0)
        return -1;
    for (size_t r = 0; r < count; r++) {
        struct sentence_pair *pair = next_pair(answer);

        if (pair)
            tell_ruling(pair, verdicts, &rulings[r]);
    }
    free(rulings);
    return 0;
}

/* ---- Convergence ------------------------------------------------------------------------------
 */

/* "K = 8, rate 0.1, engine native, 1 thread" */
static void say_choice(char *text, size_t size, const struct groups *groups, size_t g)
{
    const struct group *group = &groups->groups[g];
    size_t cell = groups->order[groups->arms[group->first].first];
    char part[256];

    group_batch_text(group, part, sizeof part);
    say(text, size, "%s", part);
    if (group->trained)
        say(text, size, ", rate %g", groups->arms[group->best].learning_rate);
    say(text, size, ", engine %s", table_texts(groups->results->cells, "engine")[cell]);
    groups_describe(groups, g, AXES_ALL & ~SUMMARY_PROBLEM_AXES & ~AXIS_BIT(AXIS_ENGINE), part,
                    sizeof part);
    if (part[0])
        say(text, size, ", %s", part);
}

static void say_range(char *text, size_t size, const struct summary_row *row)
{
    char low[32], high[32];

    if (row->n < 2)
        say(text, size, "one seed, so no spread");
    else
        say(text, size, "over %zu seeds %s to %s", row->n, short_number(row->low, low),
            short_number(row->high, high));
}

/* Whether two rows' ranges over their seeds part them. */
static int are_apart(const struct summary_row *a, const struct summary_row *b)
{
    return a->n > 1 && b->n > 1 && (a->high < b->low || b->high < a->low);
}

/* A best rate on the edge is never quiet. */
static void say_edge(char *text, size_t size, const struct groups *groups, size_t g)
{
    if (groups->groups[g].trained && group_on_edge(&groups->groups[g]))
        say(text, size, " Its rate is on the edge of those tried: a better one may lie beyond.");
}

static void tell_reached(struct sentence_pair *pair, const struct summary *summary,
                         const struct summary_section *section)
{
    const struct summary_row *best = &summary->rows[section->best];
    const struct results *results = summary->groups.results;
    char target[128], seconds[32], updates[32];

    target_describe(&results->targets[section->target], target, sizeof target);
    say_choice(pair->text, sizeof pair->text, &summary->groups, best->group);
    say(pair->text, sizeof pair->text, " reached %s first: in %s s of training (median; ", target,
        short_number(best->seconds, seconds));
    say_range(pair->text, sizeof pair->text, best);
    say(pair->text, sizeof pair->text, ") and %s updates (median).",
        short_number(best->updates, updates));
    say_edge(pair->text, sizeof pair->text, &summary->groups, best->group);
}

static void tell_end(struct sentence_pair *pair, const struct summary *summary,
                     const struct summary_section *section)
{
    const struct summary_row *best = &summary->rows[section->best];
    char end[32];

    if (!isfinite(best->end)) {
        say(pair->text, sizeof pair->text, "No batch size trained to an end that is finite.");
        return;
    }
    if (summary->groups.results->target_count > 0)
        say(pair->text, sizeof pair->text, "No batch size reached a target in the median; ");
    else
        say(pair->text, sizeof pair->text, "There was no target to reach; ");
    say(pair->text, sizeof pair->text, "the lowest median %s at the end is %s, of ",
        summary_end(&summary->groups), short_number(best->end, end));
    say_choice(pair->text, sizeof pair->text, &summary->groups, best->group);
    say(pair->text, sizeof pair->text, " (");
    say_range(pair->text, sizeof pair->text, best);
    say(pair->text, sizeof pair->text, ").");
    say_edge(pair->text, sizeof pair->text, &summary->groups, best->group);
}

static void tell_runner_up(struct sentence_pair *pair, const struct summary *summary,
                           const struct summary_section *section)
{
    const struct summary_row *best = &summary->rows[section->best], *next;
    char number[32];
    int by_end = section->target == SUMMARY_NONE;

    if (section->runner_up == SUMMARY_NONE) {
        say(pair->rest, sizeof pair->rest, "There is nothing to compare it with.");
        return;
    }
    next = &summary->rows[section->runner_up];
    say(pair->rest, sizeof pair->rest, "Next comes ");
    say_choice(pair->rest, sizeof pair->rest, &summary->groups, next->group);
    if (!isfinite(by_end ? next->end : next->seconds)) {
        say(pair->rest, sizeof pair->rest,
            by_end ? ", which did not end with a finite number."
                   : ", which most seeds did not get there with.");
        return;
    }
    say(pair->rest, sizeof pair->rest, by_end ? " with %s (" : " with %s s (",
        short_number(by_end ? next->end : next->seconds, number));
    say_range(pair->rest, sizeof pair->rest, next);
    say(pair->rest, sizeof pair->rest,
        are_apart(best, next) ? "); the ranges over the seeds do not overlap."
                              : "); these seeds do not tell the two apart.");
}

static int answer_convergence(struct answer *answer, struct results *results)
{
    struct summary summary;

    if (summary_compute(&summary, results) != 0) {
        summary_close(&summary);
        return -1;
    }
    for (size_t s = 0; s < summary.section_count; s++) {
        const struct summary_section *section = &summary.sections[s];
        struct sentence_pair *pair = section->best == SUMMARY_NONE ? NULL : next_pair(answer);
        char problem[256];

        if (!pair)
            continue;
        groups_describe(&summary.groups, summary.rows[section->best].group, SUMMARY_PROBLEM_AXES,
                        problem, sizeof problem);
        snprintf(pair->name, sizeof pair->name, "%.39s", problem);
        if (strlen(problem) >= sizeof pair->name) { /* too long for a name */
            pair->name[0] = '\0';
            say(pair->text, sizeof pair->text, "%s: ", problem);
        }
        if (section->target != SUMMARY_NONE)
            tell_reached(pair, &summary, section);
        else
            tell_end(pair, &summary, section);
        tell_runner_up(pair, &summary, section);
    }
    summary_close(&summary);
    return 0;
}

/* ---- Throughput -------------------------------------------------------------------------------
 */

static void say_rate(char *text, size_t size, struct table *cells, size_t row)
{
    static const char column[] = "examples_per_second";
    char rate[32], low[32], high[32], batch[32];

    say(text, size,
        "%s examples/s (median of %s timed blocks, quartiles %s to %s) with engine %s, ",
        short_number(number_at(cells, column, row), rate),
        table_has(cells, "blocks") ? table_texts(cells, "blocks")[row] : "several",
        short_number(number_at(cells, "examples_per_second_q1", row), low),
        short_number(number_at(cells, "examples_per_second_q3", row), high),
        table_texts(cells, "engine")[row]);
    say(text, size, "K = %s, threads %s", short_number(number_at(cells, "batch_size", row), batch),
        table_has(cells, "threads") ? table_texts(cells, "threads")[row] : "not said");
}

/* The fastest timed cell of that network with a batch of `most` at the most; the number of rows:
 * none. */
static size_t fastest_of(struct table *cells, const char *network, double most)
{
    const char *const *measures = table_texts(cells, "measure");
    const char *const *networks = table_texts(cells, "network");
    size_t best = table_rows(cells);

    for (size_t row = 0; row < table_rows(cells); row++) {
        double rate = number_at(cells, "examples_per_second", row);

        if (strcmp(measures[row], "throughput") != 0 || strcmp(networks[row], network) != 0 ||
            !(number_at(cells, "batch_size", row) <= most) || !isfinite(rate))
            continue;
        if (best == table_rows(cells) || rate > number_at(cells, "examples_per_second", best))
            best = row;
    }
    return best;
}

static double smallest_batch(struct table *cells, const char *network)
{
    const char *const *measures = table_texts(cells, "measure");
    const char *const *networks = table_texts(cells, "network");
    double least = INFINITY;

    for (size_t row = 0; row < table_rows(cells); row++)
        if (strcmp(measures[row], "throughput") == 0 && strcmp(networks[row], network) == 0 &&
            isfinite(number_at(cells, "examples_per_second", row)))
            least = fmin(least, number_at(cells, "batch_size", row));
    return least;
}

static void tell_network(struct answer *answer, struct table *cells, const char *network)
{
    size_t best = fastest_of(cells, network, INFINITY), small;
    struct sentence_pair *pair = best < table_rows(cells) ? next_pair(answer) : NULL;

    if (!pair)
        return;
    snprintf(pair->name, sizeof pair->name, "network %.30s", network);
    say(pair->text, sizeof pair->text, "The highest rate of training is ");
    say_rate(pair->text, sizeof pair->text, cells, best);
    say(pair->text, sizeof pair->text, ".");
    small = fastest_of(cells, network, smallest_batch(cells, network));
    if (small == best || small == table_rows(cells))
        return;
    say(pair->rest, sizeof pair->rest, "With the smallest batch it is ");
    say_rate(pair->rest, sizeof pair->rest, cells, small);
    say(pair->rest, sizeof pair->rest, ".");
}

static int answer_throughput(struct answer *answer, struct results *results)
{
    struct table *cells = results->cells;
    const char *const *networks = table_texts(cells, "network");

    if (!networks || !table_texts(cells, "measure") || !table_texts(cells, "engine"))
        return -1;
    if (!table_has(cells, "examples_per_second"))
        return 0;
    if (!table_numbers(cells, "examples_per_second") || !table_numbers(cells, "batch_size"))
        return -1;
    for (size_t row = 0; row < table_rows(cells); row++) {
        size_t first = 0;

        while (strcmp(networks[first], networks[row]) != 0)
            first++;
        if (first == row)
            tell_network(answer, cells, networks[row]);
    }
    return 0;
}

/* -----------------------------------------------------------------------------------------------
 */

int answer_find(struct answer *answer, struct verdicts *verdicts)
{
    *answer = (struct answer){.list = calloc(ANSWERS_MAX, sizeof *answer->list), .basis = ""};
    if (!answer->list)
        return error_set("out of memory for the answers of %s", verdicts->name);
    if (verdicts->count > 0)
        return answer_claims(answer, verdicts);
    answer->basis = "From cells.csv: each batch size at its best rate of those tried, medians over "
                    "the seeds, chosen and shown on the same seeds. No verdict stands behind it.";
    if (answer_convergence(answer, &verdicts->results) != 0)
        return -1;
    if (answer->count > 0)
        return 0;
    answer->basis = "From cells.csv: the fastest of the cells that were timed, each a process of "
                    "its own. No verdict stands behind it.";
    return answer_throughput(answer, &verdicts->results);
}

void answer_free(struct answer *answer)
{
    free(answer->list);
    *answer = (struct answer){.list = NULL};
}
