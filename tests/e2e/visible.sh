#!/bin/sh
# The program must not show a BLAS or GSL of its own: an engine's library would bind to it.
set -eu
. "$(dirname "$0")/lib.sh"

case='no symbol of GSL or its BLAS is exported'
nm -D --defined-only "$batchlab" >exported
if grep -E ' (gsl_|cblas_)' exported >out; then fail "$(wc -l <out) such symbols"; fi
