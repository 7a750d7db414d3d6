/**
 * Compares what numbers new rows. Behind, it gives numbers that were used: rows that collide, or
 * two rows of one number where no key forbids it. Ahead, it only leaves some out. Pure.
 */
import type { Counter } from '../../engine/comparable.js';
import type { Findings } from './comparison.js';

export interface CounterSide {
  readonly name: string;
  readonly counters: readonly Counter[];
}

export function compareCounters(from: CounterSide, to: CounterSide, findings: Findings): void {
  const after = new Map(to.counters.map((one) => [one.name, one]));
  let ahead = 0;
  for (const was of from.counters) {
    const is = after.get(was.name);
    // That it is not there at all is told with the schema.
    if (is === undefined) continue;
    findings.compared();
    const text = `${was.what} ${was.name}`;
    const stands = `goes on at ${is.next} in ${to.name}`;
    if (isBeyond(was, is))
      findings.differs(`${text} ${stands}, behind the ${was.next} in ${from.name}`);
    else if (was.next !== is.next) ahead++;
  }
  for (const { what, name, next, used, isUp } of to.counters)
    if (used !== null && isUp && used >= next)
      findings.differs(`${what} ${name} goes on at ${next} in ${to.name}, which has ${used}`);
  if (ahead > 0)
    findings.remark(
      `${ahead} are further in ${to.name}: they leave numbers out, none is used twice`,
    );
}

/** Whether the first is further than the second. */
function isBeyond(first: Counter, second: Counter): boolean {
  return first.isUp ? first.next > second.next : first.next < second.next;
}
