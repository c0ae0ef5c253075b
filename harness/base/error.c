/* The one pending error message. */
#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char text[1024];

/* What a file says is quoted in messages: it must not make a second line of one, nor tell a
 * terminal what to do. */
static void make_one_line(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = isspace((unsigned char)*c) ? ' ' : '?';
}

void error_write(const char *format, ...)
{
    char fresh[sizeof text]; /* the arguments may include the old message */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fresh, sizeof fresh, format, arguments);
    va_end(arguments);
    make_one_line(fresh);
    snprintf(text, sizeof text, "%s", fresh);
}

const char *error_text(void)
{
    return text;
}

void error_clear(void)
{
    text[0] = '\0';
}
