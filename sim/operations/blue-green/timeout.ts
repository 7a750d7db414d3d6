/** The time that a switchover has, from the stop of writes on. */
import type { Clock, Timer } from '../../clock.js';
import { OperationFailed } from '../job.js';

export class Timeout {
  readonly #clock: Clock;
  readonly #deadlineNs: number;
  readonly #timer: Timer;
  /** Aborts when the time is up, or the job is; its reason says which. */
  readonly signal: AbortSignal;

  constructor(clock: Clock, timeoutMs: number, job: AbortSignal) {
    const up = new AbortController();
    this.#clock = clock;
    this.#deadlineNs = clock.nowNs() + timeoutMs * 1e6;
    this.signal = AbortSignal.any([job, up.signal]);
    const text = `the switchover taking longer than its timeout of ${timeoutMs / 1_000} s`;
    this.#timer = clock.timer(timeoutMs, () => up.abort(new OperationFailed(text)));
  }

  get leftMs(): number {
    return (this.#deadlineNs - this.#clock.nowNs()) / 1e6;
  }

  /** Waits for that work, which goes on where the time is up. @throws the signal's reason */
  async during<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const up = new Promise<never>((_, reject) => {
      const fail = (): void => reject(this.signal.reason);
      if (this.signal.aborted) fail();
      else this.signal.addEventListener('abort', fail, { once: true, signal: over.signal });
    });
    work.catch(() => {});
    return await Promise.race([work, up]).finally(() => over.abort());
  }

  /** Until so long after that instant. @throws the signal's reason */
  async until(fromNs: number, afterMs: number): Promise<void> {
    const leftMs = afterMs - (this.#clock.nowNs() - fromNs) / 1e6;
    await this.#clock.sleep(Math.max(0, leftMs), this.signal);
    if (this.signal.aborted) throw this.signal.reason;
  }

  /** What is still to come would not fit in: nothing is left but to wait for the end. */
  async requireMs(neededMs: number): Promise<void> {
    if (this.leftMs < neededMs) await this.#clock.sleep(neededMs, this.signal);
  }

  end(): void {
    this.#timer.cancel();
  }
}
