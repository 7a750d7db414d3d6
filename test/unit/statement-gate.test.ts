/** Statements taken off a client's bytes, wherever these are cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldBytes } from '../../sim/endpoint/held-bytes.js';
import { MysqlStatements } from '../../sim/endpoint/mysql/statements.js';
import { PostgresStatements } from '../../sim/endpoint/postgres/statements.js';
import { Traffic } from '../../sim/endpoint/postgres/traffic.js';
import { StatementGate, type Statements } from '../../sim/endpoint/statement-gate.js';
import { isCommit, type StatementRuling } from '../../sim/endpoint/statement-hook.js';
import { command } from '../../sim/wire/mysql/commands.js';
import { comQuery } from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import { TextAnswer } from '../../sim/wire/mysql/text-answer.js';
import { executeOnce, MessageReader, queryMessage } from '../../sim/wire/postgres/messages.js';

const session = { id: 's1', owner: { user: 'app', applicationName: '' } };

describe('what counts as a COMMIT', () => {
  it.each([
    ...['COMMIT', ' commit ;', 'Commit Work', 'end', 'END TRANSACTION;', '/* j */ COMMIT'],
    ...['COMMIT AND NO CHAIN', 'insert into t values (1); COMMIT', 'commit release'],
  ])('%s', (sql) => expect(isCommit(sql)).toBe(true));

  it.each([
    ...['ROLLBACK', "COMMIT PREPARED 'x'", "select '; commit'", 'committed', 'COMMIT; SELECT 1'],
    ...['', 'ending', 'select 1 as commit, 2'],
  ])('not: %s', (sql) => expect(isCommit(sql)).toBe(false));
});

/** Feeds the bytes cut into pieces, and tells what passed and what was ruled upon. */
function fed(
  statements: Statements,
  bytes: Buffer,
  cuts: readonly number[],
  messageBytes: (bytes: Buffer) => number,
  ruling: (sql: string) => StatementRuling,
): { passed: Buffer; asked: string[] } {
  const asked: string[] = [];
  const hook = {
    mayMatter: () => true,
    onStatement: (sql: string, stage: string) => {
      asked.push(`${stage} ${sql}`);
      return ruling(sql);
    },
  };
  const gate = new StatementGate([hook], session);
  const held = new HeldBytes(1 << 20);
  const passed: Buffer[] = [];
  const bounds = [...new Set([...cuts.map((cut) => cut % bytes.length), bytes.length])];
  let from = 0;
  for (const to of bounds.sort((one, other) => one - other)) {
    if (to > from) held.push(bytes.subarray(from, to));
    from = to;
    while (!held.empty) {
      const ruled = gate.next(held, statements, false);
      if (ruled === 'wait') break;
      if (ruled !== 'pass') gate.obey(held, statements, (message) => passed.push(message));
      else {
        const size = messageBytes(held.joined(8));
        const whole = held.joined(size);
        if (whole.length < size) break;
        passed.push(Buffer.from(whole.subarray(0, size)));
        held.take(size);
      }
    }
  }
  return { passed: Buffer.concat(passed), asked };
}

const cutsOf = fc.array(fc.nat(10_000), { maxLength: 12 });

