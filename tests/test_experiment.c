/* Experiment files: good ones mean what they say. */
#include "experiment_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void an_experiment_is_read(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "question: Does it work?\n"
                 "title: Work\n"
                 "shuffle: 7\n"
                 "dataset: {name: blobs, examples: 300, validation: 60, scaling: standard}\n"
                 "networks: {own: {hidden: [9, 8], activation: tanh, bias: 0.5}}\n"
                 "grid:\n"
                 "  engine: [naive, reference]\n"
                 "  batch_size: [1, 32, full]\n"
                 "  network: [own, M]\n"
                 "targets: {validation_error: [0.2, 0.15], train_loss: 0.5}\n"
                 "budget: {epochs: 2.5, seconds: 3, until: all}\n"
                 "charts: [grid]\n",
                 0);
    assert_string_equal(e.name, "good");
    assert_string_equal(e.question, "Does it work?");
    assert_string_equal(e.title, "Work");
    assert_int_equal(e.shuffle, 7);
    assert_int_equal(e.measure, MEASURE_CONVERGENCE);
    assert_string_equal(e.dataset.name, "blobs");
    assert_int_equal(e.dataset.scaling, SCALING_STANDARD);
    assert_int_equal(e.dataset.classes, 10); /* the default */
    assert_int_equal(e.dataset_line, 4);
    assert_true(e.budget.epochs == 2.5 && e.budget.seconds == 3 && e.budget.updates == 0);
    assert_int_equal(e.budget.until, UNTIL_ALL);
    assert_int_equal(e.target_count, 3);
    assert_string_equal(e.targets[1].name, "validation_error_0.15");
    assert_string_equal(e.targets[2].name, "train_loss_0.5");
    assert_int_equal(e.targets[2].metric, METRIC_TRAIN_LOSS);
    assert_string_equal(e.charts[0], "grid");
    assert_int_equal(e.chart_lines[0], 12);
    assert_int_equal(e.grid.axis_count, 3);
    assert_int_equal(experiment_line(&e, "batch_size", "32"), 8);
    assert_int_equal(experiment_line(&e, "batch_size", "33"), 1);
    assert_non_null(strstr(e.text, "until: all"));
    experiment_close(&e);
}

static void probes_are_read(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "budget: {epochs: 20}\n"
                 "dataset: {validation: 10}\n"
                 "probes:\n"
                 "  at: [0, 0.5, 20]\n"
                 "  which: [noise_scale, predictions]\n"
                 "  batch_sizes: [1, 64]\n"
                 "  precision: 0.02\n"
                 "quick: {probes: {at: [], every: 3, which: [memory]}}\n",
                 0);
    assert_int_equal(e.probes.at_count, 3);
    assert_true(e.probes.at[1] == 0.5 && e.probes.at[2] == 20);
    assert_int_equal(e.probes.which, PROBE_NOISE_SCALE | PROBE_PREDICTIONS);
    assert_int_equal(e.probes.batch_size_count, 2);
    assert_true(e.probes.precision == 0.02 && e.probes.draw_examples == 2e7);
    assert_int_equal(e.probes.small_batch, 32);
    assert_int_equal(e.probes_line, 3);
    experiment_close(&e);
    fixture_open(&e,
                 "budget: {epochs: 20}\n"
                 "probes: {at: [0], which: [energy]}\n"
                 "quick: {probes: {at: [], every: 3, which: [memory]}}\n",
                 1);
    assert_int_equal(e.probes.at_count, 0);
    assert_int_equal(e.probes.every, 3);
    assert_int_equal(e.probes.which, PROBE_MEMORY);
    experiment_close(&e);
}

static void a_budget_is_all_it_takes(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e, "budget: {updates: 1}\n", 0);
    assert_string_equal(e.title, "good");
    assert_string_equal(e.dataset.name, "fashion-mnist");
    assert_int_equal(e.grid.axis_count, 0);
    assert_int_equal(e.case_count, 0);
    assert_int_equal(e.dataset_line, 1);
    assert_int_equal(e.evaluation.per_decade, 12);
    experiment_close(&e);
    fixture_open(&e, "measure: throughput\n", 0); /* needs no budget */
    assert_int_equal(e.measure, MEASURE_THROUGHPUT);
    experiment_close(&e);
}

