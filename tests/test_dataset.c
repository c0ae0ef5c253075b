/* Data sets: what is loaded, how it is split and scaled, and what is refused. */
#include "base/error.h"
#include "data/dataset.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { FILE_COUNT = 20, TEST_COUNT = 6, HEIGHT = 2, WIDTH = 3, PIXELS = HEIGHT * WIDTH };

/* Pixel p of image i; unlike any other image's. */
static uint8_t pixel(int i, int p)
{
    return (uint8_t)(5 * i + p);
}

static void write_images(const char *name, int first, int count)
{
    uint8_t bytes[16 + FILE_COUNT * PIXELS];
    size_t header = scratch_idx_header(bytes, (uint32_t)count, HEIGHT, WIDTH);

    for (int i = 0; i < count; i++)
        for (int p = 0; p < PIXELS; p++)
            bytes[header + (size_t)(i * PIXELS + p)] = pixel(first + i, p);
    scratch_write_gzip(name, bytes, header + (size_t)(count * PIXELS));
}

/* Image i is of class i mod classes. */
static void write_labels(const char *name, int first, int count, int classes)
{
    uint8_t bytes[16 + FILE_COUNT + 1];
    size_t header = scratch_idx_header(bytes, (uint32_t)count, 0, 0);

    for (int i = 0; i < count; i++)
        bytes[header + (size_t)i] = (uint8_t)((first + i) % classes);
    scratch_write_gzip(name, bytes, header + (size_t)count);
}

static int write_small_fashion_mnist(void **state)
{
    (void)state;
    write_images("train-images-idx3-ubyte.gz", 0, FILE_COUNT);
    write_labels("train-labels-idx1-ubyte.gz", 0, FILE_COUNT, 10);
    write_images("t10k-images-idx3-ubyte.gz", FILE_COUNT, TEST_COUNT);
    write_labels("t10k-labels-idx1-ubyte.gz", FILE_COUNT, TEST_COUNT, 10);
    return 0;
}

static struct dataset_spec fashion(int train, int validation)
{
    struct dataset_spec spec = {
        .name = "fashion-mnist", .train = train, .validation = validation, .seed = 1};

    strcpy(spec.path, scratch_folder);
    return spec;
}

static struct dataset_spec idx(const char *images, const char *labels)
{
    struct dataset_spec spec = {.name = "idx", .seed = 1};

    strcpy(spec.images, scratch_path(images));
    strcpy(spec.labels, scratch_path(labels));
    return spec;
}

static struct dataset_spec csv(const char *text, const char *label, const char *target)
{
    struct dataset_spec spec = {.name = "csv", .seed = 1};

    strcpy(spec.path, scratch_write("table.csv", text, strlen(text)));
    strcpy(spec.label, label);
    strcpy(spec.target, target);
    return spec;
}

static struct dataset open_dataset(struct dataset_spec spec)
{
    struct dataset dataset;

    if (dataset_open(&dataset, &spec) != 0)
        fail_msg("%s", error_text());
    return dataset;
}

/* A failed open holds nothing, and closing it is harmless. */
static void assert_refused(struct dataset_spec spec, const char *reason)
{
    struct dataset dataset;

    error_clear();
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    if (!strstr(error_text(), reason))
        fail_msg("'%s' does not say '%s'", error_text(), reason);
    assert_null(strchr(error_text(), '\n'));
    assert_null(dataset.stored_features);
    assert_null(dataset.stored_labels);
    assert_null(dataset.stored_targets);
    assert_null(dataset.stored_rows);
    dataset_close(&dataset);
}

/* Each of the rows first .. first + stored - 1 is in at most one part; returns how many are in one.
 */
static int count_distinct(const struct dataset *dataset, int stored)
{
    const struct examples *parts[] = {&dataset->train, &dataset->validation, &dataset->test};
    bool *seen = calloc((size_t)stored, sizeof *seen);
    int count = 0;

    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p]->count; i++, count++) {
            assert_in_range(parts[p]->rows[i], 0, stored - 1);
            assert_false(seen[parts[p]->rows[i]]);
            seen[parts[p]->rows[i]] = true;
        }
    free(seen);
    return count;
}