describe('on Postgres', () => {
  const size = (bytes: Buffer): number => bytes.readInt32BE(1) + 1;

  it('sees every statement once, however the bytes are cut, and passes the rest on', () => {
    const bytes = Buffer.concat([
      ...[queryMessage('BEGIN'), executeOnce('insert into t values (1)'), executeOnce('commit')],
      queryMessage('COMMIT'),
    ]);
    fc.assert(
      fc.property(cutsOf, (cuts) => {
        const traffic = new Traffic(new Map());
        const statements = new PostgresStatements(
          () => traffic,
          () => {},
        );
        const { passed, asked } = fed(statements, bytes, cuts, size, () => 'pass');
        expect(passed).toEqual(bytes);
        expect(asked).toEqual([
          ...['run BEGIN', 'prepared insert into t values (1)'],
          ...['prepared commit', 'run COMMIT', 'run COMMIT'],
        ]);
      }),
    );
  });

  it('knows a COMMIT that was prepared before anybody asked', () => {
    const traffic = new Traffic(new Map());
    traffic.commits.add('S_1');
    const statements = new PostgresStatements(
      () => traffic,
      () => {},
    );
    const bind = Buffer.concat([Buffer.from('\0S_1\0'), Buffer.alloc(6)]);
    const head = Buffer.from([0x42, 0, 0, 0, bind.length + 4]);
    const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
    const bytes = Buffer.concat([head, bind, execute]);
    expect(fed(statements, bytes, [], size, () => 'pass').asked).toEqual(['run COMMIT']);
  });

  it('answers in the place of the server, and puts other statements in', () => {
    const traffic = new Traffic(new Map());
    const sent: Buffer[] = [];
    const statements = new PostgresStatements(
      () => traffic,
      (bytes) => sent.push(bytes),
    );
    const bytes = Buffer.concat([queryMessage('a'), queryMessage('b'), executeOnce('b')]);
    const { passed } = fed(statements, bytes, [3, 9], size, (sql) =>
      sql === 'a' ? { answer: { columns: ['x', 'y'], rows: [['1', null]] } } : { instead: 'c' },
    );
    expect(passed).toEqual(Buffer.concat([queryMessage('c'), executeOnce('c')]));
    const { messages } = new MessageReader(10_000).push(Buffer.concat(sent));
    expect(messages.map(({ type }) => String.fromCharCode(type)).join('')).toBe('TDCZ');
  });
});

describe('on MySQL', () => {
  const size = (bytes: Buffer): number => bytes.readUIntLE(0, 3) + 4;
  const books = { outstanding: 0, clientData: false, inTransaction: true, deprecateEof: false };

  it('sees every statement once, however the bytes are cut, and passes the rest on', () => {
    const prepare = packet(0, Buffer.from([command.stmtPrepare]), 'commit');
    const execute = packet(0, Buffer.from([command.stmtExecute, 7, 0, 0, 0, 0, 1, 0, 0, 0]));
    const other = packet(0, Buffer.from([command.stmtExecute, 8, 0, 0, 0, 0, 1, 0, 0, 0]));
    const bytes = Buffer.concat([comQuery('BEGIN'), prepare, comQuery('x'), execute, other]);
    fc.assert(
      fc.property(cutsOf, (cuts) => {
        const statements = new MysqlStatements(
          () => books,
          () => {},
        );
        const { passed, asked } = fed(statements, bytes, cuts, size, (sql) => {
          if (sql === 'x') statements.prepared(7);
          return 'pass';
        });
        expect(passed).toEqual(bytes);
        expect(asked).toEqual(['run BEGIN', 'prepared commit', 'run x', 'run COMMIT']);
      }),
    );
  });

  it.each([false, true])('answers with rows that a client reads (deprecates EOF: %s)', (eof) => {
    const sent: Buffer[] = [];
    const statements = new MysqlStatements(
      () => ({ ...books, deprecateEof: eof }),
      (bytes) => sent.push(bytes),
    );
    const rows = [
      ['1', null],
      ['', 'x'.repeat(300)],
    ] as const;
    const { passed } = fed(statements, comQuery('q'), [], size, () => ({
      answer: { columns: ['a', 'b'], rows },
    }));
    expect(passed.length).toBe(0);
    const answer = new TextAnswer(eof, 100_000);
    answer.push(Buffer.concat(sent));
    expect([answer.violation, answer.done, answer.rows]).toEqual([undefined, true, rows]);
    expect(answer.told.inTransaction).toBe(true);
  });

  it('tells a client of an error, and that all is well', () => {
    const sent: Buffer[] = [];
    const statements = new MysqlStatements(
      () => books,
      (bytes) => sent.push(bytes),
    );
    const error = { code: '42000', number: 1064, text: 'no' };
    fed(statements, comQuery('q'), [], size, () => ({ answer: { error } }));
    fed(statements, comQuery('q'), [], size, () => ({ answer: 'ok' }));
    const answers = sent.map((bytes) => {
      const answer = new TextAnswer(true, 10_000);
      answer.push(bytes);
      return [answer.done, answer.error?.message];
    });
    expect(answers).toEqual([
      [true, expect.stringContaining('no')],
      [true, undefined],
    ]);
  });

  it('takes the bytes of a file for no statement', () => {
    const statements = new MysqlStatements(
      () => ({ ...books, clientData: true }),
      () => {},
    );
    expect(fed(statements, comQuery('COMMIT'), [], size, () => 'cut').asked).toEqual([]);
  });
});
