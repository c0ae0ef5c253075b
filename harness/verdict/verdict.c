/* Judges claims: each part under each condition, then all that is said of a claim together. */
#include "verdict/verdict.h"

#include "base/error.h"
#include "base/file.h"
#include "judge/multiple.h"
#include "judge/power.h"
#include "verdict/evidence.h"
#include "verdict/trial.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double alpha = 0.05;

const char *const verdict_names[] = {
    [VERDICT_CONFIRMED] = "confirmed",
    [VERDICT_REFUTED] = "refuted",
    [VERDICT_CONDITIONS] = "confirmed with conditions",
    [VERDICT_INCONCLUSIVE] = "inconclusive",
};

/* ---- One part under one condition -------------------------------------------------------------
 */

static struct judgement *new_judgement(struct verdicts *verdicts, const struct claim *claim)
{
    struct judgement *list =
        realloc(verdicts->list, (verdicts->count + 1) * sizeof *verdicts->list);

    if (!list) {
        error_set("out of memory for the verdicts of %s", verdicts->name);
        return NULL;
    }
    verdicts->list = list;
    list[verdicts->count] = (struct judgement){
        .claim = claim,
        .verdict = VERDICT_INCONCLUSIVE,
        .p = NAN,
        .hours_needed = NAN,
        .finding = {.effect = {NAN, -INFINITY, INFINITY},
                    .p_confirm = NAN,
                    .p_refute = NAN,
                    .detectable = NAN,
                    .margin = NAN},
    };
    return &list[verdicts->count++];
}

static int add_missing(struct verdicts *verdicts, const struct claim *claim, const char *reason)
{
    struct judgement *judgement = new_judgement(verdicts, claim);

    if (!judgement)
        return -1;
    snprintf(judgement->reason, sizeof judgement->reason, "%s", reason);
    return 0;
}

/* How many seeds it would take to find a deviation of the margin; 0: not known. */
static size_t seeds_needed(const struct judgement *judgement, const struct trial *trial)
{
    const struct finding *finding = &judgement->finding;
    size_t needed = (size_t)judgement->claim->seeds;

    if (finding->margin > 0 && finding->detectable > finding->margin && trial->deviation > 0) {
        size_t by_power = power_needed_paired(finding->margin, trial->deviation, alpha, 0.8);

        if (by_power == 0)
            return 0;
        needed = by_power > needed ? by_power : needed;
    }
    return needed;
}

/* Whether the data suffice to be counted: the reason where they do not. */
static void deliver(const struct verdicts *verdicts, struct judgement *judgement,
                    const struct trial *trial)
{
    const struct finding *finding = &judgement->finding;
    int needs = judgement->claim->seeds;
    char *reason = judgement->reason;
    size_t size = sizeof judgement->reason;

    judgement->is_delivered = 0;
    if (finding->reason)
        snprintf(reason, size, "%s", finding->reason);
    else if (trial->dropped > 0)
        snprintf(reason, size, "%zu told nothing: not reached by either arm, failed, or incomplete",
                 trial->dropped);
    else if (verdicts->missing > 0)
        snprintf(reason, size, "%zu cells of the experiment are not there", verdicts->missing);
    else if (trial->on_edge > 0)
        snprintf(reason, size, "the tuned value lies on the edge of what was tried");
    else if (needs > 1 && judgement->seeds < (size_t)needs)
        snprintf(reason, size, "%zu seed%s, expected at least %d", judgement->seeds,
                 judgement->seeds == 1 ? "" : "s", needs);
    else if (finding->detectable > finding->margin)
        snprintf(reason, size, "detects a deviation of %.3g, the margin is %.3g",
                 finding->detectable, finding->margin);
    else if (verdicts->experiment.quick)
        snprintf(reason, size, "reduced grid of --quick");
    else
        judgement->is_delivered = 1;
    if (!judgement->is_delivered && judgement->seeds > 0) {
        size_t needed = seeds_needed(judgement, trial);

        if (needed > judgement->seeds)
            judgement->hours_needed =
                trial->hours / (double)judgement->seeds * (double)(needed - judgement->seeds);
    }
}

static int judge_circumstance(struct verdicts *verdicts, const struct evidence *evidence,
                              const struct claim *claim, const struct circumstance *circumstance)
{
    struct judgement *judgement = new_judgement(verdicts, claim);
    struct trial trial;

    if (!judgement || trial_hold(&trial, evidence, claim, &circumstance->rows) != 0)
        return -1;
    snprintf(judgement->condition, sizeof judgement->condition, "%s", circumstance->text);
    judgement->finding = trial.finding;
    judgement->seeds = trial.seeds;
    judgement->censored = trial.censored;
    judgement->infeasible = trial.infeasible;
    deliver(verdicts, judgement, &trial);
    if (trial.on_edge > 0) /* a better value may lie beyond: neither says anything */
        judgement->finding.p_confirm = judgement->finding.p_refute = NAN;
    return 0;
}

