import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AcceptedPasswords } from '../../sim/endpoint/mysql/credentials.js';
import { DialSlots } from '../../sim/endpoint/mysql/dial-slots.js';
import { mappedKill, mayBeKill } from '../../sim/endpoint/mysql/kill.js';
import { StatementIds } from '../../sim/endpoint/mysql/statement-ids.js';
import { type Passage, Traffic } from '../../sim/endpoint/mysql/traffic.js';
import { WatchedPath } from '../../sim/endpoint/mysql/watched-path.js';
import { cachingSha2 } from '../../sim/wire/mysql/authentication.js';
import { serverStatus } from '../../sim/wire/mysql/capabilities.js';
import { command } from '../../sim/wire/mysql/commands.js';
import { errPacket, okPacket } from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import { PacketWalker } from '../../sim/wire/mysql/walker.js';

const cuts = fc.array(fc.nat(), { maxLength: 30 });

/** A stream cut at so many places. */
function chunksOf(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges
    .slice(1)
    .map((end, index) => bytes.subarray(edges[index], end))
    .filter((chunk) => chunk.length > 0);
}

const passive: Passage = { wantsRequest: () => 0, request: () => true, answer: () => {} };

function traffic(): Traffic {
  return new Traffic({ deprecateEof: false }, passive);
}

const eof = (sequence: number, status = serverStatus.autocommit as number): Buffer =>
  packet(sequence, Buffer.from([0xfe, 0, 0, status & 0xff, status >> 8]));
const rows = Buffer.concat([
  packet(1, Buffer.from([1])),
  packet(2, Buffer.from('definition')),
  eof(3),
  packet(4, Buffer.from('\x03one')),
  packet(5, Buffer.from('\x03two')),
  eof(6),
]);
const prepared = Buffer.concat([
  packet(1, Buffer.from([0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])),
  packet(2, Buffer.from('parameter')),
  eof(3),
]);
const error = errPacket(1, { number: 1064, sqlState: '42000', text: 'no' });

/** Commands with the whole answers to them; an empty one wants none. */
const turns: readonly { readonly sent: Buffer; readonly answer: Buffer }[] = [
  { sent: packet(0, Buffer.from([command.ping])), answer: okPacket(1) },
  { sent: packet(0, Buffer.from('\x03select a')), answer: rows },
  { sent: packet(0, Buffer.from('\x03selec')), answer: error },
  { sent: packet(0, Buffer.from('\x16select ?')), answer: prepared },
  { sent: packet(0, Buffer.from([command.stmtClose, 1, 0, 0, 0])), answer: Buffer.alloc(0) },
  { sent: packet(0, Buffer.from([command.statistics])), answer: packet(1, Buffer.from('Uptime')) },
  {
    sent: packet(0, Buffer.from('\x03update t; select a')),
    answer: Buffer.concat([okPacket(1, { status: serverStatus.moreResultsExist }), rows]),
  },
];

describe('Traffic of MySQL', () => {
  it('is quiet exactly when the server owes nothing, whatever the chunks are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...turns), cuts, cuts), { minLength: 1, maxLength: 6 }),
        (conversation) => {
          const books = traffic();
          for (const [{ sent, answer }, sentCuts, answerCuts] of conversation) {
            expect([books.quiet, books.awaitingAnswer]).toEqual([true, false]);
            let walked = 0;
            for (const chunk of chunksOf(sent, sentCuts)) {
              books.fromClient.walk(chunk);
              walked += chunk.length;
              const owes = walked < sent.length || answer.length > 0;
              expect(books.quiet).toBe(!owes);
              expect(books.awaitingAnswer).toBe(walked === sent.length && owes);
            }
            walked = 0;
            for (const chunk of chunksOf(answer, answerCuts)) {
              books.fromServer.walk(chunk);
              walked += chunk.length;
              expect(books.quiet).toBe(walked === answer.length);
            }
          }
          expect(books.violation).toBeUndefined();
        },
      ),
    );
  });

  it('counts commands sent ahead of their answers', () => {
    const books = traffic();
    books.fromClient.walk(Buffer.concat(turns.map(({ sent }) => sent)));
    for (const [at, { answer }] of turns.entries()) {
      expect(books.quiet).toBe(false);
      books.fromServer.walk(answer);
      if (at === turns.length - 1) expect(books.quiet).toBe(true);
    }
  });

  it('awaits the client and not the server while a file is asked for', () => {
    const books = traffic();
    books.fromClient.walk(packet(0, Buffer.from('\x03load data local')));
    books.fromServer.walk(packet(1, Buffer.from('\xfbfile', 'latin1')));
    expect([books.quiet, books.awaitingAnswer]).toEqual([false, false]);
    // Content that looks like a command is none.
    books.fromClient.walk(packet(2, Buffer.from([command.quit])));
    expect(books.awaitingAnswer).toBe(false);
    books.fromClient.walk(packet(3, Buffer.alloc(0)));
    expect(books.awaitingAnswer).toBe(true);
    books.fromServer.walk(okPacket(4));
    expect(books.quiet).toBe(true);
  });

  it('notices temporary tables until the session is reset', () => {
    const made = packet(0, Buffer.from('\x03/* x */ CREATE OR REPLACE TEMPORARY TABLE t (n int)'));
    const books = traffic();
    for (const byte of made) books.fromClient.walk(Buffer.from([byte]));
    const { temporaryTables } = books;
    expect([temporaryTables.names, temporaryTables.unsure]).toEqual([['t'], false]);
    books.fromClient.walk(packet(0, Buffer.from('\x02other')));
    expect(temporaryTables.unsure).toBe(true);
    books.fromClient.walk(packet(0, Buffer.from([command.resetConnection])));
    expect([temporaryTables.names, temporaryTables.unsure]).toEqual([[], false]);
  });

  it('sees an answer that nobody asked for, and nonsense, as violations', () => {
    const unasked = traffic();
    unasked.fromServer.walk(okPacket(0));
    expect(unasked.violation).toMatch(/nobody asked/);
    const nonsense = traffic();
    nonsense.fromClient.walk(packet(0, Buffer.from([command.ping])));
    nonsense.fromServer.walk(packet(1, Buffer.from('what?')));
    expect(nonsense.violation).toMatch(/no answer/);
    // A last word before the server closes is none.
    const closing = traffic();
    closing.fromServer.walk(errPacket(0, { number: 4031, sqlState: 'HY000', text: 'idle' }));
    expect([closing.violation, closing.quiet]).toEqual([undefined, true]);
  });
});

