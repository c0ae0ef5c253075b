/* Files to shards: what comes out is what other readers make of the same files, and what is wrong
 * is said with its line. */
#include "shards_fixture.h"

#include "base/limits.h"
#include "data/convert.h"

static const struct conversion plain = {
    .label = "", .target = "", .element = ELEMENT_FLOAT32, .scaling = SCALING_NONE};

static struct converted converted_to(const char *folder, struct conversion conversion)
{
    struct converted done;

    clear_set(folder);
    conversion.folder = scratch_path(folder);
    if (convert(&conversion, &done) != 0)
        fail_msg("%s", error_text());
    return done;
}

static void assert_refused(struct conversion conversion, const char *reason)
{
    struct converted done;

    clear_set("out");
    conversion.folder = scratch_path("out");
    error_clear();
    assert_int_equal(convert(&conversion, &done), -1);
    assert_says(reason);
    assert_int_equal(access(scratch_path("out"), F_OK), -1);
    assert_int_equal(access(scratch_path("out.tmp"), F_OK), -1);
}

/* As `name`, its splits and scaling given. */
static struct dataset opened(const char *name, const char *path, enum scaling scaling)
{
    struct dataset_spec spec = {.scaling = scaling, .seed = 5};
    struct dataset dataset;

    snprintf(spec.name, sizeof spec.name, "%s", name);
    snprintf(spec.path, sizeof spec.path, "%s", path);
    snprintf(spec.label, sizeof spec.label, "kind");
    if (dataset_open(&dataset, &spec) != 0)
        fail_msg("%s", error_text());
    return dataset;
}

static void assert_same_data(const struct dataset *a, const struct dataset *b)
{
    size_t bytes = a->train.count * dataset_row_bytes(&a->train, a->inputs);

    assert_int_equal(a->train.count, b->train.count);
    assert_int_equal(a->inputs, b->inputs);
    assert_int_equal(a->classes, b->classes);
    assert_memory_equal(a->train.features, b->train.features, bytes);
    assert_memory_equal(a->train.labels, b->train.labels, a->train.count * sizeof(int32_t));
    assert_memory_equal(a->train.rows, b->train.rows, a->train.count * sizeof(int32_t));
    assert_int_equal(a->fingerprint, b->fingerprint);
}

/* ---- IDX --------------------------------------------------------------------------------------
 */

enum { IMAGES = 3000, HEIGHT = 5, WIDTH = 7 };

static uint8_t image_file[16 + IMAGES * HEIGHT * WIDTH], label_file[8 + IMAGES];

static struct conversion images_of(uint32_t images, uint32_t labels, int compressed)
{
    const char *(*write)(const char *, const void *, size_t) =
        compressed ? scratch_write_gzip : scratch_write;
    struct conversion conversion = plain;
    size_t header = scratch_idx_header(image_file, images, HEIGHT, WIDTH);

    for (size_t i = header; i < sizeof image_file; i++)
        image_file[i] = (uint8_t)(i * i / 3);
    conversion.images = write("images", image_file, header + images * HEIGHT * WIDTH);
    header = scratch_idx_header(label_file, labels, 0, 0);
    for (size_t i = header; i < sizeof label_file; i++)
        label_file[i] = (uint8_t)(i % 4);
    conversion.labels = write("labels", label_file, header + labels);
    return conversion;
}

static void test_images_are_those_of_idx(void **state)
{
    (void)state;
    for (int compressed = 0; compressed < 2; compressed++)
        for (int scaling = SCALING_NONE; scaling <= SCALING_STANDARD; scaling++) {
            struct conversion conversion = images_of(IMAGES, IMAGES, compressed);
            struct dataset_spec spec = {
                .name = "idx", .scaling = (enum scaling)scaling, .seed = 5, .validation = 400};
            struct dataset idx, shards;
            struct converted done;

            conversion.file_bytes = 40000;
            done = converted_to("set", conversion);
            assert_int_equal(done.examples, IMAGES);
            assert_int_equal(done.classes, 4);
            assert_int_equal(done.element, ELEMENT_UINT8);
            snprintf(spec.images, sizeof spec.images, "%s", conversion.images);
            snprintf(spec.labels, sizeof spec.labels, "%s", conversion.labels);
            assert_int_equal(dataset_open(&idx, &spec), 0);
            strcpy(spec.name, "shards");
            snprintf(spec.path, sizeof spec.path, "%s", scratch_path("set"));
            assert_int_equal(dataset_open(&shards, &spec), 0);
            assert_same_data(&idx, &shards);
            assert_true(idx.train.scale == shards.train.scale);
            assert_true(idx.train.offset == shards.train.offset);
            assert_int_equal(shards.image_height, HEIGHT);
            assert_int_equal(shards.image_width, WIDTH);
            dataset_close(&idx);
            dataset_close(&shards);
        }
    clear_set("set");
}

