/** Faults of a cluster of Postgres: its servers, its replication, its names, its COMMITs. */
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { FaultRequest } from '../../sim/sim.js';
import { endOf, openWorld, type World } from '../support/world.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
let cluster: ClusterRecord;
let faulted = 0;
beforeAll(async () => {
  world = await openWorld({ members: ['reader', 'reader'], parameters: { max_connections: '30' } });
  cluster = world.cluster as ClusterRecord;
  const client = await world.client();
  await client.query('create table t (n int)');
  await client.end();
});
beforeEach(() => {
  world.told.length = 0;
  faulted = 0;
});
afterAll(() => world?.close());

const inject = (request: FaultRequest) => {
  faulted++;
  return cluster.injectFault(request);
};
const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => 'ok',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
const dial = async (port = cluster.writer.port): Promise<string | undefined> => {
  const client = new Client({
    ...{ host: '127.0.0.1', port, ...cluster.application },
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {});
  const code = await codeOf(client.connect());
  await client.end().catch(() => {});
  return code;
};
const told = (): string[] =>
  world.told.flatMap((one) =>
    one.kind === 'event' && one.data.source === 'fault' ? [one.data.message] : [],
  );
const notes = (): (string | null)[] =>
  world.told.flatMap((one) => (one.kind === 'note' ? [one.data.code] : []));
const active = (): unknown[] =>
  world.told.flatMap((one) =>
    one.kind === 'gauge' && one.data.name === 'endpoint.faults' ? [one.data.value] : [],
  );
const rows = async (port?: number): Promise<number> => {
  const client = await world.client(port === undefined ? {} : { port });
  const { rows: found } = await client.query<{ n: number }>('select count(*)::int as n from t');
  await client.end();
  return found[0]?.n ?? -1;
};
const readersPorts = (): number[] => cluster.readers.map(({ address }) => address.port);

describe('the faults of a cluster', () => {
  it('are told once each, however many instances they meet', async () => {
    const fault = inject({ name: 'latency', value: 1 });
    const other = inject({ name: 'black-hole', target: 'reader' });
    await fault.end();
    await fault.end();
    await other.end();
    expect(told()).toEqual([
      ...['fault latency begins', 'fault black-hole begins'],
      ...['fault latency ends', 'fault black-hole ends'],
    ]);
    expect(active()).toEqual([1, 2, 1, 0]);
    expect(faulted).toBe(2);
  });

  it('meet the instance that was named and no other', async () => {
    const fault = inject({ name: 'refuse', target: 'instance-2' });
    await expect.poll(() => dial(readersPorts()[0])).toBe('ECONNREFUSED');
    expect([await dial(), await dial(readersPorts()[1])]).toEqual(['ok', 'ok']);
    await fault.end();
    await expect.poll(() => dial(readersPorts()[0])).toBe('ok');
    expect(() => inject({ name: 'refuse', target: 'nobody' })).toThrow(/There is no "nobody"/);
    expect(() => inject({ name: 'nonsense' })).toThrow(/There is no fault/);
  });

  it('engine-restart refuses clients, drops sessions, and ends by itself', async () => {
    const client = await world.client();
    const end = endOf(client);
    const pid = cluster.writerInstance.server.pid;
    const fault = inject({ name: 'engine-restart' });
    await expect.poll(() => dial(), { interval: 5 }).toBe('ECONNREFUSED');
    expect((await end).code).toBe('57P01');
    await expect.poll(told, { timeout: 20_000 }).toContain('fault engine-restart ends');
    expect(await dial()).toBe('ok');
    expect(cluster.writerInstance.server.pid).not.toBe(pid);
    await fault.end();
    expect(notes()).toEqual([]);
  });

  it('crash lets the server recover by itself, with 57P03 for who dials meanwhile', async () => {
    const client = await world.client();
    const end = endOf(client);
    const slow = inject({ name: 'slow-start', value: 300 });
    inject({ name: 'crash' });
    await end;
    await expect.poll(told, { timeout: 20_000 }).toContain('fault crash ends');
    expect(await dial()).toBe('57P03');
    await expect.poll(() => dial(), { timeout: 20_000 }).toBe('ok');
    await slow.end();
    expect(notes()).toEqual([]);
  });

  it('freeze neither answers nor closes until it ends', async () => {
    const client = await world.client();
    const fault = inject({ name: 'freeze' });
    const answer = client.query('select 1').then(() => 'answered');
    const silence = new Promise((resolve) => setTimeout(resolve, 300, 'silence'));
    expect(await Promise.race([answer, silence])).toBe('silence');
    expect(() => inject({ name: 'crash' })).toThrow(/is away/);
    await fault.end();
    expect(await answer).toBe('answered');
    await client.end();
  });

  it('what met nothing is told as an error', async () => {
    await inject({ name: 'stale-dns', value: 1_000 }).end();
    await inject({ name: 'slow-start', value: 1_000 }).end();
    await inject({ name: 'drop-after-commit' }).end();
    expect(notes()).toEqual(['fault-unmet', 'fault-unmet', 'fault-unmet']);
  });
});

describe('faults of replication', () => {
  const seenAfter = async (port: number, before: number): Promise<number> => {
    const reader = await world.client({ port });
    const begin = performance.now();
    for (;;) {
      const { rows: found } = await reader.query<{ n: number }>('select count(*)::int n from t');
      if ((found[0]?.n ?? 0) > before) break;
    }
    await reader.end();
    return performance.now() - begin;
  };

  it('lag is what was asked for, within a tick of 100 ms, on a new connection too', async () => {
    const writer = await world.client();
    const fault = inject({ name: 'lag', value: 1_000, target: 'instance-2' });
    const [lagging = 0, other = 0] = readersPorts();
    for (const cut of [false, true]) {
      const [instance] = cluster.readers;
      if (cut && instance !== undefined) {
        cluster.followers.linkOf(instance)?.cut();
        const { replication } = cluster.followers;
        const state = async () => (await replication.state(instance)).state;
        await expect.poll(state, { timeout: 15_000 }).toBe('streaming');
      }
      // A busy machine can make it look longer, never shorter: the best of three tells.
      const seen: number[] = [];
      while (seen.length < 3 && !seen.some((ms) => ms < 1_100)) {
        const before = await rows();
        await writer.query('insert into t values (1)');
        const ports = [lagging, other];
        const [late = 0, soon = 0] = await Promise.all(
          ports.map((port) => seenAfter(port, before)),
        );
        seen.push(late);
        expect(soon).toBeLessThan(late);
      }
      expect(Math.min(...seen)).toBeGreaterThan(900);
      expect(Math.min(...seen)).toBeLessThan(1_100);
    }
    await fault.end();
    await writer.end();
    expect(active()).toEqual([]);
  });

  it('apply-lag delays what is received', async () => {
    const writer = await world.client();
    const fault = inject({ name: 'apply-lag', value: 700 });
    const delay = async () => {
      const client = await world.client({ port: readersPorts()[1] ?? 0 });
      const { rows: found } = await client.query('show recovery_min_apply_delay');
      await client.end();
      return (found[0] as { recovery_min_apply_delay: string }).recovery_min_apply_delay;
    };
    await expect.poll(delay).toBe('700ms');
    const before = await rows();
    await writer.query('insert into t values (1)');
    expect(await seenAfter(readersPorts()[1] ?? 0, before)).toBeGreaterThan(600);
    await fault.end();
    await expect.poll(delay).toBe('0');
    await writer.end();
  });

  it('partition and broken replication keep readers behind, and they catch up', async () => {
    const writer = await world.client();
    for (const name of ['partition', 'broken-replication']) {
      const before = await rows();
      const fault = inject({ name });
      await writer.query('insert into t values (1)');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await rows(readersPorts()[0])).toBe(before);
      await fault.end();
      await expect.poll(() => rows(readersPorts()[0]), { timeout: 15_000 }).toBe(before + 1);
    }
    await writer.end();
    expect(notes()).toEqual([]);
  });
});

