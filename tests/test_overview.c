/* The table of all claims: nothing counts that does not stand in results, whole. */
#include "verdict/origin.h"
#include "verdict/overview.h"

#include "base/error.h"
#include "tree.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- A catalogue of five claims, results of two experiments ------------------------------------
 */

static struct catalogue_claim taught[] = {
    {.id = "C1", .says = "rises | falls", .criterion = "c", .line = 2},
    {.id = "C2", .says = "two", .criterion = "c", .line = 3},
    {.id = "C3", .says = "three", .criterion = "c", .line = 4},
    {.id = "C4", .says = "four", .criterion = "c", .line = 5},
    {.id = "C5", .says = "five", .out_of_scope = "of others", .line = 6},
};
static const struct catalogue catalogue = {"catalogue.yaml", taught, 5};

static struct claim first_claims[] = {
    {.id = "C1", .part = "a", .says = "says", .test = CLAIM_BOUND, .axis = "epochs", .line = 7},
    {.id = "C1", .part = "b", .says = "says", .test = CLAIM_BOUND, .line = 8},
    {.id = "C2", .says = "says", .test = CLAIM_BOUND, .line = 9},
};
static struct claim second_claims[] = {
    {.id = "C1", .part = "c", .says = "says", .test = CLAIM_BOUND, .line = 4},
};

static struct judgement judgement_of(const struct claim *claim, enum verdict verdict,
                                     int is_delivered)
{
    struct judgement judgement = {
        .claim = claim,
        .verdict = verdict,
        .is_delivered = is_delivered,
        .p = 0.01,
        .hours_needed = is_delivered ? (double)NAN : 2.5,
        .finding = {.effect = {1, 0.5, 2}, .n = 6, .detectable = 0.1, .margin = 0.2}};

    snprintf(judgement.condition, sizeof judgement.condition, "network=M");
    if (!is_delivered)
        snprintf(judgement.reason, sizeof judgement.reason, "too few");
    return judgement;
}

static struct judgement first_list[3], second_list[1];
static struct verdicts all[2];
static struct pledges pledges;
static struct overview overview;

static void *manifest_of(const char *cpu, int schema, const char *blas)
{
    return json_pack("{s:i, s:{s:s, s:s}, s:{s:s}, s:{s:s, s:s}}", "schema_version", schema,
                     "machine", "cpu", cpu, "instructions", "avx2", "build", "version", "0.1.0",
                     "engines", "blas", blas, "onednn", "unavailable: not there");
}

static void pledge(const char *name, struct claim *claims, int count, double seconds)
{
    struct experiment experiment = {.expected_seconds = seconds, .claims = {claims, count}};

    snprintf(experiment.name, sizeof experiment.name, "%s", name);
    snprintf(experiment.file, sizeof experiment.file, "experiments/%s.yaml", name);
    assert_int_equal(pledges_add(&pledges, &experiment), 0);
}

static int plant(void **state)
{
    (void)state;
    for (int j = 0; j < 3; j++)
        first_list[j] = judgement_of(&first_claims[j], VERDICT_CONFIRMED, 1);
    second_list[0] = judgement_of(&second_claims[0], VERDICT_CONFIRMED, 1);
    all[0] = (struct verdicts){.name = "first",
                               .list = first_list,
                               .count = 3,
                               .experiment.claims = {first_claims, 3},
                               .results = {.folder = scratch_folder,
                                           .manifest = manifest_of("abacus", 7, "B 1, kernels X")}};
    all[1] = (struct verdicts){.name = "second",
                               .list = second_list,
                               .count = 1,
                               .experiment.claims = {second_claims, 1},
                               .results = {.folder = scratch_folder,
                                           .manifest = manifest_of("abacus", 7, "B 1, kernels Y")}};
    snprintf(all[0].experiment.file, sizeof all[0].experiment.file, "first.yaml");
    snprintf(all[1].experiment.file, sizeof all[1].experiment.file, "second.yaml");
    pledge("first", first_claims, 3, 100);
    pledge("second", second_claims, 1, 50);
    return 0;
}

