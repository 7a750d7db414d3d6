/** How often something happened: per column of a screen, now, and at the least. Pure. */
import { firstAtLeast } from '../measure/outages.js';
import type { Axis } from './cluster-rows.js';

const binNs = 1e9;

export class Rates {
  #instants: number[] = [];
  #inOrder = true;

  /** Takes the instant of one that happened, in any order. */
  take(atNs: number): void {
    this.#inOrder &&= atNs >= (this.#instants.at(-1) ?? atNs);
    this.#instants.push(atNs);
  }

  get count(): number {
    return this.#instants.length;
  }

  /**
   * Per second, for each column that lies between the first one and `untilNs`; else null.
   */
  perColumn({ originNs, columnNs, columns }: Axis, untilNs: number): (number | null)[] {
    const firstNs = this.#sorted[0] ?? Number.POSITIVE_INFINITY;
    return Array.from({ length: columns }, (_, column) => {
      const fromNs = originNs + column * columnNs;
      const toNs = fromNs + columnNs;
      if (fromNs < firstNs || toNs > untilNs) return null;
      return (this.#within(fromNs, toNs) / columnNs) * 1e9;
    });
  }

  /** In the second before that instant; null before the first one. */
  at(untilNs: number): number | null {
    const firstNs = this.#sorted[0];
    if (firstNs === undefined || untilNs < firstNs) return null;
    return this.#within(untilNs - binNs, untilNs);
  }

  /** In the emptiest whole second between the first one and `untilNs`; null without a whole one. */
  least(untilNs: number): number | null {
    const firstNs = this.#sorted[0];
    if (firstNs === undefined) return null;
    const bins = Math.floor((untilNs - firstNs) / binNs);
    if (bins < 1 || bins > binsMax) return null;
    const counts = new Uint32Array(bins);
    for (const atNs of this.#sorted) {
      const bin = Math.floor((atNs - firstNs) / binNs);
      if (bin >= bins) break;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY);
  }

  get #sorted(): readonly number[] {
    if (!this.#inOrder) this.#instants.sort((a, b) => a - b);
    this.#inOrder = true;
    return this.#instants;
  }

  #within(fromNs: number, toNs: number): number {
    return firstAtLeast(this.#sorted, toNs) - firstAtLeast(this.#sorted, fromNs);
  }
}

/** Four months. */
const binsMax = 10_000_000;
