/**
 * Puts a session's contents into a new server connection, step by step, each step answered on its
 * own: one that fails undoes no other. Without an essential step the session is not the client's
 * any more; any other failure is a loss that is told.
 */
import {
  backend,
  executeOnce,
  parseDataRow,
  parseErrorFields,
  parseMessage,
  queryMessage,
  syncMessage,
  type WholeMessage,
} from '../../wire/postgres/messages.js';
import { lockSql } from './advisory-locks.js';
import { identifier, literal, type PreparedStatement, type SessionContents } from './examine.js';
import { prepareStatement } from './sql-statements.js';

/** Messages that end in exactly one ReadyForQuery. */
export interface RestoreStep {
  readonly bytes: Buffer;
  readonly what: string;
  readonly essential: boolean;
  /** Its rows say whether advisory locks were granted. */
  readonly takesLocks?: true;
}

/** Limits on time come last: they must not end the restoration itself. */
const timeLimits = [
  'statement_timeout',
  'lock_timeout',
  'transaction_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
];
const encodingName = 'client_encoding';

/**
 * The steps, in the order they must be sent; none where there is nothing to put back.
 * @param withStatements whether prepared statements survive
 * @param unnamedParse the unnamed statement's Parse, kept from the wire
 */
export function restoreSteps(
  contents: SessionContents,
  withStatements: boolean,
  unnamedParse: Buffer | null,
): { steps: RestoreStep[]; lost: string[] } {
  const lost: string[] = [];
  const last = contents.settings.filter(({ name }) => timeLimits.includes(name));
  const first = contents.settings.filter(
    ({ name }) => name !== encodingName && !timeLimits.includes(name),
  );
  const steps = [
    ...essential('settings', first.map(setConfig)),
    ...(withStatements ? contents.statements : []).flatMap((one) => {
      const step = statementStep(one);
      if (step === null) lost.push(statementName(one));
      return step ?? [];
    }),
    ...essential(
      'channels',
      contents.channels.map((channel) => `listen ${identifier(channel)}`),
    ),
    ...essential('advisory locks', contents.advisoryLocks.map(lockSql)).map((step) => ({
      ...step,
      takesLocks: true as const,
    })),
    ...essential('role', roleSql(contents)),
  ];
  // The texts above are written in UTF-8, whatever the client's own encoding is.
  if (steps.length > 0) steps.unshift(query('encoding', ["set client_encoding = 'UTF8'"]));
  const encoding = encodingSql(contents, steps.length > 0);
  steps.push(...essential('encoding and time limits', [...encoding, ...last.map(setConfig)]));
  if (withStatements && unnamedParse !== null)
    steps.push({
      bytes: Buffer.concat([unnamedParse, syncMessage]),
      what: 'the unnamed prepared statement',
      essential: false,
    });
  return { steps, lost };
}

/** A value is in the setting's own base unit, which set_config takes when none is written. */
function setConfig({ name, value }: { name: string; value: string }): string {
  return `select pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`;
}

function statementName({ name }: PreparedStatement): string {
  return `prepared statement ${identifier(name)}`;
}

/** Null where its PREPARE cannot be told apart from the rest of the Query that it came in. */
function statementStep(one: PreparedStatement): RestoreStep | null {
  const what = statementName(one);
  if (!one.fromSql) {
    const parse = parseMessage(one.name, one.statement, one.parameterOids);
    return { bytes: Buffer.concat([parse, syncMessage]), what, essential: false };
  }
  const sql = prepareStatement(one.statement, one.name);
  return sql === undefined ? null : { bytes: executeOnce(sql), what, essential: false };
}

function roleSql({ sessionUser, role }: SessionContents): string[] {
  return [
    ...(sessionUser === null ? [] : [`set session authorization ${identifier(sessionUser)}`]),
    ...(role === null ? [] : [`set role ${identifier(role)}`]),
  ];
}

function encodingSql({ settings }: SessionContents, changed: boolean): string[] {
  const own = settings.find(({ name }) => name === encodingName);
  if (own !== undefined) return [`set client_encoding = ${literal(own.value)}`];
  return changed ? ['reset client_encoding'] : [];
}

function query(what: string, sql: readonly string[]): RestoreStep {
  return { bytes: queryMessage(sql.join(';\n')), what, essential: true };
}

function essential(what: string, sql: readonly string[]): RestoreStep[] {
  return sql.length === 0 ? [] : [query(what, sql)];
}

export interface Restored {
  /** The first essential step that failed, in the server's words; null when all went well. */
  readonly failure: string | null;
  /** What could not be put back, in the server's words. */
  readonly lost: readonly string[];
}

/** Reads the answers to the steps. */
export function parseRestored(
  steps: readonly RestoreStep[],
  messages: readonly WholeMessage[],
): Restored {
  let at = 0;
  let failure: string | null = null;
  const lost: string[] = [];
  for (const { type, body } of messages) {
    const step = steps[at];
    if (type === backend.readyForQuery) at++;
    if (step === undefined) continue;
    if (type === backend.dataRow && step.takesLocks === true && parseDataRow(body)[0] === 'f')
      lost.push('an advisory lock: somebody else holds it');
    if (type !== backend.errorResponse) continue;
    const text = `${step.what}: ${parseErrorFields(body).get('M') ?? 'unknown error'}`;
    if (step.essential) failure ??= text;
    else lost.push(text);
  }
  return { failure, lost };
}
