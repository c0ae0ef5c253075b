/* One side of a gate. */
#include "gate/side.h"

#include "base/clock.h"
#include "base/error.h"
#include "gate/counts.h"
#include "gate/names.h"
#include "gate/planted.h"
#include "gate/sample.h"
#include "run/bench.h"
#include "train/batches.h"
#include "train/step.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The cell in question. */
struct opened_cell {
    struct assignment assignment;
    struct bench bench;
    struct stepper stepper;
    struct batches *batches;
    int is_open;
};

struct side {
    const struct side_request *request;
    struct experiment experiment;
    struct dataset dataset;
    struct plan plan;
    struct campaign campaign;
    char (*names)[GATE_NAME_SIZE];
    struct opened_cell open;
    FILE *answers;
};

/* One line, whatever an engine says. */
static void say(const struct side *side, const char *word, const char *text)
{
    fprintf(side->answers, "%s ", word);
    for (const char *c = text; *c; c++)
        fputc(*c == '\n' ? ' ' : *c, side->answers);
    fputc('\n', side->answers);
}

/* ---- What is asked ----------------------------------------------------------------------------
 */

static void close_cell(struct side *side)
{
    struct opened_cell *open = &side->open;

    if (!open->is_open)
        return;
    batches_close(open->batches);
    stepper_close(&open->stepper);
    bench_close(&open->bench);
    memset(open, 0, sizeof *open);
}

static const struct cell *find_cell(const struct side *side, const char *name)
{
    for (int c = 0; c < side->plan.count; c++)
        if (strcmp(side->names[c], name) == 0)
            return &side->plan.cells[c];
    return NULL;
}

/* 1, 0 or -1 as bench_open and bench_load, one of which is `ready`. */
static int open_bench(struct side *side, const struct cell *cell,
                      int (*ready)(struct bench *, struct message *), struct message *message)
{
    const struct training_options options = plan_training_options(cell);
    struct opened_cell *open = &side->open;

    snprintf(open->assignment.engine, sizeof open->assignment.engine, "%s", cell->settings.engine);
    open->assignment.threads = cell->settings.threads;
    open->assignment.workers = cell->settings.workers;
    bench_describe(&open->bench, &side->campaign, cell, &open->assignment);
    open->is_open = 1;
    if (training_set_open(&open->bench.training, &side->dataset, &options) != 0) {
        snprintf(message->text, sizeof message->text, "%.500s", error_text());
        return -1;
    }
    open->bench.bench.train = open->bench.training.examples;
    return ready(&open->bench, message);
}

static int open_steps(struct side *side)
{
    struct opened_cell *open = &side->open;
    struct workbench *bench = &open->bench.bench;

    if (side->request->planted > 0)
        bench->engine = planted_engine(bench->engine, side->request->planted);
    if (stepper_open(&open->stepper, bench) != 0)
        return -1;
    return batches_open(&open->batches, bench, LAST_BATCH_DROP);
}

static int answer_open(struct side *side, const char *name)
{
    const struct cell *cell = find_cell(side, name);
    struct message message = {""};
    int ready;

    close_cell(side);
    if (!cell)
        return error_set("no cell of that name");
    ready = open_bench(side, cell, bench_open, &message);
    if (ready == 1 && open_steps(side) == 0) {
        fprintf(side->answers, "opened\n");
        return 0;
    }
    if (ready == -1)
        error_set("%s", message.text);
    close_cell(side);
    if (ready != 0)
        return -1;
    say(side, "unsupported", message.text);
    return 0;
}

static int answer_describe(struct side *side, const char *rest)
{
    const struct bench *bench = &side->open.bench;
    struct message message;

    (void)rest;
    if (!bench->loaded.engine.describe ||
        bench->loaded.engine.describe(bench->bench.session, &message) != 0)
        snprintf(message.text, sizeof message.text, "%.500s", bench->loaded.engine.summary);
    say(side, "described", message.text);
    return 0;
}

static int answer_engine(struct side *side, const char *rest)
{
    char path[PATH_MAX];

    (void)rest;
    if (experiment_engine(&side->experiment, side->open.assignment.engine, path, sizeof path) != 0)
        return -1;
    say(side, "engine", path);
    return 0;
}

static int make_updates(struct opened_cell *open, long updates)
{
    for (long i = 0; i < updates; i++) {
        batches_next(open->batches, &open->stepper.batch);
        if (stepper_update(&open->stepper) != 0)
            return -1;
    }
    return 0;
}

/* Doubles the number until it takes long enough. */
static int answer_find(struct side *side, const char *rest)
{
    double wanted = strtod(rest, NULL), seconds = 0, start;
    long updates;

    if (!(wanted > 0))
        return error_set("find: expected seconds above 0");
    for (updates = 1;; updates *= 2) {
        start = clock_now();
        if (make_updates(&side->open, updates) != 0)
            return -1;
        seconds = clock_now() - start;
        if (seconds >= wanted / 2)
            break;
    }
    updates = (long)ceil((double)updates * wanted / seconds);
    fprintf(side->answers, "found %ld\n", updates);
    return 0;
}

