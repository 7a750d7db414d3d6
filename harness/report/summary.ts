/** The end-of-run summary: verdict and objectives first, then what every lane felt. Pure. */
import type { Measurement } from '../measure/measure.js';
import type { RunReport, SessionReport } from '../verdict/run-report.js';
import { type FactRow, outcomeRows, worldRows } from './fact-rows.js';
import {
  brokenTexts,
  defaultSessionsText,
  errorsText,
  measuredWord,
  metText,
  objectiveText,
  outageText,
  preservedKindsText,
  probeErrorText,
  sessionsText,
  sharesText,
  unaskedLoss,
  verdictWord,
  versionsText,
} from './facts.js';
import {
  boundsText,
  brief,
  cutTo,
  laneLabels,
  mark,
  offsetText,
  plain,
  shortMs,
  sourceText,
  type TextOptions,
  wrap,
} from './text.js';
import { timelineText } from './timeline-text.js';

export interface SummaryOptions extends TextOptions {
  /** The run's folder, shown at the end. */
  readonly folder?: string;
  /** For the timeline; left out, there is none. */
  readonly measurement?: Measurement;
}

const dropsShownMax = 20;
const eventsShownMax = 30;

/** The whole summary, every line with its end; no line longer than `columns` (default 100). */
export function renderSummary(report: RunReport, options: SummaryOptions = {}): string {
  const columns = Math.max(40, options.columns ?? 100);
  const sections = [
    head(report),
    objectives(report, options),
    lanes(report, options, columns),
    outages(report, options),
    options.measurement === undefined
      ? []
      : timelineText(options.measurement, columns - 2, options).map((line) => `  ${line}`),
    facts(report, options),
    events(report),
    closing(report, options),
  ];
  return sections
    .filter((section) => section.length > 0)
    .map((section) => section.flatMap((line) => shape(line, columns, options)).join('\n'))
    .join('\n\n')
    .concat('\n');
}

/** Rows of a table are cut, sentences are broken: both end at the width. */
function shape(line: string | Row, columns: number, options: TextOptions): string[] {
  if (typeof line === 'string') return [cutTo(asciiKept(line, options), columns, options)];
  const indent = ' '.repeat(line.indent);
  return wrap(asciiKept(line.text, options), columns, indent).map((part) => part.trimEnd());
}

interface Row {
  readonly text: string;
  /** How far later lines are moved in. */
  readonly indent: number;
}

function asciiKept(line: string, options: TextOptions): string {
  const lead = line.length - line.trimStart().length;
  return ' '.repeat(lead) + plain(brief(line), options);
}

function head(report: RunReport): Row[] {
  const parts = [
    verdictWord(report),
    report.scenario,
    versionsText(report),
    report.seed === null ? '' : `seed ${report.seed}`,
    report.objectives.length === 0 ? '' : metText(report),
  ];
  const lines = [{ text: parts.filter((part) => part !== '').join('  '), indent: 6 }];
  if (report.verdict !== 'pass' && verdictWord(report) !== measuredWord)
    lines.push({ text: `      ${report.reason}`, indent: 6 });
  const loss = unaskedLoss(report);
  if (loss !== '') lines.push({ text: `      ${loss}`, indent: 6 });
  return lines;
}

function objectives(report: RunReport, options: SummaryOptions): Row[] {
  const rows = report.objectives.map((objective) => ({
    sign: mark(objective.verdict, options),
    ...objectiveText(objective, options),
  }));
  const askedColumns = Math.max(0, ...rows.map((row) => row.asked.length));
  const measuredColumns = Math.max(0, ...rows.map((row) => row.measured.length));
  return rows.map((row) => ({
    text: spaced(
      `  ${row.sign}`,
      row.asked.padEnd(askedColumns),
      row.measured.padStart(measuredColumns),
      row.why,
    ),
    indent: 6,
  }));
}

function spaced(first: string, ...rest: string[]): string {
  return `${first} ${rest.join('  ')}`.trimEnd();
}

/** Longer names are those of other people's hosts; they stand whole below the table. */
const laneColumnsMax = 28;
const dropOrder = ['longest', 'p50', 'doubt', 'floor'] as const;

