/**
 * Compares the writers of two clusters, or of one cluster before and after something, and tells
 * what it found as checks. Tables, users and counters of our own instruments are left out.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { CheckData } from '../../events.js';
import { UserError } from '../../user-error.js';
import { compareSides } from './compare.js';
import type { ComparedLag, Comparison } from './comparison.js';
import { mysqlSide } from './mysql-side.js';
import { postgresSide } from './postgres-side.js';
import { type Side, surveyOf } from './side.js';
import { checksOf } from './told.js';

/** For everything but waiting for a replica. */
const timeoutMsByDefault = 120_000;
/** How long one that follows the other is waited for. */
const catchUpMsByDefault = 10_000;
const settleMsByDefault = 5_000;

export interface CompareOptions {
  /** How long the comparison may take; what is not compared by then is told. Default: 120 s. */
  readonly timeoutMs?: number;
  /** How long a follower may take to have all that its source has. Default: 10 s. */
  readonly catchUpMs?: number;
  /** How long a table that is being written to is looked at again and again. Default: 5 s. */
  readonly settleMs?: number;
  /** When it takes place, as its checks tell it. Default: `after`. */
  readonly when?: CheckData['when'];
  readonly signal?: AbortSignal;
}

/** What a cluster's writer held at one time, to be compared with what it holds later. */
export type ClusterSurvey = Side;

/**
 * Remembers what a cluster's writer holds now.
 * @throws Error where its server cannot be asked
 */
export async function surveyCluster(
  cluster: ClusterRecord,
  { timeoutMs = timeoutMsByDefault }: Pick<CompareOptions, 'timeoutMs'> = {},
): Promise<ClusterSurvey> {
  const { clock } = cluster;
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  const side = sideOf(cluster);
  try {
    return await surveyOf(side, () => (deadlineNs - clock.nowNs()) / 1e6);
  } finally {
    await side.end();
  }
}

/**
 * Compares, and tells the checks of the second.
 * @throws UserError `COMPARE_ENGINES_DIFFER`; the signal's reason
 */
export async function compareClusters(
  from: ClusterRecord | ClusterSurvey,
  to: ClusterRecord,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { clock } = to;
  const { timeoutMs = timeoutMsByDefault, catchUpMs = catchUpMsByDefault } = options;
  const settleMs = options.settleMs ?? settleMsByDefault;
  const signal = options.signal ?? new AbortController().signal;
  const isSurvey = 'isLive' in from;
  const sides = { from: isSurvey ? from : sideOf(from), to: sideOf(to) };
  try {
    if (sides.from.protocolName !== sides.to.protocolName) throw enginesDiffer(sides);
    const lag = isSurvey ? 'none' : await lagOf(from, to, catchUpMs);
    if (signal.aborted) throw signal.reason;
    const aspects = await compareSides({ ...sides, clock, signal, timeoutMs, settleMs });
    const comparison = { from: sides.from.name, to: sides.to.name, lag, aspects };
    for (const check of checksOf(comparison, options.when ?? 'after')) to.tellCheck(check);
    return comparison;
  } finally {
    await Promise.all([sides.from.end(), sides.to.end()]);
  }
}

/**
 * Whichever of the two follows the other is given time to get what is on its way: a difference
 * would be nothing but that.
 */
async function lagOf(
  from: ClusterRecord,
  to: ClusterRecord,
  catchUpMs: number,
): Promise<ComparedLag> {
  const [follower, source] =
    to.followers.sourceOf(to.mainInstance) === from.mainInstance ? [to, from] : [from, to];
  const { followers, mainInstance } = follower;
  if (followers.sourceOf(mainInstance) !== source.mainInstance) return 'none';
  try {
    await followers.catchUp(mainInstance, source.mainInstance, catchUpMs);
    return 'caught-up';
  } catch {
    // Slow or broken: here it only matters that it lacks something.
    return 'behind';
  }
}

function sideOf(cluster: ClusterRecord): Side {
  const { identifier, version, server, instrument, followers, application } = cluster;
  const { member } = cluster.mainInstance;
  const { serverAddress: address, serverAdmin: admin } = cluster;
  const ours = [instrument.user, followers.login.user, admin.user];
  if (member.protocolName === 'postgres')
    return postgresSide({
      ...{ name: identifier, version, address, admin, ours },
      database: application.database,
    });
  return mysqlSide({
    ...{ name: identifier, version, flavour: member.flavour, address, admin, users: ours },
    databases: server === 'postgres' ? [] : [instrument.database],
  });
}

function enginesDiffer({ from, to }: { from: Side; to: Side }): UserError {
  return new UserError(
    'COMPARE_ENGINES_DIFFER',
    `${from.name} is ${from.protocolName}, ${to.name} is ${to.protocolName}: they have no schema ` +
      'or values that could be compared.',
    'Compare two of the same kind.',
  );
}
