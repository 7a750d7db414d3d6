/** No mysqld is left behind, whatever happens to the process that owns it. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { serverAccount } from '../../sim/server/embedded/account.js';
import { openPlaces, type Places } from '../../sim/server/embedded/places.js';
import {
  lookUpProcess,
  processExists,
  processTree,
} from '../../sim/server/embedded/process-table.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import { reapDeadServers } from '../../sim/server/embedded/reap.js';
import { type Registered, readRegistry } from '../../sim/server/embedded/registry.js';
import { compileSim, type Owner, startOwner, type Told } from '../support/owned-server.js';
import { program } from '../support/programs.js';

// The first server of all makes the template, on a machine that has other things to do.
vi.setConfig({ testTimeout: 120_000 });
const clock = systemClock();
let root: string;
let cacheDir: string;
let compiled: string;
let places: Places;
const owners: Owner[] = [];

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
  await until(() => readdirSync(places.servers).length === 0, 10_000);
  await reapDeadServers({ clock, cacheDir });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const limitNs = clock.nowNs() + limitMs * 1e6;
  while (!condition() && clock.nowNs() < limitNs) await clock.sleep(10);
  return condition();
}

function vanishes(pid: number, folder: string): Promise<boolean> {
  return until(() => !processExists(pid) && !existsSync(folder), 10_000);
}

function entryOf({ pid }: Told): Registered & { server: { pid: number } } {
  const entry = readRegistry(places.registry).find((one) => one.server?.pid === pid);
  if (entry?.server == null) throw new Error('the server is not in the registry');
  return { ...entry, server: entry.server };
}

async function answers(told: Told): Promise<boolean> {
  const client = await createConnection({ ...told.address, ...told.admin });
  await client.query('select 1');
  await client.end();
  return true;
}

/** The processes that name a folder, as they are now. */
function naming(folder: string, below: number): number[] {
  return processTree(below).filter((pid) => lookUpProcess(pid)?.commandLine.includes(folder));
}

describe.each(['mysql', 'mariadb'] as const)('a server of %s', (engine) => {
  const here = it.skipIf(program(engine) === undefined);

  async function newOwner(): Promise<Owner> {
    const provider = embeddedProvider({ clock, offline: true, cacheDir });
    const offer = (await provider.offers()).find((one) => one.engine === engine);
    const owner = await startOwner(compiled, cacheDir, engine, offer?.version);
    owners.push(owner);
    return owner;
  }

  here('is gone with its owner, running or frozen, and its neighbour stays', async () => {
    const neighbour = await newOwner();
    for (const word of ['runs', 'freeze']) {
      const victim = await newOwner();
      const { folder, server } = entryOf(victim.started);
      await victim.say(word);
      victim.process.kill('SIGKILL');
      expect(await vanishes(server.pid, folder)).toBe(true);
      const [reaped, ...rest] = await reapDeadServers({ clock, cacheDir });
      expect([reaped?.kind, reaped?.killedPid, rest]).toEqual(['server', null, []]);
    }
    expect(await answers(neighbour.started)).toBe(true);
  });

  here('is not even begun where its owner is killed while the template is made', async () => {
    const cold = join(root, `cold-${engine}`);
    const { templates } = openPlaces(cold, serverAccount());
    const provider = embeddedProvider({ clock, offline: true, cacheDir });
    const version = (await provider.offers()).find((one) => one.engine === engine)?.version ?? '';
    const words = [join(compiled, 'owner.js'), cold, engine, version];
    const owner = spawn(process.execPath, words, { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const pid = owner.pid ?? 0;
      const drafts = (): string[] => readdirSync(templates).map((name) => join(templates, name));
      // The guard of the draft, and what fills it.
      const busy = (): number[] => drafts().flatMap((draft) => naming(draft, pid));
      expect(await until(() => busy().length > 1, 30_000)).toBe(true);
      const pids = busy();
      owner.kill('SIGKILL');
      expect(await until(() => !pids.some(processExists), 10_000)).toBe(true);
      const drafted = drafts().filter((path) => path.includes('.draft-'));
      expect(drafted).toEqual([]);
    } finally {
      owner.kill('SIGKILL');
    }
  });

  here('is reaped at the next start where its guard was killed as well', async () => {
    const [owner, neighbour] = [await newOwner(), await newOwner()];
    const { folder, id, server } = entryOf(owner.started);
    const guard = processTree(owner.process.pid ?? 0).find((pid) => {
      const command = lookUpProcess(pid)?.commandLine ?? '';
      return command.includes('rehearse-guard') && command.includes(folder);
    });
    if (guard === undefined) throw new Error('there is no guard');
    process.kill(guard, 'SIGKILL');
    owner.process.kill('SIGKILL');
    await owner.ended;
    await clock.sleep(200);
    expect(processExists(server.pid)).toBe(true);
    const reaped = await reapDeadServers({ clock, cacheDir });
    expect(reaped).toEqual([{ kind: 'server', name: id, killedPid: server.pid }]);
    expect(await vanishes(server.pid, folder)).toBe(true);
    expect(await answers(neighbour.started)).toBe(true);
  });
});
