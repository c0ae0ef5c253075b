/* What the code under test writes, kept in memory, and words to state what must be in it. cmocka.h
 * and what it wants come before. */
#ifndef BATCHLAB_WRITTEN_FIXTURE_H
#define BATCHLAB_WRITTEN_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *written; /* since the last begin_writing; owned */
static size_t written_size;
static FILE *stream;

static void begin_writing(void)
{
    free(written);
    written = NULL;
    stream = open_memstream(&written, &written_size);
    assert_non_null(stream);
}

static void assert_says(const char *words)
{
    if (!strstr(written, words))
        fail_msg("does not say `%s`:\n%s", words, written);
}

static void assert_lacks(const char *words)
{
    if (strstr(written, words))
        fail_msg("says `%s`:\n%s", words, written);
}

static int count_of(const char *words)
{
    int count = 0;

    for (const char *at = written; (at = strstr(at, words)); at += strlen(words))
        count++;
    return count;
}

#endif
