#!/bin/sh
# A results folder in the formats that other tools read: what is written, said and refused.
set -eu
. "$(dirname "$0")/lib.sh"

cat >timed.yaml <<'END_OF_FILE'
question: How fast?
measure: throughput
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: [10, 50]}
throughput: {seconds: 0.02, block_seconds: 0.001, blocks: 6}
END_OF_FILE
cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 4, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: 10, learning_rate: 0.3, seed: [1, 2, 3, 4, 5, 6]}
budget: {epochs: 4}
targets: {validation_loss: [0.9, 0.0001]}
END_OF_FILE
ends_with 0 run timed.yaml --results timed --no-charts
ends_with 0 run trained.yaml --results trained --no-charts

# has FILE WORDS...
has() {
    file=$1
    shift
    for words; do
        grep -q -F -e "$words" "$file" || fail "$file does not say '$words'"
    done
}

case='blocks'
ends_with 0 export timed
prints 'google-benchmark.json' 'junit.xml' 'Files in timed/export'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
blocks=$(($(wc -l <timed/timings.csv) - 1))
[ "$(grep -c '"run_type": "iteration"' timed/export/google-benchmark.json)" -eq "$blocks" ] ||
    fail "not a row for each of $blocks blocks"
has timed/export/google-benchmark.json '/gather"' '/pregathered"' '"time_unit": "ns"' \
    '"json_schema_version": 1' '"items_per_second"'
has timed/export/github-action-smaller.json '"unit": "us/update"'
has timed/export/github-action-bigger.json '"unit": "examples/s"'
has timed/export/bencher.json '"latency"' '"throughput"'
has timed/export/junit.xml 'tests="4" failures="0" errors="0"'
has_no_leftovers timed/export

case='seeds and targets'
ends_with 0 export trained --output elsewhere/deep
prints 'Files in elsewhere/deep' 'left out'
is_absent trained/export
[ "$(grep -c '"run_type"' elsewhere/deep/google-benchmark.json)" -eq 6 ] || fail 'not a row a seed'
has elsewhere/deep/bencher.json '"lower_value"' '"seconds_to_validation_loss_0.9"' '"updates_to_validation_loss_0.9"'
has elsewhere/deep/github-action-smaller.json '/train/seconds_to_validation_loss_0.9"' '"unit": "s"'
if grep -q 'validation_loss_0.0001' elsewhere/deep/*; then fail 'has what was never reached'; fi

case='one format to stdout'
ends_with 0 export timed --print ctest
[ "$(grep -c '^<CTestMeasurement type="numeric/double" name="timed/' out)" -eq 12 ] ||
    fail 'not three numbers for each of four cases'
ends_with 0 export timed --print junit
is_same out timed/export/junit.xml
ends_with 0 export trained --print comment
prints '**trained: 1 cell.**'

case='cells that failed'
sed 's/,budget,median over[^,]*,/,crashed,signal 11,/' timed/cells.csv >cells && cp cells timed/cells.csv
ends_with 0 export timed
prints 'left out: not reached, failed or no number'
has timed/export/google-benchmark.json '"error_message": "seed 1 of 1: crashed: signal 11"'
has timed/export/junit.xml 'errors="4"'
is_absent timed/export/github-action-bigger.json # nothing of the earlier run stays
is_absent timed/export/bencher.json

case='what is no results folder'
ends_with 64 export
ends_with 64 export timed trained
ends_with 64 export timed --print yaml
ends_with 1 export missing
complains 'missing/cells.csv: No such file'
says_one_line
is_absent missing
mv trained/manifest.json kept
ends_with 1 export trained
complains 'trained: has no manifest.json'
says_one_line
mv kept trained/manifest.json
sed -n 1p trained/cells.csv >cells && mv cells trained/cells.csv
ends_with 1 export trained
complains 'trained: has nothing that was timed'
says_one_line
is_absent trained/export
ends_with 1 export timed --output timed/cells.csv
says_one_line
