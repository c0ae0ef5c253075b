#!/bin/sh
# A grid in whose cells an engine now and then crashes, exits, hangs, leaks, prints or changes how
# floating-point numbers round: each is recorded for what it is, the other cells are those of a run
# in which nothing went wrong, and so are all once the engine is healed.
#
#     sh crashing.sh BATCHLAB TEST_ENGINES [--cells N] [--share PERCENT] [--minutes N]
#
# N cells a grid (400; half of them another engine's), of which so many percent end badly (20),
# grids of other cells until so many minutes are over (0: one). Prints a table of the ends.
set -eu
. "$(dirname "$0")/e2e/lib.sh"
shift 2
cells=400 share=20 minutes=0
while [ $# -gt 0 ]; do
    case $1 in
    --cells) cells=$2 ;;
    --share) share=$2 ;;
    --minutes) minutes=$2 ;;
    *) fail "unknown option $1" ;;
    esac
    shift 2
done
trap 'exit 130' INT TERM HUP

BATCHLAB_TEST_SHARE=$share
export BATCHLAB_TEST_SHARE
cp "$faulty_engines/moody.so" .
log=$PWD/log # id, what it did, outcome, reason
: >"$log"
others=0

# runs STATUS MOOD RESULTS: exit status 0, or what is expected of a run with ill cells.
runs() {
    status=0
    BATCHLAB_TEST_MOOD=$2 timeout 600 "$batchlab" run grid.yaml --results "$3" --jobs 2 \
        --no-charts --max-failures 0 >out 2>err </dev/null || status=$?
    [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"
}

# What training found in all cells but those listed by `except`.
found_but() {
    for file in "$1/cells.csv" "$1/curves.csv"; do
        columns_except "$file" "$measured" | awk -F, -v except="$2" '
            BEGIN { while ((getline id <except) > 0) left_out[id] = 1 }
            !($1 in left_out)'
    done
}

# Beside each other: how a cell must end that does so.
expected_of() {
    case $1 in
    segv) echo 'crashed,signal 11 (Segmentation fault) under a limit of 6e+07 bytes' ;;
    abort) echo 'crashed,signal 6 (Aborted) under a limit of 6e+07 bytes' ;;
    exit) echo 'crashed,exited with status 0 in the middle under a limit of 6e+07 bytes' ;;
    hang | deaf) echo 'timeout,ended after 3 s (limits: cell_seconds)' ;;
    leak) echo 'out-of-memory,mood: leak' ;;
    print | round | flush) echo 'budget,budget: updates' ;;
    *) fail "what is '$1'?" ;;
    esac
}

grid_of() {
    echo 'dataset: {name: blobs, examples: 80, features: 3, classes: 3, validation: 20}'
    echo 'networks: {tiny: {hidden: [4]}}'
    echo 'grid:'
    echo '  engine: [naive, ./moody.so]'
    echo '  network: tiny'
    echo '  batch_size: [4, 20]'
    echo "  seed: [$(seq -s ', ' "$1" "$2")]"
    echo 'budget: {updates: 40}'
    echo 'limits: {cell_seconds: 3, memory_bytes: 6e7}'
}

crash_grid() {
    grid_of $((grids * 100000 + 1)) $((grids * 100000 + cells / 4)) >grid.yaml

    case="grid $grids, nothing goes wrong"
    runs 0 heal clean

    case="grid $grids, what is going to happen"
    runs 1 tell told
    awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == "reason") at = i }
        $at ~ /^mood: / { print $1 "," substr($at, 7) }' told/cells.csv >moods
    cut -d, -f1 moods >ill
    has_cells told "$cells"

    case="grid $grids, it happens"
    runs 1 '' moody
    has_cells moody "$cells"
    has_no_leftovers moody
    if grep -q 'so says an engine' out; then fail 'what an engine prints is on stdout'; fi
    awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "outcome") at = i } next }
        { print $1 "," $at "," $(at + 1) }' moody/cells.csv | sort >ends
    sort moods | join -t, - ends >as_ended
    while IFS=, read -r id mood outcome reason; do
        [ "$outcome,$reason" = "$(expected_of "$mood")" ] ||
            fail "$id ($mood) is recorded as $outcome, $reason"
    done <as_ended
    cat as_ended >>"$log"

    case="grid $grids, the others are unharmed"
    found_but clean ill >undisturbed
    found_but moody ill >disturbed
    is_same disturbed undisturbed
    others=$((others + cells - $(wc -l <ill)))
    ends_with 0 verify moody

    case="grid $grids, healed"
    runs 0 heal moody
    grep -E ',(round|flush)$' moods | cut -d, -f1 >ill || : # they finished, with numbers of their own
    found_but clean ill >undisturbed
    found_but moody ill >disturbed
    is_same disturbed undisturbed
    ends_with 0 verify moody
    rm -rf clean told moody
}

print_table() {
    echo
    echo '| what the engine does | cells | recorded as | reason |'
    echo '|---|---:|---|---|'
    cut -d, -f2- "$log" | sort | uniq -c | sed -E 's/^ *([0-9]+) ([^,]*),([^,]*),(.*)$/| \2 | \1 | \3 | \4 |/'
    echo
    echo "$grids grids of $cells cells: $others other cells as in a run without, none harmed."
}

cells=$((cells / 4 * 4))
grids=0
deadline=$(($(date +%s) + minutes * 60))
while :; do
    grids=$((grids + 1))
    crash_grid
    [ "$(date +%s)" -lt "$deadline" ] || break
done
print_table
