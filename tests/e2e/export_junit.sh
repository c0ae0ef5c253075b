#!/bin/sh
# xmllint reads our JUnit XML, and finds what readers of JUnit expect.
set -eu
. "$(dirname "$0")/lib.sh"

writer=$3
schema=$(dirname "$0")/../fixtures/junit.rng
command -v xmllint >/dev/null || skip 'no xmllint (Debian: libxml2-utils)'

case='known answers and strange names'
"$writer" . || fail 'writes nothing'
xmllint --noout --relaxng "$schema" junit.xml 2>err || fail 'junit.xml is not valid'

# counts NUMBER XPATH
counts() {
    found=$(xmllint --xpath "count($2)" junit.xml)
    [ "$found" -eq "$1" ] || fail "$2: $found, expected $1"
}
counts 12 '//testcase'
counts 4 '//failure'
counts 2 '//skipped'
counts 1 '//error'
counts 2 '//failure[@type="REGRESSION"]'
counts 1 '//testcase[contains(@name, "]]>%s")]'
for attribute in tests failures errors; do
    [ "$(xmllint --xpath "string(/testsuites/@$attribute)" junit.xml)" -eq \
        "$(xmllint --xpath "string(//testsuite/@$attribute)" junit.xml)" ] ||
        fail "$attribute of the suite and of the whole differ"
done

case='the schema refuses what it should'
sed 's/<failure /<failed /' junit.xml >bad.xml
if xmllint --noout --relaxng "$schema" bad.xml 2>err; then fail 'takes an unknown element'; fi
sed 's/time="[0-9.]*"/time="1e-05"/' junit.xml >bad.xml
if xmllint --noout --relaxng "$schema" bad.xml 2>err; then fail 'takes an exponent'; fi
