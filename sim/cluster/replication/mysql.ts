/** Binary log with GTIDs: a follower takes no writes from the unprivileged. */

import type { Flavour } from '../../engine/flavours.js';
import type { MysqlAdmin } from '../../engine/mysql/admin.js';
import * as engine from '../../engine/mysql/replication.js';
import type { Instance } from '../instance.js';
import type { Replication } from './replication.js';

export function mysqlReplication(flavour: Flavour): Replication {
  const waitFor = async (replica: Instance, transactions: string, timeoutMs: number) => {
    const admin = adminOf(replica);
    if (await engine.waitForTransactions(admin, flavour, transactions, timeoutMs)) return;
    const { error } = await engine.threadStates(admin, flavour);
    const why = error === '' ? '' : `: ${error}`;
    throw new Error(`${replica.identifier} did not catch up within ${timeoutMs / 1000} s${why}`);
  };
  return {
    // Whoever follows a promoted follower wants what that one only applied.
    parametersOf: () => ({ log_slave_updates: 'ON' }),
    prepare: (source, login) => engine.createFollower(adminOf(source), login),
    follow: async (replica, link, { user, password }) => {
      await replica.member.refuseWrites();
      await engine.followFrom(adminOf(replica), flavour, { ...link, user, password }, 'own-log');
    },
    catchUp: async (replica, source, timeoutMs) =>
      waitFor(replica, await engine.transactionsOf(adminOf(source), flavour), timeoutMs),
    promote: async (replica, timeoutMs) => {
      const received = await engine.stopReceiving(adminOf(replica), flavour);
      await waitFor(replica, received, timeoutMs);
      await engine.stopFollowing(adminOf(replica), flavour);
    },
    delayApply: (replica, delayMs) =>
      engine.setDelay(adminOf(replica), flavour, Math.round(delayMs / 1_000)),
    state: async (replica) => {
      const { receiving, applying, error } = await engine.threadStates(adminOf(replica), flavour);
      const why = error === '' ? null : error;
      if (!applying || receiving === 'No') return { state: 'broken', why };
      return { state: receiving === 'Yes' ? 'streaming' : 'connecting', why };
    },
  };
}

/** @throws Error where its server is none of these */
export function adminOf({ identifier, member }: Instance): MysqlAdmin {
  if (member.protocolName !== 'mysql') throw new Error(`${identifier} is no MySQL`);
  return member.admin;
}
