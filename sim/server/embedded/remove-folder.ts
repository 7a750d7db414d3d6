/** Removes a folder of the servers' account, as that account. */
import type { Clock } from '../../clock.js';
import { type Account, spawnIdentity } from './account.js';
import { runCommand } from './command.js';

/**
 * Removes a folder and all in it; nothing happens where there is none. Root does not follow into
 * folders that another account can rearrange meanwhile: that account's own rights do the work.
 */
export async function removeFolder(
  clock: Clock,
  folder: string,
  account: Account | undefined,
): Promise<void> {
  const options = { ...spawnIdentity(account), cwd: '/' };
  await runCommand(clock, ['rm', '-rf', '--', folder], 60_000, options);
}
