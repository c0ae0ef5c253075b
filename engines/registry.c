/* Finds, loads and checks engines. */
#include "registry.h"
#include "message.h"

#include <dlfcn.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct builtin_engine builtins[] = {
    {
        .name = "naive",
        .summary = "plain loops, one example at a time: the engine to read",
        .variants = "",
        .contenders = "",
    },
    {
        .name = "reference",
        .summary = "plain loops in double precision: slow, and the judge of the others",
        .variants = "",
        .contenders = "",
    },
    {
        .name = "blas",
        .summary = "matrix products by a BLAS library loaded at run time",
        .variants = "openblas blis",
        .takes_path = 1,
        .contenders = "blas blas:blis",
    },
    {
        .name = "native",
        .summary = "own vector kernels: small batches, few outputs, fused updates",
        .variants = "avx512 avx2 baseline",
        .contenders = "native",
    },
#ifdef BATCHLAB_WITH_ONEDNN
    {
        .name = "onednn",
        .summary = "matrix products, convolutions and pooling by oneDNN",
        .variants = "bf16",
        .contenders = "onednn", /* bf16 computes something else */
    },
#endif
    {
        .name = "analytic",
        .summary = "objectives: functions whose derivatives are known, in double precision",
        .variants = "",
        .contenders = "analytic",
    },
    {.name = NULL},
};

const struct builtin_engine *registry_builtins(void)
{
    return builtins;
}

/* A specification is a name or path, and what follows its first colon: so `blas:/opt/libmkl_rt.so`
 * is the engine `blas`, and the path of an engine cannot have a colon. */
struct specification {
    char name[PATH_MAX];
    const char *variant; /* "" if there is no colon */
};

static int split(struct specification *parts, const char *specification, struct message *message)
{
    size_t length = strcspn(specification, ":");

    if (length == 0)
        return message_set(message, "`%s`: no engine is named", specification);
    if (length >= sizeof parts->name)
        return message_set(message, "the engine's name is %zu bytes long; at most %zu", length,
                           sizeof parts->name - 1);
    memcpy(parts->name, specification, length);
    parts->name[length] = '\0';
    parts->variant = specification[length] ? specification + length + 1 : "";
    return 0;
}

static int is_path(const char *name)
{
    return strchr(name, '/') != NULL;
}

static const struct builtin_engine *find_builtin(const char *name, struct message *message)
{
    char known[256] = "";

    for (const struct builtin_engine *builtin = builtins; builtin->name; builtin++) {
        if (strcmp(name, builtin->name) == 0)
            return builtin;
        strcat(strcat(known, builtin->name), ", ");
    }
    message_set(message,
                "`%.64s` is not an engine of this build; expected %sor the path of a shared "
                "object, such as ./mine.so",
                name, known);
    return NULL;
}

/* 1 if the word is one of those between spaces. */
static int has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && memcmp(at, word, length) == 0)
            return 1;
    return 0;
}

static int check_variant(const struct builtin_engine *builtin, const char *variant,
                         struct message *message)
{
    if (!*variant || has_word(builtin->variants, variant) ||
        (builtin->takes_path && is_path(variant)))
        return 0;
    if (!*builtin->variants)
        return message_set(message, "`%s` has no variants; expected it without `:%.64s`",
                           builtin->name, variant);
    return message_set(message, "`%s` has no variant `%.64s`; expected one of %s%s", builtin->name,
                       variant, builtin->variants,
                       builtin->takes_path ? ", or the path of a library" : "");
}

int registry_knows(const char *specification, struct message *message)
{
    const struct builtin_engine *builtin;
    struct specification parts;

    if (split(&parts, specification, message) != 0)
        return -1;
    if (is_path(parts.name))
        return 0;
    builtin = find_builtin(parts.name, message);
    return builtin ? check_variant(builtin, parts.variant, message) : -1;
}

/* The file of a built-in engine: in $BATCHLAB_ENGINES, or in ../lib/batchlab/engines seen from the
 * folder of the running program. */
