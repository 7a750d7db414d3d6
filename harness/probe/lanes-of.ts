/** Which lanes a rehearsal has, by what its cluster consists of. Pure. */
import type { LaneKind } from '../history/entry.js';

/** What of a cluster decides which lanes there are. */
export interface LaneTopology {
  /** The identifiers of its readers; a standby that nobody can dial is none of them. */
  readonly readers: readonly string[];
}

export interface PlannedLaneKind {
  readonly name: string;
  readonly kind: LaneKind;
  /** What it dials: the label of a name (`writer`, `reader`), or an instance's identifier. */
  readonly target: string;
  /** Of a target that is neither: the cluster whose name it dials, and the label of that name. */
  readonly cluster?: string;
  readonly listener?: string;
}

const always: readonly LaneKind[] = [
  'new-connection',
  'held-session',
  'idle-session',
  'writer',
  'reader',
  'served-by',
  'observer',
];

/**
 * The lanes in the order in which they are shown. Lag is measured where there are readers: at the
 * reader's name, as its clients meet it wherever that leads, and at each reader besides where
 * there are several.
 */
export function lanesOf({ readers }: LaneTopology): PlannedLaneKind[] {
  const lagged = readers.length === 0 ? [] : ['reader', ...(readers.length > 1 ? readers : [])];
  const lanes = always.map((kind) => ({
    name: kind as string,
    kind,
    target: kind === 'reader' ? 'reader' : 'writer',
  }));
  const lags = lagged.map((target) => ({
    name: target === 'reader' ? 'replica-lag' : `${target}/replica-lag`,
    kind: 'replica-lag' as const,
    target,
  }));
  const behindReader = lanes.findIndex(({ kind }) => kind === 'reader') + 1;
  return [...lanes.slice(0, behindReader), ...lags, ...lanes.slice(behindReader)];
}