static int is_missing(const struct verdicts *verdicts, const char *from)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s.csv", verdicts->results.folder, from);
    return access(path, F_OK) != 0;
}

/* The error of what was found, behind the line of the file that asked for it. */
static int claim_failed(const struct verdicts *verdicts, const struct claim *claim)
{
    char cause[1024];

    snprintf(cause, sizeof cause, "%s", error_text());
    return error_set("%s:%d: claim %s: %s", verdicts->experiment.file, claim->line, claim->id,
                     cause);
}

static int judge_claim(struct verdicts *verdicts, const struct claim *claim)
{
    struct circumstance *list = NULL;
    struct evidence evidence;
    size_t count = 0;
    char reason[128];
    int status;

    if (is_missing(verdicts, claim->from)) {
        snprintf(reason, sizeof reason, "the results have no %s.csv", claim->from);
        return add_missing(verdicts, claim, reason);
    }
    if (evidence_open(&evidence, &verdicts->results, claim->from) != 0)
        return claim_failed(verdicts, claim);
    status = circumstances_find(&evidence, claim, &list, &count);
    for (size_t i = 0; i < count && status == 0; i++)
        status = judge_circumstance(verdicts, &evidence, claim, &list[i]);
    if (status == 0 && count == 0)
        status = add_missing(verdicts, claim, "no such cells among the results");
    else if (status != 0)
        claim_failed(verdicts, claim);
    circumstances_free(list, count);
    evidence_close(&evidence);
    return status;
}

/* ---- All of an experiment ---------------------------------------------------------------------
 */

/* A claim is confirmed where the weakest of its conditions is (intersection-union), by Holm's
 * procedure over the claims of the experiment. Single conditions are told apart by Holm's procedure
 * over all of them: what is confirmed under some and refuted under others is so with conditions. */
static int decide(struct verdicts *verdicts)
{
    size_t count = verdicts->count, parts = 0;
    double *p = calloc(5 * (count + 1), sizeof *p);
    double *weakest = p + count + 1, *confirm = weakest + count + 1, *refute = confirm + count + 1;
    double *part_of = refute + count + 1;

    if (!p)
        return error_set("out of memory for the verdicts of %s", verdicts->name);
    for (size_t i = 0; i < count; i++) {
        const struct judgement *judgement = &verdicts->list[i];
        double *part = &weakest[parts];

        confirm[i] = judgement->finding.p_confirm;
        refute[i] = judgement->finding.p_refute;
        if (i > 0 && judgement->claim == verdicts->list[i - 1].claim) {
            part = &weakest[parts - 1];
            if (!isnan(*part) && !(confirm[i] <= *part))
                *part = confirm[i];
        } else {
            *part = confirm[i];
            parts++;
        }
        part_of[i] = (double)(parts - 1);
    }
    multiple_holm(weakest, weakest, parts);
    multiple_holm(confirm, confirm, count);
    multiple_holm(refute, refute, count);
    for (size_t i = 0; i < count; i++) {
        struct judgement *judgement = &verdicts->list[i];
        double of_part = weakest[(size_t)part_of[i]];

        if (of_part <= alpha || confirm[i] <= alpha) {
            judgement->verdict = VERDICT_CONFIRMED;
            judgement->p = of_part <= alpha ? of_part : confirm[i];
        } else if (refute[i] <= alpha) {
            judgement->verdict = VERDICT_REFUTED;
            judgement->p = refute[i];
        } else {
            judgement->p = fmin(confirm[i], refute[i]);
            if (judgement->is_delivered)
                snprintf(judgement->reason, sizeof judgement->reason,
                         "neither confirmed nor refuted");
            judgement->is_delivered = 0;
        }
    }
    free(p);
    return 0;
}

