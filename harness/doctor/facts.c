/* What the machine is, and what is there. */
#include "doctor/doctor.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/program.h"
#include "data/dataset.h"
#include "ranks/ranks.h"
#include "registry.h"
#include "train/network.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static void read_word(const char *path, char *word, size_t size)
{
    if (host_line(path, word, (int)size) != 0)
        snprintf(word, size, "unknown");
}

/* The two drivers say it the other way round. */
static void read_turbo(char *turbo, size_t size)
{
    char boost[16], no_turbo[16];

    read_word("/sys/devices/system/cpu/cpufreq/boost", boost, sizeof boost);
    read_word("/sys/devices/system/cpu/intel_pstate/no_turbo", no_turbo, sizeof no_turbo);
    snprintf(turbo, size, "%s",
             strcmp(boost, "1") == 0 || strcmp(no_turbo, "0") == 0   ? "on"
             : strcmp(boost, "0") == 0 || strcmp(no_turbo, "1") == 0 ? "off"
                                                                     : "unknown");
}

/* What was stolen within half a second. */
static double look_at_steal(void)
{
    const struct timespec nap = {.tv_nsec = 500000000};
    double total[2], steal[2];

    if (host_steal(&total[0], &steal[0]) != 0)
        return NAN;
    nanosleep(&nap, NULL);
    if (host_steal(&total[1], &steal[1]) != 0 || !(total[1] > total[0]))
        return NAN;
    return (steal[1] - steal[0]) / (total[1] - total[0]);
}

/* ---- Engines ------------------------------------------------------------------------------------
 */

/* The smallest sensible network; what an engine says of its library does not depend on it. */
static int describe(const struct loaded_engine *loaded, FILE *out)
{
    const struct network_spec *spec = network_presets();
    struct engine_options options = {
        .max_batch = 1, .threads = 1, .precision = PRECISION_SINGLE, .variant = loaded->variant};
    struct message message;
    struct model model;
    void *session;

    if (network_build(&model, spec, (struct shape){784, 1, 1}, 10, 10) != 0) {
        fputs(error_text(), out);
        return -1;
    }
    snprintf(message.text, sizeof message.text, "%.200s", loaded->engine.summary);
    if (!loaded->engine.supports(&model.network, &options, &message)) {
        fprintf(out, "%s\n", loaded->engine.summary); /* it is for something else */
        return 0;
    }
    if (loaded->engine.open(&session, &model.network, &options, &message) != 0) {
        fputs(message.text, out);
        return -1;
    }
    if (!loaded->engine.describe || loaded->engine.describe(session, &message) != 0)
        snprintf(message.text, sizeof message.text, "%.200s", loaded->engine.summary);
    fprintf(out, "%s\n", message.text);
    return 0; /* the process ends with the session */
}

/* 1: this loaded library is an OpenBLAS with threads of its own. */
static int has_own_threads(const char *path)
{
    enum { PTHREADS = 1 }; /* as its cblas.h calls it: OPENBLAS_THREAD */
    void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    int (*get_parallel)(void) = NULL;
    int has_pthreads;

    if (!library)
        return 0;
    *(void **)&get_parallel = dlsym(library, "openblas_get_parallel");
    has_pthreads = get_parallel && get_parallel() == PTHREADS;
    dlclose(library); /* it stays loaded by who loaded it */
    return has_pthreads;
}

/* What is loaded of thread pools, each a line: "openmp" or the path of an OpenBLAS with its own. */
static void list_pools(FILE *out)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[PATH_MAX + 128], last[PATH_MAX] = "";

    while (maps && fgets(line, sizeof line, maps)) {
        const char *path = strchr(line, '/'), *name = strrchr(line, '/');

        line[strcspn(line, "\n")] = '\0';
        if (!path || strcmp(path, last) == 0)
            continue;
        if (strncmp(name, "/libgomp", 8) == 0 || strncmp(name, "/libomp", 7) == 0 ||
            strncmp(name, "/libiomp", 8) == 0)
            fputs("openmp\n", out);
        else if (strncmp(name, "/libopenblas", 12) == 0 && has_own_threads(path))
            fprintf(out, "%s\n", path);
        snprintf(last, sizeof last, "%s", path);
    }
    if (maps)
        fclose(maps);
}

/* In a child. */
static int open_engine(FILE *out, void *context)
{
    struct loaded_engine loaded;
    struct message message;

    if (registry_load(&loaded, context, &message) != 0) {
        fputs(message.text, out);
        return -1;
    }
    if (describe(&loaded, out) != 0)
        return -1;
    list_pools(out);
    return 0;
}

static void look_at_engine(struct doctor_engine *engine, const char *name)
{
    enum { ANSWER_SECONDS = 20 };
    char answer[4096], *line = answer;

    snprintf(engine->name, sizeof engine->name, "%s", name);
    if (child_capture(open_engine, engine->name, ANSWER_SECONDS, answer, sizeof answer) != 0) {
        snprintf(engine->fault, sizeof engine->fault, "%.500s", error_text());
        return;
    }
    snprintf(engine->says, sizeof engine->says, "%.500s", strsep(&line, "\n"));
    for (const char *path = strsep(&line, "\n"); path && *path; path = strsep(&line, "\n"))
        if (strcmp(path, "openmp") == 0)
            engine->has_openmp = 1;
        else
            snprintf(engine->pthread_openblas, sizeof engine->pthread_openblas, "%s", path);
}

