/**
 * The faults a user asks for: `name[=value][@[T0][+|-]offset][:duration]`, for example
 * `latency=20ms@T0-2s:5s`. Published defects of the operation have a name only.
 */
import { UserError } from '../sim/user-error.js';
import { parseDurationMs } from './duration.js';

/** What the value after `=` means for each fault of the endpoint. */
const valueKinds = {
  latency: 'duration',
  refuse: 'none',
  reset: 'none',
  'black-hole': 'none',
  'drop-sessions': 'share',
  'cut-after': 'bytes',
} as const;
type EndpointFault = keyof typeof valueKinds;

export const endpointFaults = Object.keys(valueKinds) as EndpointFault[];
export const operationDefects = ['zdp-fallback', 'zdp-hang'] as const;
const faultNames = [...operationDefects, ...endpointFaults];
export type OperationDefect = (typeof operationDefects)[number];

/** A fault of the endpoint, with its time. */
export interface ScheduledFault {
  readonly name: EndpointFault;
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
  | { readonly kind: 'defect'; readonly name: OperationDefect }
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
 * @throws UserError `FAULT_INVALID`
 */
export function parseFault(text: string): ParsedFault {
  const groups = text.length <= 200 ? grammar.exec(text)?.groups : undefined;
  if (groups === undefined) throw invalid(text, 'it is not of the form NAME[=VALUE][@TIME][:FOR]');
  const name = groups.name ?? '';
  const defect = operationDefects.find((known) => known === name);
  if (defect !== undefined) {
    if (text !== defect) throw invalid(text, `${defect} takes neither a value nor a time`);
    return { kind: 'defect', name: defect };
  }
  const known = endpointFaults.find((fault) => fault === name);
  if (known === undefined) throw invalid(text, `there is no fault "${name}"`);
  const value = readValue(known, groups.value, text);
  return {
    kind: 'endpoint',
    fault: { name: known, value, ...readTime(groups, text), text },
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

function readValue(name: EndpointFault, value: string | undefined, text: string): number | null {
  const kind = valueKinds[name];
  if (kind === 'none') {
    if (value !== undefined) throw invalid(text, `${name} takes no value`);
    return null;
  }
  if (value === undefined) throw invalid(text, `${name} needs a value, such as ${example[kind]}`);
  if (kind === 'duration') return readDuration(value, text);
  const number = /^\d+(\.\d+)?%?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (kind === 'share') {
    const share = value.endsWith('%') ? number / 100 : number;
    if (share >= 0 && share <= 1) return share;
    throw invalid(text, 'a share is from 0 to 1 or from 0% to 100%');
  }
  if (Number.isInteger(number) && number <= 2 ** 40 && !value.endsWith('%')) return number;
  throw invalid(text, 'bytes are a whole number');
}

const example = { duration: '=20ms', share: '=0.5 or =50%', bytes: '=1024' } as const;

function readDuration(value: string, text: string): number {
  const durationMs = parseDurationMs(value);
  if (durationMs === undefined) throw invalid(text, `"${value}" is not a duration`);
  return durationMs;
}

function invalid(text: string, why: string): UserError {
  return new UserError(
    'FAULT_INVALID',
    `The fault "${text.slice(0, 80)}" cannot be used: ${why}.`,
    `Write for example --fault latency=20ms@T0-2s:5s; the names are ${faultNames.join(', ')}.`,
  );
}
