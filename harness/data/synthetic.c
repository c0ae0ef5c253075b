/* Synthetic data with known properties. */
#include "data/synthetic.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

static const double largest_separation = 1e6, largest_noise = 1e6, largest_condition = 1e12;

/* Streams of RNG_DATA: example i has stream i, family f stream 2^31 + f. What all examples share,
 * centres or weights, has the last, free because there are fewer than 2^31 - 1 families. */
static const uint32_t first_family_stream = 0x80000000u, common_stream = 0xffffffffu;

static void fill_normal(const struct dataset_spec *spec, uint32_t stream, double *values,
                        size_t count)
{
    struct rng rng;

    rng_init(&rng, spec->seed, RNG_DATA, stream);
    for (size_t i = 0; i < count; i++)
        values[i] = rng_normal(&rng);
}

static int check_range(const char *key, double value, double low, double high)
{
    if (!(value >= low && value <= high))
        return error_set("dataset: %s: %.10g is not in %.10g .. %.10g", key, value, low, high);
    return 0;
}

static int check_size(const struct dataset_spec *spec)
{
    if (check_range("examples", spec->examples, 1, INT32_MAX - 1) != 0 ||
        check_range("features", spec->features, 1, LIMIT_FEATURES) != 0)
        return -1;
    return limit_check_data("dataset: examples of so many features", (size_t)spec->examples,
                            (size_t)spec->features * sizeof(float));
}

static int check_blobs(const struct dataset_spec *spec)
{
    if (check_size(spec) != 0 || check_range("classes", spec->classes, 2, 65536) != 0 ||
        check_range("clusters", spec->clusters, 1, 65536) != 0 ||
        check_range("family", spec->family, 1, spec->examples) != 0 ||
        check_range("separation", spec->separation, 0, largest_separation) != 0 ||
        check_range("correlation", spec->correlation, 0, 1) != 0)
        return -1;
    if (spec->examples % spec->family != 0)
        return error_set("dataset: examples: %d is not a multiple of family %d", spec->examples,
                         spec->family);
    if (spec->examples / spec->family < spec->classes)
        return error_set("dataset: %d examples in families of %d leave some of %d classes empty",
                         spec->examples, spec->family, spec->classes);
    return limit_check_data("dataset: classes x clusters of so many features",
                            (size_t)spec->classes * (size_t)spec->clusters,
                            (size_t)spec->features * sizeof(double));
}

/* example[j] = centre[j] + sqrt(correlation) * common[j] + sqrt(1 - correlation) * own[j] */
static void fill_blob(const struct dataset_spec *spec, float *example, const double *centre,
                      const double *common, const double *own)
{
    double common_share = sqrt(spec->correlation), own_share = sqrt(1 - spec->correlation);

    for (int j = 0; j < spec->features; j++)
        example[j] =
            (float)(spec->separation * centre[j] + common_share * common[j] + own_share * own[j]);
}

static void fill_blobs(const struct dataset_spec *spec, const double *centres, double *common,
                       double *own, float *features, int32_t *labels)
{
    size_t inputs = (size_t)spec->features;
    int families = spec->examples / spec->family;

    for (int f = 0; f < families; f++) {
        int class = f % spec->classes, cluster = f / spec->classes % spec->clusters;
        const double *centre =
            centres + ((size_t) class * (size_t)spec->clusters + (size_t)cluster) * inputs;

        fill_normal(spec, first_family_stream + (uint32_t)f, common, inputs);
        for (int i = f * spec->family; i < (f + 1) * spec->family; i++) {
            fill_normal(spec, (uint32_t)i, own, inputs);
            fill_blob(spec, features + (size_t)i * inputs, centre, common, own);
            labels[i] = class;
        }
    }
}

