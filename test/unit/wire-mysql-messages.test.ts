import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../sim/engine/ask.js';
import { serverStatus } from '../../sim/wire/mysql/capabilities.js';
import { carriesStatementId, command } from '../../sim/wire/mysql/commands.js';
import {
  boundTypes,
  boundTypesHeadBytes,
  opensCursor,
  setStatementId,
  statementId,
  withTypes,
} from '../../sim/wire/mysql/execute.js';
import {
  comQuery,
  comStmtClose,
  eofPacket,
  errPacket,
  okPacket,
  parseErr,
  parseOk,
  parsePrepared,
  parseSessionChanges,
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
          expect(parseSessionChanges(payload)).toBeInstanceOf(Array);
          payload[0] = 0xfe;
          expect(parseOk(payload)).toMatchObject(fields);
        },
      ),
    );
    expect(parseOk(eofPacket(3, serverStatus.cursorExists).subarray(4))?.status).toBe(0x40);
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
        parseSessionChanges(payload);
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
  const types = Buffer.from([8, 0, 253, 0]);
  const values = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 1, 0x61]);
  const execute = (bound: boolean): Buffer =>
    Buffer.concat([
      Buffer.from([command.stmtExecute, 9, 0, 0, 0, 0, 1, 0, 0, 0, 0b10, bound ? 1 : 0]),
      bound ? types : Buffer.alloc(0),
      values,
    ]);
  const bulk = (bound: boolean): Buffer =>
    Buffer.concat([
      Buffer.from([command.stmtBulkExecute, 9, 0, 0, 0, bound ? 128 : 0, 0]),
      bound ? types : Buffer.alloc(0),
      values,
    ]);

  it('have their id changed in place', () => {
    const payload = execute(true);
    expect(statementId(payload)).toBe(9);
    setStatementId(payload, 0xfffffffe);
    expect(statementId(payload)).toBe(0xfffffffe);
    expect(statementId(payload.subarray(0, 4))).toBeUndefined();
    setStatementId(payload.subarray(0, 4), 1);
    expect(statementId(comStmtClose(77).subarray(4))).toBe(77);
    const carrying = Object.values(command).filter(carriesStatementId);
    expect(carrying.sort((a, b) => a - b)).toEqual([0x17, 0x18, 0x19, 0x1a, 0x1c, 0xfa]);
  });

  it.each([
    ['execute', execute],
    ['bulk execute', bulk],
  ])('%s: types are found, and put in where they are missing', (_name, build) => {
    expect(boundTypes(build(true), 2)).toMatchObject({ bound: true, types });
    expect(boundTypes(build(false), 2)).toMatchObject({ bound: false, types: Buffer.alloc(0) });
    expect(withTypes(build(false), 2, types).equals(build(true))).toBe(true);
    expect(withTypes(build(true), 2, Buffer.alloc(4)).equals(build(true))).toBe(true);
    expect(withTypes(build(false), 2, Buffer.alloc(3)).equals(build(false))).toBe(true);
    const head = build(true).subarray(0, boundTypesHeadBytes(build(true)[0] ?? 0, 2));
    expect(boundTypes(head, 2)?.types.equals(types)).toBe(true);
    expect(boundTypes(head.subarray(0, -1), 2)).toBeUndefined();
    expect(boundTypes(build(true), 0)).toBeUndefined();
  });

  it('count the bitmap of many parameters', () => {
    for (const parameters of [1, 7, 8, 9, 16, 17, 200]) {
      const bitmap = Buffer.alloc(Math.ceil(parameters / 8), 0xff);
      const payload = Buffer.concat([execute(false).subarray(0, 10), bitmap, Buffer.from([0])]);
      const many = Buffer.alloc(2 * parameters, 3);
      const filled = withTypes(payload, parameters, many);
      expect(boundTypes(filled, parameters)?.types.equals(many)).toBe(true);
      expect(filled.length).toBe(payload.length + many.length);
    }
  });

  it('say whether they open a cursor', () => {
    const payload = execute(true);
    expect(opensCursor(payload)).toBe(false);
    payload[5] = 1;
    expect(opensCursor(payload)).toBe(true);
  });

  it('survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(70_000), (bytes, parameters) => {
        for (const first of [command.stmtExecute, command.stmtBulkExecute]) {
          const payload = Buffer.from([first, ...bytes]);
          boundTypes(payload, parameters);
          withTypes(payload, parameters, Buffer.alloc(2 * parameters));
        }
      }),
    );
  });

  it('and queries are whole packets', () => {
    expect(comQuery('select 1').toString('latin1')).toBe('\x09\0\0\0\x03select 1');
  });
});
