/* Which writer a format has, and what must hold before any of them writes. */
#include "export/export.h"

#include "base/error.h"
#include "base/file.h"
#include "export/judged.h"
#include "export/text.h"
#include "export/writers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct format {
    const char *file;
    export_writer *write;
} formats[EXPORT_FORMATS] = {
    [EXPORT_GOOGLE_BENCHMARK] = {"google-benchmark.json", write_google_benchmark},
    [EXPORT_ACTION_SMALLER] = {"github-action-smaller.json", write_action_smaller},
    [EXPORT_ACTION_BIGGER] = {"github-action-bigger.json", write_action_bigger},
    [EXPORT_BENCHER] = {"bencher.json", write_bencher},
    [EXPORT_JUNIT] = {"junit.xml", write_junit},
    [EXPORT_CTEST] = {"ctest.txt", write_ctest},
    [EXPORT_MARKDOWN] = {"comment.md", write_markdown},
};

const char *export_file_name(enum export_format format)
{
    return formats[format].file;
}

/* ---- What must hold ---------------------------------------------------------------------------
 */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* keys[count] as they are written: two that differ in broken bytes alone are the same. */
static int check_unique(char **keys, size_t count, const char *what)
{
    qsort(keys, count, sizeof *keys, by_text);
    for (size_t k = 0; k < count; k++) {
        if (!keys[k][0])
            return error_set("%s without a name cannot be exported", what);
        if (k > 0 && strcmp(keys[k - 1], keys[k]) == 0)
            return error_set("%s '%s': there are two of them, expected different names", what,
                             keys[k]);
    }
    return 0;
}

/* The i-th key of something; part: what is told apart within the name, or NULL. */
static char *key_of(const char *name, const char *part)
{
    char *first, *second, *key = NULL;

    if (!part || !name)
        return text_utf8(name);
    first = text_utf8(name);
    second = text_utf8(part);
    if (!first || !second || asprintf(&key, "%s %s", first, second) < 0)
        key = NULL;
    free(first);
    free(second);
    return key;
}

/* What tells entry `i` of a list apart from others. */
typedef char *key_function(const struct export *, size_t i);

static char *case_key(const struct export *export, size_t i)
{
    return key_of(export->cases[i].name, NULL);
}

static char *value_key(const struct export *export, size_t i)
{
    return key_of(export->values[i].name, export->values[i].measure);
}

static char *ratio_key(const struct export *export, size_t i)
{
    return key_of(export->ratios[i].name, NULL);
}

static char *count_key(const struct export *export, size_t i)
{
    return key_of(export->counts[i].name, export->counts[i].quantity);
}

static int check_names(const struct export *export, key_function *key, size_t count,
                       const char *what)
{
    char **keys = calloc(count + 1, sizeof *keys);
    int status = keys ? 0 : error_set("out of memory for %zu names", count);

    for (size_t i = 0; i < count && status == 0; i++) {
        keys[i] = key(export, i);
        if (!keys[i])
            status = error_set("out of memory for %zu names", count);
    }
    if (status == 0)
        status = check_unique(keys, count, what);
    for (size_t i = 0; keys && i < count; i++)
        free(keys[i]);
    free(keys);
    return status;
}

/* A verdict by the clock stands on a ratio with its interval. */
static int check_ratio(const struct exported_ratio *ratio)
{
    enum judged judged = judged_of(ratio->verdict);
    bool by_clock =
        judged == JUDGED_REGRESSION || judged == JUDGED_IMPROVED || judged == JUDGED_SAME;
    bool finite = isfinite(ratio->ratio) && isfinite(ratio->low) && isfinite(ratio->high);

    if (judged == JUDGED_KINDS)
        return error_set("%s: '%s' is no verdict, expected REGRESSION, IMPROVED, SAME, "
                         "INCONCLUSIVE, WRONG or CHANGED",
                         ratio->name, ratio->verdict ? ratio->verdict : "");
    if (by_clock && !finite)
        return error_set("%s: %s with a ratio of %g [%g, %g], expected finite numbers", ratio->name,
                         ratio->verdict, ratio->ratio, ratio->low, ratio->high);
    return 0;
}

static int check_count(const struct exported_count *count)
{
    enum judged judged = judged_of(count->verdict);

    if (judged != JUDGED_SAME && judged != JUDGED_CHANGED && judged != JUDGED_WRONG)
        return error_set("%s: %s: '%s' is no verdict on a count, expected SAME, CHANGED or WRONG",
                         count->name, count->quantity, count->verdict ? count->verdict : "");
    return 0;
}

static int check(const struct export *export)
{
    int status = 0;

    if (check_names(export, case_key, export->case_count, "a cell") != 0 ||
        check_names(export, value_key, export->value_count, "a value") != 0 ||
        check_names(export, ratio_key, export->ratio_count, "a ratio") != 0 ||
        check_names(export, count_key, export->count_count, "a count") != 0)
        return -1;
    for (size_t r = 0; r < export->ratio_count && status == 0; r++)
        status = check_ratio(&export->ratios[r]);
    for (size_t c = 0; c < export->count_count && status == 0; c++)
        status = check_count(&export->counts[c]);
    return status;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

int export_print(const struct export *export, enum export_format format, FILE *file,
                 struct export_tally *tally)
{
    struct export_tally unused;

    if (!tally)
        tally = &unused;
    *tally = (struct export_tally){0};
    return check(export) == 0 ? formats[format].write(export, file, tally) : -1;
}

int export_write(const struct export *export, enum export_format format, const char *path,
                 struct export_tally *tally)
{
    struct export_tally own;
    struct whole_file file;
    int status = file_begin(&file, path);

    if (status != 0)
        return status;
    status = export_print(export, format, file.stream, &own);
    if (tally)
        *tally = own;
    if (status == 0 && own.written > 0)
        return file_commit(&file);
    file_abandon(&file);
    if (status == 0 && unlink(path) != 0 && errno != ENOENT)
        status = error_set("%s: cannot be removed: %s", path, strerror(errno));
    return status;
}
