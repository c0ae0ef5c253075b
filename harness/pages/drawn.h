/* What the scripts in plots/ plot of the rows of a chart, and in which order. */
#ifndef BATCHLAB_PAGES_DRAWN_H
#define BATCHLAB_PAGES_DRAWN_H

#include "pages/marks.h"

enum each { EACH_END, ONCE, EACH_SERIES, EACH_ROOF };
enum when { ALWAYS, REACHED, CENSORED }; /* rows with this `censored` */

/* One `plot` or `plot for` of a script. */
struct clause {
    enum each each;
    const char *y; /* the column that its marks stand at; NULL: it has none that stand for rows */
    enum when when;
    const char *key, *value; /* rows with this text in that column; NULL: all */
    enum mark_shape shape;
    const char *x; /* NULL: that of the script */
};

enum { CLAUSES_MAX = 10, LAYOUTS_MAX = 6 };

struct drawn {
    const char *chart, *x;
    int by_panel; /* the first layout for every panel, of the rows with its number in `panel` */
    struct clause layouts[LAYOUTS_MAX][CLAUSES_MAX]; /* a panel each */
    const char *series_key, *series_value;           /* rows that name series; NULL: all */
    const char *series_column;                       /* NULL: series */
    const char *const *names; /* of the series, ended by NULL; NULL: the rows' `label` */
    int is_downward;          /* larger y lie lower */
    const char *const *more;  /* columns that a mark says besides, ended by NULL; NULL: the usual */
    int without_series;
    /* The `kind` of the row of a panel that says which part of the plane it shows, from x, y to
     * to_x, to_y; such a panel numbers its series anew, and has a legend of its own. NULL: all is
     * shown, series are those of the chart. */
    const char *frame;
};

/* NULL: a chart that the table does not know. */
const struct drawn *drawn_of(const char *chart);

#endif
