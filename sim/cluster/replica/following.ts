/** How a replica that is a cluster of its own follows its source, from before the copy on. */
import type { Flavour } from '../../engine/flavours.js';
import * as mysql from '../../engine/mysql/replication.js';
import { Admin } from '../../engine/postgres/admin.js';
import * as postgres from '../../engine/postgres/replication.js';
import type { Server } from '../../server/server.js';
import type { Login } from '../../sim.js';
import type { Instance } from '../instance.js';
import { type Member, memberOf } from '../member.js';
import { adminOf, mysqlReplication } from '../replication/mysql.js';
import { LogicalFollowing } from '../replication/postgres-logical.js';
import type { Replication } from '../replication/replication.js';

const promoteMsMax = 30_000;

/** To be used in this order: begun, a running copy taken as a server of its own, followed. */
export interface ReplicaFollowing {
  readonly replication: Replication;
  /** A running copy, started with `standby`, takes writes of its own from now on. */
  detach(copy: Server): Promise<void>;
  /** The source keeps nothing for it any more. Never rejects. */
  end(): Promise<void>;
}

/**
 * Before the source's data are copied.
 * @param name letters, digits and dashes that no other replica of the source has
 * @throws UserError `REPLICA_SOURCE_UNFIT`
 */
export async function beginFollowing(
  source: Instance,
  name: string,
  login: Login,
): Promise<ReplicaFollowing> {
  const { member } = source;
  return member.protocolName === 'postgres'
    ? await byTables(source, name, login)
    : await byBinaryLog(source, member.flavour, login);
}

async function byTables(source: Instance, name: string, login: Login): Promise<ReplicaFollowing> {
  const following = await LogicalFollowing.begin(source, name, login);
  return {
    replication: following,
    detach: (copy) =>
      withMember(copy, async (member) => {
        if (member.protocolName !== 'postgres') throw new Error(`${name} is no Postgres`);
        await postgres.promote(member.admin, promoteMsMax);
        await following.copied(
          member.admin,
          (database) => new Admin(copy.address, { ...copy.admin, database }),
        );
      }),
    end: () => following.end(),
  };
}

async function byBinaryLog(
  source: Instance,
  flavour: Flavour,
  login: Login,
): Promise<ReplicaFollowing> {
  const ofMembers = mysqlReplication(flavour);
  await ofMembers.prepare(source, login);
  let from: mysql.FollowFrom = 'own-log';
  return {
    replication: {
      ...ofMembers,
      follow: async (replica, link, { user, password }) => {
        if (from !== 'where-it-was') await replica.member.refuseWrites();
        await mysql.followFrom(adminOf(replica), flavour, { ...link, user, password }, from);
        // From now on its log may hold writes that are no others' than its own.
        from = 'where-it-was';
      },
    },
    // An upgrade may write to its log.
    detach: (copy) =>
      withMember(copy, async (member) => {
        if (member.protocolName !== 'mysql') throw new Error('the copy is no MySQL');
        const position = await mysql.transactionsOf(member.admin, flavour);
        if (position !== '') from = { position };
      }),
    end: async () => {},
  };
}

async function withMember(copy: Server, work: (member: Member) => Promise<void>): Promise<void> {
  const member = memberOf(copy);
  await work(member).finally(() => member.admin.disconnect());
}
