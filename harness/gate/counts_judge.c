/* Compares the counts of two builds. */
#include "gate/counts_judge.h"

#include "base/file.h"
#include "plan/schema.h"

#include <math.h>
#include <string.h>

const char *const count_verdict_names[COUNT_VERDICTS] = {
    [COUNT_ABSENT] = "absent",   [COUNT_SAME] = "same",   [COUNT_CHANGED] = "changed",
    [COUNT_UNKNOWN] = "unknown", [COUNT_WORSE] = "worse", [COUNT_WRONG] = "wrong",
};

int count_has_failed(enum count_verdict verdict)
{
    return verdict == COUNT_WORSE || verdict == COUNT_WRONG;
}

/* ---- Tolerances ------------------------------------------------------------------------------ */

/* In 20 runs of each of naive, blas, native and onednn on network M with K = 1, 32 and 512 all
 * quantities came out equal to the last digit but the peak of resident memory, which varied by up
 * to 0.25 MiB whatever its size: so nothing else has noise, and tolerances are what a change may
 * cost without being a fault.
 *
 * The losses differ where sums are added in another order. Between naive, blas, blas:blis, native
 * at three widths of vectors and onednn, on five networks: after the first update by 7e-8 at most;
 * at the end by 4e-7 or less in most cells, and by up to 6e-3 in a few, where an activation or a
 * maximum close to its kink came to lie on the other side. Hence two losses: a tight one that finds
 * a gradient which is slightly wrong, and a wide one that finds training which has gone wrong. */
static const struct count_tolerances one_engine = {{
    [COUNT_OPEN_ALLOCATIONS] = {.relative = 0.25, .absolute = 16},
    [COUNT_OPEN_BYTES] = {.relative = 0.02, .absolute = 16384},
    [COUNT_RETAINED_BYTES] = {.relative = 0.02, .absolute = 4096},
    [COUNT_PEAK_BYTES] = {.relative = 0.05, .absolute = 1 << 20, .noise = 512 << 10},
    [COUNT_PEAK_RUSAGE_BYTES] = {.relative = 0.05, .absolute = 1 << 20, .noise = 512 << 10},
    [COUNT_UPDATES_TO_TARGET] = {.relative = 0.02, .absolute = 1},
    [COUNT_FIRST_LOSS] = {.relative = 1e-6, .absolute = 1e-9},
    [COUNT_FINAL_LOSS] = {.relative = 0.02, .absolute = 1e-6},
}};

/* Which calls an engine has, and what memory it takes, is its own affair. */
static const enum count_quantity own_affairs[] = {
    COUNT_GRADIENT_CALLS,     COUNT_GRADIENT_EXAMPLES, COUNT_STEP_CALLS,        COUNT_STEP_EXAMPLES,
    COUNT_OPEN_ALLOCATIONS,   COUNT_OPEN_BYTES,        COUNT_FIRST_ALLOCATIONS, COUNT_FIRST_BYTES,
    COUNT_STEADY_ALLOCATIONS, COUNT_STEADY_BYTES,      COUNT_RETAINED_BYTES,    COUNT_PEAK_BYTES,
    COUNT_PEAK_RUSAGE_BYTES,
};

/* It rounds what it multiplies to 8 bits: 3e-3 after the first update, 1.2e-2 at the end, 2.4 %
 * more updates were measured against single precision. */
static int is_narrow(const char *engine)
{
    const char *variant = strrchr(engine, ':');

    return variant && strcmp(variant, ":bf16") == 0;
}

struct count_tolerances counts_tolerances(const char *base_engine, const char *head_engine)
{
    struct count_tolerances tolerances = one_engine;
    int same = strcmp(base_engine, head_engine) == 0;

    for (size_t i = 0; i < sizeof own_affairs / sizeof *own_affairs && !same; i++)
        tolerances.of[own_affairs[i]].absolute = INFINITY;
    if (is_narrow(base_engine) || is_narrow(head_engine)) {
        tolerances.of[COUNT_UPDATES_TO_TARGET].relative = 0.05;
        tolerances.of[COUNT_FIRST_LOSS].relative = 0.01;
        tolerances.of[COUNT_FINAL_LOSS].relative = 0.04;
    }
    return tolerances;
}

