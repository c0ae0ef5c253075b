#!/bin/sh
# Runs made elsewhere: what becomes of them, what judges them, what is refused; and the way out and back
# in the folders of Shallue et al.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
import=$home/experiments/import

case='a PyTorch log' # a part of it: every cell is synced to the disk, and tests are to be quick
awk -F, 'NR == 1 || $2 == 0.1 || ($2 == 2.5 && $3 == 1)' "$import/pytorch.csv" >log.csv
ends_with 0 import log.csv --columns "$import/pytorch.yaml" --no-charts
prints '18 runs of 450 evaluations, from 1 file, in results/pytorch' '17 budget, 1 diverged'
results=results/pytorch
[ "$(column $results/curves.csv update | wc -l)" -eq 450 ] || fail 'not a row for each evaluation'
# What is right is 1 less what is wrong; ms are thousandths; 32 updates of 8 are 256 of 4096 examples.
sed -n 3p log.csv >theirs
sed -n 3p $results/curves.csv >ours
[ "$(cut -d, -f2-4 ours)" = 0.0625,32,256 ] || fail "axes: $(cat ours)"
awk -F, '{ getline other < "ours"; split(other, o)
           exit !(o[6] == $5 / 1000 && o[8] == $6 && o[10] == $7 && o[11] + $8 - 1 < 1e-12) }' theirs ||
    fail "numbers: $(cat theirs ours)"
gzip -c log.csv >log.gz
grep -q "\"crc32\": \"$(gzip -lv log.gz | awk 'NR == 2 { print $2 }')\"" $results/manifest.json ||
    fail 'not the checksum of the file'
ends_with 0 verify $results
prints '18 cells of 18 planned: 0 damaged'
ends_with 0 verdict --no-charts $results
prints '2 of 2 claims delivered'
cat >claims.yaml <<'END_OF_FILE'
claims:
  - {claim: other, says: Large batches end no better, test: order, y: final_validation_error,
     arms: [{batch_size: 8, learning_rate: 0.1}, {batch_size: 512, learning_rate: 0.1}]}
END_OF_FILE
ends_with 0 verdict --no-charts --claims claims.yaml $results
prints 'other'
ends_with 0 report $results --output pages
grep -q 'imported' pages/pytorch.html || fail 'the page does not say that they were imported'
grep -q 'batchlab import FILE' pages/pytorch.md || fail 'the page does not say how to import them again'

case='a small table'
cat >small.csv <<'END_OF_FILE'
step,loss,k,a,s
0,2,4,0.1,1
2,1,4,0.1,1
2,1,4,0.1,2
4,0.5,4,0.1,1
4,,4,0.1,2
6,nan,4,0.1,2
END_OF_FILE
cat >small.yaml <<'END_OF_FILE'
machine: abacus
columns: {update: step, validation_loss: loss, batch_size: k, learning_rate: a, seed: s}
constants: {train_examples: 8}
targets: {validation_loss: 1}
END_OF_FILE
ends_with 0 import small.csv --columns small.yaml --into a
[ "$(column results/a/cells.csv outcome | tr '\n' ' ')" = 'budget diverged ' ] || fail 'not the outcomes'
[ "$(column results/a/cells.csv reason | tr '\n' ';')" = \
    'budget: the imported curve ends at update 4;imported: a loss is not finite at update 6;' ] || fail 'not the reasons'
[ "$(column results/a/cells.csv updates_to_validation_loss_1 | tr '\n' ' ')" = '2 2 ' ] || fail 'not the cost'
[ "$(column results/a/cells.csv seconds_to_validation_loss_1 | tr '\n' ' ')" = '  ' ] || fail 'seconds of no clock'
[ "$(column results/a/cells.csv targets_reached | tr '\n' ' ')" = '1 1 ' ] || fail 'not the targets'
[ "$(column results/a/cells.csv engine | tr '\n' ' ')" = 'imported imported ' ] || fail 'not the engine'
[ "$(column results/a/cells.csv optimizer | tr '\n' ' ')" = '  ' ] || fail 'an optimizer that nobody named'

case='the same again, the same bytes; other data, other cells'
cp -r results/a once
ends_with 0 import small.csv --columns small.yaml --into a
diff -r -x .lock once results/a >diff || fail "differs: $(head -n 3 diff)"
sed 's/,0.1,/,0.2,/' small.csv >other.csv
ends_with 0 import other.csv --columns small.yaml --into results/a
has_cells results/a 2
ends_with 0 verify results/a
echo >>"$(find results/a/cells -name curve.csv | head -n 1)"
ends_with 1 verify results/a
prints 'Import them again' '--columns small.yaml --into results/a'
ends_with 1 merge small.yaml --results results/a
ends_with 1 history add results/a
says_one_line

