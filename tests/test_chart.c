/* The numbers that charts draw, and drawing them. */
#include "report/chart.h"

#include "base/error.h"
#include "report/plot.h"
#include "results_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

/* The chart's file, opened: to be closed by the caller. */
static struct table *written(const char *chart)
{
    struct table *table;
    char name[64];

    if (chart_write(scratch_folder, chart) != 0)
        fail_msg("%s", error_text());
    snprintf(name, sizeof name, "figures/%s.csv", chart);
    assert_int_equal(table_open(&table, scratch_path(name)), 0);
    return table;
}

static void draw(const char *chart)
{
    static const char *const suffixes[] = {"svg", "png", "pdf"};

    if (chart_write(scratch_folder, chart) != 0 || plot_draw(scratch_folder, chart, PLOTS) != 0)
        fail_msg("%s: %s", chart, error_text());
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        struct stat file;
        char name[64];

        snprintf(name, sizeof name, "figures/%s.%s", chart, suffixes[i]);
        assert_int_equal(stat(scratch_path(name), &file), 0);
        assert_true(file.st_size > 1000);
    }
}

/* ---- The numbers drawn -------------------------------------------------------------------------
 */

static const struct fixture_cell three_seeds[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.1, 3, 4},
    {"blas", 8, 0.1, 1, 3, "budget", 0.5, 0.2, 2, NAN},
};

static void the_loss_chart_draws_median_and_range_while_most_seeds_train(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    fixture_text("curves.csv", "id,epoch,update,train_seconds,train_loss,validation_loss\n"
                               "c0,0,0,0,2.0,2.5\nc0,1,10,0.5,1.0,1.5\n"
                               "c2,0,0,0,2.2,2.7\nc2,1,10,0.7,nan,1.7\nc2,2,20,1.4,0.5,0.6\n"
                               "c1,0,0,0,2.1,2.6\n");
    drawn = written("loss");
    assert_int_equal(table_rows(drawn), 2); /* the third evaluation has one seed of three */
    assert_true(table_numbers(drawn, "n")[0] == 3);
    assert_true(table_numbers(drawn, "train_loss")[0] == 2.1);
    assert_true(table_numbers(drawn, "train_loss_low")[0] == 2.0);
    assert_true(table_numbers(drawn, "train_loss_high")[0] == 2.2);
    assert_true(table_numbers(drawn, "n")[1] == 2);
    assert_true(table_numbers(drawn, "updates")[1] == 10);
    assert_true(table_numbers(drawn, "train_seconds")[1] == 0.6);
    assert_true(table_numbers(drawn, "validation_loss")[1] == 1.6);
    /* not-a-number counts as infinite: nothing is drawn of the median, but the lower end is */
    assert_string_equal(table_texts(drawn, "train_loss")[1], "");
    assert_true(table_numbers(drawn, "train_loss_low")[1] == 1.0);
    assert_string_equal(table_texts(drawn, "train_loss_high")[1], "");
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "smallest to largest"));
    assert_string_equal(table_texts(drawn, "caption")[1], "");
    table_close(drawn);
}

/* 100 (1 + 16 / K) updates at K = 1, 4, ..., 256, in seconds of 100 updates; the harder target is
 * reached at two K only. */
static void the_critical_batch_chart_has_curves_and_where_they_bend(void **state)
{
    static const char *const names[] = {"point", "curve", "asymptote", "critical", "noise_scale"};
    struct fixture_cell cells[10];
    size_t kinds[COUNT(names)] = {0};
    struct table *drawn;

    (void)state;
    for (int i = 0; i < 10; i++) {
        int k = 1 << (i / 2 * 2);

        cells[i] = (struct fixture_cell){"blas",
                                         k,
                                         0.1,
                                         1,
                                         i % 2 + 1,
                                         "reached",
                                         0.3,
                                         0.1,
                                         (1 + 16.0 / k) * (i % 2 ? 1.01 : 0.99),
                                         k < 16 ? 99 : (double)NAN};
    }
    fixture_cells(cells, COUNT(cells));
    fixture_text("probes.csv", "id,epoch,update,probe,quantity,part,value\n"
                               "c0,0,0,noise_scale,noise_scale,exact,1\n"
                               "c0,1,9,noise_scale,noise_scale,exact,20\n"
                               "c3,1,9,noise_scale,noise_scale,exact,30\n");
    assert_int_equal(chart_applies(scratch_folder, "critical_batch"), 1);
    drawn = written("critical_batch");
    for (size_t r = 0; r < table_rows(drawn); r++) {
        const char *kind = table_texts(drawn, "kind")[r];
        double k = table_numbers(drawn, "batch_size")[r];
        double updates = table_numbers(drawn, "median_updates")[r];

        for (size_t n = 0; n < COUNT(names); n++)
            kinds[n] += strcmp(kind, names[n]) == 0;
        if (strcmp(kind, "curve") == 0)
            assert_true(fabs(updates / (100 + 1600 / k) - 1) < 1e-5);
        if (strcmp(kind, "asymptote") == 0)
            assert_true(fabs(updates / fmax(100, 1600 / k) - 1) < 1e-5);
        if (strcmp(kind, "critical") == 0)
            assert_true(fabs(k - 16) < 1e-3 && table_numbers(drawn, "batch_low")[r] < 16 &&
                        table_numbers(drawn, "batch_high")[r] > 16);
        if (strcmp(kind, "noise_scale") == 0)
            assert_true(k == 25 && table_numbers(drawn, "batch_low")[r] == 20);
    }
    assert_int_equal(kinds[0], 10); /* of both targets */
    assert_int_equal(kinds[1], 65);
    assert_int_equal(kinds[3], 1);
    assert_int_equal(kinds[4], 1);
    table_close(drawn);
    draw("critical_batch");
}

/* c0 stays on the page, c2 leaves it; another seed of c0 is not drawn. */
static void the_trajectory_chart_has_paths_over_contour_lines(void **state)
{
    static const char *const names[] = {"view", "contour", "start", "path", "end"};
    const struct fixture_cell cells[] = {
        {"analytic", 1, 0.1, 1, 1, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.1},
        {"analytic", 1, 0.1, 1, 2, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.1},
        {"analytic", 1, 9, 1, 1, "diverged", NAN, NAN, NAN, NAN, .train_loss = 0.1},
    };
    size_t kinds[COUNT(names)] = {0};
    double farthest = 0;
    struct table *drawn;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    fixture_text("curves.csv",
                 "id,epoch,update,train_seconds,train_loss,validation_loss,theta_0,theta_1\n"
                 "c0,0,0,0,1,,1,2\nc0,1,1,1,1,,0.5,1\nc0,2,2,2,1,,0.25,0.5\n"
                 "c1,0,0,0,1,,1,2\nc1,1,1,1,1,,7,7\n"
                 "c2,0,0,0,1,,1,2\nc2,1,1,1,1,,-900,40\n");
    fixture_text("manifest.json",
                 "{\"quick\": 0, \"experiment_text\": \"networks: {mlp: {objective: quadratic, "
                 "spectrum: [1, 4]}}\\nbudget: {updates: 2}\\ngrid: {network: mlp}\\n\"}");
    drawn = written("trajectory");
    for (size_t r = 0; r < table_rows(drawn); r++) {
        const char *kind = table_texts(drawn, "kind")[r];
        double x = table_numbers(drawn, "x")[r], y = table_numbers(drawn, "y")[r];

        for (size_t k = 0; k < COUNT(names); k++)
            kinds[k] += strcmp(kind, names[k]) == 0;
        if (strcmp(kind, "contour") != 0)
            continue;
        farthest = fmax(farthest, fabs(x));
        assert_true(fabs(0.5 * x * x + 2 * y * y - table_numbers(drawn, "level")[r]) < 1e-3);
    }
    assert_int_equal(kinds[0], 1);
    assert_true(kinds[1] > 500);
    assert_int_equal(kinds[2], 2);
    assert_int_equal(kinds[3], 1);
    assert_int_equal(kinds[4], 2);
    assert_true(farthest < 3); /* what diverged does not stretch the page */
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "contour lines"));
    table_close(drawn);
    if (plot_available())
        draw("trajectory");
}

