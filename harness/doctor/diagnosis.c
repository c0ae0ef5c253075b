/* What the facts mean. */
#include "doctor/doctor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const doctor_state_names[DOCTOR_STATES] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_WARNING] = "warning",
    [DOCTOR_FIX] = "fix",
};

/* A processor that is busy with something else for more than that is not idle. */
static const double load_allowed = 0.3;   /* a processor */
static const double steal_allowed = 0.01; /* as the gate tags its samples */
static const double step_allowed = 1e-6;  /* seconds: 1e-4 of the gate's shortest turns */
static const double least_bytes = 1e9;    /* a grid with predictions writes about so much */

struct findings {
    struct doctor_finding *list;
    int count;
};

/* Appends one; what does not fit is the caller's mistake in DOCTOR_FINDINGS_MAX. */
__attribute__((format(printf, 4, 5))) static struct doctor_finding *find(struct findings *findings,
                                                                         enum doctor_state state,
                                                                         const char *subject,
                                                                         const char *format, ...)
{
    struct doctor_finding *finding = &findings->list[findings->count++];
    va_list arguments;

    *finding = (struct doctor_finding){.state = state};
    snprintf(finding->subject, sizeof finding->subject, "%s", subject);
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    return finding;
}

__attribute__((format(printf, 2, 3))) static void remedy(struct doctor_finding *finding,
                                                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->remedy, sizeof finding->remedy, format, arguments);
    va_end(arguments);
}

static void judge_machine(struct findings *findings, const struct doctor_facts *facts)
{
    const struct host *host = &facts->host;
    int is_cut = host->quota > 0 && host->quota < 1;

    find(findings, DOCTOR_OK, "processor", "%s, %d to run on, %s, %.1f GiB of memory", host->cpu,
         host->processor_count, host->instructions, host->memory_bytes / (1 << 30));
    if (is_cut)
        remedy(find(findings, DOCTOR_WARNING, "quota",
                    "the control group grants %.2f of a processor: steps wait for their share",
                    host->quota),
               "give the container a whole processor or more");
    if (strcmp(host->governor, "performance") == 0)
        find(findings, DOCTOR_OK, "governor", "performance");
    else if (strcmp(host->governor, "unknown") == 0)
        find(findings, DOCTOR_OK, "governor", "unknown here, as in most virtual machines");
    else
        remedy(find(findings, DOCTOR_WARNING, "governor",
                    "%s: the frequency follows the load, and with it every time", host->governor),
               "cpupower frequency-set --governor performance");
    if (strcmp(facts->turbo, "on") == 0)
        remedy(find(findings, DOCTOR_WARNING, "turbo",
                    "on: the frequency depends on temperature and on the other cores; ratios "
                    "within one run hold, seconds of two days do not compare"),
               "switch it off in the firmware, or write 0 to "
               "/sys/devices/system/cpu/cpufreq/boost (intel_pstate: 1 to no_turbo)");
    else
        find(findings, DOCTOR_OK, "turbo", "%s", facts->turbo);
}

static void judge_quiet(struct findings *findings, const struct doctor_facts *facts)
{
    double allowed = load_allowed * facts->host.processor_count;

    if (facts->host.load <= allowed)
        find(findings, DOCTOR_OK, "load", "%.2f", facts->host.load);
    else
        remedy(find(findings, DOCTOR_WARNING, "load",
                    "%.2f on %d processors: others run here, and share caches and memory with "
                    "whatever is timed",
                    facts->host.load, facts->host.processor_count),
               "wait, or stop them; a gate still pairs its turns");
    if (isnan(facts->steal_share))
        find(findings, DOCTOR_OK, "steal", "the system does not say");
    else if (facts->steal_share <= steal_allowed)
        find(findings, DOCTOR_OK, "steal", "%.1f %%", 100 * facts->steal_share);
    else
        remedy(find(findings, DOCTOR_WARNING, "steal",
                    "%.1f %% of the processors' time went to other guests of this host",
                    100 * facts->steal_share),
               "another hour, or another machine");
    if (facts->clock_resolution <= step_allowed)
        find(findings, DOCTOR_OK, "clock", "%s, steps of %.0f ns", facts->clock_source,
             1e9 * facts->clock_resolution);
    else /* NaN too */
        remedy(find(findings, DOCTOR_WARNING, "clock",
                    "%s, steps of %.3g us: short steps are timed coarsely", facts->clock_source,
                    1e6 * facts->clock_resolution),
               "the kernel's option clocksource=tsc, where the processor has an invariant one");
    if (facts->variables[0])
        remedy(find(findings, DOCTOR_WARNING, "environment",
                    "set, and changing what is measured: %s", facts->variables),
               "unset them, unless that is meant");
}

