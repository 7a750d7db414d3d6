/** A whole history, measured: the one input of verdict, view and report. Pure. */
import {
  type Entry,
  type EntryKind,
  type EntryOf,
  type LaneSpec,
  laneKinds,
} from '../history/entry.js';
import { measurePooling, type PoolingMeasure } from '../through/measure-through.js';
import { type BackOutMeasure, measureBackOut } from './back-out.js';
import { measureDns, measureRoles, type NameMeasure, type RoleMeasure } from './dns.js';
import {
  completedGaps,
  type ReadDamage,
  readGaps,
  undamaged,
  type WatchedLane,
  watchedLane,
} from './history-gaps.js';
import { LagBook, type LagMeasure } from './lag.js';
import { type LaneMeasure, measureLane, type PollData, type Stretch } from './lane.js';
import { type Ledger, LedgerBook } from './ledger.js';
import { measureObserver, type ObserverMeasure } from './observer.js';
import { measureRollback, type RollbackMeasure } from './rollback.js';
import { measureSessions, type SessionsMeasure } from './sessions.js';
import { measureStatuses, type StatusMeasure } from './statuses.js';
import { union } from './stretches.js';
import { undecidedLanes } from './undecided-lanes.js';
import { controlClock, findWindows, type Windows, windowsOfLane } from './windows.js';

type RunData = EntryOf<'run'>['data'];
export type RunStarted = Extract<RunData, { stage: 'started' }>;
export type RunServer = Extract<RunData, { stage: 'server' }>;
export type RunFinished = Extract<RunData, { stage: 'finished' }>;

/** An ok poll slower than this is a brownout, unless the settings name `slowMs`. */
export const slowMsDefault = 250;

export interface Measurement {
  readonly started: RunStarted | null;
  readonly finished: RunFinished | null;
  readonly servers: readonly RunServer[];
  /** The run's T0, or null where it had none. */
  readonly t0Ns: number | null;
  /** The last instant of which anything is told. */
  readonly endNs: number;
  /** In the order of the run's own list; the observer is not among them. */
  readonly lanes: readonly LaneMeasure[];
  readonly observer: ObserverMeasure | null;
  readonly ledger: Ledger | null;
  /** Null where none was rehearsed. */
  readonly rollback: RollbackMeasure | null;
  /** Null where the run was not backed out of. */
  readonly backOut: BackOutMeasure | null;
  readonly sessions: SessionsMeasure | null;
  /** Of everything that there is; those of what one lane dials are in `windowsOf`. */
  readonly windows: Windows | null;
  /** By lane; null where no world told of windows. */
  readonly windowsOf: ReadonlyMap<string, Windows | null>;
  /** How far readers were behind, by lane. */
  readonly lags: ReadonlyMap<string, LagMeasure>;
  /** What the names that clients dial answered. */
  readonly names: readonly NameMeasure[];
  readonly roles: readonly RoleMeasure[];
  readonly statuses: readonly StatusMeasure[];
  /** Null where no pooling endpoint of ours stood before the writer. */
  readonly pooling: PoolingMeasure | null;
  /** Lanes from whose polls nothing can be concluded, and why. */
  readonly undecided: ReadonlyMap<string, string>;
  readonly control: Stretch | null;
  /** Names of the drawn durations that the operation came to use; null where it does not tell. */
  readonly usedDurations: ReadonlySet<string> | null;
  readonly events: readonly EntryOf<'event'>[];
  readonly phases: readonly EntryOf<'phase'>[];
  readonly notes: readonly EntryOf<'note'>[];
  readonly slowNs: number;
  /** What the history should hold and does not, in sentences; with any, nothing can pass. */
  readonly gaps: readonly string[];
}

/**
 * Measures a history; entries in any order, of any producer. Never throws.
 * @param damage what the reader could not read: pass the reader's `History`
 */
