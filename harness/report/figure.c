/* Options of a figure, and what they are for gnuplot. */
#include "report/figure.h"

#include "base/error.h"
#include "base/program.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *suffix, *addition;
} formats[FIGURE_FORMATS] = {
    [FIGURE_SVG] = {"svg", "svg", ""},
    [FIGURE_PNG] = {"png", "png", ""},
    [FIGURE_PDF] = {"pdf", "pdf", ""},
    [FIGURE_TIKZ] = {"tikz", "tex", "-tikz"},
    [FIGURE_CAIROLATEX] = {"cairolatex", "tex", "-cairolatex"},
};

/* A font for each language whose characters not every font has. */
static const struct {
    const char *language, *font, *package;
} language_fonts[] = {{"zh", "Noto Sans CJK SC", "fonts-noto-cjk"}};

/* The scripts count in pixels of letters of this size, in points. */
static const double script_points = 9.75;
static const double mm_per_inch = 25.4;

/* ---- What was asked for -----------------------------------------------------------------------
 */

int figure_read_formats(const char *text, unsigned *bits)
{
    *bits = 0;
    for (const char *at = text; *at || at == text;) {
        size_t length = strcspn(at, ","), f = 0;

        while (f < FIGURE_FORMATS &&
               (strlen(formats[f].name) != length || strncmp(formats[f].name, at, length) != 0))
            f++;
        if (f == FIGURE_FORMATS)
            return error_set("--format %s: expected some of svg,png,pdf,tikz,cairolatex", text);
        *bits |= 1u << f;
        at += length;
        if (*at == ',' && !*++at)
            return error_set("--format %s: a format is missing after the comma", text);
    }
    return 0;
}

int figure_read_length(const char *text, double *mm)
{
    static const struct {
        const char *name;
        double mm;
    } units[] = {{"mm", 1}, {"cm", 10}, {"in", 25.4}, {"pt", 25.4 / 72}};
    char *unit;
    double value = strtod(text, &unit);

    for (size_t u = 0; unit > text && u < sizeof units / sizeof *units; u++)
        if (strcmp(unit, units[u].name) == 0) {
            *mm = value * units[u].mm;
            if (*mm >= 20 && *mm <= 2000)
                return 0;
        }
    return error_set("%s: expected a length of 20mm to 2000mm, in mm, cm, in or pt", text);
}

int figure_read_font(const char *text, struct figure *figure)
{
    const char *comma = strrchr(text, ',');
    size_t length = comma ? (size_t)(comma - text) : strlen(text);
    char *end;

    if (length >= sizeof figure->font || strpbrk(text, "'\"\\\n{}&<>") || (length == 0 && !comma))
        return error_set("%s: expected a font's name, or a name, a comma and points", text);
    snprintf(figure->font, sizeof figure->font, "%.*s", (int)length, text);
    if (!comma)
        return 0;
    figure->points = strtod(comma + 1, &end);
    if (end == comma + 1 || *end || !(figure->points >= 3 && figure->points <= 72))
        return error_set("%s: expected 3 to 72 points after the comma", text);
    return 0;
}

/* ---- Fonts ------------------------------------------------------------------------------------
 */

/* 1 where nobody can be asked. */
static int is_installed(const char *pattern)
{
    const char *const arguments[] = {"fc-list", "-q", pattern, NULL};
    char said[200];

    return !program_available("fc-list") ||
           program_run(arguments, NULL, 20, said, sizeof said) == 0;
}

static int check_language(struct figure *figure)
{
    char pattern[160];

    for (size_t l = 0; figure->language && l < sizeof language_fonts / sizeof *language_fonts;
         l++) {
        if (strcmp(language_fonts[l].language, figure->language) != 0)
            continue;
        if (!figure->font[0]) {
            snprintf(figure->font, sizeof figure->font, "%s", language_fonts[l].font);
            if (!is_installed(figure->font))
                return error_set("--lang %s needs the font %s, which is not installed (apt install "
                                 "%s); or name one that is: --font NAME",
                                 figure->language, figure->font, language_fonts[l].package);
            return 0;
        }
        snprintf(pattern, sizeof pattern, "%s:lang=%s", figure->font, figure->language);
        if (!is_installed(pattern))
            return error_set("--font %s: it has no characters for --lang %s; %s has (apt install "
                             "%s)",
                             figure->font, figure->language, language_fonts[l].font,
                             language_fonts[l].package);
    }
    return 0;
}

