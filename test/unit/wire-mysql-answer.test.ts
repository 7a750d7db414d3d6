import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader, type PacketRole } from '../../sim/wire/mysql/answer.js';
import { serverStatus } from '../../sim/wire/mysql/capabilities.js';
import { type AnswerKind, answerKind, command } from '../../sim/wire/mysql/commands.js';
import { errPacket } from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import { PacketWalker } from '../../sim/wire/mysql/walker.js';

interface RecordedAnswer {
  readonly name: string;
  readonly command: number;
  /** All that the server sent, base64. */
  readonly bytes: string;
}

interface Recorded {
  readonly server: 'mysql' | 'mariadb';
  readonly deprecateEof: boolean;
  readonly track: boolean;
  readonly answers: readonly RecordedAnswer[];
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'wire-mysql-recorded.json'), 'utf8'),
) as readonly Recorded[];

class Follower {
  readonly answer: AnswerReader;
  readonly walker: PacketWalker;
  readonly roles: PacketRole[] = [];

  constructor(deprecateEof: boolean, kind: AnswerKind) {
    const answer = new AnswerReader({ deprecateEof });
    this.answer = answer;
    this.walker = new PacketWalker({
      wants: (first, payloadBytes) => answer.wants(first, payloadBytes),
      packet: (first, payloadBytes, head) => {
        this.roles.push(answer.packet(first, payloadBytes, head));
        // The recorded client sent its file when it was asked to.
        if (answer.wantsClientData) answer.clientData(0);
      },
    });
    answer.begin(kind);
  }

  get over(): boolean {
    return this.answer.complete && this.walker.atBoundary;
  }

  /** Everything that is known after the answer. */
  get told(): object {
    const { status, affectedRows, lastInsertId, error, prepared, violation } = this.answer;
    return { roles: this.roles, status, affectedRows, lastInsertId, error, prepared, violation };
  }
}

function find(server: string, deprecateEof: boolean, name: string): RecordedAnswer {
  const session = recorded.find(
    (one) => one.server === server && one.deprecateEof === deprecateEof && !one.track,
  );
  const answer = session?.answers.find((one) => one.name === name);
  if (answer === undefined) throw new Error(`no recording of "${name}"`);
  return answer;
}

function follow(server: string, deprecateEof: boolean, name: string): Follower {
  const one = find(server, deprecateEof, name);
  const follower = new Follower(deprecateEof, answerKind(one.command));
  follower.walker.walk(Buffer.from(one.bytes, 'base64'));
  return follower;
}

const sessions = recorded.map(
  (one) =>
    [
      `${one.server}, ${one.deprecateEof ? 'without' : 'with'} EOF${one.track ? ', tracked' : ''}`,
      one,
    ] as const,
);

describe('recorded answers', () => {
  it.each(sessions)('%s: each is over at its last byte and not before', (_name, session) => {
    expect(session.answers.length).toBeGreaterThan(4);
    for (const { name, command: byte, bytes } of session.answers) {
      const all = Buffer.from(bytes, 'base64');
      const follower = new Follower(session.deprecateEof, answerKind(byte));
      for (let at = 0; at < all.length; at++) {
        expect([name, at, follower.over]).toEqual([name, at, false]);
        follower.walker.walk(all.subarray(at, at + 1));
      }
      expect([name, follower.over, follower.answer.violation]).toEqual([name, true, undefined]);
    }
  });

  it.each(sessions)('%s: the same at every split', (_name, session) => {
    for (const { command: byte, bytes } of session.answers) {
      const all = Buffer.from(bytes, 'base64');
      const whole = new Follower(session.deprecateEof, answerKind(byte));
      whole.walker.walk(all);
      for (let split = 1; split < all.length; split += 3) {
        const follower = new Follower(session.deprecateEof, answerKind(byte));
        follower.walker.walk(all.subarray(0, split));
        follower.walker.walk(all.subarray(split));
        expect(follower.told).toEqual(whole.told);
      }
    }
  });

  it.each(sessions)('%s: spoilt bytes never throw', (_name, session) => {
    const answers = session.answers.filter((one) => one.bytes !== '');
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (which, changes) => {
          const one = answers[which % answers.length];
          if (one === undefined) return;
          const bytes = Buffer.from(one.bytes, 'base64');
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const follower = new Follower(session.deprecateEof, answerKind(one.command));
          follower.walker.walk(bytes);
        },
      ),
    );
  });
});

const both = [
  ['mysql', false],
  ['mysql', true],
  ['mariadb', false],
  ['mariadb', true],
] as const;

