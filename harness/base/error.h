/* The one pending error message: set where the cause is known, passed up untouched, printed by
 * main. */
#ifndef BATCHLAB_ERROR_H
#define BATCHLAB_ERROR_H

/* Sets the message (at most 1023 bytes; longer text is cut; one line: control characters become
 * blanks or `?`). Always returns -1, so that
 * `return error_set(...)` reads well. */
int error_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The message, "" if none. Valid until the next error_set. */
const char *error_text(void);

void error_clear(void);

#endif
