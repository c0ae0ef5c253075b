#!/bin/sh
# Damage is found, named and repaired: a flipped bit, a short file, a cell that is gone.
set -eu
. "$(dirname "$0")/lib.sh"

cat >grid.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid:
  engine: naive
  batch_size: [1, 16, full]
  seed: [1, 2]
budget: {epochs: 1}
END

case='what was just written is sound'
ends_with 0 run grid.yaml --results res --no-charts
ends_with 0 verify res
prints '6 cells of 6 planned: 0 damaged, 0 missing, 0 other files damaged'
cp res/cells.csv cells-before.csv

case='what other commands write there they may write again'
echo 'claim' >res/verdicts.csv
ends_with 0 run grid.yaml --results res --no-charts
echo 'claim,verdict' >res/verdicts.csv
ends_with 0 verify res

case='a flipped bit, a short file and a cell that is gone'
set -- res/cells/*
cp -r "$1" kept-cell
printf '~' | dd of="$1/curve.csv" bs=1 seek=40 conv=notrunc 2>/dev/null
truncate -s -1 "$2/cell.csv"
rm -r "$3"
ends_with 1 verify res
prints "cells/$(basename "$1")/curve.csv differs: CRC-32" \
    "cells/$(basename "$2")/cell.csv has " "cells/$(basename "$3") is missing" \
    '5 cells of 6 planned: 2 damaged, 1 missing' 'verify --discard res' \
    'batchlab run grid.yaml --results res'

case='what is damaged steps aside and is made again, the rest stays'
ends_with 1 verify --discard res
prints 'Damaged cells were moved to res/damaged'
[ -d "res/damaged/$(basename "$1")" ] || fail 'the damaged cell is gone'
ends_with 0 run grid.yaml --results res --no-charts
prints '3 cells in' '3 finished cells were there already'
ends_with 0 verify res
cut -d, -f1-5,7- kept-cell/curve.csv >curve-before # all but the seconds
cut -d, -f1-5,7- "$1/curve.csv" >curve-after
is_same curve-after curve-before

case='derived files are made anew of the cells'
cp res/cells.csv cells-now.csv
rm res/cells.csv
printf 'x' >>res/curves.csv
ends_with 1 verify res
prints 'cells.csv is missing' 'curves.csv has ' 'batchlab merge grid.yaml --results res'
ends_with 0 merge grid.yaml --results res
prints '6 cells in cells.csv'
is_same res/cells.csv cells-now.csv
ends_with 0 verify res

case='a manifest that is cut short, and one that is gone'
cp res/manifest.json manifest.json
truncate -s 100 res/manifest.json
ends_with 1 verify res
prints 'manifest.json:' 'manifest.json has 100 bytes'
rm res/manifest.json
ends_with 1 verify res
complains 'res/manifest.json: No such file or directory, expected a results folder'
cp manifest.json res/

case='of an older version'
rm res/checksums.csv "$1/checksums.csv"
ends_with 0 verify res
prints 'no checksums.csv: written by an older version' '1 without checksums'

case='no cells, another experiment, no folder'
ends_with 1 merge grid.yaml --results nowhere
complains 'nowhere/cells: No such file or directory'
sed 's/examples: 300/examples: 301/' grid.yaml >other.yaml
ends_with 1 merge other.yaml --results res
complains 'holds '
ends_with 64 verify
ends_with 1 verify nowhere

case='a second run says who holds the folder'
sed -e 's/epochs: 1/seconds: 20/' grid.yaml >long.yaml
"$batchlab" run long.yaml --results held --no-charts >/dev/null 2>&1 &
process=$!
tries=0
until [ -s held/.lock ] || [ $tries -ge 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
ends_with 1 run long.yaml --results held --no-charts
kill -TERM "$process"
wait "$process" || :
held_by=$process
process=
complains "held: another batchlab is running in this folder (process $held_by on "
ends_with 1 run grid.yaml --results held --no-charts # the lock of a dead process is none
complains 'holds '

case='a run that chose engines and was killed has damaged nothing'
sed 's/engine: naive/engine: auto/' long.yaml >auto.yaml
starts run auto.yaml --results chosen --no-charts
waits_for_file chosen/choices.csv
kill -KILL "$process"
ended_with 137
ends_with 0 verify chosen
prints 'no checksums.csv' '0 other files damaged'
