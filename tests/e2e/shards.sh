#!/bin/sh
# Shards of an experiment, each in its own folder, and one folder made of them; what else merging has
# to do with: merge.sh.
set -eu
. "$(dirname "$0")/lib.sh"

small_grid >grid.yaml

case='the whole'
ends_with 0 run grid.yaml --results whole
convergence_of whole >expected

case='three shards'
for shard in 1 2 3; do
    ends_with 0 run grid.yaml --results part --shard $shard/3 --no-charts
    prints "batchlab merge grid.yaml --results part part-shard-*-of-3"
done
is_absent part
total=$(($(finished_cells part-shard-1-of-3) + $(finished_cells part-shard-2-of-3) + $(finished_cells part-shard-3-of-3)))
[ "$total" -eq 6 ] || fail "the shards have $total cells, expected 6"

case='merged'
ends_with 0 merge grid.yaml --results part part-shard-*-of-3
prints '6 cells added from 3 folders' 'part: 6 cells in cells.csv'
convergence_of part >found
is_same found expected
ends_with 0 verify part
prints '6 cells of 6 planned: 0 damaged'
[ "$(grep -c '"started"' part/manifest.json)" -eq 3 ] || fail 'the manifest does not have three runs'

case='shards that have no cells'
ends_with 0 run grid.yaml --results part --shard 7/7
prints 'has no cells'
is_absent part-shard-7-of-7

case='bad shards'
for shard in 0/3 4/3 1/0 1 1/3x -1/3 1/5000 a/b ''; do
    ends_with 64 run grid.yaml --results bad --shard "$shard"
    complains 'expected I/N with 1 <= I <= N'
done
is_absent bad

case='a cell that was run twice'
ends_with 1 merge grid.yaml --results whole part-shard-1-of-3
complains part-shard-1-of-3/cells/ 'differs from that of whole'
says_one_line
convergence_of whole >found
is_same found expected
