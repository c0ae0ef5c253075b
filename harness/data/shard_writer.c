/* Writes a set of shards. */
#include "data/shard_writer.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { USUAL_BYTES = 64 << 20, USUAL_SHARDS = 1000, CLASS_BYTES = 4 };

struct shard_writer {
    char folder[PATH_MAX], temporary[PATH_MAX];
    struct shard_layout layout;
    uint32_t alignment;
    uint32_t shards;
    size_t per_shard;             /* examples, but of the last */
    struct shard_header *headers; /* [shards] */
    uint32_t current;             /* shard being written */
    size_t left;                  /* examples that it still wants; 0: none is open */
    size_t added;
    FILE *features, *targets; /* of the same file, each at its section */
    int lock;
};

/* ---- Layout -----------------------------------------------------------------------------------
 */

static size_t greatest_divisor(size_t a, size_t b)
{
    while (b != 0) {
        size_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The fewest examples of which both sections fill their pages. */
static size_t whole_pages(size_t row_bytes, uint32_t alignment)
{
    size_t features = alignment / greatest_divisor(row_bytes, alignment);
    size_t targets = alignment / CLASS_BYTES;

    return features > targets ? features : targets; /* powers of two: one divides the other */
}

static void lay_out(struct shard_writer *writer, size_t row_bytes)
{
    size_t examples = writer->layout.examples, wanted = writer->layout.file_bytes;
    size_t unit = whole_pages(row_bytes, writer->alignment);

    assert(unit > 0);
    if (wanted == 0) {
        wanted = examples / USUAL_SHARDS * (row_bytes + CLASS_BYTES);
        wanted = wanted > USUAL_BYTES ? wanted : USUAL_BYTES;
    }
    writer->per_shard = wanted / (row_bytes + CLASS_BYTES) / unit * unit;
    if (writer->per_shard == 0)
        writer->per_shard = unit;
    while ((examples - 1) / writer->per_shard >= LIMIT_SHARDS)
        writer->per_shard += writer->per_shard; /* stays a multiple */
    writer->shards = (uint32_t)((examples - 1) / writer->per_shard + 1);
}

static struct shard_header header_of(const struct shard_writer *writer, uint32_t index)
{
    const struct shard_layout *layout = &writer->layout;
    size_t first = index * writer->per_shard, left = layout->examples - first;
    struct shard_header header = {
        .element = layout->element,
        .targets = layout->targets,
        .classes = layout->classes,
        .scale = layout->scale,
        .offset = layout->offset,
        .shape = layout->shape,
        .alignment = writer->alignment,
        .index = index,
        .set_shards = writer->shards,
        .first = first,
        .examples = left < writer->per_shard ? left : writer->per_shard,
        .set_examples = layout->examples,
    };

    header.targets_offset = shard_aligned(SHARD_HEADER_BYTES, writer->alignment);
    header.features_offset =
        header.targets_offset + shard_aligned(header.examples * CLASS_BYTES, writer->alignment);
    return header;
}

/* ---- The folder -------------------------------------------------------------------------------
 */

/* Removes what an interrupted writer left, and nothing else. */
static int clear_leftovers(const char *folder)
{
    DIR *entries = opendir(folder);
    int status = 0;

    if (!entries)
        return error_set("%s: %s", folder, strerror(errno));
    for (struct dirent *entry; status == 0 && (entry = readdir(entries));) {
        const char *name = entry->d_name;
        uint32_t index, shards;

        if (shard_name_parse(name, &index, &shards))
            unlinkat(dirfd(entries), name, 0);
        else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".lock") != 0)
            status = error_set("%s: is needed while the set is written, and holds %s; expected "
                               "nothing of this name",
                               folder, name);
    }
    closedir(entries);
    return status;
}

/* An empty one, ours alone. */
static int open_folder(struct shard_writer *writer)
{
    struct stat status;
    int lock;

    if (lstat(writer->folder, &status) == 0)
        return error_set("%s: exists already, expected the name of a new folder", writer->folder);
    if (errno != ENOENT)
        return error_set("%s: %s", writer->folder, strerror(errno));
    if (folder_make(writer->temporary) != 0)
        return -1;
    lock = folder_lock(writer->temporary);
    if (lock < 0)
        return -1;
    if (clear_leftovers(writer->temporary) != 0) {
        close(lock);
        return -1;
    }
    writer->lock = lock;
    return 0;
}

