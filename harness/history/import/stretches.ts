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
  const hosts = new Map<string | null, Sample[][]>();
  const named = new Set(samples.flatMap((sample) => sample.host ?? []));
  // Only failures name the host: where there is but one, the rest of the log is about it too.
  const only = named.size === 1 ? ([...named][0] ?? null) : null;
  for (const piece of pieces(samples)) {
    const host = piece[0]?.host ?? only;
    hosts.set(host, [...(hosts.get(host) ?? []), piece]);
  }
  return [...hosts].map(([host, list]) => lane(host, list));
}

/** Cuts where lines were left out, the host changes, or time goes back. */
function pieces(samples: readonly Sample[]): Sample[][] {
  const found: Sample[][] = [];
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const last = found.at(-1);
    const cut =
      sample.afterOmission ||
      last?.[0]?.host !== sample.host ||
      sample.atMs < latestMs - disorderMs;
    latestMs = cut ? sample.atMs : Math.max(latestMs, sample.atMs);
    if (cut || last === undefined) found.push([sample]);
    else last.push(sample);
  }
  return found;
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
  const joined: Sample[][] = [];
  for (const piece of ordered) {
    const last = joined.at(-1);
    const overlaps = last !== undefined && (piece[0]?.atMs ?? 0) <= (last.at(-1)?.atMs ?? 0);
    if (overlaps) joined[joined.length - 1] = inOrder([...last, ...piece]);
    else joined.push(piece);
  }
  return joined;
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
