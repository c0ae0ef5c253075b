#!/bin/sh
# Named budgets side by side, and tuning within each.
set -eu
. "$(dirname "$0")/lib.sh"

cat >budgets.yaml <<'END_OF_FILE'
question: Which K is best at equal epochs, at equal updates, and to a training loss?
dataset: {name: blobs, examples: 600, features: 4, classes: 3, separation: 2, validation: 100}
grid:
  engine: naive
  network: S
  batch_size: [8, 64]
  budget: [epochs, updates, to-loss]
tuning:
  keys: {learning_rate: {from: 0.1, to: 0.2}}
  seeds: [101]
  by: updates_to_train_loss_0.6
  extend: 1
targets: {train_loss: 0.6}
budgets:
  epochs: {epochs: 3}
  updates: {updates: 60}
  to-loss: {epochs: 30, train_loss: 0.5, patience: 8}
evaluation: {first: 50}
END_OF_FILE

case='each cell ends by its own budget'
ends_with 0 run budgets.yaml --results whole --no-charts --jobs 2
prints 'budget epochs' 'budget updates' 'budget to-loss'
[ "$(column whole/cells.csv budget | tr '\n' ' ')" = \
    'epochs updates to-loss epochs updates to-loss ' ] || fail 'other budgets'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
         NR > 1 { print $at["budget"], $at["reason"], $at["updates"] }' whole/cells.csv >ends
grep -q '^epochs budget: epochs' ends || fail 'epochs'
[ "$(grep -c '^updates budget: updates 60$' ends)" -eq 2 ] || fail 'updates'
[ "$(grep -c '^to-loss budget: train_loss' ends)" -gt 0 ] || fail 'to-loss'

case='every budget is a group of the tuning'
[ "$(column whole/tuning.csv group | sort -u | wc -l)" -eq 6 ] || fail 'not 6 groups'

case='a changed budget is other cells, and the rest stay'
before=$(finished_cells whole)
sed 's/updates: 60/updates: 70/' budgets.yaml >changed.yaml
ends_with 0 run changed.yaml --results whole --no-charts --jobs 2
[ "$(finished_cells whole)" -gt "$before" ] || fail 'nothing ran'
column whole/cells.csv updates | grep -q '^70$' || fail 'not 70 updates'

case='an unknown budget'
sed 's/to-loss\]/to-los]/' budgets.yaml >bad.yaml
ends_with 1 run bad.yaml --results refused
says_one_line
complains bad.yaml:7: "'to-los' is unknown" default
is_absent refused
