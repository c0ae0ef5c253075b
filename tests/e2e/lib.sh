# What the end-to-end tests share: a scratch folder, and words to state what must happen.
#
# A script is started as `sh NAME.sh BATCHLAB [FAULTY_ENGINES]`, sources this file, and works in a
# fresh folder below the current one. The folder stays where a test fails.

batchlab=$1
faulty_engines=${2:-} # folder
export faulty_engines
case=start # what is being tested, for the message of a failure
process=   # of the batchlab in the background

# The caller's surroundings must not decide.
unset BATCHLAB_DATA BATCHLAB_ENGINES
LC_ALL=C
TERM=dumb
export LC_ALL TERM

scratch=$(mktemp -d "$PWD/$(basename "$0" .sh).XXXXXX")
trap 'leave $?' EXIT
cd "$scratch" || exit 1

leave() {
    if [ -n "$process" ]; then
        kill -KILL "$process" 2>/dev/null || :
    fi
    case $1 in
    0 | 77) rm -rf "$scratch" ;;
    *) echo "$(basename "$0"): $case: ended with $1; its files are in $scratch" >&2 ;;
    esac
}

fail() {
    echo "$(basename "$0"): $case: $*" >&2
    for stream in out err; do
        if [ -f $stream ]; then tail -n 20 $stream | sed "s/^/  $stream: /" >&2; fi
    done
    exit 1
}

skip() {
    echo "$(basename "$0"): skipped: $*" >&2
    exit 77
}

# ends_with STATUS COMMAND [ARGUMENT...]: batchlab COMMAND ... ends with this exit status. What it
# says stays in `out` and `err`. No run measures the roof, unless $roof is not empty: it takes longer
# than most of these runs.
roof=
ends_with() {
    expected=$1
    shift
    if [ "${1:-}" = run ] && [ -z "$roof" ]; then
        shift
        set -- run --no-roof "$@"
    fi
    status=0
    "$batchlab" "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected: batchlab $*"
}

# The lines on stderr that are errors have each of these words.
complains() {
    for words; do
        grep -e '^batchlab' err | grep -q -F -e "$words" || fail "stderr does not say '$words'"
    done
}

prints() {
    for words; do
        grep -q -F -e "$words" out || fail "stdout does not say '$words'"
    done
}

# stderr is exactly one line.
says_one_line() {
    [ "$(wc -l <err)" -eq 1 ] || fail "stderr has $(wc -l <err) lines, expected one"
}

# Nothing half-written lies in the folder.
has_no_leftovers() {
    left=$(find "$1" -name '*.tmp*' -o -name '.tmp-*')
    [ -z "$left" ] || fail "left behind: $left"
}

is_absent() {
    [ ! -e "$1" ] || fail "$1 was made"
}

# Finished cells of a results folder.
finished_cells() {
    find "$1/cells" -path '*/.tmp-*' -prune -o -name cell.csv -print 2>/dev/null | wc -l
}

has_cells() {
    [ "$(finished_cells "$1")" -eq "$2" ] || fail "$1 has $(finished_cells "$1") cells, expected $2"
}

# columns_except FILE PATTERN: prints the columns of a CSV file whose names do not match. For files
# without quoted fields only.
columns_except() {
    if grep -q '"' "$1"; then fail "$1 has quoted fields"; fi
    awk -F, -v pattern="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ pattern }
        {
            line = ""
            for (i = 1; i <= NF; i++) if (keep[i]) line = line $i ","
            print line
        }' "$1"
}

# column FILE NAME: prints one column, without its name.
column() {
    awk -F, -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
        NR > 1 { print $at }' "$1"
}

# Columns that a clock or the machine decides.
measured='seconds|per_second|gflops|memory|storage|faults'

# What training found, without what was measured: the same for the same engine, seed and threads.
convergence_of() {
    columns_except "$1/cells.csv" "$measured"
    columns_except "$1/curves.csv" "$measured"
}

