/* A folder of shards, mapped as one array. */
#include "data/shards.h"

#include "base/error.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---- Names ------------------------------------------------------------------------------------
 */

/* How many shards the names in the folder speak of; 0: there is none. Names of two sets are an
 * error. */
static int count_shards(const char *folder, uint32_t *shards)
{
    DIR *entries = opendir(folder);
    int status = 0;

    *shards = 0;
    if (!entries)
        return error_set("%s: %s", folder, strerror(errno));
    for (struct dirent *entry; status == 0 && (entry = readdir(entries));) {
        uint32_t index, of;

        if (!shard_name_parse(entry->d_name, &index, &of))
            continue;
        if (of < 1 || of > LIMIT_SHARDS || index >= of)
            status = error_set("%s/%s: no shard has this name, expected a number below that of "
                               "all, which is 1 .. %d",
                               folder, entry->d_name, LIMIT_SHARDS);
        else if (*shards != 0 && of != *shards)
            status = error_set("%s/%s: of a set of %u shards, beside those of a set of %u; "
                               "expected one set in a folder",
                               folder, entry->d_name, of > *shards ? of : *shards,
                               of > *shards ? *shards : of);
        *shards = of;
    }
    closedir(entries);
    return status;
}

int shard_set_is_there(const char *folder)
{
    uint32_t shards = 0;

    if (count_shards(folder, &shards) != 0)
        error_clear();
    return shards > 0;
}

static void shard_path(char path[PATH_MAX], const char *folder, uint32_t index, uint32_t shards)
{
    char name[32];

    shard_name(name, index, shards);
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
}

/* ---- Headers ----------------------------------------------------------------------------------
 */

/* A descriptor of the file, whose header is read and checked; -1: error set. */
static int open_shard(const char *path, struct shard_header *header)
{
    uint8_t bytes[SHARD_HEADER_BYTES];
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    ssize_t size;

    if (descriptor < 0)
        return error_set("%s: %s", path, strerror(errno));
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set("%s: is no plain file", path);
        goto failed;
    }
    size = pread(descriptor, bytes, sizeof bytes, 0);
    if (size < 0) {
        error_set("%s: cannot be read: %s", path, strerror(errno));
        goto failed;
    }
    if (shard_header_decode(header, path, bytes, (size_t)size, (uint64_t)status.st_size) != 0)
        goto failed;
    return descriptor;
failed:
    close(descriptor);
    return -1;
}

static int same_kind(const struct shard_header *a, const struct shard_header *b)
{
    return a->element == b->element && a->targets == b->targets && a->classes == b->classes &&
           a->scale == b->scale && a->offset == b->offset &&
           a->shape.channels == b->shape.channels && a->shape.height == b->shape.height &&
           a->shape.width == b->shape.width && a->alignment == b->alignment &&
           a->set_examples == b->set_examples;
}

/* The shard is number `index` of the set that the first one began, and `first` examples stand
 * before it. */
static int check_member(const struct shard_set *set, const struct shard_header *header,
                        const char *path, uint32_t index, uint64_t first)
{
    char of[33], wanted[33];

    shard_set_text(header->set, of);
    shard_set_text(set->headers[0].set, wanted);
    if (memcmp(header->set, set->headers[0].set, sizeof header->set) != 0)
        return error_set("%s: of set %s, expected %s as the first shard", path, of, wanted);
    if (header->index != index || header->set_shards != set->shards)
        return error_set("%s: shard %u of %u, expected %u of %u as its name says", path,
                         header->index, header->set_shards, index, set->shards);
    if (!same_kind(header, &set->headers[0]))
        return error_set("%s: other examples than those of the first shard, expected its element, "
                         "classes, scale, shape and alignment",
                         path);
    if (header->first != first)
        return error_set("%s: begins with example %" PRIu64 ", expected %" PRIu64, path,
                         header->first, first);
    if (index + 1 == set->shards && first + header->examples != header->set_examples)
        return error_set("%s: ends with example %" PRIu64 ", expected all %" PRIu64 " of the set",
                         path, first + header->examples, header->set_examples);
    return 0;
}

