/**
 * Open-loop ticks: tick k is due at `startNs + k * intervalNs` whatever became of the ones
 * before, and every tick is either begun or reported as skipped. Nothing here drifts or chains.
 */
import type { Clock, Timer } from '../../sim/clock.js';

export interface TickerOptions {
  readonly clock: Clock;
  /** When tick 0 is due, nanoseconds on the run's clock. */
  readonly startNs: number;
  readonly intervalNs: number;
  /** A tick later than this is not begun any more: it would only repeat the next one. */
  readonly lateLimitNs: number;
  readonly onTick: (tick: number, scheduledNs: number) => void;
  /** Our own stall, not the database's: there is no observation for this tick. */
  readonly onSkipped: (tick: number, scheduledNs: number) => void;
}

/** Skipped ticks reported in one turn, so that a long stall does not make another one. */
const skippedPerTurnMax = 1_000;

export class Ticker {
  readonly #options: TickerOptions;
  #next = 0;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm();
  }

  /** The number of the tick that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Deals with every tick due by now and ends. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    while (this.#dueNs() <= this.#options.clock.nowNs()) this.#take();
  }

  #dueNs(): number {
    return this.#options.startNs + this.#next * this.#options.intervalNs;
  }

  #arm(): void {
    const waitMs = (this.#dueNs() - this.#options.clock.nowNs()) / 1e6;
    // Timers count whole milliseconds and cut the rest off: rounded up they are never early.
    this.#timer = this.#options.clock.timer(Math.max(0, Math.ceil(waitMs)), () => this.#wake());
  }

  #wake(): void {
    let skipped = 0;
    while (!this.#stopped && this.#dueNs() <= this.#options.clock.nowNs()) {
      if (this.#take() === 'skipped' && ++skipped >= skippedPerTurnMax) break;
    }
    if (!this.#stopped) this.#arm();
  }

  #take(): 'begun' | 'skipped' {
    const { clock, lateLimitNs, onTick, onSkipped } = this.#options;
    const scheduledNs = this.#dueNs();
    const tick = this.#next++;
    if (clock.nowNs() - scheduledNs > lateLimitNs) {
      onSkipped(tick, scheduledNs);
      return 'skipped';
    }
    onTick(tick, scheduledNs);
    return 'begun';
  }
}
