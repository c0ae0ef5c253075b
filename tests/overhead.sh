#!/bin/sh
# What it costs a cell to have a process of its own and to be on the disk once it is done, in
# milliseconds: cells of a few microseconds, one at a time, from one's end to the next one's, less
# what the cell itself spends on its data, engine, training and evaluation (wall_seconds).
#
#     sh overhead.sh BATCHLAB TEST_ENGINES [--cells N] [--rounds N]
#
# N cells (200) in each round (5) as always, and with an fsync that does nothing, which leaves what
# the process costs; interleaved, medians over rounds. Wants a quiet machine. Results lie in the
# current folder: the disk that is measured is its.
set -eu
. "$(dirname "$0")/e2e/lib.sh"
shift 2
cells=200 rounds=5
while [ $# -gt 0 ]; do
    case $1 in
    --cells) cells=$2 ;;
    --rounds) rounds=$2 ;;
    *) fail "unknown option $1" ;;
    esac
    shift 2
done

{
    echo 'dataset: {name: blobs, examples: 80, features: 3, classes: 3, validation: 20}'
    echo 'networks: {tiny: {hidden: [4]}}'
    echo 'grid:'
    echo '  engine: naive'
    echo '  network: tiny'
    echo "  seed: [$(seq -s ', ' "$cells")]"
    echo 'budget: {updates: 10}'
} >grid.yaml

# measures NAME [WITH...]: adds to NAME the milliseconds from cell to cell and those of a cell itself.
measures() {
    name=$1
    shift
    env "$@" "$batchlab" run grid.yaml --results results --jobs 1 --no-charts >out 2>err ||
        fail 'the run failed'
    has_cells results "$cells"
    column results/cells.csv wall_seconds | awk '{ sum += $1 } END { printf "%.4f ", 1000 * sum / NR }' >>"$name"
    find results/cells -mindepth 1 -maxdepth 1 -printf '%T@\n' | sort -n | awk '
        NR == 1 { first = $1 }
        END { printf "%.4f\n", 1000 * ($1 - first) / (NR - 1) }' >>"$name"
    rm -rf results
}

median() {
    sort -n | awk '{ x[NR] = $1 } END { printf "%.2f", (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
}

: >synced
: >unsynced
round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    measures synced
    measures unsynced "LD_PRELOAD=$faulty_engines/unsynced.so"
done
echo "| ms a cell, median of $rounds rounds of $cells cells | as always | without fsync |"
echo '|---|---:|---:|'
echo "| the cell itself | $(awk '{ print $1 }' synced | median) | $(awk '{ print $1 }' unsynced | median) |"
echo "| from cell to cell | $(awk '{ print $2 }' synced | median) | $(awk '{ print $2 }' unsynced | median) |"
echo "| process and results | $(awk '{ print $2 - $1 }' synced | median) | $(awk '{ print $2 - $1 }' unsynced | median) |"
