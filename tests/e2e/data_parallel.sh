#!/bin/sh
# Ranks that share batches (transport: mpi): the same numbers as threads, to the last bit; what is
# refused, with one line; a rank that is killed, and the next run.
set -eu
. "$(dirname "$0")/lib.sh"

command -v mpirun >/dev/null || skip 'no mpirun (Debian: openmpi-bin)'
[ -e "$(dirname "$batchlab")/../lib/batchlab/ranks_mpi.so" ] || skip 'built without MPI'
# For Open MPI: in a container, and with more ranks than processors.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_orte_execute_quiet=1

# ranks_end COUNT STATUS COMMAND [ARGUMENT...]: as ends_with, by so many ranks.
ranks_end() {
    count=$1
    expected=$2
    shift 2
    status=0
    timeout 120 mpirun -n "$count" "$batchlab" "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$expected" ] ||
        fail "exit status $status, expected $expected: mpirun -n $count batchlab $*"
}

# One line of batchlab's on stderr; what mpirun adds is its own.
one_rank_complains() {
    lines=$(grep -c '^batchlab' err || :)
    [ "$lines" -eq 1 ] || fail "$lines lines on stderr, expected one"
    complains "$@"
}

cat >same.yaml <<'END'
dataset: {name: blobs, examples: 700, features: 6, classes: 3, validation: 100}
networks: {own: {hidden: [9]}}
grid:
  engine: naive
  network: own
  learning_rate: 0.1
  last_batch: keep
  workers: [1, 2, 3]
  transport: [threads, mpi]
  batch_size: [20, 64]
budget: {epochs: 2}
probes: {end: true, which: [predictions], examples: 20}
END

case='too few ranks, or none'
ends_with 1 run same.yaml --results none
says_one_line
complains 'same.yaml' '3 workers' '1 rank' 'mpirun -n 3'
is_absent none
ranks_end 2 1 run same.yaml --results none
one_rank_complains '3 workers' '2 ranks'
is_absent none

case='more workers than examples in a batch'
sed 's/\[20, 64\]/2/' same.yaml >tiny.yaml
ranks_end 2 1 run tiny.yaml --results none
one_rank_complains 'tiny.yaml:' '3 share a batch of 2'

case='an experiment that cannot be read'
sed 's/blobs/bloobs/' same.yaml >broken.yaml
ranks_end 3 1 run broken.yaml --results none
one_rank_complains broken.yaml bloobs
is_absent none

case='a program without the module of MPI'
mkdir -p alone/bin
cp "$batchlab" alone/bin/batchlab
status=0
BATCHLAB_ENGINES="$(dirname "$batchlab")/../lib/batchlab/engines" mpirun -n 2 alone/bin/batchlab \
    run same.yaml --results none >out 2>err </dev/null || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
one_rank_complains 'built without MPI' 'libopenmpi-dev'
is_absent none

case='a rank with another program'
printf x >>alone/bin/batchlab
ln -s "$(cd "$(dirname "$batchlab")/../lib" && pwd)" alone/lib
status=0
mpirun -n 1 "$batchlab" run same.yaml --results none : -n 2 alone/bin/batchlab run same.yaml \
    --results none >out 2>err </dev/null || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
one_rank_complains 'rank 1' 'another program than rank 0'
is_absent none

case='a rank with another file of an engine'
mkdir other
cp "$(dirname "$batchlab")"/../lib/batchlab/engines/*.so other/
for engine in other/*.so; do printf x >>"$engine"; done
status=0
mpirun -n 1 "$batchlab" run same.yaml --results none : -n 2 env BATCHLAB_ENGINES="$PWD/other" "$batchlab" \
    run same.yaml --results none >out 2>err </dev/null || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
one_rank_complains 'rank 1' 'other files of engines than rank 0'
is_absent none

case='a rank with another experiment'
sed 's/engine: naive/engine: reference/' same.yaml >changed.yaml
status=0
mpirun -n 1 "$batchlab" run same.yaml --results none : -n 2 "$batchlab" run changed.yaml --results none \
    >out 2>err </dev/null || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, expected 1"
one_rank_complains 'rank 1' 'another experiment'
is_absent none

case='threads and ranks in one grid'
ranks_end 4 0 run same.yaml --results out-1 --no-charts --no-roof
has_cells out-1 12
has_no_leftovers out-1

case='ranks compute what threads do'
for column in workers transport outcome updates final_train_loss final_validation_loss; do
    column out-1/cells.csv $column >col-$column
done
paste -d ' ' col-* | awk '$4 == "mpi"' | sed 's/ mpi / /' | sort >of-ranks
paste -d ' ' col-* | awk '$4 == "threads"' | sed 's/ threads / /' | sort >of-threads
[ "$(wc -l <of-ranks)" -eq 6 ] || fail 'not 6 cells of ranks'
is_same of-ranks of-threads

case='the same with another number of ranks'
ranks_end 3 0 run same.yaml --results again --no-charts --no-roof
columns_except out-1/cells.csv "$measured|communication" >first
columns_except again/cells.csv "$measured|communication" >second
is_same first second

case='ranks that read ranges of their own compute what threads do'
sed -e 's/workers: .*/workers: [2, 4]\n  worker_data: own\n  sampler: [reshuffle, block_shuffle]\n  block: 50/' \
    same.yaml >own.yaml
