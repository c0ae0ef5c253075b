/* IDX files: what is read, and every way in which a file can be wrong. */
#include "base/error.h"
#include "base/limits.h"
#include "data/idx.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { IMAGES = 5, HEIGHT = 3, WIDTH = 4, PIXELS = IMAGES * HEIGHT * WIDTH };

/* Five images of 3x4 pixels with the values first, first + 1, ... Returns the bytes' size. */
static size_t image_bytes(uint8_t bytes[16 + PIXELS], int first)
{
    size_t header = scratch_idx_header(bytes, IMAGES, HEIGHT, WIDTH);

    for (int i = 0; i < PIXELS; i++)
        bytes[header + (size_t)i] = (uint8_t)(first + i);
    return header + PIXELS;
}

static void assert_refused(const char *path, const char *reason)
{
    struct idx idx = {0};

    error_clear();
    assert_int_equal(idx_append_images(&idx, path), -1);
    assert_non_null(strstr(error_text(), path));
    if (!strstr(error_text(), reason))
        fail_msg("'%s' does not say '%s'", error_text(), reason);
    assert_null(strchr(error_text(), '\n'));
    assert_int_equal(idx.count, 0);
    idx_free(&idx);
}

static void assert_five_images(const char *path)
{
    struct idx idx = {0};

    assert_int_equal(idx_append_images(&idx, path), 0);
    assert_int_equal(idx.count, IMAGES);
    assert_int_equal(idx.height, HEIGHT);
    assert_int_equal(idx.width, WIDTH);
    for (int i = 0; i < PIXELS; i++)
        assert_int_equal(idx.values[i], i);
    idx_free(&idx);
}

static void test_reads_plain_and_compressed_images(void **state)
{
    uint8_t bytes[16 + PIXELS];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    assert_five_images(scratch_write("plain", bytes, size));
    assert_five_images(scratch_write_gzip("images.gz", bytes, size));
}

static void test_reads_labels(void **state)
{
    struct idx idx = {0};
    uint8_t bytes[16];
    size_t header = scratch_idx_header(bytes, 3, 0, 0);

    (void)state;
    memcpy(bytes + header, (const uint8_t[]){7, 0, 255}, 3);
    assert_int_equal(idx_append_labels(&idx, scratch_write("labels", bytes, header + 3)), 0);
    assert_int_equal(idx.count, 3);
    assert_int_equal(idx.values[0], 7);
    assert_int_equal(idx.values[2], 255);
    idx_free(&idx);
}

static void test_appends_a_second_file(void **state)
{
    struct idx idx = {0};
    uint8_t bytes[16 + PIXELS];

    (void)state;
    assert_int_equal(idx_append_images(&idx, scratch_write("a", bytes, image_bytes(bytes, 0))), 0);
    assert_int_equal(idx_append_images(&idx, scratch_write("b", bytes, image_bytes(bytes, 60))), 0);
    assert_int_equal(idx.count, 2 * IMAGES);
    for (int i = 0; i < 2 * PIXELS; i++)
        assert_int_equal(idx.values[i], i);
    idx_free(&idx);
}

static void test_a_refused_second_file_leaves_the_first(void **state)
{
    struct idx idx = {0};
    uint8_t bytes[16 + PIXELS];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    assert_int_equal(idx_append_images(&idx, scratch_write("a", bytes, size)), 0);
    assert_int_equal(idx_append_images(&idx, scratch_write("b", bytes, size - 1)), -1);
    scratch_idx_header(bytes, IMAGES, WIDTH, HEIGHT);
    assert_int_equal(idx_append_images(&idx, scratch_write("b", bytes, size)), -1);
    assert_non_null(strstr(error_text(), "4x3 pixels, expected 3x4"));
    assert_int_equal(idx.count, IMAGES);
    assert_int_equal(idx.height, HEIGHT);
    assert_int_equal(idx.values[PIXELS - 1], PIXELS - 1);
    idx_free(&idx);
}

