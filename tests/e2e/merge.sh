#!/bin/sh
# Results folders made one: again, with some missing, damaged, unfinished, foreign or in use; and of a
# tuning.
set -eu
. "$(dirname "$0")/lib.sh"

small_grid >grid.yaml

case='folders to merge'
ends_with 0 run grid.yaml --results whole
convergence_of whole >expected
for shard in 1 2 3; do
    ends_with 0 run grid.yaml --results part --shard $shard/3 --no-charts
done
ends_with 0 merge grid.yaml --results part part-shard-*-of-3

case='a shard again finds its own cells finished'
ends_with 0 run grid.yaml --results part/ --shard 2/3
prints "$(finished_cells part-shard-2-of-3) finished cells were there already"

case='merged again, and gone on from'
ends_with 0 merge grid.yaml --results part part-shard-*-of-3
prints '0 cells added'
[ "$(grep -c '"started"' part/manifest.json)" -eq 3 ] || fail 'runs were entered twice'
ends_with 0 run grid.yaml --results part
prints '6 finished cells were there already'

case='without one shard, the rest is run'
ends_with 0 merge grid.yaml --results most part-shard-1-of-3 part-shard-3-of-3
ends_with 0 run grid.yaml --results most
convergence_of most >found
is_same found expected

case='a damaged cell'
cp -r part-shard-1-of-3 damaged
for cell in damaged/cells/*/; do break; done
echo more >>"$cell/cell.csv"
ends_with 1 merge grid.yaml --results fresh part-shard-2-of-3 damaged
complains "${cell%/}/cell.csv has" 'batchlab verify damaged'
is_absent fresh

case='a cell that failed gives way to one that is finished'
cp -r part-shard-1-of-3 failed
cell=${cell#damaged/cells/}
sed 's/,budget,/,crashed,/' "failed/cells/$cell/cell.csv" >cell.csv
mv cell.csv "failed/cells/$cell/cell.csv"
rm "failed/cells/$cell/checksums.csv"
ends_with 0 merge grid.yaml --results mended failed part-shard-1-of-3
grep -q ',budget,' "mended/cells/$cell/cell.csv" || fail 'the failed one stayed'
ends_with 0 merge grid.yaml --results mended failed
grep -q ',budget,' "mended/cells/$cell/cell.csv" || fail 'the failed one came back'

case='folders that are none, or of other experiments'
ends_with 1 merge grid.yaml --results fresh nowhere
complains 'nowhere: No such file'
mkdir empty
ends_with 1 merge grid.yaml --results fresh empty
complains 'empty/manifest.json' 'expected a results folder'
sed 's/epochs: 1/epochs: 2/' grid.yaml >other.yaml
ends_with 1 merge other.yaml --results fresh part-shard-1-of-3
complains 'holds another experiment'
sed 's/features: 4/features: 5/' grid.yaml >other.yaml
ends_with 1 merge other.yaml --results fresh part-shard-1-of-3
complains part-shard-1-of-3
is_absent fresh
ends_with 1 merge grid.yaml --results part part-shard-1-of-3 part
complains 'cannot be joined with itself'

case='of another machine'
cp -r part-shard-1-of-3 elsewhere
sed 's/"cpu": ".*"/"cpu": "Another 9000"/' elsewhere/manifest.json >manifest
mv manifest elsewhere/manifest.json
ends_with 1 merge grid.yaml --results fresh part-shard-2-of-3 elsewhere
complains 'another machine (Another 9000' --force
is_absent fresh
ends_with 0 merge grid.yaml --results fresh part-shard-2-of-3 elsewhere --force

case='in use'
(
    flock 9
    ends_with 1 merge grid.yaml --results held part-shard-1-of-3
) 9>>part-shard-1-of-3/.lock || exit 1

case='tuned cells'
tuned_grid >tuned.yaml
ends_with 0 run tuned.yaml --results tuned
for shard in 1 2; do
    ends_with 0 run tuned.yaml --results tuning --shard $shard/2
done
ends_with 0 merge tuned.yaml --results tuning tuning-shard-*
is_same tuning/tuning.csv tuned/tuning.csv
convergence_of tuned >expected
convergence_of tuning >found
is_same found expected
ends_with 0 verify tuning

case='what auto stands for'
cat >auto.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, network: S, threads: auto, batch_size: [1, 8, full]}
budget: {epochs: 1}
END
for shard in 1 2; do
    ends_with 0 run auto.yaml --results auto --shard $shard/2 --no-charts
done
ends_with 0 merge auto.yaml --results auto auto-shard-*
[ "$(column auto/choices.csv batch_size | sort -u | wc -l)" -eq 3 ] ||
    fail "choices are missing: $(cat auto/choices.csv)"
cat auto-shard-*/choices.csv | grep -v asked_engine | sort >expected
grep -v asked_engine auto/choices.csv | sort >found
is_same found expected
ends_with 0 verify auto
