/** What a run that is left at once may leave in Docker: named, so that it can be found again. */
import { spawnSync } from 'node:child_process';
import type { RunPlan } from '../harness/plan.js';
import type { CommandContext } from './context.js';

/** Somebody who leaves at once does not want to wait. */
const lookLimitMs = 2_000;

/**
 * Sees to it that a second signal names the containers of the run, where it has any; child
 * processes end with the tool. Returns what takes that back.
 */
export function tellLeftBehind(
  { servers, doorway }: RunPlan,
  { output, beforeLeaving }: CommandContext,
): () => void {
  if (servers.provider !== 'docker' && (doorway ?? null) === null) return () => undefined;
  return beforeLeaving(() => {
    const names = ownContainers();
    if (names === null) output.log('left: containers of this run; "rehearse gc" removes them');
    else if (names.length > 0) output.log(`left: ${names.join(', ')}; "rehearse gc" removes them`);
  });
}

/** Null where the program `docker` is not there, or takes too long. */
function ownContainers(): string[] | null {
  const filter = `label=rehearse.owner.pid=${process.pid}`;
  const listed = spawnSync('docker', ['ps', '-a', '--filter', filter, '--format', '{{.Names}}'], {
    encoding: 'utf8',
    timeout: lookLimitMs,
  });
  if (listed.status !== 0) return null;
  return listed.stdout.split('\n').filter((name) => name !== '');
}
