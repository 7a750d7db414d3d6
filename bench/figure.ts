/** A figure that a benchmark prints: its samples, its spread, its target. Pure. */

export interface Target {
  readonly rule: '<=' | '<' | '>=';
  readonly value: number;
}

export interface Figure {
  /** What was measured, such as `endpoint / pipe, 16 clients`. */
  readonly name: string;
  /** What was done, in a few words. */
  readonly workload: string;
  readonly unit: string;
  /** One value for each run, in order; empty where it could not be measured. */
  readonly samples: readonly number[];
  /** Null for a figure that is only for information. */
  readonly target: Target | null;
  /** True where every run must hit the target, not only the median. */
  readonly everyRun?: boolean;
  /** Why there are no samples, or what else to know. */
  readonly remark?: string;
}

/** A figure that this machine lacks something for. */
export function notMeasured(name: string, workload: string, remark: string): Figure {
  return { name, workload, unit: '-', samples: [], target: null, remark };
}

/** A full run gives at least so many samples of what has a target. */
export const samplesMin = 7;

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Undefined for no samples. */
export function spreadOf(samples: readonly number[]): Spread | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (min === undefined || max === undefined || upper === undefined || lower === undefined)
    return undefined;
  return { min, median: (lower + upper) / 2, max };
}

export type Judged = 'hit' | 'MISS' | '';

/** The median, or where every run counts the worst one, against the target. */
export function judge({ samples, target, everyRun }: Figure): Judged {
  const spread = spreadOf(samples);
  if (target === null || spread === undefined) return '';
  const { rule, value } = target;
  const worst = rule === '>=' ? spread.min : spread.max;
  const held = everyRun === true ? worst : spread.median;
  return { '<=': held <= value, '<': held < value, '>=': held >= value }[rule] ? 'hit' : 'MISS';
}

/** What a benchmark is given. */
export interface BenchContext {
  /** A short run that shows that the benchmark works; its figures say little. */
  readonly quick: boolean;
  /** Says what is going on, on stderr. */
  readonly say: (text: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly what: string;
  run(context: BenchContext): Promise<Figure[]>;
}
