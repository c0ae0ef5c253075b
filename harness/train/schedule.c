/* Schedules of learning rate and batch size. */
#include "train/schedule.h"

#include <math.h>

static double share_of_cosine(double s, double length, double end)
{
    return end + (1 - end) * 0.5 * (1 + cos(M_PI * fmin(1, s / length)));
}

static double piecewise(const struct schedule_spec *spec, double s)
{
    double factor = 1;

    for (int i = 0; i < spec->at_count && s >= spec->at[i]; i++)
        factor = spec->factors[i];
    return factor;
}

/* From end at s = 0 to 1 in the middle of the cycle. */
static double triangular(const struct schedule_spec *spec, double s)
{
    double phase = fmod(s, spec->length) / spec->length;

    return spec->end + (1 - spec->end) * (1 - fabs(2 * phase - 1));
}

static double with_restarts(const struct schedule_spec *spec, double s)
{
    double length = spec->length;

    if (spec->growth == 1)
        s = fmod(s, length);
    else
        while (s >= length) {
            s -= length;
            length *= spec->growth;
        }
    return share_of_cosine(s, length, spec->end);
}

static double factor_of(const struct schedule_spec *spec, double s)
{
    switch (spec->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_PIECEWISE:
        return piecewise(spec, s);
    case SCHEDULE_INVERSE_TIME:
        return 1 / (1 + spec->decay * s);
    case SCHEDULE_EXPONENTIAL:
        return pow(spec->decay, s);
    case SCHEDULE_NATURAL_EXPONENTIAL:
        return exp(-spec->decay * s);
    case SCHEDULE_COSINE:
        return share_of_cosine(s, spec->length, spec->end);
    case SCHEDULE_POLYNOMIAL:
        return spec->end + (1 - spec->end) * pow(fmax(0, 1 - s / spec->length), spec->power);
    case SCHEDULE_TRIANGULAR:
        return triangular(spec, s);
    case SCHEDULE_SGDR:
        return with_restarts(spec, s);
    }
    return 1;
}

double schedule_factor(const struct schedule_spec *spec, double done, double step)
{
    if (done < spec->warmup)
        return fmin(1, (done + step) / spec->warmup);
    return factor_of(spec, done - spec->warmup);
}

int schedule_batch_size(const struct schedule_spec *spec, int batch_size, double done)
{
    for (int i = 0; i < spec->batch_at_count && done >= spec->batch_at[i]; i++)
        batch_size = (int)fmin(1 << 30, round(batch_size * spec->batch_factor));
    return batch_size;
}

int schedule_has_length(enum schedule_kind kind)
{
    return kind == SCHEDULE_COSINE || kind == SCHEDULE_POLYNOMIAL || kind == SCHEDULE_TRIANGULAR ||
           kind == SCHEDULE_SGDR;
}

int schedule_ends(enum schedule_kind kind)
{
    return kind == SCHEDULE_COSINE || kind == SCHEDULE_POLYNOMIAL;
}