static void test_idx_files_that_do_not_fit_are_refused(void **state)
{
    struct conversion conversion = images_of(IMAGES, IMAGES - 1, 0);

    (void)state;
    assert_refused(conversion, "labels: 2999 labels, expected 3000 as there are images in");
    conversion = images_of(IMAGES, IMAGES, 0);
    conversion.images = scratch_write("images", image_file, sizeof image_file - 1);
    assert_refused(conversion, "images: truncated: expected 105000 bytes after the header, found");
    conversion = images_of(IMAGES, IMAGES, 0);
    conversion.images = scratch_write("images", label_file, sizeof label_file);
    assert_refused(conversion, "images: not an IDX file of images");
    conversion = images_of(IMAGES, IMAGES, 0);
    memset(label_file + 8, 0, IMAGES);
    conversion.labels = scratch_write("labels", label_file, sizeof label_file);
    assert_refused(conversion, "labels: all labels are 0");
    conversion.images = scratch_path("nowhere");
    assert_refused(conversion, "nowhere: No such file");
}

/* A header may promise more than memory: it is not taken for it. */
static void test_a_header_that_promises_too_much_is_refused(void **state)
{
    struct conversion conversion = images_of(IMAGES, IMAGES, 0);
    uint8_t header[16];

    (void)state;
    scratch_idx_header(header, 2000000000, 10000, 10000);
    conversion.images = scratch_write("images", header, sizeof header);
    assert_refused(conversion, "images: truncated: expected 200000000000000000 bytes after");
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

static struct conversion csv_of(const char *text)
{
    struct conversion conversion = plain;

    conversion.csv = scratch_write("table.csv", text, strlen(text));
    conversion.label = "kind";
    return conversion;
}

static const char table[] = "a,kind,b,c\n1,x,2.5,0\n-3,\"a,b\",4e2,0\n0.1,x,.25,0\n7,c,8,0\n";

static void test_a_table_is_that_of_csv(void **state)
{
    static const enum scaling scalings[] = {SCALING_NONE, SCALING_UNIT};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        struct conversion conversion = csv_of(table);
        struct dataset csv, shards;

        conversion.scaling = scalings[s];
        converted_to("set", conversion);
        csv = opened("csv", conversion.csv, scalings[s]);
        shards = opened("shards", scratch_path("set"), SCALING_STANDARD); /* not of floats */
        assert_same_data(&csv, &shards);
        assert_int_equal(shards.classes, 3);
        dataset_close(&csv);
        dataset_close(&shards);
    }
    clear_set("set");
}

static void test_standard_scaling_is_by_all_rows(void **state)
{
    struct conversion conversion = csv_of("kind,a,b\nx,1,5\ny,3,5\nx,5,5\ny,7,5\n");
    struct dataset shards;
    const float *values;

    (void)state;
    conversion.scaling = SCALING_STANDARD;
    converted_to("set", conversion);
    shards = opened("shards", scratch_path("set"), SCALING_NONE);
    values = shards.train.features;
    for (int i = 0; i < 4; i++) {
        double expected = (2 * i - 3) / 2.2360679774997896; /* variance 5 of 1, 3, 5, 7 */

        assert_true(values[2 * i] == (float)expected);
        assert_true(values[2 * i + 1] == 0); /* a constant */
    }
    dataset_close(&shards);
    clear_set("set");
}

static void test_bytes_are_whole_numbers(void **state)
{
    struct conversion conversion = csv_of("a,kind,b\n0,x,255\n7,y,3\n");
    struct dataset shards;

    (void)state;
    conversion.element = ELEMENT_UINT8;
    conversion.scaling = SCALING_UNIT; /* not of bytes */
    converted_to("set", conversion);
    shards = opened("shards", scratch_path("set"), SCALING_UNIT);
    assert_memory_equal(shards.train.features, ((const uint8_t[]){0, 255, 7, 3}), 4);
    assert_int_equal(shards.train.element, ELEMENT_UINT8);
    dataset_close(&shards);
    clear_set("set");
    conversion = csv_of("a,kind,b\n0,x,255\n7,y,256\n");
    conversion.element = ELEMENT_UINT8;
    assert_refused(conversion, "table.csv:3: feature 2: 256, expected a whole number of 0 .. 255");
    conversion = csv_of("a,kind,b\n0,x,255\n7.5,y,2\n");
    conversion.element = ELEMENT_UINT8;
    assert_refused(conversion, "table.csv:3: feature 1: 7.5, expected a whole number");
    conversion = csv_of("a,kind,b\n0,x,255\n-1,y,2\n");
    conversion.element = ELEMENT_UINT8;
    assert_refused(conversion, "table.csv:3: feature 1: -1, expected a whole number");
}

