/** Histories of made-up runs, the same on every machine: a server with known windows, polled. */
import {
  type Entry,
  type EntryDraft,
  entryVersion,
  type Failure,
  type LaneKind,
  type LaneSpec,
} from '../../harness/history/entry.js';
import { rng } from '../../sim/rng.js';

const ms = 1e6;

export interface MadeUpRun {
  /** Application sessions beside the instruments' four, and why each was dropped, or null. */
  readonly sessions: readonly { kind: string; dropped: string | null }[];
  /** Writes by number that end otherwise than acknowledged and found once. */
  readonly writes: Readonly<Record<number, 'lost' | 'duplicated' | 'resurrected' | 'in-doubt'>>;
  /** Our own stall, milliseconds after T0; ticks due in it are skipped. */
  readonly stallMs: { from: number; to: number } | null;
  readonly objectives: readonly string[];
}

export const t0Ms = 6_000;
const refusedMs = 900;
const openMs = 2_400;
const endMs = 12_000;
const intervalMs = 500;

const lanes: readonly LaneKind[] = [
  'new-connection',
  'held-session',
  'idle-session',
  'writer',
  'observer',
];

function spec(kind: LaneKind): LaneSpec {
  return {
    name: kind,
    kind,
    target: 'writer',
    intervalMs,
    timeoutMs: 5_000,
    edgeIntervalMs: kind === 'new-connection' ? 50 : null,
  };
}

export const usualObjectives = [
  'new-connection.downtime <= 60s',
  'held-session.failed == 0',
  'sessions.dropped == 0',
  'writes.lost == 0',
  'writes.duplicated == 0',
];

/** The golden histories by name; `truncated` is made from the text of the first. */
export const madeUpRuns: Readonly<Record<string, MadeUpRun>> = {
  'zdp-clean': {
    sessions: [{ kind: 'load idle', dropped: null }],
    writes: {},
    stallMs: null,
    objectives: usualObjectives,
  },
  'zdp-drops': {
    sessions: [
      { kind: 'load idle', dropped: null },
      { kind: 'load temp-table', dropped: 'temporary-table' },
      { kind: 'load held-cursor', dropped: 'with-hold-cursor' },
    ],
    writes: {},
    stallMs: null,
    objectives: [...usualObjectives, 'new-connection.downtime <= 2.5s'],
  },
  'lost-write': {
    sessions: [{ kind: 'load idle', dropped: null }],
    writes: { 7: 'lost', 13: 'in-doubt', 14: 'duplicated', 15: 'resurrected' },
    stallMs: null,
    objectives: usualObjectives,
  },
  'observer-stall': {
    sessions: [{ kind: 'load idle', dropped: null }],
    writes: {},
    stallMs: { from: 3_100, to: 5_400 },
    objectives: usualObjectives,
  },
};

/** The entries of a made-up run, in the order of their instants. */
export function makeHistory(run: MadeUpRun): Entry[] {
  const drafts: EntryDraft[] = [
    ...worldDrafts(run),
    ...lanes.flatMap((kind) => laneDrafts(kind, run)),
    ...writeDrafts(run),
    ...sessionDrafts(run),
  ];
  const began: EntryDraft = started(run);
  const last: EntryDraft = {
    atNs: endMs * ms,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: true, reason: null },
  };
  const ordered = [began, ...drafts.sort((a, b) => a.atNs - b.atNs), last];
  return numbered(ordered);
}

/** The same entries as if one producer had written just them. */
export function numbered(drafts: readonly EntryDraft[]): Entry[] {
  return drafts.map(({ atNs, clock, kind, subject, data }, seq) => {
    const head = { v: entryVersion, seq, producer: 'made-up' };
    return { ...head, atNs, clock, kind, subject, data } as Entry;
  });
}

