/** Nothing is left behind, whatever happens to the process that owns a server. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { serverAccount } from '../../sim/server/embedded/account.js';
import { openPlaces, type Places } from '../../sim/server/embedded/places.js';
import {
  lookUpProcess,
  processExists,
  processTree,
} from '../../sim/server/embedded/process-table.js';
import { reapDeadServers } from '../../sim/server/embedded/reap.js';
import { type Registered, readRegistry, register } from '../../sim/server/embedded/registry.js';
import { hostId } from '../../sim/server/host-id.js';
import { compileSim, type Owner, startOwner, type Told } from '../support/owned-server.js';

const clock = systemClock();
let root: string;
let cacheDir: string;
let compiled: string;
let places: Places;
const owners: Owner[] = [];
const others: ChildProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rehearse-left-'));
  chmodSync(root, 0o755);
  compiled = join(root, 'compiled');
  mkdirSync(compiled);
  compileSim(compiled);
  cacheDir = join(root, 'cache');
  places = openPlaces(cacheDir, serverAccount());
});

afterEach(async () => {
  for (const owner of owners.splice(0)) {
    owner.process.kill('SIGKILL');
    await owner.ended;
  }
  for (const other of others.splice(0)) other.kill('SIGKILL');
  await until(() => readdirSync(places.servers).length === 0, 10_000);
  await reapDeadServers({ clock, cacheDir });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function newOwner(): Promise<Owner> {
  const owner = await startOwner(compiled, cacheDir);
  owners.push(owner);
  return owner;
}

function pidOf(told: Told): number {
  if (told.pid === undefined) throw new Error('the owner named no process');
  return told.pid;
}

async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const limitNs = clock.nowNs() + limitMs * 1e6;
  while (!condition() && clock.nowNs() < limitNs) await clock.sleep(10);
  return condition();
}

/** Whether every process and the folder of a server are gone within two seconds. */
async function vanishes(pids: number[], folders: string[]): Promise<boolean> {
  return await until(
    () => !pids.some(processExists) && !folders.some((folder) => existsSync(folder)),
    2_000,
  );
}

function entryOf(pid: number): Registered {
  const entry = readRegistry(places.registry).find((one) => one.server?.pid === pid);
  if (entry === undefined) throw new Error('the server is not in the registry');
  return entry;
}

/** The guard is the shell that names the server's folder. */
function guardOf(folder: string, owner: Owner): number {
  const guard = processTree(owner.process.pid ?? 0).find((pid) => {
    const command = lookUpProcess(pid)?.commandLine ?? '';
    return command.includes('rehearse-guard') && command.includes(folder);
  });
  if (guard === undefined) throw new Error('there is no guard');
  return guard;
}