static void judge_engine(struct findings *findings, const struct doctor_engine *engine)
{
    char subject[48];

    snprintf(subject, sizeof subject, "%.31s", engine->name);
    if (engine->fault[0])
        remedy(find(findings, DOCTOR_FIX, subject, "%s", engine->fault),
               "./reproduce --setup installs the libraries; then build again");
    else
        find(findings, DOCTOR_OK, subject, "%s", engine->says);
    if (engine->pthread_openblas[0] && engine->has_openmp)
        remedy(find(findings, DOCTOR_FIX, subject,
                    "%s has threads of its own, beside OpenMP's: with two threads it is up to ten "
                    "times slower",
                    engine->pthread_openblas),
               "apt install libopenblas0-openmp, or name another library after blas:");
    else if (engine->pthread_openblas[0])
        remedy(find(findings, DOCTOR_WARNING, subject,
                    "%s has threads of its own: it must not meet OpenMP in one process",
                    engine->pthread_openblas),
               "apt install libopenblas0-openmp");
}

static void judge_programs(struct findings *findings, const struct doctor_facts *facts)
{
    if (facts->bf16[0])
        find(findings, DOCTOR_OK, "bf16", "%s", facts->bf16);
    else
        find(findings, DOCTOR_OK, "bf16", "no instructions for it: onednn:bf16 is not supported");
    if (facts->gnuplot[0])
        find(findings, DOCTOR_OK, "gnuplot", "%s", facts->gnuplot);
    else
        remedy(find(findings, DOCTOR_WARNING, "gnuplot", "not installed: no charts"),
               "apt install gnuplot-nox");
    if (facts->ranks_fault[0])
        find(findings, DOCTOR_OK, "mpi", "%s; runs on one machine do not need it",
             facts->ranks_fault);
    else if (!facts->mpirun[0])
        remedy(find(findings, DOCTOR_WARNING, "mpi",
                    "the program has MPI, but there is no mpirun to start it with"),
               "apt install openmpi-bin, or start with srun --mpi=pmix");
    else
        find(findings, DOCTOR_OK, "mpi", "%s: mpirun -n RANKS batchlab run", facts->mpirun);
}

static void judge_data(struct findings *findings, const struct doctor_facts *facts)
{
    if (facts->dataset_fault[0])
        find(findings, DOCTOR_FIX, "data", "%s", facts->dataset_fault); /* which has the remedy */
    else
        find(findings, DOCTOR_OK, "data", "%s", facts->dataset);
    if (!facts->is_writable)
        remedy(find(findings, DOCTOR_FIX, "disk", "%s: cannot be written to", facts->folder),
               "run from another folder, or with --results");
    else if (facts->free_bytes >= least_bytes)
        find(findings, DOCTOR_OK, "disk", "%s: %.1f GB free", facts->folder,
             1e-9 * facts->free_bytes);
    else /* unknown too */
        remedy(find(findings, DOCTOR_WARNING, "disk",
                    "%s: %.2f GB free; a grid that keeps predictions writes about 1 GB",
                    facts->folder, 1e-9 * facts->free_bytes),
               "make room, or choose another disk with --results");
}

int doctor_diagnose(const struct doctor_facts *facts, struct doctor_finding *list)
{
    struct findings findings = {list, 0};

    judge_machine(&findings, facts);
    judge_quiet(&findings, facts);
    for (int e = 0; e < facts->engine_count; e++)
        judge_engine(&findings, &facts->engines[e]);
    judge_programs(&findings, facts);
    judge_data(&findings, facts);
    return findings.count;
}
