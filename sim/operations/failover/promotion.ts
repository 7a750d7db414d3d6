/**
 * What happens to the data: the log of the writer that died is drained before a reader takes its
 * place, so that nothing that was committed is lost, at whatever lag. On AWS both have the same
 * storage (Aurora), or storage that is written synchronously (Multi-AZ); here servers have their
 * own, and the one that died is started again where nobody can reach it until the other has all.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';

/** How long the target may take to get what it lacks, and to take over. */
const drainMsMax = 60_000;
const promoteMsMax = 60_000;

/** Who changes places. */
export interface Pair {
  readonly cluster: ClusterRecord;
  /** The writer before. */
  readonly old: Instance;
  /** The one that is promoted. */
  readonly target: Instance;
}

/**
 * Lets the target have all that the killed writer ever committed, and promotes it. Nobody may be
 * admitted to either of them meanwhile. The writer before is stopped afterwards, in order.
 * @throws Error where the target cannot take over; see `promoteAgain`
 */
export async function promoteTarget({ cluster, old, target }: Pair): Promise<void> {
  const { followers } = cluster;
  for (const one of [old, target]) one.tellServer('starting');
  await startUnseen(old);
  // A server that goes down in order waits for all who follow it, those behind a slow link too.
  for (const one of followers.of(old)) await followers.forget(one);
  await restartForParameters(target);
  await followers.drain(target, old, drainMsMax);
  await stopUnseen(old);
  await followers.promote(target, promoteMsMax);
  target.tellServer('accepting');
}

/** It recovers from its crash for the target alone: for everybody else it is still away. */
async function startUnseen(old: Instance): Promise<void> {
  await old.server.start({ parameters: old.parameters.atStart(old) });
  await old.member.started();
}

async function stopUnseen(old: Instance): Promise<void> {
  const { server, member, parameters } = old;
  // What hinders these is told by the stop itself.
  await member.stopping().catch(() => {});
  await parameters.store(old).catch(() => {});
  await member.admin.disconnect();
  await server.stop('fast');
}

/** A reader that is promoted restarts, so what waited for a reboot is applied. */
async function restartForParameters(target: Instance): Promise<void> {
  if (target.parameters.pending.length === 0) return;
  await target.stopServer('fast');
  await target.startServer({ standby: true });
}

/** Starts the stopped writer before as a follower of the new one. */
export async function rejoin({ cluster, old, target }: Pair): Promise<void> {
  await old.startServer({ standby: true });
  await cluster.followers.follow(old, target);
}

/**
 * The target did not take over: it is ended for certain, and the writer before runs again.
 * @throws UserError `ENGINE_START_FAILED`
 */
export async function promoteAgain({ cluster, old, target }: Pair): Promise<void> {
  await cluster.followers.forget(target);
  // Half promoted, it would be a second writer.
  await target.stopServer('kill');
  if (!old.serverRuns) await old.startServer();
}
