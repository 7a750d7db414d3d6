/** Applications in containers of their own, on the endpoint of a rehearsal under way. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { docker, localVersions } from '../support/docker.js';
import { dockerRelay } from '../support/docker-relay.js';
import {
  type ClientContainer,
  type ClientWish,
  clientContainer,
  dialOverAndOver,
} from '../support/in-network.js';
import { nodeImage } from '../support/node-image.js';
import { type Running, rehearse, start, temporaryFolder } from '../support/rehearse.js';

vi.setConfig({ testTimeout: 120_000 });

const node = nodeImage();
const { postgres } = await localVersions();
const psqlImage = `${process.env.REHEARSE_IMAGE_PREFIX ?? ''}postgres:${postgres[0]}`;
const place = temporaryFolder();
const access = join(place.folder, 'access.env');
const clients: ClientContainer[] = [];
const runs: Running[] = [];
const networks: string[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.remove()));
  for (const run of runs.splice(0)) {
    run.child.kill('SIGKILL');
    await run.ended;
  }
  for (const network of networks.splice(0)) docker('network', 'rm', network);
  if (existsSync(access)) unlinkSync(access);
  await rehearse(['gc'], place.folder);
});

afterAll(() => place.remove());

const usual = ['run', 'aurora-postgres-zdp', '--provider', 'embedded', '--pace', '1000'];

function begin(args: readonly string[], environment: Record<string, string> = {}): Running {
  const image = ['--image', `doorway=${node}`, '--offline'];
  const run = start([...usual, ...image, ...args], place.folder, environment);
  runs.push(run);
  return run;
}

function client(wish: ClientWish): ClientContainer {
  const made = clientContainer(wish);
  clients.push(made);
  return made;
}

function dialler(network: string, host: string, port: number): ClientContainer {
  const command = ['node', '-e', dialOverAndOver, host, String(port)];
  return client({ network, image: node ?? '', command });
}

function variables(): Record<string, string> {
  const lines = readFileSync(access, 'utf8').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value ?? '']];
    }),
  );
}

/** Everything of a run's doorway that is in Docker now. */
function doorwayOf(run: Running): string[] {
  const filter = ['--filter', `label=rehearse.owner.pid=${run.child.pid}`, '--format'];
  return [
    ...docker('ps', '-a', ...filter, '{{.Names}}'),
    ...docker('network', 'ls', ...filter, '{{.Name}}'),
  ];
}

