/* The font of an SVG, in the SVG. */
#include "report/figure.h"

#include "base/error.h"
#include "base/program.h"
#include "report/figure_bytes.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHARACTERS_MAX = 4096 };

static const double limit_seconds = 20;

/* ---- Characters -------------------------------------------------------------------------------
 */

/* Code points in the order in which they occur, each once. */
struct characters {
    uint32_t list[CHARACTERS_MAX];
    size_t count;
};

/* The character that begins at `text`, in UTF-8; what is none counts as itself. */
static uint32_t next_character(const unsigned char **text)
{
    const unsigned char *at = *text;
    unsigned more = at[0] >= 0xF0 ? 3 : at[0] >= 0xE0 ? 2 : at[0] >= 0xC0 ? 1 : 0;
    uint32_t value = more == 0 ? at[0] : at[0] & (0x3Fu >> more);

    for (unsigned i = 1; i <= more && (at[i] & 0xC0) == 0x80; i++, ++*text)
        value = value << 6 | (at[i] & 0x3Fu);
    ++*text;
    return value;
}

/* Of the whole file, tags and all: what ASCII there is in a chart is in its tags, too. */
static void find_characters(struct characters *characters, const char *svg)
{
    const unsigned char *at = (const unsigned char *)svg;

    characters->count = 0;
    while (*at && characters->count < CHARACTERS_MAX) {
        uint32_t value = next_character(&at);
        size_t c = 0;

        while (c < characters->count && characters->list[c] != value)
            c++;
        if (c == characters->count && value >= ' ')
            characters->list[characters->count++] = value;
    }
}

/* "20,41,3B1", to be freed. NULL: out of memory (error set). */
static char *list_characters(const char *svg)
{
    struct characters *characters = malloc(sizeof *characters);
    char *text = malloc(CHARACTERS_MAX * sizeof "10FFFF," + 1), *at = text;

    if (characters && text) {
        find_characters(characters, svg);
        *at = '\0';
        for (size_t c = 0; c < characters->count; c++)
            at += sprintf(at, "%s%X", c ? "," : "", (unsigned)characters->list[c]);
    } else {
        free(text);
        text = NULL;
        error_set("out of memory");
    }
    free(characters);
    return text;
}

/* ---- The font ---------------------------------------------------------------------------------
 */

/* Which file the family's regular face is in, and which of that file's faces it is. fontconfig may
 * say more than it is asked. */
static int find_font(const char *family, char *path, size_t size, char face[16])
{
    static const char mark[] = "\nfont: ";
    const char *const arguments[] = {"fc-match", "-f", "\nfont: %{index} %{file}\n", family, NULL};
    char said[2 * PATH_MAX];
    const char *answer;
    int start = 0, status = program_run(arguments, NULL, limit_seconds, said, sizeof said);

    if (status < 0)
        return -1;
    answer = status == 0 ? strstr(said, mark) : NULL;
    if (!answer || sscanf(answer, "\nfont: %15[0-9] %n", face, &start) != 1 || start == 0)
        return error_set("fc-match names no file of the font %s", family);
    snprintf(path, size, "%.*s", (int)strcspn(answer + start, "\n"), answer + start);
    return 0;
}

/* Writes a font of these characters alone to `path`. */
static int write_subset(const char *family, const char *svg, const char *path)
{
    char font[PATH_MAX], face[16], said[400], *unicodes = list_characters(svg);
    const char *const arguments[] = {
        "hb-subset", font,         "--face-index", face,           "--output-file",
        path,        "--unicodes", unicodes,       "--no-hinting", "--layout-features=kern",
        NULL};
    int status = -1;

    if (unicodes && find_font(family, font, sizeof font, face) == 0) {
        status = program_run(arguments, NULL, limit_seconds, said, sizeof said);
        program_one_line(said);
        if (status > 0)
            status = error_set("%s: hb-subset failed: %s", font, *said ? said : "it said nothing");
    }
    free(unicodes);
    return status;
}

/* RFC 4648, 4; to be freed. NULL: out of memory. */
static char *base64(const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((size + 2) / 3 * 4 + 1), *at = text;

    for (size_t i = 0; text && i < size; i += 3) {
        uint32_t value = (uint32_t)(unsigned char)bytes[i] << 16;

        value |= i + 1 < size ? (uint32_t)(unsigned char)bytes[i + 1] << 8 : 0;
        value |= i + 2 < size ? (unsigned char)bytes[i + 2] : 0;
        *at++ = digits[value >> 18];
        *at++ = digits[value >> 12 & 63];
        *at++ = i + 1 < size ? digits[value >> 6 & 63] : '=';
        *at++ = i + 2 < size ? digits[value & 63] : '=';
    }
    if (text)
        *at = '\0';
    return text;
}

/* ---- The figure -------------------------------------------------------------------------------
 */

/* A style sheet behind the tag <svg ...>. */
static int put_font(const char *family, const char *path, const char *svg, size_t svg_size,
                    const char *font, size_t font_size)
{
    const char *root = strstr(svg, "<svg"), *inside = root ? strchr(root, '>') : NULL;
    char head[256], *text = base64(font, font_size);
    static const char tail[] = "\") format(\"opentype\")}</style>\n";
    int status = -1;

    snprintf(head, sizeof head,
             "\n<style>@font-face{font-family:\"%s\";src:url(\"data:font/otf;base64,", family);
    if (!text)
        error_set("out of memory");
    else if (!inside)
        error_set("%s: no SVG as gnuplot writes it", path);
    else
        status = figure_rewrite(path,
                                (const struct figure_part[]){
                                    {svg, (size_t)(inside + 1 - svg)},
                                    {head, strlen(head)},
                                    {text, strlen(text)},
                                    {tail, sizeof tail - 1},
                                    {inside + 1, svg_size - (size_t)(inside + 1 - svg)},
                                },
                                5);
    free(text);
    return status;
}

/* Why it cannot be tried; NULL: it can. */
static const char *missing_tool(void)
{
    return !program_available("fc-match") ? "fc-match is not installed (apt install fontconfig)"
           : !program_available("hb-subset")
               ? "hb-subset is not installed (apt install libharfbuzz-bin)"
               : NULL;
}

static char why_named[500];

const char *figure_font_named(void)
{
    return why_named[0] ? why_named : NULL;
}

int figure_embed_font(const struct figure *figure, const char *path)
{
    const char *family = figure_face(figure), *missing = missing_tool();
    char subset[PATH_MAX + 16], *svg, *font = NULL;
    size_t svg_size, font_size;
    int status = 0;

    if (missing) {
        snprintf(why_named, sizeof why_named, "%s", missing);
        return 0;
    }
    svg = figure_read(path, &svg_size);
    if (!svg)
        return -1;
    snprintf(subset, sizeof subset, "%s.otf", path);
    if (write_subset(family, svg, subset) == 0 && (font = figure_read(subset, &font_size)))
        status = put_font(family, path, svg, svg_size, font, font_size);
    else
        snprintf(why_named, sizeof why_named, "%s", error_text());
    unlink(subset);
    free(font);
    free(svg);
    return status;
}
