/** Lets the servers of an Aurora cluster tell their clients who is a member of it. */
import type { ClusterRecord } from '../cluster.js';
import { answerAuroraNames, membersOf } from './answer-aurora-names.js';

/** Makes what clients ask; once, on the writer, from whom the others have it. */
export async function installTopology(cluster: ClusterRecord): Promise<void> {
  if (!isAurora(cluster)) return;
  answerAuroraNames(cluster);
  const { mainInstance, application } = cluster;
  if (mainInstance.role === 'writer')
    await mainInstance.member.topology.install(application.database);
  await publishTopology(cluster);
}

/** Tells every server that runs what the members are now. */
export async function publishTopology(cluster: ClusterRecord): Promise<void> {
  // For Aurora MySQL the endpoints answer.
  if (cluster.engine !== 'aurora-postgresql') return;
  const { instances } = cluster;
  const version = versionOf(cluster);
  const members = membersOf(cluster);
  for (const { server, member } of instances)
    if (server.state === 'running') await member.topology.write({ version, members });
}

/** Servers of RDS have no such functions. */
function isAurora({ engine }: ClusterRecord): boolean {
  return engine.startsWith('aurora-');
}

/** As Aurora names it; a server that no version of Aurora is built on has its own name. */
function versionOf(cluster: ClusterRecord): string {
  try {
    return cluster.awsVersion;
  } catch {
    return cluster.version;
  }
}
