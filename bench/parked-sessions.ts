/** Thousands of idle sessions parked, the server replaced, all of them re-attached. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Clock, systemClock } from '../sim/clock.js';
import type { Login } from '../sim/sim.js';
import { type Bench, type Figure, samplesMin } from './figure.js';
import type { Memory, OpenedWorld, Patched, WorldOrder } from './peers/patched-world.js';

/** As many at a time as the operation itself re-attaches. */
const atOnce = 32;

interface Sample extends Patched {
  readonly connectMs: number;
  readonly heapKb: number;
  readonly residentKb: number;
}

export const parkedSessions: Bench = {
  name: 'parked-sessions',
  what: 'idle sessions parked, server replaced, all re-attached; memory of each',
  run: async ({ quick, say }) => {
    const sessions = quick ? 100 : 2000;
    const samples: Sample[] = [];
    for (let round = 0; round < (quick ? 2 : samplesMin); round++) {
      const sample = await once(sessions);
      samples.push(sample);
      say(`round ${round + 1}: ${told(sample)}`);
    }
    return figures(sessions, samples);
  },
};

function told({ totalMs, engineMs, connectMs, residentKb }: Sample): string {
  const [total, engine, connects] = [totalMs, engineMs, connectMs].map((ms) => ms.toFixed(0));
  const memory = `${residentKb.toFixed(1)} kB a session`;
  return `${total} ms, of it engine ${engine}; bare connects ${connects} ms; ${memory}`;
}

function figures(sessions: number, samples: readonly Sample[]): Figure[] {
  const workload = `${sessions} idle sessions, 17.4 to 17.5, ${atOnce} at a time`;
  const figure = (
    name: string,
    unit: string,
    of: (sample: Sample) => number,
    target: Figure['target'] = null,
  ): Figure => ({ name, workload, unit, samples: samples.map(of), target });
  const ownMs = (sample: Sample): number => sample.totalMs - sample.engineMs;
  return [
    figure(
      'parked, server restarted, re-attached / bare connects',
      'ratio',
      (one) => one.totalMs / one.connectMs,
      { rule: '<=', value: 2 },
    ),
    figure('the same less the restart', 'ratio', (one) => ownMs(one) / one.connectMs),
    figure('parked, server restarted, re-attached', 'ms', (one) => one.totalMs),
    figure('engine stop and start', 'ms', (one) => one.engineMs),
    figure('bare connects of node-postgres', 'ms', (one) => one.connectMs),
    figure('resident memory a session', 'kB', (one) => one.residentKb, { rule: '<=', value: 60 }),
    figure('heap a session', 'kB', (one) => one.heapKb),
  ];
}

async function once(sessions: number): Promise<Sample> {
  const clock = systemClock();
  const child = fork(join(import.meta.dirname, 'peers', 'patched-world.js'), {
    execArgv: ['--expose-gc'],
    stdio: 'inherit',
  });
  const clients: Client[] = [];
  try {
    const world = await ask<OpenedWorld>(child, 'open');
    const connectBeforeMs = await bareConnects(clock, world, sessions);
    // The first session brings code and caches that all share.
    clients.push(...(await connectAll(world.writer, world.application, 10)));
    const before = await ask<Memory>(child, 'measure');
    clients.push(...(await connectAll(world.writer, world.application, sessions - 10)));
    // Older than the operation's notion of a young session, and all that was under way is done.
    await clock.sleep(1_000);
    const after = await ask<Memory>(child, 'measure');
    const patched = await ask<Patched>(child, 'patch');
    if (patched.preserved !== sessions || patched.dropped > 0)
      throw new Error(`${patched.preserved} of ${sessions} preserved, ${patched.dropped} dropped`);
    await requireVersion(clients, '17.5');
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await untilGone(clock, world);
    // Before and after, as what else the machine does changes meanwhile.
    const connectMs = (connectBeforeMs + (await bareConnects(clock, world, sessions))) / 2;
    const perSession = (bytes: number): number => bytes / 1000 / (sessions - 10);
    return {
      ...patched,
      connectMs,
      heapKb: perSession(after.heapBytes - before.heapBytes),
      residentKb: perSession(after.residentBytes - before.residentBytes),
    };
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
    if (child.connected) await ask(child, 'close').catch(() => undefined);
    child.kill();
  }
}

/** Connects straight to the server, and lets go again. @returns milliseconds for the connects */
async function bareConnects(clock: Clock, world: OpenedWorld, count: number): Promise<number> {
  const beginNs = clock.nowNs();
  const clients = await connectAll(world.server, world.application, count);
  const tookMs = (clock.nowNs() - beginNs) / 1e6;
  await Promise.all(clients.map((client) => client.end()));
  await untilGone(clock, world);
  return tookMs;
}

/** The server's processes take a moment to end. */
async function untilGone(clock: Clock, { server, application }: OpenedWorld): Promise<void> {
  const { user, password, database } = application;
  const client = new Client({ host: server.host, port: server.port, user, password, database });
  await client.connect();
  try {
    for (let tries = 0; tries < 300; tries++) {
      const { rows } = await client.query<{ n: string }>('select count(*) n from pg_stat_activity');
      // Its own processes are listed, too.
      if (Number(rows[0]?.n) < 30) return;
      await clock.sleep(100);
    }
  } finally {
    await client.end();
  }
  throw new Error('the server keeps processes of clients that are gone');
}

async function connectAll(
  address: { readonly host: string; readonly port: number },
  { user, password, database }: Login,
  count: number,
): Promise<Client[]> {
  const { host, port } = address;
  const clients: Client[] = [];
  const worker = async (): Promise<void> => {
    while (clients.length < count) {
      const client = new Client({ host, port, user, password, database });
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return clients;
}

async function requireVersion(clients: readonly Client[], version: string): Promise<void> {
  const answers = await Promise.all(
    clients.map((client) =>
      client.query<{ v: string }>("select current_setting('server_version') v"),
    ),
  );
  const wrong = answers.find(({ rows }) => rows[0]?.v !== version);
  if (wrong !== undefined) throw new Error(`a session answers from ${wrong.rows[0]?.v}`);
}

function ask<T>(child: ChildProcess, order: WorldOrder): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the world ended with ${code}`));
    child.once('exit', gone);
    child.once('message', (message: { answer: T } | { failed: string }) => {
      child.off('exit', gone);
      if ('failed' in message) reject(new Error(message.failed));
      else resolve(message.answer);
    });
    child.send(order);
  });
}