/* The ones that calculate, and the other library of blas, which most want to know of. */
static void look_at_engines(struct doctor_facts *facts)
{
    for (const struct builtin_engine *engine = registry_builtins();
         engine->name && facts->engine_count < DOCTOR_ENGINES_MAX; engine++)
        look_at_engine(&facts->engines[facts->engine_count++], engine->name);
    if (facts->engine_count < DOCTOR_ENGINES_MAX)
        look_at_engine(&facts->engines[facts->engine_count++], "blas:blis");
}

/* ---- Everything else ----------------------------------------------------------------------------
 */

static void append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", length ? " " : "", word);
}

static void read_bf16(char *text, size_t size)
{
    static const char *const flags[] = {"avx512_bf16", "amx_bf16"};
    FILE *file = fopen("/proc/cpuinfo", "r");
    char *line = NULL;
    size_t room = 0;

    text[0] = '\0';
    while (file && getline(&line, &room, file) > 0)
        if (strncmp(line, "flags", 5) == 0) {
            for (size_t f = 0; f < sizeof flags / sizeof *flags; f++)
                if (strstr(line, flags[f]))
                    append(text, size, flags[f]);
            break; /* all processors have the same */
        }
    free(line);
    if (file)
        fclose(file);
}

static void read_variables(char *text, size_t size)
{
    static const char *const names[] = {
        "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OPENBLAS_L2_SIZE", "GOTO_NUM_THREADS",
        "BLIS_ARCH_TYPE",    "BLIS_NUM_THREADS",     "OMP_NUM_THREADS",  "OMP_PROC_BIND",
        "DNNL_MAX_CPU_ISA",  "ONEDNN_MAX_CPU_ISA",   "LD_PRELOAD",
    };

    text[0] = '\0';
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (getenv(names[n]))
            append(text, size, names[n]);
}

/* The first line that it says of itself; "" if it is not there or fails. */
static void read_version(const char *program, char *version, size_t size)
{
    const char *const arguments[] = {program, "--version", NULL};
    char said[1024];

    version[0] = '\0';
    if (program_available(program) && program_run(arguments, NULL, 10, said, sizeof said) == 0)
        snprintf(version, size, "%.*s", (int)strcspn(said, "\n"), said);
}

/* In a process of its own: MPI's library is loaded. */
static int load_ranks(FILE *out, void *context)
{
    (void)context;
    if (ranks_available() == 0)
        return 0;
    fprintf(out, "%s", error_text());
    return -1;
}

static void look_at_ranks(struct doctor_facts *facts)
{
    char text[DOCTOR_LINE];

    if (child_capture(load_ranks, NULL, 20, text, sizeof text) != 0)
        snprintf(facts->ranks_fault, sizeof facts->ranks_fault, "%.500s", error_text());
}

static void look_at_data(struct doctor_facts *facts)
{
    const struct dataset_spec spec = {.name = "fashion-mnist", .scaling = SCALING_UNIT};
    struct dataset dataset;

    if (dataset_open(&dataset, &spec) != 0) {
        snprintf(facts->dataset_fault, sizeof facts->dataset_fault, "%.500s", error_text());
        return;
    }
    snprintf(facts->dataset, sizeof facts->dataset, "%.250s", dataset.description);
    dataset_close(&dataset);
}

/* Results are made with all folders above them: the first that exists is on their disk. */
static void look_at_disk(struct doctor_facts *facts, const char *results)
{
    struct statvfs disk;
    char *slash;

    snprintf(facts->folder, sizeof facts->folder, "%s", results);
    while (access(facts->folder, F_OK) != 0 && (slash = strrchr(facts->folder, '/')) != NULL)
        slash[slash == facts->folder ? 1 : 0] = '\0';
    if (access(facts->folder, F_OK) != 0)
        snprintf(facts->folder, sizeof facts->folder, ".");
    facts->is_writable = access(facts->folder, W_OK) == 0;
    facts->free_bytes = NAN;
    if (statvfs(facts->folder, &disk) == 0)
        facts->free_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
}

void doctor_look(struct doctor_facts *facts, const char *results)
{
    memset(facts, 0, sizeof *facts);
    host_read(&facts->host); /* first: the load is to be that of the others */
    facts->steal_share = look_at_steal();
    read_turbo(facts->turbo, sizeof facts->turbo);
    read_word("/sys/devices/system/clocksource/clocksource0/current_clocksource",
              facts->clock_source, sizeof facts->clock_source);
    facts->clock_resolution = clock_resolution();
    look_at_engines(facts);
    read_bf16(facts->bf16, sizeof facts->bf16);
    read_variables(facts->variables, sizeof facts->variables);
    read_version("gnuplot", facts->gnuplot, sizeof facts->gnuplot);
    read_version("mpirun", facts->mpirun, sizeof facts->mpirun);
    look_at_ranks(facts);
    look_at_data(facts);
    look_at_disk(facts, results);
}
