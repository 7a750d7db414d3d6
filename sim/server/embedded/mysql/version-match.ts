/** Which of the versions that are here is meant by what a person wrote. */
import { UserError } from '../../../user-error.js';
import { type EngineName, engineTitles } from '../../server.js';

/**
 * The numbers of a version as it is asked for: `8.0.36`, `10.11`, `9`.
 * @throws UserError `VERSION_INVALID`
 */
export function versionNumbers(engine: EngineName, text: string): number[] {
  if (/^\d{1,3}(\.\d{1,3}){0,2}$/.test(text)) return text.split('.').map(Number);
  throw new UserError(
    'VERSION_INVALID',
    `${JSON.stringify(text.slice(0, 60))} is not a version of ${engineTitles[engine]}.`,
    `Write it like ${engine === 'mysql' ? '8.0.36 or 8.0' : '10.11.8 or 10.11'}.`,
  );
}

/**
 * The one among `here` that is meant: the very version, else the newest whose first numbers are
 * those that were asked for. `8.0.3` does not mean 8.0.36. Of equals, the first.
 */
export function matchVersion<T extends { readonly version: string }>(
  wanted: readonly number[],
  here: readonly T[],
): T | undefined {
  let best: { entry: T; numbers: number[] } | undefined;
  for (const entry of here) {
    const numbers = entry.version.split('.').map(Number);
    if (!wanted.every((number, at) => numbers[at] === number)) continue;
    if (best === undefined || compareNumbers(numbers, best.numbers) > 0) best = { entry, numbers };
  }
  return best?.entry;
}

/** Negative where `a` is the older one, 0 where both are the same. */
export function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
