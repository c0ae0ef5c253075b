#!/bin/sh
# A grid of tiny cells while everything goes wrong around it, until all cells are done: nothing that
# was finished may be lost, and the results are those of an undisturbed run.
#
#     sh soak.sh BATCHLAB TEST_ENGINES [--cells N] [--minutes N] [--seed N]
#
# N cells a grid (2000), grids until so many minutes are over (2; the last is completed), which
# faults come when is drawn from the seed ($SOAK_SEED). Prints a table of what it did.
set -eu

# Small disks are mounted in a mount namespace of our own, so that nothing stays behind.
if [ "${SOAK_INSIDE:-}" != yes ]; then
    map=
    [ "$(id -u)" -eq 0 ] || map=-r
    if unshare $map -m true 2>/dev/null; then
        SOAK_INSIDE=yes
        export SOAK_INSIDE
        exec unshare $map -m sh "$0" "$@"
    fi
fi
. "$(dirname "$0")/e2e/lib.sh"
shift 2
cells=2000 minutes=2 seed=${SOAK_SEED:-}
while [ $# -gt 0 ]; do
    case $1 in
    --cells) cells=$2 ;;
    --minutes) minutes=$2 ;;
    --seed) seed=$2 ;;
    *) fail "unknown option $1" ;;
    esac
    shift 2
done
[ -n "$seed" ] || seed=$(($(date +%s) % 100000))
echo "soak: seed $seed (--seed $seed or SOAK_SEED=$seed draws the same faults)"
trap 'exit 130' INT TERM HUP
SOAK_MARK="soak $$ of $seed" # by which processes of ours are known
export SOAK_MARK

final=',budget,budget: epochs,' # in cell.csv, of a cell that is finished
log=$PWD/log                   # fault, finished cells lost, seconds to the next one or -
before=$PWD/before             # finished cells when the fault struck
: >"$log"

# draw N: sets $drawn to 0 ... N - 1.
draw() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    drawn=$(((seed >> 8) % $1))
}

now() {
    echo $(($(date +%s%N) / 1000000))
}

# nap LOW HIGH: a drawn time, in milliseconds.
nap() {
    draw $(($2 - $1))
    sleep "$(printf '0.%03d' $(($1 + drawn)))"
}

# ---- What can be done here --------------------------------------------------------------------

# Root may write where nobody may, unless it gives that right away.
unprivileged=
mkdir closed
chmod a-w closed
if touch closed/file 2>/dev/null; then
    unprivileged='setpriv --bounding-set=-all --inh-caps=-all'
    rm closed/file
    if $unprivileged touch closed/file 2>/dev/null || ! $unprivileged true 2>/dev/null; then
        unprivileged=none
        echo 'soak: no lost permission: it cannot be taken from this user'
    fi
fi
rm -rf closed

disk=
disk_kilobytes=$((cells * 24 + 16384))
if [ "${SOAK_INSIDE:-}" = yes ]; then
    mkdir disk
    if mount -t tmpfs -o "size=${disk_kilobytes}k" none disk 2>/dev/null; then disk=$PWD/disk; fi
fi
[ -n "$disk" ] || echo 'soak: no full disk: no right to mount a file system'
place=${disk:-$PWD}

stepped=$faulty_engines/stepped_clock.so
[ -e "$stepped" ] || fail "$stepped is not there"

# Processes of ours: batchlab with the mark in its environment.
strays() {
    # shellcheck disable=SC2013
    for environment in $(grep -ls "SOAK_MARK=$SOAK_MARK" /proc/[0-9]*/environ 2>/dev/null); do
        folder=${environment%/environ}
        if [ "$(cat "$folder/comm" 2>/dev/null)" = batchlab ] && is_alive "${folder#/proc/}"; then
            echo "${folder#/proc/}"
        fi
    done
}

