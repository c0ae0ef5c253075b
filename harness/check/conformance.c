/* The conformance suite: loads the engine and the judge, runs the cases. */
#include "check/suite.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Cases that need no problem ------------------------------------------------------------- */

static int is_lower_case_word(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static void report_descriptor(struct suite *suite)
{
    const struct engine *engine = &suite->engine.loaded.engine;
    struct finding finding = {0};

    finding_take(&finding, is_lower_case_word(engine->name) ? 0 : 1, 0,
                 "name is `%.64s`; expected a short word in lower case", engine->name);
    finding_take(&finding, *engine->summary && !strchr(engine->summary, '\n') ? 0 : 1, 0,
                 "summary is `%.160s`; expected one line", engine->summary);
    if (!finding.failed)
        snprintf(finding.note, sizeof finding.note, "%.32s: %.200s", engine->name, engine->summary);
    suite_report(suite, "descriptor", &finding, 0);
}

/* What was seen during all the other cases. */
static void report_misdeeds(struct suite *suite)
{
    static const char *const names[MISDEED_COUNT] = {
        [MISDEED_THETA_WRITTEN] = "theta is read, never written",
        [MISDEED_BATCH_WRITTEN] = "the batch is read, never written",
        [MISDEED_OUTSIDE_WRITTEN] = "nothing is written beside the results",
        [MISDEED_FLOATING_POINT] = "the floating-point environment stays",
    };

    for (int m = 0; m < MISDEED_COUNT; m++) {
        struct finding finding = {0};

        finding_take(&finding, suite->engine.misdeeds[m].calls, 0, "%s",
                     suite->engine.misdeeds[m].calls ? suite->engine.misdeeds[m].first : "");
        suite_begin(suite, names[m]);
        suite_report(suite, names[m], &finding, 0);
    }
}

static void report_supported(struct suite *suite)
{
    struct finding finding = {0};

    if (suite->only) /* nothing is known of the others */
        return;
    finding_take(&finding, suite->supported_count > 0 ? 0 : 1, 0,
                 "agreement cases supported: %d%s%.180s", suite->supported_count,
                 suite->supported_count ? "" : "; ", suite->supported_count ? "" : suite->declined);
    suite_report(suite, "supports something", &finding, 0);
}

/* ---- Standard output ------------------------------------------------------------------------ */

/* Where standard output goes meanwhile, and the original to come back to. */
struct held_output {
    int original, file;
};

static int hold_output(struct held_output *held)
{
    fflush(stdout);
    held->original = dup(STDOUT_FILENO);
    held->file = memfd_create("engine-output", MFD_CLOEXEC);
    if (held->original < 0 || held->file < 0 || dup2(held->file, STDOUT_FILENO) < 0)
        return error_set("standard output cannot be held back: %s", strerror(errno));
    return 0;
}

static void release_output(struct held_output *held)
{
    fflush(stdout);
    if (held->original >= 0) {
        dup2(held->original, STDOUT_FILENO);
        close(held->original);
    }
    if (held->file >= 0)
        close(held->file);
}

static void report_output(struct suite *suite, const struct held_output *held)
{
    struct finding finding = {0};
    char line[160] = "";
    off_t bytes;

    fflush(stdout);
    bytes = lseek(held->file, 0, SEEK_END);
    if (pread(held->file, line, sizeof line - 1, 0) > 0)
        line[strcspn(line, "\n")] = '\0';
    finding_take(&finding, (double)bytes, 0, "%lld bytes on standard output%s%s", (long long)bytes,
                 bytes > 0 ? ": " : "", line);
    suite_report(suite, "nothing is printed", &finding, 0);
}

/* ---- The suite ------------------------------------------------------------------------------ */

/* An unknown name and a missing file are the caller's mistakes; a file that cannot serve as an
 * engine is the engine's. 1: the engine is ready; 0: it has failed; -1: the error is set. */
static int load_engines(struct suite *suite, const char *specification, int threads)
{
    struct message message = {""};
    struct finding finding = {0};
    char path[4096];
    int loaded;

    if (registry_knows(specification, &message) != 0)
        return error_set("%s", message.text);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(specification, ":"), specification);
    if (strchr(path, '/') && access(path, R_OK) != 0)
        return error_set("%s: %s", path, strerror(errno));
    if (observer_load(&suite->judge, "reference", 1, &message) != 0)
        return error_set("reference, the judge: %s", message.text);
    if (!suite->judge.loaded.engine.gradient64)
        return error_set("reference, the judge: has no gradient64");

    suite_begin(suite, "loads");
    loaded = observer_load(&suite->engine, specification, threads, &message) == 0;
    finding_take(&finding, loaded ? 0 : 1, 0, "%.240s", message.text);
    suite_report(suite, "loads", &finding, 0);
    return loaded;
}

static int run_agreement(struct suite *suite)
{
    for (int i = 0; i < problem_count(); i++) {
        struct conformance_case entry = {
            .name = "agreement", .problem = problem_spec_at(i), .play = play_agreement};

        if (stage_run(suite, &entry) != 0)
            return -1;
    }
    return 0;
}

static int run_table(struct suite *suite, const struct conformance_case *entry)
{
    for (; entry->name; entry++)
        if (stage_run(suite, entry) != 0)
            return -1;
    return 0;
}

/* By the variant's name. */
static const struct arithmetic *arithmetic_of(const char *specification)
{
    const char *variant = strrchr(specification, ':');

    return variant && strcmp(variant, ":bf16") == 0 ? &arithmetic_bf16 : &arithmetic_single;
}

int suite_run(struct suite *suite, const char *engine_specification, int threads)
{
    struct held_output held = {-1, -1};
    int status = -1, ready;

    suite->arithmetic = arithmetic_of(engine_specification);
    if (hold_output(&held) != 0)
        goto done;
    ready = load_engines(suite, engine_specification, threads);
    if (ready < 0)
        goto done;
    if (ready) {
        report_descriptor(suite);
        if (run_table(suite, judge_cases) != 0 || run_agreement(suite) != 0 ||
            run_table(suite, behaviour_cases) != 0 || run_table(suite, optional_cases) != 0)
            goto done;
        report_misdeeds(suite);
        report_supported(suite);
        report_output(suite, &held);
    }
    status = 0;
done:
    release_output(&held);
    return status;
}
