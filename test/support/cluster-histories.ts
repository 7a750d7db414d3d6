/** Histories of made-up clusters with a writer and a reader: a failover, and a reader that lags. */
import type {
  Entry,
  EntryDraft,
  Failure,
  Heartbeat,
  LaneKind,
  LaneSpec,
} from '../../harness/history/entry.js';
import { numbered } from './histories.js';

const ms = 1e6;
const t0Ms = 6_000;
const intervalMs = 500;
const writerName = 'demo.cluster-made-up.example';
const readerName = 'demo.cluster-ro-made-up.example';

interface MadeUpCluster {
  readonly endMs: number;
  readonly lanes: readonly LaneKind[];
  readonly objectives: readonly string[];
  /** Milliseconds from T0. */
  readonly gauges: readonly (readonly [atMs: number, name: string, of: string, value: string])[];
  /** What a lane's poll that begins then meets. */
  readonly meets: (kind: LaneKind, fromT0Ms: number) => Failure | null;
  readonly readOnly: (fromT0Ms: number) => boolean;
  /** Whether the writer takes heartbeats, and how much later the reader shows them. */
  readonly takesWrites: (fromT0Ms: number) => boolean;
  readonly delayMs: (fromT0Ms: number) => number;
}

const refused: Failure = {
  kind: 'refused',
  sqlstate: null,
  code: 'ECONNREFUSED',
  message: 'connect ECONNREFUSED 127.0.0.1:5432',
};
const readOnly: Failure = {
  kind: 'read-only',
  sqlstate: '25006',
  code: null,
  message: 'cannot execute INSERT in a read-only transaction',
};

const between = (fromMs: number, toMs: number) => (atMs: number) => atMs >= fromMs && atMs < toMs;
const isRefused = between(100, 1_600);
const isStale = between(1_600, 5_000);

/** The writer fails over to the reader; its name goes on leading to it for 3.4 s. */
export const failover: MadeUpCluster = {
  endMs: 16_000,
  lanes: ['new-connection', 'writer', 'reader', 'replica-lag', 'served-by', 'observer'],
  objectives: ['writer.downtime <= 10s', 'lag.max <= 5s', 'replica-lag.failed == 0'],
  gauges: [
    [-5_990, 'cluster.status', 'cluster', 'available'],
    [-5_990, 'instance.status', 'demo-instance-1', 'available'],
    [-5_990, 'instance.role', 'demo-instance-1', 'writer'],
    [-5_990, 'instance.role', 'demo-instance-2', 'reader'],
    [-5_980, 'dns.answer', 'writer', 'demo-instance-1'],
    [-5_980, 'dns.answer', 'reader', 'demo-instance-2'],
    [0, 'cluster.status', 'cluster', 'failing-over'],
    [0, 'instance.status', 'demo-instance-1', 'rebooting'],
    [100, 'endpoint.state', 'writer', 'refusing'],
    [110, 'server.state', 'demo-instance-1', 'stopping'],
    [310, 'server.state', 'demo-instance-1', 'stopped'],
    [1_200, 'server.state', 'demo-instance-1', 'starting'],
    [1_500, 'server.state', 'demo-instance-1', 'accepting'],
    [1_500, 'instance.role', 'demo-instance-1', 'reader'],
    [1_500, 'instance.role', 'demo-instance-2', 'writer'],
    [1_600, 'endpoint.state', 'writer', 'open'],
    [2_000, 'instance.status', 'demo-instance-1', 'available'],
    [5_000, 'dns.answer', 'writer', 'demo-instance-2'],
    [5_200, 'dns.answer', 'reader', 'demo-instance-1'],
    [6_000, 'cluster.status', 'cluster', 'available'],
  ],
  meets: (kind, atMs) => {
    if (kind !== 'new-connection' && kind !== 'writer') return null;
    if (isRefused(atMs)) return refused;
    return kind === 'writer' && isStale(atMs) ? readOnly : null;
  },
  readOnly: isStale,
  takesWrites: (atMs) => !isRefused(atMs) && !isStale(atMs),
  delayMs: () => 20,
};

/** The reader is three seconds behind from T0 on, for eight seconds. */
export const lagging: MadeUpCluster = {
  endMs: 20_000,
  lanes: ['new-connection', 'replica-lag', 'served-by', 'observer'],
  objectives: ['lag.max <= 5s', 'lag.max <= 1s', 'lag.p95 <= 3s', 'reader/lag.max <= 3s'],
  gauges: [
    [-5_990, 'instance.role', 'demo-instance-1', 'writer'],
    [-5_990, 'instance.role', 'demo-instance-2', 'reader'],
    [-5_980, 'dns.answer', 'writer', 'demo-instance-1'],
    [-5_980, 'dns.answer', 'reader', 'demo-instance-2'],
  ],
  meets: () => null,
  readOnly: () => false,
  takesWrites: () => true,
  delayMs: (atMs) => (between(0, 8_000)(atMs) ? 3_000 : 20),
};

