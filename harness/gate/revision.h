/* A revision of a git repository, built outside the user's tree, to be one side of a gate. */
#ifndef BATCHLAB_GATE_REVISION_H
#define BATCHLAB_GATE_REVISION_H

#include <limits.h>

struct revision {
    char folder[PATH_MAX];  /* of our own, under $TMPDIR or /tmp; "": there is none */
    char source[PATH_MAX];  /* top of the repository */
    char program[PATH_MAX]; /* the batchlab that was built */
    char commit[64];
};

/* Checks out `name` (a commit, branch or tag) of the repository that this folder lies in into a
 * worktree of its own, and builds it there with the preset and this program's compiler. -1 (error
 * set: no repository, no such revision, no preset, what the build said last): nothing is left. */
int revision_build(struct revision *, const char *name, const char *preset);

/* Removes the worktree and all that was built. Accepts a zeroed struct. */
void revision_remove(struct revision *);

#endif
