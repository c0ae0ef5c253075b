/* Finds engines by specification: `naive`, `blas:blis`, or the path of anyone's shared object.
 * Built-in engines are shared objects too, so one way of loading serves both. */
#ifndef BATCHLAB_REGISTRY_H
#define BATCHLAB_REGISTRY_H

#include "engine.h"

#include <limits.h>

struct builtin_engine {
    const char *name;
    const char *summary;
    const char *variants;   /* names that may follow the colon, between spaces; "" if none may */
    int takes_path;         /* 1: the path of a library may follow it as well */
    const char *contenders; /* what of it is worth measuring where the fastest is wanted, between
                               spaces; "" for nothing */
};

/* The engines of this build, ended by a name of NULL. Reads a table, loads nothing. */
const struct builtin_engine *registry_builtins(void);

/* A loaded engine: the contract's table, with the slots its library does not have set to NULL. */
struct loaded_engine {
    struct engine engine;
    char variant[256]; /* what followed the colon; "" if nothing */
    void *library;     /* stays loaded until the process ends: thread pools outlive dlclose */
};

/* 0 if the specification names a built-in engine and a variant that it has, or is a path (it has a
 * '/'); -1, with what is known in the message, otherwise. Loads nothing. */
int registry_knows(const char *specification, struct message *);

/* The file that registry_load would load, by its whole path without links; -1: there is none. Loads
 * nothing. */
int registry_path(char *path, size_t size, const char *specification, struct message *);

/* Loads an engine with RTLD_NOW | RTLD_LOCAL and checks its ABI and required slots.
 * A built-in `name` is `name.so` in $BATCHLAB_ENGINES, or in ../lib/batchlab/engines beside the
 * folder of the running program. Nothing is searched for: neither the current folder nor
 * $LD_LIBRARY_PATH has a say in which file that is. (The libraries that an engine needs itself are
 * found as the dynamic loader finds them.) To be called in a child process only: a fork after an
 * engine is loaded hangs or lies. */
int registry_load(struct loaded_engine *, const char *specification, struct message *);

#endif