static void path_of(const struct shard_writer *writer, uint32_t index, char path[PATH_MAX + 40])
{
    char name[32];

    shard_name(name, index, writer->shards);
    snprintf(path, PATH_MAX + 40, "%s/%s", writer->temporary, name);
}

/* Always -1. What the file will be called is what the user knows. */
static int cannot_write(const struct shard_writer *writer, uint32_t index, int cause)
{
    char name[32];

    shard_name(name, index, writer->shards);
    return error_set("%s/%s: cannot be written: %s", writer->folder, name, strerror(cause));
}

/* ---- One shard --------------------------------------------------------------------------------
 */

static int begin_shard(struct shard_writer *writer)
{
    struct shard_header *header = &writer->headers[writer->current];
    char path[PATH_MAX + 40];

    path_of(writer, writer->current, path);
    *header = header_of(writer, writer->current);
    writer->left = (size_t)header->examples;
    writer->targets = fopen(path, "wex");
    writer->features = writer->targets ? fopen(path, "r+e") : NULL;
    if (!writer->features ||
        fseeko(writer->targets, (off_t)header->targets_offset, SEEK_SET) != 0 ||
        fseeko(writer->features, (off_t)header->features_offset, SEEK_SET) != 0)
        return cannot_write(writer, writer->current, errno);
    return 0;
}

static int close_streams(struct shard_writer *writer)
{
    FILE *streams[] = {writer->targets, writer->features};
    int cause = 0;

    for (int i = 0; i < 2; i++)
        if (streams[i] && fclose(streams[i]) != 0)
            cause = errno;
    writer->targets = writer->features = NULL;
    return cause;
}

static int add_to_shard(struct shard_writer *writer, const void *features, const void *targets,
                        size_t count)
{
    struct shard_header *header = &writer->headers[writer->current];
    size_t row = shard_row_bytes(header);
    int cause;

    errno = 0;
    if (fwrite(features, row, count, writer->features) != count ||
        fwrite(targets, CLASS_BYTES, count, writer->targets) != count)
        return cannot_write(writer, writer->current, errno);
    header->features_crc = (uint32_t)crc32_z(header->features_crc, features, count * row);
    header->targets_crc = (uint32_t)crc32_z(header->targets_crc, targets, count * CLASS_BYTES);
    writer->left -= count;
    writer->added += count;
    if (writer->left > 0)
        return 0;
    cause = close_streams(writer);
    if (cause != 0)
        return cannot_write(writer, writer->current, cause);
    writer->current++;
    return 0;
}

int shard_writer_add(struct shard_writer *writer, const void *features, const void *targets,
                     size_t count)
{
    size_t inputs = shape_size(writer->layout.shape);
    size_t row = inputs * (writer->layout.element == ELEMENT_UINT8 ? 1 : sizeof(float));

    if (count > writer->layout.examples - writer->added)
        return error_set("%s: more than %zu examples, expected as many as there were before",
                         writer->folder, writer->layout.examples);
    while (count > 0) {
        size_t now;

        if (writer->left == 0 && begin_shard(writer) != 0)
            return -1;
        now = count < writer->left ? count : writer->left;
        if (add_to_shard(writer, features, targets, now) != 0)
            return -1;
        features = (const char *)features + now * row;
        targets = (const char *)targets + now * CLASS_BYTES;
        count -= now;
    }
    return 0;
}

/* ---- The set ----------------------------------------------------------------------------------
 */

int shard_writer_open(struct shard_writer **writer, const char *folder,
                      const struct shard_layout *layout)
{
    size_t row_bytes =
        shape_size(layout->shape) * (layout->element == ELEMENT_UINT8 ? 1 : sizeof(float));
    long page = sysconf(_SC_PAGESIZE);
    size_t length = strlen(folder);
    struct shard_writer *w;

    *writer = NULL;
    if (shard_check_machine() != 0)
        return -1;
    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (length == 0 || length > PATH_MAX - 64)
        return error_set("'%.64s': not a usable path of a folder", folder);
    if (layout->examples < 1 || layout->examples > INT32_MAX)
        return error_set("%s: a set of %zu examples, expected 1 .. %d", folder, layout->examples,
                         INT32_MAX);
    w = calloc(1, sizeof *w);
    if (!w)
        return error_set("%s: out of memory", folder);
    w->lock = -1;
    w->layout = *layout;
    w->alignment = page > SHARD_ALIGNMENT ? (uint32_t)page : SHARD_ALIGNMENT;
    snprintf(w->folder, sizeof w->folder, "%.*s", (int)length, folder);
    snprintf(w->temporary, sizeof w->temporary, "%.*s.tmp", (int)length, folder);
    lay_out(w, row_bytes);
    w->headers = calloc(w->shards, sizeof *w->headers);
    if (!w->headers) {
        error_set("%s: out of memory for %u shards", folder, w->shards);
        shard_writer_abandon(w);
        return -1;
    }
    if (open_folder(w) != 0) {
        shard_writer_abandon(w);
        return -1;
    }
    *writer = w;
    return 0;
}

