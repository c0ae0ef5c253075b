/* batchlab scale: what more ranks would bring. */
#include "scale/scale.h"

#include "base/error.h"
#include "cli/command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_INTERCONNECT = 256, KEY_STEPS, KEY_NO_CHARTS };

static const struct argp_option options[] = {
    {"interconnect", KEY_INTERCONNECT, "NAME|US,GB|FILE", 0,
     "What carries the sums: ethernet-1g, ethernet-10g, ethernet-40g, infiniband-hdr (the "
     "default); a "
     "latency in microseconds and a bandwidth in GB/s, as 1.5,12; or a file of batchlab netmeasure",
     0},
    {"steps", KEY_STEPS, "DIR", 0,
     "Results that say how many updates a target takes by batch size, if others than RESULTS", 0},
    {"no-charts", KEY_NO_CHARTS, 0, 0, "Do not draw", 0},
    {0},
};

struct arguments {
    const char *folder, *steps, *interconnect;
    int no_charts;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_INTERCONNECT:
        arguments->interconnect = text;
        break;
    case KEY_STEPS:
        arguments->steps = text;
        break;
    case KEY_NO_CHARTS:
        arguments->no_charts = 1;
        break;
    default:
        return command_folder(key, text, state, &arguments->folder);
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS",
    "Predicts throughput and time to a target with up to 10000 ranks (transport: mpi). Compute is "
    "fitted to the measured updates of one worker, t0 + t1 K; a sum of the gradient is taken to "
    "cost 2 log2(W) latency + 2 (W - 1)/W bytes/bandwidth. Measured updates of several ranks are "
    "not used: they show how far off the prediction is. Writes RESULTS/scale.csv.",
    0,
    0,
    0};

static void print_model(const struct scale_setting *setting)
{
    const struct scale_model *model = &setting->model;
    size_t alone = setting->count - setting->held_out;

    printf("%s on engine %s, %.0f thread%s a rank\n", setting->network, setting->engine,
           setting->threads, setting->threads == 1 ? "" : "s");
    printf(
        "  compute, measured: %.3g us + %.3g us K/W, from %zu batch sizes with one worker, which "
        "it misses by %.1f %%\n",
        1e6 * model->t0, 1e6 * model->t1, alone, 100 * model->deviation);
    printf("  sums of %.3g MB, %s: %.3g us and %.3g GB/s, %s (%s)\n", 1e-6 * model->bytes,
           model->interconnect.is_measured ? "measured" : "assumed",
           1e6 * model->interconnect.latency_seconds, 1e-9 * model->interconnect.bytes_per_second,
           model->interconnect.name, model->interconnect.origin);
}

static void print_held_out(const struct scale_setting *setting)
{
    if (setting->held_out == 0) {
        printf("  not tried: no updates of several ranks were measured\n\n");
        return;
    }
    printf("  held out: %zu settings with several ranks, off by %.0f %% in the median, %.0f %% at "
           "most%s\n",
           setting->held_out, 100 * setting->median_error, 100 * setting->largest_error,
           setting->model.interconnect.is_measured
               ? ""
               : "; the interconnect assumed is not the one they ran on");
    printf("  %8s %6s %12s %8s %14s %14s %8s\n", "K", "ranks", "reduction", "overlap",
           "measured, us", "predicted, us", "error");
    for (size_t p = 0; p < setting->count; p++) {
        const struct scale_point *point = &setting->points[p];

        if (point->workers > 1)
            printf("  %8.0f %6.0f %12s %8s %14.1f %14.1f %7.0f%%\n", point->batch_size,
                   point->workers, point->reduction, point->overlap, 1e6 * point->seconds,
                   1e6 * point->predicted, 100 * (point->predicted / point->seconds - 1));
    }
    putchar('\n');
}

static void print_throughput(const struct scale_setting *setting)
{
    struct scale_model model = setting->model;

    model.processors = 0; /* every rank has its own from here on */
    printf("  %8s %6s %12s %14s %9s %11s\n", "K", "ranks", "us/update", "examples/s", "speed-up",
           "efficiency");
    for (size_t p = 0; p < setting->count && setting->points[p].workers == 1; p++) {
        double k = setting->points[p].batch_size, alone = scale_update_seconds(&model, k, 1);

        for (long ranks = 1; ranks > 0;
             ranks = scale_next(ranks, 10, k < SCALE_RANKS_MAX ? (long)k : SCALE_RANKS_MAX)) {
            double seconds = scale_update_seconds(&model, k, (double)ranks);

            printf("  %8.0f %6ld %12.4g %14.4g %9.3g %10.0f%%\n", k, ranks, 1e6 * seconds,
                   k / seconds, alone / seconds, 100 * alone / seconds / (double)ranks);
        }
    }
    putchar('\n');
}

/* And from where on ten times the ranks never save a twentieth. */
static void print_target(const struct scale_setting *setting)
{
    const struct critical_batch *critical = &setting->critical;
    struct scale_model model = setting->model;
    struct scale_best first, last = {0};
    long enough = 0, examples = (long)setting->train_examples;

    if (!setting->has_target)
        return;
    model.processors = 0;
    printf("  %s: S = %.4g + %.4g / K updates; critical K = %.3g (%.3g to %.3g)\n", setting->target,
           setting->steps.least_steps, setting->steps.least_examples, critical->batch.value,
           critical->batch.low, critical->batch.high);
    printf("  %10s %8s %8s %12s %9s\n", "ranks, max", "used", "K", "seconds", "speed-up");
    first = scale_fastest(&model, &setting->steps, 1, examples);
    for (long most = 1; most > 0; most = scale_next(most, 10, SCALE_RANKS_MAX)) {
        struct scale_best best = scale_fastest(&model, &setting->steps, most, examples);

        printf("  %10ld %8.0f %8.0f %12.4g %9.3g\n", most, best.ranks, best.batch_size,
               best.seconds, first.seconds / best.seconds);
        if (most > 1 && !(best.seconds > 0.95 * last.seconds))
            enough = 0;
        else if (most > 1 && enough == 0)
            enough = most / 10;
        last = best;
    }
    if (enough > 0)
        printf("  Beyond %ld rank%s ten times as many save less than 5 %%.\n", enough,
               enough == 1 ? "" : "s");
    putchar('\n');
}

static int predict(const struct arguments *arguments, struct results *timed,
                   struct results *stepped)
{
    struct interconnect interconnect;
    struct scale scale = {.list = NULL};
    int status = -1;

    if (interconnect_find(&interconnect, arguments->interconnect) == 0 &&
        scale_open(&scale, timed, stepped, &interconnect) == 0) {
        for (size_t s = 0; s < scale.count; s++) {
            print_model(&scale.list[s]);
            print_held_out(&scale.list[s]);
            print_throughput(&scale.list[s]);
            print_target(&scale.list[s]);
        }
        status = scale_write(&scale, arguments->folder);
    }
    scale_close(&scale);
    return status;
}

int command_scale(int argc, char **argv)
{
    struct arguments arguments = {.interconnect = "infiniband-hdr"};
    struct results timed = {0}, stepped = {0};
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    status = results_open(&timed, arguments.folder);
    if (status == 0 && arguments.steps)
        status = results_open(&stepped, arguments.steps);
    if (status == 0)
        status = predict(&arguments, &timed, arguments.steps ? &stepped : &timed);
    results_close(&timed);
    results_close(&stepped);
    if (status != 0)
        return command_failed();
    if (!arguments.no_charts && command_draw(arguments.folder, "scale") != 0)
        return command_failed();
    return STATUS_OK;
}