static int check_pages(const char *path, const struct shard_header *header)
{
    long page = sysconf(_SC_PAGESIZE);

    if (page <= 0 || header->alignment % (uint32_t)page == 0)
        return 0;
    return error_set("%s: laid out for pages of %u bytes, expected a multiple of the %ld here: "
                     "convert the data on this machine",
                     path, header->alignment, page);
}

/* ---- Mapping ----------------------------------------------------------------------------------
 */

/* Addresses for so many bytes, without memory. */
static void *reserve(size_t bytes)
{
    void *place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return place == MAP_FAILED ? NULL : place;
}

static int map(const char *path, int descriptor, void *place, uint64_t bytes, uint64_t offset)
{
    if (mmap(place, (size_t)bytes, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, (off_t)offset) !=
        MAP_FAILED)
        return 0;
    return error_set("%s: cannot be mapped: %s", path, strerror(errno));
}

static int map_shard(struct shard_set *set, const char *path, int descriptor,
                     const struct shard_header *header)
{
    char *features = (char *)set->mapped_features + header->first * shard_row_bytes(header);
    char *targets = (char *)set->mapped_targets + header->first * sizeof(int32_t);

    if (map(path, descriptor, features, header->examples * shard_row_bytes(header),
            header->features_offset) != 0)
        return -1;
    return map(path, descriptor, targets, header->examples * sizeof(int32_t),
               header->targets_offset);
}

static int reserve_arrays(struct shard_set *set, const char *folder)
{
    const struct shard_header *header = &set->common;
    uint64_t features = header->set_examples * shard_row_bytes(header);
    uint64_t targets = header->set_examples * sizeof(int32_t);

    set->features_bytes = (size_t)shard_aligned(features, header->alignment);
    set->targets_bytes = (size_t)shard_aligned(targets, header->alignment);
    set->mapped_features = reserve(set->features_bytes);
    set->mapped_targets = reserve(set->targets_bytes);
    if (set->mapped_features && set->mapped_targets)
        return 0;
    return error_set("%s: no addresses for %" PRIu64 " examples of %zu bytes: %s", folder,
                     header->set_examples, shard_row_bytes(header), strerror(errno));
}

/* ---- Targets ----------------------------------------------------------------------------------
 */

