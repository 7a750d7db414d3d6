import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerPlan, LedgerSession } from '../../harness/load/ledger.js';
import { readback } from '../../harness/load/readback.js';
import { entryKeeper, type ProbedServer, probedServer, until } from '../support/probed-server.js';

let probed: ProbedServer;
beforeAll(async () => {
  probed = await probedServer();
});
afterAll(() => probed?.remove());
beforeEach(() => probed.sql('TRUNCATE rehearse.ledger'));

const plan = (): LedgerPlan => ({
  target: probed.instrument,
  sessions: 1,
  ratePerSecond: 100,
  timeoutMs: 10_000,
});

/** Writes at least `count` acknowledged rows as session w1; returns what was recorded. */
async function writeRows(count: number) {
  return (await writeAs(count)).kept;
}

async function writeAs(count: number) {
  const kept = entryKeeper('load');
  const session = new LedgerSession('w1', plan(), probed.clock, kept.record);
  expect(await session.open(10_000)).toBeNull();
  session.start(probed.clock.nowNs());
  const acknowledged = () => stages(kept).filter(([stage]) => stage === 'acknowledged').length;
  await until(probed.clock, () => acknowledged() >= count, `${count} writes`);
  await session.stop();
  return { kept, highestRowId: session.highestRowId };
}

function stages(kept: ReturnType<typeof entryKeeper>): [string, string][] {
  return kept
    .of('write')
    .flatMap(({ data }): [string, string][] =>
      data.stage === 'readback' ? [] : [[data.stage, data.id]],
    );
}

async function readBack(timeoutMs = 30_000, highestRowId: number | null = null) {
  const kept = entryKeeper('load');
  const { admin: target, clock } = probed;
  const end = await readback({ target, clock, record: kept.record, timeoutMs, highestRowId });
  const data = kept.of('write')[0]?.data;
  if (data?.stage !== 'readback') throw new Error('no readback entry');
  return { end, data, notes: kept.of('note').map((one) => one.data) };
}

