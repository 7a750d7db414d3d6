/** Lets the endpoints of an Aurora MySQL cluster answer what its servers cannot. */
import type { StatementHook } from '../../endpoint/statement-hook.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';
import { mayNameAurora, withoutAuroraNames } from './aurora-mysql-names.js';

export function answerAuroraNames(cluster: ClusterRecord): void {
  if (cluster.engine !== 'aurora-mysql') return;
  for (const instance of cluster.instances) instance.endpoint.addHook(hookOf(cluster, instance));
}

function hookOf(cluster: ClusterRecord, { identifier }: Instance): StatementHook {
  return {
    mayMatter: mayNameAurora,
    onStatement: (sql) => {
      const instead = withoutAuroraNames(sql, {
        identifier,
        version: cluster.awsVersion.replace(/^.*mysql_aurora\./, ''),
        members: membersOf(cluster),
      });
      return instead === null ? 'pass' : { instead };
    },
  };
}

/** Whom clients may know of: a standby is not among them. */
export function membersOf({
  instances,
}: ClusterRecord): { identifier: string; isWriter: boolean }[] {
  return instances
    .filter(({ role }) => role !== 'standby')
    .map(({ identifier, role }) => ({ identifier, isWriter: role === 'writer' }));
}
