/**
 * A way of bytes on which each payload can be looked at before it is passed on. Most pass as they
 * are; what names a thing by a number that the other end knows otherwise (a prepared statement, a
 * connection to be killed) is changed in place, and what the endpoint answers itself is taken out.
 */
import type { PacketWalker } from '../../wire/mysql/walker.js';

/** What becomes of one payload, told when its head is known. */
export type Fate =
  | { readonly kind: 'pass' }
  /** It is not passed on; `onWhole` is called when all of it is there. */
  | { readonly kind: 'take'; onWhole(): void };

export const pass: Fate = { kind: 'pass' };

export class WatchedPath {
  readonly #walker: PacketWalker;
  readonly #send: (bytes: Buffer) => void;
  #kept: Buffer = Buffer.alloc(0);
  #fate: Fate = pass;
  /** Bytes of the payload under way are gone already: nothing of it can be kept or changed. */
  #unwatched = false;

  /** @param walker whose sink calls `decide` at each head */
  constructor(walker: PacketWalker, send: (bytes: Buffer) => void) {
    this.#walker = walker;
    this.#send = send;
  }

  /** No byte of a payload is half on its way. */
  get atBoundary(): boolean {
    return this.#kept.length === 0 && this.#walker.atBoundary;
  }

  /** For the walker's sink: what is to become of the payload whose head it was told. */
  decide(fate: Fate): void {
    this.#fate = fate;
  }

  /**
   * Sends what needs no look before it walks over it: the other end works on it meanwhile.
   * @param looks asked between two payloads, with all that came then: must it be looked at?
   */
  pass(chunk: Buffer, looks: (bytes: Buffer) => boolean): void {
    let at = this.#unwatched ? this.#passRest(chunk) : 0;
    while (at < chunk.length) {
      const bytes = at === 0 ? chunk : chunk.subarray(at);
      if (!this.atBoundary || looks(bytes)) at += this.push(bytes);
      else {
        this.#send(bytes);
        this.#walker.walk(bytes);
        this.#fate = pass;
        this.#unwatched = !this.#walker.atBoundary;
        return;
      }
    }
  }

  /**
   * @param one stops behind the payload under way
   * @returns how many of the chunk's bytes were taken
   */
  push(chunk: Buffer, one = false): number {
    if (!this.#unwatched) return this.#pushWatched(chunk, one);
    const end = this.#passRest(chunk);
    const goesOn = end < chunk.length && !one;
    return goesOn ? end + this.#pushWatched(chunk.subarray(end), false) : end;
  }

  /** The rest of a payload that was begun unwatched. */
  #passRest(chunk: Buffer): number {
    const end = this.#walker.walk(chunk, 0, true);
    this.#send(end === chunk.length ? chunk : chunk.subarray(0, end));
    this.#fate = pass;
    this.#unwatched = !this.#walker.atBoundary;
    return end;
  }

  #pushWatched(chunk: Buffer, one: boolean): number {
    const before = this.#kept.length;
    const bytes = before === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.alloc(0);
    let at = 0;
    // What passes is sent together: many rows in one write.
    let unsent = 0;
    while (at < bytes.length) {
      const end = this.#walker.walk(bytes, at, true);
      const kept = this.#walker.retract();
      if (this.#fate.kind === 'take') {
        this.#sendPart(bytes, unsent, at);
        unsent = end - kept;
      }
      // A copy: the view would keep a large chunk alive for its last few bytes.
      if (kept > 0) this.#kept = Buffer.from(bytes.subarray(end - kept, end));
      at = end;
      const whole = kept === 0 && this.#walker.atBoundary;
      if (whole) this.#done();
      if (whole && one) break;
    }
    this.#sendPart(bytes, unsent, at - this.#kept.length);
    return at - before;
  }

  #sendPart(bytes: Buffer, from: number, to: number): void {
    if (from < to) this.#send(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }

  #done(): void {
    const fate = this.#fate;
    this.#fate = pass;
    if (fate.kind === 'take') fate.onWhole();
  }
}
