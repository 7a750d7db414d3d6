/**
 * Puts what `mysql2`, Node and the server say when something goes wrong into a client's words.
 * Error numbers are the server's (MySQL's and MariaDB's error references); the codes without a
 * number are those of mysql2 3.24.
 */
import type { ErrorKind, Failure } from '../../history/entry.js';
import { anatomy, type ClassifiedFailure, kindOfSystemCode, redact, textOf } from '../failure.js';

/** What the server said no with. */
export interface ServerError {
  readonly number: number;
  /** Five characters, or empty before the client's version of the protocol is known. */
  readonly sqlState: string;
  readonly message: string;
}

const byNumber: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [1040, 'too-many-connections'],
  [1203, 'too-many-connections'],
  [1226, 'too-many-connections'],
  [1053, 'shutting-down'],
  [1927, 'terminated'],
  [3169, 'terminated'],
  [4031, 'terminated'],
  [1792, 'read-only'],
  [1836, 'read-only'],
  [1243, 'statement-lost'],
  [1044, 'auth'],
  [1045, 'auth'],
  [1129, 'auth'],
  [1130, 'auth'],
  [1251, 'auth'],
  [1524, 'auth'],
  [1698, 'auth'],
  [2006, 'closed'],
  [2013, 'closed'],
  [2055, 'closed'],
]);

/** Numbers that say "you are out": the session ends with them, whether or not a close follows. */
const fatalNumbers = new Set([1053, 1927, 2006, 2013, 2055, 3169, 4031]);

const byDriverCode: Readonly<Record<string, ErrorKind>> = {
  PROTOCOL_CONNECTION_LOST: 'closed',
  HANDSHAKE_NO_SSL_SUPPORT: 'tls',
  HANDSHAKE_SSL_ERROR: 'tls',
  AUTH_SWITCH_PLUGIN_ERROR: 'auth',
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: 'auth',
};

/**
 * Refusals of the general class HY000 after which the statement surely did nothing: read-only
 * servers refuse at COMMIT as well and roll back, a lock that was not had undoes the statement,
 * and the rest are refused before anything is done. Other HY000 may come out of the middle of a
 * commit: "got error during COMMIT", a full disk, a hook of replication.
 */
const definiteGeneral = new Set([1193, 1205, 1243, 1290, 1364, 1366, 1665, 1785, 1836, 3819]);

/** Texts without a code, as mysql2 words them. */
const closedText = /^Connection lost|closed state|Can't write in closed/;

/**
 * Classifies an error of the driver, of Node, or of the server as the driver hands it on.
 * @param error whatever was thrown or emitted
 * @param password taken out of every text
 */
export function classify(error: unknown, password: string): ClassifiedFailure {
  const { code, message } = anatomy(error);
  if (typeof error === 'object' && error !== null) {
    const number: unknown = Reflect.get(error, 'errno');
    const sqlState = textOf(error, 'sqlState');
    // Node's own errors have a negative errno and no state.
    if (typeof number === 'number' && number > 0 && sqlState !== null)
      return classifyServerError({ number, sqlState, message }, password, code);
  }
  const kind = kindOf(code, message);
  return {
    failure: { kind, sqlstate: null, code, message: redact(message, password) },
    definite: false,
    fatal: kind === 'closed' || kind === 'reset',
  };
}

/**
 * Classifies what the server itself said.
 * @param code the number's name, where the driver knows it
 */
export function classifyServerError(
  { number, sqlState, message }: ServerError,
  password: string,
  code: string | null = null,
): ClassifiedFailure {
  const known = /^[0-9A-Z]{5}$/.test(sqlState) ? sqlState : null;
  const failure: Failure = {
    kind: kindOfNumber(number, known, message),
    sqlstate: known,
    code,
    errorNumber: number,
    message: redact(message, password),
  };
  const fatal = fatalNumbers.has(number) || known?.startsWith('08') === true;
  return { failure, definite: !fatal && isDefinite(number, known), fatal };
}

/**
 * Whether a statement answered so surely took no effect. What is not known to be a refusal
 * leaves doubt: the general class HY000 but for those above, interrupted statements (70100: a
 * COMMIT that is killed may be past the point of no return), and lost connections (class 08).
 */
function isDefinite(number: number, sqlState: string | null): boolean {
  if (definiteGeneral.has(number)) return true;
  if (sqlState === null || number === 1180) return false;
  return !/^(HY|70|08|XX|40003)/.test(sqlState);
}

function kindOfNumber(number: number, sqlState: string | null, message: string): ErrorKind {
  // The option that prevents a statement is another one as well, such as --secure-file-priv.
  if (number === 1290) return /read[-_ ]only/i.test(message) ? 'read-only' : 'other';
  const known = byNumber.get(number);
  if (known !== undefined) return known;
  if (sqlState?.startsWith('28') === true) return 'auth';
  if (sqlState?.startsWith('08') === true) return 'closed';
  return 'other';
}

function kindOf(code: string | null, message: string): ErrorKind {
  if (code !== null) {
    const known = byDriverCode[code] ?? kindOfSystemCode(code);
    if (known !== undefined) return known;
  }
  return closedText.test(message) ? 'closed' : 'other';
}

/** Reads the body of an error packet, from its 0xff on; null where it is none. */
export function readServerError(body: Buffer): ServerError | null {
  if (body.length < 3 || body[0] !== 0xff) return null;
  const number = body.readUInt16LE(1);
  const hasState = body[3] === 0x23 && body.length >= 9;
  return {
    number,
    sqlState: hasState ? body.toString('latin1', 4, 9) : '',
    message: body.toString('utf8', hasState ? 9 : 3),
  };
}
