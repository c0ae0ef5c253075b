#!/bin/sh
# Google Benchmark's own compare.py reads two of our files, and runs its U test.
set -eu
. "$(dirname "$0")/lib.sh"

writer=$3
compare=/usr/share/benchmark/compare.py
[ -r "$compare" ] || skip "no $compare (Debian: libbenchmark-tools)"
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import numpy, scipy' 2>/dev/null; then python=$candidate; fi
done
[ -n "$python" ] || skip 'no Python with SciPy (Debian: python3-scipy)'

# compares A B: compare.py reads both.
compares() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 "$python" "$compare" --no-color benchmarks "$1" "$2" \
        >out 2>err || fail "compare.py refuses $1 and $2"
}

case='a results folder twice'
cat >trained.yaml <<'END_OF_FILE'
question: How soon?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: [10, 50], learning_rate: 0.3, seed: [1, 2, 3, 4, 5, 6, 7, 8, 9]}
budget: {epochs: 1}
END_OF_FILE
for side in a b; do
    ends_with 0 run trained.yaml --results $side --no-charts
    ends_with 0 export $side
done
compares a/export/google-benchmark.json b/export/google-benchmark.json
[ "$(grep -c 'U Test, Repetitions' out)" -eq 2 ] || fail 'not a U test for each of two cases'
prints 'OVERALL_GEOMEAN'
if grep -q WARNING out; then fail 'warns of too few repetitions'; fi

case='known answers and strange names'
"$writer" . || fail 'writes nothing'
compares google-benchmark.json slower.json
# 0.25, 0.5 and 0.125 s against twice as much
[ "$(grep -c '^train/S/blas/k=8 .*+1\.0000' out)" -eq 3 ] || fail 'does not see twice the time'
prints 'failed'
