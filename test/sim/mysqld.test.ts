/** Real MySQL and MariaDB servers as child processes. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { serverAccount } from '../../sim/server/embedded/account.js';
import { openPlaces, type Places } from '../../sim/server/embedded/places.js';
import { lookUpProcess, processExists } from '../../sim/server/embedded/process-table.js';
import { type EmbeddedProvider, embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Server } from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';
import { program } from '../support/programs.js';

// The first server of all makes the template, on a machine that has other things to do.
vi.setConfig({ testTimeout: 120_000 });
const clock = systemClock();
let root: string;
let places: Places;
let provider: EmbeddedProvider;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rehearse-mysqld-'));
  chmodSync(root, 0o755);
  const cacheDir = join(root, 'cache');
  places = openPlaces(cacheDir, serverAccount());
  provider = embeddedProvider({ clock, offline: true, cacheDir });
});

afterEach(() => provider.close());

afterAll(() => {
  const left = [readdirSync(places.servers), readdirSync(places.registry)];
  const drafts = readdirSync(places.templates).filter((name) => name.startsWith('.'));
  rmSync(root, { recursive: true, force: true });
  expect([...left, drafts]).toEqual([[], [], []]);
});

async function connect(
  server: Server,
  login: { user?: string; password?: string; database?: string } = {},
): Promise<Connection> {
  const client = await createConnection({ ...server.address, ...server.admin, ...login });
  client.on('error', () => undefined);
  return client;
}

/** The first column of what a statement gives, on a connection of its own. */
async function ask(server: Server, sql: string): Promise<unknown[]> {
  const client = await connect(server);
  try {
    const [rows] = await client.query<RowDataPacket[][]>({ sql, rowsAsArray: true });
    return Array.isArray(rows) ? rows.map((row) => row[0]) : [];
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
    const listener = createServer((socket) => socket.destroy());
    listener.listen(port, '127.0.0.1', () => resolve(listener));
  });
}

/** Every file below a folder that can be read as text. */
function textsBelow(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join();
}

