#!/bin/sh
# A browser opens the pages from the disk: no error, every chart visible, marks and series that answer.
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/lib.sh"
reference=$home/results/reference

browser=
for name in chromium chromium-browser google-chrome; do
    if command -v $name >/dev/null; then browser=$name; fi
done
[ -n "$browser" ] || skip 'no browser (Debian: chromium)'

# opens FILE [OPTION...]: the document as it is once scripts have run, in `document`.
opens() {
    page=$1
    shift
    HOME=$scratch timeout 100 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$scratch/profile" --no-first-run --disable-background-networking \
        --disable-component-update --disable-extensions --disable-sync --enable-logging=stderr --v=0 \
        "$@" "file://$scratch/$page" >document 2>log || fail "the browser failed on $page"
    if grep 'CONSOLE' log >err; then fail "$page: the console has an error"; fi
}

case='pages of reference runs'
ends_with 0 report "$reference/steps-to-target" "$reference/step-cost" --output pages

# What a reader does, by script behind our own: its findings are the title.
cat >probe.html <<'END'
<script>
(function () {
  const says = [];
  const bubble = document.querySelector('.bubble');
  document.querySelectorAll('figure.chart').forEach(function (figure) {
    const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
    says.push(box.width > 300 ? box.height > 100 ? 'visible' : 'flat' : 'narrow');
    const marks = svg.querySelectorAll('.mark');
    marks[0].focus();
    says.push(bubble.textContent === marks[0].getAttribute('aria-label') ? 'focus' : 'no focus');
    marks[0].dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    says.push(document.activeElement === marks[1] ? 'next' : 'no next');
    marks[2].dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: 9, clientY: 9 }));
    says.push(bubble.textContent === marks[2].getAttribute('aria-label') ? 'point' : 'no point');
    const button = figure.querySelector('button');
    const plot = svg.querySelector('[data-series="' + button.getAttribute('data-toggle') + '"]');
    button.click();
    says.push(getComputedStyle(plot).display === 'none' ? 'off' : 'not off');
    says.push(button.getAttribute('aria-pressed'));
    button.click();
    says.push(getComputedStyle(plot).display === 'none' ? 'still off' : 'on');
  });
  says.push(document.documentElement.scrollWidth > window.innerWidth ? 'too wide' : 'fits');
  document.title = says.join(' ');
}());
</script>
END
all='visible focus next point off false on visible focus next point off false on'
for page in steps-to-target step-cost; do
    case="what $page answers"
    sed '/^<\/body>/,$d' pages/$page.html | cat - probe.html >pages/probed.html
    opens pages/probed.html --dump-dom --window-size=1200,900
    grep -q '<title>' document || skip 'this browser prints no document'
    grep -q "<title>$all fits</title>" document || fail "$(grep -o '<title>.*</title>' document)"
done

case='a picture of a page at 400 and 1200 pixels'
for width in 400 1200; do
    printf '<iframe src="steps-to-target.html" width="%d" height="900"></iframe>' "$width"
done >pages/frames.html
opens pages/frames.html --screenshot="$scratch/pages.png" --window-size=1700,1000
[ -s pages.png ] || fail 'no picture'
