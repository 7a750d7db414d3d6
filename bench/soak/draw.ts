/** What one run of the soak does, drawn from its seed: a rehearsal, and disturbances together. */
import { type Rng, rng } from '../../sim/rng.js';

/** A fault as `--fault` takes it, with a value and a length that are drawn. */
interface Disturbance {
  readonly name: string;
  readonly value?: (stream: Rng) => string;
  /** Whether it is over by itself. */
  readonly atOnce?: true;
  /** Only where there are readers. */
  readonly ofReaders?: true;
}

const ms = (from: number, to: number) => (stream: Rng) => `${stream.int(from, to)}ms`;
const share = (stream: Rng): string => `${stream.int(10, 90)}%`;

const disturbances: readonly Disturbance[] = [
  { name: 'latency', value: ms(1, 200) },
  { name: 'refuse' },
  { name: 'reset' },
  { name: 'drop-sessions', value: share, atOnce: true },
  { name: 'engine-restart', atOnce: true },
  { name: 'crash', atOnce: true },
  { name: 'freeze' },
  { name: 'drop-before-commit' },
  { name: 'drop-after-commit' },
  { name: 'lag', value: ms(50, 2_000), ofReaders: true },
  { name: 'apply-lag', value: ms(50, 2_000), ofReaders: true },
  { name: 'partition', ofReaders: true },
];

/** Rehearsals that are quick on embedded Postgres, and whether they have readers. */
const rehearsals = [
  { name: 'aurora-failover', hasReaders: true },
  { name: 'aurora-postgres-zdp', hasReaders: false },
  { name: 'reboot', hasReaders: false },
] as const;

export interface SoakRun {
  readonly scenario: string;
  readonly arguments: readonly string[];
}

/** The same seed draws the same run. */
export function drawRun(seed: string): SoakRun {
  const stream = rng(seed, 'soak');
  const { name, hasReaders } = pick(stream, rehearsals);
  const usable = disturbances.filter(({ ofReaders }) => hasReaders || ofReaders !== true);
  const count = stream.int(0, 3);
  const faults = Array.from({ length: count }, () => faultText(stream, pick(stream, usable)));
  return {
    scenario: name,
    arguments: [
      ...['run', name, '--seed', seed, '--timing', 'engine', '--interval', '100ms', '--lines'],
      ...['--steady', '1s', '--settle', '2s', '--timeout', '2s', '--offline'],
      ...faults.flatMap((fault) => ['--fault', fault]),
    ],
  };
}

function faultText(stream: Rng, { name, value, atOnce }: Disturbance): string {
  const what = value === undefined ? name : `${name}=${value(stream)}`;
  const offsetMs = stream.int(-800, 1_200);
  const at = `T0${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs)}ms`;
  return `${what}@${at}${atOnce === true ? '' : `:${stream.int(50, 800)}ms`}`;
}

function pick<T>(stream: Rng, list: readonly T[]): T {
  return list[stream.int(0, list.length - 1)] as T;
}
