/* The table of all claims for the terminal, as CSV and as Markdown. */
#include "verdict/overview.h"

#include "base/error.h"
#include "base/file.h"
#include "report/summary.h"
#include "verdict/origin.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const standing_words[] = {
    [STANDING_JUDGED] = "undelivered",
    [STANDING_NOT_RUN] = "not run",
    [STANDING_NO_EXPERIMENT] = "no experiment",
    [STANDING_OUT_OF_SCOPE] = "out of scope",
};

const char *overview_word(const struct overview_row *row)
{
    return row->is_delivered ? verdict_names[row->ruling.verdict] : standing_words[row->standing];
}

/* The judgement whose numbers are shown; NULL: there is none. */
static const struct judgement *judgement_of(const struct overview_row *row)
{
    return row->standing == STANDING_JUDGED ? row->ruling.deciding : NULL;
}

static void describe_effect(const struct overview_row *row, char *text, size_t size)
{
    const struct judgement *judgement = judgement_of(row);

    if (judgement)
        judgement_describe_effect(judgement, text, size);
    else
        snprintf(text, size, "-");
}

/* How the deciding judgement stands among the others of its claim. */
static const char *which_of(const struct overview_row *row)
{
    if (row->parts < 2)
        return "";
    return row->ruling.verdict == VERDICT_REFUTED ? "clearest of several: "
                                                  : "weakest of several: ";
}

/* One line: where it stands confirmed or refuted, or why it does not. */
static void explain(const struct overview_row *row, char *text, size_t size)
{
    const struct judgement *judgement = judgement_of(row);
    const struct judgement *short_of = judgement ? row->ruling.undelivered : NULL;
    char place[1500];
    size_t length;

    snprintf(text, size, "%s", row->reason);
    if (judgement && !row->reason[0]) {
        judgement_describe_place(judgement, place, sizeof place);
        snprintf(text, size, "%s%s", which_of(row), place[0] ? place : judgement->claim->says);
    }
    length = strlen(text);
    if (short_of && short_of->hours_needed > 0 && length < size)
        snprintf(text + length, size - length, "; needs %.2g more hours of one core",
                 short_of->hours_needed);
}

void overview_summarise(const struct overview *overview, char *text, size_t size)
{
    static const char *const words[] = {"confirmed",   "refuted", "confirmed with conditions",
                                        "undelivered", "not run", "no experiment",
                                        "out of scope"};
    enum { WORDS = sizeof words / sizeof *words, DELIVERED_WORDS = 3 };
    size_t tally[WORDS] = {0}, delivered = 0, length;
    const char *separator = ": ";

    for (size_t r = 0; r < overview->count; r++) {
        delivered += (size_t)overview->rows[r].is_delivered;
        for (size_t w = 0; w < WORDS; w++)
            tally[w] += strcmp(words[w], overview_word(&overview->rows[r])) == 0;
    }
    length = (size_t)snprintf(text, size, "%zu of %zu delivered", delivered, overview->count);
    for (size_t w = 0; w < WORDS && length < size; w++) {
        if (w == DELIVERED_WORDS)
            separator = "; ";
        if (tally[w] == 0)
            continue;
        length += (size_t)snprintf(text + length, size - length, "%s%zu %s", separator, tally[w],
                                   w == 2 ? "with conditions" : words[w]);
        separator = ", ";
    }
}

/* ---- Where the results come from --------------------------------------------------------------
 */

static int is_mixed(const struct overview *overview)
{
    for (size_t v = 1; v < overview->verdicts_count; v++)
        if (origin_check_alike(&overview->all[0], &overview->all[v]) != 0)
            return 1;
    return 0;
}

/* "unbiased and memory: AMD EPYC, avx2, results schema 6; ..." To be freed. */
static char *describe_origins(const struct overview *overview)
{
    char *text = NULL, own[256], other[256];
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        abort();
    for (size_t v = 0; v < overview->verdicts_count; v++) {
        int is_told = 0;

        origin_describe(&overview->all[v], own, sizeof own);
        for (size_t w = 0; w < v && !is_told; w++) {
            origin_describe(&overview->all[w], other, sizeof other);
            is_told = strcmp(own, other) == 0;
        }
        if (is_told)
            continue;
        fprintf(file, "%s%s:", v > 0 ? "; " : "", own);
        for (size_t w = v; w < overview->verdicts_count; w++) {
            origin_describe(&overview->all[w], other, sizeof other);
            if (strcmp(own, other) == 0)
                fprintf(file, " %s", overview->all[w].name);
        }
    }
    if (fclose(file) != 0)
        abort();
    return text;
}

