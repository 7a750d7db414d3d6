/** One process of a server, from its spawn to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../clock.js';
import { type Account, spawnIdentity } from './account.js';
import {
  isStopped,
  killProcessTree,
  lookUpProcess,
  processExists,
  processTree,
  signalProcess,
} from './process-table.js';

/**
 * Waits for one line before it becomes the server, so that the guard and the registry know the
 * process before it can do anything: a tool killed in between leaves a shell that ends by itself.
 */
const gate = 'read -r go && exec "$@" </dev/null';

export interface ServerProcessOptions {
  readonly command: readonly string[];
  readonly account: Account | undefined;
  /** Where its standard output and error go. */
  readonly logDescriptor: number;
  /** Default: `/`. */
  readonly cwd?: string;
  /** Default: nothing but a path, C and UTC. */
  readonly environment?: NodeJS.ProcessEnv;
}

export class ServerProcess {
  readonly pid: number;
  readonly startedAt: string;
  /** Settles when the process has ended, with its exit code or the name of its signal. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  #end: number | string | undefined;

  constructor({ command, account, logDescriptor, cwd, environment }: ServerProcessOptions) {
    this.#child = spawn('/bin/sh', ['-c', gate, 'rehearse-server', ...command], {
      ...spawnIdentity(account),
      cwd: cwd ?? '/',
      // A session of its own: Ctrl-C in the terminal must not stop it behind our back.
      detached: true,
      env: environment ?? { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['pipe', logDescriptor, logDescriptor],
    });
    this.ended = new Promise((resolve) => {
      const end = (how: number | string): void => {
        this.#end ??= how;
        resolve(this.#end);
      };
      this.#child.once('exit', (code, signal) => end(code ?? signal ?? 'unknown'));
      this.#child.once('error', (error) => end(error.message));
    });
    this.#child.stdin?.on('error', () => {
      // It ended before it was let go; `ended` tells.
    });
    const pid = this.#child.pid;
    if (pid === undefined) throw new Error('no process could be started');
    this.pid = pid;
    this.startedAt = lookUpProcess(pid)?.startedAt ?? 'unknown';
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Opens the gate. */
  go(): void {
    this.#child.stdin?.end('go\n');
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) signalProcess(this.pid, signal);
  }

  /** The processes of the server other than its main one. */
  children(): number[] {
    return this.hasEnded ? [] : processTree(this.pid).slice(1);
  }

  /**
   * Stops every process of the server where it stands, the main one first, and sees to it that
   * they do: this thread waits, a millisecond as a rule, a tenth of a second at most.
   */
  freeze(): void {
    this.signal('SIGSTOP');
    const children = this.children();
    for (const child of children) signalProcess(child, 'SIGSTOP');
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 0; tries < 100 && ![this.pid, ...children].every(isStopped); tries++)
      Atomics.wait(pause, 0, 0, 1);
  }

  thaw(): void {
    for (const child of this.children()) signalProcess(child, 'SIGCONT');
    this.signal('SIGCONT');
  }

  /** Kills all of its processes and waits until none of them is there. */
  async kill(clock: Clock): Promise<void> {
    const tree = this.hasEnded ? [] : killProcessTree(this.pid);
    await this.ended;
    // Killed children end a moment after their parent and still hold its shared memory.
    for (let tries = 0; tries < 400 && tree.some(processExists); tries++) await clock.sleep(5);
  }

  /** Waits for its end, at most so long. */
  async endsWithin(clock: Clock, timeoutMs: number): Promise<boolean> {
    if (this.hasEnded) return true;
    const patience = new AbortController();
    const waited = clock.sleep(timeoutMs, patience.signal).catch(() => undefined);
    await Promise.race([this.ended, waited]);
    patience.abort();
    return this.hasEnded;
  }
}
