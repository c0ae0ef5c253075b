/* Lines and points in characters: 2 x 4 dots each (Unicode's Braille patterns), or a letter of
 * their series where the terminal has ASCII alone. */
#ifndef BATCHLAB_CANVAS_H
#define BATCHLAB_CANVAS_H

#include <stddef.h>
#include <stdio.h>

/* How a terminal is to be written to. */
struct terminal {
    int width;   /* characters */
    int height;  /* lines; 0: not known */
    int colour;  /* 1: ANSI colours */
    int unicode; /* 0: ASCII alone */
};

/* That of a stream: its width is COLUMNS, or the window's, or 80, and 20 at the least; colours on a
 * terminal, unless NO_COLOR is set and not empty or TERM is `dumb` or empty; Unicode where LC_ALL,
 * LC_CTYPE or LANG, the first that is set, says UTF-8. */
struct terminal terminal_of(FILE *);

struct canvas {
    int columns, rows;     /* characters */
    unsigned char *dots;   /* [rows][columns], bits as in Unicode */
    unsigned char *series; /* [rows][columns], from 1: who drew last */
    char *letters;         /* [rows][columns], '\0': none: marks the end of a series */
};

/* -1: out of memory (error set). */
int canvas_open(struct canvas *, int columns, int rows);
void canvas_close(struct canvas *); /* accepts a zeroed struct */

/* x and y in 0 .. 1, from the left and from below; what lies beyond or is not finite is not drawn.
 */
void canvas_point(struct canvas *, double x, double y, int series);
void canvas_line(struct canvas *, double x, double y, double to_x, double to_y, int series);
/* The series' letter where it ends. */
void canvas_letter(struct canvas *, double x, double y, int series);

/* One row of characters from the top, 0 .. rows - 1, without line end. */
void canvas_print_row(const struct canvas *, FILE *, int row, const struct terminal *);

/* 'a' .. 'z', then again. */
char canvas_letter_of(int series);
/* Begins and ends the colour of a series; nothing without colours. */
void terminal_colour(FILE *, const struct terminal *, int series);
void terminal_plain(FILE *, const struct terminal *);

/* A bar of `length` of `width` characters, in eighths; '#' in ASCII. Blanks fill it up. */
void terminal_bar(FILE *, const struct terminal *, double length, int width);

#endif
