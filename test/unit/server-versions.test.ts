import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auroraPostgresVersions,
  auroraVersion,
  communityVersion,
  compareVersions,
  formatVersion,
  isMinorUpgrade,
  parseVersion,
  requireMinorUpgrade,
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

  it('answers any text with a version or with VERSION_INVALID', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.R-]{0,9}$/)), (text) => {
        const code = codeOf(() => communityVersion(text));
        expect([undefined, 'VERSION_INVALID']).toContain(code);
      }),
    );
  });
});
