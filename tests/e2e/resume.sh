#!/bin/sh
# What is finished stays finished: same command, grown grid, other experiment, same numbers.
set -eu
. "$(dirname "$0")/lib.sh"

cat >grid.yaml <<'END'
question: Does it go on where it was?
dataset: {name: blobs, examples: 500, features: 4, classes: 3, validation: 100, test: 50}
grid:
  engine: [naive, blas]
  batch_size: [1, 16, full]
  learning_rate: 0.05
targets: {validation_error: 0.3}
budget: {epochs: 2}
evaluation: {first: 50}
END

# Modification times and contents of all finished cells.
state_of() {
    find "$1/cells" -type f -exec ls -l --time-style=full-iso {} + | sort
}

case='the first run'
ends_with 0 run grid.yaml --results out-1 --no-charts
has_cells out-1 6
prints '6 cells in'
has_no_leftovers out-1
cp out-1/cells.csv cells-before.csv
cp out-1/curves.csv curves-before.csv
state_of out-1 >state-before

case='the second run runs nothing'
ends_with 0 run grid.yaml --results out-1 --no-charts
prints '6 finished cells were there already'
[ ! -s err ] || fail 'something on stderr'
is_same out-1/cells.csv cells-before.csv
is_same out-1/curves.csv curves-before.csv
state_of out-1 >state-after
is_same state-after state-before

case='a grown grid runs only what is new'
sed -e 's/\[1, 16, full\]/[1, 4, 16, full]/' -e 's/question: .*/question: Another wording?/' \
    grid.yaml >grown.yaml
ends_with 0 run grown.yaml --results out-1 --no-charts
prints '2 cells in' '6 finished cells were there already'
has_cells out-1 8
[ "$(wc -l <out-1/cells.csv)" -eq 9 ] || fail 'cells.csv has not 8 rows'
state_of out-1 >state-grown
comm -23 state-before state-grown >changed
[ ! -s changed ] || fail "changed: $(cat changed)"

case='a shrunk grid shows what it asks for and keeps the rest'
ends_with 0 run grid.yaml --results out-1 --no-charts
is_same out-1/cells.csv cells-before.csv
has_cells out-1 8

case='one cell only, then the others'
ends_with 0 run grid.yaml --results out-2 --no-charts --only '^blas.*-k16-'
has_cells out-2 1
ends_with 0 run grid.yaml --results out-2 --no-charts --jobs 1
prints '5 cells in' '1 finished cells were there already'

case='the same engines, seeds and threads give the same bytes'
convergence_of out-1 >first
convergence_of out-2 >second
is_same first second
column out-1/curves.csv train_loss | awk 'NF == 0 || $1 != $1 + 0 { exit 1 }' ||
    fail 'train_loss is not a number'

case='another experiment in the folder is refused'
sed 's/epochs: 2/epochs: 3/' grid.yaml >other.yaml
ends_with 1 run other.yaml --results out-1 --no-charts
says_one_line
complains out-1 'another experiment' --force
state_of out-1 >state-after
is_same state-after state-grown
is_same out-1/cells.csv cells-before.csv

case='other data in the folder are refused'
sed 's/examples: 500/examples: 500, seed: 7/' grid.yaml >other-data.yaml
ends_with 1 run other-data.yaml --results out-1 --no-charts
says_one_line
complains out-1 --force

case='the folder is taken over by force, and its cells stay'
ends_with 0 run other.yaml --results out-1 --no-charts --force
prints '6 cells in'
has_cells out-1 14
[ "$(wc -l <out-1/cells.csv)" -eq 7 ] || fail 'cells.csv has not 6 rows'

case='a damaged manifest is named'
echo '{' >out-2/manifest.json
ends_with 1 run grid.yaml --results out-2 --no-charts
says_one_line
complains out-2/manifest.json --force

case='a damaged cell is run again'
rm out-2/manifest.json
: >"$(find out-2/cells -name cell.csv | head -n 1)"
ends_with 0 run grid.yaml --results out-2 --no-charts
prints '1 cell in' '5 finished cells were there already'
convergence_of out-2 >second
is_same first second

case='seconds of another machine are not mixed in, unless by force'
ends_with 0 run grid.yaml --results out-3 --no-charts --only k16
sed 's/"cpu": ".*"/"cpu": "Another processor"/' out-3/manifest.json >manifest.json
cp manifest.json out-3/manifest.json
ends_with 1 run grid.yaml --results out-3 --no-charts
says_one_line
complains out-3 'another machine' 'Another processor' --force
has_cells out-3 2
ends_with 0 run grid.yaml --results out-3 --no-charts --only k16 # nothing to measure
grep -q '"cpu": "Another processor"' out-3/manifest.json || fail 'the machine was relabelled'
ends_with 0 run grid.yaml --results out-3 --no-charts --force
prints '4 cells in'

case='changed data are other cells, by force too'
i=0
echo 'a,b,class' >points.csv
while [ "$i" -lt 60 ]; do
    echo "$i,$((i % 7)),$((i % 2))" >>points.csv
    i=$((i + 1))
done
cat >points.yaml <<'END'
dataset: {name: csv, path: points.csv, label: class, validation: 10}
grid: {engine: naive, batch_size: [1, 8]}
budget: {epochs: 1}
END
ends_with 0 run points.yaml --results out-4 --no-charts
sed 's/^3,3,1/3,4,1/' points.csv >moved.csv
mv moved.csv points.csv
ends_with 1 run points.yaml --results out-4 --no-charts
says_one_line
complains out-4 'other data' --force
ends_with 0 run points.yaml --results out-4 --no-charts --force
prints '2 cells in'
has_cells out-4 4

case='the folder it is called from does not matter'
mkdir elsewhere
cd elsewhere
ends_with 0 run ../points.yaml --results ../out-4 --no-charts
prints '2 finished cells were there already'
cd ..
