/* Sets of shards: what is written is what is mapped, and every way in which a set can be wrong. */
#include "shards_fixture.h"

#include "base/limits.h"
#include "data/dataset.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* 8 bytes a row: 1024 rows fill a page with targets and two with features. */
enum { INPUTS = 8, COUNT = 2500, PER_SHARD = 1024, TARGETS_AT = 4096, FEATURES_AT = 8192 };

static uint8_t features[COUNT * INPUTS];
static int32_t labels[COUNT];

static const struct shard_layout layout = {.element = ELEMENT_UINT8,
                                           .targets = SHARD_CLASSES,
                                           .classes = 7,
                                           .scale = 0.5f,
                                           .offset = -1,
                                           .shape = {2, 2, 2},
                                           .examples = COUNT,
                                           .file_bytes = 1};

static int fill(void **state)
{
    for (int i = 0; i < COUNT * INPUTS; i++)
        features[i] = (uint8_t)(i * 31 + i / 256);
    for (int i = 0; i < COUNT; i++)
        labels[i] = i % 7;
    return scratch_open(state);
}

/* Writes the set, in pieces that do not fit the shards. */
static void write_set(const char *folder)
{
    struct shard_writer *writer;
    uint32_t shards;
    uint8_t set[16];

    clear_set(folder);
    assert_int_equal(shard_writer_open(&writer, scratch_path(folder), &layout), 0);
    for (size_t i = 0; i < COUNT; i += 700) {
        size_t size = COUNT - i < 700 ? COUNT - i : 700;

        assert_int_equal(shard_writer_add(writer, features + i * INPUTS, labels + i, size), 0);
    }
    assert_int_equal(shard_writer_commit(writer, &shards, set), 0);
    assert_int_equal(shards, 3);
}

static void assert_refused(const char *folder, const char *reason)
{
    struct shard_set set;

    error_clear();
    assert_int_equal(shard_set_open(&set, scratch_path(folder)), -1);
    assert_says(reason);
    assert_int_equal(strncmp(error_text(), scratch_folder, strlen(scratch_folder)), 0);
    assert_null(set.mapped_features);
    assert_null(set.headers);
}

/* ---- A sound set ------------------------------------------------------------------------------
 */

static void test_what_is_written_is_mapped_as_one_array(void **state)
{
    struct shard_set set;

    (void)state;
    write_set("set");
    assert_int_equal(shard_set_open(&set, scratch_path("set")), 0);
    assert_int_equal(set.count, COUNT);
    assert_int_equal(set.shards, 3);
    assert_int_equal(set.headers[0].examples, PER_SHARD);
    assert_int_equal(set.headers[2].examples, COUNT - 2 * PER_SHARD);
    assert_int_equal(set.common.classes, 7);
    assert_int_equal(set.common.shape.channels, 2);
    assert_true(set.common.scale == 0.5f && set.common.offset == -1);
    assert_memory_equal(set.features, features, sizeof features);
    assert_memory_equal(set.labels, labels, sizeof labels);
    assert_null(set.numbers);
    assert_int_equal(set.features_crc, crc32_z(0, features, sizeof features));
    assert_int_equal(set.targets_crc, crc32_z(0, (const Bytef *)labels, sizeof labels));
    shard_set_close(&set);
}

static void test_floats_and_numbers_too(void **state)
{
    enum { FLOATS = 3, MANY = 5000 }; /* 12 bytes a row: 1024 of them fill three pages */
    static float values[MANY * FLOATS], targets[MANY];
    struct shard_layout numbers = {.element = ELEMENT_FLOAT32,
                                   .targets = SHARD_NUMBERS,
                                   .scale = 1,
                                   .shape = {FLOATS, 1, 1},
                                   .examples = MANY,
                                   .file_bytes = 20000};
    struct shard_writer *writer;
    struct shard_set set;
    uint32_t shards;
    uint8_t id[16];

    (void)state;
    for (int i = 0; i < MANY * FLOATS; i++)
        values[i] = (float)i / 7;
    for (int i = 0; i < MANY; i++)
        targets[i] = (float)-i;
    clear_set("numbers");
    assert_int_equal(shard_writer_open(&writer, scratch_path("numbers"), &numbers), 0);
    assert_int_equal(shard_writer_add(writer, values, targets, MANY), 0);
    assert_int_equal(shard_writer_commit(writer, &shards, id), 0);
    assert_int_equal(shards, 5);
    assert_int_equal(shard_set_open(&set, scratch_path("numbers")), 0);
    assert_memory_equal(set.features, values, sizeof values);
    assert_memory_equal(set.numbers, targets, sizeof targets);
    assert_null(set.labels);
    shard_set_close(&set);
    clear_set("numbers");
}