static void the_target_chart_keeps_what_was_not_reached(void **state)
{
    const struct fixture_cell cells[] = {
        three_seeds[0],
        three_seeds[1],
        three_seeds[2],
        {"blas", 0, 0.1, 1, 1, "budget", 0.5, 0.2, 8, NAN},
    };
    struct table *drawn;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    drawn = written("target");
    assert_int_equal(table_rows(drawn), 4); /* two targets, two batch sizes */
    assert_string_equal(table_texts(drawn, "label")[2], "10 % validation error");
    assert_true(table_numbers(drawn, "median_seconds")[2] == 4);
    assert_true(table_numbers(drawn, "low_seconds")[2] == 2);
    assert_string_equal(table_texts(drawn, "high_seconds")[2], ""); /* one seed is not there yet */
    assert_true(table_numbers(drawn, "reached")[2] == 2);
    assert_true(table_numbers(drawn, "censored")[2] == 0);
    assert_true(table_numbers(drawn, "full_batch")[3] == 1);
    assert_true(table_numbers(drawn, "censored")[3] == 1);
    assert_string_equal(table_texts(drawn, "median_seconds")[3], "");
    assert_true(table_numbers(drawn, "high_examples")[0] == 2400);
    table_close(drawn);
}

static void the_heatmap_masks_what_diverged_and_rings_the_best(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.6, 0.25, NAN, NAN},
        {"blas", 8, 0.3, 1, 1, "budget", 0.5, 0.20, NAN, NAN},
        {"blas", 8, 3.0, 1, 1, "diverged", 9.0, 0.90, NAN, NAN},
        {"naive", 0, 0.1, 1, 1, "unsupported", NAN, NAN, NAN, NAN},
    };
    struct table *drawn;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    drawn = written("heatmap");
    assert_int_equal(table_rows(drawn), 4);
    assert_true(table_numbers(drawn, "validation_error")[0] == 0.25);
    assert_true(table_numbers(drawn, "best")[1] == 1 && table_numbers(drawn, "edge")[1] == 0);
    assert_true(table_numbers(drawn, "best")[0] == 0 && table_numbers(drawn, "best")[2] == 0);
    assert_true(table_numbers(drawn, "masked")[2] == 1);
    assert_true(table_numbers(drawn, "diverged")[2] == 1);
    assert_string_equal(table_texts(drawn, "validation_error")[2], "");
    assert_true(table_numbers(drawn, "row")[2] == 3 && table_numbers(drawn, "column")[2] == 1);
    assert_true(table_numbers(drawn, "panel")[3] == 2 && table_numbers(drawn, "column")[3] == 2);
    assert_true(table_numbers(drawn, "not_trained")[3] == 1);
    assert_string_equal(table_texts(drawn, "panel_title")[3], "engine naive");
    table_close(drawn);
}

static const struct fixture_cell two_engines[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    {"blas", 0, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 6},
    {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 3},
    {"blas", 0, 0.1, 5, 1, "budget", 0.3, 0.1, 1, NAN},
    {"naive", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 4},
    {"naive", 8, 0.1, 5, 1, "diverged", NAN, NAN, NAN, NAN},
};

static void the_redundancy_chart_has_a_line_per_batch_size(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(two_engines, COUNT(two_engines));
    drawn = written("redundancy");
    assert_int_equal(table_rows(drawn), 4); /* of blas, the fastest */
    assert_string_equal(table_texts(drawn, "label")[0], "K = 8");
    assert_true(table_numbers(drawn, "redundancy")[1] == 5);
    assert_true(table_numbers(drawn, "median_seconds")[1] == 3);
    assert_string_equal(table_texts(drawn, "label")[2], "K = full");
    assert_true(table_numbers(drawn, "series")[2] == 2);
    assert_true(table_numbers(drawn, "censored")[3] == 1);
    assert_non_null(
        strstr(table_texts(drawn, "caption")[0], "shown: engine blas (the fastest of 2 settings)"));
    table_close(drawn);
}

static void the_grid_chart_has_a_panel_per_redundancy_and_a_line_per_engine(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(two_engines, COUNT(two_engines));
    drawn = written("grid");
    assert_int_equal(table_rows(drawn), 6);
    for (size_t r = 0; r < 6; r++) {
        double panel = table_numbers(drawn, "panel")[r];
        double series = table_numbers(drawn, "series")[r];

        assert_string_equal(table_texts(drawn, "panel_title")[r], panel == 1 ? "r = 1" : "r = 5");
        assert_string_equal(table_texts(drawn, "label")[r],
                            series == 1 ? "engine blas" : "engine naive");
    }
    assert_string_equal(table_texts(drawn, "target")[0], "10 % validation error");
    table_close(drawn);
}

/* As the planner records them: nothing is repeated at r = 1, so it has neither mode nor copies. */
static const struct fixture_cell jittered[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    {"blas", 8, 0.1, 2, 1, "reached", 0.3, 0.1, 1, 3, "fill", "jitter"},
    {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 4, "fill", "jitter"},
    {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 5, "grow", "jitter"},
};

static void the_redundancy_chart_keeps_its_baseline_whatever_the_mode(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(jittered, COUNT(jittered));
    drawn = written("redundancy");
    assert_int_equal(table_rows(drawn), 3);
    assert_true(table_numbers(drawn, "redundancy")[0] == 1);
    assert_true(table_numbers(drawn, "redundancy")[1] == 2);
    assert_true(table_numbers(drawn, "median_seconds")[2] == 4);
    assert_non_null(
        strstr(table_texts(drawn, "caption")[0], "shown: fill (the fastest of 2 settings)"));
    table_close(drawn);
}

static void the_redundancy_chart_of_one_mode_shows_the_only_setting(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(jittered, 3); /* r = 1 is grow, the others fill: not two settings */
    drawn = written("redundancy");
    assert_int_equal(table_rows(drawn), 3);
    assert_null(strstr(table_texts(drawn, "caption")[0], "shown"));
    table_close(drawn);
}

static void the_grid_chart_has_the_baseline_on_every_line(void **state)
{
    struct table *drawn;
    double seen[3] = {0};

    (void)state;
    fixture_cells(jittered, COUNT(jittered));
    drawn = written("grid");
    assert_int_equal(table_rows(drawn), 5); /* r = 1 twice: on the lines fill and grow */
    for (size_t r = 0; r < 5; r++)
        if (strcmp(table_texts(drawn, "panel_title")[r], "r = 1") == 0) {
            double series = table_numbers(drawn, "series")[r];

            assert_string_equal(table_texts(drawn, "label")[r], series == 1 ? "fill" : "grow");
            seen[(int)series]++;
        }
    assert_true(seen[1] == 1 && seen[2] == 1);
    table_close(drawn);
}

