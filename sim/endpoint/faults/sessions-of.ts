import type { SessionOwner } from '../session-birth.js';
import { sessionKindOf } from '../session-kind.js';
import type { SessionsOf } from './fault.js';

/** Whether a session is of those that a fault was narrowed to; without a wish all are. */
export function isOf(wanted: SessionsOf | undefined, owner: SessionOwner): boolean {
  return wanted === undefined || sessionKindOf(owner.applicationName).owner === wanted;
}