static void test_numbers_of_a_table_are_targets(void **state)
{
    struct conversion conversion = csv_of("y,a\n1.5,2\n-1,3\n");
    struct dataset shards;

    (void)state;
    conversion.label = "";
    conversion.target = "y";
    converted_to("set", conversion);
    shards = opened("shards", scratch_path("set"), SCALING_NONE);
    assert_memory_equal(shards.train.targets, ((const float[]){1.5f, -1}), 2 * sizeof(float));
    assert_int_equal(shards.outputs, 1);
    assert_int_equal(shards.classes, 0);
    dataset_close(&shards);
    clear_set("set");
}

static void test_lines_of_a_table_are_named(void **state)
{
    (void)state;
    assert_refused(csv_of("a,kind\n1,x\ntwo,y\n"), "table.csv:3: column 1: 'two' is not a number");
    assert_refused(csv_of("a,kind\n1,x\n2\n"), "table.csv:3: 1 fields, expected 2");
    assert_refused(csv_of("a,kind\n1,x\n,y\n"), "table.csv:3: column 1 is empty");
    assert_refused(csv_of("a,kind\n1,x\n2,x\n"), "holds one class only");
    assert_refused(csv_of("a,b\n1,x\n"), "table.csv:1: no column 'kind'");
    assert_refused(csv_of("a,kind\n"), "no rows after the header");
    assert_refused(csv_of(""), "empty, expected a header line");
}

/* ---- LIBSVM -----------------------------------------------------------------------------------
 */

static struct conversion libsvm_of(const char *text)
{
    struct conversion conversion = plain;

    conversion.libsvm = scratch_write("data.svm", text, strlen(text));
    return conversion;
}

static void test_rows_of_libsvm_are_filled_with_zeros(void **state)
{
    static const char text[] = "+1 1:0.5 4:-2 # a comment 9:9\n\n-1 2:3\r\n  1\n-1 1:1 2:2 3:3 4:4";
    static const float expected[] = {0.5f, 0, 0, -2, 0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};

    (void)state;
    for (int compressed = 0; compressed < 2; compressed++) {
        struct conversion conversion = libsvm_of(text);
        struct converted done;
        struct dataset shards;

        if (compressed)
            conversion.libsvm = scratch_write_gzip("data.gz", text, strlen(text));
        done = converted_to("set", conversion);
        assert_int_equal(done.examples, 4);
        assert_int_equal(done.inputs, 4);
        shards = opened("shards", scratch_path("set"), SCALING_NONE);
        assert_memory_equal(shards.train.features, expected, sizeof expected);
        assert_memory_equal(shards.train.labels, ((const int32_t[]){1, 0, 1, 0}), 16);
        dataset_close(&shards);
    }
    clear_set("set");
}

static void test_classes_of_libsvm_are_numbered_by_value(void **state)
{
    struct conversion conversion = libsvm_of("10 1:1\n9 1:1\n-2.5 1:1\n9 1:1\n1e1 1:1\n");
    struct dataset shards;

    (void)state;
    conversion.features = 3;
    converted_to("set", conversion);
    shards = opened("shards", scratch_path("set"), SCALING_NONE);
    assert_int_equal(shards.inputs, 3);
    assert_int_equal(shards.classes, 3);
    assert_memory_equal(shards.train.labels, ((const int32_t[]){2, 1, 0, 1, 2}), 20);
    dataset_close(&shards);
    conversion.is_regression = 1;
    converted_to("set", conversion);
    shards = opened("shards", scratch_path("set"), SCALING_NONE);
    assert_memory_equal(shards.train.targets, ((const float[]){10, 9, -2.5f, 9, 10}), 20);
    dataset_close(&shards);
    clear_set("set");
}

