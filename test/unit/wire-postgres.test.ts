import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cStrings,
  errorMessage,
  MessageReader,
  message,
  parseDataRow,
  parseErrorFields,
  startupMessage,
} from '../../sim/wire/postgres/messages.js';
import { parseFirstPacket, startupBytesMax } from '../../sim/wire/postgres/startup.js';
import { Walker } from '../../sim/wire/postgres/walker.js';

interface Seen {
  type: number;
  bodyBytes: number;
  body: string | null;
}

function walkerThatWants(wanted: number): { walker: Walker; seen: Seen[] } {
  const seen: Seen[] = [];
  const walker = new Walker({
    wants: () => wanted,
    message: (type, bodyBytes, bytes, from, to) =>
      seen.push({ type, bodyBytes, body: from === to ? null : bytes.toString('hex', from, to) }),
  });
  return { walker, seen };
}

const someMessages = fc.array(
  fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    body: fc.uint8Array({ maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Cuts of a stream: as many random places as given. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
}

describe('Walker', () => {
  it('tells the same messages whatever the chunks are', () => {
    fc.assert(
      fc.property(
        someMessages,
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.integer({ min: 0, max: 50 }),
        (messages, cuts, wanted) => {
          const bytes = Buffer.concat(messages.map((m) => message(m.type, Buffer.from(m.body))));
          const { walker, seen } = walkerThatWants(wanted);
          for (const chunk of chunksOf(bytes, cuts)) walker.walk(chunk);
          expect(seen).toEqual(
            messages.map((m) => ({
              type: m.type,
              bodyBytes: m.body.length,
              body:
                wanted === 0 || m.body.length === 0
                  ? null
                  : Buffer.from(m.body.slice(0, wanted)).toString('hex'),
            })),
          );
          expect(walker.atBoundary).toBe(true);
        },
      ),
    );
  });

  it('is right at every single split of a stream', () => {
    const bytes = Buffer.concat([
      message(0x51, 'select 1\0'),
      message(0x53),
      message(0x5a, 'T'),
      message(0x44, Buffer.alloc(300, 7)),
    ]);
    for (let split = 0; split <= bytes.length; split++) {
      const { walker, seen } = walkerThatWants(1000);
      walker.walk(bytes.subarray(0, split));
      walker.walk(bytes.subarray(split));
      expect(seen.map((one) => one.type)).toEqual([0x51, 0x53, 0x5a, 0x44]);
      expect(walker.atBoundary).toBe(true);
    }
  });

  it('with `one`, stops at the end of each message, byte by byte too', () => {
    fc.assert(
      fc.property(someMessages, (messages) => {
        const parts = messages.map((m) => message(m.type, Buffer.from(m.body)));
        const bytes = Buffer.concat(parts);
        const { walker } = walkerThatWants(0);
        const ends: number[] = [];
        for (let at = 0; at < bytes.length; ) {
          at = walker.walk(bytes, at, true);
          ends.push(at);
        }
        let sum = 0;
        expect(ends).toEqual(
          parts.map((part) => {
            sum += part.length;
            return sum;
          }),
        );
      }),
    );
  });

  it('refuses lengths that make no sense and then reads no further', () => {
    for (const length of [0, 3, -1, -2147483648, 0x40000000, 0x7fffffff]) {
      const bytes = Buffer.alloc(20);
      bytes[0] = 0x51;
      bytes.writeInt32BE(length, 1);
      for (let split = 0; split <= 5; split++) {
        const { walker, seen } = walkerThatWants(10);
        walker.walk(bytes.subarray(0, split));
        walker.walk(bytes.subarray(split));
        expect(walker.violation).toMatch(/invalid message length/);
        expect(seen).toEqual([]);
      }
    }
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), (bytes, wanted) => {
        const { walker } = walkerThatWants(wanted);
        walker.walk(Buffer.from(bytes));
      }),
    );
  });
});