is_same() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -n 4)"
}

# starts COMMAND [ARGUMENT...]: batchlab in the background, in a process group of its own. A shell
# without job control makes it ignore SIGINT, which env undoes.
starts() {
    setsid env --default-signal=INT "$batchlab" "$@" >out 2>err </dev/null &
    process=$!
}

is_alive() {
    [ -d "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# Waits until the results folder has so many cells.
waits_for_cells() {
    tries=300
    until [ "$(finished_cells "$1")" -ge "$2" ]; do
        is_alive "$process" || fail "ended before $2 cells were finished"
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "$2 cells were not finished in 30 s"
        sleep 0.1
    done
}

# Waits until the file is there and not empty.
waits_for_file() {
    tries=300
    until [ -s "$1" ]; do
        is_alive "$process" || fail "ended before $1 was written"
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "$1 was not written in 30 s"
        sleep 0.1
    done
}

# The process has ended within two seconds; its status is in $status.
is_gone_soon() {
    tries=20
    while is_alive "$1"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "process $1 still runs after 2 s"
        sleep 0.1
    done
}

ended_with() {
    status=0
    wait "$process" || status=$?
    process=
    [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"
}

# Processes of the group that batchlab, started in the background, leads: itself and its cells.
group_size() {
    size=0
    # shellcheck disable=SC2013
    for state in $(grep -l "^NSpgid:[[:space:]]*$1\>" /proc/[0-9]*/status 2>/dev/null); do
        member=${state#/proc/}
        if is_alive "${member%/status}"; then size=$((size + 1)); fi
    done
    echo $size
}

# waits_for_group PROCESS LOW HIGH: until its group has so many processes, for two seconds at most.
waits_for_group() {
    tries=20
    until size=$(group_size "$1") && [ "$size" -ge "$2" ] && [ "$size" -le "$3" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "$size processes in the group after 2 s, expected $2 to $3"
        sleep 0.1
    done
}

# Experiments that several tests run. Cells of no time; cells of about a third of a second for 100 000
# EXAMPLES, long enough to be caught in the middle (slow_grid EXAMPLES); some that are tuned.
small_grid() {
    cat <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, network: S, batch_size: [1, 8, full], learning_rate: [0.1, 0.2]}
budget: {epochs: 1}
END
}

slow_grid() {
    cat <<END
dataset: {name: blobs, examples: 3000, features: 20, classes: 5, validation: 200}
networks: {wide: {hidden: [64]}}
grid:
  engine: naive
  network: wide
  batch_size: [1, 10, 100, full]
  learning_rate: [0.01, 0.02]
budget: {examples: $1}
END
}

tuned_grid() {
    cat <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
tuning: {keys: {learning_rate: {from: 0.1, to: 0.4}}, seeds: [7, 8]}
grid: {engine: naive, network: S, batch_size: [1, 8, full], seed: [1, 2]}
budget: {epochs: 1}
END
}

# Several ranks: skips without mpirun or without MPI in the build.
needs_mpirun() {
    command -v mpirun >/dev/null || skip 'no mpirun (Debian: openmpi-bin)'
    [ -e "$(dirname "$batchlab")/../lib/batchlab/ranks_mpi.so" ] || skip 'built without MPI'
    # As root in a container, and with more ranks than processors; of Open MPI 4 and 5.
    OMPI_ALLOW_RUN_AS_ROOT=1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_rmaps_base_oversubscribe=1
    PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe \
        PRTE_MCA_rmaps_default_mapping_policy
}

# mpirun_ends_with STATUS ARGUMENT...: mpirun ARGUMENT... ends with this exit status.
mpirun_ends_with() {
    expected=$1
    shift
    status=0
    timeout 120 mpirun "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected: mpirun $*"
}

# One rank alone complains, in one line.
one_rank_complains() {
    complains "$@"
    [ "$(grep -c '^batchlab' err)" -eq 1 ] || fail "not one line: $(grep '^batchlab' err)"
}
