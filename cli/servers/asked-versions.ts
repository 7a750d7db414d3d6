/** Which versions are rehearsed: those of the scenario, or those that the user named. */
import type { Versions } from '../../harness/plan.js';
import type { Scenario } from '../../harness/scenario.js';
import { type EngineName, engineTitles } from '../../sim/server/server.js';
import {
  canUpgradeInPlace,
  communityEngines,
  compareServerVersions,
  isSeriesUpgrade,
  readClusterVersion,
  requireMinorUpgrade,
  seriesOf,
} from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';

/**
 * Reads both versions and checks that the step between them is the scenario's.
 * @throws UserError `VERSION_INVALID`, `VERSION_NOT_MINOR_UPGRADE`, `VERSION_NOT_MAJOR_UPGRADE`
 */
export function askedVersions(
  { engine: cluster, upgrade }: Pick<Scenario, 'engine' | 'upgrade'>,
  fromText: string,
  toText: string,
): Versions {
  const [from, to] = [readClusterVersion(cluster, fromText), readClusterVersion(cluster, toText)];
  const versions = { from: from.community, to: to.community, awsFrom: from.aws, awsTo: to.aws };
  if (upgrade === 'none') return versions;
  const engine = communityEngines[cluster];
  if (upgrade === 'major') {
    if (!isMajorUpgrade(engine, versions.from, versions.to))
      throw notMajorUpgrade(engine, versions.from, versions.to);
  } else if (engine === 'postgres') requireMinorUpgrade(versions.from, versions.to);
  else if (!isMinorUpgrade(engine, versions))
    throw new UserError(
      'VERSION_NOT_MINOR_UPGRADE',
      `${fromText} to ${toText} is not a minor upgrade of ${titles[cluster]}.`,
      `Name a newer version than ${fromText} as the version to go to.`,
    );
  return versions;
}

const titles: Readonly<Record<Scenario['engine'], string>> = {
  'aurora-postgresql': 'Aurora PostgreSQL',
  'aurora-mysql': 'Aurora MySQL',
  postgres: 'RDS for PostgreSQL',
  mysql: 'RDS for MySQL',
  mariadb: 'RDS for MariaDB',
};

/** Newer by the community's number, or by Aurora's where that has changed alone. */
function isMinorUpgrade(engine: EngineName, { from, to, awsFrom, awsTo }: Versions): boolean {
  if (isSeriesUpgrade(engine, from, to)) return true;
  return from === to && awsFrom !== from && awsTo !== to && awsFrom < awsTo;
}

export function notMajorUpgrade(engine: EngineName, from: string, to: string): UserError {
  return new UserError(
    'VERSION_NOT_MAJOR_UPGRADE',
    `${from} to ${to} is not a major upgrade of ${engineTitles[engine]}.`,
    `Name a version of a newer series than ${seriesOf(engine, from)} as the version to go to.`,
  );
}

/** A step to a newer series, whatever it takes. */
function isMajorUpgrade(engine: EngineName, from: string, to: string): boolean {
  return (
    seriesOf(engine, from) !== seriesOf(engine, to) && compareServerVersions(engine, from, to) < 0
  );
}

/**
 * Whether servers of two versions can take the scenario's step. Within a series one data directory
 * serves both; to a newer one the operation moves the data where it does not.
 */
export function isStep(
  upgrade: Scenario['upgrade'],
  engine: EngineName,
  from: string,
  to: string,
): boolean {
  return upgrade === 'major'
    ? isMajorUpgrade(engine, from, to)
    : canUpgradeInPlace(engine, from, to);
}
