/** Sorts samples into lanes by host, and each lane into stretches that were watched. Pure. */
import { quantile } from '../../measure/quantile.js';
import type { Sample } from './sample.js';

export interface ImportedLane {
  /** Null where the log names no host at all. */
  readonly host: string | null;
  /** In order of time; between two stretches nobody watched. */
  readonly stretches: readonly (readonly Sample[])[];
  /** The median time from one attempt to the next. */
  readonly cadenceMs: number;
  /** The shortest. */
  readonly cadenceMsMin: number;
}

/** A gap after an answer is a hole in the log when it is longer than this, or 20 cadences. */
const gapMsMin = 30_000;
/** After a failure the attempt may have hung as long as a TCP connect does. */
const gapAfterFailureMsMin = 180_000;
const gapCadences = 20;
/** Lines this much out of order are of one log; further back, another log begins. */
const disorderMs = 2_000;

/** Lanes in the order in which their hosts first appear. */
export function intoLanes(samples: readonly Sample[]): ImportedLane[] {
  const named = new Set(samples.flatMap((sample) => sample.host ?? []));
  // Only failures name the host: where there is but one, the rest of the log is about it too.
  const only = named.size === 1 ? ([...named][0] ?? null) : null;
  return [...pieces(oldestFirst(samples), only)].map(([host, list]) => lane(host, list));
}

/** A table may have been exported with the newest attempt first; its lines are turned round. */
function oldestFirst(samples: readonly Sample[]): readonly Sample[] {
  let later = 0;
  let earlier = 0;
  for (const [index, sample] of samples.entries()) {
    if (sample.afterOmission) return samples;
    const before = samples[index - 1]?.atMs ?? sample.atMs;
    if (sample.atMs > before) later += 1;
    if (sample.atMs < before) earlier += 1;
  }
  return earlier > later ? samples.toReversed() : samples;
}

/** What is known of a host while its samples are cut. */
interface Cutting {
  readonly pieces: Sample[][];
  latestMs: number;
  /** Up to which omission, counted from the beginning, its last piece goes. */
  omissions: number;
}

/**
 * Each host's samples, cut where lines were left out or time goes back. Hosts that were asked at
 * the same time are mixed in the log line by line: that alone cuts nothing.
 */
function pieces(samples: readonly Sample[], only: string | null): Map<string | null, Sample[][]> {
  const hosts = new Map<string | null, Cutting>();
  let omissions = 0;
  for (const sample of samples) {
    if (sample.afterOmission) omissions += 1;
    const host = sample.host ?? only;
    let known = hosts.get(host);
    if (known === undefined) {
      known = { pieces: [], latestMs: Number.NEGATIVE_INFINITY, omissions };
      hosts.set(host, known);
    }
    const last = known.pieces.at(-1);
    const cut = known.omissions !== omissions || sample.atMs < known.latestMs - disorderMs;
    known.latestMs = cut ? sample.atMs : Math.max(known.latestMs, sample.atMs);
    known.omissions = omissions;
    if (cut || last === undefined) known.pieces.push([sample]);
    else last.push(sample);
  }
  return new Map([...hosts].map(([host, cutting]) => [host, cutting.pieces]));
}

function lane(host: string | null, list: readonly Sample[][]): ImportedLane {
  const tidy = list.map(inOrder).sort((a, b) => (a[0]?.atMs ?? 0) - (b[0]?.atMs ?? 0));
  const deltas = Float64Array.from(tidy.flatMap(gapsMs)).sort();
  const cadenceMs = quantile(deltas, 0.5) ?? 500;
  const stretches = join(tidy).flatMap((piece) => cutAtHoles(piece, cadenceMs));
  return { host, stretches, cadenceMs: Math.max(1, cadenceMs), cadenceMsMin: deltas[0] ?? 0 };
}

/** By time, without lines that are there twice. */
function inOrder(samples: readonly Sample[]): Sample[] {
  const sorted = [...samples].sort((a, b) => a.atMs - b.atMs);
  return sorted.filter((sample, index) => {
    const before = sorted[index - 1];
    return (
      before === undefined ||
      before.atMs !== sample.atMs ||
      before.outcome !== sample.outcome ||
      before.error?.message !== sample.error?.message
    );
  });
}

function gapsMs(samples: readonly Sample[]): number[] {
  return samples.slice(1).map((sample, index) => sample.atMs - (samples[index]?.atMs ?? 0));
}

/** Pieces that overlap in time are one log, pasted in parts or twice. */
function join(ordered: readonly Sample[][]): Sample[][] {
  const joined: Sample[][][] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const piece of ordered) {
    if ((piece[0]?.atMs ?? 0) <= untilMs) joined.at(-1)?.push(piece);
    else joined.push([piece]);
    untilMs = Math.max(untilMs, piece.at(-1)?.atMs ?? untilMs);
  }
  return joined.map((list) => (list.length === 1 ? list.flat() : inOrder(list.flat())));
}

function cutAtHoles(samples: readonly Sample[], cadenceMs: number): Sample[][] {
  const found: Sample[][] = [];
  for (const sample of samples) {
    const last = found.at(-1);
    const before = last?.at(-1);
    const leastMs = before?.outcome === 'ok' ? gapMsMin : gapAfterFailureMsMin;
    const holeMs = Math.max(leastMs, gapCadences * cadenceMs);
    if (last === undefined || before === undefined || sample.atMs - before.atMs > holeMs)
      found.push([sample]);
    else last.push(sample);
  }
  return found;
}
