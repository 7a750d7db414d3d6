/** Which machine, boot and process namespace this process lives in, as one opaque string. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let known: string | undefined;

/**
 * A process id means something only beside this: it changes with the machine, with each boot and
 * with each process namespace (two containers of one image share their machine id).
 */
export function hostId(): string {
  known ??= createHash('sha256').update(hostFacts().join('\0')).digest('hex').slice(0, 32);
  return known;
}

function hostFacts(): string[] {
  return process.platform === 'darwin'
    ? [hostname(), macFact('kern.uuid'), macFact('kern.bootsessionuuid')]
    : [
        hostname(),
        textOf(() => readFileSync('/etc/machine-id', 'utf8')),
        textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
        textOf(() => readlinkSync('/proc/self/ns/pid')),
      ];
}

function macFact(name: string): string {
  return spawnSync('/usr/sbin/sysctl', ['-n', name], { encoding: 'utf8', timeout: 5_000 }).stdout;
}

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return '';
  }
}
