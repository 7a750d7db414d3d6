/**
 * What a parked session holds, asked of its own server connection, and the statements that put it
 * back on another. The server tells all of it but the names of custom settings.
 */
import {
  backend,
  parseDataRow,
  parseErrorFields,
  parseMessage,
  queryMessage,
  syncMessage,
  type WholeMessage,
} from '../../wire/postgres/messages.js';

export interface PreparedStatement {
  readonly name: string;
  /** The text given to Parse, or the whole PREPARE statement. */
  readonly statement: string;
  readonly parameterOids: readonly number[];
  readonly fromSql: boolean;
}

export interface AdvisoryLock {
  readonly classId: number;
  readonly objectId: number;
  /** True where it was taken by two 4-byte keys, false for one 8-byte key. */
  readonly twoKeys: boolean;
  readonly shared: boolean;
}

/** A session's state that outlives no server connection by itself. */
export interface SessionContents {
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** The role of SET ROLE, or null. */
  readonly role: string | null;
  /** The user of SET SESSION AUTHORIZATION, or null. */
  readonly sessionUser: string | null;
  readonly statements: readonly PreparedStatement[];
  readonly channels: readonly string[];
  readonly advisoryLocks: readonly AdvisoryLock[];
  readonly temporaryTables: number;
  readonly heldCursors: number;
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

/** Settings that the examination sets for itself. */
const ownHere = "'statement_timeout', 'client_encoding'";

const parts = {
  settings: 's',
  user: 'u',
  statement: 'p',
  channel: 'l',
  lock: 'a',
  temporaryTables: 't',
  heldCursors: 'c',
} as const;

/**
 * The question: one simple Query whose rows begin with a letter for their part. It runs in a
 * transaction of its own, so that a statement_timeout or a read-only default of the session
 * cannot stop it.
 * @param loginUser the role the session started as
 * @param customSettings names seen on the wire
 */
export function examinationQuery(loginUser: string, customSettings: readonly string[]): Buffer {
  const custom = customSettings
    .map(
      (name) =>
        `select '${parts.settings}', ${literal(name)}, pg_catalog.current_setting(${literal(name)}, true)`,
    )
    .join(' union all ');
  const users = `select '${parts.user}', pg_catalog.current_setting('role'), case when session_user::text operator(pg_catalog.<>) ${literal(loginUser)} then session_user::text end`;
  return queryMessage(
    [
      'begin read only',
      'set local statement_timeout = 0',
      "set local client_encoding = 'UTF8'",
      `select '${parts.settings}', name, setting from pg_catalog.pg_settings where source operator(pg_catalog.=) 'session' and name not in (${ownHere})`,
      users,
      `select '${parts.statement}', name, statement, array_to_string(parameter_types::oid[], ','), from_sql::text from pg_catalog.pg_prepared_statements`,
      `select '${parts.channel}', c from pg_catalog.pg_listening_channels() as c`,
      `select '${parts.lock}', classid::bigint::text, objid::bigint::text, objsubid::text, mode from pg_catalog.pg_locks where locktype operator(pg_catalog.=) 'advisory' and pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()`,
      `select '${parts.temporaryTables}', count(*)::text from pg_catalog.pg_class where relnamespace operator(pg_catalog.=) pg_catalog.pg_my_temp_schema() and relkind in ('r', 'p', 'v', 'm', 'S')`,
      `select '${parts.heldCursors}', count(*)::text from pg_catalog.pg_cursors where is_holdable`,
      ...(custom === '' ? [] : [custom]),
      'commit',
      // Asked outside the transaction, where they have their own values again.
      `select '${parts.settings}', name, setting from pg_catalog.pg_settings where source operator(pg_catalog.=) 'session' and name in (${ownHere})`,
    ].join('; '),
  );
}

/**
 * Reads the answer.
 * @throws Error with the server's own words where the question failed
 */
export function parseExamination(messages: readonly WholeMessage[]): SessionContents {
  const rows: (string | null)[][] = [];
  for (const { type, body } of messages) {
    if (type === backend.errorResponse)
      throw new Error(parseErrorFields(body).get('M') ?? 'the examination failed');
    if (type === backend.dataRow) rows.push(parseDataRow(body));
  }
  const of = (part: string): (string | null)[][] => rows.filter((row) => row[0] === part);
  const count = (part: string): number => Number(of(part)[0]?.[1] ?? 0);
  const user = of(parts.user)[0];
  const role = user?.[1] ?? 'none';
  return {
    settings: of(parts.settings).flatMap(([, name, value]) =>
      typeof name === 'string' && typeof value === 'string' && !leftOut.includes(name)
        ? [{ name, value }]
        : [],
    ),
    role: role === 'none' ? null : role,
    sessionUser: user?.[2] ?? null,
    statements: of(parts.statement).map(([, name, statement, oids, fromSql]) => ({
      name: name ?? '',
      statement: statement ?? '',
      parameterOids: (oids ?? '').split(',').filter(Boolean).map(Number),
      fromSql: fromSql === 'true',
    })),
    channels: of(parts.channel).map(([, channel]) => channel ?? ''),
    advisoryLocks: of(parts.lock).map(([, classId, objectId, sub, mode]) => ({
      classId: Number(classId),
      objectId: Number(objectId),
      twoKeys: sub === '2',
      shared: mode === 'ShareLock',
    })),
    temporaryTables: count(parts.temporaryTables),
    heldCursors: count(parts.heldCursors),
  };
}

export interface Restoration {
  readonly bytes: Buffer;
  /** How many ReadyForQuery the answer ends with. */
  readonly readies: number;
}

/**
 * The messages that put the contents into a new connection.
 * @param withStatements whether prepared statements survive
 * @param unnamedParse the unnamed statement's Parse, kept from the wire
 */
export function restoration(
  contents: SessionContents,
  withStatements: boolean,
  unnamedParse: Buffer | null,
): Restoration | null {
  const statements = withStatements ? contents.statements : [];
  const bySql = statements.filter((one) => one.fromSql).map((one) => one.statement);
  // A value is in the setting's own base unit, which set_config takes when none is written.
  const sql = [
    "set client_encoding = 'UTF8'",
    ...contents.settings.map(
      ({ name, value }) =>
        `select pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`,
    ),
    ...bySql.map((statement) => statement.trim().replace(/;$/, '')),
    ...contents.channels.map((channel) => `listen ${identifier(channel)}`),
    ...contents.advisoryLocks.map(lockSql),
    ...(contents.sessionUser === null
      ? []
      : [`set session authorization ${identifier(contents.sessionUser)}`]),
    ...(contents.role === null ? [] : [`set role ${identifier(contents.role)}`]),
    encodingSql(contents),
  ];
  const pieces: Buffer[] = [];
  let readies = 0;
  if (sql.length > 2) {
    pieces.push(queryMessage(sql.join(';\n')));
    readies++;
  }
  const parses = statements
    .filter((one) => !one.fromSql)
    .map((one) => parseMessage(one.name, one.statement, one.parameterOids));
  if (parses.length > 0) {
    pieces.push(...parses, syncMessage);
    readies++;
  }
  // On a Sync of its own: a client's own mistake in it must not undo the rest.
  if (withStatements && unnamedParse !== null) {
    pieces.push(unnamedParse, syncMessage);
    readies++;
  }
  return readies === 0 ? null : { bytes: Buffer.concat(pieces), readies };
}

/** The session's own encoding comes last: the texts before it are written in UTF-8. */
function encodingSql({ settings }: SessionContents): string {
  const own = settings.find(({ name }) => name === 'client_encoding');
  return own === undefined
    ? 'reset client_encoding'
    : `set client_encoding = ${literal(own.value)}`;
}

function lockSql(lock: AdvisoryLock): string {
  const name = `pg_catalog.pg_try_advisory_lock${lock.shared ? '_shared' : ''}`;
  const keys = lock.twoKeys
    ? `${lock.classId | 0}, ${lock.objectId | 0}`
    : String(BigInt.asIntN(64, (BigInt(lock.classId) << 32n) | BigInt(lock.objectId)));
  return `select ${name}(${keys})`;
}

/** The first error in the answer to a restoration, less that of the unnamed statement. */
export function restorationError(
  messages: readonly WholeMessage[],
  readies: number,
  hadUnnamed: boolean,
): string | null {
  let ready = 0;
  for (const { type, body } of messages) {
    if (type === backend.readyForQuery) ready++;
    const ofUnnamed = hadUnnamed && ready === readies - 1;
    if (type === backend.errorResponse && !ofUnnamed)
      return parseErrorFields(body).get('M') ?? 'unknown error';
  }
  return null;
}
