/* Examples of any number, made when they are asked for. */
#include "data/generator.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

static const double largest_noise = 1e6;
static const uint32_t teacher_stream = 0xffffffffu; /* of RNG_DATA; there are fewer examples */

static int check(const struct dataset_spec *spec)
{
    if (spec->examples < 1 || spec->features < 1 || spec->features > LIMIT_FEATURES)
        return error_set("dataset: %d examples of %d features, expected 1 or more, and at most %d "
                         "features",
                         spec->examples, spec->features, LIMIT_FEATURES);
    if (spec->classes < 2 || spec->classes > LIMIT_CLASSES)
        return error_set("dataset: classes: %d is not in 2 .. %d", spec->classes, LIMIT_CLASSES);
    if (!(spec->noise >= 0 && spec->noise <= largest_noise))
        return error_set("dataset: noise: %g is not in 0 .. %g", spec->noise, largest_noise);
    return limit_check_data("dataset: classes of so many features", (size_t)spec->classes,
                            (size_t)spec->features * sizeof(float));
}

int generator_open(struct generator *generator, const struct dataset_spec *spec)
{
    size_t weights = (size_t)spec->classes * (size_t)spec->features;
    struct rng rng;

    *generator = (struct generator){0};
    if (check(spec) != 0)
        return -1;
    generator->teacher = malloc(weights * sizeof *generator->teacher);
    if (!generator->teacher)
        return error_set("dataset: out of memory for a teacher of %d classes and %d features",
                         spec->classes, spec->features);
    rng_init(&rng, spec->seed, RNG_DATA, teacher_stream);
    for (size_t i = 0; i < weights; i++)
        generator->teacher[i] = (float)(rng_normal(&rng) / sqrt(spec->features));
    generator->seed = spec->seed;
    generator->inputs = (size_t)spec->features;
    generator->classes = spec->classes;
    generator->noise = spec->noise;
    return 0;
}

void generator_close(struct generator *generator)
{
    if (!generator)
        return;
    free(generator->teacher);
    *generator = (struct generator){0};
}

/* Uniform on [-sqrt(3), sqrt(3)): 2^32 values, evenly. */
static double uniform(struct rng *rng)
{
    static const double step = 1.7320508075688772 * 0x1p-31;

    return step * (double)(int32_t)rng_word(rng);
}

void generator_make(const struct generator *generator, uint32_t number, float *features,
                    int32_t *label)
{
    double largest = -INFINITY;
    struct rng rng;

    rng_init(&rng, generator->seed, RNG_DATA, number);
    for (size_t j = 0; j < generator->inputs; j++)
        features[j] = (float)uniform(&rng);
    for (int c = 0; c < generator->classes; c++) {
        const float *weights = generator->teacher + (size_t)c * generator->inputs;
        double score = generator->noise > 0 ? generator->noise * uniform(&rng) : 0;

        for (size_t j = 0; j < generator->inputs; j++)
            score += (double)(weights[j] * features[j]);
        if (score > largest) {
            largest = score;
            *label = c;
        }
    }
}

void generator_make_all(const struct generator *generator, uint32_t first, const int32_t *rows,
                        size_t count, float *features, int32_t *labels)
{
    for (size_t i = 0; i < count; i++)
        generator_make(generator, first + (uint32_t)rows[i], features + i * generator->inputs,
                       &labels[i]);
}
