/** `rehearse gc`: removes what runs that were killed have left, and says what it was. */
import { reapDeadServers } from '../sim/server/embedded/reap.js';
import type { CommandContext } from './context.js';
import { json, table } from './text.js';

export async function gcCommand(
  options: { json?: boolean },
  { output, clock }: CommandContext,
): Promise<number> {
  const removed = await reapDeadServers({ clock });
  if (options.json === true) {
    output.data(json({ removed }));
    return 0;
  }
  if (removed.length === 0) {
    output.data('Nothing to do: no dead run has left anything here.');
    return 0;
  }
  output.data(`Removed ${removed.length}:`);
  output.data(
    table(
      removed.map(({ kind, name, killedPid }) => [
        kind,
        name,
        killedPid === null ? 'was not running' : `process ${killedPid} was killed`,
      ]),
      '  ',
    ),
  );
  return 0;
}
