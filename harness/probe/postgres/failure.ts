/**
 * Puts what `pg`, Node and the server say when something goes wrong into a client's words. The
 * texts matched here are those that pg 8.23 gives without any code.
 */
import type { ErrorKind, Failure } from '../../history/entry.js';

/** A failure, and whether a statement that it answered surely had no effect. */
export interface ClassifiedFailure {
  readonly failure: Failure;
  /** The server itself refused the statement and goes on: the statement did nothing. */
  readonly definite: boolean;
  /** The session ended with it. */
  readonly fatal: boolean;
}

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

const byCode: Readonly<Record<string, ErrorKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  EPROTO: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  CERT_NOT_YET_VALID: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  HOSTNAME_MISMATCH: 'tls',
};

/** Texts without a code, as pg 8.23 and pg-protocol word them. */
const byText: readonly (readonly [RegExp, ErrorKind])[] = [
  [/timeout expired|timeout exceeded|due to connection timeout|read timeout/i, 'timeout'],
  [/^Connection terminated|not queryable|Connection ended/i, 'closed'],
  [/does not support SSL|establishing an SSL|certificate|altnames/i, 'tls'],
  [/^SASL|password must be/i, 'auth'],
];

const messageMax = 300;

/**
 * Classifies an error of a client.
 * @param error whatever was thrown or emitted
 * @param password taken out of every text
 */
export function classify(error: unknown, password: string): ClassifiedFailure {
  const { code, message, severity } = anatomy(error);
  if (severity !== null && code !== null && /^[0-9A-Z]{5}$/.test(code)) {
    return {
      failure: {
        kind: kindOfSqlstate(code, message),
        sqlstate: code,
        code: null,
        message: redact(message, password),
      },
      definite: !leavesDoubt(code, severity),
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

/** A failure in our own words. */
export function ownFailure(kind: ErrorKind, message: string): Failure {
  return { kind, sqlstate: null, code: null, message };
}

/**
 * Whether a statement answered so may still have taken effect: the session died over it, or the
 * answer comes from something in between (class 08) or says itself that it does not know (40003).
 */
function leavesDoubt(sqlstate: string, severity: string): boolean {
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
  if (code !== null) {
    const known = byCode[code];
    if (known !== undefined) return known;
    if (code.startsWith('EAI_')) return 'dns';
    if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|UNABLE_TO_|CERT_)/.test(code)) return 'tls';
  }
  for (const [pattern, kind] of byText) if (pattern.test(message)) return kind;
  return 'other';
}

function anatomy(error: unknown): {
  code: string | null;
  message: string;
  severity: string | null;
} {
  if (typeof error !== 'object' || error === null)
    return { code: null, message: String(error), severity: null };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  const severity =
    'severity' in error && typeof error.severity === 'string' ? error.severity : null;
  let message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  // Node tries every address of a name and reports them together, without a text of its own.
  if (message === '' && error instanceof AggregateError)
    message = error.errors.map((one) => anatomy(one).message).join('; ');
  return { code, message: message === '' ? (code ?? 'unknown error') : message, severity };
}

function redact(message: string, password: string): string {
  let text = message.replace(/\s+/g, ' ').trim();
  if (password.length >= 3) {
    text = text.replaceAll(password, '[redacted]');
    // Half a surrogate pair cannot be encoded, so no URL can hold it.
    if (!/\p{Surrogate}/u.test(password))
      text = text.replaceAll(encodeURIComponent(password), '[redacted]');
  }
  return text.length > messageMax ? `${text.slice(0, messageMax - 1)}…` : text;
}
