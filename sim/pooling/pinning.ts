/**
 * What pins a session to its database connection, as RDS Proxy documents it
 * (AmazonRDS UserGuide/rds-proxy-pinning.html): conditions for all engines, for PostgreSQL, and for
 * MySQL and MariaDB. Pure. Statements are told by their text, as there: what a stored routine does
 * is not seen, which AWS documents too.
 */
import { plainStatements } from './plain-sql.js';

/** Why a session is pinned. */
export const pinReasons = [
  'statement over 16 KB',
  'prepared statement',
  'SET',
  'temporary object',
  'cursor',
  'DISCARD',
  'LISTEN',
  'LOAD',
  'sequence function',
  'advisory lock',
  'table lock',
  'GET_LOCK',
  'user variable',
  'system variable',
  'ROW_COUNT, FOUND_ROWS or LAST_INSERT_ID',
  'executable comment',
  'state of the protocol',
] as const;
export type PinReason = (typeof pinReasons)[number];

/** A statement longer than this pins. */
export const pinningTextBytes = 16 * 1024;

type Rule = readonly [pattern: RegExp, reason: PinReason];

const temporary =
  '(?:or replace )?(?:(?:local|global) )?temp(?:orary)? (?:recursive )?(?:table|sequence|view)';

const postgresRules: readonly Rule[] = [
  [/^(?:set|reset) /, 'SET'],
  [/\bset_config ?\(/, 'SET'],
  [/^prepare (?!transaction\b)/, 'prepared statement'],
  [/^(?:execute|deallocate) /, 'prepared statement'],
  [/^discard /, 'DISCARD'],
  [new RegExp(`^create ${temporary}\\b`), 'temporary object'],
  [/\binto (?:(?:local|global) )?temp(?:orary)? /, 'temporary object'],
  [/^declare /, 'cursor'],
  [/^listen /, 'LISTEN'],
  [/^load /, 'LOAD'],
  [/\b(?:nextval|setval|currval|lastval) ?\(/, 'sequence function'],
  [/\bpg_(?:try_)?advisory_lock(?:_shared)? ?\(/, 'advisory lock'],
];

const mysqlRules: readonly Rule[] = [
  [/\/\*!/, 'executable comment'],
  [/^(?:lock tables? |flush (?:local |no_write_to_binlog )?tables? with read lock)/, 'table lock'],
  [/\bget_lock ?\(/, 'GET_LOCK'],
  [/^create (?:or replace )?temporary (?:table|sequence)\b/, 'temporary object'],
  [/^(?:prepare|execute|deallocate prepare|drop prepare) /, 'prepared statement'],
  [/\b(?:row_count|found_rows|last_insert_id) ?\(/, 'ROW_COUNT, FOUND_ROWS or LAST_INSERT_ID'],
  [/@[\w$.]* ?:=/, 'user variable'],
  [/\binto (?:@[\w$.]+)/, 'user variable'],
];

/** Nearly every statement has none of these anywhere, and is not looked at any further. */
const postgresWords = /set|prepare|execute|deallocate|discard|temp|declare|listen|load|val|advis/i;
const mysqlWords = /set|lock|temp|prepare|execute|row|insert_id|@|use|\/\*/i;

/** @returns why this text pins its session, or undefined */
export function postgresPin(sql: string): PinReason | undefined {
  if (!postgresWords.test(sql)) return undefined;
  return firstOf(plainStatements(sql, 'postgres'), (one) => ruled(postgresRules, one));
}

/** What a text does to a session of MySQL or MariaDB. */
export interface MysqlEffect {
  readonly pin: PinReason | undefined;
  /** Statements that set what is tracked, each under what it sets; the later one counts. */
  readonly tracked: readonly { readonly names: string; readonly sql: string }[];
  /** The database that was chosen last. */
  readonly database: string | undefined;
}

const nothing: MysqlEffect = { pin: undefined, tracked: [], database: undefined };

/** @param sql one text of a client, which may hold several statements */
export function mysqlEffect(sql: string): MysqlEffect {
  if (!mysqlWords.test(sql)) return nothing;
  const statements = plainStatements(sql, 'mysql');
  const settings = statements.map(settingsOf);
  const pin =
    firstOf(statements, (one) => ruled(mysqlRules, one)) ??
    firstOf(settings, ({ pin: reason }) => reason);
  if (pin !== undefined) return { ...nothing, pin };
  const names = settings.flatMap(({ tracked }) => tracked);
  const chosen = statements.map((one) => /^use (\S+)$/.exec(one)?.[1]).findLast((one) => one);
  // Among others the text of one statement is not to be had, so that it could not be repeated.
  if (statements.length > 1 && (names.length > 0 || chosen !== undefined))
    return { ...nothing, pin: 'system variable' };
  return {
    pin: undefined,
    tracked: names.length === 0 ? [] : [{ names: names.join(), sql }],
    database: chosen === undefined ? undefined : databaseOf(sql),
  };
}

/** As it was written: names of databases tell capitals apart on many systems. */
function databaseOf(sql: string): string | undefined {
  const match = /\buse\s+(?:`((?:[^`]|``)+)`|([^\s;`]+))[\s;]*$/i.exec(sql);
  return match?.[1]?.replaceAll('``', '`') ?? match?.[2];
}

