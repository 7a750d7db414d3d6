/** The lanes as rows of glyphs under a ruler. Pure. */
import type { Measurement } from '../measure/measure.js';
import { type GlyphOptions, glyph, lagLegend, legend } from '../view/glyphs.js';
import { type Timeline, timeline } from '../view/timeline.js';
import { clusterText, rowLabels } from './cluster-text.js';
import { packed } from './packed.js';
import { cutTo, laneLabels, plain, shortMs } from './text.js';

/** Wide enough for every lane of a rehearsal; longer labels are those of other people's hosts. */
const labelColumnsMin = 15;
const labelColumnsMax = 28;

/** Lines of at most `columns` characters; none when nothing was polled. */
export function timelineText(
  measurement: Measurement,
  columns: number,
  options: GlyphOptions = {},
): string[] {
  const labels = laneLabels(
    measurement.lanes.filter((lane) => lane.polls > 0).map((lane) => lane.spec.name),
  );
  const longest = Math.max(0, ...[...labels.values(), ...rowLabels(measurement)].map(lengthOf));
  const width = Math.min(labelColumnsMax, Math.max(labelColumnsMin, longest));
  const label = (text: string): string =>
    cutTo(plain(text, { ascii: true }), width, { ascii: true }).padEnd(width);
  const view = timeline(measurement, Math.max(10, columns - width - 1));
  if (view.columns === 0) return [];
  const rows = view.rows.map(
    ({ lane, cells }) =>
      `${label(labels.get(lane) ?? lane)} ${cells.map((cell) => glyph(cell, options)).join('')}`,
  );
  const slowMs = measurement.slowNs / 1e6;
  return [
    `${label('')} ${ruler(view)}`,
    ...rows,
    ...servedRow(view, label, columns - width - 1),
    ...clusterText(view.cluster, label, columns - width - 1, options),
    `${label('')} ${legend(slowMs, options)}`,
    ...(view.rows.some(({ cells }) => cells.some(({ lagMs }) => lagMs !== undefined))
      ? [`${label('')} ${lagLegend}`]
      : []),
    `${label('')} 1 cell = ${shortMs(view.columnMs)}`,
  ].map((line) => cutTo(plainEnd(line), columns, options));
}

/** A mark every ten columns, seconds from T0 or from the first tick. */
function ruler(view: Timeline): string {
  const zero = view.t0Column ?? 0;
  let line = '';
  for (let column = zero % 10; column < view.columns; column += 10) {
    if (column < line.length + (line === '' ? 0 : 1)) continue;
    line = line.padEnd(column) + tickLabel(view, column - zero);
  }
  return line.slice(0, view.columns + 6);
}

function tickLabel(view: Timeline, fromZero: number): string {
  if (fromZero === 0) return view.t0Column === null ? '0' : 'T0';
  const atMs = fromZero * view.columnMs;
  return `${atMs < 0 ? '-' : '+'}${shortMs(Math.abs(atMs)).replace('.0s', 's')}`;
}

/** One letter for each that answered, named beside it. */
function servedRow(view: Timeline, label: (text: string) => string, columns: number): string[] {
  if (view.versions.length < 2) return [];
  const letter = (index: number): string => String.fromCharCode(65 + (index % 26));
  const cells = view.servedBy.map((index) => (index === null ? ' ' : letter(index)));
  const names = view.versions.map((version, index) => `${letter(index)} ${plain(version)}`);
  return [
    `${label('served by')} ${cells.join('')}`,
    ...packed(names, columns).map((line) => `${label('')} ${plain(line, { ascii: true })}`),
  ];
}

function plainEnd(line: string): string {
  return line.trimEnd();
}

function lengthOf(text: string): number {
  return text.length;
}
