#!/bin/sh
# Bad input: the exit status, one line that says what is wrong and where, and nothing left behind.
set -eu
. "$(dirname "$0")/lib.sh"

# refuses FILE WORDS...: `batchlab run FILE` ends with 1 and one line with these words, and runs
# nothing.
refuses() {
    case="$1: $2"
    experiment=$1
    shift
    ends_with 1 run "$experiment" --results refused
    says_one_line
    complains "$@"
    is_absent refused
    is_absent results
    has_no_leftovers .
}

# refuses_with EDIT WORDS...: the good experiment with one sed edit.
refuses_with() {
    sed "$1" good.yaml >bad.yaml
    if cmp -s good.yaml bad.yaml; then fail "the edit '$1' changes nothing"; fi
    shift
    refuses bad.yaml "$@"
}

# is_misused WORDS ARGUMENT...: the command line is wrong: status 64, and at most a second line that
# says how to get help.
is_misused() {
    words=$1
    shift
    case="batchlab $*"
    ends_with 64 "$@"
    complains "$words"
    [ "$(wc -l <err)" -le 2 ] || fail "stderr has $(wc -l <err) lines"
    [ ! -s out ] || fail "something on stdout"
    is_absent results
}

cat >good.yaml <<'END'
question: Is bad input refused?
dataset: {name: blobs, examples: 100, features: 3, classes: 2, validation: 20}
networks: {tiny: {hidden: [4]}}
grid:
  engine: naive
  network: tiny
  batch_size: [1, 8]
  learning_rate: 0.1
targets: {validation_error: 0.3}
budget: {epochs: 1}
charts: [loss]
quick: {seed: 2}
END

# ---- Keys and values -----------------------------------------------------------------------------

refuses_with 's/^budget: {epochs/budget: {epoch/' bad.yaml:10: "unknown key 'epoch'" epochs
refuses_with 's/^question:/query:/' bad.yaml:1: "unknown key 'query'" question
refuses_with 's/  learning_rate:/  rate:/' bad.yaml:8: "unknown axis 'rate'"
refuses_with 's/0\.1$/fast/' bad.yaml:8: learning_rate "'fast'" 'a number'
refuses_with 's/0\.1$/-0.1/' bad.yaml:8: learning_rate "'-0.1'"
refuses_with 's/0\.1$/nan/' bad.yaml:8: learning_rate "'nan'"
refuses_with 's/0\.1$/{a: 1}/' bad.yaml:8: learning_rate 'a list of values'
refuses_with 's/0\.1$/[0.1, 0.10]/' bad.yaml:8: learning_rate 'given twice'
refuses_with 's/\[1, 8\]/[]/' bad.yaml:7: batch_size empty
refuses_with 's/\[1, 8\]/[1, 0]/' bad.yaml:7: batch_size "'0'"
refuses_with 's/\[1, 8\]/[1, 81]/' bad.yaml:7: batch_size '81 is larger than the 80 training'
refuses_with 's/\[1, 8\]/1.5/' bad.yaml:7: batch_size "'1.5'" 'whole number'
refuses_with 's/\[1, 8\]/99999999999/' bad.yaml:7: batch_size "'99999999999'"
refuses_with 's/: naive/: niave/' bad.yaml:5: niave naive reference blas
refuses_with 's/  network: tiny/  network: huge/' bad.yaml:6: "'huge'" tiny
refuses_with 's/{hidden: \[4\]}/{hidden: [4, 0]}/' bad.yaml:3: hidden "'0'"
refuses_with 's/blobs/blops/' bad.yaml:2: "'blops'" blobs
refuses_with 's/validation: 20/validation: 200/' bad.yaml:2: validation 200 'has 100'
refuses_with 's/blobs, examples: 100, features: 3, classes: 2/linear, examples: 100/' \
    bad.yaml:9: validation_error regression validation_loss