static const struct fixture_cell one_that_trains[] = {
    {"blas", 8, 0.1, 1, 1, "budget", 0.6, 0.25, NAN, NAN},
    {"blas", 8, 0.3, 1, 1, "budget", 0.5, 0.20, NAN, NAN},
    {"blas", 8, 3.0, 1, 1, "failed", NAN, NAN, NAN, NAN},
    {"blas", 32, 0.1, 1, 1, "diverged", 0.9, 0.9, NAN, NAN},
    {"blas", 32, 0.3, 1, 1, "diverged", 0.8, 0.9, NAN, NAN},
};

static void the_heatmap_rings_nothing_where_every_rate_diverged(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(one_that_trains, COUNT(one_that_trains));
    drawn = written("heatmap");
    assert_true(table_numbers(drawn, "best")[1] == 1);
    assert_true(table_numbers(drawn, "best")[3] == 0 && table_numbers(drawn, "best")[4] == 0);
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "grey ×: diverged"));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "grey –: failed or not run"));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "blank: not tried"));
    table_close(drawn);
    fixture_cells(one_that_trains, 2); /* no mark is explained that is not there */
    drawn = written("heatmap");
    assert_null(strstr(table_texts(drawn, "caption")[0], "grey"));
    assert_null(strstr(table_texts(drawn, "caption")[0], "blank"));
    table_close(drawn);
}

static void the_loss_chart_names_whom_it_leaves_out(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(one_that_trains, COUNT(one_that_trains));
    fixture_text("curves.csv", "id,epoch,update,train_seconds,train_loss,validation_loss\n"
                               "c1,0,0,0,2.0,2.5\nc3,0,0,0,2.0,2.5\n");
    drawn = written("loss");
    assert_int_equal(table_rows(drawn), 1);
    assert_non_null(strstr(table_texts(drawn, "caption")[0],
                           "left out (every rate diverged or failed): K = 32"));
    table_close(drawn);
    fixture_cells(&one_that_trains[3], 2);
    assert_int_equal(chart_applies(scratch_folder, "loss"), 0);
}

static void without_a_validation_split_the_captions_say_what_decided(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.5},
        {"blas", 8, 0.3, 1, 1, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.2},
    };
    struct table *drawn;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    drawn = written("heatmap");
    assert_true(table_numbers(drawn, "best")[1] == 1);
    assert_true(table_numbers(drawn, "train_loss")[1] == 0.2);
    assert_true(table_numbers(drawn, "masked")[0] == 0);
    assert_non_null(strstr(table_texts(drawn, "caption")[0],
                           "best rates by training loss: there is no validation split"));
    table_close(drawn);
}

static void the_throughput_chart_has_quartiles_and_a_roof(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_throughput();
    drawn = written("throughput");
    assert_int_equal(table_rows(drawn), 8); /* three cells, two inputs; two roofs */
    assert_string_equal(table_texts(drawn, "input")[0], "gather");
    assert_true(table_numbers(drawn, "examples_per_second")[0] == 200);
    assert_true(table_numbers(drawn, "examples_per_second_q1")[0] == 190);
    assert_true(table_numbers(drawn, "examples_per_second_q3")[0] == 220);
    assert_true(table_numbers(drawn, "n_blocks")[0] == 30);
    assert_true(table_numbers(drawn, "roof_examples_per_second")[0] == 400);
    assert_string_equal(table_texts(drawn, "roof_bound")[0], "weights");
    assert_true(table_numbers(drawn, "full_batch")[1] == 1);
    assert_string_equal(table_texts(drawn, "label")[2], "engine naive · threads 2");
    assert_string_equal(table_texts(drawn, "examples_per_second")[2], "");
    assert_string_equal(table_texts(drawn, "roof_examples_per_second")[2], "");
    assert_string_equal(table_texts(drawn, "input")[3], "pregathered");
    assert_true(table_numbers(drawn, "examples_per_second")[3] == 250);
    assert_string_equal(table_texts(drawn, "examples_per_second")[4], "");
    /* gnuplot would cut a text at a comma */
    assert_string_equal(table_texts(drawn, "source")[0], "1 seed · abacus; large");
    for (size_t i = 6; i < 8; i++) {
        assert_string_equal(table_texts(drawn, "input")[i], "roof");
        assert_string_equal(table_texts(drawn, "label")[i], "roof · 1 thread");
        assert_true(table_numbers(drawn, "series")[i] == 1);
        assert_true(table_numbers(drawn, "batch_size")[i] == (i == 6 ? 8 : 1000));
        assert_true(table_numbers(drawn, "examples_per_second")[i] == (i == 6 ? 400 : 800));
        assert_string_equal(table_texts(drawn, "roof_bound")[i], i == 6 ? "weights" : "flops");
    }
    table_close(drawn);
}

static void without_recorded_roofs_the_peak_stands_for_them(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_throughput_cells(0); /* 100 GFLOP/s, 1e8 FLOPs an example */
    drawn = written("throughput");
    assert_int_equal(table_rows(drawn), 8);
    for (size_t i = 6; i < 8; i++) {
        assert_string_equal(table_texts(drawn, "label")[i], "peak · 1 thread");
        assert_true(table_numbers(drawn, "examples_per_second")[i] == 1000);
        assert_string_equal(table_texts(drawn, "roof_bound")[i], "");
    }
    table_close(drawn);
    fixture_text("manifest.json", "{}"); /* nor is the peak known */
    drawn = written("throughput");
    assert_int_equal(table_rows(drawn), 6);
    table_close(drawn);
    if (plot_available())
        draw("throughput");
}

/* Two engines share a roof; of two runs that measured it the higher stands; each network and each
 * number of threads has a line of its own, its batch sizes rising. */
static void each_network_and_number_of_threads_has_one_roof(void **state)
{
    static const struct {
        const char *network, *engine;
        int threads, k;
        double roof;
    } cells[] = {{"S", "blas", 1, 8, 300},  {"S", "blas", 1, 64, 310}, {"S", "naive", 1, 64, 320},
                 {"S", "naive", 1, 1, 100}, {"S", "blas", 2, 8, 600},  {"L", "blas", 1, 8, 30}};
    static const struct {
        double panel, series, k, roof;
    } expected[] = {{1, 1, 8, 30}, {2, 2, 1, 100}, {2, 2, 8, 300}, {2, 2, 64, 320}, {2, 3, 8, 600}};
    struct table *drawn;
    char text[8192];
    int length;

    (void)state;
    length = snprintf(
        text, sizeof text,
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "train_examples,flops_per_example,outcome,examples_per_second,examples_per_second_q1,"
        "examples_per_second_q3,gflops,blocks,pregathered_examples_per_second,"
        "pregathered_examples_per_second_q1,pregathered_examples_per_second_q3,"
        "pregathered_gflops,pregathered_blocks,final_train_loss,final_validation_loss,"
        "final_validation_error,test_loss,test_error," FIXTURE_ROOF "\n");
    for (size_t i = 0; i < COUNT(cells); i++)
        length += snprintf(
            text + length, sizeof text - (size_t)length,
            "c%zu,throughput,%s,%s,%d,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,%d,"
            "auto,1,1000,1e8,budget,20,19,22,2,30,25,24,26,2,31,,,,,,%g,0.1,,,flops\n",
            i, cells[i].engine, cells[i].network, cells[i].k, cells[i].threads, cells[i].roof);
    fixture_text("cells.csv", text);
    drawn = written("throughput");
    assert_int_equal(table_rows(drawn), 2 * COUNT(cells) + COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        size_t row = 2 * COUNT(cells) + i;

        assert_string_equal(table_texts(drawn, "input")[row], "roof");
        assert_true(table_numbers(drawn, "panel")[row] == expected[i].panel);
        assert_true(table_numbers(drawn, "series")[row] == expected[i].series);
        assert_true(table_numbers(drawn, "batch_size")[row] == expected[i].k);
        assert_true(table_numbers(drawn, "examples_per_second")[row] == expected[i].roof);
    }
    table_close(drawn);
    if (plot_available())
        draw("throughput");
}

