#!/bin/sh
# The sample document builds with figures in every format that LaTeX takes, each as wide as its column.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
results=$home/results/reference/batch-size

command -v gnuplot >/dev/null || skip 'no gnuplot (Debian: gnuplot-nox)'
command -v pdflatex >/dev/null || skip 'no LaTeX (Debian: texlive-latex-base)'
kpsewhich tikz.sty gnuplot-lua-tikz.sty >/dev/null || skip 'no TikZ (Debian: texlive-pictures, gnuplot-data)'

# builds FILE: without an error, and nothing sticks out by more than a hundredth of an inch.
builds() {
    HOME=$scratch pdflatex -interaction=nonstopmode -halt-on-error "$1" >out 2>err </dev/null ||
        fail "LaTeX stops at $1"
    awk '/^Overfull .hbox/ { sub(/.*\(/, ""); if ($1 + 0 > 0.72) bad = 1 } END { exit bad }' out ||
        fail "$1: $(grep '^Overfull' out | head -n 1)"
}

case='the figures that the sample names'
sed -n 's/^% *batchlab plot RESULTS \(.*\) --output \.$/\1/p' "$home/plots/latex/sample.tex" >commands
[ "$(wc -l <commands)" -eq 3 ] || fail 'the sample names other commands'
while read -r options; do
    # shellcheck disable=SC2086
    ends_with 0 plot "$results" $options --output .
done <commands
[ -s loss-cairolatex.tex ] && [ -s loss-cairolatex.pdf ] && [ -s target-tikz.tex ] && [ -s heatmap.pdf ] ||
    fail 'a figure is not there'
grep -q '{loss-cairolatex}' loss-cairolatex.tex || fail 'loss-cairolatex.tex does not name its drawing'
has_no_leftovers .

case='the same numbers give the same file, a second later'
mkdir again
sleep 1
ends_with 0 plot "$results" target --format tikz --width 84mm --output again
is_same target-tikz.tex again/target-tikz.tex
ends_with 0 plot "$results" loss --format cairolatex --width 84mm --output again
is_same loss-cairolatex.tex again/loss-cairolatex.tex

case='names in another language have no dot, which LaTeX would take for that of a suffix'
ends_with 0 plot "$results" target --format tikz,cairolatex --width 84mm --lang zh --output zh
[ -s zh/target-zh-tikz.tex ] && [ -s zh/target-zh-cairolatex.pdf ] || fail 'other names'
grep -q '{target-zh-cairolatex}' zh/target-zh-cairolatex.tex || fail 'it does not name its drawing'

case='the sample builds'
cp "$home/plots/latex/sample.tex" .
builds sample
builds sample # again, for the references
if grep -q 'undefined' out; then fail 'a reference is undefined'; fi
if command -v pdffonts >/dev/null; then
    pdffonts sample.pdf | awk 'NR > 2 && $0 !~ / yes +(yes|no) +(yes|no) / { bad = 1 } END { exit bad }' ||
        fail 'a font is not embedded'
fi

case='charts of every kind are LaTeX'
charts='loss target heatmap grid critical_batch sensitivity'
ends_with 0 plot "$results" --format tikz,cairolatex --width 84mm --output .
{
    printf '%s\n' '\documentclass{article}' '\usepackage{graphicx,color}' '\usepackage{gnuplot-lua-tikz}' \
        '\usepackage[a4paper,textwidth=84mm]{geometry}' '\parindent=0pt' '\begin{document}'
    for chart in $charts; do printf '\\input{%s-tikz}\\unskip\n\n\\input{%s-cairolatex}\\unskip\n\n' "$chart" "$chart"; done
    for chart in 'throughput throughput' 'imbalance verdicts' 'saddle survival' 'noise-scale noise_scale' 'unbiased variance' 'redundancy redundancy' \
        'data-volume volume' 'nested-data nested' 'effective-size effective_size'; do
        # shellcheck disable=SC2086
        "$batchlab" plot "$home/results/reference/"$chart --format tikz,cairolatex --width 84mm --output . \
            >out 2>err || fail "chart $chart"
        printf '\\input{%s-tikz}\\unskip\n\n\\input{%s-cairolatex}\\unskip\n\n' "${chart#* }" "${chart#* }"
    done
    printf '%s\n' '\end{document}'
} >every.tex
builds every