static void test_stores_test_rows_after_training_rows(void **state)
{
    struct dataset dataset = open_dataset(fashion(0, 0));
    const uint8_t *features = dataset.train.features;

    (void)state;
    assert_int_equal(dataset.inputs, PIXELS);
    assert_int_equal(dataset.image_height, HEIGHT);
    assert_int_equal(dataset.image_width, WIDTH);
    assert_int_equal(dataset.outputs, 10);
    assert_int_equal(dataset.classes, 10);
    assert_int_equal(dataset.train.count, FILE_COUNT);
    assert_int_equal(dataset.validation.count, 0);
    assert_int_equal(dataset.test.count, TEST_COUNT);
    assert_int_equal(dataset.train.element, ELEMENT_UINT8);
    assert_int_equal(dataset_row_bytes(&dataset.train, dataset.inputs), PIXELS);
    assert_ptr_equal(dataset.test.features, features);
    for (int i = 0; i < FILE_COUNT + TEST_COUNT; i++) {
        assert_int_equal(dataset.train.labels[i], i % 10);
        for (int p = 0; p < PIXELS; p++)
            assert_int_equal(features[i * PIXELS + p], pixel(i, p));
    }
    for (int i = 0; i < TEST_COUNT; i++)
        assert_int_equal(dataset.test.rows[i], FILE_COUNT + i);
    assert_string_equal(dataset.description,
                        "fashion-mnist: 20 training, 0 validation and 6 test examples of 2x3 "
                        "pixels, 10 classes");
    dataset_close(&dataset);
}

static void test_finds_the_folder_in_the_environment(void **state)
{
    struct dataset_spec spec = fashion(0, 0);
    struct dataset dataset;

    (void)state;
    spec.path[0] = '\0';
    setenv("BATCHLAB_DATA", scratch_folder, 1);
    dataset = open_dataset(spec);
    unsetenv("BATCHLAB_DATA");
    assert_int_equal(dataset.train.count, FILE_COUNT);
    dataset_close(&dataset);
}

static void test_a_missing_folder_names_itself_and_the_package(void **state)
{
    struct dataset_spec spec = fashion(0, 0);

    (void)state;
    strcpy(spec.path, "/nowhere");
    assert_refused(spec, "/nowhere: no train-images-idx3-ubyte.gz");
    assert_refused(spec, "apt install dataset-fashion-mnist");
}

static void test_training_and_validation_do_not_overlap(void **state)
{
    struct dataset dataset = open_dataset(fashion(11, 5));

    (void)state;
    assert_int_equal(dataset.train.count, 11);
    assert_int_equal(dataset.validation.count, 5);
    assert_int_equal(count_distinct(&dataset, FILE_COUNT + TEST_COUNT), 11 + 5 + TEST_COUNT);
    for (int i = 0; i < 11; i++)
        assert_true(dataset.train.rows[i] < FILE_COUNT);
    dataset_close(&dataset);
}

static void test_training_takes_what_validation_leaves(void **state)
{
    struct dataset dataset = open_dataset(fashion(0, 5));

    (void)state;
    assert_int_equal(dataset.train.count, FILE_COUNT - 5);
    assert_int_equal(count_distinct(&dataset, FILE_COUNT + TEST_COUNT), FILE_COUNT + TEST_COUNT);
    dataset_close(&dataset);
}

static void test_the_split_depends_on_the_seed_alone(void **state)
{
    struct dataset_spec spec = fashion(10, 5);
    struct dataset a = open_dataset(spec), b = open_dataset(spec), c;

    (void)state;
    spec.seed = 2;
    c = open_dataset(spec);
    assert_memory_equal(a.train.rows, b.train.rows, 10 * sizeof(int32_t));
    assert_memory_not_equal(a.train.rows, c.train.rows, 10 * sizeof(int32_t));
    assert_int_equal(a.fingerprint, b.fingerprint);
    assert_int_not_equal(a.fingerprint, c.fingerprint);
    dataset_close(&a);
    dataset_close(&b);
    dataset_close(&c);
}

static void test_a_smaller_training_set_is_part_of_a_larger(void **state)
{
    struct dataset small = open_dataset(fashion(4, 5)), large = open_dataset(fashion(12, 5));

    (void)state;
    assert_memory_equal(small.train.rows, large.train.rows, 4 * sizeof(int32_t));
    assert_memory_equal(small.validation.rows, large.validation.rows, 5 * sizeof(int32_t));
    dataset_close(&small);
    dataset_close(&large);
}

static void test_asking_for_more_than_there_is_says_how_many_there_are(void **state)
{
    (void)state;
    assert_refused(fashion(18, 3), "train 18 + validation 3 + test 0 are 21 examples, but "
                                   "fashion-mnist has 20 to split");
    assert_refused(fashion(0, 20), "but fashion-mnist has 20");
    assert_refused(fashion(-1, 0), "expected 0 or more");
    assert_refused(fashion(INT32_MAX, INT32_MAX), "but fashion-mnist has 20");
}

