/* Writes a set of shards, example by example, in memory that does not grow with them. */
#ifndef BATCHLAB_SHARD_WRITER_H
#define BATCHLAB_SHARD_WRITER_H

#include "data/shard_format.h"

#include <stddef.h>
#include <stdint.h>

struct shard_layout {
    enum element element;
    enum shard_targets targets;
    int classes;         /* 0 with SHARD_NUMBERS */
    float scale, offset; /* 1 and 0 for floats */
    struct shape shape;
    size_t examples;   /* of the set: so many must come */
    size_t file_bytes; /* about the size of a shard; 0: 64 MiB, more where that would be more than
                          1000 of them */
};

struct shard_writer;

/* The set comes to lie in the folder, which must not be there yet: whole, or not at all. Until it
 * is committed it lies in FOLDER.tmp, which an interrupted writer leaves and the next one to write
 * there removes; who else writes there is said. On failure (error set) *writer is NULL. */
int shard_writer_open(struct shard_writer **, const char *folder, const struct shard_layout *);

/* The next examples: features [count][inputs] of the layout's element; targets [count], int32_t
 * or float as the layout says. A full disk shows up here, or at the commit. */
int shard_writer_add(struct shard_writer *, const void *features, const void *targets,
                     size_t count);

/* Makes the set durable and puts it in its place; the writer is closed in either case. *shards and
 * set: how many, and its name. */
int shard_writer_commit(struct shard_writer *, uint32_t *shards, uint8_t set[16]);

/* Gives up: nothing is left. Accepts NULL. */
void shard_writer_abandon(struct shard_writer *);

#endif
