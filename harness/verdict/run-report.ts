/**
 * The one document of a run's end: what `--json` prints and every closing renderer reads.
 * Instants are milliseconds from T0 (from the history's zero where there was no T0), durations
 * milliseconds. Described field by field in docs/report-json.md.
 */
import type { Draw } from '../history/entry.js';
import type { ThroughReport } from '../through/through-report.js';
import type { Evaluated, Verdict } from './evaluate.js';

export const reportSchema = 'rehearse-report/1';

export interface BoundsMs {
  lowerMs: number;
  /** Null: no upper bound, the outage is open at an end. */
  upperMs: number | null;
  estimateMs: number;
}

export interface OutageReport extends BoundsMs {
  /** The estimate's edges: `endMs - startMs` is the estimate. */
  startMs: number;
  endMs: number;
  /** Wall clock of `startMs`, ISO 8601 UTC; null where the history's anchor is lost. */
  startedAt: string | null;
  /** Between which instants it began and ended; null where nobody watched. */
  beganMs: [number | null, number | null];
  endedMs: [number | null, number | null];
  /** Failed polls of the lane; edge polls are counted apart. */
  polls: number;
  /** In the order of first appearance. */
  errorKinds: { kind: string; polls: number; edgePolls: number }[];
  sqlstates: string[];
  /** The engine's own numbers of its errors, where it has them: MySQL's. Absent without any. */
  errorNumbers?: number[];
  firstError: string | null;
  lastError: string | null;
  shares: {
    modelledMs: number;
    engineMs: number;
    clientMs: number;
    /** While a fault of the rehearsal was active, where nothing drawn explains the time. */
    injectedMs: number;
    /** Beyond these, while the server stood still because this tool copied its data. */
    copyingMs: number;
    /** Beyond these, while a published defect that the run exercised kept the answer. */
    defectMs: number;
    /** Beyond these, while the server refused writes because DNS led to a demoted writer. */
    staleMs: number;
    clientWithinProbeError: boolean;
  } | null;
}

export interface LaneReport {
  kind: string;
  target: string;
  intervalMs: number;
  polls: number;
  ok: number;
  failed: number;
  unknown: number;
  missing: number;
  slow: number;
  brownouts: number;
  p50Ms: number | null;
  p95Ms: number | null;
  detectionFloorMs: number | null;
  downtime: BoundsMs;
  longest: BoundsMs;
  outages: OutageReport[];
  /** Stretches outside outages in which no poll looked, from and to. */
  blindMs: [number, number][];
}

export interface SessionReport {
  id: string;
  kind: string;
  owner: string;
  fate: string;
  reason: string | null;
  detail: string | null;
}

/** A defect of the operation that the version before has. */
export interface DefectReport {
  name: string;
  what: string;
  source: string;
  /** AWS versions that mended it; none: not known to be mended. */
  fixedIn: string[];
  /** Whether this run exercised it. */
  exercised: boolean;
}

/** One named check of the runbook. */
export interface CheckReport {
  offsetMs: number;
  name: string;
  when: string;
  /** `ok`, `warning` or `blocked`. */
  state: string;
  detail: string;
}

/** A snapshot before the operation, and a new cluster made from it afterwards. */
export interface RollbackReport {
  snapshot: string;
  /** When the snapshot was begun: what was acknowledged by then is in it. */
  snapshotOffsetMs: number;
  /** How long the server stood still for it, which is this tool's doing. */
  frozenMs: number;
  /** The new cluster; it and what follows is null where nothing was restored. */
  cluster: string | null;
  /** From the call to a cluster that is available, on this machine: no model of AWS's. */
  restoreMs: number | null;
  /** As the restored server says itself. */
  restoredVersion: string | null;
  /** Acknowledged, yet not in the restored cluster; null where its ledger was not read whole. */
  writesLost: number | null;
  /** Those of them acknowledged before the snapshot was begun: there should be none. */
  earlierWritesLost: number | null;
}

/** What was gone through, as its scenario tells it. */
export interface ProcedureReport {
  summary: string;
  phases: {
    name: string;
    what: string;
    /** True on the one from which on clients feel it. */
    t0: boolean;
    steps: string[];
    /** The documented way back from it; null where none is. */
    back: { possible: boolean; what: string } | null;
  }[];
  real: string[];
  modelled: string[];
  /** The labels in brackets that the texts use, and where they lead. */
  sources: { label: string; where: string }[];
}

/** The way back from a phase. What stands behind `what` is null where none was gone. */
export interface BackOutReport {
  phase: string;
  /** False where the run never came to that phase. */
  reached: boolean;
  /** As documented; null: no way back is written for the phase. */
  possible: boolean | null;
  what: string | null;
  /** Whether it went as documented, and why not. */
  succeeded: boolean | null;
  why: string | null;
  /** What had gone wrong before, or null. */
  before: string | null;
  /** As documented: what serves afterwards has none of the writes since the phase. */
  losesWritesSince: boolean;
  /** Acknowledged between the phase's end and the way back; null where that was not looked at. */
  writesBetween: number | null;
  offsetMs: number | null;
  /** From its begin until a write succeeded once all of it was done; null where none did. */
  tookMs: number | null;
  /** Acknowledged, yet not on what serves afterwards; null where that was not read whole. */
  writesLost: number | null;
  /** The cluster that serves afterwards. */
  serves: string | null;
}

