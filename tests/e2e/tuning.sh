#!/bin/sh
# Tuning from the file to cells.csv, interrupted in its middle, resumed, and with bad input.
set -eu
. "$(dirname "$0")/lib.sh"

cat >tuned.yaml <<'END_OF_FILE'
question: Which rate is best for each batch size, and how good is it on other seeds?
dataset: {name: blobs, examples: 600, features: 4, classes: 3, separation: 2, validation: 100, test: 50}
grid:
  engine: naive
  network: S
  seed: [1, 2]
  cases:
    - {batch_size: [8, 64]}
    - {batch_size: 8, learning_rate: 0.15} # published: not tuned
tuning:
  keys: {learning_rate: {from: 0.1, to: 0.4}}
  seeds: [101, 102, 103]
  extend: 2
targets: {validation_error: 0.3}
budget: {epochs: 4}
evaluation: {first: 50}
quick: {tuning: {seeds: [104], extend: 0}}
END_OF_FILE

case='the plan names the first round and what follows'
ends_with 0 plan tuned.yaml --results whole
prints 'First round of tuning: 18 cells, 0 finished' '6 cells of the grid' 's101-'
is_absent whole

case='all rounds, then the grid'
ends_with 0 run tuned.yaml --results whole --no-charts --jobs 2
[ "$(wc -l <whole/cells.csv)" -eq 7 ] || fail 'cells.csv has not 6 rows'
[ "$(column whole/cells.csv seed | sort -u | tr '\n' ' ')" = '1 2 ' ] || fail 'other seeds'
[ "$(column whole/cells.csv tuned | grep -c learning_rate)" -eq 4 ] || fail 'not 4 tuned cells'
[ "$(column whole/tuning.csv chosen | grep -c 1)" -eq 2 ] || fail 'not 2 values are chosen'
column whole/tuning_cells.csv seed | grep -q '^[12]$' && fail 'a seed of the grid was tuned on'
grep -q '^tuning 1: 1/' err || fail 'progress does not name the round'
has_cells whole $(($(wc -l <whole/tuning_cells.csv) + 5))
has_no_leftovers whole
convergence_of whole >expected
columns_except whole/tuning.csv none >expected-tuning

case='the chosen value is that of the grid'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
         $at["chosen"] == 1 { print $at["batch_size"], $at["learning_rate"], $at["edge"] }' \
    whole/tuning.csv >chosen
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
         NR > 1 && $at["tuned"] { print $at["batch_size"], $at["learning_rate"], $at["edge"] }' \
    whole/cells.csv | uniq >used
is_same chosen used

case='an arm of the value that is chosen for another is the same cell, and not missing'
sed "s/learning_rate: 0.15/learning_rate: $(awk '$1 == 8 { print $2 }' chosen)/" tuned.yaml >same.yaml
ends_with 0 run same.yaml --results same --no-charts --jobs 2
[ "$(wc -l <same/cells.csv)" -eq 5 ] || fail 'cells.csv has not 4 rows'
grep -q '"cells": 4,' same/manifest.json || fail 'the manifest does not count 4 cells'

case='the second run runs nothing'
ends_with 0 run tuned.yaml --results whole --no-charts
prints "$(finished_cells whole) finished cells were there already"
[ ! -s err ] || fail 'something on stderr'
convergence_of whole >again
is_same again expected

case='interrupted in the middle of tuning'
sed 's/epochs: 4/epochs: 400/' tuned.yaml >long.yaml
starts run long.yaml --results cut --no-charts --jobs 1
waits_for_cells cut 2
kill -INT "$process"
ended_with 130
complains 'cells unfinished'
has_no_leftovers cut
[ -e cut/tuning.csv ] || fail 'no tuning.csv'
[ "$(column cut/tuning.csv chosen | grep -c 1)" -eq 0 ] || fail 'chosen too early'
find cut/cells -name 'naive*-s2-*' | grep . && fail 'a cell of the grid ran'

case='deadline in the middle of tuning'
ends_with 0 run long.yaml --results cut --no-charts --jobs 1 --deadline 1.5
complains 'deadline reached'

case='an unfinished tuning goes on and comes to the same'
mkdir -p half/cells
for cell in whole/cells/*-a0.1-*-s10[12]-*; do cp -r "$cell" half/cells/; done
copied=$(finished_cells half)
ends_with 0 run tuned.yaml --results half --no-charts --jobs 2
prints "$copied finished cells were there already"
convergence_of half >resumed
is_same resumed expected
columns_except half/tuning.csv none >resumed-tuning
is_same resumed-tuning expected-tuning

case='a chosen value asked for by the grid is the same cell'
rate=$(awk '$1 == 64 { print $2 }' chosen)
sed -e '/^tuning:/,/^  extend/d' -e '/cases:/,/published/d' \
    -e "s/^  seed: .*/  seed: [1, 2]\n  batch_size: 64\n  learning_rate: $rate/" \
    -e '/^quick/d' tuned.yaml >plain.yaml
ends_with 0 run plain.yaml --results whole --no-charts
prints '2 finished cells were there already'

case='--quick overrides'
ends_with 0 plan tuned.yaml --quick
prints 'First round of tuning: 6 cells' 's104-'

case='--only'
ends_with 0 run tuned.yaml --results some --no-charts --only '-k64-'
[ "$(column some/cells.csv batch_size | sort -u)" = 64 ] || fail 'other cells'
ends_with 1 run tuned.yaml --results none --no-charts --only '-k7-'
complains 'matches none'

# ---- Bad input -----------------------------------------------------------------------------------

# refuses EDIT WORDS...
refuses() {
    case="$1"
    sed "$1" tuned.yaml >bad.yaml
    shift
    ends_with 1 run bad.yaml --results refused
    says_one_line
    complains "$@"
    is_absent refused
}

refuses 's/\[101, 102, 103\]/[101, 2]/' bad.yaml:10: '2 is a seed of the grid'
refuses 's/from: 0.1/from: 0/' bad.yaml:11: "from: '0' is not valid"
refuses 's/learning_rate: {/depth: {/' bad.yaml:11: "'depth' cannot be tuned"
refuses 's/  network: S/  learning_rate: 0.1/; s/, learning_rate: 0.15//' bad.yaml:5: 'in the grid and is tuned'
refuses 's/  extend: 2/  by: seconds_to_loss_1/' bad.yaml:10: 'is unknown' seconds_to_
refuses 's/validation: 100, //; s/^targets.*//' bad.yaml:10: 'needs validation examples'
