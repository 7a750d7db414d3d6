/** Waits until green has what blue has, in short looks, so that it can be given up at any time. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { transactionsOf, waitForTransactions } from '../../engine/mysql/replication.js';
import { endOfWrites, haveConfirmed } from '../../engine/postgres/logical-replication.js';
import { OperationFailed } from '../job.js';
import type { World } from '../operation.js';
import type { BlueGreenDeployment } from './deployment.js';
import { slotsOf } from './end-green.js';

const lookMs = 500;
const againMs = 10;

/**
 * How long it took green to have all that blue had when this was called; null where that is longer
 * than the limit.
 * @throws OperationFailed where following is broken, and the signal's reason
 */
export async function caughtUpMs(
  { clock }: World,
  deployment: BlueGreenDeployment,
  limitMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  const { blue, green } = deployment;
  const { followers } = blue;
  const beginNs = clock.nowNs();
  const tookMs = (): number => (clock.nowNs() - beginNs) / 1e6;
  const end = await endOf(blue.writerInstance);
  let lookedMs = 0;
  for (;;) {
    if (signal.aborted) throw signal.reason;
    const leftMs = limitMs - tookMs();
    if (await hasReached(deployment, end, Math.max(1, Math.min(lookMs, leftMs)))) return tookMs();
    if (leftMs <= 0) return null;
    if (tookMs() - lookedMs > lookMs) {
      lookedMs = tookMs();
      const { state, why } = await followers.state(green.writerInstance);
      if (state === 'broken')
        throw new OperationFailed(`replication is broken: ${why ?? 'the server gives no reason'}`);
    }
    await clock.sleep(againMs, signal);
  }
}

/** All that was written there so far, in the words of its engine. */
function endOf({ member }: Instance): Promise<string> {
  return member.protocolName === 'postgres'
    ? endOfWrites(member.admin)
    : transactionsOf(member.admin, member.flavour);
}

/** @param withinMs how long the server may be waited for */
async function hasReached(
  { blue, green, greenName }: BlueGreenDeployment,
  end: string,
  withinMs: number,
): Promise<boolean> {
  const { member } = green.writerInstance;
  if (member.protocolName === 'mysql')
    return await waitForTransactions(member.admin, member.flavour, end, withinMs);
  const source = blue.writerInstance.member;
  if (source.protocolName !== 'postgres') throw new Error(`${blue.identifier} is no Postgres`);
  const slots = await slotsOf(blue.writerInstance, greenName);
  const channels = slots.map((name) => ({ database: '', name }));
  return channels.length > 0 && (await haveConfirmed(source.admin, channels, end));
}

/**
 * Waits until the other members of green have what its writer has, which takes no writes.
 * @throws the signal's reason
 */
export async function membersCaughtUp(green: ClusterRecord, signal: AbortSignal): Promise<void> {
  const { followers, writerInstance, clock } = green;
  for (const member of followers.of(writerInstance))
    for (let isBehind = true; isBehind; ) {
      if (signal.aborted) throw signal.reason;
      isBehind = await followers.catchUp(member, writerInstance, lookMs).then(
        () => false,
        () => true,
      );
      // One that is away says so at once.
      if (isBehind) await clock.sleep(againMs, signal);
    }
}