/* ---- Probes -----------------------------------------------------------------------------------
 */

static const char probes_header[] =
    "id,epoch,update,examples,probe,quantity,part,batch_size,sampling,value,low,high,n,seconds\n";

static void write_probes(const char *rows)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", probes_header, rows);
    fixture_text("probes.csv", text);
}

#define NOISE(cell, epoch, exact, estimate, low, high)                                             \
    cell "," epoch ",0,0,noise_scale,trace,exact,,,9,,,9,1\n" cell "," epoch                       \
         ",0,0,noise_scale,noise_scale,exact,,," exact ",,,1000,1\n" cell "," epoch                \
         ",0,0,noise_scale,noise_scale,two_batch,,," estimate "," low "," high ",99,1\n"

static void the_noise_chart_has_both_ways_of_each_evaluation(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 1);
    write_probes(NOISE("c0", "0", "50", "45", "40", "50")
                     NOISE("c0", "2", "80", "nan", "nan", "nan"));
    drawn = written("noise_scale");
    assert_int_equal(table_rows(drawn), 4);
    assert_string_equal(table_texts(drawn, "estimate")[0], "exact");
    assert_string_equal(table_texts(drawn, "estimate")[2], "two_batch");
    assert_string_equal(table_texts(drawn, "label")[0], "K = 8 · α = 0.1");
    assert_true(table_numbers(drawn, "epochs")[1] == 2);
    assert_true(table_numbers(drawn, "noise_scale")[1] == 80);
    assert_true(table_numbers(drawn, "noise_scale_low")[2] == 40);
    assert_true(table_numbers(drawn, "ratio")[2] == 0.9);
    assert_true(table_numbers(drawn, "ratio_high")[2] == 1);
    assert_string_equal(table_texts(drawn, "ratio")[3], "");
    table_close(drawn);
    if (plot_available())
        draw("noise_scale");
}

static void the_noise_of_several_seeds_is_their_median(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 3);
    write_probes(NOISE("c0", "0", "50", "45", "40", "50") NOISE("c1", "0", "60", "66", "1", "999")
                     NOISE("c2", "0", "70", "70", "1", "999") NOISE("c2", "1", "1", "1", "1", "1"));
    drawn = written("noise_scale");
    assert_int_equal(table_rows(drawn), 2); /* one seed of three went on */
    assert_true(table_numbers(drawn, "noise_scale")[0] == 60);
    assert_true(table_numbers(drawn, "noise_scale_low")[1] == 45);
    assert_true(table_numbers(drawn, "noise_scale_high")[1] == 70);
    assert_true(table_numbers(drawn, "ratio_high")[1] == 1.1);
    table_close(drawn);
}

#define DRAWN(epoch, k, sampling, ratio, low, high)                                                \
    "c0," epoch ",0,0,sampling,variance_ratio,," k "," sampling "," ratio "," low "," high         \
    ",100,1\nc0," epoch ",0,0,sampling,bias_statistic,," k "," sampling ",1.25,0.5,2,100,1\n"

static void the_variance_chart_has_a_panel_per_evaluation(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 1);
    write_probes(DRAWN("0", "64", "with_replacement", "1.01", "0.97", "1.05")
                     DRAWN("0", "8", "with_replacement", "0.99", "0.96", "1.02")
                         DRAWN("0", "8", "without_replacement", "1", "0.96", "1.04")
                             DRAWN("1.0003", "8", "with_replacement", "1.02", "0.98", "1.06"));
    drawn = written("variance");
    assert_int_equal(table_rows(drawn), 4);
    assert_string_equal(table_texts(drawn, "panel_title")[0], "network mlp · epoch 0");
    assert_true(table_numbers(drawn, "batch_size")[0] == 8); /* sorted */
    assert_true(table_numbers(drawn, "variance_ratio")[0] == 0.99);
    assert_true(table_numbers(drawn, "variance_ratio_high")[1] == 1.05);
    assert_true(table_numbers(drawn, "bias_statistic_high")[1] == 2);
    assert_string_equal(table_texts(drawn, "label")[2], "without replacement");
    assert_true(table_numbers(drawn, "series")[2] == 2);
    assert_true(table_numbers(drawn, "panel")[3] == 2);
    assert_string_equal(table_texts(drawn, "panel_title")[3], "network mlp · epoch 1");
    table_close(drawn);
    if (plot_available())
        draw("variance");
}

#define REDRAWN(cell, epoch, n, correlation, worth, predicted)                                     \
    cell "," epoch ",0,0,redraws,effective_examples,correlation " correlation "," n                \
         ",with_replacement," worth ",1,9,200,1\n" cell "," epoch                                  \
         ",0,0,redraws,effective_examples_predicted,correlation " correlation "," n                \
         ",with_replacement," predicted ",,,200,1\n"

static void the_effective_size_chart_has_a_line_per_correlation(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 3);
    write_probes(REDRAWN("c0", "0", "20", "0.5", "5", "6") REDRAWN("c0", "0", "10", "0.5", "4", "5")
                     REDRAWN("c0", "0", "10", "0", "11", "10")
                         REDRAWN("c1", "0", "10", "0.5", "7", "5")
                             REDRAWN("c2", "0", "10", "0.5", "6", "5")
                                 REDRAWN("c2", "1.01", "10", "0.5", "6", "5"));
    drawn = written("effective_size");
    assert_int_equal(table_rows(drawn), 4);
    assert_string_equal(table_texts(drawn, "label")[0], "correlation 0");
    assert_true(table_numbers(drawn, "effective_examples")[0] == 11);
    assert_true(table_numbers(drawn, "effective_examples")[1] == 6); /* of 4, 7 and 6 */
    assert_true(table_numbers(drawn, "effective_examples_high")[1] == 7);
    assert_true(table_numbers(drawn, "predicted")[1] == 5);
    assert_true(table_numbers(drawn, "series")[2] == 2);
    assert_true(table_numbers(drawn, "examples")[2] == 20); /* sorted */
    assert_true(table_numbers(drawn, "panel")[3] == 2);
    assert_true(table_numbers(drawn, "series")[3] == 1);
    table_close(drawn);
    if (plot_available())
        draw("effective_size");
}

