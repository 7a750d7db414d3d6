import { describe, expect, it } from 'vitest';
import { scenarioForEngine } from '../../cli/scenario-engine.js';
import { givenSwitches } from '../../cli/set-option.js';
import { switchOptions } from '../../cli/switch-options.js';
import { ofEngine, versionsTitle } from '../../harness/engines.js';
import { planRun } from '../../harness/plan.js';
import type { Scenario, Step, When } from '../../harness/scenario.js';
import { settingSwitches, switched, switchName } from '../../harness/switches.js';
import { auroraMysqlZdp } from '../../scenarios/aurora-mysql-zdp.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { scenarios } from '../../scenarios/index.js';
import { UserError } from '../../sim/user-error.js';
import { request } from '../support/stage.js';

const { choices: _, ...bare } = auroraPostgresZdp;
const failover: Scenario = {
  ...bare,
  name: 'some-failover',
  upgrade: 'none',
  versions: { from: '17.4', to: '17.4' },
  otherEngines: [
    {
      engine: 'aurora-mysql',
      versions: { from: '3.07', to: '3.07' },
      timingProfiles: ['aurora.failover.direct.mysql'],
    },
    { engine: 'postgres', versions: { from: '17.4', to: '17.4' }, timingProfiles: ['rds.reboot'] },
  ],
  timingProfiles: ['aurora.failover.direct.pg'],
  topology: { clusters: [{ identifier: 'rehearsal', role: 'primary', members: ['reader'] }] },
  phases: [
    {
      name: 'ask',
      what: '',
      steps: [
        {
          step: 'start',
          operation: 'failover',
          settings: { fencing: 'reset', cause: 'requested' },
        },
      ],
    },
    { name: 'failover', what: '', t0: true, steps: [{ step: 'finish', operation: 'failover' }] },
  ],
  switches: [
    {
      option: '--fencing',
      values: 'reset | black-hole',
      byDefault: 'reset',
      why: '',
      setting: {
        of: 'operation',
        operation: 'failover',
        name: 'fencing',
        allowed: ['reset', 'black-hole'],
      },
    },
    {
      option: '--stale-dns',
      values: 'a duration',
      byDefault: 'by --timing',
      why: '',
      setting: { of: 'timing', name: 'staleDnsMs' },
    },
    {
      option: '--readers',
      values: '0 to 3',
      byDefault: '1',
      why: '',
      setting: { of: 'readers', max: 3 },
    },
  ],
};

const codeOf = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof UserError ? `${error.code} ${error.exit}` : String(error);
  }
};
const given = (values: Record<string, string>) => new Map(Object.entries(values));
const plan = (values: Record<string, string>, pace = 60) =>
  planRun({ ...request, scenario: failover, patch: null, pace, switches: given(values) });
const settingsOfStart = (values: Record<string, string>) =>
  switched(failover, given(values)).phases[0]?.steps[0];

describe('switches that set something', () => {
  it('are told with their defaults where none is given', () => {
    const { settings, durations } = plan({});
    expect(settings).toMatchObject({ fencing: 'reset', staleDns: 'by --timing', readers: '1' });
    expect(durations.find(({ name }) => name.endsWith('staleDnsMs'))?.source).toContain('psql');
    expect(settingsOfStart({})).toEqual(failover.phases[0]?.steps[0]);
  });

  it('set what the operation is started with, and leave the scenario as it was', () => {
    expect(settingsOfStart({ fencing: 'black-hole' })).toMatchObject({
      settings: { fencing: 'black-hole', cause: 'requested' },
    });
    expect(plan({ fencing: 'black-hole' }).settings.fencing).toBe('black-hole');
    expect(settingsOfStart({})).toMatchObject({ settings: { fencing: 'reset' } });
  });

  it('set a length as it is given, whatever is drawn, and change no other', () => {
    const lengths = (values: Record<string, string>, pace: number) =>
      plan(values, pace).durations.map(({ name, value, source }) => [name, value, source]);
    for (const pace of [1, 60]) {
      const [without, stale] = [lengths({}, pace), lengths({ 'stale-dns': '2s' }, pace)];
      const changed = stale.filter((one, at) => one[1] !== without[at]?.[1]);
      expect(changed).toEqual([
        ['aurora.failover.direct.pg.staleDnsMs', 2_000, 'given by --stale-dns'],
      ]);
    }
    expect(plan({ 'stale-dns': '2s' }).settings.staleDns).toBe('2s');
  });

  it('set how many readers there are, and so the lanes', () => {
    const lags = (values: Record<string, string>) =>
      plan(values).lanes.filter(({ spec }) => spec.kind === 'replica-lag').length;
    expect(plan({ readers: '3' }).topology.clusters[0]?.members).toHaveLength(3);
    expect(plan({ readers: '3' }).settings.readers).toBe('3');
    expect([lags({ readers: '0' }), lags({ readers: '1' })]).toEqual([0, 1]);
    expect(lags({ readers: '3' })).toBeGreaterThan(1);
  });

  it.each([
    [{ fencing: 'politely' }, 'SETTING_INVALID usage'],
    [{ 'stale-dns': 'soon' }, 'DURATION_INVALID usage'],
    [{ readers: '4' }, 'SETTING_INVALID usage'],
    [{ readers: '-1' }, 'SETTING_INVALID usage'],
  ])('refuse %o', (values, code) => {
    expect(codeOf(() => plan(values as Record<string, string>))).toBe(code);
  });
});

