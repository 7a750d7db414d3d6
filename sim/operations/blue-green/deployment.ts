/**
 * A blue/green deployment: blue, which has the names that clients dial, green, which follows it,
 * and the statuses of the whole. After a switchover the two records have each other's instances.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { BlueGreenMetadata } from '../../cluster/topology/blue-green-metadata.js';
import type { Emit } from '../../events.js';
import { rng } from '../../rng.js';
import type { AwsFault } from '../../sim.js';
import type { World } from '../operation.js';
import type { Told } from '../told.js';
import type { MemberKind, Named } from './messages.js';
import {
  type DeploymentStatus,
  type DriverStatus,
  mayFollow,
  oldName,
  type Task,
  type TaskName,
  type TaskStatus,
  tasksOf,
} from './statuses.js';

export class BlueGreenDeployment {
  readonly identifier: string;
  readonly blue: ClusterRecord;
  /** What green is to be called. */
  readonly greenName: string;
  /** The tables of blue and what belongs to them, as green was made with them. */
  schema: ReadonlyMap<string, string> = new Map();
  /** What old blue is called once green has its names. */
  oldName: string;
  /** While a switchover can be stopped, what stops it. */
  stop: AbortController | null = null;
  readonly #emit: Emit;
  /** Blue's when the deployment was made. */
  readonly #readers: readonly string[];
  #green: ClusterRecord | undefined;
  #metadata: BlueGreenMetadata | undefined;
  #status: DeploymentStatus = 'PROVISIONING';
  #tasks: readonly Task[];

  constructor(world: World, blue: ClusterRecord) {
    const stream = rng(world.seed, `blue-green ${blue.identifier}`);
    this.identifier = `bgd-${lettersOf(stream, 16)}`;
    this.greenName = `${blue.identifier}-green-${lettersOf(stream, 6)}`;
    this.blue = blue;
    this.oldName = oldName(blue.identifier, new Set());
    this.#readers = blue.readers.map(({ identifier }) => identifier);
    this.#emit = world.emit;
    this.#tasks = tasksOf(blue.engine).map((name) => ({ name, status: 'PENDING' }));
    this.#gauge('deployment.status', this.#status);
  }

  /** The record that green was made as. @throws Error while there is none */
  get green(): ClusterRecord {
    if (this.#green === undefined) throw new Error(`${this.identifier} has no green yet`);
    return this.#green;
  }

  get hasGreen(): boolean {
    return this.#green !== undefined;
  }

  get status(): DeploymentStatus {
    return this.#status;
  }

  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /** Whether it was switched over: green's instances have blue's names. */
  get isSwitched(): boolean {
    return this.#status === 'SWITCHOVER_COMPLETED';
  }

  /** How AWS names the pair in its events. */
  get named(): Named {
    return { blue: this.blue.identifier, green: this.greenName };
  }

  /** What events tell of: the pair of clusters of Aurora; of RDS the primaries and each replica. */
  get members(): readonly { readonly kind: MemberKind; readonly named: Named }[] {
    const pair = { kind: this.kind, named: this.named };
    if (this.isAurora) return [pair];
    const { blue, green } = this.named;
    const replicas = this.#readers.map((name) => ({
      kind: 'read replica' as const,
      named: { blue: name, green: name.replace(blue, green) },
    }));
    return [pair, ...replicas];
  }

  get kind(): MemberKind {
    return this.isAurora ? 'DB cluster' : 'primary';
  }

  get isAurora(): boolean {
    return this.blue.engine.startsWith('aurora-');
  }

  /** Green is there: what drivers ask for is made on both. */
  async took(green: ClusterRecord): Promise<void> {
    this.#green = green;
    this.#metadata = new BlueGreenMetadata(this.blue, green);
    await this.tellDrivers('AVAILABLE');
  }

  /** Green is there no more. */
  lost(): void {
    this.#green = undefined;
  }

  /** @throws Error where that status cannot follow: a defect */
  become(status: DeploymentStatus): void {
    if (!mayFollow(this.#status, status))
      throw new Error(`a deployment that is ${this.#status} cannot become ${status}`);
    this.#status = status;
    this.#gauge('deployment.status', status);
  }

  setTask(name: TaskName, status: TaskStatus): void {
    this.#tasks = this.#tasks.map((task) => (task.name === name ? { name, status } : task));
    this.#gauge(`deployment.task.${name}`, status);
  }

  /** Whoever of both sides runs tells it from now on. What hinders that is noted. */
  async tellDrivers(status: DriverStatus): Promise<void> {
    await this.#metadata?.tell(status);
    this.#gauge('deployment.metadata', status);
  }

  /** The two records have each other's instances, and what belongs to these, from now on. */
  changePlaces(clusters: World['clusters']): void {
    const { blue, green } = this;
    this.oldName = oldName(blue.identifier, new Set(clusters.keys()));
    const [from, to] = [blue.awsVersion, green.awsVersion];
    blue.exchangeInstances(green);
    blue.patchedTo(to);
    green.patchedTo(from);
    this.#metadata?.renamed(this.oldName);
  }

  /** Drivers find no deployment any more. */
  async forgetMetadata(): Promise<void> {
    await this.#metadata?.remove();
    this.#metadata = undefined;
  }

  tell(told: Told): void {
    this.blue.tell(told);
  }

  #gauge(name: string, value: string): void {
    this.#emit({
      atNs: this.blue.clock.nowNs(),
      clock: 'control',
      kind: 'gauge',
      subject: { cluster: this.blue.identifier },
      data: { name, value, unit: null },
    });
  }
}

/** The deployment of a call that was not refused. */
export function deploymentOf({ deployments }: World, blue: string): BlueGreenDeployment {
  const deployment = deployments.get(blue);
  if (deployment === undefined) throw new Error(`${blue} has no blue/green deployment`);
  return deployment;
}

/** As every call about a deployment that is not there is answered. */
export function deploymentNotFound(blue: string): AwsFault {
  return {
    code: 'BlueGreenDeploymentNotFoundFault',
    message: `There is no blue/green deployment of ${blue}.`,
  };
}

/** As a call is answered that the deployment's status does not allow. */
export function invalidState({ identifier, status }: BlueGreenDeployment, what: string): AwsFault {
  return {
    code: 'InvalidBlueGreenDeploymentStateFault',
    message: `Blue/green deployment ${identifier} is ${status} and cannot be ${what}.`,
  };
}

function lettersOf(stream: ReturnType<typeof rng>, count: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: count }, () => letters[stream.int(0, letters.length - 1)]).join('');
}
