/** The faults of an endpoint, by name. To add one: a file beside this, and a line here. */
import { UserError } from '../../user-error.js';
import { blackHole } from './black-hole.js';
import { cutAfter } from './cut-after.js';
import { dropSessions } from './drop-sessions.js';
import type { ActiveFault, FaultKind } from './fault.js';
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
];

/**
 * Begins a fault by name.
 * @throws UserError `FAULT_UNKNOWN`, `FAULT_VALUE_INVALID`
 */
export function beginFault(name: string, value: number | undefined): ActiveFault {
  const kind = faultKinds.find((known) => known.name === name);
  if (kind === undefined)
    throw new UserError(
      'FAULT_UNKNOWN',
      `There is no fault "${name}".`,
      `Use one of ${faultKinds.map((known) => known.name).join(', ')}.`,
    );
  if (kind.value === null) return kind.begin(0);
  if (value === undefined || !(value >= 0 && value <= kind.value.valueMax))
    throw new UserError(
      'FAULT_VALUE_INVALID',
      `The fault ${name} needs a value from 0 to ${kind.value.valueMax} (${kind.value.unit}).`,
      `Write it as ${name}=${kind.value.example}.`,
    );
  return kind.begin(value);
}