describe.each(['mysql', 'mariadb'] as const)('%s as a child process', (engine) => {
  const path = program(engine);
  const here = it.skipIf(path === undefined);
  let version = '';

  beforeAll(async () => {
    if (path === undefined) return;
    version = (await provider.offers()).find((one) => one.engine === engine)?.version ?? '';
  });

  async function create(parameters: Record<string, string> = {}): Promise<Server> {
    return await provider.create({ name: 'writer-1', engine, version, parameters });
  }

  async function startNew(parameters: Record<string, string> = {}): Promise<Server> {
    const server = await create(parameters);
    await server.start();
    return server;
  }

  here('is restarted, killed and crashed over the same data, on the same port', async () => {
    const server = await create();
    expect([server.state, server.pid]).toEqual(['stopped', undefined]);
    const started = await server.start();
    expect(started.acceptingNs).toBeGreaterThan(started.beginNs);
    expect(String(await ask(server, 'select version()'))).toContain(version);
    const { port } = server.address;
    await ask(server, 'create database kept');
    await ask(server, 'create table kept.rows_ (value int primary key) engine=innodb');
    await ask(server, 'insert into kept.rows_ values (1)');
    const stopped = await server.stop('fast');
    expect(stopped.endNs).toBeGreaterThanOrEqual(stopped.beginNs);
    expect(await codeOf(connect(server))).toBe('ECONNREFUSED');
    // By the series alone as well: the newest that is here.
    await server.start({ version: version.split('.').slice(0, 2).join('.') });
    await ask(server, 'insert into kept.rows_ values (2)');
    const pid = server.pid ?? 0;
    await server.stop('kill');
    expect([processExists(pid), server.state, server.pid]).toEqual([false, 'stopped', undefined]);
    await server.start();
    await ask(server, 'insert into kept.rows_ values (3)');
    const before = server.pid;
    await server.crash();
    expect([server.state, server.address.port]).toEqual(['running', port]);
    expect(server.pid).not.toBe(before);
    expect(await ask(server, 'select value from kept.rows_ order by value')).toEqual([1, 2, 3]);
  });

  here('neither answers nor closes while it is frozen, and stops out of that', async () => {
    const server = await startNew();
    const client = await connect(server);
    await server.freeze();
    expect(server.state).toBe('frozen');
    const answer = client.query('select 1');
    const silence = clock.sleep(300).then(() => 'silence');
    expect(await Promise.race([answer.then(() => 'answer'), silence])).toBe('silence');
    await server.thaw();
    await answer;
    await client.end();
    await server.freeze();
    await server.stop('fast');
    expect(server.state).toBe('stopped');
    expect(server.logTail(30)).toContain('Shutdown complete');
  });

  here('lets its own admin in and nobody else, with a password that lies nowhere', async () => {
    const [one, other] = await Promise.all([startNew(), startNew()]);
    const { password } = one.admin;
    expect(password).not.toBe(other.admin.password);
    const strangers = [
      { password: other.admin.password },
      { user: 'root', password: '' },
      { user: '' },
    ];
    for (const login of strangers)
      expect(await codeOf(connect(one, login))).toBe('ER_ACCESS_DENIED_ERROR');
    expect(await ask(one, "select host from mysql.user where user = 'rehearse_admin'")).toEqual([
      '127.0.0.1',
    ]);
    expect(await ask(one, "select user from mysql.user where user in ('root', '')")).toEqual([]);
    await ask(one, "create user app@'%' identified by 'app'");
    await ask(one, "grant all on test_.* to app@'%' with grant option");
    await (await connect(one, { user: 'app', password: 'app', database: '' })).end();
    const commandLine = lookUpProcess(one.pid ?? 0)?.commandLine ?? '';
    expect(commandLine).toContain('--datadir=');
    const folder = /--datadir=(\S+)\/data /.exec(commandLine)?.[1] ?? '';
    expect(commandLine).not.toContain(password);
    await one.stop('fast');
    const texts = textsBelow(folder);
    expect(texts).toContain('ready for connections');
    expect(texts).not.toContain(password);
  });

  here('listens on loopback alone, and can be looked into and replicated', async () => {
    const [one, other] = await Promise.all([startNew(), startNew()]);
    expect(one.address.port).toBeLessThan(32_768);
    expect(await ask(one, 'select concat(@@bind_address, @@socket)')).toEqual(['127.0.0.1']);
    const instrument =
      'select enabled from performance_schema.setup_instruments ' +
      "where name = 'wait/lock/metadata/sql/mdl'";
    expect(await ask(one, instrument)).toEqual(['YES']);
    expect(await ask(one, 'select @@log_bin')).toEqual([1]);
    const names = engine === 'mysql' ? ['@@server_id', '@@server_uuid'] : ['@@server_id'];
    for (const name of names)
      expect(await ask(one, `select ${name}`)).not.toEqual(await ask(other, `select ${name}`));
    if (engine === 'mysql')
      expect(await ask(one, "select concat(@@gtid_mode, '-', @@gtid_executed)")).toEqual(['ON-']);
  });

  here('takes parameters, and tells the log of one that it cannot start with', async () => {
    const server = await startNew({ max_connections: '33', 'lower-case-table-names': '1' });
    expect(await ask(server, 'select @@max_connections')).toEqual([33]);
    expect(await ask(server, 'select @@lower_case_table_names')).toEqual([1]);
    const broken = await create({ no_such_parameter: 'many' });
    const error = await broken.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('ENGINE_START_FAILED');
    expect(String(error)).toContain('no-such-parameter');
    expect(broken.state).toBe('stopped');
    expect(await codeOf(create({ port: '1' }))).toBe('PARAMETER_INVALID');
  });

  here('moves to another port before its first start, and keeps it afterwards', async () => {
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
    await clock.sleep(300);
    expect(server.state).toBe('starting');
    intruder.close();
    await starting;
    expect(server.address.port).toBe(port);
    expect(await ask(server, 'select 1')).toEqual([1]);
  });

  here('can be removed twice, starting or frozen, and leaves nothing', async () => {
    const [starting, frozen] = [await create(), await startNew()];
    const pid = frozen.pid ?? 0;
    const start = starting.start().catch((error: unknown) => error);
    await frozen.freeze();
    await Promise.all([starting.remove(), starting.remove(), frozen.remove()]);
    expect(await start).toBeInstanceOf(UserError);
    expect(processExists(pid)).toBe(false);
    expect([readdirSync(places.servers), readdirSync(places.registry)]).toEqual([[], []]);
  });

  here('is refused for a version that is not here, with those that are', async () => {
    const spec = { name: 'x', engine, version: '5.1.7' } as const;
    const error = await provider.create(spec).catch((thrown: unknown) => thrown);
    expect((error as UserError).code).toBe('ENGINE_NOT_FOUND');
    expect(String(error)).toContain(version);
    expect(String(error)).toContain(engine === 'mysql' ? 'REHEARSE_MYSQLD' : 'REHEARSE_MARIADBD');
    expect(await codeOf(provider.prepare(engine, 'new'))).toBe('VERSION_INVALID');
    await provider.prepare(engine, version);
    const server = await create();
    expect(await codeOf(server.start({ version: '5.1.7' }))).toBe('ENGINE_NOT_FOUND');
    expect(server.state).toBe('stopped');
  });

  here('has one template for all servers of a kind', async () => {
    const cacheDir = join(root, `cold-${engine}`);
    const providers = [1, 2].map(() => embeddedProvider({ clock, offline: true, cacheDir }));
    try {
      const made = providers.map((one) => one.create({ name: 'w', engine, version }));
      const servers = await Promise.all(made);
      await Promise.all(servers.map((server) => server.start()));
      for (const server of servers) expect(await ask(server, 'select 1')).toEqual([1]);
      const [template = '', ...rest] = readdirSync(join(cacheDir, 'templates'));
      expect(rest).toEqual([]);
      expect(existsSync(join(cacheDir, 'templates', template, 'data', 'auto.cnf'))).toBe(false);
    } finally {
      await Promise.all(providers.map((one) => one.close()));
    }
  });
});

