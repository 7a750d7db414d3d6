/**
 * What a pooler between clients and the writer adds and spares: each lane that goes through it held
 * against its twin at the endpoint. Pure.
 */
import type { EntryOf, Failure } from '../history/entry.js';
import type { Bounds, LaneMeasure } from '../measure/lane.js';
import { length } from '../measure/stretches.js';
import { throughTarget } from './planned-through.js';

/** One side of the pooler, as a lane felt it. */
export interface SideMeasure {
  readonly downtime: Bounds;
  /** Times that the lane's session was lost; null for one that dials anew each time. */
  readonly sessionsLost: number | null;
  /** Attempts that failed or stayed in doubt, by error. */
  readonly errors: ReadonlyMap<string, number>;
  /** The longest that an attempt took which succeeded, nanoseconds; null without any. */
  readonly slowestNs: number | null;
}

export interface ThroughLane {
  readonly kind: string;
  readonly direct: SideMeasure;
  readonly through: SideMeasure;
  /** Downtime through it less downtime at the endpoint; below 0 where it spared some. */
  readonly added: Bounds;
}

/** What a pooling endpoint of ours told. */
export interface PoolingMeasure {
  /** Sessions that were idle when the writer went away first; null where it never did. */
  readonly keptIdle: number | null;
  /** Sessions that it ended, by what they were in. */
  readonly ended: ReadonlyMap<string, number>;
  readonly pinned: ReadonlyMap<string, number>;
}

/** None where nothing stood between. */
export function measureThrough(lanes: readonly LaneMeasure[]): ThroughLane[] {
  return lanes.flatMap((through) => {
    if (through.spec.target !== throughTarget) return [];
    const { kind } = through.spec;
    const direct = lanes.find(({ spec }) => spec.kind === kind && spec.target === 'writer');
    return direct === undefined ? [] : [pairOf(kind, direct, through)];
  });
}

function pairOf(kind: string, direct: LaneMeasure, through: LaneMeasure): ThroughLane {
  return {
    kind,
    direct: sideOf(direct),
    through: sideOf(through),
    added: difference(withBlind(through), withBlind(direct)),
  };
}

function sideOf(lane: LaneMeasure): SideMeasure {
  const attempts = [...lane.ticks, ...lane.edgePolls];
  const errors = new Map<string, number>();
  for (const { outcome, error } of lane.ticks) {
    if (outcome === 'ok' || error === null || error.kind === 'not-sent') continue;
    const name = nameOf(error);
    errors.set(name, (errors.get(name) ?? 0) + 1);
  }
  const took = attempts
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ startNs, endNs }) => endNs - startNs);
  return {
    downtime: withBlind(lane),
    sessionsLost: lane.spec.kind === 'new-connection' ? null : lossesIn(attempts),
    errors,
    slowestNs: took.length === 0 ? null : took.reduce((most, one) => Math.max(most, one)),
  };
}

/** Stretches whose polls all stayed in doubt may have been outages. */
function withBlind({ downtime, blind }: LaneMeasure): Bounds {
  const { upperNs } = downtime;
  return { ...downtime, upperNs: upperNs === null ? null : upperNs + length(blind) };
}

/**
 * A new session behind a failure is a loss, once for each stretch of failures; so is an end in
 * one. A lane that leaves a read-only node has lost nothing.
 */
function lossesIn(attempts: readonly LaneMeasure['ticks'][number][]): number {
  const byStart = [...attempts].sort((one, other) => one.startNs - other.startNs);
  let losses = 0;
  let hasFailed = false;
  let isAnew = false;
  for (const { outcome, error, reconnected } of byStart) {
    if (error?.kind === 'not-sent') continue;
    isAnew ||= reconnected;
    if (outcome !== 'ok') hasFailed ||= error?.kind !== 'read-only';
    else {
      if (hasFailed && isAnew) losses++;
      hasFailed = false;
      isAnew = false;
    }
  }
  return losses + (hasFailed ? 1 : 0);
}

function nameOf({ kind, sqlstate, errorNumber }: Failure): string {
  if (errorNumber !== undefined) return `${kind} (${errorNumber})`;
  return sqlstate === null ? kind : `${kind} (${sqlstate})`;
}

/** Of two intervals: what the first may be more than the second. */
function difference(one: Bounds, other: Bounds): Bounds {
  return {
    lowerNs: other.upperNs === null ? Number.NEGATIVE_INFINITY : one.lowerNs - other.upperNs,
    upperNs: one.upperNs === null ? null : one.upperNs - other.lowerNs,
    estimateNs: one.estimateNs - other.estimateNs,
  };
}

/** Null where none of ours stood there. */
export function measurePooling(gauges: readonly EntryOf<'gauge'>[]): PoolingMeasure | null {
  const told = gauges.filter(({ data }) => data.name.startsWith('pooling.'));
  if (told.length === 0) return null;
  const below = (prefix: string): Map<string, number> =>
    new Map(
      told.flatMap(({ data: { name, value } }) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), Number(value)] as const] : [],
      ),
    );
  const kept = told
    .filter(({ data }) => data.name === 'pooling.kept')
    .map(({ data }) => data.value);
  return {
    keptIdle: kept.length === 0 ? null : Number(kept[0]),
    ended: below('pooling.ended.'),
    pinned: below('pooling.pinned.'),
  };
}
