#!/bin/sh
# The batch scripts for Slurm, under one of one node that is started here, of Debian's slurmctld and
# slurmd; where it cannot be, under mpirun in its place.
set -eu
. "$(dirname "$0")/lib.sh"
scripts=$3
needs_mpirun
PATH=$PATH:/usr/sbin
BATCHLAB=$(cd "$(dirname "$batchlab")" && pwd)/$(basename "$batchlab")
export PATH BATCHLAB
slurm= # processes of it

small_grid >grid.yaml
ends_with 0 run grid.yaml --results alone
convergence_of alone >expected

# Nobody but us is to be let in: no munge.
write_configuration() {
    port=$((20000 + $$ % 20000))
    host=$(hostname -s)
    user=$(id -un)
    mkdir -p "$1/state" "$1/spool"
    cat >"$1/slurm.conf" <<END
ClusterName=batchlab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/none
CredType=cred/none
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=60 State=UP OverSubscribe=FORCE:4
END
}

start_slurm() {
    for program in slurmctld slurmd sbatch srun; do
        command -v $program >/dev/null || return 1
    done
    write_configuration "$scratch/slurm"
    SLURM_CONF=$scratch/slurm/slurm.conf
    export SLURM_CONF
    slurmctld -D >slurmctld.out 2>&1 &
    slurm="$!"
    slurmd -D -N "$host" >slurmd.out 2>&1 &
    slurm="$slurm $!"
    tries=20
    until sinfo -h -o %T 2>/dev/null | grep -q idle; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 1
    done
}

stop_slurm() {
    # shellcheck disable=SC2086
    [ -z "$slurm" ] || kill $slurm 2>/dev/null || :
    slurm=
}
trap 'status=$?; stop_slurm; leave $status' EXIT

# submit NTASKS SCRIPT ARGUMENT...: to its end; what it says is in `out`.
if start_slurm; then
    submit() {
        tasks=$1
        script=$2
        shift 2
        timeout 120 sbatch -W -o "$scratch/out" "--ntasks=$tasks" "$scripts/$script" "$@" >err 2>&1 ||
            fail "$script failed: $(cat err)"
    }
    submit_array() {
        timeout 120 sbatch -W -o "$scratch/out-%a" "--array=1-$1" "$scripts/array.sbatch" \
            grid.yaml --results array --no-roof >err 2>&1 || fail "array.sbatch failed: $(cat err)"
    }
else
    echo "slurm.sh: no Slurm could be started here (Debian: slurmctld slurmd slurm-client); its scripts run under mpirun" >&2
    tail -n 3 slurmctld.out slurmd.out 2>/dev/null >&2 || :
    stop_slurm
    mkdir bin
    cat >bin/srun <<'END'
#!/bin/sh
while case $1 in -*) true ;; *) false ;; esac; do shift; done
exec mpirun -n "$SLURM_NTASKS" "$@"
END
    chmod +x bin/srun
    PATH=$PWD/bin:$PATH
    submit() {
        SLURM_NTASKS=$1
        export SLURM_NTASKS
        script=$2
        shift 2
        timeout 120 sh "$scripts/$script" "$@" >out 2>err </dev/null || fail "$script failed"
    }
    submit_array() {
        SLURM_ARRAY_TASK_COUNT=$1
        export SLURM_ARRAY_TASK_COUNT
        for task in $(seq "$1"); do
            SLURM_ARRAY_TASK_ID=$task sh "$scripts/array.sbatch" grid.yaml --results array --no-roof \
                >out 2>err </dev/null || fail "task $task failed"
        done
    }
fi

case=farm.sbatch
submit 2 farm.sbatch grid.yaml --results farm --no-roof
prints '6 cells in'
convergence_of farm >found
is_same found expected
if [ -n "$slurm" ]; then prints '2 at a time'; fi

case='array.sbatch and merge.sbatch'
submit_array 3
submit 1 merge.sbatch grid.yaml array
prints '6 cells added from 3 folders' '6 cells of 6 planned'
convergence_of array >found
is_same found expected

case=parallel.sbatch
submit 2 parallel.sbatch grid.yaml --results parallel --no-roof
convergence_of parallel >found
is_same found expected

if [ -n "$slurm" ]; then
    case='srun whose tasks do not find each other'
    cat >strangers.sbatch <<'END'
#!/bin/sh
"${BATCHLAB:-batchlab}" run grid.yaml --results alone --no-roof --no-charts
echo '--'
srun --mpi=none "${BATCHLAB:-batchlab}" run grid.yaml --results strangers --no-roof --no-charts || : # one has the lock
END
    timeout 120 sbatch -W -o "$scratch/out" --ntasks=2 strangers.sbatch >err 2>&1 || fail "sbatch: $(cat err)"
    sed '/^--$/,$d' out >alone.out
    if grep 'srun has started' alone.out; then fail 'a program that is alone is warned'; fi
    prints 'srun has started 2 of this' 'srun --mpi=pmix'
fi
