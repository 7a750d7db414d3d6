/** The rows of a timeline that are drawn from gauges: names and statuses. Pure. */
import type { Measurement } from '../measure/measure.js';
import { type ClusterRows, clusterRows, isUsual } from '../view/cluster-rows.js';
import { type GlyphOptions, glyph } from '../view/glyphs.js';
import { packed } from './packed.js';
import { plain } from './text.js';

/** What stands before the rows that will be there, for the width of the column. */
export function rowLabels(measurement: Measurement): string[] {
  const whole = { originNs: 0, columnNs: measurement.endNs + 1, columns: 1 };
  const { names, statuses } = clusterRows(measurement, whole);
  return [...names, ...statuses].map(({ label }) => label);
}

/**
 * A digit for the instance that a name led to, `!` where that was stale; a letter for a status
 * that is not `available`. What they mean follows.
 */
export function clusterText(
  { names, statuses }: ClusterRows,
  label: (text: string) => string,
  columns: number,
  options: GlyphOptions,
): string[] {
  const instances = distinct(names.flatMap(({ values }) => values));
  const digit = (value: string): string => (instances.indexOf(value) + 1).toString(36).slice(-1);
  const seen = distinct(statuses.flatMap(({ values }) => values)).filter((one) => !isUsual(one));
  const letters = lettersFor(seen);
  const ok = glyph({ state: 'ok', kind: null }, options);
  const isStale = names.some(({ stale }) => stale.includes(true));
  const meanings = [
    ...instances.map((instance) => `${digit(instance)} ${instance}`),
    ...(isStale ? ['! stale'] : []),
    ...seen.map((status) => `${letters.get(status)} ${status}`),
  ];
  return [
    ...names.map(({ label: name, values, stale }) => {
      const cells = values.map((value, column) =>
        stale[column] === true ? '!' : value === null ? ' ' : digit(value),
      );
      return `${label(name)} ${cells.join('')}`;
    }),
    ...statuses.map(({ label: name, values }) => {
      const cells = values.map((value) =>
        value === null ? ' ' : isUsual(value) ? ok : (letters.get(value) ?? '*'),
      );
      return `${label(name)} ${cells.join('')}`;
    }),
    ...packed(meanings, columns).map((line) => `${label('')} ${plain(line, { ascii: true })}`),
  ];
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}

/** A letter of each one's own, the first of its name that nobody else has. */
function lettersFor(statuses: readonly string[]): ReadonlyMap<string, string> {
  const letters = new Map<string, string>();
  for (const status of statuses) {
    const taken = [...letters.values()];
    const free = [...status.replace(/[^a-z]/g, '')].find((letter) => !taken.includes(letter));
    letters.set(status, free ?? '*');
  }
  return letters;
}
