/** Steps that ask servers: statements, and whether a replica has caught up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverTarget } from '../../harness/conductor/instruments-plan.js';
import { carryOut } from '../../harness/conductor/steps/carry-out.js';
import type { StepEnd, StepWorld } from '../../harness/conductor/steps/step-end.js';
import type { Entry } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { prepareSchema } from '../../harness/load/schema.js';
import type { ToldStep } from '../../harness/step-text.js';
import { systemClock } from '../../sim/clock.js';
import type { EngineName } from '../../sim/server/server.js';
import { program } from '../support/programs.js';
import { openReplicaWorld, type ReplicaWorld } from '../support/replica-world.js';

const engines: EngineName[] = ['postgres', 'mariadb'];

describe.each(engines)('steps on %s with a replica', (engine) => {
  const isThere = engine === 'postgres' || program(engine) !== undefined;
  let replicas: ReplicaWorld;
  let world: StepWorld;
  const entries: Entry[] = [];
  const stop = new AbortController();

  beforeAll(async () => {
    if (!isThere) return;
    replicas = await openReplicaWorld(engine);
    const { source, sim } = replicas;
    const clock = systemClock();
    await prepareSchema(serverTarget(source), source.instrument.user, clock);
    const record = recorder('test', (entry) => entries.push(entry));
    const run = { clock, record, stop: stop.signal };
    const clusters = { primary: source, secondaries: [] };
    world = { run, sim, clusters } as unknown as StepWorld;
    // Before there is a replica: on Postgres no table follows that was made later.
    expect(await sql(['CREATE TABLE t (id int PRIMARY KEY)', 'SELECT 1'])).toEqual({
      ok: true,
      said: '2 statements, 1 row from the last',
    });
    await replicas.operate('create-read-replica', 'demo', { replica: 'target' });
  });
  afterAll(() => replicas?.close());

  const take = (step: ToldStep): Promise<StepEnd> => carryOut(step, world);
  const sql = (statements: string[], on = 'primary', as: 'admin' | 'application' = 'application') =>
    take({ step: 'sql', on, as, statements });
  const until = (condition: object, timeoutMs: number): Promise<StepEnd> =>
    take({ step: 'wait-until', until: condition, timeoutMs, everyMs: 50 } as ToldStep);

  it.runIf(isThere)('are answered by whom they name, and see what comes over', async () => {
    expect(await sql(['INSERT INTO t VALUES (1)'])).toEqual({ ok: true, said: '1 statement' });
    const seen = {
      condition: 'sql',
      on: 'replica',
      as: 'admin',
      statement: 'SELECT count(*) FROM t',
    };
    expect((await until({ ...seen, equals: 1 }, 10_000)).ok).toBe(true);
    expect((await until({ condition: 'caught-up', of: 'replica' }, 20_000)).ok).toBe(true);
    expect(
      (await until({ condition: 'status', of: 'target', equals: 'available' }, 5_000)).ok,
    ).toBe(true);
  });

  it.runIf(isThere)('fail with the words of the server, and end there', async () => {
    const end = await sql(['SELECT 1', 'SELECT no_such_column FROM t', 'DROP TABLE t']);
    expect(end.ok).toBe(false);
    const why = end.ok ? '' : end.why;
    expect(why).toContain('statement 2: ');
    expect(why).toMatch(engine === 'postgres' ? /does not exist \(42703\)/ : /\(1054\)/);
    expect((await sql(['SELECT count(*) FROM t'])).ok).toBe(true);
  });

  it.runIf(isThere)('see a lag, and when it is over', async () => {
    const fault = replicas.source.injectFault({ name: 'lag', value: 1_500 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const small = { condition: 'lag', of: 'target', atMostMs: 500 };
    const lagging = await until(small, 1_000);
    expect(lagging).toMatchObject({ ok: false, code: 'step-timed-out' });
    expect((await until({ ...small, atMostMs: 30_000 }, 20_000)).ok).toBe(true);
    // That nothing of before is missing comes true in spite of a lag that stays.
    expect((await until({ condition: 'caught-up', of: 'target' }, 20_000)).ok).toBe(true);
    await fault.end();
    expect((await until(small, 20_000)).ok).toBe(true);
  });

  it.runIf(isThere)('look for what is behind also while the source takes no writes', async () => {
    await replicas.flip(true);
    expect((await sql(['INSERT INTO t VALUES (2)'])).ok).toBe(false);
    expect((await until({ condition: 'caught-up', of: 'replica' }, 20_000)).ok).toBe(true);
    await replicas.flip(false);
  });

  it.runIf(isThere)('are cut off at their limit', async () => {
    const slow = engine === 'postgres' ? 'SELECT pg_sleep(30)' : 'SELECT sleep(30)';
    const step = { step: 'sql', on: 'primary', as: 'admin', statements: [slow] } as const;
    const end = await take({ ...step, timeoutMs: 200 });
    expect(end).toMatchObject({ ok: false, code: 'step-timed-out' });
  });
});
