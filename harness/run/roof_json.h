/* A roof as JSON: what `batchlab roof --json` prints and manifest.json keeps. */
#ifndef BATCHLAB_ROOF_JSON_H
#define BATCHLAB_ROOF_JSON_H

#include "run/roof.h"

#include <jansson.h>

/* {"threads", "fma_gflops", "l1": {"capacity_bytes", "measured_bytes", "read_gb_per_second",
 * "write_gb_per_second", "triad_gb_per_second"}, "l2", "l3", "dram", "seconds"}; not known: null.
 * The caller releases it. */
json_t *roof_describe(const struct roof *);

#endif
