/* What a run found, printed for a terminal of 80 columns. */
#include "report/summary.h"

#include "base/error.h"

#include <math.h>
#include <stdarg.h>
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

/* Characters, not bytes. */
static size_t width_of(const char *text, size_t bytes)
{
    size_t width = 0;

    for (size_t i = 0; i < bytes; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

/* Broken at blanks into lines of at most 79 characters. */
static void print_wrapped(FILE *file, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t bytes = strcspn(text, " "), width = width_of(text, bytes);

        if (column > 0 && column + 1 + width > 79) {
            fputc('\n', file);
            column = 0;
        }
        column += width + (column > 0);
        fprintf(file, "%s%.*s", column > width ? " " : "", (int)bytes, text);
        text += bytes + strspn(text + bytes, " ");
    }
    fputc('\n', file);
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
    say(sentence, "%s, rate %g, engine %s", text, rate_of(groups, g), engine_of(groups, g));
    groups_describe(groups, g, AXES_ALL & ~SUMMARY_PROBLEM_AXES & ~AXIS_BIT(AXIS_ENGINE), text,
                    sizeof text);
    if (*text)
        say(sentence, ", %s", text);
}

static void say_target(struct sentence *sentence, const struct groups *groups, int target)
{
    char text[128];

    target_describe(&groups->results->targets[target], text, sizeof text);
    say(sentence, "%s", text);
}

static void say_times(struct sentence *sentence, double ratio, const char *more)
{
    if (ratio < 1.005)
        say(sentence, "the same");
    else
        say(sentence, ratio < 9.95 ? "%.1f times %s" : "%.0f times %s", ratio, more);
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

static void print_row(FILE *file, const struct summary *summary, const struct summary_row *row)
{
    const struct groups *groups = &summary->groups;
    const struct group *group = &groups->groups[row->group];
    char batch[16] = "full", rate[24], seconds[16], epochs[16], updates[16], error[16], test[16];

    if (!group->full_batch)
        snprintf(batch, sizeof batch, "%.0f", group->batch_size);
    snprintf(rate, sizeof rate, "%.4g%s", rate_of(groups, row->group),
             group->edge && group->count > 1 ? "*" : "");
    fprintf(file, "%-9.9s %6s %7s %2zu %7s %7s %7s %5s %5s ", engine_of(groups, row->group), batch,
            rate, groups->arms[group->best].count, short_number(row->seconds, seconds),
            short_number(row->epochs, epochs), short_number(row->updates, updates),
            short_percent(row->validation_error, error), short_percent(row->test_error, test));
    print_outcomes(file, row->outcomes);
}

static bool has_edge(const struct summary *summary, const struct summary_section *section)
{
    for (size_t r = section->first; r < section->first + section->count; r++) {
        const struct group *group = &summary->groups.groups[summary->rows[r].group];

        if (group->edge && group->count > 1)
            return true;
    }
    return false;
}

static void print_table(FILE *file, const struct summary *summary,
                        const struct summary_section *section)
{
    const struct groups *groups = &summary->groups;
    const unsigned rest = AXES_ALL & ~SUMMARY_PROBLEM_AXES & ~AXIS_BIT(AXIS_ENGINE);
    struct sentence to = {0};
    char title[256];

    groups_describe(groups, summary->rows[section->first].group, SUMMARY_PROBLEM_AXES, title,
                    sizeof title);
    if (*title)
        fprintf(file, "%s\n", title);
    if (section->target != SUMMARY_NONE) {
        say(&to, "Each batch size at its best rate; medians over n seeds: seconds, epochs and "
                 "updates to ");
        say_target(&to, groups, section->target);
        say(&to, "; errors at the end.");
    } else {
        say(&to, "Each batch size at its best rate; medians over n seeds; errors at the end.");
    }
    print_wrapped(file, to.text);
    fprintf(file, "%-9s %6s %7s %2s %7s %7s %7s %5s %5s %s\n", "engine", "K", "rate", "n",
            "seconds", "epochs", "updates", "val", "test", "outcome");
    for (size_t r = section->first; r < section->first + section->count; r++) {
        size_t g = summary->rows[r].group;

        groups_describe(groups, g, rest, title, sizeof title);
        if (*title &&
            (r == section->first || !groups_same(groups, g, summary->rows[r - 1].group, rest)))
            fprintf(file, "  %s\n", title);
        print_row(file, summary, &summary->rows[r]);
    }
    if (has_edge(summary, section))
        fprintf(file, "* on the edge of the rates tried: a better one may lie beyond\n");
}

/* ---- The line to act on, and the verdict --------------------------------------------------------
 */

static void say_edge(struct sentence *sentence, const struct groups *groups, size_t g)
{
    const struct group *group = &groups->groups[g];

    if (group->edge && group->count > 1)
        say(sentence, " That rate is the %s tried: widen the grid before relying on it.",
            group->best == group->first ? "smallest" : "largest");
}

static void print_best(FILE *file, const struct summary *summary,
                       const struct summary_section *section)
{
    const struct groups *groups = &summary->groups;
    const struct summary_row *best = &summary->rows[section->best];
    struct sentence line = {0};
    double end = section->has_errors ? best->validation_error : best->validation_loss;
    size_t seeds = groups->arms[groups->groups[best->group].best].count;
    char number[16];

    if (section->target != SUMMARY_NONE) {
        say(&line, "Best here: ");
        say_choice(&line, groups, best->group);
        say(&line, ": %s s to ", short_number(best->seconds, number));
        say_target(&line, groups, section->target);
        if (section->runner_up != SUMMARY_NONE) {
            const struct summary_row *second = &summary->rows[section->runner_up];

            say(&line, " (runner-up: ");
            say_choice(&line, groups, second->group);
            if (isfinite(second->seconds)) {
                say(&line, ", %s s, ", short_number(second->seconds, number));
                say_times(&line, second->seconds / best->seconds, "slower");
            } else {
                say(&line, ", did not reach it");
            }
            say(&line, ")");
        }
        say(&line, ".");
        say_edge(&line, groups, best->group);
    } else if (isfinite(end)) {
        say(&line, "No target was reached by most seeds of any batch size. Lowest validation %s: ",
            section->has_errors ? "error" : "loss");
        say_choice(&line, groups, best->group);
        if (section->has_errors)
            say(&line, ": %s", short_percent(end, number));
        else
            say(&line, ": %.4g", end);
        say(&line, " (median of %zu seed%s).", seeds, seeds == 1 ? "" : "s");
        say_edge(&line, groups, best->group);
    } else {
        say(&line, "Nothing trained: no batch size ended with a finite loss in most seeds.");
    }
    print_wrapped(file, line.text);
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
    print_wrapped(file, line.text);
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
    char seconds[16], updates[16], examples[16], batch[32];
    bool any = false;

    say(&line, "Only %s", kind_names[only]);
    if (only == 1) {
        group_batch_text(&summary->groups.groups[row->group], batch, sizeof batch);
        say(&line, " (%s)", batch);
    }
    say(&line, " reached it within the budget: %s s, %s updates, %s examples;",
        short_number(row->seconds, seconds), short_number(row->updates, updates),
        short_number(row->examples, examples));
    for (int c = 0; c < 3; c++) {
        if (c == only || contenders[c] == SUMMARY_NONE)
            continue;
        say(&line, "%s %s", any ? " and" : "", kind_names[c]);
        any = true;
    }
    say(&line, " did not.");
    print_wrapped(file, line.text);
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
    say_target(&line, &summary->groups, section->target);
    say(&line, ", each kind with its fastest row above:");
    print_wrapped(file, line.text);
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
    print_wrapped(file, line.text);
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
    status = summary_print_throughput(file, &results);
done:
    summary_close(&summary);
    results_close(&results);
    return status;
}
