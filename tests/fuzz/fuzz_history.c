/* history.csv, and the search for changes in it. */
#include "fuzz_input.h"

#include "history/history.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan;
    int status = history_scan(&scan, fuzz_write("history.csv", data, size), &changes_usual);

    fuzz_check_status(status);
    for (size_t s = 0; s < scan.count; s++)
        for (size_t c = 0; c < scan.series[s].change_count; c++)
            if (scan.series[s].changes[c].at >= scan.series[s].count)
                abort();
    if (status == 0)
        scan_print(fuzz_nowhere(), &scan);
    scan_close(&scan);
    return 0;
}
