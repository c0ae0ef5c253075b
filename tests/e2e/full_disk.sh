#!/bin/sh
# A full disk: said in one line with the file's name, nothing finished is lost, and the run resumes.
set -eu

# The small disk is mounted in a mount namespace of our own, so that nothing stays behind.
if [ "${FULL_DISK_INSIDE:-}" != yes ]; then
    map=
    [ "$(id -u)" -eq 0 ] || map=-r
    if unshare $map -m true 2>/dev/null; then
        FULL_DISK_INSIDE=yes
        export FULL_DISK_INSIDE
        exec unshare $map -m sh "$0" "$@"
    fi
fi
. "$(dirname "$0")/lib.sh"

cat >disk.yaml <<'END'
dataset: {name: blobs, examples: 300, features: 4, classes: 3, validation: 50}
grid: {engine: naive, batch_size: [1, 2, 4, 8, 16, 32], learning_rate: [0.01, 0.05]}
budget: {epochs: 1}
END

case='stdout on a full disk'
for arguments in 'list keys' '--help' '--version' 'run --help' 'plan disk.yaml' \
    'run disk.yaml --results elsewhere' 'export elsewhere' 'export elsewhere --print junit'; do
    status=0
    # shellcheck disable=SC2086
    "$batchlab" $arguments >/dev/full 2>err || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status, expected 1: batchlab $arguments"
    complains stdout 'No space left'
done
has_cells elsewhere 12

[ "${FULL_DISK_INSIDE:-}" = yes ] || skip 'no right to mount a file system'
mkdir small
mount -t tmpfs -o size=224k none small 2>/dev/null || skip 'no right to mount a file system'

case='results on a full disk'
head -c 184320 /dev/zero >small/filler
ends_with 1 run disk.yaml --results small/results
grep '^batchlab' err >errors
[ "$(wc -l <errors)" -eq 1 ] || fail "$(wc -l <errors) errors, expected one line"
complains small/results/ 'No space left'
finished=$(finished_cells small/results)
[ "$finished" -ge 1 ] || fail 'no finished cell: the disk was too small for the test'
[ "$finished" -lt 12 ] || fail 'the disk was too large for the test'
for cell in small/results/cells/*; do
    [ "$(wc -l <"$cell/cell.csv")" -eq 2 ] || fail "$cell/cell.csv is not whole"
    [ "$(wc -l <"$cell/curve.csv")" -ge 2 ] || fail "$cell/curve.csv is not whole"
done
has_no_leftovers small/results

case='the same command resumes when there is room'
rm small/filler
ends_with 0 run disk.yaml --results small/results --no-charts
prints "$finished finished cells were there already"
has_cells small/results 12
has_no_leftovers small/results
convergence_of elsewhere >undisturbed
convergence_of small/results >resumed
is_same resumed undisturbed

case='a conversion on a full disk'
rm -f small/filler
awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 20000; i++) print i ",1," i % 2 }' >numbers.csv
ends_with 1 convert --csv numbers.csv --label kind --shard-bytes 70000 small/set
complains 'small/set/0000' 'No space left'
says_one_line
is_absent small/set
is_absent small/set.tmp

case='an export on a full disk'
head -c 300000 /dev/zero 2>/dev/null >small/filler || :
ends_with 1 export elsewhere --output small
complains small/google-benchmark.json 'No space left'
says_one_line
has_no_leftovers small
is_absent small/google-benchmark.json
umount small
