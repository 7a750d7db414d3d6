/** Lets the endpoints of an Aurora cluster answer what its servers cannot, or tell of it. */
import type { StatementHook } from '../../endpoint/statement-hook.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';
import { mayNameAurora, withoutAuroraNames } from './aurora-mysql-names.js';
import { tellUnanswered } from './unanswered.js';

export function answerAuroraNames(cluster: ClusterRecord): void {
  const unanswered = tellUnanswered(cluster);
  for (const instance of cluster.instances) {
    if (cluster.engine === 'aurora-mysql') instance.endpoint.addHook(hookOf(cluster, instance));
    instance.endpoint.addHook(unanswered);
  }
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