refuses_with 's/: 0\.3/: -1/' bad.yaml:9: targets "'-1'"
refuses_with 's/{validation_error/{accuracy/' bad.yaml:9: accuracy validation_error
refuses_with 's/, validation: 20//' bad.yaml: validation_error 'validation examples'
refuses_with 's/epochs: 1/epochs: -1/' bad.yaml:10: epochs "'-1'"
refuses_with 's/epochs: 1/epochs: 0/' bad.yaml: budget missing
refuses_with 's/\[loss\]/[pie]/' bad.yaml:11: 'pie' loss heatmap
refuses_with 's/\[loss\]/[loss/' bad.yaml: 'not valid YAML'
refuses_with '1s/^/\t/' bad.yaml:1: 'not valid YAML'
refuses_with 's/^budget/weightings: {own: {classes: [0, 0]}}\nbudget/' \
    bad.yaml:10: 'own: the weights of the classes sum to zero' 'above 0'
refuses_with 's/^  network: tiny/  network: tiny\n  sampler: weighted/' \
    bad.yaml:7: 'weighted needs a weighting' weightings
refuses_with 's/^  network: tiny/  network: tiny\n  augmentation: flip/' \
    bad.yaml:7: augmentation 'images of bytes'
refuses_with 's/^  network: tiny/  network: tiny\n  imbalance: 0.5/' bad.yaml:7: imbalance "'0.5'"
refuses_with 's/^budget/evaluation: {shifted_tests: true}\nbudget/' \
    bad.yaml:10: shifted_tests 'images of bytes'
refuses_with 's/^budget/evaluation: {test: each}\nbudget/' bad.yaml:10: 'test: each' 'test examples'
refuses_with 's/^budget/evaluation: {per_class: true}\nbudget/' bad.yaml:10: per_class 'test examples'
refuses_with '2s/$/\ndataset: {name: linear}/' bad.yaml:3: dataset twice
refuses_with '8s/$/\n  batch_size: 4/' bad.yaml:9: batch_size twice
refuses_with 's/classes: 2/classes: 2, classes: 3/' bad.yaml:2: classes twice
refuses_with 's/^quick: {seed/quick: {sead/' bad.yaml:12: "unknown key 'sead'"
refuses_with 's/^quick: {seed: 2/quick: {seed: x/' bad.yaml:12: seed "'x'"

# A probe larger than the data, and others that do not fit.
refuses_with '10s/$/\nprobes: {at: [0], which: [energy], examples: 81}/' \
    bad.yaml:11: probes examples '81 is larger than the 80 training'
refuses_with '10s/$/\nprobes: {at: [0], which: [sampling], batch_sizes: [1, 81]}/' \
    bad.yaml:11: probes batch_sizes '81 is larger than the 80 training'
refuses_with '10s/$/\nprobes: {at: [0], which: [noise_scale], large_batch: 81}/' \
    bad.yaml:11: probes large_batch '81 is larger than the 80 training'
refuses_with '10s/$/\nprobes: {at: [0, 2], which: [energy]}/' bad.yaml:11: '2 lies beyond'
refuses_with '10s/$/\nprobes: {at: [0], which: [mass]}/' bad.yaml:11: "'mass'" noise_scale

# ---- The file itself -----------------------------------------------------------------------------

: >empty.yaml
printf 'question: a\000b\n' >zero.yaml
printf 'question: "\377\376"\n' >latin.yaml
refuses empty.yaml empty.yaml:1: 'expected a mapping'
refuses zero.yaml zero.yaml 'zero byte'
refuses latin.yaml latin.yaml:1: 'not valid YAML'
refuses nowhere.yaml nowhere.yaml 'No such file'
refuses "$scratch" "$scratch" 'Is a directory'
if [ "$(id -u)" -ne 0 ]; then
    cp good.yaml secret.yaml
    chmod 0 secret.yaml
    refuses secret.yaml secret.yaml 'Permission denied'
fi

# ---- Data ----------------------------------------------------------------------------------------

# bytes NUMBER...: each as one byte
bytes() {
    for number; do
        # shellcheck disable=SC2059
        printf "\\$(printf %03o "$number")"
    done
}

