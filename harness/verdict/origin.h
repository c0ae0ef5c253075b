/* Where results come from: what must be the same for verdicts to stand in one table, or for two
 * results to be compared. */
#ifndef BATCHLAB_ORIGIN_H
#define BATCHLAB_ORIGIN_H

#include "verdict/verdict.h"

/* 0: of one machine, one version of the program and of the results' schema, and the same libraries
 * behind the engines that both have. -1: the first difference, as the error. */
int origin_check_alike(const struct verdicts *, const struct verdicts *);

/* 0: of one machine (processor, instructions, how many processors), the same libraries behind the
 * engines that both have, and the same experiment on the same data: ratios of their numbers mean
 * something. Versions and flags of the program may differ. -1: the first difference, or that a
 * manifest does not say, as the error. */
int origin_check_comparable(const struct results *, const struct results *);

/* A line for each thing that the manifests say differently: "  commit: 3a044f4 -> 4c8f15a". */
void origin_print_differences(FILE *, const struct results *a, const struct results *b);

/* "AMD EPYC, avx2, results schema 6" */
void origin_describe(const struct verdicts *, char *text, size_t size);

#endif
