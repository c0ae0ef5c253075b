/* A chart that gnuplot drew, taken into a page: nothing but drawing comes along. */
#ifndef BATCHLAB_PAGES_SVG_H
#define BATCHLAB_PAGES_SVG_H

#include "pages/marks.h"

#include <stdio.h>

/* What became of it. */
struct svg_tally {
    size_t described; /* marks that say which row they are */
    size_t unknown;   /* marks that stand for rows, the drawing not agreeing which */
    size_t dropped; /* elements and attributes that are none of drawing: scripts, handlers, links */
};

/* Writes the <svg> element of the text. Elements and attributes that do not draw are left out:
 * scripts, handlers, styles, links out of the file, titles, comments. Each id, and each use of it,
 * gets prefix- before it, so that several charts may stand in a page. label: what the chart shows.
 * marks: NULL, or of the same chart: plots get data-series, marks aria-label.
 * -1 with the message set, `path:line: ...`: not XML, or no <svg>; what was written is of no use.
 */
int svg_write(FILE *, const char *text, const char *path, const char *prefix, const char *label,
              const struct marks *marks, struct svg_tally *);

#endif
