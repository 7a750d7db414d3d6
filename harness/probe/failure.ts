/** Failures in a client's words, as far as they are the same for every engine. */
import type { ErrorKind, Failure } from '../history/entry.js';

/** A failure, and whether a statement that it answered surely had no effect. */
export interface ClassifiedFailure {
  readonly failure: Failure;
  /** The server itself refused the statement and goes on: the statement did nothing. */
  readonly definite: boolean;
  /** The session ended with it. */
  readonly fatal: boolean;
}

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

const messageMax = 300;

/** A failure in our own words. */
export function ownFailure(kind: ErrorKind, message: string): Failure {
  return { kind, sqlstate: null, code: null, message };
}

/** What a code of Node or of the system means, or undefined for one that is neither's. */
export function kindOfSystemCode(code: string): ErrorKind | undefined {
  const known = byCode[code];
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return 'dns';
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|UNABLE_TO_|CERT_)/.test(code)) return 'tls';
  return undefined;
}

/** Code and text of whatever was thrown. */
export function anatomy(error: unknown): { code: string | null; message: string } {
  if (typeof error !== 'object' || error === null) return { code: null, message: String(error) };
  const code = textOf(error, 'code');
  let message = textOf(error, 'message') ?? '';
  // Node tries every address of a name and reports them together, without a text of its own.
  if (message === '' && error instanceof AggregateError)
    message = error.errors.map((one) => anatomy(one).message).join('; ');
  return { code, message: message === '' ? (code ?? 'unknown error') : message };
}

/** A property that is text, or null. */
export function textOf(error: object, name: string): string | null {
  const value: unknown = name in error ? Reflect.get(error, name) : null;
  return typeof value === 'string' ? value : null;
}

/** One line without the password, of bounded length. */
export function redact(message: string, password: string): string {
  let text = message.replace(/\s+/g, ' ').trim();
  if (password.length >= 3) {
    text = text.replaceAll(password, '[redacted]');
    // Half a surrogate pair cannot be encoded, so no URL can hold it.
    if (!/\p{Surrogate}/u.test(password))
      text = text.replaceAll(encodeURIComponent(password), '[redacted]');
  }
  return text.length > messageMax ? `${text.slice(0, messageMax - 1)}…` : text;
}
