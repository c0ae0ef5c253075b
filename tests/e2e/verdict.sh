#!/bin/sh
# Claims of an experiment, from its file to verdicts.csv.
set -eu
. "$(dirname "$0")/lib.sh"

cat >claims.yaml <<'END_OF_FILE'
question: Do more updates fit the training data better?
dataset: {name: blobs, examples: 300, features: 4, classes: 3, separation: 2, validation: 50, test: 50}
grid: {engine: naive, network: S, batch_size: [10, full], learning_rate: 0.1, seed: [1, 2, 3, 4, 5]}
budget: {epochs: 5}
claims:
  - claim: MORE
    says: At equal epochs a batch of 10 has the lower training loss
    test: order
    y: final_train_loss
    axis: epochs
    arms: [{batch_size: 10}, {batch_size: full}]
  - claim: LESS
    says: At equal epochs the full batch has the lower training loss
    test: order
    y: final_train_loss
    axis: epochs
    arms: [{batch_size: full}, {batch_size: 10}]
END_OF_FILE

case='a claim and its opposite'
ends_with 0 run claims.yaml --results results --no-charts
ends_with 0 verdict results
grep -q '^MORE *confirmed ' out || fail 'MORE is not confirmed'
grep -q '^LESS *refuted ' out || fail 'LESS is not refuted'
prints 'equal epochs' '2 of 2 claims delivered'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
[ "$(wc -l <results/verdicts.csv)" -eq 3 ] || fail 'not two rows'
has_no_leftovers results

if command -v gnuplot >/dev/null; then
    case='the chart of the verdicts'
    prints 'Chart results/figures/verdicts.svg'
    [ -s results/figures/verdicts.svg ] || fail 'not drawn'
    rm -r results/figures
fi
case='no charts'
ends_with 0 verdict results --no-charts
is_absent results/figures
case='a machine without gnuplot'
whole_path=$PATH
PATH=/nowhere
ends_with 0 verdict results
PATH=$whole_path
complains 'gnuplot is not installed'
says_one_line

case='claims of another file'
sed 's/claim: MORE/claim: OTHER/' claims.yaml >other.yaml
ends_with 0 verdict results --claims other.yaml --no-charts
prints OTHER
sed 's/y: final_train_loss/y: final_loss/' claims.yaml >wrong.yaml
ends_with 1 verdict results --claims wrong.yaml
complains 'wrong.yaml:6: claim MORE: ' 'no column `final_loss`'
says_one_line

case='what is no claim is found before anything runs'
sed '/test: order/d' claims.yaml >wrong.yaml
ends_with 1 run wrong.yaml --results none
complains 'wrong.yaml:6: claims: MORE: test: missing'
says_one_line
sed 's/test: order/test: equivalence/' claims.yaml >wrong.yaml
ends_with 1 run wrong.yaml --results none
complains 'equivalence needs a margin'
sed 's/\[{batch_size: 10}, {batch_size: full}\]/[{batch_size: 10}]/' claims.yaml >wrong.yaml
ends_with 1 run wrong.yaml --results none
complains 'has 1 arms, expected at least 2'
sed 's/claim: LESS/claim: MORE/' claims.yaml >wrong.yaml
ends_with 1 run wrong.yaml --results none
complains 'MORE is given twice'
is_absent none

case='no results, no claims, no arguments'
ends_with 1 verdict nowhere
complains nowhere
ends_with 64 verdict
sed '/^claims/,$d' claims.yaml >silent.yaml
ends_with 0 run silent.yaml --results silent --no-charts
ends_with 1 verdict silent
complains 'makes no claims'
says_one_line
ends_with 0 verdict silent results --no-charts
complains 'makes no claims: left out'

case='results of two machines'
cp -r results elsewhere
sed 's/"cpu": "[^"]*"/"cpu": "abacus"/' results/manifest.json >elsewhere/manifest.json
ends_with 1 verdict results elsewhere
complains 'abacus' '--anyway'
says_one_line
ends_with 0 verdict results elsewhere --anyway

case='every claim of the catalogue'
mkdir -p runs
cp -r results runs/claims
cp -r silent runs/silent
sed 's/claim: MORE/claim: B1/; s/claim: LESS/claim: B2/' results/manifest.json >runs/claims/manifest.json
echo 'a page <!-- verdicts --> <!-- /verdicts -->' >page.md
mkdir files
sed 's/claim: MORE/claim: B1/; s/claim: LESS/claim: B2/' claims.yaml >files/claims.yaml
sed 's/claim: MORE/claim: B3/; s/claim: LESS/claim: B4/' claims.yaml >files/more.yaml
ends_with 0 verdict --all runs --claims files --markdown page.md
grep -q '^B1 *confirmed ' out || fail 'B1 is not confirmed'
grep -q '^B2 *refuted ' out || fail 'B2 is not refuted'
grep -q '^C14 *out of scope ' out || fail 'C14 is not out of scope'
prints '2 of 41 delivered: 1 confirmed, 1 refuted; ' 'to be decided by more'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
grep -q '^B1,confirmed,1,' runs/verdict_table.csv || fail 'B1 is not in the table'
[ "$(cut -d, -f1 runs/verdict_table.csv | grep -c '^[CB][0-9]')" -eq 41 ] || fail 'not 41 rows'
grep -q '^| \*\*B2\*\* .*| \*\*refuted\*\* |' page.md || fail 'B2 is not on the page'
has_no_leftovers runs
ends_with 1 verdict --all runs --markdown claims.yaml
complains 'no line' '<!-- verdicts -->'
says_one_line
ends_with 1 verdict --all results
complains 'claims.yaml:6: claim MORE is not in the catalogue'
says_one_line
ends_with 1 verdict --all runs runs/claims
complains 'both of experiment claims'
ends_with 64 verdict runs/claims --markdown page.md

case='claims of files that would run other cells'
sed -i 's/batch_size: \[10, full\]/batch_size: [10, 20, full]/' files/claims.yaml
ends_with 0 verdict --all runs --claims files
prints '0 of 41 delivered' 'not of the cells'

case='a tier'
ends_with 64 run --tier daily
ends_with 64 run --tier ci claims.yaml
ends_with 0 list experiments
prints stability C36 'tier ci ' 's of at most 180' 's of at most 7200' 's of at most 86400'
awk 'length > 80 { exit 1 }' out || fail 'wider than 80 columns'
