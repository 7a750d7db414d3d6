import { describe, expect, it } from 'vitest';
import {
  chooseServers,
  type OfferTable,
  substituteReason,
  whyChosen,
} from '../../cli/servers/choose.js';
import { nothingToBeHad } from '../../cli/servers/nothing-to-be-had.js';
import { type ServerOptions, serversRequest } from '../../cli/servers/request.js';
import type { Scenario } from '../../harness/scenario.js';
import { auroraMysqlZdp } from '../../scenarios/aurora-mysql-zdp.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { codeOf } from '../support/error-code.js';
import { offerTable as table } from '../support/offer-table.js';

describe('where no version changes', () => {
  const restart: Scenario = {
    ...auroraMysqlZdp,
    name: 'restart',
    upgrade: 'none',
    versions: { from: '3.07', to: '3.07' },
  };
  const of = (options: ServerOptions, ...tables: OfferTable[]): string | null => {
    const request = serversRequest(restart, options, {});
    const chosen = chooseServers(request, tables);
    return chosen === null
      ? nothingToBeHad(request, tables).what
      : `${chosen.match}: ${whyChosen(request, chosen)}`;
  };

  it('one version is chosen, named once, and no upgrade is spoken of', () => {
    const here = table('embedded', 'mysql 8.0.32', 'mysql 8.0.36', 'mysql 8.0.41', 'mysql 9.7.0');
    expect(of({}, here)).toBe('exact: embedded MySQL 8.0.36, as asked for');
    expect(of({ from: '3.05' }, here)).toBe('exact: embedded MySQL 8.0.32, as asked for');
    expect(of({}, table('embedded', 'mysql 8.0.30', 'mysql 8.0.41'))).toBe(
      'patch-level: embedded MySQL 8.0.41, of the same series as MySQL 8.0.36, which is not here',
    );
    expect(of({}, table('embedded'))).toMatch(/^MySQL 8\.0\.36 cannot be had here: there is no/);
  });

  it('a stand-in is one version, and why it is one says no more', () => {
    const here = table('embedded', 'mysql 9.7.0', 'mariadb 10.11.14', 'mariadb 11.8.3');
    expect(of({ engine: 'mysql' }, here)).toBe(
      'stand-in: embedded MySQL 9.7.0 stands in for MySQL 8.0.36',
    );
    expect(of({ engine: 'mariadb', from: '10.11' }, here)).toBe(
      'stand-in: embedded MariaDB 10.11.14 stands in for MySQL 8.0.36',
    );
    const request = serversRequest(restart, { acceptSubstitute: true, from: '3.05' }, {});
    const others = [table('embedded', 'mysql 8.0.46')];
    const chosen = chooseServers({ ...request, provider: 'embedded' }, others);
    expect(chosen === null ? null : substituteReason(request, chosen)).toBe(
      'MySQL 8.0.46 stands in for 8.0.32',
    );
  });

  it('a version after is a mistake', () => {
    for (const options of [{ to: '3.08' }, { engineVersion: '3.08' }, { to: '9.7' }])
      expect(codeOf(() => serversRequest(restart, options, {}))).toBe('OPTION_UNSUITED');
  });
});

