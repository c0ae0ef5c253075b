#!/bin/sh
# The Debian package: built from what is built, unpacked in a folder of its own, and working there; and what
# comes with it for other tools.
#   package.sh BATCHLAB FAULTY_ENGINES BUILD_FOLDER ENGINE.C
set -eu
. "$(dirname "$0")/lib.sh"
build=$3
command -v cpack >/dev/null && command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null ||
    skip 'no cpack, dpkg-deb or dpkg-shlibdeps'

case='the package is built'
cpack --config "$build/CPackConfig.cmake" -G DEB -B . >out 2>err || fail 'cpack'
set -- batchlab_*.deb
[ $# -eq 1 ] && [ -f "$1" ] || fail "expected one package, got $*"
mkdir root
dpkg-deb -x "$1" root

case='it depends on what it is linked with, and recommends what it loads'
dpkg-deb -f "$1" Depends >depends
for library in libc6 libyaml-0-2 libjansson4 zlib1g libcsv3 libdnnl2 libgomp1; do
    grep -q "\(^\|, \)$library\( \|,\|$\)" depends || fail "no $library in $(cat depends)"
done
if grep -q openmpi depends; then fail "MPI, without which it runs, in $(cat depends)"; fi
dpkg-deb -f "$1" Suggests | grep -q openmpi-bin || fail 'Suggests'
dpkg-deb -f "$1" Recommends | grep -q 'gnuplot-nox.*libopenblas0-openmp' || fail 'Recommends'

case='the program works where it was unpacked'
batchlab=$PWD/root/usr/bin/batchlab
ends_with 0 list engines
prints naive native onednn
ends_with 0 check --engine naive
cat >grid.yaml <<'END'
dataset: {name: blobs, examples: 200, validation: 50, features: 4, classes: 2}
grid: {engine: [naive, native], batch_size: [1, full]}
budget: {epochs: 1}
END
ends_with 0 run grid.yaml --no-charts
ends_with 0 explain root/usr/share/batchlab/experiments/batch-size.yaml

case='and without the library of MPI, which only runs over ranks ask for'
if [ -e root/usr/lib/batchlab/ranks_mpi.so ]; then
    mkdir broken
    : >broken/libmpi.so.40 # found first, and no library
    LD_LIBRARY_PATH=$PWD/broken
    export LD_LIBRARY_PATH
    ends_with 0 run grid.yaml --no-charts --results alone
    ends_with 1 netmeasure
    complains 'MPI cannot be loaded'
    unset LD_LIBRARY_PATH
fi

case='nothing in it names the place where it was built'
grep -rlF "$build" root >named && fail "$(cat named)"

case='an engine can be built against it without CMake'
if command -v pkg-config >/dev/null; then
    flags=$(PKG_CONFIG_PATH=root/usr/share/pkgconfig pkg-config --define-variable=prefix="$PWD/root/usr" \
        --cflags batchlab)
    echo '#include <engine.h>
unsigned version(void);
unsigned version(void) { return ENGINE_ABI; }' >engine.c
    # shellcheck disable=SC2086
    cc -c $flags engine.c -o engine.o || fail "pkg-config says $flags"
fi

case='the page is well-formed and names every command'
page=root/usr/share/man/man1/batchlab.1
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$page" >lint || fail "$(cat lint)"
fi
ends_with 0 --help
sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out | grep -v '^batchlab$' >commands
[ "$(wc -l <commands)" -gt 10 ] || fail 'no commands in --help'
while read -r command; do
    grep -q "^\.It Cm $command\( \|$\)" "$page" || fail "no $command in the page"
done <commands

case='completion knows commands and options'
if command -v bash >/dev/null; then
    PATH=$PWD/root/usr/bin:$PATH bash -c '
        . root/usr/share/bash-completion/completions/batchlab
        COMP_WORDS=(batchlab ga) COMP_CWORD=1
        _batchlab
        [ "${COMPREPLY[*]}" = gate ] || { echo "ga: ${COMPREPLY[*]}"; exit 1; }
        COMP_WORDS=(batchlab gate --ro) COMP_CWORD=2
        _batchlab
        [ "${COMPREPLY[*]}" = --rounds= ] || { echo "--ro: ${COMPREPLY[*]}"; exit 1; }
    ' 2>&1 >completed || fail "$(cat completed)"
fi
