#!/bin/sh
# The gate on training steps that are really timed: what is found, written, returned and refused.
# No test depends on how fast anything is: what is the same is judged with a margin that no noise
# reaches, and what is slower is twice as slow.
set -eu
. "$(dirname "$0")/lib.sh"

cat >tiny.yaml <<'END_OF_FILE'
measure: throughput
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, network: S, batch_size: [8, 32]}
END_OF_FILE
cat >wide.yaml <<'END_OF_FILE'
measure: throughput
dataset: {name: blobs, examples: 512, features: 32, classes: 4, validation: 20, test: 20}
networks: {wide: {hidden: [64]}}
grid: {engine: naive, network: wide, batch_size: 64}
END_OF_FILE
sed 's/batch_size: .*/batch_size: 8, threads: 2}/' tiny.yaml >threads.yaml
sed 's/^measure.*/budget: {epochs: 1}/' tiny.yaml >trained.yaml

tiny='--no-check --no-counts --no-chart --rounds 8 --turns 2 --slice 0.001 --margin 1'
planted='--no-check --no-counts --no-chart --rounds 12 --turns 2 --slice 0.004 --margin 0.2'

# A batchlab that is the one under test but for what these lines do first. $1 is the command.
# made NAME LINES
made() {
    printf '#!/bin/sh\n%s\nexec "%s" "$@"\n' "$2" "$batchlab" >"$1"
    chmod +x "$1"
}

# verdict_of FOLDER CELL
verdict_of() {
    grep -F "$2," "$1/gate.csv" | cut -d , -f 2
}

case='a build against itself'
# shellcheck disable=SC2086
ends_with 0 gate --base "$batchlab" tiny.yaml $tiny --seed 3 --output same
prints 'naive/S/k=8' 'naive/S/k=32' 'all hold at once in 95 %' 'No calibration' 'Numbers same/'
awk 'length > 80 && !/^(base|head):|^Numbers/ { exit 1 }' out || fail 'wider than 80 columns'
for cell in naive/S/k=8 naive/S/k=32; do
    case $(verdict_of same $cell) in
    SAME | INCONCLUSIVE) ;;
    *) fail "$cell is $(verdict_of same $cell)" ;;
    esac
done
head -n 1 same/gate.csv >columns
echo 'cell,verdict,updates,rounds,base_seconds_per_update,head_seconds_per_update,ratio,low,high,coverage,margin,floor,cpu_ratio,minimum_ratio,ties,disturbed_base,disturbed_head,confirmed_ratio,confirmed_low,confirmed_high,library,reason' >expected
is_same columns expected
head -n 1 same/samples.csv >columns
echo 'cell,stage,round,position,side,updates,seconds,cpu_seconds,involuntary_switches,steal_seconds,load,disturbed' >expected
is_same columns expected
# A row for each of the rounds' two turns of two sides.
rounds=$(awk -F, 'NR > 1 { sum += $4 } END { print sum }' same/gate.csv)
[ "$rounds" -ge 16 ] || fail "$rounds rounds of two cells, expected 8 each or more"
[ "$(($(wc -l <same/samples.csv) - 1))" -eq $((rounds * 2 * 2)) ] ||
    fail "$(wc -l <same/samples.csv) lines in samples.csv, expected $rounds x 4 and a header"
[ "$(column same/samples.csv side | sort | uniq -c | awk '{ print $1 }' | uniq | wc -l)" -eq 1 ] ||
    fail 'the sides have not as many turns'
[ -s same/figures/gate.csv ] || fail 'no numbers of a chart'
is_absent same/figures/gate.svg
has_no_leftovers same

case='engines by name'
# shellcheck disable=SC2086
ends_with 0 gate --base naive --head naive tiny.yaml $tiny --only k=8 --output engines
[ "$(cut -d , -f 1 engines/gate.csv | tail -n +2)" = S/k=8 ] || fail 'not one cell without engine'

case='a head that is twice as slow'
# shellcheck disable=SC2086
ends_with 4 gate --base "$batchlab" wide.yaml $planted --plant 1 --output slow
prints REGRESSION 'measured anew' 'slowed down: 100 %'
[ "$(verdict_of slow naive/wide/k=64)" = REGRESSION ] || fail 'no regression in gate.csv'
grep -q ',confirmation,' slow/samples.csv || fail 'no turns of the confirmation'
# shellcheck disable=SC2086
ends_with 0 gate --base "$batchlab" wide.yaml $planted --plant 1 --report --output slow
prints REGRESSION

case='a base that is twice as slow'
# shellcheck disable=SC2016
made slow-base '[ "$1 $2" != "gate-side wide.yaml" ] || set -- gate-side --plant 1 wide.yaml'
# shellcheck disable=SC2086
ends_with 0 gate --base ./slow-base wide.yaml $planted --output fast
[ "$(verdict_of fast naive/wide/k=64)" = IMPROVED ] || fail 'no improvement in gate.csv'

