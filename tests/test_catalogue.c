/* The catalogue of claims: what it may say, and that ours says it of all. */
#include "plan/catalogue.h"

#include "base/error.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *file_of(const char *text)
{
    const char *path = scratch_path("catalogue.yaml");
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    return path;
}

static void claims_are_read_in_their_order(void **state)
{
    struct catalogue catalogue;

    (void)state;
    assert_int_equal(catalogue_open(&catalogue, file_of("claims:\n"
                                                        "  - claim: C1\n"
                                                        "    says: it is so\n"
                                                        "    criterion: \"slope: CI\"\n"
                                                        "  - claim: C2\n"
                                                        "    says: others do\n"
                                                        "    out_of_scope: not ours\n")),
                     0);
    assert_int_equal(catalogue.count, 2);
    assert_string_equal(catalogue.list[0].criterion, "slope: CI");
    assert_string_equal(catalogue.list[1].out_of_scope, "not ours");
    assert_int_equal(catalogue.list[1].line, 5);
    assert_int_equal(catalogue_find(&catalogue, "C2"), 1);
    assert_int_equal(catalogue_find(&catalogue, "C20"), -1);
    catalogue_close(&catalogue);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
#define GOOD "claims:\n  - {claim: C1, says: s, criterion: c}\n"
    static const char *const mistakes[][2] = {
        {"", ":1: expected a mapping with claims"},
        {"claims: []\n", ":1: has no claims"},
        {"claims: {C1: s}\n", ":1: claims: expected a list"},
        {GOOD "question: why\n", ":3: unknown key 'question', expected claims"},
        {GOOD "  - C2\n", ":3: claims: expected a mapping"},
        {GOOD "  - {claim: C2, says: s, criterio: c}\n", ":3: claims: unknown key 'criterio'"},
        {GOOD "  - {says: s, criterion: c}\n", ":3: claims: claim: missing"},
        {GOOD "  - {claim: C2, criterion: c}\n", ":3: claims: C2: says: missing"},
        {GOOD "  - {claim: C2, says: s}\n", ":3: claims: C2: criterion: missing"},
        {GOOD "  - {claim: C2, says: s, criterion: c, out_of_scope: o}\n",
         ":3: claims: C2: criterion and out_of_scope"},
        {GOOD "  - {claim: C1, says: s, criterion: c}\n",
         ":3: claims: C1 is given twice, expected once; the first is in line 2"},
        {GOOD "  - {claim: C2, says: s, says: t, criterion: c}\n", ":3: "},
        {GOOD "---\nclaims: []\n", ":3: a second document"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct catalogue catalogue;

        assert_int_equal(catalogue_open(&catalogue, file_of(mistakes[i][0])), -1);
        if (!strstr(error_text(), mistakes[i][1]) || !strstr(error_text(), "catalogue.yaml:"))
            fail_msg("`%s` lacks `%s`", error_text(), mistakes[i][1]);
        assert_null(catalogue.list);
    }
    assert_int_equal(catalogue_open(&(struct catalogue){.list = NULL}, "nowhere.yaml"), -1);
}

/* C1 to C36 and B1 to B5, each once. */
static void ours_has_all_claims(void **state)
{
    struct catalogue catalogue;
    char id[32];

    (void)state;
    if (catalogue_open(&catalogue, CATALOGUE) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(catalogue.count, 41);
    for (int c = 0; c < 41; c++) {
        snprintf(id, sizeof id, c < 36 ? "C%d" : "B%d", c < 36 ? c + 1 : c - 35);
        assert_string_equal(catalogue.list[c].id, id);
    }
    catalogue_close(&catalogue);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_read_in_their_order),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(ours_has_all_claims),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
