/* Charts in pages: nothing but drawing comes along, and marks stand for the right rows or for none.
 */
#include "pages/marks.h"
#include "pages/svg.h"

#include "base/error.h"
#include "results_fixture.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "written_fixture.h"

/* ---- Charts -----------------------------------------------------------------------------------
 */

static struct svg_tally tally;

static int write_svg(const char *text, const char *prefix, const struct marks *marks)
{
    int status;

    begin_writing();
    status = svg_write(stream, text, "x.svg", prefix, "what \"it\" shows", marks, &tally);
    fclose(stream);
    return status;
}

static void assert_refused(const char *text, const char *words)
{
    if (write_svg(text, "c1", NULL) != -1)
        fail_msg("takes `%s`", text);
    if (!strstr(error_text(), words) || strncmp(error_text(), "x.svg:", 6) != 0)
        fail_msg("`%s` does not say `%s`", error_text(), words);
}

static void a_chart_keeps_what_draws(void **state)
{
    (void)state;
    assert_int_equal(
        write_svg("<?xml version=\"1.0\"?>\n<!-- by -->\n<svg width=\"9\" viewBox='0 0 9 9' "
                  "xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\">\n<title>t</title>"
                  "<defs><path id='p' d='M0,0'/></defs>"
                  "<script>alert('<')</scripty></script>"
                  "</svg>",
                  "c1", NULL),
        -1); /* what stands in a script must be XML too */
    assert_int_equal(
        write_svg("<?xml version=\"1.0\"?>\n<!-- by -->\n<svg width=\"9\" viewBox='0 0 9 9' "
                  "xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\">\n<title>t</title>"
                  "<defs><path id='p' d='M0,0'/></defs><script>alert('x')</script>"
                  "<foreignObject><body onclick='x()'/></foreignObject>"
                  "<a xlink:href='http://a'><text>in a link</text></a>"
                  "<use xlink:href='#p' fill='url(#p)' onclick=\"x()\"/>"
                  "<use xlink:href='http://a/b.svg#p'/><image xlink:href='file:///etc/passwd'/>"
                  "<rect fill='url(http://a)' style='fill:red'/>"
                  "<text>1 &amp; 2 &bad; > \" &#176;</text></svg> trailing",
                  "c1", NULL),
        0);
    assert_says("<path id=\"c1-p\" d=\"M0,0\"/>");
    assert_says("xlink:href=\"#c1-p\" fill=\"url(#c1-p)\"/>");
    assert_says("<text>1 &amp; 2 &#38;bad; &#62; &#34; &#176;</text>");
    assert_says("aria-label=\"what &#34;it&#34; shows\"");
    assert_lacks("alert");
    assert_lacks("onclick");
    assert_lacks("onload");
    assert_lacks("http://a");
    assert_lacks("passwd");
    assert_lacks("foreignObject");
    assert_lacks("<title>");
    assert_lacks("trailing");
    assert_true(tally.dropped >= 8);
}

static void ids_of_two_charts_differ(void **state)
{
    static const char text[] = "<svg><g id='a'/><use xlink:href='#a'/></svg>";

    (void)state;
    assert_int_equal(write_svg(text, "c1", NULL), 0);
    assert_says("\"c1-a\"");
    assert_says("\"#c1-a\"");
    assert_int_equal(write_svg(text, "c11", NULL), 0);
    assert_lacks("c1-a");
    assert_says("\"c11-a\"");
}

static void what_is_not_xml_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no <svg>");
    assert_refused("hello", "no <svg>");
    assert_refused("<html></html>", "another element");
    assert_refused("<svg><g></svg>", "an end without a beginning");
    assert_refused("<svg>\n<g>", "the end of the file");
    assert_refused("<svg a=1></svg>", "without quotes");
    assert_refused("<svg a='1' a='2'></svg>", "twice");
    assert_refused("<svg a='1></svg>", "does not end");
    assert_refused("<svg></svg", "does not end");
    assert_refused("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "declaration");
    assert_refused("<!-- no end", "comment");
    assert_refused("<svg><![CDATA[x]]></svg>", "declaration");
}

static void a_chart_cut_anywhere_is_refused(void **state)
{
    static const char whole[] = "<?xml?><!-- c --><svg a='1'><g id=\"gnuplot_plot_1\"><use x='1'/>"
                                "&amp;</g><title>t</title></svg>";
    char text[sizeof whole];

    (void)state;
    assert_int_equal(write_svg(whole, "c1", NULL), 0);
    for (size_t length = 0; length + 1 < sizeof whole; length++) {
        memcpy(text, whole, length);
        text[length] = '\0';
        assert_int_equal(write_svg(text, "c1", NULL), -1);
    }
}

/* ---- Marks ------------------------------------------------------------------------------------
 */

static struct marks marks;
static struct table *rows;

static void open_marks(const char *chart, const char *text)
{
    fixture_text("chart.csv", text);
    if (table_open(&rows, scratch_path("chart.csv")) != 0 || marks_open(&marks, rows, chart) != 0)
        fail_msg("%s", error_text());
}

static void close_marks(void)
{
    marks_close(&marks);
    table_close(rows);
    unlink(scratch_path("chart.csv"));
}

/* Two settings at three rates, one of which diverged. */
static const char sensitivity[] = "series,label,learning_rate,n,median,low,high,caption,source\n"
                                  "1,K = 8,0.1,3,0.5,0.4,0.6,c,s\n"
                                  "1,K = 8,0.2,3,0.3,0.2,0.7,,\n"
                                  "1,K = 8,0.4,3,inf,0.9,inf,,\n"
                                  "2,K = 1 & <b>,0.1,1,0.9,0.9,0.9,,\n";

