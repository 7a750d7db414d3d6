import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardParser, SanePackets } from '../../harness/probe/mysql/sane-packets.js';

function packet(body: Uint8Array, sequence = 0): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });

describe('packets on their way to the parser', () => {
  it('come out unchanged and whole, however they were cut', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(30)), (all, cuts) => {
        const packets = all.map((body) => packet(body));
        const bytes = Buffer.concat(packets);
        const sane = new SanePackets();
        const out: Buffer[] = [];
        let offset = 0;
        for (const cut of [...cuts, bytes.length]) {
          const whole = sane.take(bytes.subarray(offset, offset + cut));
          offset = Math.min(bytes.length, offset + cut);
          out.push(...(whole ?? [Buffer.from('malformed')]));
        }
        expect(out.map((one) => one.toString('hex'))).toEqual(
          packets.map((one) => one.toString('hex')),
        );
      }),
    );
  });

  it.each([
    ['an empty packet', Buffer.from([0, 0, 0, 1])],
    ['a gigantic one', Buffer.from([0xff, 0xff, 0xff, 0, 1])],
  ])('are refused: %s', (_what, bytes) => {
    expect(new SanePackets().take(bytes)).toBeNull();
  });

  it('never crash on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const sane = new SanePackets();
        for (const chunk of chunks) if (sane.take(Buffer.from(chunk)) === null) return;
      }),
    );
  });
});

describe('the guard before the parser', () => {
  function guarded(sequenceId: number, command: unknown, parse: (bytes: Buffer) => void) {
    const driver = { packetParser: { execute: parse }, sequenceId, _command: command };
    const told: string[] = [];
    guardParser(driver, {
      onUnasked: ({ number, message }) => told.push(`unasked ${number} ${message}`),
      onMalformed: () => told.push('malformed'),
    });
    return { driver, told };
  }

  const shutdown = Buffer.from('\xff\x1d\x04#08S01gone', 'latin1');

  it('hands on what is in order', () => {
    const parsed: string[] = [];
    const { driver, told } = guarded(1, {}, (bytes) => parsed.push(bytes.toString('hex')));
    driver.packetParser.execute(packet(Buffer.from([7]), 1));
    expect([told, parsed]).toEqual([[], ['0100000107']]);
  });

  it.each([
    ['while nothing is asked', 0, null],
    ['out of order', 1, {}],
  ])('takes an error %s for the end, and reads no further', (_when, sequence, command) => {
    const { driver, told } = guarded(sequence, command, () => told.push('parsed'));
    driver.packetParser.execute(Buffer.concat([packet(shutdown), packet(shutdown)]));
    driver.packetParser.execute(packet(shutdown));
    expect(told).toEqual(['unasked 1053 gone']);
  });

  it.each([
    ['a packet that nobody asked for', 0, null, packet(Buffer.from([0]))],
    ['a packet out of order', 3, {}, packet(Buffer.from([0]))],
    ['a length of nothing', 0, {}, Buffer.alloc(4)],
  ])('ends at %s', (_what, sequence, command, bytes) => {
    const { driver, told } = guarded(sequence, command, () => told.push('parsed'));
    driver.packetParser.execute(bytes);
    driver.packetParser.execute(bytes);
    expect(told).toEqual(['malformed']);
  });

  it('ends where the parser throws', () => {
    const { driver, told } = guarded(0, {}, () => {
      throw new RangeError('out of bounds');
    });
    driver.packetParser.execute(packet(Buffer.from([0])));
    expect(told).toEqual(['malformed']);
  });

  it('says where the driver is another one', () => {
    const guard = { onUnasked: () => {}, onMalformed: () => {} };
    expect(() => guardParser({}, guard)).toThrow(/cannot be guarded/);
  });
});
