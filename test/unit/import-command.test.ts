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
