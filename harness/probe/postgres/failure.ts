/**
 * Puts what `pg`, Node and the server say when something goes wrong into a client's words. The
 * texts matched here are those that pg 8.23 gives without any code.
 */
import type { ErrorKind } from '../../history/entry.js';
import { anatomy, type ClassifiedFailure, kindOfSystemCode, redact, textOf } from '../failure.js';

const bySqlstate: Readonly<Record<string, ErrorKind>> = {
  '25006': 'read-only',
  '25P03': 'terminated',
  '26000': 'statement-lost',
  '53300': 'too-many-connections',
  '57P01': 'terminated',
  '57P02': 'terminated',
  '57P04': 'terminated',
  '57P05': 'terminated',
};

/** Texts without a code, as pg 8.23 and pg-protocol word them. */
const byText: readonly (readonly [RegExp, ErrorKind])[] = [
  [/timeout expired|timeout exceeded|due to connection timeout|read timeout/i, 'timeout'],
  [/^Connection terminated|not queryable|Connection ended/i, 'closed'],
  [/does not support SSL|establishing an SSL|certificate|altnames/i, 'tls'],
  [/^SASL|password must be/i, 'auth'],
];

/**
 * Classifies an error of a client.
 * @param error whatever was thrown or emitted
 * @param password taken out of every text
 */
export function classify(error: unknown, password: string): ClassifiedFailure {
  const { code, message } = anatomy(error);
  const severity = typeof error === 'object' && error !== null ? textOf(error, 'severity') : null;
  if (severity !== null && code !== null && /^[0-9A-Z]{5}$/.test(code)) {
    return {
      failure: {
        kind: kindOfSqlstate(code, message),
        sqlstate: code,
        code: null,
        message: redact(message, password),
      },
      definite: !leavesDoubt(code, severity, message),
      fatal: severity === 'FATAL' || severity === 'PANIC' || code.startsWith('57P0'),
    };
  }
  const kind = kindOf(code, message);
  return {
    failure: { kind, sqlstate: null, code, message: redact(message, password) },
    definite: false,
    fatal: kind === 'closed' || kind === 'reset',
  };
}

/** What a server says to those who log in, and to no statement: a pooler hands it on. */
const atLoginOnly = ['28000', '28P01', '3D000', '53300', '57P03'];

/**
 * What PgBouncer answers of its own before it has lent a server connection, so that nothing was
 * sent on: a statement that was ("server conn crashed?", query_timeout) is not among them.
 */
const beforeLending =
  /^(server login (has been failing|failed)|query_wait_timeout|pgbouncer cannot connect)/i;

/**
 * Whether a statement answered so may still have taken effect: the session died over it, or the
 * answer comes from something in between (class 08) or says itself that it does not know (40003).
 */
function leavesDoubt(sqlstate: string, severity: string, message: string): boolean {
  if (atLoginOnly.includes(sqlstate)) return false;
  if (sqlstate === '08P01' && beforeLending.test(message)) return false;
  return (
    severity === 'FATAL' ||
    severity === 'PANIC' ||
    sqlstate === '40003' ||
    sqlstate.startsWith('57P') ||
    sqlstate.startsWith('08') ||
    sqlstate.startsWith('XX')
  );
}

function kindOfSqlstate(sqlstate: string, message: string): ErrorKind {
  if (sqlstate === '57P03') return /shutting down/i.test(message) ? 'shutting-down' : 'starting-up';
  if (sqlstate.startsWith('28')) return 'auth';
  if (sqlstate.startsWith('08') && sqlstate !== '08P01') return 'closed';
  return bySqlstate[sqlstate] ?? 'other';
}

function kindOf(code: string | null, message: string): ErrorKind {
  const known = code === null ? undefined : kindOfSystemCode(code);
  if (known !== undefined) return known;
  for (const [pattern, kind] of byText) if (pattern.test(message)) return kind;
  return 'other';
}
