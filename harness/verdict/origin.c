/* Compares the manifests of results. */
#include "verdict/origin.h"

#include "base/error.h"

#include <jansson.h>
#include <string.h>

static const json_t *member(const struct verdicts *verdicts, const char *object, const char *key)
{
    const json_t *manifest = verdicts->results.manifest;

    return json_object_get(object ? json_object_get(manifest, object) : manifest, key);
}

static const char *text_at(const struct verdicts *verdicts, const char *object, const char *key)
{
    const json_t *value = member(verdicts, object, key);

    return json_is_string(value) ? json_string_value(value) : "";
}

static int schema_of(const struct verdicts *verdicts)
{
    return (int)json_integer_value(member(verdicts, NULL, "schema_version"));
}

static int differ(const struct verdicts *a, const struct verdicts *b, const char *what,
                  const char *one, const char *other)
{
    return error_set("%s and %s: %s '%s' and '%s', expected the same (--anyway)", a->results.folder,
                     b->results.folder, what, one, other);
}

/* A library's description; "" where the engine could not be had. */
static const char *library_of(const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";

    return strncmp(text, "unavailable", strlen("unavailable")) == 0 ? "" : text;
}

/* An engine's kernels depend on the networks that it was asked for: "OpenBLAS 0.3.21, kernels Zen"
 * is told apart by what stands before them. */
static int is_same_library(const char *one, const char *other)
{
    size_t length = strcspn(one, ",");

    return length == strcspn(other, ",") && strncmp(one, other, length) == 0;
}

static int check_libraries(const struct verdicts *a, const struct verdicts *b)
{
    json_t *engines = json_object_get(a->results.manifest, "engines");
    const char *engine;
    json_t *value;

    json_object_foreach(engines, engine, value)
    {
        const char *one = library_of(value), *other = library_of(member(b, "engines", engine));
        char what[96];

        if (!one[0] || !other[0] || is_same_library(one, other))
            continue;
        snprintf(what, sizeof what, "engine %s of", engine);
        return differ(a, b, what, one, other);
    }
    return 0;
}

int origin_check_alike(const struct verdicts *a, const struct verdicts *b)
{
    static const char *const keys[][2] = {
        {"machine", "cpu"}, {"machine", "instructions"}, {"build", "version"}};

    if (schema_of(a) != schema_of(b))
        return error_set("%s and %s: results schema %d and %d, expected the same (--anyway)",
                         a->results.folder, b->results.folder, schema_of(a), schema_of(b));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *one = text_at(a, keys[k][0], keys[k][1]);
        const char *other = text_at(b, keys[k][0], keys[k][1]);
        char what[64];

        snprintf(what, sizeof what, "%s %s", keys[k][0], keys[k][1]);
        if (strcmp(one, other) != 0)
            return differ(a, b, what, one, other);
    }
    return check_libraries(a, b);
}

void origin_describe(const struct verdicts *verdicts, char *text, size_t size)
{
    const char *cpu = text_at(verdicts, "machine", "cpu");
    const char *instructions = text_at(verdicts, "machine", "instructions");

    snprintf(text, size, "%s%s%s, results schema %d", cpu[0] ? cpu : "unknown machine",
             instructions[0] ? ", " : "", instructions, schema_of(verdicts));
}