describe('ledger', () => {
  it('finds a sequence that went back behind numbers that were acknowledged', async () => {
    const { kept, highestRowId } = await writeAs(3);
    const acknowledged = stages(kept).filter(([stage]) => stage === 'acknowledged').length;
    expect(highestRowId).toBeGreaterThanOrEqual(acknowledged);
    const whole = await readBack(30_000, highestRowId);
    expect(whole.data.rowIds).toEqual({
      acknowledgedMax: highestRowId,
      next: (highestRowId ?? 0) + 1,
    });
    expect(whole.notes).toEqual([]);
    await probed.sql('ALTER TABLE rehearse.ledger ALTER COLUMN id RESTART WITH 2');
    const behind = await readBack(30_000, highestRowId);
    expect(behind.end.complete).toBe(true);
    expect(behind.data.rowIds).toEqual({ acknowledgedMax: highestRowId, next: 2 });
    expect(behind.notes).toMatchObject([{ level: 'warning', code: 'row-ids-went-back' }]);
    expect((await readBack()).data).not.toHaveProperty('rowIds');
  });

  it('records an intent before each write, and finds every acknowledged write again', async () => {
    const kept = await writeRows(20);
    const seen = stages(kept);
    const count = seen.length / 2;
    expect(seen).toEqual(
      Array.from({ length: count }, (_, index) => [
        ['intent', `w1-${index + 1}`],
        ['acknowledged', `w1-${index + 1}`],
      ]).flat(),
    );
    const { data, end } = await readBack();
    expect(end).toEqual({ complete: true, reason: null });
    expect(data).toMatchObject({ complete: true, version: '17.4', found: { w1: [[1, count, 1]] } });
  });

  it('sees one lost, one duplicated and one resurrected write', async () => {
    const kept = await writeRows(9);
    const last = stages(kept).length / 2;
    await probed.sql(
      "DELETE FROM rehearse.ledger WHERE session = 'w1' AND number = 3",
      "INSERT INTO rehearse.ledger (session, number) VALUES ('w1', 6)",
      // A write that had failed, and yet is there.
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
    await probed.sql(
      "INSERT INTO rehearse.ledger (session, number) SELECT 'w1', generate_series(1, 25000)",
      "INSERT INTO rehearse.ledger (session, number) SELECT 'w10', generate_series(1, 3)",
      "INSERT INTO rehearse.ledger (session, number) SELECT 'w2', generate_series(5, 6)",
    );
    const { data } = await readBack();
    expect(data.found).toEqual({ w1: [[1, 25_000, 1]], w10: [[1, 3, 1]], w2: [[5, 6, 1]] });
  });

  it('says failed where the server refused, and goes on', async () => {
    await probed.sql('ALTER TABLE rehearse.ledger ADD CONSTRAINT odd_only CHECK (number % 2 = 1)');
    const kept = await writeRows(3);
    await probed.sql('ALTER TABLE rehearse.ledger DROP CONSTRAINT odd_only');
    const failed = kept.of('write').filter(({ data }) => data.stage === 'failed');
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(failed[0]?.data).toMatchObject({ id: 'w1-2', error: { sqlstate: '23514' } });
    const { data } = await readBack();
    expect(data.found.w1?.every(([first, end]) => first === end && first % 2 === 1)).toBe(true);
  });

  it('reconnects after its session was ended, and never repeats a number', async () => {
    const kept = entryKeeper('load');
    const session = new LedgerSession('w1', plan(), probed.clock, kept.record);
    await session.open(10_000);
    session.start(probed.clock.nowNs());
    const acknowledged = () => stages(kept).filter(([stage]) => stage === 'acknowledged').length;
    await until(probed.clock, () => acknowledged() >= 5, 'the first writes');
    await probed.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
        "WHERE application_name = 'rehearse/ledger/writer'",
    );
    const before = acknowledged();
    await until(probed.clock, () => acknowledged() >= before + 5, 'writes after the end');
    await session.stop();
    const intents = stages(kept).flatMap(([stage, id]) => (stage === 'intent' ? [id] : []));
    expect(new Set(intents).size).toBe(intents.length);
    const { data } = await readBack();
    const found = new Set<string>();
    for (const [first, end, copies] of data.found.w1 ?? []) {
      expect(copies).toBe(1);
      for (let number = first; number <= end; number++) found.add(`w1-${number}`);
    }
    for (const [stage, id] of stages(kept)) {
      if (stage === 'acknowledged') expect(found.has(id)).toBe(true);
      if (stage === 'failed') expect(found.has(id)).toBe(false);
    }
  });

  it('leaves a write in doubt when the answer to COMMIT never comes', async () => {
    const kept = entryKeeper('load');
    const short = { ...plan(), timeoutMs: 1_500 };
    // A deferred trigger sleeps inside COMMIT until the writer has given up.
    await probed.sql(
      'CREATE FUNCTION rehearse.sleepy() RETURNS trigger LANGUAGE plpgsql AS ' +
        '$$BEGIN PERFORM pg_sleep(30); RETURN NULL; END$$',
      'CREATE CONSTRAINT TRIGGER sleepy AFTER INSERT ON rehearse.ledger ' +
        'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rehearse.sleepy()',
    );
    const session = new LedgerSession('w1', short, probed.clock, kept.record);
    await session.open(10_000);
    session.start(probed.clock.nowNs());
    const doubted = () => stages(kept).filter(([stage]) => stage === 'inDoubt').length;
    await until(probed.clock, () => doubted() >= 1, 'a write in doubt');
    await session.stop();
    await probed.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
        "WHERE application_name = 'rehearse/ledger/writer'",
      'DROP TRIGGER sleepy ON rehearse.ledger',
      'DROP FUNCTION rehearse.sleepy()',
    );
    expect(stages(kept).map(([stage]) => stage)).not.toContain('acknowledged');
    const doubt = kept.of('write').find(({ data }) => data.stage === 'inDoubt');
    expect(doubt?.data).toMatchObject({ error: { kind: 'timeout' } });
  });

  it('says that it could not read whole, and why', async () => {
    await probed.sql('ALTER TABLE rehearse.ledger RENAME TO elsewhere');
    const { data, end } = await readBack();
    await probed.sql('ALTER TABLE rehearse.elsewhere RENAME TO ledger');
    expect(end.complete).toBe(false);
    expect(data).toMatchObject({ complete: false, error: { sqlstate: '42P01' } });
  });
});