static int done(void **state)
{
    (void)state;
    json_decref(all[0].results.manifest);
    json_decref(all[1].results.manifest);
    pledges_free(&pledges);
    overview_free(&overview);
    return 0;
}

static void make(size_t count)
{
    if (overview_make(&overview, &catalogue, &pledges, all, count) != 0)
        fail_msg("%s", error_text());
}

static void assert_row(size_t row, const char *word, const char *reason)
{
    if (strcmp(overview_word(&overview.rows[row]), word) != 0 ||
        !strstr(overview.rows[row].reason, reason))
        fail_msg("%s: %s (%s), expected %s (%s)", overview.rows[row].claim->id,
                 overview_word(&overview.rows[row]), overview.rows[row].reason, word, reason);
}

/* ---- What counts -------------------------------------------------------------------------------
 */

static void every_claim_has_a_row(void **state)
{
    struct claim later[] = {{.id = "C3", .line = 3}};
    char text[256];

    (void)state;
    pledge("third", later, 1, 3600);
    make(2);
    assert_int_equal(overview.count, 5);
    assert_row(0, "confirmed", "");
    assert_string_equal(overview.rows[0].experiments, "first, second");
    assert_int_equal(overview.rows[0].parts, 3);
    assert_row(1, "confirmed", "");
    assert_row(2, "not run", "to be decided by third, expected to take 3600 s");
    assert_row(3, "no experiment", "");
    assert_row(4, "out of scope", "of others");
    overview_summarise(&overview, text, sizeof text);
    assert_string_equal(text, "2 of 5 delivered: 2 confirmed; 1 not run, 1 no experiment, 1 out of "
                              "scope");
}

/* A claim of three parts is not confirmed by two of them. */
static void a_part_that_was_not_run_delivers_nothing(void **state)
{
    (void)state;
    make(1);
    assert_row(0, "undelivered", "experiment second has not been run");
    assert_row(1, "confirmed", "");
}

static void a_part_that_the_results_were_not_judged_by_delivers_nothing(void **state)
{
    struct claim more[] = {{.id = "C2", .part = "later", .line = 12}};

    (void)state;
    pledge("first", more, 1, 100);
    make(2);
    assert_row(1, "undelivered", "not judged by the part 'later' of experiments/first.yaml");
}

static void the_reason_is_that_of_the_part_that_falls_short(void **state)
{
    (void)state;
    first_list[1] = judgement_of(&first_claims[1], VERDICT_CONFIRMED, 0);
    first_list[1].p = 0.001; /* the other part is weaker, and decides */
    make(2);
    assert_row(0, "undelivered", "b, network=M: too few");
}

static void conditions_are_told(void **state)
{
    (void)state;
    second_list[0] = judgement_of(&second_claims[0], VERDICT_REFUTED, 1);
    make(2);
    assert_row(0, "confirmed with conditions",
               "holds: a, network=M, equal epochs; b, network=M. does not: c, network=M");
    first_list[2] = judgement_of(&first_claims[2], VERDICT_REFUTED, 1);
    overview_free(&overview);
    make(2);
    assert_row(1, "refuted", "");
}

/* A part of one verdict under many conditions is told once, and leaves room for what does not hold.
 */
static void many_conditions_leave_room_for_those_that_stand_against(void **state)
{
    struct judgement list[41];
    struct claim many[] = {
        {.id = "C1", .part = "mixed", .says = "says", .axis = "epochs", .condition = "small"},
        {.id = "C1", .part = "beside", .says = "says", .is_aside = 1}};

    (void)state;
    for (int j = 0; j < 40; j++) {
        list[j] = judgement_of(j < 20 ? &first_claims[0] : &many[0],
                               j == 39 ? VERDICT_REFUTED : VERDICT_CONFIRMED, 1);
        snprintf(list[j].condition, sizeof list[j].condition, "learning_rate=%d", j);
    }
    list[40] = judgement_of(&many[1], VERDICT_INCONCLUSIVE, 0); /* does not count */
    all[0].list = list;
    all[0].count = 41;
    make(2);
    assert_row(0, "confirmed with conditions",
               "holds: a, equal epochs; mixed, learning_rate=20, equal epochs, small; "
               "mixed, learning_rate=21, equal epochs; ");
    assert_row(0, "confirmed with conditions", " more. does not: mixed, learning_rate=39");
    assert_int_equal(overview.rows[0].parts, 41); /* with the one of the second experiment */
}