describe('--set', () => {
  const of = (sets: string[], options: object = {}) => [...givenSwitches(failover, sets, options)];

  it('reads names with and without dashes, and values with an equals sign', () => {
    expect(of(['fencing=reset', '--stale-dns=a=b'])).toEqual([
      ['fencing', 'reset'],
      ['stale-dns', 'a=b'],
    ]);
  });

  it.each([
    ['fencing', 'SET_INVALID usage'],
    ['=reset', 'SET_INVALID usage'],
    ['fencing=', 'SET_INVALID usage'],
    [`fencing=${'x'.repeat(300)}`, 'SET_INVALID usage'],
    ['fencin=reset', 'SET_UNKNOWN usage'],
    ['constructor=1', 'SET_UNKNOWN usage'],
  ])('refuses %s', (text, code) => {
    expect(codeOf(() => of([text]))).toBe(code);
  });

  it('names the nearest switch, and refuses two values for one', () => {
    expect(() => of(['fencin=reset'])).toThrow(/no switch "fencin"/);
    expect(codeOf(() => of(['fencing=reset', 'fencing=black-hole']))).toBe(
      'OPTIONS_CONTRADICT usage',
    );
    expect(of(['fencing=reset', 'fencing=reset'])).toHaveLength(1);
  });

  it('has nothing to set where a scenario has no switch of that kind', () => {
    expect(codeOf(() => givenSwitches(auroraMysqlZdp, ['late-sessions=drop'], {}))).toBe(
      'SET_UNKNOWN usage',
    );
  });

  it('is what the option of the same name does, of a scenario that has it', () => {
    const [known] = switchOptions();
    const owner = scenarios.find(({ name }) => name === known?.scenarios[0]);
    if (known === undefined || owner === undefined) throw new Error('no scenario has a switch');
    const name = switchName(known);
    const attribute = name.replace(/-(.)/g, (__, letter: string) => letter.toUpperCase());
    const byOption = { [attribute]: '1s' };
    expect([...givenSwitches(owner, [], byOption)]).toEqual([[name, '1s']]);
    expect(codeOf(() => givenSwitches(auroraMysqlZdp, [], byOption))).toBe('OPTION_UNSUITED usage');
    expect(codeOf(() => givenSwitches(owner, [`${name}=2s`], byOption))).toBe(
      'OPTIONS_CONTRADICT usage',
    );
  });
});

describe('a switch that is on or off', () => {
  const flag = switchOptions().find((one) => one.flag);
  const owner = scenarios.find(({ name }) => name === flag?.scenarios[0]);

  it('is on where its option has no value', () => {
    if (flag === undefined || owner === undefined) throw new Error('no scenario has one');
    const name = switchName(flag);
    const attribute = name.replace(/-(.)/g, (__, letter: string) => letter.toUpperCase());
    expect([...givenSwitches(owner, [], { [attribute]: true })]).toEqual([[name, 'true']]);
    expect([...givenSwitches(owner, [], { [attribute]: 'false' })]).toEqual([[name, 'false']]);
  });
});

describe('the engine of a scenario', () => {
  const chosen = (option: Parameters<typeof scenarioForEngine>[1]) => {
    const { scenario, server } = scenarioForEngine(failover, option);
    return `${scenario.engine} ${scenario.versions.from} ${server ?? '-'}`;
  };

  it('is the first, or the one that is named by AWS or by its server', () => {
    expect(chosen(undefined)).toBe('aurora-postgresql 17.4 -');
    expect(chosen('aurora-mysql')).toBe('aurora-mysql 3.07 -');
    expect(chosen('mysql')).toBe('aurora-mysql 3.07 mysql');
    expect(chosen('mariadb')).toBe('aurora-mysql 3.07 mariadb');
    // What AWS names goes first: RDS for PostgreSQL, not the server of Aurora's.
    expect(chosen('postgres')).toBe('postgres 17.4 postgres');
    expect(codeOf(() => scenarioForEngine(auroraPostgresZdp, 'aurora-mysql'))).toBe(
      'ENGINE_UNSUITED usage',
    );
  });

  it('takes its own timing with it, and leads back', () => {
    const mysql = ofEngine(failover, 'aurora-mysql');
    expect(mysql.timingProfiles).toEqual(['aurora.failover.direct.mysql']);
    expect(mysql.otherEngines?.map(({ engine }) => engine)).toEqual([
      'aurora-postgresql',
      'postgres',
    ]);
    const back = ofEngine(mysql, 'aurora-postgresql');
    expect({ ...back, otherEngines: [] }).toEqual({ ...failover, otherEngines: [] });
  });

  it('is shown with two versions only where one is changed', () => {
    expect(versionsTitle(failover)).toBe('17.4');
    expect(versionsTitle(auroraMysqlZdp)).toBe('3.05 -> 3.07');
  });
});

