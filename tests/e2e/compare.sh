#!/bin/sh
# Two results folders side by side: what is said, drawn and returned.
set -eu
. "$(dirname "$0")/lib.sh"

cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 4, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: [10, 50], learning_rate: 0.3, seed: [1, 2, 3]}
budget: {epochs: 10}
targets: {validation_loss: [0.9]}
END_OF_FILE

ends_with 0 run trained.yaml --results a --no-charts
cp -R a b

case='the same results'
ends_with 0 compare a b --strict
prints '0 worse' '0 unclear' 'Numbers b/comparison.csv'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
[ -s b/comparison.csv ] || fail 'no comparison.csv'
if command -v gnuplot >/dev/null; then [ -s b/figures/comparison.svg ] || fail 'no chart'; fi
has_no_leftovers b

case='a slower side, three times as long or with three times the updates'
# scale PATTERN: b/cells.csv, from that of a
scale() {
    awk -F, -v OFS=, -v pattern="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ pattern) at = i }
        NR > 1 && $at != "" { $at = (3 + NR / 100) * $at } { print }' a/cells.csv >b/cells.csv
}
scale '^seconds_to'
ends_with 0 compare a b --output c --no-chart --all
prints 'seconds to validation loss 0.9' 'worse' 'Numbers c/comparison.csv' 'in no interval'
is_absent c/figures
ends_with 5 compare a b --no-chart --strict
ends_with 4 compare a b --no-chart --trust-clock
ends_with 0 compare b a --no-chart --trust-clock
scale '^updates_to'
ends_with 4 compare a b --no-chart

case='a cell of one side only'
head -n 3 a/cells.csv >b/cells.csv
ends_with 0 compare a b --no-chart
prints 'only in A'
ends_with 5 compare a b --no-chart --strict

case='a cell that failed'
sed '2s/,budget,/,crashed,/; 2s/,reached,/,crashed,/' a/cells.csv >b/cells.csv
ends_with 1 compare a b --no-chart
prints 'B failed 1 of'
complains 'b: failed cells that ran in a'

case='another machine'
cp a/cells.csv b/cells.csv
sed 's/"cpu": "[^"]*"/"cpu": "abacus"/' a/manifest.json >b/manifest.json
ends_with 1 compare a b --no-chart
complains "machine cpu" "'abacus', expected the same (--anyway)"
says_one_line
ends_with 0 compare a b --no-chart --anyway
prints 'cpu: ' '-> abacus'

case='what is no pair of results'
ends_with 64 compare a
ends_with 64 compare a b c
ends_with 64 compare a b --margin none
ends_with 64 compare a b --margin 0
ends_with 1 compare a ./a
complains 'are the same folder'
ends_with 1 compare a missing
complains 'missing/cells.csv: No such file'
says_one_line
