import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../sim/engine/ask.js';
import { serverStatus } from '../../sim/wire/mysql/capabilities.js';
import { carriesStatementId, command } from '../../sim/wire/mysql/commands.js';
import { setStatementId, statementId } from '../../sim/wire/mysql/execute.js';
import {
  comQuery,
  errPacket,
  okPacket,
  parseErr,
  parseOk,
  parsePrepared,
  parseTextRow,
} from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import { TextAnswer } from '../../sim/wire/mysql/text-answer.js';
import { lengthEncodedBytes } from '../../sim/wire/mysql/values.js';

interface Recorded {
  readonly server: string;
  readonly deprecateEof: boolean;
  readonly track: boolean;
  readonly answers: readonly { readonly name: string; readonly bytes: string }[];
}

const recorded = (
  JSON.parse(
    readFileSync(join(import.meta.dirname, 'wire-mysql-recorded.json'), 'utf8'),
  ) as readonly Recorded[]
).filter((one) => !one.track);

describe('OK, ERR and EOF', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.nat(0xffff),
        fc.nat(0xffff),
        (affectedRows, lastInsertId, status, warnings) => {
          const fields = { affectedRows, lastInsertId, status, warnings };
          const payload = okPacket(1, { ...fields, info: 'Rows matched: 1' }).subarray(4);
          expect(parseOk(payload)).toMatchObject(fields);
          payload[0] = 0xfe;
          expect(parseOk(payload)).toMatchObject(fields);
        },
      ),
    );
    expect(parseOk(Buffer.from([0xfe, 0, 0, serverStatus.cursorExists, 0]))?.status).toBe(0x40);
    const error = { number: 1053, sqlState: '08S01', text: 'Server shutdown in progress' };
    expect(parseErr(errPacket(1, error).subarray(4))).toEqual(error);
    const bare = { number: 1040, sqlState: '', text: 'Too many connections' };
    expect(parseErr(errPacket(0, bare).subarray(4))).toEqual(bare);
  });

  it('survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 0xfe, 0xff), (rest, at) => {
        const payload = Buffer.from([at, ...rest]);
        parseOk(payload);
        parseErr(payload);
        parsePrepared(payload);
        expect(Array.isArray(parseTextRow(payload))).toBe(true);
      }),
    );
    const ok = okPacket(1).subarray(4);
    for (let end = 0; end < ok.length; end++) expect(parseOk(ok.subarray(0, end))).toBeUndefined();
  });
});

describe('TextAnswer', () => {
  function answerOf(session: Recorded, name: string, split?: number): TextAnswer {
    const bytes = Buffer.from(
      session.answers.find((one) => one.name === name)?.bytes ?? '',
      'base64',
    );
    const answer = new TextAnswer(session.deprecateEof, 100_000);
    const place = split ?? bytes.length;
    for (const part of [bytes.subarray(0, place), bytes.subarray(place)])
      expect(answer.push(part)).toBe(part.length);
    expect([answer.done, answer.violation]).toEqual([true, undefined]);
    return answer;
  }

  it.each(recorded.map((one) => [`${one.server}, ${one.deprecateEof}`, one] as const))(
    'collects the rows of a real server (%s) at every split',
    (_name, session) => {
      const all = [
        ['1', 'one', '1'],
        ['2', 'two', null],
        ['3', 'three', '3'],
      ];
      for (let split = 0; split < 100; split++)
        expect(answerOf(session, 'rows', split).rows).toEqual(all);
      expect(answerOf(session, 'rows that begin with null and nothing').rows).toEqual([
        [null, '1'],
        ['', '2'],
      ]);
      expect(answerOf(session, 'a value of 300 bytes').rows).toEqual([['x'.repeat(300)]]);
      expect(answerOf(session, 'procedure').rows).toEqual([['1'], ['1', 'one'], ['2', 'two']]);
      expect(answerOf(session, 'insert').told.affectedRows).toBe(2);
      const { error } = answerOf(session, 'error');
      expect(error).toBeInstanceOf(EngineError);
      expect([error?.number, error?.sqlState]).toEqual([1146, '42S02']);
      expect(error?.message).toBe("Table 'app.missing' doesn't exist");
    },
  );

  it('leaves what follows the answer, and holds no more than it may', () => {
    const answer = new TextAnswer(true, 100);
    const ok = okPacket(1);
    expect(answer.push(Buffer.concat([ok, Buffer.from('next')]))).toBe(ok.length);
    expect([answer.done, answer.sequence]).toEqual([true, 1]);
    const long = new TextAnswer(true, 100);
    long.push(Buffer.concat([packet(1, Buffer.from([1])), packet(2, 'def')]));
    const row = packet(3, lengthEncodedBytes('x'.repeat(60)));
    long.push(Buffer.concat([row, row]));
    expect(long.violation).toContain('100 bytes');
    const asked = new TextAnswer(true, 100);
    asked.push(packet(1, Buffer.from([0xfb, 0x61])));
    expect(asked.violation).toContain('file');
  });
});

describe('commands on prepared statements', () => {
  it('have their id changed in place', () => {
    const payload = Buffer.from([command.stmtExecute, 9, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(statementId(payload)).toBe(9);
    setStatementId(payload, 0xfffffffe);
    expect(statementId(payload)).toBe(0xfffffffe);
    expect(statementId(payload.subarray(0, 4))).toBeUndefined();
    setStatementId(payload.subarray(0, 4), 1);
    const carrying = Object.values(command).filter(carriesStatementId);
    expect(carrying.sort((a, b) => a - b)).toEqual([0x17, 0x18, 0x19, 0x1a, 0x1c, 0xfa]);
  });

  it('and queries are whole packets', () => {
    expect(comQuery('select 1').toString('latin1')).toBe('\x09\0\0\0\x03select 1');
  });
});