describe.each(both)('%s, deprecateEof %s', (server, deprecateEof) => {
  const end: PacketRole[] = deprecateEof ? [] : ['definitions-end'];
  const resultSet = (columns: number, rows: number): PacketRole[] => [
    'column-count',
    ...Array<PacketRole>(columns).fill('definition'),
    ...end,
    ...Array<PacketRole>(rows).fill('row'),
    'rows-end',
  ];

  it.each<[string, PacketRole[]]>([
    ['rows', resultSet(3, 3)],
    ['rows that begin with null and nothing', resultSet(2, 2)],
    ['no rows', resultSet(1, 0)],
    ['procedure', [...resultSet(1, 1), ...resultSet(2, 2), 'ok']],
    ['several statements', [...resultSet(1, 1), 'ok', ...resultSet(1, 1), 'ok']],
    ['several, the second fails', [...resultSet(1, 1), 'error']],
    ['error amid rows', [...resultSet(2, 1).slice(0, -1), 'error']],
    ['insert', ['ok']],
    ['prepare nonsense', ['error']],
    [
      'prepare',
      ['prepared', 'definition', 'definition', ...end, 'definition', 'definition', ...end],
    ],
    ['prepare without parameters and columns', ['prepared']],
    ['prepare with parameters only', ['prepared', 'definition', ...end]],
    ['prepare with columns only', ['prepared', 'definition', 'definition', ...end]],
    ['execute', resultSet(2, 3)],
    ['execute the procedure', [...resultSet(1, 1), ...resultSet(2, 2), 'ok']],
    // No rows follow a cursor: an EOF behind the definitions, whatever it is called.
    [
      'execute with a cursor',
      [...resultSet(2, 0).slice(0, -1), ...(deprecateEof ? (['rows-end'] as const) : [])],
    ],
    ['fetch', ['row', 'row', 'rows-end']],
    ['fetch the last', ['row', 'rows-end']],
    ['fetch without cursor', ['error']],
    ['close statement', []],
    ['local infile', ['local-infile', 'ok']],
    ['local infile into nowhere', ['error']],
    ['local infile, empty', ['local-infile', 'ok', ...resultSet(1, 1)]],
    ['field list', ['row', 'row', 'row', 'rows-end']],
    ['statistics', ['text']],
    ['ping', ['ok']],
    ['set option', ['ok']],
    ['debug', ['ok']],
    ['unknown command', ['error']],
    ['reset connection', ['ok']],
  ])('%s', (name, roles) => {
    expect(follow(server, deprecateEof, name).roles).toEqual(roles);
  });

  it('tells how the session stands', () => {
    const stands = (name: string): [boolean, boolean] => {
      const { answer } = follow(server, deprecateEof, name);
      return [answer.inTransaction, answer.autocommit];
    };
    expect(stands('begin')).toEqual([true, true]);
    expect(stands('rows in a transaction')).toEqual([true, true]);
    expect(stands('rollback')).toEqual([false, true]);
    expect(stands('autocommit off')).toEqual([false, false]);
  });

  it('tells what an OK and an error said', () => {
    const { answer } = follow(server, deprecateEof, 'insert');
    expect(answer.affectedRows).toBe(2);
    expect(answer.lastInsertId).toBeGreaterThan(3n);
    const failed = follow(server, deprecateEof, 'error').answer.error;
    expect(failed).toEqual({
      number: 1146,
      sqlState: '42S02',
      text: "Table 'app.missing' doesn't exist",
    });
    expect(follow(server, deprecateEof, 'execute a closed one').answer.error?.number).toBe(1243);
  });

  it('tells of a prepared statement', () => {
    const { prepared } = follow(server, deprecateEof, 'prepare').answer;
    expect(prepared).toMatchObject({ parameters: 2, columns: 2 });
    expect(prepared?.id).toBeGreaterThan(0);
  });
});

