/* What a long run has come to, in a file. */
#include "base/checkpoint.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* At the beginning of the file. After it: the length of the key, the key, the seconds, the items.
 */
struct head {
    char magic[8];
    uint32_t version;
    uint32_t crc;   /* of all that follows the head */
    uint64_t bytes; /* that follow the head */
};

static const char magic[8] = "batchlab";

enum { VERSION = 1, KEY_MAX = 1 << 16 };

struct item {
    char name[24];
    uint64_t size;
};

struct checkpoint {
    struct whole_file file; /* being written */
    FILE *from;             /* being read; NULL otherwise */
    char path[PATH_MAX];
    struct head head;
    double seconds;
    uint64_t left; /* bytes not read yet */
    char reason[512];
};

static void fail(struct checkpoint *checkpoint, const char *reason)
{
    if (!checkpoint->reason[0])
        snprintf(checkpoint->reason, sizeof checkpoint->reason, "%s", reason);
}

static struct checkpoint *fresh(const char *path)
{
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);

    if (checkpoint)
        snprintf(checkpoint->path, sizeof checkpoint->path, "%s", path);
    else
        error_set("%s: out of memory", path);
    return checkpoint;
}

/* ---- Bytes ------------------------------------------------------------------------------------
 */

static void put(struct checkpoint *checkpoint, const void *bytes, size_t size)
{
    struct head *head = &checkpoint->head;

    if (size == 0) /* crc32_z takes nothing at NULL for a beginning */
        return;
    if (fwrite(bytes, 1, size, checkpoint->file.stream) != size)
        fail(checkpoint, strerror(errno));
    head->crc = (uint32_t)crc32_z(head->crc, bytes, size);
    head->bytes += size;
}

