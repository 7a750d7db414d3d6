/** What became of the sessions, and of the ledger's writes. Pure. */
import type { RunReport } from '../../harness/verdict/run-report.js';
import { type Line, packedLine, type Span, span, widthOf } from '../line.js';
import type { Marks } from '../marks.js';
import { title } from './title.js';

/** A number and what it counts; what is bad says so in colour as well where there is any of it. */
export interface Count {
  readonly word: string;
  readonly value: number | string;
  readonly bad: boolean;
}

export function sessionCounts({ sessions, writes }: RunReport): Count[] {
  const good = (word: string, value: number | string): Count => ({ word, value, bad: false });
  const bad = (word: string, value: number): Count => ({ word, value, bad: value > 0 });
  const told =
    sessions === null
      ? [good('sessions', 'from T0 on')]
      : [
          good('at T0', sessions.present),
          good('preserved', sessions.preserved),
          bad('dropped', sessions.dropped),
          good('reconnected', sessions.reconnected),
          bad('broken', sessions.brokenCount),
        ];
  if (writes === null) return told;
  const lost = writes.lost === null ? [] : [bad('lost', writes.lost)];
  return [...told, good('writes', writes.acknowledged), bad('in doubt', writes.inDoubt), ...lost];
}

function countLine({ word, value, bad }: Count): Line {
  return [span(`${word} `), valueSpan(value, bad)];
}

function valueSpan(value: number | string, bad: boolean): Span {
  return span(String(value), bad ? 'fail' : typeof value === 'string' ? 'dim' : 'strong');
}

const gap = 3;

/** Where there is no room for all, those that count nothing go, from the right. */
function shown(counts: readonly Count[], columns: number): Line[] {
  const kept = [...counts];
  const width = (): number =>
    kept.reduce((sum, count) => sum + gap + widthOf(countLine(count)), -gap);
  while (width() > columns) {
    const empty = kept.findLastIndex(({ value }) => value === 0);
    if (empty === -1) break;
    kept.splice(empty, 1);
  }
  return kept.map(countLine);
}

export function sessionLines(report: RunReport, columns: number, marks: Marks): Line[] {
  return [
    title([span('sessions')], columns, marks),
    [span(' '), ...packedLine(shown(sessionCounts(report), columns - 1), columns - 1, gap)],
  ];
}
