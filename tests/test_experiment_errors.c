/* Bad experiment files: each mistake is named with its line and what was expected. */
#include "experiment_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct mistake {
    const char *text;
    int line;
    const char *wrong, *expected; /* both are in the message */
};

static void assert_refused(const char *path, int line, const char *wrong, const char *expected)
{
    char where[2100];
    struct experiment e;

    if (experiment_open(&e, path, 0) == 0)
        fail_msg("accepted, expected a complaint on `%s`", wrong);
    if (line)
        snprintf(where, sizeof where, "%s:%d: ", path, line);
    else
        snprintf(where, sizeof where, "%s: ", path);
    if (strncmp(error_text(), where, strlen(where)) != 0)
        fail_msg("`%s` does not start with `%s`", error_text(), where);
    if (!strstr(error_text(), wrong) || !strstr(error_text(), expected))
        fail_msg("`%s` lacks `%s` or `%s`", error_text(), wrong, expected);
    if (strchr(error_text(), '\n'))
        fail_msg("`%s` is more than a line", error_text());
    assert_null(e.text); /* nothing is held */
    assert_int_equal(e.grid.axis_count, 0);
}

static void assert_all_refused(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(fixture_yaml("bad.yaml", mistakes[i].text), mistakes[i].line,
                       mistakes[i].wrong, mistakes[i].expected);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void an_unknown_key_is_answered_with_the_known_ones(void **state)
{
    static const struct mistake mistakes[] = {
        {"budget: {epochs: 1}\nbudgett: 3\n", 2, "unknown key 'budgett'", "budget, evaluation"},
        {"dataset:\n  name: blobs\n  colour: red\n", 3, "dataset: unknown key 'colour'",
         "name, path"},
        {"budget:\n  epoch: 1\n", 2, "budget: unknown key 'epoch'", "epochs, updates"},
        {"grid:\n  batch_size: 1\n  batchsize: 2\n", 3, "unknown axis 'batchsize'", "list keys"},
        {"grid:\n  cases:\n    - {seed: 1}\n    - {sed: 1}\n", 4, "unknown axis 'sed'",
         "list keys"},
        {"networks:\n  own:\n    width: [3]\n", 3, "networks: unknown key 'width'", "hidden"},
        {"targets:\n  validation_loss: 1\n  accuracy: 1\n", 3, "unknown metric 'accuracy'",
         "validation_loss or validation_error"},
        {"quick:\n  sed: 1\n", 2, "unknown key 'sed'", "quick"},
        {"[a, b]: 1\n", 1, "unknown key '(not a name)'", "question"},
        {"grid: {[a]: 1}\n", 1, "unknown axis '(not a name)'", ""},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void a_value_of_the_wrong_kind_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"budget: 3\n", 1, "budget: expected a mapping", ""},
        {"budget:\n", 1, "budget: expected a mapping", ""},
        {"budget:\n  epochs: many\n", 2, "epochs: 'many'", "a number, 0 or more"},
        {"budget:\n  updates: 1.5\n", 2, "updates: '1.5'", "a whole number, 0 or more"},
        {"budget:\n  epochs: [1]\n", 2, "epochs: expected one value, not a list", ""},
        {"question: {a: b}\n", 1, "question: expected one value, not a mapping", ""},
        {"grid: [1]\n", 1, "grid: expected a mapping of axes", ""},
        {"grid:\n  seed: {a: 1}\n", 2, "seed: expected a value or a list", ""},
        {"grid:\n  seed:\n    - 1\n    - [2]\n", 4, "seed: expected one value, not a list", ""},
        {"grid:\n  cases: {seed: 1}\n", 2, "cases: expected a list of mappings", ""},
        {"grid:\n  cases: []\n", 2, "cases: expected a list of mappings", ""},
        {"grid:\n  cases: [7]\n", 2, "cases: expected a mapping of axes", ""},
        {"networks: []\n", 1, "networks: expected a mapping", ""},
        {"networks: {own: 5}\n", 1, "networks: expected a mapping", ""},
        {"networks: {own: {hidden: 5}}\n", 1, "hidden: expected a list of whole numbers", ""},
        {"networks:\n  own:\n    hidden: [3,\n      -1]\n", 4, "hidden: '-1'", "a whole number"},
        {"networks: {own: {hidden: [[3]]}}\n", 1, "hidden: expected a whole number", ""},
        {"networks: {own: {layers: 5}}\n", 1, "layers: expected a list", "conv2d"},
        {"networks: {own: {layers: []}}\n", 1, "layers: expected a list", "conv2d"},
        {"networks:\n  own:\n    layers:\n      - flatten\n      - convolve\n", 5,
         "layers: unknown layer 'convolve'", "conv2d, maxpool2d, flatten or dense"},
        {"networks: {own: {layers: [{dense: 3, flatten: 1}]}}\n", 1, "layers: expected one kind",
         "{dense: 84}"},
        {"networks: {own: {layers: [{}]}}\n", 1, "layers: expected one kind", "{dense: 84}"},
        {"networks: {own: {layers: [[3]]}}\n", 1, "layers: unknown layer", "conv2d"},
        {"networks: {own: {layers: [dense]}}\n", 1, "dense: outputs is missing", ""},
        {"networks: {own: {layers: [conv2d: 3]}}\n", 1, "conv2d: kernel is missing", ""},
        {"networks: {own: {layers: [conv2d: {kernel: 3}]}}\n", 1, "conv2d: channels is missing",
         ""},
        {"networks: {own: {layers: [maxpool2d: {stride: 2}]}}\n", 1, "maxpool2d: kernel is missing",
         ""},
        {"networks: {own: {layers: [maxpool2d: 0]}}\n", 1, "kernel: '0'", "a whole number"},
        {"networks: {own: {layers: [maxpool2d: [1, 2, 3]]}}\n", 1, "kernel: more than 2", ""},
        {"networks: {own: {layers: [maxpool2d: [2]]}}\n", 1, "kernel: 1 numbers", "expected two"},
        {"networks: {own: {layers: [flatten: 3]}}\n", 1, "flatten: has no keys", "its name alone"},
        {"networks: {own: {layers: [dense: {width: 3}]}}\n", 1, "dense: unknown key 'width'",
         "outputs"},
        {"networks: {own: {layers: [conv2d: {channels: 2, kernel: 3, padding: wide}]}}\n", 1,
         "padding: 'wide'", "same or valid"},
        {"networks: {own: {objective: bump}}\n", 1, "objective: 'bump'", "rosenbrock"},
        {"networks: {own: {objective: cubic, hidden: [4]}}\n", 1, "both an objective and layers",
         "expected one"},
        {"networks: {own: {objective: saddle, coefficients: [1, 2, 3]}}\n", 1,
         "coefficients: more than 2", ""},
        {"networks: {own: {objective: quadratic, start: 3}}\n", 1, "start: expected a list", ""},
        {"networks: {own: {layers: [dense: 3], hidden: [4]}}\n", 1, "both layers and hidden",
         "expected one"},
        {"weightings: []\n", 1, "weightings: expected a mapping of names", ""},
        {"weightings: {own: 5}\n", 1, "weightings: expected a mapping", ""},
        {"weightings: {none: {power: 1}}\n", 1, "'none' stands for none", ""},
        {"weightings:\n  own: {classes: [0, 0.0]}\n", 2,
         "own: the weights of the classes sum to zero", "above 0"},
        {"weightings:\n  own: {classes: [1,\n    -1]}\n", 3, "classes: '-1'", "0 or more"},
        {"weightings: {own: {classes: []}, own: {power: 1}}\n", 1, "'own' is given twice", ""},
        {"weightings: {own: {weight: 1}}\n", 1, "unknown key 'weight'",
         "classes, power, norm_power"},
        {"augmentations: {own: {shift: -1}}\n", 1, "shift: '-1'", "0 or more"},
        {"augmentations: {own: {flip: 1.5}}\n", 1, "flip: '1.5'", "from 0 to 1"},
        {"augmentations: {own: {rotate: 5}}\n", 1, "unknown key 'rotate'",
         "crop, shift, flip, noise"},
        {"evaluation: {shifted_tests: maybe}\n", 1, "'maybe'", "false or true"},
        {"schedules: []\n", 1, "schedules: expected a mapping", ""},
        {"schedules: {own: 5}\n", 1, "schedules: expected a mapping", ""},
        {"schedules:\n  own: {kind: sine}\n", 2, "kind: 'sine'", "cosine"},
        {"schedules: {own: {at: 5}}\n", 1, "at: expected a list of numbers", ""},
        {"schedules: {own: {kind: piecewise}}\n", 1, "at and factors", "as many"},
        {"schedules: {own: {kind: piecewise, at: [1, 2], factors: [1]}}\n", 1, "at and factors",
         "as many"},
        {"schedules: {own: {at: [1], factors: [1]}}\n", 1, "at and factors", "piecewise"},
        {"schedules: {own: {kind: piecewise, at: [2, 2], factors: [1, 2]}}\n", 1,
         "at: expected increasing", ""},
        {"schedules: {own: {batch_at: [2]}}\n", 1, "batch_at needs a batch_factor", ""},
        {"schedules: {own: {batch_factor: 2}}\n", 1, "batch_at needs a batch_factor", ""},
        {"schedules: {own: {kind: exponential, decay: 2}}\n", 1, "exponential: decay is 2",
         "at most 1"},
        {"schedules: {constant: {}}\n", 1, "schedules: 'constant'", ""},
        {"probes: 3\n", 1, "probes: expected a mapping", ""},
        {"probes:\n  which: energy\n", 2, "which: expected a list of names", "[memory]"},
        {"probes:\n  which:\n    - energy\n    - mass\n", 4, "which: 'mass'", "noise_scale"},
        {"probes: {which: [[energy]]}\n", 1, "which: '(not a name)'", "noise_scale"},
        {"probes: {which: [energy, energy]}\n", 1, "which: energy is given twice", ""},
        {"probes: {at: 1}\n", 1, "at: expected a list of numbers", ""},
        {"targets: 3\n", 1, "targets: expected a mapping", ""},
        {"targets: {validation_error: -0.1}\n", 1, "targets: '-0.1'", "1e-12"},
        {"limits: {at_chance: stay}\n", 1, "at_chance: 'stay'", "stop"},
        {"targets: {train_loss: {a: 1}}\n", 1, "targets: expected a number or a list", ""},
        {"charts: grid\n", 1, "charts: expected a list", ""},
        {"charts: [[a]]\n", 1, "charts: expected a name", ""},
        {"quick: 3\n", 1, "quick: expected a mapping", ""},
        {"measure: speed\n", 1, "measure: 'speed'", "convergence or throughput"},
        {"- a\n- b\n", 1, "expected a mapping of keys", ""},
        {"just text\n", 1, "expected a mapping of keys", ""},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void a_value_out_of_range_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"grid:\n  batch_size: [1, 0]\n", 2, "batch_size: '0'",
         "full or a whole number, 1 or more"},
        {"grid:\n  batch_size:\n    - 1\n    - -5\n", 4, "batch_size: '-5'", "1 or more"},
        {"grid:\n  learning_rate: -0.1\n", 2, "learning_rate: '-0.1'", "1e-12 or more"},
        {"grid:\n  learning_rate: 0\n", 2, "learning_rate: '0'", "1e-12 or more"},
        {"grid:\n  learning_rate: nan\n", 2, "learning_rate: 'nan'", "1e-12 or more"},
        {"grid:\n  learning_rate: .nan\n", 2, "learning_rate: '.nan'", "1e-12 or more"},
        {"grid:\n  learning_rate: 1e999\n", 2, "learning_rate: '1e999'", "1e-12 or more"},
        {"grid:\n  learning_rate:\n", 2, "learning_rate: ''", "1e-12 or more"},
        {"grid:\n  learning_rate: ~\n", 2, "learning_rate: '~'", "1e-12 or more"},
        {"grid: {momentum: 1}\n", 1, "momentum: '1'", "from 0 to"},
        {"grid: {seed: -1}\n", 1, "seed: '-1'", "0 or more"},
        {"grid: {threads: 1e3}\n", 1, "threads: '1e3'", "from 1 to 1024"},
        {"budget: {epochs: -1}\n", 1, "epochs: '-1'", "0 or more"},
        {"budget: {epochs: inf}\n", 1, "epochs: 'inf'", "0 or more"},
        {"targets: {train_error: 0}\n", 1, "targets: '0'", "1e-12 or more"},
        {"targets:\n  train_error:\n    - 1\n    - nan\n", 4, "targets: 'nan'", "1e-12 or more"},
        {"evaluation: {train_examples: 10001}\n", 1, "'10001'", "from 1 to 10000"},
        {"throughput: {blocks: 5}\n", 1, "blocks: '5'", "from 6"},
        {"limits: {cell_seconds: 0}\n", 1, "cell_seconds: '0'", "0.1 or more"},
        {"dataset: {classes: 1}\n", 1, "classes: '1'", "from 2"},
        {"quick: {seed: -1}\n", 1, "seed: '-1'", "0 or more"}, /* found without --quick */
        {"quick:\n  budget: {epochs: -1}\n", 2, "epochs: '-1'", "0 or more"},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void an_unknown_name_is_answered_with_the_known_ones(void **state)
{
    static const struct mistake mistakes[] = {
        {"grid:\n  engine: [naive, naiv]\n", 2, "naiv`", "naive, reference, blas"},
        {"grid:\n  engine:\n    - naive\n    - ''\n", 4, "engine: empty", "expected a text"},
        {"grid:\n  optimizer: [sgd, sdg]\n", 2, "'sdg' is unknown", "sgd, momentum, nesterov"},
        {"budget: {epochs: 1}\nnetworks: {own: {hidden: []}}\ngrid:\n  network:\n    - own\n"
         "    - XXL\n",
         6, "'XXL' is unknown", "own, S, M, L"},
        {"budget: {epochs: 1}\ngrid:\n  cases:\n    - {network: XXL}\n", 4, "'XXL' is unknown",
         "S, M, L"},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void what_is_given_twice_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"grid:\n  learning_rate:\n    - 0.1\n    - 0.10\n", 4, "0.1 is given twice", ""},
        {"grid:\n  learning_rate: [.1, 1e-1]\n", 2, "0.1 is given twice", ""},
        {"grid: {batch_size: [full, full]}\n", 1, "full is given twice", ""},
        {"grid: {engine: [naive, blas, naive]}\n", 1, "naive is given twice", ""},
        {"targets: {train_loss: [1, 1.0]}\n", 1, "train_loss_1 is given twice", ""},
        {"budget: {epochs: 1}\nbudget: {epochs: 2}\n", 2, "budget: is given twice", ""},
        {"budget:\n  epochs: 1\n  epochs: 2\n", 3, "epochs: is given twice", ""},
        {"budget: {epochs: 1}\ngrid:\n  seed: 1\n  seed: 2\n", 4, "seed: is given twice", ""},
        {"networks:\n  own: {hidden: []}\n  own: {hidden: []}\n", 3, "'own' is given twice", ""},
        {"budget: {epochs: 1}\ngrid:\n  seed: 1\n  cases:\n    - batch_size: 1\n      seed: 2\n", 6,
         "seed: stands in the grid and in its cases", "expected one"},
        {"quick: {}\nquick: {}\nbudget: {epochs: 1}\n", 2, "quick: is given twice", ""},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

/* Which a terminal would obey when the text is printed. */
static void what_is_no_printable_text_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"title: \"a \\e[2J b\"\n", 1, "title: holds a control character", "expected text"},
        {"budget: {epochs: 1}\nquestion: \"\\x07\"\n", 2, "question: holds a control", ""},
        {"dataset: {name: csv, path: \"\\x7f\"}\n", 1, "path: holds a control character", ""},
        {"networks: {\"\\e\": {hidden: []}}\n", 1, "networks: expected a name of 1 to 31", ""},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void an_empty_axis_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"grid:\n  seed: 1\n  batch_size: []\n", 3, "batch_size: the list is empty",
         "expected at least one value"},
        {"grid: {cases: [{seed: []}]}\n", 1, "seed: the list is empty", "at least one"},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void what_does_not_fit_together_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"question: Which budget?\n", 1, "budget: missing",
         "expected epochs, updates, examples or seconds"},
        {"budget: {epochs: 0, seconds: 0}\n", 1, "budget: missing", "expected epochs"},
        {"budget: {epochs: 1, until: all}\n", 1, "until needs targets", ""},
        {"budget: {epochs: 1, until: first}\ntargets: {}\n", 1, "until needs targets", ""},
        {"budget: {epochs: 1}\ntargets: {validation_error: 0.1}\n", 1,
         "validation_error_0.1 needs validation examples", "validation: ..."},
        {"budget: {epochs: 1}\ntargets: {validation_loss: 0.1}\n", 1,
         "validation_loss_0.1 needs validation examples", "validation: ..."},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void what_is_too_long_is_refused(void **state)
{
    char text[3000];

    (void)state;
    snprintf(text, sizeof text, "title: |\n  %0200d\n", 0);
    assert_refused(fixture_yaml("bad.yaml", text), 1, "title: longer than 127 characters", "");
    snprintf(text, sizeof text, "networks:\n  %032d: {}\n", 0);
    assert_refused(fixture_yaml("bad.yaml", text), 2, "expected a name of 1 to 31 characters", "");
    snprintf(text, sizeof text, "charts: [%01000d]\n", 0);
    assert_refused(fixture_yaml("bad.yaml", text), 1, "charts: longer than 31 characters", "");
    strcpy(text, "targets: {train_loss: [");
    for (int i = 1; i <= EXPERIMENT_TARGETS_MAX + 1; i++)
        sprintf(text + strlen(text), "%d, ", i);
    strcat(text, "]}\n");
    assert_refused(fixture_yaml("bad.yaml", text), 1, "targets: more than 16", "");
    strcpy(text, "charts: [a, b, c, d, e, f, g, h,\n  i]\n");
    assert_refused(fixture_yaml("bad.yaml", text), 2, "charts: more than 8", "");
    strcpy(text, "networks: {own: {hidden: [");
    for (int i = 0; i <= NETWORK_HIDDEN_MAX; i++)
        strcat(text, "1, ");
    strcat(text, "]}}\n");
    assert_refused(fixture_yaml("bad.yaml", text), 1, "hidden: more than 32 numbers", "");
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
    static const struct mistake mistakes[] = {
        {"budget: {epochs: 1}\ngrid: [1,\n", 3, "not valid YAML", ""},
        {"budget: {epochs: 1}\n\tgrid: 1\n", 2, "not valid YAML", ""},
        {"a: 'unfinished\n", 2, "not valid YAML", ""},
        {"grid: *nowhere\n", 1, "not valid YAML", ""},
        {"budget: {epochs: 1}\nquestion: caf\xe9\n", 2, "not valid YAML", ""}, /* not UTF-8 */
        {"budget: {epochs: 1}\nquestion: \x01\n", 2, "not valid YAML", ""},
        {"budget: {epochs: 1}\n---\nbudget: {epochs: 2}\n", 2, "second document", "expected one"},
        {"budget: {epochs: 1}\n...\nnonsense: [\n", 3, "not valid YAML", ""},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void an_empty_file_is_refused(void **state)
{
    static const struct mistake mistakes[] = {
        {"", 1, "expected a mapping of keys", ""},
        {"\n\n", 1, "expected a mapping of keys", ""},
        {"# only a comment\n", 1, "expected a mapping of keys", ""},
        {"---\n", 1, "expected a mapping of keys", ""},
        {"{}\n", 1, "budget: missing", "expected epochs"},
    };

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void what_is_no_text_is_refused(void **state)
{
    static const char zero[] = "budget: {epochs: 1}\n\0more";
    static char large[(1 << 16) + 1];

    (void)state;
    assert_refused(scratch_write("bad.yaml", zero, sizeof zero - 1), 0, "holds a zero byte",
                   "expected an experiment file");
    memset(large, '#', sizeof large);
    assert_refused(scratch_write("bad.yaml", large, sizeof large), 0, "larger than 65536 bytes",
                   "expected an experiment file");
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    char path[900]; /* shorter than a message */

    (void)state;
    assert_refused(scratch_path("missing.yaml"), 0, "No such file or directory", "");
    assert_refused(scratch_folder, 0, "Is a directory", "");
    if (geteuid() != 0) { /* nothing is unreadable for root */
        chmod(fixture_yaml("secret.yaml", "budget: {epochs: 1}\n"), 0);
        assert_refused(scratch_path("secret.yaml"), 0, "Permission denied", "");
    }
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_refused(path, 0, "File name too long", "");
}

/* ---- Bombs: small files that would be large if they were unfolded ------------------------------
 */

static void probes_that_say_too_little_or_too_much_are_refused(void **state)
{
#define PROBES(text) "budget: {epochs: 3}\nprobes: {" text "}\n"
    static const struct mistake mistakes[] = {
        {PROBES("at: [0]"), 2, "probes: which: missing", "noise_scale"},
        {PROBES("at: [0], which: [redraws], members: [2]"), 2,
         "probes: redraws: members or correlations are missing", "[0, 0.5]"},
        {PROBES("which: [energy]"), 2, "probes: at: missing", "every"},
        {PROBES("at: [1, 1], which: [energy]"), 2, "at: expected increasing", ""},
        {PROBES("at: [1, 4], which: [energy]"), 2, "at: 4 lies beyond", "3 epochs"},
        {PROBES("at: [0], which: [noise_scale], small_batch: 1024"), 2, "small_batch", "less"},
        {PROBES("at: [0], which: [predictions]"), 2, "predictions", "validation"},
        {PROBES("at: [0], which: [linear_probe]"), 2, "linear_probe", "validation"},
        {"measure: throughput\nprobes: {every: 1, which: [energy]}\n", 2, "probes: expected",
         "measure: convergence"},
    };
#undef PROBES

    (void)state;
    assert_all_refused(mistakes, COUNT(mistakes));
}

static void an_alias_bomb_is_refused_at_once(void **state)
{
    char text[4000] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";

    (void)state;
    for (int i = 1; i < 30; i++)
        sprintf(text + strlen(text),
                "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_refused(fixture_yaml("bad.yaml", text), 5,
                   "more than 65536 values when its aliases are followed", "expected");
    assert_refused(fixture_yaml("bad.yaml", "grid: &g\n  seed: *g\n"), 1,
                   "holds an alias of itself", "expected values that end");
    assert_refused(fixture_yaml("bad.yaml", "grid:\n  seed: &s [*s]\n"), 2,
                   "holds an alias of itself", "");
    assert_refused(fixture_yaml("bad.yaml", "quick: &q\n  quick: *q\n"), 1,
                   "holds an alias of itself", "");
}

/* `count` times `part`, between `head` and `tail`, as one file. */
static const char *repeated(const char *head, const char *part, int count, const char *tail)
{
    size_t room = strlen(head) + strlen(part) * (size_t)count + strlen(tail) + 1, length;
    char *text = calloc(1, room);
    const char *path;

    length = (size_t)sprintf(text, "%s", head);
    for (int i = 0; i < count; i++)
        length += (size_t)sprintf(text + length, "%s", part);
    sprintf(text + length, "%s", tail);
    path = fixture_yaml("bad.yaml", text);
    free(text);
    return path;
}

static void a_deep_or_long_file_is_refused_at_once(void **state)
{
    struct experiment e;

    (void)state;
    alarm(60); /* far more than it takes; without it a test that hangs would be hard to read */
    assert_int_equal(experiment_open(&e, repeated("grid: ", "[", 20000, "\n"), 0), -1);
    assert_int_equal(experiment_open(&e, repeated("grid: ", "{a: ", 10000, "\n"), 0), -1);
    assert_int_equal(experiment_open(&e, repeated("", "- ", 32000, "\n"), 0), -1);
    assert_int_equal(experiment_open(&e, repeated("grid: {seed: [", "7,", 32000, "]}\n"), 0), -1);
    assert_int_equal(experiment_open(&e, repeated("budget: {", "epochs: 1,", 6500, "}\n"), 0), -1);
    assert_non_null(strstr(error_text(), "is given twice"));
    alarm(0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_answered_with_the_known_ones),
        cmocka_unit_test(a_value_of_the_wrong_kind_is_refused),
        cmocka_unit_test(a_value_out_of_range_is_refused),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_known_ones),
        cmocka_unit_test(what_is_given_twice_is_refused),
        cmocka_unit_test(what_is_no_printable_text_is_refused),
        cmocka_unit_test(an_empty_axis_is_refused),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(what_is_no_yaml_is_refused_with_its_line),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_read_is_refused),
        cmocka_unit_test(probes_that_say_too_little_or_too_much_are_refused),
        cmocka_unit_test(an_alias_bomb_is_refused_at_once),
        cmocka_unit_test(a_deep_or_long_file_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
