/** The rows of a figure: lanes with their outages, what the world told, quantities. Pure. */
import type { LaneMeasure } from '../../measure/lane.js';
import type { LaneReport, RunReport } from '../../verdict/run-report.js';
import type { CellState } from '../../view/cells.js';
import { errorsText, outageText } from '../facts.js';
import { boundsText, plain, plural, shortMs } from '../text.js';
import { outageAnchor } from './anchors.js';
import { type Axis, hundredths, isShown, left, width, x } from './axis.js';
import { type Strip, span } from './figure-head.js';
import type { LaneRuns, Run } from './lane-runs.js';
import { html, Markup } from './markup.js';
import { textWidth } from './placing.js';
import type { StateRow } from './state-rows.js';
import type { StepLine } from './step-lines.js';

const laneHeight = 18;
const laneGap = 8;
const stateHeight = 14;
const stateGap = 4;
const lineHeight = 34;
const labelCharacters = 22;

/** Height repeats what the colour says. */
const heights: Readonly<Record<CellState, number>> = {
  none: 0,
  ok: 5,
  slow: 10,
  unknown: 15,
  fail: laneHeight,
};
const words: Readonly<Record<CellState, string>> = {
  none: 'not polled',
  ok: 'ok',
  slow: 'slow',
  unknown: 'in doubt',
  fail: 'failed',
};
/** What is drawn narrower than this is not seen on paper. */
const markMin = 1.5;

export interface LaneRowsOptions {
  readonly axis: Axis;
  readonly report: RunReport;
  readonly labels: ReadonlyMap<string, string>;
  /** Of the outages; null for a second drawing of the same, where each name is taken already. */
  readonly anchors: ReadonlyMap<string, string> | null;
}

/** A row for each lane: its label, its runs, the bounds of its outages, and its downtime. */
export function laneRows(lanes: readonly LaneRuns[], options: LaneRowsOptions): Strip {
  const { report, labels, axis } = options;
  const markup = lanes.flatMap(({ lane, runs }, index) => {
    const y = index * (laneHeight + laneGap) + laneGap;
    const { name } = lane.spec;
    const told = report.lanes[name];
    const down = told === undefined || told.outages.length === 0 ? '' : boundsText(told.downtime);
    return [
      label(labels.get(name) ?? name, name, y + laneHeight - 5),
      ...runs.map((run) => runMark(run, name, axis, y)),
      ...(told === undefined ? [] : outageMarks(lane, told, options, y)),
      html`<text class="total" x="${left + width + 6}" y="${y + laneHeight - 5}">${down}</text>`,
    ];
  });
  return { markup, height: lanes.length * (laneHeight + laneGap) + laneGap };
}

/** Names differ at their ends as a rule: what is left out of one is behind its first word. */
function shortLabel(text: string): string {
  const characters = [...text];
  if (characters.length <= labelCharacters) return text;
  const space = characters.indexOf(' ') + 1;
  const head = space <= labelCharacters / 2 ? characters.slice(0, space) : [];
  const tail = characters.slice(head.length + 1 - labelCharacters);
  return [...head, '…', ...tail].join('');
}

function label(text: string, whole: string, y: number): Markup {
  const shown = shortLabel(plain(text));
  const title = html`<title>${whole}</title>`;
  return html`<text class="label" x="${left - 8}" y="${y}">${shown}${title}</text>`;
}

function runMark({ state, fromNs, toNs, polls, kinds }: Run, lane: string, axis: Axis, y: number) {
  const from = x(axis, fromNs);
  const wide = Math.max(state === 'ok' ? 0.5 : markMin, hundredths(x(axis, toNs) - from));
  const high = heights[state];
  const why = [...kinds].map(([kind, count]) => (kinds.size === 1 ? kind : `${kind} ${count}`));
  const parts = [
    `${lane} ${words[state]}`,
    ...why,
    span(axis, fromNs, toNs),
    plural(polls, 'poll'),
  ];
  const size = html`x="${from}" y="${y + laneHeight - high}" width="${wide}" height="${high}"`;
  const hatch =
    state === 'fail' || state === 'unknown' ? html`<rect class="over ${state}" ${size}/>` : null;
  return html`<g><title>${parts.join(', ')}</title><rect class="${state}" ${size}/>${hatch}</g>`;
}

