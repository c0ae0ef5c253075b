#!/bin/sh
# README.zh.md has what README.md has: the same sections, commands and tables, but for the generated one, and the
# same files behind its links.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"

# What is generated stands in one of them, with the link that leads to it.
sed '/^<!-- verdicts -->$/,/^<!-- \/verdicts -->$/d' "$home/README.md" >en
cp "$home/README.zh.md" zh

for language in en zh; do
    grep -o '^#\{1,4\} ' $language >headings.$language
    grep '^    ' $language >commands.$language
    awk '/^\|/ { print gsub(/\|/, "") }' $language >tables.$language # columns of each row
    grep -c '^- \*\*' $language >lists.$language
    grep -o '](\([^)]*\))' $language | grep -v 'README.zh.md\|^](README.md' | sort >links.$language
done
for part in headings commands tables lists links; do
    case="the same $part"
    diff $part.en $part.zh >out || fail "they differ; what README.md has is to be in README.zh.md as well"
done
case='links lead somewhere'
sed 's/^](//; s/)$//; s/#.*//' links.zh | while read -r link; do
    [ -e "$home/$link" ] || fail "$link is not there"
done
