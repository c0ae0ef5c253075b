/* Runs another program to its end: gnuplot, git, a compiler. */
#ifndef BATCHLAB_PROGRAM_H
#define BATCHLAB_PROGRAM_H

#include <stddef.h>

/* arguments[0] is looked for along the PATH; the list ends with NULL. folder: where it runs; NULL:
 * here. It reads nothing; the last size - 1 bytes of what it says, output and errors together, are
 * left in `said`. After limit_seconds it is killed.
 * Its exit status, 128 + n if signal n ended it; -1 (error set): it could not be started, or took
 * too long. */
int program_run(const char *const *arguments, const char *folder, double limit_seconds, char *said,
                size_t size);

/* 1: a program of that name is on the PATH. */
int program_available(const char *name);

/* What a program said as one line: blank ends cut, line ends made semicolons. */
void program_one_line(char *said);

#endif
