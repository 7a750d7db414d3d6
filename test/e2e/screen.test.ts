/** The screen on a real pseudo-terminal, and its absence everywhere else. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseHistory } from '../../harness/history/read.js';
import { systemClock } from '../../sim/clock.js';
import { hostId } from '../../sim/server/host-id.js';
import { program } from '../support/programs.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const root = join(import.meta.dirname, '..', '..');
const cli = join(root, 'dist', 'cli.js');
const history = join(root, 'test', 'golden', 'histories', 'zdp-drops.ndjson');
const place = temporaryFolder();
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => place.remove());

const enter = '\u001b[?1049h';
const leave = '\u001b[?1049l';
const quick = ['--timing', 'engine', '--steady', '1s', '--settle', '1s', '--seed', '3'];

interface OnTerminal {
  type(keys: string): void;
  seen(pattern: RegExp): Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
}

/** Runs the command on a terminal of 80 by 24. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}): OnTerminal {
  const quoted = [process.execPath, cli, ...args].map((one) => `'${one}'`).join(' ');
  const child = spawn('script', ['-qec', `stty rows 24 cols 80; exec ${quoted}`, '/dev/null'], {
    cwd: place.folder,
    env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', CI: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 55_000,
    killSignal: 'SIGKILL',
  });
  children.add(child);
  let text = '';
  let watch: () => void = () => undefined;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    watch();
  });
  const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, text }));
  });
  return {
    ended,
    type: (keys) => void child.stdin.write(keys),
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        watch = () => {
          if (pattern.test(text)) resolve(text);
        };
        watch();
        void ended.then(() => reject(new Error(`ended without ${pattern}:\n${text}`)));
      }),
  };
}

/** The screen was entered and left once, and what came last on it gave the cursor back. */
function expectClean(text: string): void {
  expect(text.split(enter)).toHaveLength(2);
  expect(text.split(leave)).toHaveLength(2);
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  expect(text).not.toContain('\u001b[3J');
}

/** Every module that a command loads that ends well. */
async function loadedBy(...args: string[]): Promise<string> {
  const folder = mkdtempSync(join(place.folder, 'loaded-'));
  const list = join(folder, 'list.txt');
  const hooks = `import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(list)}, url + '\\n');
      return next(url, context);
    }`;
  const preload = join(folder, 'preload.mjs');
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  writeFileSync(
    preload,
    `import { register } from 'node:module';\nregister(${JSON.stringify(url)});\n`,
  );
  const { code } = await rehearse(args, place.folder, { NODE_OPTIONS: `--import ${preload}` });
  expect(code).toBe(0);
  return readFileSync(list, 'utf8');
}

