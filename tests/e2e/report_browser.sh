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
ends_with 0 report "$reference/steps-to-target" "$reference/step-cost" "$reference/batch-size" \
    "$reference/textbook-figure" "$reference/saddle" --output pages

# What a reader does, by script behind our own: its findings are the title.
cat >probe.html <<'END'
<script>
(function () {
  const says = [];
  const bubble = document.querySelector('.bubble');
  function at(node) {
    const box = node.getBoundingClientRect();
    return { bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  }
  document.querySelectorAll('figure.chart').forEach(function (figure) {
    const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
    const name = figure.querySelector('.card').getAttribute('aria-label').split(/[ ,]/)[1];
    let fault = '';
    function expect(holds, what) { if (!holds) { fault = fault || what; } }
    expect(box.width > 300 && box.height > 100, 'is not visible');
    const marks = svg.querySelectorAll('.mark');
    expect(marks.length > 2, 'has no marks');
    if (marks.length < 3) { says.push(name + ' ' + fault); return; }
    marks[0].focus();
    expect(bubble.textContent === marks[0].getAttribute('aria-label'), 'does not answer Tab');
    marks[0].dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    expect(document.activeElement === marks[1], 'does not answer the arrow keys');
    marks[2].dispatchEvent(new PointerEvent('pointermove', at(marks[2])));
    expect(bubble.textContent === marks[2].getAttribute('aria-label'), 'does not answer pointing');
    expect(name === 'verdicts' || / cell [^ ]+-[0-9a-f]{8}/.test(bubble.textContent), 'names no cell');
    const along = svg.querySelector('.along');
    if (along) { // the line between two marks answers as well
      along.parentNode.querySelector('path').dispatchEvent(new PointerEvent('pointermove', at(along)));
      expect(bubble.textContent === along.getAttribute('aria-label'), 'has a line without numbers');
    }
    figure.querySelectorAll('.series button').forEach(function (button) {
      const plots = svg.querySelectorAll('[data-series="' + button.getAttribute('data-toggle') + '"]');
      function shown() {
        return Array.from(plots).filter(function (plot) { return getComputedStyle(plot).display !== 'none'; }).length;
      }
      button.click();
      expect(shown() === 0 && button.getAttribute('aria-pressed') === 'false', 'has a series that stays');
      button.click();
      expect(shown() === plots.length && plots.length > 0, 'has a series that does not come back');
    });
    says.push(name + ' ' + (fault || 'answers'));
  });
  says.push(document.documentElement.scrollWidth > window.innerWidth ? 'too wide' : 'fits');
  document.title = says.join('; ');
}());
</script>
END
# answers PAGE CHART...: it has these charts, and each of them answers.
answers() {
    page=$1
    shift
    case="what $page answers"
    expected=$(printf '%s answers; ' "$@")fits
    sed '/^<\/body>/,$d' "pages/$page.html" | cat - probe.html >pages/probed.html
    opens pages/probed.html --dump-dom --window-size=1200,900
    grep -q '<title>' document || skip 'this browser prints no document'
    grep -q "<title>$expected</title>" document ||
        fail "$(grep -o '<title>.*</title>' document), expected $expected"
}
answers steps-to-target critical_batch target
answers step-cost throughput verdicts
answers batch-size heatmap loss target
answers textbook-figure budgets verdicts
answers saddle survival

case='a picture of a page at 400 and 1200 pixels'
for width in 400 1200; do
    printf '<iframe src="steps-to-target.html" width="%d" height="900"></iframe>' "$width"
done >pages/frames.html
opens pages/frames.html --screenshot="$scratch/pages.png" --window-size=1700,1000
[ -s pages.png ] || fail 'no picture'
