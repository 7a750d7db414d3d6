/**
 * Measures a history as it is read, piece by piece, in memory that hardly depends on its length:
 * polls are measured lane by lane and let go, writes become their fates, and the rest, of which
 * there is little, is kept. Bounds, counts, latencies and gaps are those of the whole; the ticks
 * themselves are not kept.
 */
import type { Entry, EntryOf } from '../history/entry.js';
import { measureBackOut } from './back-out.js';
import { GapFinder, type ReadDamage } from './history-gaps.js';
import type { LagMeasure } from './lag.js';
import type { LaneMeasure } from './lane.js';
import { LedgerBook } from './ledger.js';
import {
  endGaps,
  guessSpec,
  type Measurement,
  measure,
  measureWorld,
  type RunStarted,
  slowMsOf,
  verifyNs,
} from './measure.js';
import type { ObserverMeasure } from './observer.js';
import { measureRollback } from './rollback.js';
import { RunningLaneMeasure } from './running-lane-measure.js';

type Poll = EntryOf<'poll'>['data'];

/** Entries of other kinds that are kept; one takes about 1 kB. */
const othersMax = 300_000;
/** Polls of a lane that no start listed, from which its interval is guessed. */
const guessedFrom = 1_000;

export class RunningHistory {
  readonly #finder = new GapFinder();
  readonly #book = new LedgerBook();
  readonly #others: Entry[] = [];
  readonly #lanes = new Map<string, RunningLaneMeasure>();
  /** Polls of lanes that are not known yet. */
  readonly #early = new Map<string, Poll[]>();
  #started: RunStarted | null = null;
  #slowNs = slowMsOf(null) * 1e6;
  #tickMs = Number.POSITIVE_INFINITY;
  #leftOut = 0;
  #endNs = 0;

  take(entries: readonly Entry[], damage: ReadDamage): void {
    this.#finder.take(entries, damage);
    for (const entry of entries) this.#takeOne(entry);
  }

  #takeOne(entry: Entry): void {
    this.#endNs = Math.max(this.#endNs, entry.atNs);
    if (entry.kind === 'poll') {
      this.#endNs = Math.max(this.#endNs, entry.data.endNs);
      this.#takePoll(entry.subject.lane ?? 'unnamed', entry.data);
      return;
    }
    if (entry.kind === 'write') {
      this.#book.take(entry.data);
      return;
    }
    // What began and ended the run must not be what is left out.
    if (this.#others.length < othersMax || entry.kind === 'run') this.#others.push(entry);
    else this.#leftOut += 1;
    if (entry.kind === 'note') this.#interrupt(entry);
    if (entry.kind === 'run' && entry.data.stage === 'started') this.#start(entry.data);
  }

  #start(started: RunStarted): void {
    if (this.#started !== null) return;
    this.#started = started;
    this.#slowNs = slowMsOf(started) * 1e6;
    const clients = started.lanes.filter(({ kind }) => kind !== 'observer');
    this.#tickMs = Math.min(...clients.map(({ intervalMs }) => intervalMs));
    for (const spec of started.lanes) this.#follow(spec.name);
  }

  #takePoll(name: string, poll: Poll): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) {
      lane.take(poll);
      return;
    }
    const early = this.#early.get(name);
    if (early === undefined) this.#early.set(name, [poll]);
    else if (early.push(poll) >= guessedFrom) this.#follow(name);
  }

  /** Measures a lane from here on, what came of it already included. */
  #follow(name: string): RunningLaneMeasure {
    const early = this.#early.get(name) ?? [];
    this.#early.delete(name);
    const listed = this.#started?.lanes.find((lane) => lane.name === name);
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const spec = listed ?? guessSpec(name, early);
    const lane = new RunningLaneMeasure(spec, { slowNs: this.#slowNs, tickMs: this.#tickMs });
    this.#lanes.set(name, lane);
    for (const poll of early) lane.take(poll);
    return lane;
  }

  /** In somebody else's log: nobody watched before the instant that the note names. */
  #interrupt({ subject, data }: EntryOf<'note'>): void {
    const { code, toNs } = data;
    if (code !== 'unobserved' || toNs === undefined) return;
    for (const [name, lane] of this.#lanes)
      if (subject.lane === undefined || subject.lane === name) lane.interrupt(toNs);
  }

  /** What was measured of all that was taken. */
  measurement(): Measurement {
    for (const name of [...this.#early.keys()]) this.#follow(name);
    const rest = measure(this.#others);
    const stoppedNs = rest.finished?.completed === true ? verifyNs(rest.phases) : null;
    const measured = [...this.#lanes.values()].map((lane) => ({
      lane,
      totals: lane.totals(lane.spec.kind === 'served-by' ? null : stoppedNs),
    }));
    const gauge = this.#others.filter((entry) => entry.kind === 'gauge');
    const session = this.#others.filter((entry) => entry.kind === 'session');
    const specs = measured.map(({ lane }) => lane.spec);
    const rollbacks = this.#others.filter((entry) => entry.kind === 'rollback');
    const backOuts = this.#others.filter((entry) => entry.kind === 'back-out');
    const ledger = this.#book.measured();
    const rollback = measureRollback(rollbacks, this.#book, null);
    return {
      ...rest,
      endNs: this.#endNs,
      lanes: measured
        .map(({ totals }) => totals)
        .filter(({ spec }: LaneMeasure) => spec.kind !== 'observer'),
      observer: this.#observer(),
      ledger,
      rollback,
      backOut: measureBackOut(backOuts, ledger, rollback),
      ...measureWorld(specs, { gauge, session, note: rest.notes }, this.#endNs),
      lags: lagsOf(measured.map(({ lane }) => lane)),
      slowNs: this.#slowNs,
      gaps: [
        ...this.#finder.gaps(),
        ...this.#book.gaps(),
        ...(this.#leftOut > 0
          ? [`${this.#leftOut} entries beyond the first ${othersMax} were not measured`]
          : []),
        ...endGaps(
          rest,
          stoppedNs,
          measured.map(({ lane }) => lane.watched),
        ),
      ],
    };
  }

  #observer(): ObserverMeasure | null {
    const lane = [...this.#lanes.values()].find(({ spec }) => spec.kind === 'observer');
    return lane?.lateness() ?? null;
  }
}

function lagsOf(lanes: readonly RunningLaneMeasure[]): Map<string, LagMeasure> {
  const lags = new Map<string, LagMeasure>();
  for (const { spec, lag } of lanes) if (lag !== null) lags.set(spec.name, lag);
  return lags;
}
