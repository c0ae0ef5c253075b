/* Ceilings, each just below and just above; versions and names that files of results may not have.
 */
#include "base/limits.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/json.h"
#include "base/schema_version.h"
#include "base/table.h"
#include "data/dataset.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

static void says(const char *words)
{
    if (!strstr(error_text(), words))
        fail_msg("`%s` does not say `%s`", error_text(), words);
    assert_null(strchr(error_text(), '\n'));
}

static const char *write_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

static void a_product_is_compared_before_it_overflows(void **state)
{
    size_t most = limit_data_bytes();

    (void)state;
    assert_true(most > 0 && most <= LIMIT_DATA_BYTES);
    assert_int_equal(limit_check_data("a", most, 1), 0);
    assert_int_equal(limit_check_data("a", 0, SIZE_MAX), 0);
    assert_int_equal(limit_check_data("a: b", most + 1, 1), -1);
    says("a: b: ");
    assert_int_equal(limit_check_data("a", SIZE_MAX, 2), -1);
    assert_int_equal(limit_check_data("a", (size_t)1 << 32, (size_t)1 << 32), -1); /* 2^64 */
}

static void data_that_nobody_could_hold_are_refused_before_they_are_made(void **state)
{
    struct dataset dataset;
    struct dataset_spec spec = {.name = "linear", .features = 1 << 28, .condition = 1};

    (void)state;
    spec.examples = INT32_MAX - 1;
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    says("dataset: examples of so many features: 2147483646 x 1073741824 bytes");
    spec = (struct dataset_spec){.name = "blobs", .features = 1 << 20, .classes = 65536};
    spec.examples = spec.clusters = 65536;
    spec.family = 1;
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    says("dataset: examples of so many features: 65536 x 4194304 bytes");
    spec.features = 1 << 10;
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    says("dataset: classes x clusters of so many features: 4294967296 x 8192 bytes");
}

static void a_network_beyond_all_memory_is_refused_with_its_line(void **state)
{
    (void)state;
    refuses_to_plan(DATA BUDGET "networks: {wide: {hidden: [1048576, 1048576]}}\n"
                                "grid:\n  network: wide\n",
                    5, "network: wide: 1.1e+12 parameters, expected at most 1073741824");
    refuses_to_plan("dataset: {name: linear, examples: 40, features: 1024, shape: [1024, 1, 1]}\n"
                    "networks:\n  deep:\n    layers:\n"
                    "    - conv2d: {channels: 1048576, kernel: 4095, padding: same}\n"
                    "    - conv2d: {channels: 256, kernel: 4095, padding: same}\n" BUDGET
                    "grid: {network: deep, batch_size: 1}\n",
                    8, "parameters, expected at most");
}

static void copies_that_are_made_count_as_data(void **state)
{
    (void)state;
    refuses_to_plan("dataset: {name: linear, examples: 100, features: 1000}\n" BUDGET
                    "grid:\n  copies: [exact,\n    noise]\n  redundancy: 1000000\n",
                    6,
                    "redundancy: moved or noisy copies are examples of their own: 100000000 x "
                    "4000 bytes");
}

/* ---- Experiments ------------------------------------------------------------------------------
 */

