#!/bin/sh
# Files made to do harm: each is refused with one line that says what is wrong and what was expected,
# status 1, in little memory, with nothing written; and nothing is ever written, or loaded, from where
# a name leads.
set -eu
. "$(dirname "$0")/lib.sh"

# Of 1 GiB of addresses a sanitizer would need a thousand times as much.
# shellcheck disable=SC3045
if ! grep -q -a __asan_init "$batchlab"; then ulimit -v 1048576; fi

# refuses WORDS... -- ARGUMENT...: batchlab ARGUMENT... ends with 1 and one line with these words.
refuses() {
    : >words
    while [ "$1" != -- ]; do
        printf '%s\n' "$1" >>words
        shift
    done
    shift
    case="batchlab $*"
    ends_with 1 "$@"
    says_one_line
    while IFS= read -r expected; do complains "$expected"; done <words
    has_no_leftovers .
}

# refuses_experiment FILE WORDS...: nor is there a results folder.
refuses_experiment() {
    experiment=$1
    shift
    refuses "$@" -- run "$experiment" --results refused
    is_absent refused
}

repeat() { # COUNT TEXT
    awk -v count="$1" -v text="$2" 'BEGIN { for (i = 0; i < count; i++) printf "%s", text }'
}

# ---- Experiments ---------------------------------------------------------------------------------

blobs='dataset: {name: blobs, examples: 100, features: 3, classes: 2}'

{
    echo 'a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]'
    for pair in a:b b:c c:d d:e e:f f:g g:h h:i; do
        alias="*${pair%:*}"
        echo "${pair#*:}: &${pair#*:} [$alias, $alias, $alias, $alias, $alias, $alias, $alias, $alias]"
    done
} >laughs.yaml
refuses_experiment laughs.yaml laughs.yaml: 'more than 65536 values when its aliases are followed'

{
    printf '%s\nbudget: {epochs: 1}\ngrid:\n  cases:\n  - &c {seed: [0' "$blobs"
    awk 'BEGIN { for (i = 1; i < 900; i++) printf ", %d", i; print "]}" }'
    repeat 1000 '  - *c\n'
} >cases.yaml
refuses_experiment cases.yaml cases.yaml:5: 'more than 65536 values'

printf 'question: &q [*q]\n' >self.yaml
refuses_experiment self.yaml self.yaml:1: 'an alias of itself'

{
    printf 'question: '
    repeat 500 '['
    repeat 500 ']'
    echo
} >deep.yaml
refuses_experiment deep.yaml deep.yaml:1: 'more than 64 lists and mappings'
{
    printf 'question: '
    repeat 60000 '['
} >deeper.yaml
refuses_experiment deeper.yaml deeper.yaml:1: 'more than 64 lists and mappings'
repeat 9000 'a: 1000\n' >long.yaml
refuses_experiment long.yaml long.yaml: 'larger than 65536 bytes'

list=$(awk 'BEGIN { for (i = 1; i <= 300; i++) printf "%s%d", (i > 1 ? ", " : "["), i; print "]" }')
cat >product.yaml <<END
$blobs
budget: {epochs: 1}
grid:
  seed: $list
  threads: $list
  redundancy: $list
  batch_size: $list
END
refuses_experiment product.yaml product.yaml: '8100000000 cells, expected at most 100000'

# absurd WORDS KEYS: a data set of these keys
absurd() {
    printf 'question: How large?\ndataset: {%s}\nbudget: {epochs: 1}\n' "$2" >absurd.yaml
    refuses_experiment absurd.yaml absurd.yaml:2: "$1"
}
absurd 'more than' 'name: linear, examples: 2147483646, features: 200000000'
absurd 'features: 2147483647 is not in' 'name: linear, examples: 1, features: 2147483647'
absurd 'more than' 'name: blobs, examples: 65536, features: 5000, classes: 65536, clusters: 65536'
absurd 'more than' 'name: points, examples: 2147483646, features: 100'
absurd "'2147483648'" 'name: points, examples: 2147483648'

