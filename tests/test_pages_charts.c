/* Charts in pages: nothing but drawing comes along, and marks stand for the right rows or for none.
 */
#include "pages/marks.h"
#include "pages/svg.h"

#include "base/error.h"
#include "results_fixture.h"
#include "tree.h"

#include <math.h>
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

static void a_font_of_the_file_is_left_out_without_a_word(void **state)
{
    (void)state;
    assert_int_equal(
        write_svg("<svg><style>@font-face{font-family:\"A\";src:url(\"data:,\")}</style>"
                  "<text>x</text></svg>",
                  "c1", NULL),
        0);
    assert_lacks("font-face");
    assert_int_equal(tally.dropped, 0);
    assert_int_equal(write_svg("<svg><style>text{fill:red}</style></svg>", "c1", NULL), 0);
    assert_int_equal(tally.dropped, 1);
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

/* Two paths in one panel, the second of which leaves it; one in the other. */
static const char trajectory[] =
    "panel,panel_title,kind,series,label,level,updates,x,y,to_x,to_y,cell\n"
    "1,bowl,view,0,,,,0,0,10,10,\n"
    "1,bowl,contour,0,,2,,1,2,2,3,\n"
    "1,bowl,start,1,slow,,0,1,1,,,c-1\n"
    "1,bowl,path,1,slow,,1,2,3,,,c-1\n"
    "1,bowl,end,1,slow,,2,5,6,,,c-1\n"
    "1,bowl,start,2,fast,,0,1,1,,,c-2\n"
    "1,bowl,end,2,fast,,2,5,11,,,c-2\n"
    "2,valley,view,0,,,,0,0,99,99,\n"
    "2,valley,start,1,slow,,0,5,11,,,c-3\n"
    ",valley,start,1,lost,,0,5,11,,,c-3\n"
    "2,valley,end,1,slow,,7,1,1,,,c-3\n";

static void panels_with_legends_of_their_own_number_their_series(void **state)
{
    const struct mark_place place = {10, 60};
    size_t found[2];
    char text[256];

    (void)state;
    open_marks("trajectory", trajectory);
    assert_int_equal(marks.series_count, 3);
    assert_string_equal(marks.labels[2], "fast");
    assert_string_equal(marks.labels[3], "slow");
    assert_string_equal(marks_panel_title(&marks, 1), "bowl");
    assert_string_equal(marks_panel_title(&marks, 2), "bowl");
    assert_string_equal(marks_panel_title(&marks, 3), "valley");
    assert_int_equal(marks_series(&marks, 1, 1), 0); /* contour lines */
    assert_int_equal(marks_series(&marks, 1, 3), 2); /* the second line */
    assert_int_equal(marks_series(&marks, 1, 9), 2); /* its start */
    assert_int_equal(marks_series(&marks, 1, 10), 0);
    assert_int_equal(marks_series(&marks, 2, 2), 3);
    assert_int_equal(marks_series(&marks, 2, 6), 0);
    assert_int_equal(marks_series(&marks, 3, 1), 0); /* there is no legend beside the panels */
    assert_int_equal(marks_shape(&marks, 1, 2), MARK_LINE);
    assert_int_equal(marks_rows(&marks, 1, 6, &place, 1, found), 0);
    assert_int_equal(found[0], 4);
    marks_describe(&marks, 1, 6, found[0], text, sizeof text);
    assert_string_equal(text, "slow \u00b7 x 5 \u00b7 y 6 \u00b7 updates 2 \u00b7 cell c-1");
    assert_int_equal(marks_rows(&marks, 1, 7, &place, 0, found), 0); /* outside */
    assert_int_equal(marks_rows(&marks, 1, 7, &place, 1, found), -1);
    assert_int_equal(marks_rows(&marks, 2, 4, &place, 1, found), 0);
    assert_int_equal(found[0], 10);
    close_marks();
    open_marks("trajectory", "panel,panel_title,kind,series,label,x,y\n1,bowl,start,1,slow,1,1\n");
    assert_int_equal(marks.is_known, 0); /* nothing says what is shown */
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

/* ---- Cells, lines, boxes ----------------------------------------------------------------------
 */

static void a_mark_names_its_cell(void **state)
{
    static const struct {
        const char *count, *expected;
    } cases[] = {
        {"1", "K = 8 \u00b7 learning rate 0.1 \u00b7 median 0.5 \u00b7 n 1 \u00b7 cell c-1"},
        {"3", "K = 8 \u00b7 learning rate 0.1 \u00b7 median 0.5 \u00b7 n 3 \u00b7 cell c-1 and 2 "
              "more"},
        {"nan",
         "K = 8 \u00b7 learning rate 0.1 \u00b7 median 0.5 \u00b7 n \u2013 \u00b7 cell c-1"}};
    char rows_text[200], text[256];

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        snprintf(rows_text, sizeof rows_text,
                 "series,label,learning_rate,n,median,cell\n1,K = 8,0.1,%s,0.5,c-1\n"
                 "1,K = 8,0.2,1,0.5,\n",
                 cases[c].count);
        open_marks("sensitivity", rows_text);
        marks_describe(&marks, 1, 2, 0, text, sizeof text);
        assert_string_equal(text, cases[c].expected);
        marks_describe(&marks, 1, 2, 1, text, sizeof text);
        assert_null(strstr(text, "cell"));
        close_marks();
    }
}

enum { CURVE_ROWS = 30 };

/* Losses of two batch sizes. */
static double loss_of(int series, double t)
{
    return series == 1 ? 1 / (1 + t) : 1 / (1 + t * t);
}

static void open_curves(void)
{
    char text[8000];
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "series,label,n,epochs,updates,train_seconds,train_loss,"
                                   "validation_loss,cell\n");

    for (int series = 1; series <= 2; series++)
        for (int t = 0; t < CURVE_ROWS; t++)
            used += (size_t)snprintf(
                text + used, sizeof text - used, "%d,K = %d,1,%d,%d,%g,%.17g,%.17g,c-%d\n", series,
                series, t, 10 * t, 0.1 * t, loss_of(series, t), 2 * loss_of(series, t), series);
    open_marks("loss", text);
}

