/** Ends green as it is: nobody follows blue any more, and blue keeps nothing for it. */
import type { Instance } from '../../cluster/instance.js';
import { LogicalFollowing } from '../../cluster/replication/postgres-logical.js';
import type { World } from '../operation.js';
import type { BlueGreenDeployment } from './deployment.js';
import { allowWrites } from './writes.js';

const promoteMsMax = 30_000;

/** Ends green's servers too. Never rejects for a server that is away. */
export async function endGreen(world: World, deployment: BlueGreenDeployment): Promise<void> {
  await deployment.forgetMetadata();
  if (!deployment.hasGreen) return;
  const { blue, green } = deployment;
  const following = blue.followers.replicationOf(green.writerInstance);
  deployment.lost();
  await world.remove(green);
  if (following instanceof LogicalFollowing) await endChannels(deployment, following);
}

/** Green stays as a server of its own, which takes writes. */
export async function endFollowing(deployment: BlueGreenDeployment): Promise<void> {
  await deployment.forgetMetadata();
  const { blue, green } = deployment;
  const following = blue.followers.replicationOf(green.writerInstance);
  await blue.followers.promote(green.writerInstance, promoteMsMax);
  if (following instanceof LogicalFollowing) await endChannels(deployment, following);
  await allowWrites(green.writerInstance);
}

/** Blue keeps nothing for green any more; what it does keep all the same is told. */
async function endChannels(
  { blue, greenName }: BlueGreenDeployment,
  following: LogicalFollowing,
): Promise<void> {
  await following.end();
  const { writerInstance } = blue;
  const slots = writerInstance.serverRuns ? await slotsOf(writerInstance, greenName) : [];
  if (slots.length > 0)
    blue.note('warning', 'slot-left', `a replication slot of ${greenName} could not be dropped`);
}

/** The replication slots by which green follows that server; MySQL has none. */
export async function slotsOf({ member }: Instance, greenName: string): Promise<string[]> {
  if (member.protocolName !== 'postgres') return [];
  const rows = await member.admin.query<{ name: string }>(
    'select slot_name as name from pg_catalog.pg_replication_slots',
  );
  return rows.map(({ name }) => name).filter((name) => isSlotOf(greenName, name));
}

/** Slots are named after the replica that they are for. */
export function isSlotOf(greenName: string, slot: string): boolean {
  return slot.startsWith(`rehearse_${greenName.replaceAll(/[^a-z0-9]/g, '_')}_`);
}
