#!/bin/sh
# A cell that is killed in the middle goes on from its checkpoint and comes to the same numbers.
set -eu
. "$(dirname "$0")/lib.sh"

# One cell of a second or two, and probes of it.
cat >long.yaml <<'END'
dataset: {name: blobs, examples: 3000, features: 20, classes: 5, validation: 200, test: 100}
networks: {wide: {hidden: [64]}}
grid:
  engine: naive
  network: wide
  batch_size: 10
  learning_rate: 0.01
  optimizer: adam
  sampler: with_replacement
targets: {train_loss: 0.5}
budget: {examples: 200000}
probes: {at: [1, 5, 20], which: [energy, predictions], examples: 100}
limits: {checkpoint_seconds: 0.05}
END
sed 's/checkpoint_seconds: 0.05/checkpoint_seconds: 0/' long.yaml >never.yaml

found_of() {
    convergence_of "$1"
    columns_except "$1/probes.csv" "$measured"
    columns_except "$1/predictions.csv" "$measured"
}

checkpoint_of() {
    find "$1/cells" -name '.checkpoint-*' ! -name '*.tmp-*' 2>/dev/null
}

# has_checkpoints RESULTS COUNT
has_checkpoints() {
    count=$(checkpoint_of "$1" | wc -l)
    [ "$count" -eq "$2" ] || fail "$1 has $count checkpoints, expected $2"
}

# Waits until there is another checkpoint than the one with this i-node.
waits_for_checkpoint() {
    tries=600
    until file=$(checkpoint_of "$1") && [ -n "$file" ] &&
        [ "$(stat -c %i "$file" 2>/dev/null || echo "$2")" != "$2" ]; do
        is_alive "$process" || fail 'ended before it left a checkpoint'
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail 'no checkpoint after 60 s'
        sleep 0.1
    done
}

# kills_in_the_middle EXPERIMENT RESULTS [INODE]: the program and its cell, once there is a
# checkpoint.
kills_in_the_middle() {
    starts run "$1" --results "$2" --no-charts
    leader=$process
    waits_for_checkpoint "$2" "${3:-0}"
    kill -KILL "-$leader"
    ended_with 137
    waits_for_group "$leader" 0 0
    has_cells "$2" 0
    has_checkpoints "$2" 1
}

child_of() {
    for status in /proc/[0-9]*/status; do
        if grep -q "^PPid:[[:space:]]*$1\$" "$status" 2>/dev/null; then
            child=${status#/proc/}
            echo "${child%/status}"
        fi
    done
}

# has_resumptions RESULTS COUNT
has_resumptions() {
    rows=0
    if [ -e "$1/resumed.csv" ]; then rows=$(($(wc -l <"$1/resumed.csv") - 1)); fi
    [ "$rows" -eq "$2" ] || fail "$1/resumed.csv has $rows rows, expected $2"
}

# Errors on stderr, beside what a run tells of its engines and its progress.
complains_times() {
    lines=$(grep -c '^batchlab' err || :)
    [ "$lines" -eq "$1" ] || fail "stderr has $lines errors, expected $1"
}

# ends_like_an_undisturbed_one RESULTS
ends_like_an_undisturbed_one() {
    has_cells "$1" 1
    has_checkpoints "$1" 0
    has_no_leftovers "$1"
    found_of "$1" >found
    is_same found undisturbed
    ends_with 0 verify "$1"
}

case='undisturbed'
ends_with 0 run never.yaml --results calm --no-charts
has_cells calm 1
has_resumptions calm 0
found_of calm >undisturbed

case='checkpoints change nothing, and the experiment is the same one'
ends_with 0 run long.yaml --results kept --no-charts
ends_like_an_undisturbed_one kept
has_resumptions kept 0
ends_with 0 run long.yaml --results calm --no-charts
prints '1 finished cell'

case='killed in the middle of a cell, twice'
kills_in_the_middle long.yaml killed
inode=$(stat -c %i "$(checkpoint_of killed)")
kills_in_the_middle long.yaml killed "$inode"
cp -r killed damaged
cp -r killed forced
: >"$(checkpoint_of killed).tmp-1"
ends_with 0 run long.yaml --results killed --no-charts
complains_times 0
ends_like_an_undisturbed_one killed
has_resumptions killed 2
column killed/resumed.csv update | awk 'BEGIN { last = -1 } $1 <= last { exit 1 } { last = $1 }' ||
    fail 'the second process began no later than the first'
column killed/cells.csv train_seconds >seconds
column killed/cells.csv wall_seconds | paste -d ' ' seconds - |
    awk '$1 <= 0 || $2 < $1 { exit 1 }' || fail 'train_seconds are more than wall_seconds'

case='a damaged checkpoint is named, and the cell begins anew'
file=$(checkpoint_of damaged)
size=$(stat -c %s "$file")
head -c $((size / 2)) "$file" >half
cp half "$file"
ends_with 0 run long.yaml --results damaged --no-charts
complains_times 1
complains "damaged/cells/.checkpoint-" 'bytes, expected' 'begins anew'
ends_like_an_undisturbed_one damaged
has_resumptions damaged 0

case='a cell whose process alone was killed goes on when it is tried again'
starts run long.yaml --results lost --no-charts
waits_for_checkpoint lost 0
kill -KILL "$(child_of "$process")"
ended_with 1
[ "$(column lost/cells.csv outcome)" = out-of-memory ] ||
    fail 'the cell is not recorded as lost'
has_checkpoints lost 1
ends_with 0 run long.yaml --results lost --no-charts
ends_like_an_undisturbed_one lost
has_resumptions lost 1

case='another experiment does not go on from it, by force neither'
sed 's/train_loss: 0.5/train_loss: 0.6/' long.yaml >other.yaml
sed 's/checkpoint_seconds: 0.05/checkpoint_seconds: 0/' other.yaml >other-never.yaml
ends_with 0 run other-never.yaml --results other-calm --no-charts
found_of other-calm >undisturbed
mv "$(checkpoint_of forced)" "forced/cells/.checkpoint-$(column other-calm/cells.csv id)"
ends_with 0 run other.yaml --results forced --no-charts --force
complains_times 1
complains 'is not of this run' 'begins anew'
ends_like_an_undisturbed_one forced
has_resumptions forced 0
