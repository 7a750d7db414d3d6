/**
 * The statuses of a blue/green deployment, of its tasks, and what drivers are told of it. Pure.
 * Sources: API reference, BlueGreenDeployment, BlueGreenDeploymentTask and SwitchoverDetail; for
 * drivers, the documentation of the AWS Advanced JDBC Wrapper (Blue/Green Deployment Plugin).
 */
import type { ClusterEngine } from '../../sim.js';

export type DeploymentStatus =
  | 'PROVISIONING'
  | 'AVAILABLE'
  | 'SWITCHOVER_IN_PROGRESS'
  | 'SWITCHOVER_COMPLETED'
  | 'SWITCHOVER_FAILED'
  | 'INVALID_CONFIGURATION'
  | 'DELETING';

/**
 * AWS lists the statuses and no transitions: these follow from what it says of each. A switchover
 * that was rolled back leaves a deployment that can be switched over again.
 */
const following: Readonly<Record<DeploymentStatus, readonly DeploymentStatus[]>> = {
  PROVISIONING: ['AVAILABLE', 'INVALID_CONFIGURATION', 'DELETING'],
  AVAILABLE: ['SWITCHOVER_IN_PROGRESS', 'INVALID_CONFIGURATION', 'DELETING'],
  SWITCHOVER_IN_PROGRESS: ['SWITCHOVER_COMPLETED', 'AVAILABLE', 'SWITCHOVER_FAILED'],
  SWITCHOVER_COMPLETED: ['DELETING'],
  SWITCHOVER_FAILED: ['DELETING'],
  INVALID_CONFIGURATION: ['DELETING'],
  DELETING: [],
};

export function mayFollow(from: DeploymentStatus, to: DeploymentStatus): boolean {
  return following[from].includes(to);
}

/** Whether a deployment can be deleted now. */
export function isDeletable(status: DeploymentStatus): boolean {
  return mayFollow(status, 'DELETING');
}

export type TaskName =
  | 'CREATING_READ_REPLICA_OF_SOURCE'
  | 'DB_ENGINE_VERSION_UPGRADE'
  | 'CONFIGURE_BACKUPS'
  | 'CREATING_TOPOLOGY_OF_SOURCE'
  | 'CREATE_DB_INSTANCES_FOR_CLUSTER'
  | 'CREATE_CUSTOM_ENDPOINTS';

export type TaskStatus = 'PENDING' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';

export interface Task {
  readonly name: TaskName;
  readonly status: TaskStatus;
}

/** In the order in which they are done: of an Aurora cluster, and of an RDS instance. */
export function tasksOf(engine: ClusterEngine): TaskName[] {
  const common = ['CREATING_READ_REPLICA_OF_SOURCE', 'DB_ENGINE_VERSION_UPGRADE'] as const;
  return engine.startsWith('aurora-')
    ? [...common, 'CREATE_DB_INSTANCES_FOR_CLUSTER', 'CREATE_CUSTOM_ENDPOINTS']
    : [...common, 'CONFIGURE_BACKUPS', 'CREATING_TOPOLOGY_OF_SOURCE'];
}

/** What a driver that asks the database itself is told, in this order. */
export const driverStatuses = [
  'AVAILABLE',
  'SWITCHOVER_INITIATED',
  'SWITCHOVER_IN_PROGRESS',
  'SWITCHOVER_IN_POST_PROCESSING',
  'SWITCHOVER_COMPLETED',
] as const;
export type DriverStatus = (typeof driverStatuses)[number];

/** The n of `-old1`: the first that no other cluster has. */
export function oldName(blue: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = `${blue}-old${number}`;
    if (!taken.has(name)) return name;
  }
}
