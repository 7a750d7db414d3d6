/** Turns a measurement (nanoseconds) into the fields of the report (milliseconds). Pure. */
import type { LaneAttempt, LaneMeasure } from '../measure/lane.js';
import type { Ledger } from '../measure/ledger.js';
import type { Measurement } from '../measure/measure.js';
import type { Edge, Outage } from '../measure/outages.js';
import { causeIn, exercisesHang, shareOut } from '../measure/shares.js';
import { describeThrough } from '../through/through-report.js';
import { describeCluster } from './describe-cluster.js';
import { boundsMs, ms, msOrNull, spanMs } from './milliseconds.js';
import { type LaneReport, type OutageReport, type RunReport, reportSchema } from './run-report.js';

const idsMax = 100;

/** Everything of the report but the verdict. */
export function describeMeasurement(
  measurement: Measurement,
): Omit<RunReport, 'verdict' | 'reason' | 'objectives'> {
  const { started, finished, t0Ns, ledger, usedDurations } = measurement;
  const zeroNs = t0Ns ?? 0;
  const offset = (atNs: number): number => ms(atNs - zeroNs);
  return {
    schema: reportSchema,
    completed: finished?.completed === true,
    gaps: [...measurement.gaps],
    command: started?.command ?? null,
    scenario: started?.scenario ?? 'unknown',
    title: started?.title ?? 'a history without a beginning',
    seed: started?.seed ?? null,
    tool: started === null ? null : { name: started.tool.name, version: started.tool.version },
    wallClock: started?.wallClock ?? null,
    t0Ms: t0Ns === null ? null : ms(t0Ns),
    durationMs: ms(measurement.endNs),
    engine: started?.engine ?? null,
    servers: {
      before: server(measurement, 'before'),
      after: server(measurement, 'after'),
      served: served(measurement),
    },
    substitute: substituteOf(measurement),
    defects: (started?.defects ?? []).map(({ name, what, source, fixedIn, exercised }) => ({
      name,
      what,
      source,
      fixedIn,
      exercised,
    })),
    checks: describeChecks(measurement),
    lanes: Object.fromEntries(
      polledLanes(measurement).map((lane) => [lane.spec.name, describeLane(lane, measurement)]),
    ),
    ...describeCluster(measurement),
    sessions: describeSessions(measurement),
    events: measurement.events.map(({ atNs, data }) => ({
      offsetMs: offset(atNs),
      source: data.source,
      message: data.message,
      eventId: data.eventId,
      modelled: data.modelled,
    })),
    writes: ledger === null ? null : describeLedger(ledger),
    rollback: describeRollback(measurement),
    backOut: describeBackOut(measurement),
    through: describeThrough(measurement),
    clocks: describeClocks(measurement),
    observer: describeObserver(measurement),
    procedure: describeProcedure(measurement),
    schedule: started?.schedule ?? [],
    usedDurations: usedDurations === null ? null : [...usedDurations],
    settings: started?.settings ?? {},
    notes: measurement.notes.map(({ atNs, data }) => ({
      offsetMs: offset(atNs),
      level: data.level,
      code: data.code,
      text: data.text,
    })),
  };
}

function server(
  measurement: Measurement,
  when: 'before' | 'after',
): RunReport['servers']['before'] {
  const found = measurement.servers.find((one) => one.when === when);
  if (found === undefined) return null;
  const { version, versionText, provider } = found;
  return { version, versionText, provider };
}

function served({ started }: Measurement): RunReport['servers']['served'] {
  const engine = started?.engine;
  if (engine?.served === undefined) return null;
  const { engine: name, from, to, match, why } = engine.served;
  return { provider: engine.provider, engine: name, from, to, match, why };
}

/** Where a stand-in served: why, and whether the user accepted it. */
export function substituteOf({ started }: Measurement): RunReport['substitute'] {
  const substitute = started?.engine?.substitute ?? null;
  return substitute === null ? null : { why: substitute.why, accepted: substitute.accepted };
}

