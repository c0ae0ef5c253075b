/* Verdicts, and how they are said. */
#ifndef BATCHLAB_EXPORT_JUDGED_H
#define BATCHLAB_EXPORT_JUDGED_H

#include "export/export.h"

/* The worst first: the order of tables. */
enum judged {
    JUDGED_WRONG,
    JUDGED_REGRESSION,
    JUDGED_CHANGED,
    JUDGED_INCONCLUSIVE,
    JUDGED_IMPROVED,
    JUDGED_SAME,
    JUDGED_KINDS,
};

/* By its name; JUDGED_KINDS: no verdict. NULL is none. */
enum judged judged_of(const char *verdict);
const char *judged_name(enum judged);
/* It is what a gate ends with a failure for. */
bool judged_fails(enum judged, bool strict);

/* "1.1 [1.05, 1.15] (95 %)", without what is not finite: text[size]. */
void ratio_text(const struct exported_ratio *, char *text, size_t size);

#endif
