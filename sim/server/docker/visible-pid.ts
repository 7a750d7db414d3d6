/** The process of a container as this machine sees it. */
import { readFileSync } from 'node:fs';

/**
 * The process id where it is that of this container on this very machine; undefined where the
 * daemon runs elsewhere, or in a virtual machine whose numbers mean nothing here.
 */
export function visiblePid(pid: number, containerId: string): number | undefined {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'latin1').includes(containerId) ? pid : undefined;
  } catch {
    return undefined;
  }
}
