import { describe, expect, it } from 'vitest';
import { planRun } from '../../harness/plan.js';
import type { Scenario, Topology } from '../../harness/scenario.js';
import { judge } from '../../harness/verdict/judge.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { request, Stage } from '../support/stage.js';

const { choices: _, beforeT0: __, ...bare } = auroraPostgresZdp;

/** A restart of the first instance, then of the second one, after the first has ended. */
const restarts: Scenario = {
  ...bare,
  name: 'restarts',
  upgrade: 'none',
  versions: { from: '17.4', to: '17.4' },
  timingProfiles: ['rds.reboot'],
  switches: [],
  defects: [],
  phases: [
    { name: 'before', what: '', steps: [{ step: 'wait', durationMs: 1_000, option: 'steady' }] },
    { name: 'ask', what: '', steps: [{ step: 'start', operation: 'reboot' }] },
    {
      name: 'restart',
      what: '',
      t0: true,
      steps: [
        { step: 'finish', operation: 'reboot' },
        { step: 'start', operation: 'reboot', settings: { instance: 'rehearsal-instance-2' } },
        { step: 'finish', operation: 'reboot' },
      ],
    },
    { name: 'verify', what: '', steps: [{ step: 'verify' }] },
  ],
};
const withReader: Topology = {
  clusters: [{ identifier: 'rehearsal', role: 'primary', members: ['reader', 'standby'] }],
};
const twoRegions: Topology = {
  clusters: [
    { identifier: 'home', role: 'primary', region: 'us-east-1', members: ['reader', 'reader'] },
    { identifier: 'away', role: 'secondary', region: 'eu-west-1', members: ['reader'] },
  ],
};
const same = {
  patch: null,
  versions: { ...request.versions, to: '17.4', awsTo: '17.4.5' },
  servers: { ...request.servers, to: '17.4' },
};
const planOf = (scenario: Scenario) => planRun({ ...request, ...same, scenario });

describe('a scenario that changes no version', () => {
  it('runs its operations one after the other, with one T0, and speaks of no upgrade', async () => {
    const stage = new Stage({ plan: planOf(restarts), staysAsIs: true });
    const running = stage.run();
    await stage.pass(20_000);
    expect(await running).toEqual({ completed: true, reason: null });
    expect(stage.phases).toEqual([
      ...['start:begin', 'start:end', 'before:begin', 'before:end', 'ask:begin', 'ask:end'],
      ...['restart:begin:t0', 'restart:end', 'verify:begin', 'verify:end'],
    ]);
    expect(stage.started.map(({ operation }) => operation)).toEqual(['reboot', 'reboot']);
    const [first, second] = stage.started.map(({ parameters }) => parameters);
    expect(Object.keys(first ?? {}).sort()).toEqual(['cluster', 'durations', 'onT0']);
    expect(second).toMatchObject({ cluster: 'rehearsal', instance: 'rehearsal-instance-2' });
    const notes = stage.entries.filter((entry) => entry.kind === 'note');
    expect(notes.filter(({ data }) => data.level === 'error')).toEqual([]);
    expect(judge(stage.entries).servers.after?.version).toBe('17.4');
  });

  it('whose server is another one afterwards says so', async () => {
    const stage = new Stage({ plan: planOf(restarts) });
    const running = stage.run();
    await stage.pass(20_000);
    await running;
    const text = 'the server says that it is 17.5, where 17.4 was expected';
    expect(judge(stage.entries).notes).toContainEqual(expect.objectContaining({ text }));
  });

  it('has no setting of a patch, and expects T0 when it asks', () => {
    const { settings, expectedT0Ms, patch } = planOf(restarts);
    for (const name of ['longRunning', 'lateSessions', 'preparedStatements', 'pendingParameters'])
      expect(settings).not.toHaveProperty(name);
    expect({ expectedT0Ms, patch }).toEqual({ expectedT0Ms: 1_000, patch: null });
  });
});