ranks_end 4 0 run own.yaml --results own --no-charts --no-roof
for column in workers sampler transport outcome updates final_train_loss final_validation_loss; do
    column own/cells.csv $column >own-$column
done
paste -d ' ' own-* | grep ' mpi ' | sed 's/ mpi / /' | sort >of-ranks
paste -d ' ' own-* | grep ' threads ' | sed 's/ threads / /' | sort >of-threads
[ "$(wc -l <of-ranks)" -eq 8 ] || fail 'not 8 cells of ranks'
is_same of-ranks of-threads
sed 's/\[2, 4\]/3/' own.yaml >uneven.yaml
ranks_end 3 1 run uneven.yaml --results none
one_rank_complains 'uneven.yaml:' 'worker_data: own' 'multiple of workers'

case='a finished grid needs no ranks'
ends_with 0 run same.yaml --results out-1 --no-charts
prints '12 finished cells were there already'

case="a rank's engine fails"
cat >failing.yaml <<END
dataset: {name: blobs, examples: 700, features: 6, classes: 3, validation: 100}
grid: {engine: $faulty_engines/fails_late.so, network: S, batch_size: 20, workers: 2, transport: mpi}
budget: {epochs: 2}
END
if [ -e "$faulty_engines/fails_late.so" ]; then
    ranks_end 2 1 run failing.yaml --results failed --no-charts --no-roof
    column failed/cells.csv outcome | grep -q failed || fail 'no cell that failed'
    grep -q 'rank 0' failed/cells.csv || fail 'the reason names no rank'
fi

case='ranks that wait for nobody'
sed -e 's/workers: .*/workers: 3/' -e 's/transport: .*/transport: mpi_async/' -e '/last_batch/d' \
    same.yaml >async.yaml
ranks_end 3 0 run async.yaml --results async-1 --no-charts --no-roof
counted=$(column async-1/staleness.csv updates | awk '{ sum += $1 } END { print sum }')
made=$(column async-1/cells.csv updates | awk '{ sum += $1 } END { print sum }')
[ "$counted" -eq "$made" ] || fail "$counted updates in staleness.csv, $made were made"
sed 's/network: own/network: own\n  optimizer: adam/' async.yaml >adam.yaml
ranks_end 2 1 run adam.yaml --results none
one_rank_complains 'mpi_async' 'sgd'

case='the model of scale, and the network under it'
ends_with 1 netmeasure
complains 'mpirun -n 2'
ranks_end 2 0 netmeasure net.json --seconds 0.3
prints 'Messages' 'Sums' 'GB/s'
sed -e 's/transport: .*/transport: mpi/' -e 's/workers: .*/workers: [1, 2]/' \
    -e 's/budget: .*/measure: throughput\nthroughput: {seconds: 0.05, block_seconds: 0.002}/' \
    -e '/^probes/d' -e '/learning_rate/d' same.yaml >timed.yaml
ranks_end 2 0 run timed.yaml --results timed --no-charts --no-roof
ends_with 0 scale timed --interconnect ./net.json --no-charts
prints 'compute, measured' 'measured:' 'held out: 2 settings'
grep -q '^predicted,' timed/scale.csv || fail 'no predictions'
ends_with 0 scale timed --interconnect ethernet-1g --no-charts
prints 'assumed' 'not the one they ran on'
ends_with 1 scale timed --interconnect string
complains 'string' 'infiniband-hdr'

# ---- A rank is killed ------------------------------------------------------------------------

cat >long.yaml <<'END'
dataset: {name: blobs, examples: 3000, features: 20, classes: 5, validation: 200}
networks: {wide: {hidden: [64]}}
grid:
  engine: naive
  network: wide
  batch_size: 30
  learning_rate: 0.01
  optimizer: adam
  workers: 3
  worker_data: own
  transport: [threads, mpi]
budget: {examples: 300000}
limits: {checkpoint_seconds: 0.1}
END

case='a rank is killed in the middle'
timeout 120 mpirun -n 3 "$batchlab" run long.yaml --results killed --no-charts --no-roof \
    >out 2>err </dev/null &
process=$!
tries=300
until find killed/cells -name '.checkpoint-*mpi*' ! -name '*.tmp-*' 2>/dev/null | grep -q .; do
    is_alive "$process" || fail 'ended before it left a checkpoint'
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail 'no checkpoint after 30 s'
    sleep 0.1
done
victim=
# shellcheck disable=SC2013
for environment in $(grep -lzs '^OMPI_COMM_WORLD_RANK=2$' /proc/[0-9]*/environ); do
    if grep -qzs "^PWD=$scratch\$" "$environment"; then
        victim=${environment#/proc/}
        victim=${victim%/environ}
    fi
done
[ -n "$victim" ] || fail 'rank 2 is not to be found'
kill -KILL "$victim"
status=0
wait "$process" || status=$?
process=
[ "$status" -ne 0 ] || fail 'the job ended well without rank 2'
has_cells killed 1

case='the next run goes on from the checkpoint'
ranks_end 3 0 run long.yaml --results killed --no-charts --no-roof
prints '1 finished cells were there already'
has_cells killed 2
has_no_leftovers killed
[ "$(wc -l <killed/resumed.csv)" -eq 2 ] || fail 'no row in resumed.csv'
ranks_end 3 0 run long.yaml --results whole --no-charts --no-roof
columns_except killed/cells.csv "$measured|communication" >first
columns_except whole/cells.csv "$measured|communication" >second
is_same first second
