/** What the composition root gives to every command. */
import type { Clock } from '../sim/clock.js';
import type { Output } from './output.js';

/** Runs a piece of work and gives back what it gives. */
export type Unheard = <T>(work: () => Promise<T>) => Promise<T>;

export interface CommandContext {
  readonly output: Output;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by the first signal (Ctrl-C, SIGTERM, SIGHUP) and when stdout's reader is gone. */
  readonly stop: AbortSignal;
  /**
   * Does what keeps the event loop busy and leaves nothing behind: meanwhile nobody listens to
   * signals, so that they end the process by themselves.
   */
  readonly unheard?: Unheard;
  /**
   * Puts right what the process must not leave behind where a second signal ends it at once, such
   * as the terminal; returns what takes it back.
   */
  readonly beforeLeaving: (work: () => void) => () => void;
  /** Says that a thread hangs that cannot be ended: the process must not wait for it. */
  readonly threadHangs: () => void;
}
