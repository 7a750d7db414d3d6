/**
 * Every modelled duration, with its source. Nothing else in the world invents a length of time.
 * Few lengths are published, and no distribution is for anything: the spread is our assumption,
 * and what is modelled is marked so wherever it is shown. The tables are in `timing/`, by family.
 */
import type { Rng } from './rng.js';
import { blueGreenDurations } from './timing/blue-green-durations.js';
import type { Duration } from './timing/duration.js';
import { failoverDurations } from './timing/failover-durations.js';
import { globalDurations } from './timing/global-durations.js';
import { inPlaceDurations } from './timing/in-place-durations.js';
import { parameterDurations } from './timing/parameter-durations.js';
import { patchDurations } from './timing/patch-durations.js';
import { readReplicaDurations } from './timing/read-replica-durations.js';
import { rebootDurations } from './timing/reboot-durations.js';
import { selfManagedDurations } from './timing/self-managed-durations.js';

/** How a run takes its durations: as published, worse, or as fast as the local engine goes. */
export const timingChoices = ['typical', 'stress', 'engine'] as const;
export type TimingChoice = (typeof timingChoices)[number];

export type { Duration };

/** Profile name -> duration name -> value and source. */
export const timingTable = {
  ...parameterDurations,
  ...patchDurations,
  ...failoverDurations,
  ...rebootDurations,
  ...globalDurations,
  ...inPlaceDurations,
  ...blueGreenDurations,
  ...readReplicaDurations,
  ...selfManagedDurations,
} as const satisfies Record<string, Record<string, Duration>>;

export type TimingProfile = keyof typeof timingTable;

/** Values that take the place of the table's, as a calibration file gives them. */
export type TimingOverrides = Readonly<
  Record<
    string,
    Readonly<Record<string, { valueMs: number; source: string; observations: number }>>
  >
>;

/** A value that this run will use. */
export interface DrawnDuration {
  /** `<profile>.<duration>`, for example `zdp.success.pg.refusedMs`. */
  readonly name: string;
  /** Milliseconds, whole. */
  readonly value: number;
  readonly unit: 'ms';
  readonly source: string;
  readonly observations: number;
  readonly kind: Duration['kind'];
  /** What happens in it. */
  readonly what: string;
  /** Of the table, which neither pace nor an override changes. */
  readonly typicalMs: number;
  readonly stressMs: number;
}

/**
 * Draws one profile's durations. Always takes the same number of draws from `stream`, whatever
 * the choice, so that one seed gives comparable runs.
 * @param pace control-plane waits are divided by this
 * @param overrides their values are used as they are: nothing is known of a spread around them
 */
export function drawDurations(
  profile: TimingProfile,
  choice: TimingChoice,
  pace: number,
  stream: Rng,
  overrides: TimingOverrides = {},
): DrawnDuration[] {
  return Object.entries<Duration>(timingTable[profile]).map(([name, duration]) => {
    const factor = Math.min(2, Math.max(0.5, stream.logNormal(1, duration.sigma)));
    const { valueMs, source, observations } =
      overrides[profile]?.[name] ?? fromTable(duration, choice, factor);
    return {
      name: `${profile}.${name}`,
      value: Math.round(valueMs / (duration.kind === 'control' ? pace : 1)),
      unit: 'ms',
      source,
      observations,
      kind: duration.kind,
      what: duration.what,
      typicalMs: duration.typical,
      stressMs: duration.stress,
    };
  });
}

function fromTable(
  { typical, stress, source, observations, kind }: Duration,
  choice: TimingChoice,
  factor: number,
): TimingOverrides[string][string] {
  if (choice === 'engine' && kind !== 'limit')
    return {
      valueMs: 0,
      source: 'engine profile: nothing is added to what the local engine takes',
      observations: 0,
    };
  return choice === 'stress'
    ? {
        valueMs: stress * factor,
        source: `stress setting, not an observation; ${source}`,
        observations: 0,
      }
    : { valueMs: typical * factor, source, observations };
}

/** The drawn value in milliseconds. A name that was never drawn is our own defect. */
export function drawn(draws: readonly { name: string; value: number }[], name: string): number {
  const found = draws.find((draw) => draw.name === name);
  if (found === undefined) throw new Error(`no drawn duration ${name}`);
  return found.value;
}
