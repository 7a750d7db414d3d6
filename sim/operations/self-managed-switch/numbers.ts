/**
 * What numbers new rows while two servers take writes: sequences that are advanced or forgotten,
 * and numbers that both gave. The counters of our ledger are looked at, too.
 */
import type { Instance } from '../../cluster/instance.js';
import { autoIncrements } from '../../engine/mysql/comparable/rows.js';
import { openDatabases } from '../../engine/postgres/blue-green.js';
import { advanceSequences, usedSequences } from '../../engine/postgres/sequences.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';

/** The last number that was given, by counter; one that gave none is not listed. */
export type GivenNumbers = ReadonlyMap<string, bigint>;

/** @throws what the server says */
export async function givenNumbers({ member, server }: Instance): Promise<GivenNumbers> {
  const given = new Map<string, bigint>();
  if (member.protocolName === 'mysql') {
    const asked = { flavour: member.flavour, databases: [], users: [] };
    for (const { name, next } of await autoIncrements(member.admin, asked))
      given.set(name, next - 1n);
    return given;
  }
  const inDatabase = inDatabaseOf(server);
  for (const database of await openDatabases(member.admin))
    for (const { schema, name, last } of await inDatabase(database, usedSequences))
      given.set(`${database}.${schema}.${name}`, BigInt(last));
  return given;
}

/**
 * Advances the sequences of the next writer past all that the old one gave by now.
 * @throws what the servers say
 */
export async function advanceAll(old: Instance, next: Instance): Promise<void> {
  const { member } = old;
  if (member.protocolName !== 'postgres') return;
  const [inOld, inNext] = [inDatabaseOf(old.server), inDatabaseOf(next.server)];
  for (const database of await openDatabases(member.admin)) {
    const used = await inOld(database, usedSequences);
    await inNext(database, (admin) => advanceSequences(admin, used));
  }
}

/** A counter, and how many of its numbers are given by both sides. */
export interface GivenTwice {
  readonly name: string;
  readonly count: bigint;
}

/**
 * Which numbers the old writer gave beyond the one that the next one went on from: that one has
 * given them again, or will. Pure.
 * @param start what the next writer had given when it began to take writes apart from the old one
 */
export function givenTwice(start: GivenNumbers, old: GivenNumbers): GivenTwice[] {
  return [...old].flatMap(([name, last]) => {
    const count = last - (start.get(name) ?? 0n);
    return count > 0n ? [{ name, count }] : [];
  });
}
