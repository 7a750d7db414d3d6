/** A growing list of numbers at eight bytes each, for quantiles. */
import { quantile } from './quantile.js';

/** A week of 30 ms ticks, 160 MB. */
const numbersMax = 20_000_000;

export class Numbers {
  #values = new Float64Array(1_024);
  #count = 0;
  #sorted = true;

  add(value: number): void {
    if (this.#count > numbersMax) return;
    if (this.#count === this.#values.length) {
      const more = new Float64Array(2 * this.#values.length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
    this.#sorted = false;
  }

  /** The nearest-rank quantile; null without numbers, and where there were too many to keep. */
  quantile(share: number): number | null {
    if (this.#count > numbersMax) return null;
    const values = this.#values.subarray(0, this.#count);
    if (!this.#sorted) values.sort();
    this.#sorted = true;
    return quantile(values, share);
  }
}
