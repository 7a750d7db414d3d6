/** The lanes of a plan: one for each kind that the run's clusters give reason for. Pure. */
import { rng } from '../sim/rng.js';
import type { LaneKind, LaneSpec } from './history/entry.js';
import { lanesOf, type PlannedLaneKind } from './probe/lanes-of.js';
import type { Topology } from './scenario.js';
import { type PlannedThrough, throughLanes, throughTarget } from './through/planned-through.js';
import { instancesOf, primaryOf, secondariesOf } from './topology.js';

export interface PlannedLane {
  readonly spec: LaneSpec;
  /** How far the lane's ticks are after the whole interval; spreads the lanes. */
  readonly phaseMs: number;
}

export interface LaneRequest {
  readonly seed: string;
  readonly intervalMs: number;
  /** Null: each lane's own. */
  readonly timeoutMs: number | null;
  readonly edgeIntervalMs: number | null;
  /** Whether something stands before the writer: lanes go through it too. Default: nothing. */
  readonly through?: PlannedThrough | null;
}

/** Lanes that hold a session wait longer: a kept session is to be silent, not to fail. */
const timeoutMsOf: Readonly<Record<LaneKind, number>> = {
  'new-connection': 5_000,
  'held-session': 30_000,
  'idle-session': 30_000,
  writer: 30_000,
  reader: 30_000,
  'replica-lag': 30_000,
  'served-by': 5_000,
  observer: 5_000,
};

/** What is watched of a secondary cluster: it takes no writes, and its readers lag. */
const secondaryKinds: readonly LaneKind[] = [
  'new-connection',
  'held-session',
  'replica-lag',
  'served-by',
];

export function planLanes(
  topology: Topology,
  { seed, intervalMs, timeoutMs, edgeIntervalMs, through }: LaneRequest,
): PlannedLane[] {
  return kindsOf(topology, (through ?? null) !== null).map((lane) => ({
    spec: {
      ...lane,
      intervalMs,
      timeoutMs: timeoutMs ?? (isThroughLane(lane) ? throughTimeoutMs : timeoutMsOf[lane.kind]),
      edgeIntervalMs: lane.kind === 'observer' || isThroughLane(lane) ? null : edgeIntervalMs,
    },
    phaseMs: Math.floor(rng(seed, `lane ${lane.name}`).next() * intervalMs),
  }));
}

/**
 * What waits in a pooler tells by its answer when the writer was back: it needs time, and polls at
 * the edges, which give up early, would end the very session that is being kept.
 */
const throughTimeoutMs = 30_000;

function isThroughLane({ target }: PlannedLaneKind): boolean {
  return target === throughTarget;
}

/** Those of others come before the observer, which belongs to no cluster. */
function kindsOf(topology: Topology, isThrough: boolean): PlannedLaneKind[] {
  const readers = instancesOf(primaryOf(topology))
    .filter(({ role }) => role === 'reader')
    .map(({ identifier }) => identifier);
  const ofPrimary = lanesOf({ readers });
  const ofSecondaries = secondariesOf(topology).flatMap(({ target, shape }) =>
    secondaryKinds.map((kind) => ({
      name: `${target}/${kind}`,
      kind,
      target,
      cluster: shape.identifier,
      listener: 'reader',
    })),
  );
  const isObserver = ({ kind }: PlannedLaneKind): boolean => kind === 'observer';
  return [
    ...ofPrimary.filter((lane) => !isObserver(lane)),
    ...(isThrough ? throughLanes(primaryOf(topology).identifier) : []),
    ...ofSecondaries,
    ...ofPrimary.filter(isObserver),
  ];
}
