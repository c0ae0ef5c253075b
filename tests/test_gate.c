/* Whole gates of sides whose times are made up: verdicts, order, cells that are lost, what ends it.
 */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gate_fixture.h"

enum { ROUNDS = 8 };

static struct gate gate;
static struct gate_options options;
static struct contender base, head;

static int start(void **state)
{
    (void)state;
    memset(&gate, 0, sizeof gate);
    options = (struct gate_options){.file = "some.yaml",
                                    .rounds = ROUNDS,
                                    .slice = 0.01,
                                    .turns = 2,
                                    .margin = 0.02,
                                    .budget = 1000,
                                    .seed = 1,
                                    .processor = -1,
                                    .skips_check = 1,
                                    .skips_counts = 1};
    signal(SIGPIPE, SIG_IGN); /* as the command does */
    error_clear();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gate_close(&gate);
    assert_no_children();
    return 0;
}

static int open_gate(const char *base_side, const char *head_side)
{
    base = fake_contender("base", base_side);
    head = fake_contender("head", head_side);
    return gate_open(&gate, &options, &base, &head);
}

static void run_gate(const char *base_side, const char *head_side)
{
    if (open_gate(base_side, head_side) != 0 || gate_run(&gate) != 0)
        fail_msg("%s", error_text());
}

static const struct gate_cell *cell_of(const char *name)
{
    for (int c = 0; c < gate.count; c++)
        if (strcmp(gate.cells[c].name, name) == 0)
            return &gate.cells[c];
    fail_msg("no cell %s", name);
    return NULL;
}

static void assert_verdict(const char *name, enum gate_verdict verdict, const char *reason)
{
    const struct gate_cell *cell = cell_of(name);

    if (cell->verdict != verdict || !strstr(cell->reason, reason))
        fail_msg("%s: %s (%s), expected %s (%s)", name, gate_verdict_names[cell->verdict],
                 cell->reason, gate_verdict_names[verdict], reason);
}