/* 3 bytes a row: only 4096 rows fill whole pages. */
static void test_rows_of_odd_bytes_make_larger_shards(void **state)
{
    enum { ROW = 3, MANY = 4096 * 2 + 1 };
    static uint8_t bytes[MANY * ROW];
    static int32_t classes[MANY];
    struct shard_layout odd = layout;
    struct shard_writer *writer;
    struct shard_set set;
    uint32_t shards;
    uint8_t id[16];

    (void)state;
    for (int i = 0; i < MANY * ROW; i++)
        bytes[i] = (uint8_t)(i * 7);
    odd.shape = (struct shape){1, 1, ROW};
    odd.examples = MANY;
    clear_set("odd");
    assert_int_equal(shard_writer_open(&writer, scratch_path("odd"), &odd), 0);
    assert_int_equal(shard_writer_add(writer, bytes, classes, MANY), 0);
    assert_int_equal(shard_writer_commit(writer, &shards, id), 0);
    assert_int_equal(shards, 3);
    assert_int_equal(shard_set_open(&set, scratch_path("odd")), 0);
    assert_int_equal(set.headers[2].examples, 1);
    assert_memory_equal(set.features, bytes, sizeof bytes);
    shard_set_close(&set);
    clear_set("odd");
}

static size_t read_shard(const char *folder, const char *name, uint8_t *bytes, size_t capacity)
{
    return scratch_read(within(folder, name), bytes, capacity);
}

static void test_the_same_data_make_the_same_files(void **state)
{
    static uint8_t one[1 << 16], two[1 << 16];

    (void)state;
    write_set("set");
    write_set("again");
    for (int i = 0; i < 3; i++) {
        char name[32];
        size_t size;

        shard_name(name, (uint32_t)i, 3);
        size = read_shard("set", name, one, sizeof one);
        assert_int_equal(read_shard("again", name, two, sizeof two), size);
        assert_memory_equal(one, two, size);
    }
    clear_set("again");
}

static void count_finding(void *context, const char *file, const char *what)
{
    char *text = context;

    snprintf(text + strlen(text), 400 - strlen(text), "%s %s;", file, what);
}

/* ---- What is wrong ----------------------------------------------------------------------------
 */

/* Changes one byte of a shard of "set". */
static void damage(const char *name, long at, int by)
{
    FILE *file = fopen(within("set", name), "r+");
    int byte;

    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc((byte + by) & 0xff, file);
    assert_int_equal(fclose(file), 0);
}

/* Writes a header over that of a shard of "set", sealed as a sound one. */
static void put_header(const char *name, const struct shard_header *header)
{
    uint8_t bytes[SHARD_HEADER_BYTES];
    FILE *file = fopen(within("set", name), "r+");

    shard_header_encode(header, bytes);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    assert_int_equal(fclose(file), 0);
}

static struct shard_header header_of(const char *name)
{
    struct shard_header header;
    uint8_t bytes[SHARD_HEADER_BYTES];
    struct stat status;

