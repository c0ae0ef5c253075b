#!/bin/sh
# Every block of experiments/TUTORIAL.md, as a reader would paste it: `sh` is run, `yaml NAME` is written.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"

# A clone that has been built, as the tutorial expects it.
mkdir -p clone/build/release/bin
for folder in engines tests experiments; do
    ln -s "$home/$folder" clone/$folder
done
ln -s "$batchlab" clone/build/release/bin/batchlab
repository=$PWD/clone
export repository

mkdir work
awk '/^```./ { kind = substr($1, 4); name = $2; at = NR
               file = kind == "sh" ? sprintf("block-%04d.sh", at) : name ? "written-" name : "" ; next }
     /^```$/ { if (file) close(file); file = ""; kind = "" ; next }
     file { print > file }' "$home/experiments/TUTORIAL.md"
[ "$(ls block-*.sh | wc -l)" -ge 9 ] || fail 'no blocks'
for file in written-*; do
    mv "$file" "work/${file#written-}"
done

# In one shell, since blocks set what later ones use.
{
    echo 'set -eu'
    for block in block-*.sh; do
        printf 'echo "== %s"\n' "$block"
        cat "$block"
    done
} >all.sh
(cd work && sh ../all.sh) >out 2>err </dev/null || fail "a block failed: $(grep '^== ' out | tail -n 1)"

case='what the tutorial says comes out'
prints 'a wrong result: exit status 3' '2 of 2 claims delivered' '1 of 1 claims delivered' 'sooner confirmed' \
    'no-better confirmed' 'same  confirmed'
for page in index claim engines; do
    [ -s work/pages/$page.html ] || fail "no page $page"
done
