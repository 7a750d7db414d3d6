/**
 * The making of green: a copy of blue with its members, upgraded, that follows blue
 * (AmazonRDS UserGuide/blue-green-deployments-creating.html,
 * AuroraUserGuide/blue-green-deployments-creating.html). The copy, the upgrade and the replication
 * are real; how long AWS takes for it is modelled. Blue goes on all the time.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { type CreatedReplica, createReplica } from '../../cluster/replica/create-replica.js';
import type { CreateBlueGreenDeploymentParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import type { World } from '../operation.js';
import { lookAtBlue, readySides } from './blue-checks.js';
import { BlueGreenDeployment } from './deployment.js';
import { endGreen } from './end-green.js';
import * as say from './messages.js';
import type { TaskName } from './statuses.js';

type Waits = 'replicaMs' | 'upgradeMs' | 'topologyMs';

/** One deployment in the making. */
export class GreenCreation {
  readonly #world: World;
  readonly #blue: ClusterRecord;
  readonly #parameters: CreateBlueGreenDeploymentParameters;
  readonly #signal: AbortSignal;
  readonly #deployment: BlueGreenDeployment;
  #making: Promise<CreatedReplica> | undefined;

  constructor(
    world: World,
    blue: ClusterRecord,
    parameters: CreateBlueGreenDeploymentParameters,
    signal: AbortSignal,
  ) {
    this.#world = world;
    this.#blue = blue;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#deployment = new BlueGreenDeployment(world, blue);
  }

  /**
   * Runs it to its end. Throws OperationFailed where there is no green then; nothing of it is left
   * in that case, and blue is as it was.
   */
  async run(): Promise<void> {
    const deployment = this.#deployment;
    this.#world.deployments.set(this.#blue.identifier, deployment);
    try {
      await this.#make();
    } catch (error) {
      await this.#giveUp();
      if (this.#signal.aborted) {
        this.#world.deployments.delete(this.#blue.identifier);
        deployment.become('DELETING');
        deployment.tell(say.deleted);
        throw this.#signal.reason;
      }
      const reason = messageOf(error).replace(/\.$/, '');
      deployment.become('INVALID_CONFIGURATION');
      deployment.tell(say.creationFailed(reason));
      throw new OperationFailed(`green could not be made: ${reason}`);
    }
    deployment.become('AVAILABLE');
    deployment.tell(say.tasksCompleted);
  }

  async #make(): Promise<void> {
    const deployment = this.#deployment;
    const { provider } = this.#world;
    await lookAtBlue(deployment);
    await provider.prepare(this.#blue.server, this.#parameters.engineVersion);
    if (this.#signal.aborted) throw this.#signal.reason;
    this.#making = this.#green();
    // Whoever waits first for something else hears of it all the same.
    this.#making.catch(() => {});
    const [copying, upgrading, ...others] = deployment.tasks.map(({ name }) => name);
    const made = await this.#task([copying], 'replicaMs', this.#making);
    if (made !== undefined) this.#tellWay(made);
    await this.#task([upgrading], 'upgradeMs');
    await readySides(deployment);
    await this.#task(others, 'topologyMs');
  }

  async #green(): Promise<CreatedReplica> {
    const { engineVersion, awsVersion } = this.#parameters;
    let created: CreatedReplica | undefined;
    const replica = await this.#world.adopt(
      createReplica(this.#world, this.#blue, {
        identifier: this.#deployment.greenName,
        version: engineVersion,
        ...(awsVersion === undefined ? {} : { awsVersion }),
        members: this.#blue.instances.flatMap(({ role }) => (role === 'writer' ? [] : [role])),
      }).then((made) => {
        created = made;
        return made.replica;
      }),
    );
    await this.#deployment.took(replica);
    if (created === undefined) throw new Error('no green was made');
    return created;
  }

  /** Tasks that take as long as what is done for them, at least as long as modelled. */
  async #task<T>(
    names: readonly (TaskName | undefined)[],
    wait: Waits,
    work?: Promise<T>,
  ): Promise<T | undefined> {
    const known = names.flatMap((name) => name ?? []);
    for (const name of known) this.#deployment.setTask(name, 'IN_PROGRESS');
    const full = `bg.create.${wait}`;
    const waitMs = drawn(this.#parameters.durations, full);
    this.#blue.tellDuration(full, waitMs);
    try {
      const [made] = await Promise.all([work, this.#world.clock.sleep(waitMs, this.#signal)]);
      for (const name of known) this.#deployment.setTask(name, 'COMPLETED');
      return made;
    } catch (error) {
      for (const name of known) this.#deployment.setTask(name, 'FAILED');
      throw error;
    }
  }

  #tellWay({ way }: CreatedReplica): void {
    if (way === null) return;
    const apart =
      way === 'pg_upgrade'
        ? 'as on RDS'
        : 'RDS uses pg_upgrade, for which the programs of both versions are not here together';
    this.#blue.note('info', 'upgrade-way', `green was upgraded by ${way}: ${apart}`);
  }

  /** What was made of green is ended; whatever is being made is waited for. */
  async #giveUp(): Promise<void> {
    await this.#making?.catch(() => {});
    await endGreen(this.#world, this.#deployment);
  }
}
