/**
 * A run as a screen shows it, built as its entries come: lanes tick by tick, phases, rates, and
 * what can be said of its objectives so far. Taking an entry is cheap; `soFar` measures, and is for
 * some times a second at most. What is shown does not depend on the order in which producers'
 * entries reach the history, so that a replay ends in the picture that the run ended in.
 */
import type { Entry, EntryOf, LaneSpec } from '../history/entry.js';
import {
  measureDns,
  measureRoles,
  type NameMeasure,
  nameOf,
  type RoleMeasure,
} from '../measure/dns.js';
import { type ReadDamage, undamaged } from '../measure/history-gaps.js';
import type { Stretch } from '../measure/lane.js';
import { guessSpec, type RunStarted, slowMsOf } from '../measure/measure.js';
import { RunningHistory } from '../measure/running-history.js';
import { type Served, sameServed, servedOf } from '../measure/served-by.js';
import { measureStatuses, type StatusMeasure } from '../measure/statuses.js';
import { judgeMeasurement } from '../verdict/judge.js';
import type { RunReport } from '../verdict/run-report.js';
import type { Axis } from './cluster-rows.js';
import { LaneTrack } from './lane-track.js';
import { type PhaseSpan, phaseSpans } from './phase-band.js';
import { Rates } from './rates.js';
import type { Scale } from './window.js';

type PollData = EntryOf<'poll'>['data'];

/** Entries that are told one by one are kept up to so many of each kind. */
const toldMax = 20_000;

/** What is told one by one, by kind. */
export interface Told {
  readonly event: readonly EntryOf<'event'>[];
  readonly call: readonly EntryOf<'call'>[];
  readonly note: readonly EntryOf<'note'>[];
  readonly gauge: readonly EntryOf<'gauge'>[];
  readonly session: readonly EntryOf<'session'>[];
  readonly phase: readonly EntryOf<'phase'>[];
}

/** What answered a lane, in the order of first appearance. */
export interface ServedRow {
  readonly lane: string;
  readonly served: readonly Served[];
  /** The index of what answered last in each column, or null. */
  readonly columns: (axis: Axis) => (number | null)[];
  /** The index of what answered last, or null. */
  readonly now: number | null;
}

export class RunView {
  readonly #running = new RunningHistory();
  readonly #lanes = new Map<string, LaneTrack>();
  /** Polls that came before the list of lanes. */
  readonly #early = new Map<string, PollData[]>();
  readonly #told = new ToldEntries();
  readonly commits = new Rates();
  #started: RunStarted | null = null;
  #finished: EntryOf<'run'> | null = null;
  #version = 0;
  #nowNs = 0;
  #passedNs = 0;
  #slowNs = slowMsOf(null) * 1e6;
  #judged: { readonly version: number; readonly report: RunReport } | null = null;

  /**
   * Takes what came; damage is what the reader could not make entries of.
   * @param entries in the order of the file, or of their instants
   */
  take(entries: readonly Entry[], damage: ReadDamage = undamaged): void {
    this.#running.take(entries, damage);
    this.#passedNs = 0;
    for (const entry of entries) this.#takeOne(entry);
    this.#version += 1;
  }

  /** Counts what was taken: where it has not changed, nothing has. */
  get version(): number {
    return this.#version;
  }

  get started(): RunStarted | null {
    return this.#started;
  }

  /** How the run ended, once it has. */
  get finished(): Extract<EntryOf<'run'>['data'], { stage: 'finished' }> | null {
    const data = this.#finished?.data;
    return data?.stage === 'finished' ? data : null;
  }

  /** The newest instant of which anything is told, or that was passed since. */
  get nowNs(): number {
    return this.#nowNs + this.#passedNs;
  }

  /** Says how long nothing has come: forgotten with the next entry. */
  pass(durationNs: number): void {
    this.#passedNs = Math.max(0, durationNs);
  }