/** Above the lane: thin where the outage may have been, thick where it certainly was. */
function outageMarks(
  { outages, spec }: LaneMeasure,
  told: LaneReport,
  { axis, report, anchors }: LaneRowsOptions,
  y: number,
): Markup[] {
  return outages.flatMap(({ begin, end }, index) => {
    const perhaps = { fromNs: begin.earliestNs ?? axis.fromNs, toNs: end.latestNs ?? axis.toNs };
    const outage = told.outages[index];
    if (outage === undefined || !isShown(axis, perhaps)) return [];
    const certain = {
      fromNs: begin.latestNs ?? begin.pointNs,
      toNs: end.earliestNs ?? end.pointNs,
    };
    const bar = (stretch: { fromNs: number; toNs: number }, look: string, at: number): Markup => {
      const from = x(axis, stretch.fromNs);
      const wide = Math.max(markMin, hundredths(x(axis, stretch.toNs) - from));
      const high = look === 'certain' ? 4 : 1.5;
      return html`<rect class="${look}" x="${from}" y="${at}" width="${wide}" height="${high}"/>`;
    };
    const id = anchors === null ? null : html` id="${outageAnchor(anchors.get(spec.name), index)}"`;
    const text = `${spec.name}: ${outageText(outage, report, {})}; ${errorsText(outage)}`;
    return [
      html`<g class="outage"${id}><title>${text}</title>${bar(perhaps, 'perhaps', y - 3.75)}
${certain.toNs > certain.fromNs ? bar(certain, 'certain', y - 5) : null}</g>`,
    ];
  });
}

/** What the world told, a value in each stretch where there is room for it. */
export function stateStrip(rows: readonly StateRow[], axis: Axis): Strip {
  const markup = rows.flatMap(({ label: name, stretches }, index) => {
    const y = index * (stateHeight + stateGap);
    const shown = stretches.filter((one) => isShown(axis, one)).slice(0, stretchesMax);
    return [
      label(name, name, y + stateHeight - 3),
      ...shown.map(({ value, look, fromNs, toNs }) => {
        const from = x(axis, fromNs);
        const wide = Math.max(markMin, hundredths(x(axis, toNs) - from));
        const size = html`x="${from}" y="${y}" width="${wide}" height="${stateHeight}"`;
        const text = plain(value);
        const fits = textWidth(text) + 6 < wide;
        const inside = fits
          ? html`<text class="inside" x="${from + 4}" y="${y + stateHeight - 3}">${text}</text>`
          : null;
        const title = `${name}: ${value}, ${span(axis, fromNs, toNs)}`;
        return html`<g><title>${title}</title><rect class="state ${look}" ${size}/>${inside}</g>`;
      }),
    ];
  });
  return { markup, height: rows.length * (stateHeight + stateGap) + (rows.length > 0 ? 6 : 0) };
}

const stretchesMax = 500;

/** Lag and commits: a line each, its peak beside it. */
export function lineStrip(lines: readonly StepLine[], axis: Axis): Strip {
  const end = left + width;
  const markup = lines.flatMap(({ label: name, steps, peak, unit }, index) => {
    const y = index * (lineHeight + laneGap);
    const base = y + lineHeight;
    const text = unit === 'ms' ? shortMs(peak) : `${Math.round(peak)}${unit}`;
    const title = html`<title>${name}, at most ${text}</title>`;
    return [
      label(name, name, base - 4),
      html`<line class="tick" x1="${left}" x2="${end}" y1="${base}" y2="${base}"/>`,
      html`<path class="step" d="${new Markup(path(steps, peak, axis, y))}">${title}</path>`,
      html`<text class="total" x="${end + 6}" y="${base - 4}">max ${text}</text>`,
    ];
  });
  return { markup, height: lines.length * (lineHeight + laneGap) };
}

function path(steps: StepLine['steps'], peak: number, axis: Axis, top: number): string {
  let drawn = '';
  let isDown = true;
  for (const [index, { atNs, value }] of steps.entries()) {
    if (value === null) {
      isDown = true;
      continue;
    }
    const y = hundredths(top + lineHeight - (value / Math.max(peak, 1e-9)) * (lineHeight - 4));
    const from = x(axis, atNs);
    const to = x(axis, steps[index + 1]?.atNs ?? axis.toNs);
    drawn += `${isDown ? `M${from} ${y}` : `V${y}`}H${to}`;
    isDown = false;
  }
  return drawn;
}
