/**
 * What is done with a statement of a dump on a server that is not the one it came from: there is
 * one database and it is called otherwise, and the server's own roles are not the dump's to change.
 * Pure.
 */

/** `as` is the statement to run in its place. */
export type Treatment =
  | { readonly run: true; readonly as?: string; readonly asServer?: true }
  | { readonly run: false; readonly why: LeftOut };

/** Kinds of statements that are left out; told together at the end of a load. */
export type LeftOut = 'database' | 'owner' | 'own-role' | 'subscription';

export const leftOutTexts: Readonly<Record<LeftOut, string>> = {
  database: 'statements on databases: everything is loaded into that of the application',
  owner: 'changes of owner: the application owns what was loaded',
  'own-role': 'statements on roles that a rehearsal has for itself',
  subscription: 'subscriptions: nothing here dials another server',
};

/** Roles of every server here: the admin, the loader, the application, the instruments. */
export const ownRoles = ['rdsadmin', 'rehearse_loader', 'app', 'rehearse'];

const name = '(?:"(?:[^"]|"")+"|[\\w$]+)';
const ownRole = new RegExp(
  '^(?:create|alter|drop)\\s+(?:role|user|group)\\s+(?:if\\s+exists\\s+)?' +
    `"?(?:${ownRoles.join('|')})"?(?![\\w$"])`,
  'i',
);
const databaseSetting = new RegExp(`^alter\\s+database\\s+${name}\\s+(?=(?:re)?set\\s)`, 'i');
const ownerAtEnd = new RegExp(`\\sowner\\s+to\\s+${name}$`, 'i');

/** Longer statements are none that are treated specially. */
const specialBytesMax = 8_192;

/** @param database the application's, quoted as a name */
export function treatmentOf(sql: Buffer, database: string): Treatment {
  if (sql.length > specialBytesMax) return { run: true };
  // Latin 1: what is looked for is ASCII, and nothing gets lost.
  const text = sql.toString('latin1');
  if (databaseSetting.test(text))
    return { run: true, as: text.replace(databaseSetting, `alter database ${database} `) };
  if (/^(?:create|drop|alter|comment\s+on|security\s+label\s.*\son)\s+database\s/i.test(text))
    return { run: false, why: 'database' };
  if (/^(?:grant|revoke)\s[^']*\son\s+database\s/i.test(text))
    return { run: false, why: 'database' };
  if (/^(?:create|alter|drop)\s+subscription\s/i.test(text))
    return { run: false, why: 'subscription' };
  if (/^(?:re)?set\s+(?:(?:session|local)\s+)?(?:session\s+authorization|role)\b/i.test(text))
    return { run: false, why: 'owner' };
  if (/^alter\s/i.test(text) && ownerAtEnd.test(text)) return { run: false, why: 'owner' };
  if (ownRole.test(text)) return { run: false, why: 'own-role' };
  if (/^create\s+schema\s+"?public"?$/i.test(text))
    return { run: true, as: 'create schema if not exists public' };
  // As on RDS, where the files of an extension are the server's, not the user's.
  return /^create\s+extension\s/i.test(text) ? { run: true, asServer: true } : { run: true };
}

/** What a command of psql asks for. */
export type PsqlCommand =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'connect'; readonly database: string }
  | { readonly kind: 'unknown' };

/** Reads the commands that pg_dump and pg_dumpall write; `unknown` are all others. */
export function psqlCommand(text: string): PsqlCommand {
  if (/^\\(?:un)?restrict\s/.test(text)) return { kind: 'nothing' };
  const [, argument = ''] = /^\\c(?:onnect)?\s+(.+)$/.exec(text) ?? [];
  if (argument === '') return { kind: 'unknown' };
  const uri = /dbname='((?:[^'\\]|\\.)*)'/.exec(argument)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const words = argument.split(/\s+/).filter((word) => !word.startsWith('-'));
  const plain = (words[0] ?? '').replace(/^"(.*)"$/, '$1').replaceAll('""', '"');
  return { kind: 'connect', database: uri ?? plain };
}

/** The role that an error says is not there. */
export function missingRole(code: string | undefined, message: string): string | undefined {
  return code === '42704' ? /^role "(.+)" does not exist$/.exec(message)?.[1] : undefined;
}

/** Settings of newer servers, which dumps set for their own load, are no loss. */
export function isHarmless(code: string | undefined, sql: Buffer): boolean {
  return code === '42704' && /^set\s+[\w.]+\s*(?:=|\bto\b)/i.test(sql.toString('latin1', 0, 200));
}