# refuses WHAT... : the import of bad.csv by bad.yaml ends with a line that says all of it.
refuses() {
    ends_with 1 import bad.csv --columns bad.yaml --into bad --no-charts
    for words; do
        grep -q -F -e "$words" err || fail "does not say '$words'"
    done
    [ "$(wc -l <err)" -eq 1 ] || fail 'not one line'
    is_absent results/bad
}
case='bad tables'
cp small.yaml bad.yaml
printf 'step,loss,k,a,s\n0,2,4,0.1,1\n0,2,4,0.1,1\n' >bad.csv
refuses 'bad.csv:3: update 0 of the run that begins in line 2 is there twice, expected'
printf 'step,loss,k,a,s\n4,2,4,0.1,1\n2,2,4,0.1,1\n' >bad.csv
refuses 'bad.csv:3: update 2 after 4 of the run that begins in line 2, expected'
printf 'step,loss,k,a,s\n4,good,4,0.1,1\n' >bad.csv
refuses 'bad.csv:2: loss: `good` is no number, expected one (bad.yaml:2: validation_loss)'
printf 'step,loss,k,a,s\n1.5,2,4,0.1,1\n' >bad.csv
refuses 'bad.csv:2: update is 1.5, expected a whole number'
printf 'step,loss,k,a,s\n,2,4,0.1,1\n' >bad.csv
refuses 'bad.csv:2: update is empty, expected'
printf 'step,loss,k,a,s\n-1,2,4,0.1,1\n' >bad.csv
refuses 'bad.csv:2: update is no count, expected'
printf 'step,loss,k,a,s\n1,2,0,0.1,1\n' >bad.csv
refuses 'bad.csv:2: batch_size' 'expected a number from 1 on'
printf 'step,loss,k,a,s\n1,2,4,high,1\n' >bad.csv
refuses 'bad.csv:2: a: `high` is no number'
printf 'step,loss,k,a,s\n1,2,4,0.1,x\n' >bad.csv
refuses 'bad.csv:2: s: `x` is no number'
printf 'step,loss,k,a,s\n1,2,4,0.1\n' >bad.csv
refuses 'bad.csv:2: '
printf 'step,loss,k,s\n1,2,4,1\n' >bad.csv
refuses 'bad.csv:1: no column `a` (bad.yaml:2: learning_rate), expected one of step, loss, k, s'
printf 'step,loss,k,a,s\n' >bad.csv
refuses 'bad.csv:1: no rows, expected evaluations'
: >bad.csv
refuses 'bad.csv'
case='runs that cannot be told apart'
printf 'name,step,loss,k,a,s\nx,1,2,4,0.1,1\ny,1,2,4,0.1,1\n' >bad.csv
sed '1i run: name' small.yaml >bad.yaml
refuses 'bad.csv:3: all settings and the seed are those of the run at bad.csv:2, expected'
printf 'name,step,loss,k,a,s\nx,1,2,4,0.1,1\nx,2,2,8,0.1,1\n' >bad.csv
refuses 'bad.csv:3: batch_size is `8`, in line 2 of the run `4`, expected'
sed -i 's/, seed: s//' bad.yaml
printf 'name,step,loss,k,a\nx,1,2,4,0.1\ny,1,2,4,0.1\n' >bad.csv
ends_with 0 import bad.csv --columns bad.yaml --into unnamed
[ "$(column results/unnamed/cells.csv seed | tr '\n' ' ')" = '1 2 ' ] || fail 'seeds are not numbered'
case='bad mappings'
cp small.csv bad.csv
printf 'columns: {update: step, train_loss: loss}\n' >bad.yaml
refuses 'bad.yaml:1: batch_size: missing, expected'
printf 'columns: {update: step}\nconstants: {batch_size: 4}\n' >bad.yaml
refuses 'bad.yaml:1: columns: expected a loss or an error'
printf 'columns: {epoch: step, train_loss: loss}\nconstants: {batch_size: 4}\n' >bad.yaml
refuses 'bad.yaml:1: columns: expected update, examples, or epoch with train_examples'
printf 'columns:\n  update: step\n  los: loss\n' >bad.yaml
refuses "bad.yaml:3: 'los' is no column that can be imported, expected"
printf 'columns:\n  update: {colum: step}\n' >bad.yaml
refuses "bad.yaml:2: update: unknown key 'colum', expected column, file"
printf 'columns:\n  update: {scale: 2}\n' >bad.yaml
refuses 'bad.yaml:2: update: expected column, or file and key'
printf 'columns:\n  update: step\nconstants:\n  update: 4\n' >bad.yaml
refuses 'bad.yaml:4: update: has a column and a constant, expected one'
printf 'colums: {}\n' >bad.yaml
refuses "bad.yaml:1: unknown key 'colums', expected columns"
printf 'columns: {update: step, train_loss: loss, outcome: s}\nconstants: {batch_size: 4}\nrun: s\n' >bad.yaml
refuses 'bad.csv:2: outcome `1`, expected reached, budget'
printf 'columns: {update: step, train_loss: loss, seed: {file: gone.json, key: s}}\nconstants: {batch_size: 4}\n' >bad.yaml
refuses 'gone.json'
printf '{"t": 1}\n' >there.json
printf 'columns: {update: step, train_loss: loss, seed: {file: there.json, key: s}}\nconstants: {batch_size: 4}\n' >bad.yaml
refuses 'there.json beside it has no `s`' '(bad.yaml:1: seed)'

