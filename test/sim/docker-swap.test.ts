import { execFileSync } from 'node:child_process';
import { createServer, type Server as Listener } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DockerProvider } from '../../sim/server/docker/provider.js';
import {
  ask,
  clock,
  codeOf,
  docker,
  localVersions,
  makeProvider,
  namesWith,
} from '../support/docker.js';

// Docker takes long over what a busy machine has to do; nothing here measures that.
vi.setConfig({ testTimeout: 180_000 });

const versions = await localVersions();
const [postgres] = versions.postgres;
const [oldMariadb] = versions.mariadb;
const newMariadb = versions.mariadb.at(-1);
const run = `swap-${process.pid}`;
let provider: DockerProvider;

beforeEach(() => {
  provider = makeProvider({ runId: run });
});
afterEach(() => provider.close());
afterAll(() => {
  if (postgres !== undefined) expect(namesWith(run)).toEqual([]);
});

function occupy(port: number): Promise<Listener> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.listen(port, '127.0.0.1', () => resolve(listener));
  });
}

const pairOfMariadb = oldMariadb !== newMariadb;
if (!pairOfMariadb) process.stderr.write('skipped: one image of MariaDB is no pair of versions\n');

describe.runIf(oldMariadb !== undefined && pairOfMariadb)('MariaDB', () => {
  it('is upgraded in place: another image, the same volume, address and login', async () => {
    const server = await provider.create({
      name: 'w',
      engine: 'mariadb',
      version: oldMariadb ?? '',
    });
    await server.start();
    const { address } = server;
    await ask(server, 'CREATE TABLE mysql.kept AS SELECT 7 AS value');
    const before = String(await ask(server, 'SELECT VERSION()'));
    await server.stop('fast');
    await server.start({ version: newMariadb ?? '' });
    expect([server.version, server.state]).toEqual([newMariadb, 'running']);
    expect(server.address).toEqual(address);
    const after = String(await ask(server, 'SELECT VERSION()'));
    expect(before.startsWith(oldMariadb ?? '-')).toBe(true);
    expect(after.startsWith(newMariadb ?? '-')).toBe(true);
    expect(await ask(server, 'SELECT value FROM mysql.kept')).toEqual([7]);
    expect(namesWith(run)).toHaveLength(2);
  });
});

describe.runIf(postgres !== undefined)('a server in a container', () => {
  const version = postgres ?? '';
  const spec = { name: 'w', engine: 'postgres', version } as const;

  it('is refused for another major, a nonsense version and a nonsense name', async () => {
    const server = await provider.create(spec);
    expect(await codeOf(server.start({ version: '11.4' }))).toBe('VERSION_NOT_MINOR_UPGRADE');
    expect(server.state).toBe('stopped');
    expect(await codeOf(provider.create({ ...spec, version: 'new' }))).toBe('VERSION_INVALID');
    expect(await codeOf(provider.create({ ...spec, name: '../x' }))).toBe('SERVER_NAME_INVALID');
    const parameters = { port: '1' };
    expect(await codeOf(provider.create({ ...spec, parameters }))).toBe('PARAMETER_INVALID');
  });

  it('moves to another port before its first start, and keeps it afterwards', async () => {
    const server = await provider.create(spec);
    const first = server.address.port;
    const rival = await occupy(first);
    await server.start();
    const { port } = server.address;
    expect(port).not.toBe(first);
    rival.close();
    await server.stop('fast');
    const intruder = await occupy(port);
    const starting = server.start();
    await clock.sleep(500);
    expect(server.state).toBe('starting');
    intruder.close();
    await starting;
    expect(server.address.port).toBe(port);
    expect(await ask(server, 'SELECT 1')).toEqual([1]);
    await server.stop('fast');
    const stubborn = await occupy(port);
    expect(await codeOf(server.start({ timeoutMs: 300 }))).toBe('ENGINE_START_FAILED');
    stubborn.close();
    await server.start();
    expect(server.address.port).toBe(port);
  });

  it('can be removed twice, starting or frozen, and leaves nothing', async () => {
    const [starting, frozen] = await Promise.all([provider.create(spec), provider.create(spec)]);
    await frozen.start();
    await frozen.freeze();
    const start = codeOf(starting.start());
    await clock.sleep(100);
    await Promise.all([starting.remove(), starting.remove(), frozen.remove()]);
    expect(await start).toBe('ENGINE_START_FAILED');
    await starting.remove();
    expect(namesWith(run)).toEqual([]);
  });

  it('is found by its alias in the network of the run, until it is cut off', async () => {
    const network = await provider.network();
    expect(await provider.network()).toBe(network);
    expect(network.gateway).toMatch(/^\d+\.\d+\.\d+\.1$/);
    const [one, other] = await Promise.all([provider.create(spec), provider.create(spec)]);
    await one.join(network, 'orders-db');
    await Promise.all([one.start(), other.start()]);
    await other.join(network, 'other-db');
    const isSeen = (): boolean => {
      const look = `echo > /dev/tcp/orders-db/5432`;
      const args = ['exec', other.containerName, 'timeout', '3', 'bash', '-c', look];
      try {
        execFileSync('docker', args, { stdio: 'pipe', timeout: 20_000 });
        return true;
      } catch {
        return false;
      }
    };
    expect(isSeen()).toBe(true);
    await one.disconnect();
    expect(isSeen()).toBe(false);
    // The published port is another way in, and stays.
    expect(await ask(one, 'SELECT 1')).toEqual([1]);
    await one.reconnect();
    expect(isSeen()).toBe(true);
    const [labels = ''] = docker('network', 'inspect', '--format', '{{json .Labels}}', network.id);
    expect(JSON.parse(labels)).toMatchObject({ 'rehearse.v': '1', 'rehearse.run': run });
  });

  it('offers what is here, and says of what is not how to get it', async () => {
    const offers = await provider.offers();
    const prefix = process.env.REHEARSE_IMAGE_PREFIX ?? '';
    const from = `${prefix}postgres:${version}`;
    expect(offers).toContainEqual({ engine: 'postgres', version, from, state: 'here' });
    const said: string[] = [];
    const online = makeProvider({ offline: false, announce: (text) => said.push(text) });
    const missing = `${prefix}postgres:17.99`;
    expect(await codeOf(provider.prepare('postgres', '17.99'))).toBe('IMAGE_PULL_FORBIDDEN');
    const error = await online.prepare('postgres', '17.99').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'IMAGE_NOT_FOUND', exit: 'environment' });
    for (const part of [
      missing,
      `docker pull ${missing}`,
      '--image',
      'REHEARSE_IMAGE_PREFIX',
      from,
    ])
      expect(String(error)).toContain(part);
    expect(said).toEqual([expect.stringContaining(missing)]);
    await online.close();
  });

  it('may come from an image of any name', async () => {
    const image = { postgres: `${process.env.REHEARSE_IMAGE_PREFIX ?? ''}postgres:${version}` };
    const named = makeProvider({ runId: run, image });
    try {
      const server = await named.create({ ...spec, version: '17.5' });
      await server.start();
      expect(server.version).toBe('17.5');
      expect(String(await ask(server, 'SHOW server_version'))).toMatch(new RegExp(`^${version}`));
    } finally {
      await named.close();
    }
  });
});
