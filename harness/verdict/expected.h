/* What a claim's effect is of, and where it is expected: for the tests, and for who draws them. */
#ifndef BATCHLAB_VERDICT_EXPECTED_H
#define BATCHLAB_VERDICT_EXPECTED_H

#include "plan/claims.h"
#include "verdict/finding.h"

/* The range that confirms, in units of the effect: of `relative` arms that of their ratio. */
struct range expected_range(const struct claim *);

/* What kind of number the effect is: "ratio" and "difference" (where nothing is is 1, and 0),
 * "slope", "tendency", "value". Static. */
const char *expected_form(const struct claim *);

/* In words: "difference of test_error", "slope of log test_loss over log subset", "variance_ratio".
 * y of probes.csv by the quantity that the claim selects. */
void expected_describe(const struct claim *, char *text, size_t size);

#endif
