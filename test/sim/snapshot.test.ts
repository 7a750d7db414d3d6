/** Snapshots of a server: its data at one instant, and servers of their own made from them. */
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { EngineName, Server, ServerProvider } from '../../sim/server/server.js';
import { ask, localVersions, makeProvider, namesWith } from '../support/docker.js';
import { program } from '../support/programs.js';

const clock = systemClock();
const embedded = embeddedProvider({ clock, offline: true });
const offers = await embedded.offers();
const images = await localVersions();

interface Place {
  readonly where: string;
  readonly engine: EngineName;
  readonly version: string | undefined;
  readonly provider: () => ServerProvider;
  /** Whether anything of a snapshot is still there. */
  readonly isThere: (place: string) => boolean;
}

const engines: readonly EngineName[] = ['postgres', 'mysql', 'mariadb'];
const places: readonly Place[] = engines.flatMap((engine) => [
  {
    where: 'a child process',
    engine,
    version:
      engine === 'postgres' || program(engine) !== undefined
        ? offers.find((offer) => offer.engine === engine)?.version
        : undefined,
    provider: () => embeddedProvider({ clock, offline: true }),
    isThere: existsSync,
  },
  {
    where: 'a container',
    engine,
    version: images[engine].at(-1),
    provider: () => makeProvider(),
    isThere: (place: string) => namesWith(place).length > 0,
  },
]);

for (const { where, engine, version, provider: make, isThere } of places) {
  describe.skipIf(version === undefined)(`${engine} in ${where}`, () => {
    it('gives what was committed before to a server of its own, and nothing later', async () => {
      const { provider, server } = await started(make(), engine, version ?? '');
      await write(server, 1, 50);
      const [before] = await identity(server);
      const snapshot = await server.snapshot();
      expect(server.state).toBe('running');
      const { fromNs, toNs } = snapshot.frozen;
      expect(toNs).toBeGreaterThan(fromNs);
      await write(server, 51, 60);

      const restored = await provider.restore(snapshot, 'restored');
      const again = await provider.restore(snapshot, 'restored-again');
      for (const one of [restored, again]) {
        await one.start();
        expect(await count(one)).toBe(50);
        expect(await identity(one)).toContain(before);
        expect(one.address).not.toEqual(server.address);
      }
      expect(await count(server)).toBe(60);
      // Each lives by itself from here on.
      await write(restored, 61, 65);
      expect([await count(restored), await count(again), await count(server)]).toEqual([
        55, 50, 60,
      ]);

      await snapshot.remove();
      await snapshot.remove();
      expect(isThere(snapshot.place)).toBe(false);
      expect(await count(restored)).toBe(55);

      // One that nobody removes goes with its server.
      const { place } = await server.snapshot();
      expect(isThere(place)).toBe(true);
      await server.remove();
      expect(isThere(place)).toBe(false);
      await expect(server.snapshot()).rejects.toThrow('cannot');
    }, 240_000);

    it('loses nothing that was answered before it, while writes go on', async () => {
      const { provider, server } = await started(make(), engine, version ?? '');
      const acknowledged: { number: number; atNs: number }[] = [];
      let stop = false;
      const writing = (async () => {
        for (let number = 1; !stop; number++) {
          await write(server, number, number);
          acknowledged.push({ number, atNs: clock.nowNs() });
        }
      })();
      await until(() => acknowledged.length >= 20);
      const snapshot = await server.snapshot();
      const { length } = acknowledged;
      await until(() => acknowledged.length >= length + 20);
      stop = true;
      await writing;

      const restored = await provider.restore(snapshot, 'restored');
      await restored.start();
      const found = (await ask(restored, `SELECT n FROM ${table(engine)} ORDER BY n`)).map(Number);
      const { fromNs, toNs } = snapshot.frozen;
      const early = acknowledged.filter(({ atNs }) => atNs < fromNs);
      const late = acknowledged.filter(({ atNs }) => atNs > toNs);
      expect(found.length).toBeGreaterThanOrEqual(early.length);
      // One write may have been under way.
      expect(found.length).toBeLessThanOrEqual(acknowledged.length - late.length + 1);
      expect(found).toEqual(found.map((_, index) => index + 1));
      expect(late.length).toBeGreaterThan(1);
    }, 240_000);
  });
}

async function started(
  provider: ServerProvider,
  engine: EngineName,
  version: string,
): Promise<{ provider: ServerProvider; server: Server }> {
  onTestFinished(() => provider.close());
  const server = await provider.create({ name: 'snapped', engine, version });
  await server.start();
  if (engine !== 'postgres') await ask(server, 'CREATE DATABASE written');
  await ask(server, `CREATE TABLE ${table(engine)} (n int)`);
  return { provider, server };
}

const table = (engine: EngineName): string => (engine === 'postgres' ? 'rows_' : 'written.rows_');

/** Each in a transaction of its own. */
async function write(server: Server, first: number, last: number): Promise<void> {
  const rows = Array.from({ length: last - first + 1 }, (_, index) => `(${first + index})`);
  await ask(server, `INSERT INTO ${table(server.spec.engine)} VALUES ${rows.join(', ')}`);
}

async function count(server: Server): Promise<number> {
  const [found] = await ask(server, `SELECT count(*) FROM ${table(server.spec.engine)}`);
  return Number(found);
}

/** What the server says that it is. */
function identity(server: Server): Promise<unknown[]> {
  return ask(
    server,
    server.spec.engine === 'postgres' ? 'SHOW server_version' : 'SELECT version()',
  );
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_200 && !holds(); tries++) await clock.sleep(50);
  if (!holds()) throw new Error('not within a minute');
}