describe('faults of names', () => {
  const answers = (): unknown[] =>
    world.told.flatMap((one) =>
      one.kind === 'gauge' && one.data.name === 'dns.answer' ? [one.data.value] : [],
    );

  it('stale-dns keeps the answer as it was, and ends with the new one', async () => {
    const [reader] = cluster.readers;
    if (reader === undefined) throw new Error('there is no reader');
    const fault = inject({ name: 'stale-dns', value: 400 });
    await cluster.leadWritersTo(reader);
    expect(answers()).toEqual([]);
    await expect.poll(answers).toEqual(['demo-instance-2']);
    await cluster.leadWritersTo(cluster.writerInstance);
    expect(cluster.name('writer').endpoint).toBe(reader.endpoint);
    await fault.end();
    expect(answers()).toEqual(['demo-instance-2', 'demo-instance-1']);
    expect(notes()).toEqual([]);
  });

  it('flapping-dns answers in turns, and ends with the new one', async () => {
    const [reader] = cluster.readers;
    if (reader === undefined) throw new Error('there is no reader');
    const fault = inject({ name: 'flapping-dns', value: 30 });
    await cluster.leadWritersTo(reader);
    await expect.poll(() => answers().length).toBeGreaterThan(5);
    expect(new Set(answers())).toEqual(new Set(['demo-instance-1', 'demo-instance-2']));
    await fault.end();
    expect(answers().at(-1)).toBe('demo-instance-2');
    await cluster.leadWritersTo(cluster.writerInstance);
    const count = answers().length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answers().length).toBe(count);
  });
});

