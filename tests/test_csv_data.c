/* Tables as CSV: what is read, and where an error is said to be. */
#include "base/error.h"
#include "base/limits.h"
#include "data/csv_data.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *write_text(const char *text)
{
    return scratch_write("table.csv", text, strlen(text));
}

static int read_labelled(struct csv_data *data, const char *text)
{
    return csv_data_read(data, write_text(text), "kind", "", "");
}

/* `where` is what follows the path in the message. */
static void assert_refused(const char *text, const char *where)
{
    struct csv_data data;
    const char *path = write_text(text);

    assert_int_equal(csv_data_read(&data, path, "kind", "", ""), -1);
    assert_int_equal(strncmp(error_text(), path, strlen(path)), 0);
    assert_string_equal(error_text() + strlen(path), where);
    assert_null(data.features);
    assert_null(data.labels);
    csv_data_free(&data);
}

static void test_reads_features_and_labels(void **state)
{
    struct csv_data data;

    (void)state;
    assert_int_equal(read_labelled(&data, "a,kind,b\n1,x,2\n-3.5,y,4e2\n0,x,.25\n"), 0);
    assert_int_equal(data.rows, 3);
    assert_int_equal(data.columns, 2);
    assert_int_equal(data.classes, 2);
    assert_memory_equal(data.features, ((const float[]){1, 2, -3.5f, 400, 0, 0.25f}),
                        6 * sizeof(float));
    assert_memory_equal(data.labels, ((const int32_t[]){0, 1, 0}), 3 * sizeof(int32_t));
    assert_null(data.targets);
    csv_data_free(&data);
}

static void test_reads_targets(void **state)
{
    struct csv_data data;

    (void)state;
    assert_int_equal(csv_data_read(&data, write_text("y,a\n1.5,2\n-1,3\n"), "", "y", ""), 0);
    assert_int_equal(data.classes, 0);
    assert_memory_equal(data.features, ((const float[]){2, 3}), 2 * sizeof(float));
    assert_memory_equal(data.targets, ((const float[]){1.5f, -1}), 2 * sizeof(float));
    assert_null(data.labels);
    csv_data_free(&data);
}

static void test_a_column_of_weights_is_no_feature(void **state)
{
    static const char *const refused[][2] = {
        {"a,kind,w\n1,x,1\n2,y,-1\n", ":3: column 3: '-1' is not a weight, expected a finite"},
        {"a,kind,w\n1,x,nan\n2,y,1\n", ":2: column 3: 'nan' is not a weight"},
        {"a,kind,w\n1,x,0\n2,y,0\n", ":3: all weights in column 'w' are 0"},
        {"a,kind\n1,x\n", ":1: no column 'w'; the columns are a, kind"},
        {"w,kind\n1,x\n", ":1: no column of features"},
        {"a,w,kind,w\n1,1,x,1\n", ":1: column 'w' occurs twice"},
    };
    struct csv_data data;

    (void)state;
    for (int order = 0; order < 2; order++) {
        const char *text =
            order ? "w,a,kind,b\n0,1,x,2\n0.25,3,y,4\n" : "a,kind,b,w\n1,x,2,0\n3,y,4,.25\n";

        assert_int_equal(csv_data_read(&data, write_text(text), "kind", "", "w"), 0);
        assert_int_equal(data.columns, 2);
        assert_memory_equal(data.features, ((const float[]){1, 2, 3, 4}), 4 * sizeof(float));
        assert_memory_equal(data.weights, ((const double[]){0, 0.25}), 2 * sizeof(double));
        csv_data_free(&data);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(csv_data_read(&data, write_text(refused[i][0]), "kind", "", "w"), -1);
        if (!strstr(error_text(), refused[i][1]))
            fail_msg("`%s` lacks `%s`", error_text(), refused[i][1]);
        assert_null(data.weights);
    }
    assert_int_equal(csv_data_read(&data, write_text("a,w\n1,2\n"), "", "w", "w"), -1);
    assert_non_null(strstr(error_text(), "column 'w' is named for target and weights"));
}

static void test_numbers_classes_by_name_whatever_the_order_of_rows(void **state)
{
    struct csv_data data;

    (void)state;
    assert_int_equal(read_labelled(&data, "a,kind\n1,pear\n2,apple\n3,fig\n4,apple\n"), 0);
    assert_int_equal(data.classes, 3);
    assert_memory_equal(data.labels, ((const int32_t[]){2, 0, 1, 0}), 4 * sizeof(int32_t));
    csv_data_free(&data);
}