static void what_is_not_known_of_the_time_is_said(void **state)
{
    struct claim later[] = {{.id = "C3", .line = 3}};

    (void)state;
    pledge("third", later, 1, 100);
    pledge("fourth", later, 1, 0);
    make(2);
    assert_row(2, "not run", "by third, fourth, whose time is not measured");
}

static void what_does_not_fit_the_catalogue_is_an_error(void **state)
{
    struct claim unknown[] = {{.id = "C6", .line = 3}}, ruled_out[] = {{.id = "C5", .line = 9}};

    (void)state;
    pledge("third", unknown, 1, 100);
    assert_int_equal(overview_make(&overview, &catalogue, &pledges, all, 2), -1);
    assert_string_equal(error_text(), "experiments/third.yaml:3: claim C6 is not in the catalogue "
                                      "catalogue.yaml");
    pledges_free(&pledges);
    pledge("third", ruled_out, 1, 100);
    assert_int_equal(overview_make(&overview, &catalogue, &pledges, all, 2), -1);
    assert_string_equal(error_text(), "experiments/third.yaml:9: claim C5 is out of scope in "
                                      "catalogue.yaml:6");
    pledges_free(&pledges);
    all[1].experiment.claims = (struct claims){unknown, 1}; /* only in results */
    assert_int_equal(overview_make(&overview, &catalogue, &pledges, all, 2), -1);
    assert_string_equal(error_text(), "second.yaml:3: claim C6 is not in the catalogue "
                                      "catalogue.yaml");
}

static void results_of_one_experiment_twice_are_an_error(void **state)
{
    (void)state;
    snprintf(all[1].name, sizeof all[1].name, "first");
    assert_int_equal(overview_make(&overview, &catalogue, &pledges, all, 2), -1);
    assert_non_null(strstr(error_text(), "both of experiment first"));
}

/* ---- Where results come from -------------------------------------------------------------------
 */

