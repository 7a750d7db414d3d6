/** Whom a fault is about, by role or by name. */
import { UserError } from '../../user-error.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';
import type { Meets } from './fault.js';

/**
 * The instances that are meant now: `writer`, `reader` (the first one), `readers`, or an instance
 * by its identifier, or by what that ends with: `instance-2`.
 * @throws UserError `FAULT_TARGET_UNKNOWN`
 */
export function instancesMeant(
  cluster: ClusterRecord,
  target: string | undefined,
  meets: Meets,
): readonly Instance[] {
  if (target === undefined) return byDefault(cluster, meets);
  const found = named(cluster, target);
  if (found.length > 0) return found;
  const known = cluster.instances.map(({ identifier }) => identifier).join(', ');
  throw new UserError(
    'FAULT_TARGET_UNKNOWN',
    `There is no "${target}" in ${cluster.identifier} now.`,
    `Name writer, reader, readers or one of ${known}.`,
  );
}

function byDefault(cluster: ClusterRecord, meets: Meets): readonly Instance[] {
  const { instances, followers } = cluster;
  if (meets === 'all') return instances;
  if (meets === 'followers') return instances.filter((one) => followers.linkOf(one) !== undefined);
  return instances.filter(({ role }) => role === 'writer');
}

function named({ instances, readers }: ClusterRecord, target: string): readonly Instance[] {
  if (target === 'writer') return instances.filter(({ role }) => role === 'writer');
  if (target === 'reader') return readers.slice(0, 1);
  if (target === 'readers') return readers;
  return instances.filter(
    ({ identifier }) => identifier === target || identifier.endsWith(`-${target}`),
  );
}
