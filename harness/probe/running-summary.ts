/**
 * What a probe of hours says of itself without keeping its polls: the measurement of its lanes,
 * taken as they come, with the same bounds as of a history that is read whole.
 */
import type { Entry, LaneSpec } from '../history/entry.js';
import type { LaneMeasure, Stretch } from '../measure/lane.js';
import { type Measurement, measure, slowMsDefault } from '../measure/measure.js';
import { measureObserver, type ObserverMeasure } from '../measure/observer.js';
import { RunningLane } from '../measure/running-lane.js';
import { union } from '../measure/stretches.js';

/** How late our own stalls may make an attempt's end, beyond its time-out. */
const lateMsMax = 60_000;
/** Of what is not a poll a probe tells little; a fault of ours must not fill the memory. */
const othersMax = 10_000;

export class RunningSummary {
  readonly #lanes: ReadonlyMap<string, RunningLane>;
  readonly #others: Entry[] = [];
  #stalls: Stretch[] = [];
  #worstNs: number | null = null;

  constructor(lanes: readonly LaneSpec[]) {
    const polled = lanes.filter(({ kind }) => kind !== 'served-by');
    const clients = polled.filter(({ kind }) => kind !== 'observer');
    const tickMs = Math.min(...clients.map(({ intervalMs }) => intervalMs));
    this.#lanes = new Map(polled.map((spec) => [spec.name, this.#follow(spec, tickMs)]));
  }

  take(entry: Entry): void {
    if (entry.kind !== 'poll') {
      // The entry that ends the run must not be the one that is left out.
      if (this.#others.length < othersMax || entry.kind === 'run') this.#others.push(entry);
      return;
    }
    this.#lanes.get(entry.subject.lane ?? '')?.take(entry.data);
  }

  /**
   * What was measured so far. Ticks, latencies' quantiles, versions served and the outages beyond
   * the first thousand of a lane are not in it.
   */
  measurement(): Measurement {
    const rest = measure(this.#others);
    const all = [...this.#lanes.values()].map((lane) => lane.totals());
    const lanes = all.filter(({ spec }) => spec.kind !== 'observer');
    const observer = all.find(({ spec }) => spec.kind === 'observer');
    const silent = all.filter((lane) => lane.polls === 0);
    return {
      ...rest,
      lanes,
      observer: observer === undefined ? null : this.#observed(observer),
      gaps: silent.map(({ spec }) => `the lane ${spec.name} has no polls`),
    };
  }

  #observed({ polls }: LaneMeasure): ObserverMeasure {
    const worstNs = this.#worstNs;
    return { polls, medianNs: null, p99Ns: null, worstNs, stalls: this.#stalls };
  }

  #follow(spec: LaneSpec, tickMs: number): RunningLane {
    const options = {
      spec,
      slowNs: slowMsDefault * 1e6,
      attemptNsMax: (spec.timeoutMs + lateMsMax) * 1e6,
    };
    if (spec.kind !== 'observer') return new RunningLane(options);
    const onPart = (part: LaneMeasure): void => {
      const { worstNs, stalls } = measureObserver(part, tickMs * 1e6);
      this.#worstNs = Math.max(this.#worstNs ?? 0, worstNs ?? 0);
      this.#stalls = union([...this.#stalls, ...stalls]);
    };
    return new RunningLane({ ...options, onPart });
  }
}
