/**
 * Reads a table of attempts: a column with the time, one with the outcome, and where there are
 * such, columns with the error, the duration in milliseconds and the target. Comma, semicolon,
 * tab or bar between them, with or without a header.
 */
import type { Outcome } from '../entry.js';
import type { ParsedLines } from './lines.js';
import { failureIn, failureOf, type Sample, timestampMs, versionIn } from './sample.js';

interface Columns {
  readonly at: number;
  readonly outcome: number;
  readonly error: number | null;
  readonly took: number | null;
  readonly host: number | null;
  /** Whether the first line names the columns. */
  readonly hasHead: boolean;
}

type ColumnName = Exclude<keyof Columns, 'hasHead'>;

const names: Readonly<Record<ColumnName, RegExp>> = {
  at: /^(@?timestamp|time|ts|date|datetime|at|start(ed)?(_at)?)$/i,
  outcome: /^(outcome|status|result|ok|success|state|up|answer|response(_?code)?|code)$/i,
  error: /^(error|message|reason|error_?message|failure)$/i,
  took: /^(duration|latency|elapsed|took|time_?taken|response_?time)(_?ms)?$/i,
  host: /^(host|target|server|endpoint|name)$/i,
};

/** The samples, or null when the lines are no such table. Never throws. */
export function parseCsv(lines: readonly string[]): ParsedLines | null {
  const from = lines.findIndex((line) => line.trim() !== '');
  const first = lines[from] ?? '';
  for (const delimiter of [',', ';', '\t', '|']) {
    const columns = columnsOf(rowOf(first, delimiter).cells);
    if (columns === null) continue;
    if (delimiter === ',' && isDecimalComma(lines)) continue;
    const parsed = parseRows(lines, columns.hasHead ? from + 1 : from, delimiter, columns);
    if (parsed.samples.length > 0) return parsed;
  }
  return null;
}

function parseRows(
  lines: readonly string[],
  from: number,
  delimiter: string,
  columns: Columns,
): ParsedLines {
  const samples: Sample[] = [];
  const timeless: number[] = [];
  const cellsMin = Math.max(columns.at, columns.outcome) + 1;
  /** Whether a cell of the row before was opened by a quote and not closed. */
  let goesOn = false;
  for (let index = from; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    const row = rowOf(line, delimiter);
    const sample = sampleOf(row.cells, columns);
    if (sample !== null) samples.push(sample);
    else if (!goesOn || row.cells.length >= cellsMin) timeless.push(index + 1);
    // A message of several lines: its next ones up to the one with the closing quote.
    goesOn = sample === null ? goesOn && !line.includes('"') : row.isOpen;
  }
  return { samples, timeless };
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
    const rest = secondsThenComma.exec(line)?.[1]?.slice(0, 200);
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
    return {
      ...{ at: 0, outcome: 1, error: head.length > 2 ? 2 : null, took: null, host: null },
      hasHead: false,
    };
  const find = (name: ColumnName): number | null => {
    const index = head.findIndex((title) => names[name].test(title.trim()));
    return index === -1 ? null : index;
  };
  const at = find('at');
  const error = find('error');
  const outcome = find('outcome') ?? error;
  if (at === null || outcome === null) return null;
  return { at, outcome, error, took: find('took'), host: find('host'), hasHead: true };
}

interface CsvRow {
  readonly cells: string[];
  /** True where the quotes do not balance: the last one that opens is taken as it stands. */
  readonly isOpen: boolean;
}

/** The cells of one line; quotes may hold the delimiter, and doubled quotes. */
function rowOf(line: string, delimiter: string, plainFrom = Number.POSITIVE_INFINITY): CsvRow {
  const found: string[] = [];
  let cell = '';
  let openedAt = -1;
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    const isQuote = char === '"' && index < plainFrom;
    const quoted = openedAt !== -1;
    if (quoted && isQuote && line.charAt(index + 1) === '"') {
      cell += '"';
      index += 1;
    } else if (isQuote && (quoted || cell.trim() === '')) {
      openedAt = quoted ? -1 : index;
    } else if (char === delimiter && !quoted) {
      found.push(cell);
      cell = '';
    } else {
      cell += char;
    }
  }
  if (openedAt !== -1) return { ...rowOf(line, delimiter, openedAt), isOpen: true };
  const cells = [...found, cell].map((one) => one.trim());
  if (plainFrom === Number.POSITIVE_INFINITY) return { cells, isOpen: false };
  return { cells: cells.map((one) => one.replace(/^"|"$/g, '')), isOpen: false };
}

/** Of what a cell says so much is read. */
const cellReadMax = 2_000;

/** No attempt lasts longer; a larger number is of another unit. */
const dayMs = 24 * 3_600_000;

function sampleOf(row: readonly string[], columns: Columns): Sample | null {
  const atMs = timestampMs(row[columns.at] ?? '');
  if (Number.isNaN(atMs)) return null;
  const said = (row[columns.outcome] ?? '').slice(0, cellReadMax);
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
