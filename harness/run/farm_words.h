/* What rank 0 and the other ranks of a farm say to each other: structs as they lie in memory, which
 * is safe once the first field of the first has shown that both run the same program. */
#ifndef BATCHLAB_FARM_WORDS_H
#define BATCHLAB_FARM_WORDS_H

#include "ranks/post.h"
#include "run/cell.h"
#include "run/survey.h"

enum farm_tag {
    /* To rank 0. */
    FARM_HELLO = 1,   /* struct farm_hello */
    FARM_READY,       /* struct farm_ready */
    FARM_ENDED,       /* struct farm_ended, and the cell's parcel where the folder is not shared */
    FARM_BROKEN,      /* a text: this rank cannot go on */
    FARM_INTERRUPTED, /* nothing */
    FARM_STOPPED,     /* nothing: the last word */
    /* From rank 0. */
    FARM_WELCOME, /* struct farm_welcome */
    FARM_ROOFS,   /* struct roof [] */
    FARM_START,   /* struct farm_start */
    FARM_STOP,    /* nothing */
};

/* All that must be the same, and what may differ. */
struct farm_hello {
    unsigned long program; /* CRC-32 of the program's file, and of those of the engines */
    unsigned long engines;
    unsigned long plan; /* of the experiment and the ids of its cells */
    unsigned data;      /* fingerprint */
    int is_ready;       /* 0: the rest is not filled in, but for host and boot */
    char why[1024];     /* it is not */
    char host[64];      /* name */
    char boot[40];      /* the same on all ranks of one kernel */
    struct survey survey;
};

struct farm_welcome {
    char nonce[64]; /* name of a file in the results folder, if that is shared */
    int jobs;       /* cells at a time; 0: as many as processors allow */
    int processor_count;
    int processors[HOST_PROCESSORS_MAX]; /* this rank's share of its host */
};

struct farm_ready {
    int is_shared;
};

struct farm_start {
    char id[sizeof(((struct cell *)0)->id)];
    struct settings settings;
    struct assignment assignment;
};

struct farm_ended {
    char id[sizeof(((struct cell *)0)->id)];
    enum outcome outcome;
    double wall_seconds;
    size_t parcel_bytes; /* which follow; 0: it lies in the results folder */
};

/* CRC-32 of this program's file; 0: it cannot be read. */
unsigned long farm_sum_program(void);

/* A CRC-32 that goes on from `sum` with that of the file of an engine, by its name in the
 * experiment; a file that cannot be read counts as 0. */
unsigned long farm_sum_engine(const struct experiment *, const char *engine, unsigned long sum);

/* A CRC-32 of the experiment and of the ids of its cells. */
unsigned long farm_sum_plan(const struct plan *);

/* Fills in all of it. why: the experiment could not be opened, and the campaign is not looked at;
 * NULL: it could. */
void farm_introduce(struct farm_hello *, const struct campaign *, const struct survey *,
                    const char *why);

#endif
