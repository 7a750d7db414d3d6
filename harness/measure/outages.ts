/**
 * Outages of one lane, with bounds. Pure.
 *
 * The argument. An attempt that ran in [s, e] saw the server at some instant t in [s, e], not
 * known which: ok = it was up at t, fail = it was down at t, unknown = nothing. Attempts are
 * scheduled, never chained, so their windows may overlap and end in any order. Take a group of
 * failed attempts that all saw one down interval [D0, D1), and the server up just outside it.
 *
 * - Lower. Every fail has D0 <= t < D1, so D0 <= min e and D1 > max s, hence
 *   D1 - D0 > max s - min e. Where the ends were not measured (an imported log has starts only)
 *   the bound runs from the first failing start to the last: clients that began then did fail.
 * - Near edge. An ok attempt A with e(A) <= s(F) for some fail F saw the server up before F saw
 *   it down, so s(A) <= t(A) <= D0. The latest such start is the earliest instant for D0.
 * - Far edge. An ok attempt A with s(A) >= e(F) for some fail F saw it up after F saw it down,
 *   so D1 <= t(A) <= e(A). The earliest such end is the latest instant for D1.
 * - Upper. Far edge minus near edge; unbounded when either edge was not observed.
 * - Ok attempts whose window overlaps the group may have looked before, between or after: they
 *   bound nothing, which is why an edge is never simply "the poll before".
 *
 * Lanes that hold a session know more of an attempt that timed out on it: the request was with the
 * server all the time, and none of it was answered. A session that is up answers within some time
 * A, so that it was not up at any instant of [s + A, e - A], else the answer would have come. That
 * stretch is certain, and joins the lower bound. It holds only for a session that an ok attempt
 * showed to be there, and until the first failure ended: what comes then dials anew, and a dial
 * may time out against a server that is up, its first packets lost and sent again ever more
 * seldom. For the same reason it does not hold for lanes that dial at every tick.
 *
 * Grouping. Two fails are of different outages when an ok attempt lies certainly between them:
 * e(F1) <= s(A) and e(A) <= s(F2). Otherwise they are unbroken, one outage. That the server was
 * not up unseen between two neighbouring fails is what "unbroken" assumes; where a poll in doubt
 * or a stretch without polls lies between them it is not assumed: the stretch is left out of the
 * lower bound, and stays inside the upper.
 */
import type { Outcome } from '../history/entry.js';

/** One attempt of a lane, as measured. Instants in nanoseconds of the run's clock. */
export interface Attempt {
  readonly startNs: number;
  readonly endNs: number;
  readonly outcome: Outcome;
  /** False where `endNs` is only the latest that the end can have been. */
  readonly endMeasured: boolean;
  /** True where it timed out, in a lane that holds a session. */
  readonly silent?: boolean;
}

/** Between which instants an edge of an outage lies; null where nobody watched. */
export interface Edge {
  readonly earliestNs: number | null;
  readonly latestNs: number | null;
  /** The middle of the edge, or the outermost failure where the edge is open. */
  readonly pointNs: number;
}

export interface Outage<A extends Attempt = Attempt> {
  /** The failed attempts, by start. */
  readonly fails: readonly A[];
  readonly begin: Edge;
  readonly end: Edge;
  readonly lowerNs: number;
  /** Null when the outage is open at either end. */
  readonly upperNs: number | null;
  /** From the middle of the near edge to the middle of the far edge. */
  readonly estimateNs: number;
}

export interface OutageOptions {
  /** Attempts further apart than this leave a stretch unwatched; `Infinity` where unknown. */
  readonly blindGapNs: number;
  /** Within what time a session that is up answers; left out where the lane holds none. */
  readonly answerNs?: number;
}

/**
 * The outages of one lane in one unbroken stretch of observation.
 * @param attempts all attempts, edge polls included, in any order
 */
