/* Trains a cell for a fixed number of updates and counts. */
#include "gate/counts.h"

#include "base/error.h"
#include "gate/allocations.h"
#include "gate/counting_engine.h"
#include "run/resident.h"
#include "train/batches.h"
#include "train/call.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Moments of a run between which memory is counted. */
enum mark { MARK_START, MARK_OPENED, MARK_FIRST, MARK_END, MARK_CLOSED, MARK_COUNT };

struct run {
    struct workbench bench; /* the caller's, with the counting engine */
    const struct engine *engine;
    struct engine table;
    struct counting_session counting;
    struct stepper stepper;
    struct batches *batches;

    struct counts_request request; /* with the defaults put in */
    double *losses;                /* [window], of the last batches */
    long window, made;             /* updates */
    double first_mean;             /* of the first `window` losses */
    long reached;                  /* updates to the target; 0: not yet */
    double *theta[2];              /* [P], after the first and the last counted update */

    int allocations_are_counted;
    struct allocations marks[MARK_COUNT];
    double resident, rusage; /* bytes at the start; resident is not-a-number where only rusage is */
    double peak, rusage_peak;
};

/* ---- Defaults -------------------------------------------------------------------------------- */

static const double run_flops = 2e9, loss_flops = 5e7, default_target = 0.5;
enum {
    UPDATES_LEAST = 4,
    UPDATES_MOST = 256,
    LOSS_LEAST = 16,
    LOSS_MOST = 256,
    WINDOW_EXAMPLES = 64
};

double counts_rate(int batch_size)
{
    return fmin(0.05, 0.005 * sqrt(batch_size));
}

static double within(double value, double least, double most)
{
    return fmin(fmax(floor(value), least), most);
}

static struct counts_request resolve(const struct counts_request *request,
                                     const struct workbench *bench)
{
    const struct cell *cell = bench->cell;
    int untrained = bench->experiment->measure == MEASURE_THROUGHPUT;
    double forward = network_forward_flops(bench->model);
    struct counts_request r = *request;

    if (r.updates <= 0)
        r.updates = (long)within(run_flops / (bench->model->flops_per_example * cell->batch_size),
                                 UPDATES_LEAST, UPDATES_MOST);
    if (r.most_updates <= 0)
        r.most_updates = 4 * r.updates;
    if (!(r.learning_rate > 0))
        r.learning_rate = untrained ? counts_rate(cell->batch_size) : cell->rate;
    if (!(r.target > 0))
        r.target = default_target;
    if (r.loss_examples == 0)
        r.loss_examples = (size_t)within(loss_flops / forward, LOSS_LEAST, LOSS_MOST);
    if (r.loss_examples > bench->train.count)
        r.loss_examples = bench->train.count;
    return r;
}

/* ---- Updates --------------------------------------------------------------------------------- */

static double mean_loss(const struct run *run)
{
    double sum = 0;

    for (long i = 0; i < run->window; i++)
        sum += run->losses[i];
    return sum / (double)run->window;
}

/* Of the batch's loss, which is of the parameters before this update. */
static void look_at_target(struct run *run)
{
    run->losses[run->made % run->window] = run->stepper.score.loss;
    run->made++;
    if (run->made == run->window)
        run->first_mean = mean_loss(run);
    if (run->made > run->window && run->reached == 0 &&
        mean_loss(run) <= run->request.target * run->first_mean)
        run->reached = run->made - 1;
}

static int update(struct run *run, long count)
{
    for (long i = 0; i < count; i++) {
        batches_next(run->batches, &run->stepper.batch);
        if (stepper_update(&run->stepper) != 0)
            return -1;
        look_at_target(run);
    }
    return 0;
}

static int go_on_to_target(struct run *run)
{
    while (run->reached == 0 && run->made < run->request.most_updates &&
           isfinite(run->stepper.score.loss))
        if (update(run, 1) != 0)
            return -1;
    return 0;
}

/* ---- The counted run ------------------------------------------------------------------------- */

