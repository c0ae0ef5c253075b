#!/bin/sh
# The first commands of someone new: what is wrong with the machine, a starter file for one's own data, what
# it will do.
set -eu
. "$(dirname "$0")/lib.sh"

{
    echo 'length,width,kind'
    i=0
    while [ $i -lt 60 ]; do
        echo "$i.5,$((60 - i)),$([ $i -lt 30 ] && echo "it's" || echo other)"
        i=$((i + 1))
    done
} >mine.csv

case='the machine is looked at'
health=0
"$batchlab" doctor >out 2>err || health=$?
[ $health -eq 0 ] || [ $health -eq 1 ] || fail "exit status $health"
for subject in processor governor load steal clock naive blas bf16 gnuplot mpi data disk; do
    grep -q "^\(ok\|warning\|fix\) *$subject " out || fail "nothing is said of $subject"
done
grep -q "$(printf '\033')" out && fail 'colours where there is no terminal'
to_fix=$(grep -c '^fix' out || :)
[ $health -eq $((to_fix > 0)) ] || fail "exit status $health with $to_fix to fix"

case='data that are not there are to be mended'
BATCHLAB_DATA=/nonexistent ends_with 1 doctor
grep -q '^fix *data .*/nonexistent' out || fail 'no word of the data'

case='a folder that is not there yet is judged by the one above'
ends_with $health doctor --results some/where
grep -q '^ok *disk *\.: ' out || fail 'no word of the disk'
ends_with 64 doctor now

case='a starter for own data is explained and runs'
ends_with 0 init mine --data mine.csv --label kind
prints 'mine.yaml'
ends_with 0 explain mine.yaml
prints 'Which batch size' 'batch_size 1, 8 and full' 'ends after 20 epochs, or 10 seconds' \
    'Finished already, in results/mine: 0 of 36' 'chart heatmap'
ends_with 0 run --quick mine.yaml --no-charts
ends_with 0 explain --quick mine.yaml
prints '12 of 12'

case='what is there already stays'
cp mine.yaml before.yaml
ends_with 1 init mine.yaml
complains 'mine.yaml: is there already'
cmp -s mine.yaml before.yaml || fail 'it was written over'

case='regression, and a file in another folder'
mkdir sub
ends_with 1 init sub/reg --data mine.csv --target width
complains "mine.csv:2: column 3: 'it's' is not a number"
[ ! -e sub/reg.yaml ] || fail 'it was written all the same'
sed -i 's/,[^,]*$//' mine.csv
ends_with 0 init sub/reg --data mine.csv --target width
ends_with 0 explain sub/reg.yaml
ends_with 0 run --quick sub/reg.yaml --no-charts

case='Fashion-MNIST where nothing else is said'
ends_with 0 init plain
grep -q 'fashion-mnist' plain.yaml || fail 'no data'

case='what does not fit is said'
ends_with 64 init
ends_with 64 init a b
ends_with 64 init a --label kind
ends_with 64 init a --data mine.csv
ends_with 1 init a --data nothing.csv --label kind
complains 'nothing.csv'
ends_with 1 init a --data mine.csv --label nowhere
complains 'nowhere'
head -4 mine.csv >few.csv
ends_with 1 init a --data few.csv --target width
complains 'expected 10 at least'
ends_with 1 init no/where/a
[ ! -e a.yaml ] || fail 'a.yaml was written'

case='cases, tuning, budgets, timings and objectives have their words'
experiments=$(dirname "$batchlab")/../share/batchlab/experiments
ends_with 0 explain "$experiments/batch-size.yaml"
prints 'with one of' 'batch_size full  learning_rate 0.05'
ends_with 0 explain "$experiments/steps-to-target.yaml"
prints 'Before that, learning_rate' 'claim C26, critical batch'
ends_with 0 explain "$experiments/textbook-figure.yaml"
prints 'Budget '
ends_with 0 explain "$experiments/throughput.yaml"
prints 'Each times blocks of'
ends_with 0 explain "$experiments/quadratic-deep.yaml"
ends_with 1 explain nothing.yaml
complains 'nothing.yaml'