/* ---- The terminal -----------------------------------------------------------------------------
 */

static void print_row(FILE *out, const struct overview_row *row)
{
    char effect[96], text[1600];

    describe_effect(row, effect, sizeof effect);
    fprintf(out, "%-5s %-26s %-*s%s%.20s\n", row->claim->id, overview_word(row),
            row->experiments[0] ? 27 : 1, effect, row->experiments[0] ? " " : "", row->experiments);
    summary_print_indented(out, 6, row->claim->says);
    explain(row, text, sizeof text);
    if (text[0])
        summary_print_indented(out, 6, text);
}

void overview_print(FILE *out, const struct overview *overview)
{
    char text[256];

    fprintf(out, "%-5s %-26s %-27s %s\n", "claim", "verdict", "effect, 95 % interval",
            "experiment");
    for (size_t r = 0; r < overview->count; r++)
        print_row(out, &overview->rows[r]);
    fputc('\n', out);
    if (is_mixed(overview)) {
        char *origins = describe_origins(overview);

        summary_print_wrapped(out, "Results that are not of one machine and version:");
        summary_print_indented(out, 2, origins);
        free(origins);
    }
    overview_summarise(overview, text, sizeof text);
    summary_print_wrapped(out, text);
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

static void write_text(FILE *file, const char *text)
{
    fputc(',', file);
    csv_field(file, text);
}

static void write_number(FILE *file, double value)
{
    if (isnan(value))
        fputc(',', file);
    else
        fprintf(file, ",%.6g", value);
}

static void write_judgement(FILE *file, const struct judgement *judgement)
{
    const struct finding *finding = &judgement->finding;
    char place[1500];

    write_number(file, finding->effect.value);
    write_number(file, finding->effect.low);
    write_number(file, finding->effect.high);
    fprintf(file, ",%zu", finding->n);
    write_text(file, judgement->claim->axis);
    judgement_describe_place(judgement, place, sizeof place);
    write_text(file, place);
    write_number(file, judgement->p);
}

/* The least telling of the two: what would be found, beside what has to be. */
static void write_power(FILE *file, const struct overview_row *row)
{
    const struct judgement *judgement =
        row->ruling.undelivered ? row->ruling.undelivered : row->ruling.deciding;

    write_number(file, judgement->finding.detectable);
    write_number(file, judgement->finding.margin);
    write_number(file, judgement->hours_needed);
}

static void write_row(FILE *file, const struct overview_row *row)
{
    const struct judgement *judgement = judgement_of(row);
    char origin[256] = "";

    csv_field(file, row->claim->id);
    fprintf(file, ",%s,", judgement ? verdict_names[row->ruling.verdict] : overview_word(row));
    if (judgement) {
        fprintf(file, "%d", row->is_delivered);
        write_judgement(file, judgement);
        fprintf(file, ",%zu", row->parts);
        write_power(file, row);
        origin_describe(row->verdicts, origin, sizeof origin);
    } else {
        fputs(",,,,,,,,,,,", file);
    }
    write_text(file, row->experiments);
    write_number(file, row->expected_seconds > 0 ? row->expected_seconds : (double)NAN);
    write_text(file, origin);
    write_text(file, row->reason);
    write_text(file, row->claim->says);
    write_text(file, row->claim->criterion);
    fputc('\n', file);
}

int overview_write(const struct overview *overview, const char *path)
{
    struct whole_file file;

    if (file_begin(&file, path) != 0)
        return -1;
    fputs("claim,verdict,delivered,effect,low,high,n,axis,condition,p,parts,detectable,margin,"
          "hours_needed,experiments,expected_seconds,machine,reason,says,criterion\n",
          file.stream);
    for (size_t r = 0; r < overview->count; r++)
        write_row(file.stream, &overview->rows[r]);
    return file_commit(&file);
}

/* ---- Markdown ---------------------------------------------------------------------------------
 */

/* What Markdown would take for its own. */
static void write_escaped(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '<') {
            fputs("&lt;", file);
            continue;
        }
        if (strchr("|*_[]`\\~", *text))
            fputc('\\', file);
        fputc(*text == '\n' ? ' ' : *text, file);
    }
}

/* How to get from a folder, with a slash at its end, to a path; both absolute. */
static void write_relative(FILE *file, const char *folder, const char *path)
{
    size_t common = 0;

    for (size_t i = 0; folder[i] && folder[i] == path[i]; i++)
        if (folder[i] == '/')
            common = i + 1;
    for (const char *c = folder + common; *c; c++)
        if (*c == '/')
            fputs("../", file);
    fputs(path + common, file);
}

