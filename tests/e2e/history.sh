#!/bin/sh
# Runs kept in a history, and the run from which on they are others.
set -eu
. "$(dirname "$0")/lib.sh"

cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 60, features: 2, classes: 2, separation: 4, validation: 10, test: 10}
grid: {engine: naive, network: S, batch_size: 10, learning_rate: 0.3}
budget: {epochs: 1}
END_OF_FILE

case='a run that is added'
ends_with 0 run trained.yaml --results results/trained --no-charts
ends_with 0 history add results/trained
prints 'results/trained in results/history.csv'
[ "$(wc -l <results/history.csv)" -eq 2 ] || fail 'not one row'
ends_with 1 history add results/trained
complains 'results/history.csv:2: has the run of'
says_one_line
ends_with 1 history scan
complains 'no number stands there 4 times'
says_one_line

case='a step between runs'
awk 'BEGIN {
    print "time,commit,experiment,machine,libraries,e/a/examples_per_second"
    for (i = 10; i < 40; i++) print "2026-01-" i ",c" i ",e,m,l," (i < 30 ? 1000 : 800) + i * 7 % 5
}' >steps.csv
ends_with 0 history scan --history steps.csv
prints 'c30' 'worse' 'step' '1 change'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
grep -q '^e/a/examples_per_second,m,2026-01-30,c30,2026-01-29,c29,step,worse,' changes.csv ||
    fail 'not in changes.csv'
if command -v gnuplot >/dev/null; then [ -s figures/history.svg ] || fail 'no chart'; fi
has_no_leftovers .
ends_with 0 history scan --history steps.csv --no-chart --least 0.5
prints '0 changes'

case='what is no command'
ends_with 64 history
ends_with 64 history add
ends_with 64 history scan more
ends_with 64 history scan --p 1
ends_with 1 history add missing
complains 'missing/cells.csv: No such file'