/* More than the first piece, so that memory grows while reading. */
static void test_reads_files_of_several_pieces(void **state)
{
    enum { COUNT = 5 << 20 };
    struct idx idx = {0};
    uint8_t *bytes = malloc(16 + COUNT);
    size_t header = scratch_idx_header(bytes, COUNT, 0, 0);

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        bytes[header + i] = (uint8_t)(i % 251);
    assert_int_equal(idx_append_labels(&idx, scratch_write_gzip("large.gz", bytes, header + COUNT)),
                     0);
    assert_int_equal(idx.count, COUNT);
    assert_memory_equal(idx.values, bytes + header, COUNT);
    free(bytes);
    idx_free(&idx);
}

static void test_a_missing_file_and_a_folder_are_errors(void **state)
{
    (void)state;
    assert_refused(scratch_path("nowhere"), "No such file or directory");
    assert_refused(scratch_folder, "Is a directory");
}

static void test_a_wrong_magic_number_is_an_error(void **state)
{
    uint8_t bytes[16 + PIXELS];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    bytes[2] = 0x0d; /* floats */
    assert_refused(scratch_write("bad", bytes, size), "begins with 00000d03, expected 00000803");
    image_bytes(bytes, 0);
    bytes[3] = 1; /* labels */
    assert_refused(scratch_write("bad", bytes, size), "begins with 00000801, expected 00000803");
    assert_refused(scratch_write("bad.gz", "this is no gzip", 15), "begins with 74686973");
}

static void test_a_short_header_is_an_error(void **state)
{
    uint8_t bytes[16 + PIXELS];

    (void)state;
    image_bytes(bytes, 0);
    assert_refused(scratch_write("bad", bytes, 0), "header of 16 bytes, found 0");
    assert_refused(scratch_write("bad", bytes, 15), "header of 16 bytes, found 15");
}

static void test_missing_and_surplus_values_are_errors(void **state)
{
    uint8_t bytes[16 + PIXELS + 1] = {0};
    size_t size = image_bytes(bytes, 0);

    (void)state;
    assert_refused(scratch_write("bad", bytes, size - 1),
                   "expected 60 bytes after the header, found 59");
    assert_refused(scratch_write_gzip("bad.gz", bytes, 16),
                   "expected 60 bytes after the header, found 0");
    assert_refused(scratch_write("bad", bytes, size + 1), "more than the 60 bytes");
    assert_refused(scratch_write_gzip("bad.gz", bytes, size + 1), "more than the 60 bytes");
}

static void test_impossible_sizes_are_refused_before_memory_is_taken(void **state)
{
    uint8_t bytes[16 + PIXELS];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    scratch_idx_header(bytes, 0x80000000, HEIGHT, WIDTH);
    assert_refused(scratch_write("bad", bytes, size), "promises 2147483648 images");
    scratch_idx_header(bytes, 60000, 28, 28);
    assert_refused(scratch_write("bad", bytes, size), "cannot hold even compressed");
    scratch_idx_header(bytes, 0x7fffffff, 28, 28);
    assert_refused(scratch_write("bad", bytes, size),
                   "promises 2147483647 images of 28x28 pixels, expected at most");
    scratch_idx_header(bytes, 0x7fffffff, 65535, 65535);
    assert_refused(scratch_write("bad", bytes, size),
                   "images of 65535x65535 pixels, expected at most 268435456 pixels");
    scratch_idx_header(bytes, IMAGES, 0xffffffff, 0xffffffff);
    assert_refused(scratch_write("bad", bytes, size), "expected sides of 1 .. 65535");
    scratch_idx_header(bytes, 0, HEIGHT, WIDTH);
    assert_refused(scratch_write("bad", bytes, size), "promises 0 images");
    scratch_idx_header(bytes, IMAGES, HEIGHT, 0);
    assert_refused(scratch_write("bad", bytes, size), "images of 3x0 pixels");
}

