/* The one pending error message. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char text[1024];

int error_set(const char *format, ...)
{
    char fresh[sizeof text]; /* the arguments may include the old message */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fresh, sizeof fresh, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, "%s", fresh);
    return -1;
}

const char *error_text(void)
{
    return text;
}

void error_clear(void)
{
    text[0] = '\0';
}
