/** How much worse the second side may be: a share of the first, or a time. Pure. */
import { UserError } from '../../sim/user-error.js';
import { parseDurationMs } from '../duration.js';

export interface Tolerance {
  /** As the user wrote it. */
  readonly text: string;
  /** Of the first side's value; 0.2 for 20%. Counts know this part only. */
  readonly share: number;
  readonly addedMs: number;
}

export const noTolerance: Tolerance = { text: '', share: 0, addedMs: 0 };

const percentMax = 1_000;

/**
 * Reads `20%` or `500ms`.
 * @throws UserError `TOLERANCE_INVALID`
 */
export function parseTolerance(text: string): Tolerance {
  const percent = /^(\d{1,4}(?:\.\d{1,6})?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= percentMax)
    return { text, share: Number(percent) / 100, addedMs: 0 };
  const addedMs = parseDurationMs(text);
  if (addedMs !== undefined) return { text, share: 0, addedMs };
  throw new UserError(
    'TOLERANCE_INVALID',
    `--tolerance cannot be "${text.slice(0, 80)}".`,
    `Give a share from 0% to ${percentMax}%, or a time such as 500ms.`,
  );
}

/** By how much a time may differ from this one. */
export function allowanceMs(valueMs: number, { share, addedMs }: Tolerance): number {
  return valueMs * share + addedMs;
}

/** By how much a count may differ from this one. */
export function allowedCount(value: number, { share }: Tolerance): number {
  return value * share;
}
