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

/** Nothing leads back, or what leads back loses writes. */
function isOfNoReturn({ reached, possible, succeeded, writesLost }: BackOutRow): boolean {
  return reached && (possible === false || succeeded === false || (writesLost ?? 0) > 0);
}

function isUndecided(row: BackOutRow): boolean {
  if (isOfNoReturn(row)) return false;
  return !row.reached || row.possible === null || row.writesLost === null;
}

const titles = ['phase', 'way back', 'took', 'writes lost', 'serves', ''];

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
  const { phase, tookMs, writesLost, serves } = row;
  return [
    phase,
    wayText(row),
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

function whyText({ why, verdict, reason }: BackOutRow): string {
  if (why !== null) return why;
  return verdict === 'pass' ? '' : reason;
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
