/* Judges claims: each part under each condition, then all that is said of a claim together. */
#include "verdict/verdict.h"

#include "base/error.h"
#include "base/file.h"
#include "judge/multiple.h"
#include "plan/document.h"
#include "plan/same_cells.h"
#include "report/cadence.h"
#include "verdict/evidence.h"
#include "verdict/gaps.h"
#include "verdict/trial.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    list[verdicts->count] = (struct judgement){.claim = claim,
                                               .finding = finding_of_nothing(NULL),
                                               .verdict = VERDICT_INCONCLUSIVE,
                                               .p = NAN,
                                               .hours_needed = NAN};
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

/* How many seeds it would take; 0: not known. */
static size_t seeds_needed(const struct judgement *judgement)
{
    const struct finding *finding = &judgement->finding;
    size_t least = (size_t)judgement->claim->seeds, by_power;

    if (!(finding->detectable > finding->margin) || !(finding->deviation > 0))
        return least;
    by_power = finding_seeds_needed(finding);
    return by_power == 0 || by_power > least ? by_power : least;
}

/* Whether the data suffice to be counted: the reason where they do not. */
static void deliver(const struct verdicts *verdicts, struct judgement *judgement,
                    const struct trial *trial, const char *gap)
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
    else if (gap[0])
        snprintf(reason, size, "%s", gap);
    else if (verdicts->missing > 0)
        snprintf(reason, size, "%zu cells of the experiment are not there", verdicts->missing);
    else if (verdicts->has_other_cells)
        snprintf(reason, size, "the results are not of the cells that %s.yaml has now",
                 verdicts->name);
    else if (trial->on_edge > 0)
        snprintf(reason, size, "the tuned value lies on the edge of what was tried");
    else if (trial->resolution > cadence_limit)
        snprintf(reason, size,
                 "evaluated too rarely: the cost of the target is known to %.0f %%, expected %.0f",
                 100 * trial->resolution, 100 * cadence_limit);
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
        size_t needed = seeds_needed(judgement);

        if (needed > judgement->seeds)
            judgement->hours_needed =
                trial->hours / (double)judgement->seeds * (double)(needed - judgement->seeds);
    }
}

