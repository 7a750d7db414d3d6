/**
 * What a history should hold and does not: entries missing by their numbers, damaged lines, lanes
 * that fell silent. A history with gaps can show that something failed, never that all was well.
 * Pure.
 */
import type { Entry, LaneSpec } from '../history/entry.js';
import type { LaneMeasure, Stretch } from './lane.js';

/** What the reader could not make entries of; the reader's `History` is one of these. */
export interface ReadDamage {
  readonly garbageLines: number;
  /** The last line has no end. */
  readonly truncated: boolean;
  /** Decoded lines of another version; they are no gaps. */
  readonly unknown: readonly { readonly raw: unknown }[];
}

export const undamaged: ReadDamage = { garbageLines: 0, truncated: false, unknown: [] };

/** Sentences without their full stops, the plainest damage first; none when nothing is missing. */
export function readGaps(entries: readonly Entry[], damage: ReadDamage): string[] {
  const gaps: string[] = [];
  if (damage.garbageLines > 0)
    gaps.push(`${damage.garbageLines} lines of the history are not readable`);
  const finished = entries.some(({ kind, data }) => kind === 'run' && data.stage === 'finished');
  if (damage.truncated && finished) gaps.push('the last line of the history is torn');
  for (const [producer, seqs] of seqsByProducer(entries, damage.unknown)) {
    const distinct = new Set(seqs);
    const missing = seqs.reduce((most, seq) => Math.max(most, seq), -1) + 1 - distinct.size;
    const twice = seqs.length - distinct.size;
    if (missing > 0) gaps.push(`${missing} entries of ${producer} are missing`);
    if (twice > 0) gaps.push(`${twice} entries of ${producer} are there twice`);
  }
  return gaps;
}

function seqsByProducer(
  entries: readonly Entry[],
  unknown: ReadDamage['unknown'],
): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const add = (producer: string, seq: number): void => {
    const seqs = found.get(producer);
    if (seqs === undefined) found.set(producer, [seq]);
    else seqs.push(seq);
  };
  for (const { producer, seq } of entries) add(producer, seq);
  for (const { raw } of unknown) {
    if (typeof raw !== 'object' || raw === null) continue;
    const { producer, seq } = raw as { producer?: unknown; seq?: unknown };
    if (typeof producer === 'string' && typeof seq === 'number' && Number.isSafeInteger(seq))
      add(producer, seq);
  }
  return found;
}

/** What a completed run or probe must hold besides. */
export interface Expected {
  readonly command: 'run' | 'probe' | 'import';
  /** As listed at the start. */
  readonly lanes: readonly LaneSpec[];
  readonly measured: readonly LaneMeasure[];
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
function watchedStretch(measured: readonly LaneMeasure[], stoppedNs: number | null): Stretch {
  let fromNs = Number.POSITIVE_INFINITY;
  let lastNs = Number.NEGATIVE_INFINITY;
  for (const lane of measured) {
    fromNs = Math.min(fromNs, lane.ticks[0]?.scheduledNs ?? fromNs);
    lastNs = Math.max(lastNs, lastTickNs(lane) ?? lastNs);
  }
  const toNs = stoppedNs ?? lastNs;
  return { fromNs: Number.isFinite(fromNs) ? fromNs : Math.min(0, toNs), toNs };
}

function lastTickNs({ ticks }: LaneMeasure): number | undefined {
  return ticks.findLast((tick) => !tick.finalCheck)?.scheduledNs;
}

/** Every tick that is due is recorded, so that a lane ends within one of when all end. */
function laneGap(lane: LaneMeasure, { fromNs, toNs }: Stretch): string | null {
  const { name, intervalMs } = lane.spec;
  // A probe that was stopped before its first tick.
  if (!Number.isFinite(toNs)) return null;
  const lastNs = lastTickNs(lane);
  const toleranceNs = 2 * intervalMs * 1e6 + (lane.p95Ns ?? 0);
  if (toNs - (lastNs ?? fromNs) <= toleranceNs) return null;
  if (lastNs === undefined) return `the lane ${name} has no polls`;
  const silentS = ((toNs - lastNs) / 1e9).toFixed(1);
  return `the polls of the lane ${name} end ${silentS} s before the instruments were stopped`;
}
