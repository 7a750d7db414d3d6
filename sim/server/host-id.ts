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
  known ??= digest(hostFacts());
  return known;
}

/** The process namespace of a machine itself, which the kernel numbers so (PROC_PID_INIT_INO). */
const machineNamespace = 'pid:[4026531836]';
let knownMachine: string | null | undefined;

/**
 * Which machine this is, whatever its boot; null where that is not certain, as in a container,
 * which may share its name and machine id with others on other machines.
 */
export function machineId(): string | null {
  if (knownMachine !== undefined) return knownMachine;
  const isMac = process.platform === 'darwin';
  const fact = isMac
    ? macFact('kern.uuid').trim()
    : textOf(() => readFileSync('/etc/machine-id', 'utf8'));
  const isItself = isMac || textOf(() => readlinkSync('/proc/self/ns/pid')) === machineNamespace;
  knownMachine = isItself && fact !== '' ? digest([hostname(), fact]) : null;
  return knownMachine;
}

function digest(facts: readonly string[]): string {
  return createHash('sha256').update(facts.join('\0')).digest('hex').slice(0, 32);
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
