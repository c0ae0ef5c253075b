#!/bin/sh
# CTest takes our measurements from a test's stdout.
set -eu
. "$(dirname "$0")/lib.sh"

writer=$3
command -v ctest >/dev/null || skip 'no ctest'
command -v cmake >/dev/null || skip 'no cmake'

case='a toy project'
"$writer" . || fail 'writes nothing'
printf '<CTestMeasurementFile type="image/png" name="missing">%s/none.png</CTestMeasurementFile>\n' \
    "$PWD" >>ctest.txt
cat >CMakeLists.txt <<'END_OF_FILE'
cmake_minimum_required(VERSION 3.21)
project(toy NONE)
include(CTest)
add_test(NAME numbers COMMAND ${CMAKE_COMMAND} -E cat ${CMAKE_SOURCE_DIR}/ctest.txt)
END_OF_FILE
cmake -S . -B build >out 2>err || fail 'cmake'
(cd build && ctest -T Test) >out 2>err || fail 'the test fails'
test_xml=$(find build/Testing -name Test.xml)
[ -n "$test_xml" ] || fail 'no Test.xml'

# measures VALUE TYPE NAME: as CTest wrote it, on one line or several.
flat=$(tr -d '\n\t' <"$test_xml")
measures() {
    case $flat in
    *"<NamedMeasurement type=\"$2\" name=\"$3\"><Value>$1</Value>"*) ;;
    *) fail "$test_xml has no $3 of $1" ;;
    esac
}
measures 0.25 numeric/double 'train/S/blas/k=8 seconds_per_update'
measures 32 numeric/double 'train/S/blas/k=8 examples_per_second'
measures 1 numeric/double 'train/S/blas/k=8 gflops'
measures 2.5 numeric/double 'slowest ratio_high'
measures REGRESSION text/string 'slowest verdict'
measures 150 numeric/double 'same peak_bytes'
expected=$(grep -c '^<CTestMeasurement ' ctest.txt)
found=$(grep -c '<NamedMeasurement ' "$test_xml")
others=$(grep -c -E 'name="(Execution Time|Completion Status|Command Line|Processors|Environment|missing)"' \
    "$test_xml")
[ "$((found - others))" -eq "$expected" ] ||
    fail "CTest took $((found - others)) measurements of $expected"
if command -v xmllint >/dev/null; then
    xmllint --noout "$test_xml" || fail 'Test.xml is no XML any more'
fi