# What a script that ends leaves: no process, no mount.
leave() {
    for stray in $(strays); do kill -KILL "$stray" 2>/dev/null || :; done
    if [ -n "$disk" ] && [ "$1" -ne 0 ]; then cp -r "$disk" "$scratch/disk-at-end" || :; fi
    cd /
    if [ -n "$disk" ]; then umount -l "$disk" || :; fi
    case $1 in
    0) rm -rf "$scratch" ;;
    *) echo "soak: $case: ended with $1; its files are in $scratch" >&2 ;;
    esac
}

# ---- The run ----------------------------------------------------------------------------------

# launch WITH...: the grid in the background, in a process group of its own, started by `WITH...`.
launch() {
    may_not=$unprivileged
    [ "$may_not" != none ] || may_not=
    # shellcheck disable=SC2086
    setsid env --default-signal=INT "$@" $may_not "$batchlab" run grid.yaml --results "$results" \
        --jobs 2 --no-charts --max-failures 0 >out 2>err </dev/null &
    process=$!
    few=
    launched=$((launched + 1))
}

launch_with_few_files() {
    few=$1
    (
        # shellcheck disable=SC3045
        ulimit -n "$few"
        may_not=$unprivileged
        [ "$may_not" != none ] || may_not=
        # shellcheck disable=SC2086
        exec setsid env --default-signal=INT $may_not "$batchlab" run grid.yaml \
            --results "$results" --jobs 2 --no-charts --max-failures 0
    ) >out 2>err </dev/null & # redirected by now: a shell wants descriptors for that
    process=$!
    launched=$((launched + 1))
}

# The run has ended by itself, or is made to end: sets $status.
wait_for_end() {
    tries=3000
    while is_alive "$process"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "the run still goes on a minute later, after '$fault'"
        sleep 0.02
    done
    status=0
    wait "$process" || status=$?
    process=
}

# ended_as STATUS...: it ended with one of these.
ended_as() {
    for expected; do
        if [ "$status" -eq "$expected" ]; then return 0; fi
    done
    fail "exit status $status, expected one of $*"
}

# All cells have run, and what is wrong with some is said; or it had not the files it needs.
ended_by_itself() {
    case $status in
    0) ;;
    1)
        grep -q 'cells in trouble' out || { [ -n "$few" ] && grep -q '^batchlab' err; } ||
            fail "exit status 1 for no reason, after '$fault'"
        ;;
    *) fail "exit status $status, expected 0 or 1, after '$fault'" ;;
    esac
}

# A finished cell is there that is newer than the fault.
has_finished_another() {
    [ -n "$(find "$results/cells" -mindepth 1 -maxdepth 1 -type d -newer marker \
        ! -name '.tmp-*' -exec grep -qsF "$final" '{}/cell.csv' \; -print -quit 2>/dev/null)" ]
}


note_finished() {
    find "$results/cells" -mindepth 1 -maxdepth 1 -type d ! -name '.tmp-*' -print 2>/dev/null |
        sed 's|$|/cell.csv|' | xargs -r grep -lsF "$final" | xargs -r cksum | sort >"$before" || :
}

# Of the cells that were finished then, those that are not as they were.
count_lost() {
    cut -d' ' -f3- "$before" | xargs -r cksum 2>/dev/null | sort | comm -23 "$before" - | wc -l
}

# What does not look whole is wrong, whenever the run ended.
is_sound() {
    if [ -e "$results/manifest.json" ]; then
        "$batchlab" verify "$results" >verified 2>&1 ||
            fail "after '$fault' verify says: $(head -n 5 verified)"
    fi
}

# The fault is about to strike: $struck is when.
strikes() {
    note_finished
    : >marker
    struck=$(now)
}

# Until the next finished cell: notes the fault and how long it took.
recovers() {
    tries=2000
    until has_finished_another; do
        if [ -z "$process" ] || ! is_alive "$process"; then break; fi
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "no cell was finished any more after '$fault'"
        sleep 0.02
    done
    taken=-
    if has_finished_another; then taken=$(($(now) - struck)); fi
    lost=$(count_lost)
    echo "$fault,$lost,$taken" >>"$log"
    [ "$lost" -eq 0 ] || fail "$lost finished cells were lost after '$fault'"
}

