/** What a comparison found, with lists that do not grow beyond what somebody reads. */
import type { Aspect } from '../../engine/comparable.js';

/** So many of each list are named; the rest are counted. */
export const listedMax = 20;

export interface AspectComparison {
  readonly aspect: Aspect;
  /** How many things were compared. */
  readonly compared: number;
  /** One line each. */
  readonly differences: readonly string[];
  /** How many there are beyond those. */
  readonly differencesMore: number;
  /** What could not be compared, and why; one line each. */
  readonly notCompared: readonly string[];
  readonly notComparedMore: number;
  /** What else is to be known: that one is ahead, that a large table was read in part. */
  readonly remarks: readonly string[];
}

/**
 * How the two stand to each other: `none`: neither follows; `caught-up`: the one that follows had
 * all that the other had when this began; `behind`: it had not within the time for it.
 */
export type ComparedLag = 'none' | 'caught-up' | 'behind';

export interface Comparison {
  readonly from: string;
  readonly to: string;
  readonly lag: ComparedLag;
  readonly aspects: readonly AspectComparison[];
}

/** Collects what is found of one aspect. */
export class Findings {
  readonly #aspect: Aspect;
  readonly #differences: string[] = [];
  readonly #notCompared: string[] = [];
  readonly #remarks: string[] = [];
  #compared = 0;
  #differencesMore = 0;
  #notComparedMore = 0;

  constructor(aspect: Aspect) {
    this.#aspect = aspect;
  }

  compared(count = 1): void {
    this.#compared += count;
  }

  differs(text: string): void {
    if (this.#differences.length < listedMax) this.#differences.push(text);
    else this.#differencesMore++;
  }

  notCompared(text: string): void {
    if (this.#notCompared.length < listedMax) this.#notCompared.push(text);
    else this.#notComparedMore++;
  }

  remark(text: string): void {
    if (this.#remarks.length < listedMax) this.#remarks.push(text);
  }

  get found(): AspectComparison {
    return {
      aspect: this.#aspect,
      compared: this.#compared,
      differences: [...this.#differences],
      differencesMore: this.#differencesMore,
      notCompared: [...this.#notCompared],
      notComparedMore: this.#notComparedMore,
      remarks: [...this.#remarks],
    };
  }
}

/** How many differences there are in all. */
export function differencesOf({ aspects }: Comparison): number {
  return aspects.reduce((sum, one) => sum + one.differences.length + one.differencesMore, 0);
}
