/** From the options of `rehearse probe` to what is polled. */
import { requireDurationMs } from '../harness/duration.js';
import { type LaneKind, type LaneSpec, laneKinds } from '../harness/history/entry.js';
import type { LanePlan } from '../harness/probe/protocol.js';
import { parseTable, type TableName } from '../harness/probe/table-name.js';
import type { ConnectionTarget } from '../harness/probe/target.js';
import { type LineFormat, lineFormats } from '../harness/report/lines.js';
import { parseObjective } from '../harness/verdict/objective.js';
import { UserError } from '../sim/user-error.js';
import type { PasswordOptions } from './probe-password.js';
import type { TargetOptions } from './probe-targets.js';

/** The options as the command line gives them. */
export interface ProbeOptions extends TargetOptions, PasswordOptions {
  /** Kinds of lane, separated by commas. */
  readonly lanes?: string;
  readonly interval?: string;
  readonly timeout?: string;
  readonly duration?: string;
  readonly untilStable?: string;
  /** Polls every 10 ms at the edges of an outage. */
  readonly edge?: boolean;
  readonly format?: string;
  /** `schema.table` to write to; without it nothing is written. */
  readonly writeTable?: string;
  readonly createTable?: boolean;
  readonly objective?: readonly string[];
  readonly out?: string;
  /** One JSON document on stdout, everything else on stderr. */
  readonly json?: boolean;
}

export type ProbeFormat = LineFormat | 'published';

export interface ProbeSettings {
  readonly lanes: readonly LaneSpec[];
  readonly durationMs: number | null;
  readonly untilStableMs: number | null;
  readonly format: ProbeFormat;
  readonly writeTable: TableName | null;
  readonly objectives: readonly string[];
}

const readOnlyLanes: readonly LaneKind[] = [
  'new-connection',
  'held-session',
  'idle-session',
  'observer',
];
/** Replica lag needs a writer and a reader that belong together, which no target tells. */
const probedKinds = laneKinds.filter((kind) => kind !== 'replica-lag');
const edgeIntervalMs = 10;

/**
 * Reads the options that do not concern targets.
 * @throws UserError `LANES_INVALID`, `WRITE_TABLE_MISSING`, `WRITE_TABLE_UNUSED`,
 *   `WRITE_TABLE_INVALID`, `FORMAT_INVALID`, `DURATION_INVALID`, `OBJECTIVE_INVALID`
 */
export function probeSettings(
  options: ProbeOptions,
  targetNames: readonly string[],
): ProbeSettings {
  const writeTable = options.writeTable === undefined ? null : parseTable(options.writeTable);
  const kinds = laneKindsOf(options, writeTable !== null);
  const intervalMs = requireDurationMs('--interval', options.interval ?? '500ms', { minMs: 10 });
  const timeoutMs = requireDurationMs('--timeout', options.timeout ?? '5s', {
    minMs: 100,
    maxMs: 600_000,
  });
  const several = targetNames.length > 1;
  const lanes = targetNames.flatMap((target) =>
    kinds
      .filter((kind) => kind !== 'observer' || target === targetNames[0])
      .map((kind) => ({
        name: several && kind !== 'observer' ? `${target}/${kind}` : kind,
        kind,
        target,
        intervalMs,
        timeoutMs,
        edgeIntervalMs: options.edge === true ? edgeIntervalMs : null,
      })),
  );
  for (const objective of options.objective ?? []) parseObjective(objective);
  return {
    lanes,
    durationMs: optionalMs('--duration', options.duration),
    untilStableMs: optionalMs('--until-stable', options.untilStable),
    format: formatOf(options, lanes),
    writeTable,
    objectives: options.objective ?? [],
  };
}

/** The lanes of the worker's plan: each with the login of its target. */
export function lanePlans(
  settings: ProbeSettings,
  targets: readonly ConnectionTarget[],
  writeTable: string | undefined,
): LanePlan[] {
  return settings.lanes.map((spec) => ({
    spec,
    target: targets.find((target) => target.name === spec.target) ?? null,
    ...(writeTable === undefined ? {} : { writeTable }),
  }));
}

function laneKindsOf(options: ProbeOptions, writes: boolean): LaneKind[] {
  if (options.lanes === undefined)
    return writes ? [...readOnlyLanes, 'writer'] : [...readOnlyLanes];
  const kinds = options.lanes.split(',').map((text) => {
    const kind = probedKinds.find((known) => known === text.trim());
    if (kind !== undefined) return kind;
    throw new UserError(
      'LANES_INVALID',
      `"${text.trim()}" is no kind of lane.`,
      `Choose from ${probedKinds.join(', ')}.`,
    );
  });
  if (kinds.includes('writer') && !writes)
    throw new UserError(
      'WRITE_TABLE_MISSING',
      'The writer lane needs a table to write to.',
      'Name one with --write-table schema.table; --create-table makes it.',
    );
  if (writes && !kinds.includes('writer'))
    throw new UserError(
      'WRITE_TABLE_UNUSED',
      'A table to write to is named, and --lanes has no writer lane.',
      'Add writer to --lanes, or leave --write-table out.',
    );
  return [...new Set(kinds)];
}

function formatOf(options: ProbeOptions, lanes: readonly LaneSpec[]): ProbeFormat {
  const text = options.format ?? 'text';
  const format = [...lineFormats, 'published' as const].find((known) => known === text);
  if (format === undefined)
    throw new UserError(
      'FORMAT_INVALID',
      `"${text}" is no format.`,
      `Choose from ${[...lineFormats, 'published'].join(', ')}.`,
    );
  if (format === 'published' && lanes.filter(({ kind }) => kind === 'new-connection').length !== 1)
    throw new UserError(
      'FORMAT_INVALID',
      'The published format shows one new-connection lane, not none and not several.',
      'Probe one target, with that lane, or choose another format.',
    );
  return format;
}

function optionalMs(option: string, text: string | undefined): number | null {
  return text === undefined ? null : requireDurationMs(option, text, { minMs: 100 });
}
