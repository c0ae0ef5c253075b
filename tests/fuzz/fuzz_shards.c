/* A set of one shard, as it is and with the checksum that its header would have. */
#include "fuzz_input.h"

#include "data/shards.h"

#include <stdlib.h>
#include <string.h>

/* Reads all that is mapped, so that a sanitizer, or the system, sees what is not. */
static void check_set(const struct shard_set *set)
{
    size_t bytes = set->count * shard_row_bytes(&set->common);
    static volatile uint64_t sink;
    uint64_t sum = 0;

    if (set->count < 1 || !set->labels == !set->numbers)
        abort();
    for (size_t i = 0; i < bytes; i++)
        sum += ((const uint8_t *)set->features)[i];
    for (size_t i = 0; set->labels && i < set->count; i++)
        if (set->labels[i] < 0 || set->labels[i] >= set->common.classes)
            abort();
    for (size_t i = 0; set->numbers && i < set->count; i++)
        sum += set->numbers[i] > 0;
    sink = sum;
    (void)sink;
}

static void ignore(void *context, const char *file, const char *what)
{
    (void)context;
    if (!file[0] || !what[0])
        abort();
}

static void open_set(const uint8_t *data, size_t size)
{
    struct shard_set set;
    int status;

    fuzz_write("00000-of-00001.shard", data, size);
    status = shard_set_open(&set, fuzz_folder());
    fuzz_check_status(status);
    if (status == 0) {
        check_set(&set);
        shard_set_check(&set, ignore, NULL);
    }
    shard_set_close(&set);
}

/* The fields of the input's header, whatever they are, sealed. */
static void seal(uint8_t *bytes)
{
    uint8_t fields[SHARD_HEADER_BYTES];

    memcpy(fields, bytes, sizeof fields);
    memcpy(fields, "BLSHARD\n\1\0\0", 12);
    shard_header_seal(fields);
    memcpy(bytes, fields, sizeof fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    open_set(data, size);
    if (copy && size >= SHARD_HEADER_BYTES) {
        memcpy(copy, data, size);
        seal(copy);
        open_set(copy, size);
    }
    free(copy);
    return 0;
}
