/* A comment on a pull request: the sentence, what is worse, what is the same folded away, the
 * machine. Verdicts are words; long tables are cut, since GitHub takes 65 536 characters. */
#include "base/error.h"
#include "export/judged.h"
#include "export/numbers.h"
#include "export/text.h"
#include "export/writers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 100 };

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

/* Both sides of a row in the unit of the first, so that they compare at sight. */
struct time_unit {
    double seconds;
    const char *name;
};

static struct time_unit unit_of(double seconds)
{
    static const struct time_unit units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    size_t u = 0;

    while (u < 3 && seconds < units[u].seconds)
        u++;
    return units[u];
}

static void write_seconds(FILE *file, double seconds, struct time_unit unit)
{
    if (isfinite(seconds))
        fprintf(file, "%.4g %s", seconds / unit.seconds, unit.name);
    else
        fputs("none", file);
}

static int median_of(const struct export *export, const struct exported_case *timed, double *median)
{
    struct numbers numbers;

    *median = NAN;
    if (!timed)
        return 0;
    if (numbers_of(&numbers, timed, export_confidence(export)) != 0)
        return -1;
    *median = numbers.median;
    return 0;
}

/* ---- Ratios -----------------------------------------------------------------------------------
 */

static int by_verdict(const void *a, const void *b)
{
    const struct exported_ratio *one = *(const struct exported_ratio *const *)a,
                                *other = *(const struct exported_ratio *const *)b;
    int judged = (int)judged_of(one->verdict) - (int)judged_of(other->verdict);

    if (judged != 0)
        return judged;
    if (one->ratio < other->ratio || one->ratio > other->ratio)
        return one->ratio < other->ratio ? 1 : -1; /* the slowest first */
    return strcmp(one->name, other->name);
}

static int write_ratio(FILE *file, const struct export *export, const struct exported_ratio *ratio)
{
    enum judged judged = judged_of(ratio->verdict);
    const char *strong = judged == JUDGED_SAME ? "" : "**";
    struct time_unit unit;
    double base, head;
    char text[128];

    if (median_of(export, ratio->base, &base) != 0 || median_of(export, ratio->head, &head) != 0)
        return -1;
    unit = unit_of(isfinite(base) ? base : head);
    ratio_text(ratio, text, sizeof text);
    fputs("| ", file);
    text_markdown(file, ratio->name);
    fputs(" | ", file);
    write_seconds(file, base, unit);
    fputs(" | ", file);
    write_seconds(file, head, unit);
    fputs(" | ", file);
    text_markdown(file, text);
    fprintf(file, " | %s%s%s%s", strong, judged_name(judged), strong, ratio->reason ? ": " : "");
    text_markdown(file, ratio->reason);
    fputs(" |\n", file);
    return 0;
}

static int write_ratios(FILE *file, const struct export *export,
                        const struct exported_ratio *const *sorted, size_t count)
{
    int status = 0;

    if (count == 0)
        return 0;
    fputs("\n| cell | base, an update | head, an update | time of head / base | verdict |\n"
          "|---|---:|---:|---:|---|\n",
          file);
    for (size_t r = 0; r < count && r < ROWS_MAX && status == 0; r++)
        status = write_ratio(file, export, sorted[r]);
    if (count > ROWS_MAX)
        fprintf(file, "\n%zu more are not shown.\n", count - ROWS_MAX);
    return status;
}

/* "1 REGRESSION, 3 SAME", the worst first. */
static void write_verdicts(FILE *file, const size_t counts[JUDGED_KINDS])
{
    const char *comma = "";

    for (enum judged j = 0; j < JUDGED_KINDS; j++)
        if (counts[j] > 0) {
            fprintf(file, "%s%zu %s", comma, counts[j], judged_name(j));
            comma = ", ";
        }
}

/* "; of 3 counts: 1 CHANGED, 2 SAME" */
static void write_counts_summary(FILE *file, const struct export *export)
{
    size_t counts[JUDGED_KINDS] = {0};

    for (size_t c = 0; c < export->count_count; c++)
        counts[judged_of(export->counts[c].verdict)]++;
    if (export->count_count == 0)
        return;
    fprintf(file, "; of %zu count%s: ", export->count_count, plural(export->count_count));
    write_verdicts(file, counts);
}

static void write_summary(FILE *file, const struct export *export,
                          const size_t counts[JUDGED_KINDS])
{
    fputs("**", file);
    if (export->summary) {
        text_markdown(file, export->summary);
    } else if (export->ratio_count > 0) {
        fprintf(file, "Of %zu cell%s: ", export->ratio_count, plural(export->ratio_count));
        write_verdicts(file, counts);
        write_counts_summary(file, export);
        fputc('.', file);
    } else {
        text_markdown(file, export->suite);
        fprintf(file, ": %zu cell%s.", export->case_count, plural(export->case_count));
    }
    fputs("**\n", file);
}

