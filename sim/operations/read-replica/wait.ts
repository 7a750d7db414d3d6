/**
 * Waits until a replica has all that its source has. No call of AWS's: the runbook's own step,
 * which AWS asks for before a promotion (AmazonRDS UserGuide/USER_ReadRepl.Promote.html: stop
 * writing, wait until ReplicaLag is 0). It compares what the two servers have: the metric, which
 * counts what the replica received and has not applied, is 0 while much is still on its way.
 */
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import type { Operation, World } from '../operation.js';
import * as say from './messages.js';
import type { WaitForReplicaParameters } from './parameters.js';
import { pairOf, type ReplicaPair, refuseNoReplica } from './subject.js';

/** Between two looks whether replication goes on at all. */
const lookMs = 1_000;
/** Before the next look, where one of the two is away and says so at once. */
const againMs = 50;

export const waitForReplica: Operation<WaitForReplicaParameters> = {
  call: () => null,
  refuse: refuseNoReplica,
  run: async (world, { cluster, timeoutMs }, signal) => {
    const pair = pairOf(world, cluster);
    const beginNs = world.clock.nowNs();
    const why = await lackOf(world, pair, timeoutMs, signal);
    if (signal.aborted) throw signal.reason;
    const took = `${((world.clock.nowNs() - beginNs) / 1e9).toFixed(1)} s`;
    const { replica, instance, source } = pair;
    const state = why === null ? 'ok' : 'blocked';
    const detail =
      why === null
        ? `${instance.identifier} had all of ${source.identifier} after ${took}`
        : `${instance.identifier} lacks writes of ${source.identifier} after ${took}: ${why}`;
    replica.tellCheck({ when: 'before', name: 'replica lag', state, detail });
    if (why !== null) throw new OperationFailed(detail);
  },
};

/** Why it never has all, or not in time; null once it has. */
export async function lackOf(
  { clock }: World,
  { replica, instance, source }: ReplicaPair,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const { followers } = replica;
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  while (!signal.aborted) {
    const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
    if (leftMs <= 0) return `not within ${timeoutMs / 1_000} s`;
    try {
      await followers.catchUp(instance, source, Math.min(lookMs, leftMs));
      return null;
    } catch (error) {
      const { state, why } = await followers.state(instance);
      if (state !== 'broken') {
        await clock.sleep(againMs, signal).catch(() => {});
        continue;
      }
      replica.tell(say.replicationStopped, instance);
      return `replication is broken: ${why ?? messageOf(error)}`;
    }
  }
  return null;
}
