/* What the axes of the data make of cells: how many examples, which ids, and what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

static void the_tail_and_the_copies_taken_away_are_not_counted(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {batch_size: full, imbalance: [1, 100],\n"
                                 "  redundancy: [1, 3], deduplicate: [none, exact]}\n");
    assert_int_equal(p.plan.count, 8);
    for (int i = 0; i < 8; i++) {
        const struct cell *cell = &p.plan.cells[i];
        int r = cell->settings.redundancy;
        size_t distinct = p.plan.cells[i / 4 * 4].train_examples;

        assert_int_equal(cell->settings.imbalance, i < 4 ? 1 : 100);
        assert_true(i < 4 ? distinct == 100 : distinct >= 30 && distinct < 40);
        assert_int_equal(cell->train_examples + cell->dropped_examples, (size_t)r * distinct);
        assert_int_equal(cell->dropped_examples,
                         cell->settings.deduplicate ? (size_t)(r - 1) * distinct : 0);
        assert_int_equal(cell->batch_size, cell->train_examples);
    }
    close_planned(&p);
    refuses_to_plan(DATA BUDGET "grid:\n  imbalance: 100\n  batch_size: [8,\n    64]\n", 6,
                    "64 is larger than the 3");
}

/* K `full`, epochs and copies are those of the subset. */
static void a_subset_is_what_a_cell_takes_for_all(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p,
                 DATA BUDGET "grid: {batch_size: full, subset: [10, 25, all],\n"
                             "  redundancy: [1, 3], deduplicate: [none, exact], seed: [1, 2]}\n");
    assert_int_equal(p.plan.count, 24);
    for (int i = 0; i < p.plan.count; i++) {
        const struct cell *cell = &p.plan.cells[i];
        size_t n = cell->settings.subset == SUBSET_ALL ? 100 : (size_t)cell->settings.subset;
        size_t copies = n * (size_t)(cell->settings.redundancy - 1);
        int dropped = cell->settings.deduplicate == DEDUPLICATE_EXACT;

        assert_int_equal(cell->train_examples, dropped ? n : n + copies);
        assert_int_equal(cell->dropped_examples, dropped ? copies : 0);
        assert_int_equal(cell->batch_size, cell->train_examples);
        if (cell->kept) {
            assert_int_equal(cell->kept->options.subset, cell->settings.subset);
            if (n < 100)
                assert_int_equal(cell->kept->options.seed, cell->settings.seed);
        }
    }
    close_planned(&p);
    refuses_to_plan(DATA BUDGET "grid:\n  subset: [100,\n    101]\n", 5,
                    "subset: 101 is larger than the 100 training examples");
    refuses_to_plan(DATA BUDGET "grid:\n  batch_size: 32\n  subset: 31\n", 4,
                    "32 is larger than the 31");
    refuses_to_open(DATA BUDGET "grid:\n  subset: 0\n", 4, "expected all or a whole number, 1");
}

/* Many cells, one search: those that differ in nothing that makes copies share the rows. */
static void cells_share_what_the_plan_found(void **state)
{
    struct planned p;
    int lists = 0;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {batch_size: [1, 2, 4], redundancy: [1, 3],\n"
                                 "  deduplicate: [none, exact], seed: [1, 2]}\n");
    for (const struct kept_examples *kept = p.plan.kept; kept; kept = kept->next)
        lists++;
    assert_int_equal(lists, 2);
    for (int i = 0; i < p.plan.count; i++) {
        const struct cell *cell = &p.plan.cells[i];
        const struct training_options options = plan_training_options(cell);

        assert_int_equal(cell->kept != NULL, cell->settings.deduplicate == DEDUPLICATE_EXACT);
        assert_ptr_equal(options.kept, cell->kept ? cell->kept->rows : NULL);
        if (cell->kept) {
            assert_int_equal(cell->kept->options.redundancy.factor, cell->settings.redundancy);
            assert_int_equal(options.kept_count, cell->train_examples);
        }
    }
    close_planned(&p);
}

