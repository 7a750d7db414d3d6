/** Whether a server of a deployment takes writes. */
import type { Instance } from '../../cluster/instance.js';
import { readOnlyParameter } from '../../engine/postgres/blue-green.js';

/**
 * No new transaction writes, unless its session says otherwise on Postgres, or its user may on
 * MySQL (AmazonRDS UserGuide/blue-green-deployments-considerations.html).
 */
export async function refuseWrites(instance: Instance): Promise<void> {
  const { member } = instance;
  if (member.protocolName === 'postgres') await member.parameters.set(readOnlyParameter, 'on');
  else await member.refuseWrites();
  instance.tellWrites('refused');
}

export async function allowWrites(instance: Instance): Promise<void> {
  const { member } = instance;
  if (member.protocolName === 'postgres') await member.parameters.set(readOnlyParameter, 'off');
  else await member.parameters.set('read_only', '0');
  instance.tellWrites('allowed');
}
