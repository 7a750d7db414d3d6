import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FrameReader,
  frame,
  frameHead,
  numberFrame,
  numberOf,
  wholeFrame,
} from '../../sim/server/docker/doorway/frames.js';

/** What a reader tells, with the pieces of neighbouring data put together. */
function read(chunks: readonly Buffer[]): (readonly [number, string])[] {
  const told: [number, string][] = [];
  const reader = new FrameReader({
    data: (chunk) => {
      const last = told.at(-1);
      if (last?.[0] === frame.data) last[1] += chunk.toString('hex');
      else told.push([frame.data, chunk.toString('hex')]);
    },
    word: (kind, payload) => told.push([kind, payload.toString('hex')]),
  });
  for (const chunk of chunks) reader.push(chunk);
  return told;
}

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
const written = fc.array(
  fc.oneof(
    bytes(300).map((payload) => ({ kind: frame.data as number, payload })),
    fc.record({ kind: fc.constantFrom(2, 3, 4, 5, 6, 7, 8, 9, 10, 11), payload: bytes(512) }),
  ),
  { maxLength: 12 },
);

describe('frames of a doorway', () => {
  it('are read as they were written, however the bytes are cut', () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(6_000), { maxLength: 40 }), (frames, cuts) => {
        const all = Buffer.concat(frames.map(({ kind, payload }) => wholeFrame(kind, payload)));
        const at = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
        const chunks = at.slice(1).map((end, index) => all.subarray(at[index], end));
        expect(read(chunks)).toEqual(read([all]));
        const words = frames.filter(({ kind }) => kind !== frame.data);
        expect(read(chunks).filter(([kind]) => kind !== frame.data)).toEqual(
          words.map(({ kind, payload }) => [kind, payload.toString('hex')]),
        );
        const data = frames.filter(({ kind }) => kind === frame.data);
        expect(
          read(chunks)
            .filter(([kind]) => kind === frame.data)
            .map(([, text]) => text)
            .join(''),
        ).toBe(Buffer.concat(data.map(({ payload }) => payload)).toString('hex'));
      }),
    );
  });

  it('carry numbers', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (value) => {
        expect(numberOf(numberFrame(frame.ping, value).subarray(5))).toBe(value);
      }),
    );
    expect(numberOf(Buffer.alloc(0))).toBe(0);
  });

  it.each([
    ['of no kind', frameHead(0, 0)],
    ['of an unknown kind', frameHead(12, 0)],
    ['of a word that is too long', frameHead(frame.failed, 513)],
    ['of data that is too long', frameHead(frame.data, 2 ** 31)],
    ['of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('%s are an error', (_, head) => {
    expect(() => read([head])).toThrow('doorway');
  });
});
