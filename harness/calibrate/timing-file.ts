/** From what histories show to the text of a timing file, as `run --timing FILE` takes it. Pure. */
import { stringify } from 'yaml';
import { quantile } from '../measure/quantile.js';
import type { Observation, ObservedHistory } from './observation.js';

/** One value of the file, and what stands behind it. */
export interface Calibrated {
  readonly profile: string;
  readonly duration: string;
  /** The median, whole milliseconds. */
  readonly valueMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** How many were seen. */
  readonly count: number;
  /** How many of them at AWS: rehearsals are none. */
  readonly observations: number;
  readonly source: string;
}

const sourceNamesMax = 5;

/**
 * The values: where something was observed for real, rehearsals of the same are left out of it.
 * In order of profile and duration.
 */
export function calibrated(histories: readonly ObservedHistory[]): Calibrated[] {
  const found = new Map<string, { history: ObservedHistory; observation: Observation }[]>();
  for (const history of histories)
    for (const observation of history.observations) {
      const key = `${observation.profile} ${observation.duration}`;
      const list = found.get(key) ?? [];
      list.push({ history, observation });
      found.set(key, list);
    }
  return [...found.keys()].sort().flatMap((key) => {
    const all = found.get(key) ?? [];
    const real = all.filter(({ history }) => !history.rehearsed);
    const [first] = all;
    return first === undefined ? [] : [joined(real.length > 0 ? real : all, first.observation)];
  });
}

function joined(
  seen: readonly { history: ObservedHistory; observation: Observation }[],
  { profile, duration }: Observation,
): Calibrated {
  const values = seen.map(({ observation }) => observation.valueMs).sort((a, b) => a - b);
  const rehearsed = seen.some(({ history }) => history.rehearsed);
  const files = [
    ...new Set(seen.map(({ history }) => `${history.name} (${history.date ?? 'no date'})`)),
  ];
  const more = files.length - sourceNamesMax;
  const named = [...files.slice(0, sourceNamesMax), ...(more > 0 ? [`${more} more`] : [])];
  const hows = [...new Set(seen.map(({ observation }) => observation.how))].slice(0, 2);
  const [minMs = 0] = values;
  const maxMs = values.at(-1) ?? minMs;
  const range = `median of ${values.length}, ${Math.round(minMs)} to ${Math.round(maxMs)} ms`;
  return {
    ...{ profile, duration, minMs, maxMs },
    valueMs: Math.round(quantile(values, 0.5) ?? 0),
    count: values.length,
    observations: rehearsed ? 0 : values.length,
    source:
      (rehearsed ? 'rehearsed, not observed at AWS; ' : '') +
      `${named.join(', ')}: ${hows.join('; ')}; ${range}`,
  };
}

/** The file: only what was observed is in it; the rest stays as the timing table has it. */
export function timingFileText(values: readonly Calibrated[], day: string): string {
  const profiles: Record<string, Record<string, unknown>> = {};
  for (const { profile, duration, valueMs, source, observations } of values) {
    const durations = profiles[profile] ?? {};
    durations[duration] = { valueMs, source, observations };
    profiles[profile] = durations;
  }
  const head =
    `# Written by rehearse calibrate on ${day}; for rehearse run --timing FILE.\n` +
    '# Only what was observed is here, as its median: all other durations stay as the table has\n' +
    '# them. observations: 0 is a rehearsal, which is no observation of AWS.\n';
  return head + stringify(profiles, { lineWidth: 0 });
}
