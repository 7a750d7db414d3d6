/** The managed minor upgrade of a global database: both regions, what is told, what clients see. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { SimEvent } from '../../sim/events.js';
import type { Job } from '../../sim/sim.js';
import { type GlobalWorld, globalDurations, openGlobalWorld } from '../support/global-world.js';
import { endOf } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

async function open(options: Parameters<typeof openGlobalWorld>[0] = {}): Promise<GlobalWorld> {
  const world = await openGlobalWorld(options);
  onTestFinished(() => world.close());
  return world;
}

function started({ job, fault }: ReturnType<GlobalWorld['upgrade']>): Job {
  if (job === undefined) throw new Error(fault.message);
  return job;
}

/** `us-east-1 demo-instance-1: DB instance shutdown`: who of which region, and the text. */
const events = (told: readonly SimEvent[]): string[] =>
  told.flatMap((one) => {
    if (one.kind !== 'event' || one.clock !== 'control') return [];
    const { region, cluster, instance } = one.subject;
    return [`${region} ${instance ?? cluster}: ${one.data.message}`];
  });

/** As fast as the engine goes, but for those whose names match. */
const lasting = (names: RegExp, valueMs: number): ReturnType<typeof globalDurations> =>
  globalDurations('engine').map((one) => (names.test(one.name) ? { ...one, value: valueMs } : one));

/** What a dial meets, but for those on their way when the port closes or sessions end. */
const whole = ['ok', 'ECONNREFUSED', '57P03'];

const begins = 'Database cluster engine minor version upgrade started. Cluster remains online.';
const walSenders =
  'The parameter max_wal_senders was set to a value incompatible with replication. ' +
  'It has been adjusted from 10 to 20.';
const finished =
  "Attempt to upgrade the database instance 'demo-instance-1' with zero downtime finished. " +
  'The process took N ms, P connections preserved, 0 connections dropped. ' +
  'See the database error log for details.';
const complete =
  'Database cluster engine minor version upgrade complete. ' +
  'Previous version: 17.4.5. New version: 17.5.4.';

/** Dials again and again, each time anew; what it met in order, repetitions left out. */
async function watch(world: GlobalWorld, port: number): Promise<{ end(): Promise<string[]> }> {
  const seen: string[] = [];
  let over = false;
  const loop = (async () => {
    while (!over) {
      const saw = await dial(world, port);
      if (whole.includes(saw) && seen.at(-1) !== saw) seen.push(saw);
      await pause(10);
    }
  })();
  while (!seen.includes('ok')) await pause(10);
  return {
    end: async () => {
      over = true;
      await loop;
      return seen;
    },
  };
}

async function dial(world: GlobalWorld, port: number): Promise<string> {
  const { application } = world.cluster;
  const client = new Client({ host: '127.0.0.1', port, ...application });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? 'no code';
  } finally {
    await client.end().catch(() => {});
  }
}

const versionsOf = async (clusters: readonly ClusterRecord[]): Promise<string[]> =>
  Promise.all(clusters.map(async (one) => (await one.serverVersion()).version));

/** A row written on the primary now comes to the secondary. */
async function replicates({ cluster, secondaries, client, reader }: GlobalWorld): Promise<void> {
  const writer = await client();
  await writer.query('create table if not exists later (n int)');
  await writer.query('insert into later values (1)');
  for (const secondary of secondaries) {
    const { followers, mainInstance } = secondary;
    await followers.replication.catchUp(mainInstance, cluster.writerInstance, 10_000);
    const { rows } = await (await reader(secondary)).query('select n from later');
    expect(rows.length).toBeGreaterThan(0);
  }
}

/** Its link, once it runs the new version and streams. */
async function streamingAgain({ followers, mainInstance: one }: ClusterRecord) {
  const streams = async (): Promise<boolean> =>
    one.server.version === '17.5' &&
    one.serverRuns &&
    (await followers.replication.state(one)).state === 'streaming';
  while (!(await streams())) await pause(20);
  const link = followers.linkOf(one);
  if (link === undefined) throw new Error('it follows nobody');
  return link;
}

