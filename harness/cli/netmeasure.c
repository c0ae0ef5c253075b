/* batchlab netmeasure: how fast the ranks that mpirun has started send and add up. */
#include "scale/netmeasure.h"

#include "base/error.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_SECONDS = 256 };

static const struct argp_option options[] = {
    {"seconds", KEY_SECONDS, "S", 0, "About what it may take (5)", 0},
    {0},
};

struct arguments {
    const char *file;
    double seconds;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char *end;

    switch (key) {
    case KEY_SECONDS:
        arguments->seconds = strtod(text, &end);
        if (end == text || *end || !(arguments->seconds > 0 && arguments->seconds < 86400))
            argp_error(state, "--seconds: '%s' is not valid, expected seconds above 0", text);
        break;
    case ARGP_KEY_ARG:
        if (arguments->file)
            argp_error(state, "unexpected argument '%s'", text);
        arguments->file = text;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "[FILE.json]",
    "Measures what messages between the first and the last rank take, and sums over 2, 4, ... and "
    "all ranks, of 8 bytes to 2 MiB; and what latency and bandwidth these come to, for `batchlab "
    "scale --interconnect FILE.json`. Start it as the cells will run: `mpirun -n P batchlab "
    "netmeasure net.json`.",
    0,
    0,
    0};

static void print_timings(const char *heading, const struct net_timing *timings, int count,
                          const struct interconnect *fitted)
{
    printf("%s\n%8s %12s %12s %12s %10s\n", heading, "ranks", "bytes", "us", "GB/s",
           fitted ? "fitted, us" : "");
    for (int i = 0; i < count; i++) {
        printf("%8.0f %12.0f %12.3f %12.4f", timings[i].ranks, timings[i].bytes,
               1e6 * timings[i].seconds, 1e-9 * timings[i].bytes / timings[i].seconds);
        if (fitted)
            printf(" %10.3f",
                   1e6 * interconnect_sum_seconds(fitted, timings[i].bytes, timings[i].ranks));
        putchar('\n');
    }
}

static void print_all(const struct netmeasure *measured, const struct ranks *ranks)
{
    printf("%d ranks, %d of them on the first host, %s\n", ranks->size, ranks->host_size,
           ranks->library);
    print_timings("Messages, one way", measured->messages, measured->message_count, NULL);
    print_timings("Sums, in all ranks", measured->sums, measured->sum_count, &measured->fitted);
    printf("Messages: %.3g us and %.3g GB/s.\n", 1e6 * measured->message_latency_seconds,
           1e-9 * measured->message_bytes_per_second);
    printf("Sums, as 2 log2(W) latency + 2 (W - 1)/W bytes/bandwidth: %.3g us and %.3g GB/s, which "
           "leaves them %.0f %% off (median).\n",
           1e6 * measured->fitted.latency_seconds, 1e-9 * measured->fitted.bytes_per_second,
           100 * measured->deviation);
}

/* Rank 0 speaks. */
static int measure(const struct arguments *arguments, const struct ranks *ranks)
{
    struct netmeasure *measured = calloc(1, sizeof *measured);
    int status = STATUS_OK;

    if (!measured || netmeasure_run(measured, ranks, arguments->seconds) != 0) {
        if (!measured)
            error_set("out of memory");
        ranks_abort(command_failed());
    }
    if (ranks->rank == 0) {
        if (netmeasure_fit(measured) == 0)
            print_all(measured, ranks);
        else
            status = command_failed();
        if (status == STATUS_OK && arguments->file &&
            netmeasure_write(measured, ranks, arguments->file) != 0)
            status = command_failed();
    }
    free(measured);
    return status;
}

int command_netmeasure(int argc, char **argv)
{
    struct arguments arguments = {.seconds = 5};
    struct ranks ranks;
    int rank, size, status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    ranks_told(&rank, &size);
    if (ranks_available() != 0)
        return rank == 0 ? command_failed() : STATUS_ERROR;
    if (!ranks_started()) {
        error_set("netmeasure: one rank, expected two or more: `mpirun -n 2 batchlab netmeasure`");
        return command_failed();
    }
    if (ranks_open(&ranks) != 0)
        return rank == 0 ? command_failed() : STATUS_ERROR;
    if (ranks.size < 2) {
        error_set("netmeasure: one rank, expected two or more: `mpirun -n 2 batchlab netmeasure`");
        status = command_failed();
    } else {
        status = measure(&arguments, &ranks);
    }
    ranks_close();
    return status;
}
