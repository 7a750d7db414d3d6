/** `rehearse gc`: removes what runs that were killed have left, and says what it was. */
import { exitCodes } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import { removeKeptDatabases } from './kept-databases.js';
import { removeLeftovers } from './leftovers.js';
import { json, table } from './text.js';

export async function gcCommand(
  options: { json?: boolean; templates?: boolean },
  { output, clock }: CommandContext,
): Promise<number> {
  const found = await removeLeftovers(clock, true);
  const { failed, otherHosts, dockerUnreachable } = found;
  const kept = options.templates === true ? await removeKeptDatabases(clock) : [];
  const removed = [...found.removed, ...kept];
  if (options.json === true) {
    output.data(json({ removed, failed, otherHosts, dockerUnreachable }));
    return failed.length === 0 ? exitCodes.pass : exitCodes.environment;
  }
  for (const { kind, name, why } of failed) output.log(`still there: ${kind} ${name}: ${why}`);
  if (otherHosts > 0) output.log(`left alone: ${otherHosts} of other hosts' runs in Docker`);
  if (dockerUnreachable !== null) output.log(`not looked at: Docker: ${dockerUnreachable}`);
  if (removed.length === 0) {
    if (failed.length > 0) return exitCodes.environment;
    const where = dockerUnreachable === null ? 'here' : 'outside Docker';
    output.data(`Nothing to do: no dead run has left anything ${where}.`);
    return exitCodes.pass;
  }
  output.data(`Removed ${removed.length}:`);
  output.data(
    table(
      removed.map(({ kind, name, killedPid }) => [
        kind,
        name,
        kind === 'template'
          ? 'a loaded database'
          : killedPid === null
            ? 'of a run that is over'
            : `process ${killedPid} was killed`,
      ]),
      '  ',
    ),
  );
  return failed.length === 0 ? exitCodes.pass : exitCodes.environment;
}