/* Of four mebibytes of zeros that four kilobytes expand to no more is read than the header's claim,
 * and what a second file would add counts with the first. */
static void test_a_file_that_expands_is_read_up_to_its_claim(void **state)
{
    enum { ZEROS = 4 << 20 };
    struct idx idx = {0};
    uint8_t *bytes = calloc(1, 16 + ZEROS);
    const char *path;

    (void)state;
    scratch_idx_header(bytes, 1, 2, 2);
    assert_refused(scratch_write_gzip("bomb.gz", bytes, 16 + ZEROS), "more than the 4 bytes");
    scratch_idx_header(bytes, 2, 2048, 1024);
    path = scratch_write_gzip("good.gz", bytes, 16 + ZEROS);
    assert_int_equal(idx_append_images(&idx, path), 0);
    idx.count = limit_data_bytes() / (2048 * 1024); /* as if there had been as much before */
    assert_int_equal(idx_append_images(&idx, path), -1);
    assert_non_null(
        strstr(error_text(), "promises 2 images of 2048x1024 pixels, expected at most"));
    idx_free(&idx);
    free(bytes);
}

/* A gzip file cut at any byte is an error, whether in its header, its data or its checksum. */
static void test_a_gzip_file_cut_anywhere_is_an_error(void **state)
{
    uint8_t bytes[16 + PIXELS], packed[256];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    size = scratch_read(scratch_write_gzip("whole.gz", bytes, size), packed, sizeof packed);
    assert_in_range(size, 40, 255);
    for (size_t cut = 0; cut < size; cut++)
        assert_refused(scratch_write("cut.gz", packed, cut), "");
}

/* Flipping bits of the compressed data or of the checksum never goes unnoticed. The first ten bytes
 * are gzip's own header, some of which (time, system) mean nothing here. */
static void test_a_damaged_gzip_file_is_an_error(void **state)
{
    uint8_t bytes[16 + PIXELS], packed[256];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    size = scratch_read(scratch_write_gzip("whole.gz", bytes, size), packed, sizeof packed);
    for (size_t at = 10; at < size; at++) {
        packed[at] ^= 0x55;
        assert_refused(scratch_write("damaged.gz", packed, size), "");
        packed[at] ^= 0x55;
    }
}

static void test_the_checksum_is_verified(void **state)
{
    uint8_t bytes[16 + PIXELS], packed[256];
    size_t size = image_bytes(bytes, 0);

    (void)state;
    size = scratch_read(scratch_write_gzip("whole.gz", bytes, size), packed, sizeof packed);
    packed[size - 8] ^= 1;
    assert_refused(scratch_write("damaged.gz", packed, size), "incorrect data check");
}

static void test_free_accepts_null_and_nothing(void **state)
{
    struct idx idx = {0};

    (void)state;
    idx_free(NULL);
    idx_free(&idx);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_plain_and_compressed_images),
        cmocka_unit_test(test_reads_labels),
        cmocka_unit_test(test_appends_a_second_file),
        cmocka_unit_test(test_a_refused_second_file_leaves_the_first),
        cmocka_unit_test(test_reads_files_of_several_pieces),
        cmocka_unit_test(test_a_missing_file_and_a_folder_are_errors),
        cmocka_unit_test(test_a_wrong_magic_number_is_an_error),
        cmocka_unit_test(test_a_short_header_is_an_error),
        cmocka_unit_test(test_missing_and_surplus_values_are_errors),
        cmocka_unit_test(test_impossible_sizes_are_refused_before_memory_is_taken),
        cmocka_unit_test(test_a_file_that_expands_is_read_up_to_its_claim),
        cmocka_unit_test(test_a_gzip_file_cut_anywhere_is_an_error),
        cmocka_unit_test(test_a_damaged_gzip_file_is_an_error),
        cmocka_unit_test(test_the_checksum_is_verified),
        cmocka_unit_test(test_free_accepts_null_and_nothing),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