static void test_accepts_what_spreadsheets_write(void **state)
{
    struct csv_data data;

    (void)state;
    assert_int_equal(
        read_labelled(&data, "\xEF\xBB\xBF\"kind\",\"a\"\r\n\"x, \"\"y\"\"\", 1 \r\n\r\nz,2"), 0);
    assert_int_equal(data.rows, 2);
    assert_memory_equal(data.features, ((const float[]){1, 2}), 2 * sizeof(float));
    csv_data_free(&data);
}

static void test_grows_with_the_rows(void **state)
{
    enum { ROWS = 10000 };
    struct csv_data data;
    char *text = malloc(32 * ROWS);
    int size = sprintf(text, "a,kind\n");

    (void)state;
    for (int i = 0; i < ROWS; i++)
        size += sprintf(text + size, "%d,c%03d\n", i, i % 300);
    assert_int_equal(read_labelled(&data, text), 0);
    assert_int_equal(data.rows, ROWS);
    assert_int_equal(data.classes, 300);
    for (int i = 0; i < ROWS; i++) {
        assert_true(data.features[i] == (float)i);
        assert_int_equal(data.labels[i], i % 300);
    }
    csv_data_free(&data);
    free(text);
}

static void test_ragged_rows_are_errors(void **state)
{
    (void)state;
    assert_refused("a,kind\n1,x\n2\n", ":3: 1 fields, expected 2 as in the header");
    assert_refused("a,kind\n1,x,7\n", ":2: 3 fields, expected 2 as in the header");
    assert_refused("a,kind\n1,x\n2,y,", ":3: 3 fields, expected 2 as in the header");
}

static void test_what_is_no_finite_number_is_an_error(void **state)
{
    (void)state;
    assert_refused("a,kind\n1,x\none,y\n", ":3: column 1: 'one' is not a number");
    assert_refused("a,kind\n1 2,x\n", ":2: column 1: '1 2' is not a number");
    assert_refused("a,kind\nnan,x\n",
                   ":2: column 1: 'nan' is not a finite number of single precision");
    assert_refused("a,kind\n-inf,x\n",
                   ":2: column 1: '-inf' is not a finite number of single precision");
    assert_refused("a,kind\n1e39,x\n",
                   ":2: column 1: '1e39' is not a finite number of single precision");
}

static void test_empty_fields_are_errors(void **state)
{
    (void)state;
    assert_refused("a,kind\n,x\n", ":2: column 1 is empty");
    assert_refused("a,kind\n1,\n", ":2: column 2 is empty");
    assert_refused("a,kind\n\"\",x\n", ":2: column 1 is empty");
    assert_refused("a,kind\n   ,x\n", ":2: column 1 is empty");
}

static void test_the_error_of_an_absent_column_names_those_there(void **state)
{
    (void)state;
    assert_refused("a,b,Kind\n1,2,x\n", ":1: no column 'kind'; the columns are a, b, Kind");
    assert_refused("kind,a,kind\nx,2,x\n", ":1: column 'kind' occurs twice");
    assert_refused("kind\nx\n", ":1: no column of features beside 'kind'");
}

static void test_files_without_data_are_errors(void **state)
{
    (void)state;
    assert_refused("", ": empty, expected a header line with the names of the columns");
    assert_refused("\n\n", ": empty, expected a header line with the names of the columns");
    assert_refused("a,kind\n", ": no rows after the header");
    assert_refused("a,kind\n1,x\n2,x\n",
                   ": column 'kind' holds one class only, 'x', expected at least two");
}

static void test_broken_quotes_are_errors(void **state)
{
    (void)state;
    assert_refused("a,kind\n1,\"x\n", ":2: a quoted field does not end");
    assert_refused("a,kind\n1,x\"y\n",
                   ":2: error parsing data while strict checking enabled: "
                   "expected fields separated by commas, quoted as in RFC 4180");
}

/* A quote that never ends takes every line after it into its field. */
static void test_a_row_without_end_is_an_error(void **state)
{
    enum { SIZE = LIMIT_CSV_ROW_BYTES + 100 };
    char *text = malloc(SIZE + 1);
    static const char *const beginnings[] = {"a,kind\n1,", "a,kind\n1,\"x\n"};
    static const char *const wheres[] = {":2: ", ":3: "};

    (void)state;
    for (int i = 0; i < 2; i++) {
        char where[160];

        memset(text, 'x', SIZE);
        memcpy(text, beginnings[i], strlen(beginnings[i]));
        strcpy(text + SIZE - 3, "\ny");
        snprintf(where, sizeof where,
                 "%sa row of more than %d bytes, expected lines of fields, and "
                 "quotes that end",
                 wheres[i], LIMIT_CSV_ROW_BYTES);
        assert_refused(text, where);
    }
    free(text);
}