function expectNoScreen(loaded: string): void {
  expect(loaded).toContain('/dist/cli/');
  expect(loaded).not.toMatch(/node_modules\/(ink|react|yoga-layout)\//);
}

const hasScript = process.platform === 'linux' && program('script') !== undefined;

describe.runIf(hasScript)('on a terminal', () => {
  it('a replay takes the screen, and q gives it back', async () => {
    const terminal = onTerminal(['replay', history, '--speed', '32']);
    await terminal.seen(/REPLAY 32x paused/);
    terminal.type('t');
    await terminal.seen(/\+0\.0s of -6\.0s/);
    terminal.type('q');
    const { code, text } = await terminal.ended;
    expect(code).toBe(0);
    expectClean(text);
    expect(text.trimEnd().endsWith(leave)).toBe(true);
  });

  it('a run ends by itself, and its summary is on the screen that was there before', async () => {
    const terminal = onTerminal(['run', 'aurora-postgres-zdp', ...quick]);
    await terminal.seen(/LIVE/);
    const { code, text } = await terminal.ended;
    expect(code).toBe(0);
    expectClean(text);
    const [, after = ''] = text.split(leave);
    expect(after).toContain('PASS  aurora-postgres-zdp');
    expect(text.split(leave)[0]).not.toContain('objectives met\r\n\r\n');
  });

  it('Ctrl-C stops in order and judges what there is; twice, it leaves at once', async () => {
    const long = ['run', 'aurora-postgres-zdp', ...quick, '--steady', '40s'];
    const once = onTerminal(long);
    const twice = onTerminal(long);
    await Promise.all([once.seen(/steady \d/), twice.seen(/steady \d/)]);
    once.type('\u0003');
    twice.type('\u0003\u0003');
    const [stopped, left] = await Promise.all([once.ended, twice.ended]);
    expectClean(stopped.text);
    expectClean(left.text);
    expect(stopped.code).toBe(130);
    const [, summary = ''] = stopped.text.split(leave);
    expect(summary).toContain('stopped by SIGINT');
    expect(summary).toContain('UNKNOWN  aurora-postgres-zdp');
    expect(left.code).not.toBe(0);
    expect(left.text).not.toMatch(/(UNKNOWN|PASS) {2}aurora-postgres-zdp/);
  });

  it.each([
    ['NO_COLOR', { NO_COLOR: '1', FORCE_COLOR: '' }, [], false],
    ['FORCE_COLOR', { NO_COLOR: '', FORCE_COLOR: '1' }, [], true],
    ['--color before NO_COLOR', { NO_COLOR: '1' }, ['--color'], true],
  ])('%s decides on colours', async (_name, env, options, colored) => {
    const terminal = onTerminal(['replay', history, '--at', 'end', ...options], env);
    await terminal.seen(/ENDED|REPLAY/);
    terminal.type('q');
    const { text } = await terminal.ended;
    expect(text.includes('\u001b[32m')).toBe(colored);
  });

  it.each([
    ['TERM=dumb', { TERM: 'dumb' }, []],
    ['CI', { CI: 'true' }, []],
    ['a screen reader', { INK_SCREEN_READER: 'true' }, []],
    ['--no-tui', {}, ['--no-tui']],
  ])('%s gets lines', async (_name, env, options) => {
    const { code, text } = await onTerminal(['replay', history, ...options], env).ended;
    expect(code).toBe(0);
    expect(text).not.toContain(enter);
    expect(text).toContain('<-- T0');
  });
});

describe('in a pipe', () => {
  it.each([
    ['a replay', ['replay', history]],
    ['one picture of a replay', ['replay', history, '--frame', 'T0+2s', '--size', '120x40']],
    ['a watch', ['watch', history]],
  ])('%s loads neither Ink nor React', async (_what, args) => {
    expectNoScreen(await loadedBy(...args));
  });

  it('a picture is text of the size that was asked for', async () => {
    const { stdout } = await rehearse(
      ['replay', history, '--frame', 'T0+1s', '--ascii'],
      place.folder,
    );
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(23);
    for (const line of lines) expect(line).toMatch(/^[ -~]{0,80}$/);
    expect(lines[0]).toContain('T+1.0s');
  });

  it('a watch of a run that was killed ends where its history breaks off', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const entries = parseHistory(readFileSync(history, 'utf8')).entries.slice(0, 30);
    const text = entries.map((entry) => {
      const isStart = entry.kind === 'run' && entry.data.stage === 'started';
      const owner = { owner: { pid, hostId: hostId() } };
      return JSON.stringify(isStart ? { ...entry, data: { ...entry.data, ...owner } } : entry);
    });
    const killed = join(place.folder, 'killed.ndjson');
    writeFileSync(killed, `${text.join('\n')}\n{"v":1,"seq":`);
    const { code, stdout } = await rehearse(['watch', killed], place.folder);
    expect(code).toBe(0);
    expect(stdout).toContain('steady');
  });

  it.each([
    ['--frame', 'soon', 'INSTANT_INVALID'],
    ['--size', '0x0', 'SIZE_INVALID'],
    ['--speed', '64', 'SPEED_INVALID'],
  ])('%s %s is refused', async (option, value, error) => {
    const args = ['replay', history, '--frame', 'T0', option, value];
    const { code, stderr } = await rehearse(args, place.folder);
    expect(code).toBe(64);
    expect(stderr).toContain(error);
  });
});

describe('a run in a pipe', () => {
  it('loads no screen; another terminal watches it, and leaving does not end it', async () => {
    const folder = join(place.folder, 'watched');
    const out = ['--steady', '5s', '--out', folder];
    const loaded = loadedBy('run', 'aurora-postgres-zdp', ...quick, ...out);
    if (hasScript) {
      while (!existsSync(join(folder, 'history.ndjson'))) await systemClock().sleep(20);
      const terminal = onTerminal(['watch', folder]);
      await terminal.seen(/steady \d/);
      terminal.type('q');
      const { code, text } = await terminal.ended;
      expect(code).toBe(0);
      expectClean(text);
    }
    expectNoScreen(await loaded);
  });
});
