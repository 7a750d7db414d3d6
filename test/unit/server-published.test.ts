import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  communityOfPackage,
  newestPublished,
  publishedOfMajor,
  readAlias,
  shippedAlias,
} from '../../sim/server/embedded/postgres/published.js';

const published = [
  '17.6.0-beta.9',
  '17.6.0-beta.15',
  '17.6.0-beta.10',
  '17.10.0-beta.17',
  '17.4.0-beta.15',
  '16.14.0-beta.17',
  '12.1.0',
  'latest',
];

describe('published versions', () => {
  it('takes the newest build of a community version, by number', () => {
    expect(newestPublished('17.6', published)).toBe('17.6.0-beta.15');
    expect(newestPublished('17.10', published)).toBe('17.10.0-beta.17');
  });

  it('does not take 17.10 for 17.1, nor anything for what is not there', () => {
    expect(newestPublished('17.1', published)).toBeUndefined();
    expect(newestPublished('17.6', [])).toBeUndefined();
  });

  it('prefers a release to its betas, and a later patch to both', () => {
    expect(newestPublished('17.6', [...published, '17.6.0'])).toBe('17.6.0');
    expect(newestPublished('17.6', ['17.6.0', '17.6.1-beta.1'])).toBe('17.6.1-beta.1');
  });

  it('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(published, { minLength: published.length }), (list) => {
        expect(newestPublished('17.6', list)).toBe('17.6.0-beta.15');
      }),
    );
  });

  it('lists what there is of a major, oldest first', () => {
    expect(publishedOfMajor('17.3', published)).toEqual(['17.4', '17.6', '17.10']);
    expect(publishedOfMajor('14.1', published)).toEqual([]);
  });

  it('reads the community version out of a package version', () => {
    expect(communityOfPackage('17.4.0-beta.15')).toBe('17.4');
    expect(communityOfPackage('nonsense')).toBeUndefined();
  });

  it('reads back its own aliases, and only those of the platform', () => {
    const folder = shippedAlias('linux-x64', '17.4').split('/')[1] ?? '';
    expect(readAlias(folder, 'linux-x64')).toBe('17.4');
    expect(readAlias(folder, 'linux-arm64')).toBeUndefined();
    expect(readAlias('linux-x64', 'linux-x64')).toBeUndefined();
  });
});
