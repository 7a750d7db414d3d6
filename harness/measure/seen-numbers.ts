/** Which of the numbers from 0 on were seen: a bit for each where they come without gaps. */

const pageNumbers = 4_096;

export class SeenNumbers {
  readonly #pages = new Map<number, Uint32Array>();
  #distinct = 0;
  #most = -1;
  /** Numbers that came when they had been there before. */
  twice = 0;

  /** @param number whole and not negative */
  add(number: number): void {
    this.#most = Math.max(this.#most, number);
    const page = this.#page(Math.floor(number / pageNumbers));
    const at = number % pageNumbers;
    const word = page[at >> 5] ?? 0;
    const bit = 1 << (at & 31);
    if ((word & bit) !== 0) this.twice += 1;
    else this.#distinct += 1;
    page[at >> 5] = word | bit;
  }

  /** Numbers below the largest that were never seen. */
  get missing(): number {
    return this.#most + 1 - this.#distinct;
  }

  #page(index: number): Uint32Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint32Array(pageNumbers / 32);
      this.#pages.set(index, page);
    }
    return page;
  }
}
