/* Pages of results: what is put in stays text, charts come without anything but drawing, marks
 * stand for the right rows or for none, answers say what the files say. */
#include "pages/answer.h"
#include "pages/page.h"
#include "pages/pages.h"

#include "base/error.h"
#include "results_fixture.h"
#include "tree.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "written_fixture.h"

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

/* ---- Pages ------------------------------------------------------------------------------------
 */

static void write_page(enum page_format format)
{
    static const char *const columns[] = {"<a>", "b|c"};
    struct page page = {NULL, format, "/out"};

    begin_writing();
    page.file = stream;
    page_begin(&page, "<script>alert('t')</script> & more", "\"><script>alert(2)</script>");
    page_heading(&page, 2, "one", "a \"quoted\" <h2>");
    page_paragraph(&page, "note", "%s", "]]> <b>bold</b> \x01\xff");
    page_table_open(&page, "\"><script>", columns, 2);
    page_row_open(&page);
    page_cell(&page, "<td>");
    page_cell_value(&page, (double)NAN);
    page_row_close(&page);
    page_table_close(&page);
    page_listing(&page, "yaml", "``` <x>\n````\n");
    page_link(&page, "/out/../x/a b&\"<c>.csv", "<file>");
    page_fold_open(&page, "<summary>");
    page_fold_close(&page);
    page_end(&page, "<us>");
    fclose(stream);
}

static void what_is_put_in_stays_text(void **state)
{
    (void)state;
    write_page(PAGE_HTML);
    assert_lacks("<script>alert");
    assert_lacks("<b>");
    assert_lacks("<td><td>");
    assert_lacks("<us>");
    assert_lacks("\"><script>");
    assert_lacks("\x01");
    assert_says("&#60;script&#62;alert(&#39;t&#39;)&#60;/script&#62; &#38; more</title>");
    assert_says("\u2013</td>"); /* not-a-number is a dash */
    assert_says("href=\"../x/a%20b%26%22%3Cc%3E.csv\"");
    assert_says("<html lang=\"en\"");
    assert_int_equal(count_of("<script>"), 1); /* our own */
}

static void markdown_stays_text_too(void **state)
{
    (void)state;
    write_page(PAGE_MARKDOWN);
    assert_lacks("<script>");
    assert_lacks("<b>");
    assert_says("`````yaml\n``` <x>\n````\n`````\n"); /* a longer fence than any within */
    assert_says("| b&#124;c |");
    assert_says("a%20b");
}

static void numbers_that_are_none_are_words(void **state)
{
    char text[64];

    (void)state;
    assert_string_equal(page_number((double)NAN, text), "\u2013");
    assert_string_equal(page_number((double)INFINITY, text), "not reached");
    assert_string_equal(page_number(-(double)INFINITY, text), "unbounded");
    assert_string_equal(page_number(0, text), "0");
    assert_string_equal(page_field("", text, sizeof text), "\u2013");
    assert_string_equal(page_field("nan", text, sizeof text), "\u2013");
    assert_string_equal(page_field("-nan", text, sizeof text), "\u2013");
    assert_string_equal(page_field("inf", text, sizeof text), "not reached");
    assert_string_equal(page_field("0.08061495179339688", text, sizeof text), "0.080615");
    assert_string_equal(page_field("12345678", text, sizeof text), "12345678");
    assert_string_equal(page_field("1e5a", text, sizeof text), "1e5a");
    assert_string_equal(page_field("nano", text, sizeof text), "nano");
}

static void links_go_up_and_down(void **state)
{
    static const char *const cases[][3] = {
        {"/a/b", "/a/b/x", "x"},  {"/a/b", "/a/bc/x", "../bc/x"}, {"/a/b/c", "/x", "../../../x"},
        {"/", "/x/y", "x/y"},     {"/a/b", "/a/b", "../b"},       {"/a", "/ab/x", "../ab/x"},
        {"/a/b", "/a/x", "../x"},
    };
    char text[64];

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        page_relative(cases[c][0], cases[c][1], text, sizeof text);
        assert_string_equal(text, cases[c][2]);
    }
}