export function findOutages<A extends Attempt>(
  attempts: readonly A[],
  options: OutageOptions,
): Outage<A>[] {
  const byStart = [...attempts].sort((a, b) => a.startNs - b.startNs || a.endNs - b.endNs);
  const oks = new OkIndex(byStart.filter((attempt) => attempt.outcome === 'ok'));
  const doubts = byStart.filter((attempt) => attempt.outcome === 'unknown');
  const outages: Outage<A>[] = [];
  let group: A[] = [];
  let minEndNs = Number.POSITIVE_INFINITY;
  const close = (): void => {
    if (group.length > 0) outages.push(bound(group, oks, doubts, options));
    group = [];
    minEndNs = Number.POSITIVE_INFINITY;
  };
  for (const attempt of byStart) {
    if (attempt.outcome !== 'fail') continue;
    if (group.length > 0 && oks.earliestEndFrom(minEndNs) <= attempt.startNs) close();
    group.push(attempt);
    minEndNs = Math.min(minEndNs, attempt.endNs);
  }
  close();
  return outages;
}

function bound<A extends Attempt>(
  fails: readonly A[],
  oks: OkIndex,
  doubts: readonly Attempt[],
  options: OutageOptions,
): Outage<A> {
  const [firstStartNs, maxStartNs] = extent(fails, (fail) => fail.startNs);
  const [minEndNs, maxEndNs] = extent(fails, (fail) => fail.endNs);
  const earliestNs = oks.latestStartUntil(maxStartNs);
  const latestNs = oks.earliestEndFrom(minEndNs);
  const begin = edge(earliestNs, Math.max(firstStartNs, earliestNs), firstStartNs);
  const end = edge(Math.min(maxEndNs, latestNs), latestNs, maxEndNs);
  const downOf = certainlyDown(fails, oks, doubts, options.answerNs ?? Number.POSITIVE_INFINITY);
  const parts = unbrokenParts(fails, doubts, options.blindGapNs).map((part) => hull(part, downOf));
  const lowerNs = covered(parts);
  const [downByNs] = extent(fails, (one) => (one.endMeasured ? downOf(one).fromNs : one.endNs));
  const [, downUntilNs] = extent(fails, (one) => downOf(one).toNs);
  const open = begin.earliestNs === null || end.latestNs === null;
  const upperNs = open ? null : Math.max(lowerNs, latestNs - earliestNs);
  const felt = Math.max(lowerNs, end.pointNs - begin.pointNs);
  return {
    fails,
    begin: { ...begin, latestNs: downByNs },
    end: { ...end, earliestNs: downUntilNs },
    lowerNs,
    upperNs,
    estimateNs: upperNs === null ? felt : Math.min(upperNs, felt),
  };
}

function edge(fromNs: number, toNs: number, openNs: number): Edge {
  const known = Number.isFinite(fromNs) && Number.isFinite(toNs);
  return {
    earliestNs: Number.isFinite(fromNs) ? fromNs : null,
    latestNs: Number.isFinite(toNs) ? toNs : null,
    pointNs: known ? fromNs + (toNs - fromNs) / 2 : openNs,
  };
}

/**
 * When at the latest a failed attempt saw the server down, and when at the earliest it last did:
 * where the former is before the latter, it certainly was down in between.
 */