/* Many short rows, and blank lines, may be more than one row may. */
static void test_rows_together_may_be_longer(void **state)
{
    size_t blank = LIMIT_CSV_ROW_BYTES + 10;
    char *text = malloc(blank + 40);
    struct csv_data data;

    (void)state;
    strcpy(text, "a,kind\n1,x\n");
    memset(text + 11, '\n', blank);
    strcpy(text + 11 + blank, "2,y\n");
    assert_int_equal(read_labelled(&data, text), 0);
    assert_int_equal(data.rows, 2);
    csv_data_free(&data);
    free(text);
}

static void test_a_zero_byte_is_an_error(void **state)
{
    struct csv_data data;
    const char *path = scratch_write("table.csv", "a,kind\n1\0,x\n", 12);

    (void)state;
    assert_int_equal(csv_data_read(&data, path, "kind", "", ""), -1);
    assert_non_null(strstr(error_text(), ":2: column 1 holds a zero byte"));
}

static void test_too_many_columns_are_an_error(void **state)
{
    char *text = malloc(300000);

    (void)state;
    memset(text, ',', 100000);
    strcpy(text + 100000, "kind\n");
    assert_refused(text, ":1: more than 100000 columns");
    free(text);
}

static void test_too_many_classes_are_an_error(void **state)
{
    char *text = malloc(70000 * 16);
    int size = sprintf(text, "a,kind\n");

    (void)state;
    for (int i = 0; i < 70000; i++)
        size += sprintf(text + size, "1,%06d\n", i);
    assert_refused(
        text,
        ":65538: column 'kind' has more than 65536 classes; name a column of numbers as target");
    free(text);
}

static void test_one_of_label_and_target_must_be_named(void **state)
{
    struct csv_data data;
    const char *path = write_text("a,kind\n1,x\n2,y\n");

    (void)state;
    assert_int_equal(csv_data_read(&data, path, "", "", ""), -1);
    assert_int_equal(csv_data_read(&data, path, "kind", "a", ""), -1);
    assert_non_null(strstr(error_text(), "either a label or a target column"));
}

static void test_a_missing_file_and_a_folder_are_errors(void **state)
{
    struct csv_data data;

    (void)state;
    assert_int_equal(csv_data_read(&data, scratch_path("nowhere"), "kind", "", ""), -1);
    assert_non_null(strstr(error_text(), "nowhere: No such file or directory"));
    assert_int_equal(csv_data_read(&data, scratch_folder, "kind", "", ""), -1);
    assert_non_null(strstr(error_text(), "Is a directory"));
}

/* Cut anywhere, a file is read or refused, and memory stays whole (the sanitizers look). */
static void test_a_file_cut_anywhere_does_no_harm(void **state)
{
    static const char text[] = "a,\"kind\",b\r\n1,\"x\"\"y\",2\n\n3,\"z\n\",4\n5,w,6";
    struct csv_data data;

    (void)state;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        int status = csv_data_read(&data, scratch_write("cut.csv", text, cut), "kind", "", "");

        assert_true(status == -1 || data.rows > 0);
        csv_data_free(&data);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_features_and_labels),
        cmocka_unit_test(test_reads_targets),
        cmocka_unit_test(test_a_column_of_weights_is_no_feature),
        cmocka_unit_test(test_numbers_classes_by_name_whatever_the_order_of_rows),
        cmocka_unit_test(test_accepts_what_spreadsheets_write),
        cmocka_unit_test(test_grows_with_the_rows),
        cmocka_unit_test(test_ragged_rows_are_errors),
        cmocka_unit_test(test_what_is_no_finite_number_is_an_error),
        cmocka_unit_test(test_empty_fields_are_errors),
        cmocka_unit_test(test_the_error_of_an_absent_column_names_those_there),
        cmocka_unit_test(test_files_without_data_are_errors),
        cmocka_unit_test(test_broken_quotes_are_errors),
        cmocka_unit_test(test_a_row_without_end_is_an_error),
        cmocka_unit_test(test_rows_together_may_be_longer),
        cmocka_unit_test(test_a_zero_byte_is_an_error),
        cmocka_unit_test(test_too_many_columns_are_an_error),
        cmocka_unit_test(test_too_many_classes_are_an_error),
        cmocka_unit_test(test_one_of_label_and_target_must_be_named),
        cmocka_unit_test(test_a_missing_file_and_a_folder_are_errors),
        cmocka_unit_test(test_a_file_cut_anywhere_does_no_harm),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