/* ---- Answers ----------------------------------------------------------------------------------
 */

static struct pages_folder folder;

static void open_folder(void)
{
    if (pages_folder_open(&folder, scratch_folder) != 0)
        fail_msg("%s", error_text());
}

static void assert_not_opened(const char *words)
{
    assert_int_equal(pages_folder_open(&folder, scratch_folder), -1);
    pages_folder_close(&folder);
    if (!strstr(error_text(), words))
        fail_msg("`%s` does not say `%s`", error_text(), words);
}

#define HEADER                                                                                     \
    "claim,part,experiment,test,axis,condition,effect,low,high,n,censored,infeasible,p,verdict,"   \
    "delivered,detectable,margin,hours_needed,reason,note,says,decides,judged,form,above,below\n"

static const struct fixture_cell contest[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2},
    {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.10, 1, 4},
    {"blas", 8, 0.1, 1, 3, "reached", 0.3, 0.10, 1, 3},
    {"blas", 64, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 6},
    {"blas", 64, 0.1, 1, 2, "reached", 0.3, 0.10, 1, 8},
    {"blas", 64, 0.1, 1, 3, "budget", 0.3, 0.10, 1, NAN},
};

static void verdicts_are_told_with_their_intervals(void **state)
{
    const struct sentence_pair *list;

    (void)state;
    fixture_cells(contest, COUNT(contest));
    fixture_text("verdicts.csv", HEADER
                 "C1,a,e,slope,epochs,network=M,0.98,0.94,1.01,14,0,0,0.01,confirmed,1,,,,,,"
                 "It rises,1,slope of y,slope,0.9,1.1\n"
                 "C1,b,e,slope,,,2,1.5,inf,5,0,0,0.04,confirmed,1,,,,,,It rises,1,,value,,\n"
                 "C1,c,e,slope,,,0,,,5,0,0,0.9,refuted,1,,,,,,It rises,0,,value,,\n"
                 "C4,a,e,order,,x=1,1,0.5,1.5,9,0,0,0.01,confirmed,1,,,,,,Both,1,d,,,\n"
                 "C4,a,e,order,,x=2,-1,-2,-0.5,9,0,0,0.02,refuted,1,,,,,,Both,1,d,,,\n"
                 "C2,,e,bound,,,inf,1,inf,5,2,0,0.001,refuted,0,,,,too few seeds,,Not "
                 "so,1,cost,ratio,,1.1\n"
                 "C3,,e,bound,,,,,,0,0,0,,inconclusive,0,,,,no such cells,,Open,1,,value,,\n");
    open_folder();
    list = folder.answer.list;
    assert_int_equal(folder.answer.count, 4);
    assert_string_equal(folder.answer.basis, "");
    assert_string_equal(list[0].name, "C1"); /* part c does not decide */
    assert_string_equal(list[0].verdict, "confirmed");
    assert_string_equal(list[0].text, "It rises.");
    assert_string_equal(list[0].rest,
                        "What is judged (b) is 2, 95 % interval 1.5 to no upper bound, "
                        "n = 5.");
    assert_string_equal(list[1].verdict, "confirmed with conditions");
    assert_string_equal(
        list[1].rest,
        "What stands against it, d (a, x=2), is -1, 95 % interval -2 to -0.5, n = 9.");
    assert_string_equal(list[2].verdict, "undelivered");
    assert_string_equal(list[2].text, "Not so. The numbers lean to \u201crefuted\u201d, and do not "
                                      "count: too few seeds.");
    assert_string_equal(list[2].rest, "What is judged, cost, is not reached, 95 % interval 1 to no "
                                      "upper bound, n = 5; expected below 1.1.");
    assert_string_equal(list[3].verdict, "inconclusive");
    assert_string_equal(list[3].rest, "What is judged is not known.");
    pages_folder_close(&folder);
}

