#!/bin/sh
# What is seen at a terminal: the best of each K while a grid runs, tables of 80 columns, charts drawn with
# characters; colours there and nowhere else.
set -eu
. "$(dirname "$0")/lib.sh"
escape=$(printf '\033')

cat >small.yaml <<'END_OF_FILE'
question: Which batch size reaches a training loss of 0.5 first, when every example is drawn once an epoch and nothing else differs?
dataset: {name: blobs, examples: 600, features: 4, classes: 3, separation: 2, validation: 100}
grid: {engine: naive, network: S, batch_size: [8, 64, full], learning_rate: [0.05, 0.2], seed: [1, 2]}
targets: {train_loss: [0.8, 0.5]}
budget: {epochs: 5}
END_OF_FILE

is_narrow() {
    wide=$(awk -v most="$2" '{ line = $0; gsub(/[\200-\277]/, "", line) } length(line) > most' "$1" | head -n 1)
    [ -z "$wide" ] || fail "$1: wider than $2 characters: $wide"
}

case='without a terminal there are lines, and no bar'
ends_with 0 run small.yaml --results plain --no-charts --jobs 2 --live
grep -q '^12/12 ' err || fail 'no line for the last cell'
if grep -q "$escape" out err; then fail 'an escape sequence without a terminal'; fi
is_narrow out 80

case='a chart is drawn with characters'
for columns in 40 80; do
    for chart in target heatmap loss; do
        COLUMNS=$columns LC_ALL=C.UTF-8 "$batchlab" plot plain $chart --terminal >out 2>err ||
            fail "chart $chart"
        is_narrow out "$columns"
        if grep -q "$escape" out; then fail 'an escape sequence without a terminal'; fi
        [ "$(wc -l <out)" -gt 4 ] || fail "chart $chart: nothing is drawn"
    done
done
is_absent plain/figures
ends_with 1 plot plain throughput --terminal
complains 'chart throughput needs throughput cells'

ends_with 64 plot plain target --terminal --width 84mm
complains '--terminal writes no file'

command -v script >/dev/null || skip 'no script (Debian: bsdutils)'
# at_terminal COMMAND...: what it writes to a terminal is in `typescript`.
at_terminal() {
    SHELL=/bin/sh LC_ALL=C.UTF-8 script -qec "$*" typescript >/dev/null 2>err </dev/null ||
        fail "failed at a terminal: $*"
}

case='a terminal has a bar, the best of each K, and colours'
TERM=xterm at_terminal "COLUMNS=80 '$batchlab' run small.yaml --results shown --no-charts --no-roof --live"
grep -q '12/12 cells' typescript || fail 'no bar'
grep -q 'Best so far of each K' typescript || fail 'no best'
grep -q '^K = full ' typescript || fail 'no bar for the full batch'
grep -q "$escape\[32m" typescript || fail 'no colours'
TERM=xterm at_terminal "'$batchlab' plot plain target --terminal"
grep -q "$escape\[34m" typescript || fail 'a chart without colours'

case='the best of each K in a line'
NO_COLOR=1 TERM=xterm at_terminal "COLUMNS=60 '$batchlab' run small.yaml --results line --no-charts --no-roof"
grep -q 'best so far: K = 8 ' typescript || fail 'no best'
if grep -q "$escape\[3" typescript; then fail 'colours in spite of NO_COLOR'; fi

case='a terminal that can do nothing gets lines'
TERM=dumb at_terminal "'$batchlab' run small.yaml --results dumb --no-charts --no-roof --live"
if grep -q "$escape" typescript; then fail 'an escape sequence in spite of TERM=dumb'; fi
TERM=dumb at_terminal "'$batchlab' plot plain target --terminal"
if grep -q "$escape" typescript; then fail 'an escape sequence in spite of TERM=dumb'; fi
