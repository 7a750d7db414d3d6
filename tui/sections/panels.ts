/** Where names lead and who is who, what checks found, and sessions: side by side. Pure. */
import { clusterOf } from '../../harness/report/cluster-facts.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { characters, column, fitted, type Line, narrow, type Span, span } from '../line.js';
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
  const names = report.dns
    .filter(({ listener }) => listener !== 'doorway')
    .map(({ endpoint, listener, changes }): Line => {
      const several = report.dns.filter((one) => one.listener === listener).length > 1;
      const name = several ? `${clusterOf(endpoint)} ${listener}` : listener;
      const [before, now] = changes.slice(-2).map(({ instance }) => narrow(instance, ascii));
      const was = now === undefined ? [] : [span(`  (was ${before})`, 'dim')];
      return [
        span(`${narrow(name, ascii)} ${marks.to} `),
        span(now ?? before ?? '-', 'strong'),
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
}

function panels(input: PanelInput): Panel[] {
  const checks = checkLines(input);
  const well = input.report.checks.filter(({ state }) => state === 'ok').length;
  return [
    { name: 'topology', lines: topologyLines(input) },
    { name: checks.length === 0 ? 'checks' : `checks ${well}/${checks.length}`, lines: checks },
    { name: 'sessions', lines: countLines(input.report) },
  ].filter(({ lines }) => lines.length > 0);
}

/** Rows below the title that the longest of them would fill. */
export function panelRows(input: PanelInput): number {
  return Math.max(0, ...panels(input).map(({ lines }) => lines.length));
}

/** So many rows, the title's included. */
export function panelLines(input: PanelInput, columns: number, rows: number): Line[] {
  if (rows === 0) return [];
  const { marks } = input;
  const all = panels(input);
  const widths = all.map((_, index) => share(index, all.length, columns));
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
        const line = fitted(lines[row] ?? [], room - 1);
        const used = line.reduce((sum, { text }) => sum + characters(text), 0);
        return [...wall, ...line, span(' '.repeat(Math.max(0, room - used)))];
      }),
  );
  return [heads.flat(), ...body];
}

/** The last one gets what does not divide. */
function share(index: number, count: number, columns: number): number {
  const each = Math.floor(columns / count);
  return index === count - 1 ? columns - each * (count - 1) : each;
}
