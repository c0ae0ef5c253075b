/* Charts in a terminal: no line is too wide, and colours only where they are wanted. */
#include "report/terminal_chart.h"

#include "base/error.h"
#include "report/chart.h"
#include "report/labels.h"
#include "results_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *printed;

static void print(const char *chart, const char *numbers, const struct terminal *terminal)
{
    struct table *table;
    size_t size = 0;
    FILE *out;

    free(printed);
    printed = NULL;
    fixture_text("numbers.csv", numbers);
    assert_int_equal(table_open(&table, scratch_path("numbers.csv")), 0);
    assert_non_null(out = open_memstream(&printed, &size));
    if (terminal_chart_print(out, table, chart, terminal) != 0)
        fail_msg("%s", error_text());
    fclose(out);
    table_close(table);
}

/* Every line has at most so many characters. */
static void fits(int width)
{
    char *text = strdup(printed), *rest = text;

    for (const char *line; (line = strsep(&rest, "\n"));)
        if ((int)label_characters(line) > width)
            fail_msg("wider than %d: `%s`", width, line);
    free(text);
}

static void says(const char *text)
{
    if (!strstr(printed, text))
        fail_msg("`%s` is not in\n%s", text, printed);
}

static const char sensitivity[] = "series,label,learning_rate,median\n"
                                  "1,K = 8,0.1,10\n1,K = 8,1,1\n1,K = 8,10,\n1,K = 8,100,inf\n"
                                  "2,K = 1000 \u00b7 a long name of a setting,0.1,0\n"
                                  "2,K = 1000 \u00b7 a long name of a setting,1,3.5\n";

static void a_line_is_drawn_in_the_letters_of_ascii(void **state)
{
    const struct terminal terminal = {.width = 40};

    (void)state;
    print("sensitivity", sensitivity, &terminal);
    fits(40);
    says("loss at the end");
    says("       10|a"); /* the largest, at the left edge */
    says("a K = 8");
    says("learning rate");
    assert_null(strchr(printed, '\033'));
    assert_null(strstr(printed, "\u2800"));
    assert_non_null(strstr(printed, "b\n")); /* 3.5 at rate 1: the other's end */
}

static void it_has_colours_and_dots_where_the_terminal_has(void **state)
{
    const struct terminal terminal = {.width = 60, .colour = 1, .unicode = 1};

    (void)state;
    print("sensitivity", sensitivity, &terminal);
    says("\033[34m");
    says("\033[0m");
    says("\xe2\xa0"); /* a Braille pattern */
}

static void any_width_is_kept(void **state)
{
    (void)state;
    for (int width = 20; width <= 130; width += 11) {
        const struct terminal terminal = {.width = width, .unicode = 1};

        print("sensitivity", sensitivity, &terminal);
        fits(width);
    }
}

static void panels_are_below_each_other(void **state)
{
    const struct terminal terminal = {.width = 50};

    (void)state;
    print("grid",
          "panel,panel_title,series,label,batch_size,median_seconds\n"
          "1,r = 1,1,blas,8,1\n1,r = 1,1,blas,64,2\n2,r = 4,1,blas,8,1\n2,r = 4,1,blas,64,9\n"
          "3,nothing,1,blas,8,\n",
          &terminal);
    says("r = 1: training time");
    says("r = 4: training time");
    assert_null(strstr(printed, "nothing"));
}

static void parts_of_a_chart_are_below_each_other(void **state)
{
    const struct terminal terminal = {.width = 50};

    (void)state;
    print("scale",
          "panel,kind,series,label,batch_size,workers,examples_per_second,seconds\n"
          "1,measured,1,K = 8,8,1,4,\n1,measured,1,K = 8,8,2,7,\n1,predicted,1,K = 8,8,100,9,\n"
          "2,target,2,1 rank,8,1,,200\n2,critical,0,critical K = 30,30,,,\n",
          &terminal);
    says("examples per second, measured");
    says("examples per second, predicted");
    says("training time to target [s], predicted");
    says("a K = 8");
    says("b 1 rank");
    assert_null(strstr(printed, "critical"));
}

