import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auroraMysqlHas,
  auroraMysqlVersion,
  auroraMysqlVersions,
  auroraPostgresVersions,
  auroraVersion,
  canUpgradeInPlace,
  communityVersion,
  compareServerVersions,
  compareVersions,
  formatVersion,
  isMinorUpgrade,
  isSeriesUpgrade,
  isServerVersion,
  isVersionWanted,
  parseVersion,
  requireMinorUpgrade,
  seriesOf,
} from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';

const version = fc.record({
  major: fc.integer({ min: 10, max: 99 }),
  minor: fc.integer({ min: 0, max: 99 }),
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof UserError ? error.code : `not a UserError: ${String(error)}`;
  }
}

describe('versions', () => {
  it('reads back every version that it writes', () => {
    fc.assert(
      fc.property(version, (one) => {
        expect(parseVersion(formatVersion(one))).toEqual(one);
      }),
    );
  });

  it('orders by number, not by letter', () => {
    expect(compareVersions('17.9', '17.10')).toBeLessThan(0);
    expect(compareVersions('16.14', '17.0')).toBeLessThan(0);
    expect(compareVersions('17.4', '17.4')).toBe(0);
  });

  it('orders two versions the same from both sides', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [left, right] = [formatVersion(a), formatVersion(b)];
        expect(Math.sign(compareVersions(left, right))).toBe(
          -Math.sign(compareVersions(right, left)) || 0,
        );
      }),
    );
  });

  it('knows a minor upgrade from a step back, a major step and no step', () => {
    expect(isMinorUpgrade('17.4', '17.5')).toBe(true);
    expect(isMinorUpgrade('17.9', '17.10')).toBe(true);
    expect(isMinorUpgrade('17.5', '17.4')).toBe(false);
    expect(isMinorUpgrade('17.4', '17.4')).toBe(false);
    expect(isMinorUpgrade('16.9', '17.4')).toBe(false);
  });

  it('refuses what is no minor upgrade with a code', () => {
    expect(codeOf(() => requireMinorUpgrade('17.4', '17.5'))).toBeUndefined();
    expect(codeOf(() => requireMinorUpgrade('17.5', '17.4'))).toBe('VERSION_NOT_MINOR_UPGRADE');
    expect(codeOf(() => requireMinorUpgrade('17.4', '18.0'))).toBe('VERSION_NOT_MINOR_UPGRADE');
  });

  it.each([
    ['17.4', '17.4'],
    ['17.4.5', '17.4'],
    ['17.5.4', '17.5'],
    ['16.9-R2', '16.9'],
    ['15.13.1', '15.13'],
  ])('takes %s as community %s', (written, community) => {
    expect(communityVersion(written)).toBe(community);
  });

  it('names the Aurora version where one is listed', () => {
    expect(auroraVersion('17.4')).toBe('17.4.5');
    expect(auroraVersion('17.5')).toBe('17.5.4');
    expect(auroraVersion('17.4.2')).toBe('17.4.2');
    expect(auroraVersion('16.9')).toBe('16.9');
  });

  it('lists only versions that follow their own rule', () => {
    for (const { aws, community } of auroraPostgresVersions)
      expect(aws.startsWith(`${community}.`)).toBe(true);
  });

  it.each(['', '17', '17.', '.5', '17.4.5.6', '9.6', 'v17.4', '17,4', '017.4567', '17.4 '])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => communityVersion(text))).toBe('VERSION_INVALID');
    },
  );

  it('tells the way to a server of which only the series is known', () => {
    const way = { todo: expect.stringContaining('--image postgres=postgres:17') };
    expect(() => communityVersion('17')).toThrow(expect.objectContaining(way));
    expect(() => communityVersion('x')).not.toThrow(expect.objectContaining(way));
  });

  it('answers any text with a version or with VERSION_INVALID', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.R-]{0,9}$/)), (text) => {
        const code = codeOf(() => communityVersion(text));
        expect([undefined, 'VERSION_INVALID']).toContain(code);
      }),
    );
  });
});