function describeChecks({ notes, t0Ns }: Measurement): RunReport['checks'] {
  return notes.flatMap(({ atNs, data }) => {
    if (data.code !== 'check' || data.check === undefined) return [];
    const { name, when, state, detail } = data.check;
    return [{ offsetMs: ms(atNs - (t0Ns ?? 0)), name, when, state, detail }];
  });
}

/** Nobody polls as served-by: what it tells is in `servedBy`, from the polls of new-connection. */
function polledLanes({ lanes }: Measurement): readonly LaneMeasure[] {
  return lanes.filter(({ spec, polls }) => spec.kind !== 'served-by' || polls > 0);
}

function describeLane(lane: LaneMeasure, measurement: Measurement): LaneReport {
  const zeroNs = measurement.t0Ns ?? 0;
  return {
    kind: lane.spec.kind,
    target: lane.spec.target,
    intervalMs: lane.spec.intervalMs,
    polls: lane.polls,
    ok: lane.ok,
    failed: lane.failed,
    unknown: lane.unknown,
    missing: lane.missing,
    slow: lane.slow,
    brownouts: lane.brownouts,
    p50Ms: msOrNull(lane.p50Ns),
    p95Ms: msOrNull(lane.p95Ns),
    detectionFloorMs: msOrNull(lane.detectionFloorNs),
    downtime: boundsMs(lane.downtime),
    longest: boundsMs(lane.longest),
    outages: lane.outages.map((outage) => describeOutage(outage, lane, measurement)),
    blindMs: lane.blind.map(({ fromNs, toNs }) => [ms(fromNs - zeroNs), ms(toNs - zeroNs)]),
  };
}

function describeOutage(
  outage: Outage<LaneAttempt>,
  { spec }: LaneMeasure,
  measurement: Measurement,
): OutageReport {
  const zeroNs = measurement.t0Ns ?? 0;
  const edge = ({ earliestNs, latestNs }: Edge): [number | null, number | null] => [
    earliestNs === null ? null : ms(earliestNs - zeroNs),
    latestNs === null ? null : ms(latestNs - zeroNs),
  ];
  const sqlstates = outage.fails.flatMap((fail) => fail.error?.sqlstate ?? []);
  const numbers = outage.fails.flatMap((fail) => fail.error?.errorNumber ?? []);
  const causeOf = causeIn(spec.kind, exercisesHang(measurement.started));
  const windows = measurement.windowsOf.get(spec.name) ?? null;
  const shares = shareOut(outage, windows, causeOf);
  const startMs = ms(outage.begin.pointNs - zeroNs);
  return {
    startMs,
    endMs: ms(outage.begin.pointNs + outage.estimateNs - zeroNs),
    startedAt: wallClock(measurement, outage.begin.pointNs),
    beganMs: edge(outage.begin),
    endedMs: edge(outage.end),
    ...boundsMs(outage),
    polls: outage.fails.filter((fail) => fail.tick !== null).length,
    errorKinds: countKinds(outage.fails),
    sqlstates: [...new Set(sqlstates)],
    ...(numbers.length === 0 ? {} : { errorNumbers: [...new Set(numbers)] }),
    firstError: outage.fails[0]?.error?.message ?? null,
    lastError: outage.fails.at(-1)?.error?.message ?? null,
    shares:
      shares === null
        ? null
        : {
            modelledMs: ms(shares.modelledNs),
            engineMs: ms(shares.engineNs),
            clientMs: ms(shares.clientNs),
            injectedMs: ms(shares.injectedNs),
            copyingMs: ms(shares.copyingNs),
            defectMs: ms(shares.defectNs),
            staleMs: ms(shares.staleNs),
            clientWithinProbeError: shares.clientWithinProbeError,
          },
  };
}

function countKinds(fails: readonly LaneAttempt[]): OutageReport['errorKinds'] {
  const kinds = new Map<string, { kind: string; polls: number; edgePolls: number }>();
  for (const fail of fails) {
    const kind = fail.error?.kind ?? 'other';
    const counted = kinds.get(kind) ?? { kind, polls: 0, edgePolls: 0 };
    if (fail.tick === null) counted.edgePolls += 1;
    else counted.polls += 1;
    kinds.set(kind, counted);
  }
  return [...kinds.values()];
}