static void test_a_test_file_excludes_splitting_off_a_test_set(void **state)
{
    struct dataset_spec spec = fashion(10, 0);

    (void)state;
    spec.test = 3;
    assert_refused(spec, "has a test file with 6 examples of its own");
}

static void test_idx_without_a_test_file_splits_one_off(void **state)
{
    struct dataset_spec spec = idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
    struct dataset dataset;

    (void)state;
    spec.test = 4;
    spec.validation = 3;
    dataset = open_dataset(spec);
    assert_int_equal(dataset.test.count, 4);
    assert_int_equal(dataset.validation.count, 3);
    assert_int_equal(dataset.train.count, FILE_COUNT - 7);
    assert_int_equal(count_distinct(&dataset, FILE_COUNT), FILE_COUNT);
    dataset_close(&dataset);
}

static void test_idx_has_as_many_classes_as_its_largest_label_says(void **state)
{
    struct dataset dataset;

    (void)state;
    write_labels("seven.gz", 0, FILE_COUNT, 7);
    dataset = open_dataset(idx("train-images-idx3-ubyte.gz", "seven.gz"));
    assert_int_equal(dataset.classes, 7);
    assert_int_equal(dataset.outputs, 7);
    dataset_close(&dataset);
}

static void test_idx_refuses_labels_that_do_not_fit(void **state)
{
    struct dataset_spec spec = idx("train-images-idx3-ubyte.gz", "fewer.gz");

    (void)state;
    write_labels("fewer.gz", 0, FILE_COUNT - 1, 10);
    assert_refused(spec, "fewer.gz: 19 labels, expected 20 as there are images in ");
    write_labels("fewer.gz", 0, FILE_COUNT, 1);
    assert_refused(spec, "fewer.gz: all labels are 0, expected at least two classes");
    spec.labels[0] = '\0';
    assert_refused(spec, "idx needs both images and labels");
    spec = idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
    strcpy(spec.test_images, spec.images);
    assert_refused(spec, "both test_images and test_labels, or neither");
}

static void test_fashion_mnist_refuses_an_eleventh_class(void **state)
{
    (void)state;
    write_labels("t10k-labels-idx1-ubyte.gz", 17, TEST_COUNT, 200); /* 17 is the first */
    assert_refused(fashion(0, 0), "t10k-labels-idx1-ubyte.gz: label 17 of example 1 is not in 0 "
                                  ".. 9");
    write_small_fashion_mnist(NULL);
}

static void test_standard_scaling_of_bytes_uses_training_pixels_alone(void **state)
{
    struct dataset_spec spec = fashion(8, 5);
    struct dataset dataset;
    double sum = 0, squares = 0;

    (void)state;
    spec.scaling = SCALING_STANDARD;
    dataset = open_dataset(spec);
    for (int i = 0; i < 8; i++)
        for (int p = 0; p < PIXELS; p++) {
            double value = (double)dataset.train.scale * pixel(dataset.train.rows[i], p) +
                           (double)dataset.train.offset;

            sum += value;
            squares += value * value;
        }
    assert_true(fabs(sum / (8 * PIXELS)) < 1e-5);
    assert_true(fabs(squares / (8 * PIXELS) - 1) < 1e-5);
    assert_true(dataset.validation.scale == dataset.train.scale);
    assert_true(dataset.test.offset == dataset.train.offset);
    dataset_close(&dataset);
}

/* Three features: one that varies, one that is constant, one constant and not exact in binary. */
static const char table[] = "a,b,c,kind\n1,5,0.1,x\n2,5,0.1,y\n3,5,0.1,x\n4,5,0.1,y\n5,5,0.1,x\n"
                            "6,5,0.1,y\n7,5,0.1,x\n8,5,0.1,y\n9,5,0.1,x\n10,5,0.1,y\n";

static void test_standard_scaling_of_numbers_uses_training_rows_alone(void **state)
{
    struct dataset_spec spec = csv(table, "kind", "");
    struct dataset dataset;
    const float *features;
    double mean = 0, squares = 0;

    (void)state;
    spec.train = 6;
    spec.test = 4;
    spec.scaling = SCALING_STANDARD;
    dataset = open_dataset(spec);
    features = dataset.train.features;
    for (int i = 0; i < 6; i++)
        mean += (dataset.train.rows[i] + 1) / 6.0;
    for (int i = 0; i < 6; i++)
        squares += pow(dataset.train.rows[i] + 1 - mean, 2) / 6;
    for (int row = 0; row < 10; row++) { /* test rows are scaled too, by the same numbers */
        assert_true(fabs((double)features[3 * row] - (row + 1 - mean) / sqrt(squares)) < 1e-6);
        assert_true(features[3 * row + 1] == 0);
        assert_true(features[3 * row + 2] == 0);
    }
    assert_int_equal(dataset.inputs, 3);
    assert_int_equal(dataset.classes, 2);
    assert_int_equal(dataset.image_height, 0);
    dataset_close(&dataset);
}