case='an engine that does not conform'
# shellcheck disable=SC2086
ends_with 3 gate --base "$faulty_engines/none.so" --head "$faulty_engines/bias_off.so" tiny.yaml \
    --only k=8 --no-counts --no-chart --output wrong
prints WRONG
tr -s ' \n' ' ' <out | grep -q '[0-9] cases failed' || fail 'how many cases failed is not said'
[ "$(wc -l <wrong/samples.csv)" -eq 1 ] || fail 'its speed was compared'

case='engines of the file by relative paths with blanks; one that crashes on one side'
mkdir -p 'my experiments/my engines'
cp "$faulty_engines/ending_crash.so" "$faulty_engines/ending_refuse.so" 'my experiments/my engines'
sed "s|engine: naive|engine: [naive, './my engines/ending_crash.so']|; s/\[8, 32\]/8/" tiny.yaml \
    >'my experiments/crash.yaml'
made healed 'export BATCHLAB_TEST_HEALED=1'
# shellcheck disable=SC2086
ends_with 1 gate --base ./healed 'my experiments/crash.yaml' $tiny --output crash
complains '1 of 2 cells could not be compared'
prints 'head: ended by signal 6'
[ "$(verdict_of crash ./my_engines/ending_crash.so/S/k=8)" = MISSING ] || fail 'not missing'
case $(verdict_of crash naive/S/k=8) in
SAME | INCONCLUSIVE) ;;
*) fail 'the other cell was not judged' ;;
esac

case='an engine that does not support the cell, on both sides or on one'
sed 's/ending_crash/ending_refuse/' 'my experiments/crash.yaml' >'my experiments/refuse.yaml'
# shellcheck disable=SC2086
ends_with 0 gate --base "$batchlab" 'my experiments/refuse.yaml' $tiny --output refuse
prints '1 UNSUPPORTED' 'the library, "libill", is missing'
# shellcheck disable=SC2086
ends_with 1 gate --base ./healed 'my experiments/refuse.yaml' $tiny --output refuse
prints '1 MISSING' 'not supported by the head'
# shellcheck disable=SC2086
ends_with 1 gate --base "$batchlab" 'my experiments/refuse.yaml' $tiny --only refuse --output refuse
complains '1 of 1 cells could not be compared'

# A side that is a script: all of its turns take as long as it says, by both clocks.
# script_side NAME WALL CPU
script_side() {
    cat >"$1" <<END_OF_SIDE
#!/bin/sh
[ "\$2" != --help ] || exit 0
if [ "\$1" = check ]; then echo \$\$ >checking; sleep 1000; fi
echo 'batchlab-side 1 script'
echo 'cell a/S/k=1'
echo ready
while read -r word rest; do
    case \$word in
    open) echo opened ;;
    describe) echo described a script ;;
    engine) echo engine naive ;;
    find) echo found 1 ;;
    time) echo timed $2 $3 0 0 0 ;;
    *) echo closed ;;
    esac
done
END_OF_SIDE
    chmod +x "$1"
}
script_side second 1 1
script_side double 2 2
script_side waiting 2 1
script_side half 0.5 0.5

case='exit statuses'
scripts='tiny.yaml --no-check --no-counts --no-chart --rounds 8 --turns 2 --output scripts'
# shellcheck disable=SC2086
{
    ends_with 0 gate --base ./second --head ./second $scripts --strict
    prints '1 SAME'
    ends_with 0 gate --base ./second --head ./half $scripts --strict
    prints '1 IMPROVED'
    ends_with 4 gate --base ./second --head ./double $scripts
    ends_with 4 gate --base ./second --head ./double $scripts --strict
    ends_with 0 gate --base ./second --head ./double $scripts --report
    ends_with 0 gate --base ./second --head ./waiting $scripts
    prints '1 INCONCLUSIVE' "by the processor's time"
    ends_with 5 gate --base ./second --head ./waiting $scripts --strict
    status=0
    "$batchlab" gate --base ./second --head ./second $scripts >/dev/full 2>err || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status on a full disk, expected 1"
    ends_with 1 gate --base ./second --head ./second $scripts --output tiny.yaml/folder
    says_one_line
}

case='without gnuplot'
mkdir nothing
for program in sh cat grep; do ln -s "$(command -v $program)" nothing/; done
# shellcheck disable=SC2086
env PATH="$scratch/nothing" "$batchlab" gate --base ./second --head ./second tiny.yaml --no-check \
    --no-counts --rounds 8 --output undrawn >out 2>err || fail "exit status $?, expected 0"
[ -s undrawn/gate.csv ] || fail 'no gate.csv'

