/** Lets the endpoints of an Aurora cluster answer what its servers cannot, or tell of it. */
import type { StatementHook } from '../../endpoint/statement-hook.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';
import { mayNameAurora, withoutAuroraNames } from './aurora-mysql-names.js';
import { tellUnanswered } from './unanswered.js';

export function answerAuroraNames(cluster: ClusterRecord): void {
  const unanswered = tellUnanswered(cluster);
  for (const instance of cluster.instances) {
    const isMysql = cluster.engine === 'aurora-mysql';
    instance.endpoint.addHook(isMysql ? answering(cluster, instance, unanswered) : unanswered);
  }
}

/** One hook does both, so that what a client sends is looked through once. */
function answering(
  cluster: ClusterRecord,
  { identifier }: Instance,
  unanswered: StatementHook,
): StatementHook {
  return {
    mayMatter: mayNameAurora,
    onStatement: (sql, stage, session) => {
      const instead = withoutAuroraNames(sql, {
        identifier,
        version: cluster.awsVersion.replace(/^.*mysql_aurora\./, ''),
        members: membersOf(cluster),
      });
      return instead === null ? unanswered.onStatement(sql, stage, session) : { instead };
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
