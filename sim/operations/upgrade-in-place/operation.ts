/**
 * An upgrade of an RDS instance in place, minor or major: the database is down from the shutdown to
 * the restart, and a Multi-AZ standby is upgraded with it, so that there is nobody to fail over to
 * (AmazonRDS UserGuide/USER_UpgradeDBInstance.Upgrading.html). The engines are really replaced, and
 * the backups really taken; the lengths are modelled.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { Content } from '../../engine/postgres/content.js';
import type { CheckData } from '../../events.js';
import type { ServerSnapshot } from '../../server/server.js';
import { readClusterVersion, type UpgradeStep } from '../../server/versions.js';
import type { UpgradeInPlaceParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { Fates } from '../fates.js';
import { OperationFailed } from '../job.js';
import type { World } from '../operation.js';
import { contentOf, differences } from './content.js';
import { Engines } from './engines.js';
import * as say from './messages.js';
import { precheck } from './prechecks.js';
import { stepOf } from './step.js';

const reasons = {
  'shut-down':
    'its instance was shut down for the upgrade (documented: AmazonRDS ' +
    'UserGuide/USER_UpgradeDBInstance.Upgrading.html)',
  'server-connection-lost': 'its server connection ended during the upgrade (this rehearsal)',
  'broken-by-fault':
    'a fault of this rehearsal broke its connection during the upgrade (this rehearsal)',
} as const;

const differencesMax = 8;

type Waits =
  | 'backupMs'
  | 'preparationMs'
  | 'precheckMs'
  | 'shutdownAfterMs'
  | 'secondBackupAfterMs'
  | 'downtimeAfterMs'
  | 'upgradeAfterMs'
  | 'restartAfterMs'
  | 'startingUpMs'
  | 'finishMs'
  | 'tasksMs';

/** One upgrade under way. */
export class UpgradeInPlace {
  readonly #world: World;
  readonly #cluster: ClusterRecord;
  readonly #parameters: UpgradeInPlaceParameters;
  readonly #signal: AbortSignal;
  readonly #step: UpgradeStep;
  readonly #fromAws: string;
  readonly #engines: Engines;
  readonly #fates: Fates<'shut-down'>;
  /** The next instant of the outage, as modelled. */
  #dueNs = 0;
  #backup: ServerSnapshot | undefined;
  /** Why the old version runs again. */
  #failure: string | undefined;

  constructor(
    world: World,
    cluster: ClusterRecord,
    parameters: UpgradeInPlaceParameters,
    signal: AbortSignal,
  ) {
    this.#world = world;
    this.#cluster = cluster;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#step = stepOf(cluster, parameters) ?? 'minor';
    this.#fromAws = cluster.awsVersion;
    this.#engines = new Engines(world, cluster, parameters.engineVersion);
    this.#fates = new Fates(cluster, (reason) => reasons[reason]);
  }

  /** Runs it to its end. Throws OperationFailed where the version is not the new one then. */
  async run(): Promise<void> {
    const cluster = this.#cluster;
    const { instances } = cluster;
    cluster.setStatus('upgrading', { status: 'upgrading', instances });
    try {
      await this.#prepare();
      await this.#upgrade();
      await this.#finish();
    } finally {
      await this.#engines.clear().catch(() => {});
      await this.#backup?.remove().catch(() => {});
      const status = cluster.serverRuns ? 'available' : 'upgrade_failed';
      cluster.setStatus(status, { status, instances });
    }
  }

  /** Everything before anybody is disconnected: the backup and the pre-check. */
  async #prepare(): Promise<void> {
    const cluster = this.#cluster;
    const { server } = cluster.writerInstance;
    await this.#world.provider.prepare(server.spec.engine, this.#parameters.engineVersion);
    cluster.tell(say.backingUp);
    const begunNs = cluster.clock.nowNs();
    this.#backup = await server.snapshot();
    this.#tellFrozen(this.#backup.frozen);
    await this.#control('backupMs', begunNs);
    cluster.tell(say.backedUp);
    await this.#control('preparationMs');
    cluster.tell(say.precheckStarted);
    const startedNs = cluster.clock.nowNs();
    const checks = this.#step === 'major' ? await this.#check() : [];
    await this.#control('precheckMs', startedNs);
    for (const check of checks) cluster.tellCheck(check);
    cluster.tell(say.precheckFinished);
    const blocked = checks.filter(({ state }) => state === 'blocked');
    if (blocked.length > 0) {
      const why = blocked.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
      cluster.tell(say.cannotBeUpgraded(why));
      throw new OperationFailed(`the pre-check found ${why}`);
    }
    await this.#control('shutdownAfterMs');
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  #check(): Promise<CheckData[]> {
    return precheck(this.#world, this.#cluster, this.#parameters);
  }