/** How long its server took to stop. A server that waits for a follower is killed after 30 s. */
function stoppingMs(told: readonly SimEvent[], instance: string): number {
  const [stopping, stopped] = told.filter(
    (one) =>
      one.kind === 'gauge' && one.data.name === 'server.state' && one.subject.instance === instance,
  );
  return ((stopped?.atNs ?? Number.NaN) - (stopping?.atNs ?? 0)) / 1e6;
}

describe('the minor upgrade of a global database', () => {
  it('restarts the secondary, patches the primary, and tells it as the published log', async () => {
    const world = await open();
    const { cluster, secondaries, told } = world;
    const osaka = secondaries[0] as ClusterRecord;
    const held = await world.client();
    await held.query("set application_name to 'held'");
    const reading = await world.reader(osaka);
    const ended = endOf(reading);
    const primarySeen = await watch(world, cluster.writer.port);
    const secondarySeen = await watch(world, osaka.reader.port);
    let t0 = 0;
    const from = told.length;
    const job = started(
      world.upgrade('17.5', {
        durations: lasting(/refusedMs|startingUpMs/, 400),
        onT0: () => {
          t0 += 1;
          expect(events(told.slice(from))).toEqual([
            `us-east-1 demo: ${begins}`,
            `ap-northeast-3 osaka: ${begins}`,
          ]);
          expect([cluster.status, osaka.status]).toEqual(['upgrading', 'upgrading']);
        },
      }),
    );
    expect(await job.finished).toEqual({ status: 'succeeded', reason: null });
    expect(t0).toBe(1);
    await pause(500);
    const [primarySaw, secondarySaw] = await Promise.all([primarySeen.end(), secondarySeen.end()]);
    for (const saw of [primarySaw, secondarySaw])
      expect(saw.join(' ')).toMatch(/^ok (57P03 )?ECONNREFUSED 57P03 ok$/);
    expect((await ended).code).toBe('57P01');
    expect((await held.query('show application_name')).rows).toEqual([
      { application_name: 'held' },
    ]);
    const texts = events(told.slice(from)).map((text) =>
      text.replace(/\d+ ms, \d+ connections/, 'N ms, P connections').replace(/\[\d+\]/, '[N]'),
    );
    expect(texts.slice(2)).toEqual([
      `ap-northeast-3 osaka-instance-1: ${walSenders}`,
      'ap-northeast-3 osaka-instance-1: DB instance shutdown',
      `ap-northeast-3 osaka-instance-1: ${walSenders}`,
      'ap-northeast-3 osaka-instance-1: DB instance restarted',
      'us-east-1 demo: Attempting to upgrade the database with zero downtime.',
      `us-east-1 demo-instance-1: ${walSenders}`,
      'us-east-1 demo-instance-1: Attempting to upgrade the database with zero downtime.',
      'us-east-1 demo-instance-1: Aurora fast startup completed in [N] microseconds.',
      `us-east-1 demo: ${finished}`,
      `us-east-1 demo-instance-1: ${finished}`,
      'us-east-1 demo: Database cluster is online. The primary instance is ready for connections.',
      'us-east-1 demo: Database cluster engine version upgrade finished on all instances.',
      `ap-northeast-3 osaka: ${complete}`,
      'ap-northeast-3 osaka: Database cluster engine version has been upgraded.',
      `us-east-1 demo: ${complete}`,
      'us-east-1 demo: Database cluster engine version has been upgraded.',
    ]);
    expect(await versionsOf([cluster, osaka])).toEqual(['17.5', '17.5']);
    expect([cluster.status, osaka.status]).toEqual(['available', 'available']);
    await replicates(world);
  });
});

