/* Data sets larger than memory: the files of a set of shards (shard_format.h) as one array of
 * features and one of targets, mapped, so that the system reads what is touched and forgets what is
 * not. */
#ifndef BATCHLAB_SHARDS_H
#define BATCHLAB_SHARDS_H

#include "data/shard_format.h"

#include <stdio.h>

struct shard_set {
    struct shard_header common; /* of the first shard: what all of them share */
    size_t count;               /* examples */
    uint32_t shards;
    const void *features;  /* [count][inputs] */
    const int32_t *labels; /* [count], each below common.classes; NULL with SHARD_NUMBERS */
    const float *numbers;  /* [count]; NULL with SHARD_CLASSES */
    uint32_t features_crc, targets_crc; /* of the whole arrays, as the headers say */

    struct shard_header *headers; /* [shards], owned */
    void *mapped_features, *mapped_targets;
    size_t features_bytes, targets_bytes; /* mapped */
};

/* Maps the shards of a folder, named as shard_name does. Every header is checked, against its file,
 * against the first and against its place, and so are all targets, with their checksum: 4 bytes an
 * example. The features are not read; shard_set_check does. A shard that is missing, truncated or
 * of another set: -1 (error `file: what is wrong, what was expected`), nothing is held. No memory
 * is taken for what a header claims. */
int shard_set_open(struct shard_set *, const char *folder);
void shard_set_close(struct shard_set *); /* accepts NULL and a zeroed struct */

/* Reads all features and compares them with the checksums. found is called for each file that
 * differs. Returns how many do. */
size_t shard_set_check(const struct shard_set *,
                       void (*found)(void *context, const char *file, const char *what),
                       void *context);

/* Asks the system to read these mapped bytes while other work is done. */
void shards_will_need(const void *begin, const void *end);

/* 1: the folder has a file with the name of a shard. */
int shard_set_is_there(const char *folder);

#endif