static double rusage_peak(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

static void mark(struct run *run, enum mark mark)
{
    run->marks[mark] = allocations_now();
}

static int open_run(struct run *run, const struct engine_options *options)
{
    struct message message = {""};

    if (run->engine->open(&run->counting.session, &run->bench.model->network, options, &message) !=
        0)
        return error_set("%s", message.text[0] ? message.text
                                               : "the engine does not open, and does not say why");
    if (stepper_open(&run->stepper, &run->bench) != 0)
        return -1;
    run->stepper.rate = run->request.learning_rate;
    return batches_open(&run->batches, &run->bench, LAST_BATCH_DROP);
}

static void close_run(struct run *run)
{
    batches_close(run->batches);
    run->batches = NULL;
    stepper_close(&run->stepper);
    run->engine->close(run->counting.session);
    run->counting.session = NULL;
}

/* What is evaluated of this run, in double precision. */
static void keep_theta(struct run *run, double *into)
{
    const struct stepper *stepper = &run->stepper;
    const void *theta = rule_evaluated(stepper->rule, &stepper->state, stepper->theta);
    enum precision precision = run->bench.cell->settings.precision;

    for (size_t j = 0; j < run->bench.model->parameters; j++)
        into[j] = parameter_value(precision, theta, j);
}

/* Between the marks nothing happens but what a run of the cell does itself. */
static int run_counted(struct run *run, const struct engine_options *options)
{
    run->rusage = rusage_peak();
    run->resident = resident_restart();
    mark(run, MARK_START);
    if (open_run(run, options) != 0)
        return -1;
    mark(run, MARK_OPENED);
    if (update(run, 1) != 0)
        return -1;
    mark(run, MARK_FIRST);
    keep_theta(run, run->theta[0]);
    if (update(run, run->request.updates - 1) != 0)
        return -1;
    mark(run, MARK_END);
    run->peak = resident_peak();
    run->rusage_peak = rusage_peak();
    keep_theta(run, run->theta[1]);
    return 0;
}

/* ---- The loss at the end --------------------------------------------------------------------- */

/* A session that judges, and whose it is. */
struct judge {
    struct loaded_engine reference;
    const struct engine *engine;
    struct engine_options options;
    void *session;
    float *theta; /* [P]; NULL in double precision */
};

/* `reference`, or where it does not know the network, as of objectives, the engine itself. */
static int open_judge(struct judge *judge, const struct run *run,
                      const struct engine_options *options)
{
    const struct network *network = &run->bench.model->network;
    struct message message = {""};

    if (registry_load(&judge->reference, "reference", &message) != 0)
        return error_set("%s", message.text);
    judge->engine = &judge->reference.engine;
    judge->options = (struct engine_options){.max_batch = LOSS_MOST,
                                             .threads = 1,
                                             .precision = PRECISION_DOUBLE,
                                             .chunk = ENGINE_CHUNK_AUTO,
                                             .variant = ""};
    if (!judge->engine->supports(network, &judge->options, &message)) {
        judge->engine = run->engine;
        judge->options.variant = options->variant;
        if (!run->engine->loss64)
            judge->options.precision = PRECISION_SINGLE;
    }
    if (judge->engine->open(&judge->session, network, &judge->options, &message) != 0)
        return error_set("the engine that judges the loss: %s", message.text);
    return 0;
}

/* theta in the judge's precision. */
static const void *narrow(const struct judge *judge, const double *theta, size_t count)
{
    for (size_t j = 0; j < count && judge->theta; j++)
        judge->theta[j] = (float)theta[j];
    return judge->theta ? (const void *)judge->theta : theta;
}

static int judge_loss(const struct judge *judge, const struct run *run, const double *theta,
                      double *loss)
{
    const void *judged = narrow(judge, theta, run->bench.model->parameters);
    const struct examples train = examples_shown(&run->bench.train);
    size_t count = run->request.loss_examples;
    struct message message = {""};
    struct score score;

    *loss = 0;
    for (size_t first = 0; first < count; first += LOSS_MOST) {
        struct batch batch = batch_of(&train);

        batch.rows = train.rows + first;
        batch.size = count - first < LOSS_MOST ? (int)(count - first) : LOSS_MOST;
        if (call_loss(judge->engine, judge->options.precision, judge->session, judged, &batch,
                      &score, &message) != 0)
            return error_set("the engine that judges the loss: %s", message.text);
        *loss += score.loss * batch.size / (double)count;
    }
    return 0;
}

static int judge_losses(const struct run *run, const struct engine_options *options,
                        double losses[2])
{
    size_t count = run->bench.model->parameters;
    struct judge judge = {.session = NULL};
    int status = open_judge(&judge, run, options);

    if (status == 0 && judge.options.precision == PRECISION_SINGLE) {
        judge.theta = calloc(count, sizeof *judge.theta);
        status = judge.theta ? 0 : error_set("out of memory");
    }
    for (int i = 0; i < 2 && status == 0; i++)
        status = judge_loss(&judge, run, run->theta[i], &losses[i]);
    if (judge.session)
        judge.engine->close(judge.session);
    free(judge.theta);
    return status;
}

/* ---- What is reported ------------------------------------------------------------------------ */

static void report(struct counts *counts, enum count_quantity quantity, double value)
{
    counts->of[quantity] = (struct count){1, value};
}

static void report_calls(struct counts *counts, const struct run *run)
{
    static const enum count_quantity calls[CALL_KINDS] = {
        [CALL_GRADIENT] = COUNT_GRADIENT_CALLS,
        [CALL_STEP] = COUNT_STEP_CALLS,
        [CALL_LOSS] = COUNT_LOSS_CALLS,
        [CALL_NORMS] = COUNT_NORM_CALLS,
    };
    double examples[CALL_KINDS];

    for (int kind = 0; kind < CALL_KINDS; kind++) {
        examples[kind] = (double)run->counting.of[kind].examples;
        report(counts, calls[kind], (double)run->counting.of[kind].calls);
        report(counts, calls[kind] + 1, examples[kind]); /* its examples come after it */
    }
    report(counts, COUNT_FLOPS,
           run->bench.model->flops_per_example *
                   (examples[CALL_GRADIENT] + examples[CALL_STEP] + examples[CALL_NORMS]) +
               network_forward_flops(run->bench.model) * examples[CALL_LOSS]);
}

static void report_memory(struct counts *counts, const struct run *run)
{
    static const struct {
        enum mark from;
        enum count_quantity allocations, bytes;
    } parts[] = {
        {MARK_START, COUNT_OPEN_ALLOCATIONS, COUNT_OPEN_BYTES},
        {MARK_OPENED, COUNT_FIRST_ALLOCATIONS, COUNT_FIRST_BYTES},
        {MARK_FIRST, COUNT_STEADY_ALLOCATIONS, COUNT_STEADY_BYTES},
    };
    const struct allocations *marks = run->marks;

    for (size_t i = 0; i < sizeof parts / sizeof *parts && run->allocations_are_counted; i++) {
        const struct allocations *from = &marks[parts[i].from], *to = from + 1;

        report(counts, parts[i].allocations, to->count - from->count);
        report(counts, parts[i].bytes, to->bytes - from->bytes);
    }
    if (run->allocations_are_counted)
        report(counts, COUNT_RETAINED_BYTES, marks[MARK_CLOSED].held - marks[MARK_START].held);
    if (isfinite(run->resident) && isfinite(run->peak))
        report(counts, COUNT_PEAK_BYTES, run->peak - run->resident);
    else
        report(counts, COUNT_PEAK_RUSAGE_BYTES, run->rusage_peak - run->rusage);
}

static void report_target(struct counts *counts, const struct run *run)
{
    if (run->made >= run->window && run->first_mean > 0)
        report(counts, COUNT_UPDATES_TO_TARGET,
               run->reached > 0 ? (double)run->reached : (double)INFINITY);
}

static void describe(struct counts *counts, const struct run *run,
                     const struct engine_options *options)
{
    const struct settings *settings = &run->bench.cell->settings;

    snprintf(counts->engine, sizeof counts->engine, "%s", settings->engine);
    snprintf(counts->network, sizeof counts->network, "%s", settings->network);
    counts->batch_size = run->bench.cell->batch_size;
    counts->threads = options->threads;
    counts->parameters = (double)run->bench.model->parameters;
    counts->flops_per_example = run->bench.model->flops_per_example;
    counts->updates = (double)run->request.updates;
    counts->learning_rate = run->request.learning_rate;
    counts->seed = (double)settings->seed;
    counts->loss_examples = (double)run->request.loss_examples;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int prepare(struct run *run, const struct workbench *bench,
                   const struct engine_options *options, const struct counts_request *request)
{
    *run = (struct run){
        .bench = *bench,
        .engine = bench->engine,
        .table = counting_engine(bench->engine),
        .counting = {.engine = bench->engine},
        .request = resolve(request, bench),
        .first_mean = NAN,
        .allocations_are_counted = allocations_are_counted(),
    };
    run->bench.engine = &run->table;
    run->bench.session = &run->counting;
    run->bench.max_batch = options->max_batch;
    run->window = (WINDOW_EXAMPLES + bench->cell->batch_size - 1) / bench->cell->batch_size;
    if (bench->cell->settings.workers != 1)
        return error_set("counts of a cell with %d workers, expected 1",
                         bench->cell->settings.workers);
    run->losses = calloc((size_t)run->window, sizeof *run->losses);
    for (int i = 0; i < 2; i++) {
        run->theta[i] = malloc(bench->model->parameters * sizeof *run->theta[i]);
        if (!run->losses || !run->theta[i])
            return error_set("out of memory");
        memset(run->theta[i], 0xff,
               bench->model->parameters * sizeof *run->theta[i]); /* resident */
    }
    return 0;
}

int counts_measure(const struct workbench *bench, const struct engine_options *options,
                   const struct counts_request *request, struct counts *counts)
{
    double losses[2] = {NAN, NAN};
    struct run run;
    int status;

    memset(counts, 0, sizeof *counts);
    status = prepare(&run, bench, options, request);
    if (status == 0)
        status = run_counted(&run, options);
    if (status == 0) {
        describe(counts, &run, options);
        report_calls(counts, &run);
        status = go_on_to_target(&run);
    }
    close_run(&run);
    mark(&run, MARK_CLOSED);
    if (status == 0)
        status = judge_losses(&run, options, losses);
    if (status == 0) {
        report_memory(counts, &run);
        report_target(counts, &run);
        report(counts, COUNT_FIRST_LOSS, losses[0]);
        report(counts, COUNT_FINAL_LOSS, losses[1]);
    }
    free(run.losses);
    free(run.theta[0]);
    free(run.theta[1]);
    return status;
}
