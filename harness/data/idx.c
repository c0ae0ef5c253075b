/* Unsigned bytes in the IDX format of MNIST, plain or gzip-compressed. */
#include "data/idx.h"

#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    MAGIC_UNSIGNED_BYTE = 0x0800, /* plus the number of dimensions */
    LARGEST_SIDE = 65535,         /* pixels */
    FIRST_PIECE = 1 << 20,        /* bytes read before memory starts doubling */
    LARGEST_READ = 1 << 30,       /* gzread counts in int */
};

/* deflate turns one byte into at most 1032 (zlib's technical notes). */
static const size_t largest_expansion = 1032;

/* What a header promises. */
struct header {
    size_t count, bytes; /* bytes = count * height * width */
    int height, width;
};

/* Reads size bytes, fewer at the end of the file. */
static int read_bytes(gzFile file, uint8_t *bytes, size_t size, size_t *found)
{
    *found = 0;
    while (*found < size) {
        size_t rest = size - *found;
        int got =
            gzread(file, bytes + *found, (unsigned)(rest < LARGEST_READ ? rest : LARGEST_READ));

        if (got < 0) {
            int code;

            return error_set("%s", gzerror(file, &code)); /* zlib's text begins with the path */
        }
        if (got == 0)
            break;
        *found += (size_t)got;
    }
    return 0;
}

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* sizes[dimensions], as the header has them; room: the most bytes that may be read */
static int check_header(const char *path, const uint32_t sizes[], int dimensions, size_t room,
                        struct header *header)
{
    uint32_t height = dimensions == 3 ? sizes[1] : 1;
    uint32_t width = dimensions == 3 ? sizes[2] : 1;

    if (sizes[0] < 1 || sizes[0] > INT32_MAX)
        return error_set("%s: the header promises %u %s, expected 1 .. %d", path, sizes[0],
                         dimensions == 3 ? "images" : "labels", INT32_MAX);
    if (height < 1 || height > LARGEST_SIDE || width < 1 || width > LARGEST_SIDE)
        return error_set("%s: images of %ux%u pixels, expected sides of 1 .. %d", path, height,
                         width, LARGEST_SIDE);
    header->count = sizes[0];
    header->height = (int)height;
    header->width = (int)width;
    if ((size_t)height * width > LIMIT_FEATURES)
        return error_set("%s: images of %ux%u pixels, expected at most %d pixels", path, height,
                         width, LIMIT_FEATURES);
    header->bytes = header->count * height * width; /* less than 2^31 times 2^28 */
    if (header->bytes > room)
        return error_set("%s: the header promises %u images of %ux%u pixels, expected at most "
                         "%zu bytes",
                         path, sizes[0], height, width, limit_data_bytes());
    return 0;
}

static int read_header(gzFile file, const char *path, int dimensions, size_t room,
                       struct header *header)
{
    uint8_t bytes[16];
    size_t size = 4 + 4 * (size_t)dimensions, found;
    uint32_t magic = MAGIC_UNSIGNED_BYTE + (uint32_t)dimensions, sizes[3];

    if (read_bytes(file, bytes, size, &found) != 0)
        return -1;
    if (found >= 4 && big_endian(bytes) != magic)
        return error_set("%s: not an IDX file of %s: it begins with %08x, expected %08x", path,
                         dimensions == 3 ? "images" : "labels", big_endian(bytes), magic);
    if (found < size)
        return error_set("%s: truncated: expected an IDX header of %zu bytes, found %zu", path,
                         size, found);
    for (int d = 0; d < dimensions; d++)
        sizes[d] = big_endian(bytes + 4 + 4 * (size_t)d);
    return check_header(path, sizes, dimensions, room, header);
}