describe('AnswerReader', () => {
  const eof = (status: number = serverStatus.autocommit): Buffer =>
    packet(9, Buffer.from([0xfe, 0, 0, status, 0]));

  it('takes a long row that begins with 0xfe for a row', () => {
    const head = [packet(1, Buffer.from([1])), packet(2, 'def')];
    const long = Buffer.alloc(0x1000000 + 9, 0x61);
    long[0] = 0xfe;
    long.writeBigUInt64LE(0x1000000n, 1);
    for (const deprecateEof of [false, true]) {
      const follower = new Follower(deprecateEof, 'rows');
      const parts = [...head, ...(deprecateEof ? [] : [eof()]), packet(3, long), eof()];
      follower.walker.walk(Buffer.concat(parts));
      expect(follower.roles.slice(-2)).toEqual(['row', 'rows-end']);
      expect(follower.over).toBe(true);
    }
  });

  it('counts hundreds of columns', () => {
    const follower = new Follower(true, 'rows');
    const definitions = Array.from({ length: 300 }, (_, at) => packet(at, 'def'));
    const count = packet(1, Buffer.from([0xfc, 0x2c, 0x01]));
    follower.walker.walk(Buffer.concat([count, ...definitions]));
    expect(follower.over).toBe(false);
    follower.walker.walk(eof());
    expect(follower.over).toBe(true);
  });

  it('waits for the file that the server asked for', () => {
    const answer = new AnswerReader({ deprecateEof: true });
    answer.begin('rows');
    expect(answer.packet(0xfb, 4, Buffer.from('\xfbany', 'latin1'))).toBe('local-infile');
    answer.clientData(500);
    expect([answer.wantsClientData, answer.complete]).toEqual([true, false]);
    // An error may come before the client has sent all: what it still sends is no command.
    answer.packet(0xff, 9, Buffer.from([0xff, 1, 4, 0x23, 0x48, 0x59, 0x30, 0x30, 0x30]));
    expect([answer.outstanding, answer.wantsClientData, answer.complete]).toEqual([0, true, false]);
    answer.clientData(0);
    expect(answer.complete).toBe(true);
  });

  it('keeps several commands apart', () => {
    const answer = new AnswerReader({ deprecateEof: true });
    const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
    for (const byte of [command.stmtPrepare, command.stmtExecute, command.stmtClose, command.ping])
      answer.begin(answerKind(byte));
    expect([answer.outstanding, answer.current]).toEqual([3, 'prepared']);
    answer.packet(0, 12, Buffer.from([0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    expect([answer.prepared?.id, answer.outstanding, answer.current]).toEqual([7, 2, 'rows']);
    answer.packet(0, 7, ok);
    answer.packet(0, 7, ok);
    expect([answer.answered, answer.complete]).toEqual([3, true]);
  });

  it('follows a dump until it ends, and a change of user until it is let in', () => {
    const dump = new AnswerReader({ deprecateEof: true });
    dump.begin(answerKind(command.binlogDumpGtid));
    for (let event = 0; event < 5; event++) expect(dump.packet(0, 40, null)).toBe('dump');
    expect([dump.wants(0, 40), dump.complete]).toEqual([0, false]);
    expect(dump.packet(0xff, 20, errPacket(0, dumpError).subarray(4))).toBe('error');
    expect([dump.complete, dump.error]).toEqual([true, dumpError]);
    const change = new AnswerReader({ deprecateEof: true });
    change.begin(answerKind(command.changeUser));
    expect(change.packet(0xfe, 44, Buffer.from([0xfe]))).toBe('authentication');
    expect(change.packet(1, 2, Buffer.from([1, 3]))).toBe('authentication');
    expect(change.packet(0, 7, Buffer.from([0, 0, 0, 2, 0, 0, 0]))).toBe('ok');
    expect(change.complete).toBe(true);
  });

  it('knows what nobody asked for', () => {
    const answer = new AnswerReader({ deprecateEof: true });
    const error = { number: 4031, sqlState: 'HY000', text: 'disconnected because of inactivity' };
    const payload = errPacket(0, error).subarray(4);
    expect(answer.packet(0xff, payload.length, payload)).toBe('unsolicited');
    expect([answer.error, answer.violation]).toEqual([error, undefined]);
    expect(answer.packet(0, 7, Buffer.alloc(7))).toBe('unsolicited');
    expect(answer.violation).toBeDefined();
  });

  it('does not take news of progress for an end', () => {
    const answer = new AnswerReader({ deprecateEof: true });
    answer.begin('rows');
    const progress = Buffer.from([0xff, 0xff, 0xff, 1, 1, 1, 0, 0, 0, 0]);
    expect(answer.packet(0xff, 10, progress)).toBe('progress');
    expect(answer.complete).toBe(false);
  });

  it('survives any bytes after any command', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.boolean(),
        fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 12 }),
        (byte, deprecateEof, payloads) => {
          const follower = new Follower(deprecateEof, answerKind(byte));
          payloads.forEach((payload, at) => {
            follower.walker.walk(packet(at, Buffer.from(payload)));
          });
          expect(follower.roles.length).toBe(payloads.length);
        },
      ),
    );
  });
});

const dumpError = { number: 1236, sqlState: 'HY000', text: 'Could not find first log file name' };
