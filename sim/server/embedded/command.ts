/** A child process run to its own end. */
import { spawn } from 'node:child_process';
import type { Clock } from '../../clock.js';

const outputBytesMax = 4 * 1024 * 1024;

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Set where the command did not run to its own end. */
  readonly broken: 'not-found' | 'timeout' | 'too-much-output' | undefined;
}

/**
 * Runs a command to its end, with a limit on time and on output. Never throws.
 * @param options `started` is told the process's id as soon as there is one
 */
export function runCommand(
  clock: Clock,
  command: readonly string[],
  timeoutMs: number,
  {
    started,
    ...options
  }: {
    cwd?: string;
    uid?: number;
    gid?: number;
    env?: NodeJS.ProcessEnv;
    started?: (pid: number) => void;
  } = {},
): Promise<CommandEnd> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) started?.(child.pid);
    const text = { stdout: '', stderr: '' };
    let broken: CommandEnd['broken'];
    const give = (why: NonNullable<CommandEnd['broken']>): void => {
      broken ??= why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended in the meantime.
      }
    };
    const timer = clock.timer(timeoutMs, () => give('timeout'));
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] += chunk;
        if (text[stream].length > outputBytesMax) give('too-much-output');
      });
    }
    const end = (code: number | null): void => {
      timer.cancel();
      resolve({ code, ...text, broken });
    };
    child.once('error', () => {
      broken ??= 'not-found';
      end(null);
    });
    child.once('close', end);
  });
}
