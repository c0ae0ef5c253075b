/* Compares the manifests of results. */
#include "verdict/origin.h"

#include "base/error.h"

#include <jansson.h>
#include <string.h>

static const json_t *member(const struct results *results, const char *object, const char *key)
{
    const json_t *manifest = results->manifest;

    return json_object_get(object ? json_object_get(manifest, object) : manifest, key);
}

static const char *text_at(const struct results *results, const char *object, const char *key)
{
    const json_t *value = member(results, object, key);

    return json_is_string(value) ? json_string_value(value) : "";
}

static int schema_of(const struct results *results)
{
    return (int)json_integer_value(member(results, NULL, "schema_version"));
}

static int differ(const struct results *a, const struct results *b, const char *what,
                  const char *one, const char *other)
{
    return error_set("%s and %s: %s '%s' and '%s', expected the same (--anyway)", a->folder,
                     b->folder, what, one, other);
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

static int check_libraries(const struct results *a, const struct results *b)
{
    json_t *engines = json_object_get(a->manifest, "engines");
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

static int check_text(const struct results *a, const struct results *b, const char *object,
                      const char *key)
{
    const char *one = text_at(a, object, key), *other = text_at(b, object, key);
    char what[64];

    snprintf(what, sizeof what, "%s%s%s", object ? object : "", object ? " " : "", key);
    return strcmp(one, other) == 0 ? 0 : differ(a, b, what, one, other);
}

static int check_machine(const struct results *a, const struct results *b)
{
    if (check_text(a, b, "machine", "cpu") != 0)
        return -1;
    return check_text(a, b, "machine", "instructions");
}

static int check_processors(const struct results *a, const struct results *b)
{
    char one[24], other[24];

    snprintf(one, sizeof one, "%zu", json_array_size(member(a, "machine", "processors")));
    snprintf(other, sizeof other, "%zu", json_array_size(member(b, "machine", "processors")));
    return strcmp(one, other) == 0 ? 0 : differ(a, b, "number of processors", one, other);
}

static int check_known(const struct results *results)
{
    if (!results->manifest)
        return error_set("%s: has no manifest.json, so that the machine is not known (--anyway)",
                         results->folder);
    if (!results->cpu[0])
        return error_set("%s/manifest.json: machine: cpu: missing, so that the machine is not "
                         "known (--anyway)",
                         results->folder);
    return 0;
}

int origin_check_alike(const struct verdicts *one, const struct verdicts *other)
{
    const struct results *a = &one->results, *b = &other->results;

    if (schema_of(a) != schema_of(b))
        return error_set("%s and %s: results schema %d and %d, expected the same (--anyway)",
                         a->folder, b->folder, schema_of(a), schema_of(b));
    if (check_machine(a, b) != 0 || check_text(a, b, "build", "version") != 0)
        return -1;
    return check_libraries(a, b);
}

int origin_check_comparable(const struct results *a, const struct results *b)
{
    if (check_known(a) != 0 || check_known(b) != 0)
        return -1;
    if (check_machine(a, b) != 0 || check_processors(a, b) != 0 || check_libraries(a, b) != 0)
        return -1;
    if (check_text(a, b, NULL, "experiment") != 0 || check_text(a, b, NULL, "base") != 0)
        return -1;
    return check_text(a, b, "dataset", "fingerprint");
}

void origin_print_differences(FILE *out, const struct results *a, const struct results *b)
{
    static const char *const keys[][2] = {
        {"build", "version"},  {"build", "commit"},       {"build", "compiler"},
        {"build", "flags"},    {"machine", "cpu"},        {"machine", "instructions"},
        {"machine", "kernel"}, {"machine", "governor"},   {NULL, "experiment"},
        {NULL, "base"},        {"dataset", "fingerprint"}};
    json_t *engines = json_object_get(a->manifest, "engines");
    const char *engine;
    json_t *value;

    if (schema_of(a) != schema_of(b))
        fprintf(out, "  results schema: %d -> %d\n", schema_of(a), schema_of(b));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *one = text_at(a, keys[k][0], keys[k][1]);
        const char *other = text_at(b, keys[k][0], keys[k][1]);

        if (strcmp(one, other) != 0)
            fprintf(out, "  %s: %s -> %s\n", keys[k][1], one[0] ? one : "unknown",
                    other[0] ? other : "unknown");
    }
    json_object_foreach(engines, engine, value)
    {
        const char *one = library_of(value), *other = library_of(member(b, "engines", engine));

        if (other[0] && strcmp(one, other) != 0)
            fprintf(out, "  engine %s: %s -> %s\n", engine, one[0] ? one : "unavailable", other);
    }
}

void origin_describe(const struct verdicts *verdicts, char *text, size_t size)
{
    const struct results *results = &verdicts->results;
    const char *cpu = text_at(results, "machine", "cpu");
    const char *instructions = text_at(results, "machine", "instructions");

    snprintf(text, size, "%s%s%s, results schema %d", cpu[0] ? cpu : "unknown machine",
             instructions[0] ? ", " : "", instructions, schema_of(results));
}
