/** A deadline that does not blame the database for a stall of our own. */
import type { Clock, Timer } from '../../sim/clock.js';

/**
 * Calls back after `delayMs`, once what has arrived by then has been read. After a stall Node
 * runs timers before it reads sockets: an answer that came in time would count as late.
 */
export function afterReading(clock: Clock, delayMs: number, callback: () => void): Timer {
  let timer = clock.timer(Math.max(0, delayMs), () => {
    timer = clock.timer(0, callback);
  });
  return { cancel: () => timer.cancel() };
}
