/* A folder as bytes: whole, comparable, and unable to lead out of where it is put down. */
#include "base/error.h"
#include "base/parcel.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char from[300], to[300];

static void write_file(const char *folder, const char *name, const char *bytes, size_t size)
{
    char path[700];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int open_folders(void **state)
{
    (void)state;
    snprintf(from, sizeof from, "%s", scratch_path("from"));
    snprintf(to, sizeof to, "%s", scratch_path("to"));
    tree_remove(from);
    tree_remove(to);
    return mkdir(from, 0777) == 0 && mkdir(to, 0777) == 0 ? 0 : -1;
}

static void pack(struct parcel *parcel, const char *folder)
{
    if (parcel_pack(parcel, folder) != 0)
        fail_msg("%s", error_text());
}

static void what_is_put_down_is_what_was_packed(void **state)
{
    static const char odd[] = {0, 1, '\n', '"', (char)0xff};
    struct parcel one, other;
    char name[64];

    (void)state;
    write_file(from, "cell.csv", "id\nk8\n", 6);
    write_file(from, "empty.csv", "", 0);
    write_file(from, "odd", odd, sizeof odd);
    write_file(from, ".hidden", "no", 2);
    pack(&one, from);
    assert_int_equal(parcel_unpack(&one, to), 0);
    pack(&other, to);
    assert_int_equal(parcel_difference(&one, &other, name, sizeof name), 0);
    assert_int_equal(tree_count(to, ""), 3);
    parcel_free(&one);
    parcel_free(&other);
}

static void the_first_difference_is_named(void **state)
{
    struct parcel one, other;
    char name[64];

    (void)state;
    write_file(from, "a", "same", 4);
    write_file(from, "b", "one", 3);
    write_file(to, "a", "same", 4);
    write_file(to, "b", "two", 3);
    pack(&one, from);
    pack(&other, to);
    assert_int_equal(parcel_difference(&one, &other, name, sizeof name), 1);
    assert_string_equal(name, "b");
    parcel_free(&other);
    write_file(to, "b", "one", 3);
    write_file(to, "c", "", 0);
    pack(&other, to);
    assert_int_equal(parcel_difference(&one, &other, name, sizeof name), 1);
    assert_string_equal(name, "c");
    assert_int_equal(parcel_difference(&other, &one, name, sizeof name), 1);
    assert_string_equal(name, "c");
    parcel_free(&one);
    parcel_free(&other);
}

static void an_empty_folder_is_an_empty_parcel(void **state)
{
    struct parcel parcel;

    (void)state;
    pack(&parcel, from);
    assert_int_equal(parcel.size, 0);
    assert_int_equal(parcel_unpack(&parcel, to), 0);
    parcel_free(&parcel);
    assert_int_equal(parcel_pack(&parcel, scratch_path("nowhere")), -1);
    assert_non_null(strstr(error_text(), "nowhere"));
}

static void a_parcel_that_is_cut_off_writes_nothing(void **state)
{
    struct parcel parcel, part;

    (void)state;
    write_file(from, "a", "some bytes", 10);
    write_file(from, "b", "more", 4);
    pack(&parcel, from);
    part = parcel;
    for (part.size = 1; part.size < parcel.size; part.size++) {
        if (part.size == 16 + 1 + 10) /* where the second file begins: a parcel of one */
            continue;
        assert_int_equal(parcel_unpack(&part, to), -1);
        assert_int_equal(tree_count(to, ""), 0);
    }
    parcel_free(&parcel);
}

static void a_name_that_leads_out_is_refused(void **state)
{
    static const char *const names[] = {"../out", "a/b", "..", ".", "", "a\nb"};
    char bytes[128];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t heading[2] = {strlen(names[i]), 1};
        struct parcel parcel = {bytes, sizeof heading + strlen(names[i]) + 1};

        memcpy(bytes, heading, sizeof heading);
        memcpy(bytes + sizeof heading, names[i], strlen(names[i]) + 1);
        assert_int_equal(parcel_unpack(&parcel, to), -1);
        assert_int_equal(tree_count(to, ""), 0);
        assert_false(tree_exists(scratch_path("out")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_put_down_is_what_was_packed, open_folders),
        cmocka_unit_test_setup(the_first_difference_is_named, open_folders),
        cmocka_unit_test_setup(an_empty_folder_is_an_empty_parcel, open_folders),
        cmocka_unit_test_setup(a_parcel_that_is_cut_off_writes_nothing, open_folders),
        cmocka_unit_test_setup(a_name_that_leads_out_is_refused, open_folders),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
