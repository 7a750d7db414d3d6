/**
 * What a copy that follows by logical replication falls short of, and what that does to its source
 * (PostgreSQL documentation, "Logical Replication": Publication, and Restrictions).
 */
import type { ClusterRecord } from '../cluster/cluster.js';
import type { Instance } from '../cluster/instance.js';
import { uncarriedOf } from '../engine/postgres/blue-green.js';
import type { CheckData } from '../events.js';
import { inDatabaseOf } from './upgrade-in-place/in-database.js';

const listedMax = 5;

/** As the two are told. */
interface Sides {
  readonly source: string;
  readonly copy: string;
}

/** Each check of a Postgres, passed or not; none of other engines. @throws what the server says */
export async function uncarriedBy(
  { member, server }: Instance,
  { source, copy }: Sides,
): Promise<CheckData[]> {
  if (member.protocolName !== 'postgres') return [];
  const found = await uncarriedOf(member.admin, inDatabaseOf(server));
  const { withoutKey, unlogged, largeObjects } = found;
  return [
    check('primary-keys', withoutKey, `updates and deletes of these fail on ${source} from now on`),
    check('unlogged-tables', unlogged, `these stay empty on ${copy}`),
    check('large-objects', largeObjects ? ['there are some'] : [], 'changes of them are lost'),
  ];
}

/**
 * Before a replica is made that follows by logical replication where RDS has a physical one: what
 * clients would not feel there.
 * @throws what the server says
 */
export async function tellUncarried(source: ClusterRecord, copy: string): Promise<void> {
  const names = { source: source.mainInstance.identifier, copy };
  for (const found of await uncarriedBy(source.mainInstance, names))
    if (found.state !== 'ok') source.tellCheck(found);
}

function check(name: string, found: readonly string[], what: string): CheckData {
  if (found.length === 0)
    return { name, when: 'before', state: 'ok', detail: 'none to be told of' };
  const more = found.length > listedMax ? ` and ${found.length - listedMax} more` : '';
  const detail = `${what}: ${found.slice(0, listedMax).join(', ')}${more}`;
  return { name, when: 'before', state: 'warning', detail };
}
