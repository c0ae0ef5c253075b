#!/bin/sh
# Interrupted, killed, out of time: it ends soon, keeps what is finished, and resumes.
set -eu
. "$(dirname "$0")/lib.sh"

slow_grid 100000 >slow.yaml

case='undisturbed'
ends_with 0 run slow.yaml --results calm
has_cells calm 8
convergence_of calm >undisturbed

# resumes RESULTS: the next run completes and finds what an undisturbed run finds.
resumes() {
    before=$(finished_cells "$1")
    ends_with 0 run slow.yaml --results "$1"
    prints "$before finished cells were there already"
    has_cells "$1" 8
    has_no_leftovers "$1"
    convergence_of "$1" >resumed
    is_same resumed undisturbed
}

for signal in INT TERM HUP; do
    case="SIG$signal"
    starts run slow.yaml --results "$signal" --jobs 1
    waits_for_cells "$signal" 1
    kill "-$signal" "$process"
    is_gone_soon "$process"
    ended_with 130
    complains interrupted unfinished resumes
    [ "$(finished_cells "$signal")" -lt 8 ] || fail 'nothing was left to interrupt'
    has_no_leftovers "$signal"
    resumes "$signal"
done

case='a signal to the whole process group is no crash of the cells'
starts run slow.yaml --results group --jobs 2
waits_for_cells group 1
kill -TERM "-$process"
is_gone_soon "$process"
ended_with 130
if grep ',crashed,' group/cells/*/cell.csv >out; then fail 'recorded as crashed'; fi

case='an ignored signal stays ignored, as nohup asks'
(
    trap '' HUP
    exec "$batchlab" run slow.yaml --results nohup --jobs 1 --only 'k100|kfull' >out 2>err
) &
process=$!
waits_for_cells nohup 1
kill -HUP "$process"
ended_with 0
has_cells nohup 4

case='a SIGCHLD that whoever started us ignores'
cat >brief.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, batch_size: [1, 8]}
budget: {epochs: 1}
END
status=0
timeout 60 env --ignore-signal=CHLD "$batchlab" run brief.yaml --results deaf >out 2>err || status=$?
[ "$status" -eq 0 ] || fail "exit status $status, expected 0"
has_cells deaf 2

case='a run that is stopped for longer than a cell may take'
cat >stopped.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, batch_size: 8}
budget: {seconds: 1}
limits: {cell_seconds: 2}
END
starts run stopped.yaml --results stopped
waits_for_file stopped/manifest.json # after which only cells are children
waits_for_group "$process" 2 2
kill -STOP "-$process"
sleep 2.5
kill -CONT "-$process"
ended_with 0
column stopped/cells.csv outcome | grep -qx budget || fail "$(column stopped/cells.csv reason)"

case='one batchlab a folder'
starts run slow.yaml --results shared --jobs 1
waits_for_cells shared 1
status=0
"$batchlab" run slow.yaml --results shared >out-second 2>err-second || status=$?
[ "$status" -eq 1 ] || fail "the second ended with $status, expected 1"
grep -q 'shared: another batchlab' err-second || fail "the second says: $(cat err-second)"
[ "$(wc -l <err-second)" -eq 1 ] || fail 'the second says more than one line'
kill -TERM "$process"
ended_with 130

case='SIGKILL'
starts run slow.yaml --results killed --jobs 2
leader=$process
waits_for_cells killed 1
waits_for_group "$leader" 2 3
kill -KILL "$leader"
ended_with 137
waits_for_group "$leader" 0 0

case='what it has left does not look damaged'
ends_with 0 verify killed

case='what was half-written at the end is removed, and the folder is known'
mkdir -p killed/cells/.tmp-a-cell
: >killed/cells/.tmp-a-cell/cell.csv.tmp-1
: >killed/cells.csv.tmp-1
resumes killed

case='a folder whose run was killed is not taken for a free one'
starts run slow.yaml --results early --jobs 1
waits_for_cells early 1
kill -KILL "$process"
ended_with 137
sed 's/examples: 100000/examples: 100/' slow.yaml >other.yaml
ends_with 1 run other.yaml --results early
complains early 'another experiment'

case='a deadline is kept'
sed 's/examples: 100000/examples: 100000000/' slow.yaml >long.yaml
status=0
timeout 5 "$batchlab" run long.yaml --results late --deadline 3 >out 2>err || status=$?
[ "$status" -eq 0 ] || fail "exit status $status, expected 0"
complains 'deadline reached' '8 cells unfinished'
has_no_leftovers late