static int answer_time(struct side *side, const char *rest)
{
    enum {
        WARM_UP = 16
    }; /* one untimed update for so many timed ones: what the other side, or
          whoever had the core, left in the caches is driven out */
    long updates = strtol(rest, NULL, 10);
    struct gate_reading start;
    struct gate_sample sample;

    if (updates < 1)
        return error_set("time: expected 1 update or more");
    if (make_updates(&side->open, 1 + updates / WARM_UP) != 0)
        return -1;
    start = gate_read();
    if (make_updates(&side->open, updates) != 0)
        return -1;
    sample = gate_since(&start);
    fprintf(side->answers, "timed %.9g %.9g %g %g %g\n", sample.wall, sample.cpu, sample.switches,
            sample.steal, sample.load);
    return 0;
}

/* The engine is loaded and not opened: what it takes when it is shall be counted. */
static int answer_count(struct side *side, const char *name)
{
    const struct counts_request defaults = {.updates = 0};
    const struct cell *cell = find_cell(side, name);
    struct message message = {""};
    struct engine_options options;
    struct counts counts;
    int ready, status;

    close_cell(side);
    if (!cell)
        return error_set("no cell of that name");
    ready = open_bench(side, cell, bench_load, &message);
    options = bench_options(&side->open.bench);
    status =
        ready == 1 ? counts_measure(&side->open.bench.bench, &options, &defaults, &counts) : -1;
    if (ready == -1)
        error_set("%s", message.text);
    close_cell(side);
    if (ready == 0) {
        say(side, "unsupported", message.text);
        return 0;
    }
    if (status == 0) {
        fputs("counted ", side->answers);
        counts_print(side->answers, &counts);
    }
    return status;
}

static int answer_close(struct side *side, const char *rest)
{
    (void)rest;
    close_cell(side);
    fprintf(side->answers, "closed\n");
    return 0;
}

static const struct question {
    const char *word;
    int needs_cell;
    int (*answer)(struct side *, const char *rest);
} questions_known[] = {
    {"open", 0, answer_open},     {"describe", 1, answer_describe},
    {"engine", 1, answer_engine}, {"find", 1, answer_find},
    {"time", 1, answer_time},     {"count", 0, answer_count},
    {"close", 0, answer_close},   {.word = NULL},
};

static int answer(struct side *side, const char *line)
{
    size_t length = strcspn(line, " ");

    for (const struct question *question = questions_known; question->word; question++)
        if (strlen(question->word) == length && strncmp(line, question->word, length) == 0) {
            if (question->needs_cell && !side->open.is_open)
                return error_set("%s: no cell is open", question->word);
            return question->answer(side, line[length] ? line + length + 1 : "");
        }
    return error_set("%.*s: not a question that is known here", (int)length, line);
}

/* ---- From start to end ------------------------------------------------------------------------
 */

/* A gate judges one core: with several threads it would measure who else is on the others. */
static int check_cells(const struct side *side)
{
    for (int c = 0; c < side->plan.count; c++) {
        const struct settings *settings = &side->plan.cells[c].settings;
        const char *key = settings->workers != 1   ? "workers"
                          : settings->threads != 1 ? "threads"
                                                   : NULL;

        if (key)
            return error_set("%s: %s: not 1, expected 1: what is gated runs on one core",
                             side->experiment.file, key);
        if (strcmp(settings->engine, ENGINE_AUTO) == 0)
            return error_set("%s:%d: engine: auto is a choice, expected the engines to be gated",
                             side->experiment.file,
                             experiment_line(&side->experiment, "engine", ENGINE_AUTO));
    }
    return 0;
}

static int open_side(struct side *side)
{
    const struct side_request *request = side->request;
    char cause[900];

    if (experiment_open(&side->experiment, request->file, 0) != 0)
        return -1;
    if (side->experiment.measure != MEASURE_THROUGHPUT)
        return error_set("%s: measures convergence, expected `measure: throughput`",
                         side->experiment.file);
    if (request->engine && experiment_set_axis(&side->experiment, "engine", request->engine) != 0)
        return -1;
    if (dataset_open(&side->dataset, &side->experiment.dataset) != 0) {
        snprintf(cause, sizeof cause, "%s", error_text());
        return error_set("%s:%d: %s", side->experiment.file, side->experiment.dataset_line, cause);
    }
    if (plan_open(&side->plan, &side->experiment, &side->dataset) != 0 || check_cells(side) != 0)
        return -1;
    side->names = gate_names(&side->plan, !request->engine);
    side->campaign = (struct campaign){
        .experiment = &side->experiment,
        .dataset = &side->dataset,
        .plan = &side->plan,
    };
    return side->names ? 0 : -1;
}

static void greet(const struct side *side)
{
    fprintf(side->answers, SIDE_GREETING " %d %s\n", SIDE_PROTOCOL, side->request->version);
    for (int c = 0; c < side->plan.count; c++)
        fprintf(side->answers, "cell %s\n", side->names[c]);
    fprintf(side->answers, "ready\n");
    fflush(side->answers);
}

int side_serve(const struct side_request *request, FILE *questions, FILE *answers)
{
    struct side side = {.request = request, .answers = answers};
    int status = open_side(&side);
    size_t size = 0;
    char *line = NULL;

    if (status == 0) {
        greet(&side);
        while (getline(&line, &size, questions) > 0) {
            line[strcspn(line, "\n")] = '\0';
            if (answer(&side, line) != 0)
                say(&side, "failed", error_text());
            fflush(answers);
        }
        close_cell(&side);
    }
    free(line);
    free(side.names);
    plan_close(&side.plan);
    dataset_close(&side.dataset);
    experiment_close(&side.experiment);
    return status;
}
