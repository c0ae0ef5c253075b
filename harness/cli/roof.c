/* batchlab roof: what the machine's multiply-add units and each level of its memory can do. */
#include "base/error.h"
#include "cli/command.h"
#include "run/roof_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_THREADS = 256, KEY_JSON };

static const struct argp_option options[] = {
    {"threads", KEY_THREADS, "N", 0, "With so many threads (default: with one, and with all cores)",
     0},
    {"json", KEY_JSON, 0, 0, "Machine-readable, as in manifest.json", 0},
    {0},
};

struct arguments {
    int threads; /* 0: one, and all cores */
    int json;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    long threads;
    char *end;

    switch (key) {
    case KEY_THREADS:
        threads = strtol(text, &end, 10);
        if (end == text || *end || threads < 1 || threads > HOST_PROCESSORS_MAX)
            argp_error(state, "--threads: '%s' is not valid, expected 1 to %d", text,
                       HOST_PROCESSORS_MAX);
        arguments->threads = (int)threads;
        break;
    case KEY_JSON:
        arguments->json = 1;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    0,
    "Measures the roof of the machine, pinned threads all at once, each on a buffer of its own: "
    "the "
    "multiply-add peak and the bandwidth of L1, L2, L3 and memory for reading, writing and "
    "a[i] = b[i] + s c[i]. Best of many repetitions. Takes about a second for each number of "
    "threads.",
    0,
    0,
    0};

/* "512 KiB", "5 MiB" */
static const char *size_text(double bytes, char text[32])
{
    if (bytes < 1 << 20)
        snprintf(text, 32, "%.4g KiB", bytes / (1 << 10));
    else
        snprintf(text, 32, "%.4g MiB", bytes / (1 << 20));
    return text;
}

static void print_roof(const struct roof *roof)
{
    printf("%d thread%s: multiply-add peak %.1f GFLOP/s (single precision)\n", roof->threads,
           roof->threads == 1 ? "" : "s", roof->fma_gflops);
    printf("  %-6s %12s %12s %12s %12s\n", "GB/s", "read", "write", "triad", "each thread");
    for (int l = 0; l < LEVEL_COUNT; l++) {
        char text[32];

        printf("  %-6s", level_names[l]);
        for (int t = 0; t < TRAFFIC_COUNT; t++)
            if (isfinite(roof->bandwidth[l][t]))
                printf(" %12.1f", roof->bandwidth[l][t]);
            else
                printf(" %12s", "-");
        printf(" %12s\n",
               roof->measured_bytes[l] > 0 ? size_text(roof->measured_bytes[l], text) : "-");
    }
    printf("  measured in %.2f s\n\n", roof->seconds);
}

static void print_heading(const struct host *host)
{
    char l1[32], l2[32], l3[32];

    printf("%s, %s, %d processor%s; L1 %s and L2 %s a core, L3 %s shared\n", host->cpu,
           host->instructions, host->processor_count, host->processor_count == 1 ? "" : "s",
           size_text(host->l1_bytes, l1), size_text(host->l2_bytes, l2),
           size_text(host->l3_bytes, l3));
}

static const char notes[] =
    "GB/s: 1e9 bytes a second of all threads together, best repetition. Counted is what the loop\n"
    "names: 4 bytes an element read or written, 12 a triad, no write-allocate. A virtual machine\n"
    "may report an L3 far larger than what its neighbours leave of it.\n";

static int print_all(const struct arguments *arguments, const struct host *host)
{
    const int counts[] = {arguments->threads > 0 ? arguments->threads : 1, host->processor_count};
    int last = arguments->threads > 0 || host->processor_count == 1 ? 0 : 1;
    json_t *roofs = json_array();

    if (!arguments->json)
        print_heading(host);
    for (int i = 0; i <= last; i++) {
        struct roof roof;

        if (roof_measure_apart(&roof, host, counts[i]) != 0) {
            json_decref(roofs);
            return -1;
        }
        if (arguments->json)
            json_array_append_new(roofs, roof_describe(&roof));
        else
            print_roof(&roof);
    }
    if (arguments->json) {
        json_dumpf(roofs, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        fputs(notes, stdout);
    }
    json_decref(roofs);
    return 0;
}

int command_roof(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct host host;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    host_read(&host);
    if (arguments.threads > host.processor_count) {
        error_set("--threads: %d is more than the processors allowed here, expected at most %d",
                  arguments.threads, host.processor_count);
        return command_failed();
    }
    return print_all(&arguments, &host) == 0 ? STATUS_OK : command_failed();
}