interface Down {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Tells it of each failed attempt of a group. */
function certainlyDown(
  fails: readonly Attempt[],
  oks: OkIndex,
  doubts: readonly Attempt[],
  answerNs: number,
): (fail: Attempt) => Down {
  const [minEndNs] = extent(fails, (fail) => fail.endNs);
  const doubtStartsNs = doubts.map(({ startNs }) => startNs);
  /** Whether the session that an ok attempt used was there when this one began. */
  const isHeld = ({ startNs }: Attempt): boolean => {
    const okNs = oks.latestStartUntil(startNs);
    if (!Number.isFinite(okNs) || startNs >= minEndNs) return false;
    for (let at = firstAtLeast(doubtStartsNs, okNs); ; at++) {
      const doubt = doubts[at];
      if (doubt === undefined || doubt.startNs > startNs) return true;
      if (doubt.endNs <= startNs) return false;
    }
  };
  return (fail) => {
    const { startNs, endNs, endMeasured } = fail;
    const seen = { fromNs: endMeasured ? endNs : startNs, toNs: startNs };
    const silence = { fromNs: startNs + answerNs, toNs: endNs - answerNs };
    if (fail.silent !== true || silence.fromNs >= silence.toNs) return seen;
    return isHeld(fail) ? silence : seen;
  };
}

/** The parts of a group between which nothing is in doubt and nobody stopped watching. */
function unbrokenParts(
  fails: readonly Attempt[],
  doubts: readonly Attempt[],
  blindGapNs: number,
): Attempt[][] {
  const parts: Attempt[][] = [];
  let doubt = 0;
  let part: Attempt[] = [];
  let seenUntilNs = Number.NEGATIVE_INFINITY;
  for (const fail of fails) {
    const fromNs = part.at(-1)?.startNs ?? fail.startNs;
    while ((doubts[doubt]?.startNs ?? Number.POSITIVE_INFINITY) < fromNs) doubt += 1;
    const doubtNs = doubts[doubt]?.startNs ?? Number.POSITIVE_INFINITY;
    const broken = doubtNs <= fail.startNs || fail.startNs - seenUntilNs > blindGapNs;
    if (part.length > 0 && broken) {
      parts.push(part);
      part = [];
    }
    part.push(fail);
    seenUntilNs = Math.max(seenUntilNs, fail.endNs);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** In between the server is taken to have been down all the time. */
function hull(fails: readonly Attempt[], downOf: (fail: Attempt) => Down): Down {
  const downs = fails.map(downOf);
  const [fromNs] = extent(downs, (down) => down.fromNs);
  const [, toNs] = extent(downs, (down) => down.toNs);
  return { fromNs, toNs };
}

/** What the stretches that are certain cover together; a hull that is none covers nothing. */
function covered(hulls: readonly Down[]): number {
  let sumNs = 0;
  let coveredNs = Number.NEGATIVE_INFINITY;
  for (const { fromNs, toNs } of [...hulls].sort((a, b) => a.fromNs - b.fromNs)) {
    sumNs += Math.max(0, toNs - Math.max(fromNs, coveredNs));
    coveredNs = Math.max(coveredNs, toNs);
  }
  return sumNs;
}

function extent<T>(items: readonly T[], of: (item: T) => number): [number, number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const value = of(item);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** Answers, in the logarithm of their number, which ok attempts lie certainly before or after. */
class OkIndex {
  readonly #startsNs: number[];
  /** At i: the earliest end of the ok attempts from the i-th start on. */
  readonly #earliestEndNs: number[];
  readonly #endsNs: number[];
  /** At i: the latest start of the ok attempts up to the i-th end. */
  readonly #latestStartNs: number[];

  constructor(oksByStart: readonly Attempt[]) {
    this.#startsNs = oksByStart.map((ok) => ok.startNs);
    this.#earliestEndNs = new Array<number>(oksByStart.length);
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let index = oksByStart.length - 1; index >= 0; index--) {
      earliestNs = Math.min(earliestNs, oksByStart[index]?.endNs ?? earliestNs);
      this.#earliestEndNs[index] = earliestNs;
    }
    const byEnd = [...oksByStart].sort((a, b) => a.endNs - b.endNs);
    this.#endsNs = byEnd.map((ok) => ok.endNs);
    let latestNs = Number.NEGATIVE_INFINITY;
    this.#latestStartNs = byEnd.map((ok) => {
      latestNs = Math.max(latestNs, ok.startNs);
      return latestNs;
    });
  }

  /** The earliest end of the ok attempts that start at `ns` or later; else Infinity. */
  earliestEndFrom(ns: number): number {
    return this.#earliestEndNs[firstAtLeast(this.#startsNs, ns)] ?? Number.POSITIVE_INFINITY;
  }

  /** The latest start of the ok attempts that end at `ns` or earlier; else -Infinity. */
  latestStartUntil(ns: number): number {
    const after = firstAbove(this.#endsNs, ns);
    return this.#latestStartNs[after - 1] ?? Number.NEGATIVE_INFINITY;
  }
}

/** Index of the first value >= `wanted` in an ascending list. */
export function firstAtLeast(ascending: readonly number[], wanted: number): number {
  return search(ascending, (value) => value >= wanted);
}

function firstAbove(ascending: readonly number[], limit: number): number {
  return search(ascending, (value) => value > limit);
}

function search(ascending: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(ascending[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle + 1;
  }
  return low;
}
