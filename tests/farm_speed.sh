#!/bin/sh
# How much sooner two ranks are done than one process, each with one cell at a time: on an idle machine
# with two processors.
#
#     sh farm_speed.sh BATCHLAB TEST_ENGINES [--pairs N]
#
# Both are run in turn, N times (5); the ratio of each pair is printed, of the whole time
# and of the time between the start of the first cell and the end of the last (manifest.json), and that
# results are the same. No test: it asserts no time.
set -eu
. "$(dirname "$0")/e2e/lib.sh"
needs_mpirun
shift 2
pairs=5
while [ $# -gt 0 ]; do
    case $1 in
    --pairs) pairs=$2 ;;
    *) fail "unknown option $1" ;;
    esac
    shift 2
done

# 24 cells of about a second each.
slow_grid 300000 | sed 's/learning_rate.*/&\n  seed: [1, 2, 3]/' >grid.yaml

now() { date +%s.%N; }
wall() { sed -n 's/.*"wall_seconds": \([0-9.]*\).*/\1/p' "$1/manifest.json"; }

for pair in $(seq "$pairs"); do
    rm -rf one two
    start=$(now)
    ends_with 0 run grid.yaml --results one --jobs 1 --no-charts
    middle=$(now)
    mpirun_ends_with 0 -n 2 "$batchlab" run grid.yaml --results two --jobs 1 --no-charts --no-roof
    end=$(now)
    convergence_of one >expected
    convergence_of two >found
    is_same found expected
    echo "$start $middle $end $(wall one) $(wall two)" | awk -v pair="$pair" '{
        printf "pair %d: one process %.2f s, two ranks %.2f s: %.3f; without start and end %.2f s, %.2f s: %.3f\n",
            pair, $2 - $1, $3 - $2, ($2 - $1) / ($3 - $2), $4, $5, $4 / $5 }'
done