static void get(struct checkpoint *checkpoint, void *bytes, size_t size)
{
    if (size > checkpoint->left || (size > 0 && fread(bytes, 1, size, checkpoint->from) != size)) {
        fail(checkpoint, "ends before its time");
        return;
    }
    checkpoint->left -= size;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

int checkpoint_begin(struct checkpoint **checkpoint, const char *path, const char *key,
                     double seconds)
{
    struct checkpoint *c = fresh(path);
    uint64_t length = strlen(key);

    *checkpoint = NULL;
    if (!c)
        return -1;
    if (file_begin(&c->file, path) != 0) {
        free(c);
        return -1;
    }
    memcpy(c->head.magic, magic, sizeof magic);
    c->head.version = VERSION;
    if (fwrite(&c->head, sizeof c->head, 1, c->file.stream) != 1)
        fail(c, strerror(errno));
    put(c, &length, sizeof length);
    put(c, key, length);
    put(c, &seconds, sizeof seconds);
    *checkpoint = c;
    return 0;
}

int checkpoint_commit(struct checkpoint *checkpoint)
{
    FILE *stream = checkpoint->file.stream;
    int status;

    /* What is in the head is known only now. */
    if (fseek(stream, 0, SEEK_SET) != 0 ||
        fwrite(&checkpoint->head, sizeof checkpoint->head, 1, stream) != 1)
        fail(checkpoint, strerror(errno));
    if (checkpoint->reason[0]) {
        status = error_set("%s: cannot be written: %s", checkpoint->path, checkpoint->reason);
        file_abandon(&checkpoint->file);
    } else {
        status = file_commit(&checkpoint->file);
    }
    free(checkpoint);
    return status;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* All that follows the head is what it was. */
static int check_bytes(struct checkpoint *checkpoint)
{
    const struct head *head = &checkpoint->head;
    unsigned char chunk[1 << 14];
    uint64_t bytes = 0;
    uint32_t crc = 0;
    size_t size;

    while ((size = fread(chunk, 1, sizeof chunk, checkpoint->from)) > 0) {
        crc = (uint32_t)crc32_z(crc, chunk, size);
        bytes += size;
    }
    if (ferror(checkpoint->from))
        return error_set("%s: cannot be read: %s", checkpoint->path, strerror(errno));
    if (bytes != head->bytes)
        return error_set("%s: has %zu bytes, expected %.0f", checkpoint->path,
                         (size_t)(bytes + sizeof *head),
                         (double)head->bytes + (double)sizeof *head);
    if (crc != head->crc)
        return error_set("%s: differs from what was written: CRC-32 %08lx, expected %08lx",
                         checkpoint->path, (unsigned long)crc, (unsigned long)head->crc);
    return 0;
}

static int check_head(struct checkpoint *checkpoint)
{
    struct head *head = &checkpoint->head;
    size_t got = fread(head, 1, sizeof *head, checkpoint->from);

    if (ferror(checkpoint->from))
        return error_set("%s: cannot be read: %s", checkpoint->path, strerror(errno));
    if (got < sizeof *head)
        return error_set("%s: has %zu bytes, expected a head of %zu", checkpoint->path, got,
                         sizeof *head);
    if (memcmp(head->magic, magic, sizeof magic) != 0)
        return error_set("%s: does not begin as a checkpoint does", checkpoint->path);
    if (head->version != VERSION)
        return error_set("%s: of version %lu, expected %d", checkpoint->path,
                         (unsigned long)head->version, VERSION);
    if (check_bytes(checkpoint) != 0)
        return -1;
    if (fseek(checkpoint->from, sizeof *head, SEEK_SET) != 0)
        return error_set("%s: cannot be read: %s", checkpoint->path, strerror(errno));
    checkpoint->left = head->bytes;
    return 0;
}

/* Names the first line that is not the same. */
static int differs(const struct checkpoint *checkpoint, const char *key, const char *expected)
{
    size_t line = 0;

    for (size_t i = 0; key[i] == expected[i] && key[i]; i++)
        if (key[i] == '\n')
            line = i + 1;
    return error_set("%s: is not of this run: has '%.*s', expected '%.*s'", checkpoint->path,
                     (int)strcspn(key + line, "\n"), key + line,
                     (int)strcspn(expected + line, "\n"), expected + line);
}

static int check_key(struct checkpoint *checkpoint, const char *expected)
{
    uint64_t length = 0;
    char *key;
    int status = 0;

    get(checkpoint, &length, sizeof length);
    if (length > KEY_MAX)
        return error_set("%s: has a key of %.0f bytes, expected %d at most", checkpoint->path,
                         (double)length, KEY_MAX);
    key = calloc(1, length + 1);
    if (!key)
        return error_set("%s: out of memory", checkpoint->path);
    get(checkpoint, key, length);
    get(checkpoint, &checkpoint->seconds, sizeof checkpoint->seconds);
    if (checkpoint->reason[0])
        status = error_set("%s: %s", checkpoint->path, checkpoint->reason);
    else if (strcmp(key, expected) != 0)
        status = differs(checkpoint, key, expected);
    free(key);
    return status;
}

int checkpoint_open(struct checkpoint **checkpoint, const char *path, const char *key)
{
    FILE *from = fopen(path, "re");
    struct checkpoint *c;

    *checkpoint = NULL;
    if (!from)
        return errno == ENOENT ? 0 : error_set("%s: cannot be read: %s", path, strerror(errno));
    c = fresh(path);
    if (!c) {
        fclose(from);
        return -1;
    }
    c->from = from;
    if (check_head(c) != 0 || check_key(c, key) != 0) {
        checkpoint_close(c);
        return -1;
    }
    *checkpoint = c;
    return 1;
}

int checkpoint_finish(struct checkpoint *checkpoint)
{
    if (checkpoint->left > 0)
        fail(checkpoint, "has more in it than was expected");
    return checkpoint->reason[0] ? error_set("%s: %s", checkpoint->path, checkpoint->reason) : 0;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    if (checkpoint->from)
        fclose(checkpoint->from);
    file_abandon(&checkpoint->file);
    free(checkpoint);
}

double checkpoint_seconds(const struct checkpoint *checkpoint)
{
    return checkpoint->seconds;
}

int checkpoint_is_read(const struct checkpoint *checkpoint)
{
    return checkpoint->from != NULL;
}

/* ---- Items ------------------------------------------------------------------------------------
 */

void checkpoint_refuse(struct checkpoint *checkpoint, const char *why)
{
    fail(checkpoint, why);
}

int checkpoint_has_failed(const struct checkpoint *checkpoint)
{
    return checkpoint->reason[0] != '\0';
}

static void get_item(struct checkpoint *checkpoint, const struct item *expected, void *bytes)
{
    struct item item = {.size = 0};
    char reason[160];

    get(checkpoint, &item, sizeof item);
    item.name[sizeof item.name - 1] = '\0';
    if (checkpoint->reason[0])
        return;
    if (strcmp(item.name, expected->name) != 0 || item.size != expected->size) {
        snprintf(reason, sizeof reason, "has '%s' of %.0f bytes, expected '%s' of %.0f", item.name,
                 (double)item.size, expected->name, (double)expected->size);
        fail(checkpoint, reason);
        return;
    }
    get(checkpoint, bytes, expected->size);
}

void checkpoint_item(struct checkpoint *checkpoint, const char *name, void *bytes, size_t size)
{
    struct item item = {.size = size};

    if (checkpoint->reason[0])
        return;
    snprintf(item.name, sizeof item.name, "%s", name);
    if (checkpoint->from) {
        get_item(checkpoint, &item, bytes);
        return;
    }
    put(checkpoint, &item, sizeof item);
    put(checkpoint, bytes, size);
}

size_t checkpoint_count(struct checkpoint *checkpoint, const char *name, size_t count)
{
    uint64_t number = count;

    CHECKPOINT(checkpoint, name, number);
    return checkpoint->reason[0] ? 0 : (size_t)number;
}
