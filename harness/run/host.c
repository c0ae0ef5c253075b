/* The machine, as the system describes it. */
#include "run/host.h"

#include <ctype.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void trim(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
}

int host_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "r");
    int found;

    if (!file)
        return -1;
    found = fgets(line, size, file) != NULL;
    fclose(file);
    if (!found)
        return -1;
    trim(line);
    return 0;
}

static void read_cpu(char *cpu, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(cpu, size, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon) {
            trim(line);
            snprintf(cpu, size, "%s", colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

/* "max 100000" or "200000 100000": microseconds of processor time in a period. */
static double read_quota(void)
{
    char line[64];
    double limit, period;

    if (host_line("/sys/fs/cgroup/cpu.max", line, sizeof line) == 0 &&
        sscanf(line, "%lf %lf", &limit, &period) == 2 && period > 0)
        return limit / period;
    return 0;
}

/* The lowest-numbered thread of the core stands for it: "0,4" or "0-1" starts with it. */
static int first_sibling(int processor)
{
    char path[128], line[64];

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
             processor);
    if (host_line(path, line, sizeof line) != 0)
        return processor;
    return atoi(line);
}

static void read_processors(struct host *host)
{
    cpu_set_t allowed;
    int limit = HOST_PROCESSORS_MAX;

    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    if (host->quota > 0)
        limit = (int)fmax(1, floor(host->quota));
    for (int p = 0; p < CPU_SETSIZE && p < HOST_PROCESSORS_MAX; p++) {
        int first = first_sibling(p);
        int is_second = first != p && CPU_ISSET((size_t)first, &allowed);

        if (CPU_ISSET((size_t)p, &allowed) && !is_second && host->processor_count < limit)
            host->processors[host->processor_count++] = p;
    }
    if (host->processor_count == 0)
        host->processors[host->processor_count++] = 0;
}

static const char *widest_instructions(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return "avx512f";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "avx2";
    return "sse2";
#else
    return "baseline";
#endif
}

void host_read(struct host *host)
{
    struct utsname names;
    double load[1] = {0};

    memset(host, 0, sizeof *host);
    read_cpu(host->cpu, sizeof host->cpu);
    if (uname(&names) == 0)
        snprintf(host->kernel, sizeof host->kernel, "%.40s %.80s", names.sysname, names.release);
    if (host_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", host->governor,
                  sizeof host->governor) != 0)
        snprintf(host->governor, sizeof host->governor, "unknown");
    snprintf(host->instructions, sizeof host->instructions, "%s", widest_instructions());
    host->memory_bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    host->l1_bytes = fmax(0, (double)sysconf(_SC_LEVEL1_DCACHE_SIZE));
    host->l2_bytes = fmax(0, (double)sysconf(_SC_LEVEL2_CACHE_SIZE));
    host->l3_bytes = fmax(0, (double)sysconf(_SC_LEVEL3_CACHE_SIZE));
    host->quota = read_quota();
    if (getloadavg(load, 1) == 1)
        host->load = load[0];
    read_processors(host);
}

int host_steal(double *total_seconds, double *steal_seconds)
{
    double fields[8], ticks = (double)sysconf(_SC_CLK_TCK);
    char line[256];

    *total_seconds = *steal_seconds = 0;
    if (host_line("/proc/stat", line, sizeof line) != 0 ||
        sscanf(line, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &fields[0], &fields[1], &fields[2],
               &fields[3], &fields[4], &fields[5], &fields[6], &fields[7]) != 8)
        return -1;
    for (int i = 0; i < 8; i++)
        *total_seconds += fields[i] / ticks;
    *steal_seconds = fields[7] / ticks;
    return 0;
}

int host_processor_times(int processor, double *idle_seconds, double *steal_seconds)
{
    double fields[8], ticks = (double)sysconf(_SC_CLK_TCK);
    char name[16], line[256];
    FILE *file = fopen("/proc/stat", "re");
    int status = -1;

    snprintf(name, sizeof name, "cpu%d ", processor);
    while (file && status != 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lf %lf %lf %lf %lf %lf %lf %lf", &fields[0], &fields[1],
                   &fields[2], &fields[3], &fields[4], &fields[5], &fields[6], &fields[7]) == 8)
            status = 0;
    if (file)
        fclose(file);
    if (status != 0)
        return -1;
    *idle_seconds = (fields[3] + fields[4]) / ticks; /* waiting for a disk is idle as well */
    *steal_seconds = fields[7] / ticks;
    return 0;
}

int host_idlest(const struct host *host, double seconds)
{
    double before[HOST_PROCESSORS_MAX], idle, steal, most = -1;
    int best = host->processors[host->processor_count - 1];

    for (int i = 0; i < host->processor_count; i++)
        if (host_processor_times(host->processors[i], &before[i], &steal) != 0)
            return best;
    usleep((useconds_t)(1e6 * seconds));
    for (int i = 0; i < host->processor_count; i++)
        if (host_processor_times(host->processors[i], &idle, &steal) == 0 &&
            idle - before[i] >= most) {
            most = idle - before[i];
            best = host->processors[i];
        }
    return best;
}
