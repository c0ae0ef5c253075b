#!/bin/sh
# Ranks speak to each other: by MPI, and through carriers; and what happens when one ends.
set -eu
. "$(dirname "$0")/lib.sh"
needs_mpirun
test_ranks=$3
# What MPI libraries keep to their end is not ours.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS

for mode in direct post lost; do
    case=$mode
    mpirun_ends_with 0 -n 3 "$test_ranks" $mode
done

case='the exit status is that of rank 0'
mpirun_ends_with 5 -n 3 "$test_ranks" status

case='rank 0 is killed'
mpirun_ends_with 1 -n 3 "$test_ranks" killed
complains 'rank 0 was ended by signal 9'