/* Refuses at once what no file of this size can hold. */
static int check_plausible(const char *path, const struct header *header)
{
    struct stat file;
    size_t file_bytes, most;

    if (stat(path, &file) != 0)
        return error_set("%s: %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return 0; /* a pipe has no size; reading it will tell */
    file_bytes = (size_t)file.st_size;
    if (__builtin_mul_overflow(file_bytes, largest_expansion, &most) || header->bytes <= most)
        return 0;
    return error_set("%s: truncated: expected %zu bytes after the header, which a file of %zu "
                     "bytes cannot hold even compressed",
                     path, header->bytes, file_bytes);
}

static size_t held_bytes(const struct idx *idx)
{
    return idx->count * (size_t)idx->height * (size_t)idx->width;
}

/* Reads the bytes after those already held, in pieces that double. */
static int read_values(struct idx *idx, gzFile file, const char *path, const struct header *header)
{
    size_t held = held_bytes(idx);
    size_t expected = header->bytes, total = 0, found;

    while (total < expected) {
        size_t piece = total > FIRST_PIECE ? total : FIRST_PIECE;
        uint8_t *grown;

        if (piece > expected - total)
            piece = expected - total;
        grown = realloc(idx->values, held + total + piece);
        if (!grown)
            return error_set("%s: out of memory at %zu bytes", path, held + total + piece);
        idx->values = grown;
        if (read_bytes(file, grown + held + total, piece, &found) != 0)
            return -1;
        total += found;
        if (found < piece)
            return error_set("%s: truncated: expected %zu bytes after the header, found %zu", path,
                             expected, total);
    }
    return 0;
}

/* Nothing may follow. Asking for one byte more also makes zlib verify the checksum. */
static int check_end(gzFile file, const char *path, const struct header *header)
{
    uint8_t extra;
    size_t found;
    int code;

    if (read_bytes(file, &extra, 1, &found) != 0)
        return -1;
    if (found > 0)
        return error_set("%s: more than the %zu bytes that its header promises", path,
                         header->bytes);
    gzerror(file, &code);
    if (code == Z_BUF_ERROR)
        return error_set("%s: truncated: the checksum at the end of the gzip stream is missing",
                         path);
    return 0;
}

/* The file after its header, which has been checked; NULL: error set. */
static gzFile open_checked(const char *path, int dimensions, size_t room, struct header *header)
{
    gzFile file = gzopen(path, "rb");

    if (!file) {
        error_set("%s: %s", path, strerror(errno));
        return NULL;
    }
    gzbuffer(file, 1 << 17);
    if (read_header(file, path, dimensions, room, header) == 0 &&
        check_plausible(path, header) == 0)
        return file;
    gzclose(file);
    return NULL;
}

static int append(struct idx *idx, const char *path, int dimensions)
{
    int status = -1;
    struct header header = {0};
    size_t held = held_bytes(idx), most = limit_data_bytes();
    gzFile file = open_checked(path, dimensions, held < most ? most - held : 0, &header);

    if (!file)
        goto done;
    if (idx->count > 0 && (header.height != idx->height || header.width != idx->width)) {
        error_set("%s: images of %dx%d pixels, expected %dx%d as in the first file", path,
                  header.height, header.width, idx->height, idx->width);
        goto done;
    }
    if (read_values(idx, file, path, &header) != 0 || check_end(file, path, &header) != 0)
        goto done;
    idx->height = header.height;
    idx->width = header.width;
    idx->count += header.count;
    status = 0;
done:
    if (file)
        gzclose(file);
    return status;
}

int idx_append_images(struct idx *idx, const char *path)
{
    return append(idx, path, 3);
}

int idx_append_labels(struct idx *idx, const char *path)
{
    return append(idx, path, 1);
}

/* ---- A piece at a time ------------------------------------------------------------------------
 */

static int open_stream(struct idx_stream *stream, const char *path, int dimensions)
{
    struct header header;

    *stream = (struct idx_stream){.path = path};
    stream->file = open_checked(path, dimensions, SIZE_MAX, &header);
    if (!stream->file)
        return -1;
    stream->count = stream->left = header.count;
    stream->height = header.height;
    stream->width = header.width;
    return 0;
}

int idx_stream_images(struct idx_stream *stream, const char *path)
{
    return open_stream(stream, path, 3);
}

int idx_stream_labels(struct idx_stream *stream, const char *path)
{
    return open_stream(stream, path, 1);
}

int idx_stream_next(struct idx_stream *stream, uint8_t *values, size_t count)
{
    size_t one = (size_t)stream->height * (size_t)stream->width, found;
    struct header header = {.count = stream->count, .bytes = stream->count * one};

    if (read_bytes(stream->file, values, count * one, &found) != 0)
        return -1;
    if (found < count * one)
        return error_set("%s: truncated: expected %zu bytes after the header, found %zu",
                         stream->path, header.bytes, (stream->count - stream->left) * one + found);
    stream->left -= count;
    return stream->left > 0 ? 0 : check_end(stream->file, stream->path, &header);
}

void idx_stream_close(struct idx_stream *stream)
{
    if (stream->file)
        gzclose(stream->file);
    stream->file = NULL;
}

void idx_free(struct idx *idx)
{
    if (!idx)
        return;
    free(idx->values);
    *idx = (struct idx){0};
}
