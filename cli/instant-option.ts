/** Instants of a history as people write them: `T0+3s`, `T0-500ms`, `+3s`, `T0`, `start`, `end`. */
import { parseDurationMs } from '../harness/duration.js';
import { UserError } from '../sim/user-error.js';

export interface HistoryInstants {
  /** Null where the history has no T0: offsets then count from its begin. */
  readonly t0Ns: number | null;
  readonly endNs: number;
}

/**
 * The instant on the history's clock, within the history.
 * @throws UserError `INSTANT_INVALID`
 */
export function instantNs(option: string, text: string, { t0Ns, endNs }: HistoryInstants): number {
  if (text === 'start') return 0;
  if (text === 'end') return endNs;
  const parts = /^(T0)?(?:([+-])(.+))?$/i.exec(text.trim());
  const [, zero, sign, length] = parts ?? [];
  const offsetMs = length === undefined ? 0 : parseDurationMs(length);
  if (parts === null || offsetMs === undefined || (zero === undefined && length === undefined))
    throw new UserError(
      'INSTANT_INVALID',
      `${option} cannot be "${text.slice(0, 80)}".`,
      'Give an instant such as T0+3s, T0-500ms, T0, start or end.',
    );
  const atNs = (t0Ns ?? 0) + (sign === '-' ? -1 : 1) * offsetMs * 1e6;
  return Math.min(endNs, Math.max(0, atNs));
}
