#!/bin/sh
# The engines side by side on real images: the same losses, and the charts.
set -eu
. "$(dirname "$0")/lib.sh"

engines='naive, blas, native'
ends_with 0 list engines
if grep -q '^onednn' out; then engines="$engines, onednn"; fi
[ -e /usr/share/datasets/fashion-mnist ] || skip 'dataset-fashion-mnist is not installed'

cat >real.yaml <<END
question: Do the engines agree?
dataset: {name: fashion-mnist, train: 4000, validation: 1000}
grid: {engine: [$engines], network: M, batch_size: 32, learning_rate: [0.02, 0.05]}
targets: {validation_error: 0.5}
budget: {updates: 50}
evaluation: {first: 32, per_decade: 40, train_examples: 1000}
charts: [loss, target, heatmap]
END

case='all cells end'
roof=measured
ends_with 0 run real.yaml --results results --profile
prints 'first step' 'gather gradient'
has_no_leftovers results

case='the engines agree within 1e-4'
awk -F, '
    NR == 1 {
        for (i = 1; i <= NF; i++) at[$i] = i
        next
    }
    {
        split($at["id"], part, "-")
        match($at["id"], /-a[0-9.]+-/)
        key = substr($at["id"], RSTART, RLENGTH) " update " $at["update"]
        loss = $at["train_loss"]
        seen[part[1]]++
        if (part[1] == "naive") { naive[key] = loss; next }
        other[part[1] " " key] = loss
    }
    END {
        for (name in other) {
            key = substr(name, index(name, " ") + 1)
            difference = other[name] / naive[key] - 1
            if (!(difference >= -1e-4 && difference <= 1e-4)) {
                print name ": " other[name] ", naive " naive[key]
                exit 1
            }
            compared++
        }
        for (engine in seen) if (seen[engine] != seen["naive"] || seen[engine] < 60) exit 1
        print compared + 0
    }' results/curves.csv >out || fail 'they do not'
[ "$(cat out)" -ge 60 ] || fail "only $(cat out) losses compared"

case='the charts are drawn'
if ! command -v gnuplot >/dev/null; then exit 0; fi
for chart in loss target heatmap; do
    for suffix in csv svg png pdf; do
        [ -s "results/figures/$chart.$suffix" ] || fail "no figures/$chart.$suffix"
    done
done
