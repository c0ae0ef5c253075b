#!/bin/sh
# Pages of the reference runs: XML that a strict parser takes, links that lead somewhere, and one line
# where something is amiss.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
reference=$home/results/reference

# is_page NAME: both pages are there, and the HTML needs nothing from anywhere.
is_page() {
    for suffix in html md; do
        [ -s "$1.$suffix" ] || fail "no $1.$suffix"
    done
    if command -v xmllint >/dev/null; then
        xmllint --noout "$1.html" 2>err || fail "$1.html is not XML"
    fi
    if grep -n -E '(src|href)="(https?:)?//' "$1.html"; then fail "$1.html asks the network"; fi
    if grep -n -i -E '>-?(nan|inf)<' "$1.html"; then fail "$1.html has a number that is none"; fi
    if grep -n -i -E '\| -?(nan|inf) \|' "$1.md"; then fail "$1.md has a number that is none"; fi
}

# Every id of a page is there once, and every id that a drawing refers to is there.
has_own_ids() {
    grep -o ' id="[^"]*"' "$1" | sort | uniq -d >out
    [ ! -s out ] || fail "$1: twice: $(head -n 1 out)"
    grep -o ' xlink:href="#[^"]*"' "$1" | sed 's/.*#//; s/"//' | sort -u >used
    grep -o ' id="[^"]*"' "$1" | sed 's/.*="//; s/"//' | sort -u >there
    [ -z "$(comm -23 used there)" ] || fail "$1: refers to $(comm -23 used there | head -n 1)"
}

# Every relative link of a page leads to a file.
leads_somewhere() {
    folder=$(dirname "$1")
    grep -o 'href="[^"#:]*"' "$1" | sort -u >links
    [ -s links ] || fail "$1 has no link"
    sed 's/href="//; s/"//; s/%20/ /g; s/%26/\&/g; s/%3C/</g; s/%3E/>/g' links | while read -r link; do
        [ -e "$folder/$link" ] || fail "$1: $link leads nowhere"
    done
}

case='several reference runs'
ends_with 0 report "$reference/steps-to-target" "$reference/batch-size" "$reference/step-cost" \
    "$reference/throughput" --output pages
prints '4 pages' pages/index.html
for name in steps-to-target batch-size step-cost throughput index; do
    is_page pages/$name
    has_own_ids pages/$name.html
    leads_somewhere pages/$name.html
done
grep -q 'C30</strong>, <strong class="verdict undelivered"' pages/steps-to-target.html ||
    fail 'no verdict in the answer'
grep -q '95 % interval 0.883 to 2.09' pages/steps-to-target.html || fail 'no interval'
grep -q 'aria-label="20 % validation error .* batch size 8 ' pages/steps-to-target.html ||
    fail 'no mark that says which row it is'
grep -q 'C30' pages/index.md || fail 'no verdict in the index'
[ "$(grep -c '<svg ' pages/steps-to-target.html)" -eq 2 ] || fail 'not two drawings'
has_no_leftovers pages

case='every mark of the reference runs is known'
ends_with 0 report "$reference" --output whole
for page in whole/*.html; do
    if command -v xmllint >/dev/null; then
        xmllint --noout "$page" 2>err || fail "$page is not XML"
    fi
    if grep -q 'it is not certain' "$page"; then fail "$page has marks of no known row"; fi
done

case='scripts plot as the pages take it'
if command -v gnuplot >/dev/null; then
    mkdir drawn
    cp -r "$reference/step-cost" "$reference/noise-scale" drawn
    for results in drawn/*; do
        rm "$results"/figures/*
        ends_with 0 plot "$results"
    done
    ends_with 0 report drawn --output again
    for name in step-cost noise-scale; do
        if grep -q 'it is not certain' again/$name.html; then fail "$name: marks of no known row"; fi
        [ "$(grep -o 'class="mark"' again/$name.html | wc -l)" -ge 30 ] || fail "$name: no marks"
    done
fi

case='a folder of results folders, with a strange name'
mkdir -p "all of it"
cp -r "$reference/symmetry" "all of it/a & b"
cp -r "$reference/symmetry" "all of it/c"
ends_with 0 report "all of it" --output "out <1>"
is_page "out <1>/symmetry"
is_page "out <1>/symmetry-2" # the same experiment again
leads_somewhere "out <1>/symmetry.html"
leads_somewhere "out <1>/index.html"

case='a title that is a script'
mkdir bad
cp -r "$reference/symmetry/." bad
sed -i 's/"title": "[^"]*"/"title": "<script>alert(1)<\/script>"/' bad/manifest.json
sed -i 's/<svg/& onload="alert(1)"/; s/<defs>/<script>alert(1)<\/script>&/' bad/figures/verdicts.svg
ends_with 0 report bad --output evil
is_page evil/symmetry
if grep -q -e '<script>alert' -e 'onload=' evil/symmetry.html; then fail 'a script came along'; fi
grep -q 'Left out of the file: 2 parts that do not draw' evil/symmetry.html ||
    fail 'does not say what was left out'

case='what is not there'
rm -r bad/figures
rm bad/verdicts.csv bad/manifest.json
ends_with 0 report bad --output poor
is_page poor/bad
for words in 'the results have no figures' 'manifest.json is missing' 'makes no claims'; do
    grep -q "$words" poor/bad.html || fail "does not say '$words'"
done

case='without gnuplot'
mkdir nothing
status=0
env PATH="$scratch/nothing" "$batchlab" report "$reference/symmetry" --output none >out 2>err ||
    status=$?
[ "$status" -eq 0 ] || fail "exit status $status, expected 0"

case='bad input'
ends_with 1 report nowhere --output gone
says_one_line
complains nowhere
is_absent gone
echo '{' >bad/manifest.json
ends_with 1 report bad --output gone
says_one_line
complains bad/manifest.json:
is_absent gone
cp "$reference/symmetry/manifest.json" bad/manifest.json
mkdir bad/figures
printf '<svg><g></svg>' >bad/figures/verdicts.svg
ends_with 1 report bad --output gone
says_one_line
complains figures/verdicts.svg:1:
has_no_leftovers gone
: >file
ends_with 1 report "$reference/symmetry" --output file
says_one_line
complains file 'is not a folder'
ends_with 64 report
ends_with 64 report --nonsense

case='an output that cannot be written'
mkdir closed
chmod 555 closed
if ! touch closed/probe 2>/dev/null; then # root may write anywhere
    ends_with 1 report "$reference/symmetry" --output closed
    says_one_line
    complains closed 'cannot be written'
fi
ends_with 1 report "$reference/symmetry" --output /proc/report
says_one_line
complains /proc/report
