/** The pre-check of an upgrade: what of it can be asked of the real server. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { PostgresMember } from '../../cluster/member.js';
import type { Need } from '../../database/needs.js';
import { mysqlUpgradeFindings } from '../../engine/mysql/upgrade-checks.js';
import {
  postgresUpgradeFindings,
  type UpgradeFinding,
} from '../../engine/postgres/upgrade-checks.js';
import type { CheckData } from '../../events.js';
import { communityEngines, readClusterVersion, seriesOf } from '../../server/versions.js';
import type { UpgradeInPlaceParameters } from '../../sim.js';
import { messageOf } from '../../user-error.js';
import type { World } from '../operation.js';
import { inDatabaseOf } from './in-database.js';

/** Of a major upgrade; AWS documents none that a minor one looks at. It never rejects. */
export async function precheck(
  world: World,
  cluster: ClusterRecord,
  parameters: UpgradeInPlaceParameters,
): Promise<CheckData[]> {
  try {
    const found = await findings(world, cluster, parameters);
    return found.map((finding) => ({ ...finding, when: 'before' }));
  } catch (error) {
    const detail = `the server could not be asked: ${messageOf(error)}`;
    return [{ name: 'pre-check', when: 'before', state: 'blocked', detail }];
  }
}

async function findings(
  world: World,
  cluster: ClusterRecord,
  { engineVersion, awsVersion }: UpgradeInPlaceParameters,
): Promise<UpgradeFinding[]> {
  const { member, engine } = cluster;
  if (member.protocolName === 'mysql') {
    const { community } = readClusterVersion(engine, awsVersion ?? engineVersion);
    const series = seriesOf(communityEngines[engine], community);
    return await mysqlUpgradeFindings(member.admin, member.flavour, series);
  }
  const inDatabase = inDatabaseOf(cluster.mainInstance.server);
  return [
    ...(await postgresUpgradeFindings(member.admin, inDatabase)),
    await extensions(world, member, inDatabase, engineVersion),
  ];
}

/** AWS names incompatible extensions among what makes such an upgrade fail. */
async function extensions(
  { provider }: World,
  { admin }: PostgresMember,
  inDatabase: ReturnType<typeof inDatabaseOf>,
  engineVersion: string,
): Promise<UpgradeFinding> {
  const databases = await admin.query<{ name: string }>(
    'select datname as name from pg_catalog.pg_database where datallowconn',
  );
  const names = new Set<string>();
  for (const { name } of databases) {
    const rows = await inDatabase(name, (one) =>
      one.query<{ name: string }>('select extname as name from pg_catalog.pg_extension'),
    );
    for (const row of rows) names.add(row.name);
  }
  const needs = [...names].map((name): Need => ({ kind: 'extension', name, from: 'the database' }));
  const lacking = await provider.lacking('postgres', engineVersion, needs);
  const list = lacking.map(({ name }) => name).join(', ');
  return lacking.length === 0
    ? { name: 'extensions', state: 'ok', detail: 'the new version has every extension in use' }
    : { name: 'extensions', state: 'blocked', detail: `the new version lacks: ${list}` };
}
