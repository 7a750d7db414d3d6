/**
 * A leaf that any folder may import: the only place that reads the clock or sets a timer.
 * Instants are nanoseconds since the run's anchor, on the machine's monotonic clock, which all
 * threads and processes of one machine share; the wall clock is read once, for the anchor.
 */

/** The zero of a run's clock. Serialisable, so that every thread measures from the same zero. */
export interface Anchor {
  /** `process.hrtime.bigint()` at the zero, as decimal digits. */
  readonly hrtimeNs: string;
  /** Wall-clock time of the zero, ISO 8601 with milliseconds, UTC. */
  readonly wallClock: string;
}

export interface Timer {
  cancel(): void;
}

export interface Clock {
  readonly anchor: Anchor;
  /** Nanoseconds since the anchor; exact as a number for 104 days. */
  nowNs(): number;
  /** Calls back once, no earlier than `delayMs` from now. */
  timer(delayMs: number, callback: () => void): Timer;
  /** Waits. Rejects with the signal's reason as soon as it aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Takes the anchor of a new run: now. */
export function newAnchor(): Anchor {
  return {
    hrtimeNs: process.hrtime.bigint().toString(),
    wallClock: new Date().toISOString(),
  };
}

/** The real clock, measured from `anchor`. */
export function systemClock(anchor: Anchor = newAnchor()): Clock {
  const zeroNs = BigInt(anchor.hrtimeNs);
  const timer = (delayMs: number, callback: () => void): Timer => {
    const handle = setTimeout(callback, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  };
  return {
    anchor,
    nowNs: () => Number(process.hrtime.bigint() - zeroNs),
    timer,
    sleep: (durationMs, signal) => sleepOn(timer, durationMs, signal),
  };
}

function sleepOn(
  timer: (delayMs: number, callback: () => void) => Timer,
  durationMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      pending.cancel();
      reject(signal?.reason);
    };
    const pending = timer(durationMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** A clock that moves only when told to: for tests and for measuring compressed time. */
export class ManualClock implements Clock {
  readonly anchor: Anchor = { hrtimeNs: '0', wallClock: '2026-01-01T00:00:00.000Z' };
  #nowNs = 0;
  #order = 0;
  #timers: { dueNs: number; order: number; callback: () => void }[] = [];

  nowNs(): number {
    return this.#nowNs;
  }

  timer(delayMs: number, callback: () => void): Timer {
    const entry = {
      dueNs: this.#nowNs + Math.max(0, Math.round(delayMs * 1e6)),
      order: this.#order++,
      callback,
    };
    this.#timers.push(entry);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== entry);
      },
    };
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delayMs, callback) => this.timer(delayMs, callback), durationMs, signal);
  }

  /** Moves time forward, firing due timers in order and letting promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const untilNs = this.#nowNs + Math.round(durationMs * 1e6);
    for (;;) {
      await settle();
      const next = this.#earliest();
      if (next === undefined || next.dueNs > untilNs) break;
      this.#nowNs = Math.max(this.#nowNs, next.dueNs);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.callback();
    }
    this.#nowNs = untilNs;
    await settle();
  }

  #earliest(): { dueNs: number; order: number; callback: () => void } | undefined {
    let best: { dueNs: number; order: number; callback: () => void } | undefined;
    for (const entry of this.#timers) {
      if (
        best === undefined ||
        entry.dueNs < best.dueNs ||
        (entry.dueNs === best.dueNs && entry.order < best.order)
      )
        best = entry;
    }
    return best;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

/** The wall-clock time of an instant, for showing only. */
export function wallClockAt(anchor: Anchor, atNs: number): Date {
  return new Date(Date.parse(anchor.wallClock) + atNs / 1e6);
}