/* Where a script draws them: updates and losses on logarithmic axes, epochs on a straight one. */
static void draw_curve(struct mark_place *vertices, int series, int is_log, size_t first)
{
    for (size_t t = first; t < CURVE_ROWS; t++)
        vertices[t - first] =
            (struct mark_place){is_log ? 100 + 40 * log(10.0 * (double)t) : 100 + 7 * (double)t,
                                300 - 50 * log(loss_of(series, (double)t))};
}

/* Larger losses lie lower. */
static void turn(struct mark_place *vertices, size_t count)
{
    for (size_t v = 0; v < count; v++)
        vertices[v].y = 600 - vertices[v].y;
}

static void a_line_has_marks_where_its_rows_are(void **state)
{
    struct mark_place vertices[CURVE_ROWS];
    struct mark_along along[MARKS_ALONG];

    (void)state;
    open_curves();
    assert_int_equal(marks.panel_count, 6);
    assert_int_equal(marks_shape(&marks, 1, 3), MARK_LINE);
    draw_curve(vertices, 1, 0, 0);
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS, along), MARKS_ALONG);
    for (size_t m = 0; m < MARKS_ALONG; m++) {
        size_t row = along[m].row;

        assert_true(fabs(along[m].place.x - vertices[row].x) < 0.01);
        assert_true(fabs(along[m].place.y - vertices[row].y) < 0.01);
        assert_true(m == 0 || row > along[m - 1].row);
    }
    assert_int_equal(along[0].row, 0);
    assert_int_equal(along[MARKS_ALONG - 1].row, CURVE_ROWS - 1);
    /* Updates begin at 0, which their axis has not. */
    draw_curve(vertices, 2, 1, 1);
    assert_int_equal(marks_along(&marks, 3, 4, vertices, CURVE_ROWS - 1, along), MARKS_ALONG);
    assert_int_equal(along[0].row, CURVE_ROWS + 1);
    assert_int_equal(marks_along(&marks, 3, 1, vertices, CURVE_ROWS - 1, along), 0); /* its band */
    assert_int_equal(marks_along(&marks, 9, 4, vertices, CURVE_ROWS - 1, along), 0);
    close_marks();
}