# ---- Faults -----------------------------------------------------------------------------------

# Sets $child to a cell's process, or nothing where none was met.
choose_child() {
    child=
    tries=20
    while [ -z "$child" ] && [ "$tries" -gt 0 ]; do
        tries=$((tries - 1))
        children=
        read -r children 2>/dev/null <"/proc/$process/task/$process/children" || :
        # shellcheck disable=SC2086
        set -- $children
        if [ $# -gt 0 ]; then
            draw $#
            shift "$drawn"
            child=$1
        fi
    done
}

# signal_ends_run SIGNAL TARGET STATUS [STOPPED]: with this, unless it had ended by then. A cell that
# was stopped before it could ask to die with the run finds that out when it goes on.
signal_ends_run() {
    strikes
    kill "-$1" "$2" 2>/dev/null || :
    wait_for_end
    if [ -n "${4:-}" ]; then kill -CONT "$4" 2>/dev/null || :; fi
    case $status in
    0 | 1)
        ended_by_itself
        return 0
        ;;
    143) [ "$1" = TERM ] || ended_as "$3" ;; # before or after it takes signals for itself
    *) ended_as "$3" ;;
    esac
    is_sound
    launch
    recovers
}

# They last for milliseconds: the one chosen may be gone.
signal_child() {
    strikes
    choose_child
    if [ -n "$child" ] && kill "-$1" "$child" 2>/dev/null; then recovers; fi
}

# TARGET stands still for a while; `child` is one of the cells.
stop() {
    strikes
    if [ "$1" = child ]; then
        choose_child
        set -- "$child"
    fi
    { [ -n "$1" ] && kill -STOP "$1" 2>/dev/null; } || return 0
    nap 200 700
    kill -CONT "$1" 2>/dev/null || :
    recovers
}

# The run cannot write: says why, and goes on once it can.
cannot_write() {
    wait_for_end
    if [ "$status" -eq 0 ] || [ -n "$few" ] || grep -q 'cells in trouble' out; then
        ended_by_itself # before it had to write, or for another reason
    else
        ended_as 1
        complains "$1"
    fi
}

# Ends the run, which is no fault that counts here.
end_run() {
    kill -TERM "$process" 2>/dev/null || :
    wait_for_end
    [ "$status" -eq 130 ] || [ "$status" -eq 143 ] || ended_by_itself
}

start_with_few_files() {
    fault='few file descriptors'
    strikes
    draw 24
    launch_with_few_files $((4 + drawn))
    nap 300 600
    if ! is_alive "$process"; then
        wait_for_end
        [ "$status" -le 1 ] || fail "exit status $status with $few file descriptors"
        is_sound
        launch
    fi
    recovers
}

start_with_stepped_clock() {
    fault='stepped clock'
    strikes
    launch env "LD_PRELOAD=$stepped"
    recovers
}

strike() {
    draw 14
    case $drawn in
    0)
        fault='run: SIGKILL'
        signal_ends_run KILL "$process" 137
        ;;
    1)
        fault='run: SIGTERM'
        signal_ends_run TERM "$process" 130
        ;;
    2)
        fault='run: SIGINT'
        signal_ends_run INT "$process" 130
        ;;
    3)
        fault='run and cells: SIGINT (Ctrl-C)'
        signal_ends_run INT "-$process" 130
        ;;
    4)
        fault='cell: SIGKILL'
        signal_child KILL
        ;;
    5)
        fault='cell: SIGSEGV'
        signal_child SEGV
        ;;
    6)
        fault='run: SIGSTOP and SIGCONT'
        stop "$process"
        ;;
    7)
        fault='cell: SIGSTOP and SIGCONT'
        stop child
        ;;
    8)
        fault='run and cells: SIGSTOP and SIGCONT'
        stop "-$process"
        ;;
    9)
        fault='cell: SIGSTOP; run: SIGKILL'
        choose_child
        if [ -n "$child" ]; then kill -STOP "$child" 2>/dev/null || :; fi
        signal_ends_run KILL "$process" 137 "$child"
        ;;
    10)
        fault='full disk'
        [ -n "$disk" ] || return 0
        strikes
        head -c "$((disk_kilobytes * 1024))" /dev/zero >"$disk/filler" 2>/dev/null || :
        cannot_write 'No space left'
        rm "$disk/filler"
        is_sound
        launch
        recovers
        ;;
    11)
        fault='no permission to write'
        { [ "$unprivileged" != none ] && [ -d "$results/cells" ]; } || return 0
        strikes
        chmod a-w "$results/cells"
        cannot_write 'Permission denied'
        chmod u+w "$results/cells"
        is_sound
        launch
        recovers
        ;;
    12)
        end_run
        start_with_few_files
        ;;
    13)
        end_run
        start_with_stepped_clock
        ;;
    esac
}

