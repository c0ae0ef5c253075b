/* Loads BLAS libraries and sees to it that they use the processor they run on. */
#include "blas_library.h"
#include "message.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Debian keeps each build in a folder of its own; libopenblas.so.0 is whichever was chosen last,
 * and by default the one that brings its own threads.
 *
 * Both libraries let the environment name their kernels when they start, and both need it: on a
 * processor younger than themselves BLIS 0.9 falls back to `generic`, OpenBLAS 0.3.21 on some to
 * `Prescott`, at a fifth of the speed. */
static const struct known_library {
    const char *variant, *path, *package;
    const char *variable;       /* names the kernels */
    const char *avx512;         /* its value for kernels with AVX-512 */
    const char *without_avx512; /* only these are replaced: an unknown name may be a better one */
} known_libraries[] = {
    {
        .variant = "openblas",
        .path = BATCHLAB_LIBRARY_FOLDER "/openblas-openmp/libopenblas.so.0",
        .package = "libopenblas0-openmp",
        .variable = "OPENBLAS_CORETYPE",
        .avx512 = "SkylakeX",
        .without_avx512 = " Prescott Core2 Nehalem Sandybridge Haswell Zen ",
    },
    {
        .variant = "blis",
        .path = BATCHLAB_LIBRARY_FOLDER "/blis-openmp/libblis.so.4",
        .package = "libblis4-openmp",
        .variable = "BLIS_ARCH_TYPE",
        .avx512 = "0", /* skx, by its place in BLIS's list of architectures */
        .without_avx512 = " generic haswell zen zen2 zen3 ",
    },
};
enum { KNOWN_LIBRARIES = sizeof known_libraries / sizeof *known_libraries };

typedef void plain_function(void);
typedef int integer_function(void);
typedef const char *text_function(void);
typedef const char *text_of_integer_function(int);
typedef void take_int_function(int);
typedef void take_long_function(long);

/* A function of the library, or NULL; POSIX promises that the pointer converts. */
#define FUNCTION(type, symbol) ((type *)dlsym(library->handle, symbol))

static void identify_openblas(struct blas_library *library)
{
    text_function *configuration = FUNCTION(text_function, "openblas_get_config");
    text_function *core = FUNCTION(text_function, "openblas_get_corename");

    if (!configuration || !core)
        return;
    /* "OpenBLAS 0.3.21 DYNAMIC_ARCH ...": the first two words */
    size_t first = strcspn(configuration(), " ");
    size_t second = strcspn(configuration() + first + 1, " ");

    snprintf(library->name, sizeof library->name, "%.*s", (int)(first + 1 + second),
             configuration());
    snprintf(library->kernels, sizeof library->kernels, "%s", core());
}

static void identify_blis(struct blas_library *library)
{
    plain_function *initialise = FUNCTION(plain_function, "bli_init");
    text_function *version = FUNCTION(text_function, "bli_info_get_version_str");
    integer_function *query = FUNCTION(integer_function, "bli_arch_query_id");
    text_of_integer_function *text = FUNCTION(text_of_integer_function, "bli_arch_string");

    if (!initialise || !version || !query || !text)
        return;
    initialise(); /* the query aborts the process if it comes first */
    snprintf(library->name, sizeof library->name, "BLIS %s", version());
    snprintf(library->kernels, sizeof library->kernels, "%s", text(query()));
}

/* One thread for each call: it is the batch that is shared out among threads. */
static void set_one_thread(struct blas_library *library)
{
    take_int_function *openblas = FUNCTION(take_int_function, "openblas_set_num_threads");
    take_long_function *blis = FUNCTION(take_long_function, "bli_thread_set_num_threads");
    take_int_function *mkl = FUNCTION(take_int_function, "MKL_Set_Num_Threads");

    if (openblas)
        openblas(1);
    if (blis)
        blis(1);
    if (mkl)
        mkl(1);
}

