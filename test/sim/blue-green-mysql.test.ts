/** Blue/green deployments of MySQL and MariaDB: by their binary logs. */
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import {
  codeIn,
  keepWriting,
  numbersOf,
  openBlueGreenWorld,
  succeeded,
} from '../support/blue-green-world.js';
import { program } from '../support/programs.js';

vi.setConfig({ testTimeout: 120_000 });

/** Long enough for several attempts in each, on a machine with other things to do. */
const waits = { readOnlyMs: 500, refusedMs: 500, readsFirstMs: 1_500 };

const servers = (['mysql', 'mariadb'] as const).map((server) => ({
  server,
  skipped: program(server) === undefined,
}));

describe.each(servers)('a blue/green deployment on $server', ({ server, skipped }) => {
  it.skipIf(skipped)('is switched over by binary log, with nothing lost', async () => {
    const provider = embeddedProvider({ clock: systemClock(), offline: true });
    const version = (await provider.offers()).find(({ engine }) => engine === server)?.version;
    // A stand-in: one version is here, so that green is not upgraded.
    const world = await openBlueGreenWorld(provider, {
      ...{ engine: 'aurora-mysql', server, version: version ?? 'none' },
      awsVersion: '8.0.mysql_aurora.3.05.2',
    });
    const ask = await world.client();
    await ask('CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n BIGINT NOT NULL)');
    await succeeded(world.create(version ?? 'none'));
    const onGreen = await world.client(world.green().writer);
    expect(await codeIn(onGreen, 'INSERT INTO t (n) VALUES (0)')).toBe('1290');
    const writing = keepWriting(world);
    await vi.waitFor(() => expect(writing.acknowledged.length).toBeGreaterThan(20), 10_000);
    // The binary log carries DDL over.
    await ask('ALTER TABLE t ADD COLUMN m BIGINT');
    const topology = 'SELECT role, status, version FROM mysql.rds_topology ORDER BY role';
    expect(await ask(topology)).toEqual([
      ['BLUE_GREEN_DEPLOYMENT_SOURCE', 'AVAILABLE', '1.0'],
      ['BLUE_GREEN_DEPLOYMENT_TARGET', 'AVAILABLE', '1.0'],
    ]);
    await succeeded(world.switchOver({}, waits));
    const atEnd = writing.acknowledged.length;
    await vi.waitFor(() => expect(writing.acknowledged.length).toBeGreaterThan(atEnd), 10_000);
    await writing.stop();
    expect(writing.met).toEqual(['ok', '1290', 'ended', 'ECONNREFUSED', '1290', 'ok']);
    const anew = await world.client();
    expect(numbersOf(await anew('SELECT n FROM t ORDER BY n'))).toEqual(writing.acknowledged);
    expect(await anew(topology)).toEqual([
      ['BLUE_GREEN_DEPLOYMENT_SOURCE', 'SWITCHOVER_COMPLETED', '1.0'],
      ['BLUE_GREEN_DEPLOYMENT_TARGET', 'SWITCHOVER_COMPLETED', '1.0'],
    ]);
    expect(world.checks().get('auto-increment')).toBe('ok');
    expect(world.events()).toEqual(['0244', '0247', '0259', '0260', '0248']);
    const coordinates = world.told.flatMap((one) =>
      one.kind === 'event' && one.data.source === 'instance' ? [one.data.message] : [],
    );
    expect(coordinates.at(-1)).toMatch(
      /^Binary log coordinates in green .*: file \S+ and position/,
    );
    await succeeded(world.reboot(world.green()));
    const old = await world.client(world.green().writer);
    expect(await codeIn(old, 'INSERT INTO t (n) VALUES (0)')).toBe('1290');
    await succeeded(world.drop(false));
    expect(await codeIn(old, 'INSERT INTO t (n) VALUES (0)')).toBeNull();
    expect(await codeIn(old, topology)).not.toBeNull();
  });
});
