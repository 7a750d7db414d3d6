/** Lengths of time as people write them: `500ms`, `2s`, `1m30s`. One parser for every option. */
import { UserError } from '../sim/user-error.js';

const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const whole = /^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/;
const part = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
/** A week: longer than any run, short enough to stay exact in nanoseconds. */
const longestMs = 7 * 24 * 3_600_000;

/**
 * Milliseconds of a duration such as `500ms`, `2s`, `1m30s`, `0.5s`; a bare `0` is allowed.
 * Undefined where the text is not one.
 */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (text.length > 40 || !whole.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(part))
    totalMs += Number(amount) * unitMs[unit as keyof typeof unitMs];
  return totalMs <= longestMs ? totalMs : undefined;
}

/**
 * The same for an option's value.
 * @throws UserError `DURATION_INVALID`, also outside [minMs, maxMs]
 */
export function requireDurationMs(
  option: string,
  text: string,
  limits: { minMs?: number; maxMs?: number } = {},
): number {
  const { minMs = 0, maxMs = longestMs } = limits;
  const valueMs = parseDurationMs(text);
  if (valueMs !== undefined && valueMs >= minMs && valueMs <= maxMs) return valueMs;
  throw new UserError(
    'DURATION_INVALID',
    `${option} cannot be "${text}".`,
    `Give a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, ` +
      'such as 500ms, 2s or 1m30s.',
  );
}

/** The shortest text that `parseDurationMs` reads back to the same whole milliseconds. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.round(Math.max(0, durationMs));
  if (restMs === 0) return '0s';
  let text = '';
  for (const [unit, sizeMs] of Object.entries(unitMs)) {
    const count = Math.floor(restMs / sizeMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * sizeMs;
  }
  return text;
}
