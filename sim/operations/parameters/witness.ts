/**
 * What a server does with a transaction that is open when it becomes read-only, seen by one of our
 * own, and whether the application's user can write afterwards. AWS documents neither for its own
 * way of applying the parameter; MySQL's manual says that the change waits for open transactions,
 * where servers of 8.0 to 9.7 were seen not to.
 */
import type { Clock } from '../../clock.js';
import type { Instance } from '../../cluster/instance.js';
import type { CheckData } from '../../events.js';
import type { Login } from '../../sim.js';
import { messageOf } from '../../user-error.js';
import { adminOn, type OwnSession, refusalIn, sessionOn } from './own-session.js';

/** A change that takes longer is one that waits for the transaction. */
const waitsMs = 1_000;
/** In the application's database, and gone afterwards. */
const table = 'rehearse_read_only_witness';

export interface Witnessed {
  /** `waited`: until it had ended; `refused`: its COMMIT was; `committed`: although read-only. */
  readonly transaction: 'waited' | 'refused' | 'committed';
  /** The server's number or SQLSTATE, where it refused. */
  readonly refusal: string | null;
  readonly flipMs: number;
}

/**
 * Lets the server become read-only while a transaction of the application's user is open.
 * @param flip changes the server; called once
 * @returns why it could not be seen, where it could not: the server is read-only all the same
 * @throws what `flip` throws
 */
export async function flipUnderWitness(
  clock: Clock,
  instance: Instance,
  application: Login,
  flip: () => Promise<void>,
): Promise<Witnessed | string> {
  const session = sessionOn(instance, application);
  try {
    const hindrance = await begin(session, createTable(instance));
    if (hindrance === null) return await commitUnderway(clock, session, flip);
    await flip();
    return hindrance;
  } finally {
    await session.end();
    await dropTable(instance, application);
  }
}

/** One that is not logged is not published either: a subscriber would look for it in vain. */
function createTable({ member }: Instance): string {
  const kind = member.protocolName === 'postgres' ? 'unlogged table' : 'table';
  return `create ${kind} ${table} (n int)`;
}

async function begin(session: OwnSession, create: string): Promise<string | null> {
  try {
    await session.query(create);
    await session.query('begin');
    await session.query(`insert into ${table} values (1)`);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

async function commitUnderway(
  clock: Clock,
  session: OwnSession,
  flip: () => Promise<void>,
): Promise<Witnessed> {
  const beginNs = clock.nowNs();
  let flipMs: number | undefined;
  const flipped = flip().then(() => {
    flipMs = (clock.nowNs() - beginNs) / 1e6;
  });
  const over = new AbortController();
  const limit = clock.sleep(waitsMs, over.signal).catch(() => {});
  // What it fails with is told below.
  await Promise.race([flipped.catch(() => {}), limit]);
  over.abort();
  const waited = flipMs === undefined;
  const refusal = await refusalOf(session, 'commit');
  await flipped;
  const transaction = refusal !== null ? 'refused' : waited ? 'waited' : 'committed';
  return { transaction, refusal, flipMs: flipMs ?? 0 };
}

/** Null where it was done. @throws what the server did not say */
async function refusalOf(session: OwnSession, sql: string): Promise<string | null> {
  try {
    await session.query(sql);
    return null;
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** Our admin may, on MySQL; on Postgres the session says that it does. */
async function dropTable(instance: Instance, { database }: Login): Promise<void> {
  const admin = adminOn(instance, database);
  const isPostgres = instance.member.protocolName === 'postgres';
  try {
    if (isPostgres) await admin.query('set default_transaction_read_only = off');
    await admin.query(`drop table if exists ${table}`);
  } catch {
    // The run's server goes with the run, and with it an empty table.
  } finally {
    await admin.end();
  }
}

export function transactionCheck(seen: Witnessed | string, name: string): CheckData {
  const common = { when: 'after', name: 'open transaction at the flip' } as const;
  if (typeof seen === 'string')
    return { ...common, state: 'warning', detail: `none could be opened to see: ${seen}` };
  const { transaction, refusal, flipMs } = seen;
  const took = `${name} took ${flipMs.toFixed(flipMs < 10 ? 1 : 0)} ms`;
  switch (transaction) {
    case 'waited':
      return { ...common, state: 'ok', detail: `this server waited for it: ${took}` };
    case 'refused':
      return {
        ...common,
        state: 'warning',
        detail: `this server did not wait for it: ${took}, and its COMMIT failed with ${refusal}`,
      };
    case 'committed':
      return {
        ...common,
        state: 'warning',
        detail: `this server did not wait for it: ${took}, and it committed afterwards`,
      };
  }
}

/** Whether the application's user can write on a server that is read-only. */
export async function writerCheck(instance: Instance, application: Login): Promise<CheckData> {
  const session = sessionOn(instance, application);
  const common = { when: 'after', name: 'writes while read-only' } as const;
  const write = createTable(instance);
  try {
    const refusal = await refusalOf(session, write);
    if (refusal === null) {
      const detail = `${application.user} wrote all the same: it may write on a read-only server`;
      return { ...common, state: 'warning', detail };
    }
    const refused = `${application.user} was refused with ${refusal}`;
    if (instance.member.protocolName !== 'postgres')
      return { ...common, state: 'ok', detail: refused };
    // A default is not a lock: whoever sets it otherwise writes.
    await session.query('set default_transaction_read_only = off');
    const again = await refusalOf(session, write);
    const wrote = `${refused}, and wrote after SET default_transaction_read_only = off`;
    return { ...common, state: 'ok', detail: again === null ? wrote : refused };
  } catch (error) {
    return { ...common, state: 'warning', detail: `nobody knows: ${messageOf(error)}` };
  } finally {
    await session.end();
    await dropTable(instance, application);
  }
}
