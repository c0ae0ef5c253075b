/* One file of a set of shards: what stands where. The bytes are in results/README.md.
 *
 *     header     SHARD_HEADER_BYTES, the rest of its pages zero
 *     targets    at targets_offset: int32 class or float32 number [examples], the rest of its pages
 *                zero
 *     features   at features_offset: [examples][inputs], to the end of the file
 *
 * Sections begin at multiples of the alignment, and every shard but a set's last fills its pages
 * with both. So the sections of all shards, mapped one behind the other, are one array each. All
 * numbers are little-endian. */
#ifndef BATCHLAB_SHARD_FORMAT_H
#define BATCHLAB_SHARD_FORMAT_H

#include "engine.h"

#include <stddef.h>
#include <stdint.h>

enum { SHARD_HEADER_BYTES = 160, SHARD_VERSION = 1 };

/* The alignment that is written, unless pages are larger here. */
enum { SHARD_ALIGNMENT = 4096 };

enum shard_targets {
    SHARD_CLASSES = 1, /* 0 .. classes - 1 */
    SHARD_NUMBERS = 2,
};

struct shard_header {
    enum element element;
    enum shard_targets targets;
    int classes;         /* 0 with SHARD_NUMBERS */
    float scale, offset; /* value = scale * element + offset; 1 and 0 for floats */
    struct shape shape;  /* of an example */
    uint32_t alignment;
    uint32_t index, set_shards; /* this one's number, from 0, and how many there are */
    uint64_t first, examples;   /* number of the first example in the set; how many */
    uint64_t set_examples;      /* of all shards */
    uint8_t set[16];            /* the same in all shards of a set, and in no other */
    uint64_t targets_offset, features_offset;
    uint32_t targets_crc, features_crc; /* CRC-32 of the sections, without what fills pages */
};

static inline size_t shard_inputs(const struct shard_header *header)
{
    return shape_size(header->shape);
}

/* Bytes of an example's features. */
static inline size_t shard_row_bytes(const struct shard_header *header)
{
    return shard_inputs(header) * (header->element == ELEMENT_UINT8 ? 1 : sizeof(float));
}

/* Bytes up to the next multiple of the alignment. */
static inline uint64_t shard_aligned(uint64_t bytes, uint32_t alignment)
{
    return (bytes + alignment - 1) / alignment * alignment;
}

void shard_header_encode(const struct shard_header *, uint8_t bytes[SHARD_HEADER_BYTES]);

/* Puts the checksum of the other bytes in its place. */
void shard_header_seal(uint8_t bytes[SHARD_HEADER_BYTES]);

/* Reads and checks all that one file says of itself; size: of the bytes found, of a file of
 * file_bytes. What passes fits the file, and every product of its numbers fits size_t. -1 (error
 * `path: what is wrong, what was expected`). */
int shard_header_decode(struct shard_header *, const char *path, const uint8_t *bytes, size_t size,
                        uint64_t file_bytes);

/* The set's text of 32 digits. */
void shard_set_text(const uint8_t set[16], char text[33]);

/* "00003-of-00010.shard" */
void shard_name(char name[32], uint32_t index, uint32_t shards);
/* 1: the name is that of a shard of so many. */
int shard_name_parse(const char *name, uint32_t *index, uint32_t *shards);

/* 0, or -1 (error set): this machine stores numbers the other way round. */
int shard_check_machine(void);

#endif