export function measure(entries: readonly Entry[], damage: ReadDamage = undamaged): Measurement {
  const kinds = sortOut(entries);
  const run = kinds.run.map((entry) => entry.data);
  const started = run.find((data) => data.stage === 'started') ?? null;
  const slowNs = slowMsOf(started) * 1e6;
  const polls = byLane(kinds.poll);
  const specs = laneSpecs(started, polls);
  const finished = run.find((data) => data.stage === 'finished') ?? null;
  const stoppedNs = finished?.completed === true ? verifyNs(kinds.phase) : null;
  const measured = specs.map((spec) =>
    measureLane(spec, polls.get(spec.name) ?? [], {
      slowNs,
      unobserved: unobserved(kinds.note, spec.name),
      // Nobody polls as served-by: it is read from the polls of new-connection.
      untilNs: spec.kind === 'served-by' ? null : stoppedNs,
    }),
  );
  const lanes = measured.filter((lane) => lane.spec.kind !== 'observer');
  const observer = measured.find((lane) => lane.spec.kind === 'observer');
  const stallMs = Math.min(...lanes.map((lane) => lane.spec.intervalMs));
  const endNs = lastInstant(entries);
  const servers = run.filter((data) => data.stage === 'server');
  const book = new LedgerBook();
  for (const { data } of kinds.write) book.take(data);
  const ledger = book.measured();
  const rollback = measureRollback(kinds.rollback, book, kinds.write);
  const gaps = [...readGaps(entries, damage), ...book.gaps()];
  gaps.push(...endGaps({ started, finished, servers }, stoppedNs, measured.map(watchedLane)));
  return {
    started,
    finished,
    servers,
    t0Ns: kinds.phase.find((phase) => phase.data.t0 === true)?.atNs ?? null,
    endNs,
    lanes,
    observer: observer === undefined ? null : measureObserver(observer, stallMs * 1e6),
    ledger,
    rollback,
    backOut: measureBackOut(kinds['back-out'], ledger, rollback),
    sessions: measureSessions(kinds.session, kinds.note),
    ...measureWorld(specs, kinds, endNs),
    lags: lagsOf(specs, polls),
    control: controlClock(kinds.event),
    usedDurations: usedDurations(kinds.gauge, kinds.phase),
    events: kinds.event,
    phases: kinds.phase,
    notes: kinds.note,
    slowNs,
    gaps,
  };
}

/** What is measured of what the world told: gauges, and the notes and sessions beside them. */
export function measureWorld(
  specs: readonly LaneSpec[],
  kinds: { readonly [K in 'gauge' | 'note' | 'session']: readonly EntryOf<K>[] },
  endNs: number,
): Pick<
  Measurement,
  'windows' | 'windowsOf' | 'names' | 'roles' | 'statuses' | 'pooling' | 'undecided'
> {
  const { gauge: gauges } = kinds;
  const roles = measureRoles(gauges);
  const names = measureDns(gauges, roles, endNs);
  return {
    windows: findWindows(gauges, endNs),
    windowsOf: new Map(specs.map((spec) => [spec.name, windowsOfLane(spec, gauges, names, endNs)])),
    names,
    roles,
    statuses: measureStatuses(gauges, endNs),
    pooling: measurePooling(gauges),
    undecided: undecidedLanes(specs, kinds.note, kinds.session),
  };
}

function lagsOf(
  specs: readonly LaneSpec[],
  polls: ReadonlyMap<string, readonly PollData[]>,
): Map<string, LagMeasure> {
  const lags = new Map<string, LagMeasure>();
  for (const { name, kind, intervalMs } of specs) {
    if (kind !== 'replica-lag') continue;
    const book = new LagBook(intervalMs);
    const byStart = [...(polls.get(name) ?? [])].sort((a, b) => a.startNs - b.startNs);
    for (const poll of byStart) book.take(poll);
    const lag = book.measured();
    if (lag !== null) lags.set(name, lag);
  }
  return lags;
}

/** What is missing of a run that says that it was completed. */
export function endGaps(
  { started, finished, servers }: Pick<Measurement, 'started' | 'finished' | 'servers'>,
  stoppedNs: number | null,
  measured: readonly WatchedLane[],
): string[] {
  if (started === null || finished?.completed !== true) return [];
  const { command, lanes } = started;
  const told = servers.map(({ when }) => when);
  return completedGaps({ command, lanes, measured, stoppedNs, servers: told });
}

