/**
 * The steps of a runbook around the patch of an Aurora MySQL writer, looked at on the real server
 * and told as named checks. They only tell: what refuses the patch is the precheck of the
 * operation itself. A server that does not answer them fails a check, never the patch.
 */
import type { ClusterRecord } from '../../../cluster/cluster.js';
import type { MysqlMember } from '../../../cluster/member.js';
import {
  type CheckOutcome,
  checksAfter,
  checksBefore,
  lookBeforePatch,
} from '../../../engine/mysql/checks.js';
import { globalsSetAtRunTime, globalValues, lostGlobals } from '../../../engine/mysql/globals.js';
import { versionOf } from '../../../engine/mysql/roles.js';
import type { CheckData } from '../../../events.js';
import type { ZeroDowntimePatchParameters } from '../../../sim.js';
import { messageOf } from '../../../user-error.js';
import type { Runbook } from '../edition.js';

/** AWS gives no number for low traffic: an assumption. */
const queriesPerSecondMax = 200;
/** How long the answered statements are counted. */
const sampleMs = 500;

export function mysqlRunbook(
  cluster: ClusterRecord,
  { admin, flavour }: MysqlMember,
  parameters: ZeroDowntimePatchParameters,
): Runbook {
  const { clock, pendingParameters } = cluster;
  let globalsBefore: ReadonlyMap<string, string> | null = null;
  return {
    before: () =>
      told('before', async () => {
        globalsBefore = await globalsSetAtRunTime(admin, flavour);
        const seen = await lookBeforePatch(admin, flavour, clock, pendingParameters, sampleMs);
        const { longRunningMs } = parameters;
        const checks = checksBefore(seen, { queriesPerSecondMax, longRunningMs });
        return [...checks, snapshotBefore(cluster)];
      }),
    after: () =>
      told('after', async () => {
        const [version, now] = [await versionOf(admin), await globalValues(admin)];
        const lost = lostGlobals(globalsBefore ?? new Map(), now);
        const wantedVersion = parameters.engineVersion;
        return checksAfter({ version, wantedVersion, lostGlobals: lost });
      }),
  };
}

/** There is no downgrade in place: a snapshot is the only way back. */
function snapshotBefore({ latestSnapshot, clock }: ClusterRecord): CheckOutcome {
  const name = 'snapshot before';
  if (latestSnapshot === null)
    return { name, state: 'warning', detail: 'none was taken: there is nothing to go back to' };
  const agoMs = Math.round((clock.nowNs() - latestSnapshot.frozen.toNs) / 1e6);
  return { name, state: 'ok', detail: `${latestSnapshot.identifier}, ${agoMs} ms ago` };
}

async function told(
  when: CheckData['when'],
  look: () => Promise<readonly CheckOutcome[]>,
): Promise<CheckData[]> {
  try {
    return (await look()).map((outcome) => ({ when, ...outcome }));
  } catch (error) {
    const detail = messageOf(error);
    return [{ when, name: `checks ${when}`, state: 'warning', detail: `not looked at: ${detail}` }];
  }
}
