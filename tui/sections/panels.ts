/** Where names lead and who is who, what checks found, and sessions: side by side. Pure. */
import { clusterOf } from '../../harness/report/cluster-facts.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { characters, column, cutLine, type Line, narrow, type Span, span } from '../line.js';
import type { Marks } from '../marks.js';
import { sessionCounts } from './sessions.js';
import { title } from './title.js';

export interface PanelInput {
  readonly report: RunReport;
  readonly marks: Marks;
  readonly ascii: boolean;
}

/** Where each name leads, then each instance with its role and status. */
export function topologyLines({ report, marks, ascii }: PanelInput): Line[] {
  const names = ledTo(report).map(({ name, before, now }): Line => {
    const was = before === null ? [] : [span(`  (was ${narrow(before, ascii)})`, 'dim')];
    return [
      span(`${narrow(name, ascii)} ${marks.to} `),
      span(narrow(now, ascii), 'strong'),
      ...was,
    ];
  });
  const instances = new Set([
    ...report.roles.map(({ instance }) => instance),
    ...report.statuses.filter(({ of }) => of === 'instance').map(({ identifier }) => identifier),
  ]);
  const width = Math.max(0, ...[...instances].map(characters));
  const rows = [...instances].map((identifier): Line => {
    const role = report.roles.find(({ instance }) => instance === identifier)?.changes.at(-1)?.role;
    const status = report.statuses.find(
      (one) => one.of === 'instance' && one.identifier === identifier,
    );
    const is = status?.changes.at(-1)?.status ?? '-';
    return [
      span(
        `${column(narrow(identifier, ascii), width, ascii)}  ${column(role ?? '-', 7, ascii)}  `,
      ),
      span(narrow(is, ascii), is === 'available' ? 'ok' : 'slow'),
    ];
  });
  const clusters = report.statuses
    .filter(({ of }) => of === 'cluster')
    .map(({ identifier, changes }): Line => {
      const is = changes.at(-1)?.status ?? '-';
      const token = is === 'available' ? 'ok' : 'slow';
      return [span(`cluster ${narrow(identifier, ascii)}  `), span(narrow(is, ascii), token)];
    });
  return [...names, ...rows, ...clusters];
}

interface LedTo {
  readonly name: string;
  readonly before: string | null;
  readonly now: string;
}

/** Names of one cluster that lead to the same place are told together. */
function ledTo({ dns }: RunReport): LedTo[] {
  const shown = dns.filter(({ listener }) => listener !== 'doorway');
  const clusters = new Set(shown.map(({ endpoint }) => clusterOf(endpoint)));
  const found = new Map<string, LedTo>();
  for (const { endpoint, listener, changes } of shown) {
    const [now = '-', before = null] = changes.map(({ instance }) => instance).reverse();
    const cluster = clusters.size > 1 || shown.length > 2 ? `${clusterOf(endpoint)} ` : '';
    const key = JSON.stringify([cluster, now, before]);
    const listeners = found.get(key);
    const name =
      listeners === undefined ? `${cluster}${listener}` : `${listeners.name}, ${listener}`;
    found.set(key, { name, before, now });
  }
  return [...found.values()];
}

function checkLines({ report, marks, ascii }: PanelInput): Line[] {
  return report.checks.map(({ name, state, detail }): Line => {
    const isOk = state === 'ok';
    const sign = isOk ? marks.done : state === 'warning' ? '!' : 'x';
    const more = isOk ? [] : [span(`  ${narrow(detail, ascii)}`, 'dim')];
    return [span(sign, isOk ? 'ok' : 'slow'), span(` ${narrow(name, ascii)}`), ...more];
  });
}

function countLines(report: RunReport): Line[] {
  return sessionCounts(report).map(
    ({ word, value, bad }): Line => [
      span(word.padEnd(13)),
      span(String(value).padStart(typeof value === 'number' ? 6 : 0), bad ? 'fail' : 'strong'),
    ],
  );
}

interface Panel {
  readonly name: string;
  readonly lines: readonly Line[];
  /** Columns that it needs. */
  readonly least: number;
}

function panels(input: PanelInput): Panel[] {
  const checks = checkLines(input);
  const well = input.report.checks.filter(({ state }) => state === 'ok').length;
  return [
    { name: 'topology', lines: topologyLines(input), least: 40 },
    { name: `checks ${well}/${checks.length}`, lines: checks, least: 34 },
    { name: 'sessions', lines: countLines(input.report), least: 28 },
  ].filter(({ lines }) => lines.length > 0);
}

/** Rows below the title that the longest of them would fill. */
export function panelRows(input: PanelInput): number {
  return Math.max(0, ...panels(input).map(({ lines }) => lines.length));
}

/** So many rows, the title's included. */
export function panelLines(input: PanelInput, columns: number, rows: number): Line[] {
  if (rows === 0) return [];
  const { marks, ascii } = input;
  const all = panels(input);
  const widths = widthsOf(all, columns);
  const heads = all.map(({ name, lines }, index) => {
    const hidden = lines.length - (rows - 1);
    const more = hidden > 0 ? [span(`  ${hidden} more`, 'dim')] : [];
    return title([span(name), ...more], widths[index] ?? 0, marks);
  });
  const body = Array.from(
    { length: rows - 1 },
    (_, row): Line =>
      all.flatMap(({ lines }, index): Span[] => {
        const wall = index === 0 ? [span(' ')] : [span(`${marks.wall} `, 'dim')];
        const room = (widths[index] ?? 0) - (index === 0 ? 1 : 2);
        const line = cutLine(lines[row] ?? [], room - 1, ascii);
        const used = line.reduce((sum, { text }) => sum + characters(text), 0);
        return [...wall, ...line, span(' '.repeat(Math.max(0, room - used)))];
      }),
  );
  return [heads.flat(), ...body];
}

/** The first one, whose lines are the longest, gets what the others do not need. */
function widthsOf(all: readonly Panel[], columns: number): number[] {
  const others = all.slice(1).map(({ least }) => least);
  return [columns - others.reduce((sum, width) => sum + width, 0), ...others];
}