static void a_line_that_is_not_of_these_rows_has_no_marks(void **state)
{
    struct mark_place vertices[CURVE_ROWS];
    struct mark_along along[MARKS_ALONG];

    (void)state;
    open_curves();
    draw_curve(vertices, 1, 0, 0);
    turn(vertices, CURVE_ROWS);
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS, along), 0); /* upside down */
    turn(vertices, CURVE_ROWS);
    assert_int_equal(marks_along(&marks, 1, 4, vertices, CURVE_ROWS, along), 0); /* the other one */
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS - 1, along), 0); /* one lacks */
    assert_int_equal(marks_along(&marks, 1, 3, vertices, 2, along), 0);
    assert_int_equal(marks_along(&marks, 1, 3, vertices, 0, along), 0);
    vertices[11].y += 3;
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS, along), 0);
    for (size_t v = 0; v < CURVE_ROWS; v++)
        vertices[v] = (struct mark_place){NAN, NAN};
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS, along), 0);
    for (size_t v = 0; v < CURVE_ROWS; v++)
        vertices[v] = (struct mark_place){50, 50};
    assert_int_equal(marks_along(&marks, 1, 3, vertices, CURVE_ROWS, along),
                     0); /* all in one place */
    close_marks();
}

/* One in two pieces, and its sample in the legend. */
static void lines_of_a_drawing_are_marked(void **state)
{
    static const char text[] =
        "<svg><g id=\"gnuplot_plot_1a\"><path d='M0,0 L1,1'/></g><g id=\"gnuplot_plot_2a\">"
        "<path d='M90,5 L99,5'/><path stroke='red' d='M10.0,20.0 L20,40\n M20,40 L40,80'/></g>"
        "<g id=\"gnuplot_plot_3a\"><path d='M0,0 C1,1 2,2'/></g></svg>";

    (void)state;
    open_marks("budgets", "panel,series,label,n,place,train_loss,cell\n1,1,K = 1,2,1,3,c-1\n"
                          "1,1,K = 1,2,2,2,c-1\n1,1,K = 1,2,4,0,c-1\n");
    assert_int_equal(write_svg(text, "c3", &marks), 0);
    assert_int_equal(count_of("class=\"mark along\""), 3);
    assert_int_equal(tally.described, 3);
    assert_says("place 4 \u00b7 train loss 0 \u00b7 n 2 \u00b7 cell c-1 and 1 more\" cx=\"40.0\" "
                "cy=\"80.0\"");
    close_marks();
}

/* Each panel has an axis of its own; what has no series is none's. */
static void marks_of_ranks_and_of_batch_sizes_differ(void **state)
{
    const struct mark_place place = {10, 60};
    size_t found;
    char text[256];

    (void)state;
    open_marks("scale", "panel,kind,series,label,batch_size,workers,examples_per_second,seconds,"
                        "batch_low,batch_high,cell\n"
                        "1,measured,1,K = 8,8,2,100,,,,c-1\n1,predicted,1,K = 8,8,2,120,,,,\n"
                        "2,target,2,1 rank,8,1,,3,,,\n2,critical,0,critical K = 9,9,,,,8,10,\n");
    assert_int_equal(marks.series_count, 2);
    assert_int_equal(marks.panel_count, 2);
    assert_int_equal(marks_series(&marks, 1, 2), 0); /* the critical batch size */
    assert_int_equal(marks_series(&marks, 1, 5), 1);
    assert_int_equal(marks_shape(&marks, 1, 3), MARK_LINE);
    assert_int_equal(marks_rows(&marks, 1, 5, &place, 1, &found), 0);
    assert_int_equal(found, 0);
    marks_describe(&marks, 1, 5, 0, text, sizeof text);
    assert_string_equal(text,
                        "K = 8 \u00b7 workers 2 \u00b7 examples per second 100 \u00b7 cell c-1");
    assert_int_equal(marks_series(&marks, 2, 8), 2);
    assert_int_equal(marks_shape(&marks, 2, 8), MARK_LINE);
    marks_describe(&marks, 2, 8, 2, text, sizeof text);
    assert_string_equal(text, "1 rank \u00b7 batch size 8 \u00b7 seconds 3");
    close_marks();
}