/* Of what is in it, and of how it is divided: the same data in the same files are the same set. */
static void name_set(const struct shard_writer *writer, uint8_t set[16])
{
    uint32_t words[4] = {0};
    uint8_t bytes[SHARD_HEADER_BYTES];

    for (uint32_t i = 0; i < writer->shards; i++) {
        const struct shard_header *header = &writer->headers[i];

        shard_header_encode(header, bytes); /* its `set` is still zero */
        words[0] = (uint32_t)crc32(words[0], bytes, sizeof bytes);
        words[1] = (uint32_t)crc32_combine(words[1], header->features_crc,
                                           (z_off_t)(header->examples * shard_row_bytes(header)));
        words[2] = (uint32_t)crc32_combine(words[2], header->targets_crc,
                                           (z_off_t)(header->examples * CLASS_BYTES));
    }
    words[3] = (uint32_t)writer->layout.examples;
    memcpy(set, words, sizeof words);
}

/* The header, which makes it a shard, and the way to the disk. */
static int finish_shard(const struct shard_writer *writer, uint32_t index)
{
    uint8_t bytes[SHARD_HEADER_BYTES];
    char path[PATH_MAX + 40];
    int descriptor, cause = 0;

    path_of(writer, index, path);
    shard_header_encode(&writer->headers[index], bytes);
    descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return cannot_write(writer, index, errno);
    errno = EIO; /* of a write that is short */
    if (pwrite(descriptor, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes ||
        fsync(descriptor) != 0)
        cause = errno;
    if (close(descriptor) != 0 && cause == 0)
        cause = errno;
    return cause == 0 ? 0 : cannot_write(writer, index, cause);
}

static int put_in_place(struct shard_writer *writer)
{
    char lock[PATH_MAX + 40], parent[PATH_MAX];
    char *slash;

    if (folder_sync(writer->temporary) != 0)
        return -1;
    if (rename(writer->temporary, writer->folder) != 0)
        return error_set("%s: cannot be written: %s", writer->folder, strerror(errno));
    snprintf(lock, sizeof lock, "%s/.lock", writer->folder);
    unlink(lock); /* only now: who waits for it would clear the folder */
    snprintf(parent, sizeof parent, "%s", writer->folder);
    slash = strrchr(parent, '/');
    if (slash == parent)
        slash++;
    if (slash)
        *slash = '\0';
    return folder_sync(slash ? parent : ".");
}

int shard_writer_commit(struct shard_writer *writer, uint32_t *shards, uint8_t set[16])
{
    int status = -1;

    if (writer->added != writer->layout.examples) {
        error_set("%s: %zu examples, expected %zu", writer->folder, writer->added,
                  writer->layout.examples);
        goto done;
    }
    name_set(writer, set);
    *shards = writer->shards;
    for (uint32_t i = 0; i < writer->shards; i++) {
        memcpy(writer->headers[i].set, set, sizeof writer->headers[i].set);
        if (finish_shard(writer, i) != 0)
            goto done;
    }
    if (put_in_place(writer) != 0)
        goto done;
    close(writer->lock);
    writer->lock = -1; /* there is nothing to remove */
    status = 0;
done:
    shard_writer_abandon(writer);
    return status;
}

void shard_writer_abandon(struct shard_writer *writer)
{
    char cause[1024];

    if (!writer)
        return;
    snprintf(cause, sizeof cause, "%s", error_text());
    close_streams(writer);
    if (writer->lock >= 0) {
        folder_remove(writer->temporary);
        close(writer->lock);
        error_set("%s", cause);
    }
    free(writer->headers);
    free(writer);
}
