/** Whether everything is there afterwards: rows, sequences, users. */
import type { Instance } from '../../cluster/instance.js';
import { mysqlContent } from '../../engine/mysql/content.js';
import { type Content, postgresContent } from '../../engine/postgres/content.js';
import { inDatabaseOf } from './in-database.js';

/** @throws the driver's error where the server cannot be asked */
export function contentOf({ member, server }: Instance): Promise<Content> {
  return member.protocolName === 'postgres'
    ? postgresContent(member.admin, inDatabaseOf(server))
    : mysqlContent(member.admin);
}

/** What differs, each in a few words. */
export function differences(before: Content, after: Content): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    if (is === undefined) return [`${name} is missing`];
    if (was === undefined) return [`${name} is new`];
    const isSecret = name.startsWith('role ') || name.startsWith('account ');
    return [isSecret ? `${name} is another` : `${name}: ${was} before, ${is} after`];
  });
}
