/** Makes a history out of what AWS told: events of the control plane, or a lag metric. Pure. */
import { UserError } from '../../../sim/user-error.js';
import { quantile } from '../../measure/quantile.js';
import type { Entry, EntryDraft } from '../entry.js';
import { importedStart, reachMs } from '../imported.js';
import { recorder } from '../record.js';
import { eventParts, eventsIn, jsonDocuments, looksLikeJson } from './events.js';
import type { ImportOptions } from './import.js';
import { type LagSeries, type LagUnit, lagIn, type ParsedLag, parseLagCsv } from './lag.js';
import { linesIn } from './lines.js';

export interface ToldOptions extends Pick<ImportOptions, 'name' | 'tool' | 'objectives'> {
  /** Of a lag metric whose file does not tell it. */
  readonly lagUnit?: LagUnit;
}

/** Events keep two weeks; a metric of one second a month. More is of something else. */
const toldMax = 200_000;

/**
 * The history of a text that AWS's own tools wrote; null where it is a log or a table of attempts.
 * @throws UserError `IMPORT_JSON`, `IMPORT_EMPTY`, `IMPORT_TOO_LARGE`, `IMPORT_LAG_UNIT`
 */
export function importTold(text: string, options: ToldOptions): Entry[] | null {
  if (!looksLikeJson(text)) {
    const lag = parseLagCsv(linesIn(text).lines);
    return lag === null ? null : lagHistory(lag, options, 'row');
  }
  const { documents, unreadable } = jsonDocuments(text, options.name);
  const lag = lagIn(documents);
  if (lag !== null) return lagHistory(lag, options, 'data point', unreadable);
  const told = eventsIn(documents);
  if (told === null || told.events.length === 0)
    throw new UserError(
      'IMPORT_EMPTY',
      `${options.name} is JSON and has no event and no data point that can be read` +
        `${told === null || told.unreadable === 0 ? '' : `; ${told.unreadable} are none`}.`,
      'Give the answer of aws rds describe-events (Events with Date and Message), or of ' +
        'aws cloudwatch get-metric-statistics or get-metric-data.',
    );
  const drafts = told.events.map((event) => ({
    atMs: event.atMs,
    draft: { clock: 'control', kind: 'event', ...eventParts(event) } as const,
  }));
  const leftOut = told.unreadable + unreadable;
  return history('events', drafts, options, [
    ...(leftOut > 0
      ? [`left out: ${counted(leftOut, 'element')} without a date or a message`]
      : []),
    ...(told.twice > 0 ? [`left out: ${counted(told.twice, 'event')} that are there twice`] : []),
  ]);
}

function lagHistory(
  { series, unreadable }: ParsedLag,
  options: ToldOptions,
  what: string,
  unreadableLines = 0,
): Entry[] {
  if (series.length === 0)
    throw new UserError(
      'IMPORT_EMPTY',
      `${options.name} has no data point that can be read.`,
      'A lag metric has a column with the time and one with the value.',
    );
  const drafts = series.flatMap((one) => {
    const unit = one.unit ?? options.lagUnit ?? null;
    if (unit === null) throw unitless(options.name, one);
    return one.points.map(({ atMs, value }) => ({ atMs, draft: lagDraft(one, unit, value) }));
  });
  const [first] = unreadable;
  const leftOut = unreadable.length + unreadableLines;
  return history('lag', drafts, options, [
    ...series.map((one) => seriesText(one, one.unit ?? options.lagUnit ?? 'ms')),
    ...(leftOut === 0
      ? []
      : [
          `left out: ${counted(leftOut, what)} without a time or a value` +
            `${first === undefined ? '' : `, the first of them ${what} ${first}`}`,
        ]),
  ]);
}

function unitless(name: string, { label }: LagSeries): UserError {
  return new UserError(
    'IMPORT_LAG_UNIT',
    `${name} does not say in which unit ${label ?? 'its values'} are.`,
    'Say it with --lag-unit ms, s or bytes: AuroraReplicaLag counts milliseconds, ReplicaLag ' +
      'seconds.',
  );
}

type ToldDraft = Omit<Extract<EntryDraft, { kind: 'event' | 'gauge' }>, 'atNs'>;

function lagDraft({ label, statistic }: LagSeries, unit: LagUnit, value: number): ToldDraft {
  return {
    clock: 'control',
    kind: 'gauge',
    subject: {},
    data: {
      name: 'replica.lag',
      value: unit === 's' ? value * 1_000 : value,
      unit: unit === 'bytes' ? 'bytes' : 'ms',
      ...(label === null ? {} : { metric: label }),
      ...(statistic === null ? {} : { statistic }),
    },
  };
}

/** An aggregate over a period bounds nothing: the text says what it is. */
function seriesText({ label, statistic, points }: LagSeries, unit: LagUnit): string {
  const values = points.map(({ value }) => value).sort((a, b) => a - b);
  const max = values.at(-1) ?? 0;
  const worst = points.find(({ value }) => value === max);
  const at = worst === undefined ? '' : ` at ${isoOf(worst.atMs)}`;
  const of = statistic === null ? '' : ` (${statistic})`;
  return (
    `${label ?? 'lag'}${of}: ${counted(points.length, 'data point')}, the largest ${max} ` +
    `${unit}${at}, the median ${quantile(values, 0.5) ?? 0} ${unit}; data points are aggregates ` +
    'over a period, so that they bound no lag'
  );
}

function history(
  what: 'events' | 'lag',
  all: readonly { readonly atMs: number; readonly draft: ToldDraft }[],
  options: ToldOptions,
  texts: readonly string[],
): Entry[] {
  if (all.length > toldMax)
    throw new UserError(
      'IMPORT_TOO_LARGE',
      `${options.name} has ${all.length} ${what === 'lag' ? 'data points' : 'events'}; at most ` +
        `${toldMax} are read.`,
      'Cut it to the hours around the operation.',
    );
  const instants = all.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const medianMs = quantile(instants, 0.5) ?? 0;
  const near = all.filter(({ atMs }) => Math.abs(atMs - medianMs) <= reachMs);
  const zeroMs = near.reduce((least, { atMs }) => Math.min(least, atMs), medianMs);
  const entries: Entry[] = [];
  const record = recorder('import', (entry) => entries.push(entry));
  record(
    importedStart({
      ...{ tool: options.tool, scenario: options.name, objectives: options.objectives, zeroMs },
      title: `Imported ${what === 'lag' ? 'lag metric' : 'events'} ${options.name}`,
      lanes: [],
      settings: { imported: what },
    }),
  );
  const drafts = near
    .map(({ atMs, draft }) => ({ ...draft, atNs: Math.round((atMs - zeroMs) * 1e6) }) as EntryDraft)
    .sort((a, b) => a.atNs - b.atNs);
  for (const draft of drafts) record(draft);
  const endNs = drafts.at(-1)?.atNs ?? 0;
  const far = all.length - near.length;
  const notes = far === 0 ? texts : [...texts, `left out: ${far} more than 50 days from the rest`];
  for (const text of notes) {
    const isLeftOut = text.startsWith('left out');
    record({
      atNs: endNs,
      clock: 'harness',
      kind: 'note',
      subject: {},
      data: {
        level: isLeftOut ? 'warning' : 'info',
        code: isLeftOut ? 'import-left-out' : 'import-lag',
        text,
      },
    });
  }
  record({
    atNs: endNs,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: true, reason: null },
  });
  return entries;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
