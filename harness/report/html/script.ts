import { left, width } from './axis.js';

/**
 * The page's only script: the time under the pointer. Everything else works without it. Written
 * as browsers of ten years ago can read it.
 */
export const script = `
(function () {
  var output = document.getElementById('cursor');
  if (!output) return;
  document.querySelectorAll('svg.timeline').forEach(function (figure) {
    var parts = /from (-?[0-9]+) to (-?[0-9]+) with zero (-?[0-9]+)/.exec(
      figure.getAttribute('data-span') || '');
    if (!parts) return;
    figure.addEventListener('pointermove', function (event) {
      var matrix = figure.getScreenCTM();
      if (!matrix) return;
      var at = (event.clientX - matrix.e) / matrix.a;
      var share = (at - ${left}) / ${width};
      if (share < 0 || share > 1) { output.textContent = ''; return; }
      var ns = Number(parts[1]) + share * (Number(parts[2]) - Number(parts[1]));
      var seconds = (ns - Number(parts[3])) / 1e9;
      output.textContent = (seconds < 0 ? '' : '+') + seconds.toFixed(2) + 's';
    });
    figure.addEventListener('pointerleave', function () { output.textContent = ''; });
  });
})();
`;
