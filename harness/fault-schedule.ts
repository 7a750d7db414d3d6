/**
 * The faults a user asks for: `name[=value][@[T0][+|-]offset][:duration]`, for example
 * `latency=20ms@T0-2s:5s`. Published defects of the operation have a name only.
 */
import { type PatchDefect, patchDefects } from '../sim/sim.js';
import { UserError } from '../sim/user-error.js';
import { parseDurationMs } from './duration.js';

/** A fault of the endpoint as the world describes it: what the value after `=` means. */
export interface KnownFault {
  readonly name: string;
  readonly value: {
    readonly unit: 'ms' | 'bytes' | 'share';
    readonly example: string;
    readonly valueMax: number;
  } | null;
}

/** A fault of the endpoint, with its time. */
export interface ScheduledFault {
  readonly name: string;
  /** Milliseconds, a share in [0, 1] or bytes, by the fault's kind; null where it takes none. */
  readonly value: number | null;
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
    '^(?<name>[a-z-]+)(?:=(?<value>[^@:]+))?',
    '(?:@(?<zero>T0)?(?<sign>[+-])?(?<offset>[0-9][^:]*)?)?',
    '(?::(?<length>.+))?$',
  ].join(''),
);

/**
 * Reads one `--fault`. Without `@` the fault begins at T0; `@5s` is counted from the begin of
 * the first phase, `@T0-2s`, `@+2s` and `@-2s` from T0; without `:` it lasts to the end.
 * @param faults those that the endpoint has
 * @param defects names of the published defects that the scenario exercises
 * @throws UserError `FAULT_INVALID`
 */
export function parseFault(
  text: string,
  faults: readonly KnownFault[],
  defects: readonly string[],
): ParsedFault {
  const groups = text.length <= 200 ? grammar.exec(text)?.groups : undefined;
  if (groups === undefined) throw invalid(text, 'it is not of the form NAME[=VALUE][@TIME][:FOR]');
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
  return { kind: 'endpoint', fault: { name, value, ...readTime(groups, text), text } };
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
  const { unit, example, valueMax } = value;
  if (given === undefined) throw invalid(text, `${name} needs a value, such as =${example}`);
  const number = numberOf(given, unit);
  if (number === undefined) throw invalid(text, `"${given}" is not a value such as ${example}`);
  if (number > valueMax) throw invalid(text, `${given} is more than ${name} can do`);
  return number;
}

/** Milliseconds of a duration, whole bytes, or a share written `0.5` or `50%`. */
function numberOf(given: string, unit: 'ms' | 'bytes' | 'share'): number | undefined {
  if (unit === 'ms') return parseDurationMs(given);
  if (unit === 'bytes') return /^\d{1,15}$/.test(given) ? Number(given) : undefined;
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