export interface ServedReport {
  atMs: number;
  tick: number;
  version: string;
  /** Where the lane's name led to; absent where no name is told. */
  instance?: string;
  /** Absent where it was not asked. */
  readOnly?: boolean;
}

/** How far a reader was behind, by the heartbeats that it showed. */
export interface LagReport {
  target: string;
  /** Ticks that told it, and those answered while the writer took no heartbeats. */
  told: number;
  untold: number;
  /** Null where no tick told it; `upperMs: null`: the reader showed no heartbeat at all. */
  max: BoundsMs | null;
  p95: BoundsMs | null;
}

/** What a name that clients dial led to. */
export interface DnsReport {
  endpoint: string;
  /** `writer`, `reader`, `doorway`. */
  listener: string;
  changes: { atMs: number; instance: string }[];
  /** Stretches in which a writer's name led to another than the writer, and their sum. */
  stale: SpanReport[];
  staleMs: number;
}

/** A cluster or an instance, as the control plane tells it. */
export interface StatusReport {
  of: 'cluster' | 'instance';
  identifier: string;
  changes: { atMs: number; status: string }[];
  spentMs: Record<string, number>;
}

export interface RoleReport {
  instance: string;
  changes: { atMs: number; role: string }[];
}

export interface SpanReport {
  startMs: number;
  endMs: number;
  durationMs: number;
}

export interface RunReport {
  schema: typeof reportSchema;
  verdict: Verdict;
  /** One sentence. */
  reason: string;
  completed: boolean;
  /** What the history should hold and does not, in sentences. */
  gaps: string[];
  command: string | null;
  scenario: string;
  title: string;
  seed: string | null;
  tool: { name: string; version: string } | null;
  /** Wall clock of the history's zero, ISO 8601 UTC. */
  wallClock: string | null;
  /** T0 on the history's clock, milliseconds; null where the run had none. */
  t0Ms: number | null;
  durationMs: number;
  engine: Record<string, unknown> | null;
  objectives: Evaluated[];
  servers: {
    before: { version: string; versionText: string; provider: string } | null;
    after: { version: string; versionText: string; provider: string } | null;
    /** What was chosen and why; null in histories that do not tell. */
    served: {
      provider: string;
      engine: string;
      from: string;
      to: string;
      match: string;
      why: string;
    } | null;
  };
  /** Where another flavour or series stood for what was asked for; else null. */
  substitute: { why: string; accepted: boolean } | null;
  /** Published defects of the version before, exercised or not. */
  defects: DefectReport[];
  checks: CheckReport[];
  lanes: Record<string, LaneReport>;
  /** Which version answered on which instance, by lane; each change with its instant. */
  servedBy: Record<string, ServedReport[]>;
  /** By lane. */
  lag: Record<string, LagReport>;
  dns: DnsReport[];
  statuses: StatusReport[];
  roles: RoleReport[];
  sessions: {
    /** Whose sessions: `default` (ours), `given`, `none`. */
    source: string | null;
    present: number;
    preserved: number;
    dropped: number;
    reconnected: number;
    /** Kept, and yet not as before: what was lost, in a sentence each; 100 at most. */
    broken: { kind: string; text: string }[];
    brokenCount: number;
    list: SessionReport[];
    /** The dropped ones of `list`. */
    drops: SessionReport[];
  } | null;
  events: {
    offsetMs: number;
    source: string;
    message: string;
    eventId: string | null;
    modelled: boolean;
  }[];
  writes: {
    intents: number;
    acknowledged: number;
    failed: number;
    inDoubt: number;
    readBack: boolean;
    lost: number | null;
    duplicated: number | null;
    resurrected: number | null;
    inDoubtPresent: number | null;
    inDoubtAbsent: number | null;
    /** At most 100 of each. */
    lostIds: string[];
    duplicatedIds: string[];
    resurrectedIds: string[];
  } | null;
  /** Going back to a snapshot, where it was rehearsed (`--rollback`); else null. */
  rollback: RollbackReport | null;
  /** The way back from a phase, where the run was backed out of (`--abort-at`); else null. */
  backOut: BackOutReport | null;
  /** What stood between clients and the writer (`--through`), and what it added; else null. */
  through: ThroughReport | null;
  clocks: {
    control: SpanReport | null;
    engine: SpanReport | null;
    /** Downtime by lane. */
    client: Record<string, BoundsMs>;
  };
  observer: {
    polls: number;
    medianMs: number | null;
    p99Ms: number | null;
    worstMs: number | null;
    stalls: SpanReport[];
  } | null;
  /** Null in histories that do not tell it, and where none was gone through. */
  procedure: ProcedureReport | null;
  schedule: Draw[];
  /** Names of those drawn durations that the operation came to use; null: it is not told. */
  usedDurations: string[] | null;
  settings: Record<string, string | number | boolean | string[]>;
  notes: { offsetMs: number; level: string; code: string | null; text: string }[];
}