int figure_check(struct figure *figure)
{
    unsigned latex = 1u << FIGURE_TIKZ | 1u << FIGURE_CAIROLATEX;

    if (figure->height_mm > 0 && !(figure->width_mm > 0))
        return error_set("--height: expected --width as well");
    if (figure->formats && !(figure->formats & ~latex))
        return 0; /* LaTeX sets all of its letters */
    if (figure->font[0] && !is_installed(figure->font))
        return error_set("--font %s: no font of that name is installed (fc-list : family lists "
                         "them)",
                         figure->font);
    return check_language(figure);
}

/* ---- Names ------------------------------------------------------------------------------------
 */

const char *figure_suffix(enum figure_format format)
{
    return formats[format].suffix;
}

const char *figure_format_name(enum figure_format format)
{
    return formats[format].name;
}

static int is_translated(const struct figure *figure)
{
    return figure->language && strcmp(figure->language, "en") != 0;
}

void figure_name(const struct figure *figure, enum figure_format format, const char *chart,
                 char *text, size_t size)
{
    /* LaTeX takes what follows a dot for a suffix. */
    const char *dot = formats[format].addition[0] ? "-" : ".";

    snprintf(text, size, "%s%s%s%s", chart, is_translated(figure) ? dot : "",
             is_translated(figure) ? figure->language : "", formats[format].addition);
}

void figure_numbers_name(const struct figure *figure, const char *chart, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s.csv", chart, is_translated(figure) ? "." : "",
             is_translated(figure) ? figure->language : "");
}

const char *figure_face(const struct figure *figure)
{
    return figure->font[0] ? figure->font : "DejaVu Sans";
}

/* ---- For gnuplot ------------------------------------------------------------------------------
 */

double figure_scale(const struct figure *figure)
{
    double points = figure->points > 0 ? figure->points : figure->width_mm > 0 ? 7 : script_points;

    return points / script_points;
}

double figure_pixels(const struct figure *figure, double mm)
{
    return mm / mm_per_inch * 96 / figure_scale(figure);
}

/* 'text', as gnuplot reads it back. */
static void quote(const char *text, char *quoted, size_t size)
{
    size_t used = 0;

    quoted[used++] = '\'';
    for (; *text && used + 3 < size; text++) {
        if (*text == '\'')
            quoted[used++] = '\'';
        quoted[used++] = *text;
    }
    quoted[used++] = '\'';
    quoted[used] = '\0';
}

int figure_settings(const struct figure *figure, enum figure_format format, const char *numbers,
                    const char *plots_folder, char *text, size_t size)
{
    char csv[2 * PATH_MAX], path[PATH_MAX + 16], table[2 * PATH_MAX];
    double dpi = figure->dpi > 0 ? figure->dpi : figure->width_mm > 0 ? 300 : 192;
    int length;

    quote(numbers, csv, sizeof csv);
    snprintf(path, sizeof path, "%s/words.tsv", plots_folder);
    quote(path, table, sizeof table);
    length =
        snprintf(text, size,
                 "page_format = '%s'; page_width = %.17g; page_height = %.17g; "
                 "page_scale = %.17g; page_dpi = %.17g; page_bare = %d; page_face = '%s'; "
                 "page_language = '%s'; page_words = %s; numbers = %s",
                 formats[format].name, figure_pixels(figure, figure->width_mm),
                 figure_pixels(figure, figure->height_mm), figure_scale(figure), dpi, figure->bare,
                 figure_face(figure), figure->language ? figure->language : "en", table, csv);
    return length >= 0 && (size_t)length < size ? 0
                                                : error_set("%s: its name is too long", numbers);
}