/** First bytes of payloads that a path takes out, or changes; all others pass. */
const [takes, changes] = [0x54, 0x43];

/** A path that takes and changes by the first byte, as a session does by the command. */
function path(): { path: WatchedPath; sent: Buffer[]; taken: () => number; walker: PacketWalker } {
  const sent: Buffer[] = [];
  let whole = 0;
  const walker = new PacketWalker({
    wants: (first, bytes) => (first === takes || first === changes ? Math.min(5, bytes) : 0),
    packet: (first, _bytes, head) => {
      if (first === takes) watched.decide({ kind: 'take', onWhole: () => whole++ });
      else if (first === changes && head !== null && head.length === 5) head.fill(0x58, 1, 5);
    },
  });
  const watched = new WatchedPath(walker, (bytes) => sent.push(Buffer.from(bytes)));
  return { path: watched, sent, taken: () => whole, walker };
}

/** As a session decides it: a lone payload that begins here and is none of those needs none. */
function looks(bytes: Buffer): boolean {
  if (bytes.length < 5 || bytes[4] === takes || bytes[4] === changes) return true;
  return bytes.readUIntLE(0, 3) + 4 < bytes.length;
}

const payloads = fc.array(
  fc.tuple(fc.constantFrom(takes, changes, 0x50), fc.uint8Array({ maxLength: 60 })),
  { minLength: 1, maxLength: 8 },
);

describe('WatchedPath', () => {
  const streams = (from: readonly (readonly [number, Uint8Array])[]) => {
    const all = from.map(([first, rest]) => packet(0, Buffer.from([first]), Buffer.from(rest)));
    const wanted = all.flatMap((bytes) => {
      if (bytes[4] === takes) return [];
      const copy = Buffer.from(bytes);
      if (bytes[4] === changes && bytes.length >= 9) copy.fill(0x58, 5, 9);
      return [copy];
    });
    return { bytes: Buffer.concat(all), wanted: Buffer.concat(wanted) };
  };

  it('passes, changes and takes the same whatever the chunks are, watched all along', () => {
    fc.assert(
      fc.property(payloads, cuts, fc.boolean(), (from, at, one) => {
        const { bytes, wanted } = streams(from);
        const { path: watched, sent, taken } = path();
        for (const chunk of chunksOf(bytes, at)) {
          let read = 0;
          while (read < chunk.length) read += watched.push(chunk.subarray(read), one);
        }
        expect(Buffer.concat(sent).equals(wanted)).toBe(true);
        expect(taken()).toBe(from.filter(([first]) => first === takes).length);
        expect(watched.atBoundary).toBe(true);
      }),
    );
  });

  it('does so, too, where it is watched only now and then', () => {
    fc.assert(
      fc.property(payloads, cuts, fc.infiniteStream(fc.nat(2)), (from, at, ways) => {
        const { bytes, wanted } = streams(from);
        const { path: watched, sent, taken } = path();
        for (const chunk of chunksOf(bytes, at)) {
          const way = ways.next().value;
          if (way === 0) watched.pass(chunk, looks);
          else if (way === 1) watched.pass(chunk, () => true);
          else {
            let read = 0;
            while (read < chunk.length) read += watched.push(chunk.subarray(read), true);
          }
        }
        expect(Buffer.concat(sent).equals(wanted)).toBe(true);
        expect(taken()).toBe(from.filter(([first]) => first === takes).length);
        expect(watched.atBoundary).toBe(true);
      }),
    );
  });

  it('goes on with a payload of which bytes are gone, though its head is waited for', () => {
    const { path: watched, sent } = path();
    const bytes = packet(0, Buffer.from([changes]), Buffer.alloc(100, 1));
    watched.pass(bytes.subarray(0, 6), () => false);
    watched.push(bytes.subarray(6, 7), true);
    watched.push(bytes.subarray(7, 8), true);
    watched.push(Buffer.concat([bytes.subarray(8), packet(0, Buffer.from('T____'))]));
    expect(Buffer.concat(sent).equals(bytes)).toBe(true);
  });
});