  /** Whether any lane was polled yet. */
  get hasPolls(): boolean {
    return [...this.#lanes.values()].some(({ ticks }) => ticks.length > 0);
  }

  get t0Ns(): number | null {
    return this.told.phase.find(({ data }) => data.t0 === true)?.atNs ?? null;
  }

  /** An ok answer that took longer is slow. */
  get slowNs(): number {
    return this.#slowNs;
  }

  /** In the order of the run's own list; lanes that do not poll have no ticks. */
  get lanes(): readonly LaneTrack[] {
    return [...this.#lanes.values()].filter(({ spec }) => spec.kind !== 'observer');
  }

  get observer(): LaneTrack | null {
    return [...this.#lanes.values()].find(({ spec }) => spec.kind === 'observer') ?? null;
  }

  /** By their instants; of one instant in the order in which each producer told them. */
  get told(): Told {
    return this.#told.byInstant();
  }

  get phases(): readonly PhaseSpan[] {
    return phaseSpans(this.told.phase);
  }

  /** Columns of one tick of the slowest lane, an edge at T0; while there is none, at the begin. */
  get scale(): Scale {
    const polled = [...this.#lanes.values()].filter(({ ticks }) => ticks.length > 0);
    const clients = polled.filter(({ spec }) => spec.kind !== 'observer');
    const slowestMs = Math.max(0, ...clients.map(({ spec }) => spec.intervalMs));
    const begins = polled.flatMap(({ ticks }) => ticks[0]?.scheduledNs ?? []);
    const newest = polled.flatMap(({ ticks }) => ticks.at(-1)?.scheduledNs ?? []);
    const fromNs = begins.length === 0 ? 0 : Math.min(...begins);
    return {
      zeroNs: this.t0Ns ?? fromNs,
      tickNs: (slowestMs > 0 ? slowestMs : 500) * 1e6,
      span: { fromNs, toNs: Math.max(fromNs, ...newest) },
    };
  }

  /** Of all lanes, in the order of the lanes. */
  outages(): Stretch[] {
    return this.lanes.flatMap((lane) => lane.failed());
  }

  /** What the names led to, and roles and statuses, until now. */
  cluster(): ClusterNow {
    const { gauge } = this.told;
    const roles = measureRoles(gauge);
    const names = measureDns(gauge, roles, this.#nowNs);
    return { names, roles, statuses: measureStatuses(gauge, this.#nowNs), endNs: this.#nowNs };
  }

  /** What answered, one row for each lane that tells it; only where more than one thing did. */
  servedBy(untilNs: number): ServedRow[] {
    const { names } = this.cluster();
    const dialling = this.lanes.filter(
      ({ spec, ticks }) => spec.kind === 'new-connection' && ticks.length > 0,
    );
    return dialling.flatMap((lane) => {
      const row = servedRow(lane, names, untilNs);
      return row.served.length > 1 ? [row] : [];
    });
  }

  /** Judged as if the run ended here; kept until something new is taken. */
  soFar(): RunReport {
    if (this.#judged?.version !== this.#version) {
      const report = judgeMeasurement(this.#running.measurement());
      this.#judged = { version: this.#version, report };
    }
    return this.#judged.report;
  }

  #takeOne(entry: Entry): void {
    this.#nowNs = Math.max(this.#nowNs, entry.atNs);
    switch (entry.kind) {
      case 'run':
        if (entry.data.stage === 'started') this.#start(entry.data);
        if (entry.data.stage === 'finished') this.#finished ??= entry;
        return;
      case 'poll':
        this.#nowNs = Math.max(this.#nowNs, entry.data.endNs);
        this.#takePoll(entry.subject.lane ?? 'unnamed', entry.data);
        return;
      case 'write':
        if (entry.data.stage === 'acknowledged') this.commits.take(entry.atNs);
        return;
      case 'event':
      case 'call':
      case 'note':
      case 'gauge':
      case 'session':
      case 'phase':
        this.#told.take(entry);
        return;
      default:
    }
  }

  #start(started: RunStarted): void {
    if (this.#started !== null) return;
    this.#started = started;
    this.#slowNs = slowMsOf(started) * 1e6;
    const clients = started.lanes.filter(({ kind }) => kind !== 'observer');
    const tickMs = Math.min(...clients.map(({ intervalMs }) => intervalMs));
    for (const spec of started.lanes) this.#follow(spec, tickMs);
  }

  #follow(spec: LaneSpec, tickMs: number): LaneTrack {
    const slowNs = spec.kind === 'observer' ? tickMs * 1e6 : this.#slowNs;
    const lane = new LaneTrack({ spec, slowNs });
    this.#lanes.set(spec.name, lane);
    for (const poll of this.#early.get(spec.name) ?? []) lane.take(poll);
    this.#early.delete(spec.name);
    return lane;
  }

  #takePoll(name: string, poll: PollData): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) {
      lane.take(poll);
      return;
    }
    const early = this.#early.get(name) ?? [];
    this.#early.set(name, early);
    early.push(poll);
    // The list of lanes has its entry at the begin: where that is lost, the polls tell.
    if (this.#started !== null || early.length >= guessedFrom) {
      const spec = guessSpec(name, early);
      this.#follow(spec, spec.intervalMs);
    }
  }
}

/** Polls of a lane that no start listed, from which its interval is guessed. */
const guessedFrom = 20;

export interface ClusterNow {
  readonly names: readonly NameMeasure[];
  readonly roles: readonly RoleMeasure[];
  readonly statuses: readonly StatusMeasure[];
  readonly endNs: number;
}

function servedRow(lane: LaneTrack, names: readonly NameMeasure[], untilNs: number): ServedRow {
  const answers = nameOf(names, lane.spec)?.answers ?? [];
  const all: Served[] = [];
  const answered: { readonly atNs: number; readonly index: number }[] = [];
  for (const tick of lane.ticks) {
    const served = tick.endNs <= untilNs ? servedOf(tick, answers) : null;
    if (served === null) continue;
    let index = all.findIndex((one) => sameServed(one, served));
    if (index === -1) index = all.push(served) - 1;
    answered.push({ atNs: tick.scheduledNs, index });
  }
  const columns = ({ originNs, columnNs, columns: count }: Axis): (number | null)[] => {
    const row = new Array<number | null>(count).fill(null);
    for (const { atNs, index } of answered) {
      const column = Math.floor((atNs - originNs) / columnNs);
      if (column >= 0 && column < count) row[column] = index;
    }
    return row;
  };
  return { lane: lane.spec.name, served: all, columns, now: answered.at(-1)?.index ?? null };
}

type ToldKind = keyof Told;
type ToldEntry = EntryOf<ToldKind>;

class ToldEntries {
  readonly #kinds: { [K in ToldKind]: EntryOf<K>[] } = {
    event: [],
    call: [],
    note: [],
    gauge: [],
    session: [],
    phase: [],
  };
  #inOrder = true;

  take(entry: ToldEntry): void {
    const list = this.#kinds[entry.kind] as ToldEntry[];
    // What came first begins the run; what is left out is in the history, and in its report.
    if (list.length >= toldMax) return;
    list.push(entry);
    this.#inOrder = false;
  }

  byInstant(): Told {
    if (!this.#inOrder)
      for (const list of Object.values(this.#kinds) as ToldEntry[][]) list.sort(byInstant);
    this.#inOrder = true;
    return this.#kinds;
  }
}

type Numbered = Pick<Entry, 'atNs' | 'producer' | 'seq'>;

function byInstant(a: Numbered, b: Numbered): number {
  return (
    a.atNs - b.atNs || (a.producer < b.producer ? -1 : a.producer > b.producer ? 1 : a.seq - b.seq)
  );
}