# images COUNT: that many of 1x2 pixels; labels NUMBER...
images() {
    bytes 0 0 8 3 0 0 0 "$1" 0 0 0 1 0 0 0 2
    i=0
    while [ "$i" -lt "$1" ]; do
        bytes "$i" 7
        i=$((i + 1))
    done
}

labels() {
    bytes 0 0 8 1 0 0 0 $#
    bytes "$@"
}

# fashion FOLDER: a tiny data set under the names of the real one
fashion() {
    mkdir "$1"
    images 12 | gzip >"$1/train-images-idx3-ubyte.gz"
    labels 0 1 2 3 4 5 6 7 8 9 0 1 | gzip >"$1/train-labels-idx1-ubyte.gz"
    images 3 | gzip >"$1/t10k-images-idx3-ubyte.gz"
    labels 0 1 2 | gzip >"$1/t10k-labels-idx1-ubyte.gz"
}

cat >fashion.yaml <<'END'
dataset: {name: fashion-mnist}
grid: {engine: naive, network: S, batch_size: 1, learning_rate: 0.1}
budget: {updates: 3}
END

BATCHLAB_DATA=$scratch/data
export BATCHLAB_DATA
mkdir data
refuses fashion.yaml fashion.yaml:1: "$scratch/data" train-images-idx3-ubyte dataset-fashion-mnist
rmdir data

case='the tiny data set itself is good'
fashion data
ends_with 0 run fashion.yaml --results good --no-charts
has_cells good 1
rm -r good

file=data/train-images-idx3-ubyte.gz
cp "$file" whole.gz
head -c 20 whole.gz >"$file"
refuses fashion.yaml "$file" truncated
head -c -3 whole.gz >"$file"
refuses fashion.yaml "$file" truncated checksum
{ head -c -6 whole.gz; bytes 1 2 3 4 5 6; } >"$file"
refuses fashion.yaml "$file" 'incorrect data check'
{ head -c 12 whole.gz; bytes 255 255 255 255 255 255; } >"$file"
refuses fashion.yaml "$file"
labels 0 1 2 | gzip >"$file"
refuses fashion.yaml "$file" 00000801 'expected 00000803'
images 11 | gzip >"$file"
refuses fashion.yaml data/train-labels-idx1-ubyte.gz '12 labels' 'expected 11'
images 12 | head -c 30 | gzip >"$file"
refuses fashion.yaml "$file" 'truncated: expected 24 bytes' 'found 14'
mv whole.gz "$file"
labels 0 1 2 3 4 5 6 7 8 9 10 1 | gzip >data/train-labels-idx1-ubyte.gz
refuses fashion.yaml data/train-labels-idx1-ubyte.gz 'label 10 of example 11' '0 .. 9'
rm data/t10k-labels-idx1-ubyte.gz
labels 0 1 2 3 4 5 6 7 8 9 0 1 | gzip >data/train-labels-idx1-ubyte.gz
refuses fashion.yaml data t10k-labels-idx1-ubyte dataset-fashion-mnist
unset BATCHLAB_DATA

cat >csv.yaml <<'END'
# Two lines
# of comment.
dataset: {name: csv, path: table.csv, label: kind, scaling: none}
grid: {engine: naive, network: S, batch_size: 1, learning_rate: 0.1}
budget: {updates: 3}
END

# refuses_table TEXT WORDS...: a CSV file with this text, beside the experiment.
refuses_table() {
    # shellcheck disable=SC2059
    printf "$1" >table.csv
    shift
    refuses csv.yaml csv.yaml:3: "$@"
}

refuses csv.yaml csv.yaml:3: table.csv 'No such file'
refuses_table 'x,y,kind\n1,2,a\n1,nan,b\n' table.csv:3: 'column 2' nan
refuses_table 'x,y,kind\n1,2,a\n1,1e99,b\n' table.csv:3: 'column 2' 1e99
refuses_table 'x,y,kind\n1,2,a\n1,,b\n' table.csv:3: 'column 2 is empty'
refuses_table 'x,y,kind\n1,two,a\n' table.csv:2: 'column 2' "'two' is not a number"
refuses_table 'x,y,kind\n1,2,a\n1,2\n' table.csv:3: '2 fields, expected 3'
refuses_table 'x,y,kind\n1,2,a\n1,2,3,b\n' table.csv:3: '4 fields, expected 3'
refuses_table 'x,y,sort\n1,2,a\n' table.csv:1: "'kind'" 'x, y, sort'
refuses_table 'x,y,kind\n1,2,a\n1,3,a\n' table.csv 'one class only'
refuses_table '' table.csv empty

