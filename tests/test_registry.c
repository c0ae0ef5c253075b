/* The registry: finds what is there, and says in one line why it refuses what is not right. */
#include "registry.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MODULE(name) TEST_ENGINES "/" name ".so"

/* Refused, and the one line says both. */
static void assert_refused(const char *specification, const char *what, const char *expected)
{
    struct loaded_engine loaded;
    struct message message = {""};

    assert_int_equal(registry_load(&loaded, specification, &message), -1);
    if (!strstr(message.text, what) || !strstr(message.text, expected))
        fail_msg("%s: `%s` lacks `%s` or `%s`", specification, message.text, what, expected);
    assert_null(strchr(message.text, '\n'));
    assert_null(loaded.library);
    assert_null(loaded.engine.open);
}

static void test_an_unknown_name_is_answered_with_the_known_ones(void **state)
{
    struct message message;

    (void)state;
    assert_int_equal(registry_knows("naiv", &message), -1);
    assert_non_null(strstr(message.text, "`naiv`"));
    for (const struct builtin_engine *builtin = registry_builtins(); builtin->name; builtin++)
        assert_non_null(strstr(message.text, builtin->name));
    assert_refused("naiv", "`naiv`", "naive, reference, blas");
}

static void test_a_variant_the_engine_has_not_is_refused(void **state)
{
    struct message message;

    (void)state;
    assert_int_equal(registry_knows("blas:blsi", &message), -1);
    assert_non_null(strstr(message.text, "openblas blis, or the path of a library"));
    assert_int_equal(registry_knows("blas:bli", &message), -1);
    assert_int_equal(registry_knows("blas:openblas blis", &message), -1);
    assert_int_equal(registry_knows("naive:fast", &message), -1);
    assert_non_null(strstr(message.text, "`naive` has no variants"));
    assert_int_equal(registry_knows("naive:", &message), 0);
}

static void test_names_variants_and_paths_are_known_without_loading(void **state)
{
    struct message message;

    (void)state;
    assert_int_equal(registry_knows("naive", &message), 0);
    assert_int_equal(registry_knows("blas:blis", &message), 0);
    assert_int_equal(registry_knows("./mine.so", &message), 0);
    assert_int_equal(registry_knows("/nowhere/mine.so:fast", &message), 0);
    assert_int_equal(registry_knows("blas:/usr/lib/x.so", &message), 0);
    assert_int_equal(registry_knows("blass:/usr/lib/x.so", &message), -1);
}

static void test_an_empty_name_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no engine", "named");
    assert_refused(":blis", "no engine", "named");
}

static void test_a_name_without_a_slash_is_never_a_file_of_the_current_folder(void **state)
{
    (void)state;
    assert_refused("example.so", "`example.so`", "is not an engine");
}

/* Neither the current folder nor what the environment tells the dynamic loader. */
static void test_what_would_be_loaded_is_told_without_loading(void **state)
{
    char path[PATH_MAX], here[PATH_MAX];
    struct message message;

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(TEST_ENGINES), 0);
    assert_int_equal(registry_path(path, sizeof path, "./example.so:fast", &message), 0);
    assert_string_equal(strrchr(path, '/'), "/example.so");
    assert_int_equal(path[0], '/');
    assert_int_equal(registry_path(path, sizeof path, "example.so", &message), -1);
    assert_int_equal(registry_path(path, sizeof path, "./nowhere.so", &message), -1);
    assert_non_null(strstr(message.text, "./nowhere.so: no such engine"));
    assert_int_equal(registry_path(path, 10, "./example.so", &message), -1);
    assert_non_null(strstr(message.text, "longer than 9"));
    assert_int_equal(symlink("example.so", "naive.so") == 0 || access("naive.so", F_OK) == 0, 1);
    assert_int_equal(registry_path(path, sizeof path, "naive", &message), 0);
    assert_null(strstr(path, TEST_ENGINES)); /* the built-in one */
    assert_non_null(strstr(path, "/lib/batchlab/engines/naive.so"));
    unlink("naive.so");
    assert_int_equal(chdir(here), 0);
}

static void test_built_in_engines_are_found_beside_the_program(void **state)
{
    struct loaded_engine loaded;
    struct message message;

    (void)state;
    unsetenv("BATCHLAB_ENGINES");
    for (const struct builtin_engine *builtin = registry_builtins(); builtin->name; builtin++) {
        if (registry_load(&loaded, builtin->name, &message) != 0)
            fail_msg("%s: %s", builtin->name, message.text);
        assert_string_equal(loaded.engine.name, builtin->name);
        assert_string_equal(loaded.engine.summary, builtin->summary);
        assert_string_equal(loaded.variant, "");
    }
}