static void boxes_of_a_heat_map_are_marked(void **state)
{
    static const char text[] =
        "<svg><g id=\"gnuplot_plot_1a\"><polygon points='50,10 60,10 60,20 50,20 '/></g>"
        "<g id=\"gnuplot_plot_2a\"><text>x</text></g>"
        "<g id=\"gnuplot_plot_3a\"><polygon points='10,40 20,40 20,30 10,30'/>"
        "<polygon points='50,40 60,40 60,30 50,30'/></g></svg>";
    static const char numbers[] =
        "panel,panel_title,column,batch_size,row,learning_rate,n,diverged,masked,validation_error,"
        "cell\n1,S,1,8,1,0.1,3,0,0,0.25,c-1\n1,S,2,32,1,0.1,3,0,0,0.5,c-2\n"
        "1,S,2,32,2,0.3,3,2,1,,c-3\n";

    (void)state;
    open_marks("heatmap", numbers);
    assert_int_equal(marks.series_count, 0);
    assert_int_equal(write_svg(text, "c4", &marks), 0);
    assert_int_equal(tally.described, 3);
    assert_int_equal(tally.unknown, 0);
    assert_says(
        "aria-label=\"S \u00b7 batch size 8 \u00b7 learning rate 0.1 \u00b7 validation error "
        "0.25 \u00b7 n 3 \u00b7 cell c-1 and 2 more\"");
    assert_says("aria-label=\"S \u00b7 batch size 32 \u00b7 learning rate 0.3 \u00b7 n 3 \u00b7 "
                "diverged 2 \u00b7 cell c-3 and 2 more\"");
    close_marks();
    /* A row more than boxes: none of them is described. */
    open_marks("heatmap", "panel,column,batch_size,row,learning_rate,masked\n1,1,8,1,0.1,0\n");
    assert_int_equal(write_svg(text, "c4", &marks), 0);
    assert_int_equal(tally.described, 0);
    assert_int_equal(tally.unknown, 3);
    close_marks();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chart_keeps_what_draws),
        cmocka_unit_test(a_font_of_the_file_is_left_out_without_a_word),
        cmocka_unit_test(ids_of_two_charts_differ),
        cmocka_unit_test(what_is_not_xml_is_refused),
        cmocka_unit_test(a_chart_cut_anywhere_is_refused),
        cmocka_unit_test(a_mark_stands_for_its_row),
        cmocka_unit_test(panels_with_legends_of_their_own_number_their_series),
        cmocka_unit_test(charts_without_a_layout_have_no_marks),
        cmocka_unit_test(marks_of_a_drawing_are_described),
        cmocka_unit_test(a_mark_names_its_cell),
        cmocka_unit_test(a_line_has_marks_where_its_rows_are),
        cmocka_unit_test(a_line_that_is_not_of_these_rows_has_no_marks),
        cmocka_unit_test(lines_of_a_drawing_are_marked),
        cmocka_unit_test(marks_of_ranks_and_of_batch_sizes_differ),
        cmocka_unit_test(boxes_of_a_heat_map_are_marked),
    };
    int failed = cmocka_run_group_tests(tests, scratch_open, tree_close);

    free(written);
    return failed;
}
