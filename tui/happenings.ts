/** What happened besides polls, as a screen lists it: one line each, by their instants. Pure. */
import { ClusterLines } from '../harness/report/cluster-lines.js';
import { SessionTally } from '../harness/report/session-tally.js';
import type { Told } from '../harness/view/run-view.js';
import type { Token } from './line.js';

export interface Happening {
  readonly atNs: number;
  readonly source: string;
  readonly text: string;
  readonly token: Token;
}

/** Notes that the screen shows elsewhere, or that only a report is for. */
const elsewhere: ReadonlySet<string | null> = new Set(['check', 'session-after']);

export function happenings(told: Told): Happening[] {
  return [
    ...told.event.map(({ atNs, data }) => ({
      atNs,
      source: data.source,
      text: `${data.message}${data.modelled ? '  (modelled)' : ''}`,
      token: 'plain' as const,
    })),
    ...calls(told),
    ...notes(told),
    ...gauges(told),
    ...sessions(told),
  ].sort((a, b) => a.atNs - b.atNs);
}

function calls({ call }: Told): Happening[] {
  return call.map(({ atNs, data: { action, fault } }) => {
    const refused = fault === null ? '' : ` refused: ${fault.code}: ${fault.message}`;
    const token = fault === null ? 'plain' : 'slow';
    return { atNs, source: 'control', text: `${action}${refused}`, token };
  });
}

function notes({ note }: Told): Happening[] {
  const tokens = { info: 'plain', warning: 'slow', error: 'fail' } as const;
  return note
    .filter(
      ({ data }) => !elsewhere.has(data.code) && (data.level !== 'info' || data.code === null),
    )
    .map(({ atNs, data: { level, text } }) => ({
      atNs,
      source: 'harness',
      text: level === 'info' ? text : `${level}: ${text}`,
      token: tokens[level],
    }));
}

function gauges({ gauge }: Told): Happening[] {
  const lines = new ClusterLines();
  return gauge.flatMap((entry) => {
    const line = lines.take(entry);
    if (line === null) return [];
    return [
      {
        atNs: entry.atNs,
        source: line.source,
        text: `${line.subject} ${line.what}`,
        token: 'plain' as const,
      },
    ];
  });
}

/** Totals, told when no session has come to its fate for a while. */
function sessions({ session }: Told): Happening[] {
  const tally = new SessionTally();
  const found: Happening[] = [];
  const flush = (): void => {
    const { text, atNs } = tally.flush();
    for (const one of text) found.push({ atNs, source: 'endpoint', text: one, token: 'plain' });
  };
  for (const entry of session) {
    if (tally.due(entry)) flush();
    tally.take(entry);
  }
  flush();
  return found;
}
