/* The catalogue of claims: all that is taught about the batch and can be asked, whether or not an
 * experiment asks it yet. */
#ifndef BATCHLAB_CATALOGUE_H
#define BATCHLAB_CATALOGUE_H

struct catalogue_claim {
    char id[32];            /* "C24" */
    char says[320];         /* what is taught, one sentence */
    char criterion[400];    /* what decides it, one line; "" where it is out of scope */
    char out_of_scope[320]; /* why it is not decided here; "": it is */
    int line;               /* in the file */
};

struct catalogue {
    char file[1024];
    struct catalogue_claim *list; /* [count], owned, in the order of the file */
    int count;
};

/* Reads a file of nothing but `claims:`, a list of mappings. Errors are `file:line: what is wrong,
 * what was expected`; nothing is held then. */
int catalogue_open(struct catalogue *, const char *file);
void catalogue_close(struct catalogue *); /* accepts a zeroed struct */

/* Its place in the list; -1: not there. */
int catalogue_find(const struct catalogue *, const char *id);

#endif
