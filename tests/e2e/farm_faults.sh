#!/bin/sh
# What a run over ranks loses when something dies, and how the next one goes on.
set -eu
. "$(dirname "$0")/lib.sh"
needs_mpirun

slow_grid 300000 >slow.yaml
echo 'limits: {checkpoint_seconds: 0.2}' >>slow.yaml
ends_with 0 run slow.yaml --results calm
convergence_of calm >expected

case='eight ranks'
mpirun_ends_with 0 -n 8 "$batchlab" run slow.yaml --results eight --no-roof
convergence_of eight >found
is_same found expected

carrier_0="" carrier_1="" carrier_2="" program_0="" program_1="" program_2=""
# starts_ranks RESULTS OPTION...: three ranks in the background, under way. In carrier_R and
# program_R the processes of rank R.
starts_ranks() {
    results=$1
    shift
    setsid env --default-signal=INT mpirun "$@" -n 3 "$batchlab" run slow.yaml \
        --results "$results" --no-roof --jobs 1 >out 2>err </dev/null &
    process=$!
    waits_for_cells "$results" 1
    for carrier in $(pgrep -P "$process"); do
        rank=$(tr '\0' '\n' <"/proc/$carrier/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')
        [ -n "$rank" ] || continue
        eval "carrier_$rank=$carrier program_$rank=$(pgrep -P "$carrier")"
    done
    cells=$(pgrep -P "$program_0") || :
}

# waits_for_end SECONDS
waits_for_end() {
    tries=$1
    while is_alive "$process"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "still runs after $1 s"
        sleep 1
    done
    status=0
    wait "$process" || status=$?
    process=
    for member in $carrier_0 $program_0 $carrier_1 $program_1 $carrier_2 $program_2 $cells; do
        is_gone_soon "$member"
    done
}

# ends_badly SECONDS: the job ends, with some other exit status than 0.
ends_badly() {
    waits_for_end "$1"
    [ "$status" -ne 0 ] || fail 'exit status 0'
}

# resumes RESULTS: the next run, over ranks or not, finds what an undisturbed one finds.
resumes() {
    before=$(finished_cells "$1")
    if [ "$before" -gt 0 ]; then cp -r "$1/cells" before; fi
    mpirun_ends_with 0 -n 2 "$batchlab" run slow.yaml --results "$1" --no-roof
    prints "$before finished cells were there already"
    for cell in before/*/; do
        is_same "$cell/cell.csv" "$1/cells/${cell#before/}/cell.csv"
    done
    rm -rf before
    has_no_leftovers "$1"
    convergence_of "$1" >found
    is_same found expected
}

case='the process of one rank is killed'
starts_ranks process
kill -KILL "$program_2"
waits_for_end 60
[ "$status" -eq 0 ] || fail "exit status $status, expected 0"
complains 'rank 2 on' 'has ended; its'
convergence_of process >found
is_same found expected

case='one rank is killed: mpirun ends the job'
starts_ranks rank
kill -KILL "$carrier_2"
ends_badly 20
resumes rank

case='one rank is killed, and mpirun was asked to go on'
if mpirun --version | grep -q 'Open MPI) 4'; then
    starts_ranks recovered --enable-recovery
    kill -KILL "$carrier_2"
    waits_for_end 120
    complains 'rank 2 on' 'has ended; its'
    has_cells recovered 8
    convergence_of recovered >found
    is_same found expected
fi

case='the process of rank 0 is killed'
starts_ranks zero
kill -KILL "$program_0"
ends_badly 20
complains 'rank 0 was ended by signal 9'
resumes zero

for signal in INT TERM; do
    case="SIG$signal to mpirun"
    starts_ranks "$signal"
    kill "-$signal" "$process"
    ends_badly 20
    complains 'interrupted,'
    has_no_leftovers "$signal"
    if grep ',crashed,' "$signal"/cells/*/cell.csv >out; then fail 'recorded as crashed'; fi
    resumes "$signal"
done

case='a crash takes its cell alone'
cat >crash.yaml <<END
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: [naive, "$faulty_engines/crashes.so"], network: S, batch_size: [1, 8]}
budget: {epochs: 1}
END
mpirun_ends_with 1 -n 2 "$batchlab" run crash.yaml --results crash --no-roof
[ "$(column crash/cells.csv outcome | grep -c crashed)" -eq 2 ] || fail 'not two cells crashed'
[ "$(column crash/cells.csv outcome | grep -c budget)" -eq 2 ] || fail 'not two cells finished'

# More crashes than the ranks begin at once.
case='--max-failures counts over ranks'
sed -i 's/batch_size: .*}/batch_size: [1, 2, 4, 8, 16, 32, 64, 128]}/' crash.yaml
mpirun_ends_with 1 -n 2 "$batchlab" run crash.yaml --results most --no-roof --max-failures 1 --jobs 1
complains 'left out (--max-failures)'

case='--deadline'
mpirun_ends_with 0 -n 2 "$batchlab" run slow.yaml --results dead --no-roof --deadline 2.2
complains 'deadline reached'
has_no_leftovers dead

case='rounds of a tuning'
tuned_grid >tuned.yaml
ends_with 0 run tuned.yaml --results tuned
mpirun_ends_with 0 -n 3 "$batchlab" run tuned.yaml --results farm --no-roof
convergence_of tuned >expected
convergence_of farm >found
is_same found expected
is_same farm/tuning.csv tuned/tuning.csv

case='steps are timed by one rank of a host'
cat >timed.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
measure: throughput
throughput: {seconds: 0.1}
grid: {engine: naive, network: S, batch_size: [1, 8, full]}
END
mpirun_ends_with 0 -n 3 "$batchlab" run timed.yaml --results timed
prints '1 at a time'
has_cells timed 3
