/* The tables of keys: what a text means, and the text of what is meant. */
#include "base/error.h"
#include "plan/experiment_keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_formatted(double value, const char *expected)
{
    char text[64];

    format_double(value, text, sizeof text);
    assert_string_equal(text, expected);
}

static void numbers_are_written_as_short_as_they_read_back(void **state)
{
    (void)state;
    assert_formatted(0.1, "0.1");
    assert_formatted(0.30000000000000004, "0.30000000000000004");
    assert_formatted(1.0 / 3, "0.3333333333333333");
    assert_formatted(1e-8, "1e-08");
    assert_formatted(-2.5, "-2.5");
    assert_formatted(5e-324, "5e-324");
    assert_formatted(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_formatted(INFINITY, "inf");
}

static void whole_numbers_have_no_exponent(void **state)
{
    (void)state;
    assert_formatted(0, "0");
    assert_formatted(55000, "55000");
    assert_formatted(1e6, "1000000");
    assert_formatted(999999999999999, "999999999999999");
    assert_formatted(-1e9, "-1000000000");
}

static void every_number_reads_back(void **state)
{
    unsigned long long bits = 1;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        double value, back;
        char text[64];

        bits = bits * 6364136223846793005ull + 1442695040888963407ull;
        memcpy(&value, &bits, sizeof value);
        if (isnan(value))
            continue;
        format_double(value, text, sizeof text);
        back = strtod(text, NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
}

/* ---- Parsing --------------------------------------------------------------------------------- */

static struct settings settings;

static int parse(const char *key, const char *text)
{
    const struct field *field = schema_find(settings_fields, key);

    assert_non_null(field);
    return schema_parse(field, text, "", &settings);
}

static void assert_invalid(const char *key, const char *text, const char *expected)
{
    assert_int_equal(parse(key, text), -1);
    if (!strstr(error_text(), key) || !strstr(error_text(), expected))
        fail_msg("`%s` lacks `%s` or `%s`", error_text(), key, expected);
}

static void values_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("batch_size", "512"), 0);
    assert_int_equal(settings.batch_size, 512);
    assert_int_equal(parse("batch_size", "full"), 0);
    assert_int_equal(settings.batch_size, BATCH_SIZE_FULL);
    assert_int_equal(parse("learning_rate", "3e-2"), 0);
    assert_true(settings.learning_rate == 0.03);
    assert_int_equal(parse("chunk", "none"), 0);
    assert_int_equal(settings.chunk, ENGINE_CHUNK_NONE);
    assert_int_equal(parse("seed", "18446744073709551615"), 0);
    assert_true(settings.seed == UINT64_MAX);
    assert_int_equal(parse("sampler", "with_replacement"), 0);
    assert_int_equal(settings.sampler, SAMPLING_WITH_REPLACEMENT);
}

static void values_out_of_range_are_refused_with_the_range(void **state)
{
    static const char *const no_rates[] = {"0",   "-0.1",     "nan", "-nan", "inf",   "1e999",
                                           "abc", "0.1 fast", "0,1", "",     "1e-999"};
    static const char *const no_sizes[] = {
        "0", "-1", "1.5", "1e3", "2147483648", "", "99999999999999999999", "Full", "fulll"};

    (void)state;
    for (size_t i = 0; i < sizeof no_rates / sizeof *no_rates; i++)
        assert_invalid("learning_rate", no_rates[i], "expected a number, 1e-12 or more");
    for (size_t i = 0; i < sizeof no_sizes / sizeof *no_sizes; i++)
        assert_invalid("batch_size", no_sizes[i], "expected full or a whole number, 1 or more");
    assert_invalid("momentum", "1", "a number from 0 to 0.99");
    assert_invalid("redundancy", "0", "a whole number from 1 to 1000000");
    assert_invalid("seed", "-1", "a whole number, 0 or more");
    assert_invalid("seed", "18446744073709551616", "a whole number, 0 or more");
    assert_invalid("sampler", "shuffle",
                   "reshuffle, once, with_replacement, none, balanced, weighted, importance or "
                   "block_shuffle");
    assert_invalid("engine", "", "empty");
}

