/**
 * What stays behind on the side that was switched away from: transactions that it took while the
 * other side took them too, and numbers that both gave.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { transactionsOf } from '../../engine/mysql/replication.js';
import { transactionsReceived, transactionsSince } from '../../engine/mysql/written-since.js';
import { writtenNow, writtenSince } from '../../engine/postgres/written-since.js';
import { messageOf } from '../../user-error.js';
import { type GivenNumbers, givenNumbers, givenTwice } from './numbers.js';
import type { Sides } from './sides.js';

const listedMax = 5;

/** Both sides at the instant from which on they went apart. */
export interface Parting {
  readonly sides: readonly [old: Instance, next: Instance];
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
  marks.set(old, await receivedMark(old, next));
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
    const mark = parting.marks.get(old);
    if (mark !== undefined) await tellTransactions(record, old, next, mark);
    const start = parting.given.get(next);
    if (start !== undefined) await tellNumbers(record, old, next, start);
  } catch (error) {
    const text = `what ${old.identifier} holds alone was not looked at: ${messageOf(error)}`;
    record.note('warning', 'stranded-unread', text);
  }
}

async function tellTransactions(
  record: ClusterRecord,
  old: Instance,
  next: Instance,
  mark: string,
): Promise<void> {
  const { member } = old;
  const count =
    member.protocolName === 'postgres'
      ? await writtenSince(member.admin, mark)
      : await transactionsSince(member.admin, member.flavour, mark);
  record.tellCheck({
    ...{ when: 'after', name: 'stranded writes', state: count === 0 ? 'ok' : 'warning' },
    detail:
      `${count} transactions wrote on ${old.identifier} since the two took writes apart` +
      (count === 0 ? '' : `: ${next.identifier} has none of them`),
  });
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

/** What the next one has of the old one: Postgres tells it in no words of the old one's. */
async function receivedMark(old: Instance, { member }: Instance): Promise<string> {
  return member.protocolName === 'postgres'
    ? await ownMark(old)
    : await transactionsReceived(member.admin, member.flavour);
}

function ownMark({ member }: Instance): Promise<string> {
  return member.protocolName === 'postgres'
    ? writtenNow(member.admin)
    : transactionsOf(member.admin, member.flavour);
}
