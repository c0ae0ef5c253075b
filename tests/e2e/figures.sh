#!/bin/sh
# Figures for papers: sizes, names, options that are none, and the same file again. With `all` as third
# argument every chart in Chinese and on a narrow page as well, which takes longer.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
reference=$home/results/reference

command -v gnuplot >/dev/null || skip 'no gnuplot (Debian: gnuplot-nox)'

case='lengths, formats and fonts that are none'
for option in --width=84 --width=84parsec --width=1mm --width=9m --width=nan --format=gif --format= \
    '--format=svg,' --lang=fr --dpi=0 --dpi=many --font= '--font=R&D Sans' --font=DejaVu,0 --height=; do
    ends_with 64 plot "$reference/saddle" survival "$option" --output drawn
    is_absent drawn
done
complains 'expected a length of 20mm to 2000mm, in mm, cm, in or pt'
ends_with 1 plot "$reference/saddle" survival --height 60mm --output drawn
complains 'expected --width as well'
if command -v fc-list >/dev/null; then
    ends_with 1 plot "$reference/saddle" survival --font 'No Such Font' --output drawn
    says_one_line
    complains '--font No Such Font: no font of that name is installed'
fi
is_absent drawn
ends_with 1 plot "$reference/saddle" survival --width 84mm --height 21mm --format svg --output drawn
complains 'chart survival does not fit: 21 mm is too low' 'expected at least'

# number_after FILE TEXT BYTES: a big-endian number that stands so far into the file.
four_bytes() {
    od -An -tu1 -j "$2" -N 4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'
}

case='a figure is as large as it is told'
ends_with 0 plot "$reference/rate-sensitivity" sensitivity --width 84mm --height 7cm --output drawn
prints 'Chart drawn/sensitivity.svg (.png, .pdf; numbers in .csv)'
grep -q '^ width="84mm" height="70mm"$' drawn/sensitivity.svg || fail 'svg: not 84 x 70 mm'
[ "$(four_bytes drawn/sensitivity.png 16)" -eq 992 ] || fail 'png: not 992 pixels wide (300 dpi)'
[ "$(four_bytes drawn/sensitivity.png 20)" -eq 827 ] || fail 'png: not 827 pixels high'
[ "$(four_bytes drawn/sensitivity.png 41)" -eq 11811 ] || fail 'png: not 11811 pixels a metre'
if command -v pdfinfo >/dev/null; then
    pdfinfo drawn/sensitivity.pdf >info 2>err || fail 'pdfinfo: it is no PDF'
    [ ! -s err ] || fail 'pdfinfo has something to say'
    grep -q '^Page size: *238.11 x 198.425 pts' info || fail "pdf: $(grep '^Page size' info)"
    pdffonts drawn/sensitivity.pdf | awk 'NR > 2 { fonts++; if ($0 !~ / yes +yes +yes /) bad = 1 }
        END { exit !(fonts > 0 && !bad) }' || fail 'pdf: a font is not embedded'
fi
has_no_leftovers drawn

case='an SVG with a width carries its font'
if command -v hb-subset >/dev/null && command -v fc-match >/dev/null; then
    sed -n 's/.*url("data:font\/otf;base64,\([A-Za-z0-9+/]*=*\)").*/\1/p' drawn/sensitivity.svg | base64 -d >font ||
        fail 'svg: no font in base64'
    fc-scan --format '%{family}: %{charset}' font >characters || fail 'svg: its font is none'
    # With what is beyond ASCII: a middle dot.
    grep -q '^DejaVu Sans: .* b7' characters || fail "svg: its font is $(cat characters)"
    [ "$(wc -c <font)" -lt 60000 ] || fail 'svg: more of the font than it needs'