    assert_int_equal(read_shard("set", name, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(stat(within("set", name), &status), 0);
    assert_int_equal(
        shard_header_decode(&header, name, bytes, sizeof bytes, (uint64_t)status.st_size), 0);
    return header;
}

#define FIRST "00000-of-00003.shard"
#define SECOND "00001-of-00003.shard"
#define LAST "00002-of-00003.shard"

static void test_a_shard_that_is_missing_is_named(void **state)
{
    (void)state;
    write_set("set");
    unlink(within("set", SECOND));
    assert_refused("set", SECOND ": is missing, expected 3 shards in the set");
    write_set("set");
    unlink(within("set", LAST));
    assert_refused("set", LAST ": is missing");
}

static void test_a_folder_without_shards_says_what_makes_them(void **state)
{
    (void)state;
    clear_set("none");
    assert_refused("none", "none: No such file");
    mkdir(scratch_path("none"), 0777);
    assert_refused("none", "no shards here, expected files such as 00000-of-00001.shard");
    assert_int_equal(shard_set_is_there(scratch_path("none")), 0);
    clear_set("none");
    assert_int_equal(shard_set_is_there(scratch_path("set")), 1);
}

static void test_sizes_are_held_against_the_header(void **state)
{
    (void)state;
    write_set("set");
    assert_int_equal(truncate(within("set", SECOND), FEATURES_AT + PER_SHARD * INPUTS - 1), 0);
    assert_refused("set", SECOND ": truncated: 16383 bytes, expected 16384 for 1024 examples of 8");
    assert_int_equal(truncate(within("set", SECOND), 100), 0);
    assert_refused("set", SECOND ": truncated: 100 bytes, expected a header of 160");
    assert_int_equal(truncate(within("set", SECOND), 0), 0);
    assert_refused("set", SECOND ": truncated: 0 bytes");
    write_set("set");
    assert_int_equal(truncate(within("set", LAST), 100000), 0);
    assert_refused("set", LAST ": too long: 100000 bytes, expected");
}

static void test_every_byte_of_a_header_counts(void **state)
{
    (void)state;
    write_set("set");
    for (long at = 0; at < SHARD_HEADER_BYTES; at++) {
        struct shard_set set;

        damage(SECOND, at, 1);
        assert_int_equal(shard_set_open(&set, scratch_path("set")), -1);
        assert_says(at < 8    ? "not a shard: it does not begin with BLSHARD"
                    : at < 12 ? "expected 1"
                              : "header: CRC-32");
        damage(SECOND, at, -1);
    }
}

static void test_targets_are_checked_when_opened_and_features_when_asked(void **state)
{
    struct shard_set set;
    char findings[400] = "";

    (void)state;
    write_set("set");
    damage(SECOND, TARGETS_AT + 40, 1);
    assert_refused("set", SECOND ": targets: CRC-32");
    write_set("set");
    damage(SECOND, FEATURES_AT + 40, 1);
    damage(LAST, FEATURES_AT, 1);
    assert_int_equal(shard_set_open(&set, scratch_path("set")), 0);
    assert_int_equal(shard_set_check(&set, count_finding, findings), 2);
    assert_non_null(strstr(findings, SECOND " features: CRC-32"));
    assert_non_null(strstr(findings, LAST " features: CRC-32"));
    shard_set_close(&set);
    write_set("set");
    assert_int_equal(shard_set_open(&set, scratch_path("set")), 0);
    assert_int_equal(shard_set_check(&set, count_finding, findings), 0);
    shard_set_close(&set);
}

/* With a checksum that is right, too: a class beyond the last would be read outside of arrays. */
static void test_classes_are_in_range(void **state)
{
    struct shard_header header;

    (void)state;
    for (int s = 0; s < 2; s++) {
        static uint8_t bytes[4 * PER_SHARD];
        FILE *file;

        write_set("set");
        header = header_of(SECOND);
        file = fopen(within("set", SECOND), "r+");
        fseek(file, TARGETS_AT, SEEK_SET);
        assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
        memcpy(bytes + 20, s == 0 ? "\7\0\0\0" : "\377\377\377\377", 4);
        fseek(file, TARGETS_AT, SEEK_SET);
        fwrite(bytes, 1, sizeof bytes, file);
        fclose(file);
        header.targets_crc = (uint32_t)crc32_z(0, bytes, sizeof bytes);
        put_header(SECOND, &header);
        assert_refused("set", s == 0 ? SECOND ": example 5 is of class 7, expected 0 .. 6"
                                     : SECOND ": example 5 is of class -1, expected 0 .. 6");
    }
}

static void test_a_shard_of_another_set_or_place_is_refused(void **state)
{
    struct shard_header header;

    (void)state;
    write_set("set");
    header = header_of(SECOND);
    header.set[3] ^= 1;
    put_header(SECOND, &header);
    assert_refused("set", SECOND ": of set ");
    write_set("set");
    assert_int_equal(rename(within("set", FIRST), within("set", "keep")), 0);
    assert_int_equal(rename(within("set", SECOND), within("set", FIRST)), 0);
    assert_int_equal(rename(within("set", "keep"), within("set", SECOND)), 0);
    assert_refused("set", FIRST ": shard 1 of 3, expected 0 of 3 as its name says");
    write_set("set");
    header = header_of(SECOND);
    header.classes = 8;
    put_header(SECOND, &header);
    assert_refused("set", SECOND ": other examples than those of the first shard");
    write_set("set");
    header = header_of(SECOND);
    header.first = 7;
    put_header(SECOND, &header);
    assert_refused("set", SECOND ": begins with example 7, expected 1024");
    write_set("set");
    assert_int_equal(link(within("set", FIRST), within("set", "00000-of-00004.shard")), 0);
    assert_refused("set", ": of a set of 4 shards, beside those of a set of 3; expected one set");
    write_set("set");
    assert_int_equal(rename(within("set", LAST), within("set", "00009-of-00003.shard")), 0);
    assert_refused("set", "00009-of-00003.shard: no shard has this name");
    write_set("set");
}

static void test_what_is_no_file_is_refused(void **state)
{
    (void)state;
    write_set("set");
    unlink(within("set", SECOND));
    assert_int_equal(mkfifo(within("set", SECOND), 0666), 0);
    assert_refused("set", SECOND ": is no plain file");
    write_set("set");
}

/* Sealed headers that claim what the file cannot hold. */
static void test_claims_are_held_against_the_file(void **state)
{
    static const struct {
        uint64_t examples, set_examples;
        struct shape shape;
        const char *reason;
    } claims[] = {
        {1u << 31, 1u << 31, {1 << 28, 1, 1}, "a set of 2147483648 examples, expected 1 .. 214748"},
        {0x7fffffff, 0x7fffffff, {1 << 28, 1, 1}, "targets at byte 4096 and features at 8192"},
        {0x7fffffff, 0x7fffffff, {1 << 28, 8, 1}, "examples of 268435456 x 8 x 1, expected 1"},
        {1024, 2500, {1 << 30, 2, 2}, "examples of 1073741824 x 2 x 2, expected 1"},
        {1024, 2500, {65536, 65536, 65536}, "examples of 65536 x 65536 x 65536, expected 1"},
        {1024, 2500, {0, 1, 1}, "examples of 0 x 1 x 1, expected 1"},
        {1024, 2500, {-1, 1, 1}, "examples of 4294967295 x 1 x 1, expected 1"},
        {1024, 2500, {1 << 28, 1, 1}, "truncated: 16384 bytes, expected 274877915136 for 1024"},
        {0, 2500, {2, 2, 2}, "0 examples from number 0 on, expected at least one"},
        {UINT64_MAX, 2500, {2, 2, 2}, "18446744073709551615 examples from number 0 on"},
        {1024, 0, {2, 2, 2}, "a set of 0 examples"},
        {1024, UINT64_MAX, {2, 2, 2}, "a set of 18446744073709551615 examples"},
        {1000, 2500, {2, 2, 2}, "too long: 16384 bytes, expected 16192"},
    };
    struct shard_header sound;

    (void)state;
    write_set("set");
    sound = header_of(FIRST);
    for (size_t c = 0; c < sizeof claims / sizeof *claims; c++) {
        struct shard_header header = sound;

        header.examples = claims[c].examples;
        header.set_examples = claims[c].set_examples;
        header.shape = claims[c].shape;
        put_header(FIRST, &header);
        assert_refused("set", claims[c].reason);
    }
}

static void test_kinds_and_counts_that_are_not_known_are_refused(void **state)
{
    struct shard_header sound, header;

    (void)state;
    write_set("set");
    sound = header_of(FIRST);
#define REFUSED(change, reason)                                                                    \
    header = sound;                                                                                \
    header.change;                                                                                 \
    put_header(FIRST, &header);                                                                    \
    assert_refused("set", reason)
    REFUSED(element = (enum element)3, "elements of kind 3, expected 1 (float32) or 2 (uint8)");
    REFUSED(targets = (enum shard_targets)0, "targets of kind 0, expected 1 (classes)");
    REFUSED(classes = 1, "1 classes, expected 2 .. 65536");
    REFUSED(classes = -1, "4294967295 classes, expected 2 .. 65536");
    REFUSED(targets = SHARD_NUMBERS, "7 classes, expected 0 .. 0");
    REFUSED(scale = (float)(0.0 / 0.0), "a scale or an offset that is not finite");
    REFUSED(offset = (float)(1.0 / 0.0), "a scale or an offset that is not finite");
    REFUSED(element = ELEMENT_FLOAT32, "float32 with scale 0.5 and offset -1, expected 1 and 0");
    REFUSED(set_shards = 0, "shard 0 of 0, expected a set of 1 .. 16384");
    REFUSED(set_shards = LIMIT_SHARDS + 1, "shard 0 of 16385, expected a set of 1 .. 16384");
    REFUSED(index = 3, "shard 3 of 3, expected a set");
    REFUSED(alignment = 0, "an alignment of 0 bytes, expected a power of two");
    REFUSED(alignment = 2048, "an alignment of 2048 bytes");
    REFUSED(alignment = 5000, "an alignment of 5000 bytes");
    REFUSED(alignment = 1u << 31, "an alignment of 2147483648 bytes");
    REFUSED(targets_offset = 0, "targets at byte 0 and features at 8192, expected 4096 and 8192");
    REFUSED(features_offset = UINT64_MAX - 8191, "expected 4096 and 8192");
#undef REFUSED
    write_set("set");
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void test_what_is_there_is_not_written_over(void **state)
{
    struct shard_writer *writer;

    (void)state;
    write_set("set");
    assert_int_equal(shard_writer_open(&writer, scratch_path("set"), &layout), -1);
    assert_says("set: exists already, expected the name of a new folder");
    assert_null(writer);
    scratch_write("file", "x", 1);
    assert_int_equal(shard_writer_open(&writer, scratch_path("file"), &layout), -1);
    assert_says("file: exists already");
}

static void test_leftovers_go_and_other_files_stay(void **state)
{
    struct shard_writer *writer, *second;

    (void)state;
    clear_set("fresh");
    mkdir(scratch_path("fresh.tmp"), 0777);
    scratch_write("fresh.tmp/00007-of-00009.shard", "old", 3);
    assert_int_equal(shard_writer_open(&writer, scratch_path("fresh"), &layout), 0);
    assert_int_equal(access(scratch_path("fresh.tmp/00007-of-00009.shard"), F_OK), -1);
    assert_int_equal(shard_writer_open(&second, scratch_path("fresh"), &layout), -1);
    assert_says("fresh.tmp: another batchlab is running in this folder");
    shard_writer_abandon(writer);
    assert_int_equal(access(scratch_path("fresh.tmp"), F_OK), -1);
    mkdir(scratch_path("fresh.tmp"), 0777);
    scratch_write("fresh.tmp/thesis.tex", "all of it", 9);
    assert_int_equal(shard_writer_open(&writer, scratch_path("fresh"), &layout), -1);
    assert_says("fresh.tmp: is needed while the set is written, and holds thesis.tex");
    assert_int_equal(access(scratch_path("fresh.tmp/thesis.tex"), F_OK), 0);
    clear_set("fresh");
}

static void test_as_many_examples_come_as_were_announced(void **state)
{
    struct shard_writer *writer;
    uint32_t shards;
    uint8_t set[16];

    (void)state;
    clear_set("fresh");
    assert_int_equal(shard_writer_open(&writer, scratch_path("fresh"), &layout), 0);
    assert_int_equal(shard_writer_add(writer, features, labels, COUNT - 1), 0);
    assert_int_equal(shard_writer_add(writer, features, labels, 2), -1);
    assert_says("fresh: more than 2500 examples");
    assert_int_equal(shard_writer_commit(writer, &shards, set), -1);
    assert_says("fresh: 2499 examples, expected 2500");
    assert_int_equal(access(scratch_path("fresh"), F_OK), -1);
    assert_int_equal(access(scratch_path("fresh.tmp"), F_OK), -1);
}

/* A disk that is full; here, files that may not grow further. In a child, for the limit stays. */
static void test_a_write_that_fails_leaves_nothing(void **state)
{
    pid_t child;
    int status;

    (void)state;
    clear_set("fresh");
    child = fork();
    if (child == 0) {
        const struct rlimit limit = {10000, 10000};
        struct shard_writer *writer;
        uint32_t shards;
        uint8_t set[16];

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        if (shard_writer_open(&writer, scratch_path("fresh"), &layout) != 0)
            _exit(1);
        if (shard_writer_add(writer, features, labels, COUNT) == 0) {
            if (shard_writer_commit(writer, &shards, set) == 0)
                _exit(2);
        } else {
            shard_writer_abandon(writer);
        }
        _exit(strstr(error_text(), "fresh/00000-of-00003.shard: cannot be written: File too large")
                  ? 0
                  : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(scratch_path("fresh"), F_OK), -1);
    assert_int_equal(access(scratch_path("fresh.tmp"), F_OK), -1);
}

/* ---- As a data set ----------------------------------------------------------------------------
 */

static struct dataset_spec spec_of(enum scaling scaling)
{
    struct dataset_spec spec = {.validation = 300, .test = 200, .scaling = scaling, .seed = 3};

    strcpy(spec.name, "shards");
    snprintf(spec.path, sizeof spec.path, "%s", scratch_path("set"));
    return spec;
}

static void test_a_data_set_is_split_without_copies(void **state)
{
    struct dataset_spec spec = spec_of(SCALING_UNIT);
    struct dataset dataset;

    (void)state;
    write_set("set");
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_int_equal(dataset.train.count, COUNT - 500);
    assert_ptr_equal(dataset.train.features, dataset.shards->features);
    assert_ptr_equal(dataset.validation.features, dataset.shards->features);
    assert_true(dataset.train.scale == 1.0f / 255 && dataset.train.offset == 0);
    assert_int_equal(dataset.shape.channels, 2);
    assert_int_equal(dataset.image_height, 0); /* images have one channel */
    assert_true(dataset.train.is_mapped);
    dataset_close(&dataset);
    spec = spec_of(SCALING_NONE);
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_true(dataset.train.scale == 0.5f && dataset.train.offset == -1);
    dataset_close(&dataset);
}

static void test_test_examples_have_a_folder_of_their_own(void **state)
{
    struct dataset_spec spec = spec_of(SCALING_UNIT);
    struct dataset dataset;

    (void)state;
    write_set("set");
    spec.test = 0;
    snprintf(spec.test_path, sizeof spec.test_path, "%s", scratch_path("set"));
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_int_equal(dataset.test.count, COUNT);
    assert_ptr_equal(dataset.test.features, dataset.test_shards->features);
    assert_int_equal(dataset.test.rows[0], 0);
    assert_int_equal(dataset.test.rows[COUNT - 1], COUNT - 1);
    assert_int_equal(dataset.train.count, COUNT - 300);
    dataset_close(&dataset);
    spec.test = 5;
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    assert_says("test: 5 cannot be split off");
    spec.path[0] = '\0';
    assert_int_equal(dataset_open(&dataset, &spec), -1);
    assert_says("shards needs the path of a folder");
}

static int clear(void **state)
{
    clear_set("set");
    return scratch_close(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_mapped_as_one_array),
        cmocka_unit_test(test_floats_and_numbers_too),
        cmocka_unit_test(test_rows_of_odd_bytes_make_larger_shards),
        cmocka_unit_test(test_the_same_data_make_the_same_files),
        cmocka_unit_test(test_a_shard_that_is_missing_is_named),
        cmocka_unit_test(test_a_folder_without_shards_says_what_makes_them),
        cmocka_unit_test(test_sizes_are_held_against_the_header),
        cmocka_unit_test(test_every_byte_of_a_header_counts),
        cmocka_unit_test(test_targets_are_checked_when_opened_and_features_when_asked),
        cmocka_unit_test(test_classes_are_in_range),
        cmocka_unit_test(test_a_shard_of_another_set_or_place_is_refused),
        cmocka_unit_test(test_what_is_no_file_is_refused),
        cmocka_unit_test(test_claims_are_held_against_the_file),
        cmocka_unit_test(test_kinds_and_counts_that_are_not_known_are_refused),
        cmocka_unit_test(test_what_is_there_is_not_written_over),
        cmocka_unit_test(test_leftovers_go_and_other_files_stay),
        cmocka_unit_test(test_as_many_examples_come_as_were_announced),
        cmocka_unit_test(test_a_write_that_fails_leaves_nothing),
        cmocka_unit_test(test_a_data_set_is_split_without_copies),
        cmocka_unit_test(test_test_examples_have_a_folder_of_their_own),
    };

    return cmocka_run_group_tests(tests, fill, clear);
}
