/** Blue/green deployments to another major version: real servers of both. */
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import {
  type BlueGreenWorld,
  keepWriting,
  numbersOf,
  openBlueGreenWorld,
  succeeded,
} from '../support/blue-green-world.js';
import { localVersions, makeProvider, namesWith } from '../support/docker.js';
import { postgresPair } from '../support/postgres-pair.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const clock = systemClock();
const pair = await postgresPair(clock);
const { mariadb } = await localVersions();
const [from = '', to] = mariadb;
if (mariadb.length > 0 && to === undefined)
  process.stderr.write('skipped: images of one version of MariaDB are no pair\n');

/** Long enough for several attempts in each, on a machine with other things to do. */
const waits = { readOnlyMs: 500, refusedMs: 500, readsFirstMs: 1_500 };

/** Switches over under writes. @returns what was met, in order */
async function switched(world: BlueGreenWorld, engineVersion: string): Promise<string[]> {
  await succeeded(world.create(engineVersion));
  const writing = keepWriting(world);
  await vi.waitFor(() => expect(writing.acknowledged.length).toBeGreaterThan(20), 20_000);
  await succeeded(world.switchOver({}, waits));
  const atEnd = writing.acknowledged.length;
  await vi.waitFor(() => expect(writing.acknowledged.length).toBeGreaterThan(atEnd), 20_000);
  await writing.stop();
  const rows = await (await world.client())('SELECT n FROM t ORDER BY n');
  expect(numbersOf(rows)).toEqual(writing.acknowledged);
  const { version } = await world.blue.serverVersion();
  expect(version.startsWith(engineVersion)).toBe(true);
  return writing.met;
}

describe.skipIf(pair === undefined)('a major version of Postgres', () => {
  it('is switched to, with sequences past every used value', async () => {
    const found = await postgresPair(clock);
    if (found === undefined) throw new Error('the pair is gone');
    const { provider, from: version } = found;
    const options = { engine: 'postgres', server: 'postgres', version } as const;
    const world = await openBlueGreenWorld(provider, options);
    const ask = await world.client();
    await ask('CREATE TABLE t (id bigserial PRIMARY KEY, n bigint NOT NULL)');
    await ask('CREATE SEQUENCE downward START -10 INCREMENT -5');
    await ask("SELECT nextval('downward'), nextval('downward')");
    await ask('CREATE SEQUENCE unused START 7');
    const met = await switched(world, found.to);
    expect(met).toEqual(['ok', '25006', 'ended', 'ECONNREFUSED', '25006', 'ok']);
    expect(world.notes('upgrade-way')[0]).toContain('green was upgraded by');
    expect(world.events()).toEqual(['0244', '0247', '0250', '0307', '0308', '0251', '0248']);
    const anew = await world.client();
    const [[max] = []] = await anew('SELECT max(id) FROM t');
    const [[next] = []] = await anew("SELECT nextval('t_id_seq')");
    expect(Number(next)).toBeGreaterThan(Number(max));
    // A copy is as after a crash: a sequence then skips what its log had in store.
    const [[downward, unused] = []] = await anew("SELECT nextval('downward'), nextval('unused')");
    expect(Number(downward)).toBeLessThanOrEqual(-20);
    expect(unused).toBe('7');
  });
});

describe.skipIf(to === undefined)('a major version of MariaDB in containers', () => {
  it('is switched to by binary log', async () => {
    const run = `blue-green-${process.pid}`;
    const provider = makeProvider({
      runId: run,
      imagePrefix: process.env.REHEARSE_IMAGE_PREFIX ?? '',
    });
    const options = { engine: 'mariadb', server: 'mariadb', version: from } as const;
    const world = await openBlueGreenWorld(provider, options);
    const ask = await world.client();
    await ask('CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n BIGINT NOT NULL)');
    const met = await switched(world, to ?? '');
    expect(met).toEqual(['ok', '1290', 'ended', 'ECONNREFUSED', '1290', 'ok']);
    expect(world.checks().get('auto-increment')).toBe('ok');
    expect(world.events()).toEqual(['0244', '0247', '0250', '0251', '0248']);
    await world.sim.close();
    await provider.close();
    expect(namesWith(run)).toEqual([]);
  });
});