function wallClock(measurement: Measurement, atNs: number): string | null {
  const zero = Date.parse(measurement.started?.wallClock ?? '');
  const at = new Date(zero + atNs / 1e6);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function describeSessions({ sessions, started }: Measurement): RunReport['sessions'] {
  if (sessions === null) return null;
  const list = sessions.list.map(({ id, sessionKind, owner, fate, reason, detail }) => ({
    id,
    kind: sessionKind,
    owner,
    fate,
    reason,
    detail,
  }));
  return {
    source: started?.sessions ?? null,
    present: sessions.present,
    preserved: sessions.preserved,
    dropped: sessions.dropped,
    reconnected: sessions.reconnected,
    broken: sessions.broken
      .slice(0, idsMax)
      .map(({ sessionKind, text }) => ({ kind: sessionKind, text })),
    brokenCount: sessions.broken.length,
    list,
    drops: list.filter((session) => session.fate === 'dropped'),
  };
}

function describeLedger(ledger: Ledger): RunReport['writes'] {
  return {
    ...ledger,
    lostIds: ledger.lostIds.slice(0, idsMax),
    duplicatedIds: ledger.duplicatedIds.slice(0, idsMax),
    resurrectedIds: ledger.resurrectedIds.slice(0, idsMax),
  };
}

function describeBackOut({ backOut, t0Ns }: Measurement): RunReport['backOut'] {
  if (backOut === null) return null;
  const { from, reached, possible, what, before, gone } = backOut;
  const { losesWritesSince, writesBetween } = backOut;
  return {
    ...{ phase: from, reached, possible, what, before, losesWritesSince, writesBetween },
    succeeded: gone?.ok ?? null,
    why: gone?.why ?? null,
    offsetMs: gone === null ? null : ms(gone.beginNs - (t0Ns ?? 0)),
    tookMs: msOrNull(gone?.tookNs ?? null),
    writesLost: gone?.writesLost ?? null,
    serves: gone?.cluster ?? null,
  };
}

function describeRollback({ rollback, t0Ns }: Measurement): RunReport['rollback'] {
  if (rollback === null) return null;
  const { snapshot, frozenFromNs, frozenToNs, restored } = rollback;
  return {
    snapshot,
    snapshotOffsetMs: ms(frozenFromNs - (t0Ns ?? 0)),
    frozenMs: ms(frozenToNs - frozenFromNs),
    cluster: restored?.cluster ?? null,
    restoreMs: msOrNull(restored?.tookNs ?? null),
    restoredVersion: restored?.version ?? null,
    writesLost: restored?.writesLost ?? null,
    earlierWritesLost: restored?.earlierWritesLost ?? null,
  };
}

function describeProcedure({ started }: Measurement): RunReport['procedure'] {
  const told = started?.procedure;
  if (told === undefined) return null;
  const { summary, phases, real, modelled, sources } = told;
  return {
    summary,
    phases: phases.map(({ name, what, t0, steps, back }) => ({
      ...{ name, what, t0, steps },
      back: back === null ? null : { possible: back.possible, what: back.what },
    })),
    real,
    modelled,
    sources: sources.map(({ label, where }) => ({ label, where })),
  };
}

function describeClocks(measurement: Measurement): RunReport['clocks'] {
  const engine = measurement.windows?.engine ?? [];
  const [first] = engine;
  const last = engine.at(-1);
  const span = first && last ? { fromNs: first.fromNs, toNs: last.toNs } : null;
  return {
    control: measurement.control === null ? null : spanMs(measurement, measurement.control),
    engine: span === null ? null : spanMs(measurement, span),
    client: Object.fromEntries(
      polledLanes(measurement).map((lane) => [lane.spec.name, boundsMs(lane.downtime)]),
    ),
  };
}

function describeObserver(measurement: Measurement): RunReport['observer'] {
  const { observer } = measurement;
  if (observer === null) return null;
  return {
    polls: observer.polls,
    medianMs: msOrNull(observer.medianNs),
    p99Ms: msOrNull(observer.p99Ns),
    worstMs: msOrNull(observer.worstNs),
    stalls: observer.stalls.map((stall) => spanMs(measurement, stall)),
  };
}
