/* Draws a chart whose numbers are written (chart.h). The one module that starts gnuplot. */
#ifndef BATCHLAB_PLOT_H
#define BATCHLAB_PLOT_H

#include "report/figure.h"

/* 1: gnuplot is on the PATH. */
int plot_available(void);

/* Draws figures/<chart>.csv with plots_folder/<script> into figures/<chart>.svg, .png and .pdf,
 * each whole or not at all. -1 with the message set: no such chart, gnuplot is not installed, what
 * gnuplot said, or that it took longer than a minute. */
int plot_draw(const char *results_folder, const char *chart, const char *plots_folder);

/* The same of numbers that belong to no chart of the table: figures/<name>.csv of any folder. */
int plot_draw_with(const char *folder, const char *name, const char *script,
                   const char *plots_folder);

/* One figure: the numbers of a CSV file, by a script of the plots folder. */
struct plot {
    const char *chart;   /* "loss": the figure's name */
    const char *script;  /* "loss.gp" */
    const char *numbers; /* the CSV file */
    const char *folder;  /* that it is drawn into */
    const char *plots_folder;
    const struct figure *figure; /* checked (figure.h) */
};

/* Draws it in every format of the figure, each whole or not at all; errors as above, and a text
 * that has no translation. */
int plot_draw_figure(const struct plot *);

#endif
