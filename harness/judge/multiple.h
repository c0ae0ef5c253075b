/* p values of several tests of one family, adjusted so that the chance of any false rejection stays
 * at alpha.
 *
 * A p that is not a number stays one, and still counts as a member of the family: it was meant to
 * be tested, and a test that failed to come out must not make the others easier. */
#ifndef BATCHLAB_JUDGE_MULTIPLE_H
#define BATCHLAB_JUDGE_MULTIPLE_H

#include <stddef.h>

/* adjusted[count] from p[count], in the order of p; may be the same array. Reject where the
 * adjusted p is at most alpha. */
void multiple_holm(const double *p, double *adjusted, size_t count); /* Holm 1979 */
void multiple_bonferroni(const double *p, double *adjusted, size_t count);

#endif
