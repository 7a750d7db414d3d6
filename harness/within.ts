/** Waits for work, but no longer than a limit: what hangs must not hang us. */
import type { Clock } from '../sim/clock.js';

/** What `within` gives in place of work that is not done in time. */
export const late = Symbol('late');

/** Resolves with `late` after `limitMs`; the work itself goes on unwatched, its failure too. */
export function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    const timer = clock.timer(limitMs, () => resolve(late));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
