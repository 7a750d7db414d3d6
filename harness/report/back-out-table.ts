/** The ways back from all phases of a procedure in one table. Pure. */
import type { BackOutReport, RunReport } from '../verdict/run-report.js';
import { plural, shortMs } from './text.js';

export const backOutSchema = 'rehearse-back-out/1';

/** One complete run, backed out of at the end of its phase. */
export interface BackOutRow extends BackOutReport {
  verdict: RunReport['verdict'];
  reason: string;
  /** The run's folder. */
  run: string;
}

export interface BackOutTable {
  schema: typeof backOutSchema;
  scenario: string;
  title: string;
  seed: string | null;
  rows: BackOutRow[];
  /** The first phase from which there is no way back without loss; null where there is none. */
  pointOfNoReturn: string | null;
  /** Phases of which nothing is known: the point of no return may be one of them. */
  undecided: string[];
}

export type RowRun = { readonly report: RunReport; readonly run: string };

/**
 * The rows in the order of the runs; a run that was stopped before its way back has none.
 * @param phases all of which something is to be known
 */
export function backOutTable(runs: readonly RowRun[], phases: readonly string[]): BackOutTable {
  const first = runs[0]?.report;
  const rows = runs.flatMap(({ report, run }): BackOutRow[] => {
    const { backOut, verdict, reason } = report;
    return backOut === null ? [] : [{ ...backOut, verdict, reason, run }];
  });
  return {
    schema: backOutSchema,
    scenario: first?.scenario ?? 'unknown',
    title: first?.title ?? '',
    seed: first?.seed ?? null,
    rows,
    pointOfNoReturn: rows.find(isOfNoReturn)?.phase ?? null,
    undecided: phases.filter((name) => {
      const row = rows.find(({ phase }) => phase === name);
      return row === undefined || isUndecided(row);
    }),
  };
}

/** Nothing leads back, or what leads back loses writes, as counted or as documented. */
function isOfNoReturn(row: BackOutRow): boolean {
  const { reached, possible, succeeded, writesLost, losesWritesSince, writesBetween } = row;
  if (!reached) return false;
  if (possible === false || succeeded === false || (writesLost ?? 0) > 0) return true;
  // What was counted as lost may be nothing by chance: what is written behind it is lost.
  return losesWritesSince && (writesBetween ?? 0) > 0;
}

function isUndecided(row: BackOutRow): boolean {
  if (isOfNoReturn(row)) return false;
  if (!row.reached || row.possible === null || row.writesLost === null) return true;
  return row.losesWritesSince;
}

const titles = ['phase', 'way back', 'written before', 'took', 'writes lost', 'serves', ''];

/** The table, its point of no return, and what is not known; each line with its end. */
export function backOutTableText(table: BackOutTable): string {
  const cells = [titles, ...table.rows.map(cellsOf)];
  const widths = titles.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    `${table.scenario}: the way back from each phase${seedText(table)}`,
    ...lines.map((line) => `  ${line}`),
    '',
    pointText(table),
    ...table.rows.flatMap((row) => (row.what === null ? [] : [`  ${row.phase}: ${row.what}`])),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function seedText({ seed }: BackOutTable): string {
  return seed === null ? '' : `  seed ${seed}`;
}

function cellsOf(row: BackOutRow): string[] {
  const { phase, writesBetween, tookMs, writesLost, serves } = row;
  return [
    phase,
    wayText(row),
    writesBetween === null ? '-' : String(writesBetween),
    tookMs === null ? '-' : shortMs(tookMs),
    writesLost === null ? '-' : String(writesLost),
    serves ?? '-',
    whyText(row),
  ];
}

function wayText({ reached, possible, succeeded }: BackOutRow): string {
  if (!reached) return 'not reached';
  if (possible === null) return 'none is written';
  if (!possible) return 'impossible';
  return succeeded === true ? 'possible' : 'failed';
}

function whyText(row: BackOutRow): string {
  const { why, verdict, reason } = row;
  if (why !== null) return why;
  return [sinceText(row), verdict === 'pass' ? '' : reason].filter((one) => one !== '').join('; ');
}

/** What follows from the way back's own words, however many writes happened to be lost. */
function sinceText({ succeeded, losesWritesSince, writesBetween }: BackOutRow): string {
  if (succeeded !== true || !losesWritesSince) return '';
  return (writesBetween ?? 0) > 0
    ? 'writes since are lost'
    : 'writes since are lost: none was acknowledged yet';
}

function pointText({ pointOfNoReturn, undecided }: BackOutTable): string {
  const point =
    pointOfNoReturn === null
      ? 'Point of no return: none of these phases is'
      : `Point of no return: ${pointOfNoReturn}, from where no way back is without loss`;
  if (undecided.length === 0) return `${point}.`;
  const open = `${plural(undecided.length, 'phase')}: ${undecided.join(', ')}`;
  return `${point}; nothing is known of ${open}.`;
}
