/** What is looked at, and changed, on both sides so that green can follow and be switched to. */
import { exemptAdmin, schemaOf } from '../../engine/postgres/blue-green.js';
import { uncarriedBy } from '../uncarried.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';
import type { BlueGreenDeployment } from './deployment.js';
import { refuseWrites } from './writes.js';

/**
 * Before green is made: what logical replication will fall short of is told, and blue's schema
 * remembered, so that changes of it are found later.
 */
export async function lookAtBlue(deployment: BlueGreenDeployment): Promise<void> {
  const { blue } = deployment;
  const { member, server } = blue.writerInstance;
  if (member.protocolName !== 'postgres') return;
  await exemptAdmin(member.admin, server.admin.user);
  for (const found of await uncarriedBy(blue.writerInstance, { source: 'blue', copy: 'green' }))
    blue.tellCheck(found);
  deployment.schema = await schemaOf(member.admin, inDatabaseOf(server));
}

/** Green takes writes from nobody but our admin until it is switched to. */
export async function readySides({ green }: BlueGreenDeployment): Promise<void> {
  const { member, server } = green.writerInstance;
  if (member.protocolName === 'postgres') await exemptAdmin(member.admin, server.admin.user);
  await refuseWrites(green.writerInstance);
}
