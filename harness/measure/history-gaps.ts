/**
 * What a history should hold and does not: entries missing by their numbers, damaged lines, lanes
 * that fell silent. A history with gaps can show that something failed, never that all was well.
 * Pure.
 */
import type { Entry, LaneSpec, UnknownLine } from '../history/entry.js';
import type { LaneMeasure, Stretch } from './lane.js';
import { SeenNumbers } from './seen-numbers.js';

/** What the reader could not make entries of; the reader's `History` is one of these. */
export interface ReadDamage {
  readonly garbageLines: number;
  /** The last line has no end. */
  readonly truncated: boolean;
  /** Decoded lines that are no entry of this version: gaps, where their kind is known. */
  readonly unknown: readonly Pick<UnknownLine, 'raw' | 'lostKind'>[];
}

export const undamaged: ReadDamage = { garbageLines: 0, truncated: false, unknown: [] };

/** Sentences without their full stops, the plainest damage first; none when nothing is missing. */
export function readGaps(entries: readonly Entry[], damage: ReadDamage): string[] {
  const finder = new GapFinder();
  finder.take(entries, damage);
  return finder.gaps();
}

/** Finds the gaps of a history that is read piece by piece. */
export class GapFinder {
  readonly #producers = new Map<string, SeenNumbers>();
  readonly #lost = new Map<string, number>();
  #garbageLines = 0;
  #truncated = false;
  #finished = false;

  take(entries: readonly Entry[], damage: ReadDamage): void {
    this.#garbageLines += damage.garbageLines;
    this.#truncated ||= damage.truncated;
    for (const entry of entries) {
      this.#see(entry.producer, entry.seq);
      this.#finished ||= entry.kind === 'run' && entry.data.stage === 'finished';
    }
    for (const { raw, lostKind } of damage.unknown) {
      if (lostKind !== null) this.#lost.set(lostKind, (this.#lost.get(lostKind) ?? 0) + 1);
      if (typeof raw !== 'object' || raw === null) continue;
      const { producer, seq } = raw as { producer?: unknown; seq?: unknown };
      if (typeof producer === 'string' && isSeq(seq)) this.#see(producer, seq);
    }
  }

  gaps(): string[] {
    const gaps: string[] = [];
    if (this.#garbageLines > 0)
      gaps.push(`${this.#garbageLines} lines of the history are not readable`);
    if (this.#truncated && this.#finished) gaps.push('the last line of the history is torn');
    if (this.#lost.size > 0) gaps.push(lostText(this.#lost));
    for (const [producer, { missing, twice }] of this.#producers) {
      if (missing > 0) gaps.push(`${missing} entries of ${producer} are missing`);
      if (twice > 0) gaps.push(`${twice} entries of ${producer} are there twice`);
    }
    return gaps;
  }

  #see(producer: string, seq: number): void {
    let seen = this.#producers.get(producer);
    if (seen === undefined) {
      seen = new SeenNumbers();
      this.#producers.set(producer, seen);
    }
    seen.add(seq);
  }
}

function isSeq(seq: unknown): seq is number {
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0;
}

function lostText(lost: ReadonlyMap<string, number>): string {
  const total = [...lost.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...lost].map(([kind, count]) => `${kind}: ${count}`).join(', ');
  const entries = total === 1 ? 'entry' : 'entries';
  return `${total} ${entries} of a known kind cannot be read by this version (${kinds})`;
}

/** When a lane was polled, edge polls and the look at its end left out. */
export interface WatchedLane {
  readonly spec: LaneSpec;
  readonly firstTickNs: number | null;
  readonly lastTickNs: number | null;
  readonly p95Ns: number | null;
}

export function watchedLane({ spec, ticks, p95Ns }: LaneMeasure): WatchedLane {
  return {
    spec,
    firstTickNs: ticks[0]?.scheduledNs ?? null,
    lastTickNs: ticks.findLast((tick) => !tick.finalCheck)?.scheduledNs ?? null,
    p95Ns,
  };
}

/** What a completed run or probe must hold besides. */
export interface Expected {
  readonly command: 'run' | 'probe' | 'import';
  /** As listed at the start. */
  readonly lanes: readonly LaneSpec[];
  readonly measured: readonly WatchedLane[];
  /** When the `verify` phase began, in which the instruments are told to stop; null without. */
  readonly stoppedNs: number | null;
  /** Which servers told their version, `before` and `after`. */
  readonly servers: readonly string[];
}

/** The gaps of a history that says that its run was completed. */
export function completedGaps(expected: Expected): string[] {
  const { command, lanes, measured } = expected;
  // Somebody else's log has no lanes but those that were found in it.
  if (command === 'import') return [];
  const gaps: string[] = [];
  const watched = watchedStretch(measured, expected.stoppedNs);
  for (const spec of lanes) {
    // Readers derive served-by from the polls of new-connection.
    if (spec.kind === 'served-by') continue;
    const lane = measured.find((one) => one.spec.name === spec.name);
    const gap = lane === undefined ? null : laneGap(lane, watched);
    if (gap !== null) gaps.push(gap);
  }
  if (command !== 'run') return gaps;
  if (!lanes.some((spec) => spec.kind === 'observer'))
    gaps.push('no observer watched this tool itself');
  if (!expected.servers.includes('after'))
    gaps.push('the version of the server after the operation was not read');
  return gaps;
}

/** All lanes begin and end together: where the stop was not told, the last tick of any tells. */
function watchedStretch(measured: readonly WatchedLane[], stoppedNs: number | null): Stretch {
  let fromNs = Number.POSITIVE_INFINITY;
  let lastNs = Number.NEGATIVE_INFINITY;
  for (const lane of measured) {
    fromNs = Math.min(fromNs, lane.firstTickNs ?? fromNs);
    lastNs = Math.max(lastNs, lane.lastTickNs ?? lastNs);
  }
  const toNs = stoppedNs ?? lastNs;
  return { fromNs: Number.isFinite(fromNs) ? fromNs : Math.min(0, toNs), toNs };
}

/** Every tick that is due is recorded, so that a lane ends within one of when all end. */
function laneGap(lane: WatchedLane, { fromNs, toNs }: Stretch): string | null {
  const { name, intervalMs } = lane.spec;
  // A probe that was stopped before its first tick.
  if (!Number.isFinite(toNs)) return null;
  const { lastTickNs: lastNs } = lane;
  const toleranceNs = 2 * intervalMs * 1e6 + (lane.p95Ns ?? 0);
  if (toNs - (lastNs ?? fromNs) <= toleranceNs) return null;
  if (lastNs === null) return `the lane ${name} has no polls`;
  const silentS = ((toNs - lastNs) / 1e9).toFixed(1);
  return `the polls of the lane ${name} end ${silentS} s before the instruments were stopped`;
}
