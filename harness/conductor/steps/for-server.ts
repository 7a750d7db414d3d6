/** What a step says for one server of several. Pure. */
import type { Cluster } from '../../../sim/sim.js';
import type { ByServer } from '../../step.js';

/** What is said for that server; undefined where nothing is. */
export function forServer<T extends string | readonly string[]>(
  value: ByServer<T>,
  server: Cluster['server'],
): T | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value as T;
  const by = value as { readonly [S in Cluster['server']]?: T };
  return by[server] ?? (server === 'mariadb' ? by.mysql : undefined);
}
