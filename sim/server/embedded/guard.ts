/**
 * The guard of one server: a small shell process that outlives this tool by a moment. It reads
 * from a pipe that only the tool holds; when the pipe ends, for whatever reason, SIGKILL of the
 * tool included, it ends the server and removes its folder. It needs nothing but a POSIX shell,
 * and works the same on Linux and macOS.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../clock.js';
import { type Account, spawnIdentity } from './account.js';

/**
 * `$1` is the server's folder. Each line on stdin is the id of the server's process, or `none`. A
 * process counts as ours only while its command line names the folder. `$2` is the signal that it
 * is asked to end with: a Postgres that is asked with SIGQUIT frees its kernel memory. One that
 * does not follow is killed with all its children.
 */
const script = `
trap '' HUP INT TERM QUIT
folder=$1
last=$2
server=none
while read -r line; do server=$line; done
children() {
  if [ -r "/proc/$1/task/$1/children" ]; then
    read -r found <"/proc/$1/task/$1/children"
    echo "$found"
  else
    ps -A -o pid= -o ppid= | while read -r child parent; do
      if [ "$parent" = "$1" ]; then echo "$child"; fi
    done
  fi
}
below() { for one in $(children "$1"); do echo "$one"; below "$one"; done; }
is_ours() {
  if [ "$server" = none ]; then return 1; fi
  if [ -d /proc/self ]; then command=$(tr '\\0' ' ' <"/proc/$server/cmdline" 2>/dev/null)
  else command=$(ps -ww -o command= -p "$server"); fi
  case $command in *"$folder"*) return 0 ;; esac
  return 1
}
if is_ours; then
  kill -CONT "$server" $(below "$server")
  tries=0
  if [ "$last" != KILL ]; then kill -"$last" "$server"; else tries=6; fi
  while [ $tries -lt 6 ] && is_ours; do sleep 0.05; tries=$((tries + 1)); done
  if is_ours; then
    kill -STOP "$server"
    kill -KILL "$server" $(below "$server")
  fi
fi 2>/dev/null
tries=0
while [ -e "$folder" ] && [ $tries -lt 50 ]; do
  rm -rf -- "$folder" 2>/dev/null || sleep 0.1
  tries=$((tries + 1))
done
`;

export class Guard {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  /** Starts the guard of a server whose own files are all below `folder`. */
  constructor(folder: string, account: Account | undefined, lastSignal: 'QUIT' | 'KILL') {
    this.#child = spawn('/bin/sh', ['-c', script, 'rehearse-guard', folder, lastSignal], {
      ...spawnIdentity(account),
      cwd: '/',
      // A session of its own: Ctrl-C in the terminal must not reach it.
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
    this.#child.stdin?.on('error', () => {
      // A guard that somebody killed: the registry of servers is the second line of defence.
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Tells it which process to end; must come before that process can do any harm. */
  watch(pid: number | undefined): void {
    this.#child.stdin?.write(`${pid ?? 'none'}\n`);
  }

  /** Lets it do its work and waits for its end, at most `timeoutMs`. */
  async release(clock: Clock, timeoutMs: number): Promise<void> {
    this.#child.stdin?.end();
    const patience = new AbortController();
    const waited = clock.sleep(timeoutMs, patience.signal).catch(() => undefined);
    await Promise.race([this.#ended, waited]);
    patience.abort();
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}