describe('a major upgrade', () => {
  const rds = (engine: 'postgres' | 'mariadb', from: string, to: string): Scenario => ({
    ...auroraPostgresZdp,
    engine,
    upgrade: 'major',
    versions: { from, to },
  });
  const of = (scenario: Scenario, options: ServerOptions, ...tables: OfferTable[]) => {
    const chosen = chooseServers(serversRequest(scenario, options, {}), tables);
    if (chosen === null) return null;
    return `${chosen.provider} ${chosen.from} ${chosen.to} ${chosen.match}`;
  };

  it('has servers of two series, as near to those asked for as there are', () => {
    const postgres = rds('postgres', '16.9', '17.5');
    const here = ['postgres 15.3', 'postgres 16.4', 'postgres 16.8', 'postgres 17.2'];
    expect(of(postgres, {}, table('embedded', ...here, 'postgres 16.9', 'postgres 17.5'))).toBe(
      'embedded 16.9 17.5 exact',
    );
    const offline = { offline: true };
    expect(of(postgres, offline, table('embedded', ...here))).toBe(
      'embedded 16.8 17.2 patch-level',
    );
    expect(of(postgres, offline, table('embedded', 'postgres 17.2', 'postgres 17.5'))).toBeNull();
    const mariadb = rds('mariadb', '10.11', '11.8');
    const tables = [table('embedded', 'mariadb 10.11.14'), table('docker', 'mariadb 10.11')];
    expect(of(mariadb, { offline: true }, ...tables)).toBeNull();
    expect(of(mariadb, {}, ...tables, table('docker', 'mariadb 10.11', 'mariadb 11.8'))).toBe(
      'docker 10.11 11.8 exact',
    );
  });

  it.each([
    ['17.4', '17.5', 'VERSION_NOT_MAJOR_UPGRADE'],
    ['17.4', '16.9', 'VERSION_NOT_MAJOR_UPGRADE'],
    ['15.3', '17.5', null],
  ])('from %s to %s', (from, to, code) => {
    expect(codeOf(() => serversRequest(rds('postgres', '16.9', '17.5'), { from, to }, {}))).toBe(
      code,
    );
  });
});

describe('a minor upgrade of RDS', () => {
  const step: Scenario = {
    ...auroraPostgresZdp,
    engine: 'mariadb',
    upgrade: 'minor',
    versions: { from: '10.11.13', to: '10.11.14' },
  };
  const of = (options: ServerOptions, ...tables: OfferTable[]) => {
    const request = serversRequest(step, { engine: 'mariadb', ...options }, {});
    const chosen = chooseServers(request, tables);
    if (chosen === null) return null;
    const { from, to, match } = chosen;
    const why = substituteReason(request, chosen);
    return { served: `${from} ${to} ${match}`, told: whyChosen(request, chosen), why };
  };

  it('is no major one: the one version of its series that is here serves twice', () => {
    const tables = [table('embedded'), table('docker', 'mariadb 10.11', 'mariadb 11.8')];
    expect(of({}, ...tables)).toEqual({
      served: '10.11 10.11 stand-in',
      told:
        'docker MariaDB 10.11 -> 10.11 stands in for MariaDB 10.11.13 -> 10.11.14; ' +
        'only 10.11 of MariaDB 10.11 is here: the restart changes no version',
      why: 'one version of MariaDB 10.11 twice stands in for an upgrade',
    });
  });

  it('is another step of its series before one version twice, and accepted as what it is', () => {
    const here = ['mariadb 10.11.8', 'mariadb 10.11.11', 'mariadb 11.8.3'];
    expect(of({}, table('embedded', ...here))?.served).toBe('10.11.8 10.11.11 patch-level');
    const fixed = { from: '10.11.13', to: '10.11.14', provider: 'embedded' } as const;
    expect(of({ ...fixed, acceptSubstitute: true }, table('embedded', ...here))).toMatchObject({
      served: '10.11.8 10.11.11 stand-in',
      why: 'MariaDB 10.11.8 -> 10.11.11 stands in for MariaDB 10.11.13 -> 10.11.14',
    });
  });

  it('of a series that is not here is one version of another, and that is said', () => {
    expect(of({}, table('embedded', 'mariadb 10.6.1', 'mariadb 11.8.3'))).toEqual({
      served: '11.8.3 11.8.3 stand-in',
      told:
        'embedded MariaDB 11.8.3 -> 11.8.3 stands in for MariaDB 10.11.13 -> 10.11.14; ' +
        'one version only: the restart changes no version',
      why: 'MariaDB 11.8 stands in for MariaDB 10.11',
    });
  });
});
