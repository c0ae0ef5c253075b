#!/bin/sh
# tests/consumer as another project would have it: batchlab is installed, found, its functions build
# an engine, hold it against the contract, and find the changes that they should.
set -eu
. "$(dirname "$0")/lib.sh"

source=$(cd "$(dirname "$0")/../consumer" && pwd)
build_folder=$3
unset CMAKE_PREFIX_PATH CTEST_OUTPUT_ON_FAILURE BATCHLAB_COUNTER

# runs COMMAND...: it succeeds; what it says stays in `out` and `err`.
runs() {
    "$@" >out 2>err </dev/null || fail "ended with $?: $*"
}

# configures FOLDER BUILD [OPTION...]: and builds it
configures() {
    from=$1 to=$2
    shift 2
    runs cmake -S "$from" -B "$to" -DCMAKE_PREFIX_PATH="$scratch/prefix" "$@"
    runs cmake --build "$to"
}

# tests STATUS BUILD LABEL: ctest ends with 0, or with another one
tests() {
    status=0
    ctest --test-dir "$2" -L "$3" --no-tests=error --output-on-failure >out 2>err </dev/null || status=$?
    case $1,$status in
    0,0) ;;
    0,* | *,0) fail "ctest -L $3 in $2 ended with $status" ;;
    esac
}

# Few rounds of short turns tell factors of ten apart, whatever else the machine does.
rough='-DMINE_ROUGH=--only;k=64;--rounds;8;--turns;2;--slice;0.0005;--margin;1;--no-chart'
project() {
    cp -rL "$source" "$1"
    sed -i 's/EXPERIMENT speed.yaml/& OPTIONS ${MINE_ROUGH}/' "$1/CMakeLists.txt"
    grep -q MINE_ROUGH "$1/CMakeLists.txt" || fail 'the example has no line to add options to'
    sed -i 's/examples: [0-9]*/examples: 80/' "$1/speed.yaml"
}

# changes FOLDER FROM TO: in its engine
changes() {
    grep -q -F -e "$2" "$1/mine.c" || fail "the example engine has no '$2'"
    sed -i "s|$2|$3|" "$1/mine.c"
}

case='installed'
runs cmake --install "$build_folder" --prefix "$scratch/prefix"
[ -f prefix/include/batchlab/engine.h ] || fail 'no engine.h'

case='no base yet: nothing to compare, and said'
project base
configures base base/build "$rough"
tests 0 base/build conformance
prints '100% tests passed' 'mine_conforms'
tests 0 base/build perf
prints 'mine_speed' 'Skipped'

case='the same engine: passed, or skipped as inconclusive'
configures base base/again "$rough;--no-check" -DMINE_BASE="$scratch/base/build/mine.so"
tests 0 base/again perf
[ -f base/again/gate/mine_speed/gate.csv ] || fail 'the gate left no numbers'

case='a slowed engine'
project slow
changes slow 'gather(session, batch, row);' \
    'for (int again = 0; again < 500; again++) { gather(session, batch, row); __asm__ volatile("" ::: "memory"); }'
configures slow slow/build "$rough;--no-check" -DMINE_BASE="$scratch/base/build/mine.so"
tests 1 slow/build perf
prints 'REGRESSION'

case='a wrong engine: the sum, not the mean'
project wrong
changes wrong '(float)batch->size;' '1;'
configures wrong wrong/build "$rough" -DMINE_BASE="$scratch/base/build/mine.so"
tests 1 wrong/build conformance
prints 'FAIL'
tests 1 wrong/build perf
prints 'WRONG'

case='mistakes are said when configuring'
# refuses WORDS LINE: a project with this line does not configure
refuses() {
    mkdir -p mistake
    printf 'cmake_minimum_required(VERSION 3.20)\nproject(mistake C)\nfind_package(batchlab REQUIRED)\n%s\n' \
        "$2" >mistake/CMakeLists.txt
    if cmake -S mistake -B mistake/build -DCMAKE_PREFIX_PATH="$scratch/prefix" >out 2>err; then
        fail "configures: $2"
    fi
    grep -q -F -e "$1" err || fail "stderr does not say '$1'"
}
refuses 'ENGINE is missing' 'batchlab_add_conformance_test(a THREADS 2)'
refuses 'BASE is missing' 'batchlab_add_gate_test(a ENGINE blas)'
refuses 'unexpected arguments: MARGINE' 'batchlab_add_gate_test(a ENGINE blas BASE blas MARGINE 2)'
refuses 'expected source files' 'batchlab_add_engine(a)'

case='a newer batchlab than there is'
sed 's/batchlab 0.1/batchlab 99/' base/CMakeLists.txt >base/CMakeLists.new
mv base/CMakeLists.new base/CMakeLists.txt
if cmake -S base -B base/newer -DCMAKE_PREFIX_PATH="$scratch/prefix" >out 2>err; then
    fail 'finds version 99'
fi