/* Two seeds: of the first example they say the same, of the second the opposite. */
static void the_predictions_chart_compares_seeds(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 2);
    fixture_text("predictions.csv",
                 "id,epoch,update,examples,example,label,probability_0,probability_1\n"
                 "c0,0,0,0,0,0,0.5,0.5\nc0,0,0,0,1,1,0.5,0.5\n"
                 "c0,1,9,9,0,0,1,0\nc0,1,9,9,1,1,1,0\n"
                 "c1,1,9,9,0,0,1,0\nc1,1,9,9,1,1,0,1\n");
    assert_int_equal(chart_applies(scratch_folder, "predictions"), 1);
    drawn = written("predictions");
    assert_int_equal(table_rows(drawn), 1);
    assert_true(table_numbers(drawn, "seeds")[0] == 2);
    assert_true(table_numbers(drawn, "examples")[0] == 2);
    /* of the second example: two classes, each with values 0 and 1, sample variance 1/2 */
    assert_true(table_numbers(drawn, "variance")[0] == 0.5);
    assert_true(table_numbers(drawn, "disagreement")[0] == 0.5);
    /* (1/2)^2 twice, less half of the variance */
    assert_true(table_numbers(drawn, "squared_bias")[0] == 0);
    table_close(drawn);
    if (plot_available())
        draw("predictions");
    fixture_cells(three_seeds, 1);
    fixture_text("predictions.csv",
                 "id,epoch,update,examples,example,label,probability_0,probability_1\n"
                 "c0,0,0,0,0,0,0.5,0.5\n");
    assert_int_equal(chart_applies(scratch_folder, "predictions"), 0); /* one seed */
}

#define NESTED(cell, epoch, quantity, n, value)                                                    \
    cell "," epoch ",0,0,nested," quantity ",," n ",," value ",,," n ",1\n"

static void the_nested_chart_has_a_line_per_evaluation(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, 3);
    write_probes(
        NESTED("c0", "0", "cosine", "50", "0.5") NESTED("c0", "0", "trace", "50", "9")
            NESTED("c0", "0", "trace", "100", "10") NESTED("c0", "1", "cosine", "50", "0.25")
                NESTED("c0", "1", "trace", "50", "3") NESTED("c1", "0", "cosine", "50", "0.75")
                    NESTED("c1", "0", "trace", "50", "7"));
    assert_int_equal(chart_applies(scratch_folder, "nested"), 1);
    drawn = written("nested");
    assert_int_equal(table_rows(drawn), 2 + 3);
    assert_string_equal(table_texts(drawn, "label")[1], "network mlp · epoch 1");
    assert_true(table_numbers(drawn, "value")[0] == 0.625);
    assert_true(table_numbers(drawn, "low")[0] == 0.5);
    assert_true(table_numbers(drawn, "series")[1] == 2);
    assert_true(table_numbers(drawn, "panel")[2] == 2);
    assert_true(table_numbers(drawn, "seeds")[2] == 2);
    assert_true(table_numbers(drawn, "value")[3] == 10);
    table_close(drawn);
    if (plot_available())
        draw("nested");
}

/* Two sizes of two and three seeds, and one of another batch size that has no line. */
static void the_volume_chart_has_a_line_of_several_sizes(void **state)
{
    static const char rows[] =
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,subset,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,"
        "seed,train_examples,outcome,final_train_loss,final_validation_loss,"
        "final_validation_error,test_loss,test_error\n"
        "c0,convergence,blas,mlp,8,0,0.1,sgd,,,,,100,1,grow,exact,reshuffle,keep,1,auto,1,100,"
        "budget,0.25,1,0.5,1.25,0.5\n"
        "c1,convergence,blas,mlp,8,0,0.1,sgd,,,,,100,1,grow,exact,reshuffle,keep,1,auto,2,100,"
        "budget,0.25,1,0.5,1.75,0.25\n"
        "c2,convergence,blas,mlp,8,0,0.1,sgd,,,,,1000,1,grow,exact,reshuffle,keep,1,auto,1,1000,"
        "budget,0.5,1,0.5,0.75,0.125\n"
        "c3,convergence,blas,mlp,8,0,0.1,sgd,,,,,1000,1,grow,exact,reshuffle,keep,1,auto,2,1000,"
        "diverged,,,,,\n"
        "c5,convergence,blas,mlp,8,0,0.1,sgd,,,,,1000,1,grow,exact,reshuffle,keep,1,auto,3,1000,"
        "budget,0.5,1,0.5,0.875,0.125\n"
        "c4,convergence,blas,mlp,16,0,0.1,sgd,,,,,1000,1,grow,exact,reshuffle,keep,1,auto,1,1000,"
        "budget,0.5,1,0.5,0.75,0.125\n";
    struct table *drawn;

    (void)state;
    fixture_text("cells.csv", rows);
    assert_int_equal(chart_applies(scratch_folder, "volume"), 1);
    drawn = written("volume");
    assert_int_equal(table_rows(drawn), 2);
    assert_string_equal(table_texts(drawn, "label")[0], "K = 8");
    assert_true(table_numbers(drawn, "train_examples")[1] == 1000);
    assert_true(table_numbers(drawn, "series")[1] == 1);
    assert_true(table_numbers(drawn, "median_gap")[0] == 1.25);
    assert_true(table_numbers(drawn, "low_gap")[0] == 1);
    assert_true(table_numbers(drawn, "high_error")[0] == 0.5);
    assert_true(isnan(table_numbers(drawn, "high_gap")[1])); /* diverged */
    assert_true(table_numbers(drawn, "low_gap")[1] == 0.25);
    table_close(drawn);
    if (plot_available())
        draw("volume");
    fixture_cells(three_seeds, COUNT(three_seeds));
    assert_int_equal(chart_applies(scratch_folder, "volume"), 0);
}

#define WAITING(seed, outcome, loss, updates, cost)                                                \
    "c" seed ",convergence,blas,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto," seed      \
    ",100," outcome "," loss ",,,,," updates "," cost "\n"

/* Two of five seeds reach it, after 10 and after 20 updates; of the three that do not, one is lost
 * from sight between: of the three left then one is a third. */
static void the_survival_chart_is_that_of_kaplan_and_meier(void **state)
{
    static const double shares[] = {1, 0.8, 0.8 * 2 / 3, 0.8 * 2 / 3};
    static const double updates[] = {0, 10, 20, 40};
    struct table *drawn;

    (void)state;
    fixture_text("cells.csv",
                 "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,"
                 "beta1,beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,"
                 "chunk,seed,train_examples,outcome,final_train_loss,final_validation_loss,"
                 "final_validation_error,test_loss,test_error,updates,"
                 "updates_to_train_loss_0.5,examples_to_train_loss_0.5,epochs_to_train_loss_0.5,"
                 "flops_to_train_loss_0.5,seconds_to_train_loss_0.5\n" WAITING(
                     "1", "reached", "0.5", "10", "10,10,10,10,10")
                     WAITING("2", "reached", "0.5", "20", "20,20,20,20,20")
                         WAITING("3", "diverged", "inf", "15", ",,,,")
                             WAITING("4", "budget", "0.6", "40", ",,,,")
                                 WAITING("5", "budget", "0.6", "40", ",,,,"));
    assert_int_equal(chart_applies(scratch_folder, "survival"), 1);
    drawn = written("survival");
    assert_int_equal(table_rows(drawn), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(table_numbers(drawn, "updates")[i] == updates[i]);
        assert_true(fabs(table_numbers(drawn, "share")[i] - shares[i]) < 1e-12);
    }
    table_close(drawn);
    if (plot_available())
        draw("survival");
}

#define RATED(cell, rate, seed, outcome, loss)                                                     \
    cell ",convergence,blas,mlp,8,0," rate ",sgd,,,,,1,grow,exact,reshuffle,keep,1,auto," seed     \
         ",100," outcome ",1," loss ",0.5,,\n"

