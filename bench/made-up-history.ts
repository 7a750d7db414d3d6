/** A long history of many lanes, made up: the same on every machine. */
import {
  type Entry,
  type EntryDraft,
  entryVersion,
  type Failure,
  type LaneSpec,
  laneKinds,
} from '../harness/history/entry.js';
import { rng } from '../sim/rng.js';

const ms = 1e6;

export interface HistorySize {
  readonly lanes: number;
  readonly minutes: number;
}

/** Two windows in which new connections fail, as shares of the whole. */
const windows = [
  { from: 0.3, to: 0.34 },
  { from: 0.7, to: 0.705 },
];

const refused: Failure = {
  kind: 'refused',
  sqlstate: null,
  code: 'ECONNREFUSED',
  message: 'connect ECONNREFUSED 127.0.0.1:5432',
};

/** Lanes at 500 ms with edge polls, ten writes a second, the events of a patch. */
export function madeUpHistory({ lanes, minutes }: HistorySize): Entry[] {
  const endMs = minutes * 60_000;
  const specs = Array.from({ length: lanes }, (_, index) => laneSpec(index));
  const drafts = [
    ...specs.flatMap((spec, index) => pollsOf(spec, index, endMs)),
    ...writes(endMs),
    ...world(endMs),
    server(10, 'before', '17.4'),
    server(endMs - 10, 'after', '17.5'),
  ].sort((a, b) => a.atNs - b.atNs);
  const ordered = [started(specs), ...drafts, finished(endMs)];
  return ordered.map(
    (draft, seq) => ({ v: entryVersion, seq, producer: 'made-up', ...draft }) as Entry,
  );
}

function laneSpec(index: number): LaneSpec {
  const kinds = laneKinds.filter((kind) => kind !== 'served-by');
  const kind = kinds[index % kinds.length] ?? 'new-connection';
  return {
    name: index === kinds.indexOf('observer') ? kind : `target-${index}/${kind}`,
    kind,
    target: `target-${index}`,
    intervalMs: 500,
    timeoutMs: 5_000,
    edgeIntervalMs: kind === 'new-connection' ? 10 : null,
  };
}

function pollsOf(spec: LaneSpec, index: number, endMs: number): EntryDraft[] {
  const stream = rng('bench', spec.name);
  const drafts: EntryDraft[] = [];
  const isDown = (atMs: number): boolean =>
    spec.kind !== 'observer' &&
    windows.some(({ from, to }) => atMs >= from * endMs && atMs < to * endMs);
  const poll = (tick: number | null, atMs: number): void => {
    drafts.push(pollDraft(spec, tick, atMs, stream.int(900, 6_000) / 1_000, isDown(atMs)));
  };
  for (let tick = 0; tick * 500 < endMs - 1_000; tick++) poll(tick, tick * 500 + index * 37);
  if (spec.edgeIntervalMs === null) return drafts;
  for (const { from, to } of windows)
    for (let atMs = from * endMs + 500; atMs < to * endMs + 10; atMs += spec.edgeIntervalMs)
      poll(null, atMs);
  return drafts;
}

function pollDraft(
  spec: LaneSpec,
  tick: number | null,
  atMs: number,
  tookMs: number,
  isDown: boolean,
): EntryDraft {
  const startNs = Math.round(atMs * ms);
  const endNs = Math.round((atMs + tookMs) * ms);
  const answers = !isDown && spec.kind !== 'observer';
  return {
    atNs: endNs,
    clock: 'client',
    kind: 'poll',
    subject: { lane: spec.name, endpoint: spec.target },
    data: {
      tick,
      scheduledNs: startNs,
      startNs,
      endNs,
      outcome: isDown ? 'fail' : 'ok',
      error: isDown ? refused : null,
      server: answers ? { version: '17.5' } : null,
    },
  };
}

function writes(endMs: number): EntryDraft[] {
  const drafts: EntryDraft[] = [];
  const count = Math.floor((endMs - 2_000) / 100);
  for (let number = 1; number <= count; number++)
    for (const [afterMs, stage] of [[0, 'intent'] as const, [3, 'acknowledged'] as const])
      drafts.push({
        atNs: (number * 100 + afterMs) * ms,
        clock: 'client',
        kind: 'write',
        subject: {},
        data: { stage, id: `w1-${number}` },
      });
  drafts.push({
    atNs: (endMs - 500) * ms,
    clock: 'client',
    kind: 'write',
    subject: {},
    data: { stage: 'readback', complete: true, version: '17.5', found: { w1: [[1, count, 1]] } },
  });
  return drafts;
}

function world(endMs: number): EntryDraft[] {
  const at = (share: number): number => Math.round(share * endMs * ms);
  return windows.flatMap(({ from, to }, index): EntryDraft[] => [
    {
      atNs: at(from),
      clock: 'harness',
      kind: 'phase',
      subject: {},
      data: { name: `patch ${index + 1}`, edge: 'begin', ...(index === 0 ? { t0: true } : {}) },
    },
    gauge(at(from), 'refusing'),
    gauge(at(to), 'open'),
    {
      atNs: at(to),
      clock: 'control',
      kind: 'event',
      subject: { cluster: 'demo' },
      data: {
        source: 'cluster',
        message: 'Database cluster engine version has been upgraded.',
        eventId: 'RDS-EVENT-0173',
        categories: ['maintenance'],
        modelled: true,
      },
    },
  ]);
}

function server(atMs: number, when: 'before' | 'after', version: string): EntryDraft {
  const versionText = `PostgreSQL ${version}`;
  return {
    atNs: atMs * ms,
    clock: 'engine',
    kind: 'run',
    subject: {},
    data: { stage: 'server', when, version, versionText, provider: 'made-up' },
  };
}

function gauge(atNs: number, value: string): EntryDraft {
  return {
    atNs,
    clock: 'client',
    kind: 'gauge',
    subject: { endpoint: 'writer' },
    data: { name: 'endpoint.state', value, unit: null },
  };
}

function started(specs: readonly LaneSpec[]): EntryDraft {
  return {
    atNs: 0,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'started',
      tool: { name: 'rehearse', version: '0.0.0' },
      command: 'run',
      scenario: 'bench',
      title: 'A long history',
      seed: '42',
      wallClock: '2026-01-02T03:04:05.000Z',
      owner: null,
      engine: null,
      lanes: [...specs],
      objectives: ['writes.lost == 0', ...specs.slice(0, 6).map((one) => objective(one.name))],
      schedule: [],
      settings: { intervalMs: 500 },
      sessions: 'none',
    },
  };
}

function objective(lane: string): string {
  return lane === 'observer' ? 'writes.duplicated == 0' : `${lane}.downtime <= 60s`;
}

function finished(endMs: number): EntryDraft {
  return {
    atNs: endMs * ms,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: true, reason: null },
  };
}
