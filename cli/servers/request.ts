/** Which servers a run asks for: `--engine`, `--from`, `--to` and the like, read and checked. */
import type { Versions } from '../../harness/plan.js';
import type { Scenario } from '../../harness/scenario.js';
import { type EngineName, engineTitles, type ProviderName } from '../../sim/server/server.js';
import {
  canUpgradeInPlace,
  communityEngines,
  isSeriesUpgrade,
  isServerVersion,
  readClusterVersion,
  requireMinorUpgrade,
  seriesOf,
} from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';
import type { ImageChoice } from './images.js';

/** As commander hands them over. */
export interface ServerOptions {
  readonly engine?: EngineName;
  readonly provider?: ProviderName | 'auto';
  readonly from?: string;
  readonly to?: string;
  readonly engineVersion?: string;
  readonly acceptSubstitute?: boolean;
  readonly offline?: boolean;
  readonly image?: readonly string[];
  readonly imagePrefix?: string;
}

/** What is wanted, before it is known what there is. */
export interface ServersRequest {
  readonly cluster: Scenario['engine'];
  /** What is rehearsed: versions of the engine that the cluster is compatible with. */
  readonly asked: Versions;
  /** Whether the user named these versions. */
  readonly askedByUser: boolean;
  /** The server that is to stand for the cluster, and whether the user named it. */
  readonly server: EngineName;
  readonly serverByUser: boolean;
  /** The stand-in's own versions, where the user gave those of another flavour or series. */
  readonly ownFrom: string | null;
  readonly ownTo: string | null;
  readonly provider: ProviderName | 'auto';
  readonly acceptSubstitute: boolean;
  readonly offline: boolean;
  /** Images that the user named; one without `{version}` is of the version of its tag alone. */
  readonly images: ImageChoice['images'];
}

/** The series of servers that an AWS engine is compatible with; null: any. */
const auroraSeries: Readonly<Record<Scenario['engine'], string | null>> = {
  'aurora-postgresql': null,
  'aurora-mysql': '8.0',
  postgres: null,
  mysql: null,
  mariadb: null,
};

/** Servers that may stand for an AWS engine: they speak its protocol. */
const suited: Readonly<Record<Scenario['engine'], readonly EngineName[]>> = {
  'aurora-postgresql': ['postgres'],
  'aurora-mysql': ['mysql', 'mariadb'],
  postgres: ['postgres'],
  mysql: ['mysql', 'mariadb'],
  mariadb: ['mariadb', 'mysql'],
};

/**
 * Reads and checks the options.
 * @throws UserError `ENGINE_UNSUITED`, `VERSION_INVALID`, `VERSION_NOT_MINOR_UPGRADE`,
 *   `VERSION_NOT_IN_PLACE`, `OPTIONS_CONTRADICT`
 */
export function serversRequest(
  scenario: Scenario,
  options: ServerOptions,
  images: ImageChoice['images'],
): ServersRequest {
  const cluster = scenario.engine;
  const natural = communityEngines[cluster];
  const server = options.engine ?? natural;
  if (!suited[cluster].includes(server)) throw unsuited(cluster, server);
  const from = sortOut(cluster, server, options.from);
  const to = sortOut(cluster, server, targetOption(options));
  if (from !== null && to !== null && from.own !== to.own)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      `--from ${from.text} and --to ${to.text} are versions of two kinds of servers.`,
      `Give two versions of ${engineTitles[server]}, or two of what is rehearsed.`,
    );
  if (from?.own === true && to?.own === true) requireInPlace(server, from.text, to.text);
  const askedText = (one: SortedOut | null, byDefault: string): string =>
    one === null || one.own ? byDefault : one.text;
  const asked = askedVersions(
    cluster,
    askedText(from, scenario.versions.from),
    askedText(to, scenario.versions.to),
  );
  return {
    cluster,
    asked,
    askedByUser: (from !== null && !from.own) || (to !== null && !to.own),
    server,
    serverByUser: options.engine !== undefined,
    ownFrom: from?.own === true ? from.text : null,
    ownTo: to?.own === true ? to.text : null,
    // Who names an image means containers.
    provider: options.provider ?? (images[server] === undefined ? 'auto' : 'docker'),
    acceptSubstitute: options.acceptSubstitute === true,
    offline: options.offline === true,
    images,
  };
}

/** `--to`, or `--engine-version`, which says the same. */
function targetOption({ to, engineVersion }: ServerOptions): string | undefined {
  if (to !== undefined && engineVersion !== undefined && to !== engineVersion)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      '--to and --engine-version name two versions.',
      'Give one of them: both mean the version after.',
    );
  return to ?? engineVersion;
}

interface SortedOut {
  readonly text: string;
  /** The stand-in's own number, not one of what is rehearsed. */
  readonly own: boolean;
}

/** A restart without a change of version is allowed: a stand-in shows what the restart does. */
function requireInPlace(server: EngineName, from: string, to: string): void {
  if (from === to || canUpgradeInPlace(server, from, to)) return;
  throw new UserError(
    'VERSION_NOT_IN_PLACE',
    `${engineTitles[server]} ${to} does not take the data of ${from} as it is.`,
    'Name a newer version that does, or the same version twice.',
  );
}

function sortOut(
  cluster: Scenario['engine'],
  server: EngineName,
  text: string | undefined,
): SortedOut | null {
  if (text === undefined) return null;
  const series = auroraSeries[cluster];
  const own =
    isServerVersion(server, text) &&
    (server !== communityEngines[cluster] ||
      (series !== null && seriesOf(server, text) !== series));
  return { text, own };
}

function askedVersions(cluster: Scenario['engine'], fromText: string, toText: string): Versions {
  const [from, to] = [readClusterVersion(cluster, fromText), readClusterVersion(cluster, toText)];
  const versions = {
    from: from.community,
    to: to.community,
    awsFrom: from.aws,
    awsTo: to.aws,
  };
  const engine = communityEngines[cluster];
  if (engine === 'postgres') requireMinorUpgrade(versions.from, versions.to);
  else if (!isUpgrade(engine, versions))
    throw new UserError(
      'VERSION_NOT_MINOR_UPGRADE',
      `${fromText} to ${toText} is not a minor upgrade of Aurora MySQL.`,
      `Name a newer version than ${fromText} as the version to go to.`,
    );
  return versions;
}

/** Newer by the community's number, or by Aurora's where that has changed alone. */
function isUpgrade(engine: EngineName, { from, to, awsFrom, awsTo }: Versions): boolean {
  if (isSeriesUpgrade(engine, from, to)) return true;
  return from === to && awsFrom !== from && awsTo !== to && awsFrom < awsTo;
}

function unsuited(cluster: Scenario['engine'], server: EngineName): UserError {
  const names = suited[cluster].join(' or ');
  return new UserError(
    'ENGINE_UNSUITED',
    `${engineTitles[server]} cannot stand for ${cluster}: clients speak another protocol.`,
    `Give --engine ${names}, or leave it out.`,
  );
}
