/**
 * Versions: what AWS calls an engine version and the community version whose binaries stand for
 * it. Aurora PostgreSQL numbers a patch of community `17.4` as `17.4.5`; RDS for PostgreSQL adds
 * a revision, as in `17.4-R2`. Aurora MySQL has numbers of its own: see `versions/`.
 */
import type { ClusterEngine } from '../sim.js';
import { UserError } from '../user-error.js';
import type { EngineName } from './server.js';
import { auroraMysqlVersion } from './versions/aurora-mysql.js';
import { rdsVersion } from './versions/rds.js';

export {
  auroraMysqlHas,
  auroraMysqlVersion,
  auroraMysqlVersions,
} from './versions/aurora-mysql.js';
export {
  canUpgradeInPlace,
  compareServerVersions,
  isSeriesUpgrade,
  isServerVersion,
  isVersionWanted,
  seriesOf,
} from './versions/server-version.js';
export { type UpgradeStep, upgradeStep } from './versions/upgrade-step.js';

/** A community version of PostgreSQL since 10: `major.minor`. */
export interface CommunityVersion {
  readonly major: number;
  readonly minor: number;
}

/** One AWS version and the community version it is built from. */
export interface AwsVersion {
  readonly aws: string;
  readonly community: string;
}

/**
 * Aurora PostgreSQL versions that rehearsals name, and their community versions. Source: Release
 * Notes for Aurora PostgreSQL, "Amazon Aurora PostgreSQL updates"
 * (AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html): since version 10 an Aurora version
 * is `major.minor.patch` over community `major.minor`, so a version that is not listed is read by
 * that rule.
 */
export const auroraPostgresVersions: readonly AwsVersion[] = [
  { aws: '17.4.5', community: '17.4' },
  { aws: '17.5.4', community: '17.5' },
];

/** The server that an AWS engine is or is compatible with, and its own kind of versions. */
export const communityEngines: Readonly<Record<ClusterEngine, EngineName>> = {
  'aurora-postgresql': 'postgres',
  'aurora-mysql': 'mysql',
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mariadb',
};

/**
 * What a version means that was written for an AWS engine, in AWS's numbers or the community's:
 * the community version, and AWS's name for it where one is known.
 * @throws UserError `VERSION_INVALID`
 */
export function readClusterVersion(engine: ClusterEngine, text: string): AwsVersion {
  switch (engine) {
    case 'aurora-mysql':
      return auroraMysqlVersion(text);
    case 'aurora-postgresql':
      return { community: communityVersion(text), aws: auroraVersion(text) };
    default:
      return rdsVersion(engine, text);
  }
}

const communityPattern = /^(\d{2,3})\.(\d{1,3})$/;
const awsPattern = /^(\d{2,3}\.\d{1,3})(?:\.\d{1,3}|-R\d{1,3})$/;

/**
 * Parses a community version such as `17.4`.
 * @throws UserError `VERSION_INVALID`
 */
export function parseVersion(text: string): CommunityVersion {
  const match = communityPattern.exec(text);
  if (match === null) throw invalid(text);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < 10) throw invalid(text);
  return { major, minor };
}

/** `17.4` of its two numbers. */
export function formatVersion(version: CommunityVersion): string {
  return `${version.major}.${version.minor}`;
}

/** Negative where `a` is older than `b`, 0 where they are the same, positive where newer. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left.major - right.major || left.minor - right.minor;
}

/** True where `to` is a newer minor of the same major: one data directory serves both. */
export function isMinorUpgrade(from: string, to: string): boolean {
  return parseVersion(from).major === parseVersion(to).major && compareVersions(from, to) < 0;
}

/**
 * Refuses anything but a step up to a newer minor version.
 * @throws UserError `VERSION_INVALID`, `VERSION_NOT_MINOR_UPGRADE`
 */
export function requireMinorUpgrade(from: string, to: string): void {
  if (isMinorUpgrade(from, to)) return;
  const { major } = parseVersion(from);
  throw new UserError(
    'VERSION_NOT_MINOR_UPGRADE',
    `${from} to ${to} is not a minor upgrade of PostgreSQL.`,
    `Name a newer ${major}.x than ${from} as the version to go to.`,
  );
}

/**
 * The community version behind what a person wrote: `17.4`, Aurora's `17.4.5`, RDS's `17.4-R2`.
 * @throws UserError `VERSION_INVALID`
 */
export function communityVersion(text: string): string {
  const listed = auroraPostgresVersions.find((version) => version.aws === text);
  if (listed !== undefined) return listed.community;
  const community = awsPattern.exec(text)?.[1] ?? text;
  return formatVersion(parseVersion(community));
}

/**
 * The Aurora version that a rehearsal of a community version stands for: the listed one, else the
 * community number itself, because which Aurora patch would be meant is not known.
 * @throws UserError `VERSION_INVALID`
 */
export function auroraVersion(text: string): string {
  if (awsPattern.test(text)) return text;
  const community = communityVersion(text);
  const listed = auroraPostgresVersions.find((version) => version.community === community);
  return listed?.aws ?? community;
}

function invalid(text: string): UserError {
  const isSeries = /^[1-9]\d$/.test(text);
  const kind = isSeries ? 'a series' : 'not a version';
  const way = isSeries ? `; or take an image of it, with --image postgres=postgres:${text}` : '';
  return new UserError(
    'VERSION_INVALID',
    `${JSON.stringify(text.slice(0, 60))} is ${kind} of PostgreSQL.`,
    `Write a community version such as 17.4 or an Aurora version such as 17.4.5${way}.`,
  );
}
