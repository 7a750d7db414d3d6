/**
 * What a parked session holds. One look at the server's own views tells most of it for all
 * sessions; the rest is asked of each on its own server connection.
 *
 * Asking loses what the next statement of the client would have lost as well: its list of
 * warnings, FOUND_ROWS() and ROW_COUNT(). AWS documents none of the three as kept.
 */
import { type Ask, EngineError } from '../ask.js';
import type { Flavour } from '../flavours.js';
import { noLocks } from './locks.js';
import { allRows, ascii, fromHex, identifier } from './quoting.js';
import {
  carriedVariables,
  fixedTime,
  type MysqlVariable,
  readVariables,
  variablesQuery,
} from './session-variables.js';
import type { Survey } from './survey.js';
import { type FoundTables, type TemporaryTableTraces, tracedTables } from './temporary-tables.js';
import { type MysqlUserVariable, userVariablesOf } from './user-variables.js';

/** A session's state that outlives no server connection by itself. */
export interface MysqlSessionContents {
  readonly variables: readonly MysqlVariable[];
  readonly userVariables: readonly MysqlUserVariable[];
  /** The database of USE. */
  readonly database: string | null;
  /** What SET ROLE takes, such as `` `reader`@`%` ``; null = none is active. */
  readonly role: string | null;
  /** LAST_INSERT_ID() in decimal digits; null = 0, none. */
  readonly lastInsertId: string | null;
  readonly temporaryTables: number;
  /** Whether it has a temporary table could not be found out: it may have none. */
  readonly temporaryTablesGuessed: boolean;
  /** Names given to GET_LOCK. */
  readonly userLocks: readonly string[];
  readonly tableLocks: boolean;
  readonly openHandlers: number;
  /** Its XA transaction is prepared: it outlives the connection, and any restart. */
  readonly preparedXa: boolean;
  /** Of the protocol and of SQL. */
  readonly preparedStatements: number;
  /** What this server does not show, such as `locks`: the figures for it are then empty. */
  readonly unseen: readonly string[];
}

/** A parked session, as its endpoint knows it. */
export interface ParkedSession {
  /** The id of its connection to the server: CONNECTION_ID() there. */
  readonly connectionId: number;
  readonly ask: Ask;
  /** What its statements told of temporary tables: the server itself shows some, or none. */
  readonly temporaryTables: TemporaryTableTraces;
}

/**
 * Examines one session.
 * @throws EngineError or Error where the session or the survey does not tell
 */
export async function examineSession(
  survey: Survey,
  session: ParkedSession,
): Promise<MysqlSessionContents> {
  const seen = survey.sessions.get(session.connectionId);
  if (survey.flavour === 'mysql' && seen === undefined)
    throw new Error(`the server shows no connection ${session.connectionId}`);
  const self = await aboutItself(session.ask, survey);
  const told = seen?.variables ?? (await variablesOf(session.ask, self.statementSeconds));
  const variables = [...carriedVariables(told, survey.fresh), ...fixedTime(told, self.timestamp)];
  const names = survey.flavour === 'mysql' ? (seen?.userVariableNames ?? []) : null;
  const client = variables.find(({ name }) => name === 'character_set_client')?.value ?? '';
  const question = { flavour: survey.flavour, names, clientCharacterSet: client };
  const locks = survey.locks.get(session.connectionId) ?? noLocks;
  const shown = seen?.temporaryTables ?? 0;
  const tables =
    shown > 0
      ? { count: shown, guessed: false }
      : await temporaryTablesOf(survey, session, question);
  return {
    variables,
    userVariables: names?.length === 0 ? [] : await userVariablesOf(session.ask, question),
    database: self.database,
    role: self.role,
    lastInsertId: self.lastInsertId,
    temporaryTables: tables.count,
    temporaryTablesGuessed: tables.guessed,
    userLocks: locks.userLocks,
    tableLocks: locks.tableLocks || (locks.tableLocksIfIdle && !self.inTransaction),
    openHandlers: locks.openHandlers,
    preparedXa: self.inTransaction && (await hasPreparedXa(session.ask)),
    preparedStatements: survey.preparedStatements.get(session.connectionId) ?? 0,
    unseen: survey.unseen,
  };
}

interface AboutItself {
  readonly lastInsertId: string | null;
  readonly role: string | null;
  readonly database: string | null;
  /** Told by MariaDB alone. */
  readonly inTransaction: boolean;
  readonly timestamp: string;
  /** MariaDB's max_statement_time, as it writes it. */
  readonly statementSeconds: string;
}

/** The first question, before anything could disturb LAST_INSERT_ID(). */
async function aboutItself(ask: Ask, { flavour }: Survey): Promise<AboutItself> {
  const more = flavour === 'mysql' ? '0, 0' : '@@max_statement_time, @@in_transaction';
  const [row] = await ask(
    'select /*+ MAX_EXECUTION_TIME(60000) */ last_insert_id(), ' +
      `hex(current_role()), hex(database()), @@timestamp, ${more} ${allRows}`,
  );
  if (row === undefined) throw new Error('the session gave no answer about itself');
  const [id, role, database, timestamp, seconds, inTransaction] = row;
  const active = fromHex(role ?? '');
  const lastInsertId = ascii(id ?? '0');
  return {
    lastInsertId: lastInsertId === '0' ? null : lastInsertId,
    role: roleIn(active, flavour),
    database: typeof database === 'string' ? fromHex(database) : null,
    inTransaction: ascii(inTransaction ?? '0') === '1',
    timestamp: ascii(timestamp ?? ''),
    statementSeconds: ascii(seconds ?? '0'),
  };
}

/** MySQL names any number of roles, quoted; MariaDB one, as it is. */
function roleIn(active: string, flavour: Flavour): string | null {
  if (active === '' || active === 'NONE') return null;
  return flavour === 'mysql' ? active : identifier(active);
}

/**
 * MariaDB calls a prepared XA transaction an open one as well. To end another than the session's
 * own is refused, with the state that it is in: of error 1399.
 */
async function hasPreparedXa(ask: Ask): Promise<boolean> {
  try {
    await ask("xa end 'rehearse'");
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return error.number === 1399 && error.message.includes('PREPARED');
  }
  return false;
}

/** MariaDB has no view of another session's variables. */
async function variablesOf(ask: Ask, statementSeconds: string): Promise<[string, string][]> {
  const rows = await ask(`set statement max_statement_time = 0 for ${variablesQuery}`);
  return readVariables(rows).map(([name, value]) =>
    // The question lifted this one for itself.
    name === 'max_statement_time' ? [name, statementSeconds] : [name, value],
  );
}

/** MariaDB lists a session's temporary tables to itself from 11.2 on (MDEV-12459). */
async function temporaryTablesOf(
  survey: Survey,
  { ask, temporaryTables: traces }: ParkedSession,
  told: { flavour: Flavour; clientCharacterSet: string },
): Promise<FoundTables> {
  if (traces.names.length === 0 && !traces.unsure) return { count: 0, guessed: false };
  if (!survey.listsTemporaryTables) return await tracedTables(ask, traces, told);
  const [row] = await ask(
    'set statement max_statement_time = 0 for select count(*) ' +
      `from information_schema.tables where table_type = 'TEMPORARY' ${allRows}`,
  );
  return { count: Number(ascii(row?.[0] ?? '0')), guessed: false };
}
