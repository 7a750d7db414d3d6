/** Versions of RDS engines, and what a step between two of them is. */
import { describe, expect, it } from 'vitest';
import { readClusterVersion, upgradeStep } from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';

describe('versions of RDS', () => {
  it.each([
    ['postgres', '17.4', '17.4'],
    ['postgres', '17.4-R2', '17.4'],
    ['mysql', '8.0.42', '8.0.42'],
    ['mysql', '5.7.44-rds.20240408', '5.7.44'],
    ['mariadb', '10.11.14', '10.11.14'],
    ['mariadb', '10.11', '10.11'],
  ] as const)('%s %s is the community’s %s', (engine, aws, community) => {
    expect(readClusterVersion(engine, aws)).toEqual({ aws, community });
  });

  it.each([
    ['postgres', '8.0.42'],
    ['mysql', '8.0.mysql_aurora.3.05.2'],
    ['mariadb', '17.4-R2'],
    ['mysql', ''],
  ] as const)('%s has no version %s', (engine, text) => {
    expect(() => readClusterVersion(engine, text)).toThrow(UserError);
  });

  it.each([
    ['postgres', '17.4', '17.5', 'minor'],
    ['postgres', '13.20', '17.5', 'major'],
    ['postgres', '17.5', '17.5', null],
    ['postgres', '17.5', '16.14', null],
    ['mysql', '8.0.42', '8.0.44', 'minor'],
    ['mysql', '5.7.44', '8.0.42', 'major'],
    ['mysql', '8.0.44', '8.4.7', 'major'],
    ['mysql', '5.7.44', '8.4.7', null],
    ['mysql', '8.0.44', '9.7.0', null],
    ['mariadb', '10.6.20', '11.8.3', 'major'],
    ['mariadb', '10.11', '10.11.14', 'minor'],
    ['mariadb', '11.8', '10.11', null],
  ] as const)('%s %s to %s: %s', (engine, from, to, step) => {
    expect(upgradeStep(engine, from, to)).toBe(step);
  });
});