export function clusterHistory(run: MadeUpCluster): Entry[] {
  const drafts: EntryDraft[] = [
    ...run.gauges.map(gaugeDraft),
    phase(10, 'steady'),
    phase(t0Ms, 'operation', true),
    phase(run.endMs - 500, 'verify'),
    server(5, 'before'),
    server(run.endMs - 20, 'after'),
    ...run.lanes.flatMap((kind, index) => laneDrafts(run, kind, index)),
  ];
  const last: EntryDraft = {
    atNs: run.endMs * ms,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: true, reason: null },
  };
  return numbered([started(run), ...drafts.sort((a, b) => a.atNs - b.atNs), last]);
}

function spec(kind: LaneKind): LaneSpec {
  const target = kind === 'reader' || kind === 'replica-lag' ? 'reader' : 'writer';
  return { name: kind, kind, target, intervalMs, timeoutMs: 5_000, edgeIntervalMs: null };
}

function started({ lanes, objectives }: MadeUpCluster): EntryDraft {
  const engine = { provider: 'embedded', engine: 'aurora-postgresql', from: '17.4', to: '17.4' };
  return {
    atNs: 0,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'started',
      tool: { name: 'rehearse', version: '0.0.0' },
      command: 'run',
      scenario: 'made-up-cluster',
      title: 'A made-up cluster',
      seed: '42',
      wallClock: '2026-01-02T03:04:05.000Z',
      owner: null,
      engine: { ...engine, awsFrom: '17.4.5', awsTo: '17.4.5' },
      lanes: lanes.map(spec),
      objectives: [...objectives],
      schedule: [],
      settings: { intervalMs },
      sessions: 'none',
    },
  };
}

function phase(atMs: number, name: string, t0 = false): EntryDraft {
  const data = { name, edge: 'begin' as const, ...(t0 ? { t0 } : {}) };
  return { atNs: atMs * ms, clock: 'harness', kind: 'phase', subject: {}, data };
}

function server(atMs: number, when: 'before' | 'after'): EntryDraft {
  const version = { version: '17.4', versionText: 'PostgreSQL 17.4', provider: 'embedded' };
  const data = { stage: 'server' as const, when, ...version };
  return { atNs: atMs * ms, clock: 'engine', kind: 'run', subject: {}, data };
}

function gaugeDraft([fromT0Ms, name, of, value]: MadeUpCluster['gauges'][number]): EntryDraft {
  const names: Record<string, string> = { writer: writerName, reader: readerName };
  const endpoint = names[of];
  const instance = { cluster: 'demo', ...(of === 'cluster' ? {} : { instance: of }) };
  return {
    atNs: (t0Ms + fromT0Ms) * ms,
    clock: name === 'server.state' ? 'engine' : endpoint === undefined ? 'control' : 'client',
    kind: 'gauge',
    subject: endpoint === undefined ? instance : { endpoint, listener: of },
    data: { name, value, unit: null },
  };
}

function laneDrafts(run: MadeUpCluster, kind: LaneKind, index: number): EntryDraft[] {
  if (kind === 'served-by') return [];
  const phaseMs = 30 + 40 * index;
  const startsMs: number[] = [];
  for (let atMs = phaseMs; atMs < run.endMs - 500; atMs += intervalMs) startsMs.push(atMs);
  return startsMs.map((startMs, tick): EntryDraft => {
    const error = run.meets(kind, startMs - t0Ms);
    const startNs = startMs * ms;
    const endNs = startNs + 2 * ms;
    const isAsked = error === null && (kind === 'new-connection' || kind === 'reader');
    const isReadOnly = kind === 'reader' || run.readOnly(startMs - t0Ms);
    return {
      atNs: endNs,
      clock: 'client',
      kind: 'poll',
      subject: { lane: kind, endpoint: spec(kind).target },
      data: {
        tick,
        scheduledNs: startNs,
        startNs,
        endNs,
        outcome: error === null ? 'ok' : 'fail',
        error,
        server: isAsked ? { version: '17.4', readOnly: isReadOnly } : null,
        ...(kind === 'replica-lag' ? { heartbeat: heartbeatAt(run, startsMs, tick) } : {}),
      },
    };
  });
}

/** Every tick sends a heartbeat, acknowledged 3 ms later where the writer takes it. */
function heartbeatAt(run: MadeUpCluster, ticksMs: readonly number[], tick: number): Heartbeat {
  const nowMs = ticksMs[tick] ?? 0;
  const beats = ticksMs.slice(0, tick).map((sentMs) => ({
    sentMs,
    acknowledgedMs: run.takesWrites(sentMs - t0Ms) ? sentMs + 3 : null,
  }));
  const isShown = ({ acknowledgedMs }: (typeof beats)[number]): boolean =>
    acknowledgedMs !== null && acknowledgedMs + run.delayMs(nowMs - t0Ms) <= nowMs;
  const shown = beats.findLastIndex(isShown);
  const later = beats.slice(shown + 1);
  const inNs = (atMs: number | null | undefined): number | null =>
    atMs === null || atMs === undefined ? null : atMs * ms;
  return {
    seenNs: inNs(beats[shown]?.sentMs),
    missedNs: inNs(later.find(({ acknowledgedMs }) => acknowledgedMs !== null)?.acknowledgedMs),
    unansweredNs: inNs(later.find(({ acknowledgedMs }) => acknowledgedMs === null)?.sentMs),
  };
}
