/* NumPy's legacy random numbers. */
#include "base/numpy_stream.h"

#include "base/error.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>

int numpy_open(struct numpy_stream *stream, uint32_t seed)
{
    gsl_set_error_handler_off();
    *stream = (struct numpy_stream){.generator = gsl_rng_alloc(gsl_rng_mt19937)};
    if (!stream->generator)
        return error_set("out of memory");
    gsl_rng_set(stream->generator, seed);
    return 0;
}

void numpy_close(struct numpy_stream *stream)
{
    gsl_rng_free(stream->generator);
    *stream = (struct numpy_stream){.generator = NULL};
}

double numpy_uniform(struct numpy_stream *stream)
{
    double high = (double)(gsl_rng_get(stream->generator) >> 5); /* 27 bits */
    double low = (double)(gsl_rng_get(stream->generator) >> 6);  /* 26 bits */

    return (high * 0x1p26 + low) / 0x1p53;
}

double numpy_normal(struct numpy_stream *stream)
{
    double first, second, square, factor;

    if (stream->has_saved) {
        stream->has_saved = 0;
        return stream->saved;
    }
    do {
        first = 2 * numpy_uniform(stream) - 1;
        second = 2 * numpy_uniform(stream) - 1;
        square = first * first + second * second;
    } while (square >= 1 || square == 0);
    factor = sqrt(-2 * log(square) / square);
    stream->saved = factor * first;
    stream->has_saved = 1;
    return factor * second;
}