static void only_results_of_one_origin_stand_together(void **state)
{
    static const struct {
        const char *cpu;
        int schema;
        const char *blas, *wrong;
    } others[] = {
        {"abacus", 7, "B 1, kernels of a larger net", NULL},
        {"abacus", 7, "unavailable: not there", NULL},
        {"quipu", 7, "B 1, kernels X", "machine cpu 'abacus' and 'quipu'"},
        {"abacus", 6, "B 1, kernels X", "results schema 7 and 6, expected the same (--anyway)"},
        {"abacus", 7, "B 2, kernels X", "engine blas of 'B 1, kernels X' and 'B 2, kernels X'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        json_decref(all[1].results.manifest);
        all[1].results.manifest = manifest_of(others[i].cpu, others[i].schema, others[i].blas);
        assert_int_equal(origin_check_alike(&all[0], &all[1]), others[i].wrong ? -1 : 0);
        if (others[i].wrong && !strstr(error_text(), others[i].wrong))
            fail_msg("`%s` lacks `%s`", error_text(), others[i].wrong);
    }
}

/* ---- Files -------------------------------------------------------------------------------------
 */

static void the_table_is_written_as_csv(void **state)
{
    char *text;

    (void)state;
    first_list[2] = judgement_of(&first_claims[2], VERDICT_CONFIRMED, 0);
    make(2);
    assert_int_equal(overview_write(&overview, scratch_path("verdict_table.csv")), 0);
    text = tree_read(scratch_path("verdict_table.csv"));
    assert_non_null(strstr(text, "\nC1,confirmed,1,1,0.5,2,6,epochs,\"a, network=M, equal epochs\","
                                 "0.01,3,0.1,0.2,,\"first, second\",,"
                                 "\"abacus, avx2, results schema 7\",,rises | falls,c\n"));
    assert_non_null(strstr(text, "\nC2,confirmed,0,1,0.5,2,6,,network=M,0.01,1,0.1,0.2,2.5,first,,"
                                 "\"abacus, avx2, results schema 7\",network=M: too few,two,c\n"));
    assert_non_null(strstr(text, "\nC4,no experiment,,,,,,,,,,,,,,,,,four,c\n"));
    free(text);
}

static const char *page(const char *text)
{
    const char *path = scratch_path("page.md");
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    return path;
}

static void the_table_takes_the_place_between_its_marks(void **state)
{
    char *text, *again;
    const char *path = page("before\n<!-- verdicts -->\nold\n<!-- /verdicts -->\nafter\n");
    FILE *chart;

    (void)state;
    mkdir(scratch_path("figures"), 0777);
    chart = fopen(scratch_path("figures/loss.svg"), "w");
    fclose(chart);
    snprintf(all[0].experiment.charts[0], 32, "target"); /* not drawn */
    snprintf(all[0].experiment.charts[1], 32, "loss");
    all[0].experiment.chart_count = 2;
    make(2);
    path = scratch_path("page.md");
    assert_int_equal(overview_write_markdown(&overview, path), 0);
    text = tree_read(scratch_path("page.md"));
    assert_int_equal(strncmp(text, "before\n<!-- verdicts -->\n\n**2 of 5", 33), 0);
    assert_null(strstr(text, "old"));
    assert_non_null(strstr(text, "\n\n<!-- /verdicts -->\nafter\n"));
    assert_non_null(strstr(text, "\n| **C1** rises \\| falls | **confirmed** | 1 \\[0.5, 2\\], n = "
                                 "6 | weakest of several: a, network=M, equal epochs | "
                                 "[loss](figures/loss.svg) |\n"));
    assert_non_null(strstr(text, "\n| **C5** five | out of scope | - | of others |  |\n"));
    assert_int_equal(overview_write_markdown(&overview, scratch_path("page.md")), 0);
    again = tree_read(scratch_path("page.md"));
    assert_string_equal(again, text);
    free(text);
    free(again);
}

/* What is shown of a refuted claim is what refutes it most clearly. The axis is told once. */
static void what_is_shown_is_told_from_the_others(void **state)
{
    static struct claim named[] = {
        {.id = "C1", .part = "loss, equal epochs", .says = "says", .axis = "epochs"}};
    char *text;

    (void)state;
    for (int j = 0; j < 2; j++) {
        first_list[j] = judgement_of(j == 0 ? &named[0] : &first_claims[1], VERDICT_REFUTED, 1);
        first_list[j].p = 0.001 * (j + 1);
    }
    second_list[0] = judgement_of(&second_claims[0], VERDICT_REFUTED, 1);
    make(2);
    assert_int_equal(
        overview_write_markdown(&overview, page("<!-- verdicts -->\n<!-- /verdicts -->\n")), 0);
    text = tree_read(scratch_path("page.md"));
    assert_non_null(strstr(text, " | clearest of several: loss, equal epochs, network=M | "));
    free(text);
}

static void charts_are_linked_from_where_the_page_lies(void **state)
{
    char *text;
    FILE *file;

    (void)state;
    mkdir(scratch_path("figures"), 0777);
    mkdir(scratch_path("docs"), 0777);
    file = fopen(scratch_path("figures/loss.svg"), "w");
    fclose(file);
    file = fopen(scratch_path("docs/page.md"), "w");
    fputs("<!-- verdicts --><!-- /verdicts -->", file);
    fclose(file);
    snprintf(all[0].experiment.charts[0], 32, "loss");
    all[0].experiment.chart_count = 1;
    make(2);
    assert_int_equal(overview_write_markdown(&overview, scratch_path("docs/page.md")), 0);
    text = tree_read(scratch_path("docs/page.md"));
    assert_non_null(strstr(text, "[loss](../figures/loss.svg)"));
    free(text);
}

/* Where an experiment has no chart of its own. */
static void the_chart_of_the_verdicts_stands_in_for_others(void **state)
{
    char *text;
    FILE *file;

    (void)state;
    mkdir(scratch_path("figures"), 0777);
    unlink(scratch_path("figures/loss.svg"));
    file = fopen(scratch_path("figures/verdicts.svg"), "w");
    fclose(file);
    file = fopen(scratch_path("page.md"), "w");
    fputs("<!-- verdicts --><!-- /verdicts -->", file);
    fclose(file);
    snprintf(all[0].experiment.charts[0], 32, "loss"); /* not drawn */
    all[0].experiment.chart_count = 1;
    make(2);
    assert_int_equal(overview_write_markdown(&overview, scratch_path("page.md")), 0);
    text = tree_read(scratch_path("page.md"));
    assert_non_null(strstr(text, "[verdicts](figures/verdicts.svg)"));
    assert_null(strstr(text, "[loss]"));
    free(text);
    unlink(scratch_path("figures/verdicts.svg"));
}

static void without_its_marks_a_page_is_left_alone(void **state)
{
    static const char *const pages[][2] = {
        {"", "no line '<!-- verdicts -->'"},
        {"<!-- verdicts -->\n", "no line '<!-- /verdicts -->'"},
        {"<!-- /verdicts -->\n<!-- verdicts -->\n", "before"},
        {"<!-- verdicts -->\n<!-- verdicts -->\n<!-- /verdicts -->\n", "twice"},
    };

    (void)state;
    make(2);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        char *text;

        page(pages[i][0]);
        assert_int_equal(overview_write_markdown(&overview, scratch_path("page.md")), -1);
        if (!strstr(error_text(), pages[i][1]))
            fail_msg("`%s` lacks `%s`", error_text(), pages[i][1]);
        text = tree_read(scratch_path("page.md"));
        assert_string_equal(text, pages[i][0]);
        free(text);
    }
    assert_int_equal(overview_write_markdown(&overview, scratch_path("no/page.md")), -1);
}