describe('StatementIds', () => {
  it('never lets an id mean two statements of one session', () => {
    const step = fc.oneof(fc.constant('prepare' as const), fc.constant('patch' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ids = new StatementIds();
        const live = new Map<number, number>();
        const ever = new Set<number>();
        let next = 1;
        for (const one of steps) {
          if (one === 'patch') {
            ids.forgetAll();
            live.clear();
            next = 1;
            continue;
          }
          const id = ids.given(next);
          expect(ever.has(id)).toBe(false);
          ever.add(id);
          live.set(id, next++);
        }
        for (const id of ever) expect(ids.toServer(id)).toBe(live.get(id));
      }),
    );
  });

  it('leaves the mark for "the last one" alone', () => {
    const ids = new StatementIds();
    ids.given(3);
    ids.forgetAll();
    expect([ids.differ, ids.toServer(0xffffffff), ids.toServer(3), ids.toServer(4)]).toEqual([
      true,
      0xffffffff,
      undefined,
      1,
    ]);
  });
});

describe('mappedKill', () => {
  it('changes the id and nothing else', () => {
    const plus = (id: number): number => id + 100;
    const mapped = (sql: string): string | undefined => mappedKill(sql, plus);
    expect(mapped('kill 5')).toBe('KILL 105');
    expect(mapped(' KILL  QUERY 5 ; ')).toBe('KILL QUERY 105');
    expect(mapped('kill connection 5')).toBe('KILL connection 105');
    expect(mapped('kill hard query 5')).toBe('KILL hard query 105');
    expect(mapped('/* app */ kill query 5')).toBe('KILL query 105');
    expect(mapped('-- why\n# not\nkill /* it */ 5 # at last\n')).toBe('KILL 105');
    for (const sql of ['/* app */ kill 5', '# a\nkill 5', '-- a\nkill 5', ' kill 5', 'KILL 5'])
      expect(mayBeKill(sql.charCodeAt(0))).toBe(true);
    expect(mapped('/*! kill 5 */')).toBeUndefined();
    for (const sql of ['kill 5, 6', 'kill @id', 'select 5', 'kill query id 5', 'killer 5', 'kill'])
      expect(mapped(sql)).toBeUndefined();
  });
});

describe('DialSlots', () => {
  it('holds few connections for those who do not answer, and says which are gone', async () => {
    const gone: number[] = [];
    const slots = new DialSlots<number>((dialled) => gone.push(dialled));
    const waiting = await Promise.all(
      Array.from({ length: 40 }, (_, at) => slots.dial(async () => at)),
    );
    expect(waiting.map(({ dialled }) => dialled)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(gone).toEqual(Array.from({ length: 24 }, (_, n) => n));
    expect(waiting[0]?.take()).toBeUndefined();
    expect(waiting[30]?.take()).toBe(30);
    expect(waiting[30]?.take()).toBeUndefined();
    await slots.dial(async () => 41);
    expect(gone.length).toBe(24);
  });

  it('dials a few at a time, in order, and goes on behind one that fails', async () => {
    const slots = new DialSlots<number>(() => {});
    let now = 0;
    let most = 0;
    const begun: number[] = [];
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) =>
        slots.dial(async () => {
          begun.push(at);
          most = Math.max(most, ++now);
          await new Promise((resolve) => setImmediate(resolve));
          now--;
          if (at % 7 === 0) throw new Error('no');
          return at;
        }),
      ),
    );
    expect(most).toBe(16);
    expect(begun).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(all.filter(({ status }) => status === 'rejected').length).toBe(8);
  });
});

describe('AcceptedPasswords', () => {
  it('knows a password by its proof, until the server takes it no more', () => {
    const accepted = new AcceptedPasswords();
    const nonce = Buffer.from('12345678901234567890');
    const proof = (password: string): Buffer =>
      cachingSha2.scramble(cachingSha2.key(password), nonce);
    accepted.remember('app', 'secret');
    expect(accepted.check('app', proof('secret'), nonce)).toBe('secret');
    expect(accepted.check('app', proof('other'), nonce)).toBeUndefined();
    expect(accepted.check('other', proof('secret'), nonce)).toBeUndefined();
    accepted.forget('app', 'a wrong one');
    expect(accepted.check('app', proof('secret'), nonce)).toBe('secret');
    accepted.forget('app', 'secret');
    expect(accepted.check('app', proof('secret'), nonce)).toBeUndefined();
  });
});