/** A history as its file holds it. */
export function toText(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function started(run: MadeUpRun): EntryDraft {
  return {
    atNs: 0,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'started',
      tool: { name: 'rehearse', version: '0.0.0' },
      command: 'run',
      scenario: 'aurora-postgres-zdp',
      title: 'Zero-downtime patch of Aurora PostgreSQL',
      seed: '42',
      wallClock: '2026-01-02T03:04:05.000Z',
      owner: null,
      engine: {
        provider: 'embedded',
        engine: 'aurora-postgresql',
        from: '17.4',
        to: '17.5',
        awsFrom: '17.4.5',
        awsTo: '17.5.4',
      },
      lanes: lanes.map(spec),
      objectives: [...run.objectives],
      schedule: [
        {
          name: 'zdp.success.pg.refusedMs',
          value: refusedMs,
          unit: 'ms',
          source: 'made up',
          observations: 1,
        },
        {
          name: 'zdp.success.pg.finishMs',
          value: 1_000,
          unit: 'ms',
          source: 'made up',
          observations: 0,
        },
      ],
      settings: { intervalMs, timing: 'typical' },
      sessions: 'default',
    },
  };
}

function worldDrafts(run: MadeUpRun): EntryDraft[] {
  const dropped = run.sessions.filter((session) => session.dropped !== null).length;
  const preserved = run.sessions.length - dropped + 4;
  const counted = `${preserved} connections preserved, ${dropped} connections dropped.`;
  const event = (offsetMs: number, message: string): EntryDraft => ({
    atNs: (t0Ms + offsetMs) * ms,
    clock: 'control',
    kind: 'event',
    subject: { cluster: 'demo' },
    data: { source: 'cluster', message, eventId: null, categories: [], modelled: true },
  });
  const gauge = (offsetMs: number, name: string, value: string): EntryDraft => ({
    atNs: Math.round((t0Ms + offsetMs) * ms),
    clock: name === 'server.state' ? 'engine' : 'client',
    kind: 'gauge',
    subject: name === 'server.state' ? { instance: 'demo-1' } : { endpoint: 'writer' },
    data: { name, value, unit: null },
  });
  const phase = (atMs: number, name: string, t0: boolean): EntryDraft => ({
    atNs: atMs * ms,
    clock: 'harness',
    kind: 'phase',
    subject: {},
    data: { name, edge: 'begin', ...(t0 ? { t0 } : {}) },
  });
  const server = (atMs: number, when: 'before' | 'after', version: string): EntryDraft => ({
    atNs: atMs * ms,
    clock: 'engine',
    kind: 'run',
    subject: {},
    data: {
      stage: 'server',
      when,
      version,
      versionText: `PostgreSQL ${version}`,
      provider: 'embedded',
    },
  });
  return [
    server(5, 'before', '17.4'),
    phase(10, 'steady', false),
    phase(t0Ms, 'patch', true),
    event(0, 'Attempting to upgrade the database with zero downtime.'),
    gauge(0.1, 'endpoint.state', 'refusing'),
    gauge(10, 'server.state', 'stopping'),
    gauge(110, 'server.state', 'stopped'),
    gauge(refusedMs, 'endpoint.state', 'starting-up'),
    gauge(refusedMs + 10, 'server.state', 'starting'),
    gauge(refusedMs + 310, 'server.state', 'accepting'),
    gauge(openMs, 'endpoint.state', 'open'),
    event(openMs, `The process took ${openMs} ms, ${counted}`),
    phase(t0Ms + 4_000, 'settle', false),
    phase(endMs - 500, 'verify', false),
    server(endMs - 20, 'after', '17.5'),
  ];
}

function laneDrafts(kind: LaneKind, run: MadeUpRun): EntryDraft[] {
  const stream = rng('golden', kind);
  const drafts: EntryDraft[] = [];
  const phaseMs = 20 + 37 * lanes.indexOf(kind);
  for (let tick = 0; phaseMs + tick * intervalMs < endMs - 500; tick++) {
    const scheduledMs = phaseMs + tick * intervalMs;
    drafts.push(pollDraft(kind, tick, scheduledMs, stream.int(900, 4_000) / 1_000, run));
  }
  if (kind !== 'new-connection') return drafts;
  const firstFailMs = drafts.map(startMsOf).find((atMs) => atMs >= t0Ms) ?? t0Ms;
  for (let atMs = firstFailMs + 50; atMs < t0Ms + openMs + 50; atMs += 50)
    drafts.push(pollDraft(kind, null, atMs, 1, run));
  return drafts;
}

function startMsOf(draft: EntryDraft): number {
  return draft.kind === 'poll' ? draft.data.startNs / ms : 0;
}