static void presets_stand_beside_own_networks(void **state)
{
    const struct network_spec *own, *preset;
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "networks: {own: {hidden: [5], sigma: 0.2, initializer: truncated_normal},\n"
                 "           L: {hidden: []}}\n"
                 "budget: {epochs: 1}\n",
                 0);
    own = experiment_network(&e, "own");
    preset = experiment_network(&e, "M");
    assert_int_equal(own->hidden[0], 5);
    assert_int_equal(own->initializer, INITIALIZER_TRUNCATED_NORMAL);
    assert_true(own->sigma == 0.2);
    assert_int_equal(preset->hidden[0], 128);
    assert_int_equal(preset->initializer, INITIALIZER_HE);
    assert_int_equal(experiment_network(&e, "S")->hidden_count, 0);
    assert_int_equal(experiment_network(&e, "L")->hidden_count, 0); /* the file's, not the preset */
    assert_null(experiment_network(&e, "XL"));
    experiment_close(&e);
}

static void layers_are_read_in_every_form(void **state)
{
    const struct network_spec *own;
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "budget: {epochs: 1}\n"
                 "networks:\n"
                 "  own:\n"
                 "    activation: tanh\n"
                 "    layers:\n"
                 "      - conv2d: {channels: 6, kernel: [5, 3], padding: same, activation: relu}\n"
                 "      - maxpool2d: 2\n"
                 "      - maxpool2d: {kernel: [3, 2], stride: 1}\n"
                 "      - conv2d: {kernel: 3, channels: 4}\n"
                 "      - flatten\n"
                 "      - dense: 84\n"
                 "      - dense: {outputs: 7, activation: identity}\n",
                 0);
    own = experiment_network(&e, "own");
    assert_int_equal(own->layer_count, 7);
    assert_int_equal(own->layers[0].kind, LAYER_CONVOLUTION);
    assert_int_equal(own->layers[0].outputs, 6);
    assert_int_equal(own->layers[0].kernel_count, 2);
    assert_int_equal(own->layers[0].kernel[1], 3);
    assert_int_equal(own->layers[0].padding, PADDING_SAME);
    assert_int_equal(own->layers[0].activation, ACTIVATION_RELU);
    assert_int_equal(own->layers[0].line, 6);
    assert_int_equal(own->layers[1].kind, LAYER_MAX_POOLING);
    assert_int_equal(own->layers[1].kernel[0], 2);
    assert_int_equal(own->layers[1].kernel_count, 1);
    assert_int_equal(own->layers[1].stride_count, 0);
    assert_int_equal(own->layers[2].stride[0], 1);
    assert_int_equal(own->layers[3].padding, 0);
    assert_int_equal(own->layers[3].activation, ACTIVATION_OF_NETWORK);
    assert_int_equal(own->layers[4].kind, LAYER_FLATTEN);
    assert_int_equal(own->layers[5].kind, LAYER_DENSE);
    assert_int_equal(own->layers[5].outputs, 84);
    assert_int_equal(own->layers[6].activation, ACTIVATION_IDENTITY);
    experiment_close(&e);
}

/* Two networks that differ in one layer's key are two networks. */
static void every_key_of_a_layer_is_in_the_canonical_text(void **state)
{
    static const char *const lists[] = {
        "[conv2d: {channels: 2, kernel: 3}]",
        "[conv2d: {channels: 3, kernel: 3}]",
        "[conv2d: {channels: 2, kernel: [3, 1]}]",
        "[conv2d: {channels: 2, kernel: 3, padding: 1}]",
        "[conv2d: {channels: 2, kernel: 3, activation: tanh}]",
        "[conv2d: {channels: 2, kernel: 3}, flatten]",
        "[maxpool2d: 2]",
        "[maxpool2d: {kernel: 2, stride: 1}]",
        "[dense: 2]",
        "[dense: {outputs: 2, activation: tanh}]",
    };
    enum { LISTS = sizeof lists / sizeof *lists };
    char *texts[LISTS], yaml[256];

    (void)state;
    for (int i = 0; i < LISTS; i++) {
        struct experiment e;
        size_t length;
        FILE *file = open_memstream(&texts[i], &length);

        snprintf(yaml, sizeof yaml, "budget: {epochs: 1}\nnetworks: {own: {layers: %s}}\n",
                 lists[i]);
        fixture_open(&e, yaml, 0);
        experiment_dump_network(file, experiment_network(&e, "own"));
        fclose(file);
        experiment_close(&e);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(texts[i], texts[j]);
    }
    for (int i = 0; i < LISTS; i++)
        free(texts[i]);
}

