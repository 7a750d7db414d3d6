import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { accountCanRead, serverAccount } from '../../sim/server/embedded/account.js';
import { openPlaces } from '../../sim/server/embedded/places.js';
import { lookUpProcess, processExists } from '../../sim/server/embedded/process-table.js';
import {
  type EmbeddedOptions,
  type EmbeddedProvider,
  embeddedProvider,
} from '../../sim/server/embedded/provider.js';
import type { Server } from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';

const clock = systemClock();
let root: string;
let provider: EmbeddedProvider;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rehearse-server-'));
  chmodSync(root, 0o755);
  provider = makeProvider();
});

afterEach(() => provider.close());

afterAll(() => {
  const left = readdirSync(placesOf(root).servers);
  rmSync(root, { recursive: true, force: true });
  expect(left).toEqual([]);
});

function makeProvider(options: Partial<EmbeddedOptions> = {}): EmbeddedProvider {
  return embeddedProvider({ clock, offline: true, cacheDir: join(root, 'cache'), ...options });
}

function placesOf(folder: string) {
  return openPlaces(join(folder, 'cache'), serverAccount());
}

async function create(parameters: Record<string, string> = {}): Promise<Server> {
  return await provider.create({
    name: 'writer-1',
    engine: 'postgres',
    version: '17.4',
    parameters,
  });
}

async function startNew(): Promise<Server> {
  const server = await create();
  await server.start();
  return server;
}

async function connect(server: Server, login: { user?: string; password?: string } = {}) {
  const client = new Client({ ...server.address, ...server.admin, ...login });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function ask(server: Server, sql: string): Promise<unknown[]> {
  const client = await connect(server);
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows.map((row) => row[0]);
  } finally {
    await client.end();
  }
}

async function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

function occupy(port: number): Promise<Listener> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.listen(port, '127.0.0.1', () => resolve(listener));
  });
}

