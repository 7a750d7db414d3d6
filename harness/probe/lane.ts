/** A lane: ticks become attempts, attempts become poll entries; around an outage, edge polls. */
import type { Clock, Timer } from '../../sim/clock.js';
import type { LaneSpec, RecordEntry } from '../history/entry.js';
import { note } from '../history/record.js';
import type { AttemptEnd, Attempts } from './attempt.js';
import { ownFailure } from './failure.js';
import { Ticker } from './ticker.js';

export interface LaneOptions {
  readonly spec: LaneSpec;
  readonly attempts: Attempts;
  readonly clock: Clock;
  readonly record: RecordEntry;
  /** When tick 0 is due; lanes begin at different phases so that they do not act together. */
  readonly startNs: number;
  /** Attempts under way at once, edge polls aside. */
  readonly inFlightMax: number;
}

/** A tick later than one interval repeats the next one; at short intervals a burst is fine. */
const lateLimitMsMin = 50;
const edgeInFlightMax = 2;
const edgeTimeoutMsMin = 1_000;

export class Lane {
  readonly #options: LaneOptions;
  readonly #ticker: Ticker;
  #inFlight = 0;
  #drained: (() => void) | null = null;
  #edgeSinceNs: number | null = null;
  #edgeInFlight = 0;
  #edgeTimer: Timer | null = null;
  #stopped = false;
  #faultTold = false;

  constructor(options: LaneOptions) {
    const { spec, clock, startNs } = options;
    this.#options = options;
    this.#ticker = new Ticker({
      clock,
      startNs,
      intervalNs: Math.round(spec.intervalMs * 1e6),
      lateLimitNs: Math.max(spec.intervalMs, lateLimitMsMin) * 1e6,
      onTick: (tick, scheduledNs) => this.#tick(tick, scheduledNs),
      onSkipped: (tick, scheduledNs) =>
        this.#notSent(tick, scheduledNs, 'this tool was late: the tick was skipped'),
    });
  }

  start(): void {
    this.#ticker.start();
  }

  /** Ends the ticks and waits for the attempts under way; each has its own deadline. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ticker.stop();
    this.#endEdge();
    if (this.#inFlight + this.#edgeInFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  /** One last attempt behind the ticks, as one more of them: what it finds is not to be lost. */
  async finalCheck(): Promise<void> {
    const { attempts, clock, spec } = this.#options;
    if (attempts.finalCheck === undefined) return;
    const startNs = clock.nowNs();
    const end = await attempts.finalCheck(spec.timeoutMs);
    if (end !== null)
      this.#recordPoll(this.#ticker.next, startNs, startNs, end, { finalCheck: true });
  }

  #tick(tick: number, scheduledNs: number): void {
    if (this.#inFlight >= this.#options.inFlightMax) {
      this.#notSent(tick, scheduledNs, `${this.#inFlight} attempts were still under way`);
      return;
    }
    this.#inFlight++;
    void this.#run(tick, scheduledNs, this.#options.spec.timeoutMs).then(() => {
      this.#inFlight--;
      this.#checkDrained();
    });
  }

  async #run(tick: number | null, scheduledNs: number, timeoutMs: number): Promise<void> {
    const { attempts, clock } = this.#options;
    const startNs = clock.nowNs();
    let end: AttemptEnd;
    try {
      end = await attempts.attempt(scheduledNs + timeoutMs * 1e6);
    } catch (error) {
      // A defect of ours must not look like an outage, and must not look like success.
      end = { outcome: 'unknown', error: ownFailure('not-sent', String(error)), server: null };
      this.#tellFault(error);
    }
    // An edge poll that looked at nothing has nothing to say; a tick says that it did not look.
    if (tick === null && end.error?.kind === 'not-sent') return;
    this.#recordPoll(tick, scheduledNs, startNs, end);
    this.#watchEdge(startNs, end);
  }

  #recordPoll(
    tick: number | null,
    scheduledNs: number,
    startNs: number,
    { startNs: earlierNs = startNs, ...end }: AttemptEnd,
    more: { finalCheck?: true } = {},
  ): void {
    const endNs = this.#options.clock.nowNs();
    this.#options.record({
      atNs: endNs,
      clock: 'client',
      kind: 'poll',
      subject: { lane: this.#options.spec.name, endpoint: this.#options.spec.target },
      data: { tick, scheduledNs, startNs: earlierNs, endNs, ...end, ...more },
    });
  }

  #notSent(tick: number, scheduledNs: number, why: string): void {
    const nowNs = this.#options.clock.nowNs();
    const error = ownFailure('not-sent', why);
    this.#recordPoll(tick, scheduledNs, nowNs, { outcome: 'unknown', error, server: null });
  }

  #tellFault(error: unknown): void {
    if (this.#faultTold) return;
    this.#faultTold = true;
    const { record, clock, spec } = this.#options;
    note(record, clock, 'error', 'checker-failed', `lane ${spec.name}: ${String(error)}`);
  }

  /** Edge polls run from the first failed poll until the first success that began after it. */
  #watchEdge(startNs: number, end: AttemptEnd): void {
    const { edgeIntervalMs, intervalMs } = this.#options.spec;
    if (edgeIntervalMs === null || edgeIntervalMs >= intervalMs) return;
    if (end.outcome === 'ok') {
      if (this.#edgeSinceNs !== null && startNs >= this.#edgeSinceNs) this.#endEdge();
      return;
    }
    if (this.#edgeSinceNs !== null || this.#stopped || end.error?.kind === 'not-sent') return;
    this.#edgeSinceNs = startNs;
    this.#edgeLater();
  }

  #edgeLater(): void {
    const { clock, spec } = this.#options;
    this.#edgeTimer = clock.timer(spec.edgeIntervalMs ?? spec.intervalMs, () => {
      this.#edgeLater();
      if (this.#edgeInFlight >= edgeInFlightMax) return;
      this.#edgeInFlight++;
      // Short, so that hanging edge polls do not end the edge polling for long.
      const timeoutMs = Math.min(spec.timeoutMs, Math.max(spec.intervalMs, edgeTimeoutMsMin));
      void this.#run(null, clock.nowNs(), timeoutMs).then(() => {
        this.#edgeInFlight--;
        this.#checkDrained();
      });
    });
  }

  #endEdge(): void {
    this.#edgeTimer?.cancel();
    this.#edgeTimer = null;
    this.#edgeSinceNs = null;
  }

  #checkDrained(): void {
    if (this.#inFlight + this.#edgeInFlight === 0) this.#drained?.();
  }
}