static void as_many_networks_as_fit_are_accepted(void **state)
{
    char text[2000] = "budget: {epochs: 1}\nnetworks:\n";
    struct experiment e;

    (void)state;
    for (int i = 0; i < 19; i++)
        sprintf(text + strlen(text), "  n%d: {hidden: [%d]}\n", i, i + 1);
    fixture_open(&e, text, 0);
    assert_int_equal(e.network_count, EXPERIMENT_NETWORKS_MAX);
    assert_non_null(experiment_network(&e, "n18"));
    assert_non_null(experiment_network(&e, "L"));
    experiment_close(&e);
    strcat(text, "  one_more: {hidden: [1]}\n");
    assert_int_equal(experiment_open(&e, fixture_yaml("many.yaml", text), 0), -1);
    assert_non_null(strstr(error_text(), "many.yaml:22: networks: more than 19"));
}

static void quick_overrides_what_it_names(void **state)
{
    static const char text[] = "dataset: {name: blobs, examples: 900, features: 7}\n"
                               "grid: {batch_size: [1, 2, 3], seed: [1, 2], engine: naive}\n"
                               "targets: {train_loss: [0.5, 0.4]}\n"
                               "budget: {epochs: 20, seconds: 30}\n"
                               "quick: {batch_size: 8, budget: {seconds: 2}, title: Fast,\n"
                               "        targets: {train_loss: 0.7}, dataset: {examples: 90},\n"
                               "        grid: {seed: 5}}\n";
    struct experiment e;

    (void)state;
    fixture_open(&e, text, 1);
    assert_int_equal(e.quick, 1);
    assert_string_equal(e.title, "Fast");
    assert_true(e.budget.epochs == 20 && e.budget.seconds == 2);
    assert_int_equal(e.dataset.examples, 90);
    assert_int_equal(e.dataset.features, 7);
    assert_int_equal(e.target_count, 1);
    assert_string_equal(e.targets[0].name, "train_loss_0.7");
    assert_int_equal(grid_find_axis(&e.grid, "batch_size")->count, 1);
    assert_string_equal(grid_find_axis(&e.grid, "batch_size")->values[0], "8");
    assert_string_equal(grid_find_axis(&e.grid, "seed")->values[0], "5");
    assert_string_equal(grid_find_axis(&e.grid, "engine")->values[0], "naive");
    experiment_close(&e);

    fixture_open(&e, text, 0);
    assert_int_equal(e.quick, 0);
    assert_true(e.budget.seconds == 30);
    assert_int_equal(e.dataset.examples, 900);
    assert_int_equal(e.target_count, 2);
    assert_int_equal(grid_find_axis(&e.grid, "batch_size")->count, 3);
    experiment_close(&e);
}

/* The order of keys in the file decides nothing. */
static void quick_may_stand_first(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "quick: {seed: 9, budget: {epochs: 1}}\n"
                 "grid: {seed: [1, 2]}\n"
                 "budget: {epochs: 5}\n",
                 1);
    assert_string_equal(grid_find_axis(&e.grid, "seed")->values[0], "9");
    assert_true(e.budget.epochs == 1);
    experiment_close(&e);
}

static void cases_are_kept_apart(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "grid:\n"
                 "  seed: [1, 2]\n"
                 "  cases:\n"
                 "    - {engine: naive, batch_size: [1, 2]}\n"
                 "    - {engine: reference, batch_size: 8, learning_rate: [0.1, 0.2]}\n"
                 "budget: {epochs: 1}\n"
                 "quick: {cases: [{engine: naive}]}\n",
                 0);
    assert_int_equal(e.case_count, 2);
    assert_int_equal(grid_find_axis(&e.cases[0], "batch_size")->count, 2);
    assert_null(grid_find_axis(&e.cases[0], "learning_rate"));
    assert_int_equal(experiment_line(&e, "engine", "reference"), 5);
    experiment_close(&e);
}

