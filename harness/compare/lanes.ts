/** Lanes of two runs side by side. Pure. */
import type { LaneReport, OutageReport, RunReport } from '../verdict/run-report.js';
import type { ComparedLane, ComparedOutage, LaneComparison } from './comparison.js';
import { reachOf, relate } from './relate.js';
import type { Tolerance } from './tolerance.js';

/** A lane that both sides have, by the name that each has for it. */
export interface LanePair {
  readonly aName: string;
  readonly bName: string;
  readonly a: LaneReport;
  readonly b: LaneReport;
}

export interface PairedLanes {
  readonly pairs: readonly LanePair[];
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

type Named = readonly [name: string, lane: LaneReport];

/**
 * Lanes of the same name; and where each side is left with one lane of a kind, those two: a probe
 * of the real day names its lanes by its targets.
 */
export function pairLanes(a: RunReport, b: RunReport): PairedLanes {
  const ofA = polled(a);
  const ofB = polled(b);
  const pairs: LanePair[] = [];
  for (const [aName, lane] of ofA) {
    const other =
      ofB.find(([bName, { kind }]) => bName === aName && kind === lane.kind) ??
      onlyOfKind(ofA, ofB, lane.kind);
    if (other !== undefined) pairs.push({ aName, bName: other[0], a: lane, b: other[1] });
  }
  return {
    pairs,
    onlyA: namesWithout(ofA, new Set(pairs.map(({ aName }) => aName))),
    onlyB: namesWithout(ofB, new Set(pairs.map(({ bName }) => bName))),
  };
}

function polled({ lanes }: RunReport): Named[] {
  return Object.entries(lanes).filter(([, { polls }]) => polls > 0);
}

function onlyOfKind(ofA: readonly Named[], ofB: readonly Named[], kind: string): Named | undefined {
  const left = (some: readonly Named[], others: readonly Named[]): Named[] =>
    some.filter(
      ([name, lane]) =>
        lane.kind === kind && !others.some(([its, one]) => its === name && one.kind === kind),
    );
  const inB = left(ofB, ofA);
  return left(ofA, ofB).length === 1 && inB.length === 1 ? inB[0] : undefined;
}

function namesWithout(list: readonly Named[], taken: ReadonlySet<string>): string[] {
  return list.map(([name]) => name).filter((name) => !taken.has(name));
}

/** @param shiftMs added to the instants of the second */
export function compareLane(pair: LanePair, shiftMs: number, tolerance: Tolerance): LaneComparison {
  const { a, b, aName, bName } = pair;
  const relation = (of: 'downtime' | 'longest') =>
    relate(reachOf(a[of], a), reachOf(b[of], b), tolerance);
  return {
    a: comparedLane(aName, a, 0),
    b: comparedLane(bName, b, shiftMs),
    downtime: relation('downtime'),
    longest: relation('longest'),
  };
}

function comparedLane(name: string, lane: LaneReport, shiftMs: number): ComparedLane {
  const { downtime, longest, polls, detectionFloorMs, outages, blindMs } = lane;
  return {
    lane: name,
    downtime,
    longest,
    outages: outages.map((outage) => comparedOutage(outage, shiftMs)),
    outageCount: outages.length,
    polls,
    detectionFloorMs,
    blindMs: blindMs.map(([fromMs, toMs]) => [shifted(fromMs, shiftMs), shifted(toMs, shiftMs)]),
  };
}

function comparedOutage(outage: OutageReport, shiftMs: number): ComparedOutage {
  const edge = ([fromMs, toMs]: [number | null, number | null]): [number | null, number | null] => [
    fromMs === null ? null : shifted(fromMs, shiftMs),
    toMs === null ? null : shifted(toMs, shiftMs),
  ];
  return {
    startMs: shifted(outage.startMs, shiftMs),
    endMs: shifted(outage.endMs, shiftMs),
    beganMs: edge(outage.beganMs),
    endedMs: edge(outage.endedMs),
  };
}

/** To the microsecond, as everything else. */
export function shifted(atMs: number, shiftMs: number): number {
  return Math.round((atMs + shiftMs) * 1e3) / 1e3;
}