static void without_claims_the_cells_answer(void **state)
{
    (void)state;
    fixture_cells(contest, COUNT(contest));
    open_folder();
    assert_int_equal(folder.answer.count, 1);
    assert_string_equal(folder.answer.list[0].verdict, "");
    assert_string_equal(folder.answer.list[0].text,
                        "K = 8, rate 0.1, engine blas reached 10 % validation error first: in 3 s "
                        "of training (median; over 3 seeds 2 to 4) and 300 updates (median).");
    assert_string_equal(folder.answer.list[0].rest,
                        "Next comes K = 64, rate 0.1, engine blas with 8 s (over 3 seeds 6 to not "
                        "reached); the ranges over the seeds do not overlap.");
    assert_non_null(strstr(folder.answer.basis, "No verdict"));
    pages_folder_close(&folder);
}

static void overlapping_seeds_are_not_told_apart(void **state)
{
    struct fixture_cell cells[COUNT(contest)];

    (void)state;
    memcpy(cells, contest, sizeof cells);
    cells[3].seconds_to_10 = 4;
    fixture_cells(cells, COUNT(cells));
    open_folder();
    assert_non_null(strstr(folder.answer.list[0].rest, "do not tell the two apart"));
    pages_folder_close(&folder);
    fixture_cells(contest, 1); /* one seed, one batch size */
    open_folder();
    assert_non_null(strstr(folder.answer.list[0].text, "one seed, so no spread"));
    assert_string_equal(folder.answer.list[0].rest, "There is nothing to compare it with.");
    pages_folder_close(&folder);
}

static void what_reached_nothing_does_not_win(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.9, 0.5, NAN, NAN},
        {"blas", 8, 0.1, 1, 2, "budget", 0.9, 0.7, NAN, NAN},
        {"blas", 64, 9, 1, 1, "diverged", NAN, NAN, NAN, NAN},
    };

    (void)state;
    fixture_cells(cells, COUNT(cells));
    open_folder();
    assert_non_null(strstr(folder.answer.list[0].text, "No batch size reached a target in the "
                                                       "median; the lowest median validation error "
                                                       "at the end is 0.6, of K = 8"));
    pages_folder_close(&folder);
    fixture_cells(cells + 2, 1);
    open_folder();
    assert_string_equal(folder.answer.list[0].text,
                        "No batch size trained to an end that is finite.");
    pages_folder_close(&folder);
}

static void throughput_answers_with_its_quartiles(void **state)
{
    (void)state;
    fixture_throughput();
    open_folder();
    assert_int_equal(folder.answer.count, 1);
    assert_string_equal(folder.answer.list[0].name, "network mlp");
    assert_string_equal(
        folder.answer.list[0].text,
        "The highest rate of training is 500 examples/s (median of 30 timed blocks, "
        "quartiles 490 to 505) with engine blas, K = 1000, threads 1.");
    assert_non_null(strstr(folder.answer.list[0].rest, "With the smallest batch it is 200"));
    pages_folder_close(&folder);
}

/* ---- What is missing --------------------------------------------------------------------------
 */

/* The page of the folder, read back; to be freed by the next. */
static void write_experiment(enum page_format format)
{
    char path[2 * PATH_MAX];

    open_folder();
    if (pages_write_experiment(&folder, format, folder.path, "us") != 0)
        fail_msg("%s", error_text());
    snprintf(path, sizeof path, "%s/%s.%s", folder.path, folder.page,
             format == PAGE_HTML ? "html" : "md");
    free(written);
    written = tree_read(path);
    assert_non_null(written);
    unlink(path);
    pages_folder_close(&folder);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    fixture_cells(contest, COUNT(contest));
    for (enum page_format format = PAGE_HTML; format <= PAGE_MARKDOWN; format++) {
        write_experiment(format);
        assert_says("the results have no figures");
        assert_says("manifest.json is missing");
        assert_says("The manifest asks no question.");
        assert_says("the experiment makes no claims");
        assert_says("text is not known");
        assert_says("cells.csv");
        assert_lacks("nan");
    }
}