static const char *one_of(const char *cells, const char *timed)
{
    static int count;
    char name[32];

    snprintf(name, sizeof name, "side-%d", count++);
    return fake_side(name, cells, timed, "");
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static void the_same_is_the_same(void **state)
{
    const struct gate_cell *cell;

    (void)state;
    run_gate(one_of("a b", "0.01"), one_of("a b", "0.01"));
    assert_int_equal(gate.count, 2);
    assert_int_equal(gate_count(&gate, GATE_SAME), 2);
    cell = cell_of("a");
    assert_int_equal(cell->series[GATE_FIRST].count, ROUNDS);
    assert_int_equal(cell->series[GATE_CONFIRMATION].count, 0);
    assert_int_equal(cell->findings[GATE_FIRST].ties, ROUNDS);
    assert_true(cell->findings[GATE_FIRST].ratio == 1);
    assert_int_equal(cell->updates, 10);
    assert_string_equal(cell->library, "a library");
    assert_string_equal(gate.sides[GATE_HEAD].version, "fake 1.0");
    /* cells x rounds x turns x sides */
    assert_int_equal(gate.turn_count, 2 * ROUNDS * 2 * 2);
    assert_int_equal(gate_unfinished(&gate), 0);
}

static void a_slower_head_is_measured_anew(void **state)
{
    const struct gate_cell *cell;

    (void)state;
    run_gate(one_of("a", "0.01"), one_of("a", "0.02"));
    assert_verdict("a", GATE_REGRESSION, "slower by more than 2.0 %; measured anew 2.000");
    cell = cell_of("a");
    assert_true(cell->is_confirmed);
    assert_int_equal(cell->series[GATE_FIRST].count, ROUNDS);
    assert_int_equal(cell->series[GATE_CONFIRMATION].count, ROUNDS);
    assert_true(fabs(cell->findings[GATE_FIRST].ratio - 2) < 1e-12);
    assert_true(cell->series[GATE_FIRST].seconds[GATE_HEAD][0] == 0.02); /* the median of turns */
}

static void a_faster_head_is_an_improvement(void **state)
{
    (void)state;
    run_gate(one_of("a", "0.02"), one_of("a", "0.01"));
    assert_verdict("a", GATE_IMPROVED, "faster");
    assert_false(cell_of("a")->is_confirmed); /* it costs nobody anything */
}

/* Slow in the first rounds only, which it knows by a file of its own. */
static void an_alarm_that_is_not_confirmed_is_inconclusive(void **state)
{
    char answers[512];

    (void)state;
    snprintf(answers, sizeof answers,
             "time) echo >>%s.turns; [ $(wc -l <%s.turns) -gt %d ] && t=0.01 || t=0.02\n"
             "echo timed $t $t 0 0 0 ;;",
             scratch_path("tired"), scratch_path("tired"), 2 * ROUNDS);
    run_gate(one_of("a", "0.01"), fake_side("tired", "a", "0", answers));
    assert_verdict("a", GATE_INCONCLUSIVE, "slower by more than 2.0 %, but measured anew 1.000");
    assert_int_equal(gate_unfinished(&gate), 0); /* that is an answer */
}

static void an_open_question_doubles_the_rounds(void **state)
{
    (void)state;
    /* Twice the time by the wall clock, the same by the processor's. */
    run_gate(one_of("a b", "0.01"),
             fake_side("waits", "a b", "0.01",
                       "time) [ $cell = a ] && echo timed 0.02 0.01 0 0 0 || "
                       "echo timed 0.01 0.01 0 0 0 ;;"));
    assert_verdict("a", GATE_INCONCLUSIVE, "by the processor's time 1.000");
    assert_verdict("b", GATE_SAME, "");
    assert_int_equal(cell_of("a")->series[GATE_FIRST].count, 2 * ROUNDS);
    assert_int_equal(cell_of("b")->series[GATE_FIRST].count, ROUNDS);
}

static void disturbed_turns_are_kept_and_counted(void **state)
{
    (void)state;
    run_gate(one_of("a", "0.01"),
             fake_side("stolen", "a", "0", "time) echo timed 0.01 0.01 0 0.005 nan ;;"));
    assert_verdict("a", GATE_SAME, "");
    assert_int_equal(cell_of("a")->tagged[GATE_HEAD], 2 * ROUNDS);
    assert_int_equal(cell_of("a")->tagged[GATE_BASE], 0);
}

/* ---- Order ------------------------------------------------------------------------------------
 */

static void sides_take_turns_in_either_order(void **state)
{
    int first[GATE_SIDES] = {0}, cells[2] = {0};

    (void)state;
    options.rounds = 30;
    options.turns = 4;
    run_gate(one_of("a b", "0.01"), one_of("a b", "0.01"));
    assert_int_equal(gate.turn_count, 2 * 30 * 8);
    for (size_t t = 0; t < gate.turn_count; t += 8) {
        const struct gate_turn *turns = &gate.turns[t];

        for (int i = 0; i < 8; i++) {
            assert_int_equal(turns[i].position, i);
            assert_int_equal(turns[i].cell, turns[0].cell);
            assert_int_equal(turns[i].round, (int)(t / 16));
            /* ABBA ABBA */
            assert_int_equal(turns[i].side == turns[0].side, i % 4 == 0 || i % 4 == 3);
        }
        first[turns[0].side]++;
        cells[turns[0].cell] += t % 16 == 0;
    }
    /* Of 60 and 30 draws, about half each; the seed is fixed. */
    assert_true(first[GATE_BASE] > 15 && first[GATE_HEAD] > 15);
    assert_true(cells[0] > 7 && cells[1] > 7);
}

static void the_seed_decides_the_order(void **state)
{
    enum { TURNS = 2 * ROUNDS * 4 };
    int sides[3][TURNS];
    const char *side = one_of("a b", "0.01");
    const uint64_t seeds[3] = {1, 1, 2};

    (void)state;
    for (int run = 0; run < 3; run++) {
        options.seed = seeds[run];
        run_gate(side, side);
        assert_int_equal(gate.turn_count, TURNS);
        for (int t = 0; t < TURNS; t++)
            sides[run][t] = gate.turns[t].side + 2 * gate.turns[t].cell;
        gate_close(&gate);
    }
    assert_memory_equal(sides[0], sides[1], sizeof sides[0]);
    assert_memory_not_equal(sides[0], sides[2], sizeof sides[0]);
}

/* ---- Cells that cannot be compared ------------------------------------------------------------
 */

static void cells_of_one_side_are_missing(void **state)
{
    (void)state;
    run_gate(one_of("a b", "0.01"), one_of("b c", "0.01"));
    assert_int_equal(gate.count, 3);
    assert_verdict("a", GATE_MISSING, "only the base has it");
    assert_verdict("b", GATE_SAME, "");
    assert_verdict("c", GATE_MISSING, "only the head has it");
}

static void what_is_not_supported_is_told_from_what_is_lost(void **state)
{
    (void)state;
    run_gate(fake_side("picky-base", "a b c", "0.01",
                       "open) case $cell in a) echo unsupported too old ;; *) echo opened ;; esac "
                       ";;"),
             fake_side("picky-head", "a b c", "0.01",
                       "open) case $cell in c) echo opened ;; *) echo unsupported no $cell ;; esac "
                       ";;"));
    assert_verdict("a", GATE_UNSUPPORTED, "too old");
    assert_verdict("b", GATE_MISSING, "not supported by the head: no b");
    assert_verdict("c", GATE_SAME, "");
}

static void without_a_cell_to_time_there_is_no_judgement(void **state)
{
    (void)state;
    run_gate(fake_side("none", "a", "1", "open) echo unsupported ever ;;"),
             fake_side("none", "a", "1", "open) echo unsupported ever ;;"));
    assert_verdict("a", GATE_UNSUPPORTED, "ever");
    assert_int_equal(gate.turn_count, 0);
}

/* A side of cells a, b, c that answers so at cell b. */
static const char *at_b(const char *name, const char *word, const char *answer)
{
    char answers[512];

    snprintf(answers, sizeof answers,
             "%s) if [ $cell = b ]; then %s; else case $word in\n"
             "    time) echo timed 0.01 0.01 0 0 0 ;; find) echo found 10 ;;\n"
             "    open) echo opened ;; close) echo closed ;; describe) echo described it ;;\n"
             "    engine) echo engine naive ;; esac; fi ;;",
             word, answer);
    return fake_side(name, "a b c", "0.01", answers);
}

/* Cell b is lost for that reason and nothing else is. */
static void loses_b(const char *base_side, const char *head_side, const char *reason)
{
    start(NULL);
    run_gate(base_side, head_side);
    assert_verdict("b", GATE_MISSING, reason);
    assert_verdict("a", GATE_SAME, "");
    assert_verdict("c", GATE_SAME, "");
    assert_int_equal(cell_of("a")->series[GATE_FIRST].count, ROUNDS);
    assert_int_equal(cell_of("c")->series[GATE_FIRST].count, ROUNDS);
    gate_close(&gate);
    assert_no_children();
}

static void a_side_that_fails_at_a_cell_loses_that_cell_only(void **state)
{
    const char *good = one_of("a b c", "0.01");

    (void)state;
    loses_b(good, at_b("opens", "open", "kill -ABRT $$"), "head: ended by signal 6");
    loses_b(at_b("opens", "open", "exit 3"), good, "base: exited with status 3 at `open b`");
    loses_b(good, at_b("says", "open", "echo failed no such library"),
            "head: open b: no such library");
    loses_b(at_b("finds", "find", "echo found many"), good, "`found many` is no number of updates");
    loses_b(at_b("finds", "find", "echo found 0"), good, "is no number of updates");
    loses_b(at_b("finds", "find", "echo found -3"), good, "is no number of updates");
    loses_b(good, at_b("times", "time", "exit 0"), "head: exited with status 0 at `time 10`");
    loses_b(good, at_b("times", "time", "echo failed out of order"), "head: time 10: out of order");
    loses_b(good, at_b("closes", "close", "exit 4"), "head: exited with status 4 at `close`");
    loses_b(at_b("closes", "close", "kill -SEGV $$"), good, "base: ended by signal 11");
}

static void what_is_no_time_loses_the_cell(void **state)
{
    static const char *const times[] = {"",
                                        "soon",
                                        "0.01",
                                        "0 0 0 0 0",
                                        "-0.01 0 0 0 0",
                                        "nan 0.01 0 0 0",
                                        "inf 0 0 0 0",
                                        "0.01 0.01 0 0 much"};
    const char *good = one_of("a b c", "0.01");

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char answer[64];

        snprintf(answer, sizeof answer, "echo timed %s", times[i]);
        loses_b(good, at_b("times", "time", answer), "is no time");
    }
}