function pollDraft(
  kind: LaneKind,
  tick: number | null,
  scheduledMs: number,
  quickMs: number,
  run: MadeUpRun,
): EntryDraft {
  const fromT0Ms = scheduledMs - t0Ms;
  const stall = run.stallMs;
  const stalled = stall !== null && fromT0Ms >= stall.from && fromT0Ms < stall.to;
  const startMs = stalled ? t0Ms + stall.to : scheduledMs;
  const inWindow = fromT0Ms >= 0 && fromT0Ms < openMs;
  const keeps = kind === 'held-session' || kind === 'writer';
  const tookMs = keeps && inWindow ? openMs - fromT0Ms + quickMs : quickMs;
  const endNs = Math.round((startMs + (stalled ? 0 : tookMs)) * ms);
  const error = stalled && kind !== 'observer' ? skipped : failure(kind, inWindow, fromT0Ms);
  const outcome = error === null ? 'ok' : error.kind === 'not-sent' ? 'unknown' : 'fail';
  const version = fromT0Ms < openMs && !inWindow ? '17.4' : '17.5';
  return {
    atNs: endNs,
    clock: 'client',
    kind: 'poll',
    subject: { lane: kind, endpoint: 'writer' },
    data: {
      tick,
      scheduledNs: Math.round(scheduledMs * ms),
      startNs: Math.round(startMs * ms),
      endNs,
      outcome,
      error,
      server: outcome === 'ok' && kind !== 'observer' ? { version } : null,
    },
  };
}

const skipped: Failure = {
  kind: 'not-sent',
  sqlstate: null,
  code: null,
  message: 'this tool was late: the tick was skipped',
};

function failure(kind: LaneKind, inWindow: boolean, fromT0Ms: number): Failure | null {
  if (kind !== 'new-connection' || !inWindow) return null;
  if (fromT0Ms < refusedMs)
    return {
      kind: 'refused',
      sqlstate: null,
      code: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED 127.0.0.1:5432',
    };
  return {
    kind: 'starting-up',
    sqlstate: '57P03',
    code: null,
    message: 'the database system is starting up',
  };
}

function writeDrafts({ writes }: MadeUpRun): EntryDraft[] {
  const drafts: EntryDraft[] = [];
  const found: [number, number, number][] = [];
  for (let number = 1; number <= 20; number++) {
    const fate = writes[number];
    const atNs = (500 + number * 500) * ms;
    const write = (
      atWriteNs: number,
      stage: 'intent' | 'acknowledged' | 'failed' | 'inDoubt',
    ): EntryDraft => ({
      atNs: atWriteNs,
      clock: 'client',
      kind: 'write',
      subject: {},
      data: { stage, id: `w1-${number}` },
    });
    drafts.push(write(atNs, 'intent'));
    const told =
      fate === 'resurrected' ? 'failed' : fate === 'in-doubt' ? 'inDoubt' : 'acknowledged';
    drafts.push(write(atNs + 2 * ms, told));
    const copies = fate === 'lost' || fate === 'in-doubt' ? 0 : fate === 'duplicated' ? 2 : 1;
    if (copies > 0) found.push([number, number, copies]);
  }
  drafts.push({
    atNs: (endMs - 10) * ms,
    clock: 'client',
    kind: 'write',
    subject: {},
    data: { stage: 'readback', complete: true, version: '17.5', found: { w1: found } },
  });
  return drafts;
}

function sessionDrafts(run: MadeUpRun): EntryDraft[] {
  const instruments = ['probe held-session', 'probe idle-session', 'probe writer', 'ledger writer'];
  const all = [...instruments.map((kind) => ({ kind, dropped: null })), ...run.sessions];
  return all.flatMap(({ kind, dropped }, index): EntryDraft[] => {
    const data = {
      sessionKind: kind,
      owner: kind.startsWith('load') ? ('application' as const) : ('instrument' as const),
    };
    const subject = { endpoint: 'writer', session: `s${index + 1}` };
    const fate = dropped === null ? ('preserved' as const) : ('dropped' as const);
    const detail = dropped === null ? null : `documented: ${dropped}`;
    return [
      {
        atNs: t0Ms * ms,
        clock: 'client',
        kind: 'session',
        subject,
        data: { ...data, stage: 'present', reason: null, detail: null },
      },
      {
        atNs: (t0Ms + (dropped === null ? openMs : 5)) * ms,
        clock: 'client',
        kind: 'session',
        subject,
        data: { ...data, stage: fate, reason: dropped, detail },
      },
    ];
  });
}
