/**
 * Reads a lag metric: a CSV of instants and values, as the console and scripts export it, or what
 * `aws cloudwatch get-metric-statistics` and `get-metric-data` print as JSON. A data point is an
 * aggregate over a period, not an observation of one instant: it becomes a gauge, never a poll.
 * Pure.
 */
import { isObject } from './events.js';
import { timestampMs } from './sample.js';

/** The unit of a lag metric. `bytes` is that of `OldestReplicationSlotLag`. */
export type LagUnit = 'ms' | 's' | 'bytes';

export interface LagPoint {
  /** Start of the period, milliseconds since 1970. */
  readonly atMs: number;
  readonly value: number;
}

export interface LagSeries {
  /** As the export calls it, such as `AuroraReplicaLag`; null where it does not. */
  readonly label: string | null;
  /** `Average`, `Maximum`, …; null where it is not told. */
  readonly statistic: string | null;
  /** Null where neither the metric's name nor the file says it. */
  readonly unit: LagUnit | null;
  /** By instant. */
  readonly points: readonly LagPoint[];
}

export interface ParsedLag {
  readonly series: readonly LagSeries[];
  /** Numbers, from 1, of the rows that cannot be read; of a JSON answer, of its data points. */
  readonly unreadable: readonly number[];
}

const statistics = ['Maximum', 'Average', 'Minimum', 'Sum', 'SampleCount'] as const;
const atColumn = /^(@?timestamps?|time|ts|date|datetime|at)(\s*\(utc\))?$/i;
const valueColumn =
  /^(values?|average|maximum|minimum|avg|max|min|p\d{1,3}|(.*[^f])?lag.*|.*seconds[_ ]behind.*)$/i;
/** A table that has one of these tells attempts, not a metric. */
const attemptColumn =
  /^(outcome|status|result|ok|success|state|up|answer|(response_?)?code|error|message|failure)$/i;
const columnsMax = 200;

/** The series of a table whose first row with a time names its columns; null where it is none. */
export function parseLagCsv(lines: readonly string[]): ParsedLag | null {
  for (const delimiter of [',', ';', '\t']) {
    const head = headOf(lines, delimiter);
    if (head === null) continue;
    const parsed = rowsOf(lines, head, delimiter);
    if (parsed.series.some(({ points }) => points.length > 0)) return parsed;
  }
  return null;
}

interface Head {
  readonly line: number;
  readonly at: number;
  readonly values: readonly { readonly index: number; readonly title: string }[];
  /** The name of the metric from the rows above it, as the console writes them. */
  readonly label: string | null;
}

/** The console writes some rows of labels above the one with the columns. */
const headLinesMax = 20;

function headOf(lines: readonly string[], delimiter: string): Head | null {
  let label: string | null = null;
  for (const [line, text] of lines.slice(0, headLinesMax).entries()) {
    const cells = cellsOf(text, delimiter);
    const at = cells.findIndex((cell) => atColumn.test(cell));
    if (/^(full label|label|metricname)$/i.test(cells[0] ?? '')) label ??= cells[1] || null;
    if (at === -1) continue;
    if (cells.some((cell) => attemptColumn.test(cell))) return null;
    const values = cells.flatMap((title, index) =>
      index !== at && valueColumn.test(title) ? [{ index, title }] : [],
    );
    return values.length === 0 ? null : { line, at, values, label };
  }
  return null;
}

function rowsOf(lines: readonly string[], head: Head, delimiter: string): ParsedLag {
  const points: LagPoint[][] = head.values.map(() => []);
  const unreadable: number[] = [];
  for (let index = head.line + 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    const cells = cellsOf(line, delimiter);
    const atMs = instantMs(cells[head.at] ?? '');
    const values = head.values.map((column) => numberIn(cells[column.index] ?? ''));
    if (Number.isNaN(atMs) || values.every(Number.isNaN)) {
      unreadable.push(index + 1);
      continue;
    }
    for (const [column, value] of values.entries())
      if (!Number.isNaN(value)) points[column]?.push({ atMs, value });
  }
  const series = head.values.map(({ title }, column) => {
    const isPlain = /^(values?|average|maximum|minimum|avg|max|min|p\d{1,3})$/i.test(title);
    const label = isPlain ? head.label : title;
    return {
      label: label?.slice(0, 255) ?? null,
      statistic: isPlain && !/^values?$/i.test(title) ? title : null,
      unit: unitOf(label) ?? unitOf(title),
      points: inOrder(points[column] ?? []),
    };
  });
  return { series: series.filter((one) => one.points.length > 0), unreadable };
}

