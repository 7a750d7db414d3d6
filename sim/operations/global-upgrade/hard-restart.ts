/**
 * The restart of an instance without zero downtime, perhaps with other binaries: every session is
 * dropped, new ones are refused and then told that the system is starting up.
 */

import type { Clock } from '../../clock.js';
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { endSenders } from '../../engine/postgres/replication.js';
import { messageOf } from '../../user-error.js';
import { Fates } from '../fates.js';
import type { Told } from '../told.js';
import { restarted, shutDown } from '../zero-downtime-patch/messages.js';

export const restartReasons = {
  'reader-upgrade':
    'readers are restarted without zero downtime, those of a secondary region too (documented: ' +
    'AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html)',
  promotion:
    'its instance is promoted and reboots for it (documented: ' +
    'AmazonRDS UserGuide/USER_ReadRepl.Promote.html)',
  'upgrade-rollback':
    'the upgrade is rolled back: the instance is restarted on its old version (this rehearsal)',
  'server-connection-lost': 'its server connection ended during the restart (this rehearsal)',
  'broken-by-fault':
    'a fault of this rehearsal broke its connection during the restart (this rehearsal)',
} as const;

export interface HardRestart {
  readonly cluster: ClusterRecord;
  readonly instance: Instance;
  /** Why sessions are dropped. */
  readonly reason: 'reader-upgrade' | 'upgrade-rollback' | 'promotion';
  readonly version: string;
  /** For the start with that version alone. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Told of the instance before the shutdown, and again when it has started. */
  readonly around: readonly Told[];
  readonly refusedMs: number;
  readonly startingUpMs: number;
  /** Aborted to skip waiting. */
  readonly signal: AbortSignal;
}

/**
 * Restarts it. Where the engine does not start, the one before is started again.
 * @returns why it does not run the version that was wanted; null where it does. Whether any engine
 *   runs, its server says
 */
export async function restartHard(restart: HardRestart): Promise<string | null> {
  const { cluster, instance, around } = restart;
  const { endpoint } = instance;
  const fates = new Fates<HardRestart['reason']>(cluster, (reason) => restartReasons[reason]);
  for (const told of around) cluster.tell(told, instance);
  fates.present(endpoint.sessions);
  endpoint.admitting = false;
  let failure: string | null = null;
  try {
    failure = await replaceEngine(restart, fates);
  } catch (error) {
    failure = messageOf(error);
  } finally {
    endpoint.admitting = true;
    await endpoint.setState(instance.serverRuns ? 'open' : 'refusing');
    fates.settle();
  }
  if (!instance.serverRuns) return failure;
  for (const told of around) cluster.tell(told, instance);
  cluster.tell(restarted, instance);
  return failure;
}

async function replaceEngine(
  restart: HardRestart,
  fates: Fates<HardRestart['reason']>,
): Promise<string | null> {
  const { cluster, instance, reason, signal } = restart;
  const { clock, endpoint } = instance;
  const beginNs = clock.nowNs();
  await endpoint.setState('refusing');
  for (const session of endpoint.sessions) fates.drop(session, reason);
  cluster.tell(shutDown, instance);
  const before = instance.server.version;
  if (instance.member.protocolName === 'postgres')
    await endSenders(instance.member.admin).catch(() => {});
  await instance.stopServer();
  await waitUntil(clock, beginNs + restart.refusedMs * 1e6, signal);
  await endpoint.setState('starting-up');
  const startingUpNs = clock.nowNs();
  const failure = await startOrGoBack(restart, before);
  await waitUntil(clock, startingUpNs + restart.startingUpMs * 1e6, signal);
  return failure;
}

/** @returns why the engine did not start, where the one before runs again */
async function startOrGoBack(
  { instance, version, parameters }: HardRestart,
  before: string,
): Promise<string | null> {
  const standby = instance.role !== 'writer';
  try {
    const own = parameters === undefined ? {} : { parameters };
    await instance.startServer({ version, standby, ...own });
    return null;
  } catch (error) {
    const why = `engine ${version} did not start: ${messageOf(error)}`;
    try {
      if (instance.serverRuns) await instance.stopServer();
      await instance.startServer({ version: before, standby });
    } catch (second) {
      throw new Error(`${why} Then engine ${before} did not: ${messageOf(second)}`);
    }
    return why;
  }
}

/** Once sessions are touched an abort only skips waiting: the cluster must be left usable. */
async function waitUntil(clock: Clock, atNs: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(Math.max(0, (atNs - clock.nowNs()) / 1e6), signal).catch(() => {});
}