sed -i 's/scaling: none/scaling: none, weights: w/' csv.yaml
refuses_table 'x,w,kind\n1,2,a\n1,-2,b\n' table.csv:3: 'column 2' "'-2' is not a weight" '0 or more'
refuses_table 'x,w,kind\n1,2,a\n1,nan,b\n' table.csv:3: "'nan' is not a weight"
refuses_table 'x,w,kind\n1,0,a\n1,0,b\n' table.csv:3: 'all weights' 'above 0'
refuses_table 'x,y,kind\n1,0,a\n1,0,b\n' table.csv:1: "no column 'w'" 'x, y, kind'

# refuses_weights CONTENT WORDS...: of 100 examples
refuses_weights() {
    printf "$1" >weights.txt
    shift
    refuses_with 's/blobs,/blobs, weights: weights.txt,/' bad.yaml:2: "$@"
}
refuses_with 's/blobs,/blobs, weights: nowhere.txt,/' bad.yaml:2: nowhere.txt 'No such file'
refuses_with 's/blobs,/blobs, weights: {column: w},/' bad.yaml:2: weights 'expected a file as well'
refuses_with 's/blobs,/blobs, weights: {row: w},/' bad.yaml:2: weights "'row'" 'file, column'
refuses_with 's/blobs,/blobs, weights: [w],/' bad.yaml:2: weights 'a column, a file'
refuses_weights '1\n2\n' weights.txt:2: 'after 2 weights' '100 examples'
refuses_weights "$(seq 101)" weights.txt:101: 'more than 100 weights'
refuses_weights '1\n-1\n' weights.txt:2: "'-1' is not a weight" 'finite number, 0 or more'
refuses_weights '1,2\n' weights.txt:1: '2 columns, expected one'
refuses_weights "$(yes 0 | head -100)" weights.txt:100: 'all 100 weights are 0'
printf 'v\n1\n' >weights.txt
refuses_with 's/blobs,/blobs, weights: {file: weights.txt, column: w},/' \
    bad.yaml:2: weights.txt:1: "no column 'w'"
rm weights.txt

# ---- Engines -------------------------------------------------------------------------------------

cp "$faulty_engines/wrong_abi.so" "$faulty_engines/missing_slot.so" .
echo 'int no_object;' >text.so
ldd "$batchlab" | awk '/libyaml/ { print $3 }' | xargs -I{} cp {} no_engine.so
refuses_with 's|naive|./nowhere.so|' bad.yaml:5: ./nowhere.so 'no such engine'
refuses_with 's|naive|[naive, ./nowhere.so]|' bad.yaml:5: ./nowhere.so 'no such engine'
refuses_with 's|naive|./text.so|' bad.yaml:5: ./text.so 'cannot be loaded'
refuses_with 's|naive|./no_engine.so|' bad.yaml:5: ./no_engine.so batchlab_engine
refuses_with 's|naive|./wrong_abi.so|' bad.yaml:5: ./wrong_abi.so 'ABI 3' 'ABI 2'
refuses_with 's|naive|./missing_slot.so|' bad.yaml:5: ./missing_slot.so loss

refuses_with 's|naive|blas:/nowhere.so|' bad.yaml:5: /nowhere.so 'No such file'
refuses_with 's|naive|blas:blsi|' bad.yaml:5: blsi blis

# ---- Results folder and options ------------------------------------------------------------------

# refuses_run WORDS ARGUMENT...: the good experiment with these options is refused.
refuses_run() {
    case="run $2 $3"
    words=$1
    shift
    ends_with 1 run good.yaml "$@"
    says_one_line
    complains "$words"
    is_absent results
    has_no_leftovers .
}

