/**
 * Versions of the servers themselves, by engine: what is newer, what belongs together, and which
 * step one data directory takes. A version may be given without its last number (`17`, `8.0`,
 * `10.11`), as images are tagged, and then means any of that series.
 */
import { UserError } from '../../user-error.js';
import { type EngineName, engineTitles } from '../server.js';

const patterns: Readonly<Record<EngineName, RegExp>> = {
  postgres: /^[1-9]\d{1,2}(?:\.\d{1,3})?$/,
  mysql: /^[5-9]\.\d{1,2}(?:\.\d{1,3})?$/,
  mariadb: /^1\d\.\d{1,2}(?:\.\d{1,3})?$/,
};

const written: Readonly<Record<EngineName, string>> = {
  postgres: '17.4 or 17',
  mysql: '8.0.36 or 8.4',
  mariadb: '11.8.3 or 10.11',
};

/**
 * The numbers of a version, the first one first.
 * @throws UserError `VERSION_INVALID`
 */
export function versionNumbers(engine: EngineName, text: string): readonly number[] {
  if (patterns[engine].test(text)) return text.split('.').map(Number);
  throw new UserError(
    'VERSION_INVALID',
    `${JSON.stringify(text.slice(0, 60))} is not a version of ${engineTitles[engine]}.`,
    `Write a version such as ${written[engine]}.`,
  );
}

/** Whether a text is a version of the engine's servers. */
export function isServerVersion(engine: EngineName, text: string): boolean {
  return patterns[engine].test(text);
}

/**
 * Negative where `a` is older than `b`, 0 where they are the same, positive where newer. One
 * without a patch level comes before all that have one.
 * @throws UserError `VERSION_INVALID`
 */
export function compareServerVersions(engine: EngineName, a: string, b: string): number {
  return compareNumbers(versionNumbers(engine, a), versionNumbers(engine, b));
}

/** The same of bare numbers; a missing one comes before any other. */
export function compareNumbers(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? -1) - (right[at] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The series of a version, which patches stay within: `17` of Postgres 17.4, `8.0` of MySQL
 * 8.0.36, `10.11` of MariaDB 10.11.14.
 * @throws UserError `VERSION_INVALID`
 */
export function seriesOf(engine: EngineName, version: string): string {
  const numbers = versionNumbers(engine, version);
  return numbers.slice(0, engine === 'postgres' ? 1 : 2).join('.');
}

/**
 * Whether a server of version `offered` is what `wanted` names: the same, or any patch level
 * where `wanted` has none.
 * @throws UserError `VERSION_INVALID`
 */
export function isVersionWanted(engine: EngineName, wanted: string, offered: string): boolean {
  const numbers = versionNumbers(engine, offered);
  return versionNumbers(engine, wanted).every((number, at) => number === numbers[at]);
}

/**
 * Whether `to` is a newer version of the same series: what AWS calls a minor version upgrade.
 * @throws UserError `VERSION_INVALID`
 */
export function isSeriesUpgrade(engine: EngineName, from: string, to: string): boolean {
  const sameSeries = seriesOf(engine, from) === seriesOf(engine, to);
  return sameSeries && compareServerVersions(engine, from, to) < 0;
}

/**
 * Whether a newer server takes the older one's data directory as it is. Postgres: within a major
 * version. MySQL: within 5.7, 8 or 9, from 5.7 to 8.0, and from 8.4 to 9 (MySQL Reference Manual,
 * "Upgrade Paths").
 * MariaDB: any newer one (MariaDB Knowledge Base, "Upgrading Between Major MariaDB Versions").
 * @throws UserError `VERSION_INVALID`
 */
export function canUpgradeInPlace(engine: EngineName, from: string, to: string): boolean {
  if (compareServerVersions(engine, from, to) >= 0) return false;
  const [major = 0, minor = 0] = versionNumbers(engine, from);
  const [toMajor = 0, toMinor = 0] = versionNumbers(engine, to);
  if (engine === 'mariadb' || major === toMajor) return true;
  if (engine === 'postgres') return false;
  const isFrom57 = major === 5 && minor === 7 && toMajor === 8 && toMinor === 0;
  return isFrom57 || (major === 8 && minor === 4 && toMajor === 9);
}