static void a_run_that_did_not_end_well_is_said(void **state)
{
    const struct fixture_cell cells[] = {{"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2},
                                         {"blas", 8, 0.1, 1, 2, "failed", NAN, NAN, NAN, NAN}};

    (void)state;
    fixture_cells(cells, COUNT(cells));
    fixture_text(
        "manifest.json",
        "{\"experiment\": \"../<e> 1\", \"title\": \"<script>x</script>\", \"question\": "
        "\"a\\nb?\", \"quick\": true, \"cells\": 3, \"experiment_text\": \"grid: </pre>\", "
        "\"runs\": [{\"ended\": \"interrupted\", \"steal_share\": null}]}");
    open_folder();
    assert_string_equal(folder.page, "results"); /* no name that leads elsewhere */
    pages_folder_close(&folder);
    write_experiment(PAGE_HTML);
    assert_says("The last run did not complete: interrupted.");
    assert_says("2 of 3 cells of the plan are there");
    assert_says("1 of 2 cells: failed.");
    assert_says("reduced grid");
    assert_says("&#60;/pre&#62;");
    assert_lacks("<script>x");
    assert_says("--quick");
    assert_lacks(">nan");
}

static void charts_that_lack_a_file_say_so(void **state)
{
    (void)state;
    fixture_cells(contest, COUNT(contest));
    mkdir(scratch_path("figures"), 0777);
    fixture_text("figures/sensitivity.csv", "series,label,learning_rate,n,median,low,high\n"
                                            "1,K = 8,0.1,3,inf,0.4,inf\n");
    fixture_text("figures/heatmap.svg", "<svg><g/></svg>");
    write_experiment(PAGE_HTML);
    assert_says("figures/sensitivity.svg is missing");
    assert_says("figures/heatmap.csv, the numbers of this chart, is missing");
    assert_says("<svg xmlns=");
    assert_says("<td>not reached</td>");
}

static void figures_in_another_language_are_no_charts_of_their_own(void **state)
{
    (void)state;
    fixture_cells(contest, COUNT(contest));
    mkdir(scratch_path("figures"), 0777);
    fixture_text("figures/heatmap.zh.svg", "<svg><g/></svg>");
    fixture_text("figures/heatmap.zh.csv", "panel\n1\n");
    write_experiment(PAGE_HTML);
    assert_lacks("heatmap.zh");
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    assert_not_opened("cells.csv");
    fixture_cells(contest, COUNT(contest));
    fixture_text("manifest.json", "{");
    assert_not_opened("manifest.json:");
    fixture_text("manifest.json", "{}");
    fixture_text("verdicts.csv", "claim,part\nC1,a\n");
    assert_not_opened("verdicts.csv");
    fixture_text("verdicts.csv", HEADER "C1,a,e,slope,,,1,1,1,1,0,0,1,maybe,1,,,,,,s,1,,v,,\n");
    assert_not_opened("'maybe', expected confirmed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_stays_text),
        cmocka_unit_test(markdown_stays_text_too),
        cmocka_unit_test(numbers_that_are_none_are_words),
        cmocka_unit_test(links_go_up_and_down),
        cmocka_unit_test_setup(verdicts_are_told_with_their_intervals, fixture_clear),
        cmocka_unit_test_setup(without_claims_the_cells_answer, fixture_clear),
        cmocka_unit_test_setup(overlapping_seeds_are_not_told_apart, fixture_clear),
        cmocka_unit_test_setup(what_reached_nothing_does_not_win, fixture_clear),
        cmocka_unit_test_setup(throughput_answers_with_its_quartiles, fixture_clear),
        cmocka_unit_test_setup(what_is_missing_is_said, fixture_clear),
        cmocka_unit_test_setup(a_run_that_did_not_end_well_is_said, fixture_clear),
        cmocka_unit_test_setup(charts_that_lack_a_file_say_so, fixture_clear),
        cmocka_unit_test_setup(figures_in_another_language_are_no_charts_of_their_own,
                               fixture_clear),
        cmocka_unit_test_setup(damaged_files_are_refused, fixture_clear),
    };
    int failed = cmocka_run_group_tests(tests, scratch_open, tree_close);

    free(written);
    return failed;
}
