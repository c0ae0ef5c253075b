#!/bin/sh
# Pages of engine.h: without a warning, and with the words of the header.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
command -v doxygen >/dev/null || skip 'no doxygen'
ln -s "$home/engines" "$home/cmake" .
mkdir build

case='every name has words'
doxygen cmake/doxygen/Doxyfile >out 2>err || fail 'doxygen complains'
[ ! -s err ] || fail 'doxygen complains'
pages=build/doxygen/html
for page in index structengine structbatch structnetwork engine_8h; do
    [ -s $pages/$page.html ] || fail "no page $page"
done
grep -q 'overwritten. The' $pages/structengine.html || fail 'no word on gradient()'
grep -q 'see features' $pages/structbatch.html || fail 'no word on what stands behind two names'

case='what has none is found'
mkdir other
cp -r "$home/cmake" other
mkdir other/engines other/build
sed 's|^/\* How good theta is on a batch. \*/$||' engines/engine.h >other/engines/engine.h
status=0
(cd other && doxygen cmake/doxygen/Doxyfile) >out 2>err || status=$?
[ $status -ne 0 ] && grep -q 'score is not documented' err || fail 'nobody complains'
