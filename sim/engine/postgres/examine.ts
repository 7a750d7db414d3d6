/**
 * What a parked session holds, asked of its own server connection. The server tells all of it but
 * the names of custom settings.
 */
import {
  backend,
  parseDataRow,
  parseErrorFields,
  queryMessage,
  type WholeMessage,
} from '../../wire/postgres/messages.js';
import { EngineError } from '../ask.js';
import type { AdvisoryLock } from './advisory-locks.js';

export interface PreparedStatement {
  readonly name: string;
  /** The text given to Parse, or the whole PREPARE statement. */
  readonly statement: string;
  readonly parameterOids: readonly number[];
  readonly fromSql: boolean;
}

/** What a session says of itself. */
export interface Examined {
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** The role of SET ROLE, or null. */
  readonly role: string | null;
  /** The user of SET SESSION AUTHORIZATION, or null. */
  readonly sessionUser: string | null;
  readonly statements: readonly PreparedStatement[];
  readonly channels: readonly string[];
  readonly heldCursors: number;
  /** It made a temporary object once; whether one is left is another question. */
  readonly hasTemporarySchema: boolean;
}

/** A session's state that outlives no server connection by itself. */
export interface SessionContents extends Examined {
  readonly temporaryTables: number;
  readonly advisoryLocks: readonly AdvisoryLock[];
}

export const literal = (text: string): string =>
  text.includes('\\')
    ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`;
export const identifier = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Settings that the new connection's start-up gives, or that belong to one transaction. */
const leftOut = [
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
  'is_superuser',
  'in_hot_standby',
];

const parts = {
  settings: 's',
  session: 'u',
  statement: 'p',
  channel: 'l',
  heldCursor: 'c',
} as const;

/** Tells the session's own timeout and lifts it for the rest of the transaction. */
const timeout = "pg_catalog.current_setting('statement_timeout')";
const liftTimeout = `
  select '${parts.settings}', 'statement_timeout', ${timeout},
    pg_catalog.set_config('statement_timeout', '0', true)
  where ${timeout} operator(pg_catalog.<>) '0'`;

const settings = `
  select '${parts.settings}', name, setting from pg_catalog.pg_settings
  where source operator(pg_catalog.=) 'session'
    and name operator(pg_catalog.<>) 'client_encoding'`;

const statements = `
  select '${parts.statement}', name, statement,
    array_to_string(parameter_types::oid[], ','), from_sql::text
  from pg_catalog.pg_prepared_statements`;

const customSetting = (name: string): string => {
  const value = `pg_catalog.current_setting(${literal(name)}, true)`;
  return `select '${parts.settings}', ${literal(name)}, ${value}`;
};

/**
 * The question: one simple Query whose rows begin with a letter for their part. It runs in a
 * transaction of its own, so that a statement_timeout or a read-only default of the session
 * cannot stop it. Asked of a server process that has done little, it costs what it touches for
 * the first time: hence few catalogs, each once, and client_encoding not at all (it is reported).
 * @param loginUser the role the session started as
 * @param customSettings names seen on the wire
 */
export function examinationQuery(loginUser: string, customSettings: readonly string[]): Buffer {
  const session = `
    select '${parts.session}', pg_catalog.current_setting('role'),
      case when session_user::text operator(pg_catalog.<>) ${literal(loginUser)}
        then session_user::text end,
      pg_catalog.pg_my_temp_schema()::text`;
  const custom = customSettings.map(customSetting).join(' union all ');
  return queryMessage(
    [
      'begin read only',
      liftTimeout,
      "set local client_encoding = 'UTF8'",
      settings,
      session,
      statements,
      `select '${parts.channel}', c from pg_catalog.pg_listening_channels() as c`,
      `select '${parts.heldCursor}' from pg_catalog.pg_cursors where is_holdable`,
      ...(custom === '' ? [] : [custom]),
      'commit',
    ].join('; '),
  );
}

/** How many temporary tables and the like the session has now: asked where it may have some. */
export const temporaryTablesQuery = queryMessage(`
  begin read only;
  set local statement_timeout = 0;
  select count(*)::text from pg_catalog.pg_class
  where relnamespace operator(pg_catalog.=) pg_catalog.pg_my_temp_schema()
    and relkind in ('r', 'p', 'v', 'm', 'S');
  commit`);

/**
 * Reads the answer to `temporaryTablesQuery`.
 * @throws EngineError with the server's own words where the question failed
 */
export function parseTemporaryTables(messages: readonly WholeMessage[]): number {
  return Number(rowsIn(messages)[0]?.[0] ?? 0);
}

/**
 * Reads the answer.
 * @throws EngineError with the server's own words where the question failed
 */
export function parseExamination(messages: readonly WholeMessage[]): Examined {
  const rows = rowsIn(messages);
  const of = (part: string): (string | null)[][] => rows.filter((row) => row[0] === part);
  const session = of(parts.session)[0];
  const role = session?.[1] ?? 'none';
  return {
    settings: settingsIn(of(parts.settings)),
    role: role === 'none' ? null : role,
    sessionUser: session?.[2] ?? null,
    statements: of(parts.statement).map(([, name, statement, oids, fromSql]) => ({
      name: name ?? '',
      statement: statement ?? '',
      parameterOids: (oids ?? '').split(',').filter(Boolean).map(Number),
      fromSql: fromSql === 'true',
    })),
    channels: of(parts.channel).map(([, channel]) => channel ?? ''),
    heldCursors: of(parts.heldCursor).length,
    hasTemporarySchema: (session?.[3] ?? '0') !== '0',
  };
}

/** The first value told of a setting is the session's; a later one is that of our question. */
function settingsIn(rows: readonly (string | null)[][]): { name: string; value: string }[] {
  const values = new Map<string, string>();
  for (const [, name, value] of rows) {
    const told = typeof name === 'string' && typeof value === 'string';
    if (told && !leftOut.includes(name) && !values.has(name)) values.set(name, value);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

function rowsIn(messages: readonly WholeMessage[]): (string | null)[][] {
  return messages.flatMap(({ type, body }) => {
    if (type === backend.errorResponse) {
      const fields = parseErrorFields(body);
      throw new EngineError(null, fields.get('C') ?? '', fields.get('M') ?? 'the question failed');
    }
    return type === backend.dataRow ? [parseDataRow(body)] : [];
  });
}
