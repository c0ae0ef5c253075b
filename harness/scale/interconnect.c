/* What carries the sums of ranks. */
#include "scale/interconnect.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct interconnect interconnects[] = {
    {"ethernet-1g",
     "NetPIPE over TCP: 23 us one way (norma.mbg.duth.gr, network benchmarks); payload of 1 Gbit/s "
     "in "
     "frames of 1500 bytes (IEEE 802.3)",
     0, 23e-6, 1e9 / 8 * 1448 / 1538},
    {"ethernet-10g",
     "TCP, 20 us end to end and 4 Gbit/s of 10 (Hurwitz and Feng, Hot Interconnects 11, 2003)", 0,
     20e-6, 4e9 / 8},
    {"ethernet-40g",
     "Open MPI past the kernel, 1.93 us and 37.23 Gbit/s by NetPIPE (Squyres, Cisco, MPI over 40Gb "
     "Ethernet, 2014)",
     0, 1.93e-6, 37.23e9 / 8},
    {"infiniband-hdr",
     "nominal, 600 ns and 200 Gbit/s (NVIDIA, ConnectX-6 product brief): a lower bound of times", 0,
     0.6e-6, 200e9 / 8},
    {.name = ""},
};

static int from_numbers(struct interconnect *found, const char *text)
{
    double latency, bandwidth;
    int end = 0;

    if (sscanf(text, "%lf,%lf%n", &latency, &bandwidth, &end) != 2 || text[end])
        return 0;
    if (!(latency > 0 && latency < 1e9 && bandwidth > 0 && bandwidth < 1e9))
        return error_set("--interconnect: '%s': expected a latency in microseconds and a bandwidth "
                         "in GB/s, both above 0",
                         text);
    *found = (struct interconnect){.latency_seconds = latency * 1e-6,
                                   .bytes_per_second = bandwidth * 1e9};
    snprintf(found->name, sizeof found->name, "%.60s", text);
    snprintf(found->origin, sizeof found->origin, "as given");
    return 1;
}

static int from_file(struct interconnect *found, const char *path)
{
    json_t *file = json_read_file(path);
    const json_t *latency, *bandwidth;
    const char *library;
    int status = 0;

    if (!file)
        return -1;
    latency = json_object_get(file, "latency_seconds");
    bandwidth = json_object_get(file, "bytes_per_second");
    library = json_string_value(json_object_get(file, "library"));
    *found = (struct interconnect){.is_measured = 1,
                                   .latency_seconds = json_number_value(latency),
                                   .bytes_per_second = json_number_value(bandwidth)};
    snprintf(found->name, sizeof found->name, "%.60s", path);
    snprintf(found->origin, sizeof found->origin, "batchlab netmeasure, %.150s",
             library ? library : "library unknown");
    if (!(found->latency_seconds > 0 && found->bytes_per_second > 0 &&
          isfinite(found->latency_seconds) && isfinite(found->bytes_per_second)))
        status = error_set("%s: expected latency_seconds and bytes_per_second above 0, as batchlab "
                           "netmeasure writes them",
                           path);
    json_decref(file);
    return status;
}

int interconnect_find(struct interconnect *found, const char *text)
{
    char names[256] = "";
    int given;

    for (const struct interconnect *known = interconnects; known->name[0]; known++) {
        size_t used = strlen(names);

        if (strcmp(known->name, text) == 0) {
            *found = *known;
            return 0;
        }
        snprintf(names + used, sizeof names - used, "%.60s, ", known->name);
    }
    given = from_numbers(found, text);
    if (given != 0)
        return given < 0 ? -1 : 0;
    if (strchr(text, '/') || strchr(text, '.'))
        return from_file(found, text);
    return error_set("--interconnect: '%s' is unknown, expected %sMICROSECONDS,GB_PER_SECOND or a "
                     "file of batchlab netmeasure",
                     text, names);
}

double interconnect_sum_seconds(const struct interconnect *of, double bytes, double ranks)
{
    return 2 * log2(ranks) * of->latency_seconds +
           2 * (ranks - 1) / ranks * bytes / of->bytes_per_second;
}

int interconnect_fit(struct interconnect *fitted, const double *bytes, const double *ranks,
                     const double *seconds, size_t count)
{
    /* Normal equations of 1 = a x + b y, x and y over the seconds measured. */
    double xx = 0, xy = 0, yy = 0, x1 = 0, y1 = 0, determinant, latency, per_byte;

    for (size_t i = 0; i < count; i++) {
        double x = 2 * log2(ranks[i]) / seconds[i];
        double y = 2 * (ranks[i] - 1) / ranks[i] * bytes[i] / seconds[i];

        xx += x * x;
        xy += x * y;
        yy += y * y;
        x1 += x;
        y1 += y;
    }
    determinant = xx * yy - xy * xy;
    if (!(determinant > 1e-12 * xx * yy))
        return error_set("the sums measured do not tell latency and bandwidth apart");
    latency = (x1 * yy - y1 * xy) / determinant;
    per_byte = (xx * y1 - xy * x1) / determinant;
    if (!(latency > 0 && per_byte > 0))
        return error_set("the sums measured give a latency of %g s and %g s a byte, expected both "
                         "above 0",
                         latency, per_byte);
    fitted->latency_seconds = latency;
    fitted->bytes_per_second = 1 / per_byte;
    return 0;
}