static int check_targets(const struct shard_set *set, const struct shard_header *header,
                         const char *path)
{
    size_t first = (size_t)header->first, end = first + (size_t)header->examples;
    const unsigned char *bytes = (const unsigned char *)set->mapped_targets + 4 * first;
    uint32_t crc = (uint32_t)crc32_z(0, bytes, 4 * (end - first));

    if (crc != header->targets_crc)
        return error_set("%s: targets: CRC-32 %08" PRIx32 ", expected %08" PRIx32
                         " as the header says",
                         path, crc, header->targets_crc);
    for (size_t i = first; set->labels && i < end; i++)
        if (set->labels[i] < 0 || set->labels[i] >= header->classes)
            return error_set("%s: example %zu is of class %d, expected 0 .. %d", path, i - first,
                             set->labels[i], header->classes - 1);
    return 0;
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

/* headers[] of all shards, in order: nothing is mapped before they agree. */
static int read_headers(struct shard_set *set, const char *folder)
{
    uint64_t first = 0;

    for (uint32_t i = 0; i < set->shards; i++) {
        struct shard_header *header = &set->headers[i];
        char path[PATH_MAX];
        int descriptor;

        shard_path(path, folder, i, set->shards);
        if (access(path, F_OK) != 0)
            return error_set("%s: is missing, expected %u shards in the set", path, set->shards);
        descriptor = open_shard(path, header);
        if (descriptor < 0)
            return -1;
        close(descriptor);
        if (check_member(set, header, path, i, first) != 0 || check_pages(path, header) != 0)
            return -1;
        first += header->examples;
    }
    set->common = set->headers[0];
    set->count = (size_t)first;
    return 0;
}

/* Reading ahead of single rows pays where all will be in memory in the end; where they will not, it
 * only drives out others, and what is read together is asked for (shards_will_need). */
static void advise(const struct shard_set *set)
{
    size_t pages = set->features_bytes / (size_t)sysconf(_SC_PAGESIZE);

    if (pages > (size_t)sysconf(_SC_PHYS_PAGES) / 2)
        madvise(set->mapped_features, set->features_bytes, MADV_RANDOM);
}

static int map_all(struct shard_set *set, const char *folder)
{
    if (reserve_arrays(set, folder) != 0)
        return -1;
    set->features = set->mapped_features;
    if (set->common.targets == SHARD_CLASSES)
        set->labels = set->mapped_targets;
    else
        set->numbers = set->mapped_targets;
    for (uint32_t i = 0; i < set->shards; i++) {
        const struct shard_header *header = &set->headers[i];
        struct shard_header again;
        char path[PATH_MAX];
        int descriptor, status;

        shard_path(path, folder, i, set->shards);
        descriptor = open_shard(path, &again);
        if (descriptor < 0)
            return -1;
        if (again.examples != header->examples || again.first != header->first)
            status = error_set("%s: changed while it was opened", path);
        else
            status = map_shard(set, path, descriptor, header);
        close(descriptor);
        if (status != 0 || check_targets(set, header, path) != 0)
            return -1;
        set->features_crc =
            (uint32_t)crc32_combine(set->features_crc, header->features_crc,
                                    (z_off_t)(header->examples * shard_row_bytes(header)));
        set->targets_crc = (uint32_t)crc32_combine(set->targets_crc, header->targets_crc,
                                                   (z_off_t)(header->examples * sizeof(int32_t)));
    }
    advise(set);
    return 0;
}

int shard_set_open(struct shard_set *set, const char *folder)
{
    int status = -1;

    *set = (struct shard_set){0};
    if (strlen(folder) > PATH_MAX - 64) {
        error_set("%.64s...: path longer than %d characters", folder, PATH_MAX - 64);
        goto done;
    }
    if (shard_check_machine() != 0 || count_shards(folder, &set->shards) != 0)
        goto done;
    if (set->shards == 0) {
        error_set("%s: no shards here, expected files such as 00000-of-00001.shard, which "
                  "`batchlab convert` writes",
                  folder);
        goto done;
    }
    set->headers = calloc(set->shards, sizeof *set->headers);
    if (!set->headers) {
        error_set("%s: out of memory for %u shards", folder, set->shards);
        goto done;
    }
    if (read_headers(set, folder) != 0 || map_all(set, folder) != 0)
        goto done;
    status = 0;
done:
    if (status != 0)
        shard_set_close(set);
    return status;
}

void shard_set_close(struct shard_set *set)
{
    if (!set)
        return;
    if (set->mapped_features)
        munmap(set->mapped_features, set->features_bytes);
    if (set->mapped_targets)
        munmap(set->mapped_targets, set->targets_bytes);
    free(set->headers);
    *set = (struct shard_set){0};
}

void shards_will_need(const void *begin, const void *end)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)begin / page * page;

    madvise((void *)first, (uintptr_t)end - first, MADV_WILLNEED); /* a wish, no more */
}

size_t shard_set_check(const struct shard_set *set,
                       void (*found)(void *context, const char *file, const char *what),
                       void *context)
{
    size_t row = shard_row_bytes(&set->common), bad = 0;

    for (uint32_t i = 0; i < set->shards; i++) {
        const struct shard_header *header = &set->headers[i];
        const unsigned char *bytes = (const unsigned char *)set->features + header->first * row;
        uint32_t crc = (uint32_t)crc32_z(0, bytes, (size_t)header->examples * row);
        char name[32], what[96];

        if (crc == header->features_crc)
            continue;
        shard_name(name, i, set->shards);
        snprintf(what, sizeof what, "features: CRC-32 %08" PRIx32 ", expected %08" PRIx32, crc,
                 header->features_crc);
        found(context, name, what);
        bad++;
    }
    return bad;
}
