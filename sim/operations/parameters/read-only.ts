/**
 * The parameters by which a server takes no writes any more, and how transactions fare that are
 * open when one takes effect. Whether RDS's own way of applying it waits for them is published
 * nowhere; what a server here does by itself is seen and told.
 */
import type { Clock } from '../../clock.js';
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { CheckData } from '../../events.js';
import { endOpenWriters, untilNoneWrites } from './open-transactions.js';
import { adminOn } from './own-session.js';
import type { OpenTransactions } from './parameters.js';
import { flipUnderWitness, transactionCheck, writerCheck } from './witness.js';

interface Value {
  readonly name: string;
  readonly value: string;
}

const names = ['read_only', 'default_transaction_read_only'];
const on = ['1', 'on', 'true', 'yes'];
/** What a statement or a lock of somebody's may hold it up for. */
const flipSecondsMax = 60;

export function isReadOnlySwitch({ name }: Pick<Value, 'name'>): boolean {
  return names.includes(name.toLowerCase());
}

/** Whether a value of such a parameter refuses writes. */
export function refusesWrites(change: Value): boolean {
  return isReadOnlySwitch(change) && on.includes(change.value.toLowerCase());
}

/**
 * Lets an instance that takes writes become read-only, and tells what came of it.
 * @throws the server's own error: then it is not
 */
export async function becomeReadOnly(
  clock: Clock,
  cluster: ClusterRecord,
  instance: Instance,
  change: Value,
  openTransactions: OpenTransactions = 'server',
): Promise<void> {
  const { application } = cluster;
  const flip = (): Promise<void> => set(instance, change);
  if (openTransactions === 'server') {
    const seen = await flipUnderWitness(clock, instance, application, flip);
    cluster.tellCheck(transactionCheck(seen, `${change.name} = ${change.value}`));
  } else {
    const beginNs = clock.nowNs();
    if (openTransactions === 'wait') await untilNoneWrites(instance, application.database);
    const waitedMs = (clock.nowNs() - beginNs) / 1e6;
    await flip();
    if (openTransactions === 'fail') await endOpenWriters(instance);
    cluster.tellCheck(askedFor(openTransactions, waitedMs));
  }
  cluster.tellCheck(await writerCheck(instance, application));
}

function askedFor(openTransactions: 'wait' | 'fail', waitedMs: number): CheckData {
  const detail =
    openTransactions === 'wait'
      ? `as asked for, all that had written ended first, which took ${Math.round(waitedMs)} ms`
      : 'as asked for, none that had written can commit';
  return { when: 'after', name: 'open transaction at the flip', state: 'ok', detail };
}

/** In a session of its own: statements of our admin would wait behind one that is held up. */
async function set(instance: Instance, { name, value }: Value): Promise<void> {
  const { member } = instance;
  if (member.protocolName === 'postgres') return await member.parameters.set(name, value);
  const admin = adminOn(instance, instance.server.admin.database);
  try {
    await admin.query(`set session lock_wait_timeout = ${flipSecondsMax}`);
    await admin.query('set global read_only = 1', flipSecondsMax * 1_000 + 5_000);
  } finally {
    await admin.end();
  }
}