function lanes(report: RunReport, options: TextOptions, columns: number): string[] {
  const polled = Object.entries(report.lanes).filter(([, lane]) => lane.polls > 0);
  if (polled.length === 0) return [];
  const labels = laneLabels(polled.map(([name]) => name));
  const cellsOf = ([name, lane]: (typeof polled)[number]): ReadonlyMap<string, string> =>
    new Map([
      ['lane', cutTo(plain(labels.get(name) ?? name, options), laneColumnsMax, options)],
      ['polls', String(lane.polls)],
      ['failed', String(lane.failed)],
      ['doubt', String(lane.unknown)],
      ['downtime', plain(boundsText(lane.downtime, options), options)],
      ['longest', boundsText(lane.longest, options).split(' ')[0] ?? ''],
      ['floor', shortMs(lane.detectionFloorMs)],
      ['p50', shortMs(lane.p50Ms)],
      ['p95', shortMs(lane.p95Ms)],
    ]);
  const rows = polled.map(cellsOf);
  let titles = [...(rows[0]?.keys() ?? [])];
  // On a narrow terminal the less needed columns go; --json has them all.
  for (const title of dropOrder) {
    if (Math.max(...table(titles, rows).map((line) => line.length)) <= columns - 2) break;
    titles = titles.filter((one) => one !== title);
  }
  return table(titles, rows).map((line) => `  ${line}`);
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(titles: readonly string[], rows: readonly ReadonlyMap<string, string>[]): string[] {
  const widths = titles.map((title) =>
    Math.max(title.length, ...rows.map((row) => (row.get(title) ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [line(titles), ...rows.map((row) => line(titles.map((title) => row.get(title) ?? '')))];
}

function outages(report: RunReport, options: TextOptions): Row[] {
  return Object.entries(report.lanes).flatMap(([name, lane]) =>
    lane.outages.flatMap((outage) => {
      const rows = [
        { text: `  ${name}  ${outageText(outage, report, options)}`, indent: 6 },
        { text: `      ${errorsText(outage)}`, indent: 6 },
      ];
      const shares = sharesText(outage);
      if (shares !== '') rows.push({ text: `      ${shares}`, indent: 6 });
      return rows;
    }),
  );
}

function facts(report: RunReport, options: TextOptions): Row[] {
  const { sessions } = report;
  const drops = (sessions?.drops ?? []).slice(0, dropsShownMax);
  const more = (sessions?.drops.length ?? 0) - drops.length;
  const lines: FactRow[] = [
    ...worldRows(report, options),
    ['sessions', sessions === null ? '' : sessionsText(sessions)],
    ['', sessions === null ? '' : preservedKindsText(sessions)],
    ...drops.map((drop): FactRow => ['', dropText(drop)]),
    ['', more > 0 ? `and ${more} more, see --json` : ''],
    ...(sessions === null ? [] : brokenTexts(sessions)).map((text): FactRow => ['', text]),
    ['', sessions?.source === 'default' ? defaultSessionsText : ''],
    ...outcomeRows(report),
    ['', Object.keys(report.lanes).length > 0 ? probeErrorText : ''],
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => ({ text: `  ${label.padEnd(9)} ${text}`, indent: 12 }));
}

function dropText(drop: SessionReport): string {
  return `dropped ${drop.kind}: ${drop.detail ?? drop.reason ?? 'no reason given'}`;
}

function events(report: RunReport): Row[] {
  const shown = report.events.slice(0, eventsShownMax);
  const rows = shown.map(({ offsetMs, source, message, modelled }) => ({
    text: [
      `  ${offsetText(offsetMs).padStart(8)}`,
      sourceText(source).padEnd(8),
      modelled ? `${message}  (modelled)` : message,
    ].join('  '),
    indent: 22,
  }));
  const more = report.events.length - shown.length;
  if (more > 0) rows.push({ text: `  and ${more} more, see --json`, indent: 2 });
  return rows;
}

function closing(report: RunReport, options: SummaryOptions): Row[] {
  const notes = report.notes
    .filter((note) => note.level !== 'info' && note.code !== 'check')
    .map((note) => ({ text: `  ${note.level}: ${note.text}`, indent: 4 }));
  if (options.folder === undefined) return notes;
  return [...notes, { text: `  ${options.folder}`, indent: 2 }];
}
