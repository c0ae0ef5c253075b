/* Judges the claims of experiments by their results. */
#ifndef BATCHLAB_VERDICT_H
#define BATCHLAB_VERDICT_H

#include "plan/experiment.h"
#include "report/results.h"
#include "verdict/details.h"
#include "verdict/finding.h"

#include <stdio.h>

enum verdict {
    VERDICT_CONFIRMED,
    VERDICT_REFUTED,
    VERDICT_CONDITIONS,   /* confirmed under some conditions, refuted under others */
    VERDICT_INCONCLUSIVE, /* the data do not tell, or are not there */
};

extern const char *const verdict_names[];

/* A part of a claim under one condition: a row of verdicts.csv. */
struct judgement {
    const struct claim *claim;
    char condition[1024]; /* "network=M"; "" where there is but one */
    struct finding finding;
    double p; /* of what the verdict says, Holm-adjusted within the experiment; inconclusive: the
                 smaller of both */
    enum verdict verdict;
    size_t seeds, censored, infeasible;
    int is_delivered;
    double hours_needed;         /* for the seeds that are missing; NAN: not known */
    char reason[256], note[512]; /* why it is not delivered; what else there is to say */
    struct details details;      /* owned */
};

/* All claims of one results folder. */
struct verdicts {
    char name[64];                /* of the experiment */
    struct experiment experiment; /* as the manifest holds it: the claims are borrowed from it */
    struct results results;
    size_t missing;         /* cells of the plan that the results lack */
    int has_other_cells;    /* 1: the claims' file would have other cells than were run */
    struct judgement *list; /* [count], owned: claim after claim */
    size_t count;
};

/* Judges by the claims in the manifest, or where `claims` is not NULL by those of that experiment
 * file, or of the file of the experiment's name in that folder if there is one. 1: it makes no
 * claims, nothing is judged; -1: not readable, a claim that names a column that is not there. The
 * error is set in either case. */
int verdicts_open(struct verdicts *, const char *folder, const char *claims);
/* The same as they stand in folder/verdicts.csv, row after row: nothing is judged. Of the claims
 * only id, part, words, axis and whether they decide are known, of findings neither p_confirm nor
 * p_refute; `results.verdicts` has every column. 1: there is no such file, and the list is empty;
 * -1: not readable, a verdict that is none. */
int verdicts_read(struct verdicts *, const char *folder);
void verdicts_close(struct verdicts *); /* also after a failed open */

/* Writes folder/verdicts.csv, and where a verdict has details folder/fits.csv. */
int verdicts_write(const struct verdicts *);

/* "0.35 [0.3, 0.4]"; "-": not known */
void judgement_describe_effect(const struct judgement *, char *text, size_t size);
/* What the judgement speaks of: "variance, network=M, equal epochs". */
void judgement_describe_place(const struct judgement *, char *text, size_t size);

/* What all parts and conditions of a claim come to, over several results. */
struct ruling {
    const char *id, *says; /* borrowed */
    enum verdict verdict;
    int is_delivered;
    const struct judgement *deciding;    /* the weakest where confirmed, else the one that stands
                                            against; NULL: no results speak of it */
    const char *experiment;              /* of the deciding */
    const struct judgement *undelivered; /* the first that is not delivered; NULL: all are */
};

/* The claims of all verdicts in the order of appearance, by the parts that decide. *rulings is
 * owned: free(). */
int rulings_make(const struct verdicts *, size_t count, struct ruling **rulings,
                 size_t *ruling_count);

/* A table for a terminal of 80 columns. */
void rulings_print(FILE *, const struct ruling *, size_t count);

#endif