/* ---- What was done --------------------------------------------------------------------------- */

/* Why the two cannot be compared; NULL: they can. */
static const char *why_not(const struct counts *base, const struct counts *head, char *reason,
                           size_t size)
{
    const struct {
        const char *what;
        double base, head;
    } pairs[] = {
        {"batch size", base->batch_size, head->batch_size},
        {"threads", base->threads, head->threads},
        {"parameters", base->parameters, head->parameters},
        {"updates", base->updates, head->updates},
        {"learning rate", base->learning_rate, head->learning_rate},
        {"seed", base->seed, head->seed},
        {"examples of the losses", base->loss_examples, head->loss_examples},
    };

    if (strcmp(base->network, head->network) != 0) {
        snprintf(reason, size, "not comparable: network %s against %s", base->network,
                 head->network);
        return reason;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!(pairs[i].base == pairs[i].head)) {
            snprintf(reason, size, "not comparable: %s %.10g against %.10g", pairs[i].what,
                     pairs[i].base, pairs[i].head);
            return reason;
        }
    if (!(base->updates >= 1)) {
        snprintf(reason, size, "not one update was made");
        return reason;
    }
    return NULL;
}

/* ---- One quantity ---------------------------------------------------------------------------- */

static void say(struct count_judgement *j, enum count_verdict verdict, const char *reason)
{
    j->verdict = verdict;
    snprintf(j->reason, sizeof j->reason, "%s", reason);
}

/* "+12 bytes (+0.3 %)", of finite values that differ. */
static void describe_change(const struct count_judgement *j, char *text, size_t size)
{
    double change = j->head.value - j->base.value;
    const char *unit = count_names[j->quantity].unit;
    int length = snprintf(text, size, "%+.10g%s%s", change, *unit ? " " : "", unit);

    if (j->base.value != 0 && length > 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, " (%+.3g %%)",
                 100 * change / fabs(j->base.value));
}

static void say_change(struct count_judgement *j, enum count_verdict verdict, const char *what)
{
    char change[96];

    describe_change(j, change, sizeof change);
    j->verdict = verdict;
    snprintf(j->reason, sizeof j->reason, "%s: %s", change, what);
}

/* "+12 bytes (+0.3 %): within 16384". */
static void say_beside_tolerance(struct count_judgement *j, enum count_verdict verdict,
                                 const char *beside)
{
    char what[64], tolerance[32];

    format_double(j->tolerance, tolerance, sizeof tolerance);
    snprintf(what, sizeof what, "%s %s", beside, tolerance);
    say_change(j, verdict,
               isinf(j->tolerance) ? "held against nobody"
               : j->tolerance == 0 ? "must be equal"
                                   : what);
}

static void judge_loss(struct count_judgement *j)
{
    double base = j->base.value, head = j->head.value;

    if (!isfinite(head))
        say(j, COUNT_WRONG, isfinite(base) ? "not finite" : "not finite on either side");
    else if (!isfinite(base))
        say(j, COUNT_CHANGED, "base is not finite");
    else if (head == base)
        say(j, COUNT_SAME, "equal");
    else if (fabs(head - base) <= j->tolerance)
        say_beside_tolerance(j, COUNT_CHANGED, "within");
    else
        say_beside_tolerance(j, COUNT_WRONG, "more than");
}

/* Less is better. */
static void judge_cost(struct count_judgement *j, double noise)
{
    double base = j->base.value, head = j->head.value;

    if (isnan(base) || isnan(head))
        say(j, COUNT_UNKNOWN, "not a number");
    else if (head == base)
        say(j, COUNT_SAME, isinf(base) ? "reached by neither" : "equal");
    else if (isinf(base))
        say(j, COUNT_CHANGED, "base does not reach it");
    else if (isinf(head))
        say(j, COUNT_WORSE, "no longer reached");
    else if (fabs(head - base) <= noise)
        say_change(j, COUNT_SAME, "as two runs of one build differ");
    else if (head < base)
        say_change(j, COUNT_CHANGED, "better");
    else if (head <= base + j->tolerance)
        say_beside_tolerance(j, COUNT_CHANGED, "within");
    else
        say_beside_tolerance(j, COUNT_WORSE, "more than");
}

