import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runImport } from '../../cli/import.js';

const log = join(import.meta.dirname, '..', 'support', 'logs', 'global-upgrade.log');
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'import-command-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const importTo = (out: string) =>
  runImport({ file: log, out }, { cwd, stdout: () => undefined, stderr: () => undefined });
const unusable = expect.objectContaining({ code: 'OUT_UNUSABLE', exit: 'usage' });

describe('what is imported', () => {
  it('may be without an end, and is then refused', async () => {
    const io = { cwd, stdout: () => undefined, stderr: () => undefined };
    const tooLarge = expect.objectContaining({ code: 'IMPORT_TOO_LARGE' });
    await expect(runImport({ file: '/dev/zero' }, io)).rejects.toEqual(tooLarge);
    const unreadable = expect.objectContaining({ code: 'IMPORT_UNREADABLE' });
    await expect(runImport({ file: cwd }, io)).rejects.toEqual(unreadable);
    await expect(runImport({ file: 'none' }, io)).rejects.toEqual(unreadable);
  });

  it('is computed where nobody listens to signals, written where somebody does', async () => {
    let heard: string[] = [];
    let isUnheard = false;
    const unheard = async <T>(work: () => Promise<T>): Promise<T> => {
      isUnheard = true;
      const done = await work();
      heard = readdirSync(cwd);
      isUnheard = false;
      return done;
    };
    const printed: boolean[] = [];
    const stdout = (): void => void printed.push(!isUnheard);
    await runImport({ file: log, out: '.' }, { cwd, stdout, stderr: () => undefined, unheard });
    expect(heard).toEqual([]);
    expect(printed).toEqual([true]);
  });

  it('is not written any more after a signal', async () => {
    const stop = AbortSignal.abort(new Error('enough'));
    const io = { cwd, stdout: () => undefined, stderr: () => undefined, stop };
    await expect(runImport({ file: log, out: '.' }, io)).rejects.toThrow('enough');
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('import --out', () => {
  it('writes a history and reports, and no drafts of them', async () => {
    await importTo('a/b');
    const files = readdirSync(join(cwd, 'a', 'b')).sort();
    expect(files).toEqual(['history.ndjson', 'summary.md', 'verdict.json']);
  });

  it.each(['history.ndjson', 'verdict.json', 'summary.md'])('never replaces a %s', async (name) => {
    const path = join(cwd, name);
    writeFileSync(path, 'mine');
    await expect(importTo('.')).rejects.toEqual(unusable);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(cwd)).toEqual([name]);
  });

  it('says at once that a folder cannot be made', async () => {
    const unwritable = expect.objectContaining({ code: 'REPORT_UNWRITABLE', exit: 'environment' });
    await expect(importTo('/proc/nothing-can-be-made-here')).rejects.toEqual(unwritable);
    writeFileSync(join(cwd, 'file'), '');
    await expect(importTo('file/below')).rejects.toEqual(unwritable);
    expect(existsSync(join(cwd, 'history.ndjson'))).toBe(false);
  });
});
