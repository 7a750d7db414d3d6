/** What goes to stdout, and what becomes of it there. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');
const quick = ['--timing', 'engine', '--steady', '1s', '--settle', '1s', '--seed', '3'];
const run = (env: Record<string, string>, ...args: string[]) =>
  rehearse(['run', 'aurora-postgres-zdp', ...quick, ...args], place.folder, env);
const linesOf = (text: string): string[] => text.trimEnd().split('\n');

describe('a format for programs', () => {
  it('ndjson has stdout to itself: the history, and nothing else', async () => {
    const { code, stdout, stderr } = await run({ GITHUB_ACTIONS: 'true' }, '--format', 'ndjson');
    expect(code).toBe(0);
    const kinds = linesOf(stdout).map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toContain('poll');
    expect(kinds.at(0)).toBe('run');
    expect(stderr).toContain('PASS  aurora-postgres-zdp');
  });

  it('tsv has stdout to itself: five columns in every line', async () => {
    const { code, stdout, stderr } = await run({ GITHUB_ACTIONS: 'true' }, '--format', 'tsv');
    expect(code).toBe(0);
    for (const line of linesOf(stdout)) expect(line.split('\t')).toHaveLength(5);
    expect(stderr).toContain('PASS  aurora-postgres-zdp');
  });
});

describe('in GitHub Actions', () => {
  it('phases fold and a verdict that fails is annotated, beside the summary', async () => {
    const failing = ['--objective', 'sessions.present == 0'];
    const { code, stdout } = await run({ GITHUB_ACTIONS: 'true' }, ...failing);
    expect(code).toBe(1);
    const commands = linesOf(stdout).filter((line) => line.startsWith('::'));
    expect(commands).toContain('::group::patch');
    expect(commands.at(-1)).toMatch(/^::error title=rehearse aurora-postgres-zdp::FAIL not met/);
    expect(stdout).toContain('\nFAIL  aurora-postgres-zdp');
    const plain = await run({ GITHUB_ACTIONS: '' }, '--dry-run');
    expect(plain.stdout).not.toContain('::');
  });
});

describe.runIf(existsSync('/dev/full'))('a full disk behind stdout', () => {
  it.each([
    ['a list', ['list', '--json']],
    ['a run', ['run', 'aurora-postgres-zdp', '--json', ...quick]],
  ])('is an error of %s, never a pass', (_what, args) => {
    const full = openSync('/dev/full', 'w');
    const ended = spawnSync(process.execPath, [cli, ...args], {
      cwd: place.folder,
      stdio: ['ignore', full, 'pipe'],
      timeout: 55_000,
      encoding: 'utf8',
    });
    closeSync(full);
    expect(ended.status).toBe(3);
    expect(ended.stderr).toContain('error OUTPUT_UNWRITABLE');
  });
});

describe('a reader that goes away', () => {
  it('is no error', async () => {
    const child = spawn(process.execPath, [cli, 'describe', 'aurora-postgres-zdp'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 55_000,
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
