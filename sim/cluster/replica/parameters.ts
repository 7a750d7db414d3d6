/** What a source of replicas is started with. */
import { logicalSourceParameters } from '../../engine/postgres/logical-replication.js';
import type { EngineName } from '../../server/server.js';
import { replicationOf } from '../replication/replication.js';

export function replicaSourceParameters(engine: EngineName): Readonly<Record<string, string>> {
  return engine === 'postgres' ? logicalSourceParameters : replicationOf(engine).parametersOf(1);
}