static void results_of_two_machines_are_named_in_the_table(void **state)
{
    char *text;

    (void)state;
    json_decref(all[1].results.manifest);
    all[1].results.manifest = manifest_of("quipu", 6, "B 1, kernels X");
    page("<!-- verdicts -->\n<!-- /verdicts -->\n");
    make(2);
    assert_int_equal(overview_write_markdown(&overview, scratch_path("page.md")), 0);
    text = tree_read(scratch_path("page.md"));
    assert_non_null(strstr(text, "not of one machine and version: abacus, avx2, results schema 7: "
                                 "first; quipu, avx2, results schema 6: second.\n"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plant, done)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_claim_has_a_row),
        TEST(a_part_that_was_not_run_delivers_nothing),
        TEST(a_part_that_the_results_were_not_judged_by_delivers_nothing),
        TEST(the_reason_is_that_of_the_part_that_falls_short),
        TEST(conditions_are_told),
        TEST(many_conditions_leave_room_for_those_that_stand_against),
        TEST(what_is_not_known_of_the_time_is_said),
        TEST(what_does_not_fit_the_catalogue_is_an_error),
        TEST(results_of_one_experiment_twice_are_an_error),
        TEST(only_results_of_one_origin_stand_together),
        TEST(the_table_is_written_as_csv),
        TEST(the_table_takes_the_place_between_its_marks),
        TEST(what_is_shown_is_told_from_the_others),
        TEST(charts_are_linked_from_where_the_page_lies),
        TEST(the_chart_of_the_verdicts_stands_in_for_others),
        TEST(without_its_marks_a_page_is_left_alone),
        TEST(results_of_two_machines_are_named_in_the_table),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
