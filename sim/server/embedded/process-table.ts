/** What the operating system knows of a process: alive, since when, with what command line. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFacts {
  /** Opaque, and different for a later process with the same number in the same boot. */
  readonly startedAt: string;
  readonly commandLine: string;
}

const linux = process.platform === 'linux';

/** The facts of a live process; undefined where there is none (a zombie is none). */
export function lookUpProcess(pid: number): ProcessFacts | undefined {
  return linux ? lookUpInProc(pid) : lookUpWithPs(pid);
}

/** Whether a process is there, even one whose facts are hidden from this user. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return !linux || statOf(pid)?.zombie !== true;
}

/** The process and everything below it, the process itself first. */
export function processTree(pid: number): number[] {
  const tree = [pid];
  const children = linux ? childrenInProc : childrenFromPs();
  for (let at = 0; at < tree.length; at++) {
    const parent = tree[at];
    if (parent !== undefined) tree.push(...children(parent).filter((one) => !tree.includes(one)));
  }
  return tree;
}

/**
 * Whether every thread of a process stands still. A stop signal takes effect a moment after it
 * was sent: until then a thread may still answer.
 */
export function isStopped(pid: number): boolean {
  if (!linux)
    return runPs(['-p', String(pid), '-o', 'state='])
      .trim()
      .startsWith('T');
  const threads = namesIn(`/proc/${pid}/task`);
  return threads.every((thread) => {
    const state = statAt(`/proc/${pid}/task/${thread}/stat`)?.state ?? 'X';
    return 'TtZX'.includes(state);
  });
}

/** Sends a signal; false where the process was gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Kills a process and everything below it and returns all their ids. The parent is stopped first
 * so that it cannot start more while the list is read.
 */
export function killProcessTree(pid: number): number[] {
  if (!signalProcess(pid, 'SIGSTOP')) return [];
  const tree = processTree(pid);
  for (const one of tree) signalProcess(one, 'SIGKILL');
  return tree;
}

function lookUpInProc(pid: number): ProcessFacts | undefined {
  const stat = statOf(pid);
  if (stat === undefined || stat.zombie) return undefined;
  const commandLine = readOrUndefined(`/proc/${pid}/cmdline`);
  if (commandLine === undefined) return undefined;
  return { startedAt: stat.startedAt, commandLine: commandLine.replaceAll('\0', ' ').trim() };
}

interface Stat {
  readonly state: string;
  readonly zombie: boolean;
  readonly startedAt: string;
  readonly parent: number;
}

function statOf(pid: number): Stat | undefined {
  return statAt(`/proc/${pid}/stat`);
}

function statAt(path: string): Stat | undefined {
  const text = readOrUndefined(path);
  if (text === undefined) return undefined;
  // The command in brackets may hold anything: count the fields from its last bracket.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startedAt = rest[17];
  if (state === undefined || parent === undefined || startedAt === undefined) return undefined;
  const zombie = state === 'Z' || state === 'X';
  return { state, zombie, startedAt, parent: Number(parent) };
}

function childrenInProc(parent: number): number[] {
  const listed = readOrUndefined(`/proc/${parent}/task/${parent}/children`);
  if (listed !== undefined) return listed.split(' ').map(Number).filter(Boolean);
  // Kernels without that file: ask every process for its parent.
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.parent === parent)
    .map(Number);
}

function lookUpWithPs(pid: number): ProcessFacts | undefined {
  const facts = (column: string): string =>
    runPs(['-ww', '-p', String(pid), '-o', `${column}=`]).trim();
  const state = facts('state');
  if (state === '' || state.startsWith('Z')) return undefined;
  return { startedAt: facts('lstart'), commandLine: facts('command') };
}

function childrenFromPs(): (parent: number) => number[] {
  const pairs = runPs(['-A', '-o', 'pid=', '-o', 'ppid='])
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return (parent) => pairs.flatMap(([pid, of]) => (of === parent && pid ? [pid] : []));
}

function runPs(args: string[]): string {
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
  return spawnSync('ps', args, { encoding: 'utf8', timeout: 5_000, env }).stdout ?? '';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
