/** Tells in which stretch a server stood still while its data were copied. */
import type { Emit } from '../events.js';
import type { ServerSnapshot } from '../server/server.js';
import type { Instance } from './instance.js';

export function tellFrozen(
  emit: Emit,
  { subject }: Instance,
  { fromNs, toNs }: ServerSnapshot['frozen'],
): void {
  for (const [atNs, value] of [
    [fromNs, 1],
    [toNs, 0],
  ] as const)
    emit({
      atNs,
      clock: 'harness',
      kind: 'gauge',
      subject,
      data: { name: 'server.frozen', value, unit: null },
    });
}
