/* Where results come from: what must be the same for verdicts to stand in one table. */
#ifndef BATCHLAB_ORIGIN_H
#define BATCHLAB_ORIGIN_H

#include "verdict/verdict.h"

/* 0: of one machine, one version of the program and of the results' schema, and the same libraries
 * behind the engines that both have. -1: the first difference, as the error. */
int origin_check_alike(const struct verdicts *, const struct verdicts *);

/* "AMD EPYC, avx2, results schema 6" */
void origin_describe(const struct verdicts *, char *text, size_t size);

#endif