static void a_text_as_long_as_its_room_is_refused(void **state)
{
    char text[sizeof settings.network + 1];

    (void)state;
    memset(text, 'n', sizeof text);
    text[sizeof text - 2] = '\0';
    assert_int_equal(parse("network", text), 0);
    assert_string_equal(settings.network, text);
    text[sizeof text - 2] = 'n';
    text[sizeof text - 1] = '\0';
    assert_invalid("network", text, "longer than 31 characters");
}

static void defaults_are_within_their_own_ranges(void **state)
{
    const struct field *tables[] = {
        settings_fields, top_fields, network_fields, NULL, NULL, NULL, NULL, NULL, NULL};
    union {
        struct settings settings;
        struct experiment experiment;
        struct network_spec network;
    } *scratch = calloc(1, sizeof *scratch);
    int count = 3;

    (void)state;
    for (const struct section *section = sections; section->name; section++)
        tables[count++] = section->fields;
    for (int t = 0; t < count; t++)
        for (const struct field *field = tables[t]; field->key; field++) {
            assert_non_null(field->help);
            if (field->fallback)
                assert_int_equal(schema_parse(field, field->fallback, "", scratch), 0);
            if (field->unhashed)
                assert_int_equal(schema_parse(field, field->unhashed, "", scratch), 0);
        }
    free(scratch);
}

/* What is hashed and written to cells.csv reads back as the same settings. */
static void formatted_values_parse_back(void **state)
{
    static const char *const values[][2] = {
        {"engine", "blas:blis"},     {"batch_size", "full"}, {"batch_size", "7"},
        {"learning_rate", "0.1"},    {"optimizer", "adam"},  {"epsilon", "1e-08"},
        {"redundancy_mode", "fill"}, {"copies", "jitter"},   {"last_batch", "keep"},
        {"chunk", "auto"},           {"chunk", "128"},       {"seed", "18446744073709551615"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[300];

        assert_int_equal(parse(values[i][0], values[i][1]), 0);
        schema_format(schema_find(settings_fields, values[i][0]), &settings, text, sizeof text);
        assert_string_equal(text, values[i][1]);
    }
}

static void widths_are_written_as_a_list(void **state)
{
    struct network_spec spec = {.hidden = {128, 64}, .hidden_count = 2};
    char text[64], small[6];

    (void)state;
    schema_format(schema_find(network_fields, "hidden"), &spec, text, sizeof text);
    assert_string_equal(text, "[128 64]");
    schema_format(schema_find(network_fields, "hidden"), &spec, small, sizeof small);
    assert_string_equal(small, "[128 "); /* cut, not overrun */
    spec.hidden_count = 0;
    schema_format(schema_find(network_fields, "hidden"), &spec, text, sizeof text);
    assert_string_equal(text, "[]");
}

static void sets_are_written_in_the_order_of_the_table(void **state)
{
    const struct field *which = NULL;
    struct probe_options options = {.which = PROBE_ENERGY | PROBE_MEMORY};
    char text[64], small[6];

    (void)state;
    for (const struct section *section = sections; section->name; section++)
        if (strcmp(section->name, "probes") == 0)
            which = schema_find(section->fields, "which");
    assert_non_null(which);
    schema_format(which, &options, text, sizeof text);
    assert_string_equal(text, "[memory energy]");
    schema_format(which, &options, small, sizeof small);
    assert_string_equal(small, "[memo"); /* cut, not overrun */
    options.which = 0;
    schema_format(which, &options, text, sizeof text);
    assert_string_equal(text, "[]");
    assert_int_equal(schema_parse(which, "energy", "", &options), -1); /* only in a list */
}

static char *dump_of(const struct field *fields, const void *from)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    schema_dump(file, fields, "section", from);
    fclose(file);
    return text;
}

/* The defaults, or what was one when the key was new: what says nothing. */
static void say_nothing(const struct field *fields, void *into)
{
    schema_defaults(fields, into);
    for (const struct field *field = fields; field->key; field++)
        if (field->unhashed)
            schema_reset(fields, field->key, into);
}