/* Four rates, the largest of which diverges in one of two seeds, and in both. */
static void the_sensitivity_chart_has_a_point_per_rate(void **state)
{
    struct table *drawn;

    (void)state;
    fixture_text(
        "cells.csv",
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,"
        "beta1,beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,"
        "chunk,seed,train_examples,outcome,final_train_loss,final_validation_loss,"
        "final_validation_error,test_loss,test_error\n" RATED("c1", "0.1", "1", "budget", "2")
            RATED("c2", "0.1", "2", "budget", "3") RATED("c3", "0.2", "1", "budget", "1")
                RATED("c4", "0.2", "2", "budget", "1.5") RATED("c5", "0.4", "1", "budget", "4")
                    RATED("c6", "0.4", "2", "diverged", "9")
                        RATED("c7", "0.8", "1", "diverged", "9")
                            RATED("c8", "0.8", "2", "diverged", "9"));
    assert_int_equal(chart_applies(scratch_folder, "sensitivity"), 1);
    drawn = written("sensitivity");
    assert_int_equal(table_rows(drawn), 4);
    assert_true(table_numbers(drawn, "learning_rate")[1] == 0.2);
    assert_true(table_numbers(drawn, "median")[1] == 1.25);
    assert_true(table_numbers(drawn, "low")[1] == 1 && table_numbers(drawn, "high")[1] == 1.5);
    assert_true(table_numbers(drawn, "low")[2] == 4 && isnan(table_numbers(drawn, "high")[2]));
    assert_true(isnan(table_numbers(drawn, "median")[3]));
    assert_true(table_numbers(drawn, "n")[3] == 2);
    table_close(drawn);
    if (plot_available())
        draw("sensitivity");
    fixture_cells(three_seeds, COUNT(three_seeds));
    assert_int_equal(chart_applies(scratch_folder, "sensitivity"), 0);
}

#define VERDICTS                                                                                   \
    "claim,part,condition,effect,low,high,verdict,delivered,decides,judged,form,above,below\n"

/* A ratio, a bound of each kind, a difference without an interval, and one without an effect. */
static const char several_verdicts[] =
    VERDICTS "C1,speed,\"batch_size=1, sampler=with_replacement\",2,1.5,inf,confirmed,1,1,"
             "ratio of updates,ratio,1.25,\n"
             "C1,speed,subset=all,0.5,0.4,0.6,refuted,1,1,ratio of updates,ratio,1.25,\n"
             "C2,never,,inf,inf,inf,confirmed,1,1,loss,value,1,\n"
             "C2,\"ever, at last\",,0.001,0.001,0.001,inconclusive,0,0,loss,value,,0.01\n"
             "C3,,learning_rate=0.5,-0.1,,0.2,confirmed,0,1,difference of error,difference,-1,1\n"
             "C4,,,,,,inconclusive,0,1,difference of error,difference,0,\n";

static void the_verdicts_chart_has_a_panel_per_quantity_and_what_is_expected(void **state)
{
    static const char *const labels[] = {"C1 speed · K = 1 · with replacement", "subset all",
                                         "C2 never", "(C2 ever; at last)", "C3 · α = 0.5"};
    static const char *const numbers[] = {"2 [from 1.5]", "0.5 [0.4 … 0.6]", "inf", "0.001",
                                          "-0.1 [up to 0.2]"};
    static const double panels[] = {1, 1, 2, 2, 3}, lines[] = {1, 2, 1, 2, 1};
    static const double marks[] = {1, 2, 1, 3, 1}, logs[] = {1, 1, 1, 1, 0};
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    assert_int_equal(chart_applies(scratch_folder, "verdicts"), 0);
    fixture_text("verdicts.csv", several_verdicts);
    assert_int_equal(chart_applies(scratch_folder, "verdicts"), 1);
    drawn = written("verdicts");
    assert_int_equal(table_rows(drawn), COUNT(labels));
    for (size_t r = 0; r < COUNT(labels); r++) {
        assert_string_equal(table_texts(drawn, "label")[r], labels[r]);
        assert_string_equal(table_texts(drawn, "number")[r], numbers[r]);
        assert_true(table_numbers(drawn, "panel")[r] == panels[r]);
        assert_true(table_numbers(drawn, "line")[r] == lines[r]);
        assert_true(table_numbers(drawn, "mark")[r] == marks[r]);
        assert_true(table_numbers(drawn, "log")[r] == logs[r]);
    }
    /* the bar goes on where there is no end, the band from its bound to the edge */
    assert_true(table_numbers(drawn, "open_high")[0] == 1);
    assert_true(table_numbers(drawn, "open_low")[0] == 0);
    assert_true(table_numbers(drawn, "bar_high")[0] == table_numbers(drawn, "view_high")[0]);
    assert_true(table_numbers(drawn, "expected_low")[0] == 1.25);
    assert_true(table_numbers(drawn, "expected_high")[0] == table_numbers(drawn, "view_high")[0]);
    assert_true(table_numbers(drawn, "open_low")[4] == 1);
    assert_true(table_numbers(drawn, "neutral")[0] == 1);
    assert_true(isnan(table_numbers(drawn, "neutral")[2]));
    assert_true(table_numbers(drawn, "neutral")[4] == 0);
    assert_true(table_numbers(drawn, "at")[2] == table_numbers(drawn, "view_high")[2]);
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "hollow: not delivered"));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "1 without an effect"));
    table_close(drawn);
    if (plot_available())
        draw("verdicts");
}

static void of_many_verdicts_those_most_for_and_most_against_are_drawn(void **state)
{
    char text[8192] = VERDICTS;
    size_t length = strlen(text);
    struct table *drawn;

    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    for (int i = 0; i < 31; i++) /* the fourth is least within, the ninth most */
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "C1,a part with a name that takes most of a line,class=%d,%g,,,"
                                   "confirmed,1,1,y,value,,1\n",
                                   i,
                                   i == 3   ? 0.9
                                   : i == 8 ? 0.1
                                            : 0.5);
    fixture_text("verdicts.csv", text);
    drawn = written("verdicts");
    assert_int_equal(table_rows(drawn), 3);
    assert_string_equal(table_texts(drawn, "label")[0],
                        "C1 a part with a name that takes most of a line");
    assert_true(table_numbers(drawn, "mark")[0] == 0);
    assert_string_equal(table_texts(drawn, "condition")[1], "class=3");
    assert_string_equal(table_texts(drawn, "condition")[2], "class=8");
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "2 of 31 rows"));
    table_close(drawn);
}

static void verdicts_without_an_effect_are_no_chart(void **state)
{
    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    fixture_text("verdicts.csv", VERDICTS "C4,,,,,,inconclusive,0,1,error,value,0,\n");
    assert_int_equal(chart_applies(scratch_folder, "verdicts"), 0);
    fixture_text("verdicts.csv", "claim,effect\nC4,1\n"); /* of an earlier version */
    assert_int_equal(chart_applies(scratch_folder, "verdicts"), 0);
    fixture_text("verdicts.csv", "claim,effect,judged\nC4,much,error\n");
    assert_int_equal(chart_applies(scratch_folder, "verdicts"), -1);
    assert_non_null(strstr(error_text(), "verdicts.csv:2: "));
}

