/* manifest.json and figures/. */
#include "export/folder_machine.h"

#include "base/error.h"

#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory -----------------------------------------------------------------------------------
 */

struct exported_texts {
    void **list; /* [count] */
    size_t count;
};

struct exported_texts *texts_new(void)
{
    struct exported_texts *texts = calloc(1, sizeof *texts);

    if (!texts)
        error_set("out of memory for the export");
    return texts;
}

void texts_free(struct exported_texts *texts)
{
    for (size_t t = 0; texts && t < texts->count; t++)
        free(texts->list[t]);
    if (texts)
        free(texts->list);
    free(texts);
}

/* Takes the memory over, even on failure. */
static void *take(struct exported_texts *texts, void *memory)
{
    void **list = memory ? realloc(texts->list, (texts->count + 1) * sizeof *list) : NULL;

    if (!list) {
        free(memory);
        error_set("out of memory for the export");
        return NULL;
    }
    texts->list = list;
    return list[texts->count++] = memory;
}

void *texts_memory(struct exported_texts *texts, size_t size)
{
    return take(texts, calloc(1, size));
}

char *texts_keep(struct exported_texts *texts, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return take(texts, text);
}

/* ---- The manifest -----------------------------------------------------------------------------
 */

/* Borrowed from the manifest, which the results hold; NULL where it does not say. */
static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int put_caches(struct export *export, const json_t *machine, struct exported_texts *texts)
{
    static const char *const keys[] = {"l1_bytes", "l2_bytes", "l3_bytes"};
    struct exported_cache *caches = texts_memory(texts, 3 * sizeof *caches);

    if (!caches)
        return -1;
    for (int level = 1; level <= 3; level++) {
        double bytes = number_of(machine, keys[level - 1]);

        if (bytes > 0 && bytes < 1e15)
            caches[export->cache_count++] =
                (struct exported_cache){level == 1 ? "Data" : "Unified", level, bytes, 0};
    }
    export->caches = caches;
    return 0;
}

static int put_load(struct export *export, const json_t *run, struct exported_texts *texts)
{
    double *load = texts_memory(texts, sizeof *load);

    if (!load)
        return -1;
    load[0] = number_of(run, "load_before");
    export->load = load;
    export->load_count = isfinite(load[0]) ? 1 : 0;
    return 0;
}

/* "engine blas": "OpenBLAS 0.3.21, kernels Zen" and the like. */
static int put_custom(struct export *export, const json_t *manifest, struct exported_texts *texts)
{
    static const char *const keys[] = {"kernel", "governor", "instructions"};
    const json_t *machine = json_object_get(manifest, "machine");
    json_t *engines = json_object_get(manifest, "engines"), *value;
    struct exported_pair *list =
        texts_memory(texts, (json_object_size(engines) + 4) * sizeof *list);
    const char *engine;

    if (!list)
        return -1;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (text_of(machine, keys[k]))
            list[export->custom_count++] =
                (struct exported_pair){keys[k], text_of(machine, keys[k])};
    json_object_foreach(engines, engine, value)
    {
        const char *key = texts_keep(texts, "engine %s", engine);

        if (!key)
            return -1;
        if (json_is_string(value))
            list[export->custom_count++] = (struct exported_pair){key, json_string_value(value)};
    }
    if (text_of(json_object_get(manifest, "build"), "compiler"))
        list[export->custom_count++] = (struct exported_pair){
            "compiler", text_of(json_object_get(manifest, "build"), "compiler")};
    export->custom = list;
    return 0;
}

/* ---- Figures ----------------------------------------------------------------------------------
 */

static int is_png(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && strcmp(entry->d_name + length - 4, ".png") == 0;
}

static int put_figures(struct export *export, const char *folder, struct exported_texts *texts)
{
    char full[PATH_MAX], *path = texts_keep(texts, "%s/figures", folder);
    struct dirent **entries = NULL;
    int count = path && realpath(path, full) ? scandir(path, &entries, is_png, alphasort) : 0;
    struct exported_figure *list =
        texts_memory(texts, (size_t)(count > 0 ? count + 1 : 1) * sizeof *list);
    int status = path && list ? 0 : -1;

    for (int e = 0; e < count; e++) {
        const char *name = entries[e]->d_name;

        if (status == 0) {
            list[e].name = texts_keep(texts, "%.*s", (int)strlen(name) - 4, name);
            list[e].path = texts_keep(texts, "%s/%s", full, name);
            status = list[e].name && list[e].path ? 0 : -1;
        }
        free(entries[e]);
    }
    free(entries);
    export->figures = list;
    export->figure_count = status == 0 && count > 0 ? (size_t)count : 0;
    return status;
}

int folder_machine(struct export *export, const struct results *results,
                   struct exported_texts *texts)
{
    const json_t *manifest = results->manifest, *runs = json_object_get(manifest, "runs");
    const json_t *last = json_array_get(runs, json_array_size(runs) - 1);
    const json_t *machine = json_object_get(manifest, "machine");
    const json_t *build = json_object_get(manifest, "build");
    const char *flags = text_of(build, "flags");

    if (!manifest)
        return error_set("%s: has no manifest.json, which says when and where it was run",
                         results->folder);
    export->suite = text_of(manifest, "experiment");
    if (!export->suite)
        return error_set("%s/manifest.json: experiment: missing, expected its name",
                         results->folder);
    export->date = text_of(last, "started");
    export->cpu = text_of(machine, "cpu");
    export->processors = (int)json_array_size(json_object_get(machine, "processors"));
    export->library_version = text_of(build, "version");
    export->build_type = flags && strncmp(flags, "Debug", 5) == 0 ? "debug" : "release";
    export->commit = text_of(build, "commit");
    if (put_caches(export, machine, texts) != 0 || put_load(export, last, texts) != 0 ||
        put_custom(export, manifest, texts) != 0)
        return -1;
    return put_figures(export, results->folder, texts);
}
