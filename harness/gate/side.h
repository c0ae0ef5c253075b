/* One side of a gate: a process that opens cells of an experiment and times steps of them when it
 * is asked to. Base and head each are one; `batchlab gate` asks (contender.h), possibly another
 * build of the program than the one that answers, so that the protocol below is one between
 * versions.
 *
 * Lines of text. First the side says
 *     batchlab-side 1 VERSION        the number of this protocol, then what the program is
 *     cell NAME                      one for each cell, as gate_names makes them
 *     ready
 * and then answers each question with one line, `failed REASON` if it cannot:
 *     open NAME        opened | unsupported REASON    of the cell, from then on the one in question
 *     describe         described LIBRARY AND KERNELS
 *     engine           engine ENGINE                  of the cell, its path from here
 *     find SECONDS     found UPDATES                  as many as take about so long
 *     time UPDATES     timed WALL CPU SWITCHES STEAL LOAD   (sample.h), after some untimed ones
 *     count NAME       counted KEY=VALUE ...          (counts.h), best asked of a fresh process
 *     close            closed
 * It ends when the questions do. Questions it does not know are answered `failed`. */
#ifndef BATCHLAB_GATE_SIDE_H
#define BATCHLAB_GATE_SIDE_H

#include <stdio.h>

enum { SIDE_PROTOCOL = 1 };
#define SIDE_GREETING "batchlab-side"

struct side_request {
    const char *file;   /* the experiment */
    const char *engine; /* in place of the file's; NULL: none */
    double planted;     /* share of calls made twice (planted.h) */
    const char *version;
};

/* Answers until there are no more questions. Loads engines, and takes the process for it. 0, or -1
 * (error set, nothing greeted): a file that cannot be used. */
int side_serve(const struct side_request *, FILE *questions, FILE *answers);

#endif
