/* Sets of shards in the scratch folder. */
#ifndef BATCHLAB_TESTS_SHARDS_FIXTURE_H
#define BATCHLAB_TESTS_SHARDS_FIXTURE_H

#include "base/error.h"
#include "base/file.h"
#include "data/shard_writer.h"
#include "data/shards.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The path of a file of a folder in the scratch folder; good for the next seven calls. */
static inline const char *within(const char *folder, const char *name)
{
    char both[64];

    snprintf(both, sizeof both, "%s/%s", folder, name);
    return scratch_path(both);
}

static inline void assert_says(const char *text)
{
    if (!strstr(error_text(), text))
        fail_msg("'%s' does not say '%s'", error_text(), text);
    assert_null(strchr(error_text(), '\n'));
}

/* Takes the folder away, and what an interrupted writer would leave. */
static inline void clear_set(const char *folder)
{
    char temporary[64];

    snprintf(temporary, sizeof temporary, "%s.tmp", folder);
    assert_int_equal(folder_remove(scratch_path(folder)), 0);
    assert_int_equal(folder_remove(scratch_path(temporary)), 0);
}

#endif
