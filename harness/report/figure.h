/* What a figure is drawn as: formats, size, font, language. */
#ifndef BATCHLAB_FIGURE_H
#define BATCHLAB_FIGURE_H

#include <stddef.h>

enum figure_format {
    FIGURE_SVG,
    FIGURE_PNG,
    FIGURE_PDF,
    FIGURE_TIKZ,       /* <name>-tikz.tex, to be \input where gnuplot-lua-tikz is loaded */
    FIGURE_CAIROLATEX, /* <name>-cairolatex.tex with its lines in <name>-cairolatex.pdf */
    FIGURE_FORMATS,
    FIGURE_USUAL = 1 << FIGURE_SVG | 1 << FIGURE_PNG | 1 << FIGURE_PDF
};

/* The page of a figure. All zero: svg, png and pdf of the size that the chart has in a page of
 * results, in English. */
struct figure {
    unsigned formats;           /* bits 1 << format; 0: FIGURE_USUAL */
    double width_mm, height_mm; /* exact; 0: of the chart. A height without a width is an error */
    double dpi;                 /* of a png whose width is given; 0: 300 */
    char font[96];              /* family; "": DejaVu Sans, or what the language needs */
    double points;              /* of the numbers at the axes; 0: 7 where a width is given */
    const char *language;       /* "en", "zh"; NULL: English */
    int bare;                   /* without heading and caption */
};

/* "svg", "tikz", ...; bits of those in a list cut by commas. 0, or -1 (error set: it names what
 * there is). */
int figure_read_formats(const char *text, unsigned *formats);
/* "84mm", "8.4cm", "3.3in", "240pt" (of 1/72 inch): 20 to 2000 mm. 0, or -1 (error set). */
int figure_read_length(const char *text, double *mm);
/* "NAME" or "NAME,POINTS", 3 to 72 points. 0, or -1 (error set). */
int figure_read_font(const char *text, struct figure *);

/* Whether it can be drawn: a font that was asked for, or that the language needs, is installed.
 * Fills in the font's name. 0, or -1 with the message set: it names the package. */
int figure_check(struct figure *);

/* "svg", "png", "pdf", "tex", "tex" */
const char *figure_suffix(enum figure_format);
/* "svg", ..., "cairolatex" */
const char *figure_format_name(enum figure_format);
/* "loss", of another language "loss.zh", of LaTeX "loss-tikz" and "loss-zh-tikz": without suffix.
 */
void figure_name(const struct figure *, enum figure_format, const char *chart, char *text,
                 size_t size);
/* The same of the numbers: "loss.csv", "loss.zh.csv". */
void figure_numbers_name(const struct figure *, const char *chart, char *text, size_t size);

/* What a pixel of the scripts measures, in CSS pixels (1/96 inch), and how many of them a length
 * has. */
double figure_scale(const struct figure *);
double figure_pixels(const struct figure *, double mm);

/* What gnuplot is to know beforehand (the head of plots/style.gp), as commands. numbers: the CSV
 * file. -1: it does not fit (error set). */
int figure_settings(const struct figure *, enum figure_format, const char *numbers,
                    const char *plots_folder, char *text, size_t size);

/* The font family that it is drawn in. */
const char *figure_face(const struct figure *);

/* Puts the characters of the SVG, in the figure's font, into the file: it looks the same where that
 * font is not installed. By fc-match and hb-subset (Debian: fontconfig, libharfbuzz-bin); where
 * these do not do it, the figure names its font only. 0, or -1 (error set): the file cannot be read
 * or written. */
int figure_embed_font(const struct figure *, const char *path);
/* Why an SVG has not got its font; NULL: all have. */
const char *figure_font_named(void);

/* Makes the drawn file as large as it is to be: an SVG says millimetres, a PNG dots a metre, and a
 * PDF fractions of a point. 0, or -1 (error set); without a width nothing is to be done. */
int figure_set_size(const struct figure *, enum figure_format, const char *path);

#endif
