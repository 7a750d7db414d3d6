/** Advisory locks of sessions, asked of the server for all of them at once. */
import type { Admin } from './admin.js';

export interface AdvisoryLock {
  readonly classId: number;
  readonly objectId: number;
  /** True where it was taken by two 4-byte keys, false for one 8-byte key. */
  readonly twoKeys: boolean;
  readonly shared: boolean;
}

interface Row {
  pid: number;
  class: string;
  object: string;
  two_keys: boolean;
  shared: boolean;
}

/** One look at the whole lock table: were each session asked, each would read the whole table. */
const sql = `
  select pid, classid::bigint as class, objid::bigint as object, objsubid = 2 as two_keys,
    mode = 'ShareLock' as shared
  from pg_catalog.pg_locks
  where locktype = 'advisory' and granted and pid is not null`;

/**
 * The advisory locks that are held, by server process id.
 * @throws the driver's error when the server does not answer
 */
export async function advisoryLocks(admin: Admin): Promise<ReadonlyMap<number, AdvisoryLock[]>> {
  const held = new Map<number, AdvisoryLock[]>();
  for (const row of await admin.query<Row>(sql)) {
    const locks = held.get(row.pid) ?? [];
    held.set(row.pid, locks);
    locks.push({
      classId: Number(row.class),
      objectId: Number(row.object),
      twoKeys: row.two_keys,
      shared: row.shared,
    });
  }
  return held;
}

/** The statement that takes the lock again, on whatever connection it runs. */
export function lockSql(lock: AdvisoryLock): string {
  const name = `pg_catalog.pg_try_advisory_lock${lock.shared ? '_shared' : ''}`;
  const keys = lock.twoKeys
    ? `${lock.classId | 0}, ${lock.objectId | 0}`
    : String(BigInt.asIntN(64, (BigInt(lock.classId) << 32n) | BigInt(lock.objectId)));
  return `select ${name}(${keys})`;
}
