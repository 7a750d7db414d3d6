/**
 * Logical replication: a follower takes what is written in the tables of the source, row by row,
 * and is a server of its own otherwise: of another version, with other tables beside, taking
 * writes. Neither schema changes nor sequences come with it (PostgreSQL documentation, "Logical
 * Replication", Restrictions).
 */
import { Admin } from '../../engine/postgres/admin.js';
import * as engine from '../../engine/postgres/logical-replication.js';
import { createFollower } from '../../engine/postgres/replication.js';
import type { ServerAddress } from '../../server/server.js';
import type { Login } from '../../sim.js';
import { UserError } from '../../user-error.js';
import type { Instance } from '../instance.js';
import type { FollowerState, Replication } from './replication.js';
import { untilTrue } from './until-true.js';

/** How long a slot may wait for transactions that are open: it begins between two of them. */
const slotMsMax = 60_000;
/** How long a slot may still be held by whoever followed by it, once that was ended. */
const heldMsMax = 2_000;

/** What one replica follows, from before its data are copied until it is promoted. */
export class LogicalFollowing implements Replication {
  readonly #source: Instance;
  readonly #channels: readonly engine.Channel[];
  #from: string | undefined;
  #isSubscribed = false;

  /**
   * Publishes the source's tables and keeps its log from here on.
   * @param name letters, digits and dashes that no other follower of the source has
   * @throws UserError `REPLICA_SOURCE_UNFIT` where the source's log is not made for it
   */
  static async begin(source: Instance, name: string, login: Login): Promise<LogicalFollowing> {
    const admin = adminOf(source);
    if (!(await engine.logsLogically(admin)))
      throw new UserError(
        'REPLICA_SOURCE_UNFIT',
        `${source.identifier} does not log logically, so nothing can follow it by its tables.`,
        'Give it wal_level = logical, as rds.logical_replication does on AWS.',
        'environment',
      );
    await createFollower(admin, login);
    const databases = await engine.databasesToFollow(admin);
    const slot = `rehearse_${name.replaceAll(/[^a-z0-9]/g, '_')}`;
    const channels = databases.map((database, index) => ({ database, name: `${slot}_${index}` }));
    const following = new LogicalFollowing(source, channels);
    try {
      for (const channel of channels) {
        await within(source, channel, (inside) => engine.publish(inside, channel, slotMsMax));
      }
    } catch (error) {
      await following.end();
      throw error;
    }
    return following;
  }

  private constructor(source: Instance, channels: readonly engine.Channel[]) {
    this.#source = source;
    this.#channels = channels;
  }

  /** A copy that was promoted: what it has ends where it left the source's log. */
  async copied(copy: Admin, inDatabase: (database: string) => Admin): Promise<void> {
    this.#from = await engine.endOfCopiedLog(copy);
    await engine.dropCopiedSlots(copy);
    for (const channel of this.#channels) {
      const inside = inDatabase(channel.database);
      await engine.dropCopiedPublication(inside, channel).finally(() => inside.disconnect());
    }
  }

  /** The source keeps nothing for it any more. Never rejects: it may be gone. */
  async end(): Promise<void> {
    for (const channel of this.#channels)
      await within(this.#source, channel, (inside) =>
        untilTrue(this.#source, heldMsMax, () => engine.unpublish(inside, channel)),
      ).catch(() => {});
  }

  parametersOf(): Readonly<Record<string, string>> {
    return engine.logicalSourceParameters;
  }

  /** It was prepared when it began. */
  async prepare(): Promise<void> {}

  async follow(replica: Instance, link: ServerAddress, login: Login): Promise<void> {
    const from = this.#from;
    if (from === undefined) throw new Error(`${replica.identifier} is no copy of its source`);
    const { user, password } = login;
    for (const channel of this.#channels)
      await within(replica, channel, (inside) =>
        this.#isSubscribed
          ? engine.subscribeAt(inside, channel, { ...link, user, password })
          : engine.subscribe(inside, channel, { ...link, user, password }, from),
      );
    this.#isSubscribed = true;
  }

  async catchUp(replica: Instance, source: Instance, timeoutMs: number): Promise<void> {
    const admin = adminOf(source);
    const end = await engine.endOfWrites(admin);
    await untilTrue(replica, timeoutMs, () => engine.haveConfirmed(admin, this.#channels, end));
  }

  async promote(replica: Instance): Promise<void> {
    for (const channel of this.#channels)
      await within(replica, channel, (inside) => engine.unsubscribe(inside, channel));
    await this.end();
  }

  /** Subscribers have no lever for it; zero is what they do. */
  async delayApply(replica: Instance, delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    throw new UserError(
      'FAULT_CANNOT_BEGIN',
      `${replica.identifier} follows by logical replication, which cannot apply later.`,
      'Use lag, which delays what is shipped.',
    );
  }

  async state(replica: Instance): Promise<FollowerState> {
    const { connected, failures } = await engine.channelStates(adminOf(replica), this.#channels);
    if (connected === this.#channels.length) return { state: 'streaming', why: null };
    if (failures === 0) return { state: 'connecting', why: null };
    const said = replica.server.logTail(200).split('\n');
    const why = said.findLast((line) => line.includes('ERROR:')) ?? 'applying failed';
    return { state: 'broken', why: why.replace(/^.*ERROR:\s*/, '') };
  }
}

async function within<T>(
  { server, identifier, member }: Instance,
  { database }: engine.Channel,
  work: (inside: Admin) => Promise<T>,
): Promise<T> {
  if (member.protocolName !== 'postgres') throw new Error(`${identifier} is no Postgres`);
  const inside = new Admin(server.address, { ...server.admin, database });
  try {
    // Its parameter group may say that it takes no writes.
    await inside.query('set default_transaction_read_only = off');
    return await work(inside);
  } finally {
    await inside.disconnect();
  }
}

function adminOf({ identifier, member }: Instance): Admin {
  if (member.protocolName !== 'postgres') throw new Error(`${identifier} is no Postgres`);
  return member.admin;
}
