/* Weights of the user's own: what is read, where an error is said to be, and how they are drawn. */
#include "base/error.h"
#include "data/own_weights.h"
#include "data/sampler.h"
#include "data/training_set.h"
#include "data/weighting.h"
#include "scratch.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- The file ---------------------------------------------------------------------------------
 */

static void assert_read(const char *text, const char *column, const double expected[3])
{
    double *weights;

    if (own_weights_read(&weights, 3, scratch_write("w.csv", text, strlen(text)), column) != 0)
        fail_msg("%s", error_text());
    for (int i = 0; i < 3; i++)
        assert_true(weights[i] == expected[i]);
    free(weights);
}

static void assert_refused(const char *text, const char *column, const char *where)
{
    const char *path = scratch_write("w.csv", text, strlen(text));
    double *weights;

    assert_int_equal(own_weights_read(&weights, 3, path, column), -1);
    assert_null(weights);
    assert_int_equal(strncmp(error_text(), path, strlen(path)), 0);
    if (strncmp(error_text() + strlen(path), where, strlen(where)) != 0)
        fail_msg("`%s` does not go on with `%s`", error_text(), where);
}

static void a_column_is_read(void **state)
{
    static const double expected[3] = {0.5, 0, 3e2};

    (void)state;
    assert_read("0.5\n0\n300\n", "", expected);
    assert_read("weight\n0.5\n0\n300\n", "", expected);
    assert_read("\xEF\xBB\xBF .5 \r\n\r\n0\r\n3e2", "", expected);
    assert_read("\"w\"\n0.5\n0\n300\n", "", expected);
    assert_read("name,w\n\"a, b\",0.5\nc,0\nd,300\n", "w", expected);
    assert_read("w,name\n0.5,b\n0,c\n300,nan\n", "w", expected);
}

static void what_is_no_weight_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("1\n-2\n3\n", "", ":2: '-2' is not a weight, expected a finite number, 0 or");
    assert_refused("w\n1\nnan\n3\n", "", ":3: 'nan' is not a weight");
    assert_refused("1\ninf\n3\n", "", ":2: 'inf' is not a weight");
    assert_refused("1\n1e999\n3\n", "", ":2: '1e999' is not a weight");
    assert_refused("1\n2 3\n3\n", "", ":2: '2 3' is not a weight");
    assert_refused("a,w\n1,2\n1,\n1,3\n", "w", ":3: '' is not a weight");
    assert_refused("1\n2\n\n-1\n", "", ":4: '-1' is not a weight");
}

static void a_wrong_count_is_refused(void **state)
{
    (void)state;
    assert_refused("1\n2\n", "", ":2: the file ends after 2 weights, expected one for each of 3");
    assert_refused("w\n1\n2\n3\n4\n", "", ":5: more than 3 weights");
    assert_refused("", "", ":0: the file ends after 0 weights");
    assert_refused("0\n0\n0\n", "", ":3: all 3 weights are 0, expected one above 0 at least");
}

static void a_column_that_is_not_there_is_refused(void **state)
{
    double *weights;

    (void)state;
    assert_refused("a,b\n1,2\n1,2\n1,2\n", "w", ":1: no column 'w'");
    assert_refused("w,w\n1,2\n1,2\n1,2\n", "w", ":1: column 'w' occurs twice");
    assert_refused("a,b\n1,2\n1,2\n1,2\n", "", ":1: 2 columns, expected one");
    assert_refused("a,w\n1,2\n1\n1,2\n", "w", ":3: 1 fields, expected a weight in column 2");
    assert_refused("1\n\"2\n3\n", "", ":3: a quoted field does not end");
    assert_int_equal(own_weights_read(&weights, 3, scratch_path("nowhere"), ""), -1);
    assert_non_null(strstr(error_text(), "nowhere: No such file"));
    assert_int_equal(own_weights_read(&weights, 3, scratch_folder, ""), -1);
}

/* ---- What is drawn ----------------------------------------------------------------------------
 */

enum { EXAMPLES = 60, TRAIN = 40 };

/* Of the i-th stored example; distinct, so that a permuted one would be found out. */
static double weight_of(size_t row)
{
    return row % 7 == 3 ? 0 : 1 + (double)row / 10;
}

static struct dataset_spec spec_with_weights(void)
{
    struct dataset_spec spec = {.name = "blobs",
                                .examples = EXAMPLES,
                                .features = 2,
                                .classes = 3,
                                .clusters = 1,
                                .family = 1,
                                .separation = 1,
                                .validation = 12,
                                .test = 8,
                                .seed = 5};
    char text[2000] = "w\n";

    for (size_t i = 0; i < EXAMPLES; i++)
        sprintf(text + strlen(text), "%.17g\n", weight_of(i));
    strcpy(spec.weights.file, scratch_write("own.csv", text, strlen(text)));
    return spec;
}