/* What `batchlab scale` wrote: the setting that has a target is shown. */
static void the_scale_chart_has_a_line_per_batch_size_and_the_critical_one(void **state)
{
    struct table *drawn;
    const double *rates;

    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    assert_int_equal(chart_applies(scratch_folder, "scale"), 0);
    fixture_text("scale.csv",
                 "kind,network,engine,threads,interconnect,origin,cell,batch_size,workers,"
                 "seconds_per_update,predicted_seconds_per_update,relative_error,target,"
                 "seconds_to_target,low,high\n"
                 "measured,S,blas,1,net,assumed,c-1,8,1,1,1,0,,,,\n"
                 "measured,M,blas,1,net,assumed,c-2,8,1,2,2,0,,,,\n"
                 "measured,M,blas,1,net,assumed,c-3,64,2,4,5,0.25,,,,\n"
                 "predicted,M,blas,1,net,assumed,,64,10,,0.5,,,,,\n"
                 "target,M,blas,1,net,assumed,,8,1,,2,,loss 1,200,,\n"
                 "target,M,blas,1,net,assumed,,64,10,,1,,loss 1,20,,\n"
                 "critical,M,blas,1,net,assumed,,30,,,,,loss 1,,20,\n");
    assert_int_equal(chart_applies(scratch_folder, "scale"), 1);
    drawn = written("scale");
    assert_int_equal(table_rows(drawn), 6);
    assert_string_equal(table_texts(drawn, "label")[1], "K = 64");
    rates = table_numbers(drawn, "examples_per_second");
    assert_true(rates[0] == 4 && rates[1] == 16 && isnan(rates[3]));
    assert_true(rates[2] == 128 && table_numbers(drawn, "series")[2] == 2);
    assert_string_equal(table_texts(drawn, "label")[3], "1 rank");
    assert_string_equal(table_texts(drawn, "label")[4], "10 ranks at most");
    assert_true(table_numbers(drawn, "series")[3] == 3); /* behind the two batch sizes */
    assert_true(table_numbers(drawn, "panel")[2] == 1 && table_numbers(drawn, "panel")[3] == 2);
    assert_string_equal(table_texts(drawn, "cell")[1], "c-3");
    assert_string_equal(table_texts(drawn, "cell")[2], "");
    assert_true(table_numbers(drawn, "seconds")[4] == 20);
    assert_string_equal(table_texts(drawn, "label")[5], "critical K = 30");
    assert_true(table_numbers(drawn, "batch_low")[5] == 20);
    assert_true(isnan(table_numbers(drawn, "batch_high")[5]));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "network M"));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "net is assumed"));
    assert_non_null(strstr(table_texts(drawn, "caption")[0], "time to loss 1: "));
    assert_non_null(strstr(table_texts(drawn, "source")[0], "3 seeds"));
    table_close(drawn);
    if (plot_available())
        draw("scale");
    fixture_text("scale.csv", "kind,network\n");
    assert_int_equal(chart_write(scratch_folder, "scale"), -1);
}

/* Two batch sizes that end together by epochs in one budget and by updates in the other. */
static void the_budgets_chart_has_the_axis_that_a_budget_makes_equal(void **state)
{
    static const struct fixture_cell cells[] = {
        {"blas", 1, 0.5, 1, 1, "budget", 1, 0.5, NAN, NAN, .budget = "passes"},
        {"blas", 10, 0.25, 1, 1, "budget", 1, 0.5, NAN, NAN, .budget = "passes"},
        {"blas", 1, 0.5, 1, 1, "budget", 1, 0.5, NAN, NAN, .budget = "steps"},
        {"blas", 10, 0.25, 1, 1, "budget", 1, 0.5, NAN, NAN, .budget = "steps"},
    };
    struct table *drawn;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    fixture_text("curves.csv", "id,epoch,update,train_seconds,train_loss,validation_loss\n"
                               "c0,0,0,0,2,2\nc0,1,1000,4,1,1\n"
                               "c1,0,0,0,2,2\nc1,1,100,1,1.5,1\n"
                               "c2,0,0,0,2,2\nc2,0.1,100,0.4,1.25,1\n"
                               "c3,0,0,0,2,2\nc3,1,100,1,0.75,1\n");
    assert_int_equal(chart_applies(scratch_folder, "budgets"), 1);
    drawn = written("budgets");
    assert_int_equal(table_rows(drawn), 4); /* the start has no place on a logarithmic axis */
    assert_string_equal(table_texts(drawn, "panel_title")[0], "budget passes · α = 0.5; 0.25");
    assert_string_equal(table_texts(drawn, "axis")[0], "epochs");
    assert_string_equal(table_texts(drawn, "axis")[2], "updates");
    assert_true(table_numbers(drawn, "panel")[1] == 1 && table_numbers(drawn, "panel")[2] == 2);
    assert_true(table_numbers(drawn, "series")[1] == 2 && table_numbers(drawn, "series")[2] == 1);
    assert_true(table_numbers(drawn, "place")[3] == 100);
    assert_true(table_numbers(drawn, "train_loss")[3] == 0.75);
    table_close(drawn);
    if (plot_available())
        draw("budgets");
    fixture_cells(cells, 2); /* one budget */
    assert_int_equal(chart_applies(scratch_folder, "budgets"), 0);
}

static void charts_of_probes_need_them(void **state)
{
    (void)state;
    fixture_cells(three_seeds, 1);
    assert_int_equal(chart_applies(scratch_folder, "noise_scale"), 0);
    assert_int_equal(chart_applies(scratch_folder, "nested"), 0);
    assert_int_equal(chart_applies(scratch_folder, "variance"), 0);
    write_probes("c0,0,0,0,memory,gradient_bytes,,,,9,,,9,1\n");
    assert_int_equal(chart_applies(scratch_folder, "noise_scale"), 0);
    assert_int_equal(chart_applies(scratch_folder, "variance"), 0);
    write_probes("nobody,0,0,0,memory,gradient_bytes,,,,9,,,9,1\n");
    assert_int_equal(chart_applies(scratch_folder, "variance"), -1);
}

/* ---- Whether a chart applies -------------------------------------------------------------------
 */

static void a_chart_without_its_data_does_not_apply(void **state)
{
    const struct fixture_cell cell[] = {{"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2}};

    (void)state;
    fixture_cells(cell, 1);
    assert_int_equal(chart_applies(scratch_folder, "target"), 1);
    assert_int_equal(chart_applies(scratch_folder, "grid"), 1);
    assert_int_equal(chart_applies(scratch_folder, "loss"), 0);       /* no curves.csv */
    assert_int_equal(chart_applies(scratch_folder, "heatmap"), 0);    /* one rate */
    assert_int_equal(chart_applies(scratch_folder, "redundancy"), 0); /* one redundancy */
    assert_int_equal(chart_applies(scratch_folder, "throughput"), 0);
    assert_int_equal(chart_write(scratch_folder, "throughput"), -1);
    assert_non_null(strstr(error_text(), "chart throughput needs throughput cells"));
}

static void an_unknown_chart_is_answered_with_the_known_ones(void **state)
{
    (void)state;
    assert_null(chart_find("pie"));
    assert_string_equal(
        error_text(),
        "no chart `pie`; there are loss, target, heatmap, redundancy, "
        "grid, trajectory, throughput, noise_scale, variance, critical_batch, "
        "effective_size, "
        "predictions, volume, nested, budgets, sensitivity, survival, scale, verdicts");
    assert_int_equal(chart_applies(scratch_folder, "pie"), -1);
    assert_int_equal(plot_draw(scratch_folder, "pie", PLOTS), -1);
}

static void a_failed_chart_leaves_no_file(void **state)
{
    char text[1024];

    (void)state;
    fixture_cells(three_seeds, COUNT(three_seeds));
    fixture_text("curves.csv", "id,epoch\nnobody,1\n");
    assert_int_equal(chart_write(scratch_folder, "loss"), -1);
    assert_non_null(strstr(error_text(), "id `nobody` is not in"));
    snprintf(text, sizeof text, "%s/figures", scratch_folder);
    assert_int_equal(rmdir(text), 0); /* empty */
}

/* ---- Drawing -----------------------------------------------------------------------------------
 */

static void every_chart_is_drawn_even_of_missing_values(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "diverged", NAN, NAN, NAN, NAN},
        {"blas", 8, 0.3, 2, 1, "diverged", NAN, NAN, NAN, NAN},
        {"blas", 8, 1.0, 2, 1, "diverged", NAN, NAN, NAN, NAN},
    };

    (void)state;
    if (!plot_available())
        skip();
    fixture_cells(cells, COUNT(cells));
    draw("target");
    draw("heatmap");
    draw("redundancy");
    draw("grid");
    fixture_cells(one_that_trains, COUNT(one_that_trains));
    fixture_text("curves.csv", "id,epoch,update,train_seconds,train_loss,validation_loss\n"
                               "c1,0,0,0,2.0,2.5\nc1,1,1,0.5,nan,inf\n");
    draw("loss");
    fixture_cells(two_engines, COUNT(two_engines));
    draw("grid");
    draw("redundancy");
    fixture_throughput();
    draw("throughput");
}

