/* One line for a person, as engines and the registry leave it in the caller's struct message. */
#ifndef BATCHLAB_MESSAGE_H
#define BATCHLAB_MESSAGE_H

#include "engine.h"

#include <stdarg.h>
#include <stdio.h>

/* Writes the line, cut at the size of the message. Always -1, so that `return message_set(...)`
 * reads well; a macro, so that compilers and analysers see that it is. */
#define message_set(message, ...) (message_write(message, __VA_ARGS__), message_minus_one())

static inline int message_minus_one(void)
{
    return -1;
}

__attribute__((format(printf, 2, 3))) static inline void message_write(struct message *message,
                                                                       const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message->text, sizeof message->text, format, arguments);
    va_end(arguments);
}

#endif