describe('MessageReader', () => {
  it('gives whole messages at every split and refuses a body over its bound', () => {
    const bytes = Buffer.concat([message(0x52, 'abcd'), message(0x5a, 'I')]);
    for (let split = 0; split <= bytes.length; split++) {
      const reader = new MessageReader(100);
      const got = [bytes.subarray(0, split), bytes.subarray(split)].flatMap(
        (chunk) => reader.push(chunk).messages,
      );
      expect(got.map((m) => [m.type, m.body.toString()])).toEqual([
        [0x52, 'abcd'],
        [0x5a, 'I'],
      ]);
    }
    const strict = new MessageReader(3);
    strict.push(bytes);
    expect(strict.violation).toContain('4 bytes');
  });

  it('stops after as many messages as asked for', () => {
    const bytes = Buffer.concat([message(1, 'a'), message(2, 'b')]);
    const reader = new MessageReader(100);
    const first = reader.push(bytes, 1);
    expect(first.messages.map((m) => m.type)).toEqual([1]);
    expect(first.read).toBe(6);
  });
});

describe('parseFirstPacket', () => {
  const startup = startupMessage(
    new Map([
      ['user', 'app'],
      ['database', 'app'],
    ]),
  );

  it('reads a startup packet only once it is whole', () => {
    for (let bytes = 0; bytes < startup.length; bytes++)
      expect(parseFirstPacket(startup.subarray(0, bytes)).kind).toBe('incomplete');
    const whole = parseFirstPacket(startup);
    expect(whole).toMatchObject({ kind: 'startup', minor: 0, bytes: startup.length });
    expect(whole.kind === 'startup' && whole.parameters.get('user')).toBe('app');
  });

  it('knows requests for TLS, GSS and cancel', () => {
    const request = (length: number, code: number): Buffer => {
      const bytes = Buffer.alloc(length);
      bytes.writeInt32BE(length, 0);
      bytes.writeInt32BE(code, 4);
      return bytes;
    };
    expect(parseFirstPacket(request(8, 80877103)).kind).toBe('ssl');
    expect(parseFirstPacket(request(8, 80877104)).kind).toBe('gss');
    expect(parseFirstPacket(request(16, 80877102)).kind).toBe('cancel');
    expect(parseFirstPacket(request(12, 80877102)).kind).toBe('invalid');
    expect(parseFirstPacket(request(8, 0x00020000)).kind).toBe('invalid');
  });

  it('refuses gigantic, tiny and unterminated packets, and survives any bytes', () => {
    const head = Buffer.alloc(8);
    for (const length of [startupBytesMax + 1, 7, 0, -5, 0x7fffffff]) {
      head.writeInt32BE(length, 0);
      expect(parseFirstPacket(head).kind).toBe('invalid');
    }
    const unterminated = Buffer.from(startup);
    unterminated[unterminated.length - 1] = 65;
    expect(parseFirstPacket(unterminated).kind).toBe('invalid');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseFirstPacket(Buffer.from(bytes)).kind).toBeTypeOf('string');
      }),
    );
  });
});

describe('message bodies', () => {
  it('error fields come back as they were written', () => {
    const fields = parseErrorFields(
      errorMessage({ severity: 'FATAL', code: '57P03', message: 'starting up' }).subarray(5),
    );
    expect(fields.get('C')).toBe('57P03');
    expect(fields.get('M')).toBe('starting up');
  });

  it('rows and strings survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const body = Buffer.from(bytes);
        expect(Array.isArray(parseDataRow(body))).toBe(true);
        expect(Array.isArray(cStrings(body))).toBe(true);
        expect(parseErrorFields(body)).toBeInstanceOf(Map);
      }),
    );
    const row = Buffer.from([0, 2, 0, 0, 0, 1, 0x61, 0xff, 0xff, 0xff, 0xff]);
    expect(parseDataRow(row)).toEqual(['a', null]);
  });
});
