/* One function for each format: writes everything to the stream, whose errors are the caller's, and
 * counts. 0, or -1 (error set: out of memory). Without a row nothing need be written. */
#ifndef BATCHLAB_EXPORT_WRITERS_H
#define BATCHLAB_EXPORT_WRITERS_H

#include "export/export.h"

typedef int export_writer(const struct export *, FILE *, struct export_tally *);

export_writer write_google_benchmark, write_action_smaller, write_action_bigger, write_bencher,
    write_junit, write_ctest, write_markdown;

#endif
