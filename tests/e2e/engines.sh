#!/bin/sh
# Anyone's engine, good or bad: found by its path, checked, and no danger to the other cells.
set -eu
. "$(dirname "$0")/lib.sh"

mkdir lab
for engine in none bias_off prints crashes exits hangs fails_late nan_gradient supports_nothing; do
    cp "$faulty_engines/$engine.so" "lab/$engine.so"
done

# experiment 'ENGINE, ...': lab/mine.yaml with these engines. Momentum needs the gradient, which has
# the faults; plain descent would take the fused step.
experiment() {
    cat >lab/mine.yaml <<END
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: [$1], batch_size: [8, 32], learning_rate: 0.05, optimizer: momentum}
budget: {epochs: 2}
limits: {cell_seconds: 1}
END
}

# ends_as ENGINE OUTCOME [REASON]: its two cells ended so.
ends_as() {
    reason=${3:-}
    grep -e "^$1-" results/cells.csv >rows || fail "cells.csv has no cell $1"
    [ "$(grep -c -e ",$2,\"\{0,1\}$reason" rows)" -eq 2 ] || fail "not $2 ($reason): $(cat rows)"
}

case='an engine by a path relative to the experiment'
experiment 'naive, ./none.so'
ends_with 0 run lab/mine.yaml --results results
has_cells results 4
ends_as none budget 'budget: epochs'
ends_as naive budget 'budget: epochs'

case='the same path seen from its own folder is the same engine'
here=$PWD
cd lab
"$batchlab" run mine.yaml --results "$here/results" >../out 2>../err || fail 'failed'
cd "$here"
prints '4 finished cells were there already'
rm -r results

case='an engine that prints does not disturb our output'
experiment ./prints.so
ends_with 0 run lab/mine.yaml --results results
if grep -q 'an engine that talks' out; then fail 'its words are on stdout'; fi
ends_as prints budget 'budget: epochs'
rm -r results

case='bad engines fail alone'
experiment 'naive, ./crashes.so, ./exits.so, ./hangs.so, ./fails_late.so, ./nan_gradient.so,
    ./supports_nothing.so'
ends_with 1 run lab/mine.yaml --results results
has_cells results 14
has_no_leftovers results
prints '8 cells in trouble, 2 unsupported' results/cells.csv
ends_as naive budget 'budget: epochs'
ends_as crashes crashed
ends_as exits crashed 'exited with status 0'
ends_as hangs timeout 'ended after 1 s'
ends_as fails_late failed 'out of workspace'
ends_as nan_gradient diverged
ends_as supports_nothing unsupported '2 layers are not supported'

case='what failed is tried again, what ended is not'
sed 's/, .\/hangs.so//' lab/mine.yaml >lab/again.yaml
ends_with 1 run lab/again.yaml --results results --only 'crashes|naive|nan'
prints '2 cells in' '4 finished cells were there already'

case='only unsupported cells are no failure'
rm -r results
experiment 'naive, ./supports_nothing.so'
ends_with 0 run lab/mine.yaml --results results
prints '0 cells in trouble, 2 unsupported'

case='an engine that fails costs its cells their profile, and nobody else anything'
cp "$faulty_engines/ending_fail.so" lab/
experiment 'naive, ./ending_fail.so'
sed 's/cell_seconds: 1/cell_seconds: 60/' lab/mine.yaml >lab/profiled.yaml # a profile takes its time
ends_with 1 run lab/profiled.yaml --results profiled --profile --no-charts
prints '2 cells in trouble'
[ "$(wc -l <profiled/profile.csv)" -eq 3 ] || fail 'profile.csv has not two rows'
rm -r profiled

case='an engine that keeps crashing is left out, and the grid is not'
cp "$faulty_engines/ending_crash.so" lab/
cat >lab/many.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: [naive, ./ending_crash.so], batch_size: [1, 2, 4, 8, 16, 32], learning_rate: [0.01, 0.02]}
budget: {epochs: 2}
quick: {budget: {epochs: 1}}
END
ends_with 1 run lab/many.yaml --results many --jobs 1 --no-charts
complains 'engine ./ending_crash.so lost 10 cells running: its other 2 are left out (--max-failures)'
[ "$(column many/cells.csv engine_used | grep -cx naive)" -eq 12 ] || fail 'not all cells of naive'
ends_with 1 run lab/many.yaml --results many --jobs 1 --no-charts --max-failures 0
if grep -q 'left out' err; then fail 'left out, although told not to'; fi
[ "$(column many/cells.csv outcome | grep -cx crashed)" -eq 12 ] || fail 'not 12 crashed'

case='a cell that crashed runs alone, as it is told to, and crashes'
ends_with 1 run lab/many.yaml --results few --quick --max-failures 1 --jobs 1 --no-charts
sed -n 's/^A cell that crashed, .*: gdb --args batchlab //p' out >command
[ -s command ] || fail 'no command is named'
grep -q -e ' --quick .*--here$' command || fail "it lacks an option: $(cat command)"
status=0
eval "\"$batchlab\" $(cat command)" >out 2>err || status=$?
[ "$status" -eq 134 ] || fail "exit status $status, expected 134 (SIGABRT)"
if gdb -batch -ex run -ex quit --args true >out 2>&1; then # and may trace
    eval "gdb -batch -ex run -ex bt --args \"$batchlab\" $(cat command)" >out 2>&1 || :
    prints SIGABRT end_badly
fi

case='the conformance suite passes a good engine'
ends_with 0 check --engine lab/none.so
prints 'lab/none.so: conforms'
ends_with 0 check --engine naive --threads 2
prints 'naive: conforms'

case='the conformance suite finds a bad engine'
ends_with 3 check --engine lab/bias_off.so
prints FAIL 'failed'
ends_with 3 check --engine lab/crashes.so
prints FAIL
ends_with 3 check --engine lab/prints.so
prints 'nothing is printed' 'bytes on standard output'
if grep -q '^agreement: an engine' out; then fail 'its words are on stdout'; fi
ends_with 3 check --engine lab/hangs.so --timeout 0.5
prints hangs

case='no speed is shown of an engine that computes wrong results'
cat >lab/speed.yaml <<'END'
measure: throughput
dataset: {name: blobs, examples: 200}
grid: {engine: [naive, ./bias_off.so], network: S, batch_size: 8}
throughput: {seconds: 0.05, block_seconds: 0.001}
END
ends_with 3 run lab/speed.yaml --results speed --no-charts
complains lab/speed.yaml:3 bias_off.so 'wrong results' 'batchlab check'
[ ! -e speed/cells.csv ] || fail 'speeds were recorded'
sed 's/, .\/bias_off.so//' lab/speed.yaml >lab/right.yaml
ends_with 0 run lab/right.yaml --results speed-2 --no-charts
has_cells speed-2 1

case='a BLAS library that is not there is an error of the file'
experiment 'naive, "blas:/nowhere/libblas.so"'
ends_with 1 run lab/mine.yaml --results nowhere
says_one_line
complains lab/mine.yaml: /nowhere/libblas.so 'No such file'
[ ! -e nowhere ] || fail 'a folder was left'

case='lists'
ends_with 0 list engines
prints naive reference blas batchlab_engine
ends_with 0 list charts
prints loss heatmap throughput
ends_with 0 list optimizers
prints sgd momentum nesterov adam
ends_with 0 list networks
prints S M L
ends_with 0 list experiments
prints batch-size redundancy grid throughput
ends_with 0 list keys
prints batch_size learning_rate cell_seconds
