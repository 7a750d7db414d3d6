import type { Flavour } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { literal } from './quoting.js';
import { transactionsOf } from './replication.js';

/**
 * How many transactions the server has beyond those, its followers' and our own included.
 * @param mark what `transactionsOf` or `transactionsReceived` answered
 */
export async function transactionsSince(
  admin: MysqlAdmin,
  flavour: Flavour,
  mark: string,
): Promise<number> {
  const now = await transactionsOf(admin, flavour);
  if (flavour === 'mariadb') return Math.max(0, lastNumber(now) - lastNumber(mark));
  const sql = `select gtid_subtract(${literal(now)}, ${literal(mark)})`;
  const [row] = await admin.ask(sql);
  return countOf(row?.[0] ?? '');
}

/** What a server that has followed another one has of it, to be given as a mark for that one. */
export async function transactionsReceived(admin: MysqlAdmin, flavour: Flavour): Promise<string> {
  if (flavour === 'mysql') return await transactionsOf(admin, flavour);
  const [row] = await admin.ask('select @@global.gtid_slave_pos');
  return row?.[0] ?? '';
}

/** Of MariaDB's positions: servers of a domain count on from each other. Exported for a test. */
export function lastNumber(position: string): number {
  return Math.max(0, ...position.split(',').map((one) => Number(one.split('-')[2] ?? 0)));
}

/** Of MySQL's sets: `uuid:1-5:7,uuid:tag:3`. Exported for a test. */
export function countOf(set: string): number {
  let count = 0;
  for (const part of set.replaceAll(/\s/g, '').split(/[,:]/)) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range !== null) count += Number(range[2] ?? range[1]) - Number(range[1]) + 1;
  }
  return count;
}
