/* UTF-8, XML and Markdown. */
#include "export/text.h"

#include "base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

/* The character at *at, which is moved past it; past one byte where they are no character (Unicode
 * 15, table 3-7: neither overlong, nor surrogates, nor above U+10FFFF). */
static uint32_t next_character(const unsigned char **at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = *at;
    int more = bytes[0] < 0x80             ? 0
               : (bytes[0] & 0xE0) == 0xC0 ? 1
               : (bytes[0] & 0xF0) == 0xE0 ? 2
               : (bytes[0] & 0xF8) == 0xF0 ? 3
                                           : -1;
    uint32_t code = more <= 0 ? bytes[0] : (uint32_t)bytes[0] & (0x3FU >> more);

    *at += 1;
    if (more < 0)
        return REPLACEMENT;
    for (int b = 1; b <= more; b++) {
        if ((bytes[b] & 0xC0) != 0x80) /* the end of the text too */
            return REPLACEMENT;
        code = code << 6 | (bytes[b] & 0x3F);
    }
    if (code < least[more] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF)
        return REPLACEMENT;
    *at += more;
    return code;
}

/* Writes 1 to 4 bytes; returns how many. */
static size_t encode(uint32_t code, char bytes[4])
{
    size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t b = count - 1; b > 0; b--, code >>= 6)
        bytes[b] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(lead[count] | code);
    return count;
}

static void put_character(FILE *file, uint32_t code)
{
    char bytes[4];

    fwrite(bytes, 1, encode(code, bytes), file);
}

char *text_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");
    char *copy = malloc(3 * strlen((const char *)at) + 1), *end = copy; /* U+FFFD takes 3 bytes */

    if (!copy) {
        error_set("out of memory for a text");
        return NULL;
    }
    while (*at)
        end += encode(next_character(&at), end);
    *end = '\0';
    return copy;
}

/* XML 1.0, production 2. */
static int is_xml(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' ||
           (code >= 0x20 && code != 0xFFFE && code != 0xFFFF);
}

void text_xml(FILE *file, const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");

    while (*at) {
        uint32_t code = next_character(&at);

        if (!is_xml(code))
            put_character(file, REPLACEMENT);
        else if (code < 0x20 || strchr("&<>\"'", (int)(code < 0x80 ? code : 'x')))
            fprintf(file, "&#%u;", (unsigned)code);
        else
            put_character(file, code);
    }
}

void text_markdown(FILE *file, const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");

    while (*at) {
        uint32_t code = next_character(&at);

        if (code < 0x20 || code == 0x7F)
            fputc(' ', file);
        else if (strchr("&<>@#|", (int)(code < 0x80 ? code : 'x')))
            fprintf(file, "&#%u;", (unsigned)code);
        else if (strchr("\\`*_[]~!$", (int)(code < 0x80 ? code : 'x')))
            fprintf(file, "\\%c", (char)code);
        else
            put_character(file, code);
    }
}
