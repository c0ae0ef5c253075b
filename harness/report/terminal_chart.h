/* Charts in a terminal, from the numbers of a figure (figures/<chart>.csv). */
#ifndef BATCHLAB_TERMINAL_CHART_H
#define BATCHLAB_TERMINAL_CHART_H

#include "base/table.h"
#include "report/canvas.h"

#include <stdio.h>

/* Prints a chart, panel below panel, in lines of at most terminal->width characters. -1 with the
 * message set: a chart that no terminal has, or a column that is not there. */
int terminal_chart_print(FILE *, struct table *numbers, const char *chart, const struct terminal *);

#endif
