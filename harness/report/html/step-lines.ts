/** Quantities over time as lines of steps: how far readers were behind, and commits. Pure. */
import type { Entry } from '../../history/entry.js';
import type { LaneMeasure, Stretch } from '../../measure/lane.js';

/** What held from an instant on; null where nothing is known. */
export interface Step {
  readonly atNs: number;
  readonly value: number | null;
}

export interface StepLine {
  readonly label: string;
  readonly unit: 'ms' | '/s';
  readonly steps: readonly Step[];
  /** The highest value, and what it is called. */
  readonly peak: number;
}

/** So many steps can be told apart on a line. */
const stepsMax = 500;

/** A line for each lane that measured lag, in milliseconds. */
export function lagLines(lanes: readonly LaneMeasure[], shown: Stretch): StepLine[] {
  return lanes.flatMap((lane) => {
    const told = lane.ticks.filter(({ lag }) => lag !== null);
    if (lane.spec.kind !== 'replica-lag' || told.length === 0) return [];
    const steps = lane.ticks.map(({ scheduledNs, lag }) => ({
      atNs: scheduledNs,
      value: lag === null ? null : lag.estimateNs / 1e6,
    }));
    const { name } = lane.spec;
    const coarse = coarsened(steps, shown, lane.spec.intervalMs * 1e6);
    return [{ label: name, unit: 'ms', steps: coarse, peak: peakOf(coarse) } as const];
  });
}

/** The highest value of each of so many equal parts: a peak can get wider, and never vanishes. */
function coarsened(steps: readonly Step[], shown: Stretch, intervalNs: number): Step[] {
  const bucketNs = Math.max(intervalNs, (shown.toNs - shown.fromNs) / stepsMax);
  const buckets = new Map<number, number | null>();
  for (const { atNs, value } of steps) {
    if (atNs < shown.fromNs - intervalNs || atNs > shown.toNs) continue;
    const bucket = Math.floor((atNs - shown.fromNs) / bucketNs);
    const known = buckets.get(bucket) ?? null;
    buckets.set(bucket, value === null ? known : Math.max(known ?? 0, value));
  }
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([bucket, value]) => ({ atNs: shown.fromNs + bucket * bucketNs, value }));
}

/** Acknowledged writes of the ledger, a second; null where the history holds none. */
export function commitLine(entries: readonly Entry[], shown: Stretch): StepLine | null {
  const instants = entries.flatMap((entry) =>
    entry.kind === 'write' && entry.data.stage === 'acknowledged' ? [entry.atNs] : [],
  );
  const first = instants.reduce((least, atNs) => Math.min(least, atNs), Number.POSITIVE_INFINITY);
  const last = instants.reduce((most, atNs) => Math.max(most, atNs), Number.NEGATIVE_INFINITY);
  if (instants.length === 0) return null;
  const bucketNs = Math.max(bucketNsMin, (shown.toNs - shown.fromNs) / stepsMax);
  const columns = Math.ceil((shown.toNs - shown.fromNs) / bucketNs);
  const counts = new Array<number>(Math.max(1, columns)).fill(0);
  for (const atNs of instants) {
    const bucket = Math.floor((atNs - shown.fromNs) / bucketNs);
    if (bucket in counts) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const steps = counts.map((count, bucket) => {
    const atNs = shown.fromNs + bucket * bucketNs;
    const isWithin = atNs + bucketNs > first && atNs <= last;
    return { atNs, value: isWithin ? count / (bucketNs / 1e9) : null };
  });
  return { label: 'commits', unit: '/s', steps, peak: peakOf(steps) };
}

/** A ledger writes some tens of times a second: shorter parts would show nothing but steps. */
const bucketNsMin = 250e6;

function peakOf(steps: readonly Step[]): number {
  return steps.reduce((most, { value }) => Math.max(most, value ?? 0), 0);
}