/* A link to a chart. 1: it is drawn; 0: it is not, nothing is written. */
static int link_chart(FILE *file, const char *folder, const char *results, const char *chart)
{
    char path[PATH_MAX + 64], *real;

    snprintf(path, sizeof path, "%s/figures/%s.svg", results, chart);
    real = realpath(path, NULL);
    if (!real)
        return 0;
    fprintf(file, "[%s](", chart);
    write_relative(file, folder, real);
    fputc(')', file);
    free(real);
    return 1;
}

/* The first of the experiment's own charts that is drawn, else the chart of its verdicts. */
static void write_chart(FILE *file, const char *folder, const struct verdicts *verdicts)
{
    if (!verdicts)
        return;
    for (int c = 0; c < verdicts->experiment.chart_count; c++)
        if (link_chart(file, folder, verdicts->results.folder, verdicts->experiment.charts[c]))
            return;
    link_chart(file, folder, verdicts->results.folder, "verdicts");
}

static void write_markdown_row(FILE *file, const char *folder, const struct overview_row *row)
{
    const struct judgement *judgement = judgement_of(row);
    char effect[96], text[1600];

    fprintf(file, "| **%s** ", row->claim->id);
    write_escaped(file, row->claim->says);
    fprintf(file, row->is_delivered ? " | **%s** | " : " | %s | ", overview_word(row));
    describe_effect(row, effect, sizeof effect);
    write_escaped(file, effect);
    if (judgement)
        fprintf(file, ", n = %zu", judgement->finding.n);
    fputs(" | ", file);
    explain(row, text, sizeof text);
    write_escaped(file, text);
    fputs(" | ", file);
    write_chart(file, folder, row->verdicts);
    fputs(" |\n", file);
}

static void write_markdown(FILE *file, const char *folder, const struct overview *overview)
{
    char text[256];

    overview_summarise(overview, text, sizeof text);
    fprintf(file, "**%s.**\n\n", text);
    fputs("| claim | verdict | effect [95 % interval] | explanation | chart |\n"
          "|---|---|---|---|---|\n",
          file);
    for (size_t r = 0; r < overview->count; r++)
        write_markdown_row(file, folder, &overview->rows[r]);
    if (is_mixed(overview)) {
        char *origins = describe_origins(overview);

        fputs("\nResults that are not of one machine and version: ", file);
        write_escaped(file, origins);
        fputs(".\n", file);
        free(origins);
    }
}

static const char begin_mark[] = "<!-- verdicts -->", end_mark[] = "<!-- /verdicts -->";

/* The whole text, to be freed; NULL with the error set. */
static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    ssize_t length;

    if (!file) {
        error_set("%s: %s", path, strerror(errno));
        return NULL;
    }
    length = getdelim(&text, &size, '\0', file);
    if (length < 0) {
        free(text);
        text = ferror(file) ? NULL : strdup("");
        if (!text)
            error_set("%s: cannot be read", path);
    }
    fclose(file);
    return text;
}

/* Where the only such mark stands; NULL with the error set. */
static char *find_mark(char *text, const char *path, const char *mark)
{
    char *at = strstr(text, mark);

    if (!at)
        error_set("%s: no line '%s', expected one to put the table behind or before", path, mark);
    else if (strstr(at + 1, mark)) {
        error_set("%s: '%s' twice, expected it once", path, mark);
        at = NULL;
    }
    return at;
}

/* Absolute, and through links, as the paths of the charts are; with a slash at its end. To be
 * freed.
 */
static char *folder_of(const char *path)
{
    char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;

    if (slash)
        slash[1] = '\0';
    else
        error_set("%s: %s", path, strerror(errno));
    return real;
}

int overview_write_markdown(const struct overview *overview, const char *path)
{
    char *text = read_all(path), *folder = text ? folder_of(path) : NULL, *begin, *end;
    struct whole_file file;
    int status = -1;

    if (!folder)
        goto done;
    begin = find_mark(text, path, begin_mark);
    end = begin ? find_mark(text, path, end_mark) : NULL;
    if (!end)
        goto done;
    if (end < begin) {
        error_set("%s: '%s' before '%s', expected it after", path, end_mark, begin_mark);
        goto done;
    }
    if (file_begin(&file, path) != 0)
        goto done;
    fwrite(text, 1, (size_t)(begin - text) + strlen(begin_mark), file.stream);
    fputs("\n\n", file.stream);
    write_markdown(file.stream, folder, overview);
    fprintf(file.stream, "\n%s", end);
    status = file_commit(&file);
done:
    free(folder);
    free(text);
    return status;
}