int synthetic_blobs(const struct dataset_spec *spec, float **features, int32_t **labels)
{
    int status = -1;
    size_t inputs = (size_t)spec->features;
    size_t centre_count = (size_t)spec->classes * (size_t)spec->clusters;
    double *centres = NULL, *common = NULL, *own = NULL;

    *features = NULL;
    *labels = NULL;
    if (check_blobs(spec) != 0)
        goto done;
    *features = calloc((size_t)spec->examples * inputs, sizeof **features);
    *labels = calloc((size_t)spec->examples, sizeof **labels);
    centres = calloc(centre_count, inputs * sizeof *centres);
    common = calloc(inputs, sizeof *common);
    own = calloc(inputs, sizeof *own);
    if (!*features || !*labels || !centres || !common || !own) {
        error_set("dataset: out of memory for %d blobs of %d features in %zu clusters",
                  spec->examples, spec->features, centre_count);
        goto done;
    }
    fill_normal(spec, common_stream, centres, centre_count * inputs);
    fill_blobs(spec, centres, common, own, *features, *labels);
    status = 0;
done:
    free(centres);
    free(common);
    free(own);
    if (status != 0) {
        free(*features);
        free(*labels);
        *features = NULL;
        *labels = NULL;
    }
    return status;
}

static int check_linear(const struct dataset_spec *spec)
{
    if (check_size(spec) != 0 ||
        check_range("condition", spec->condition, 1, largest_condition) != 0 ||
        check_range("noise", spec->noise, 0, largest_noise) != 0)
        return -1;
    if (spec->features == 1 && spec->condition > 1)
        return error_set("dataset: condition: %g needs at least 2 features, one alone has 1",
                         spec->condition);
    return 0;
}

/* deviations[j] = sqrt(condition^(-j / (count - 1))), from 1 down to 1 / sqrt(condition) */
static void fill_deviations(double *deviations, int count, double condition)
{
    deviations[0] = 1;
    for (int j = 1; j < count; j++)
        deviations[j] = pow(condition, -0.5 * j / (count - 1));
}

/* One example and its target: values[inputs] are its features' normal numbers, values[inputs] the
 * noise's. The target is of the features as stored, rounded to float. */
static float fill_linear(const struct dataset_spec *spec, float *example, const double *deviations,
                         const double *weights, const double *values)
{
    double target = 0;

    for (int j = 0; j < spec->features; j++) {
        example[j] = (float)(deviations[j] * values[j]);
        target += (double)example[j] * weights[j];
    }
    return (float)(target + spec->noise * values[spec->features]);
}

int synthetic_linear(const struct dataset_spec *spec, float **features, float **targets)
{
    int status = -1;
    size_t inputs = (size_t)spec->features;
    double *deviations = NULL, *weights = NULL, *values = NULL;

    *features = NULL;
    *targets = NULL;
    if (check_linear(spec) != 0)
        goto done;
    *features = calloc((size_t)spec->examples * inputs, sizeof **features);
    *targets = calloc((size_t)spec->examples, sizeof **targets);
    deviations = calloc(inputs, sizeof *deviations);
    weights = calloc(inputs, sizeof *weights);
    values = calloc(inputs + 1, sizeof *values);
    if (!*features || !*targets || !deviations || !weights || !values) {
        error_set("dataset: out of memory for %d examples of %d features", spec->examples,
                  spec->features);
        goto done;
    }
    fill_deviations(deviations, spec->features, spec->condition);
    fill_normal(spec, common_stream, weights, inputs);
    for (size_t j = 0; j < inputs; j++)
        weights[j] /= sqrt((double)inputs);
    for (int i = 0; i < spec->examples; i++) {
        fill_normal(spec, (uint32_t)i, values, inputs + 1);
        (*targets)[i] =
            fill_linear(spec, *features + (size_t)i * inputs, deviations, weights, values);
    }
    status = 0;
done:
    free(deviations);
    free(weights);
    free(values);
    if (status != 0) {
        free(*features);
        free(*targets);
        *features = NULL;
        *targets = NULL;
    }
    return status;
}

int synthetic_points(const struct dataset_spec *spec, float **features)
{
    size_t inputs = (size_t)spec->features;
    double *values;

    *features = NULL;
    if (check_size(spec) != 0 || check_range("noise", spec->noise, 0, largest_noise) != 0)
        return -1;
    *features = calloc((size_t)spec->examples * inputs, sizeof **features);
    values = calloc(inputs, sizeof *values);
    if (!*features || !values) {
        free(*features);
        free(values);
        *features = NULL;
        return error_set("dataset: out of memory for %d points of %d features", spec->examples,
                         spec->features);
    }
    for (int i = 0; i < spec->examples; i++) {
        fill_normal(spec, (uint32_t)i, values, inputs);
        for (size_t j = 0; j < inputs; j++)
            (*features)[(size_t)i * inputs + j] = (float)(spec->noise * values[j]);
    }
    free(values);
    return 0;
}