static char *write_image_data(void)
{
    static char text[] = "dataset: {name: idx, images: images, labels: labels}\n";
    uint8_t bytes[16 + 8 * 16];
    size_t header = scratch_idx_header(bytes, 8, 4, 4);

    for (size_t i = 0; i < 8 * 16; i++)
        bytes[header + i] = (uint8_t)(i * i * i % 251);
    scratch_write("images", bytes, header + 8 * 16);
    header = scratch_idx_header(bytes, 8, 0, 0);
    for (size_t i = 0; i < 8; i++)
        bytes[header + i] = (uint8_t)(i % 2);
    scratch_write("labels", bytes, header + 8);
    return text;
}

/* The ids of the first default, 0.99, are those of whoever asks for it; another one is told from it
 * by hash as well as by name. */
static void a_changed_default_has_ids_of_its_own(void **state)
{
    struct planned planned[3];
    static const char *const cosines[3] = {"", ", near_cosine: 0.99", ", near_cosine: 0.998"};
    static const char *hashes[3];

    (void)state;
    for (int p = 0; p < 3; p++) {
        char text[400];

        snprintf(text, sizeof text, "%s" BUDGET "grid: {batch_size: 1, deduplicate: near%s}\n",
                 write_image_data(), cosines[p]);
        open_planned(&planned[p], text);
        hashes[p] = strrchr(planned[p].plan.cells[0].id, '-');
    }
    assert_true(planned[0].plan.cells[0].settings.near_cosine == 0.998);
    assert_string_equal(planned[0].plan.cells[0].id, planned[2].plan.cells[0].id);
    assert_string_not_equal(hashes[0], hashes[1]);
    assert_non_null(strstr(planned[1].plan.cells[0].id, "-near0.99-"));
    for (int p = 0; p < 3; p++)
        close_planned(&planned[p]);
}

static void data_axes_that_say_nothing_make_no_cells(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "grid: {order: [stored, class_sorted], near_cosine: [0.9, 0.99],\n"
                                 "  weighting: [none, norm], sampler: [reshuffle, none]}\n");
    assert_int_equal(p.plan.count, 1 + 2);
    close_planned(&p);
    open_planned(&p, DATA BUDGET "grid: {sampler: [balanced, importance], weighting: norm,\n"
                                 "  last_batch: [drop, keep]}\n");
    assert_int_equal(p.plan.count, 2);
    assert_null(p.plan.cells[0].weighting);
    assert_string_equal(p.plan.cells[1].weighting->name, "norm");
    close_planned(&p);
}

/* What was there before these axes were has the id it had. */
static void axes_at_their_defaults_rename_no_cell(void **state)
{
    struct planned before, after;

    (void)state;
    open_planned(&before, DATA BUDGET "grid: {batch_size: [1, 8]}\n");
    open_planned(
        &after, DATA BUDGET
        "weightings: {w: {power: 2}}\naugmentations: {a: {shift: 1}}\n"
        "grid: {batch_size: [1, 8], subset: [all, 50], imbalance: [1, 10], label_noise: [0, 0.2],"
        " deduplicate: [none, exact],\n"
        "  sampler: [reshuffle, balanced], class_weights: [none, inverse]}\n");
    assert_int_equal(shared_ids(&before, &after), 2);
    assert_int_equal(after.plan.count, 128);
    close_planned(&before);
    close_planned(&after);
}

static void a_weighting_is_part_of_the_id_by_what_it_says(void **state)
{
    static const char grid[] = "grid: {sampler: weighted, weighting: own}\n";
    struct planned one, other;
    char text[600];

    (void)state;
    snprintf(text, sizeof text, DATA BUDGET "weightings: {own: {power: 1}}\n%s", grid);
    open_planned(&one, text);
    snprintf(text, sizeof text, DATA BUDGET "weightings: {own: {power: 2}}\n%s", grid);
    open_planned(&other, text);
    assert_int_equal(shared_ids(&one, &other), 0);
    close_planned(&one);
    close_planned(&other);
}

