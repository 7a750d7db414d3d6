/**
 * Stands between the socket and pg-protocol, whose parser takes a server at its word: an
 * ErrorResponse without its end keeps it in a loop for ever, and a length is believed. Whoever
 * dials an unknown port must survive what answers there.
 */

/** Longer than anything that our own statements are answered with. */
const messageBytesMax = 16 * 1024 * 1024;
const headerBytes = 5;
const errorResponse = 0x45;
const noticeResponse = 0x4e;

/** Cuts what arrives into whole messages and looks at those that could trap the parser. */
export class SaneMessages {
  #rest: Buffer | null = null;

  /** The whole messages that are there now, perhaps none; null when they are malformed. */
  take(chunk: Buffer): Buffer | null {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let offset = 0;
    while (bytes.length - offset >= headerBytes) {
      const length = bytes.readUInt32BE(offset + 1);
      if (length < 4 || length > messageBytesMax) return null;
      const end = offset + 1 + length;
      if (end > bytes.length) break;
      const code = bytes[offset];
      if (code === errorResponse || code === noticeResponse)
        if (!fieldsEnd(bytes, offset + headerBytes, end)) return null;
      offset = end;
    }
    this.#rest = offset < bytes.length ? Buffer.from(bytes.subarray(offset)) : null;
    return bytes.subarray(0, offset);
  }
}

/** Whether the fields of an error are each ended, and their list as well, inside the message. */
function fieldsEnd(bytes: Buffer, from: number, end: number): boolean {
  let offset = from;
  while (offset < end) {
    if (bytes[offset] === 0) return offset === end - 1;
    const zero = bytes.indexOf(0, offset + 1);
    if (zero === -1 || zero >= end) return false;
    offset = zero + 1;
  }
  return false;
}

type OnData = (chunk: Buffer) => void;

/** The part of a stream that the parser of `pg` uses. */
export interface ByteSource {
  on(event: 'data', listener: OnData): unknown;
  on(event: 'end', listener: () => void): unknown;
  destroy(error?: Error): unknown;
}

/** The same source, whose listener for data sees whole and sane messages only. */
export function guarded(source: ByteSource): ByteSource {
  const messages = new SaneMessages();
  const malformed = (): void => {
    source.destroy(new Error('the answer is no message of the Postgres protocol'));
  };
  const onData = (listener: OnData) => (chunk: Buffer) => {
    const whole = messages.take(chunk);
    if (whole === null) {
      malformed();
      return;
    }
    if (whole.length === 0) return;
    try {
      listener(whole);
    } catch {
      // Lengths inside a message that lead out of it: the parser throws where it reads.
      malformed();
    }
  };
  return {
    on: (event: 'data' | 'end', listener: OnData | (() => void)) =>
      event === 'data'
        ? source.on('data', onData(listener as OnData))
        : source.on('end', listener as () => void),
    destroy: (error?: Error) => source.destroy(error),
  };
}