/* What was measured until then is no finding. */
static void a_cell_that_is_lost_midway_has_no_numbers(void **state)
{
    char answers[512], *text;

    (void)state;
    snprintf(answers, sizeof answers,
             "time) echo >>%s.turns; [ $(wc -l <%s.turns) -le 9 ] || exit 1\n"
             "echo timed 0.01 0.01 0 0 0 ;;",
             scratch_path("midway"), scratch_path("midway"));
    run_gate(one_of("a", "0.01"), fake_side("midway", "a", "0", answers));
    assert_verdict("a", GATE_MISSING, "head: exited with status 1");
    assert_int_equal(cell_of("a")->series[GATE_FIRST].count, 4);
    assert_int_equal(gate_write(&gate, scratch_path("midway.out")), 0);
    text = tree_read(scratch_path("midway.out/gate.csv"));
    assert_non_null(strstr(text, "\na,MISSING,10,4,,,,,,,,,,,0,0,0,,,,a library,head: exited"));
    free(text);
}

/* ---- What is asked for ------------------------------------------------------------------------
 */

static void cells_are_chosen_by_a_part_of_their_names(void **state)
{
    const char *side = one_of("naive/S/k=1 naive/M/k=1 blas/S/k=1", "0.01");

    (void)state;
    options.only = "/S/";
    run_gate(side, side);
    assert_int_equal(gate.count, 2);
    gate_close(&gate);
    options.only = "/L/";
    assert_int_equal(open_gate(side, side), -1);
    assert_error("some.yaml: no cell with '/L/' in its name");
}

