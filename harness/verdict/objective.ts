/**
 * Objectives as text, like k6's thresholds: `<subject>.<metric> <operator> <limit>`, for example
 * `writer.downtime <= 5s`, `blue/new-connection.outages <= 1`, `writes.lost == 0`.
 */
import { UserError } from '../../sim/user-error.js';
import { parseDurationMs } from '../duration.js';
import { laneKinds } from '../history/entry.js';

export const operators = ['<=', '>=', '==', '!=', '<', '>'] as const;
export type Operator = (typeof operators)[number];

/** What a lane can be held to; `duration` limits are written `250ms`, `5s`, `1m30s`. */
export const laneMetrics = {
  downtime: 'duration',
  longest: 'duration',
  p50: 'duration',
  p95: 'duration',
  outages: 'count',
  failed: 'count',
  unknown: 'count',
  polls: 'count',
  brownouts: 'count',
} as const;
export type LaneMetric = keyof typeof laneMetrics;

export const writeMetrics = [
  'lost',
  'duplicated',
  'resurrected',
  'inDoubt',
  'acknowledged',
  'failed',
] as const;
export type WriteMetric = (typeof writeMetrics)[number];

export const sessionMetrics = ['present', 'preserved', 'dropped', 'reconnected', 'broken'] as const;
export type SessionMetric = (typeof sessionMetrics)[number];

/** How far readers were behind, of all lanes that measure it or of those of one target. */
export const lagMetrics = ['max', 'p95'] as const;
export type LagMetric = (typeof lagMetrics)[number];

/** The way back from a phase, where the run was backed out of (`--abort-at`). */
export const backOutMetrics = { failed: 'count', lost: 'count', took: 'duration' } as const;
export type BackOutMetric = keyof typeof backOutMetrics;

interface Limit {
  /** As the user wrote it. */
  readonly text: string;
  readonly operator: Operator;
  /** Milliseconds for a duration, else a count. */
  readonly limit: number;
}

export type Objective = Limit &
  (
    | { readonly about: 'lane'; readonly lane: string; readonly metric: LaneMetric }
    | {
        readonly about: 'lag';
        /** Null: of all targets. */
        readonly target: string | null;
        readonly metric: LagMetric;
      }
    | { readonly about: 'writes'; readonly metric: WriteMetric }
    | { readonly about: 'sessions'; readonly metric: SessionMetric }
    | { readonly about: 'back-out'; readonly metric: BackOutMetric }
  );

/** Lanes with polls of their own. */
const judgedKinds = laneKinds.filter((kind) => kind !== 'observer' && kind !== 'served-by');
const servedByIs =
  'which has no polls of its own: it is read from those of new-connection; ask about that lane';

const shape = /^\s*([^\s<>=!]+)\.([A-Za-z0-9-]+)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*$/;

/**
 * Reads one objective.
 * @throws UserError `OBJECTIVE_INVALID`, naming what is allowed
 */
export function parseObjective(text: string): Objective {
  const parts = shape.exec(text);
  const [, subject = '', metric = '', operatorText = '', limitText = ''] = parts ?? [];
  const operator = operators.find((candidate) => candidate === operatorText);
  if (parts === null || operator === undefined)
    throw invalid(text, 'is not of the form "<subject>.<metric> <operator> <limit>"');
  if (subject === 'writes') {
    const known = find(writeMetrics, metric);
    if (known === undefined) throw unknownMetric(text, metric, writeMetrics);
    return { about: 'writes', metric: known, ...limit(text, operator, limitText, 'count') };
  }
  if (subject === 'sessions') {
    const known = find(sessionMetrics, metric);
    if (known === undefined) throw unknownMetric(text, metric, sessionMetrics);
    return { about: 'sessions', metric: known, ...limit(text, operator, limitText, 'count') };
  }
  if (subject === 'back-out') {
    const all = Object.keys(backOutMetrics) as BackOutMetric[];
    const known = find(all, metric);
    if (known === undefined) throw unknownMetric(text, metric, all);
    const limits = limit(text, operator, limitText, backOutMetrics[known]);
    return { about: 'back-out', metric: known, ...limits };
  }
  const kind = subject.slice(subject.lastIndexOf('/') + 1);
  if (kind === 'lag') {
    const known = find(lagMetrics, metric);
    if (known === undefined) throw unknownMetric(text, metric, lagMetrics);
    const target = subject === kind ? null : subject.slice(0, -'/lag'.length);
    return { about: 'lag', target, metric: known, ...limit(text, operator, limitText, 'duration') };
  }
  if (kind === 'served-by') throw invalid(text, `names ${subject}, ${servedByIs}`);
  if (!judgedKinds.some((known) => known === kind))
    throw invalid(text, `names the unknown subject "${subject}"`);
  const known = find(Object.keys(laneMetrics) as LaneMetric[], metric);
  if (known === undefined) throw unknownMetric(text, metric, Object.keys(laneMetrics));
  const limits = limit(text, operator, limitText, laneMetrics[known]);
  return { about: 'lane', lane: subject, metric: known, ...limits };
}

function find<T extends string>(known: readonly T[], wanted: string): T | undefined {
  const plain = wanted.replaceAll('-', '').toLowerCase();
  return known.find((name) => name.toLowerCase() === plain);
}

function limit(
  text: string,
  operator: Operator,
  limitText: string,
  unit: 'duration' | 'count',
): Limit {
  const value = unit === 'duration' ? parseDurationMs(limitText) : wholeNumber(limitText);
  if (value === undefined) {
    const wanted = unit === 'duration' ? 'a duration such as 500ms, 5s or 1m30s' : 'a whole number';
    throw invalid(text, `has the limit "${limitText}" where ${wanted} is needed`);
  }
  return { text: text.trim(), operator, limit: value };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function unknownMetric(text: string, metric: string, allowed: readonly string[]): UserError {
  return invalid(text, `names the unknown metric "${metric}" (known: ${allowed.join(', ')})`);
}

function invalid(text: string, why: string): UserError {
  const lanes = judgedKinds.join(', ');
  return new UserError(
    'OBJECTIVE_INVALID',
    `The objective "${text.trim()}" ${why}.`,
    `Write for example "writer.downtime <= 5s"; subjects: ${lanes} (or <target>/<lane>) with ` +
      `${Object.keys(laneMetrics).join(', ')}; lag (or <target>/lag) with ` +
      `${lagMetrics.join(', ')}; writes with ${writeMetrics.join(', ')}; ` +
      `sessions with ${sessionMetrics.join(', ')}; ` +
      `back-out with ${Object.keys(backOutMetrics).join(', ')}; operators: ${operators.join(' ')}.`,
  );
}
