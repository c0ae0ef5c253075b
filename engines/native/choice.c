/* Which of the compiled kernels this processor runs. */
#include "message.h"
#include "native/kernels.h"

#include <string.h>

#if defined(__x86_64__)

static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512vl");
}

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

#endif

static int always(void)
{
    return 1;
}

/* The widest first: each asks for what its compiler option may use (CMakeLists.txt). */
static const struct {
    const struct native_kernels *kernels;
    int (*runs)(void);
} widths[] = {
#if defined(__x86_64__)
    {&native_avx512_kernels, has_avx512},
    {&native_avx2_kernels, has_avx2},
#endif
    {&native_baseline_kernels, always},
};

const struct native_kernels *native_kernels(const char *name, struct message *why)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const struct native_kernels *kernels = widths[i].kernels;

        if (*name ? strcmp(name, kernels->name) == 0 : widths[i].runs()) {
            if (widths[i].runs())
                return kernels;
            message_set(why, "%s: this processor does not have these instructions", name);
            return NULL;
        }
    }
    message_set(why, "`%.64s` is not a width of vectors here; expected avx512, avx2 or baseline",
                name);
    return NULL;
}

/* A packed panel, and A packed in pieces: rows of A are a layer's outputs. */
size_t native_scratch(const struct native_kernels *kernels, int rows, int outputs)
{
    size_t depth = (size_t)(rows < NATIVE_DEPTH ? rows : NATIVE_DEPTH);

    return (size_t)NATIVE_DEPTH * (size_t)kernels->panel + (size_t)outputs * depth;
}
