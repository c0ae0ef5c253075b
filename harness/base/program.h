/* Runs another program to its end: gnuplot, git, a compiler. */
#ifndef BATCHLAB_PROGRAM_H
#define BATCHLAB_PROGRAM_H

#include <stddef.h>

/* arguments[0] is looked for along the PATH; the list ends with NULL. folder: where it runs; NULL:
 * here. It reads nothing; the last size - 1 bytes of what it says, output and errors together, are
 * left in `said`. It is a process group of its own, ended with all that it has started after
 * limit_seconds, or when a signal comes that we have a handler for.
 * Its exit status, 128 + n if signal n ended it; -1 (error set): it could not be started, took too
 * long, or we were interrupted. */
int program_run(const char *const *arguments, const char *folder, double limit_seconds, char *said,
                size_t size);

/* 1: a program of that name is on the PATH. */
int program_available(const char *name);

/* This program's own file. 0, or -1 (error set). */
int program_own(char *path, size_t size);

/* A path seen from the folder that this program lies in, "../share/batchlab". 0, or -1 (error set).
 */
int program_beside(const char *relative, char *path, size_t size);

/* What a program said as one line: blank ends cut, line ends made semicolons. */
void program_one_line(char *said);

#endif