static void test_lines_of_libsvm_are_named(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"1 1:1\nx 1:1\n", "data.svm:2: 'x' is no label, expected one finite number"},
        {"1 1:1\n1,2 1:1\n", "data.svm:2: '1,2' is no label"},
        {"1 1:1\nnan 1:1\n", "data.svm:2: 'nan' is no label"},
        {"1 1:1\ninf 1:1\n", "data.svm:2: 'inf' is no label"},
        {"1 1:1\n2 0:1\n", "data.svm:2: index of '0:1', expected 1 .. 1048576"},
        {"1 1:1\n2 -3:1\n", "data.svm:2: index of '-3:1', expected 1"},
        {"1 1:1\n2 1048577:1\n", "data.svm:2: index of '1048577:1', expected 1"},
        {"1 1:1\n2 99999999999999999999:1\n", "data.svm:2: index of '99999999999999999999:1'"},
        {"1 1:1\n2 qid:3 1:1\n", "data.svm:2: 'qid:3' is not index:value"},
        {"1 1:1\n2 1 2\n", "data.svm:2: '1' is not index:value"},
        {"1 1:1\n2 3:1 3:2\n", "data.svm:2: index 3 after 3, expected them ascending"},
        {"1 1:1\n2 3:1 2:2\n", "data.svm:2: index 2 after 3, expected them ascending"},
        {"1 1:1\n2 3:\n", "data.svm:2: index 3: '' is not a finite number"},
        {"1 1:1\n2 3:one\n", "data.svm:2: index 3: 'one' is not a finite number"},
        {"1 1:1\n2 3:1x\n", "data.svm:2: index 3: '1x' is not a finite number"},
        {"1 1:1\n2 3:1e39\n", "data.svm:2: index 3: '1e39' is not a finite number"},
        {"1 1:1\n2 3:nan\n", "data.svm:2: index 3: 'nan' is not a finite number"},
        {"", "data.svm: no rows"},
        {"# nothing\n\n", "data.svm: no rows"},
        {"1 1:1\n1 1:2\n", "data.svm: one label only, 1"},
        {"1\n2\n", "data.svm: no row has a feature"},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        assert_refused(libsvm_of(cases[c].text), cases[c].reason);
}

static void test_indices_are_held_against_the_features_asked_for(void **state)
{
    struct conversion conversion = libsvm_of("1 1:1\n2 4:1\n");

    (void)state;
    conversion.features = 3;
    assert_refused(conversion, "data.svm:2: index 4, expected at most 3");
}

static void test_zero_bytes_and_endless_lines_are_refused(void **state)
{
    enum { LONG = LIMIT_CSV_ROW_BYTES + 10 };
    struct conversion conversion = plain;
    char *text = malloc(LONG);

    (void)state;
    conversion.libsvm = scratch_write("data.svm", "1 1:1\n2 1\0:1\n", 13);
    assert_refused(conversion, "data.svm:2: a zero byte, expected text");
    memset(text, ' ', LONG);
    text[0] = '1';
    conversion.libsvm = scratch_write("data.svm", text, LONG);
    assert_refused(conversion, "data.svm:1: a line of more than 16777216 bytes");
    free(text);
}

static void test_damaged_gzip_streams_are_refused(void **state)
{
    static uint8_t bytes[1 << 12];
    static char text[4000];
    struct conversion conversion = plain;
    size_t size, length = 0;

    (void)state;
    for (int i = 0; length < sizeof text - 40; i++)
        length += (size_t)sprintf(text + length, "%d %d:%d\n", i % 3, i % 7 + 1, i * 7919);
    size = scratch_read(scratch_write_gzip("data.gz", text, length), bytes, sizeof bytes);
    conversion.libsvm = scratch_write("data.gz", bytes, size - 6);
    assert_refused(conversion, "data.gz: ");
    bytes[size / 2] ^= 0x55;
    conversion.libsvm = scratch_write("data.gz", bytes, size);
    assert_refused(conversion, "data.gz");
}

/* ---- All of them ------------------------------------------------------------------------------
 */

static void test_a_target_that_is_there_stays(void **state)
{
    struct conversion conversion = csv_of(table);
    struct converted done;

    (void)state;
    converted_to("set", conversion);
    conversion.folder = scratch_path("set");
    assert_int_equal(convert(&conversion, &done), -1);
    assert_says("set: exists already");
    assert_int_equal(shard_set_is_there(conversion.folder), 1);
    clear_set("set");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images_are_those_of_idx),
        cmocka_unit_test(test_idx_files_that_do_not_fit_are_refused),
        cmocka_unit_test(test_a_header_that_promises_too_much_is_refused),
        cmocka_unit_test(test_a_table_is_that_of_csv),
        cmocka_unit_test(test_standard_scaling_is_by_all_rows),
        cmocka_unit_test(test_bytes_are_whole_numbers),
        cmocka_unit_test(test_numbers_of_a_table_are_targets),
        cmocka_unit_test(test_lines_of_a_table_are_named),
        cmocka_unit_test(test_rows_of_libsvm_are_filled_with_zeros),
        cmocka_unit_test(test_classes_of_libsvm_are_numbered_by_value),
        cmocka_unit_test(test_lines_of_libsvm_are_named),
        cmocka_unit_test(test_indices_are_held_against_the_features_asked_for),
        cmocka_unit_test(test_zero_bytes_and_endless_lines_are_refused),
        cmocka_unit_test(test_damaged_gzip_streams_are_refused),
        cmocka_unit_test(test_a_target_that_is_there_stays),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
