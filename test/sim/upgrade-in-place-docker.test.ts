/**
 * A major upgrade of Postgres in containers: by pg_upgrade where one image has the programs of both
 * versions, and by dump and COPY where each has its own.
 */
import { execFileSync } from 'node:child_process';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { docker, localVersions, makeProvider, namesWith } from '../support/docker.js';
import { type InPlaceWorld, openInPlaceWorld, publishedOrder } from '../support/in-place-world.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const { postgres } = await localVersions();
const from = postgres[0] ?? '';
const to = postgres.find((version) => Number.parseInt(version, 10) > Number.parseInt(from, 10));
if (postgres.length > 0 && to === undefined)
  process.stderr.write('skipped: images of one major version of Postgres are no pair\n');

const run = `in-place-${process.pid}`;
const images = `rehearse-${run}/`;
const own = process.env.REHEARSE_IMAGE_PREFIX ?? '';

/** One image with both versions, and the old one beside it under the same prefix. */
function buildImages(older: string, newer: string): void {
  const lines = [
    `FROM ${own}postgres:${older} AS older`,
    `FROM ${own}postgres:${newer}`,
    'COPY --from=older /usr/lib /older/lib',
    'COPY --from=older /usr/share/postgresql /older/share',
    'RUN cp -rn /older/lib/postgresql/* /usr/lib/postgresql/ && ' +
      'cp -rn /older/share/* /usr/share/postgresql/ && ' +
      'for one in /older/lib/*-linux-gnu; do cp -an $one/*.so* /usr/lib/$(basename $one)/; done',
  ];
  const args = ['build', '-q', '-t', `${images}postgres:${newer}`, '-'];
  execFileSync('docker', args, { input: lines.join('\n'), stdio: 'pipe', timeout: 150_000 });
  docker('tag', `${own}postgres:${older}`, `${images}postgres:${older}`);
}

describe.runIf(to !== undefined)('a major upgrade of Postgres in containers', () => {
  const newer = to ?? '';
  let world: InPlaceWorld | undefined;
  const clients: Client[] = [];

  beforeAll(() => buildImages(from, newer));
  afterEach(async () => {
    await Promise.allSettled(clients.splice(0).map((client) => client.end()));
    await world?.close();
    expect(namesWith(run)).toEqual([]);
  });
  afterAll(() => {
    docker('rmi', '-f', `${images}postgres:${from}`, `${images}postgres:${newer}`);
  });

  const dial = async ({ cluster }: InPlaceWorld): Promise<Client> => {
    const { writer, application } = cluster;
    const client = new Client({ ...writer, ...application, connectionTimeoutMillis: 10_000 });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  };

  it.each([
    ['pg_upgrade', images],
    ['dump and COPY', own],
  ] as const)('by %s keeps what is there', async (way, imagePrefix) => {
    const provider = makeProvider({ runId: run, imagePrefix });
    world = await openInPlaceWorld({
      ...{ engine: 'postgres', server: 'postgres', version: from, provider },
    });
    const before = await dial(world);
    await before.query('create table kept (id serial primary key, what text)');
    await before.query("insert into kept (what) select 'row ' || g from generate_series(1, 500) g");
    const { job } = world.upgrade(newer, {}, {});
    expect(await job?.finished).toEqual({ status: 'succeeded', reason: null });
    expect(world.events()).toEqual(publishedOrder);
    expect(world.notes('upgrade-way')[0]).toContain(`by ${way} in `);
    expect(world.notes('content-kept')).toHaveLength(1);
    const client = await dial(world);
    const { rows } = await client.query(
      "insert into kept (what) values ('next') returning id, version(), " +
        '(select count(*)::int from kept) as rows',
    );
    expect(rows[0]).toMatchObject({ id: 501, rows: 500 });
    expect(rows[0].version).toContain(`PostgreSQL ${newer}`);
  });
});