async function answers(told: Told): Promise<boolean> {
  const client = new Client({ ...told.address, ...told.admin, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return (await client.query('select 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}

describe('when its owner is killed', () => {
  it.each(['runs', 'freeze'])('a server that %s is gone, and its neighbour stays', async (word) => {
    const [victim, neighbour] = await Promise.all([newOwner(), newOwner()]);
    const pid = pidOf(victim.started);
    const { folder } = entryOf(pid);
    const pids = processTree(pid);
    expect(pids.length).toBeGreaterThan(3);
    if (word === 'freeze') await victim.say('freeze');
    victim.process.kill('SIGKILL');
    expect(await vanishes(pids, [folder])).toBe(true);
    expect(await answers(neighbour.started)).toBe(true);
    expect((await reapDeadServers({ clock, cacheDir })).map((one) => one.name)).toEqual([
      folder.split('/').at(-1),
    ]);
    expect(await answers(neighbour.started)).toBe(true);
  });

  it('between a stop and a start, its data are gone too', async () => {
    const owner = await newOwner();
    const { folder } = entryOf(pidOf(owner.started));
    await owner.say('stop');
    expect(existsSync(folder)).toBe(true);
    owner.process.kill('SIGKILL');
    expect(await vanishes([], [folder])).toBe(true);
  });

  it.each(['exit', 'crash'])('or ends with %s and forgets it', async (word) => {
    const owner = await newOwner();
    const pid = pidOf(owner.started);
    const { folder } = entryOf(pid);
    const pids = processTree(pid);
    owner.process.stdin?.write(`${word}\n`);
    await owner.ended;
    expect(await vanishes(pids, [folder])).toBe(true);
  });

  it('a server whose guard was killed as well is reaped later', async () => {
    const [owner, neighbour] = await Promise.all([newOwner(), newOwner()]);
    const pid = pidOf(owner.started);
    const { folder, id } = entryOf(pid);
    const pids = processTree(pid);
    process.kill(guardOf(folder, owner), 'SIGKILL');
    owner.process.kill('SIGKILL');
    await owner.ended;
    await clock.sleep(200);
    expect(processExists(pid)).toBe(true);
    const reaped = await reapDeadServers({ clock, cacheDir });
    expect(reaped).toEqual([{ kind: 'server', name: id, killedPid: pid }]);
    expect(await vanishes(pids, [folder])).toBe(true);
    expect(await reapDeadServers({ clock, cacheDir })).toEqual([]);
    expect(await answers(neighbour.started)).toBe(true);
  });
});

describe('Ctrl-C in the terminal', () => {
  it('reaches the owner only, so that it decides what happens to the server', async () => {
    const owner = await newOwner();
    const group = owner.process.pid ?? 0;
    process.kill(-group, 'SIGINT');
    await clock.sleep(200);
    expect(await answers(owner.started)).toBe(true);
    owner.process.stdin?.write('remove\n');
    await owner.ended;
    expect(readdirSync(places.servers)).toEqual([]);
    expect(readdirSync(places.registry)).toEqual([]);
  });
});

describe('the reaper', () => {
  const dead = { pid: 2 ** 22 - 1, startedAt: 'never' };

  function plant(server: Registered['server'], overrides: Partial<Registered> = {}): Registered {
    const id = `planted-${(readdirSync(places.registry).length + 1).toString().padStart(12, '0')}`;
    const folder = join(places.servers, id);
    const entry: Registered = {
      ...{ v: 1, id, hostId: hostId(), owner: dead, server, folder, port: null, created: 'then' },
      ...overrides,
    };
    register(places.registry, entry);
    return entry;
  }

  function bystander(...args: string[]): { pid: number; startedAt: string } {
    const child = spawn('/bin/sh', ['-c', 'read -r line', 'bystander', ...args], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    others.push(child);
    const pid = child.pid ?? 0;
    return { pid, startedAt: lookUpProcess(pid)?.startedAt ?? '' };
  }

  it('does not touch a process that has got the number of a dead server', async () => {
    const folderToBe = join(places.servers, 'planted-000000000001');
    const later = bystander('-D', join(folderToBe, 'data'), '-p');
    const same = bystander('something else');
    plant({ ...later, startedAt: 'another time' });
    plant(same);
    const reaped = await reapDeadServers({ clock, cacheDir });
    expect(reaped.map((one) => one.killedPid)).toEqual([null, null]);
    expect([later.pid, same.pid].map(processExists)).toEqual([true, true]);
    expect(readdirSync(places.registry)).toEqual([]);
  });

  it('does kill a process that is the dead server in all respects', async () => {
    const folder = join(places.servers, 'planted-000000000001');
    const server = bystander('-D', join(folder, 'data'), '-p');
    plant(server);
    const [reaped] = await reapDeadServers({ clock, cacheDir });
    expect(reaped?.killedPid).toBe(server.pid);
    expect(await until(() => !processExists(server.pid), 2_000)).toBe(true);
  });

  it('leaves alone what belongs to another host, and what has a live owner', async () => {
    const own = { pid: process.pid, startedAt: lookUpProcess(process.pid)?.startedAt ?? '' };
    const entries = [plant(null, { hostId: 'another' }), plant(null, { owner: own })];
    expect(await reapDeadServers({ clock, cacheDir })).toEqual([]);
    expect(readRegistry(places.registry)).toHaveLength(2);
    for (const entry of entries) rmSync(join(places.registry, `${entry.id}.json`));
  });

  it('removes no folder that is not named as the server is', async () => {
    const folder = join(root, 'precious');
    mkdirSync(folder);
    plant(null, { folder });
    await reapDeadServers({ clock, cacheDir });
    expect(existsSync(folder)).toBe(true);
  });
});

describe('a killed server', () => {
  it.runIf(process.platform === 'linux')('leaves no shared memory in the kernel', async () => {
    const owner = await newOwner();
    const { folder } = entryOf(pidOf(owner.started));
    const file = readFileSync(join(folder, 'data', 'postmaster.pid'), 'latin1').split('\n');
    const segment = file[6]?.trim().split(/\s+/)[1] ?? '';
    const isThere = (): boolean =>
      readFileSync('/proc/sysvipc/shm', 'latin1')
        .split('\n')
        .some((line) => line.trim().split(/\s+/)[1] === segment);
    expect(isThere()).toBe(true);
    owner.process.kill('SIGKILL');
    expect(await until(() => !isThere(), 2_000)).toBe(true);
  });
});
