/* Is this machine fit for measuring, and is everything there? What is found out, and what it means,
 * are two steps, so that the second can be tried on machines that are not there. */
#ifndef BATCHLAB_DOCTOR_H
#define BATCHLAB_DOCTOR_H

#include "run/host.h"

#include <limits.h>
#include <stddef.h>

enum { DOCTOR_ENGINES_MAX = 16, DOCTOR_LINE = 512 };

/* An engine in a process of its own. */
struct doctor_engine {
    char name[32];
    char says[DOCTOR_LINE];  /* of its library and kernel */
    char fault[DOCTOR_LINE]; /* why it cannot be used; "": it can */
    char
        pthread_openblas[PATH_MAX]; /* an OpenBLAS with threads of its own that it has loaded; "" */
    int has_openmp;                 /* an OpenMP runtime is in the same process */
};

struct doctor_facts {
    struct host host;
    char turbo[16];          /* "on", "off" or "unknown" */
    char clock_source[32];   /* of the kernel; "unknown" where it does not say */
    double clock_resolution; /* seconds */
    double steal_share;      /* of the processors, while we looked; NAN where unknown */
    struct doctor_engine engines[DOCTOR_ENGINES_MAX]; /* [engine_count] */
    int engine_count;
    char bf16[64];       /* the instructions there are for it; "": none */
    char variables[256]; /* set in the environment, and changing what is measured; "": none */
    char gnuplot[128];   /* its version; "": not there */
    char mpirun[128];    /* the same */
    char ranks_fault[DOCTOR_LINE];   /* why MPI cannot be loaded; "": it can */
    char dataset[DOCTOR_LINE];       /* what Fashion-MNIST is, read from its files */
    char dataset_fault[DOCTOR_LINE]; /* why it could not be read; "": it was */
    char folder[PATH_MAX];           /* where results go, or the nearest folder above that exists */
    double free_bytes;               /* there; NAN where unknown */
    int is_writable;
};

/* Looks, for one or two seconds. results: the folder that results go to. */
void doctor_look(struct doctor_facts *, const char *results);

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_WARNING, /* numbers will be noisier, or something optional is missing */
    DOCTOR_FIX,     /* something does not work, or numbers will be wrong */
    DOCTOR_STATES
};

extern const char *const doctor_state_names[DOCTOR_STATES];

struct doctor_finding {
    enum doctor_state state;
    char subject[32];
    char text[DOCTOR_LINE];
    char remedy[DOCTOR_LINE]; /* "": none is known or needed */
};

enum { DOCTOR_FINDINGS_MAX = 16 + 2 * DOCTOR_ENGINES_MAX };

/* findings[DOCTOR_FINDINGS_MAX]; returns how many there are. */
int doctor_diagnose(const struct doctor_facts *, struct doctor_finding *findings);

#endif
