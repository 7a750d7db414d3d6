/** One observation out of somebody else's log, before it becomes a poll. */
import type { ErrorKind, Failure, Outcome } from '../entry.js';

export interface Sample {
  /** Start of the attempt, milliseconds since 1970; without a zone in the log, as if UTC. */
  readonly atMs: number;
  readonly outcome: Outcome;
  readonly error: Failure | null;
  /** What answered, where the log says it. */
  readonly version: string | null;
  /** Whom it asked, where the log names it. */
  readonly host: string | null;
  /** How long it took, where the log says it. */
  readonly tookMs: number | null;
  /** True when lines were left out, or another log begins, right before this one. */
  readonly afterOmission: boolean;
}

interface Pattern {
  readonly text: RegExp;
  readonly kind: ErrorKind;
  readonly sqlstate: string | null;
  readonly code: string | null;
}

/** What clients print, as psql, libpq and the drivers word it; the first that fits counts. */
const patterns: readonly Pattern[] = [
  pattern(/connection refused|ECONNREFUSED/i, 'refused', null, 'ECONNREFUSED'),
  pattern(/is starting up|not yet accepting|in recovery mode/i, 'starting-up', '57P03'),
  pattern(/is shutting down/i, 'shutting-down', '57P03'),
  pattern(/terminating connection/i, 'terminated', '57P01'),
  pattern(/read-only|read only/i, 'read-only', '25006'),
  pattern(
    /too many (connections|clients)|remaining connection slots/i,
    'too-many-connections',
    '53300',
  ),
  pattern(/authentication failed|access denied/i, 'auth', null),
  pattern(/timed? ?out|ETIMEDOUT/i, 'timeout', null),
  pattern(/reset by peer|ECONNRESET/i, 'reset', null, 'ECONNRESET'),
  pattern(/translate host name|name or service not known|ENOTFOUND|EAI_AGAIN/i, 'dns', null),
  pattern(
    /EOF detected|closed the connection|connection (was )?(lost|closed)|terminated unexpectedly/i,
    'closed',
    null,
  ),
  pattern(/certificate|\bTLS\b|\bSSL\b/i, 'tls', null),
  pattern(/prepared statement .* does not exist/i, 'statement-lost', '26000'),
];

function pattern(
  text: RegExp,
  kind: ErrorKind,
  sqlstate: string | null,
  code: string | null = null,
): Pattern {
  return { text, kind, sqlstate, code };
}

const errorWords = /\b(error|errors|fatal|panic|failed|failure|could not|cannot|unable)\b/i;
const messageMax = 500;

/** The failure that an answer's text tells of, or null when it reads like an answer. */
export function failureIn(text: string): Failure | null {
  const found = patternIn(text);
  if (found === undefined && !errorWords.test(text)) return null;
  return failureOf(text, found);
}

/** The failure of an attempt that is known to have failed, whatever its text says. */
export function failureOf(text: string, found: Pattern | undefined = patternIn(text)): Failure {
  return {
    kind: found?.kind ?? 'other',
    sqlstate: found?.sqlstate ?? null,
    code: found?.code ?? null,
    message: text.slice(0, messageMax),
  };
}

/** What a client says of a failure stands at its beginning. */
const readMax = 2_000;

function patternIn(text: string): Pattern | undefined {
  const begin = text.slice(0, readMax);
  return patterns.find((candidate) => candidate.text.test(begin));
}

/** `17.4.5` or `8.0.32` where the whole answer is a version. */
export function versionIn(text: string): string | null {
  return /^\d{1,3}(\.\d{1,6}){1,3}$/.test(text.trim()) ? text.trim() : null;
}

/** ISO-like date and time, or an epoch in s, ms, µs or ns; NaN when it is none. */
export function timestampMs(text: string): number {
  const trimmed = text.trim();
  if (/^\d{9,19}(\.\d{1,9})?$/.test(trimmed)) return epochMs(Number(trimmed));
  const parts = isoLike.exec(trimmed);
  if (parts === null) return Number.NaN;
  const [, date = '', time = '', fraction = '', zone = ''] = parts;
  if (!isDay(date)) return Number.NaN;
  const wholeMs = Date.parse(`${date}T${time}${zone === '' ? 'Z' : zoneOf(zone)}`);
  return wholeMs + Number(`0.${fraction === '' ? '0' : fraction}`) * 1_000;
}

const isoLike =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/;

/** False for 30 February, which `Date.parse` takes for 2 March. */
function isDay(date: string): boolean {
  if (Number(date.slice(8)) <= 28) return true;
  const parsed = new Date(Date.parse(`${date}T00:00:00Z`));
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}

function zoneOf(zone: string): string {
  if (zone === 'UTC') return 'Z';
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
}

function epochMs(value: number): number {
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1e3 : value / 1e6;
}