const extended = { queryMode: 'extended' };

describe('sessions broken at a COMMIT', () => {
  // What the types do not know: Parse, Bind and Execute where nothing is named.
  const unnamedCommit: { text: string } = Object.assign({ text: 'commit' }, extended);
  const forms: [string, (client: Client) => Promise<unknown>][] = [
    ['simple', (client) => client.query('COMMIT')],
    ['unnamed', (client) => client.query(unnamedCommit)],
    ['prepared', (client) => client.query({ text: 'COMMIT;', name: 'end it' })],
  ];
  const afterwards = async (name: string, form: (client: Client) => Promise<unknown>) => {
    const client = await world.client();
    const end = endOf(client);
    // Prepared before the fault begins.
    await client.query('BEGIN');
    await form(client);
    const before = await rows();
    const fault = inject({ name });
    await client.query('BEGIN');
    await client.query('insert into t values (1)');
    expect(await codeOf(form(client))).not.toBe('ok');
    await end;
    await fault.end();
    return (await rows()) - before;
  };

  it.each(forms)('before: nothing is committed (%s)', async (_form, form) => {
    expect(await afterwards('drop-before-commit', form)).toBe(0);
  });

  it.each(forms)('after: it is, and nobody is told (%s)', async (_form, form) => {
    expect(await afterwards('drop-after-commit', form)).toBe(1);
  });

  it('so many and no more, and of those that are meant', async () => {
    const fault = inject({ name: 'drop-before-commit', value: 1, sessions: 'application' });
    const instrument = await world.client({ application_name: 'rehearse/probe/writer' });
    await instrument.query('BEGIN');
    await instrument.query('COMMIT');
    const [first, second] = [await world.client(), await world.client()];
    await first.query('BEGIN');
    expect(await codeOf(first.query('insert into t values (1); COMMIT'))).not.toBe('ok');
    await second.query('BEGIN');
    await second.query('COMMIT');
    await fault.end();
    await Promise.all([instrument.end(), second.end()]);
  });
});

it('storm: a server with no connection left, until it ends', async () => {
  const fault = inject({ name: 'storm' });
  await expect.poll(() => dial(), { timeout: 20_000 }).toBe('53300');
  await fault.end();
  await expect.poll(() => dial(), { timeout: 10_000 }).toBe('ok');
  const { endpoint } = cluster;
  await expect.poll(() => endpoint.sessions.length, { timeout: 10_000 }).toBe(0);
  expect(notes()).toEqual([]);
});