case='the folders of Shallue et al.'
ends_with 0 import "$home/tests/fixtures/batch-science-made-up" --columns "$import/batch-science.yaml" \
    --into made-up --no-charts
prints '6 runs of 30 evaluations, from 6 files' '4 budget, 2 diverged'
[ "$(column results/made-up/cells.csv batch_size | uniq | tr '\n' ' ')" = '8 64 ' ] || fail 'not the batches'
[ "$(column results/made-up/cells.csv optimizer | uniq)" = nesterov ] || fail 'not the optimizer'

case='ours in their folders, and back'
cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 4, validation: 50, test: 50}
schedules: {falling: {kind: exponential, decay: 0.7}}
grid: {engine: naive, network: M, optimizer: nesterov, schedule: [constant, falling], batch_size: [10, full],
       learning_rate: [0.3, 1e12], seed: 1}
budget: {epochs: 4}
evaluation: {test: each}
targets: {validation_loss: [0.9, 0.0001], validation_error: 0.3}
END_OF_FILE
ends_with 0 run trained.yaml --results trained --no-charts
ends_with 0 export trained --format batch-science
prints '8 trials of 2 studies'
theirs=trained/export/batch-science
head -n 1 $theirs/blobs/M/nesterov_momentum/10/1/measurements.csv | grep -q \
    '^step,train/cross_entropy_error,train/classification_error,val/cross_entropy_error,val/classification_error,test/cross_entropy_error,test/classification_error,' ||
    fail 'not their columns'
grep -q '"status": "INFEASIBLE"' $theirs/blobs/M/nesterov_momentum/*/*/metadata.json || fail 'none diverged'
ends_with 1 export trained --format batch-science
says_one_line
ends_with 0 import $theirs --columns $theirs/map.yaml --into back
cut -d, -f2- trained/curves.csv | sort >curves
cut -d, -f2- results/back/curves.csv | sort | diff curves - >diff || fail "curves differ: $(head -n 3 diff)"
for name in network batch_size full_batch learning_rate optimizer momentum schedule seed engine sampler threads \
    train_examples parameters outcome updates epochs examples train_seconds seconds_per_update evaluations \
    final_train_loss final_validation_loss final_validation_error best_validation_error test_loss test_error \
    targets targets_reached updates_to_validation_loss_0.9 seconds_to_validation_error_0.3 \
    resolution_of_validation_loss_0.9 flops_to_validation_loss_0.9; do
    column trained/cells.csv $name | sort >one
    column results/back/cells.csv $name | sort | diff one - >diff || fail "$name differs: $(head -n 3 diff)"
done
ends_with 0 export results/back --format batch-science --output again
diff -r -I '"id":' $theirs again >diff || fail "the second way is another: $(head -n 5 diff)"
ends_with 64 export trained --format csv
ends_with 1 export results/pytorch --format batch-science --output trained
says_one_line

case='what is never replaced'
ends_with 1 import small.csv --columns small.yaml --into ./trained
complains 'holds results of `batchlab run`'
ends_with 64 import small.csv
ends_with 64 import --columns small.yaml
ends_with 1 import gone.csv --columns small.yaml
ends_with 0 list import
