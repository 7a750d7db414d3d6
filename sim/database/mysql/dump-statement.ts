/**
 * What is done with a statement of a dump on a server that is not the one it came from. Pure.
 */

export type LeftOut = 'gtid' | 'replication' | 'system-database' | 'own-account';

export const leftOutTexts: Readonly<Record<LeftOut, string>> = {
  gtid: "GTIDs of the dump's own server",
  replication: 'statements on replication: nothing here dials another server',
  'system-database': "statements on the server's own databases",
  'own-account': 'statements on accounts that a rehearsal has for itself',
};

/** Accounts of every server here: the admin, the application, the instruments. */
export const ownAccounts = ['rehearse_admin', 'app', 'rehearse'];
export const systemDatabases = ['mysql', 'sys', 'information_schema', 'performance_schema'];

export type Treatment =
  /** `use` is the database that statements go to from now on. */
  | { readonly run: true; readonly use?: string }
  | { readonly run: false; readonly why: LeftOut; readonly use?: string };

const headBytesMax = 4_096;
const databaseName = '(?:`((?:[^`]|``)+)`|([\\w$]+))';
const useDatabase = new RegExp(`^use\\s+${databaseName}`, 'i');
const ifExists = '(?:if\\s+(?:not\\s+)?exists\\s+)?';
const onDatabase = new RegExp(
  `^(?:create|drop|alter)\\s+(?:database|schema)\\s+${ifExists}${databaseName}`,
  'i',
);
const onOwnAccount = new RegExp(
  `^(?:create|alter|drop)\\s+user\\s+${ifExists}` +
    `['"\`]?(?:${ownAccounts.join('|')})['"\`]?(?=$|[\\s@,])`,
  'i',
);

/** @param inSystem whether a database of the server's own is being loaded */
export function treatmentOf(sql: Buffer, inSystem: boolean): Treatment {
  // Latin 1: what is looked for is ASCII. The marks of comments that servers run are no matter.
  const head = sql
    .toString('latin1', 0, headBytesMax)
    .replaceAll(/\/\*M?!\d*|\*\//g, ' ')
    .replaceAll(/^(?:\s*-- [^\n]*\n)+/g, '')
    .trim()
    .replaceAll(/\s+/g, ' ');
  const use = nameIn(useDatabase.exec(head));
  if (use !== undefined)
    return isSystem(use) ? { run: false, why: 'system-database', use } : { run: true, use };
  const database = nameIn(onDatabase.exec(head));
  if (database !== undefined)
    return isSystem(database) ? { run: false, why: 'system-database' } : { run: true };
  if (/^set @@global\.gtid_(?:purged|slave_pos)\b/i.test(head)) return { run: false, why: 'gtid' };
  if (/^set global gtid_(?:purged|slave_pos)\b/i.test(head)) return { run: false, why: 'gtid' };
  if (
    /^(?:change (?:master|replication)|(?:start|stop|reset) (?:slave|replica|group_repl))/i.test(
      head,
    )
  )
    return { run: false, why: 'replication' };
  if (onOwnAccount.test(head)) return { run: false, why: 'own-account' };
  // Settings of the session are for what comes after, in whatever database.
  if (inSystem && !/^set\s/i.test(head)) return { run: false, why: 'system-database' };
  return { run: true };
}

function nameIn(match: RegExpExecArray | null): string | undefined {
  return match?.[1]?.replaceAll('``', '`') ?? match?.[2];
}

export function isSystem(database: string): boolean {
  return systemDatabases.includes(database.toLowerCase());
}
