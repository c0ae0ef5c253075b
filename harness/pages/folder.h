/* A results folder as a page shows it: its results, verdicts, answers and charts. */
#ifndef BATCHLAB_PAGES_FOLDER_H
#define BATCHLAB_PAGES_FOLDER_H

#include "pages/answer.h"
#include "verdict/verdict.h"

#include <limits.h>

/* figures/<name>.csv or .svg: of a chart one or both are there. */
struct chart_files {
    char name[64];
    int has_numbers, has_drawing, has_picture; /* .csv, .svg, .png */
};

struct pages_folder {
    char path[PATH_MAX]; /* absolute */
    char page[96];       /* name of its pages without suffix: the experiment's */
    struct verdicts verdicts;
    struct answer answer;
    struct chart_files *charts; /* [chart_count], owned; by name, the verdicts last */
    size_t chart_count;
};

/* -1 with the message set: no results folder, a file of it that cannot be read. */
int pages_folder_open(struct pages_folder *, const char *folder);
void pages_folder_close(struct pages_folder *); /* also after a failed open */

/* A text of manifest.json, of an object in it where `object` is not NULL; "" where it does not say.
 */
const char *pages_folder_text(const struct pages_folder *, const char *object, const char *key);
/* What the page is called: the manifest's title, else the experiment's name. */
const char *pages_folder_title(const struct pages_folder *);

#endif
