/** A database of the user's own in containers: loaded once, kept as a volume, copied. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSim } from '../../sim/create-sim.js';
import { lookThrough } from '../../sim/database/look-through.js';
import type { OwnDatabase } from '../../sim/database/own-database.js';
import { openDaemon } from '../../sim/server/docker/daemon.js';
import { removeFilledVolumes } from '../../sim/server/docker/filled-volumes.js';
import { lackingFiles } from '../../sim/server/docker/lacking.js';
import { type EngineName, engineNames, type Server } from '../../sim/server/server.js';
import { ask, clock, docker, localVersions, makeProvider, namesWith } from '../support/docker.js';
import { temporaryFolder } from '../support/rehearse.js';

// Docker takes long over what a busy machine has to do; nothing here measures that.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const versions = await localVersions();
const here = engineNames.filter((engine) => versions[engine].length > 0);
const newest = (engine: EngineName): string => versions[engine].at(-1) ?? '';
const runId = `own-${process.pid}`;
const place = temporaryFolder();
const cacheBefore = process.env.REHEARSE_CACHE_DIR;

// What is kept is of this test alone, and goes with it.
beforeAll(() => {
  process.env.REHEARSE_CACHE_DIR = join(place.folder, 'cache');
});
afterEach(() => {
  if (here.length > 0) expect(namesWith(runId)).toEqual([]);
});
afterAll(async () => {
  if (here.length > 0) await removeFilledVolumes(clock, await openDaemon(clock));
  if (cacheBefore === undefined) delete process.env.REHEARSE_CACHE_DIR;
  else process.env.REHEARSE_CACHE_DIR = cacheBefore;
  place.remove();
});

async function own(engine: EngineName, sql: string): Promise<OwnDatabase> {
  writeFileSync(join(place.folder, `${engine}.sql`), sql);
  const { source, needs } = await lookThrough(`${engine}.sql`, place.folder, engine);
  return { schema: source, data: null, needs, refresh: false };
}

const knownName = { postgres: 'plpgsql', mysql: 'auth_socket', mariadb: 'auth_ed25519' } as const;
const schema = Array.from(
  { length: 20 },
  (_, index) => `CREATE TABLE t${index} (id int PRIMARY KEY);\nINSERT INTO t${index} VALUES (1);`,
).join('\n');

describe.each(here)('on %s', (engine) => {
  test('it is loaded once, and each server has an admin of its own', async () => {
    const database = await own(engine, schema);
    const passwords = new Set<string>();
    for (const reused of [false, true, true]) {
      const provider = makeProvider({ runId });
      const servers: Server[] = [];
      const sim = createSim({
        clock,
        seed: 'test',
        emit: () => undefined,
        provider: {
          name: 'docker',
          lacking: (...args) => provider.lacking(...args),
          prepare: (...args) => provider.prepare(...args),
          restore: (...args) => provider.restore(...args),
          hostFor: (...args) => provider.hostFor(...args),
          offers: () => provider.offers(),
          close: () => provider.close(),
          create: async (spec) => {
            const server = await provider.create(spec);
            servers.push(server);
            return server;
          },
        },
      });
      try {
        const cluster = await sim.createCluster({
          identifier: 'own',
          engine: engine === 'postgres' ? 'aurora-postgresql' : 'aurora-mysql',
          server: engine,
          version: newest(engine),
          database: { own: database, tell: () => undefined },
        });
        expect(cluster.database).toMatchObject({ reused, tables: 20, rows: 20 });
        const [server] = servers;
        if (server === undefined) throw new Error('no server was made');
        passwords.add(server.admin.password);
        await server.stop('fast');
        await server.start();
        expect(await ask(server, 'SELECT 1')).toHaveLength(1);
      } finally {
        await sim.close();
        await provider.close();
      }
    }
    expect(passwords.size).toBe(3);
  });

  test('gc of the templates leaves no volume', async () => {
    const volumes = (): string[] => docker('volume', 'ls', '-q', '-f', 'label=rehearse.template');
    const before = volumes();
    const removed = await removeFilledVolumes(clock, await openDaemon(clock));
    expect(removed).toHaveLength(1);
    expect(volumes()).toEqual(before.filter((name) => !removed.includes(name)));
  });

  test('what its image lacks is found without a server', async () => {
    const provider = makeProvider({ runId });
    const need = { kind: engine === 'postgres' ? 'extension' : 'plugin', from: 'x' } as const;
    const needs = ['no_such_thing', knownName[engine]].map((name) => ({ ...need, name }));
    const lacking = await provider.lacking(engine, newest(engine), needs);
    const names = lacking.map(({ name }) => name);
    // An image of MariaDB may come without any plugin: then only its server can tell.
    if (engine === 'mariadb') expect(names).not.toContain(knownName[engine]);
    else expect(names).toEqual(['no_such_thing']);
    await provider.close();
  });
});

test('a listing in which nothing of the kind is seen decides nothing', () => {
  const need = { kind: 'extension', name: 'postgis', from: 'x' } as const;
  expect(lackingFiles('/usr/lib/x.so\n', [need])).toEqual([]);
  const plugin = { kind: 'plugin', name: 'dialog', from: 'x' } as const;
  const [client, server] = ['libmariadb3/plugin/dialog', 'mysql/plugin/auth_ed25519'];
  expect(lackingFiles(`/usr/lib/${client}.so\n`, [plugin])).toEqual([]);
  expect(lackingFiles(`/usr/lib/${client}.so\n/usr/lib/${server}.so\n`, [plugin])).toEqual([
    plugin,
  ]);
  expect(lackingFiles('/usr/share/extension/plpgsql.control\r\n', [need])).toEqual([need]);
  expect(lackingFiles('/usr/share/extension/postgis.control\r\n', [need])).toEqual([]);
});
