import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SaneMessages } from '../../harness/probe/postgres/sane-messages.js';

function message(code: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(code, 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function errorMessage(fields: readonly string[]): Buffer {
  return message('E', Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`));
}

const wellFormed = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((body) => message('D', Buffer.from(body))),
  fc.constant(errorMessage(['SFATAL', 'C57P03', 'Mthe database system is starting up'])),
  fc.constant(message('Z', Buffer.from('I'))),
);

describe('messages on their way to the parser', () => {
  it('come out unchanged and whole, however they were cut', () => {
    fc.assert(
      fc.property(fc.array(wellFormed, { maxLength: 6 }), fc.array(fc.nat(30)), (all, cuts) => {
        const bytes = Buffer.concat(all);
        const sane = new SaneMessages();
        const out: Buffer[] = [];
        const ends = new Set(all.map((_, index) => Buffer.concat(all.slice(0, index + 1)).length));
        let offset = 0;
        for (const cut of [...cuts, bytes.length]) {
          const whole = sane.take(bytes.subarray(offset, offset + cut));
          offset = Math.min(bytes.length, offset + cut);
          expect(whole).not.toBeNull();
          out.push(whole ?? Buffer.alloc(0));
          const given = Buffer.concat(out).length;
          expect(given === 0 || ends.has(given)).toBe(true);
        }
        expect(Buffer.concat(out).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each([
    ['an error whose fields have no end', message('E', Buffer.from('SFATAL\0'))],
    ['an error cut inside a field', message('E', Buffer.from('SFA'))],
    ['an empty error', message('E', Buffer.alloc(0))],
    ['a notice whose fields have no end', message('N', Buffer.from('Mx\0'))],
    ['fields after their end', message('E', Buffer.from('Mx\0\0Cy\0\0'))],
    ['a length below its own size', Buffer.from([0x5a, 0, 0, 0, 3, 0x49])],
    ['a gigantic length', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff, 0])],
  ])('are refused: %s', (_what, bytes) => {
    expect(new SaneMessages().take(bytes)).toBeNull();
  });

  it('never trap or crash on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const sane = new SaneMessages();
        for (const chunk of chunks) if (sane.take(Buffer.from(chunk)) === null) return;
      }),
    );
  });
});
