#!/bin/sh
# Probes: the same rows for the same seed, in a file of their own, and nothing changed without them.
set -eu
. "$(dirname "$0")/lib.sh"

cat >probed.yaml <<'END'
dataset: {name: blobs, examples: 400, features: 5, classes: 3, validation: 80}
networks: {tiny: {hidden: [4]}}
grid: {engine: naive, network: tiny, batch_size: [4, 16], learning_rate: 0.1, seed: [1, 2, 3]}
budget: {epochs: 2}
probes:
  at: [0, 1, 2]
  which: [noise_scale, sampling, nested, energy, effective_size, sharpness, linear_probe, duplicates,
          predictions]
  batch_sizes: [1, 8, 320]
  large_batch: 64
  draw_examples: 5000
END
sed '/^probes:/,$d' probed.yaml >plain.yaml

case='probes are recorded'
ends_with 0 run probed.yaml --results first --no-charts
ends_with 0 run probed.yaml --results second --no-charts
for file in probes predictions decomposition; do
    [ "$(sed 1d first/$file.csv | cut -d, -f1 | sort -u | wc -l)" -eq 6 ] ||
        fail "$file.csv does not have six cells"
done
[ "$(column first/probes.csv epoch | sort -un | wc -l)" -eq 3 ] || fail 'not three evaluations'
for probe in noise_scale sampling nested energy effective_size sharpness linear_probe duplicates; do
    column first/probes.csv probe | grep -qx $probe || fail "no $probe"
done

case='the same seed gives the same rows'
for folder in first second; do columns_except $folder/probes.csv "$measured" >$folder.probes; done
is_same first.probes second.probes
is_same first/predictions.csv second/predictions.csv
is_same first/decomposition.csv second/decomposition.csv

# But for the best of the evaluations, of which there are more.
case='nothing else is different without them'
ends_with 0 run plain.yaml --results plain --no-charts
is_absent plain/probes.csv
is_absent plain/predictions.csv
for folder in first plain; do
    columns_except $folder/cells.csv "$measured|^id$|evaluations|best_" >$folder.cells
done
is_same first.cells plain.cells

case='the charts are drawn'
if command -v gnuplot >/dev/null; then
    for chart in noise_scale variance predictions; do
        ends_with 0 plot first $chart
        [ -s first/figures/$chart.svg ] || fail "no $chart.svg"
    done
fi
