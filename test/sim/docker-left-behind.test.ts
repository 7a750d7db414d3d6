import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Swept, sweepDocker } from '../../sim/server/docker/sweep.js';
import { hostId } from '../../sim/server/host-id.js';
import { clock, docker, localVersions, makeProvider, namesWith } from '../support/docker.js';
import { type DockerOwner, dockerOwner } from '../support/docker-owner.js';
import { type DockerRelay, dockerRelay } from '../support/docker-relay.js';
import { compileSim } from '../support/owned-server.js';

// Docker takes long over what a busy machine has to do; nothing here measures that.
vi.setConfig({ testTimeout: 180_000 });

const { postgres } = await localVersions();
const version = postgres[0] ?? '';
const run = `left-${process.pid}`;
let folder: string;
const planted: string[] = [];
const owners: DockerOwner[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-docker-'));
  chmodSync(folder, 0o711);
  compileSim(folder);
});

afterAll(async () => {
  for (const owner of owners) owner.process.kill('SIGKILL');
  await Promise.all(owners.map((owner) => owner.ended));
  if (planted.length > 0) docker('rm', '-f', '-v', ...planted);
  await sweepDocker({ clock });
  rmSync(folder, { recursive: true, force: true });
  if (version !== '') expect(namesWith(run)).toEqual([]);
});

async function newOwner(environment: Record<string, string> = {}): Promise<DockerOwner> {
  const owner = await dockerOwner(folder, run, version, environment);
  owners.push(owner);
  expect(owner.started.error).toBeNull();
  return owner;
}

/** A container that was made, not started, with some labels. */
function plant(labels: Record<string, string>): string {
  const name = `rehearse-${run}-planted-${planted.length}`;
  const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const image = `${process.env.REHEARSE_IMAGE_PREFIX ?? ''}postgres:${version}`;
  docker('create', '--name', name, ...flags, image);
  planted.push(name);
  return name;
}

const removedNames = (swept: Swept): string[] =>
  swept.removed.filter((one) => one.run === run).map((one) => one.name);

describe.runIf(version !== '')('what a killed owner left in Docker', () => {
  it('goes, each container, network and volume of it, and nothing else', async () => {
    const victim = await newOwner();
    const neighbour = await newOwner();
    const own = makeProvider({ runId: run });
    const mine = await own.create({ name: 'mine', engine: 'postgres', version });
    const dead = { 'rehearse.owner.pid': '4194303', 'rehearse.owner.started-at': 'then' };
    const full = { 'rehearse.v': '1', 'rehearse.run': run, 'rehearse.created': 'then', ...dead };
    const foreign = plant({ 'com.example.tool': '1', ...dead });
    const later = plant({ ...full, 'rehearse.host': hostId(), 'rehearse.v': '2' });
    const elsewhere = plant({ ...full, 'rehearse.host': 'another' });
    const left = plant({ ...full, 'rehearse.host': hostId() });
    // Made for what the image declares as a volume, without a label.
    const volume = docker('inspect', '--format', '{{range .Mounts}}{{.Name}}{{end}}', left)[0];
    expect(namesWith(volume ?? '-')).toEqual([volume]);
    const kept = [...neighbour.started.names, mine.containerName, foreign, later, elsewhere];
    victim.process.kill('SIGKILL');
    await victim.ended;
    const swept = await sweepDocker({ clock });
    const [container = '', network = ''] = victim.started.names;
    expect(removedNames(swept).sort()).toEqual([container, container, left, network].sort());
    expect(swept).toMatchObject({ failed: [], unreachable: null });
    expect(swept.otherHosts).toBeGreaterThanOrEqual(1);
    expect(namesWith(run)).toEqual(expect.arrayContaining(kept));
    for (const gone of [...victim.started.names, left, volume ?? '-'])
      expect(namesWith(gone)).toEqual([]);
    expect(removedNames(await sweepDocker({ clock }))).toEqual([]);
    expect(removedNames(await sweepDocker({ clock, allHosts: true }))).toEqual([elsewhere]);
    expect((await neighbour.say('close')).error).toBeNull();
    expect(await neighbour.ended).toBe(0);
    await own.close();
    expect(namesWith(run).sort()).toEqual([foreign, later].sort());
  });

  it('is not looked for where no daemon answers, which is said at once', async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = `unix://${join(folder, 'nobody.sock')}`;
    const beginNs = clock.nowNs();
    try {
      const swept = await sweepDocker({ clock });
      expect(swept).toMatchObject({ removed: [], failed: [] });
      expect(swept.unreachable).toContain(join(folder, 'nobody.sock'));
      expect((clock.nowNs() - beginNs) / 1e6).toBeLessThan(5_000);
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });
});

describe.runIf(version !== '')('an owner that loses Docker', () => {
  it.each(['cut', 'hang'] as const)('(%s) is told so in time, and ends', async (mode) => {
    const relay: DockerRelay = await dockerRelay(join(folder, `${mode}.sock`));
    try {
      const owner = await newOwner({ DOCKER_HOST: relay.uri });
      relay.become(mode);
      for (const word of ['freeze', 'stop']) {
        const { error, tookMs } = await owner.say(word);
        expect(error).toMatchObject({ code: 'DOCKER_LOST', exit: 'environment' });
        expect(error?.message).toContain(relay.uri);
        expect(tookMs).toBeLessThan(8_000);
      }
      const closed = await owner.say('close');
      expect(closed.error).toMatchObject({ code: 'DOCKER_LOST', exit: 'environment' });
      for (const name of owner.started.names) expect(closed.error?.message).toContain(name);
      expect(closed.error?.message).toContain('rehearse gc');
      expect(closed.tookMs).toBeLessThan(20_000);
      expect(await owner.ended).toBe(0);
      expect(namesWith(owner.started.names[0] ?? '-')).toHaveLength(2);
      const swept = await sweepDocker({ clock });
      expect(removedNames(swept)).toEqual(expect.arrayContaining([...owner.started.names]));
      for (const name of owner.started.names) expect(namesWith(name)).toEqual([]);
    } finally {
      await relay.close();
    }
  });
});

/** With a network namespace of its own, a process can take every port and disturb nobody. */
const namespace = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
const canTakeAll =
  spawnSync('unshare', [...namespace.slice(1), 'sh', '-c', '[ "$(ulimit -Hn)" -gt 13000 ]'])
    .status === 0;
if (!canTakeAll) process.stderr.write('skipped: no network namespace to take all ports in\n');

describe.runIf(version !== '' && canTakeAll)('a machine without a free port', () => {
  it('is told so, and nothing is left', async () => {
    const name = `${run}-full`;
    const environment = { OCCUPY_PORTS: 'all' };
    const owner = await dockerOwner(folder, name, version, environment, namespace);
    owners.push(owner);
    expect(owner.started.word).toBe('failed');
    expect(owner.started.error).toMatchObject({ code: 'NO_FREE_PORT', exit: 'environment' });
    expect(await owner.ended).toBe(0);
    expect(namesWith(name)).toEqual([]);
  });
});