static int open_claims(struct verdicts *verdicts, const char *experiment)
{
    const json_t *manifest = verdicts->results.manifest;
    const char *text = json_string_value(json_object_get(manifest, "experiment_text"));
    const char *name = json_string_value(json_object_get(manifest, "experiment"));
    int quick = json_is_true(json_object_get(manifest, "quick"));
    char file[PATH_MAX];
    size_t cells, rows;

    if (!manifest || !text || !name)
        return error_set("%s/manifest.json: missing, or without the experiment's text",
                         verdicts->results.folder);
    cells = (size_t)json_integer_value(json_object_get(manifest, "cells"));
    rows = table_rows(verdicts->results.cells);
    verdicts->missing = cells > rows ? cells - rows : 0;
    snprintf(verdicts->name, sizeof verdicts->name, "%s", name);
    snprintf(file, sizeof file, "%s.yaml", name);
    if ((experiment ? experiment_open(&verdicts->experiment, experiment, quick)
                    : experiment_open_text(&verdicts->experiment, file, text, quick)) != 0)
        return -1;
    if (verdicts->experiment.claims.count == 0)
        return error_set("%s: %s makes no claims", verdicts->results.folder,
                         verdicts->experiment.file);
    return 0;
}

int verdicts_open(struct verdicts *verdicts, const char *folder, const char *experiment)
{
    memset(verdicts, 0, sizeof *verdicts);
    if (results_open(&verdicts->results, folder) != 0 || open_claims(verdicts, experiment) != 0)
        return -1;
    for (int c = 0; c < verdicts->experiment.claims.count; c++)
        if (judge_claim(verdicts, &verdicts->experiment.claims.list[c]) != 0)
            return -1;
    return decide(verdicts);
}

void verdicts_close(struct verdicts *verdicts)
{
    experiment_close(&verdicts->experiment);
    results_close(&verdicts->results);
    free(verdicts->list);
    memset(verdicts, 0, sizeof *verdicts);
}

/* ---- What it comes to -------------------------------------------------------------------------
 */

/* Which of two judgements has the say: what stands against a claim before what is for it, then the
 * weaker. */
static int decides(const struct judgement *a, const struct judgement *b)
{
    static const int ranks[] = {[VERDICT_CONFIRMED] = 0,
                                [VERDICT_INCONCLUSIVE] = 1,
                                [VERDICT_CONDITIONS] = 2,
                                [VERDICT_REFUTED] = 3};

    if (ranks[a->verdict] != ranks[b->verdict])
        return ranks[a->verdict] > ranks[b->verdict];
    if (a->verdict == VERDICT_REFUTED)
        return a->p < b->p;
    return a->p > b->p || isnan(a->p);
}

static struct ruling *find_ruling(struct ruling *rulings, size_t *count, const struct claim *claim)
{
    for (size_t r = 0; r < *count; r++)
        if (strcmp(rulings[r].id, claim->id) == 0)
            return &rulings[r];
    rulings[*count] = (struct ruling){.id = claim->id, .says = claim->says, .is_delivered = 1};
    return &rulings[(*count)++];
}

static void rule(struct ruling *ruling, const struct verdicts *all, size_t count)
{
    size_t tally[4] = {0}, parts = 0;

    for (size_t v = 0; v < count; v++)
        for (size_t i = 0; i < all[v].count; i++) {
            const struct judgement *judgement = &all[v].list[i];

            if (strcmp(judgement->claim->id, ruling->id) != 0)
                continue;
            parts++;
            tally[judgement->verdict]++;
            ruling->is_delivered &= judgement->is_delivered;
            if (!ruling->deciding || decides(judgement, ruling->deciding)) {
                ruling->deciding = judgement;
                ruling->experiment = all[v].name;
            }
        }
    if (tally[VERDICT_CONFIRMED] == parts)
        ruling->verdict = VERDICT_CONFIRMED;
    else if (tally[VERDICT_REFUTED] > 0)
        ruling->verdict = tally[VERDICT_CONFIRMED] > 0 ? VERDICT_CONDITIONS : VERDICT_REFUTED;
    else
        ruling->verdict = VERDICT_INCONCLUSIVE;
    ruling->is_delivered &= ruling->verdict != VERDICT_INCONCLUSIVE;
}

int rulings_make(const struct verdicts *all, size_t count, struct ruling **rulings,
                 size_t *ruling_count)
{
    size_t most = 1;

    for (size_t v = 0; v < count; v++)
        most += all[v].count;
    *ruling_count = 0;
    *rulings = calloc(most, sizeof **rulings);
    if (!*rulings)
        return error_set("out of memory for the verdicts");
    for (size_t v = 0; v < count; v++)
        for (size_t i = 0; i < all[v].count; i++)
            find_ruling(*rulings, ruling_count, all[v].list[i].claim);
    for (size_t r = 0; r < *ruling_count; r++)
        rule(&(*rulings)[r], all, count);
    return 0;
}
