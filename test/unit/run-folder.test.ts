import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRunFolder } from '../../cli/run-folder.js';

const at = '2026-11-20T08:42:00.123Z';
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'run-folder-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

describe('the run folder', () => {
  it('is named by scenario and UTC time, and latest leads to it', () => {
    const folder = makeRunFolder(cwd, 'demo', at, undefined);
    expect(folder.shown).toBe(join('.rehearse', 'runs', 'demo', '20261120-084200'));
    const latest = join(cwd, '.rehearse', 'runs', 'latest');
    expect(lstatSync(latest).isSymbolicLink()).toBe(true);
    expect(readlinkSync(latest)).toBe(join('demo', '20261120-084200'));
    expect(realpathSync(latest)).toBe(realpathSync(folder.path));
  });

  it('is never shared by two runs of the same second', () => {
    const first = makeRunFolder(cwd, 'demo', at, undefined);
    const second = makeRunFolder(cwd, 'demo', at, undefined);
    expect(second.path).not.toBe(first.path);
    expect(realpathSync(join(cwd, '.rehearse', 'runs', 'latest'))).toBe(realpathSync(second.path));
  });

  it('is the one named by --out, where that is empty', () => {
    const folder = makeRunFolder(cwd, 'demo', at, 'here');
    expect(folder.path).toBe(join(cwd, 'here'));
    expect(existsSync(join(cwd, '.rehearse'))).toBe(false);
    writeFileSync(folder.history, '');
    expect(() => makeRunFolder(cwd, 'demo', at, 'here')).toThrow(
      expect.objectContaining({ code: 'OUT_UNUSABLE', exit: 'usage' }),
    );
  });

  it('makes the folders above the one named by --out, or says at once that it cannot', () => {
    expect(makeRunFolder(cwd, 'demo', at, 'a/b/c').path).toBe(join(cwd, 'a', 'b', 'c'));
    writeFileSync(join(cwd, 'file'), '');
    const unusable = expect.objectContaining({ code: 'OUT_UNUSABLE', exit: 'environment' });
    for (const out of ['file/below', '/proc/nothing-can-be-made-here', '/dev/null'])
      expect(() => makeRunFolder(cwd, 'demo', at, out)).toThrow(unusable);
  });

  it('says what is wrong where no folder can be made', () => {
    writeFileSync(join(cwd, '.rehearse'), 'a file');
    expect(() => makeRunFolder(cwd, 'demo', at, undefined)).toThrow('No run folder can be made');
  });
});
