/** Words and numbers as every renderer writes them. Pure. */

import type { Measured, Verdict } from '../verdict/evaluate.js';
import type { BoundsMs } from '../verdict/run-report.js';

export interface TextOptions {
  /** 7-bit characters only. */
  readonly ascii?: boolean;
  /** No line is longer. */
  readonly columns?: number;
}

/** `2ms`, `0.9s`, `12.3s`, `3m05s`, `2h07m`: at most six characters for a day. */
export function shortMs(valueMs: number | null): string {
  if (valueMs === null) return '-';
  if (valueMs < 100)
    return `${valueMs < 10 && valueMs > 0 ? trim(valueMs) : Math.round(valueMs)}ms`;
  if (valueMs < 1_000) return `${Math.round(valueMs)}ms`;
  if (valueMs < 99_950) return `${(valueMs / 1_000).toFixed(1)}s`;
  const seconds = Math.round(valueMs / 1_000);
  const two = (part: number): string => String(part).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
}

function trim(valueMs: number): string {
  return valueMs.toFixed(1).replace(/\.0$/, '');
}

/** Who told an event, as it fits into a column: a deployment is the control plane's affair. */
export function sourceText(source: string): string {
  return source === 'deployment' ? 'control' : source;
}

/** Seconds from T0 with a sign: `+0.9s`, `-67.0s`. */
export function offsetText(offsetMs: number): string {
  const seconds = (offsetMs / 1_000).toFixed(1);
  return offsetMs < 0 && seconds !== '-0.0' ? `${seconds}s` : `+${seconds.replace('-', '')}s`;
}

/** Seconds to two places, for bounds: `15.33s`. */
export function exactSeconds(valueMs: number): string {
  return `${(valueMs / 1_000).toFixed(2)}s`;
}

/**
 * The estimate with the probe error: `2.4s ±0.5s`, or where the error is not the same on both
 * sides `21.4s (15.3s to 22.1s)`; without an upper bound `≥2.1s`.
 */
export function boundsText(bounds: BoundsMs, options: TextOptions = {}): string {
  const { lowerMs, upperMs, estimateMs } = bounds;
  if (upperMs === null) return `${options.ascii ? '>=' : '≥'}${shortMs(lowerMs)}`;
  if (upperMs === 0) return '0s';
  const below = estimateMs - lowerMs;
  const above = upperMs - estimateMs;
  if (Math.max(below, above) > lopsidedMax * Math.min(below, above) + 1)
    return `${shortMs(estimateMs)} (${shortMs(lowerMs)} to ${shortMs(upperMs)})`;
  const sign = options.ascii ? '+/-' : '±';
  return `${shortMs(estimateMs)} ${sign}${shortMs(Math.max(below, above))}`;
}

/** Where one side's error is this many times the other's, a single `±` would mislead. */
const lopsidedMax = 1.5;

export function measuredText(measured: Measured | null, options: TextOptions = {}): string {
  if (measured === null) return '-';
  const { lower, upper, estimate, unit } = measured;
  if (unit === 'ms')
    return boundsText({ lowerMs: lower, upperMs: upper, estimateMs: estimate }, options);
  return lower === upper ? String(lower) : `${lower} to ${upper ?? 'any number'}`;
}

const marks: Readonly<Record<Verdict, readonly [unicode: string, ascii: string]>> = {
  pass: ['✓', 'PASS'],
  fail: ['✗', 'FAIL'],
  unknown: ['?', '????'],
};

export function mark(verdict: Verdict, options: TextOptions = {}): string {
  return marks[verdict][options.ascii ? 1 : 0];
}

const ascii: Readonly<Record<string, string>> = {
  '±': '+/-',
  '≥': '>=',
  '≤': '<=',
  '→': '->',
  '✓': '+',
  '✗': 'x',
  '–': '-',
  '—': '-',
  '·': '.',
  '…': '...',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
};

/** Without the line breaks and control characters of a server's message; 7-bit if asked. */
export function plain(text: string, options: TextOptions = {}): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  if (!options.ascii) return clean;
  return clean.replace(/[^\u0020-\u007e]/gu, (char) => ascii[char] ?? '?');
}

const briefMax = 2_000;

/** What a server or a user says may be of any length; the history and the JSON have it whole. */
export function brief(text: string): string {
  if (text.length <= briefMax) return text;
  return `${text.slice(0, briefMax)}... (${text.length - briefMax} more characters)`;
}

/** Cut to the width, with a sign that something is missing. */
export function cutTo(
  line: string,
  columns: number | undefined,
  options: TextOptions = {},
): string {
  const characters = [...line];
  if (columns === undefined || characters.length <= columns) return line;
  const more = options.ascii ? '...' : '…';
  return characters.slice(0, Math.max(0, columns - more.length)).join('') + more.slice(0, columns);
}

/** Breaks at spaces; later lines are indented. Words longer than the width are cut up. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  const lead = /^ */.exec(text)?.[0] ?? '';
  let line = '';
  const room = (): number => Math.max(1, columns - (lines.length === 0 ? lead : indent).length);
  const put = (): void => {
    lines.push((lines.length === 0 ? lead : indent) + line);
    line = '';
  };
  for (const word of text.slice(lead.length).split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if ([...joined].length <= room()) {
      line = joined;
      continue;
    }
    if (line !== '') put();
    const characters = [...word];
    let from = 0;
    while (characters.length - from > room()) {
      const to = from + room();
      line = characters.slice(from, to).join('');
      from = to;
      put();
    }
    line = characters.slice(from).join('');
  }
  if (line !== '' || lines.length === 0) put();
  return lines;
}

/** Lanes as people tell them apart: without the kind where all are of the same. */
export function laneLabels(names: readonly string[]): ReadonlyMap<string, string> {
  const kindOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const kinds = new Set(names.map(kindOf));
  const shared = names.length > 1 && kinds.size === 1 && names.every((name) => name.includes('/'));
  return new Map(names.map((name) => [name, shared ? name.slice(0, name.lastIndexOf('/')) : name]));
}

/** `1 outage`, `2 outages`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