static void a_mark_stands_for_its_row(void **state)
{
    const struct mark_place places[] = {{10, 60}, {20, 80}};
    const struct mark_place turned[] = {{10, 80}, {20, 60}};
    size_t found[3];
    char text[256];

    (void)state;
    open_marks("sensitivity", sensitivity);
    assert_int_equal(marks.series_count, 2);
    assert_int_equal(marks.panel_count, 1);
    assert_int_equal(marks_series(&marks, 1, 1), 1); /* error bars */
    assert_int_equal(marks_series(&marks, 1, 4), 2); /* points of the second */
    assert_int_equal(marks_series(&marks, 1, 5), 0);
    assert_int_equal(marks_series(&marks, 2, 2), 2); /* the legend */
    assert_int_equal(marks_series(&marks, 3, 1), 0);
    assert_int_equal(marks_rows(&marks, 1, 3, places, 2, found), 0);
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 1);
    assert_int_equal(marks_rows(&marks, 1, 3, turned, 2, found), -1); /* the larger is lower */
    assert_int_equal(marks_rows(&marks, 1, 3, places, 1, found), -1); /* one too few */
    assert_int_equal(marks_rows(&marks, 1, 1, places, 2, found), 1);  /* bars have no marks */
    marks_describe(&marks, 1, 3, 1, text, sizeof text);
    assert_string_equal(text,
                        "K = 8 \u00b7 learning rate 0.2 \u00b7 median 0.3 (0.2 to 0.7) \u00b7 "
                        "n 3");
    close_marks();
}

static void charts_without_a_layout_have_no_marks(void **state)
{
    (void)state;
    open_marks("heatmap", sensitivity);
    assert_int_equal(marks.series_count, 0);
    assert_int_equal(marks_series(&marks, 1, 1), 0);
    close_marks();
    open_marks("sensitivity", "series,learning_rate,median\n1,2,3\n"); /* no label */
    assert_int_equal(marks.series_count, 0);
    close_marks();
    open_marks("sensitivity", "series,label,learning_rate,median\na,b,2,3\n"); /* no number */
    assert_int_equal(marks.series_count, 0);
    close_marks();
    open_marks("sensitivity", "series,label,learning_rate,median\n1e9,b,2,3\n-1,b,2,3\n");
    assert_int_equal(marks.series_count, 0); /* no number of a series */
    close_marks();
    open_marks("sensitivity",
               "series,label,learning_rate,median\n3,b,2,3\n"); /* 1 and 2: not there */
    assert_int_equal(marks.series_count, 3);
    assert_null(marks.labels[1]);
    assert_string_equal(marks.labels[3], "b");
    close_marks();
}

static const char drawing[] =
    "<svg><g id=\"gnuplot_plot_1\"><use xlink:href='#gpPt6' transform='translate(10,80)' "
    "color='#FFFFFF'/></g><g id=\"gnuplot_plot_2\"></g>"
    "<g id=\"gnuplot_plot_3\"><g><use xlink:href='#gpPt6' transform='translate(10.00,60.00) "
    "scale(2)' color='red'/></g><use xlink:href='#gpPt6' transform='translate(20,80)'/></g>"
    "<g id=\"gnuplot_plot_4\"><use xlink:href='#gpPt4' transform='translate(10,30)'/></g>"
    "<g id=\"gnuplot_plot_1b\"><use xlink:href='#gpPt4' transform='translate(90,30)'/></g></svg>";

static void marks_of_a_drawing_are_described(void **state)
{
    (void)state;
    open_marks("sensitivity", sensitivity);
    assert_int_equal(write_svg(drawing, "c2", &marks), 0);
    assert_int_equal(tally.described, 3);
    assert_int_equal(tally.unknown, 0);
    assert_int_equal(count_of("class=\"mark\""), 3);
    assert_int_equal(count_of("tabindex=\"0\""), 1); /* the rest is reached with arrow keys */
    assert_int_equal(count_of("data-series=\"1\""), 3);
    assert_int_equal(count_of("data-series=\"2\""), 2);
    assert_says("data-label=\"K = 1 &#38; &#60;b&#62;\"");
    assert_says(
        "aria-label=\"K = 8 \u00b7 learning rate 0.2 \u00b7 median 0.3 (0.2 to 0.7) \u00b7 n "
        "3\"");
    close_marks();
    /* A row more than there are marks: none of them is described. */
    open_marks("sensitivity", "series,label,learning_rate,n,median,low,high\n"
                              "1,a,0.1,3,0.5,0.4,0.6\n1,a,0.2,3,0.3,0.2,0.7\n"
                              "1,a,0.4,3,0.2,0.1,0.7\n2,b,0.1,3,0.9,0.9,0.9\n");
    assert_int_equal(write_svg(drawing, "c2", &marks), 0);
    assert_int_equal(tally.described, 1);
    assert_int_equal(tally.unknown, 2);
    close_marks();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chart_keeps_what_draws),
        cmocka_unit_test(ids_of_two_charts_differ),
        cmocka_unit_test(what_is_not_xml_is_refused),
        cmocka_unit_test(a_chart_cut_anywhere_is_refused),
        cmocka_unit_test(a_mark_stands_for_its_row),
        cmocka_unit_test(charts_without_a_layout_have_no_marks),
        cmocka_unit_test(marks_of_a_drawing_are_described),
    };
    int failed = cmocka_run_group_tests(tests, scratch_open, tree_close);

    free(written);
    return failed;
}
