/** Above and behind the lanes of a figure: phases, T0, numbered events, the ruler. Pure. */
import type { Measurement } from '../../measure/measure.js';
import { type PhaseSpan, phaseSpans } from '../phase-spans.js';
import { cutTo, offsetText, plain, shortMs } from '../text.js';
import { type Axis, hundredths, isShown, left, marks, offsetMs, width, x } from './axis.js';
import { html, type Markup } from './markup.js';
import { placed, rowCount, textWidth } from './placing.js';

/** A strip of a figure: where it goes on, and what is drawn. */
export interface Strip {
  readonly markup: readonly Markup[];
  readonly height: number;
}

const phaseRow = 15;
const phaseRowsMax = 4;
const eventRow = 18;
const eventRowsMax = 4;
const badge = 16;
/** Beyond so many, lines would be all that one sees. */
const eventsMax = 300;

/** The names of the phases, each at the begin of its band, and the bands down to `height`. */
export function phaseStrip(
  measurement: Measurement,
  axis: Axis,
): Strip & { readonly bands: (height: number) => Markup[] } {
  const spans = phaseSpans(measurement).filter((span) => isShown(axis, span));
  const labels = spans.map(({ name }) => cutTo(plain(name), 24));
  const places = spans.map((span, index) => ({
    at: x(axis, span.fromNs),
    width: textWidth(labels[index] ?? '') + 8,
  }));
  const rows = placed(places, phaseRowsMax);
  const title = ({ name, fromNs, toNs }: PhaseSpan): Markup =>
    html`<title>phase ${name}, ${span(axis, fromNs, toNs)}</title>`;
  return {
    height: rowCount(rows) * phaseRow + 2,
    markup: spans.flatMap((one, index) => {
      const row = rows[index];
      if (row === null || row === undefined) return [];
      const at = (places[index]?.at ?? left) + 3;
      const y = row * phaseRow + 11;
      const label = labels[index] ?? '';
      return [html`<text class="phase" x="${at}" y="${y}">${label}${title(one)}</text>`];
    }),
    bands: (height) =>
      spans.map((one, index) => {
        const from = x(axis, one.fromNs);
        const wide = Math.max(0.5, hundredths(x(axis, one.toNs) - from));
        const shade = index % 2 === 0 ? 'band' : 'band other';
        const size = html`x="${from}" y="0" width="${wide}" height="${height}"`;
        return html`<rect class="${shade}" ${size}>${title(one)}</rect>`;
      }),
  };
}

/** Badges with the numbers of the events' table, and thin lines down to `height`. */
export function eventStrip(
  { events }: Measurement,
  axis: Axis,
): Strip & { readonly lines: (from: number, height: number) => Markup[] } {
  const shown = events
    .map((event, index) => ({ event, number: index + 1 }))
    .filter(({ event }) => isShown(axis, { fromNs: event.atNs, toNs: event.atNs }))
    .slice(0, eventsMax);
  const rows = placed(
    shown.map(({ event }) => ({ at: x(axis, event.atNs) - badge / 2, width: badge + 2 })),
    eventRowsMax,
  );
  return {
    height: rowCount(rows) * eventRow,
    markup: shown.flatMap(({ event, number }, index) => {
      const row = rows[index];
      if (row === null || row === undefined) return [];
      const at = x(axis, event.atNs);
      const y = row * eventRow + 9;
      const { source, message } = event.data;
      const title = `${number}. ${offsetText(offsetMs(axis, event.atNs))} ${source}: ${message}`;
      return [
        html`<a href="#event-${number}"><title>${title}</title>
<circle class="badge" cx="${at}" cy="${y}" r="8"/>
<text class="number" x="${at}" y="${y + 3.5}">${number}</text></a>`,
      ];
    }),
    lines: (from, height) =>
      [...new Set(shown.map(({ event }) => x(axis, event.atNs)))].map(
        (at) => html`<line class="event" x1="${at}" x2="${at}" y1="${from}" y2="${height}"/>`,
      ),
  };
}

/** Seconds from T0, and T0 itself. */
export function rulerStrip(axis: Axis): Strip & { readonly zero: (height: number) => Markup[] } {
  const texts = marks(axis).map((atNs) => {
    const isZero = atNs === axis.zeroNs;
    const label = isZero ? (axis.hasT0 ? 'T0' : '0s') : markText(offsetMs(axis, atNs));
    const look = isZero && axis.hasT0 ? 'mark zero' : 'mark';
    const at = x(axis, atNs);
    return html`<line class="tick" x1="${at}" x2="${at}" y1="12" y2="16"/>
<text class="${look}" x="${at}" y="10">${label}</text>`;
  });
  const isZeroShown = axis.hasT0 && axis.zeroNs >= axis.fromNs && axis.zeroNs <= axis.toNs;
  const end = left + width;
  return {
    height: 18,
    markup: [...texts, html`<line class="tick" x1="${left}" x2="${end}" y1="16" y2="16"/>`],
    zero: (height) => {
      const at = x(axis, axis.zeroNs);
      if (!isZeroShown) return [];
      return [
        html`<line class="t0" x1="${at}" x2="${at}" y1="0" y2="${height}"><title>T0</title></line>`,
      ];
    },
  };
}

function markText(atMs: number): string {
  const text = shortMs(Math.abs(atMs))
    .replace('.0s', 's')
    .replace('m00s', 'm')
    .replace(/^60s$/, '1m');
  return `${atMs < 0 ? '−' : '+'}${text}`;
}

/** `+1.5s to +4.5s`. */
export function span(axis: Axis, fromNs: number, toNs: number): string {
  return `${offsetText(offsetMs(axis, fromNs))} to ${offsetText(offsetMs(axis, toNs))}`;
}