static int judge_circumstance(struct verdicts *verdicts, const struct evidence *evidence,
                              const struct claim *claim, const struct circumstance *circumstance,
                              const char *gap)
{
    struct judgement *judgement = new_judgement(verdicts, claim);
    struct trial trial;

    if (!judgement)
        return -1;
    if (trial_hold(&trial, evidence, claim, &circumstance->rows) != 0) {
        trial_free(&trial);
        return -1;
    }
    judgement->details = trial.details;
    snprintf(judgement->note, sizeof judgement->note, "%s", trial.note);
    snprintf(judgement->condition, sizeof judgement->condition, "%s", circumstance->text);
    judgement->finding = trial.finding;
    judgement->seeds = trial.seeds;
    judgement->censored = trial.censored;
    judgement->infeasible = trial.infeasible;
    deliver(verdicts, judgement, &trial, gap);
    if (trial.on_edge > 0) /* a better value may lie beyond: neither says anything */
        judgement->finding.p_confirm = judgement->finding.p_refute = NAN;
    return 0;
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
    char reason[128], gap[200];
    int status;

    status = evidence_open(&evidence, &verdicts->results, claim->from);
    if (status < 0)
        return claim_failed(verdicts, claim);
    if (status > 0) {
        snprintf(reason, sizeof reason, "the results have no %s.csv", claim->from);
        return add_missing(verdicts, claim, reason);
    }
    status = circumstances_find(&evidence, claim, &list, &count);
    if (status == 0)
        status = gaps_find(&evidence, claim, list, count, gap, sizeof gap);
    for (size_t i = 0; i < count && status == 0; i++)
        status = judge_circumstance(verdicts, &evidence, claim, &list[i], gap);
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

/* 1: the i-th judgement begins another part of a claim. */
static int begins_part(const struct verdicts *verdicts, size_t i)
{
    return i == 0 || verdicts->list[i].claim != verdicts->list[i - 1].claim;
}

/* weakest[parts]: the largest p_confirm of each part; not-a-number where one is. */
static size_t find_weakest(const struct verdicts *verdicts, double *weakest)
{
    size_t parts = 0;

    for (size_t i = 0; i < verdicts->count; i++) {
        double p = verdicts->list[i].finding.p_confirm;

        if (begins_part(verdicts, i))
            weakest[parts++] = p;
        else if (!isnan(weakest[parts - 1]) && !(p <= weakest[parts - 1]))
            weakest[parts - 1] = p;
    }
    return parts;
}

/* of_part, confirm, refute: adjusted p values. */
static void decide_one(struct judgement *judgement, double of_part, double confirm, double refute)
{
    if (of_part <= finding_alpha || confirm <= finding_alpha) {
        judgement->verdict = VERDICT_CONFIRMED;
        judgement->p = of_part <= finding_alpha ? of_part : confirm;
    } else if (refute <= finding_alpha) {
        judgement->verdict = VERDICT_REFUTED;
        judgement->p = refute;
    } else {
        judgement->p = fmin(confirm, refute);
        if (judgement->is_delivered)
            snprintf(judgement->reason, sizeof judgement->reason, "neither confirmed nor refuted");
        judgement->is_delivered = 0;
    }
}

/* A claim is confirmed where the weakest of its conditions is (intersection-union), by Holm's
 * procedure over the claims of the experiment. Single conditions are told apart by Holm's procedure
 * over all of them: what is confirmed under some and refuted under others is so with conditions. */
static int decide(struct verdicts *verdicts)
{
    size_t count = verdicts->count, part = 0;
    double *weakest = calloc(3 * count + 1, sizeof *weakest);
    double *confirm = weakest + count, *refute = confirm + count;

    if (!weakest)
        return error_set("out of memory for the verdicts of %s", verdicts->name);
    for (size_t i = 0; i < count; i++) {
        confirm[i] = verdicts->list[i].finding.p_confirm;
        refute[i] = verdicts->list[i].finding.p_refute;
    }
    multiple_holm(weakest, weakest, find_weakest(verdicts, weakest));
    multiple_holm(confirm, confirm, count);
    multiple_holm(refute, refute, count);
    for (size_t i = 0; i < count; i++) {
        part += i > 0 && begins_part(verdicts, i);
        decide_one(&verdicts->list[i], weakest[part], confirm[i], refute[i]);
    }
    free(weakest);
    return 0;
}

static int is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Claims of a file, which may say more of the same cells, but not of cells that were never run. */
static int open_claims_of(struct verdicts *verdicts, const char *file, const char *run_text,
                          int quick)
{
    struct experiment run;

    if (experiment_open(&verdicts->experiment, file, quick) != 0)
        return -1;
    verdicts->has_other_cells = 1;
    if (experiment_open_text(&run, file, run_text, quick) == 0) {
        verdicts->has_other_cells = !experiment_same_cells(&run, &verdicts->experiment);
        experiment_close(&run);
    }
    return 0;
}

/* Of runs made elsewhere: there is no experiment whose cells they could be. */
static int open_claims_on_imported(struct verdicts *verdicts, const char *file, const char *claims,
                                   const char *mapping)
{
    char *text = claims ? document_read(claims) : strdup(mapping);
    int status;

    if (!text)
        return claims ? -1 : error_set("out of memory");
    status = experiment_open_claims(&verdicts->experiment, claims ? claims : file, text);
    free(text);
    return status;
}

static int open_claims(struct verdicts *verdicts, const char *claims)
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
    if (claims && is_folder(claims)) {
        snprintf(file, sizeof file, "%.*s/%s.yaml", PATH_MAX - 80, claims, name);
        claims = access(file, F_OK) == 0 ? file : NULL;
    }
    if (json_is_object(json_object_get(manifest, "imported"))) {
        if (open_claims_on_imported(verdicts, file, claims, text) != 0)
            return -1;
    } else if ((claims ? open_claims_of(verdicts, claims, text, quick)
                       : experiment_open_text(&verdicts->experiment, file, text, quick)) != 0)
        return -1;
    if (verdicts->experiment.claims.count > 0)
        return 0;
    error_set("%s: %s makes no claims", verdicts->results.folder, verdicts->experiment.file);
    return 1;
}

int verdicts_open(struct verdicts *verdicts, const char *folder, const char *claims)
{
    int status;

    memset(verdicts, 0, sizeof *verdicts);
    if (results_open(&verdicts->results, folder) != 0)
        return -1;
    status = open_claims(verdicts, claims);
    if (status != 0)
        return status;
    for (int c = 0; c < verdicts->experiment.claims.count; c++)
        if (judge_claim(verdicts, &verdicts->experiment.claims.list[c]) != 0)
            return -1;
    return decide(verdicts);
}

void verdicts_close(struct verdicts *verdicts)
{
    experiment_close(&verdicts->experiment);
    results_close(&verdicts->results);
    for (size_t i = 0; i < verdicts->count; i++)
        details_free(&verdicts->list[i].details);
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

            if (strcmp(judgement->claim->id, ruling->id) != 0 || judgement->claim->is_aside)
                continue;
            parts++;
            tally[judgement->verdict]++;
            ruling->is_delivered &= judgement->is_delivered;
            if (!ruling->undelivered && !judgement->is_delivered)
                ruling->undelivered = judgement;
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
            if (!all[v].list[i].claim->is_aside)
                find_ruling(*rulings, ruling_count, all[v].list[i].claim);
    for (size_t r = 0; r < *ruling_count; r++)
        rule(&(*rulings)[r], all, count);
    return 0;
}