static void test_targets_are_not_scaled(void **state)
{
    struct dataset_spec spec = csv("a,y\n1,100\n2,200\n3,-50\n", "", "y");
    struct dataset dataset;

    (void)state;
    spec.scaling = SCALING_STANDARD;
    dataset = open_dataset(spec);
    assert_int_equal(dataset.classes, 0);
    assert_int_equal(dataset.outputs, 1);
    assert_null(dataset.train.labels);
    assert_memory_equal(dataset.train.targets, ((const float[]){100, 200, -50}), 3 * sizeof(float));
    dataset_close(&dataset);
}

static void test_csv_errors_name_the_line(void **state)
{
    (void)state;
    assert_refused(csv("a,kind\n1,x\n2\n", "kind", ""), "table.csv:3: 1 fields, expected 2");
    assert_refused(csv("a,kind\n1,x\n", "", ""), "either a label or a target column");
}

static struct dataset_spec blobs(int family)
{
    return (struct dataset_spec){.name = "blobs",
                                 .seed = 1,
                                 .examples = 600,
                                 .features = 3,
                                 .classes = 2,
                                 .clusters = 1,
                                 .family = family,
                                 .separation = 1,
                                 .correlation = 0.5,
                                 .train = 0,
                                 .validation = 100,
                                 .test = 50};
}

static void test_blobs_keep_families_on_one_side_of_the_split(void **state)
{
    struct dataset dataset = open_dataset(blobs(12));
    const struct examples *parts[] = {&dataset.train, &dataset.validation, &dataset.test};
    int side[50]; /* of 600 / 12 families */
    int together = 0;

    (void)state;
    assert_int_equal(dataset.test.count, 50);
    assert_int_equal(dataset.validation.count, 100);
    assert_int_equal(dataset.train.count, 600 - 60 - 108); /* whole families leave */
    count_distinct(&dataset, 600);
    memset(side, -1, sizeof side);
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p]->count; i++) {
            int *of_family = &side[parts[p]->rows[i] / 12];

            assert_true(*of_family == -1 || *of_family == p);
            *of_family = p;
        }
    for (size_t i = 1; i < dataset.train.count; i++)
        together += dataset.train.rows[i] / 12 == dataset.train.rows[i - 1] / 12;
    assert_true(together < 50); /* 11 in 12 were they not spread again; 11 in 431 by chance */
    dataset_close(&dataset);
}

static void test_blobs_without_families_are_split_exactly(void **state)
{
    struct dataset dataset = open_dataset(blobs(1));

    (void)state;
    assert_int_equal(dataset.train.count, 450);
    assert_int_equal(count_distinct(&dataset, 600), 600);
    dataset_close(&dataset);
}

static void test_whole_families_can_be_too_many(void **state)
{
    struct dataset_spec spec = blobs(200);

    (void)state;
    spec.train = 201;
    assert_refused(spec, "in whole families of 200 are 601 examples, but blobs has 600");
}

static void test_linear_data_has_targets(void **state)
{
    struct dataset_spec spec = {.name = "linear",
                                .seed = 1,
                                .examples = 10,
                                .features = 4,
                                .condition = 10,
                                .noise = 1,
                                .test = 3};
    struct dataset dataset = open_dataset(spec);

    (void)state;
    assert_int_equal(dataset.outputs, 1);
    assert_int_equal(dataset.train.count, 7);
    assert_non_null(dataset.train.targets);
    assert_int_equal(dataset_row_bytes(&dataset.train, dataset.inputs), 16);
    assert_string_equal(dataset.description, "linear: 7 training, 0 validation and 3 test examples "
                                             "of 4 features, one target");
    spec.noise = -1;
    dataset_close(&dataset);
    assert_refused(spec, "noise");
}

