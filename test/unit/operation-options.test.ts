import { describe, expect, it } from 'vitest';
import { patchChoices, publishedDefects } from '../../cli/operation-options.js';
import { platformLacks } from '../../cli/platform-lacks.js';
import { auroraMysqlZdp } from '../../scenarios/aurora-mysql-zdp.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { scenarios } from '../../scenarios/index.js';
import { auroraMysqlVersion } from '../../sim/server/versions.js';
import { lateSessionChoices, patchDefects } from '../../sim/sim.js';
import { timingTable } from '../../sim/timing.js';

const versionsFrom = (from: string) => {
  const { community, aws } = auroraMysqlVersion(from);
  return { from: community, to: '8.0.44', awsFrom: aws, awsTo: '8.0.mysql_aurora.3.12.0' };
};
const versions = versionsFrom('3.05');
const names = (from: string) =>
  publishedDefects(auroraMysqlZdp, auroraMysqlVersion(from).aws).map(({ name }) => name);

describe('choices of the operation', () => {
  it("are the scenario's where none is given", () => {
    expect(patchChoices(auroraMysqlZdp, {}, versions)).toEqual({
      longRunningMs: 300_000,
      lateSessions: 'cancel',
      preparedStatements: 'lost',
      lastInsertId: 'lost',
    });
    expect(patchChoices(auroraPostgresZdp, {}, versions)).toEqual({
      longRunningMs: 300_000,
      lateSessions: 'restart',
      preparedStatements: 'survive',
      lastInsertId: null,
    });
  });

  it('let LAST_INSERT_ID() survive by the version before, or as it was given', () => {
    const lastInsertId = (from: string) =>
      patchChoices(auroraMysqlZdp, {}, versionsFrom(from))?.lastInsertId;
    expect(['3.09', '3.10', '3.11.0', '8.0.42', '8.0.35'].map(lastInsertId)).toEqual([
      'lost',
      'survive',
      'survive',
      'survive',
      'lost',
    ]);
    const given = { lastInsertId: 'survive' } as const;
    expect(patchChoices(auroraMysqlZdp, given, versions)?.lastInsertId).toBe('survive');
  });

  it.each([
    [auroraMysqlZdp, { preparedStatements: 'survive' }],
    [auroraPostgresZdp, { lateSessions: 'cancel' }],
    [auroraPostgresZdp, { lastInsertId: 'lost' }],
  ] as const)('are refused where the documentation rules them out', (scenario, given) => {
    expect(() => patchChoices(scenario, given, versions)).toThrow(/nothing that aurora-/);
  });
});

describe('published defects', () => {
  it('are those that the version before has', () => {
    const all = auroraMysqlZdp.defects.map(({ name }) => name);
    expect(names('3.05')).toEqual(all);
    expect(names('3.04.6')).not.toContain('zdp-hang');
    expect(names('3.08.2')).not.toContain('zdp-lost-roles');
    expect(names('3.12')).toEqual(['zdp-fallback', 'zdp-wrong-statement']);
    expect(names('8.0.35')).toEqual(all);
  });

  it('that a rehearsal exercises are known to the world', () => {
    for (const { defects } of scenarios)
      for (const { name, exercised } of defects)
        expect(patchDefects.some((known) => known === name)).toBe(exercised);
  });
});

describe('every scenario', () => {
  it.each(scenarios.map((one) => [one.name, one] as const))('%s holds together', (_, scenario) => {
    const labels = scenario.sources.map(({ label }) => label);
    const texts = [...scenario.parts.flatMap(({ statements }) => statements), ...scenario.modelled];
    for (const cited of texts.flatMap((text) => text.match(/\[[^\]]+\]/g) ?? []))
      for (const label of cited.slice(1, -1).split(', ')) expect(labels).toContain(label);
    for (const choice of scenario.choices?.lateSessions ?? [])
      expect(lateSessionChoices).toContain(choice);
    expect(scenario.phases.filter(({ t0 }) => t0 === true)).toHaveLength(1);
    for (const profile of scenario.timingProfiles) expect(timingTable[profile]).toBeDefined();
  });

  it('has the durations that the operation draws, of the same names for each engine', () => {
    for (const kind of ['success', 'fallback'] as const)
      expect(Object.keys(timingTable[`zdp.${kind}.mysql`])).toEqual(
        Object.keys(timingTable[`zdp.${kind}.pg`]),
      );
  });

  it('claims no observation of Aurora MySQL where none was published', () => {
    for (const profile of ['zdp.success.mysql', 'zdp.fallback.mysql'] as const)
      for (const { observations, source } of Object.values(timingTable[profile])) {
        expect(observations).toBe(0);
        expect(source).toMatch(/assumption|says/);
      }
  });
});

describe('what kinds of machines lack', () => {
  it('is told of all of them, with this one marked', () => {
    const here = (os: string, cpu: string, musl: boolean) =>
      platformLacks({ os, cpu, musl })
        .filter((one) => one.here)
        .map(({ platform }) => platform);
    expect(here('darwin', 'arm64', false)).toEqual(['macOS', 'arm64']);
    expect(here('linux', 'x64', true)).toEqual(['musl']);
    expect(here('linux', 'x64', false)).toEqual([]);
  });
});
