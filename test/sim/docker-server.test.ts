import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DockerServer } from '../../sim/server/docker/docker-server.js';
import type { DockerProvider } from '../../sim/server/docker/provider.js';
import { engineNames } from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';
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
const here = engineNames.filter((engine) => versions[engine].length > 0);
const newest = (engine: (typeof engineNames)[number]): string => versions[engine].at(-1) ?? '';
const run = `server-${process.pid}`;
let provider: DockerProvider;

beforeAll(() => {
  provider = makeProvider({ runId: run });
});
afterEach(() =>
  provider.close().then(() => {
    provider = makeProvider({ runId: run });
  }),
);
async function startNew(
  engine: (typeof engineNames)[number],
  version = newest(engine),
  parameters: Record<string, string> = {},
): Promise<DockerServer> {
  const server = await provider.create({ name: 'writer-1', engine, version, parameters });
  await server.start();
  return server;
}

describe.each(here)('a server of %s in a container', (engine) => {
  it('starts, stops and starts again with its data, at one address', async () => {
    const server = await provider.create({ name: 'Writer-1', engine, version: newest(engine) });
    expect([server.state, server.pid]).toEqual(['stopped', undefined]);
    const started = await server.start();
    expect(started.acceptingNs).toBeGreaterThan(started.beginNs);
    const { address } = server;
    expect(address.host).toBe('127.0.0.1');
    expect(address.port).toBeLessThan(32_768);
    const kept = engine === 'postgres' ? 'kept' : 'mysql.kept';
    await ask(server, `CREATE TABLE ${kept} AS SELECT 7 AS value`);
    for (const mode of ['fast', 'immediate', 'kill'] as const) {
      const stopped = await server.stop(mode);
      expect(stopped.endNs).toBeGreaterThan(stopped.beginNs);
      expect([server.state, server.pid]).toEqual(['stopped', undefined]);
      expect(await codeOf(ask(server, 'SELECT 1'))).toBe('ECONNREFUSED');
      await server.start();
      expect(server.address).toEqual(address);
      expect(await ask(server, `SELECT value FROM ${kept}`)).toEqual([7]);
    }
  });

  it('publishes on loopback alone, is labelled, limited, and keeps its secret', async () => {
    const server = await startNew(engine);
    const name = server.containerName;
    const [text = ''] = docker('inspect', '--format', '{{json .}}', name);
    const { NetworkSettings, HostConfig, Config } = JSON.parse(text);
    const bindings = Object.values(NetworkSettings.Ports)
      .flat()
      .filter((one) => one !== null);
    expect(bindings).toEqual([{ HostIp: '127.0.0.1', HostPort: String(server.address.port) }]);
    expect(HostConfig).toMatchObject({ Memory: 1024 * 1024 * 1024, PidsLimit: 1_000 });
    expect(Config.Labels).toMatchObject({
      'rehearse.v': '1',
      'rehearse.run': run,
      'rehearse.owner.pid': String(process.pid),
    });
    const [volume = ''] = docker('volume', 'inspect', '--format', '{{json .Labels}}', name);
    expect(JSON.parse(volume)).toMatchObject({ 'rehearse.v': '1', 'rehearse.run': run });
    expect(text).not.toContain(server.admin.password);
    expect(docker('logs', name).join('\n')).not.toContain(server.admin.password);
    expect(server.logTail(1_000)).not.toContain(server.admin.password);
    expect(server.logTail(3).split('\n')).toHaveLength(3);
    expect(server.pid).toBe(Number(docker('inspect', '--format', '{{.State.Pid}}', name)[0]));
  });

  it('neither answers nor closes while it is frozen, and ends out of the freezer', async () => {
    const server = await startNew(engine);
    await server.freeze();
    expect(server.state).toBe('frozen');
    const answer = ask(server, 'SELECT 1');
    const first = await Promise.race([answer, clock.sleep(300).then(() => 'silence')]);
    expect(first).toBe('silence');
    await server.thaw();
    expect(await answer).toEqual([1]);
    for (const mode of ['fast', 'kill'] as const) {
      await server.freeze();
      await server.stop(mode);
      expect(server.state).toBe('stopped');
      await server.start();
    }
  });

  it('comes back after a crash', async () => {
    const server = await startNew(engine);
    await server.crash();
    let answer: unknown;
    for (let tries = 0; tries < 500 && answer === undefined; tries++) {
      answer = await ask(server, 'SELECT 1').catch(() => clock.sleep(20));
    }
    expect(answer).toEqual([1]);
    expect(server.state).toBe('running');
    if (engine === 'postgres') expect(server.logTail(40)).toContain('terminated by signal 9');
  });

  it('takes parameters, and tells the log of one that it cannot start with', async () => {
    const server = await startNew(engine, newest(engine), { max_connections: '33' });
    const value = engine === 'postgres' ? 'SHOW max_connections' : 'SELECT @@max_connections';
    expect((await ask(server, value)).map(Number)).toEqual([33]);
    const bad = engine === 'postgres' ? { max_connections: 'many' } : { no_such_option: '1' };
    const broken = await provider.create({
      name: 'broken',
      engine,
      version: newest(engine),
      parameters: bad,
    });
    const error = await broken.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'ENGINE_START_FAILED', exit: 'environment' });
    expect(String(error)).toMatch(/max_connections|no[_-]such[_-]option/);
    expect(broken.state).toBe('stopped');
  });

  it('notices that its container was ended by somebody else', async () => {
    const server = await startNew(engine);
    docker('kill', server.containerName);
    for (let tries = 0; tries < 500 && server.state !== 'stopped'; tries++) await clock.sleep(20);
    expect(server.state).toBe('stopped');
    docker('rm', '-v', server.containerName);
    await server.start();
    expect(await ask(server, 'SELECT 1')).toEqual([1]);
  });
});

describe('servers in containers that were closed', () => {
  it('have left nothing in Docker', () => {
    expect(here.length === 0 ? [] : namesWith(run)).toEqual([]);
  });
});
