/** Physical streaming: a follower is a standby, which takes no writes from anybody. */

import type { Admin } from '../../engine/postgres/admin.js';
import * as engine from '../../engine/postgres/replication.js';
import type { Instance } from '../instance.js';
import type { Replication } from './replication.js';
import { untilTrue } from './until-true.js';

export const postgresReplication: Replication = {
  parametersOf: () => ({ wal_keep_size: engine.walKept }),
  prepare: async (source, login) => {
    await engine.createFollower(adminOf(source), login);
    // One that was made alone has not been told.
    await engine.keepLog(adminOf(source));
  },
  follow: (replica, link, { user, password }) =>
    engine.streamFrom(adminOf(replica), { ...link, user, password }, replica.identifier),
  catchUp: async (replica, source, timeoutMs) => {
    const end = await engine.endOfLog(adminOf(source));
    if (end === undefined) throw new Error(`${source.identifier} takes no writes itself`);
    await untilTrue(replica, timeoutMs, () => engine.hasReplayed(adminOf(replica), end));
  },
  promote: (replica, timeoutMs) => engine.promote(adminOf(replica), timeoutMs),
  delayApply: (replica, delayMs) => engine.delayReplay(adminOf(replica), delayMs),
  state: async (replica) => ({
    state: (await engine.isStreaming(adminOf(replica))) ? 'streaming' : 'connecting',
    why: null,
  }),
};

function adminOf({ identifier, member }: Instance): Admin {
  if (member.protocolName !== 'postgres') throw new Error(`${identifier} is no Postgres`);
  return member.admin;
}