describe('versions of Aurora MySQL', () => {
  it.each([
    ['3.05', '8.0.32', '8.0.mysql_aurora.3.05.2'],
    ['3.05.1', '8.0.32', '8.0.mysql_aurora.3.05.1'],
    ['8.0.mysql_aurora.3.07.1', '8.0.36', '8.0.mysql_aurora.3.07.1'],
    ['8.0.mysql_aurora.3.04', '8.0.28', '8.0.mysql_aurora.3.04.6'],
    ['8.0.32', '8.0.32', '8.0.mysql_aurora.3.05.2'],
    ['8.0.23', '8.0.23', '8.0.mysql_aurora.3.02.3'],
    ['3.12', '8.0.44', '8.0.mysql_aurora.3.12.0'],
    ['8.0.35', '8.0.35', '8.0.35'],
    ['9.7', '9.7', '9.7'],
  ])('takes %s as community %s and names it %s', (written, community, aws) => {
    expect(auroraMysqlVersion(written)).toEqual({ community, aws });
  });

  it.each(['', '3', '3.5', '3.99', '3.05.2.1', '5.7.mysql_aurora.2.11.1', 'latest', '17.4'])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => auroraMysqlVersion(text))).toBe('VERSION_INVALID');
    },
  );

  it('tells what a version of MariaDB wants', () => {
    const way = { todo: expect.stringContaining('add --engine mariadb') };
    expect(() => auroraMysqlVersion('10.11')).toThrow(expect.objectContaining(way));
  });

  it('lists its versions in their order, the community ones too', () => {
    for (const [at, { minor, community }] of auroraMysqlVersions.entries()) {
      const next = auroraMysqlVersions[at + 1];
      if (next === undefined) continue;
      expect(minor < next.minor).toBe(true);
      expect(compareServerVersions('mysql', community, next.community)).toBeLessThanOrEqual(0);
    }
  });

  it.each([
    ['3.05.2', ['3.04.4', '3.12.0'], false],
    ['3.04.3', ['3.04.4', '3.12.0'], false],
    ['3.04.4', ['3.04.4', '3.12.0'], true],
    ['3.04.6', ['3.04.4', '3.12.0'], true],
    ['3.10.4', ['3.10.2', '3.11.0'], true],
    ['3.10.1', ['3.10.2', '3.11.0'], false],
    ['3.12.0', ['3.10.2', '3.11.0'], true],
    ['3.07.1', ['3.08.0'], false],
    ['3.08.0', ['3.08.0'], true],
    ['3.12.0', [], false],
  ])('knows whether %s has what came with %j: %s', (version, since, has) => {
    expect(auroraMysqlHas(version, since)).toBe(has);
    expect(auroraMysqlHas(`8.0.mysql_aurora.${version}`, since)).toBe(has);
  });

  it('knows nothing of what a community version has', () => {
    expect(auroraMysqlHas('8.0.35', ['3.08.0'])).toBeNull();
  });
});

describe('versions of servers', () => {
  it('have series of their own kind', () => {
    expect(seriesOf('postgres', '17.4')).toBe('17');
    expect(seriesOf('mysql', '8.0.36')).toBe('8.0');
    expect(seriesOf('mysql', '9.7')).toBe('9.7');
    expect(seriesOf('mariadb', '10.11.14')).toBe('10.11');
  });

  it('without a last number mean any of their series', () => {
    expect(isVersionWanted('mariadb', '10.11', '10.11.14')).toBe(true);
    expect(isVersionWanted('mariadb', '10.1', '10.11.14')).toBe(false);
    expect(isVersionWanted('mysql', '8.0.3', '8.0.36')).toBe(false);
    expect(isVersionWanted('mysql', '8.0.36', '8.0')).toBe(false);
  });

  it('are upgraded within a series by a newer last number alone', () => {
    expect(isSeriesUpgrade('mysql', '8.0.9', '8.0.36')).toBe(true);
    expect(isSeriesUpgrade('mysql', '8.0.36', '8.4.8')).toBe(false);
    expect(isSeriesUpgrade('mariadb', '10.11.14', '10.11.2')).toBe(false);
  });

  it.each([
    ['mysql', '8.0.36', '8.4.8', true],
    ['mysql', '8.0.36', '9.7.0', false],
    ['mysql', '8.4.8', '9.7.0', true],
    ['mysql', '9.0.1', '9.7.0', true],
    ['mysql', '8.4.8', '8.0.36', false],
    ['mariadb', '10.6.1', '11.8.3', true],
    ['mariadb', '11.8.3', '10.11.14', false],
    ['postgres', '17.4', '17.5', true],
    ['postgres', '16.9', '17.5', false],
    ['postgres', '17.5', '17.5', false],
  ] as const)('%s %s to %s over the same data: %s', (engine, from, to, can) => {
    expect(canUpgradeInPlace(engine, from, to)).toBe(can);
  });

  it('answer any text with numbers or with VERSION_INVALID', () => {
    const engines = fc.constantFrom('postgres', 'mysql', 'mariadb');
    fc.assert(
      fc.property(engines, fc.stringMatching(/^[\d.]{0,12}$/), (engine, text) => {
        const code = codeOf(() => seriesOf(engine, text));
        expect(code).toBe(isServerVersion(engine, text) ? undefined : 'VERSION_INVALID');
      }),
    );
  });
});