static void a_heat_map_is_a_table(void **state)
{
    const struct terminal terminal = {.width = 40};

    (void)state;
    print("heatmap",
          "panel,panel_title,column,batch_size,full_batch,row,learning_rate,diverged,best,"
          "validation_error,validation_loss,train_loss\n"
          "1,,1,8,0,1,0.1,0,1,0.25,1,1\n1,,1,8,0,2,0.5,3,0,,,\n"
          "1,,2,600,1,1,0.1,0,0,0.5,1,1\n",
          &terminal);
    fits(40);
    says("      0.5         x         \n");
    says("      0.1       25*       50\n");
    says("        K         8     full\n");
}

static void verdicts_are_lines(void **state)
{
    const struct terminal terminal = {.width = 60};

    (void)state;
    print("verdicts",
          "panel,panel_title,line,label,mark,delivered,number\n"
          "1,ratio,1,C1,0,0,\n1,ratio,2,part,1,1,0.9 [0.8 ... 1]\n1,ratio,3,other,2,1,2\n"
          "1,ratio,4,third,1,0,3\n",
          &terminal);
    fits(60);
    says("ratio");
    says("+ part");
    says("x other");
    says("? third");
}

static void what_no_terminal_has_is_an_error(void **state)
{
    const struct terminal terminal = {.width = 60};
    struct table *table;

    (void)state;
    fixture_text("numbers.csv", "series,label\n1,a\n");
    assert_int_equal(table_open(&table, scratch_path("numbers.csv")), 0);
    assert_int_equal(terminal_chart_print(stdout, table, "pie", &terminal), -1);
    assert_non_null(strstr(error_text(), "chart pie is not drawn in a terminal"));
    assert_int_equal(terminal_chart_print(stdout, table, "sensitivity", &terminal), -1);
    assert_non_null(strstr(error_text(), "learning_rate"));
    table_close(table);
}

static void every_chart_is_drawn_in_a_terminal(void **state)
{
    const struct terminal terminal = {.width = 60};
    struct table *table;

    (void)state;
    fixture_text("numbers.csv", "series,label\n1,a\n");
    assert_int_equal(table_open(&table, scratch_path("numbers.csv")), 0);
    for (size_t c = 0; c < chart_count; c++) {
        assert_int_equal(terminal_chart_print(stdout, table, charts[c].name, &terminal), -1);
        if (strstr(error_text(), "is not drawn"))
            fail_msg("chart %s is not", charts[c].name);
    }
    table_close(table);
}

static void a_bar_has_eighths(void **state)
{
    const struct terminal unicode = {.unicode = 1}, ascii = {.width = 20};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    terminal_bar(out, &unicode, 1.5, 3);
    terminal_bar(out, &ascii, 1.5, 3);
    terminal_bar(out, &ascii, NAN, 2);
    terminal_bar(out, &ascii, 99, 2);
    fclose(out);
    assert_string_equal(text, "\u2588\u258c ## "
                              "  "
                              "##");
    free(text);
}

static void the_surroundings_decide_how_to_write(void **state)
{
    (void)state;
    setenv("COLUMNS", "33", 1);
    setenv("LC_ALL", "C", 1);
    assert_int_equal(terminal_of(stdout).width, 33);
    assert_int_equal(terminal_of(stdout).unicode, 0);
    setenv("LC_ALL", "en_GB.UTF-8", 1);
    setenv("COLUMNS", "5", 1);
    assert_int_equal(terminal_of(stdout).unicode, 1);
    assert_int_equal(terminal_of(stdout).width, 20);
    setenv("COLUMNS", "wide", 1);
    assert_true(terminal_of(stdout).width >= 20);
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(terminal_of(stdout).colour, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_drawn_in_the_letters_of_ascii),
        cmocka_unit_test(it_has_colours_and_dots_where_the_terminal_has),
        cmocka_unit_test(any_width_is_kept),
        cmocka_unit_test(panels_are_below_each_other),
        cmocka_unit_test(parts_of_a_chart_are_below_each_other),
        cmocka_unit_test(a_heat_map_is_a_table),
        cmocka_unit_test(verdicts_are_lines),
        cmocka_unit_test(what_no_terminal_has_is_an_error),
        cmocka_unit_test(every_chart_is_drawn_in_a_terminal),
        cmocka_unit_test(a_bar_has_eighths),
        cmocka_unit_test(the_surroundings_decide_how_to_write),
    };
    int failed = cmocka_run_group_tests(tests, scratch_open, scratch_close);

    free(printed);
    return failed;
}