static void rounds_that_cannot_decide_are_refused(void **state)
{
    const char *one = one_of("a", "0.01"), *four = one_of("a b c d", "0.01");
    const char *eleven = one_of("a b c d e f g h i j k", "0.01");
    static const int few[] = {-2, 2, 4, 7};

    (void)state;
    for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
        options.rounds = few[i];
        assert_int_equal(open_gate(one, one), -1);
        assert_error("expected an even number from 6 on");
        gate_close(&gate);
    }
    options.rounds = 6;
    assert_int_equal(open_gate(one, one), 0);
    gate_close(&gate);
    assert_int_equal(open_gate(four, four), -1);
    assert_error("--rounds: 6, expected an even number from 8 on: fewer cannot give 4 cells");
    gate_close(&gate);
    options.rounds = 0;
    assert_int_equal(open_gate(four, four), 0);
    assert_int_equal(gate.rounds, 20);
    assert_true(gate.confidence == 1 - 0.05 / 4);
    gate_close(&gate);
    assert_int_equal(open_gate(eleven, eleven), 0);
    assert_int_equal(gate.rounds, 30);
}

static void a_slice_below_the_clock_is_refused(void **state)
{
    const char *side = one_of("a", "0.01");

    (void)state;
    options.slice = 1e-9;
    options.margin = 1e-4;
    assert_int_equal(open_gate(side, side), -1);
    assert_error("--slice: 1e-09 s is too short for a clock of");
}

static void a_processor_that_is_not_ours_is_refused(void **state)
{
    const char *side = one_of("a", "0.01");

    (void)state;
    options.processor = 1023;
    assert_int_equal(open_gate(side, side), -1);
    assert_error("cannot pin to processor 1023");
    gate_close(&gate);
    options.processor = 100000;
    assert_int_equal(open_gate(side, side), -1);
    assert_error("--processor none");
}

static void a_side_that_cannot_begin_ends_it(void **state)
{
    const char *side = one_of("a", "0.01");

    (void)state;
    assert_int_equal(open_gate(side, fake_script("refuses", "echo failed some.yaml:2: wrong\n")),
                     -1);
    assert_error("head: some.yaml:2: wrong");
}

/* ---- The budget -------------------------------------------------------------------------------
 */

/* The first round is always made; whatever it says, there is no interval. */
static void a_budget_that_is_over_is_no_pass(void **state)
{
    (void)state;
    options.budget = 0;
    run_gate(one_of("a b", "0.01"), one_of("a b", "0.03"));
    assert_true(gate.is_cut);
    assert_int_equal(cell_of("a")->series[GATE_FIRST].count, 1);
    assert_verdict("a", GATE_INCONCLUSIVE, "too few rounds");
    assert_int_equal(gate_unfinished(&gate), 2);
}

