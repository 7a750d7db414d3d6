/**
 * What stays behind on the side that was switched away from: what it took and the other side never
 * gets, and numbers that both gave. MySQL and MariaDB name transactions and so count those. On
 * Postgres the two sides have no common names of transactions: there rows are looked for.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { transactionsOf } from '../../engine/mysql/replication.js';
import { transactionsReceived, transactionsSince } from '../../engine/mysql/written-since.js';
import type { Admin } from '../../engine/postgres/admin.js';
import { openDatabases } from '../../engine/postgres/blue-green.js';
import { rowsAlone } from '../../engine/postgres/rows-alone.js';
import { messageOf } from '../../user-error.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';
import { type GivenNumbers, givenNumbers, givenTwice } from './numbers.js';
import type { Sides } from './sides.js';

const listedMax = 5;
/** Looks until two agree. */
const looksMax = 10;
const lookAgainMs = 200;

/** Both sides at the instant from which on they went apart. */
export interface Parting {
  readonly sides: readonly [old: Instance, next: Instance];
  /** Transactions that each had by then; Postgres has no names for them. */
  readonly marks: ReadonlyMap<Instance, string>;
  /** What numbers each had given by then. */
  readonly given: ReadonlyMap<Instance, GivenNumbers>;
}

/** The latest one of each server: a way back parts nothing that was not apart. */
const partings = new WeakMap<Instance, Parting>();

/** To be called when the next one takes writes. @throws what the servers say */
export async function part({ old, next }: Sides): Promise<void> {
  const sides = [old, next] as const;
  const marks = new Map<Instance, string>();
  const given = new Map<Instance, GivenNumbers>();
  for (const one of sides) {
    given.set(one, await givenNumbers(one));
    marks.set(one, await ownMark(one));
  }
  marks.set(old, await receivedMark(next));
  const parting = { sides, marks, given };
  for (const one of sides) partings.set(one, parting);
}

/** Whether the one that the names lead to took over from the other: there is a way back then. */
export function tookOver({ old, next }: Sides): boolean {
  const [before, after] = partings.get(old)?.sides ?? [];
  return before === next && after === old;
}

/** Tells what the old side holds that the next one never gets. Never rejects. */
export async function tellStranded(record: ClusterRecord, { old, next }: Sides): Promise<void> {
  const parting = partings.get(old);
  if (parting === undefined || !parting.sides.includes(next)) return;
  try {
    await tellWrites(record, old, next, parting.marks.get(old) ?? '');
    const start = parting.given.get(next);
    if (start !== undefined) await tellNumbers(record, old, next, start);
  } catch (error) {
    const text = `what ${old.identifier} holds alone was not looked at: ${messageOf(error)}`;
    record.note('warning', 'stranded-unread', text);
  }
}

async function tellWrites(
  record: ClusterRecord,
  old: Instance,
  next: Instance,
  mark: string,
): Promise<void> {
  const { member } = old;
  const look = async (): Promise<Left> =>
    member.protocolName === 'postgres'
      ? await rowsLeft(old, next)
      : transactionsLeft(old, next, await transactionsSince(member.admin, member.flavour, mark));
  let left = await look();
  // A statement of a client that was ended may come to its end a moment later.
  for (let looks = 1; looks < looksMax; looks++) {
    await old.clock.sleep(lookAgainMs);
    const before = left;
    left = await look();
    if (left.detail === before.detail) break;
  }
  const state = left.isAny ? 'warning' : 'ok';
  record.tellCheck({ when: 'after', name: 'stranded writes', state, detail: left.detail });
}

interface Left {
  readonly isAny: boolean;
  readonly detail: string;
}

function transactionsLeft(old: Instance, next: Instance, count: number): Left {
  const lacks = count === 0 ? '' : `: ${next.identifier} has none of them`;
  const text = `${count} transactions wrote on ${old.identifier} since the two took writes apart`;
  return { isAny: count > 0, detail: `${text}${lacks}` };
}

async function rowsLeft(old: Instance, next: Instance): Promise<Left> {
  const { member } = old;
  if (member.protocolName !== 'postgres') throw new Error(`${old.identifier} is no Postgres`);
  const [inOld, inNext] = [inDatabaseOf(old.server), inDatabaseOf(next.server)];
  const alone: (readonly [table: string, rows: number])[] = [];
  const large: string[] = [];
  for (const database of await openDatabases(member.admin)) {
    const both = (first: Admin) => inNext(database, (second) => rowsAlone(first, second));
    const found = await inOld(database, both);
    alone.push(...found.alone);
    large.push(...found.large);
  }
  return { isAny: alone.length + large.length > 0, detail: rowsText(old, next, alone, large) };
}

/** Pure; exported for its test. */
export function rowsText(
  old: Pick<Instance, 'identifier'>,
  next: Pick<Instance, 'identifier'>,
  alone: readonly (readonly [table: string, rows: number])[],
  large: readonly string[],
): string {
  const sum = alone.reduce((total, [, rows]) => total + rows, 0);
  const listed = alone.slice(0, listedMax).map(([table, rows]) => `${rows} of ${table}`);
  const more = alone.length > listedMax ? [`others of ${alone.length - listedMax} more`] : [];
  const where = sum === 0 ? '' : `: ${[...listed, ...more].join(', ')}`;
  const text = `${sum} rows of ${old.identifier} are not in ${next.identifier} as they are there`;
  const changed =
    sum === 0 ? [] : [`any that ${next.identifier} changed or removed are among them`];
  const unread = large.length === 0 ? [] : [`too large to be looked at: ${large.join(', ')}`];
  return [`${text}${where}`, ...changed, ...unread].join('; ');
}

async function tellNumbers(
  record: ClusterRecord,
  old: Instance,
  next: Instance,
  start: GivenNumbers,
): Promise<void> {
  const twice = givenTwice(start, await givenNumbers(old));
  const listed = twice.slice(0, listedMax).map(({ name, count }) => `${count} of ${name}`);
  const more = twice.length > listedMax ? ` and of ${twice.length - listedMax} more` : '';
  record.tellCheck({
    ...{ when: 'after', name: 'numbers given twice', state: twice.length === 0 ? 'ok' : 'warning' },
    detail:
      twice.length === 0
        ? `${old.identifier} gave no number of a row that ${next.identifier} gives`
        : `${listed.join(', ')}${more}: ${old.identifier} gave them, and ${next.identifier} ` +
          'gives them again: rows that collide where somebody brings both together, or refers to ' +
          'one by its number',
  });
}

/** What the next one has of the old one. */
async function receivedMark({ member }: Instance): Promise<string> {
  return member.protocolName === 'postgres'
    ? ''
    : await transactionsReceived(member.admin, member.flavour);
}

async function ownMark({ member }: Instance): Promise<string> {
  return member.protocolName === 'postgres'
    ? ''
    : await transactionsOf(member.admin, member.flavour);
}