static int load(struct blas_library *library, const char *path, struct message *message)
{
    *library = (struct blas_library){.name = "unknown library", .kernels = "unknown"};
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle)
        return message_set(message, "cannot load a BLAS library: %.400s", dlerror());
    library->sgemm = FUNCTION(sgemm_function, "cblas_sgemm");
    if (!library->sgemm)
        return message_set(message, "%.400s: has no function cblas_sgemm", path);

    integer_function *parallel = FUNCTION(integer_function, "openblas_get_parallel");

    if (parallel && parallel() == 1)
        return message_set(message,
                           "%.256s: this build of OpenBLAS has threads of its own, which get in "
                           "the way of OpenMP's; expected its OpenMP build (Debian: %s)",
                           path, known_libraries[0].package);
    identify_openblas(library);
    identify_blis(library);
    set_one_thread(library);
    return 0;
}

static int processor_has_avx512(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

/* 1 if the library fell back to kernels the processor is too good for, and nobody asked for them.
 */
static int fell_back(const struct blas_library *library, const struct known_library *known)
{
    char word[sizeof library->kernels + 2];

    if (getenv(known->variable) || !processor_has_avx512())
        return 0;
    snprintf(word, sizeof word, " %s ", library->kernels);
    return strstr(known->without_avx512, word) != NULL;
}

/* Loads the library again, told which kernels to take, and looks whether it took others. */
static int load_with_avx512(struct blas_library *library, const struct known_library *known,
                            struct message *message)
{
    char own_choice[sizeof library->kernels];
    int status;

    plain_function *finalise = FUNCTION(plain_function, "bli_finalize");

    memcpy(own_choice, library->kernels, sizeof own_choice);
    if (finalise)
        finalise(); /* what bli_init() took */
    dlclose(library->handle);
    setenv(known->variable, known->avx512, 1);
    status = load(library, known->path, message);
    unsetenv(known->variable);
    if (status != 0)
        return -1;
    if (strcmp(library->kernels, own_choice) != 0)
        snprintf(library->note, sizeof library->note,
                 " (loaded with %s=%s: its own choice, %s, has no AVX-512)", known->variable,
                 known->avx512, own_choice);
    else
        snprintf(library->note, sizeof library->note,
                 " (without AVX-512, and %s=%s did not change it)", known->variable, known->avx512);
    return 0;
}

/* Loads a library whose habits are known. */
static int load_known(struct blas_library *library, const struct known_library *known,
                      struct message *message)
{
    const char *asked_for = getenv(known->variable);

    if (access(known->path, R_OK) != 0)
        return message_set(message, "%s: no such file (Debian: %s)", known->path, known->package);
    if (load(library, known->path, message) != 0)
        return -1;
    if (asked_for)
        snprintf(library->note, sizeof library->note, " (the environment has %s=%.64s)",
                 known->variable, asked_for);
    return fell_back(library, known) ? load_with_avx512(library, known, message) : 0;
}

static int load_variant(struct blas_library *library, const char *variant, struct message *message)
{
    if (strchr(variant, '/'))
        return load(library, variant, message);
    for (int i = 0; i < KNOWN_LIBRARIES; i++)
        if (strcmp(variant, known_libraries[i].variant) == 0)
            return load_known(library, &known_libraries[i], message);
    return message_set(message, "`%.64s` is not a BLAS library; expected openblas, blis, or a path",
                       variant);
}

const struct blas_library *blas_library(const char *variant, struct message *message)
{
    static struct blas_library *loaded; /* all of them: thread pools outlive dlclose */
    struct blas_library *library;

    if (!*variant)
        variant = known_libraries[0].variant;
    for (library = loaded; library; library = library->next)
        if (strcmp(library->variant, variant) == 0)
            return library;

    library = calloc(1, sizeof *library);
    if (!library) {
        message_set(message, "out of memory");
        return NULL;
    }
    if (load_variant(library, variant, message) != 0) {
        free(library);
        return NULL;
    }
    snprintf(library->variant, sizeof library->variant, "%s", variant);
    library->next = loaded;
    loaded = library;
    return library;
}
