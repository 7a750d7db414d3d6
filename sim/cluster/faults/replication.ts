/** Faults of the ways between followers and their source. They go on through a change of roles. */
import type { Instance } from '../instance.js';
import type { LinkCondition } from '../replication/followers.js';
import { type BegunFault, type ClusterFaultKind, cannotBegin, type FaultPlace } from './fault.js';
import { whenAborted } from './when-aborted.js';

const delayMsMax = 600_000;

/** What was not shipped yet is lost with its source. */
export const lag: ClusterFaultKind = {
  name: 'lag',
  what: 'what the writer ships reaches its followers so much later',
  value: { unit: 'ms', example: '3s', valueMax: delayMsMax },
  meets: 'followers',
  touches: 'replication',
  begin: (place, delayMs) => imposed(place, { meets: meant(place), delayMs }),
};

/**
 * By the server's own lever: `recovery_min_apply_delay` of Postgres delays each commit, to the
 * millisecond; `SOURCE_DELAY` of MySQL and `MASTER_DELAY` of MariaDB count whole seconds.
 */
export const applyLag: ClusterFaultKind = {
  name: 'apply-lag',
  what: 'followers apply what they received so much later; whole seconds on MySQL and MariaDB',
  value: { unit: 'ms', example: '2s', valueMax: delayMsMax },
  meets: 'followers',
  touches: 'replication',
  begin: (place, wantedMs) => {
    const { cluster } = place;
    const inSeconds = cluster.server !== 'postgres';
    const applyDelayMs = inSeconds ? Math.ceil(wantedMs / 1_000) * 1_000 : wantedMs;
    const begun = imposed(place, { meets: meant(place), applyDelayMs });
    if (applyDelayMs !== wantedMs)
      cluster.note(
        'warning',
        'fault-rounded',
        `apply-lag is ${applyDelayMs / 1_000} s, not ${wantedMs} ms: whole seconds on this server`,
      );
    return begun;
  },
};

export const brokenReplication: ClusterFaultKind = {
  name: 'broken-replication',
  what: 'followers are cut off, and refused whenever they dial, until it ends',
  value: null,
  meets: 'followers',
  touches: 'replication',
  begin: (place) => imposed(place, { meets: meant(place), isRefused: true }),
};

/** How long one round of a partition in parts is. */
const roundMs = 1_000;

export const partition: ClusterFaultKind = {
  name: 'partition',
  what: 'nothing passes between followers and their source; a share: in so much of each second',
  value: { unit: 'share', example: '50%', valueMax: 1, usual: 1 },
  meets: 'followers',
  touches: 'replication',
  begin: (place, share) => {
    if (share === 1) return imposed(place, { meets: meant(place), isPartitioned: true });
    return inParts(place, share);
  },
};

function inParts(place: FaultPlace, share: number): BegunFault {
  requireFollowers(place);
  const { cluster, ended } = place;
  const { followers, clock } = cluster;
  const condition: LinkCondition = { meets: meant(place), isPartitioned: true };
  const rounds = async (): Promise<void> => {
    while (!ended.aborted) {
      await followers.impose(condition);
      await clock.sleep(share * roundMs, ended).catch(() => {});
      await followers.lift(condition);
      await clock.sleep((1 - share) * roundMs, ended).catch(() => {});
    }
  };
  return { done: rounds() };
}

function imposed(place: FaultPlace, condition: LinkCondition): BegunFault {
  requireFollowers(place);
  const { followers } = place.cluster;
  let met = false;
  const watched: LinkCondition = {
    ...condition,
    meets: (replica) => {
      met ||= condition.meets(replica);
      return condition.meets(replica);
    },
  };
  const imposing = followers.impose(watched);
  return {
    // It goes on when it was imposed; what hinders that is told.
    done: imposing.then(() => whenAborted(place.ended)),
    end: async () => {
      await imposing.catch(() => {});
      await followers.lift(watched);
    },
    unmet: () => (met ? null : 'nobody began to follow meanwhile'),
  };
}

/** Whoever follows while it goes on; or those that the user named. */
function meant({ target, instances }: FaultPlace): (replica: Instance) => boolean {
  if (target === undefined) return () => true;
  return (replica) => instances.includes(replica);
}

/**
 * Readers of a secondary of a global database follow too, and belong to another cluster; of a
 * cluster that takes replicas one may be in the making.
 */
function requireFollowers({ cluster, instances, name, target }: FaultPlace): void {
  const { followers } = cluster;
  const found =
    target === undefined
      ? cluster.instances.flatMap((one) => followers.of(one))
      : instances.filter((one) => followers.linkOf(one) !== undefined);
  if (found.length > 0 || (target === undefined && cluster.takesReplicas)) return;
  throw cannotBegin(
    name,
    `nobody of ${cluster.identifier} follows another instance now`,
    'Rehearse a cluster with readers, or leave it out.',
  );
}