static void quick_replaces_all_cases(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "grid: {cases: [{engine: naive}, {engine: reference}]}\n"
                 "budget: {epochs: 1}\n"
                 "quick: {cases: [{engine: blas}]}\n",
                 1);
    assert_int_equal(e.case_count, 1);
    assert_string_equal(grid_find_axis(&e.cases[0], "engine")->values[0], "blas");
    experiment_close(&e);
}

static void set_axis_overrides_grid_and_cases(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "grid: {cases: [{threads: [1, 2], seed: 1}, {threads: 4, seed: 2}]}\n"
                 "budget: {epochs: 1}\n",
                 0);
    assert_int_equal(experiment_set_axis(&e, "threads", "3"), 0);
    assert_null(grid_find_axis(&e.cases[0], "threads"));
    assert_null(grid_find_axis(&e.cases[1], "threads"));
    assert_int_equal(grid_find_axis(&e.cases[1], "seed")->count, 1);
    assert_int_equal(grid_find_axis(&e.grid, "threads")->count, 1);
    assert_string_equal(grid_find_axis(&e.grid, "threads")->values[0], "3");
    assert_int_equal(experiment_set_axis(&e, "threads", "0"), -1);
    assert_non_null(strstr(error_text(), "threads: '0' is not valid"));
    assert_string_equal(grid_find_axis(&e.grid, "threads")->values[0], "3");
    assert_int_equal(experiment_set_axis(&e, "learning_rate", "0.10"), 0); /* a new axis */
    assert_string_equal(grid_find_axis(&e.grid, "learning_rate")->values[0], "0.1");
    experiment_close(&e);
}

static void relative_paths_start_at_the_file(void **state)
{
    static const char text[] = "dataset: {name: csv, path: data/points.csv, label: kind,\n"
                               "          images: /abs/images}\n"
                               "budget: {epochs: 1}\n";
    char expected[200], before[PATH_MAX];
    struct experiment e;

    (void)state;
    fixture_open(&e, text, 0);
    snprintf(expected, sizeof expected, "%s/data/points.csv", scratch_folder);
    assert_string_equal(e.dataset.path, expected);
    assert_string_equal(e.dataset.images, "/abs/images");
    experiment_close(&e);

    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_folder), 0);
    assert_int_equal(experiment_open(&e, "good.yaml", 0), 0);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(e.dataset.path, "data/points.csv");
    experiment_close(&e);
}

static void assert_engine_path(const char *file, const char *engine, const char *expected)
{
    struct experiment e = {0};
    char path[100];

    snprintf(e.file, sizeof e.file, "%s", file);
    assert_int_equal(experiment_engine(&e, engine, path, sizeof path), 0);
    assert_string_equal(path, expected);
}

static void engines_given_by_path_lie_beside_the_file(void **state)
{
    struct experiment e = {.file = "lab/e.yaml"};
    char small[10];

    (void)state;
    assert_engine_path("lab/e.yaml", "naive", "naive");
    assert_engine_path("lab/e.yaml", "blas:blis", "blas:blis");
    assert_engine_path("lab/e.yaml", "blas:/opt/lib.so", "blas:/opt/lib.so");
    assert_engine_path("lab/e.yaml", "./mine.so", "lab/./mine.so");
    assert_engine_path("lab/e.yaml", "../mine.so", "lab/../mine.so");
    assert_engine_path("lab/e.yaml", "./mine.so:fast", "lab/./mine.so:fast");
    assert_engine_path("lab/e.yaml", "./mine.so:a/b", "lab/./mine.so:a/b");
    assert_engine_path("lab/e.yaml", "/abs/mine.so", "/abs/mine.so");
    assert_engine_path("e.yaml", "./mine.so", "./mine.so");
    assert_engine_path("/e.yaml", "./mine.so", "/./mine.so");
    assert_int_equal(experiment_engine(&e, "./mine.so", small, sizeof small), -1);
}

