'use strict';
(function () {
  const bubble = document.createElement('div');
  bubble.className = 'bubble';
  bubble.hidden = true;
  bubble.setAttribute('aria-hidden', 'true');
  document.body.appendChild(bubble);

  function textOf(node) {
    return node.getAttribute('aria-label') || node.getAttribute('data-label') || '';
  }
  function show(node, x, y) {
    bubble.textContent = textOf(node);
    bubble.hidden = bubble.textContent === '';
    const box = bubble.getBoundingClientRect();
    const below = y + 16 + box.height > window.innerHeight;
    bubble.style.left = Math.max(4, Math.min(x + 12, window.innerWidth - box.width - 4)) + 'px';
    bubble.style.top = Math.max(4, below ? y - 12 - box.height : y + 16) + 'px';
  }
  function hide() { bubble.hidden = true; }
  /* What most of the series is drawn in, but for greys. */
  function colourOf(plots) {
    const tally = {};
    plots.forEach(function (plot) {
      plot.querySelectorAll('[stroke], [color], [fill]').forEach(function (node) {
        ['stroke', 'color', 'fill'].forEach(function (name) {
          const value = node.getAttribute(name) || '';
          const parts = value.match(/[0-9]+/g) || [];
          const grey = parts[0] === parts[1] ? parts[1] === parts[2] : false;
          if (value.slice(0, 3) === 'rgb') { tally[value] = (tally[value] || 0) + (grey ? 0.001 : 1); }
        });
      });
    });
    return Object.keys(tally).reduce(function (best, value) {
      return best === '' || tally[value] > tally[best] ? value : best;
    }, '');
  }
  function visible(node) { return !node.closest('.off'); }

  /* Of a line that is pointed at. */
  function nearest(plot, x, y) {
    let found = null, least = Infinity;
    (plot ? plot.querySelectorAll('.along') : []).forEach(function (mark) {
      const box = mark.getBoundingClientRect();
      const far = Math.hypot(box.left + box.width / 2 - x, box.top + box.height / 2 - y);
      if (least > far) { least = far; found = mark; }
    });
    return found;
  }

  document.querySelectorAll('figure.chart').forEach(function (figure) {
    const svg = figure.querySelector('svg');
    const bar = figure.querySelector('.series');
    if (!svg) { return; }
    svg.addEventListener('pointermove', function (event) {
      const plot = event.target.closest('[data-label]');
      const node = event.target.closest('.mark') || nearest(plot, event.clientX, event.clientY) || plot;
      if (node) { show(node, event.clientX, event.clientY); } else { hide(); }
    });
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('focusin', function (event) {
      const box = event.target.getBoundingClientRect();
      if (event.target.closest('.mark')) { show(event.target, box.right, box.bottom); }
    });
    svg.addEventListener('focusout', hide);
    svg.addEventListener('keydown', function (event) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const marks = Array.from(svg.querySelectorAll('.mark')).filter(visible);
      const at = marks.indexOf(document.activeElement);
      if (event.key === 'Escape') { hide(); }
      if (!step || at === -1) { return; }
      event.preventDefault();
      marks[at].setAttribute('tabindex', '-1');
      const next = marks[(at + step + marks.length) % marks.length];
      next.setAttribute('tabindex', '0');
      next.focus();
    });
    if (!bar) { return; }
    bar.hidden = false;
    bar.querySelectorAll('button').forEach(function (button) {
      const plots = svg.querySelectorAll('[data-series="' + button.getAttribute('data-toggle') + '"]');
      const colour = colourOf(plots);
      if (colour !== '') { button.querySelector('.swatch').style.background = colour; }
      button.addEventListener('click', function () {
        const on = button.getAttribute('aria-pressed') === 'false';
        button.setAttribute('aria-pressed', String(on));
        plots.forEach(function (plot) { plot.classList.toggle('off', !on); });
        const marks = Array.from(svg.querySelectorAll('.mark'));
        marks.forEach(function (mark) { mark.setAttribute('tabindex', '-1'); });
        const first = marks.find(visible);
        if (first) { first.setAttribute('tabindex', '0'); }
      });
    });
  });
}());
