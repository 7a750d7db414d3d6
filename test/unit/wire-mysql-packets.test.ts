import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketReader, packet, packetCount } from '../../sim/wire/mysql/packets.js';
import {
  lengthEncodedBytes,
  lengthEncodedInteger,
  PayloadReader,
  zeroTerminated,
} from '../../sim/wire/mysql/values.js';
import { PacketWalker, packetBytesMax } from '../../sim/wire/mysql/walker.js';

interface Seen {
  first: number;
  payloadBytes: number;
  head: string | null;
}

function walkerThatWants(wanted: number): { walker: PacketWalker; seen: Seen[]; ends: number[] } {
  const seen: Seen[] = [];
  const ends: number[] = [];
  const walker = new PacketWalker({
    wants: () => wanted,
    packet: (first, payloadBytes, head) =>
      seen.push({ first, payloadBytes, head: head === null ? null : head.toString('hex') }),
    ended: (payloadBytes) => ends.push(payloadBytes),
  });
  return { walker, seen, ends };
}

const somePayloads = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 });

function streamOf(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(payloads.map((payload, at) => packet(at, Buffer.from(payload))));
}

/** What a sink that wants so many bytes is to be told of these payloads. */
function expected(payloads: readonly Uint8Array[], wanted: number): Seen[] {
  return payloads.map((payload) => ({
    first: payload[0] ?? -1,
    payloadBytes: payload.length,
    head:
      wanted === 0 || payload.length === 0
        ? null
        : Buffer.from(payload.slice(0, wanted)).toString('hex'),
  }));
}

