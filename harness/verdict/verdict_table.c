/* Verdicts as a table for the terminal and as verdicts.csv. */
#include "verdict/verdict.h"

#include "base/file.h"
#include "report/summary.h"
#include "verdict/expected.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- verdicts.csv -----------------------------------------------------------------------------
 */

static void write_number(FILE *file, double value)
{
    if (isnan(value))
        fputc(',', file);
    else
        fprintf(file, ",%.6g", value);
}

static void write_text(FILE *file, const char *text)
{
    fputc(',', file);
    csv_field(file, text);
}

/* A bound that there is not is an empty field; others may be 1 and 1e-7. */
static void write_bound(FILE *file, double value)
{
    if (isfinite(value))
        fprintf(file, ",%.12g", value);
    else
        fputc(',', file);
}

static void write_expected(FILE *file, const struct claim *claim)
{
    const struct range range = expected_range(claim);
    char judged[512];

    expected_describe(claim, judged, sizeof judged);
    write_text(file, judged);
    write_text(file, expected_form(claim));
    write_bound(file, range.above);
    write_bound(file, range.below);
}

static void write_judgement(FILE *file, const struct verdicts *verdicts,
                            const struct judgement *judgement)
{
    const struct claim *claim = judgement->claim;
    const struct finding *finding = &judgement->finding;

    csv_field(file, claim->id);
    write_text(file, claim->part);
    write_text(file, verdicts->name);
    write_text(file, claim_tests[claim->test].name);
    write_text(file, claim->axis);
    write_text(file, judgement->condition);
    write_number(file, finding->effect.value);
    write_number(file, finding->effect.low);
    write_number(file, finding->effect.high);
    fprintf(file, ",%zu,%zu,%zu", finding->n, judgement->censored, judgement->infeasible);
    write_number(file, judgement->p);
    fprintf(file, ",%s,%d", verdict_names[judgement->verdict], judgement->is_delivered);
    write_number(file, finding->detectable);
    write_number(file, finding->margin);
    write_number(file, judgement->hours_needed);
    write_text(file, judgement->reason);
    write_text(file, judgement->note);
    write_text(file, claim->says);
    fprintf(file, ",%d", !claim->is_aside);
    write_expected(file, claim);
    fputc('\n', file);
}

static void write_detail(FILE *file, const struct judgement *judgement, const struct detail *detail)
{
    csv_field(file, judgement->claim->id);
    write_text(file, judgement->claim->part);
    write_text(file, claim_tests[judgement->claim->test].name);
    write_text(file, judgement->condition);
    write_text(file, detail->quantity);
    write_text(file, detail->of);
    write_number(file, detail->effect.value);
    write_number(file, detail->effect.low);
    write_number(file, detail->effect.high);
    fprintf(file, ",%zu\n", detail->n);
}

static int write_fits(const struct verdicts *verdicts)
{
    char path[PATH_MAX + 32];
    struct whole_file file;
    size_t count = 0;

    for (size_t i = 0; i < verdicts->count; i++)
        count += verdicts->list[i].details.count;
    snprintf(path, sizeof path, "%s/fits.csv", verdicts->results.folder);
    if (count == 0) {
        unlink(path); /* of earlier claims */
        return 0;
    }
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("claim,part,test,condition,quantity,of,value,low,high,n\n", file.stream);
    for (size_t i = 0; i < verdicts->count; i++)
        for (size_t d = 0; d < verdicts->list[i].details.count; d++)
            write_detail(file.stream, &verdicts->list[i], &verdicts->list[i].details.list[d]);
    return file_commit(&file);
}

int verdicts_write(const struct verdicts *verdicts)
{
    char path[PATH_MAX + 32];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/verdicts.csv", verdicts->results.folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("claim,part,experiment,test,axis,condition,effect,low,high,n,censored,infeasible,p,"
          "verdict,delivered,detectable,margin,hours_needed,reason,note,says,decides,judged,form,"
          "above,below\n",
          file.stream);
    for (size_t i = 0; i < verdicts->count; i++)
        write_judgement(file.stream, verdicts, &verdicts->list[i]);
    return file_commit(&file) == 0 ? write_fits(verdicts) : -1;
}

/* ---- The terminal -----------------------------------------------------------------------------
 */

void judgement_describe_effect(const struct judgement *judgement, char *text, size_t size)
{
    const struct effect *effect = &judgement->finding.effect;

    if (isnan(effect->value))
        snprintf(text, size, "-");
    else if (effect->low == effect->high)
        snprintf(text, size, "%.3g", effect->value);
    else
        snprintf(text, size, "%.3g [%.3g, %.3g]", effect->value, effect->low, effect->high);
}

void judgement_describe_place(const struct judgement *judgement, char *text, size_t size)
{
    const struct claim *claim = judgement->claim;
    const char *parts[4];
    size_t count = 0, length = 0;
    char equal[64];

    if (claim->part[0])
        parts[count++] = claim->part;
    if (judgement->condition[0])
        parts[count++] = judgement->condition;
    if (claim->axis[0]) {
        snprintf(equal, sizeof equal, "equal %s", claim->axis);
        if (!strstr(claim->part, equal))
            parts[count++] = equal;
    }
    if (claim->condition[0])
        parts[count++] = claim->condition;
    text[0] = '\0';
    for (size_t i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", parts[i]);
}

static void print_ruling(FILE *out, const struct ruling *ruling)
{
    const struct judgement *judgement = ruling->deciding;
    char effect[96] = "-", place[1500], line[2600];

    if (judgement)
        judgement_describe_effect(judgement, effect, sizeof effect);
    fprintf(out, "%-5s %-26s %-27s %s\n", ruling->id,
            ruling->is_delivered || ruling->verdict == VERDICT_INCONCLUSIVE
                ? verdict_names[ruling->verdict]
                : "undelivered",
            effect, ruling->experiment ? ruling->experiment : "");
    summary_print_indented(out, 6, ruling->says);
    if (!judgement)
        return;
    if (ruling->undelivered) /* what is amiss is to be read, wherever the effect is from */
        judgement = ruling->undelivered;
    judgement_describe_place(judgement, place, sizeof place);
    snprintf(line, sizeof line, "%s%s%s", place, place[0] && judgement->reason[0] ? ": " : "",
             judgement->reason);
    if (place[0] || judgement->reason[0])
        summary_print_indented(out, 6, line);
    if (judgement->note[0])
        summary_print_indented(out, 6, judgement->note);
    if (judgement->hours_needed > 0)
        fprintf(out, "      %.2g more hours of one core would tell\n", judgement->hours_needed);
}

void rulings_print(FILE *out, const struct ruling *rulings, size_t count)
{
    size_t delivered = 0;

    fprintf(out, "%-5s %-26s %-27s %s\n", "claim", "verdict", "effect, 95 % interval",
            "experiment");
    for (size_t r = 0; r < count; r++) {
        print_ruling(out, &rulings[r]);
        delivered += (size_t)rulings[r].is_delivered;
    }
    fprintf(out, "\n%zu of %zu claims delivered\n", delivered, count);
}
