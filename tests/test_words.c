/* Texts of figures in other languages: none is missing, and none is another format. */
#include "report/words.h"

#include "base/error.h"
#include "scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const languages[] = {"zh"};

static void speak(const char *folder, const char *language)
{
    if (words_speak(folder, language) != 0)
        fail_msg("%s", error_text());
}

static void a_table_says(const char *text)
{
    FILE *file = fopen(scratch_path("words.tsv"), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void is_refused(const char *text, const char *why)
{
    a_table_says(text);
    assert_int_equal(words_speak(scratch_folder, "zh"), -1);
    if (!strstr(error_text(), why))
        fail_msg("`%s` does not say `%s`", error_text(), why);
    assert_string_equal(words_language(), "en");
}

static void a_text_is_said_in_the_language_of_the_reader(void **state)
{
    (void)state;
    assert_string_equal(word("roof"), "roof");
    a_table_says("en\tfr\tzh\nroof\ttoit\t上限\n%zu seeds\t%zu graines\t%zu 个种子\n");
    speak(scratch_folder, "zh");
    assert_string_equal(words_language(), "zh");
    assert_string_equal(word("roof"), "上限");
    assert_string_equal(word("%zu seeds"), "%zu 个种子");
    assert_string_equal(word(""), "");
    assert_null(words_missing());
    speak(scratch_folder, "fr");
    assert_string_equal(word("roof"), "toit");
    speak(scratch_folder, "en");
    assert_string_equal(word("roof"), "roof");
}

static void a_missing_text_is_named_and_kept(void **state)
{
    (void)state;
    a_table_says("en\tzh\nroof\t上限\n");
    speak(scratch_folder, "zh");
    assert_string_equal(word("floor"), "floor");
    word("wall");
    assert_string_equal(words_missing(), "floor");
    words_close();
    assert_null(words_missing());
}

static void says(const char *english, const char *expected)
{
    char text[200];

    word_composed(english, text, sizeof text);
    assert_string_equal(text, expected);
}

static void a_text_put_together_elsewhere_is_taken_apart(void **state)
{
    char small[8];

    (void)state;
    a_table_says("en\tzh\nratio of %s\t%s 之比\nslope of %s over %s\t%s 对 %s 的斜率\n"
                 "slope of log %s over %s\tlog %s 对 %s 的斜率\nclass\t类别\n%s copies\t%s 复制\n");
    speak(scratch_folder, "zh");
    says("ratio of trace", "trace 之比");
    says("slope of a over b", "a 对 b 的斜率");
    says("slope of log a over b over c",
         "log a 对 b over c 的斜率"); /* the pattern that says most */
    says("class", "类别");
    says("exact copies", "exact 复制");
    says("a ratio of trace", "a ratio of trace"); /* a name is kept */
    says("ratio of ", "ratio of ");
    says("slope of a", "slope of a");
    says("", "");
    word_composed("ratio of trace", small, sizeof small);
    assert_true(strlen(small) < sizeof small);
    assert_null(words_missing());
}

static void tables_that_are_none_are_refused(void **state)
{
    (void)state;
    is_refused("", "it is empty");
    is_refused("en\tfr\nroof\ttoit\n", "words.tsv:1: no column `zh`");
    is_refused("en\tzh\nroof\n", "words.tsv:2: expected a text and its translation");
    is_refused("en\tzh\nroof\t\n", "words.tsv:2: expected a text and its translation");
    is_refused("en\tzh\n\t上限\n", "words.tsv:2: expected a text and its translation");
    is_refused("en\tzh\nroof\t上限\nroof\t顶\n", "`roof` is there twice");
    unlink(scratch_path("words.tsv"));
    assert_int_equal(words_speak(scratch_folder, "zh"), -1);
}

/* ---- Every text that is asked for -------------------------------------------------------------
 */

/* The conversions of a format, in their order. */
static void conversions(const char *format, char *text, size_t size)
{
    size_t used = 0;

    for (; (format = strchr(format, '%')); format++) {
        size_t length = 1 + strspn(format + 1, "0123456789.z");

        if (format[1] == '%') {
            format++;
            continue;
        }
        if (!strchr("sdfgu", format[length]) || format[length] == '\0')
            continue; /* "95 % interval" */
        if (used + length + 2 < size) {
            memcpy(text + used, format, length + 1);
            used += length + 1;
        }
    }
    text[used] = '\0';
}

static size_t asked;

static void is_translated(const char *text, const char *where)
{
    char wanted[100], found[100];

    asked++;
    conversions(text, wanted, sizeof wanted);
    conversions(word(text), found, sizeof found);
    if (words_missing())
        fail_msg("%s: plots/words.tsv has no [%s] in %s", where, words_missing(), words_language());
    if (strcmp(wanted, found) != 0)
        fail_msg("%s: [%s] has other conversions in %s", where, text, words_language());
    if (strchr(word(text), ',') || strchr(word(text), '"'))
        fail_msg("%s: [%s] has commas or quotation marks in %s, which gnuplot cannot read", where,
                 text, words_language());
}

/* The literal that begins at a quotation mark, and those that follow it, joined. */
static void read_literal(const char *at, char *text, size_t size)
{
    size_t used = 0;
    char quote = *at;

    while (*at == quote) {
        for (at++; *at && *at != quote; at++)
            if (used + 1 < size)
                text[used++] = *at;
        at += *at == quote;
        at += strspn(at, " \n\t");
    }
    text[used] = '\0';
}

/* call: "word(" or "say(" */
static void read_calls(const char *source, const char *call, const char *where)
{
    char text[600];

    while ((source = strstr(source, call))) {
        source += strlen(call);
        source += strspn(source, " \n\t");
        if (*source == '"' || *source == '\'') {
            read_literal(source, text, sizeof text);
            is_translated(text, where);
        }
    }
}

/* array axis_labels[2] = ["updates", "examples"], of which say() is given one after the other */
static void read_arrays(const char *source, const char *where)
{
    char text[600];

    while ((source = strstr(source, "_labels["))) {
        const char *open = strchr(source, '='), *close = strchr(source, '\n');

        source++;
        if (!open || !close || open > close || strncmp(open, "= [\"", 4) != 0)
            continue;
        for (const char *at = strchr(open, '"'); at && at < close;
             at = strchr(strchr(at + 1, '"') + 1, '"')) {
            snprintf(text, sizeof text, "%.*s", (int)(strchr(at + 1, '"') - at - 1), at + 1);
            is_translated(text, where);
        }
    }
}

static void read_folder(const char *folder, const char *suffix,
                        void (*read)(const char *source, const char *where))
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;

    assert_non_null(listing);
    while ((entry = readdir(listing))) {
        size_t length = strlen(entry->d_name), size = 0;
        char path[4096], *source = NULL;
        FILE *file;

        if (length < strlen(suffix) || strcmp(entry->d_name + length - strlen(suffix), suffix) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_non_null(file = fopen(path, "r"));
        assert_true(getdelim(&source, &size, '\0', file) > 0);
        fclose(file);
        read(source, path);
        free(source);
    }
    closedir(listing);
}

static void read_c(const char *source, const char *where)
{
    read_calls(source, "word(", where);
    read_calls(source, "WORD(", where);
}

static void read_gnuplot(const char *source, const char *where)
{
    read_calls(source, "say(", where);
    read_calls(source, "translated(", where);
    read_arrays(source, where);
}

static void every_text_of_every_figure_is_translated(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
        asked = 0;
        speak(SOURCE "/plots", languages[l]);
        read_folder(SOURCE "/harness/report", ".c", read_c);
        assert_true(asked > 80); /* or it looks for what is no longer written so */
        asked = 0;
        read_folder(SOURCE "/plots", ".gp", read_gnuplot);
        assert_true(asked > 50);
    }
}

static void a_missing_translation_would_be_found(void **state)
{
    char text[64];

    (void)state;
    read_literal("\"two \"\n  \"halves\")", text, sizeof text);
    assert_string_equal(text, "two halves");
    conversions("%zu of %.3g: 95 % interval, %% %s", text, sizeof text);
    assert_string_equal(text, "%zu%.3g%s");
}

static int close_words(void **state)
{
    (void)state;
    words_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_text_is_said_in_the_language_of_the_reader, close_words),
        cmocka_unit_test_teardown(a_missing_text_is_named_and_kept, close_words),
        cmocka_unit_test_teardown(a_text_put_together_elsewhere_is_taken_apart, close_words),
        cmocka_unit_test_teardown(tables_that_are_none_are_refused, close_words),
        cmocka_unit_test_teardown(every_text_of_every_figure_is_translated, close_words),
        cmocka_unit_test_teardown(a_missing_translation_would_be_found, close_words),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