case='what is no gate'
# usage ARGUMENT...
usage() {
    ends_with 64 gate "$@"
}
usage tiny.yaml
usage --base naive tiny.yaml wide.yaml
usage --base naive --bogus
usage --base naive --rounds 7
usage --base naive --rounds 0
usage --base naive --rounds many
usage --base naive --turns 3
usage --base naive --slice 0
usage --base naive --slice -1
usage --base naive --margin 0
usage --base naive --margin nan
usage --base naive --plant 2
usage --base naive --budget 0
usage --base naive --processor one
ends_with 64 gate-side
ends_with 64 calibrate --runs 1
# refuses WORDS ARGUMENT...
refuses() {
    words=$1
    shift
    # shellcheck disable=SC2086
    ends_with 1 gate "$@" $tiny --output refused
    complains "$words"
    says_one_line
    is_absent refused
}
refuses "no cell with 'k=7' in its name" --base "$batchlab" tiny.yaml --only k=7
refuses 'missing.yaml: No such file' --base "$batchlab" missing.yaml
refuses 'measures convergence, expected `measure: throughput`' --base "$batchlab" trained.yaml
refuses 'threads: not 1, expected 1' --base "$batchlab" threads.yaml
refuses 'expected two engines, or two programs' --base naive tiny.yaml
refuses '--base: ./missing.so: No such file' --base ./missing.so --head naive tiny.yaml
refuses '`nosuch` is not an engine' --base nosuch --head naive tiny.yaml
printf '#!/bin/sh\necho what; exit 3\n' >stranger && chmod +x stranger
refuses 'is no batchlab (status 3: what)' --base ./stranger tiny.yaml
refuses 'cannot pin to processor 1023' --base "$batchlab" tiny.yaml --processor 1023
ends_with 1 gate --base "$batchlab" tiny.yaml --rounds 6 --slice 0.000001 --margin 0.0001
complains 'is too short for a clock of'
ends_with 1 gate --base "$batchlab" tiny.yaml --rounds 6 --no-check # two cells need eight
complains 'expected an even number from 8 on'

case='an older program is compared by its engines'
# shellcheck disable=SC2016
mkdir -p old/bin old/lib/batchlab
made old/bin/batchlab "[ \$1 != gate-side ] || { echo \"batchlab: 'gate-side' is no command\" >&2; exit 64; }"
ln -s "$(dirname "$batchlab")/../lib/batchlab/engines" old/lib/batchlab/engines
# shellcheck disable=SC2086
ends_with 0 gate --base old/bin/batchlab tiny.yaml $tiny --only k=8 --output old/results
prints 'older than the gate'

# interrupts SIGNAL WHOM: to the group, as Ctrl-C is, or to the gate alone.
interrupts() {
    leader=$process
    kill "-$1" "$2$leader"
    is_gone_soon "$leader"
    ended_with 130
    waits_for_group "$leader" 0 0
    is_absent stopped
}

case='Ctrl-C while it measures'
starts gate --base "$batchlab" wide.yaml --no-check --no-counts --rounds 1000 --output stopped
waits_for_group "$process" 3 3
interrupts INT -
starts gate --base "$batchlab" wide.yaml --no-check --no-counts --rounds 1000 --output stopped
waits_for_group "$process" 3 3
interrupts TERM ''

case='Ctrl-C while an engine is checked'
starts gate --base ./second --head ./second tiny.yaml --no-counts --rounds 8 --output stopped
tries=100
until [ -s checking ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail 'no check was begun in 10 s'
    sleep 0.1
done
interrupts INT -
if is_alive "$(cat checking)"; then fail 'the check goes on'; fi

case='a calibration, and a gate that knows it'
small='--rounds 6 --turns 2 --slice 0.001 --only k=8'
# shellcheck disable=SC2086
ends_with 0 calibrate tiny.yaml $small --runs 2 --slowed-runs 1 --resamples 10 --no-chart \
    --output calibrated
prints 'naive/S/k=8' 'Recorded runs of a gate' 'Numbers calibrated/calibration.csv'
head -n 1 calibrated/calibration.csv >columns
echo 'cells,share,method,runs,found,rate,low,high,inconclusive,floor,rounds,turns,slice_seconds,margin,machine,library,version,measured,load,seconds' >expected
is_same columns expected
# Five slow-downs, three methods, of all cells, of those of an engine, of the cell.
[ "$(wc -l <calibrated/calibration.csv)" -eq 46 ] || fail 'not 45 rows'
# shellcheck disable=SC2086
ends_with 0 gate --base "$batchlab" tiny.yaml $small --margin 1 --no-check --no-counts --no-chart \
    --calibration calibrated/calibration.csv --output calibrated/gate
tr '\n' ' ' <out | grep -q 'floors of 1 of 1 cells' || fail 'the calibration was not used'
sed '3s/^/,/' calibrated/calibration.csv >broken.csv
# shellcheck disable=SC2086
ends_with 1 gate --base "$batchlab" tiny.yaml $small --margin 1 --no-check --no-counts --no-chart \
    --calibration broken.csv --output calibrated/gate
complains 'broken.csv:3: '
says_one_line
