/**
 * Clients whose sessions were dropped and that are not back yet. A client is known by its kind
 * alone, so that two of a kind may stand for each other.
 */
export class ClientsAway {
  #counts = new Map<string, number>();

  left(kind: string): void {
    this.#counts.set(kind, this.#countOf(kind) + 1);
  }

  /** Whether one of that kind was away: it is back now. */
  cameBack(kind: string): boolean {
    const away = this.#countOf(kind);
    if (away === 0) return false;
    this.#counts.set(kind, away - 1);
    return true;
  }

  /** From now on whoever left one of the two may come back to the other. */
  shareWith(other: ClientsAway): void {
    if (other.#counts === this.#counts) return;
    for (const [kind, count] of other.#counts) this.#counts.set(kind, this.#countOf(kind) + count);
    other.#counts = this.#counts;
  }

  #countOf(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }
}