static void names_are_safe_for_folders(void **state)
{
    static const char *const cases[][2] = {
        {"batch-size.yaml", "batch-size"}, {"a.b.yml", "a.b"},          {"no_suffix", "no_suffix"},
        {"sp ace!.yaml", "sp-ace-"},       {".hidden.yaml", "-hidden"}, {".yaml", "-yaml"},
        {"\xc3\xa9.yaml", "--"},
    };
    struct experiment e;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(experiment_open(&e, fixture_yaml(cases[i][0], "budget: {epochs: 1}"), 0),
                         0);
        assert_string_equal(e.name, cases[i][1]);
        experiment_close(&e);
    }
}

/* Anchors and merge-free aliases are plain YAML. */
static void an_alias_means_what_it_points_to(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 "grid: {batch_size: &sizes [1, 2], redundancy: *sizes}\n"
                 "budget: {epochs: 1}\n",
                 0);
    assert_int_equal(grid_find_axis(&e.grid, "redundancy")->count, 2);
    experiment_close(&e);
}

/* The canonical text changes with what decides a result, and with nothing else. */
static char *dump_of(const char *text)
{
    struct experiment e;
    char *dump = NULL;
    size_t length;
    FILE *file = open_memstream(&dump, &length);

    fixture_open(&e, text, 0);
    experiment_dump(file, &e);
    fclose(file);
    experiment_close(&e);
    return dump;
}

static void the_canonical_text_holds_what_decides_a_result(void **state)
{
    static const char plain[] = "budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n";
    static const struct {
        const char *text;
        int same;
    } cases[] = {
        {"dataset: {validation: 5, name: blobs}\nbudget: {until: budget, epochs: 1.0}\n", 1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\nquestion: Why?\n", 1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\ngrid: {seed: 3}\n", 1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\nshuffle: 3\n", 1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "limits: {cell_seconds: 9}\n",
         1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "limits: {at_chance: stop}\n",
         1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "limits: {checkpoint_seconds: 0}\n",
         1},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "limits: {at_chance: go_on}\n",
         0},
        {"budget: {epochs: 2}\ndataset: {name: blobs, validation: 5}\n", 0},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 6}\n", 0},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5, seed: 2}\n", 0},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "targets: {train_loss: 1}\n",
         0},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\n"
         "evaluation: {first: 10}\n",
         0},
        {"budget: {epochs: 1}\ndataset: {name: blobs, validation: 5}\nmeasure: throughput\n", 0},
    };
    char *expected = dump_of(plain);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dump = dump_of(cases[i].text);

        if ((strcmp(dump, expected) == 0) != cases[i].same)
            fail_msg("%s: expected %s", cases[i].text, cases[i].same ? "the same" : "another");
        free(dump);
    }
    free(expected);
}

static void closing_nothing_is_harmless(void **state)
{
    struct experiment e = {0};

    (void)state;
    experiment_close(NULL);
    experiment_close(&e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_experiment_is_read),
        cmocka_unit_test(probes_are_read),
        cmocka_unit_test(a_budget_is_all_it_takes),
        cmocka_unit_test(presets_stand_beside_own_networks),
        cmocka_unit_test(layers_are_read_in_every_form),
        cmocka_unit_test(every_key_of_a_layer_is_in_the_canonical_text),
        cmocka_unit_test(as_many_networks_as_fit_are_accepted),
        cmocka_unit_test(quick_overrides_what_it_names),
        cmocka_unit_test(quick_may_stand_first),
        cmocka_unit_test(cases_are_kept_apart),
        cmocka_unit_test(quick_replaces_all_cases),
        cmocka_unit_test(set_axis_overrides_grid_and_cases),
        cmocka_unit_test(relative_paths_start_at_the_file),
        cmocka_unit_test(engines_given_by_path_lie_beside_the_file),
        cmocka_unit_test(names_are_safe_for_folders),
        cmocka_unit_test(an_alias_means_what_it_points_to),
        cmocka_unit_test(the_canonical_text_holds_what_decides_a_result),
        cmocka_unit_test(closing_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
