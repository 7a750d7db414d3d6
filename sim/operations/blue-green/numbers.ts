/** Numbers that no replication carries over by itself: sequences, and a look at AUTO_INCREMENT. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { binaryLogEnd, countersBehind } from '../../engine/mysql/blue-green.js';
import { openDatabases } from '../../engine/postgres/blue-green.js';
import { advanceSequences, usedSequences } from '../../engine/postgres/sequences.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';
import type { BlueGreenDeployment } from './deployment.js';
import * as say from './messages.js';

const name = 'sequences';

/**
 * Advances green's sequences past every value that blue gave, where there are any. Nobody may be
 * connected to blue meanwhile.
 * @throws OperationFailed where one could not be
 */
export async function advanceAll(deployment: BlueGreenDeployment): Promise<void> {
  const { blue, green, kind, named } = deployment;
  const { member, server } = blue.writerInstance;
  if (member.protocolName !== 'postgres') return;
  const [inBlue, inGreen] = [inDatabaseOf(server), inDatabaseOf(green.writerInstance.server)];
  let count = 0;
  try {
    for (const database of await openDatabases(member.admin)) {
      const used = await inBlue(database, usedSequences);
      if (used.length === 0) continue;
      if (count === 0) deployment.tell(say.sequencesInitiated(kind, named));
      count += used.length;
      await inGreen(database, (admin) => advanceSequences(admin, used));
    }
  } catch (error) {
    deployment.tell(say.sequencesCancelled(kind, named));
    throw new OperationFailed(`sequences that failed to sync: ${messageOf(error)}`);
  }
  if (count === 0) return;
  deployment.tell(say.sequencesCompleted(kind, named));
  const detail = `${count} on green are as far as on blue`;
  blue.tellCheck({ name, when: 'after', state: 'ok', detail });
}

/** Of MySQL, once it is over: where replicas from outside go on, and whether counters are right. */
export async function tellCounters(production: ClusterRecord): Promise<void> {
  const { writerInstance: writer } = production;
  const { member } = writer;
  if (member.protocolName !== 'mysql') return;
  try {
    const end = await binaryLogEnd(member.admin, member.flavour);
    if (end !== null) production.tell(say.binaryLogCoordinates(end.file, end.position), writer);
    const behind = await countersBehind(member.admin);
    const isFine = behind.length === 0;
    production.tellCheck({
      name: 'auto-increment',
      when: 'after',
      state: isFine ? 'ok' : 'blocked',
      detail: isFine ? 'every counter is past every used value' : behind.join('; '),
    });
  } catch (error) {
    const text = `AUTO_INCREMENT was not looked at: ${messageOf(error)}`;
    production.note('warning', 'counters-unread', text);
  }
}
