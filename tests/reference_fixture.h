/* The engine `reference` and a scratch folder, for all tests of a program. */
#ifndef BATCHLAB_TESTS_REFERENCE_FIXTURE_H
#define BATCHLAB_TESTS_REFERENCE_FIXTURE_H

#include "registry.h"
#include "tree.h"

#include <stdio.h>

static struct loaded_engine reference;

/* A group's set-up; tree_close is its tear-down. */
static inline int load_reference(void **state)
{
    struct message message;

    if (scratch_open(state) != 0)
        return -1;
    if (registry_load(&reference, "reference", &message) == 0)
        return 0;
    fprintf(stderr, "%s\n", message.text);
    return -1;
}

#endif