/* `text` with `part` in place of its %s, so many times, numbered from 0. */
static char *repeated(const char *text, const char *part, int count)
{
    char *all = NULL, *list = NULL;
    size_t size;
    FILE *file = open_memstream(&list, &size);

    for (int i = 0; i < count; i++)
        fprintf(file, part, i);
    fclose(file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (asprintf(&all, text, list) < 0)
        abort();
#pragma GCC diagnostic pop
    free(list);
    return all;
}

static void accepts_and_refuses(const char *text, const char *part, int most, int line,
                                const char *wrong)
{
    struct experiment experiment;
    char *good = repeated(text, part, most), *bad = repeated(text, part, most + 1);

    fixture_open(&experiment, good, 0);
    experiment_close(&experiment);
    refuses_to_open(bad, line, wrong);
    free(good);
    free(bad);
}

static void lists_longer_than_anyone_needs_are_refused(void **state)
{
    (void)state;
    accepts_and_refuses(BUDGET "grid:\n  seed: [%s]\n", "%d,", LIMIT_AXIS_VALUES, 3,
                        "seed: 4097 values, expected at most 4096");
    accepts_and_refuses(BUDGET "grid:\n  cases:\n%s\n", "  - {seed: %d}\n", LIMIT_CASES, 4,
                        "cases: 1025 of them, expected at most 1024");
    accepts_and_refuses(BUDGET "claims:\n%s\n",
                        "- {claim: C, part: p%d, says: s, test: bound, y: updates, above: 1}\n",
                        LIMIT_CLAIMS, 3, "claims: 513 of them, expected at most 512");
}

/* Of 600 cases with 300 values each, in 8 KB. */
static void aliases_count_as_what_they_stand_for(void **state)
{
    char *seeds = repeated(BUDGET "grid:\n  cases:\n  - &c {seed: [%s]}\n", "%d,", 300);
    char *text = repeated("%s", "  - *c\n", 600), *all;

    (void)state;
    if (asprintf(&all, "%s%s", seeds, text) < 0)
        abort();
    refuses_to_open(all, 4, "more than 65536 values when its aliases are followed");
    free(seeds);
    free(text);
    free(all);
    refuses_to_open("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
                    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
                    "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n",
                    6, "more than 65536 values");
    refuses_to_open(BUDGET "charts: &c\n- loss\n- *c\n", 2, "holds an alias of itself");
    refuses_to_open(BUDGET "grid: &g\n  cases:\n  - *g\n", 2, "holds an alias of itself");
}

/* What is used twice is said once. */
static void an_alias_of_a_few_values_is_welcome(void **state)
{
    struct experiment experiment;

    (void)state;
    fixture_open(&experiment,
                 BUDGET "grid:\n  cases:\n  - {engine: naive, seed: &s [1, 2, 3]}\n"
                        "  - {engine: blas, seed: *s}\n",
                 0);
    assert_int_equal(grid_find_axis(&experiment.cases[1], "seed")->count, 3);
    experiment_close(&experiment);
}

static void nesting_ends_somewhere(void **state)
{
    char whole[700];

    (void)state;
    strcpy(whole, "question: ");
    memset(whole + 10, '[', 300);
    memset(whole + 310, ']', 300);
    strcpy(whole + 610, "\n");
    refuses_to_open(whole, 1, "more than 64 lists and mappings in each other");
}

static void a_path_that_would_be_cut_is_refused(void **state)
{
    struct experiment experiment;
    char path[1100];

    (void)state;
    memset(path, 'x', sizeof path);
    path[1024] = '\0';
    assert_int_equal(experiment_open_text(&experiment, path, BUDGET, 0), -1);
    says("...: path longer than 1023 characters");
    path[1023] = '\0';
    assert_int_equal(experiment_open_text(&experiment, path, BUDGET, 0), 0);
    experiment_close(&experiment);
}

/* ---- Results ----------------------------------------------------------------------------------
 */

static void a_table_has_so_many_columns_and_no_more(void **state)
{
    char *text = malloc(2 * LIMIT_CSV_COLUMNS * 8);
    struct table *table;
    int length = 0;

    (void)state;
    for (int c = 0; c < LIMIT_CSV_COLUMNS; c++)
        length += sprintf(text + length, "%sc%d", c ? "," : "", c);
    assert_int_equal(table_open(&table, write_text("wide.csv", text)), 0);
    assert_int_equal(table_columns(table), LIMIT_CSV_COLUMNS);
    for (int c = 0; c < LIMIT_CSV_COLUMNS; c++)
        if (!table_has(table, table_column_name(table, (size_t)c)))
            fail_msg("column %d is not found", c);
    table_close(table);
    strcpy(text + length, ",more\n");
    assert_int_equal(table_open(&table, write_text("wide.csv", text)), -1);
    says("wide.csv:1: more than 100000 columns");
    free(text);
}

static void a_table_of_unknown_columns_is_of_another_version(void **state)
{
    static const char *const known[] = {"a", "b", NULL};
    struct table *table;

    (void)state;
    assert_int_equal(table_open(&table, write_text("t.csv", "b\n1\n")), 0);
    assert_int_equal(table_knows_only(table, known), 0);
    table_close(table);
    assert_int_equal(table_open(&table, write_text("t.csv", "b,c,a\n1,2,3\n")), 0);
    assert_int_equal(table_knows_only(table, known), -1);
    says("t.csv:1: column `c` is of a newer version, or of another file; expected of a, b");
    table_close(table);
}

static void a_manifest_of_a_later_version_is_refused(void **state)
{
    static const struct {
        const char *text, *wrong; /* NULL: it is read */
    } cases[] = {
        {"{}", NULL},
        {"[]", NULL}, /* says no version, as those before the key */
        {"{\"schema_version\": 1}", NULL},
        {"{\"schema_version\": 8}", NULL},
        {"{\"schema_version\": 9}", "m: results of schema version 9, expected at most 8: a newer"},
        {"{\"schema_version\": 9223372036854775807}", "version 9223372036854775807"},
        {"{\"schema_version\": 0}", "m: schema_version: expected a whole number from 1 to 8"},
        {"{\"schema_version\": -1}", "expected a whole number"},
        {"{\"schema_version\": \"7\"}", "expected a whole number"},
        {"{\"schema_version\": 7.5}", "expected a whole number"},
        {"{\"schema_version\": null}", "expected a whole number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *manifest = json_loads(cases[i].text, 0, NULL);

        assert_int_equal(schema_version_check(manifest, "m"), cases[i].wrong ? -1 : 0);
        if (cases[i].wrong)
            says(cases[i].wrong);
        json_decref(manifest);
    }
}

static void json_has_a_size_and_a_depth(void **state)
{
    const char *path = write_text("m.json", "{\"a\": [1, 2]}\n");
    json_t *json = json_read_file(path);
    char *deep = calloc(1, 100001);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(json, "a")), 2);
    json_decref(json);
    assert_null(json_read_file(write_text("m.json", "{\n\"a\": }\n")));
    says("m.json:2: ");
    memset(deep, '[', 100000);
    assert_null(json_read_file(write_text("m.json", deep)));
    says("m.json:1: ");
    assert_int_equal(truncate(path, (off_t)LIMIT_JSON_BYTES + 1), 0); /* a hole: no space is used */
    assert_null(json_read_file(path));
    says("m.json: larger than a manifest may be, expected a file of at most 67108864 bytes");
    assert_null(json_read_file(scratch_folder));
    says("is no plain file");
    assert_null(json_read_file(scratch_path("nowhere.json")));
    says("nowhere.json: No such file");
    free(deep);
}

