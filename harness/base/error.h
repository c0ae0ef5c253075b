/* The one pending error message: set where the cause is known, passed up untouched, printed by
 * main. */
#ifndef BATCHLAB_ERROR_H
#define BATCHLAB_ERROR_H

/* Sets the message (at most 1023 bytes; longer text is cut; one line: control characters become
 * blanks or `?`). Always -1, so that `return error_set(...)` reads well; a macro, so that compilers
 * and analysers see that it is. */
#define error_set(...) (error_write(__VA_ARGS__), error_minus_one())
static inline int error_minus_one(void)
{
    return -1;
}
void error_write(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The message, "" if none. Valid until the next error_set. */
const char *error_text(void);

void error_clear(void);

#endif