/* So a key that is added to a table changes no hash. */
static void a_dump_leaves_defaults_out(void **state)
{
    const struct field *tables[16] = {settings_fields, top_fields, network_fields};
    union {
        struct settings settings;
        struct experiment experiment;
        struct network_spec network;
    } *scratch = calloc(1, sizeof *scratch);
    int count = 3;

    (void)state;
    for (const struct section *section = sections; section->name; section++)
        tables[count++] = section->fields;
    for (int t = 0; t < count; t++) {
        char *text;

        memset(scratch, 0, sizeof *scratch);
        say_nothing(tables[t], scratch);
        text = dump_of(tables[t], scratch);
        assert_string_equal(text, "");
        free(text);
    }
    free(scratch);
}

/* A default that has changed is told from the old one, which keeps its hash. */
static void a_changed_default_is_in_the_dump(void **state)
{
    static const struct field fields[] = {
        {"share", FIELD_REAL, .high = 1, .fallback = "0.998", .unhashed = "0.99"}, {0}};
    double share;
    char *text;

    (void)state;
    schema_defaults(fields, &share);
    assert_true(share == 0.998);
    text = dump_of(fields, &share);
    assert_string_equal(text, "section.share=0.998\n");
    free(text);
    schema_reset(fields, "share", &share);
    assert_true(share == 0.99);
    text = dump_of(fields, &share);
    assert_string_equal(text, "");
    free(text);
}

/* Some value that is not the default. */
static void another_value(const struct field *field, char *text, size_t size)
{
    switch (field->kind) {
    case FIELD_TEXT:
        snprintf(text, size, "other");
        break;
    case FIELD_CHOICE:
        snprintf(text, size, "%s",
                 field->choices[strcmp(field->choices[0].name, field->fallback) == 0].name);
        break;
    case FIELD_REAL:
        format_double(field->low + (field->high - field->low) / 1024, text, size);
        break;
    default:
        snprintf(text, size, "%.0f", field->low + 77);
        break;
    }
}

/* Every member can get into the dump, so every member is in the hash. */
static void a_dump_has_what_differs_once(void **state)
{
    (void)state;
    for (const struct field *field = settings_fields; field->key; field++) {
        char value[64], line[128], *text;

        if (field->choices && !field->choices[1].name && field->kind == FIELD_CHOICE)
            continue; /* there is only the default */
        another_value(field, value, sizeof value);
        memset(&settings, 0, sizeof settings);
        say_nothing(settings_fields, &settings);
        assert_int_equal(schema_parse(field, value, "", &settings), 0);
        text = dump_of(settings_fields, &settings);
        snprintf(line, sizeof line, "section.%s=%s\n", field->key, value);
        assert_string_equal(text, line);
        free(text);
    }
}

static void the_documentation_names_every_key(void **state)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    (void)state;
    experiment_document(file);
    fclose(file);
    for (const struct section *section = sections; section->name; section++) {
        assert_non_null(strstr(text, section->help));
        for (const struct field *field = section->fields; field->key; field++)
            assert_non_null(strstr(text, field->help));
    }
    for (const struct field *field = settings_fields; field->key; field++)
        assert_non_null(strstr(text, field->help));
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_short_as_they_read_back),
        cmocka_unit_test(whole_numbers_have_no_exponent),
        cmocka_unit_test(every_number_reads_back),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(values_out_of_range_are_refused_with_the_range),
        cmocka_unit_test(a_text_as_long_as_its_room_is_refused),
        cmocka_unit_test(defaults_are_within_their_own_ranges),
        cmocka_unit_test(formatted_values_parse_back),
        cmocka_unit_test(widths_are_written_as_a_list),
        cmocka_unit_test(sets_are_written_in_the_order_of_the_table),
        cmocka_unit_test(a_dump_leaves_defaults_out),
        cmocka_unit_test(a_changed_default_is_in_the_dump),
        cmocka_unit_test(a_dump_has_what_differs_once),
        cmocka_unit_test(the_documentation_names_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