static int write_judged(FILE *file, const struct export *export, size_t counts[JUDGED_KINDS])
{
    size_t count = export->ratio_count, open;
    const struct exported_ratio **sorted = malloc((count + 1) * sizeof *sorted);
    int status;

    if (!sorted)
        return error_set("out of memory for %zu ratios", count);
    for (size_t r = 0; r < count; r++)
        sorted[r] = &export->ratios[r];
    qsort(sorted, count, sizeof *sorted, by_verdict);
    open = count - counts[JUDGED_SAME]; /* the last of the order */
    status = write_ratios(file, export, sorted, open);
    if (status == 0 && open < count) {
        fprintf(file, "\n<details><summary>%zu SAME</summary>\n", count - open);
        status = write_ratios(file, export, sorted + open, count - open);
        fputs("\n</details>\n", file);
    }
    free(sorted);
    return status;
}

/* ---- Cases and counts -------------------------------------------------------------------------
 */

static int write_case(FILE *file, const struct export *export, const struct exported_case *timed)
{
    struct numbers numbers;
    struct time_unit unit;

    if (numbers_of(&numbers, timed, export_confidence(export)) != 0)
        return -1;
    unit = unit_of(numbers.median);
    fputs("| ", file);
    text_markdown(file, timed->name);
    fputs(" | ", file);
    write_seconds(file, numbers.median, unit);
    if (isfinite(numbers.low))
        fprintf(file, " \\[%.4g, %.4g\\]", numbers.low / unit.seconds, numbers.high / unit.seconds);
    fputs(" | ", file);
    if (isfinite(numbers.examples_per_second))
        fprintf(file, "%.4g", numbers.examples_per_second);
    fputs(" | ", file);
    text_markdown(file, numbers.count > 0 ? timed->label : case_error(timed));
    fputs(" |\n", file);
    return 0;
}

/* All cases, or, beside ratios, those that have none. */
static int write_cases(FILE *file, const struct export *export, struct export_tally *tally)
{
    size_t count = 0;
    int status = 0;

    for (size_t c = 0; c < export->case_count && status == 0; c++) {
        if (!case_is_alone(export, &export->cases[c]))
            continue;
        if (count++ == 0)
            fprintf(file, "%s\n| cell | an update | examples/s | |\n|---|---:|---:|---|\n",
                    export->ratio_count > 0 ? "\nNot compared:\n" : "");
        if (count <= ROWS_MAX)
            status = write_case(file, export, &export->cases[c]);
    }
    if (count > ROWS_MAX)
        fprintf(file, "\n%zu more are not shown.\n", count - ROWS_MAX);
    tally->written += count;
    return status;
}

static void write_count(FILE *file, const struct exported_count *count)
{
    fputs("| ", file);
    text_markdown(file, count->name);
    fputs(" | ", file);
    text_markdown(file, count->quantity);
    for (int side = 0; side < 2; side++)
        if (isfinite(side ? count->head : count->base))
            fprintf(file, " | %.17g", side ? count->head : count->base);
        else
            fputs(" | none", file);
    fprintf(file, " | **%s**%s", count->verdict, count->reason ? ": " : "");
    text_markdown(file, count->reason);
    fputs(" |\n", file);
}

static void write_counts(FILE *file, const struct export *export)
{
    size_t changed = 0;

    for (size_t c = 0; c < export->count_count; c++) {
        if (judged_of(export->counts[c].verdict) == JUDGED_SAME)
            continue;
        if (changed++ == 0)
            fputs("\nWhat needs no clock:\n\n| cell | quantity | base | head | verdict |\n"
                  "|---|---|---:|---:|---|\n",
                  file);
        if (changed <= ROWS_MAX)
            write_count(file, &export->counts[c]);
    }
    if (changed > ROWS_MAX)
        fprintf(file, "\n%zu more are not shown.\n", changed - ROWS_MAX);
    if (export->count_count > changed)
        fprintf(file, "\nCounts that are the same: %zu.\n", export->count_count - changed);
}

/* ---- The machine ------------------------------------------------------------------------------
 */

static void write_word(FILE *file, const char *before, const char *text)
{
    if (!text || !text[0])
        return;
    fputs(before, file);
    text_markdown(file, text);
}

static void write_machine(FILE *file, const struct export *export)
{
    fprintf(file, "\nIntervals: %.4g %% of medians%s.", 100 * export_confidence(export),
            export->ratio_count > 0 ? " and as said beside ratios" : "");
    write_word(file, " Machine: ", export->cpu ? export->cpu : "unknown");
    if (export->processors > 0)
        fprintf(file, ", %d processor%s", export->processors, export->processors == 1 ? "" : "s");
    write_word(file, ", ", export->host);
    if (export->load_count > 0 && isfinite(export->load[0]))
        fprintf(file, ", load %.2f", export->load[0]);
    fputc('.', file);
    write_word(file, " Commit ", export->commit);
    write_word(file, ", ", export->date);
    for (size_t c = 0; c < export->custom_count; c++) {
        write_word(file, "; ", export->custom[c].key);
        write_word(file, ": ", export->custom[c].value);
    }
    fputc('\n', file);
}

int write_markdown(const struct export *export, FILE *file, struct export_tally *tally)
{
    size_t counts[JUDGED_KINDS] = {0};

    for (size_t r = 0; r < export->ratio_count; r++)
        counts[judged_of(export->ratios[r].verdict)]++;
    tally->written += export->ratio_count + export->count_count;
    write_summary(file, export, counts);
    if (write_judged(file, export, counts) != 0 || write_cases(file, export, tally) != 0)
        return -1;
    write_counts(file, export);
    write_machine(file, export);
    return 0;
}
