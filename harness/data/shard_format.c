/* One file of a set of shards: what stands where. */
#include "data/shard_format.h"

#include "base/error.h"
#include "base/limits.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

static const uint8_t magic[8] = {'B', 'L', 'S', 'H', 'A', 'R', 'D', '\n'};

/* Places in the header. */
enum {
    AT_VERSION = 8,
    AT_CRC = 12, /* of the header, with zeros here */
    AT_ELEMENT = 16,
    AT_TARGETS = 20,
    AT_CLASSES = 24,
    AT_ALIGNMENT = 28,
    AT_SCALE = 32,
    AT_OFFSET = 36,
    AT_SHAPE = 40,
    AT_INDEX = 52,
    AT_SET_SHARDS = 56,
    AT_EXAMPLES = 64,
    AT_FIRST = 72,
    AT_SET_EXAMPLES = 80,
    AT_SET = 88,
    AT_TARGETS_OFFSET = 104,
    AT_FEATURES_OFFSET = 112,
    AT_TARGETS_CRC = 120,
    AT_FEATURES_CRC = 124,
};

enum { LARGEST_ALIGNMENT = 1 << 21 };

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static void put(uint8_t *bytes, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *bytes, int size)
{
    uint64_t value = 0;

    for (int i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)get(bytes, 4);
}

static void put_float(uint8_t *bytes, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(bytes, bits, 4);
}

