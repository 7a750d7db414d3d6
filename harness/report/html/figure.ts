/** The timeline as a drawing: phases, T0, events, lanes, what the world told, lag. Pure. */
import type { Entry } from '../../history/entry.js';
import type { Stretch } from '../../measure/lane.js';
import type { Measurement } from '../../measure/measure.js';
import type { RunReport } from '../../verdict/run-report.js';
import { laneLabels, plural, shortMs } from '../text.js';
import { anchors } from './anchors.js';
import { type Axis, left, right, width } from './axis.js';
import { eventStrip, phaseStrip, rulerStrip, type Strip, span } from './figure-head.js';
import { laneRows, lineStrip, stateStrip } from './figure-rows.js';
import { drawnLanes, marksMax } from './lane-runs.js';
import { html, lines, type Markup } from './markup.js';
import { stateRows } from './state-rows.js';
import { commitLine, lagLines } from './step-lines.js';

export interface FigureInput {
  readonly measurement: Measurement;
  readonly report: RunReport;
  /** For commits; left out where the history is too large to be kept. */
  readonly entries: readonly Entry[];
}

/** All of the run; before it a close-up of the outages, where they are a small part of it. */
export function figures(input: FigureInput): Markup {
  const { measurement } = input;
  const whole = wholeStretch(measurement);
  if (whole === null) return html`<p>There is no poll to be drawn.</p>`;
  const close = closeUp(measurement, whole);
  if (close === null) return html`${legend}${figure(input, whole, 'Timeline', true)}`;
  return html`${legend}<h3>Around the outages</h3>
${figure(input, close, 'Timeline around the outages', true)}
<h3>The whole run</h3>
${figure(input, whole, 'Timeline of the whole run', false)}`;
}

/** From the first poll to the last. */
function wholeStretch({ lanes }: Measurement): Stretch | null {
  let fromNs = Number.POSITIVE_INFINITY;
  let toNs = Number.NEGATIVE_INFINITY;
  for (const { ticks, spec } of lanes) {
    for (const { scheduledNs } of ticks) {
      fromNs = Math.min(fromNs, scheduledNs);
      toNs = Math.max(toNs, scheduledNs + spec.intervalMs * 1e6);
    }
  }
  return fromNs < toNs ? { fromNs, toNs } : null;
}

/** A close-up of more than this share of the whole shows nothing more than the whole does. */
const closeShareMax = 0.4;

/** All outages and T0 with some room about them; null where that is most of the run, or nothing. */
function closeUp({ lanes, t0Ns }: Measurement, whole: Stretch): Stretch | null {
  const outages = lanes.flatMap((lane) => lane.outages);
  if (outages.length === 0) return null;
  let fromNs = t0Ns ?? Number.POSITIVE_INFINITY;
  let toNs = t0Ns ?? Number.NEGATIVE_INFINITY;
  for (const { begin, end } of outages) {
    fromNs = Math.min(fromNs, begin.earliestNs ?? begin.pointNs);
    toNs = Math.max(toNs, end.latestNs ?? end.pointNs);
  }
  const roomNs = Math.max(roomNsMin, (toNs - fromNs) * 0.15);
  const close = {
    fromNs: Math.max(whole.fromNs, fromNs - roomNs),
    toNs: Math.min(whole.toNs, toNs + roomNs),
  };
  const share = (close.toNs - close.fromNs) / (whole.toNs - whole.fromNs);
  return share > 0 && share <= closeShareMax ? close : null;
}

const roomNsMin = 2e9;

function figure(input: FigureInput, shown: Stretch, name: string, isFirst: boolean): Markup {
  const { measurement, report, entries } = input;
  const axis: Axis = { ...shown, zeroNs: measurement.t0Ns ?? 0, hasT0: measurement.t0Ns !== null };
  const polled = measurement.lanes.filter(({ ticks }) => ticks.length > 0);
  const drawn = drawnLanes(polled, measurement.slowNs, shown, marksMax / (isFirst ? 1 : 2));
  const names = polled.map(({ spec }) => spec.name);
  const labels = laneLabels(names);
  const commits = commitLine(entries, shown);
  const phases = phaseStrip(measurement, axis);
  const events = eventStrip(measurement, axis);
  const ruler = rulerStrip(axis);
  const strips: readonly Strip[] = [
    phases,
    events,
    ruler,
    laneRows(drawn.lanes, { axis, report, labels, anchors: isFirst ? anchors(names) : null }),
    stateStrip(stateRows(measurement), axis),
    lineStrip([...lagLines(polled, shown), ...(commits === null ? [] : [commits])], axis),
  ];
  const height = strips.reduce((sum, strip) => sum + strip.height, 4);
  const eventsFrom = phases.height + events.height;
  const [from, to] = [Math.floor(axis.fromNs), Math.ceil(axis.toNs)];
  const read = `from ${from} to ${to} with zero ${axis.zeroNs}`;
  const whole = left + width + right;
  const described = `${plural(names.length, 'lane')}, ${span(axis, axis.fromNs, axis.toNs)}.`;
  return html`<figure><div class="wide">
<svg class="timeline" viewBox="0 0 ${whole} ${height}" role="img" data-span="${read}">
<title>${name}</title>
<desc>${described} The same is told in the tables below.</desc>
${lines([...phases.bands(height), ...events.lines(eventsFrom, height), ...ruler.zero(height)])}
${stacked(strips)}</svg></div>
${scaleNote(drawn.worstOf, measurement)}</figure>`;
}

/** One below the other. */
function stacked(strips: readonly Strip[]): Markup {
  let y = 2;
  return lines(
    strips.map(({ markup, height }) => {
      const at = y;
      y += height;
      return html`<g transform="translate(0 ${at})">${lines(markup)}</g>`;
    }),
  );
}

function scaleNote(worstOf: number, { slowNs }: Measurement): Markup {
  const slow = `slow: an answer after more than ${shortMs(slowNs / 1e6)}.`;
  const zoomed =
    worstOf === 1
      ? null
      : html` <strong>Zoomed out: each mark is the worst of ${worstOf} polls.</strong>`;
  return html`<figcaption>Marks are polls, at the instant they were due; ${slow} The bar above an
outage: thick where it certainly was, thin where it may have been.${zoomed}</figcaption>`;
}

/** Patterns are for the whole page: what is hatched failed, what is dotted is in doubt. */
const legend = html`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><line class="hatch" x1="0" x2="0" y1="0" y2="5"/></pattern>
<pattern id="dots" width="4" height="4" patternUnits="userSpaceOnUse"><circle class="dot"
 cx="2" cy="2" r="1"/></pattern></defs></svg>
<ul class="legend">
<li>${swatch('ok', 5)} ok</li><li>${swatch('slow', 10)} slow</li>
<li>${swatch('fail', 18)} failed</li><li>${swatch('unknown', 15)} in doubt</li>
<li class="readout"><output id="cursor"></output></li></ul>`;

function swatch(state: string, high: number): Markup {
  const size = html`x="0" y="${18 - high}" width="22" height="${high}"`;
  const over = state === 'fail' || state === 'unknown';
  return html`<svg class="swatch" viewBox="0 0 22 18" width="22" height="18" aria-hidden="true">
<rect class="${state}" ${size}/>${over ? html`<rect class="over ${state}" ${size}/>` : null}</svg>`;
}