static void what_a_killed_drawing_left_is_removed(void **state)
{
    pid_t gone = fork();
    char dead[64], alive[64];

    (void)state;
    if (gone == 0)
        _exit(0);
    waitpid(gone, NULL, 0);
    if (!plot_available())
        skip();
    fixture_throughput();
    assert_int_equal(chart_write(scratch_folder, "throughput"), 0);
    snprintf(dead, sizeof dead, "figures/.tmp-%ld-loss.svg", (long)gone);
    snprintf(alive, sizeof alive, "figures/.tmp-%ld-loss.svg", (long)getppid());
    fixture_text(dead, "half");
    fixture_text(alive, "half");
    draw("throughput");
    assert_int_equal(access(scratch_path(dead), F_OK), -1);
    assert_int_equal(access(scratch_path(alive), F_OK), 0); /* another drawing's */
}

static void a_machine_without_gnuplot_says_what_to_install(void **state)
{
    char *path = strdup(getenv("PATH"));

    (void)state;
    setenv("PATH", "/nowhere", 1);
    assert_false(plot_available());
    assert_int_equal(plot_draw(scratch_folder, "loss", PLOTS), -1);
    assert_non_null(strstr(error_text(), "gnuplot is not installed (apt install gnuplot-nox); the "
                                         "results are complete in /tmp/"));
    setenv("PATH", path, 1);
    free(path);
}

static void what_gnuplot_complains_of_is_passed_up(void **state)
{
    char folder[64];

    (void)state;
    if (!plot_available())
        skip();
    fixture_text("loss.gp", "plot nonsense(\n");
    snprintf(folder, sizeof folder, "%s", scratch_folder);
    assert_int_equal(plot_draw(scratch_folder, "loss", folder), -1);
    assert_non_null(strstr(error_text(), "loss.gp: gnuplot failed: "));
    assert_non_null(strstr(error_text(), "line 1"));
    unlink(scratch_path("loss.gp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_loss_chart_draws_median_and_range_while_most_seeds_train,
                               fixture_clear),
        cmocka_unit_test_setup(the_trajectory_chart_has_paths_over_contour_lines, fixture_clear),
        cmocka_unit_test_setup(the_critical_batch_chart_has_curves_and_where_they_bend,
                               fixture_clear),
        cmocka_unit_test_setup(the_target_chart_keeps_what_was_not_reached, fixture_clear),
        cmocka_unit_test_setup(the_heatmap_masks_what_diverged_and_rings_the_best, fixture_clear),
        cmocka_unit_test_setup(the_redundancy_chart_has_a_line_per_batch_size, fixture_clear),
        cmocka_unit_test_setup(the_grid_chart_has_a_panel_per_redundancy_and_a_line_per_engine,
                               fixture_clear),
        cmocka_unit_test_setup(the_redundancy_chart_keeps_its_baseline_whatever_the_mode,
                               fixture_clear),
        cmocka_unit_test_setup(the_redundancy_chart_of_one_mode_shows_the_only_setting,
                               fixture_clear),
        cmocka_unit_test_setup(the_grid_chart_has_the_baseline_on_every_line, fixture_clear),
        cmocka_unit_test_setup(the_heatmap_rings_nothing_where_every_rate_diverged, fixture_clear),
        cmocka_unit_test_setup(the_loss_chart_names_whom_it_leaves_out, fixture_clear),
        cmocka_unit_test_setup(without_a_validation_split_the_captions_say_what_decided,
                               fixture_clear),
        cmocka_unit_test_setup(the_throughput_chart_has_quartiles_and_a_roof, fixture_clear),
        cmocka_unit_test_setup(without_recorded_roofs_the_peak_stands_for_them, fixture_clear),
        cmocka_unit_test_setup(each_network_and_number_of_threads_has_one_roof, fixture_clear),
        cmocka_unit_test_setup(the_noise_chart_has_both_ways_of_each_evaluation, fixture_clear),
        cmocka_unit_test_setup(the_noise_of_several_seeds_is_their_median, fixture_clear),
        cmocka_unit_test_setup(the_variance_chart_has_a_panel_per_evaluation, fixture_clear),
        cmocka_unit_test_setup(the_effective_size_chart_has_a_line_per_correlation, fixture_clear),
        cmocka_unit_test_setup(the_predictions_chart_compares_seeds, fixture_clear),
        cmocka_unit_test_setup(the_nested_chart_has_a_line_per_evaluation, fixture_clear),
        cmocka_unit_test_setup(the_volume_chart_has_a_line_of_several_sizes, fixture_clear),
        cmocka_unit_test_setup(the_budgets_chart_has_the_axis_that_a_budget_makes_equal,
                               fixture_clear),
        cmocka_unit_test_setup(the_sensitivity_chart_has_a_point_per_rate, fixture_clear),
        cmocka_unit_test_setup(the_survival_chart_is_that_of_kaplan_and_meier, fixture_clear),
        cmocka_unit_test_setup(the_verdicts_chart_has_a_panel_per_quantity_and_what_is_expected,
                               fixture_clear),
        cmocka_unit_test_setup(of_many_verdicts_those_most_for_and_most_against_are_drawn,
                               fixture_clear),
        cmocka_unit_test_setup(verdicts_without_an_effect_are_no_chart, fixture_clear),
        cmocka_unit_test_setup(the_scale_chart_has_a_line_per_batch_size_and_the_critical_one,
                               fixture_clear),
        cmocka_unit_test_setup(charts_of_probes_need_them, fixture_clear),
        cmocka_unit_test_setup(a_chart_without_its_data_does_not_apply, fixture_clear),
        cmocka_unit_test_setup(an_unknown_chart_is_answered_with_the_known_ones, fixture_clear),
        cmocka_unit_test_setup(a_failed_chart_leaves_no_file, fixture_clear),
        cmocka_unit_test_setup(every_chart_is_drawn_even_of_missing_values, fixture_clear),
        cmocka_unit_test_setup(what_a_killed_drawing_left_is_removed, fixture_clear),
        cmocka_unit_test_setup(a_machine_without_gnuplot_says_what_to_install, fixture_clear),
        cmocka_unit_test_setup_teardown(what_gnuplot_complains_of_is_passed_up, fixture_clear,
                                        fixture_clear),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