static void a_weight_belongs_to_its_stored_example(void **state)
{
    const struct dataset_spec spec = spec_with_weights();
    struct dataset dataset;

    (void)state;
    if (dataset_open(&dataset, &spec) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(dataset.train.count, TRAIN);
    for (size_t i = 0; i < EXAMPLES; i++)
        assert_true(dataset.train.weights[i] == weight_of(i));
    assert_int_not_equal(dataset.weights_fingerprint, 0);
    dataset_close(&dataset);
}

/* Imbalance, wrong labels, jittered copies and taking copies away: the features say which stored
 * example one is, or was. */
static void the_data_axes_keep_weights_with_their_examples(void **state)
{
    const struct dataset_spec spec = spec_with_weights();
    const struct training_options options = {.imbalance = 3,
                                             .label_noise = 0.3,
                                             .redundancy = {3, REDUNDANCY_GROW, COPIES_JITTER, 4},
                                             .deduplicate = DEDUPLICATE_EXACT,
                                             .seed = 4};
    struct training_set set;
    struct dataset dataset;
    size_t distinct;

    (void)state;
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_int_equal(training_set_open(&set, &dataset, &options), 0);
    distinct = set.examples.count / 3;
    assert_true(distinct < TRAIN);
    for (size_t i = 0; i < set.examples.count; i++) {
        const float *original = set.redundant.features;
        size_t row = 0;

        while (memcmp((const float *)dataset.stored_features + 2 * row,
                      original + 2 * (i % distinct), 2 * sizeof(float)) != 0)
            row++;
        assert_true(row < EXAMPLES);
        assert_true(set.examples.weights[set.examples.rows[i]] == weight_of(row));
    }
    training_set_close(&set);
    dataset_close(&dataset);
}

/* p of chi squared of so many draws against the weights of the examples' stored rows */
static double goodness(const struct examples *train, const double *weights, const double *truth)
{
    enum { DRAWS = 200000, K = 20 };
    const struct sampler_options options = {.sampling = SAMPLING_WEIGHTED,
                                            .rows = train->rows,
                                            .count = train->count,
                                            .weights = weights,
                                            .batch_size = K,
                                            .seed = 11};
    double counts[EXAMPLES] = {0}, sum = 0, statistic = 0;
    int freedom = -1;
    struct sampler *sampler;

    assert_int_equal(sampler_open(&sampler, &options), 0);
    for (int b = 0; b < DRAWS / K; b++) {
        int32_t rows[K];

        sampler_next(sampler, rows);
        for (int k = 0; k < K; k++)
            counts[rows[k]]++;
    }
    sampler_close(sampler);
    for (size_t i = 0; i < train->count; i++)
        sum += truth[train->rows[i]];
    for (size_t i = 0; i < train->count; i++) {
        size_t row = (size_t)train->rows[i];
        double expected = DRAWS * truth[row] / sum;

        if (truth[row] == 0) {
            assert_true(counts[row] == 0);
            continue;
        }
        statistic += (counts[row] - expected) * (counts[row] - expected) / expected;
        freedom++;
    }
    return gsl_cdf_chisq_Q(statistic, freedom);
}

static void examples_are_drawn_as_often_as_their_weights_say(void **state)
{
    const struct dataset_spec spec = spec_with_weights();
    const struct weighting_spec given = {.given_power = 1}, square = {.given_power = 2};
    double weights[TRAIN], truth[EXAMPLES], squares[EXAMPLES];
    struct dataset dataset;

    (void)state;
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    for (size_t i = 0; i < EXAMPLES; i++) {
        truth[i] = weight_of(i);
        squares[i] = truth[i] * truth[i];
    }
    assert_int_equal(weighting_apply(&given, &dataset.train, 2, 3, weights), 0);
    assert_true(goodness(&dataset.train, weights, truth) > 1e-3);
    assert_true(goodness(&dataset.train, weights, squares) < 1e-12); /* the test can fail */
    assert_int_equal(weighting_apply(&square, &dataset.train, 2, 3, weights), 0);
    assert_true(goodness(&dataset.train, weights, squares) > 1e-3);
    dataset_close(&dataset);
}

static void losses_count_what_the_weights_say_with_mean_1(void **state)
{
    const struct dataset_spec spec = spec_with_weights();
    struct sampler_options options = {.sampling = SAMPLING_RESHUFFLE,
                                      .class_weights = CLASS_WEIGHTS_GIVEN,
                                      .batch_size = TRAIN,
                                      .seed = 2};
    struct dataset dataset;
    struct sampler *sampler;
    int32_t rows[TRAIN];
    double sum = 0, mean = 0;

    (void)state;
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    options.rows = dataset.train.rows;
    options.count = dataset.train.count;
    options.own_weights = dataset.train.weights;
    for (int i = 0; i < TRAIN; i++)
        mean += weight_of((size_t)options.rows[i]) / TRAIN;
    assert_int_equal(sampler_open(&sampler, &options), 0);
    sampler_next(sampler, rows);
    for (int i = 0; i < TRAIN; i++) {
        double expected = weight_of((size_t)rows[i]) / mean;

        sum += (double)sampler_weights(sampler)[i];
        assert_true(fabs((double)sampler_weights(sampler)[i] - expected) <= 1e-6 * expected);
    }
    assert_true(fabs(sum - TRAIN) <= 1e-4);
    sampler_close(sampler);
    dataset_close(&dataset);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_read),
        cmocka_unit_test(what_is_no_weight_is_refused_with_its_line),
        cmocka_unit_test(a_wrong_count_is_refused),
        cmocka_unit_test(a_column_that_is_not_there_is_refused),
        cmocka_unit_test(a_weight_belongs_to_its_stored_example),
        cmocka_unit_test(the_data_axes_keep_weights_with_their_examples),
        cmocka_unit_test(examples_are_drawn_as_often_as_their_weights_say),
        cmocka_unit_test(losses_count_what_the_weights_say_with_mean_1),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
