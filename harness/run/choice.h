/* What `auto` stands for: the engine and the number of threads that a cell runs with. They are
 * measured on the cell's network, data and batch size in a child process, kept in the results, and
 * used again when a run goes on. */
#ifndef BATCHLAB_CHOICE_H
#define BATCHLAB_CHOICE_H

#include "run/cell.h"
#include "run/host.h"

#define CHOICES_FILE "choices.csv" /* in the results folder; one row a contender */

enum { CONTENDERS_MAX = 64 };

struct contender {
    struct assignment assignment;
    double examples_per_second; /* NAN: does not support the network, or failed */
};

/* One question, and its answer. */
struct engine_choice {
    char engine[sizeof(((struct assignment *)0)->engine)]; /* as asked: `auto`, or an engine */
    char threads[16], chunk[16];                           /* as asked: `auto`, or a number */
    char network[32], network_hash[16];
    int batch_size;
    struct contender contenders[CONTENDERS_MAX]; /* [count] */
    int count;
    int best; /* among them; the first if none could be measured */
};

struct engine_choices {
    struct engine_choice *list; /* [count], owned */
    int count;
};

/* 1 if something of the cell is left to a choice. */
int choice_is_open(const struct settings *);

/* Sets `best` from the rates: the fastest of those with the fewest threads that come within 3 % of
 * the fastest of all. A smaller lead is within the noise of measuring it, and the processors left
 * over can run other cells. */
void choice_settle(struct engine_choice *);

/* Every engine that may run one of the cells: what was asked for, and the contenders of `auto`.
 * Calls function(context, engine) for each, some more than once; stops at the first that is not 0
 * and returns it. */
int choice_each_engine(const struct cell *, int (*function)(void *context, const char *engine),
                       void *context);

/* If the cell leaves something open and the question is new: measures its contenders, and writes
 * the choices to the results folder; those found there are read at the first call. choices starts
 * zeroed. announce, unless NULL, is told a new choice in a line. -1 with the error set if the
 * folder cannot be read or written, or a child cannot be started. */
int choices_make(struct engine_choices *choices, const struct campaign *, const struct host *,
                 const struct cell *,
                 void (*announce)(void *context, const char *engine, const char *line),
                 void *context);

/* Adds the choices of another results folder to those of `results`, whose own stay. */
int choices_join(const char *results, const char *from);
void choices_free(struct engine_choices *); /* accepts a zeroed struct */

/* What the cell runs with: what it asks for where it asks for something. */
struct assignment choices_assignment(const struct engine_choices *, const struct cell *);

#endif