/** When the instruments were told to stop. */
export function verifyNs(phases: readonly EntryOf<'phase'>[]): number | null {
  const begin = phases.find(({ data }) => data.name === 'verify' && data.edge === 'begin');
  return begin?.atNs ?? null;
}

/** Without a T0 none shaped what was measured. */
function usedDurations(
  gauges: readonly EntryOf<'gauge'>[],
  phases: readonly EntryOf<'phase'>[],
): ReadonlySet<string> | null {
  const prefix = 'duration.';
  const names = gauges.flatMap(({ data: { name } }) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  const silent = names.length === 0 && phases.some(({ data }) => data.t0 === true);
  return silent ? null : new Set(names);
}

type ByKind = { [K in EntryKind]: EntryOf<K>[] };

function sortOut(entries: readonly Entry[]): ByKind {
  const kinds: ByKind = {
    run: [],
    phase: [],
    event: [],
    poll: [],
    write: [],
    session: [],
    attempt: [],
    gauge: [],
    call: [],
    note: [],
    rollback: [],
    'back-out': [],
  };
  for (const entry of entries) (kinds[entry.kind] as Entry[]).push(entry);
  for (const list of [kinds.phase, kinds.event, kinds.session])
    list.sort((a, b) => a.atNs - b.atNs);
  return kinds;
}

/** From which length on an ok poll is slow. */
export function slowMsOf(started: RunStarted | null): number {
  const slowMs = started?.settings.slowMs;
  return typeof slowMs === 'number' && slowMs > 0 ? slowMs : slowMsDefault;
}

function byLane(entries: readonly EntryOf<'poll'>[]): Map<string, PollData[]> {
  const lanes = new Map<string, PollData[]>();
  for (const { subject, data } of entries) {
    const name = subject.lane ?? 'unnamed';
    const list = lanes.get(name);
    if (list === undefined) lanes.set(name, [data]);
    else list.push(data);
  }
  return lanes;
}

/** The run's own list, and what polled without being on it (a history whose start is lost). */
function laneSpecs(
  started: RunStarted | null,
  polls: ReadonlyMap<string, readonly PollData[]>,
): LaneSpec[] {
  const listed = started?.lanes ?? [];
  const names = new Set(listed.map((lane) => lane.name));
  const found = [...polls].filter(([name]) => !names.has(name));
  return [...listed, ...found.map(([name, list]) => guessSpec(name, list))];
}

/** The spec of a lane of which only its polls are known. */
export function guessSpec(name: string, polls: readonly PollData[]): LaneSpec {
  const kind = laneKindOf(name);
  const starts = polls.filter((poll) => poll.tick !== null).map((poll) => poll.scheduledNs);
  const ascending = starts.sort((a, b) => a - b);
  const spanNs = (ascending.at(-1) ?? 0) - (ascending[0] ?? 0);
  const intervalMs = ascending.length > 1 ? spanNs / (ascending.length - 1) / 1e6 : 500;
  return {
    name,
    kind,
    target: '',
    intervalMs: intervalMs > 0 ? intervalMs : 500,
    timeoutMs: 5_000,
    edgeIntervalMs: null,
  };
}

function laneKindOf(name: string): LaneSpec['kind'] {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return laneKinds.find((kind) => kind === last) ?? 'new-connection';
}

function unobserved(notes: readonly EntryOf<'note'>[], lane: string): Stretch[] {
  return union(
    notes.flatMap(({ subject, data }) => {
      const { code, fromNs, toNs } = data;
      if (code !== 'unobserved' || fromNs === undefined || toNs === undefined) return [];
      return subject.lane === undefined || subject.lane === lane ? [{ fromNs, toNs }] : [];
    }),
  );
}

function lastInstant(entries: readonly Entry[]): number {
  let lastNs = 0;
  for (const entry of entries) {
    lastNs = Math.max(lastNs, entry.atNs);
    if (entry.kind === 'poll') lastNs = Math.max(lastNs, entry.data.endNs);
  }
  return lastNs;
}
