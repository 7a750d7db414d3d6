/** What a killed server leaves in the kernel: one tiny System V shared memory segment. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../clock.js';
import { type Account, spawnIdentity } from '../account.js';
import { runCommand } from '../command.js';

/**
 * Frees the segment of a server that did not end by itself (its pid file is still there). Best
 * effort: the segment is a few bytes, but systems allow only so many (macOS: 32).
 */
export async function freeKernelMemory(
  clock: Clock,
  dataDirectory: string,
  account: Account | undefined,
): Promise<void> {
  const segment = segmentOf(dataDirectory);
  if (segment === undefined) return;
  await runCommand(clock, ['ipcrm', '-m', String(segment.id)], 5_000, {
    ...spawnIdentity(account),
    cwd: '/',
  });
}

function segmentOf(dataDirectory: string): { key: number; id: number } | undefined {
  const text = readOr('', join(dataDirectory, 'postmaster.pid'));
  const match = /^\s*(\d+)\s+(\d+)\s*$/.exec(text.split('\n')[6] ?? '');
  if (match === null) return undefined;
  const segment = { key: Number(match[1]), id: Number(match[2]) };
  if (process.platform !== 'linux') return segment;
  // Number and key must both still be those that the server wrote down.
  const isThere = readOr('', '/proc/sysvipc/shm')
    .split('\n')
    .some((line) => {
      const [key, id] = line.trim().split(/\s+/).map(Number);
      return key === segment.key && id === segment.id;
    });
  return isThere ? segment : undefined;
}

function readOr(otherwise: string, path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return otherwise;
  }
}
