/**
 * The faults a user asks for: `name[=value][/target]…[@[T0][+|-]offset][:duration]`, for example
 * `latency=20ms@T0-2s:5s`, `crash/reader@T0+1s` or `drop-sessions=50%/application`. A target is a
 * role (`writer`, `reader`, `readers`), an instance, or whose sessions (`application`,
 * `instrument`). Published defects of the operation have a name only.
 */
import { type PatchDefect, patchDefects } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';
import { parseDurationMs } from './duration.js';

/** A fault as the world describes it. */
export interface KnownFault {
  readonly name: string;
  /** What the value after `=` means; null where it takes none. */
  readonly value: {
    readonly unit: 'ms' | 'bytes' | 'share' | 'count';
    readonly example: string;
    readonly valueMax: number;
    /** Where none is given; without it one must be given. */
    readonly usual?: number;
  } | null;
  /** Whether it can be narrowed to sessions of the application or of the instruments. */
  readonly takesSessions?: boolean;
}

/** A fault with its time. */
export interface ScheduledFault {
  readonly name: string;
  /** Milliseconds, a share in [0, 1], bytes or a count, by its kind; null where none was given. */
  readonly value: number | null;
  /** A role or an instance; absent where nobody was named. */
  readonly target?: string;
  /** Of the sessions only these; absent: all. */
  readonly sessions?: 'application' | 'instrument';
  /** Counted from T0, or from the begin of the first phase. */
  readonly from: 't0' | 'start';
  readonly offsetMs: number;
  /** Null: until the run verifies. */
  readonly durationMs: number | null;
  /** As the user wrote it. */
  readonly text: string;
}

export type ParsedFault =
  | { readonly kind: 'defect'; readonly name: PatchDefect }
  | { readonly kind: 'endpoint'; readonly fault: ScheduledFault };

const grammar = new RegExp(
  [
    '^(?<name>[a-z-]+)(?:=(?<value>[^@:/]+))?(?<targets>(?:/[a-z0-9-]{1,63})*)',
    '(?:@(?<zero>T0)?(?<sign>[+-])?(?<offset>[0-9][^:]*)?)?',
    '(?::(?<length>.+))?$',
  ].join(''),
);

/**
 * Reads one `--fault`. Without `@` the fault begins at T0; `@5s` is counted from the begin of
 * the first phase, `@T0-2s`, `@+2s` and `@-2s` from T0; without `:` it lasts to the end.
 * @param faults those that there are
 * @param defects names of the published defects that the scenario exercises
 * @throws UserError `FAULT_INVALID`
 */
export function parseFault(
  text: string,
  faults: readonly KnownFault[],
  defects: readonly string[],
): ParsedFault {
  const groups = text.length <= 200 ? grammar.exec(text)?.groups : undefined;
  if (groups === undefined)
    throw invalid(text, 'it is not of the form NAME[=VALUE][/TARGET][@TIME][:FOR]');
  const name = groups.name ?? '';
  const exercised = patchDefects.filter((known) => defects.includes(known));
  const defect = exercised.find((known) => known === name);
  if (defect !== undefined) {
    if (text !== defect) throw invalid(text, `${defect} takes neither a value nor a time`);
    return { kind: 'defect', name: defect };
  }
  const known = faults.find((fault) => fault.name === name);
  if (known === undefined) {
    const names = [...exercised, ...faults.map((fault) => fault.name)].join(', ');
    throw invalid(text, `there is no fault "${name}" (there are ${names})`);
  }
  const value = readValue(known, groups.value, text);
  const targets = readTargets(known, groups.targets ?? '', text);
  return { kind: 'endpoint', fault: { name, value, ...targets, ...readTime(groups, text), text } };
}

const whose = ['application', 'instrument'] as const;

/** At most one instance or role, and at most one of those whose sessions are meant. */
function readTargets(
  { name, takesSessions = false }: KnownFault,
  written: string,
  text: string,
): Pick<ScheduledFault, 'target' | 'sessions'> {
  const words = written.split('/').slice(1);
  const found = words.flatMap((word) => whose.find((one) => one === word) ?? []);
  const targets = words.filter((word) => !found.some((one) => one === word));
  if (targets.length > 1 || found.length > 1) throw invalid(text, 'it names two of a kind');
  const [sessions] = found;
  const [target] = targets;
  if (sessions !== undefined && !takesSessions)
    throw invalid(text, `${name} cannot choose sessions of the ${sessions}`);
  return {
    ...(target === undefined ? {} : { target }),
    ...(sessions === undefined ? {} : { sessions }),
  };
}

function readTime(
  groups: Record<string, string | undefined>,
  text: string,
): Pick<ScheduledFault, 'from' | 'offsetMs' | 'durationMs'> {
  const { zero, sign, offset, length } = groups;
  const timed = text.includes('@');
  if (timed && zero === undefined && offset === undefined)
    throw invalid(text, 'after "@" comes T0, an offset, or both');
  if (sign !== undefined && offset === undefined) throw invalid(text, `"${sign}" needs an offset`);
  if (zero !== undefined && offset !== undefined && sign === undefined)
    throw invalid(text, 'between T0 and the offset comes "+" or "-"');
  const offsetMs = offset === undefined ? 0 : readDuration(offset, text);
  const durationMs = length === undefined ? null : readDuration(length, text);
  const fromT0 = !timed || zero !== undefined || sign !== undefined;
  return {
    from: fromT0 ? 't0' : 'start',
    offsetMs: sign === '-' ? -offsetMs : offsetMs,
    durationMs,
  };
}

function readValue({ name, value }: KnownFault, given: string | undefined, text: string) {
  if (value === null) {
    if (given !== undefined) throw invalid(text, `${name} takes no value`);
    return null;
  }
  const { unit, example, valueMax, usual } = value;
  if (given === undefined && usual !== undefined) return null;
  if (given === undefined) throw invalid(text, `${name} needs a value, such as =${example}`);
  const number = numberOf(given, unit);
  if (number === undefined) throw invalid(text, `"${given}" is not a value such as ${example}`);
  if (number > valueMax) throw invalid(text, `${given} is more than ${name} can do`);
  return number;
}

/** Milliseconds of a duration, a whole number, or a share written `0.5` or `50%`. */
function numberOf(
  given: string,
  unit: NonNullable<KnownFault['value']>['unit'],
): number | undefined {
  if (unit === 'ms') return parseDurationMs(given);
  if (unit !== 'share') return /^\d{1,15}$/.test(given) ? Number(given) : undefined;
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(given);
  return match === null ? undefined : Number(match[1]) / (match[2] === '%' ? 100 : 1);
}

function readDuration(value: string, text: string): number {
  const durationMs = parseDurationMs(value);
  if (durationMs === undefined) throw invalid(text, `"${value}" is not a duration`);
  return durationMs;
}

function invalid(text: string, why: string): UserError {
  return new UserError(
    'FAULT_INVALID',
    `The fault "${text.slice(0, 80)}" cannot be used: ${why}.`,
    'Write for example --fault latency=20ms@T0-2s:5s; see rehearse run --help.',
  );
}
