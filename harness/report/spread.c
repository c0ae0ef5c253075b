/* How predictions differ between seeds. */
#include "report/spread.h"

#include <math.h>

static size_t largest(const double *p, size_t classes)
{
    size_t best = 0;

    for (size_t c = 1; c < classes; c++)
        if (p[c] > p[best])
            best = c;
    return best;
}

/* Of one example: p is the first seed's, `stride` lies between seeds. */
static struct spread one(const double *p, size_t label, size_t seeds, size_t stride, size_t classes)
{
    struct spread spread = {0};
    double s = (double)seeds;

    for (size_t c = 0; c < classes; c++) {
        double mean = 0, squares = 0, target = c == label;

        for (size_t i = 0; i < seeds; i++)
            mean += p[i * stride + c] / s;
        for (size_t i = 0; i < seeds; i++)
            squares += (p[i * stride + c] - mean) * (p[i * stride + c] - mean);
        spread.variance += squares / (s - 1);
        spread.squared_bias += (mean - target) * (mean - target) - squares / (s - 1) / s;
    }
    for (size_t a = 0; a < seeds; a++)
        for (size_t b = 0; b < a; b++)
            spread.disagreement +=
                (largest(p + a * stride, classes) != largest(p + b * stride, classes)) /
                (s * (s - 1) / 2);
    return spread;
}

struct spread spread_of(const double *probabilities, const double *labels, size_t seeds,
                        size_t examples, size_t classes)
{
    struct spread sum = {0};
    double squares = 0, n = (double)examples, half;

    if (seeds < 2 || examples < 1)
        return (struct spread){NAN, NAN, NAN, NAN, NAN};
    for (size_t e = 0; e < examples; e++) {
        struct spread here =
            one(probabilities + e * classes, (size_t)labels[e], seeds, examples * classes, classes);

        sum.variance += here.variance / n;
        sum.squared_bias += here.squared_bias / n;
        sum.disagreement += here.disagreement / n;
        squares += here.variance * here.variance / n;
    }
    half = 1.96 * sqrt(fmax(0, squares - sum.variance * sum.variance) / n);
    sum.low = sum.variance - half;
    sum.high = sum.variance + half;
    return sum;
}
