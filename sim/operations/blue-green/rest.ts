/** Servers whose clients were disconnected come to rest. */
import type { Instance } from '../../cluster/instance.js';
import { endClients as endMysqlClients } from '../../engine/mysql/end-clients.js';
import { endClients as endPostgresClients } from '../../engine/postgres/end-clients.js';
import type { World } from '../operation.js';

const lookEveryMs = 10;

/**
 * Ends what clients still have under way on these servers: a COMMIT that comes later would not be
 * part of what green waits for.
 * @throws the signal's reason where that takes too long
 */
export async function endClients(
  { clock }: World,
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<void> {
  for (const { member, serverRuns } of instances) {
    const left = (): Promise<number> =>
      member.protocolName === 'postgres'
        ? endPostgresClients(member.admin)
        : endMysqlClients(member.admin);
    while (serverRuns && (await left()) > 0) await clock.sleep(lookEveryMs, signal);
  }
}
