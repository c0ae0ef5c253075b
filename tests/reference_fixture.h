/* The engine `reference`, loaded for all tests of a program. */
#ifndef BATCHLAB_TESTS_REFERENCE_FIXTURE_H
#define BATCHLAB_TESTS_REFERENCE_FIXTURE_H

#include "registry.h"

#include <stdio.h>

static struct loaded_engine reference;

/* A group's set-up. */
static inline int load_reference(void **state)
{
    struct message message;

    (void)state;
    if (registry_load(&reference, "reference", &message) == 0)
        return 0;
    fprintf(stderr, "%s\n", message.text);
    return -1;
}

#endif
