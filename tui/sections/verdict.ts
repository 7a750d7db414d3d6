/** The objectives, worst first, and what they come to so far. Pure. */
import { metText, verdictWord } from '../../harness/report/facts.js';
import { mark, measuredText, offsetText, plural } from '../../harness/report/text.js';
import type { Verdict } from '../../harness/verdict/evaluate.js';
import type { LaneReport, RunReport } from '../../harness/verdict/run-report.js';
import {
  characters,
  column,
  cutLine,
  emptyLine,
  type Line,
  narrow,
  span,
  type Token,
} from '../line.js';
import type { Marks } from '../marks.js';
import { title } from './title.js';

export interface VerdictInput {
  readonly report: RunReport;
  /** Whether the run has ended: until then the verdict is one "so far". */
  readonly isOver: boolean;
  readonly marks: Marks;
  readonly ascii: boolean;
}

const tokens: Readonly<Record<Verdict, Token>> = { pass: 'ok', fail: 'fail', unknown: 'slow' };

/** What the objectives come to while the run goes on: a single one that is missed decides. */
function verdictSoFar({ objectives }: RunReport): Verdict {
  if (objectives.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return objectives.length > 0 && objectives.every(({ verdict }) => verdict === 'pass')
    ? 'pass'
    : 'unknown';
}

/** `unknown` is a verdict that a run ends with: while it goes on, there is none yet. */
const wordsSoFar: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  unknown: 'none yet',
};

export function verdictWords({ report, isOver }: Pick<VerdictInput, 'report' | 'isOver'>): {
  readonly word: string;
  readonly token: Token;
} {
  const verdict = isOver ? report.verdict : verdictSoFar(report);
  return { word: isOver ? verdictWord(report) : wordsSoFar[verdict], token: tokens[verdict] };
}

/** So many rows, the title's included. */
export function verdictLines(input: VerdictInput, columns: number, rows: number): Line[] {
  if (rows === 0) return [];
  const { report, isOver, marks, ascii } = input;
  const { word, token } = verdictWords(input);
  const met = report.objectives.length === 0 ? '' : ` (${metText(report)})`;
  const heading = title(
    [span(isOver ? 'verdict: ' : 'verdict so far: '), span(word, token), span(met)],
    columns,
    marks,
  );
  const room = rows - 1;
  const reason = isOver && report.verdict === 'unknown' ? [reasonLine(report, columns, ascii)] : [];
  const lines = [...reason, ...objectiveLines(input, columns, room - reason.length)].slice(0, room);
  while (lines.length < room) lines.push(emptyLine);
  return [heading, ...lines];
}

function reasonLine({ reason }: RunReport, columns: number, ascii: boolean): Line {
  return cutLine([span(` ${narrow(reason, ascii)}`, 'slow')], columns, ascii);
}

/** Where rows are short, those at the end, which are met as a rule, are folded into one. */
function objectiveLines(input: VerdictInput, columns: number, room: number): Line[] {
  const { report, ascii, isOver } = input;
  if (room <= 0) return [];
  const objectives = isOver ? report.objectives : [...report.objectives].sort(mostToldFirst);
  const kept = objectives.length <= room ? objectives : objectives.slice(0, Math.max(0, room - 1));
  const folded = objectives.slice(kept.length);
  const rows = kept.map((one) => rowOf(one, input));
  const widths = [0, 1, 2].map((at) =>
    Math.max(0, ...rows.map(({ columns: cells }) => characters(cells[at] ?? ''))),
  );
  const lines = rows.map(({ verdict, columns: cells, why }): Line => {
    const [asked = '', measured = '', limit = ''] = cells.map((cell, at) =>
      column(cell, widths[at] ?? 0, ascii),
    );
    const sign = span(` ${mark(verdict, { ascii })} `, tokens[verdict]);
    const told = `${asked}  ${measured}  ${limit}  ${why}`.trimEnd();
    return cutLine([sign, span(told)], columns, ascii);
  });
  if (folded.length === 0) return lines;
  return [...lines, foldedLine(folded, columns, ascii)];
}

type Objective = RunReport['objectives'][number];

/** Missed, in question, met; those that can only be told at the end come last. */
function mostToldFirst(a: Objective, b: Objective): number {
  return rankSoFar(a) - rankSoFar(b);
}

function rankSoFar({ verdict, measured }: Objective): number {
  if (verdict === 'unknown') return measured === null ? 3 : 1;
  return verdict === 'fail' ? 0 : 2;
}

function foldedLine(folded: readonly Objective[], columns: number, ascii: boolean): Line {
  const worst =
    (['fail', 'unknown', 'pass'] as const).find((one) =>
      folded.some(({ verdict }) => verdict === one),
    ) ?? 'pass';
  const word = worst === 'pass' ? 'more met' : 'more';
  const names = folded.map(({ text }) => askedOf(text).subject).join(', ');
  const text = `${folded.length} ${word}  ${narrow(names, ascii)}`;
  const sign = ` ${mark(worst, { ascii })} `;
  return [span(sign, tokens[worst]), span(column(text, columns - sign.length, ascii).trimEnd())];
}

function askedOf(text: string): { subject: string; operator: string; limit: string } {
  const parts = /^(.*?)\s*(<=|>=|==|!=|<|>)\s*(.*)$/.exec(text);
  const [, subject = text, operator = '', limit = ''] = parts ?? [];
  return { subject, operator, limit };
}

interface Row {
  readonly verdict: Verdict;
  readonly columns: readonly [asked: string, measured: string, limit: string];
  readonly why: string;
}

function rowOf(objective: Objective, { report, isOver, marks, ascii }: VerdictInput): Row {
  const { text, verdict, measured, why } = objective;
  const { subject, operator, limit } = askedOf(narrow(text, ascii));
  const lane = report.lanes[subject.slice(0, subject.lastIndexOf('.'))];
  const where = lane === undefined ? '' : outagesText(lane);
  // What becomes of sessions is told of each of them: a count of them is one so far.
  const isSoFar = !isOver && verdict === 'unknown';
  const isUntold = isSoFar && (measured === null || subject.startsWith('sessions.'));
  return {
    verdict,
    columns: [
      subject,
      measuredText(measured, { ascii }),
      `${marks.operators[operator] ?? operator} ${limit}`,
    ],
    why: why === null ? where : isUntold ? 'not known yet' : narrow(why, ascii),
  };
}

/** `1 outage, +1.0s to +5.0s`. */
function outagesText({ outages }: LaneReport): string {
  const first = outages[0];
  const last = outages.at(-1);
  if (first === undefined || last === undefined) return '';
  const span = `${offsetText(first.startMs)} to ${offsetText(last.endMs)}`;
  return `${plural(outages.length, 'outage')}, ${span}`;
}
