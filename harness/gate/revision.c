/* A revision of a git repository, built to be one side of a gate. */
#include "gate/revision.h"

#include "base/error.h"
#include "base/program.h"
#include "build_info.h"
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GIT_SECONDS = 120, CONFIGURE_SECONDS = 300, BUILD_SECONDS = 1800 };

/* Runs it; what it said last is the error. said[size] as one line. */
static int run(const char *const *arguments, const char *folder, double limit, const char *what,
               char *said, size_t size)
{
    int status = gate_interrupted() ? error_set("interrupted")
                                    : program_run(arguments, folder, limit, said, size);

    if (status < 0)
        return -1;
    program_one_line(said);
    if (status != 0)
        return error_set("%s (%s, exit status %d): %s", what, arguments[0], status,
                         *said ? said : "it said nothing");
    return 0;
}

static int find_commit(struct revision *revision, const char *name)
{
    const char *const top[] = {"git", "rev-parse", "--show-toplevel", NULL};
    char asked[256], said[800], what[320];
    const char *const commit[] = {"git", "rev-parse", "--verify", "--quiet", "--end-of-options",
                                  asked, NULL};

    if (run(top, NULL, GIT_SECONDS, "git: expected to be run inside a git repository", said,
            sizeof said) != 0)
        return -1;
    snprintf(revision->source, sizeof revision->source, "%s", said);
    snprintf(asked, sizeof asked, "%.200s^{commit}", name);
    snprintf(what, sizeof what, "git:%.200s: no such commit, branch or tag", name);
    if (run(commit, NULL, GIT_SECONDS, what, said, sizeof said) != 0)
        return -1;
    snprintf(revision->commit, sizeof revision->commit, "%.63s", said);
    return 0;
}

static int make_folder(struct revision *revision)
{
    const char *temporary = getenv("TMPDIR");

    snprintf(revision->folder, sizeof revision->folder, "%.3900s/batchlab-gate-XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(revision->folder)) {
        int failure = errno;

        revision->folder[0] = '\0';
        return error_set("cannot make a folder in %s: %s",
                         temporary && *temporary ? temporary : "/tmp", strerror(failure));
    }
    return 0;
}

static int check_out(const struct revision *revision, char *tree)
{
    const char *const arguments[] = {"git", "worktree",       "add", "--quiet", "--detach",
                                     tree,  revision->commit, NULL};
    char said[800];

    return run(arguments, revision->source, GIT_SECONDS, "the worktree cannot be made", said,
               sizeof said);
}

static int build(const struct revision *revision, const char *tree, const char *preset)
{
    const char *const compiler = "-DCMAKE_C_COMPILER=" BATCHLAB_COMPILER_PATH;
    const char *const configure[] = {"cmake",  "--preset", preset, "-DBATCHLAB_TESTS=OFF",
                                     compiler, NULL};
    char jobs[32]; /* said, or `make` starts them all at once */
    const char *const make[] = {"cmake", "--build", "--preset", preset, "--parallel", jobs, NULL};
    char said[800], what[128];

    snprintf(jobs, sizeof jobs, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    snprintf(what, sizeof what, "commit %.12s does not configure", revision->commit);
    if (run(configure, tree, CONFIGURE_SECONDS, what, said, sizeof said) != 0)
        return -1;
    snprintf(what, sizeof what, "commit %.12s does not build", revision->commit);
    return run(make, tree, BUILD_SECONDS, what, said, sizeof said);
}

int revision_build(struct revision *revision, const char *name, const char *preset)
{
    char tree[PATH_MAX];
    int status;

    memset(revision, 0, sizeof *revision);
    if (find_commit(revision, name) != 0 || make_folder(revision) != 0)
        return -1;
    snprintf(tree, sizeof tree, "%.4000s/tree", revision->folder);
    status = check_out(revision, tree);
    if (status == 0)
        status = build(revision, tree, preset);
    snprintf(revision->program, sizeof revision->program, "%.3900s/build/%.100s/bin/batchlab", tree,
             preset);
    if (status == 0 && access(revision->program, X_OK) != 0)
        status = error_set("commit %.12s: its build has no bin/batchlab", revision->commit);
    if (status != 0)
        revision_remove(revision);
    return status;
}

void revision_remove(struct revision *revision)
{
    char tree[PATH_MAX], said[256], cause[1024];
    const char *const forget[] = {"git", "worktree", "remove", "--force", "--force", tree, NULL};
    const char *const remove[] = {"rm", "-rf", "--", revision->folder, NULL};

    if (!revision->folder[0])
        return;
    snprintf(cause, sizeof cause, "%s", error_text()); /* of what went wrong before */
    snprintf(tree, sizeof tree, "%.4000s/tree", revision->folder);
    program_run(forget, revision->source, GIT_SECONDS, said, sizeof said);
    program_run(remove, NULL, GIT_SECONDS, said, sizeof said);
    if (cause[0])
        error_set("%s", cause);
    memset(revision, 0, sizeof *revision);
}