describe.runIf(node !== undefined && postgres.length > 0)('--network-alias', () => {
  it('lets containers in by that name, through a whole patch', async () => {
    const waits = ['--steady', '12s', '--settle', '4s', '--access', access];
    const run = begin(['--network-alias', 'db', ...waits]);
    await run.seen(/phase\s+steady/);
    const given = variables();
    const network = given.REHEARSE_NETWORK ?? '';
    const url = given.REHEARSE_NETWORK_DATABASE_URL ?? '';
    expect(url).toMatch(/^postgresql:\/\/app:[\w-]+@db:5432\/app$/);
    const dials = dialler(network, 'db', 5432);
    const held = client({
      network,
      image: psqlImage,
      command: ['sh', '-c', 'exec psql -X -At "$URL?sslmode=require"'],
      environment: { URL: url },
      input: "select current_setting('server_version') \\watch 0.2\n",
    });
    await held.printed((lines) => lines.includes('17.4'));
    await dials.printed((lines) => lines.includes('R'));
    await run.seen(/patch.*T0|phase.*T0|preserved/);
    await held.printed((lines) => lines.includes('17.5'));
    await dials.printed((lines) => lines.includes('57P03') && lines.at(-1) === 'R');
    const ended = await run.ended;
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    // A dial at the very edge may be reset; nothing else comes between.
    const seen = dials.lines().filter((line) => line !== 'ECONNRESET');
    expect(seen.slice(0, 4)).toEqual(['R', 'ECONNREFUSED', '57P03', 'R']);
    expect(new Set(held.lines().filter((line) => /^\d/.test(line)))).toEqual(
      new Set(['17.4', '17.5']),
    );
    expect(ended.stdout).toContain(`the writer endpoint listens as db:5432 on network ${network}`);
    expect(ended.stdout).toContain(`docker run --network ${network}`);
    expect(ended.stdout + ended.stderr).not.toContain(given.PGPASSWORD);
    expect(doorwayOf(run)).toEqual([]);
  });

  it('takes a place on a network that is there, resets there, leaves it as it was', async () => {
    const network = `rehearse-test-${randomBytes(4).toString('hex')}`;
    docker('network', 'create', '--internal', network);
    networks.push(network);
    const faults = ['--fault', 'reset@T0-2s:1s', '--steady', '12s'];
    const run = begin(['--network-alias', 'database:6000', '--network', network, ...faults]);
    await run.seen(new RegExp(`listens as database:6000 on network ${network}`));
    const dials = dialler(network, 'database', 6000);
    await dials.printed((lines) => lines.includes('R'));
    await dials.printed((lines) => lines.includes('ECONNRESET'));
    const taken = await rehearse(
      [...usual, '--image', `doorway=${node}`, '--network-alias', 'Database', '--network', network],
      place.folder,
    );
    expect(taken.code).toBe(3);
    expect(taken.stderr).toContain('ALIAS_TAKEN');
    const ended = await run.ended;
    expect(ended.stdout).toMatch(/verdict/i);
    expect(doorwayOf(run)).toEqual([]);
    expect(docker('network', 'ls', '--format', '{{.Name}}')).toContain(network);
  });

  it('reaches a daemon on another address by what it publishes there', async () => {
    const outside = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
    const { address: machine = '' } =
      outside.find(({ family, internal }) => family === 'IPv4' && !internal) ?? {};
    const sockets = new Set<Socket>();
    const path = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').pathname;
    const daemon = createServer((near) => {
      const far = connect(path);
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        sockets.add(from);
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => daemon.listen(0, machine, resolve));
    const at = daemon.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    try {
      const run = begin(['--network-alias', 'db', '--steady', '6s', '--access', access], {
        DOCKER_HOST: `tcp://${machine}:${port}`,
      });
      await run.seen(/phase\s+steady/);
      const dials = dialler(variables().REHEARSE_NETWORK ?? '', 'db', 5432);
      await dials.printed((lines) => lines.includes('R'));
      await dials.printed((lines) => lines.includes('ECONNREFUSED'));
      expect((await run.ended).code).toBe(0);
      expect(doorwayOf(run)).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => daemon.close(resolve));
    }
  });

  it('goes on without a doorway that was killed, and says so', async () => {
    const run = begin(['--network-alias', 'db']);
    await run.seen(/phase\s+steady/);
    const [container = ''] = doorwayOf(run);
    docker('kill', container);
    await run.seen(/added \d+\.\d ms to a round trip just now \(median of 20\)/);
    await run.seen(/doorway was lost/);
    expect((await run.ended).code).toBe(0);
    expect(doorwayOf(run)).toEqual([]);
  });

  it('takes its doorway away when it is interrupted', async () => {
    const run = begin(['--network-alias', 'db', '--steady', '60s']);
    await run.seen(/phase\s+steady/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(doorwayOf(run)).toEqual([]);
  });

  it('names what it had to leave where Docker was lost', async () => {
    const relay = await dockerRelay(join(place.folder, 'relay.sock'));
    try {
      const run = begin(['--network-alias', 'db'], { DOCKER_HOST: relay.uri });
      await run.seen(/phase\s+steady/);
      relay.become('cut');
      const { code, stderr } = await run.ended;
      expect(code).toBe(3);
      expect(stderr).toContain('DOCKER_LOST');
      const left = doorwayOf(run);
      expect(left.length).toBe(2);
      for (const name of left) expect(stderr.replace(/\s+/g, ' ')).toContain(name);
      await rehearse(['gc'], place.folder);
      expect(doorwayOf(run)).toEqual([]);
    } finally {
      await relay.close();
    }
  });

  it('leaves its doorway to the next start when it is killed', async () => {
    const run = begin(['--network-alias', 'db', '--steady', '60s']);
    await run.seen(/listens as db:5432/);
    expect(doorwayOf(run).length).toBe(2);
    run.child.kill('SIGKILL');
    await run.ended;
    // Where another start was first, gc finds nothing more.
    expect((await rehearse(['gc'], place.folder)).code).toBe(0);
    expect(doorwayOf(run)).toEqual([]);
  });
});

describe.runIf(node !== undefined)('a place on a network that cannot be had', () => {
  const alias = ['--network-alias', 'db'];
  it.each([
    ['NETWORK_NOT_FOUND', [...alias, '--network', 'no-such-network'], {}],
    ['NETWORK_UNSUITED', [...alias, '--network', 'bridge'], {}],
    ['IMAGE_PULL_FORBIDDEN', [...alias, '--image', 'doorway=no-such/image:1'], {}],
    ['DOCKER_UNREACHABLE', alias, { DOCKER_HOST: 'tcp://127.0.0.1:1' }],
  ] as const)('is told as %s', async (code, args, environment) => {
    const run = begin(args, environment);
    const ended = await run.ended;
    expect(ended.stderr).toContain(code);
    expect(ended.code).toBe(code === 'NETWORK_UNSUITED' ? 64 : 3);
    expect(doorwayOf(run)).toEqual([]);
  });
});