function cellsOf(line: string, delimiter: string): string[] {
  return line.split(delimiter, columnsMax).map((cell) =>
    cell
      .replace(/^\uFEFF/, '')
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  );
}

/** The console writes `2026/11/20 22:10:00`. */
function instantMs(cell: string): number {
  return timestampMs(cell.replace(/^(\d{4})\/(\d{2})\/(\d{2})/, '$1-$2-$3'));
}

/** Lag is never below 0 in earnest; -1 is what some metrics say for "not replicating". */
function numberIn(cell: string): number {
  if (!/^\d{1,15}(\.\d{1,12})?(e[+-]?\d{1,2})?$/i.test(cell)) return Number.NaN;
  const value = Number(cell);
  return Number.isFinite(value) && value <= 1e18 ? value : Number.NaN;
}

function inOrder(points: readonly LagPoint[]): LagPoint[] {
  return [...points].sort((a, b) => a.atMs - b.atMs);
}

/** By metric (the units are those of CloudWatch's documentation), or by what the name ends in. */
const metricUnits: readonly (readonly [RegExp, LagUnit])[] = [
  [/AuroraBinlogReplicaLag/i, 's'],
  [/AuroraReplicaLag|AuroraGlobalDB(Replication|RPO|Progress)\w*Lag/i, 'ms'],
  [/OldestReplicationSlotLag|TransactionLogsDiskUsage|SlotLag/i, 'bytes'],
  [/\b(ReplicaLag|CDCLatency\w*)\b|seconds[_ ]behind/i, 's'],
  [/(^|[_ (])(ms|millis|milliseconds)\)?$/i, 'ms'],
  [/(^|[_ (])(s|sec|secs|seconds)\)?$/i, 's'],
  [/(^|[_ (])bytes\)?$/i, 'bytes'],
];

export function unitOf(name: string | null): LagUnit | null {
  if (name === null) return null;
  return metricUnits.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** The series of decoded answers of CloudWatch; null where they are none. */
export function lagIn(documents: readonly unknown[]): ParsedLag | null {
  const series: LagSeries[] = [];
  const unreadable: number[] = [];
  let isAnswer = false;
  for (const document of documents) {
    if (!isObject(document)) continue;
    if (Array.isArray(document.Datapoints)) {
      isAnswer = true;
      series.push(statisticsSeries(document.Label, document.Datapoints, unreadable));
    }
    if (!Array.isArray(document.MetricDataResults)) continue;
    isAnswer = true;
    for (const part of document.MetricDataResults) series.push(dataSeries(part, unreadable));
  }
  if (!isAnswer) return null;
  return { series: series.filter(({ points }) => points.length > 0), unreadable };
}

function statisticsSeries(
  label: unknown,
  datapoints: readonly unknown[],
  unreadable: number[],
): LagSeries {
  const name = textIn(label);
  const points: LagPoint[] = [];
  // Maximum where it is there: an average hides the worst.
  const statistic = statistics.find((one) =>
    datapoints.some((point) => isObject(point) && typeof point[one] === 'number'),
  );
  let unit = unitOf(name);
  for (const [index, point] of datapoints.entries()) {
    const read = isObject(point) ? pointOf(point.Timestamp, point[statistic ?? '']) : null;
    if (read === null) unreadable.push(index + 1);
    else points.push(read);
    if (isObject(point)) unit = unitOf(textIn(point.Unit)) ?? unit;
  }
  return { label: name, statistic: statistic ?? null, unit, points: inOrder(points) };
}

function dataSeries(part: unknown, unreadable: number[]): LagSeries {
  const points: LagPoint[] = [];
  const { Timestamps, Values, Label } = isObject(part) ? part : {};
  const instants: readonly unknown[] = Array.isArray(Timestamps) ? Timestamps : [];
  const values: readonly unknown[] = Array.isArray(Values) ? Values : [];
  for (let index = 0; index < Math.max(instants.length, values.length); index++) {
    const read = pointOf(instants[index], values[index]);
    if (read === null) unreadable.push(index + 1);
    else points.push(read);
  }
  const label = textIn(Label);
  return { label, statistic: null, unit: unitOf(label), points: inOrder(points) };
}

function pointOf(at: unknown, raw: unknown): LagPoint | null {
  if (typeof at !== 'string' && typeof at !== 'number') return null;
  const atMs = timestampMs(String(at));
  const value = typeof raw === 'number' ? numberIn(String(raw)) : Number.NaN;
  return Number.isNaN(atMs) || Number.isNaN(value) ? null : { atMs, value };
}

function textIn(raw: unknown): string | null {
  return typeof raw === 'string' && raw !== '' ? raw.slice(0, 255) : null;
}
