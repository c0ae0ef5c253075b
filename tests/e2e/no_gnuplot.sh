#!/bin/sh
# Without gnuplot the results are complete; only drawing fails, and says what to install.
set -eu
. "$(dirname "$0")/lib.sh"

cat >chart.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, batch_size: [8, 32], learning_rate: [0.01, 0.05]}
targets: {validation_error: 0.5}
budget: {epochs: 2}
charts: [loss, target, heatmap]
END

mkdir nothing

case='a run without gnuplot'
status=0
env PATH="$scratch/nothing" "$batchlab" run chart.yaml --results results >out 2>err || status=$?
[ "$status" -eq 0 ] || fail "exit status $status, expected 0"
complains gnuplot-nox results
[ "$(grep -c '^batchlab' err)" -eq 1 ] || fail 'said more than once'
has_cells results 4
[ "$(wc -l <results/cells.csv)" -eq 5 ] || fail 'cells.csv has not 4 rows'
has_no_leftovers results

case='drawing without gnuplot'
status=0
env PATH="$scratch/nothing" "$batchlab" plot results loss >out 2>err || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
says_one_line
complains gnuplot-nox
has_no_leftovers results

case='drawing once gnuplot is there'
if ! command -v gnuplot >/dev/null; then exit 0; fi
ends_with 0 plot results
for chart in loss target heatmap; do
    for suffix in csv svg png pdf; do
        [ -s "results/figures/$chart.$suffix" ] || fail "no figures/$chart.$suffix"
    done
done
has_no_leftovers results
