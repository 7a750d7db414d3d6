/** Runs the built command as a user would, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

/** Less than a test may take, so that the test still says what was seen. */
const endMsMax = 55_000;

export interface Ended {
  /** Exit code, or null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves as soon as stdout and stderr together match; rejects when it ends before. */
  seen(pattern: RegExp): Promise<void>;
}

export interface Place {
  readonly folder: string;
  remove(): void;
}

/** An empty folder below the system's own for temporary files. */
export function temporaryFolder(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts the command; the caller waits for `ended` or kills `child`. */
export function start(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', REHEARSE_DEBUG: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A command that hangs must not outlive the test that gave it up.
    timeout: endMsMax,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const take = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    take();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const seen = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(stdout + stderr)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
      void ended.then(() => reject(new Error(`ended before ${pattern}:\n${stdout}\n${stderr}`)));
    });
  return { child, ended, seen };
}

/** Runs the command to its end. */
export function rehearse(
  args: readonly string[],
  cwd: string = tmpdir(),
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return start(args, cwd, env).ended;
}
