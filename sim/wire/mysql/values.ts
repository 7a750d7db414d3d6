/** Integers and strings as MySQL payloads hold them: written, and read without ever throwing. */

/** A length-encoded integer: one byte up to 250, else a mark and 2, 3 or 8 bytes. */
export function lengthEncodedInteger(value: number | bigint): Buffer {
  if (value < 251) return Buffer.from([Number(value)]);
  if (value < 0x10000) return marked(0xfc, Number(value), 2);
  if (value < 0x1000000) return marked(0xfd, Number(value), 3);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfe;
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}

function marked(mark: number, value: number, byteCount: number): Buffer {
  const bytes = Buffer.alloc(1 + byteCount);
  bytes[0] = mark;
  bytes.writeUIntLE(value, 1, byteCount);
  return bytes;
}

/** Bytes or UTF-8 text with their length before them. */
export function lengthEncodedBytes(value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([lengthEncodedInteger(bytes.length), bytes]);
}

/** A zero-terminated string; a zero inside would end it early and is taken out. */
export function zeroTerminated(value: string): Buffer {
  return Buffer.from(`${value.replaceAll('\0', '')}\0`, 'utf8');
}

/** Little-endian, as all integers of the protocol. */
export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

const nothing = Buffer.alloc(0);

/**
 * Reads values off a payload from its beginning to its end. What is not there reads as undefined,
 * and so does everything after it; `ok` tells at the end whether all was there.
 */
export class PayloadReader {
  readonly #bytes: Buffer;
  #at: number;
  #ok = true;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Everything asked for so far was there. */
  get ok(): boolean {
    return this.#ok;
  }

  /** Where the next value begins. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  /** A little-endian integer of 1 to 6 bytes. */
  integer(byteCount: 1 | 2 | 3 | 4 | 6): number | undefined {
    const at = this.#take(byteCount);
    return at === -1 ? undefined : this.#bytes.readUIntLE(at, byteCount);
  }

  bytes(count: number): Buffer | undefined {
    const at = this.#take(count);
    return at === -1 ? undefined : this.#bytes.subarray(at, at + count);
  }

  /** A length-encoded integer; one beyond 2^53, which no length is, counts as not there. */
  lengthEncodedInteger(): number | undefined {
    const value = this.lengthEncodedBigInt();
    if (value === undefined) return undefined;
    if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
    return this.#fail();
  }

  lengthEncodedBigInt(): bigint | number | undefined {
    const first = this.integer(1);
    if (first === undefined || first < 251) return first;
    if (first === 0xfc) return this.integer(2);
    if (first === 0xfd) return this.integer(3);
    if (first !== 0xfe) return this.#fail();
    const at = this.#take(8);
    return at === -1 ? undefined : this.#bytes.readBigUInt64LE(at);
  }

  lengthEncodedBytes(): Buffer | undefined {
    const count = this.lengthEncodedInteger();
    return count === undefined ? undefined : this.bytes(count);
  }

  /** A value of a text row; null = SQL NULL. */
  lengthEncodedOrNull(): Buffer | null | undefined {
    if (this.#ok && this.#bytes[this.#at] === 0xfb) {
      this.#at++;
      return null;
    }
    return this.lengthEncodedBytes();
  }

  /** Up to the next zero byte, which is skipped. */
  zeroTerminated(): string | undefined {
    const end = this.#ok ? this.#bytes.indexOf(0, this.#at) : -1;
    if (end === -1) return this.#fail();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** All that is left. */
  rest(): Buffer {
    if (!this.#ok) return nothing;
    const bytes = this.#bytes.subarray(this.#at);
    this.#at = this.#bytes.length;
    return bytes;
  }

  #take(count: number): number {
    if (!this.#ok || count > this.#bytes.length - this.#at) {
      this.#fail();
      return -1;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  #fail(): undefined {
    this.#ok = false;
    return undefined;
  }
}