describe('every scenario', () => {
  const all = scenarios.flatMap((scenario) =>
    [scenario.engine, ...(scenario.otherEngines ?? []).map(({ engine }) => engine)].map(
      (engine) => [`${scenario.name} for ${engine}`, ofEngine(scenario, engine)] as const,
    ),
  );

  it.each(all)('%s has switches whose defaults are what is set', (_name, scenario) => {
    const told = switched(scenario, new Map()).settings;
    expect(Object.keys(told)).toHaveLength(settingSwitches(scenario).length);
    for (const { option, setting, byDefault } of settingSwitches(scenario)) {
      expect(option).toMatch(setting.of === 'skip' ? /^--skip [a-z][a-z-]*$/ : /^--[a-z][a-z-]*$/);
      if (setting.of !== 'operation' || setting.allowed === null) continue;
      expect(setting.allowed.map(String)).toContain(byDefault);
      const name = option.slice(2).replace(/-(.)/g, (__, letter: string) => letter.toUpperCase());
      expect(told[name]).toBe(byDefault);
    }
  });

  it.each(all)('%s changes its version, or does not', (_name, { versions, upgrade }) => {
    expect(versions.from === versions.to).toBe(upgrade === 'none');
  });

  it.each(all)('%s has topology with one primary, first', (_name, { topology }) => {
    const roles = (topology?.clusters ?? []).map(({ role }) => role);
    expect(roles.filter((role) => role === 'primary')).toEqual(roles.slice(0, 1));
  });
});

describe('phases and steps that a switch chooses', () => {
  const step = (name: string, when?: When): Step => ({
    ...{ step: 'wait', durationMs: 1, name },
    ...(when === undefined ? {} : { when }),
  });
  const chosen: Pick<Scenario, 'phases' | 'switches'> = {
    phases: [
      { name: 'always', what: '', steps: [step('a'), step('b', { path: ['two'] })] },
      { name: 'emptied', what: '', steps: [step('c', { 'skip-look': ['false'] })] },
      { name: 'other', what: '', when: { path: ['two'] }, steps: [step('d')] },
    ],
    switches: [
      {
        ...{ option: '--path', values: 'one | two', byDefault: 'one', why: '' },
        setting: { of: 'choice', allowed: ['one', 'two'] },
      },
      {
        ...{ option: '--skip look', values: '', byDefault: 'not skipped', why: '' },
        setting: { of: 'skip' },
      },
      {
        ...{ option: '--wait', values: 'a duration', byDefault: '1ms', why: '' },
        setting: { of: 'wait', step: 'a' },
      },
    ],
  };
  const scenario: Scenario = { ...auroraPostgresZdp, ...chosen };
  const named = (given: Record<string, string>): string[] =>
    switched(scenario, new Map(Object.entries(given))).phases.map(
      ({ name, steps }) => `${name}: ${steps.map((one) => one.name).join(' ')}`,
    );

  it('are those of the defaults, unless something is given', () => {
    expect(named({})).toEqual(['always: a', 'emptied: c']);
    expect(named({ path: 'two' })).toEqual(['always: a b', 'emptied: c', 'other: d']);
    expect(switched(scenario, new Map()).settings).toEqual({
      path: 'one',
      skipLook: 'false',
      wait: '1ms',
    });
  });

  it('leave out a phase without any step', () => {
    expect(named({ 'skip-look': 'true' })).toEqual(['always: a']);
  });

  it('wait as long as is given', () => {
    const { phases } = switched(scenario, new Map([['wait', '7s']]));
    expect(phases[0]?.steps[0]).toMatchObject({ durationMs: 7_000 });
  });

  it('are skipped by name, and only by names that there are', () => {
    expect([...givenSwitches(scenario, [], {}, ['look'])]).toEqual([['skip-look', 'true']]);
    expect(codeOf(() => givenSwitches(scenario, [], {}, ['lok']))).toBe('SKIP_UNKNOWN usage');
    expect(codeOf(() => givenSwitches(scenario, ['skip-look=false'], {}, ['look']))).toBe(
      'OPTIONS_CONTRADICT usage',
    );
    expect(codeOf(() => named({ path: 'three' }))).toBe('SETTING_INVALID usage');
  });
});
