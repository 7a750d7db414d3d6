/** Parameter groups whose values reach real servers, when AWS says that they do. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { Instance } from '../../sim/cluster/instance.js';
import type { SimEvent } from '../../sim/events.js';
import type { ModifyParameterGroupParameters } from '../../sim/operations/parameters/parameters.js';
import type { Sim } from '../../sim/sim.js';
import { openOfferedWorld } from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { openWorld } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000 });

/** A dynamic and a static parameter of each engine, with values that are nobody's default. */
const engines = {
  postgres: { dynamic: ['work_mem', '5MB'], fixed: ['max_wal_senders', '13'] },
  mysql: { dynamic: ['max_connect_errors', '77'], fixed: ['back_log', '61'] },
  mariadb: { dynamic: ['max_connect_errors', '77'], fixed: ['back_log', '61'] },
} as const;

type Change = ModifyParameterGroupParameters['parameters'][number];

for (const [engine, { dynamic, fixed }] of Object.entries(engines))
  describe.skipIf(engine !== 'postgres' && program(engine) === undefined)(`on ${engine}`, () => {
    let world: { sim: Sim; told: SimEvent[]; close(): Promise<void> };
    let instance: Instance;

    beforeEach(async () => {
      const opened =
        engine === 'mysql' || engine === 'mariadb'
          ? await openOfferedWorld(engine)
          : await openWorld();
      world = opened;
      instance = (opened.cluster as ClusterRecord).writerInstance;
      world.sim.createParameterGroup('ours');
    });
    afterEach(() => world.close());

    const value = (name: string) => instance.member.parameters.value(name);
    const durations = [{ name: 'parameters.apply.applyMs', value: 1 }];
    const modify = (...parameters: Change[]) => {
      const asked = { cluster: 'demo', group: 'ours', durations, parameters };
      return world.sim.start('modify-parameter-group', asked);
    };
    const associate = () => {
      const asked = { cluster: 'demo', instance: instance.identifier, group: 'ours', durations };
      return world.sim.start('associate-parameter-group', asked);
    };
    const change = (
      [name, wanted]: readonly [string, string],
      applyMethod: Change['applyMethod'],
    ) => ({ name, value: wanted, applyMethod }) as const;
    const reboot = async () => {
      await instance.stopServer();
      await instance.startServer();
    };

    it('a new group takes effect at the reboot, dynamic values too; then at once', async () => {
      const before = await value(dynamic[0]);
      expect((await modify(change(dynamic, 'immediate')).job?.finished)?.status).toBe('succeeded');
      expect((await associate().job?.finished)?.status).toBe('succeeded');
      expect([await value(dynamic[0]), instance.parameters.status]).toEqual([
        before,
        'pending-reboot',
      ]);
      await reboot();
      expect([await value(dynamic[0]), instance.parameters.status]).toEqual([
        dynamic[1],
        'in-sync',
      ]);
      await modify({ ...change(dynamic, 'immediate'), value: before ?? '' }).job?.finished;
      expect([await value(dynamic[0]), instance.parameters.status]).toEqual([before, 'in-sync']);
      await reboot();
      expect(await value(dynamic[0])).toBe(before);
    });

    it('a static value waits for a reboot, and refuses a patch until then', async () => {
      await associate().job?.finished;
      await reboot();
      const { finished } = modify(change(fixed, 'pending-reboot')).job ?? {};
      expect((await finished)?.status).toBe('succeeded');
      expect(instance.parameters.status).toBe('pending-reboot');
      expect(await value(fixed[0])).not.toBe(fixed[1]);
      const names = (world as unknown as { cluster: ClusterRecord }).cluster.pendingParameters;
      expect(names).toEqual([fixed[0]]);
      await reboot();
      expect([await value(fixed[0]), instance.parameters.status]).toEqual([fixed[1], 'in-sync']);
    });

    it('tells what AWS tells, and refuses what it refuses', async () => {
      await associate().job?.finished;
      await modify(change(dynamic, 'immediate')).job?.finished;
      expect(events(world.told)).toEqual([
        'Updated to use DBParameterGroup ours.',
        `Updated parameter ${dynamic[0]} to ${dynamic[1]} with apply method immediate.`,
        'Finished updating DB parameter group.',
      ]);
      const asked = { cluster: 'demo', durations, parameters: [] };
      const { fault } = world.sim.start('modify-parameter-group', { ...asked, group: 'none' });
      expect(fault?.code).toBe('DBParameterGroupNotFound');
      expect(modify().fault?.code).toBe('InvalidParameterValue');
      const wrong = await modify(change(fixed, 'immediate')).job?.finished;
      expect(wrong).toMatchObject({ status: 'failed', reason: expect.stringContaining('static') });
      const unknown = await modify(change(['no_such_thing', '1'], 'immediate')).job?.finished;
      expect(unknown?.reason).toContain('no_such_thing');
    });
  });

function events(told: readonly SimEvent[]): string[] {
  return told.flatMap((one) => (one.kind === 'event' ? one.data.message : []));
}