/** Variables that RDS Proxy tracks: setting them does not pin. */
const trackedVariables: ReadonlySet<string> = new Set([
  'autocommit',
  'auto_increment_increment',
  'character_set_client',
  'character_set_database',
  'character_set_filesystem',
  'character_set_connection',
  'character_set_results',
  'character_set_server',
  'collation_connection',
  'collation_database',
  'collation_server',
  'interactive_timeout',
  'net_write_timeout',
  'query_cache_type',
  'session_track_schema',
  'sql_mode',
  'time_zone',
  'transaction_isolation',
  'tx_isolation',
  'transaction_read_only',
  'tx_read_only',
  'wait_timeout',
]);

interface Settings {
  readonly pin: PinReason | undefined;
  readonly tracked: readonly string[];
}

function settingsOf(statement: string): Settings {
  const list = /^set (?!password|role|default role|resource group)(.+)$/.exec(statement)?.[1];
  if (list === undefined) return { pin: undefined, tracked: [] };
  if (/^names\b/.test(list)) return { pin: undefined, tracked: ['names'] };
  if (/^(?:character set|char ?set)\b/.test(list)) return { pin: undefined, tracked: ['charset'] };
  if (/^session transaction\b/.test(list))
    return { pin: undefined, tracked: ['transaction_isolation'] };
  if (/^global transaction\b/.test(list)) return { pin: undefined, tracked: [] };
  // For the next transaction alone: that one must be on the same connection.
  if (/^(?:local )?transaction\b/.test(list)) return { pin: 'system variable', tracked: [] };
  const assigned = assignmentsOf(list).map(assignment);
  return {
    pin: firstOf(assigned, (one) => (typeof one === 'object' ? one?.pin : undefined)),
    tracked: assigned.filter((one) => typeof one === 'string'),
  };
}

/** At the commas that are in no brackets. */
function assignmentsOf(list: string): string[] {
  let depth = 0;
  const parts = [''];
  for (const character of list) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

/** The tracked variable that is set; or why it pins; null where nothing of the session is set. */
function assignment(text: string): string | { readonly pin: PinReason } | null {
  const [, scope = '', name = ''] =
    /^\s*(@@(?:\w+\.)?|@|(?:global|session|local|persist|persist_only) )?\s*([\w$.]+)\s*:?=/.exec(
      text,
    ) ?? [];
  if (/global|persist/.test(scope)) return null;
  if (scope === '@') return { pin: 'user variable' };
  // A value may put a user variable in: what it is by then is not known.
  if (trackedVariables.has(name) && !text.includes('@', text.indexOf('='))) return name;
  return { pin: 'system variable' };
}

function ruled(rules: readonly Rule[], statement: string): PinReason | undefined {
  return rules.find(([pattern]) => pattern.test(statement))?.[1];
}

function firstOf<T, R>(list: readonly T[], of: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const found = of(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