/** Cuts of a stream: as many random places as given. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
}

describe('PacketWalker', () => {
  it('tells the same payloads whatever the chunks are', () => {
    fc.assert(
      fc.property(
        somePayloads,
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.integer({ min: 0, max: 50 }),
        (payloads, cuts, wanted) => {
          const { walker, seen, ends } = walkerThatWants(wanted);
          for (const chunk of chunksOf(streamOf(payloads), cuts)) walker.walk(chunk);
          expect(seen).toEqual(expected(payloads, wanted));
          expect(ends).toEqual(payloads.map((payload) => payload.length));
          expect(walker.atBoundary).toBe(true);
          expect(walker.sequence).toBe(payloads.length - 1);
        },
      ),
    );
  });

  it('is right at every single split of a stream', () => {
    const payloads = [Buffer.from('\x03select 1'), Buffer.alloc(0), Buffer.alloc(300, 7)];
    const bytes = streamOf(payloads);
    for (let split = 0; split <= bytes.length; split++) {
      const { walker, seen, ends } = walkerThatWants(1000);
      walker.walk(bytes.subarray(0, split));
      const inside = [0, 13, 17, bytes.length].includes(split);
      expect(walker.atBoundary).toBe(inside);
      walker.walk(bytes.subarray(split));
      expect(seen).toEqual(expected(payloads, 1000));
      expect(ends).toEqual([9, 0, 300]);
    }
  });

  it('with `one`, stops at the end of each payload', () => {
    fc.assert(
      fc.property(somePayloads, (payloads) => {
        const bytes = streamOf(payloads);
        const { walker } = walkerThatWants(3);
        const ends: number[] = [];
        for (let at = 0; at < bytes.length; ) {
          at = walker.walk(bytes, at, true);
          expect(walker.atBoundary).toBe(true);
          ends.push(at);
        }
        let sum = 0;
        expect(ends).toEqual(payloads.map((payload) => (sum += 4 + payload.length)));
      }),
    );
  });

  it('with `retract`, every head can be changed before it is passed on', () => {
    fc.assert(
      fc.property(somePayloads, fc.array(fc.nat(), { maxLength: 30 }), (payloads, cuts) => {
        const walker = new PacketWalker({
          wants: () => 5,
          packet: (_first, _payloadBytes, head) => head?.fill(0xee),
        });
        const passedOn: Buffer[] = [];
        let kept = Buffer.alloc(0);
        for (const part of chunksOf(streamOf(payloads), cuts)) {
          const chunk = Buffer.concat([kept, part]);
          walker.walk(chunk);
          const keep = walker.retract();
          passedOn.push(chunk.subarray(0, chunk.length - keep));
          kept = chunk.subarray(chunk.length - keep);
        }
        expect(kept.length).toBe(0);
        const changed = payloads.map((payload) =>
          Buffer.from(payload).map((b, at) => (at < 5 ? 0xee : b)),
        );
        expect(Buffer.concat(passedOn).equals(streamOf(changed))).toBe(true);
      }),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(300),
        fc.array(fc.nat(), { maxLength: 5 }),
        (bytes, wanted, cuts) => {
          const { walker } = walkerThatWants(wanted);
          for (const chunk of chunksOf(Buffer.from(bytes), cuts))
            expect(walker.walk(chunk)).toBe(chunk.length);
        },
      ),
    );
  });
});

describe('payloads that take several packets', () => {
  const lengths = [packetBytesMax - 1, packetBytesMax, packetBytesMax + 1, 2 * packetBytesMax];

  it.each(lengths)('%d bytes are one payload', (length) => {
    const payload = Buffer.alloc(length, 0x61);
    payload[0] = 3;
    const bytes = Buffer.concat([packet(254, payload), packet(7, 'next')]);
    expect(bytes.length).toBe(length + 4 * packetCount(length) + 8);
    const { walker, seen, ends } = walkerThatWants(2);
    for (let at = 0; at < bytes.length; at += 1_000_003)
      walker.walk(bytes.subarray(at, at + 1_000_003));
    expect(seen).toEqual([
      { first: 3, payloadBytes: Math.min(length, packetBytesMax), head: '0361' },
      { first: 0x6e, payloadBytes: 4, head: '6e65' },
    ]);
    expect(ends).toEqual([length, 4]);
    const alone = walkerThatWants(0).walker;
    expect(alone.walk(bytes, 0, true)).toBe(bytes.length - 8);
    expect(alone.sequence).toBe((254 + packetCount(length) - 1) % 256);
  });

  it('is not over while the last packet is missing', () => {
    const bytes = packet(0, Buffer.alloc(packetBytesMax));
    const { walker, ends } = walkerThatWants(0);
    walker.walk(bytes.subarray(0, packetBytesMax + 4));
    expect(walker.atBoundary).toBe(false);
    walker.walk(bytes.subarray(packetBytesMax + 4, bytes.length - 1));
    expect(walker.atBoundary).toBe(false);
    expect(ends).toEqual([]);
    walker.walk(bytes.subarray(bytes.length - 1));
    expect(walker.atBoundary).toBe(true);
    expect(ends).toEqual([packetBytesMax]);
  });

  it('is collected whole where the limit allows it', () => {
    const payload = Buffer.alloc(packetBytesMax + 10, 0x62);
    const bytes = packet(0, payload);
    const reader = new PacketReader(packetBytesMax + 10);
    const got = [bytes.subarray(0, 9_000_000), bytes.subarray(9_000_000)].flatMap(
      (chunk) => reader.push(chunk).packets,
    );
    expect(got.map((one) => [one.sequence, one.payload.equals(payload)])).toEqual([[1, true]]);
    const strict = new PacketReader(packetBytesMax + 9);
    expect(strict.push(bytes).packets).toEqual([]);
    expect(strict.violation).toContain('bytes');
  });
});

describe('PacketReader', () => {
  it('gives whole payloads at every split and refuses one over its bound', () => {
    const bytes = Buffer.concat([packet(0, 'abcd'), packet(1), packet(2, 'I')]);
    for (let split = 0; split <= bytes.length; split++) {
      const reader = new PacketReader(100);
      const got = [bytes.subarray(0, split), bytes.subarray(split)].flatMap(
        (chunk) => reader.push(chunk).packets,
      );
      expect(got.map((one) => [one.sequence, one.payload.toString()])).toEqual([
        [0, 'abcd'],
        [1, ''],
        [2, 'I'],
      ]);
      expect(reader.atBoundary).toBe(true);
    }
    const strict = new PacketReader(3);
    expect(strict.push(bytes).packets).toEqual([]);
    expect(strict.violation).toContain('4 bytes');
  });

  it('stops after as many payloads as asked for', () => {
    const bytes = Buffer.concat([packet(0, 'a'), packet(1, 'b')]);
    const got = new PacketReader(100).push(bytes, 1);
    expect(got.packets.map((one) => one.payload.toString())).toEqual(['a']);
    expect(got.read).toBe(5);
  });
});

describe('values', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const reader = new PayloadReader(lengthEncodedInteger(value));
        expect(BigInt(reader.lengthEncodedBigInt() ?? -1)).toBe(value);
        expect([reader.left, reader.ok]).toEqual([0, true]);
      }),
    );
    for (const edge of [0, 250, 251, 0xffff, 0x10000, 0xffffff, 0x1000000, 2 ** 53 - 1])
      expect(new PayloadReader(lengthEncodedInteger(edge)).lengthEncodedInteger()).toBe(edge);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (bytes, text) => {
        const written = [lengthEncodedBytes(Buffer.from(bytes)), zeroTerminated(text)];
        const reader = new PayloadReader(Buffer.concat([...written, Buffer.from([0xfb])]));
        expect(reader.lengthEncodedBytes()?.equals(Buffer.from(bytes))).toBe(true);
        expect(reader.zeroTerminated()).toBe(
          Buffer.from(text.replaceAll('\0', '')).toString('utf8'),
        );
        expect(reader.lengthEncodedOrNull()).toBeNull();
      }),
    );
  });

  it('are not there in a payload that is cut off, nor is anything behind them', () => {
    const whole = Buffer.concat([
      lengthEncodedBytes('abc'),
      lengthEncodedInteger(70_000),
      zeroTerminated('xyz'),
      Buffer.from([1, 2, 3, 4]),
    ]);
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      const reader = new PayloadReader(whole.subarray(0, bytes));
      const values = [
        reader.lengthEncodedBytes()?.toString(),
        reader.lengthEncodedInteger(),
        reader.zeroTerminated(),
        reader.integer(4),
      ];
      const there = values.filter((value) => value !== undefined);
      expect(there).toEqual(['abc', 70_000, 'xyz', 0x04030201].slice(0, there.length));
      expect(values.slice(there.length).every((value) => value === undefined)).toBe(true);
      expect(reader.ok).toBe(bytes === whole.length);
    }
  });

  it('never claim a length that no payload has', () => {
    const huge = Buffer.alloc(9, 0xff);
    huge[0] = 0xfe;
    expect(new PayloadReader(huge).lengthEncodedInteger()).toBeUndefined();
    expect(new PayloadReader(huge).lengthEncodedBytes()).toBeUndefined();
    expect(new PayloadReader(huge).lengthEncodedBigInt()).toBe(2n ** 64n - 1n);
    expect(new PayloadReader(Buffer.from([0xff])).lengthEncodedInteger()).toBeUndefined();
    expect(new PayloadReader(Buffer.from([0xfb])).lengthEncodedBytes()).toBeUndefined();
  });
});
