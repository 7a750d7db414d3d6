/** What a step from one version to another is to AWS, and whether it is one. */
import type { EngineName } from '../server.js';
import { canUpgradeInPlace, compareServerVersions, isSeriesUpgrade } from './server-version.js';

export type UpgradeStep = 'minor' | 'major';

/**
 * A major version is one of Postgres's numbers (17), two of MySQL's and MariaDB's (8.0, 10.11).
 * Postgres may skip some; MySQL goes from each to the next (AmazonRDS UserGuide,
 * USER_UpgradeDBInstance.PostgreSQL.MajorVersion.html, USER_UpgradeDBInstance.MySQL.Major.html,
 * USER_UpgradeDBInstance.MariaDB.Major.html). There is no way back to an older one.
 * @returns null where the step is none that RDS takes
 * @throws UserError `VERSION_INVALID`
 */
export function upgradeStep(engine: EngineName, from: string, to: string): UpgradeStep | null {
  if (compareServerVersions(engine, from, to) >= 0) return null;
  if (isSeriesUpgrade(engine, from, to)) return 'minor';
  return engine === 'postgres' || canUpgradeInPlace(engine, from, to) ? 'major' : null;
}