  /** From the shutdown to the restart; whatever happens, clients are let in where they can be. */
  async #upgrade(): Promise<void> {
    const { instances } = this.#cluster;
    try {
      await this.#shutDown();
      await this.#engines.endClients();
      const before = this.#step === 'major' ? await this.#content() : undefined;
      await this.#engines.shutDown();
      await this.#replaceEngines(before);
    } catch (error) {
      this.#failure = messageOf(error);
      await this.#rollBack(error);
    } finally {
      for (const { endpoint, serverRuns } of instances) {
        endpoint.admitting = true;
        await endpoint.setState(serverRuns ? 'open' : 'refusing').catch(() => {});
      }
      this.#fates.settle();
    }
    this.#cluster.tell(say.restarted);
  }

  /** Everybody is disconnected and nobody let in: T0. */
  async #shutDown(): Promise<void> {
    const { clock, instances } = this.#cluster;
    this.#dueNs = clock.nowNs();
    this.#parameters.onT0?.(this.#dueNs);
    const sessions = instances.flatMap(({ endpoint }) => endpoint.sessions);
    this.#fates.present(sessions);
    for (const { endpoint } of instances) {
      endpoint.admitting = false;
      await endpoint.setState('refusing');
    }
    const late = instances.flatMap(({ endpoint }) => endpoint.sessions);
    for (const session of new Set([...sessions, ...late])) this.#fates.drop(session, 'shut-down');
    this.#cluster.tell(say.shutDown);
  }

  async #replaceEngines(before: Content | undefined): Promise<void> {
    const cluster = this.#cluster;
    await this.#due('secondBackupAfterMs');
    cluster.tell(say.backingUp);
    await this.#due('downtimeAfterMs');
    cluster.tell(say.downtimeStarted);
    await this.#due('upgradeAfterMs');
    cluster.tell(say.upgradeStarted);
    if (this.#engines.moves) await this.#move();
    const isPostgres = cluster.server === 'postgres';
    // Only Postgres answers while it starts up: others go on being refused.
    const startingUpMs = isPostgres ? this.#duration('startingUpMs') : 0;
    await this.#due('restartAfterMs', -startingUpMs);
    if (isPostgres)
      for (const { endpoint } of cluster.instances) await endpoint.setState('starting-up');
    await this.#engines.startNew();
    if (before !== undefined) await this.#compare(before);
    await this.#until(this.#dueNs + startingUpMs * 1e6);
  }

  async #move(): Promise<void> {
    const cluster = this.#cluster;
    const { way, tookMs } = await this.#engines.move();
    const apart =
      way === 'pg_upgrade'
        ? 'as on RDS, where it takes another time'
        : 'RDS uses pg_upgrade, for which the programs of both versions are not here together; ' +
          'this length is not that of AWS';
    cluster.note('info', 'upgrade-way', `by ${way} in ${tookMs} ms: ${apart}`);
  }

  async #content(): Promise<Content | undefined> {
    return await contentOf(this.#cluster.writerInstance).catch((error: unknown) => {
      this.#cluster.note('warning', 'content-unread', `not compared: ${messageOf(error)}`);
      return undefined;
    });
  }

  async #compare(before: Content): Promise<void> {
    const after = await this.#content();
    if (after === undefined) return;
    const found = differences(before, after);
    if (found.length === 0) {
      const text = `${before.size} tables, sequences and users are as they were`;
      this.#cluster.note('info', 'content-kept', text);
      return;
    }
    const more = found.length > differencesMax ? ` and ${found.length - differencesMax} more` : '';
    const text = `${found.slice(0, differencesMax).join('; ')}${more}`;
    this.#cluster.note('warning', 'content-differs', text);
  }

  /** The old version again, over what there was at the shutdown. */
  async #rollBack(cause: unknown): Promise<void> {
    const cluster = this.#cluster;
    const { engineVersion } = this.#parameters;
    const why = messageOf(cause);
    try {
      await this.#engines.startOld();
    } catch (error) {
      throw new OperationFailed(
        `neither ${engineVersion} nor the old version started: ${why} Then: ${messageOf(error)}`,
      );
    }
    this.#failure = `${engineVersion} did not start and ${cluster.version} runs again: ${why}`;
  }

  async #finish(): Promise<void> {
    const cluster = this.#cluster;
    if (this.#failure !== undefined) {
      const isMysqlMajor = cluster.engine === 'mysql' && this.#step === 'major';
      cluster.tell(isMysqlMajor ? say.mysqlRolledBack(this.#failure) : say.rolledBack);
      throw new OperationFailed(this.#failure);
    }
    await this.#control('finishMs').catch(() => {});
    cluster.tell(say.upgradeFinished);
    cluster.tell(say.tasksInProgress);
    await this.#control('tasksMs').catch(() => {});
    cluster.tell(say.backedUp);
    const { awsVersion, engineVersion } = this.#parameters;
    const to = awsVersion ?? readClusterVersion(cluster.engine, engineVersion).aws;
    cluster.patchedTo(to);
    if (this.#step === 'minor') cluster.tell(say.minorComplete(this.#fromAws, to));
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  /** A copy of files freezes the server; a backup of AWS's storage stalls nobody. */
  #tellFrozen({ fromNs, toNs }: ServerSnapshot['frozen']): void {
    const { subject }: Instance = this.#cluster.writerInstance;
    for (const [atNs, value] of [
      [fromNs, 1],
      [toNs, 0],
    ] as const)
      this.#world.emit({
        atNs,
        clock: 'harness',
        kind: 'gauge',
        subject,
        data: { name: 'server.frozen', value, unit: null },
      });
  }

  #duration(name: Waits): number {
    const full = `rds.${this.#step}.inplace.${name}`;
    const valueMs = drawn(this.#parameters.durations, full);
    this.#cluster.tellDuration(full, valueMs);
    return valueMs;
  }

  /** A control-plane wait; rejects when the job is aborted. */
  async #control(name: Waits, fromNs = this.#cluster.clock.nowNs()): Promise<void> {
    const { clock } = this.#cluster;
    const leftMs = this.#duration(name) - (clock.nowNs() - fromNs) / 1e6;
    await clock.sleep(Math.max(0, leftMs), this.#signal);
  }

  /** The outage goes on for that long, less what the engines have taken of it. */
  async #due(name: Waits, moreMs = 0): Promise<void> {
    this.#dueNs += (this.#duration(name) + moreMs) * 1e6;
    await this.#until(this.#dueNs);
  }

  /** Once clients are disconnected an abort only skips waiting. */
  async #until(atNs: number): Promise<void> {
    const { clock } = this.#cluster;
    await clock.sleep(Math.max(0, (atNs - clock.nowNs()) / 1e6), this.#signal).catch(() => {});
  }
}
