/* Draws a chart whose numbers are written (chart.h). The one module that starts gnuplot. */
#ifndef BATCHLAB_PLOT_H
#define BATCHLAB_PLOT_H

/* 1: gnuplot is on the PATH. */
int plot_available(void);

/* Draws figures/<chart>.csv with plots_folder/<script> into figures/<chart>.svg, .png and .pdf,
 * each whole or not at all. -1 with the message set: no such chart, gnuplot is not installed, what
 * gnuplot said, or that it took longer than a minute. */
int plot_draw(const char *results_folder, const char *chart, const char *plots_folder);

/* The same of numbers that belong to no chart of the table: figures/<name>.csv of any folder. */
int plot_draw_with(const char *folder, const char *name, const char *script,
                   const char *plots_folder);

#endif