fi
mkdir tools
ln -s "$(command -v gnuplot)" tools/gnuplot
# names_its_font WHY
names_its_font() {
    (PATH=$PWD/tools; ends_with 0 plot "$reference/rate-sensitivity" sensitivity --width 84mm --format svg,png \
        --output named)
    says_one_line
    complains "svg names its font, and does not carry it: $1"
    if grep -q 'font-face' named/sensitivity.svg; then fail 'a font is there all the same'; fi
    [ -s named/sensitivity.png ] || fail 'what comes after the svg is not drawn'
    has_no_leftovers named
    rm -r named
}
names_its_font 'fc-match is not installed (apt install fontconfig)'
printf '#!/bin/sh\necho warning >&2; printf "\\nfont: 0 /a font\\n"\n' >tools/fc-match
chmod +x tools/fc-match
names_its_font 'hb-subset is not installed (apt install libharfbuzz-bin)'
printf '#!/bin/sh\necho no >&2; exit 3\n' >tools/hb-subset
chmod +x tools/hb-subset
names_its_font '/a font: hb-subset failed: no'
printf '#!/bin/sh\necho lost\n' >tools/fc-match
names_its_font 'fc-match names no file of the font DejaVu Sans'

case='the same numbers give the same file'
ends_with 0 plot "$reference/rate-sensitivity" sensitivity --width 84mm --height 7cm --output again
for file in sensitivity.csv sensitivity.svg sensitivity.png; do is_same drawn/$file again/$file; done
for folder in drawn again; do
    sed 's/CreationDate (D:[^)]*)/CreationDate ()/' $folder/sensitivity.pdf >$folder.pdf
done
is_same drawn.pdf again.pdf
ends_with 0 plot "$reference/rate-sensitivity" sensitivity --width 84mm --height 71mm --format svg \
    --output again
if cmp -s drawn/sensitivity.svg again/sensitivity.svg; then fail 'another height, the same file'; fi

case='a text without translation is an error'
for rows in 'updates	x' 'updates	x
Runs that are still on their way	x
share that has not reached it	x
shown: 	x
full	x'; do
    printf 'en\txx\n%s\n' "$rows" >words.tsv
    status=0
    gnuplot -e "page_language = 'xx'; page_words = 'words.tsv'" -c "$home/plots/survival.gp" \
        "$reference/saddle" words.svg >out 2>err </dev/null || status=$?
    echo $status
done >statuses
[ "$(tr '\n' ' ' <statuses)" = '1 0 ' ] || fail "gnuplot ended with $(tr '\n' ' ' <statuses)"

[ "${3:-}" = all ] || exit 0

# Text columns of a sheet of numbers: no field of it is quoted.
texts_of() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) take[i] = $i ~ /^(label|panel_title|axis|caption|source|number)$/ }
        NR > 1 { for (i = 1; i <= NF; i++) if (take[i]) print $i }' "$1"
}

case='every chart in Chinese, on a narrow page'
charts=$(sed -n 's/.*`batchlab plot results\/[a-z-]* \([a-z_]*\)`.*/\1/p' "$home/plots/README.md")
[ "$(echo "$charts" | wc -l)" -ge 18 ] || fail 'plots/README.md has fewer charts than there are'
if command -v fc-list >/dev/null && ! fc-list -q 'Noto Sans CJK SC'; then
    ends_with 1 plot "$reference/saddle" survival --lang zh --output zh
    says_one_line
    complains 'Noto Sans CJK SC, which is not installed (apt install fonts-noto-cjk)'
    skip 'no font for Chinese (Debian: fonts-noto-cjk)'
fi
for chart in $charts; do
    # What the probe wrote is too large to be kept.
    if [ "$chart" = predictions ]; then continue; fi
    folder=
    for numbers in "$reference"/*/figures/"$chart".csv; do
        folder=${numbers%/figures/*}
        if "$batchlab" plot "$folder" "$chart" --lang zh --width 84mm --format svg --output zh \
            >out 2>err; then break; fi
        folder=
    done
    [ -n "$folder" ] || fail "chart $chart: no reference run draws it"
    # Names are what the results themselves have.
    { cat "$folder"/*.csv; cat "$folder/manifest.json"; } | tr -cs 'A-Za-z' '\n' | sort -u >names
    texts_of "zh/$chart.zh.csv" | tr -cs 'A-Za-z' '\n' | grep -E '^[A-Za-z]{3,}$' | sort -u |
        grep -v -x -F -e Kaplan -e Meier -e min | comm -23 - names >left || :
    [ ! -s left ] || fail "chart $chart: left in English: $(tr '\n' ' ' <left)"
    grep -q '^ width="84mm"' "zh/$chart.zh.svg" || fail "chart $chart: not 84 mm wide"
done
has_no_leftovers zh
