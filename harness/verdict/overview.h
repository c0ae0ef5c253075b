/* Every claim of the catalogue beside what is known of it: judged, not run yet, out of scope. */
#ifndef BATCHLAB_OVERVIEW_H
#define BATCHLAB_OVERVIEW_H

#include "plan/catalogue.h"
#include "verdict/verdict.h"

/* A part of a claim that an experiment file undertakes to decide. */
struct pledge {
    char id[32], part[48];
    char experiment[64];
    double expected_seconds; /* of the experiment; 0: not said */
    char file[1024];
    int line;
};

struct pledges {
    struct pledge *list; /* [count], owned */
    size_t count;
};

/* Adds those of an experiment. -1: out of memory (error set). */
int pledges_add(struct pledges *, const struct experiment *);
void pledges_free(struct pledges *); /* accepts a zeroed struct */

enum standing {
    STANDING_JUDGED,
    STANDING_NOT_RUN,       /* there is an experiment, and no results of it */
    STANDING_NO_EXPERIMENT, /* nobody asks */
    STANDING_OUT_OF_SCOPE,
};

struct overview_row {
    const struct catalogue_claim *claim; /* borrowed */
    enum standing standing;
    struct ruling ruling;            /* judged */
    const struct verdicts *verdicts; /* of the deciding judgement, borrowed; NULL: none */
    size_t parts;                    /* parts and conditions that were judged */
    int is_delivered;                /* never where a part is missing */
    double expected_seconds;         /* not run: of its experiments; 0: not known */
    char experiments[256];           /* that judged it, or would: "memory, unbiased" */
    char reason[640];                /* judged: why it is not delivered; not run: what would decide;
                                        out of scope: why. Else under which conditions it holds */
};

struct overview {
    const struct catalogue *catalogue; /* borrowed */
    const struct verdicts *all;        /* [verdicts_count], borrowed */
    size_t verdicts_count;
    struct overview_row *rows; /* [count], owned, in the order of the catalogue */
    size_t count;
};

/* A claim is delivered where the results hold every part of it that any experiment undertakes, each
 * delivered. -1: a claim that the catalogue lacks or has out of scope (`file:line: ...`), results
 * of one experiment twice. */
int overview_make(struct overview *, const struct catalogue *, const struct pledges *,
                  const struct verdicts *all, size_t count);
void overview_free(struct overview *); /* accepts a zeroed struct */

/* "confirmed", ..., "undelivered", "not run", "no experiment", "out of scope" */
const char *overview_word(const struct overview_row *);

/* "3 of 41 delivered: 2 confirmed, 1 refuted; 4 undelivered, 33 not run, 1 out of scope" */
void overview_summarise(const struct overview *, char *text, size_t size);

/* A table for a terminal of 80 columns. */
void overview_print(FILE *, const struct overview *);

/* verdict_table.csv, described in results/README.md. */
int overview_write(const struct overview *, const char *path);

/* Puts the table in place of what stands between the lines `<!-- verdicts -->` and
 * `<!-- /verdicts -->` of a Markdown file. -1: one of them is missing, or there twice. Charts are
 * linked relative to the file. */
int overview_write_markdown(const struct overview *, const char *path);

#endif