describe('a global database with two secondaries', () => {
  let world: GlobalWorld;
  let all: readonly ClusterRecord[];
  beforeAll(async () => {
    world = await openGlobalWorld({ secondaries: ['osaka', 'ireland'] });
    all = [world.cluster, ...world.secondaries];
  });
  afterAll(() => world.close());

  const rolledBack =
    'The DB engine version upgrade failed. The engine version upgrade rollback succeeded.';
  const available = (): void =>
    expect(
      all.flatMap(({ status, instances }) => [status, ...instances.map((one) => one.status)]),
    ).toEqual(Array.from({ length: 6 }, () => 'available'));
  /** Every cluster is as it was before. */
  const unchanged = async (): Promise<void> => {
    expect(await versionsOf(all)).toEqual(['17.4', '17.4', '17.4']);
    expect(all.map(({ awsVersion }) => awsVersion)).toEqual(['17.4.5', '17.4.5', '17.4.5']);
    available();
    await replicates(world);
  };

  it('is refused with the faults of ModifyGlobalCluster', async () => {
    const codes = ([cluster, to]: readonly [string, string]): string | undefined =>
      world.upgrade(to, { cluster }).fault?.code;
    const calls = [
      ['osaka', '17.5'],
      ['nowhere', '17.5'],
      ['demo', '17.4'],
      ['demo', '17.3'],
      ['demo', '18.0'],
    ] as const;
    expect(calls.map(codes)).toEqual([
      'GlobalClusterNotFoundFault',
      'GlobalClusterNotFoundFault',
      'InvalidParameterCombination',
      'InvalidParameterCombination',
      'InvalidParameterCombination',
    ]);
    const job = started(world.upgrade('17.5', { durations: lasting(/untilSecondaries/, 60_000) }));
    const { fault } = world.upgrade('17.5');
    expect(fault?.code).toBe('InvalidGlobalClusterStateFault');
    job.abort('enough');
    expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
    available();
    const asked = world.told.flatMap((one) => (one.kind === 'call' ? [one.data] : [])).at(-1);
    expect(asked).toMatchObject({
      action: 'ModifyGlobalCluster',
      parameters: { GlobalClusterIdentifier: 'demo-global', EngineVersion: '17.5' },
      fault: { code: 'InvalidGlobalClusterStateFault' },
    });
  });

  it('has what befalls the replication of its primary befall the secondaries', async () => {
    const writer = await world.client();
    await writer.query('create table far (n int)');
    const reading = await Promise.all(world.secondaries.map((one) => world.reader(one)));
    await replicates(world);
    const fault = world.cluster.injectFault({ name: 'partition' });
    await pause(100);
    await writer.query('insert into far values (1)');
    await pause(300);
    for (const one of reading) expect((await one.query('select n from far')).rows).toEqual([]);
    await fault.end();
    await replicates(world);
    for (const one of reading) expect((await one.query('select n from far')).rows).toHaveLength(1);
  });

  it('is rolled back whole when an engine of a secondary does not start', async () => {
    const from = world.told.length;
    const held = await world.client();
    const saw = await watch(world, world.cluster.writer.port);
    const job = started(world.upgrade('17.5', { defects: ['secondary-start-failure'] }));
    const { status, reason } = await job.finished;
    expect(status).toBe('failed');
    expect(reason).toMatch(/^osaka-instance-1: engine 17\.5 did not start: /);
    expect(reason).toMatch(/every cluster runs 17\.4 again$/);
    expect(reason).toContain('rehearse_injected_failure');
    expect(await saw.end()).toEqual(['ok']);
    await held.query('select 1');
    const texts = events(world.told.slice(from));
    const of = (name: string): string[] =>
      texts.flatMap((text) =>
        text.includes(` ${name}-instance-1: `) ? [text.split(': ')[1] ?? ''] : [],
      );
    expect(of('osaka').slice(-2)).toEqual(['DB instance restarted', rolledBack]);
    expect(of('ireland').slice(-4)).toEqual([
      'DB instance restarted',
      'DB instance shutdown',
      'DB instance restarted',
      rolledBack,
    ]);
    expect(of('demo')).toEqual([]);
    expect(texts.filter((text) => text.includes('upgrade complete'))).toEqual([]);
    await unchanged();
  });

  it('is rolled back whole when the engine of the primary does not start', async () => {
    const { server } = world.cluster.writerInstance;
    const start = server.start.bind(server);
    const spy = vi.spyOn(server, 'start');
    onTestFinished(() => spy.mockRestore());
    // Neither of the two is started by the patch; the rollback starts the old one.
    spy.mockRejectedValueOnce(new Error('no disk')).mockRejectedValueOnce(new Error('no disk'));
    spy.mockRejectedValueOnce(new Error('no disk')).mockImplementation(start);
    const from = world.told.length;
    const end = await started(world.upgrade('17.5')).finished;
    expect(end.status).toBe('failed');
    expect(end.reason).toMatch(/no disk.*every cluster runs 17\.4 again$/s);
    const failed = events(world.told.slice(from)).filter((text) => text.endsWith(rolledBack));
    const [first, ...others] = failed.map((text) => text.split(' ')[1]);
    expect([first, ...others.sort()]).toEqual([
      'demo-instance-1:',
      'ireland-instance-1:',
      'osaka-instance-1:',
    ]);
    await unchanged();
  });

  it('goes back when it is aborted before the primary is touched', async () => {
    for (const phase of [/pg\.(refused|startingUp)Ms/, /untilPrimaryMs/]) {
      let touched: () => void = () => undefined;
      const t0 = new Promise<void>((resolve) => {
        touched = resolve;
      });
      const job = started(
        world.upgrade('17.5', { durations: lasting(phase, 60_000), onT0: () => touched() }),
      );
      await t0;
      await pause(100);
      job.abort('enough');
      const { status, reason } = await job.finished;
      expect([status, reason?.includes('every cluster runs 17.4 again')]).toEqual([
        'aborted',
        true,
      ]);
      await unchanged();
    }
  });

  it('goes on without waiting when it is aborted at the primary, nor for any link', async () => {
    const held = await world.client();
    await held.query("set application_name to 'held'");
    const waits = lasting(/finishMs|success\.pg\.refusedMs/, 60_000);
    const gap = waits.map((one) =>
      one.name.endsWith('untilPrimaryMs') ? { ...one, value: 2_000 } : one,
    );
    const from = world.told.length;
    const job = started(world.upgrade('17.5', { durations: gap }));
    const link = await streamingAgain(world.secondaries[1] as ClusterRecord);
    await held.query('create table unseen (n int)');
    link.partition(true);
    const { endpoint } = world.cluster;
    while (endpoint.state === 'open') await pause(5);
    job.abort('enough');
    expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
    expect(stoppingMs(world.told.slice(from), 'demo-instance-1')).toBeLessThan(20_000);
    link.partition(false);
    expect(await versionsOf(all)).toEqual(['17.5', '17.5', '17.5']);
    available();
    await held.query('select 1');
    await replicates(world);
  });
});

describe('a primary with a reader of its own', () => {
  it('restarts that reader before the writer, and the writer too where it must', async () => {
    const pending = ['shared_buffers'];
    const world = await open({ members: ['reader'], pending });
    const { cluster, told } = world;
    const refused = await started(world.upgrade('17.5')).finished;
    expect(refused.reason).toContain('pending parameter changes: shared_buffers');
    expect(events(told).at(-1)).toMatch(/^us-east-1 demo: .* cannot be upgraded: pending/);
    pending.length = 0;
    const from = told.length;
    const ended = endOf(await world.client());
    const job = started(world.upgrade('17.5', { defects: ['zdp-fallback'] }));
    expect(await job.finished).toEqual({ status: 'succeeded', reason: null });
    expect((await ended).code).toBe('57P01');
    const restarts = events(told.slice(from)).filter((text) => text.endsWith('restarted'));
    expect(restarts.map((text) => text.split(' ')[1])).toEqual([
      'osaka-instance-1:',
      'demo-instance-2:',
      'demo-instance-1:',
    ]);
    const all = [cluster, ...world.secondaries].flatMap(({ instances }) => instances);
    expect(all.map(({ server }) => server.version)).toEqual(['17.5', '17.5', '17.5']);
    await replicates(world);
  });
});
