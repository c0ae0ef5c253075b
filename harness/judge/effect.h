/* What a verdict is made of: a value, what bounds it, and in which direction a test looks. */
#ifndef BATCHLAB_JUDGE_EFFECT_H
#define BATCHLAB_JUDGE_EFFECT_H

/* An estimate and its interval. The value may be not-a-number; the bounds never are: where nothing
 * is known they are -inf and +inf, which no criterion of the form `low > bound`, `high < bound` or
 * `high - low < width` takes for a result. */
struct effect {
    double value, low, high;
};

/* What would speak against the null hypothesis: a difference, or one in this direction. */
enum alternative { TWO_SIDED, GREATER, LESS };

#endif