case='a profile of what does not train'
printf 'measure: throughput\n' | cat - good.yaml | grep -v -e '^targets' -e '^budget' >timing.yaml
ends_with 1 run timing.yaml --profile
says_one_line
complains 'timing.yaml: --profile is for training'
is_absent results

echo 'I am a file' >occupied
refuses_run occupied --results occupied
[ "$(cat occupied)" = 'I am a file' ] || fail 'the file was changed'
refuses_run occupied/deep --results occupied/deep
refuses_run /proc/nowhere --results /proc/nowhere
refuses_run --results --results ''
refuses_run 'not a regular expression' --only '('
refuses_run 'none of the 2 cells' --only batch-nowhere
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod 555 locked
    refuses_run 'locked/deep' --results locked/deep
fi

is_misused "'0'" run good.yaml --jobs 0
is_misused "'two'" run good.yaml --jobs two
is_misused "'0'" run good.yaml --threads 0
is_misused "'-1'" run good.yaml --deadline -1
is_misused "'nan'" run good.yaml --deadline nan
is_misused "'soon'" run good.yaml --deadline soon
is_misused frobnicate run good.yaml --frobnicate
is_misused 'requires an argument' run good.yaml --only
is_misused "'good.yaml' and 'other.yaml'" run good.yaml other.yaml
is_misused 'expected an experiment' run
is_misused 'expected an experiment' plan
is_misused "'4294967297'" check --threads 4294967297
is_misused "'0'" check --timeout 0
is_misused 'unexpected argument' check naive
is_misused "'0'" roof --threads 0
is_misused "'1.5'" roof --threads 1.5
is_misused "'99999'" roof --threads 99999
is_misused 'unexpected argument' roof l2
is_misused csv roof --csv
is_misused "'colours'" list colours
is_misused 'expected engines' list
is_misused 'expected a results folder' plot
is_misused "'walk' is no command" walk

case='no command'
ends_with 64
grep -q '^Usage: batchlab COMMAND' err || fail 'no help on stderr'

case='help and version'
ends_with 0 --help
prints 'Usage: batchlab COMMAND'
ends_with 0 help
prints 'Usage: batchlab COMMAND'
ends_with 0 --version
prints 'batchlab '
ends_with 0 run --help
prints --deadline

# ---- Other commands ------------------------------------------------------------------------------

# fails WORDS ARGUMENT...
fails() {
    words=$1
    shift
    case="batchlab $*"
    ends_with 1 "$@"
    says_one_line
    complains "$words"
    has_no_leftovers .
}

mkdir hollow
fails hollow/cells.csv plot hollow
fails nowhere/cells.csv plot nowhere
fails hollow/cells.csv plot hollow loss
fails nowhere/cells.csv plot nowhere loss
[ ! -e nowhere ] || fail 'a chart that could not be drawn left a folder'
mkdir -p cut/cells # as an interrupted run leaves it
echo '{}' >cut/manifest.json
for command in plot report verdict scale; do fails 'run its experiment again' $command cut; done
fails pie plot hollow pie
fails 'niave' check --engine niave
fails ./nowhere.so check --engine ./nowhere.so
fails empty.yaml:1: plan empty.yaml
fails 'nowhere.yaml' plan nowhere.yaml
fails 'experiments/batch-size.yaml' plan batch-size # a name of `list experiments`
fails 'comes along is' explain experiments/batch-size.yaml
is_absent results

case='plan runs nothing'
ends_with 0 plan good.yaml
prints '2 cells, 0 finished'
is_absent results

case='plan counts what the axes of the data leave'
sed 's/^  learning_rate/  redundancy: 3\n  deduplicate: [none, exact]\n  learning_rate/' good.yaml >counts.yaml
ends_with 0 plan counts.yaml
grep -q -e '-r3-s1[^ ]*  *240  *[0-9.]* s ' out || fail 'no count of examples'
grep -q -e '-r3-distinct[^ ]*  *80  *160  *[0-9.]* s ' out || fail 'no count of copies'
is_absent results
