/**
 * Reads a table of attempts: a column with the time, one with the outcome, and where there are
 * such, columns with the error, the duration in milliseconds and the target. Comma, semicolon,
 * tab or bar between them, with or without a header.
 */
import type { Outcome } from '../entry.js';
import { failureIn, failureOf, type Sample, timestampMs, versionIn } from './sample.js';

interface Columns {
  readonly at: number;
  readonly outcome: number;
  readonly error: number | null;
  readonly took: number | null;
  readonly host: number | null;
}

const names: Readonly<Record<keyof Columns, RegExp>> = {
  at: /^(@?timestamp|time|ts|date|datetime|at|start(ed)?(_at)?)$/i,
  outcome: /^(outcome|status|result|ok|success|state|up|answer|response(_?code)?|code)$/i,
  error: /^(error|message|reason|error_?message|failure)$/i,
  took: /^(duration|latency|elapsed|took|time_?taken|response_?time)(_?ms)?$/i,
  host: /^(host|target|server|endpoint|name)$/i,
};

/** The samples, or null when the text is no such table. Never throws. */
export function parseCsv(text: string): Sample[] | null {
  const first = /^.*\S.*$/m.exec(text)?.[0] ?? '';
  let lines: string[] | null = null;
  for (const delimiter of [',', ';', '\t', '|']) {
    const columns = columnsOf(cells(first, delimiter));
    if (columns === null) continue;
    lines ??= text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
    if (delimiter === ',' && isDecimalComma(lines)) continue;
    const samples = lines.flatMap((line) => sampleOf(cells(line, delimiter), columns) ?? []);
    if (samples.length > 0) return samples;
  }
  return null;
}

const secondsThenComma = /^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d,(.*)$/;

/** `200` or `503 Service Unavailable`, alone in its column. */
const httpStatus = /^[1-5]\d\d(?:\s+[A-Z][A-Za-z -]*)?\s*(?:,|$)/;

/**
 * Whether the commas belong to the times, as Python's logging writes them: `06:22:39,503 17.4`.
 * A bare number after the comma is the first column of a table (such as a status) where every
 * line has one that can be; milliseconds soon are something else.
 */
function isDecimalComma(lines: readonly string[]): boolean {
  for (const line of lines) {
    const rest = secondsThenComma.exec(line)?.[1];
    if (rest === undefined || httpStatus.test(rest)) continue;
    if (/^\d{1,9}(?:\s*(?:Z|UTC|[+-]\d\d:?\d\d))?(?:\s+[^\s,]|[;|\t])/.test(rest)) return true;
    const bare = /^\d{3,9}(?=,|\s*$)/.exec(rest)?.[0];
    if (bare !== undefined) return true;
  }
  return false;
}

/** Which column is which: by the header, or time first and outcome second where there is none. */
function columnsOf(head: readonly string[]): Columns | null {
  if (head.length < 2) return null;
  if (!Number.isNaN(timestampMs(head[0] ?? '')))
    return { at: 0, outcome: 1, error: head.length > 2 ? 2 : null, took: null, host: null };
  const find = (name: keyof Columns): number | null => {
    const index = head.findIndex((title) => names[name].test(title.trim()));
    return index === -1 ? null : index;
  };
  const at = find('at');
  const error = find('error');
  const outcome = find('outcome') ?? error;
  if (at === null || outcome === null) return null;
  return { at, outcome, error, took: find('took'), host: find('host') };
}

/** The cells of one line; quotes may hold the delimiter, and doubled quotes. */
function cells(line: string, delimiter: string): string[] {
  const found: string[] = [];
  let cell = '';
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quoted && char === '"' && line.charAt(index + 1) === '"') {
      cell += '"';
      index += 1;
    } else if (char === '"' && (quoted || cell.trim() === '')) {
      quoted = !quoted;
    } else if (char === delimiter && !quoted) {
      found.push(cell);
      cell = '';
    } else {
      cell += char;
    }
  }
  return [...found, cell].map((one) => one.trim());
}

/** No attempt lasts longer; a larger number is of another unit. */
const dayMs = 24 * 3_600_000;

function sampleOf(row: readonly string[], columns: Columns): Sample | null {
  const atMs = timestampMs(row[columns.at] ?? '');
  if (Number.isNaN(atMs)) return null;
  const said = row[columns.outcome] ?? '';
  const message = columns.error === null ? '' : (row[columns.error] ?? '');
  const outcome = columns.outcome === columns.error ? ofError(said) : outcomeOf(said);
  const tookMs = Number(
    columns.took === null ? Number.NaN : (row[columns.took] ?? '') || Number.NaN,
  );
  return {
    atMs,
    outcome,
    error: outcome === 'ok' ? null : failureOf(message === '' ? said : message),
    version: outcome === 'ok' ? versionIn(said) : null,
    host: columns.host === null ? null : (row[columns.host] ?? '').slice(0, 255) || null,
    tookMs: tookMs >= 0 && tookMs <= dayMs ? tookMs : null,
    afterOmission: false,
  };
}

/** A column of errors is empty where there was none. */
function ofError(said: string): Outcome {
  return said === '' || /^(null|none|-|0|false)$/i.test(said) ? 'ok' : 'fail';
}

const okWords = /^(ok|okay|up|true|yes|y|1|success|succeeded|pass|passed)$/i;
const failWords = /^(fail|failed|failure|down|false|no|n|0|err|error|refused|timeout|reset)$/i;

function outcomeOf(said: string): Outcome {
  if (okWords.test(said)) return 'ok';
  if (failWords.test(said)) return 'fail';
  const status = /^([1-5]\d\d)(?:\s+[A-Z][A-Za-z -]*)?$/.exec(said)?.[1];
  if (status !== undefined) return Number(status) < 400 ? 'ok' : 'fail';
  if (failureIn(said) !== null) return 'fail';
  return versionIn(said) === null ? 'unknown' : 'ok';
}