static void what_does_not_fit_the_data_is_refused(void **state)
{
#define LINEAR "dataset: {name: linear, examples: 120, features: 3, validation: 20}\n" BUDGET
#define OWN(text) DATA BUDGET "weightings:\n  own: {" text "}\n"
    (void)state;
    refuses_to_plan(LINEAR "grid:\n  imbalance: [1,\n   10]\n", 5, "imbalance: needs classes");
    refuses_to_plan(LINEAR "grid:\n  label_noise: 0.1\n", 4, "label_noise: needs classes");
    refuses_to_plan(LINEAR "grid:\n  sampler: balanced\n", 4, "sampler: needs classes");
    refuses_to_plan(LINEAR "grid:\n  class_weights: inverse\n", 4, "needs classes");
    refuses_to_plan(LINEAR "grid:\n  sampler: none\n  order: class_sorted\n", 5, "needs classes");
    refuses_to_plan(LINEAR "grid:\n  sampler: importance\n  weighting: inverse_frequency\n", 5,
                    "weighs classes");
    refuses_to_plan(DATA BUDGET "grid:\n  deduplicate: near\n", 4, "images of bytes");
    refuses_to_plan(DATA BUDGET "augmentations: {a: {shift: 1}}\ngrid:\n  augmentation: a\n", 5,
                    "images of bytes");
    refuses_to_plan(DATA BUDGET "grid:\n  sampler: weighted\n", 4,
                    "weighted needs a weighting, expected a name under weightings");
    refuses_to_plan(DATA BUDGET "grid:\n  sampler: importance\n", 4,
                    "importance needs a weighting");
    refuses_to_plan(DATA BUDGET "grid:\n  sampler: weighted\n  weighting: heavy\n", 5,
                    "'heavy' is unknown");
    refuses_to_plan(OWN("classes: [1, 1]") "grid: {sampler: weighted, weighting: own}\n", 4,
                    "2 weights, expected one for each of 4 classes");
    refuses_to_plan(OWN("classes: [1, 0, 1, 1]") "grid: {sampler: importance, weighting: own}\n", 4,
                    "class 1 has weight 0");
    /* One training example: it is of a class that one of the two gives weight 0. */
    refuses_to_plan(
        "dataset: {name: blobs, examples: 8, features: 3, classes: 4, train: 1}\n" BUDGET
        "weightings: {own: {classes: [1, 0, 0, 0]}, two: {classes: [0, 1, 1, 1]}}\n"
        "grid: {sampler: weighted, batch_size: 1, weighting: [own, two]}\n",
        3, "the weights of the training examples sum to zero");
#undef LINEAR
#undef OWN
}

#define WEIGHED                                                                                    \
    "dataset: {name: blobs, examples: 12, features: 3, classes: 4, weights: own.txt}\n" BUDGET

static void write_weights(const char *text)
{
    scratch_write("own.txt", text, strlen(text));
}