static float get_float(const uint8_t *bytes)
{
    uint32_t bits = get32(bytes);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t header_crc(const uint8_t *bytes)
{
    static const uint8_t zeros[4];
    uLong crc = crc32(0, bytes, AT_CRC);

    crc = crc32(crc, zeros, sizeof zeros);
    return (uint32_t)crc32(crc, bytes + AT_CRC + 4, SHARD_HEADER_BYTES - AT_CRC - 4);
}

void shard_header_seal(uint8_t bytes[SHARD_HEADER_BYTES])
{
    put(bytes + AT_CRC, header_crc(bytes), 4);
}

void shard_header_encode(const struct shard_header *header, uint8_t bytes[SHARD_HEADER_BYTES])
{
    memset(bytes, 0, SHARD_HEADER_BYTES);
    memcpy(bytes, magic, sizeof magic);
    put(bytes + AT_VERSION, SHARD_VERSION, 4);
    put(bytes + AT_ELEMENT, header->element, 4);
    put(bytes + AT_TARGETS, header->targets, 4);
    put(bytes + AT_CLASSES, (uint64_t)header->classes, 4);
    put(bytes + AT_ALIGNMENT, header->alignment, 4);
    put_float(bytes + AT_SCALE, header->scale);
    put_float(bytes + AT_OFFSET, header->offset);
    put(bytes + AT_SHAPE, (uint64_t)header->shape.channels, 4);
    put(bytes + AT_SHAPE + 4, (uint64_t)header->shape.height, 4);
    put(bytes + AT_SHAPE + 8, (uint64_t)header->shape.width, 4);
    put(bytes + AT_INDEX, header->index, 4);
    put(bytes + AT_SET_SHARDS, header->set_shards, 4);
    put(bytes + AT_EXAMPLES, header->examples, 8);
    put(bytes + AT_FIRST, header->first, 8);
    put(bytes + AT_SET_EXAMPLES, header->set_examples, 8);
    memcpy(bytes + AT_SET, header->set, sizeof header->set);
    put(bytes + AT_TARGETS_OFFSET, header->targets_offset, 8);
    put(bytes + AT_FEATURES_OFFSET, header->features_offset, 8);
    put(bytes + AT_TARGETS_CRC, header->targets_crc, 4);
    put(bytes + AT_FEATURES_CRC, header->features_crc, 4);
    shard_header_seal(bytes);
}

/* ---- Checks -----------------------------------------------------------------------------------
 */

static int check_kind(const char *path, const uint8_t *bytes)
{
    uint32_t element = get32(bytes + AT_ELEMENT), targets = get32(bytes + AT_TARGETS);
    uint32_t classes = get32(bytes + AT_CLASSES);
    uint32_t least = targets == SHARD_CLASSES ? 2 : 0;
    uint32_t most = targets == SHARD_CLASSES ? LIMIT_CLASSES : 0;

    if (element != ELEMENT_FLOAT32 && element != ELEMENT_UINT8)
        return error_set("%s: elements of kind %u, expected %d (float32) or %d (uint8)", path,
                         element, ELEMENT_FLOAT32, ELEMENT_UINT8);
    if (targets != SHARD_CLASSES && targets != SHARD_NUMBERS)
        return error_set("%s: targets of kind %u, expected %d (classes) or %d (numbers)", path,
                         targets, SHARD_CLASSES, SHARD_NUMBERS);
    if (classes < least || classes > most)
        return error_set("%s: %u classes, expected %u .. %u", path, classes, least, most);
    return 0;
}

static int check_scale(const char *path, const uint8_t *bytes)
{
    float scale = get_float(bytes + AT_SCALE), offset = get_float(bytes + AT_OFFSET);
    int is_float = get32(bytes + AT_ELEMENT) == ELEMENT_FLOAT32;

    if (!isfinite(scale) || !isfinite(offset))
        return error_set("%s: a scale or an offset that is not finite, expected numbers", path);
    if (is_float && !(scale == 1 && offset == 0))
        return error_set("%s: float32 with scale %g and offset %g, expected 1 and 0", path,
                         (double)scale, (double)offset);
    return 0;
}

static int check_shape(const char *path, const uint8_t *bytes)
{
    uint64_t inputs = 1;

    for (int i = 0; i < 3; i++) {
        uint32_t side = get32(bytes + AT_SHAPE + 4 * i);

        if (side < 1 || side > LIMIT_FEATURES || inputs * side > LIMIT_FEATURES)
            return error_set("%s: examples of %u x %u x %u, expected 1 .. %d features", path,
                             get32(bytes + AT_SHAPE), get32(bytes + AT_SHAPE + 4),
                             get32(bytes + AT_SHAPE + 8), LIMIT_FEATURES);
        inputs *= side; /* at most 2^28 times less than 2^32 */
    }
    return 0;
}

static int check_place(const char *path, const uint8_t *bytes)
{
    uint32_t index = get32(bytes + AT_INDEX), shards = get32(bytes + AT_SET_SHARDS);
    uint64_t first = get(bytes + AT_FIRST, 8), examples = get(bytes + AT_EXAMPLES, 8);
    uint64_t set_examples = get(bytes + AT_SET_EXAMPLES, 8);

    if (shards < 1 || shards > LIMIT_SHARDS || index >= shards)
        return error_set("%s: shard %u of %u, expected a set of 1 .. %d and a number below that",
                         path, index, shards, LIMIT_SHARDS);
    if (set_examples < 1 || set_examples > INT32_MAX)
        return error_set("%s: a set of %" PRIu64 " examples, expected 1 .. %d", path, set_examples,
                         INT32_MAX);
    if (examples < 1 || first > set_examples || examples > set_examples - first)
        return error_set("%s: %" PRIu64 " examples from number %" PRIu64
                         " on, expected at least one, of the %" PRIu64 " of the set",
                         path, examples, first, set_examples);
    return 0;
}

/* The sections stand where they must, and fill the file. */
static int check_sections(const struct shard_header *header, const char *path, uint64_t file_bytes)
{
    uint32_t alignment = header->alignment;
    uint64_t target_bytes = header->examples * sizeof(int32_t);  /* below 2^33 */
    uint64_t bytes = header->examples * shard_row_bytes(header); /* below 2^31 times 2^30 */
    uint64_t targets, features;

    if (alignment < SHARD_ALIGNMENT || alignment > LARGEST_ALIGNMENT ||
        (alignment & (alignment - 1)) != 0)
        return error_set("%s: an alignment of %u bytes, expected a power of two, %d .. %d", path,
                         alignment, SHARD_ALIGNMENT, LARGEST_ALIGNMENT);
    targets = shard_aligned(SHARD_HEADER_BYTES, alignment);
    features = targets + shard_aligned(target_bytes, alignment);
    if (header->targets_offset != targets || header->features_offset != features)
        return error_set("%s: targets at byte %" PRIu64 " and features at %" PRIu64
                         ", expected %" PRIu64 " and %" PRIu64,
                         path, header->targets_offset, header->features_offset, targets, features);
    if (file_bytes != features + bytes)
        return error_set("%s: %s: %" PRIu64 " bytes, expected %" PRIu64 " for %" PRIu64
                         " examples of %zu bytes",
                         path, file_bytes < features + bytes ? "truncated" : "too long", file_bytes,
                         features + bytes, header->examples, shard_row_bytes(header));
    if (header->index + 1 < header->set_shards &&
        (target_bytes % alignment != 0 || bytes % alignment != 0))
        return error_set("%s: %" PRIu64 " examples do not fill pages of %u bytes, expected that of "
                         "every shard but the last",
                         path, header->examples, alignment);
    return 0;
}

int shard_header_decode(struct shard_header *header, const char *path, const uint8_t *bytes,
                        size_t size, uint64_t file_bytes)
{
    uint32_t version;

    if (size >= sizeof magic && memcmp(bytes, magic, sizeof magic) != 0)
        return error_set("%s: not a shard: it does not begin with BLSHARD", path);
    if (size < SHARD_HEADER_BYTES)
        return error_set("%s: truncated: %zu bytes, expected a header of %d", path, size,
                         SHARD_HEADER_BYTES);
    version = get32(bytes + AT_VERSION);
    if (version != SHARD_VERSION)
        return error_set("%s: a shard of version %u, expected %d", path, version, SHARD_VERSION);
    if (get32(bytes + AT_CRC) != header_crc(bytes))
        return error_set("%s: header: CRC-32 %08" PRIx32 ", expected %08" PRIx32
                         " as it was written",
                         path, header_crc(bytes), get32(bytes + AT_CRC));
    if (check_kind(path, bytes) != 0 || check_scale(path, bytes) != 0 ||
        check_shape(path, bytes) != 0 || check_place(path, bytes) != 0)
        return -1;
    *header = (struct shard_header){
        .element = (enum element)get32(bytes + AT_ELEMENT),
        .targets = (enum shard_targets)get32(bytes + AT_TARGETS),
        .classes = (int)get32(bytes + AT_CLASSES),
        .scale = get_float(bytes + AT_SCALE),
        .offset = get_float(bytes + AT_OFFSET),
        .shape = {(int)get32(bytes + AT_SHAPE), (int)get32(bytes + AT_SHAPE + 4),
                  (int)get32(bytes + AT_SHAPE + 8)},
        .alignment = get32(bytes + AT_ALIGNMENT),
        .index = get32(bytes + AT_INDEX),
        .set_shards = get32(bytes + AT_SET_SHARDS),
        .first = get(bytes + AT_FIRST, 8),
        .examples = get(bytes + AT_EXAMPLES, 8),
        .set_examples = get(bytes + AT_SET_EXAMPLES, 8),
        .targets_offset = get(bytes + AT_TARGETS_OFFSET, 8),
        .features_offset = get(bytes + AT_FEATURES_OFFSET, 8),
        .targets_crc = get32(bytes + AT_TARGETS_CRC),
        .features_crc = get32(bytes + AT_FEATURES_CRC),
    };
    memcpy(header->set, bytes + AT_SET, sizeof header->set);
    return check_sections(header, path, file_bytes);
}

/* ---- Names ------------------------------------------------------------------------------------
 */

void shard_set_text(const uint8_t set[16], char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", set[i]);
}

void shard_name(char name[32], uint32_t index, uint32_t shards)
{
    snprintf(name, 32, "%05u-of-%05u.shard", index, shards);
}

int shard_name_parse(const char *name, uint32_t *index, uint32_t *shards)
{
    char written[32];

    if (sscanf(name, "%5u-of-%5u.shard", index, shards) != 2)
        return 0;
    shard_name(written, *index, *shards);
    return strcmp(name, written) == 0;
}

int shard_check_machine(void)
{
    const uint16_t one = 1;
    uint8_t lowest;

    memcpy(&lowest, &one, 1);
    return lowest == 1 ? 0
                       : error_set("shards are little-endian, expected a machine that is as well");
}