static void test_the_fingerprint_sees_features_labels_and_scale(void **state)
{
    static const char *const tables[] = {"a,kind\n1,x\n2,y\n3,x\n", "a,kind\n1,x\n2,y\n4,x\n",
                                         "a,kind\n1,x\n2,y\n3,y\n"};
    struct dataset_spec spec = fashion(0, 0);
    struct dataset plain = open_dataset(spec), scaled;
    uint32_t fingerprints[3];

    (void)state;
    for (int t = 0; t < 3; t++) {
        struct dataset dataset = open_dataset(csv(tables[t], "kind", ""));

        fingerprints[t] = dataset.fingerprint;
        dataset_close(&dataset);
    }
    assert_int_not_equal(fingerprints[0], fingerprints[1]);
    assert_int_not_equal(fingerprints[0], fingerprints[2]);
    spec.scaling = SCALING_UNIT;
    scaled = open_dataset(spec);
    assert_int_not_equal(plain.fingerprint, scaled.fingerprint);
    dataset_close(&plain);
    dataset_close(&scaled);
}

static void test_an_unknown_name_lists_the_known_ones(void **state)
{
    (void)state;
    assert_refused((struct dataset_spec){.name = "cifar"},
                   "'cifar' is not one of fashion-mnist, idx, csv, shards, generated, blobs, "
                   "linear, points, quadratic_deep");
}

static void test_close_accepts_null_and_nothing(void **state)
{
    struct dataset dataset = {0};

    (void)state;
    dataset_close(NULL);
    dataset_close(&dataset);
}

/* The real files, where the Debian package is installed. */
static void test_the_debian_package_is_fashion_mnist(void **state)
{
    struct dataset_spec spec = fashion(55000, 5000);
    struct dataset dataset;
    int counts[10] = {0};

    (void)state;
    spec.path[0] = '\0';
    spec.scaling = SCALING_STANDARD;
    if (access("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", R_OK) != 0)
        skip();
    dataset = open_dataset(spec);
    assert_int_equal(dataset.inputs, 784);
    assert_int_equal(dataset.test.count, 10000);
    assert_int_equal(count_distinct(&dataset, 70000), 70000);
    for (int i = 0; i < 70000; i++)
        counts[dataset.train.labels[i]]++;
    for (int c = 0; c < 10; c++)
        assert_int_equal(counts[c], 7000);
    /* 72.94 and 90.02 over all 60000 training images, as published: 0.2860 and 0.3530 of 255 */
    assert_true(fabs(-(double)dataset.train.offset / (double)dataset.train.scale - 72.94) < 0.2);
    assert_true(fabs(1 / (double)dataset.train.scale - 90.02) < 0.2);
    assert_int_equal(dataset.train.labels[0], 9); /* the first is an ankle boot */
    dataset_close(&dataset);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_stores_test_rows_after_training_rows,
                               write_small_fashion_mnist),
        cmocka_unit_test(test_finds_the_folder_in_the_environment),
        cmocka_unit_test(test_a_missing_folder_names_itself_and_the_package),
        cmocka_unit_test(test_training_and_validation_do_not_overlap),
        cmocka_unit_test(test_training_takes_what_validation_leaves),
        cmocka_unit_test(test_the_split_depends_on_the_seed_alone),
        cmocka_unit_test(test_a_smaller_training_set_is_part_of_a_larger),
        cmocka_unit_test(test_asking_for_more_than_there_is_says_how_many_there_are),
        cmocka_unit_test(test_a_test_file_excludes_splitting_off_a_test_set),
        cmocka_unit_test(test_idx_without_a_test_file_splits_one_off),
        cmocka_unit_test(test_idx_has_as_many_classes_as_its_largest_label_says),
        cmocka_unit_test(test_idx_refuses_labels_that_do_not_fit),
        cmocka_unit_test(test_fashion_mnist_refuses_an_eleventh_class),
        cmocka_unit_test(test_standard_scaling_of_bytes_uses_training_pixels_alone),
        cmocka_unit_test(test_standard_scaling_of_numbers_uses_training_rows_alone),
        cmocka_unit_test(test_targets_are_not_scaled),
        cmocka_unit_test(test_csv_errors_name_the_line),
        cmocka_unit_test(test_blobs_keep_families_on_one_side_of_the_split),
        cmocka_unit_test(test_blobs_without_families_are_split_exactly),
        cmocka_unit_test(test_whole_families_can_be_too_many),
        cmocka_unit_test(test_linear_data_has_targets),
        cmocka_unit_test(test_the_fingerprint_sees_features_labels_and_scale),
        cmocka_unit_test(test_an_unknown_name_lists_the_known_ones),
        cmocka_unit_test(test_close_accepts_null_and_nothing),
        cmocka_unit_test(test_the_debian_package_is_fashion_mnist),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