describe('T0', () => {
  it('is expected after the durations that the scenario says, in one profile or in all', () => {
    const expected = (beforeT0: NonNullable<Scenario['beforeT0']>): number => {
      const timingProfiles = ['zdp.success.pg', 'zdp.fallback.pg'] as const;
      const plan = planOf({ ...restarts, timingProfiles, beforeT0 });
      const of = (name: string) => plan.durations.find((one) => one.name === name)?.value ?? -1;
      const both = of('zdp.success.pg.refusedMs') + of('zdp.fallback.pg.refusedMs');
      const one = of('zdp.fallback.pg.refusedMs');
      const waitedMs = plan.expectedT0Ms - 1_000;
      return waitedMs === both ? 2 : waitedMs === one ? 1 : waitedMs;
    };
    expect(expected(['refusedMs'])).toBe(2);
    expect(expected(['zdp.fallback.pg.refusedMs'])).toBe(1);
    expect(expected([])).toBe(0);
  });
});

describe('the clusters of a run', () => {
  it('are one with members, whose reader is dialled by the lane of that name', async () => {
    const plan = planOf({ ...restarts, topology: withReader });
    const stage = new Stage({ plan, staysAsIs: true });
    const running = stage.run();
    await stage.pass(20_000);
    await running;
    expect(stage.created).toMatchObject([
      { identifier: 'rehearsal', members: ['reader', 'standby'] },
    ]);
    const lanes = stage.wanted?.lanes ?? [];
    const reader = lanes.find(({ spec }) => spec.name === 'reader');
    expect(reader?.target?.name).toBe('reader');
    // A standby is dialled by nobody.
    expect(lanes.filter(({ spec }) => spec.kind === 'replica-lag').map(({ spec }) => spec)).toEqual(
      [expect.objectContaining({ name: 'replica-lag', target: 'reader' })],
    );
  });

  it('are made primary first, and each secondary has lanes of its own', async () => {
    const stage = new Stage({ plan: planOf({ ...restarts, topology: twoRegions }) });
    const running = stage.run();
    await stage.pass(20_000);
    await running;
    expect(stage.created).toMatchObject([
      { identifier: 'home', region: 'us-east-1', members: ['reader', 'reader'] },
      { identifier: 'away', region: 'eu-west-1', members: ['reader'], globalPrimary: 'home' },
    ]);
    expect(stage.created[0]).not.toHaveProperty('globalPrimary');
    const lanes = (stage.wanted?.lanes ?? []).map(({ spec, target }) => [
      spec.name,
      target?.name ?? null,
      target?.tls.caPem ?? null,
    ]);
    expect(lanes).toContainEqual(['home-instance-3/replica-lag', 'home-instance-3', 'home']);
    expect(lanes).toContainEqual(['secondary/new-connection', 'secondary', 'away']);
    expect(lanes).toContainEqual(['secondary/replica-lag', 'secondary', 'away']);
    expect(lanes.at(-1)).toEqual(['observer', null, null]);
    expect(new Set(lanes.map(([name]) => name)).size).toBe(lanes.length);
    const told = stage.entries.flatMap((entry) =>
      entry.kind === 'run' && entry.data.stage === 'server'
        ? [`${entry.data.when} ${entry.subject.cluster}`]
        : [],
    );
    expect(told).toEqual(['before home', 'before away', 'after home', 'after away']);
  });

  it('change nothing of a patch: the same lanes at the same ticks as ever', () => {
    const { lanes, topology, expectedT0Ms, durations } = planRun(request);
    expect(topology.clusters).toEqual([{ identifier: 'rehearsal', role: 'primary', members: [] }]);
    expect(lanes.map(({ spec, phaseMs }) => [spec.name, spec.target, phaseMs])).toEqual([
      ['new-connection', 'writer', 12],
      ['held-session', 'writer', 271],
      ['idle-session', 'writer', 93],
      ['writer', 'writer', 475],
      ['reader', 'reader', 333],
      ['served-by', 'writer', 405],
      ['observer', 'writer', 151],
    ]);
    const precheckMs = durations.find(({ name }) => name === 'zdp.success.pg.precheckMs')?.value;
    expect(expectedT0Ms).toBe(6_000 + (precheckMs ?? 0));
  });
});
