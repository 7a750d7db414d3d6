/** The faults of an endpoint, by name. To add one: a file beside this, and a line here. */
import { UserError } from '../../user-error.js';
import { blackHole } from './black-hole.js';
import { cutAfter } from './cut-after.js';
import { dropAfterCommit, dropBeforeCommit } from './drop-at-commit.js';
import { dropSessions } from './drop-sessions.js';
import type { ActiveFault, FaultKind, SessionsOf } from './fault.js';
import { latency } from './latency.js';
import { refuse } from './refuse.js';
import { reset } from './reset.js';

export const faultKinds: readonly FaultKind[] = [
  latency,
  refuse,
  reset,
  blackHole,
  dropSessions,
  cutAfter,
  dropBeforeCommit,
  dropAfterCommit,
];

/**
 * Begins a fault by name.
 * @throws UserError `FAULT_UNKNOWN`, `FAULT_VALUE_INVALID`
 */
export function beginFault(
  name: string,
  value: number | undefined,
  sessions?: SessionsOf,
): ActiveFault {
  const kind = faultKinds.find((known) => known.name === name);
  if (kind === undefined) throw unknownFault(name, faultKinds);
  return kind.begin(faultValue(kind, value), sessions);
}

export function unknownFault(name: string, kinds: readonly { readonly name: string }[]): UserError {
  return new UserError(
    'FAULT_UNKNOWN',
    `There is no fault "${name}".`,
    `Use one of ${kinds.map((known) => known.name).join(', ')}.`,
  );
}

/**
 * The value that a fault begins with.
 * @throws UserError `FAULT_VALUE_INVALID`
 */
export function faultValue(
  { name, value: takes }: Pick<FaultKind, 'name' | 'value'>,
  given: number | undefined,
): number {
  if (takes === null) return 0;
  const value = given ?? takes.usual;
  if (value !== undefined && value >= 0 && value <= takes.valueMax) return value;
  throw new UserError(
    'FAULT_VALUE_INVALID',
    `The fault ${name} needs a value from 0 to ${takes.valueMax} (${takes.unit}).`,
    `Write it as ${name}=${takes.example}.`,
  );
}
