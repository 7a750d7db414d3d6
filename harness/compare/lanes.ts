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
 * Lanes as the user pairs them, else of the same name; then of the same kind and target, where
 * each side is left with one of them, and of the same kind, where neither has another of it: a
 * probe of the real day names its lanes by its targets.
 * @param asked names in the second by those in the first
 */
export function pairLanes(
  a: RunReport,
  b: RunReport,
  asked: ReadonlyMap<string, string> = new Map(),
): PairedLanes {
  let ofA = polled(a);
  let ofB = polled(b);
  const kindsOnce = onceIn(ofA).filter((kind) => onceIn(polled(b)).includes(kind));
  const order = new Map(ofA.map(([name], index) => [name, index]));
  const pairs: LanePair[] = [];
  const alike: ((one: Named, other: Named) => boolean)[] = [
    ([aName], [bName]) => asked.get(aName) === bName,
    ([aName, one], [bName, other]) => aName === bName && one.kind === other.kind,
    ([, one], [, other]) => one.kind === other.kind && one.target === other.target,
    ([, one], [, other]) => one.kind === other.kind && kindsOnce.includes(one.kind),
  ];
  for (const isAlike of alike) {
    const found = ofA.flatMap((one) => onlyPair(one, ofA, ofB, isAlike));
    pairs.push(...found);
    ofA = ofA.filter(([name]) => !found.some(({ aName }) => aName === name));
    ofB = ofB.filter(([name]) => !found.some(({ bName }) => bName === name));
  }
  const place = ({ aName }: LanePair): number => order.get(aName) ?? 0;
  return {
    pairs: pairs.sort((one, other) => place(one) - place(other)),
    onlyA: ofA.map(([name]) => name),
    onlyB: ofB.map(([name]) => name),
  };
}

function polled({ lanes }: RunReport): Named[] {
  return Object.entries(lanes).filter(([, { polls }]) => polls > 0);
}

/** Kinds of which there is one lane. */
function onceIn(lanes: readonly Named[]): string[] {
  const kinds = lanes.map(([, { kind }]) => kind);
  return kinds.filter((kind) => kinds.filter((other) => other === kind).length === 1);
}

/** The pair of this lane, where neither of the two is like any other. */
function onlyPair(
  one: Named,
  ofA: readonly Named[],
  ofB: readonly Named[],
  isAlike: (one: Named, other: Named) => boolean,
): LanePair[] {
  const [other, ...more] = ofB.filter((candidate) => isAlike(one, candidate));
  if (other === undefined || more.length > 0) return [];
  if (ofA.filter((rival) => isAlike(rival, other)).length > 1) return [];
  return [{ aName: one[0], bName: other[0], a: one[1], b: other[1] }];
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