/* A cell that gave its engine no example computes nothing at no cost. */
static void judge_flops(struct count_judgement *j)
{
    if (!(j->head.value > 0))
        say(j, COUNT_WRONG, "head gave the engine no example");
    else if (!(j->base.value > 0))
        say(j, COUNT_UNKNOWN, "base gave the engine no example");
    else
        judge_cost(j, 0);
}

/* Allocations, where nobody counts them; one of the two peaks; a target where the loss starts below
 * 0. Everything else every measurement has, or it was none. */
static int may_be_absent(enum count_quantity quantity)
{
    return quantity >= COUNT_OPEN_ALLOCATIONS && quantity <= COUNT_UPDATES_TO_TARGET;
}

static void judge_quantity(struct count_judgement *j, double noise)
{
    if (!j->base.known && !j->head.known)
        say(j, may_be_absent(j->quantity) ? COUNT_ABSENT : COUNT_UNKNOWN,
            "not measured on either side");
    else if (!j->head.known)
        say(j, COUNT_UNKNOWN, "not measured on the side of head");
    else if (!j->base.known)
        say(j, COUNT_UNKNOWN, "not measured on the side of base");
    else if (j->quantity == COUNT_FIRST_LOSS || j->quantity == COUNT_FINAL_LOSS)
        judge_loss(j);
    else if (j->quantity == COUNT_FLOPS)
        judge_flops(j);
    else
        judge_cost(j, noise);
}

/* With several threads a library takes a buffer for each that happens to be at work with another:
 * OpenBLAS with two takes 128 MiB more in some runs, in this part or in that. */
static struct count_tolerance allow_for_threads(struct count_tolerance allowed,
                                                const struct counts *base, int quantity)
{
    if (base->threads > 1 && quantity >= COUNT_OPEN_ALLOCATIONS && quantity <= COUNT_RETAINED_BYTES)
        allowed.absolute = INFINITY;
    return allowed;
}

/* ---- All of them ----------------------------------------------------------------------------- */

void counts_judge(const struct counts *base, const struct counts *head,
                  const struct count_tolerances *tolerances, struct counts_judgement *judgement)
{
    struct count_tolerances defaults = counts_tolerances(base->engine, head->engine);
    char text[160];
    const char *reason = why_not(base, head, text, sizeof text);

    judgement->worst = COUNT_ABSENT;
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        struct count_tolerance allowed = tolerances ? tolerances->of[q] : defaults.of[q];
        struct count_judgement *j = &judgement->of[q];

        if (!tolerances)
            allowed = allow_for_threads(allowed, base, q);
        *j = (struct count_judgement){
            .quantity = (enum count_quantity)q,
            .base = base->of[q],
            .head = head->of[q],
        };
        j->tolerance = fmax(allowed.absolute, allowed.relative * fabs(j->base.value));
        if (reason)
            say(j, COUNT_UNKNOWN, reason);
        else
            judge_quantity(j, allowed.noise);
        if (j->verdict > judgement->worst)
            judgement->worst = j->verdict;
    }
}

/* ---- counts.csv ------------------------------------------------------------------------------ */

void counts_write_header(FILE *file)
{
    fputs("cell,quantity,base,head,tolerance,verdict,reason\n", file);
}

static void write_count(FILE *file, struct count count)
{
    char text[32] = "";

    if (count.known)
        format_double(count.value, text, sizeof text);
    fprintf(file, "%s,", text);
}

void counts_write_rows(FILE *file, const char *cell, const struct counts_judgement *judgement)
{
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        const struct count_judgement *j = &judgement->of[q];

        if (j->verdict == COUNT_ABSENT)
            continue;
        csv_field(file, cell);
        fprintf(file, ",%s,", count_names[q].key);
        write_count(file, j->base);
        write_count(file, j->head);
        write_count(file, (struct count){j->base.known, j->tolerance});
        fprintf(file, "%s,", count_verdict_names[j->verdict]);
        csv_field(file, j->reason);
        fputc('\n', file);
    }
}