cat >network.yaml <<END
$blobs
budget: {epochs: 1}
networks: {wide: {hidden: [1048576, 1048576]}}
grid: {network: wide}
END
refuses_experiment network.yaml network.yaml:4: wide parameters 'expected at most 1073741824'

# ---- Data ----------------------------------------------------------------------------------------

bytes() {
    for number; do
        # shellcheck disable=SC2059
        printf "\\$(printf %03o "$number")"
    done
}

cat >idx.yaml <<'END'
dataset: {name: idx, images: images, labels: labels}
budget: {epochs: 1}
grid: {engine: naive, network: S}
END
bytes 0 0 8 1 0 0 0 2 0 1 >labels

{
    bytes 0 0 8 3 127 255 255 255 0 0 0 28 0 0 0 28
    head -c 1000 /dev/zero
} >images
refuses_experiment idx.yaml idx.yaml:1: images: \
    'promises 2147483647 images of 28x28 pixels, expected at most'
bytes 0 0 8 3 255 255 255 255 255 255 255 255 255 255 255 255 >images
refuses_experiment idx.yaml images: 'promises 4294967295 images'
bytes 0 0 8 3 0 0 0 1 0 0 255 255 0 0 255 255 >images
refuses_experiment idx.yaml images: '65535x65535 pixels, expected at most'
{
    bytes 0 0 8 3 0 1 0 0 0 0 0 28 0 0 0 28
    head -c 1000 /dev/zero
} >images
refuses_experiment idx.yaml images: 'truncated: expected 51380224 bytes' 'cannot hold'
{
    bytes 0 0 8 3 0 0 0 2 0 0 0 2 0 0 0 2
    head -c 300000000 /dev/zero
} | gzip -1 >images
refuses_experiment idx.yaml images: 'more than the 8 bytes that its header promises'

cat >csv.yaml <<'END'
dataset: {name: csv, path: table.csv, label: kind}
budget: {epochs: 1}
grid: {engine: naive, network: S}
END
{
    repeat 1000000 ,
    echo kind
} >table.csv
refuses_experiment csv.yaml csv.yaml:1: table.csv:1: 'more than 100000 columns'
{
    printf 'a,kind\n1,'
    head -c 20000000 /dev/zero | tr '\0' x
} >table.csv
refuses_experiment csv.yaml table.csv:2: 'a row of more than 16777216 bytes'
{
    printf 'a,kind\n1,"'
    repeat 2000000 '1,2,3,4,5,6\n'
} >table.csv
refuses_experiment csv.yaml table.csv: 'a row of more than 16777216 bytes' 'quotes that end'
rm table.csv
ln -s /dev/zero table.csv
refuses_experiment csv.yaml table.csv:1: 'a row of more than'
rm table.csv

# ---- Names and paths -----------------------------------------------------------------------------

case='names of an experiment stay within its results'
mkdir lab
cat >'lab/..yaml' <<END
question: "Where does it write? \\n batchlab: all is well"
title: '\$(touch stray) \`touch stray\` "; system("touch stray") #'
$blobs
networks: {'../../../stray': {hidden: [4]}}
schedules: {'/tmp/stray': {kind: inverse_time, decay: 0.5}}
budget: {epochs: 1}
grid: {engine: ./../lab/./none.so, network: '../../../stray', schedule: '/tmp/stray'}
charts: [loss]
END
cp "$faulty_engines/none.so" lab/none.so
cd lab
ends_with 0 run ..yaml
[ "$(find .. -name '*stray*' -not -path '../lab/results/*' | wc -l)" -eq 0 ] || fail 'a stray file'
[ "$(ls results)" = - ] || fail "results in $(ls results)"
[ "$(find results/-/cells -name 'none-_________stray-k32-a0.1-_tmp_stray-*' | wc -l)" -eq 1 ] ||
    fail "cells: $(ls results/-/cells)"
cd ..

