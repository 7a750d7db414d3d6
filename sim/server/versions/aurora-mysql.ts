/**
 * Versions of Aurora MySQL 3 and the community MySQL that each is compatible with. An Aurora
 * MySQL version is written `3.05.2`, in the API `8.0.mysql_aurora.3.05.2`.
 */
import { UserError } from '../../user-error.js';
import { isServerVersion } from './server-version.js';

export interface AuroraMysqlMinor {
  /** Such as `3.05`. */
  readonly minor: string;
  /** The community version that all its patch levels are compatible with. */
  readonly community: string;
  /** The newest patch level that the pages below list. */
  readonly newestPatch: number;
}

/**
 * Source: Release Notes for Aurora MySQL, "Database engine updates for Amazon Aurora MySQL
 * version 3" (AuroraMySQLReleaseNotes/AuroraMySQL.Updates.30Updates.html), the titles from 3.04.0
 * to 3.12.0; for 3.01 to 3.03 the first paragraphs of the pages of 3.01.0 and 3.04.0
 * (AuroraMySQL.Updates.3010.html, AuroraMySQL.Updates.3040.html).
 */
export const auroraMysqlVersions: readonly AuroraMysqlMinor[] = [
  { minor: '3.01', community: '8.0.23', newestPatch: 0 },
  { minor: '3.02', community: '8.0.23', newestPatch: 3 },
  { minor: '3.03', community: '8.0.26', newestPatch: 3 },
  { minor: '3.04', community: '8.0.28', newestPatch: 6 },
  { minor: '3.05', community: '8.0.32', newestPatch: 2 },
  { minor: '3.06', community: '8.0.34', newestPatch: 1 },
  { minor: '3.07', community: '8.0.36', newestPatch: 1 },
  { minor: '3.08', community: '8.0.39', newestPatch: 2 },
  { minor: '3.09', community: '8.0.40', newestPatch: 0 },
  { minor: '3.10', community: '8.0.42', newestPatch: 4 },
  { minor: '3.11', community: '8.0.43', newestPatch: 1 },
  { minor: '3.12', community: '8.0.44', newestPatch: 0 },
];

const apiPrefix = '8.0.mysql_aurora.';
const auroraPattern = /^(?:8\.0\.mysql_aurora\.)?(3\.\d{2})(?:\.(\d{1,2}))?$/;

/** What an Aurora MySQL version stands for. */
export interface AuroraMysqlVersion {
  /** Of MySQL, such as `8.0.32`; the version itself where it is no Aurora version. */
  readonly community: string;
  /** As the API writes it; the community version where no Aurora version is known for it. */
  readonly aws: string;
}

/**
 * Reads `3.05`, `3.05.2`, `8.0.mysql_aurora.3.05.2` or a community version such as `8.0.32`.
 * Where no patch level is given, the newest is meant.
 * @throws UserError `VERSION_INVALID`
 */
export function auroraMysqlVersion(text: string): AuroraMysqlVersion {
  const [, minor, patch] = auroraPattern.exec(text) ?? [];
  if (minor !== undefined) {
    const listed = auroraMysqlVersions.find((version) => version.minor === minor);
    if (listed === undefined) throw unlisted(text);
    const level = patch === undefined ? listed.newestPatch : Number(patch);
    return { community: listed.community, aws: `${apiPrefix}${minor}.${level}` };
  }
  if (!isServerVersion('mysql', text)) throw invalid(text);
  const newest = auroraMysqlVersions.filter(({ community }) => community === text).at(-1);
  if (newest === undefined) return { community: text, aws: text };
  return { community: text, aws: `${apiPrefix}${newest.minor}.${newest.newestPatch}` };
}

/** The numbers of an API version: 3, 5, 2 of `8.0.mysql_aurora.3.05.2`; null for any other. */
function auroraNumbers(aws: string): readonly [number, number, number] | null {
  const [, minor, patch] = auroraPattern.exec(aws) ?? [];
  if (minor === undefined) return null;
  const [major = 0, second = 0] = minor.split('.').map(Number);
  return [major, second, Number(patch ?? 0)];
}

function isBefore(a: readonly [number, number, number], b: readonly [number, number, number]) {
  return (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) < 0;
}

/**
 * Whether a version has what came with others: with the newest of `since` for all versions from
 * then on, and with an older one for the later patch levels of its own minor version. Null where
 * it is no version of Aurora MySQL, so that nothing is known.
 * @param since such as `3.04.4` and `3.12.0`; none: nowhere yet
 */
export function auroraMysqlHas(aws: string, since: readonly string[]): boolean | null {
  const version = auroraNumbers(aws);
  if (version === null) return null;
  const known = since.flatMap((text) => {
    const numbers = auroraNumbers(text);
    return numbers === null ? [] : [numbers];
  });
  if (known.some((one) => one[1] === version[1] && !isBefore(version, one))) return true;
  return known.length > 0 && known.every((one) => !isBefore(version, one));
}

function unlisted(text: string): UserError {
  const [first, last] = [auroraMysqlVersions[0]?.minor, auroraMysqlVersions.at(-1)?.minor];
  return new UserError(
    'VERSION_INVALID',
    `The community version behind Aurora MySQL ${text} is not known here.`,
    `Known are ${first} to ${last}; write the community version instead, such as 8.0.36.`,
  );
}

function invalid(text: string): UserError {
  return new UserError(
    'VERSION_INVALID',
    `${JSON.stringify(text.slice(0, 60))} is not a version of Aurora MySQL or MySQL.`,
    'Write 3.05, 3.05.2, 8.0.mysql_aurora.3.05.2 or a community version such as 8.0.32' +
      (isServerVersion('mariadb', text) ? '; for a version of MariaDB add --engine mariadb.' : '.'),
  );
}
