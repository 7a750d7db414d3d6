/**
 * What a client asks of Aurora itself and nobody here can answer: told once for each name, as an
 * error of the rehearsal, since what the client makes of it says nothing of Aurora. Blue/green
 * metadata are not among it: where there is no deployment, Aurora does not answer either.
 */
import type { StatementHook } from '../../endpoint/statement-hook.js';
import type { ClusterRecord } from '../cluster.js';
import { mayNameAurora } from './aurora-mysql-names.js';

const namesMax = 50;
const answered: readonly string[] = [
  'aurora_version',
  'aurora_replica_status',
  'aurora_db_instance_identifier',
];
const asked = new RegExp(
  String.raw`'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|` +
    String.raw`@@(?:(?:global|session)\.)?(?<variable>aurora_\w+)|\b(?<call>aurora_\w+)\s*\(`,
  'gi',
);

/** Names of Aurora's own functions and variables in a statement that have no answer here. */
export function unansweredIn(sql: string): string[] {
  const found = [...sql.matchAll(asked)].flatMap(
    ({ groups }) => (groups?.variable ?? groups?.call ?? []) as string | never[],
  );
  return found.filter((name) => {
    const known = name.toLowerCase();
    return !answered.includes(known) && !known.startsWith('aurora_inject_');
  });
}

/** For what nobody answers here: what it sees is what the server is asked. */
export function tellUnanswered(cluster: ClusterRecord): StatementHook {
  const told = new Set<string>();
  return {
    mayMatter: mayNameAurora,
    onStatement: (sql, _stage, session) => {
      for (const name of unansweredIn(sql)) {
        if (told.has(name) || told.size >= namesMax) continue;
        told.add(name);
        const who = session.owner.applicationName || session.owner.user;
        const text = `${who} (${session.id}) asked for ${name}, which has no answer here`;
        cluster.note('error', 'metadata-unanswered', text);
      }
      return 'pass';
    },
  };
}
