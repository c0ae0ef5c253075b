/* Base and head as a gate sees them: what was asked for, and the process that answers for it. */
#ifndef BATCHLAB_GATE_CONTENDER_H
#define BATCHLAB_GATE_CONTENDER_H

#include "gate/names.h"

#include <limits.h>

/* What one side is. Filled by contender_resolve, or by hand. */
struct contender {
    const char *label;      /* "base", "head" */
    const char *given;      /* as on the command line */
    char program[PATH_MAX]; /* that answers: a batchlab */
    char engines[PATH_MAX]; /* folder of its built-in engines; "": beside the program */
    char engine[PATH_MAX];  /* in place of the file's; "": none */
    char preload[PATH_MAX]; /* library to be loaded before all others; "": none */
    double planted;         /* share of calls made twice */
    int processor;          /* it runs on; -1: on any */
    char version[128];      /* what it says that it is, once it has been started */
    char note[256];         /* what a reader must know, such as that engines alone are compared */
};

/* From the text of the command line; NULL: this program itself. Else an engine (`blas:blis`,
 * `./mine.so`, `blas:/a/library.so`), or the path of a batchlab. An old batchlab that cannot answer
 * is compared by its engines, through the contract, and the note says so. -1 (error set): neither.
 */
int contender_resolve(struct contender *, const char *given);

/* Holds the engine against the contract: `check` of its program. 0: it conforms; 1: it does not,
 * why[size] says what; -1: that could not be found out (error set). */
int contender_check(const struct contender *, const char *engine, char *why, size_t size);

/* ---- Its process ------------------------------------------------------------------------------
 */

struct side_process;

/* Starts it on this experiment, and waits until it is ready. -1 (error set): what it says is wrong
 * with the file, or that it cannot answer; nothing is left running. */
int side_start(struct side_process **, struct contender *, const char *file);

/* The cells it has. Borrowed. */
int side_cells(const struct side_process *);
const char *side_cell(const struct side_process *, int index);

/* Asks (side.h) and waits for the answer, whose first word must be `expected`; the rest is left in
 * answer[size]. 0; 1: it is `unsupported`, the rest is why; -1 (error set): it failed, ended or was
 * too late, after which only side_stop is of use. */
int side_ask(struct side_process *, double limit_seconds, const char *question,
             const char *expected, char *answer, size_t size);

/* Opens the cell of that name; answer[size] as by side_ask. */
int side_open(struct side_process *, const char *name, char *answer, size_t size);

void side_stop(struct side_process *); /* accepts NULL */

#endif