/* ---- checksums.csv ----------------------------------------------------------------------------
 */

static char findings[400];

static void note_finding(void *context, const char *file, const char *what)
{
    (void)context;
    snprintf(findings + strlen(findings), sizeof findings - strlen(findings), "%s %s;", file, what);
}

static int check_sums(const char *text)
{
    findings[0] = '\0';
    write_text(CHECKSUM_FILE, text);
    return checksum_check(scratch_folder, note_finding, NULL);
}

static void checksums_are_of_files_of_their_folder(void **state)
{
    (void)state;
    write_text("ten", "0123456789");
    assert_int_equal(check_sums("file,bytes,crc32\nten,10,a684c7c6\n"), 0);
    assert_string_equal(findings, "");
    assert_int_equal(check_sums("file,bytes,crc32\n../../etc/passwd,1,0\n"), 0);
    assert_string_equal(findings, "checksums.csv names what is no file of the folder;");
    assert_int_equal(check_sums("file,bytes,crc32\n/dev/zero,1,0\n.,1,0\n"), 0);
    assert_non_null(strstr(findings, "checksums.csv names what is no file"));
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0); /* which nobody writes to */
    assert_int_equal(check_sums("file,bytes,crc32\npipe,0,0\n"), 0);
    assert_string_equal(findings, "pipe is no plain file;");
}

static void checksums_of_another_kind_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check_sums("file,bytes,sha256\nten,10,ab\n"), -1);
    says("checksums.csv:1: column `sha256` is of a newer version");
    assert_int_equal(check_sums("file,bytes\nten,10\n"), -1);
    says("no column `crc32`");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_compared_before_it_overflows),
        cmocka_unit_test(data_that_nobody_could_hold_are_refused_before_they_are_made),
        cmocka_unit_test(a_network_beyond_all_memory_is_refused_with_its_line),
        cmocka_unit_test(copies_that_are_made_count_as_data),
        cmocka_unit_test(lists_longer_than_anyone_needs_are_refused),
        cmocka_unit_test(aliases_count_as_what_they_stand_for),
        cmocka_unit_test(an_alias_of_a_few_values_is_welcome),
        cmocka_unit_test(nesting_ends_somewhere),
        cmocka_unit_test(a_path_that_would_be_cut_is_refused),
        cmocka_unit_test(a_table_has_so_many_columns_and_no_more),
        cmocka_unit_test(a_table_of_unknown_columns_is_of_another_version),
        cmocka_unit_test(a_manifest_of_a_later_version_is_refused),
        cmocka_unit_test(json_has_a_size_and_a_depth),
        cmocka_unit_test(checksums_are_of_files_of_their_folder),
        cmocka_unit_test(checksums_of_another_kind_are_refused),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
