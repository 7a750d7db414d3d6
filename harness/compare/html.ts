/** A comparison as one page: no request to anywhere, no script, light and dark. Pure. */
import { documentWith, section } from '../report/html/document.js';
import { html, lines, type Markup, type Part } from '../report/html/markup.js';
import { list, table } from '../report/html/tables.js';
import { offsetText } from '../report/text.js';
import type { ComparedLane, Comparison, Conclusion } from './comparison.js';
import { outageSpan, type Span, shownStretches } from './overlay.js';
import {
  alignmentText,
  conclusionWords,
  fateText,
  laneName,
  laneText,
  onlyTexts,
  phaseCells,
  relationWords,
  sideText,
} from './words.js';

const looks: Readonly<Record<Conclusion, string>> = {
  same: 'pass',
  regression: 'fail',
  unknown: 'unknown',
};

/** The whole document. */
export function renderComparisonHtml(comparison: Comparison): string {
  const { conclusion, reason, tolerance, a, b } = comparison;
  const word = conclusionWords[conclusion];
  const within = tolerance === null ? null : html`<p>tolerance ${tolerance}</p>`;
  const body = html`<main>
<header><h1>${a.label} and ${b.label}</h1>
<p class="quiet">first: ${sideText(a)}</p>
<p class="quiet">second: ${sideText(b)}</p></header>
<div class="verdict ${looks[conclusion]}" role="status"><strong>${word}</strong>
<p>${reason}</p>${within}</div>
${section('predictions', 'Predictions', predictionTable(comparison))}
${section('overlay', 'Overlay', overlay(comparison))}
${section('lanes', 'Lanes', laneTable(comparison))}
${section('phases', 'Phases', phaseTable(comparison))}
</main>`;
  return documentWith(`${word} ${a.scenario}`, body);
}

function predictionTable({ predictions }: Comparison): Markup | null {
  return table(
    [{ title: '', look: 'short' }, { title: 'of' }, { title: 'predicted' }, { title: 'observed' }],
    predictions.map((one) => ({
      cells: [
        fateText(one),
        html`<code>${one.subject}</code>`,
        one.predicted,
        [one.observed, one.why].filter((text) => text !== null).join(': '),
      ],
    })),
  );
}

function laneTable(comparison: Comparison): Part {
  const rows = table(
    [{ title: 'lane' }, { title: 'first' }, { title: 'second' }, { title: 'downtime' }],
    comparison.lanes.map((lane) => ({
      cells: [laneName(lane), laneText(lane.a), laneText(lane.b), relationWords[lane.downtime]],
    })),
  );
  const only = list(onlyTexts(comparison));
  return rows === null && only === null ? null : [rows, only];
}

function phaseTable({ phases }: Comparison): Markup | null {
  const titles = ['start', 'drift', 'length', 'of the second', 'drift'];
  return table(
    [{ title: 'phase' }, ...titles.map((title) => ({ title, look: 'number' as const }))],
    phases.map((phase) => ({ cells: phaseCells(phase) })),
  );
}

const left = 180;
const width = 1_000;
const rowHeight = 16;

/** Each lane twice, one strip under the other. */
function overlay(comparison: Comparison): Markup | null {
  const span = outageSpan(comparison);
  if (span === null) return null;
  const met = comparison.lanes.filter(({ a, b }) => a.outageCount + b.outageCount > 0);
  const height = 24 + met.length * (2 * rowHeight + 12);
  const zero = place(span, 0);
  const strips = met.map((lane, index) => {
    const top = 24 + index * (2 * rowHeight + 12);
    return html`<text class="label" x="${left - 8}" y="${top + rowHeight}">${laneName(lane)}</text>
${strip(lane.a, span, top)}${strip(lane.b, span, top + rowHeight)}`;
  });
  return html`<p>${alignmentText(comparison)} The first is above, the second below it.</p>
<div class="wide"><svg class="timeline" viewBox="0 0 ${left + width + 60} ${height}" role="img"
 aria-label="outages of both on one axis">
<text class="phase" x="${left}" y="14">${offsetText(span.fromMs)}</text>
<text class="phase label" x="${left + width}" y="14">${offsetText(span.toMs)}</text>
${lines(strips)}<path class="t0" d="M${zero} 18V${height}"/>
<text class="mark" x="${zero}" y="14">T0</text></svg></div>`;
}

const shades = { perhaps: 'slow', down: 'fail', blind: 'unknown', up: 'ok' } as const;

function strip(lane: ComparedLane, span: Span, top: number): Markup {
  const bar = (fromMs: number, toMs: number, look: string): Markup => {
    const from = place(span, Math.max(fromMs, span.fromMs));
    const to = place(span, Math.min(toMs, span.toMs));
    const wide = Math.max(1, Math.round((to - from) * 100) / 100);
    return html`<rect class="${look}" x="${from}" y="${top}" width="${wide}" height="13"/>`;
  };
  const shown = shownStretches(lane).filter(
    ({ fromMs, toMs }) => toMs > span.fromMs && fromMs < span.toMs,
  );
  const bars = shown.map(({ fromMs, toMs, as }) => bar(fromMs, toMs, shades[as]));
  return lines([bar(span.fromMs, span.toMs, shades.up), ...bars]);
}

function place({ fromMs, toMs }: Span, atMs: number): number {
  return left + Math.round((width * 100 * (atMs - fromMs)) / (toMs - fromMs)) / 100;
}
