import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerPlan, LedgerSession } from '../../harness/load/ledger.js';
import { readback } from '../../harness/load/readback.js';
import { openConnection } from '../../harness/probe/open-connection.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import {
  entryKeeper,
  mysqlFlavours,
  type ProbedServer,
  probedServer,
  until,
} from '../support/probed-server.js';

type Kept = ReturnType<typeof entryKeeper>;

function stages(kept: Kept): [string, string][] {
  return kept
    .of('write')
    .flatMap(({ data }): [string, string][] =>
      data.stage === 'readback' ? [] : [[data.stage, data.id]],
    );
}

const count = (kept: Kept, wanted: string): number =>
  stages(kept).filter(([stage]) => stage === wanted).length;

/** What a relay does once a statement has passed from the client. */
interface Cut {
  /** What the statement begins with, behind its attributes where there are any. */
  readonly at: string;
  readonly how: 'reset' | 'swallow-answer' | 'before-it-is-sent';
}

/** Stands between client and server and interferes once. */
async function relay(port: number, cut: Cut, ended: (() => void)[]): Promise<number> {
  let done = false;
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let muted = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (bytes) => muted || client.write(bytes));
    client.on('data', (bytes) => {
      if (done || !bytes.toString('latin1', 5, 5 + 20).includes(cut.at)) {
        upstream.write(bytes);
        return;
      }
      done = true;
      muted = true;
      if (cut.how === 'before-it-is-sent') client.destroy();
      else upstream.write(bytes);
      // The server has it, and its answer is on the way: the client is cut off from it.
      if (cut.how === 'reset') upstream.once('data', () => client.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`ledger on ${engine}`, () => {
    let probed: ProbedServer;
    const ended: (() => void)[] = [];
    beforeAll(async () => {
      probed = await probedServer(engine);
    });
    afterAll(() => probed?.remove());
    beforeEach(() => probed.sql('TRUNCATE rehearse.ledger'));
    afterEach(() => {
      for (const end of ended.splice(0)) end();
    });

    const plan = (
      target: ConnectionTarget = probed.instrument,
      timeoutMs = 10_000,
    ): LedgerPlan => ({
      target,
      sessions: 1,
      ratePerSecond: 100,
      timeoutMs,
    });

    async function writing(ledger: LedgerPlan = plan()) {
      const kept = entryKeeper('load');
      const session = new LedgerSession('w1', ledger, probed.clock, kept.record);
      expect(await session.open(10_000)).toBeNull();
      session.start(probed.clock.nowNs());
      const waitFor = (stage: string, wanted: number): Promise<void> =>
        until(probed.clock, () => count(kept, stage) >= wanted, `${wanted} writes ${stage}`);
      return { kept, session, waitFor };
    }

    async function writeRows(wanted: number): Promise<Kept> {
      const { kept, session, waitFor } = await writing();
      await waitFor('acknowledged', wanted);
      await session.stop();
      return kept;
    }

    async function readBack(highestRowId: number | null = null) {
      const kept = entryKeeper('load');
      const { admin: target, clock } = probed;
      const timeoutMs = 30_000;
      const end = await readback({ target, clock, record: kept.record, timeoutMs, highestRowId });
      const data = kept.of('write')[0]?.data;
      if (data?.stage !== 'readback') throw new Error('no readback entry');
      return { end, data, notes: kept.of('note').map((one) => one.data) };
    }

    function expectTold(kept: Kept, found: readonly (readonly [number, number, number])[]): void {
      const there = new Set(
        found.flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, index) => `w1-${first + index}`),
        ),
      );
      for (const [stage, id] of stages(kept)) {
        if (stage === 'acknowledged') expect(there).toContain(id);
        if (stage === 'failed') expect(there).not.toContain(id);
      }
    }

    it('finds an AUTO_INCREMENT that went back behind numbers that were acknowledged', async () => {
      const { session, waitFor } = await writing();
      await waitFor('acknowledged', 3);
      await session.stop();
      const { highestRowId } = session;
      const rows = await probed.rows('SELECT MAX(id) FROM rehearse.ledger');
      expect(String(highestRowId)).toBe(rows[0]?.[0]);
      const whole = await readBack(highestRowId);
      const next = (highestRowId ?? 0) + 1;
      expect(whole.data.rowIds).toEqual({ acknowledgedMax: highestRowId, next });
      expect(whole.notes).toEqual([]);
      // Nothing is left of the look at the counter.
      const after = await probed.rows('SELECT MAX(id) FROM rehearse.ledger');
      expect(after).toEqual(rows);

      await probed.sql('TRUNCATE rehearse.ledger');
      const behind = await readBack(highestRowId);
      expect(behind.end.complete).toBe(true);
      expect(behind.data.rowIds).toEqual({ acknowledgedMax: highestRowId, next: 1 });
      expect(behind.notes).toMatchObject([{ level: 'warning', code: 'row-ids-went-back' }]);
      expect((await readBack()).data).not.toHaveProperty('rowIds');
    });

    it('knows the next number from a refusal, where its row is there already', async () => {
      const refuse =
        'CREATE TRIGGER rehearse.taken BEFORE INSERT ON rehearse.ledger FOR EACH ROW ' +
        "SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, " +
        "MESSAGE_TEXT = \"Duplicate entry '5' for key 'PRIMARY'\"";
      await probed.sql(refuse);
      const taken = await readBack(17);
      await probed.sql('DROP TRIGGER rehearse.taken');
      expect(taken.data.rowIds).toEqual({ acknowledgedMax: 17, next: 5 });
      expect(taken.notes[0]?.text).toContain('the next row of the ledger was given 5');
    });

    it('records an intent before each write, and finds what was acknowledged again', async () => {
      const kept = await writeRows(20);
      const seen = stages(kept);
      const last = seen.length / 2;
      expect(seen).toEqual(
        Array.from({ length: last }, (_, index) => [
          ['intent', `w1-${index + 1}`],
          ['acknowledged', `w1-${index + 1}`],
        ]).flat(),
      );
      const { data, end } = await readBack();
      expect(end).toEqual({ complete: true, reason: null });
      expect(data).toMatchObject({
        complete: true,
        version: probed.version,
        found: { w1: [[1, last, 1]] },
      });
    });

    it('sees one lost, one duplicated and one resurrected write', async () => {
      const kept = await writeRows(9);
      const last = stages(kept).length / 2;
      await probed.sql(
        "DELETE FROM rehearse.ledger WHERE session = 'w1' AND number = 3",
        "INSERT INTO rehearse.ledger (session, number) VALUES ('w1', 6)",
        `INSERT INTO rehearse.ledger (session, number) VALUES ('w1', ${last + 2})`,
      );
      const { data } = await readBack();
      expect(data.found.w1).toEqual([
        [1, 2, 1],
        [4, 5, 1],
        [6, 6, 2],
        [7, last, 1],
        [last + 2, last + 2, 1],
      ]);
    });

    it('reads more rows than a page, and several sessions apart', async () => {
      const digits =
        '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 ' +
        'UNION ALL SELECT 4)';
      const rows = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${digits} AS ${name}`).join(', ');
      await probed.sql(
        'INSERT INTO rehearse.ledger (session, number) SELECT ' +
          `'w1', 1 + a.d + 5*b.d + 25*c.d + 125*d.d + 625*e.d + 3125*f.d FROM ${rows}`,
        "INSERT INTO rehearse.ledger (session, number) VALUES ('w10', 1), ('w2', 5), ('w2', 6)",
        // Behind the end of its session, along the key: the numbers need not come in order.
        "INSERT INTO rehearse.ledger (session, number) VALUES ('w1', 7)",
      );
      const { data } = await readBack();
      expect(data.found).toEqual({
        w1: [
          [1, 6, 1],
          [7, 7, 2],
          [8, 15_625, 1],
        ],
        w10: [[1, 1, 1]],
        w2: [[5, 6, 1]],
      });
    });

    it('says failed where the server refused, and goes on', async () => {
      await probed.sql(
        'ALTER TABLE rehearse.ledger ADD CONSTRAINT odd_only CHECK (number % 2 = 1)',
      );
      const kept = await writeRows(3);
      await probed.sql('ALTER TABLE rehearse.ledger DROP CONSTRAINT odd_only');
      const failed = kept.of('write').filter(({ data }) => data.stage === 'failed');
      expect(failed.length).toBeGreaterThanOrEqual(2);
      expect(failed[0]?.data).toMatchObject({
        id: 'w1-2',
        error: { errorNumber: engine === 'mysql' ? 3819 : 4025 },
      });
      const { data } = await readBack();
      expect(data.found.w1?.every(([first, end]) => first === end && first % 2 === 1)).toBe(true);
    });

    it('reconnects after its session was ended, and never repeats a number', async () => {
      const { kept, session, waitFor } = await writing();
      await waitFor('acknowledged', 5);
      const threads = await probed.rows(
        "SELECT id FROM information_schema.processlist WHERE user = 'instrument'",
      );
      for (const [id] of threads) await probed.sql(`KILL ${id}`);
      await waitFor('acknowledged', count(kept, 'acknowledged') + 5);
      await session.stop();
      const intents = stages(kept).flatMap(([stage, id]) => (stage === 'intent' ? [id] : []));
      expect(new Set(intents).size).toBe(intents.length);
      const { data } = await readBack();
      expectTold(kept, data.found.w1 ?? []);
    });

    it.each([
      ['COMMIT', 'reset', true],
      ['COMMIT', 'swallow-answer', true],
      ['COMMIT', 'before-it-is-sent', false],
      ['INSERT', 'reset', false],
    ] as const)('is in doubt when %s is cut off: %s', async (at, how, isThere) => {
      const port = await relay(probed.instrument.port, { at, how }, ended);
      const { kept, session, waitFor } = await writing(plan({ ...probed.instrument, port }, 1_500));
      await waitFor('inDoubt', 1);
      await waitFor('acknowledged', 3);
      await session.stop();
      const doubts = stages(kept).filter(([stage]) => stage === 'inDoubt');
      expect(doubts).toEqual([['inDoubt', 'w1-1']]);
      const { data } = await readBack();
      const found = data.found.w1 ?? [];
      expect(found.some(([first]) => first === 1)).toBe(isThere);
      expectTold(kept, found);
    });

    it('calls a read-only server read-only, and fails what it refused', async () => {
      const { kept, session, waitFor } = await writing();
      await waitFor('acknowledged', 5);
      await probed.sql('SET GLOBAL read_only = 1');
      await waitFor('failed', 3);
      await probed.sql('SET GLOBAL read_only = 0');
      await waitFor('acknowledged', count(kept, 'acknowledged') + 5);
      await session.stop();
      const failed = kept.of('write').filter(({ data }) => data.stage === 'failed');
      expect(failed[0]?.data).toMatchObject({ error: { kind: 'read-only', errorNumber: 1290 } });
      const { data } = await readBack();
      expectTold(kept, data.found.w1 ?? []);
    });

    it('finds nothing of a COMMIT that was definitely refused', async () => {
      const opened = await openConnection({
        target: probed.instrument,
        clock: probed.clock,
        applicationName: 'rehearse/test',
        timeoutMs: 10_000,
      });
      const { connection } = opened;
      if (connection === undefined) throw new Error(opened.failure.message);
      const ask = (text: string) => connection.query({ text }, 10_000);
      expect(await ask('BEGIN')).toMatchObject({ ok: true, inTransaction: true });
      const insert = "INSERT INTO rehearse.ledger (session, number) VALUES ('w9', 1)";
      expect(await ask(insert)).toMatchObject({ ok: true, inTransaction: true });
      const flip = probed.sql('SET GLOBAL read_only = 1');
      await Promise.race([flip, probed.clock.sleep(1_000)]);
      const committed = await ask('COMMIT');
      await flip;
      await probed.sql('SET GLOBAL read_only = 0');
      await connection.close();
      if (!committed.ok) {
        expect(committed.failure).toMatchObject({ kind: 'read-only', errorNumber: 1290 });
        expect(committed.definite).toBe(true);
      }
      const { data } = await readBack();
      expect(data.found.w9 ?? []).toEqual(committed.ok ? [[1, 1, 1]] : []);
    });

    it('says that it could not read whole, and why', async () => {
      await probed.sql('RENAME TABLE rehearse.ledger TO rehearse.elsewhere');
      const { data, end } = await readBack();
      await probed.sql('RENAME TABLE rehearse.elsewhere TO rehearse.ledger');
      expect(end.complete).toBe(false);
      expect(data).toMatchObject({ complete: false, error: { errorNumber: 1146 } });
    });
  });