printf '%s\nbudget: {epochs: 1}\ngrid: {engine: "./a\\e[2Jb.so"}\n' "$blobs" >control.yaml
refuses_experiment control.yaml control.yaml:3: 'engine: holds a control character'
printf '%s\nbudget: {epochs: 1}\ngrid: {engine: "./a\\nb.so"}\n' "$blobs" >control.yaml
refuses_experiment control.yaml control.yaml:3: './a b.so' 'no such engine'
printf '%s\nbudget: {epochs: 1}\ngrid: {engine: /dev/zero}\n' "$blobs" >device.yaml
refuses_experiment device.yaml device.yaml:3: /dev/zero

case='an engine by a bare name is a built-in one, whatever lies about'
cp "$faulty_engines/none.so" naive.so
cp "$faulty_engines/none.so" mine.so
LD_LIBRARY_PATH=$scratch
export LD_LIBRARY_PATH
ends_with 1 check --engine mine.so
complains "\`mine.so\` is not an engine of this build" 'path of a shared object, such as ./mine.so'
ends_with 1 check --engine blas:mine.so
complains "\`blas\` has no variant \`mine.so\`"
ends_with 0 check --engine naive
prints '/lib/batchlab/engines/naive.so' 'naive: conforms'
if grep -q -F "$scratch/naive.so" out; then fail 'the one of the current folder'; fi
ends_with 0 check --engine ./mine.so
prints "$scratch/mine.so"
unset LD_LIBRARY_PATH

# ---- Results of others ---------------------------------------------------------------------------

case='results to be tampered with'
cat >good.yaml <<END
$blobs
budget: {epochs: 1}
grid: {engine: naive, network: S, batch_size: [8, full]}
END
ends_with 0 run good.yaml --results good --no-charts
ends_with 0 verify good

tampered() {
    rm -rf bad
    cp -r good bad
}

tampered
sed -i 's/"schema_version": [0-9]*/"schema_version": 999/' bad/manifest.json
for command in verify plot verdict 'compare good' 'export' 'history add'; do
    # shellcheck disable=SC2086
    refuses bad/manifest.json 'schema version 999, expected at most' -- $command bad
done
refuses 'another schema version (999), expected' -- run good.yaml --results bad
refuses 'another schema version (999), expected' -- merge good.yaml --results bad
sed -i 's/"schema_version": 999/"schema_version": 1/' bad/manifest.json
refuses 'another schema version (1), expected' -- run good.yaml --results bad

case='checksums that lead out of the folder, and those of another kind'
tampered
printf 'file,bytes,crc32\n../../../../../../etc/passwd,1,00000000\n/dev/zero,1,0\n' >bad/checksums.csv
ends_with 1 verify bad
prints 'checksums.csv names what is no file of the folder'
if grep -q -e passwd -e CRC-32 out; then fail 'it was read'; fi
printf 'file,bytes,sha256\ncells.csv,1,ab\n' >bad/checksums.csv
ends_with 1 verify bad
prints "column \`sha256\` is of a newer version"

case='ids that lead out of the folder'
tampered
rm bad/checksums.csv
sed -i '2s,^[^,]*,../../../lab/none,' bad/cells.csv
ends_with 1 verify bad
prints "cells.csv:2: \`../../../lab/none\` is no id of a cell"

case='a damaged cell is not moved over what a link leads to'
tampered
mkdir precious bad/damaged
echo gold >precious/cell.csv
set -- bad/cells/*
ln -s "$scratch/precious" "bad/damaged/$(basename "$1")"
printf x >>"$1/cell.csv"
ends_with 1 verify --discard bad
[ "$(cat precious/cell.csv)" = gold ] || fail 'it was removed'
[ -f "bad/damaged/$(basename "$1")/cell.csv" ] || fail 'the damaged cell is gone'

case='a history of another version'
printf 'schema,time,commit,experiment,machine,libraries,x\n' >history.csv
refuses "history.csv:1: column 1 is not \`time\`" -- history scan --history history.csv
