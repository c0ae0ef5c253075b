#!/bin/sh
# Functions with known derivatives, from a file to columns and a figure.
set -eu
. "$(dirname "$0")/lib.sh"

# experiment GRID [DATASET]: exact.yaml
experiment() {
    cat >exact.yaml <<END
dataset: ${2:-{name: points, features: 2, examples: 1, noise: 0\}}
networks:
  bowl: {objective: quadratic, spectrum: [1, 10], start: [3, 4]}
grid: $1
budget: {updates: 40}
evaluation: {every: 1}
charts: [trajectory]
END
}

# last COLUMN: its value in the last row of the first cell's curve
last() {
    column results/curves.csv "$1" | tail -n 1
}

case='descent on a bowl'
experiment '{engine: analytic, network: bowl, precision: double, batch_size: 1,
    optimizer: [sgd, momentum], learning_rate: 0.05}'
ends_with 0 run exact.yaml --results results --no-charts
has_cells results 2
[ "$(column results/curves.csv theta_0 | head -n 3 | tr '\n' ' ')" = '3 2.85 2.7075 ' ] ||
    fail 'theta_0 is not 3, 2.85, 2.7075'
[ "$(column results/curves.csv theta_1 | head -n 3 | tr '\n' ' ')" = '4 2 1 ' ] ||
    fail 'theta_1 is not 4, 2, 1'
[ -z "$(column results/curves.csv train_error | tr -d '\n')" ] || fail 'an objective has errors'
[ -z "$(column results/cells.csv test_error | tr -d '\n')" ] || fail 'an objective has errors'

case='the numbers of the chart'
if command -v gnuplot >/dev/null; then
    ends_with 0 plot results trajectory
    [ -s results/figures/trajectory.png ] || fail 'nothing was drawn'
else
    ends_with 1 plot results trajectory
fi
[ -s results/figures/trajectory.csv ] || fail 'no numbers were written'
for kind in view contour start path end; do
    grep -q ",$kind," results/figures/trajectory.csv || fail "trajectory.csv has no $kind"
done

case='auto finds the engine of objectives'
experiment '{engine: auto, network: bowl, batch_size: 1, learning_rate: 0.05}'
ends_with 0 run exact.yaml --results auto --no-charts
[ "$(column auto/cells.csv engine_used)" = analytic ] || fail 'auto did not choose analytic'

case='other engines leave objectives alone, and analytic leaves layers'
experiment '{engine: [naive, reference, blas, native], network: rosenbrock, batch_size: 1}'
ends_with 1 run exact.yaml --results others --no-charts
complains 'no engine supports any of these cells'
prints '0 cells in trouble, 4 unsupported'
grep -q 'not objectives; `analytic` has those' others/cells.csv || fail 'the reason is not given'
experiment '{engine: analytic, network: S, batch_size: 1}' \
    '{name: blobs, examples: 50, features: 2, classes: 2}'
ends_with 1 run exact.yaml --results layers --no-charts
prints '0 cells in trouble, 1 unsupported'

case='data and network that do not fit are an error of the file'
experiment '{engine: analytic, network: M, batch_size: 1}'
ends_with 1 run exact.yaml --results none
complains exact.yaml:4 'neither labels nor targets' 'expected an objective'
experiment '{engine: analytic, network: bowl, batch_size: 1}' \
    '{name: points, features: 3, examples: 1}'
ends_with 1 run exact.yaml --results none
complains exact.yaml:4 'network: bowl: start: 2 numbers'
is_absent none

case='implicit updates of least squares with a condition number, in double precision'
cat >implicit.yaml <<'END'
dataset: {name: linear, examples: 200, features: 5, condition: 1000, noise: 0, scaling: none}
grid: {engine: reference, network: S, batch_size: 8, precision: double, optimizer: [sgd, implicit],
       learning_rate: 30}
budget: {epochs: 50}
END
ends_with 0 run implicit.yaml --results implicit --no-charts
[ "$(column implicit/cells.csv outcome | tr '\n' ' ')" = 'diverged budget ' ] ||
    fail 'explicit should diverge at a rate of 30, and implicit should not'

case='the conformance suite knows objectives'
ends_with 0 check --engine analytic
prints 'analytic: conforms' 'objective rosenbrock'
ends_with 3 check --engine "$faulty_engines/matrix_lower.so"
prints FAIL 'objective quadratic'

case='experiments and lists'
ends_with 0 list networks
prints rosenbrock quadratic_deep saddle
ends_with 0 list keys
prints coefficients spectrum rotation
for name in trajectories stability quadratic-deep; do
    ends_with 0 plan "$(dirname "$0")/../../experiments/$name.yaml"
done
