/** What is looked at, and changed, on both sides so that green can follow and be switched to. */
import { exemptAdmin, schemaOf, uncarriedOf } from '../../engine/postgres/blue-green.js';
import type { CheckData } from '../../events.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';
import type { BlueGreenDeployment } from './deployment.js';
import { refuseWrites } from './writes.js';

const listedMax = 5;

/**
 * Before green is made: what logical replication will fall short of is told, and blue's schema
 * remembered, so that changes of it are found later.
 */
export async function lookAtBlue(deployment: BlueGreenDeployment): Promise<void> {
  const { blue } = deployment;
  const { member, server } = blue.writerInstance;
  if (member.protocolName !== 'postgres') return;
  await exemptAdmin(member.admin, server.admin.user);
  const inDatabase = inDatabaseOf(server);
  const { withoutKey, unlogged, largeObjects } = await uncarriedOf(member.admin, inDatabase);
  const checks: CheckData[] = [
    check('primary-keys', withoutKey, 'updates and deletes of these fail on blue from now on'),
    check('unlogged-tables', unlogged, 'these stay empty on green'),
    check('large-objects', largeObjects ? ['there are some'] : [], 'changes of them are lost'),
  ];
  for (const found of checks) blue.tellCheck(found);
  deployment.schema = await schemaOf(member.admin, inDatabase);
}

function check(name: string, found: readonly string[], what: string): CheckData {
  if (found.length === 0)
    return { name, when: 'before', state: 'ok', detail: 'none to be told of' };
  const more = found.length > listedMax ? ` and ${found.length - listedMax} more` : '';
  const detail = `${what}: ${found.slice(0, listedMax).join(', ')}${more}`;
  return { name, when: 'before', state: 'warning', detail };
}

/** Green takes writes from nobody but our admin until it is switched to. */
export async function readySides({ green }: BlueGreenDeployment): Promise<void> {
  const { member, server } = green.writerInstance;
  if (member.protocolName === 'postgres') await exemptAdmin(member.admin, server.admin.user);
  await refuseWrites(green.writerInstance);
}
