/**
 * PromoteReadReplica: a replica stops following and becomes an instance of its own
 * (AmazonRDS UserGuide/USER_ReadRepl.Promote.html). What it received is applied; what it did not
 * receive is not waited for, and is lost with the source. It reboots on the way, which ends all of
 * its sessions; parameters that waited for a reboot are applied. Other replicas of the source go
 * on.
 */
import type { Instance } from '../../cluster/instance.js';
import { stopFollowing } from '../../engine/mysql/replication.js';
import { Admin } from '../../engine/postgres/admin.js';
import { advanceSequences, usedSequences } from '../../engine/postgres/sequences.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { restartHard } from '../global-upgrade/hard-restart.js';
import { OperationFailed } from '../job.js';
import type { Operation, World } from '../operation.js';
import * as say from './messages.js';
import type { PromoteReadReplicaParameters } from './parameters.js';
import { tellPromotionLag } from './promotion-lag.js';
import { instanceNameOf, pairOf, type ReplicaPair, refuseNoReplica } from './subject.js';

/** How long what was received may take to be applied. */
const applyMsMax = 120_000;

export const promoteReadReplica: Operation<PromoteReadReplicaParameters> = {
  call: ({ cluster }, world) => ({
    cluster,
    action: 'PromoteReadReplica',
    parameters: { DBInstanceIdentifier: instanceNameOf(world, cluster) },
  }),
  // API reference, PromoteReadReplica, Errors: DBInstanceNotFound, InvalidDBInstanceState.
  refuse: refuseNoReplica,
  run: async (world, parameters, signal) => {
    const pair = pairOf(world, parameters.cluster);
    pair.instance.setStatus('modifying');
    try {
      await promote(world, pair, parameters, signal);
    } finally {
      if (pair.instance.serverRuns) pair.instance.setStatus('available');
    }
    if (signal.aborted) throw signal.reason;
  },
};

/** An abort only skips waiting: half promoted, it would be neither. */
async function promote(
  { clock }: World,
  pair: ReplicaPair,
  { durations, onT0 }: PromoteReadReplicaParameters,
  signal: AbortSignal,
): Promise<void> {
  const { replica, instance } = pair;
  const duration = (name: string): number => {
    const full = `replica.promote.${name}`;
    const valueMs = drawn(durations, full);
    replica.tellDuration(full, valueMs);
    return valueMs;
  };
  onT0?.(clock.nowNs());
  await tellPromotionLag(pair);
  await endFollowing(pair);
  await carrySequences(pair);
  replica.tell(say.replicationTerminated, instance);
  await clock.sleep(duration('untilRebootMs'), signal).catch(() => {});
  instance.setStatus('rebooting');
  const failure = await restartHard({
    ...{ cluster: replica, instance, reason: 'promotion', around: [] },
    version: instance.server.version,
    refusedMs: duration('refusedMs'),
    startingUpMs: duration('startingUpMs'),
    signal,
  });
  if (failure !== null) throw new OperationFailed(`${instance.identifier}: ${failure}`);
  instance.setStatus('backing-up');
  replica.tell(say.backingUp, instance);
  await clock.sleep(duration('finishMs'), signal).catch(() => {});
  replica.tell(say.backedUp, instance);
}

/** One that cannot apply what it received is promoted with what it has. */
async function endFollowing(pair: ReplicaPair): Promise<void> {
  const { replica, instance } = pair;
  const { followers } = replica;
  const { state, why } = await followers.state(instance);
  try {
    if (state === 'broken') await endBroken(pair, why ?? 'its server gives no reason');
    else await followers.promote(instance, applyMsMax);
  } catch (error) {
    throw new OperationFailed(`${instance.identifier} was not promoted: ${messageOf(error)}`);
  }
}

async function endBroken({ replica, instance }: ReplicaPair, why: string): Promise<void> {
  const { followers } = replica;
  const { member, identifier } = instance;
  const text = `${identifier} is promoted although its replication is broken: ${why}`;
  replica.note('warning', 'promoted-broken', text);
  if (member.protocolName === 'postgres') return await followers.promote(instance, applyMsMax);
  // Waiting until it has applied all would be waiting for ever.
  await stopFollowing(member.admin, member.flavour);
  await followers.forget(instance);
}

/** A replica of RDS is a physical copy, which has them; logical replication leaves them behind. */
async function carrySequences({ replica, instance, source }: ReplicaPair): Promise<void> {
  if (instance.member.protocolName !== 'postgres' || !source.serverRuns) return;
  const { database } = replica.application;
  const inDatabase = (one: Instance): Admin =>
    new Admin(one.server.address, { ...one.server.admin, database });
  const [from, to] = [inDatabase(source), inDatabase(instance)];
  try {
    await advanceSequences(to, await usedSequences(from));
  } catch (error) {
    const text = `its sequences are not where those of its source are: ${messageOf(error)}`;
    replica.note('warning', 'sequences-not-carried', text);
  } finally {
    await Promise.all([from.disconnect(), to.disconnect()]);
  }
}
