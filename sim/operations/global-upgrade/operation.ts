/**
 * The managed minor upgrade of an Aurora global database
 * (AuroraUserGuide/aurora-global-database-upgrade.html), in the order that the one published log
 * of it shows: the secondaries restart first, the primary is patched with zero downtime about a
 * minute later, and the secondaries' completion is told when the primary is done.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { GlobalCluster } from '../../cluster/global.js';
import type { Instance } from '../../cluster/instance.js';
import type { GlobalUpgradeParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import * as say from '../zero-downtime-patch/messages.js';
import { refusePending, ZeroDowntimePatch } from '../zero-downtime-patch/operation.js';
import { type HardRestart, restartHard } from './hard-restart.js';

/** An instance, and the cluster that tells of it. */
interface Place {
  readonly cluster: ClusterRecord;
  readonly instance: Instance;
}

/** No server has such a library: an engine that is to load it ends at once. */
const cannotStart = { shared_preload_libraries: 'rehearse_injected_failure' };

/** One upgrade under way. */
export class GlobalUpgrade {
  readonly #global: GlobalCluster;
  readonly #parameters: GlobalUpgradeParameters;
  readonly #signal: AbortSignal;
  readonly #from: string;
  readonly #fromAws: ReadonlyMap<ClusterRecord, string>;

  constructor(global: GlobalCluster, parameters: GlobalUpgradeParameters, signal: AbortSignal) {
    this.#global = global;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#from = global.primary.version;
    this.#fromAws = new Map(this.#clusters.map((one) => [one, one.awsVersion]));
  }

  /** Runs it to its end. Throws OperationFailed where everything runs the old version again. */
  async run(): Promise<void> {
    const { clock } = this.#global.primary;
    for (const cluster of this.#clusters)
      cluster.setStatus('upgrading', { status: 'upgrading', instances: cluster.instances });
    try {
      for (const cluster of this.#clusters) cluster.tell(say.clusterRemainsOnline);
      await clock.sleep(this.#duration('global.minor.pg.untilSecondariesMs'), this.#signal);
      for (const cluster of this.#clusters) refusePending(cluster);
      this.#parameters.onT0?.(clock.nowNs());
      await this.#upgrade();
      await this.#complete();
    } finally {
      for (const cluster of this.#clusters) if (cluster.status === 'upgrading') settle(cluster);
    }
  }

  async #upgrade(): Promise<void> {
    const { primary, secondaries } = this.#global;
    try {
      await this.#restart(secondaries.flatMap(placesOf));
      const gapMs = this.#duration('global.minor.pg.untilPrimaryMs');
      await primary.clock.sleep(gapMs, this.#signal);
      await this.#restart(placesOf(primary).filter(({ instance }) => instance.role === 'reader'));
      // T0 was at the secondaries.
      const parameters = { ...this.#parameters, onT0: () => {} };
      await new ZeroDowntimePatch(primary, parameters, this.#signal).attempt();
    } catch (error) {
      await this.#rollBack(messageOf(error));
    }
  }

  /** The readers restart at the same time. @throws OperationFailed where one did not */
  async #restart(places: readonly Place[]): Promise<void> {
    const { engineVersion, defects } = this.#parameters;
    const fails = defects.includes('secondary-start-failure');
    const failed = fails ? this.#global.secondaries[0]?.mainInstance : undefined;
    const ends = await Promise.all(
      places.map(async (place) => {
        const failure = await restartHard({
          ...this.#common(place),
          reason: 'reader-upgrade',
          version: engineVersion,
          around: [say.walSendersAdjusted],
          ...(place.instance === failed ? { parameters: cannotStart } : {}),
        });
        if (failure !== null && place.instance.serverRuns)
          place.cluster.tell(say.rolledBack, place.instance);
        return failure === null ? [] : [`${place.instance.identifier}: ${failure}`];
      }),
    );
    const failures = ends.flat();
    if (failures.length > 0) throw new OperationFailed(failures.join(' '));
  }

  /**
   * The service rolls back by itself when any issue occurs. AWS does not say how much: here all
   * clusters go back to the version they had, the primary before those that follow it.
   * @throws OperationFailed always
   */
  async #rollBack(why: string): Promise<never> {
    const { primary, secondaries } = this.#global;
    const failures: string[] = [];
    for (const places of [placesOf(primary), secondaries.flatMap(placesOf)]) {
      const ends = await Promise.all(places.filter(this.#isAstray).map(this.#goBack));
      failures.push(...ends.flat());
    }
    const end =
      failures.length === 0
        ? `every cluster runs ${this.#from} again`
        : `the rollback failed: ${failures.join(' ')}`;
    primary.note('warning', 'global-rollback', `the upgrade was rolled back: ${why}; ${end}`);
    throw new OperationFailed(`${why}; ${end}`);
  }

  readonly #isAstray = ({ instance }: Place): boolean =>
    !instance.serverRuns || instance.server.version !== this.#from;

  readonly #goBack = async (place: Place): Promise<string[]> => {
    const failure = await restartHard({
      ...this.#common(place),
      reason: 'upgrade-rollback',
      version: this.#from,
      around: [],
    });
    if (failure !== null) return [`${place.instance.identifier}: ${failure}`];
    place.cluster.tell(say.rolledBack, place.instance);
    return [];
  };

  /** The secondaries' completion is told once the primary is done, its own some time later. */
  async #complete(): Promise<void> {
    const { primary, secondaries } = this.#global;
    for (const cluster of secondaries) this.#tellComplete(cluster);
    const finishMs = this.#duration('zdp.success.pg.finishMs');
    await primary.clock.sleep(finishMs, this.#signal).catch(() => {});
    this.#tellComplete(primary);
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  #tellComplete(cluster: ClusterRecord): void {
    const from = this.#fromAws.get(cluster) ?? cluster.awsVersion;
    cluster.patchedTo(this.#parameters.awsVersion);
    cluster.tell(say.complete(from, cluster.awsVersion));
    cluster.tell(say.upgraded);
    settle(cluster);
  }

  #common(place: Place): Place & Pick<HardRestart, 'refusedMs' | 'startingUpMs' | 'signal'> {
    return {
      ...place,
      refusedMs: this.#duration('global.minor.pg.refusedMs'),
      startingUpMs: this.#duration('global.minor.pg.startingUpMs'),
      signal: this.#signal,
    };
  }

  /** The primary first. */
  get #clusters(): readonly ClusterRecord[] {
    return [this.#global.primary, ...this.#global.secondaries];
  }

  #duration(name: string): number {
    const valueMs = drawn(this.#parameters.durations, name);
    this.#global.primary.tellDuration(name, valueMs);
    return valueMs;
  }
}

function placesOf(cluster: ClusterRecord): Place[] {
  return cluster.instances.map((instance) => ({ cluster, instance }));
}

/** Says of a cluster and its instances whether they can be used. */
function settle(cluster: ClusterRecord): void {
  const runs = cluster.instances.every(({ serverRuns }) => serverRuns);
  cluster.setStatus(runs ? 'available' : 'upgrade_failed', null);
  for (const instance of cluster.instances)
    instance.setStatus(instance.serverRuns ? 'available' : 'upgrade_failed');
}
