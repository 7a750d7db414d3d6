/**
 * A leaf that any folder may import: all randomness of a run. One named stream per purpose, so
 * that a new draw in one place does not shift the draws of another.
 */
import { createHash, randomInt } from 'node:crypto';

export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [min, max]. */
  int(min: number, max: number): number;
  /** Log-normal with the given median; `sigma` is the standard deviation of the logarithm. */
  logNormal(median: number, sigma: number): number;
  /** A copy in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/** A seed for a run whose user gave none: printed first, so that the run can be had again. */
export function newSeed(): string {
  return String(randomInt(0, 2 ** 31));
}

/** The stream of draws for one purpose under one seed: sfc32, keyed by SHA-256. */
export function rng(seed: string, purpose: string): Rng {
  const key = createHash('sha256').update(seed).update('\0').update(purpose).digest();
  let a = key.readInt32LE(0);
  let b = key.readInt32LE(4);
  let c = key.readInt32LE(8);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    int: (min, max) => min + Math.floor(next() * (max - min + 1)),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    shuffle: (items) => {
      const copy = [...items];
      for (let last = copy.length - 1; last > 0; last--) {
        const pick = Math.floor(next() * (last + 1));
        const held = copy[last] as (typeof copy)[number];
        copy[last] = copy[pick] as (typeof copy)[number];
        copy[pick] = held;
      }
      return copy;
    },
  };
}