static void end_budget(void *context, int stage, int round, int rounds)
{
    (void)round, (void)rounds;
    if (stage == *(const int *)context)
        gate.options.budget = -1; /* over, from the next round on */
}

/* The slower the head, the sooner the budget is over: that must not help it. */
static void a_slower_head_without_time_to_measure_anew_is_no_pass(void **state)
{
    int stage = GATE_CONFIRMATION;

    (void)state;
    options.progress = end_budget;
    options.context = &stage;
    run_gate(one_of("a", "0.01"), one_of("a", "0.03"));
    assert_int_equal(cell_of("a")->series[GATE_FIRST].count, ROUNDS);
    assert_int_equal(cell_of("a")->series[GATE_CONFIRMATION].count, 1);
    assert_verdict("a", GATE_INCONCLUSIVE, "not confirmed");
    assert_int_equal(gate_unfinished(&gate), 1);
}

/* ---- Correctness first ------------------------------------------------------------------------
 */

/* A side that also answers `check --engine E` with this script. */
static const char *checked_side(const char *name, const char *check)
{
    char lines[4096], file[256];

    snprintf(file, sizeof file, "%s", one_of("naive/S/k=1 blas/S/k=1", "0.01"));
    snprintf(lines, sizeof lines, "if [ $1 = check ]; then engine=$3; %s; exit; fi\nexec %s\n",
             check, file);
    return fake_script(name, lines);
}

static void an_engine_that_does_not_conform_is_wrong(void **state)
{
    (void)state;
    options.skips_check = 0;
    run_gate(checked_side("conforms", ":"),
             checked_side("faulty", "echo case a; echo 1 case failed; exit 3"));
    assert_int_equal(gate_count(&gate, GATE_WRONG), 2); /* the fakes' engine is naive */
    assert_verdict("naive/S/k=1", GATE_WRONG, "head: 1 case failed");
    assert_int_equal(gate.turn_count, 0); /* no speed is compared */
}

static void each_side_checks_its_engine_once(void **state)
{
    char check[512], *text;

    (void)state;
    options.skips_check = 0;
    snprintf(check, sizeof check, "echo $engine >>%s", scratch_path("checks"));
    run_gate(checked_side("one", check), checked_side("two", check));
    text = tree_read(scratch_path("checks"));
    assert_string_equal(text, "naive\nnaive\n");
    free(text);
    assert_int_equal(gate_count(&gate, GATE_SAME), 2);
}

static void a_check_that_fails_otherwise_ends_it(void **state)
{
    (void)state;
    options.skips_check = 0;
    assert_int_equal(
        open_gate(checked_side("one", ":"), checked_side("two", "echo cannot be loaded; exit 1")),
        0);
    assert_int_equal(gate_run(&gate), -1);
    assert_error("head: check --engine naive: exit status 1: cannot be loaded");
}

#define fresh(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh(the_same_is_the_same),
        fresh(a_slower_head_is_measured_anew),
        fresh(a_faster_head_is_an_improvement),
        fresh(an_alarm_that_is_not_confirmed_is_inconclusive),
        fresh(an_open_question_doubles_the_rounds),
        fresh(disturbed_turns_are_kept_and_counted),
        fresh(sides_take_turns_in_either_order),
        fresh(the_seed_decides_the_order),
        fresh(cells_of_one_side_are_missing),
        fresh(what_is_not_supported_is_told_from_what_is_lost),
        fresh(without_a_cell_to_time_there_is_no_judgement),
        fresh(a_side_that_fails_at_a_cell_loses_that_cell_only),
        fresh(what_is_no_time_loses_the_cell),
        fresh(a_cell_that_is_lost_midway_has_no_numbers),
        fresh(cells_are_chosen_by_a_part_of_their_names),
        fresh(rounds_that_cannot_decide_are_refused),
        fresh(a_slice_below_the_clock_is_refused),
        fresh(a_processor_that_is_not_ours_is_refused),
        fresh(a_side_that_cannot_begin_ends_it),
        fresh(a_budget_that_is_over_is_no_pass),
        fresh(a_slower_head_without_time_to_measure_anew_is_no_pass),
        fresh(an_engine_that_does_not_conform_is_wrong),
        fresh(each_side_checks_its_engine_once),
        fresh(a_check_that_fails_otherwise_ends_it),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