static void test_the_environment_names_another_folder(void **state)
{
    (void)state;
    setenv("BATCHLAB_ENGINES", "/nowhere", 1);
    assert_refused("naive", "/nowhere/naive.so", "no such engine");
    unsetenv("BATCHLAB_ENGINES");
}

static void test_what_follows_the_colon_is_kept(void **state)
{
    struct loaded_engine loaded;
    struct message message;

    (void)state;
    assert_int_equal(registry_load(&loaded, "blas:/opt/lib/libmkl_rt.so:2", &message), 0);
    assert_string_equal(loaded.variant, "/opt/lib/libmkl_rt.so:2");
    assert_int_equal(registry_load(&loaded, MODULE("example") ":fast", &message), 0);
    assert_string_equal(loaded.variant, "fast");
    assert_string_equal(loaded.engine.name, "example");
}

static void test_a_variant_too_long_is_refused(void **state)
{
    char specification[400] = "blas:";

    (void)state;
    memset(specification + 5, '/', 256); /* of a path */
    assert_refused(specification, "256", "255");
    specification[5 + 255] = '\0';

    struct loaded_engine loaded;
    struct message message;

    assert_int_equal(registry_load(&loaded, specification, &message), 0);
    assert_int_equal(strlen(loaded.variant), 255);
}

static void test_a_missing_file_is_named(void **state)
{
    (void)state;
    assert_refused("./nowhere.so", "./nowhere.so", "no such engine");
}

static void test_a_file_that_is_no_shared_object_is_refused(void **state)
{
    (void)state;
    assert_refused(TEST_ENGINES "/../../CMakeCache.txt", "CMakeCache.txt", "shared object");
    assert_refused(TEST_ENGINES, TEST_ENGINES, "shared object");
}

static void test_a_shared_object_without_the_symbol_is_no_engine(void **state)
{
    (void)state;
    assert_refused(MODULE("broken_no_symbol"), "no_symbol.so", "`batchlab_engine`");
}

static void test_another_abi_is_refused_with_both_numbers(void **state)
{
    (void)state;
    assert_refused(MODULE("broken_wrong_abi"), "ABI 3", "ABI 2");
}

static void test_a_table_without_room_for_what_is_required_is_refused(void **state)
{
    (void)state;
    assert_refused(MODULE("broken_short_table"), "short_table.so", "bytes");
}

static void test_a_required_slot_that_is_null_is_named(void **state)
{
    (void)state;
    assert_refused(MODULE("broken_no_gradient"), "`gradient`", "required");
    assert_refused(MODULE("broken_no_name"), "`name`", "required");
}

static void test_an_older_engine_loads_and_lacks_what_came_later(void **state)
{
    struct loaded_engine loaded;
    struct message message;

    (void)state;
    assert_int_equal(registry_load(&loaded, MODULE("broken_older_table"), &message), 0);
    assert_non_null(loaded.engine.close);
    assert_null(loaded.engine.sgd_step);
    assert_null(loaded.engine.gradient_norms);
    assert_null(loaded.engine.describe); /* there is one in memory, past the end of the table */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_unknown_name_is_answered_with_the_known_ones),
        cmocka_unit_test(test_a_variant_the_engine_has_not_is_refused),
        cmocka_unit_test(test_names_variants_and_paths_are_known_without_loading),
        cmocka_unit_test(test_an_empty_name_is_refused),
        cmocka_unit_test(test_a_name_without_a_slash_is_never_a_file_of_the_current_folder),
        cmocka_unit_test(test_what_would_be_loaded_is_told_without_loading),
        cmocka_unit_test(test_built_in_engines_are_found_beside_the_program),
        cmocka_unit_test(test_the_environment_names_another_folder),
        cmocka_unit_test(test_what_follows_the_colon_is_kept),
        cmocka_unit_test(test_a_variant_too_long_is_refused),
        cmocka_unit_test(test_a_missing_file_is_named),
        cmocka_unit_test(test_a_file_that_is_no_shared_object_is_refused),
        cmocka_unit_test(test_a_shared_object_without_the_symbol_is_no_engine),
        cmocka_unit_test(test_another_abi_is_refused_with_both_numbers),
        cmocka_unit_test(test_a_table_without_room_for_what_is_required_is_refused),
        cmocka_unit_test(test_a_required_slot_that_is_null_is_named),
        cmocka_unit_test(test_an_older_engine_loads_and_lacks_what_came_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
