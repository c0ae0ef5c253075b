/* The pending error message. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_there_is_no_message_at_first(void **state)
{
    (void)state;
    assert_string_equal(error_text(), "");
}

static void test_set_formats_and_returns_minus_one(void **state)
{
    (void)state;
    assert_int_equal(error_set("%s:%d: wrong", "file.yaml", 7), -1);
    assert_string_equal(error_text(), "file.yaml:7: wrong");
}

static void test_a_new_message_replaces_the_old(void **state)
{
    (void)state;
    error_set("a long first message");
    error_set("second");
    assert_string_equal(error_text(), "second");
}

/* What a file says is quoted, and a file may say anything. */
static void test_a_message_is_one_line_and_tells_a_terminal_nothing(void **state)
{
    (void)state;
    error_set("a: '%s' is not valid", "x\nbatchlab: \033[2J\tdone\177");
    assert_string_equal(error_text(), "a: 'x batchlab: ?[2J done?' is not valid");
    error_set("b: '%s'", "\xc3\xa4"); /* UTF-8 stays */
    assert_string_equal(error_text(), "b: '\xc3\xa4'");
}

static void test_a_message_may_quote_the_one_before(void **state)
{
    (void)state;
    error_set("cause");
    error_set("consequence: %s", error_text());
    assert_string_equal(error_text(), "consequence: cause");
}

static void test_long_text_is_cut(void **state)
{
    char text[3000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set("%s", text);
    assert_int_equal(strlen(error_text()), 1023);
}

static void test_clear_leaves_no_message(void **state)
{
    (void)state;
    error_set("something");
    error_clear();
    assert_string_equal(error_text(), "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_is_no_message_at_first),
        cmocka_unit_test(test_set_formats_and_returns_minus_one),
        cmocka_unit_test(test_a_new_message_replaces_the_old),
        cmocka_unit_test(test_a_message_is_one_line_and_tells_a_terminal_nothing),
        cmocka_unit_test(test_a_message_may_quote_the_one_before),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_clear_leaves_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