describe('an embedded server', () => {
  it('is patched in place: other binaries, the same data and the same port', async () => {
    const server = await create();
    expect(server.state).toBe('stopped');
    const started = await server.start();
    expect(started.acceptingNs).toBeGreaterThan(started.beginNs);
    expect(await ask(server, 'show server_version')).toEqual(['17.4']);
    await ask(server, "create table kept as select 'row' as value");
    const { port } = server.address;
    const stopped = await server.stop('fast');
    expect(stopped.endNs).toBeGreaterThanOrEqual(stopped.beginNs);
    expect([server.state, server.pid]).toEqual(['stopped', undefined]);
    expect(await codeOf(connect(server))).toBe('ECONNREFUSED');
    await server.start({ version: '17.5' });
    expect([server.version, server.state, server.address.port]).toEqual(['17.5', 'running', port]);
    expect(await ask(server, 'show server_version')).toEqual(['17.5']);
    expect(await ask(server, 'select value from kept')).toEqual(['row']);
  });

  it.each(['immediate', 'kill'] as const)('comes back after %s with its data', async (mode) => {
    const server = await startNew();
    await ask(server, 'create table kept as select 7 as value');
    const pid = server.pid ?? 0;
    await server.stop(mode);
    expect(processExists(pid)).toBe(false);
    await server.start();
    expect(await ask(server, 'select value from kept')).toEqual([7]);
  });

  it('neither answers nor closes while it is frozen', async () => {
    const server = await startNew();
    const client = await connect(server);
    await server.freeze();
    expect(server.state).toBe('frozen');
    const answer = client.query('select 1');
    const first = await Promise.race([
      answer.then(() => 'answer'),
      clock.sleep(300).then(() => 'silence'),
    ]);
    expect(first).toBe('silence');
    await server.thaw();
    expect((await answer).rowCount).toBe(1);
    await client.end();
  });

  it.each(['fast', 'immediate', 'kill'] as const)('stops %s out of the freezer', async (mode) => {
    const server = await startNew();
    await server.freeze();
    await server.stop(mode);
    expect(server.state).toBe('stopped');
  });

  it('recovers by itself when one of its backends is killed', async () => {
    const server = await startNew();
    const { pid } = server;
    const client = await connect(server);
    const lost = new Promise((resolve) => client.once('end', resolve));
    await server.crash();
    await lost;
    // The victim's client may know before the postmaster does: only then does recovery begin.
    const begun = (): boolean => server.logTail(40).includes('reinitializing');
    for (let tries = 0; tries < 500 && !begun(); tries++) await clock.sleep(20);
    for (let tries = 0; tries < 500 && (await codeOf(connect(server))); tries++)
      await clock.sleep(20);
    expect(await ask(server, 'select 1')).toEqual([1]);
    expect(server.pid).toBe(pid);
    expect(server.logTail(40)).toContain('was terminated by signal 9');
  });

  it('takes its own password only, which stands in no command line and no log', async () => {
    const [one, other] = await Promise.all([startNew(), startNew()]);
    expect(one.admin.password).not.toBe(other.admin.password);
    const templates = join(root, 'cache', 'templates');
    const [template = ''] = readdirSync(templates).filter((name) => name.includes('17.4'));
    const old = readFileSync(join(templates, template, 'secret'), 'utf8').trim();
    for (const password of [other.admin.password, old])
      expect(await codeOf(connect(one, { password }))).toBe('28P01');
    await (await connect(one)).end();
    const commandLine = lookUpProcess(one.pid ?? 0)?.commandLine ?? '';
    expect(commandLine).toContain('postgres');
    expect(commandLine).not.toContain(one.admin.password);
    expect(one.logTail(1000)).not.toContain(one.admin.password);
  });

  it('lets nobody in without a password, and listens on loopback alone', async () => {
    const server = await startNew();
    const rules = "select distinct auth_method || ' ' || address from pg_hba_file_rules";
    expect(await ask(server, rules)).toEqual(['md5 127.0.0.1']);
    expect(await ask(server, 'show listen_addresses')).toEqual(['127.0.0.1']);
    expect(await ask(server, 'show unix_socket_directories')).toEqual(['']);
    expect(await ask(server, 'show synchronous_commit')).toEqual(['on']);
    expect(server.address.port).toBeLessThan(32_768);
  });

  it('takes parameters, and tells the log of one that it cannot start with', async () => {
    const server = await create({ max_connections: '33', 'app.tenant': "o'clock" });
    await server.start();
    expect(await ask(server, 'show max_connections')).toEqual(['33']);
    expect(await ask(server, "select current_setting('app.tenant')")).toEqual(["o'clock"]);
    const broken = await create({ max_connections: 'many' });
    const error = await broken.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain('max_connections');
    expect(broken.state).toBe('stopped');
    expect(await codeOf(create({ port: '1' }))).toBe('PARAMETER_INVALID');
  });

  it('moves to another port before its first start, and keeps it afterwards', async () => {
    const server = await create();
    const first = server.address.port;
    const rival = await occupy(first);
    await server.start();
    const { port } = server.address;
    expect(port).not.toBe(first);
    rival.close();
    await server.stop('fast');
    const intruder = await occupy(port);
    const starting = server.start();
    await clock.sleep(200);
    expect(server.state).toBe('starting');
    intruder.close();
    await starting;
    expect(server.address.port).toBe(port);
    expect(await ask(server, 'select 1')).toEqual([1]);
  });

  it('gives up in time where its port stays taken', async () => {
    const server = await startNew();
    await server.stop('fast');
    const intruder = await occupy(server.address.port);
    expect(await codeOf(server.start({ timeoutMs: 300 }))).toBe('ENGINE_START_FAILED');
    intruder.close();
    await server.start();
  });

  it('is refused for another major, a nonsense version and a nonsense name', async () => {
    const server = await create();
    expect(await codeOf(server.start({ version: '16.4' }))).toBe('VERSION_NOT_MINOR_UPGRADE');
    const spec = { name: 'x', engine: 'postgres', version: '17.4' } as const;
    expect(await codeOf(provider.create({ ...spec, version: 'new' }))).toBe('VERSION_INVALID');
    expect(await codeOf(provider.create({ ...spec, name: '../x' }))).toBe('SERVER_NAME_INVALID');
    expect(await codeOf(provider.prepare('postgres', '17.77'))).toBe('ENGINE_FETCH_FORBIDDEN');
  });

  it('can be removed twice, starting or frozen, and leaves nothing', async () => {
    const [starting, frozen] = [await create(), await startNew()];
    const start = starting.start().catch((error: unknown) => error);
    await frozen.freeze();
    await Promise.all([starting.remove(), starting.remove(), frozen.remove()]);
    expect(await start).toBeInstanceOf(UserError);
    await starting.remove();
    const places = placesOf(root);
    expect(readdirSync(places.servers)).toEqual([]);
    expect(readdirSync(places.registry)).toEqual([]);
  });
});

describe('the templates', () => {
  it('come out whole when two providers begin from nothing at the same time', async () => {
    const cacheDir = join(root, 'cold');
    const providers = [makeProvider({ cacheDir }), makeProvider({ cacheDir })];
    try {
      const servers = await Promise.all(
        providers.map((one) => one.create({ name: 'w', engine: 'postgres', version: '17.4' })),
      );
      await Promise.all(servers.map((server) => server.start()));
      for (const server of servers) expect(await ask(server, 'select 1')).toEqual([1]);
      expect(new Set(servers.map((server) => server.address.port)).size).toBe(2);
      expect(readdirSync(join(cacheDir, 'templates'))).toHaveLength(1);
    } finally {
      await Promise.all(providers.map((one) => one.close()));
    }
  });
});

describe('a cache folder that the servers cannot reach', () => {
  it('does not stand in their way', async () => {
    const folder = mkdtempSync(join(root, 'private-'));
    const temporary = mkdtempSync(join(root, 'temporary-'));
    chmodSync(temporary, 0o711);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = temporary;
    const account = serverAccount();
    const closed = makeProvider({ cacheDir: join(folder, 'cache') });
    try {
      expect(accountCanRead(folder, account)).toBe(account === undefined);
      const server = await closed.create({ name: 'w', engine: 'postgres', version: '17.4' });
      await server.start();
      expect(await ask(server, 'select 1')).toEqual([1]);
    } finally {
      await closed.close();
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});