/* The content, not the name; and no cell that looks at none. */
static void own_weights_are_in_the_ids_of_cells_that_use_them(void **state)
{
    static const char text[] =
        WEIGHED "grid: {batch_size: 4, sampler: [reshuffle, weighted, importance],\n"
                "  weighting: [given, norm], class_weights: [none, given]}\n";
    struct planned plain, one, other, again;

    (void)state;
    open_planned(&plain, "dataset: {name: blobs, examples: 12, features: 3, classes: 4}\n" BUDGET
                         "grid: {batch_size: 4}\n");
    write_weights("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
    open_planned(&one, text);
    write_weights("weight\n1.0\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
    open_planned(&again, text);
    write_weights("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n13\n");
    open_planned(&other, text);
    assert_int_equal(one.plan.count, 10);
    assert_int_equal(shared_ids(&one, &again), 10);
    assert_int_equal(shared_ids(&one, &other), 3); /* neither drawn nor weighed by them */
    assert_int_equal(shared_ids(&plain, &one), 1);
    assert_string_equal(one.plan.base, other.plan.base);
    close_planned(&plain);
    close_planned(&one);
    close_planned(&other);
    close_planned(&again);
}

static void own_weights_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    refuses_to_plan(DATA BUDGET "grid:\n  sampler: weighted\n  weighting: given\n", 5,
                    "given_power, and the data have no weights");
    refuses_to_plan(DATA BUDGET "grid:\n  class_weights: given\n", 4, "the data have no weights");
    write_weights("0\n5\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n");
    refuses_to_plan(WEIGHED "grid:\n  sampler: importance\n  weighting: given\n", 5,
                    "has weight 0: importance would leave it out");
    refuses_to_plan(
        "dataset: {name: blobs, examples: 12, features: 3, classes: 4, weights: own.txt,"
        " train: 1}\n" BUDGET "grid:\n  batch_size: 1\n  sampler: weighted\n  weighting: given\n",
        6, "sum to zero");
    refuses_to_plan(
        "dataset: {name: blobs, examples: 12, features: 3, classes: 4, weights: own.txt,"
        " train: 1}\n" BUDGET "grid:\n  batch_size: 1\n  class_weights: given\n",
        5, "sum to zero");
}

static void weightings_are_read_and_have_presets(void **state)
{
    const struct weighting_spec *own;
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 BUDGET "weightings:\n  own: {classes: [1, 0.5, 0], power: -0.5}\n"
                        "  norm: {norm_power: 3}\n",
                 0);
    own = experiment_weighting(&e, "own");
    assert_int_equal(own->class_count, 3);
    assert_true(own->classes[1] == 0.5 && own->classes[2] == 0);
    assert_true(own->power == -0.5 && own->norm_power == 0);
    assert_int_equal(own->line, 3);
    assert_true(experiment_weighting(&e, "norm")->norm_power == 3); /* the file's */
    assert_true(experiment_weighting(&e, "inverse_frequency")->power == -1);
    assert_null(experiment_weighting(&e, "none"));
    experiment_close(&e);
}

static void augmentations_are_read(void **state)
{
    const struct augmentation_spec *own;
    struct experiment e;

    (void)state;
    fixture_open(&e, BUDGET "augmentations: {own: {shift: 2, noise: 0.1}, bare: {}}\n", 0);
    own = experiment_augmentation(&e, "own");
    assert_true(own->shift == 2 && own->crop == 0 && own->flip == 0 && own->noise == 0.1);
    assert_int_equal(experiment_augmentation(&e, "bare")->shift, 0);
    assert_null(experiment_augmentation(&e, "none"));
    experiment_close(&e);
}

/* The hash sees all of the longest list. */
static void every_weight_is_in_the_id(void **state)
{
    struct planned planned[2];

    (void)state;
    for (int p = 0; p < 2; p++) {
        char text[4000] = "dataset: {name: blobs, examples: 400, classes: 128}\n" BUDGET
                          "weightings: {own: {classes: [";

        for (int c = 0; c < 128; c++)
            sprintf(text + strlen(text), "%s0.123456789%02d", c ? ", " : "", c == 127 ? p : 9);
        strcat(text, "]}}\ngrid: {sampler: weighted, weighting: own}\n");
        open_planned(&planned[p], text);
    }
    assert_int_equal(shared_ids(&planned[0], &planned[1]), 0);
    close_planned(&planned[0]);
    close_planned(&planned[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tail_and_the_copies_taken_away_are_not_counted),
        cmocka_unit_test(a_subset_is_what_a_cell_takes_for_all),
        cmocka_unit_test(cells_share_what_the_plan_found),
        cmocka_unit_test(a_changed_default_has_ids_of_its_own),
        cmocka_unit_test(data_axes_that_say_nothing_make_no_cells),
        cmocka_unit_test(axes_at_their_defaults_rename_no_cell),
        cmocka_unit_test(a_weighting_is_part_of_the_id_by_what_it_says),
        cmocka_unit_test(what_does_not_fit_the_data_is_refused),
        cmocka_unit_test(own_weights_are_in_the_ids_of_cells_that_use_them),
        cmocka_unit_test(own_weights_that_do_not_fit_are_refused),
        cmocka_unit_test(weightings_are_read_and_have_presets),
        cmocka_unit_test(augmentations_are_read),
        cmocka_unit_test(every_weight_is_in_the_id),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