# ---- A grid -----------------------------------------------------------------------------------

has_no_strays() {
    sleep 0.2
    left=$(strays)
    [ -z "$left" ] || fail "process $left is left"
}

# From an empty folder until all cells are done.
soak_grid() {
    case="grid $grids"
    results=$place/results
    until [ "$(finished)" -eq "$cells" ]; do
        if [ -z "$process" ]; then launch; fi
        nap 50 400
        if [ -n "$process" ] && is_alive "$process"; then strike; fi
        if [ -n "$process" ] && ! is_alive "$process"; then
            wait_for_end
            ended_by_itself
        fi
    done
    if [ -n "$process" ]; then
        wait_for_end
        ended_by_itself
    fi
    launch
    wait_for_end
    ended_as 0
    fault='the last run'
    is_sound
    has_cells "$results" "$cells"
    has_no_leftovers "$results"
    convergence_of "$results" >disturbed
    is_same disturbed undisturbed
    has_no_strays
    rm -rf "$results"
}

finished() {
    note_finished
    wc -l <"$before"
}

print_table() {
    echo
    echo '| fault | injected | finished cells lost | seconds to the next finished cell: median | largest |'
    echo '|---|---:|---:|---:|---:|'
    cut -d, -f1 "$log" | sort -u | while read -r fault; do
        awk -F, -v fault="$fault" '$1 == fault' "$log" | sort -t, -k3n | awk -F, -v fault="$fault" '
            { lost += $2 }
            $3 != "-" { seconds[++n] = $3 / 1000 }
            END {
                if (n) median = (seconds[int((n + 1) / 2)] + seconds[int(n / 2) + 1]) / 2
                if (n) printf "| %s | %d | %d | %.2f | %.2f |\n", fault, NR, lost, median, seconds[n]
                else printf "| %s | %d | %d | | |\n", fault, NR, lost
            }'
    done
}

{
    echo 'dataset: {name: blobs, examples: 80, features: 3, classes: 3, validation: 20}'
    echo 'networks: {tiny: {hidden: [4]}}'
    echo 'grid:'
    echo '  engine: [naive, native]'
    echo '  network: tiny'
    echo '  batch_size: [4, 20]'
    echo '  learning_rate: [0.01, 0.05]'
    echo "  seed: [$(seq -s ', ' $((cells / 8)))]"
    echo 'budget: {epochs: 2}'
} >grid.yaml
cells=$((cells / 8 * 8))

case=undisturbed
launched=0
fault=none
few=
ends_with 0 run grid.yaml --results calm --jobs 2 --no-charts
has_cells calm "$cells"
convergence_of calm >undisturbed
rm -rf calm

grids=0
deadline=$(($(now) + minutes * 60000))
while :; do
    grids=$((grids + 1))
    soak_grid
    [ "$(now)" -lt "$deadline" ] || break
done
print_table
echo
echo "$grids grids of $cells cells, $launched runs, $(wc -l <"$log") faults: every grid ended as undisturbed."
[ "$(wc -l <"$log")" -gt 0 ] || fail 'nothing was disturbed'