static int builtin_path(char path[PATH_MAX], const char *name, struct message *message)
{
    const char *folder = getenv("BATCHLAB_ENGINES");
    char program[PATH_MAX];
    int length;

    if (folder && *folder) {
        length = snprintf(path, PATH_MAX, "%s/%s.so", folder, name);
    } else {
        ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);

        if (bytes < 0)
            return message_set(message, "/proc/self/exe cannot be read; set BATCHLAB_ENGINES to "
                                        "the folder of the engines");
        program[bytes] = '\0';
        *strrchr(program, '/') = '\0';
        length = snprintf(path, PATH_MAX, "%s/../lib/batchlab/engines/%s.so", program, name);
    }
    if (length >= PATH_MAX)
        return message_set(message, "the path of engine `%s` is too long", name);
    return 0;
}

static int file_of(const struct specification *parts, char path[PATH_MAX], struct message *message)
{
    if (!is_path(parts->name))
        return builtin_path(path, parts->name, message);
    strcpy(path, parts->name);
    return 0;
}

/* Every slot of the first ABI up to close() is required. */
static int check_table(const struct engine *engine, const char *path, struct message *message)
{
    const size_t least = offsetof(struct engine, close) + sizeof engine->close;

    if (engine->abi != ENGINE_ABI)
        return message_set(message,
                           "%.256s: built for engine ABI %u, this program has ABI %u: "
                           "build it again with this engine.h",
                           path, engine->abi, ENGINE_ABI);
    if (engine->size < least)
        return message_set(message,
                           "%.256s: its table has %zu bytes, the required part alone %zu: "
                           "set .size = sizeof(struct engine)",
                           path, engine->size, least);

    const struct {
        const char *name;
        int present;
    } required[] = {
        {"name", engine->name != NULL},         {"summary", engine->summary != NULL},
        {"supports", engine->supports != NULL}, {"open", engine->open != NULL},
        {"loss", engine->loss != NULL},         {"gradient", engine->gradient != NULL},
        {"close", engine->close != NULL},
    };

    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (!required[i].present)
            return message_set(message, "%.256s: `%s` is required, and is NULL", path,
                               required[i].name);
    return 0;
}

static int load_file(struct loaded_engine *loaded, const char *path, struct message *message)
{
    const struct engine *table;
    int status = -1;

    if (access(path, R_OK) != 0) {
        message_set(message, "%.400s: no such engine, or it may not be read", path);
        goto done;
    }
    loaded->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!loaded->library) {
        message_set(message, "cannot be loaded as a shared object: %s", dlerror());
        goto done;
    }
    table = dlsym(loaded->library, ENGINE_SYMBOL);
    if (!table) {
        message_set(message, "%.256s: not an engine: does not export `%s`", path, ENGINE_SYMBOL);
        goto done;
    }
    if (check_table(table, path, message) != 0)
        goto done;
    /* An older engine's table is shorter: what it does not have stays NULL. */
    memcpy(&loaded->engine, table,
           table->size < sizeof loaded->engine ? table->size : sizeof loaded->engine);
    status = 0;
done:
    if (status != 0 && loaded->library)
        dlclose(loaded->library);
    return status;
}

int registry_path(char *path, size_t size, const char *specification, struct message *message)
{
    struct specification parts;
    char file[PATH_MAX], whole[PATH_MAX];

    if (registry_knows(specification, message) != 0 || split(&parts, specification, message) != 0 ||
        file_of(&parts, file, message) != 0)
        return -1;
    if (!realpath(file, whole))
        return message_set(message, "%.400s: no such engine, or it may not be read", file);
    if (strlen(whole) >= size)
        return message_set(message, "%.400s: path longer than %zu characters", whole, size - 1);
    strcpy(path, whole);
    return 0;
}

int registry_load(struct loaded_engine *loaded, const char *specification, struct message *message)
{
    struct specification parts;
    char path[PATH_MAX];

    *loaded = (struct loaded_engine){0};
    if (registry_knows(specification, message) != 0 || split(&parts, specification, message) != 0)
        return -1;
    if (strlen(parts.variant) >= sizeof loaded->variant)
        return message_set(message, "what follows the colon is %zu bytes long; at most %zu",
                           strlen(parts.variant), sizeof loaded->variant - 1);
    strcpy(loaded->variant, parts.variant);
    if (file_of(&parts, path, message) != 0)
        return -1;
    if (load_file(loaded, path, message) != 0) {
        *loaded = (struct loaded_engine){0};
        return -1;
    }
    return 0;
}
