/* A BLAS library loaded at run time, and the kernels it computes with. */
#ifndef BATCHLAB_BLAS_LIBRARY_H
#define BATCHLAB_BLAS_LIBRARY_H

#include "engine.h"

enum { BLAS_ROW_MAJOR = 101, BLAS_NO_TRANSPOSE = 111, BLAS_TRANSPOSE = 112 }; /* as in cblas.h */

/* cblas_sgemm: C[m][n] = alpha op(A) op(B) + beta C */
typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            float alpha, const float *a, int lda, const float *b, int ldb,
                            float beta, float *c, int ldc);

struct blas_library {
    sgemm_function *sgemm; /* uses the calling thread only */
    char name[128];        /* with version */
    char kernels[64];      /* "unknown" if the library does not tell */
    char note[192];        /* what was done about the kernels; "" if nothing */

    char variant[512];
    void *handle;
    struct blas_library *next;
};

/* The library of a variant: "" or "openblas", "blis", or a path. It stays loaded until the process
 * ends, and every call for it returns the same. NULL with a message if it cannot be used.
 * To be called by one thread at a time: may set and unset an environment variable. */
const struct blas_library *blas_library(const char *variant, struct message *);

#endif