describe('MariaDB of two series side by side', () => {
  /** The oldest and the newest MariaDB that are here, where they are of two series. */
  async function twoSeries(): Promise<[string, string] | undefined> {
    const here = (await provider.offers())
      .filter(({ engine }) => engine === 'mariadb')
      .map(({ version }) => version)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    const [oldest, newest] = [here[0], here.at(-1)];
    const series = (text: string): string => text.split('.').slice(0, 2).join('.');
    if (oldest === undefined || newest === undefined) return undefined;
    return series(oldest) === series(newest) ? undefined : [oldest, newest];
  }

  it('upgrades in place with its system tables, and does not go back', async ({ skip }) => {
    const pair = await twoSeries();
    if (pair === undefined) return skip('REHEARSE_MARIADBD names no second series of MariaDB');
    const [older, newer] = pair;
    const server = await provider.create({ name: 'up', engine: 'mariadb', version: older });
    await server.start();
    await ask(server, 'create database kept');
    await ask(server, 'create table kept.rows_ as select 7 as value');
    await server.stop('fast');
    await server.start({ version: newer });
    expect(String(await ask(server, 'select version()'))).toContain(newer);
    expect(await ask(server, 'select value from kept.rows_')).toEqual([7]);
    // The upgrade has granted what only the newer version knows.
    expect(String(await ask(server, 'show grants'))).toContain('GRANT ALL PRIVILEGES ON *.*');
    const fresh = await provider.create({ name: 'new', engine: 'mariadb', version: newer });
    await fresh.start();
    await fresh.stop('fast');
    const goingBack = await fresh.start({ version: older }).catch((thrown: unknown) => thrown);
    expect((goingBack as UserError).code).toBe('ENGINE_START_FAILED');
    expect(String(goingBack)).toContain('only upgrades work in place');
    expect(fresh.state).toBe('stopped');
  });
});
